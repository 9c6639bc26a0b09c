//! What a medium's own bytes say about partitions and encryption, read-only.

pub mod disk;
