//! Watching a bus: the tracker alone as a table and over random histories, and the
//! whole watch over a tree like sysfs, on a clock that stands still unless moved.

#[path = "attached/mod.rs"]
mod attached;
#[path = "office/mod.rs"]
mod office;

#[path = "watch/ledger.rs"]
mod ledger;
#[path = "watch/sysfs.rs"]
mod sysfs;
#[path = "watch/tracker.rs"]
mod tracker;
