//! Observations: sightings, rounds, and the missing, found and lost states.

use std::collections::BTreeSet;

use super::media::{at_hand, each_once, in_use, of_media, registered};
use super::{ANYONE, KEEPERS, OBSERVERS, Verdict, signatory};
use crate::ledger::refusal::Refusal;
use crate::ledger::schedule::standing;
use crate::ledger::terms::{Interested, interested};
use crate::model::statement;
use crate::model::vocabulary::{Concern, Role, SightingGrade};
use crate::model::{MediumId, PartyId};

/// Nobody vouches for what they hold themselves, nor, where the rules say so, for what
/// their own unit holds.
fn not_holder(verdict: &mut Verdict<'_>, by: &PartyId, id: &MediumId) {
    let state = verdict.state;
    let (party, medium) = (by.clone(), id.clone());
    match state.media.get(id).and_then(|medium| interested(state, medium, by)) {
        None => {}
        Some(Interested::Holder) => verdict.refuse(Refusal::CheckerIsHolder { party, medium }),
        Some(Interested::SameUnit) => verdict.refuse(Refusal::CheckerOfUnit { party, medium }),
    }
}

fn strong_enough(verdict: &mut Verdict<'_>, id: &MediumId, grade: SightingGrade) {
    let policy = &verdict.state.policy;
    let least =
        verdict.state.media.get(id).map_or(policy.grade, |medium| policy.terms(medium).grade);
    // The vocabulary is ordered best first.
    verdict.refuse_if(grade > least, || Refusal::GradeTooWeak {
        medium: id.clone(),
        grade: least.as_str(),
    });
}

pub(super) fn sighting(verdict: &mut Verdict<'_>, said: &statement::Sighting) {
    // What tells a drive from its copies is not anybody's to replace.
    signatory(verdict, &said.by, if said.token.is_some() { KEEPERS } else { ANYONE });
    registered(verdict, &said.medium);
    // A holder's own word is taken at the lowest grade only (design, "Presence").
    if said.grade != SightingGrade::Attested {
        not_holder(verdict, &said.by.party.id, &said.medium.id);
    }
}

pub(super) fn roll_call(verdict: &mut Verdict<'_>, said: &statement::RollCall) {
    signatory(verdict, &said.by, &[Role::Station]);
    verdict.refuse_if(!verdict.state.roll_calls.may_follow(said), || Refusal::RollCallUnsound {
        place: said.place.clone(),
    });
    each_once(verdict, said.present.iter().map(|seen| &seen.id).chain(&said.absent));
    for id in said.present.iter().map(|seen| &seen.id).chain(&said.absent) {
        verdict.refuse_if(!verdict.state.media.contains_key(id), || Refusal::UnknownMedium {
            medium: id.clone(),
        });
    }
}

pub(super) fn check(verdict: &mut Verdict<'_>, said: &statement::Check) {
    signatory(verdict, &said.by, if said.token.is_empty() { OBSERVERS } else { KEEPERS });
    let seen_here = || said.found.iter().chain(&said.unverified).map(|seen| &seen.id);
    let listed = || seen_here().chain(&said.missing);
    let elsewhere = || said.unexpected.iter().map(|seen| &seen.id);
    each_once(verdict, listed().chain(elsewhere()));
    let state = verdict.state;
    for id in listed().chain(elsewhere()) {
        verdict.refuse_if(!state.media.contains_key(id), || Refusal::UnknownMedium {
            medium: id.clone(),
        });
    }
    // A retired drive that turns up in a drawer is unexpected, and is to be said so.
    for medium in listed().filter_map(|id| state.media.get(id)) {
        in_use(verdict, medium);
    }
    let expected: BTreeSet<&MediumId> =
        state.expected_at(&said.place).map(|medium| &medium.line.id).collect();
    let given: BTreeSet<&MediumId> = listed().collect();
    let wanted: BTreeSet<&MediumId> = match &said.draw {
        Some(draw) => state.sample_at(&said.place, draw).into_iter().collect(),
        None => expected.clone(),
    };
    drawn(verdict, said, &wanted);
    for id in wanted.difference(&given) {
        verdict.refuse(Refusal::CheckOmits { medium: (*id).clone() });
    }
    for id in given.difference(&expected).filter(|id| state.media.contains_key(**id)) {
        verdict.refuse(Refusal::CheckNotExpected { medium: (*id).clone() });
    }
    vouched_for(verdict, said);
    for seen in &said.found {
        strong_enough(verdict, &seen.id, seen.grade);
    }
    // Two encryptions of one medium would leave it open which one was read.
    each_once(verdict, said.encryption.iter().map(|line| &line.id));
    each_once(verdict, said.token.iter().map(|line| &line.id));
    let read = said.encryption.iter().map(|line| &line.id);
    let read = read.chain(said.mark.iter().map(|line| &line.id));
    let read = read.chain(said.sequence.iter().map(|line| &line.id));
    let read = read.chain(said.token.iter().map(|line| &line.id));
    let was_seen = |id: &MediumId| seen_here().chain(elsewhere()).any(|seen| seen == id);
    of_media(verdict, read.chain(&said.second_saw), was_seen);
}

