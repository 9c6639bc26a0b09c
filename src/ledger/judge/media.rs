//! Registration, erasure, retirement and corrections.

use super::{COLLEAGUES, KEEPERS, OBSERVERS, Verdict, signatory};
use crate::ledger::refusal::Refusal;
use crate::ledger::state::{Medium, Presence};
use crate::model::hardware::{Grade, Serial};
use crate::model::statement;
use crate::model::vocabulary::{CheckerRule, Role};
use crate::model::{AlarmLine, MediumId, MediumLine};

/// The medium of a line: registered, in use, and described as it is registered.
pub(super) fn registered<'a>(verdict: &mut Verdict<'a>, line: &MediumLine) -> Option<&'a Medium> {
    let state = verdict.state;
    let Some(medium) = state.media.get(&line.id) else {
        verdict.refuse(Refusal::UnknownMedium { medium: line.id.clone() });
        return None;
    };
    verdict.refuse_if(medium.line != *line, || Refusal::MediumDiffers {
        medium: line.id.clone(),
        registered: format!("{} {}", medium.line.vid_pid, medium.line.serial),
    });
    in_use(verdict, medium);
    Some(medium)
}

/// The medium of a line: [`registered`], and neither missing nor lost.
pub(super) fn at_hand<'a>(verdict: &mut Verdict<'a>, line: &MediumLine) -> Option<&'a Medium> {
    let medium = registered(verdict, line)?;
    if let Some(index) = medium.gone() {
        verdict.refuse(Refusal::NotPresent { medium: line.id.clone(), index });
    }
    Some(medium)
}

pub(super) fn in_use(verdict: &mut Verdict<'_>, medium: &Medium) {
    if let Presence::Retired { index, .. } = medium.presence {
        verdict.refuse(Refusal::Retired { medium: medium.line.id.clone(), index });
    }
}

/// Refuses each id that stands more than once.
pub(super) fn each_once<'a>(verdict: &mut Verdict<'_>, ids: impl Iterator<Item = &'a MediumId>) {
    let mut seen = std::collections::BTreeSet::new();
    for id in ids {
        verdict.refuse_if(!seen.insert(id), || Refusal::MediumRepeated { medium: id.clone() });
    }
}

/// The best grade any program may give a serial. Deliberately no more than what
/// can never be disputed: entries are judged again for ever, while the heuristics
/// that grade a device when it is registered are to get better.
fn best_grade(serial: &Serial) -> Grade {
    let characters = serial.characters();
    let one = characters.iter().all(|c| Some(c) == characters.first());
    if one { Grade::C } else { Grade::A }
}

pub(super) fn register(verdict: &mut Verdict<'_>, said: &statement::Register) {
    signatory(verdict, &said.by, KEEPERS);
    let (state, id) = (verdict.state, &said.medium.id);
    verdict
        .refuse_if(state.media.contains_key(id), || Refusal::MediumExists { medium: id.clone() });
    let another = said.encryption.id != *id || said.sequence.iter().any(|line| line.id != *id);
    verdict.refuse_if(said.hardware != said.medium.hardware() || another, || {
        Refusal::HardwareUnsound { medium: id.clone() }
    });
    let twins = state.by_hardware.get(&said.hardware).map_or(&[][..], Vec::as_slice);
    let weak = |id: &MediumId| state.media.get(id).is_none_or(Medium::is_weak);
    // Look-alikes may share an identity only when none of them is known by it.
    if let Some(twin) = twins.iter().find(|twin| said.serial_grade != Grade::C || !weak(twin)) {
        verdict.refuse(Refusal::HardwareRegistered { medium: twin.clone() });
    }
    let best = best_grade(&said.medium.serial);
    verdict.refuse_if(said.serial_grade < best, || Refusal::GradeTooGood {
        medium: id.clone(),
        grade: best.to_string(),
    });
    if said.interval_days.is_some_and(|days| !(1..=3_660).contains(&days)) {
        verdict.refuse(Refusal::PolicyOutOfRange { number: "interval-days" });
    }
}

