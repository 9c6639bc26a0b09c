//! What an audit can find, in words.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::ledger::Refusals;
use crate::model::Seen;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The entry it concerns, counted from 0; none where it is the whole ledger.
    pub index: Option<u64>,
    /// What is wrong.
    pub cause: Cause,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "entry {index}: {}", self.cause),
            None => write!(f, "ledger: {}", self.cause),
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The stored bytes are damaged or were altered.
    #[error("{0}")]
    Stored(String),
    /// The bytes are no signed note.
    #[error("it is no signed note: {0}")]
    Note(String),
    /// The text is no statement.
    #[error("its text is no statement: {0}")]
    Statement(String),
    /// A required signature is missing or wrong, or there is one too many.
    #[error("its signatures do not hold: {0}")]
    Signatures(String),
    /// The rules in force at that point refuse it.
    #[error("it should never have been accepted: {0}")]
    Refused(Refusals),
    /// The checkpoint its signers saw is not one of this log.
    #[error("its signers saw another log: {} entries with root {}", .0.size, .0.root)]
    SeenRoot(Seen),
    /// The same statement, or another one with its random bytes, stands earlier.
    #[error("it repeats entry {first}")]
    Duplicate {
        /// Index of the first one.
        first: u64,
    },
    /// There are entries and no checkpoint.
    #[error("there is no signed checkpoint beside the entries")]
    NoCheckpoint,
    /// The checkpoint does not open.
    #[error("the checkpoint does not hold: {0}")]
    Checkpoint(String),
    /// The checkpoint is over another history.
    #[error("the checkpoint over {} entries has another root: history was rewritten after it was signed", .0.size)]
    CheckpointRoot(Seen),
    /// Entries are gone.
    #[error(
        "the checkpoint covers {checkpoint} entries and there are {entries}: entries were cut off"
    )]
    Truncated {
        /// Entries under the checkpoint.
        checkpoint: u64,
        /// Entries there are.
        entries: u64,
    },
    /// An earlier audit saw another history.
    #[error(
        "the audit before saw {} entries with root {}, and they are not the first of these: \
         history was rewritten since, or entries were cut off",
        .0.size, .0.root
    )]
    AuditedBefore(Seen),
    /// The ledger's log key is not the one the verifier was given.
    #[error("the ledger names another log key than the one given: it is not that ledger")]
    LogKeyDiffers,
}

impl Cause {
    /// The cause's name, for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Cause::Stored(_) => "stored-bytes",
            Cause::Note(_) => "note",
            Cause::Statement(_) => "statement",
            Cause::Signatures(_) => "signatures",
            Cause::Refused(_) => "refused",
            Cause::SeenRoot(_) => "seen-root",
            Cause::Duplicate { .. } => "duplicate",
            Cause::NoCheckpoint => "no-checkpoint",
            Cause::Checkpoint(_) => "checkpoint",
            Cause::CheckpointRoot(_) => "checkpoint-root",
            Cause::Truncated { .. } => "truncated",
            Cause::AuditedBefore(_) => "audited-before",
            Cause::LogKeyDiffers => "log-key-differs",
        }
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut out = serializer.serialize_struct("Cause", 2)?;
        out.serialize_field("name", self.name())?;
        out.serialize_field("message", &self.to_string())?;
        out.end()
    }
}
