//! Letting a drive change hands once although it raises alarms.

use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use crate::ledger::Intent;
use crate::model::{MediumId, PartyId, Phrase, Token};

/// Drafts an override of `alarms` of one drive, to be signed by two people.
///
/// # Errors
/// Every reason against it.
pub fn override_alarms(
    ledger: &Ledger,
    medium: MediumId,
    mut alarms: Vec<Token>,
    reason: Phrase,
    by: PartyId,
    second: PartyId,
) -> Result<Draft, OpsError> {
    alarms.sort();
    alarms.dedup();
    if alarms.is_empty() {
        return Err(OpsError::input("--alarm", "name at least one alarm"));
    }
    ledger.draft(Intent::Override { medium, alarms, reason, by, second })
}
