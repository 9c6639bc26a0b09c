//! The prober on images made by the tools people use (cryptsetup, mkfs, sgdisk,
//! sfdisk), spoilt in every way that was thought of, and checked against what blkid
//! and cryptsetup say of the same image. Where a tool is missing its test says so
//! and passes; with CUSTODY_REQUIRE_TOOLS=1 it fails.

#[path = "volume/damage.rs"]
mod damage;
#[path = "volume/hostile.rs"]
mod hostile;
#[path = "volume/images.rs"]
mod images;
#[path = "volume/layouts.rs"]
mod layouts;
#[path = "volume/peers.rs"]
mod peers;
#[path = "volume/vendors.rs"]
mod vendors;
#[path = "images/mod.rs"]
mod written;
