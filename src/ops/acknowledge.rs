//! Taking note of what a medium is due, overdue or missing for: whoever does sees to it,
//! and the messages about it end. How the medium stands does not change by that.

use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use crate::ledger::schedule::standing;
use crate::ledger::{Intent, Refusal};
use crate::model::{MediumId, PartyId, Phrase};

/// Drafts the note about how the medium stands now.
///
/// # Errors
/// An unknown medium, one that wants nothing, and every other reason against it.
pub fn acknowledge(
    ledger: &Ledger,
    medium: MediumId,
    detail: Option<Phrase>,
    by: PartyId,
) -> Result<Draft, OpsError> {
    let state = ledger.state();
    let Some(known) = state.media.get(&medium) else {
        return Err(OpsError::refused(Refusal::UnknownMedium { medium }));
    };
    let Some(concern) = standing(known, &state.policy, ledger.now()?).concern() else {
        let problem =
            format!("{medium} is neither due nor missing; there is nothing to take note of");
        return Err(OpsError::input("MEDIUM", problem));
    };
    ledger.draft(Intent::Acknowledge { medium, concern, detail, by })
}
