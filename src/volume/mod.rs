//! Partition and encryption evidence, read and never written.

pub mod apfs;
pub mod bitlocker;
pub mod corestorage;
pub mod disk;
mod fields;
pub mod randomness;
