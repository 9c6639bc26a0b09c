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
    /// What is wrong.
    pub problem: String,
    /// What `--repair` would do; none for damage that only a backup mends.
    pub repair: Option<&'static str>,
}
