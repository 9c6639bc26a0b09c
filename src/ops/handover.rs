//! Handing media over, and taking them back.

use super::alarms::Looked;
use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use crate::ledger::alarms::News;
use crate::ledger::intent::HandOver;
use crate::ledger::{Intent, Refusal, Refusals, State};
use crate::model::{AlarmLine, Day, EntryRef, MediumId, Name, PartyId, Phrase};

/// What a person says about a handover.
#[derive(Debug, Clone)]
pub struct HandoverWish {
    /// The drives.
    pub media: Vec<MediumId>,
    /// Who gives.
    pub giver: PartyId,
    /// Who receives.
    pub receiver: PartyId,
    /// Who stands by.
    pub witness: Option<PartyId>,
    /// What for.
    pub purpose: Phrase,
    /// What is on them.
    pub contents: Option<Phrase>,
    /// Of how many persons.
    pub persons: Option<u64>,
    /// Where they will be; the receiver's organisation when not said.
    pub place: Option<Name>,
    /// Back by.
    pub due: Option<Day>,
    /// The approved request, by entry.
    pub request: Option<EntryRef>,
    /// What the drives raised when they were looked at for this.
    pub alarms: Vec<AlarmLine>,
    /// What was read of them then and is new to the ledger.
    pub news: News,
}

/// Drafts a handover with the next free receipt number.
///
/// # Errors
/// Every reason against it.
pub fn hand_over(ledger: &Ledger, wish: HandoverWish) -> Result<Draft, OpsError> {
    let place = match wish.place {
        Some(place) => place,
        None => place_of(ledger.state(), &wish.receiver)?,
    };
    let at = ledger.now()?;
    let receipt = ledger.state().next_receipt(at, &ledger.reserved()).ok_or_else(|| {
        OpsError::input(
            "receipt",
            "too many drafts are out for signature; submit or delete some in drafts/",
        )
    })?;
    ledger.draft(Intent::HandOver(Box::new(HandOver {
        receipt,
        media: wish.media,
        giver: wish.giver,
        receiver: wish.receiver,
        witness: wish.witness,
        purpose: wish.purpose,
        contents: wish.contents,
        persons: wish.persons,
        place,
        due: wish.due,
        request: wish.request,
        news: wish.news,
        alarm: wish.alarms,
    })))
}

/// Where a party's media are, when nobody says: at their organisation, or with them.
/// A receiver whom nobody knows is refused together with all else that is wrong, so
/// here any place will do.
pub(super) fn place_of(state: &State, id: &PartyId) -> Result<Name, OpsError> {
    if let Some(known) = state.parties.get(id) {
        let party = &known.party;
        return Ok(party.organisation.clone().unwrap_or_else(|| party.name.clone()));
    }
    let facts = state.facts.as_ref().ok_or_else(|| OpsError::refused(Refusal::NotFounded))?;
    Ok(facts.site.clone())
}

/// The same in the other direction: from whoever holds the media back to their
/// home. Giver and place follow from the ledger.
///
/// # Errors
/// Media with different holders or homes come back in handovers of their own;
/// every other reason as for [`hand_over`].
pub fn take_back(
    ledger: &Ledger,
    media: Vec<MediumId>,
    receiver: PartyId,
    witness: Option<PartyId>,
    purpose: Phrase,
    looked: Looked,
) -> Result<Draft, OpsError> {
    let state = ledger.state();
    let unknown = |id: &&MediumId| !state.media.contains_key(*id);
    let missing: Vec<Refusal> = media
        .iter()
        .filter(unknown)
        .map(|id| Refusal::UnknownMedium { medium: id.clone() })
        .collect();
    Refusals::into_result(missing)?;
    let known: Vec<_> = media.iter().filter_map(|id| state.media.get(id)).collect();
    let Some(first) = known.first() else {
        return Err(OpsError::input("MEDIUM", "name at least one drive"));
    };
    if known.iter().any(|medium| medium.home != first.home) {
        return Err(OpsError::input(
            "MEDIUM",
            "these drives have different homes; return them one home at a time",
        ));
    }
    if known.iter().any(|medium| medium.custody.holder != first.custody.holder) {
        return Err(OpsError::input(
            "MEDIUM",
            "these drives are held by different people; return them one at a time",
        ));
    }
    let wish = HandoverWish {
        giver: first.custody.holder.clone(),
        place: Some(first.home.clone()),
        media,
        receiver,
        witness,
        purpose,
        contents: None,
        persons: None,
        due: None,
        request: None,
        alarms: looked.alarms,
        news: looked.news,
    };
    hand_over(ledger, wish)
}
