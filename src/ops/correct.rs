//! Corrections: a new entry about an old one, which stays as it is.

use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use crate::ledger::{Intent, Refusal};
use crate::model::{EntryRef, PartyId, Phrase, Token};
use crate::proof::tree::leaf_hash;

/// Drafts a correction of line `field` of entry `index`.
///
/// # Errors
/// No such entry, or every reason against it.
pub fn correct(
    ledger: &Ledger,
    index: u64,
    field: Token,
    correction: Phrase,
    reason: Phrase,
    by: PartyId,
) -> Result<Draft, OpsError> {
    if index >= ledger.state().size {
        return Err(OpsError::refused(Refusal::UnknownEntry { index }));
    }
    let leaf = leaf_hash(&ledger.note(index)?.to_bytes());
    let entry = EntryRef { index, leaf };
    ledger.draft(Intent::Correct { entry, field, correction, reason, by })
}
