//! Letting a drive change hands once although it raises alarms.

use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use crate::ledger::Intent;
use crate::ledger::intent::Lift;

/// Drafts an override of one drive's alarms, to be signed by two people.
///
/// # Errors
/// Every reason against it.
pub fn override_alarms(ledger: &Ledger, mut wish: Lift) -> Result<Draft, OpsError> {
    wish.alarms.sort();
    wish.alarms.dedup();
    if wish.alarms.is_empty() {
        return Err(OpsError::input("--alarm", "name at least one alarm"));
    }
    // Only what two people were told of is accepted with their signatures.
    if !wish.alarms.iter().any(|alarm| alarm.as_str() == "mark-drift") {
        wish.marks.clear();
    }
    if !wish.alarms.iter().any(|alarm| alarm.as_str() == "sequence-backwards") {
        wish.sequences.clear();
    }
    ledger.draft(Intent::Override(Box::new(wish)))
}
