//! Saying outside a check that a medium is missing, that it was found, that it is lost.

use super::alarms::Looked;
use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use crate::ledger::Intent;
use crate::ledger::alarms::Content;
use crate::ledger::intent::Find;
use crate::model::vocabulary::SightingGrade;
use crate::model::{MediumId, PartyId, Phrase};

/// Drafts that a medium is missing: the clock of a loss starts here.
///
/// # Errors
/// Every reason against it.
pub fn missing(
    ledger: &Ledger,
    medium: MediumId,
    detail: Phrase,
    by: PartyId,
) -> Result<Draft, OpsError> {
    ledger.draft(Intent::Miss { medium, detail, by })
}

/// Drafts that a missing medium is lost.
///
/// # Errors
/// Every reason against it.
pub fn lost(
    ledger: &Ledger,
    medium: MediumId,
    detail: Phrase,
    by: PartyId,
) -> Result<Draft, OpsError> {
    ledger.draft(Intent::Lose { medium, detail, by })
}

/// Drafts that a missing or lost medium was found. A drive that is plugged in speaks
/// for itself: its grade and what it raises go into the entry in place of the word of
/// whoever found it.
///
/// # Errors
/// Every reason against it.
pub fn found(ledger: &Ledger, mut wish: Find, looked: Option<&Looked>) -> Result<Draft, OpsError> {
    if let Some(looked) = looked.filter(|looked| looked.compared.contains(&wish.medium)) {
        wish.alarm = looked.alarms.clone();
        wish.grade = wish.grade.min(grade(ledger, &wish.medium, looked));
    }
    ledger.draft(Intent::Find(Box::new(wish)))
}

/// `device` where the marks that are kept were read and nothing is odd, as in a check.
pub(super) fn grade(ledger: &Ledger, id: &MediumId, looked: &Looked) -> SightingGrade {
    let kept = ledger.state().media.get(id).map(|medium| &medium.marks);
    let read = looked.contents.iter().find(|(read, _)| read == id).map(|(_, content)| content);
    let same = |content: &Content| content.read && content.marks.as_ref() == kept;
    let bears = kept.is_some_and(|marks| !marks.is_empty()) && read.is_some_and(same);
    if bears && looked.alarms.is_empty() { SightingGrade::Device } else { SightingGrade::Profile }
}