/// Each of two people on a round vouches for what rests on them, and so two holders can
/// check one another. That a medium is missing takes one of them who may say so.
fn vouched_for(verdict: &mut Verdict<'_>, said: &statement::Check) {
    let by = &said.by.party.id;
    let second = said.second.as_ref().map(|second| &second.party.id);
    if let Some(second) = &said.second {
        signatory(verdict, second, OBSERVERS);
    }
    // Nobody is two people, and what rests on the second needs one.
    let alone = second.map_or(!said.second_saw.is_empty(), |second| second == by);
    verdict.refuse_if(alone, || Refusal::SecondPersonNeeded { party: by.clone() });
    each_once(verdict, said.second_saw.iter());
    for seen in said.found.iter().chain(&said.unverified) {
        not_holder(verdict, &said.who_saw(&seen.id).party.id, &seen.id);
    }
    let state = verdict.state;
    let may = |who: &PartyId, id: &MediumId| {
        state.media.get(id).is_none_or(|medium| interested(state, medium, who).is_none())
    };
    for id in &said.missing {
        if second.is_none_or(|second| !may(second, id)) {
            not_holder(verdict, by, id);
        }
    }
}

/// A sample is the next one of this ledger, from a head newer than the last sample, so
/// that nobody keeps one in store; it is as large as the rules ask for, and what it does
/// not hold was not looked for and so cannot be missing.
fn drawn(verdict: &mut Verdict<'_>, said: &statement::Check, wanted: &BTreeSet<&MediumId>) {
    let Some(draw) = &said.draw else { return };
    let (count, last) = verdict.state.draws;
    let newer = last.is_none_or(|index| draw.head.size > index);
    let sound = draw.number == count + 1 && newer && draw.head.size <= said.seen.size;
    verdict.refuse_if(!sound, || Refusal::DrawUnsound { number: draw.number });
    let policy = &verdict.state.policy;
    let media = verdict.state.expected_at(&said.place);
    let least = media.map(|medium| policy.terms(medium).draw_percent).max().unwrap_or(0);
    verdict.refuse_if(draw.percent < least, || Refusal::DrawTooSmall { least });
    for id in said.missing.iter().filter(|id| !wanted.contains(id)) {
        verdict.refuse(Refusal::CheckNotExpected { medium: id.clone() });
    }
}

pub(super) fn missing(verdict: &mut Verdict<'_>, said: &statement::Missing) {
    signatory(verdict, &said.by, ANYONE);
    at_hand(verdict, &said.medium);
}

pub(super) fn found(verdict: &mut Verdict<'_>, said: &statement::Found) {
    signatory(verdict, &said.by, KEEPERS);
    strong_enough(verdict, &said.medium.id, said.grade);
    // The one from whom it went missing does not find it alone.
    not_holder(verdict, &said.by.party.id, &said.medium.id);
    let Some(medium) = registered(verdict, &said.medium) else { return };
    verdict.refuse_if(medium.gone().is_none() && medium.in_use(), || Refusal::NotMissing {
        medium: said.medium.id.clone(),
    });
}

/// The decision is the privacy officer's, and an administrator's only where there is
/// none. Nobody decides alone about what they hold themselves; an administrator may,
/// since administrators could before there were privacy officers.
pub(super) fn lost(verdict: &mut Verdict<'_>, said: &statement::Lost) {
    let state = verdict.state;
    let theirs = state.privacy_officers().next().is_some();
    let decides = if theirs { Role::PrivacyOfficer } else { Role::Administrator };
    signatory(verdict, &said.by, &[decides]);
    let Some(medium) = registered(verdict, &said.medium) else { return };
    let by = &said.by.party.id;
    let own = theirs && interested(state, medium, by) == Some(Interested::Holder);
    verdict.refuse_if(own, || Refusal::SecondPersonNeeded { party: by.clone() });
    let missing = matches!(medium.presence, crate::ledger::state::Presence::Missing { .. });
    verdict.refuse_if(!missing && medium.in_use(), || Refusal::NotMissing {
        medium: said.medium.id.clone(),
    });
}

pub(super) fn search(verdict: &mut Verdict<'_>, said: &statement::Search) {
    signatory(verdict, &said.by, ANYONE);
    let Some(medium) = registered(verdict, &said.medium) else { return };
    verdict.refuse_if(medium.gone().is_none() && medium.in_use(), || Refusal::NotMissing {
        medium: said.medium.id.clone(),
    });
}

/// What is taken note of has to be so: a note taken in advance would silence the
/// messages about something that nobody knows yet.
pub(super) fn acknowledge(verdict: &mut Verdict<'_>, said: &statement::Acknowledge) {
    let holders = said.concern == Concern::CheckDue;
    signatory(verdict, &said.by, if holders { ANYONE } else { OBSERVERS });
    let Some(medium) = registered(verdict, &said.medium) else { return };
    let now = standing(medium, &verdict.state.policy, said.at).concern();
    verdict.refuse_if(now != Some(said.concern), || Refusal::NoSuchConcern {
        medium: said.medium.id.clone(),
        concern: said.concern.as_str(),
    });
}
