//! What looking at the stored files found, and what was done about it.

use serde::Serialize;

/// The stored files of a ledger, looked over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Soundness {
    /// True when nothing is wrong.
    pub sound: bool,
    /// True when everything that is wrong can be rebuilt with `--repair`.
    pub repairable: bool,
    /// Whole entries, up to the first that is not.
    pub entries: u64,
    /// Documents attached to receipts that are there as they were attached.
    pub attachments: u64,
    /// Files among the documents that no entry names: of a draft that is still out, or
    /// of one that was never submitted. They harm nothing.
    pub unreferenced: Vec<String>,
    /// What is wrong, damage to entries first.
    pub findings: Vec<SoundnessFinding>,
    /// What a repair did.
    pub repaired: Vec<String>,
}

/// One thing that is wrong with the stored files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SoundnessFinding {
    /// The entry it concerns, counted from 0, where one can be named.
    pub entry: Option<u64>,
    /// The file, where it is a document attached to a receipt.
    pub attachment: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What `--repair` would do; none for damage that only a backup mends.
    pub repair: Option<&'static str>,
}
