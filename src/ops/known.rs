//! What is known of this ledger elsewhere, in a published folder, a second copy or a
//! receipt, compared with what it holds.

use super::error::OpsError;
use crate::model::{Seen, VerifierKey};
use crate::proof::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::proof::tree::Frontier;
use crate::store::{Store, StoreError};

/// Why a checkpoint kept elsewhere and this ledger do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// It is signed by another log.
    #[error("{by} is not of this ledger: {why}")]
    OtherLedger {
        /// What was compared.
        by: String,
        /// What tells them apart.
        why: String,
    },
    /// More entries are known than are here: an older copy was put in the ledger's place.
    #[error("entries are missing: {by} knows of {known}, and the ledger holds {have}")]
    Behind {
        /// What was compared.
        by: String,
        /// How many entries it knows of.
        known: u64,
        /// How many there are.
        have: u64,
    },
    /// The same log key signed two histories.
    #[error("{by} states another history than the ledger's first {size} entries")]
    Forked {
        /// What was compared.
        by: String,
        /// At how many entries.
        size: u64,
    },
    /// It is no checkpoint.
    #[error("{by} cannot be read: {why}")]
    Unreadable {
        /// What was to be compared.
        by: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Opens a checkpoint that was kept elsewhere as one of `log`'s.
///
/// # Errors
/// [`HistoryError::OtherLedger`] or [`HistoryError::Unreadable`].
pub fn open_checkpoint(
    bytes: &[u8],
    log: &VerifierKey,
    by: &str,
) -> Result<SignedCheckpoint, HistoryError> {
    SignedCheckpoint::open(bytes, log).map_err(|error| {
        let (by, why) = (by.to_owned(), error.to_string());
        match error {
            CheckpointError::OtherLog { .. }
            | CheckpointError::NotSigned(_)
            | CheckpointError::Signature(_) => HistoryError::OtherLedger { by, why },
            _ => HistoryError::Unreadable { by, why },
        }
    })
}

/// Compares an opened checkpoint with what the store holds.
///
/// # Errors
/// [`HistoryError::Behind`], [`HistoryError::Forked`]; a store that cannot be read.
pub fn compare(store: &dyn Store, said: &SignedCheckpoint, by: &str) -> Result<Seen, OpsError> {
    let said = Seen { size: said.checkpoint().size(), root: *said.checkpoint().root() };
    let have = store.head().size;
    if said.size > have {
        let (by, known) = (by.to_owned(), said.size);
        return Err(HistoryError::Behind { by, known, have }.into());
    }
    let root = Frontier::load(store, said.size).map_err(StoreError::from)?.root();
    if root != said.root {
        return Err(HistoryError::Forked { by: by.to_owned(), size: said.size }.into());
    }
    Ok(said)
}