/// An override is looked into by one person and agreed to by another: a drive that
/// is not what it was is how a swap begins, and the one who swaps it keeps it.
pub(super) fn lift(verdict: &mut Verdict<'_>, said: &statement::Override) {
    signatory(verdict, &said.by, KEEPERS);
    signatory(verdict, &said.second, COLLEAGUES);
    verdict.refuse_if(said.by.party.id == said.second.party.id, || Refusal::SecondPersonNeeded {
        party: said.by.party.id.clone(),
    });
    at_hand(verdict, &said.medium);
    // What the policy refuses, no two people let pass: that takes another policy.
    for AlarmLine { id, alarm } in said.alarm.iter() {
        verdict.refuse_if(*id != said.medium.id, || Refusal::UnknownMedium { medium: id.clone() });
        verdict.refuse_if(verdict.state.policy.alarm_refuses.contains(alarm), || {
            Refusal::AlarmRefuses { medium: id.clone(), alarm: alarm.clone() }
        });
    }
    let read = said.mark.iter().map(|line| &line.id).chain(said.sequence.iter().map(|s| &s.id));
    of_media(verdict, read, |id| *id == said.medium.id);
}

/// Refuses each line that names another medium than the statement is about.
pub(super) fn of_media<'a>(
    verdict: &mut Verdict<'_>,
    ids: impl Iterator<Item = &'a MediumId>,
    is_named: impl Fn(&MediumId) -> bool,
) {
    for id in ids {
        verdict.refuse_if(!is_named(id), || Refusal::UnknownMedium { medium: id.clone() });
    }
}

pub(super) fn erase(verdict: &mut Verdict<'_>, said: &statement::Erase) {
    signatory(verdict, &said.by, KEEPERS);
    signatory(verdict, &said.verifier, OBSERVERS);
    verdict.refuse_if(said.by.party.id == said.verifier.party.id, || Refusal::SecondPersonNeeded {
        party: said.by.party.id.clone(),
    });
    at_hand(verdict, &said.medium);
    let read = said.encryption.iter().map(|line| &line.id);
    let read = read.chain(said.mark.iter().map(|line| &line.id));
    let read = read.chain(said.sequence.iter().map(|line| &line.id));
    let read = read.chain(said.alarm.iter().map(|line| &line.id));
    of_media(verdict, read, |id| *id == said.medium.id);
}

/// Retirement ends every alarm about a medium, so it is no way round one: a
/// missing medium must first be found or decided to be lost, a lost one is written
/// off by an administrator, and a holder does not retire what they hold.
pub(super) fn retire(verdict: &mut Verdict<'_>, said: &statement::Retire) {
    let by = &said.by.party.id;
    if let Some(verifier) = &said.verifier {
        signatory(verdict, verifier, COLLEAGUES);
        verdict.refuse_if(verifier.party.id == *by, || Refusal::SecondPersonNeeded {
            party: by.clone(),
        });
    }
    let Some(medium) = registered(verdict, &said.medium) else {
        signatory(verdict, &said.by, KEEPERS);
        return;
    };
    let lost = matches!(medium.presence, Presence::Lost { .. });
    signatory(verdict, &said.by, if lost { &[Role::Administrator] } else { KEEPERS });
    if let Presence::Missing { index, .. } = medium.presence {
        verdict.refuse(Refusal::NotPresent { medium: said.medium.id.clone(), index });
    }
    let own =
        verdict.state.policy.checker == CheckerRule::NotHolder && medium.custody.holder == *by;
    verdict.refuse_if(own, || Refusal::SecondPersonNeeded { party: by.clone() });
}

pub(super) fn correct(verdict: &mut Verdict<'_>, said: &statement::Correct) {
    // Moving the log's clock is an administrator's decision.
    let clock = said.field.as_str() == "at";
    signatory(verdict, &said.by, if clock { &[Role::Administrator] } else { KEEPERS });
    verdict.refuse_if(said.entry.index >= verdict.state.size, || Refusal::UnknownEntry {
        index: said.entry.index,
    });
}
