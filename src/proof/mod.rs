//! The log: RFC 6962 / RFC 9162 trees, proofs and checkpoints in the C2SP formats.

pub mod checkpoint;
pub mod consistency;
pub mod cosignature;
pub mod fork;
pub mod inclusion;
pub mod log_keys;
pub mod memory;
pub mod quorum;
pub mod receipt;
pub mod tiles;
pub mod tiling;
pub mod tlog_proof;
pub mod tree;
pub mod witness;
