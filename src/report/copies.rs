//! Copies of a ledger: what was published, saved and brought back.

use std::path::PathBuf;

use serde::Serialize;

/// A log published as static files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Publication {
    /// The folder.
    pub folder: PathBuf,
    /// The ledger's origin.
    pub origin: String,
    /// Entries published now.
    pub entries: u64,
    /// Entries that had been published before; none for a new folder.
    pub published_before: Option<u64>,
    /// Hash tiles written.
    pub tiles: u64,
    /// Entry bundles written.
    pub bundles: u64,
    /// Bytes of both.
    pub bytes: u64,
}
