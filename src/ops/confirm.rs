//! One drive is there: seen at a station, told by its label, or by the word of whoever has
//! it. For drives that are out, between two rounds.

use super::alarms::Looked;
use super::check::label_of;
use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use super::loss::grade;
use crate::ledger::intent::Glimpse;
use crate::ledger::terms::{Interested, interested};
use crate::ledger::{Intent, Refusal};
use crate::model::vocabulary::SightingGrade;
use crate::model::{MediumId, Name, PartyId, Phrase};

/// Who confirms what.
#[derive(Debug, Clone)]
pub struct ConfirmWish {
    /// Which drive.
    pub medium: MediumId,
    /// Where it is; where custody puts it if nobody says otherwise.
    pub place: Option<Name>,
    /// Its label as it was scanned.
    pub label: Option<String>,
    /// A remark.
    pub detail: Option<Phrase>,
    /// Who confirms it.
    pub by: PartyId,
}

/// A sighting that is about to be recorded.
#[derive(Debug)]
pub struct Confirmed {
    /// What is to be signed.
    pub draft: Draft,
    /// How it was seen.
    pub grade: SightingGrade,
    /// Why this stands in the log and moves no bound: the rules do not take this person's
    /// word for it, or not this grade.
    pub counts_not: Option<NotCounted>,
}

/// Why an observation does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCounted {
    /// The one who confirms it holds it.
    Holder,
    /// Their unit does.
    SameUnit,
    /// The rules ask for better evidence.
    TooWeak,
}

/// Drafts the sighting. A drive that is plugged in is compared with its registration and
/// speaks for itself; whoever may not vouch for it gives their word and no more.
///
/// # Errors
/// An unknown drive, a label that is another's, and every other reason against it.
pub fn confirm(
    ledger: &Ledger,
    wish: ConfirmWish,
    looked: Option<&Looked>,
) -> Result<Confirmed, OpsError> {
    let state = ledger.state();
    let ConfirmWish { medium: id, place, label, detail, by } = wish;
    let Some(medium) = state.media.get(&id) else {
        return Err(OpsError::refused(Refusal::UnknownMedium { medium: id }));
    };
    let labelled = label.map(|text| label_of(ledger.state(), &text)).transpose();
    let labelled = labelled.map_err(|problem| OpsError::input("--label", problem))?;
    if let Some(other) = labelled.as_ref().filter(|other| **other != id) {
        let problem = format!("that is the label of {other}, not of {id}");
        return Err(OpsError::input("--label", problem));
    }
    let attached = looked.filter(|looked| looked.compared.contains(&id));
    let mut best = match (attached, &labelled) {
        (Some(looked), _) => grade(ledger, &id, looked),
        (None, Some(_)) => SightingGrade::Label,
        (None, None) => SightingGrade::Attested,
    };
    let why = interested(state, medium, &by);
    if why.is_some() {
        best = SightingGrade::Attested;
    }
    let weak = best > state.policy.terms(medium).grade;
    let counts_not = match why {
        Some(Interested::Holder) => Some(NotCounted::Holder),
        Some(Interested::SameUnit) => Some(NotCounted::SameUnit),
        None => weak.then_some(NotCounted::TooWeak),
    };
    let draft = ledger.draft(Intent::Sight(Box::new(Glimpse {
        grade: best,
        place: place.unwrap_or_else(|| medium.custody.place.clone()),
        token: None,
        alarm: attached.map(|looked| looked.alarms.clone()).unwrap_or_default(),
        detail,
        medium: id,
        by,
    })))?;
    Ok(Confirmed { draft, grade: best, counts_not })
}
