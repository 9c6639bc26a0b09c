//! What a medium's own bytes say about partitions and encryption.
//!
//! Everything is read and nothing written, mounted or unlocked: [`disk::Disk`] has
//! no call for it. What is read was written by whoever had the medium last, so each
//! number is checked before it is used and all reading together is bounded.
//!
//! [`probe`] asks the readers of the formats in turn and draws one verdict; a
//! further format is a further reader in `verdict`.

pub mod apfs;
pub mod bitlocker;
mod bytes;
mod content;
pub mod corestorage;
pub mod disk;
mod fields;
mod filesystems;
mod luks;
mod luks2;
mod partitions;
pub mod randomness;
mod samples;
mod vendors;
mod verdict;

pub use disk::{Disk, FileDisk};
pub use verdict::{BUDGET, probe};
