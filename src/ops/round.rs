//! A round that goes on: what was seen is kept line by line until it is closed, so that
//! drives can be plugged in one after another, by two people, with pauses, and nothing
//! that was shown is lost to a closed lid or a power cut.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::check::known_place;
use super::draft::Draft;
use super::error::{ChangedSince, OpsError, RoundProblem};
use super::ledger::Ledger;
use crate::ledger::checks::{Moment, Observation, Outcome, People, Watcher, compare_round};
use crate::ledger::judge::CLOCK_TOLERANCE;
use crate::ledger::terms::interested;
use crate::ledger::{Refusal, State};
use crate::model::hardware::HardwareIdentity;
use crate::model::{MediumId, Name, PartyId, Phrase, Stamp};
use crate::report::round::{Again, Course, Offer, OpenRound, RoundReport, Stale};
use crate::report::who::Who;
use crate::store::Key;
use crate::store::rounds::{Held, Rounds};

pub use crate::store::rounds::{Line, Opening, Record, SeenDevice, What};

/// The same seen again within this time, in seconds, is no further line.
const REPEAT: i64 = 60;
/// Devices of one identity at one moment, a line.
const TWINS_MAX: usize = 8;

/// What was seen at one moment, as lines of a round. Devices of one identity share a
/// line: that they were there together is what matters of them.
pub fn lines_of(devices: &[SeenDevice], labels: &[MediumId], eyes: &[MediumId]) -> Vec<What> {
    let mut groups: Vec<Vec<SeenDevice>> = Vec::new();
    for device in devices {
        let same = |group: &&mut Vec<SeenDevice>| {
            group.len() < TWINS_MAX && group.first().is_some_and(|it| it.device == device.device)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(device.clone()),
            None => groups.push(vec![device.clone()]),
        }
    }
    let labels = labels.iter().cloned().map(What::Label);
    let eyes = eyes.iter().cloned().map(What::Eye);
    groups.into_iter().map(What::Devices).chain(labels).chain(eyes).collect()
}

/// The open round at `place`, if there is one.
///
/// # Errors
/// A file that cannot be read.
pub fn open_at(folder: &Path, place: &Name) -> Result<Option<Record>, OpsError> {
    let rounds = Rounds::of(folder);
    let read = Rounds::read(&rounds.path(place)).map_err(RoundProblem::from)?;
    Ok(read.filter(|record| record.opening.place == *place))
}

/// How large the round at `place` is; none when there is none. It grows with every line,
/// so that looking at this alone shows whether somebody added to it.
pub fn size_at(folder: &Path, place: &Name) -> Option<u64> {
    Rounds::of(folder).size(place)
}

/// Every open round, and each file that should hold one and does not.
///
/// # Errors
/// A folder that cannot be read.
pub fn all_open(folder: &Path) -> Result<(Vec<Record>, Vec<RoundProblem>), OpsError> {
    let (mut open, mut unread) = (Vec::new(), Vec::new());
    for file in Rounds::of(folder).files().map_err(RoundProblem::from)? {
        match Rounds::read(&file) {
            Ok(record) => open.extend(record),
            Err(error) => unread.push(error.into()),
        }
    }
    Ok((open, unread))
}

/// The open rounds of a ledger, for its status.
///
/// # Errors
/// A folder that cannot be read.
pub fn listed(ledger: &Ledger, now: Stamp) -> Result<Vec<OpenRound>, OpsError> {
    let (open, unread) = all_open(ledger.folder())?;
    let state = ledger.state();
    let oldest = now.unix() - i64::from(state.policy.draft_hours) * 3_600;
    let row = |record: Record| OpenRound {
        opened: Some(record.opening.at),
        opened_by: Some(Who::of(state, &record.opening.by)),
        observations: record.lines.len(),
        old: record.opening.at.unix() < oldest,
        place: Some(record.opening.place),
        problem: None,
    };
    let lost = |problem: RoundProblem| OpenRound {
        place: None,
        opened: None,
        opened_by: None,
        observations: 0,
        old: false,
        problem: Some(problem.to_string()),
    };
    Ok(open.into_iter().map(row).chain(unread.into_iter().map(lost)).collect())
}

/// Whether a draft that would close this round may have become an entry.
pub fn was_closing(record: &Record) -> bool {
    record.lines.iter().any(|line| matches!(line.what, What::Closing(_)))
}

/// Adds to the open round at `place`, or begins it.
///
/// # Errors
/// A third person, or a file that cannot be written.
pub fn add(
    folder: &Path,
    opening: &Opening,
    (at, by): (Stamp, &PartyId),
    seen: Vec<What>,
) -> Result<Record, OpsError> {
    let mut held = Rounds::of(folder).open(opening).map_err(RoundProblem::from)?;
    extend(&mut held, &opening.place, (at, by), seen)
}

/// Adds to a round that is open, and begins no other where it was closed meanwhile.
///
/// # Errors
/// As [`add`], and a round that is open no longer.
pub fn add_on(
    folder: &Path,
    place: &Name,
    (at, by): (Stamp, &PartyId),
    seen: Vec<What>,
) -> Result<Record, OpsError> {
    let mut held = held(folder, place)?;
    extend(&mut held, place, (at, by), seen)
}

fn held(folder: &Path, place: &Name) -> Result<Held, OpsError> {
    let held = Rounds::of(folder).hold(place).map_err(RoundProblem::from)?;
    Ok(held.ok_or_else(|| RoundProblem::NotOpen(place.clone()))?)
}

fn extend(
    held: &mut Held,
    place: &Name,
    (at, by): (Stamp, &PartyId),
    seen: Vec<What>,
) -> Result<Record, OpsError> {
    let record = |held: &Held| held.record().cloned();
    let before = record(held).ok_or_else(|| RoundProblem::NotOpen(place.clone()))?;
    let people = people_of(&before);
    if !people.contains(by) && people.len() > 1 {
        let people = people.iter().map(ToString::to_string).collect();
        return Err(RoundProblem::Third { people, third: by.clone() }.into());
    }
    for what in seen {
        let again = |line: &Line| {
            let since = at.unix().saturating_sub(line.at.unix());
            line.by == *by && line.what == what && (0..REPEAT).contains(&since)
        };
        if !before.lines.iter().any(again) {
            held.add(Line { at, by: by.clone(), what }).map_err(RoundProblem::from)?;
        }
    }
    Ok(record(held).unwrap_or(before))
}

/// Who began the round, and everybody who saw something in it.
fn people_of(record: &Record) -> BTreeSet<PartyId> {
    let saw = |line: &&Line| !matches!(line.what, What::Closing(_) | What::GivenUp(_));
    let others = record.lines.iter().filter(saw).map(|line| line.by.clone());
    others.chain([record.opening.by.clone()]).collect()
}

/// What a round comes to so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// The comparison.
    pub outcome: Outcome,
    /// The other person, where something rests on what they saw or may say.
    pub second: Option<PartyId>,
    /// What was seen and does not count any more: it has to be looked at again.
    pub stale: Vec<Stale>,
    /// Drives nobody registered, and where each was plugged in.
    pub offers: Vec<Offer>,
}

/// What a round comes to if `by` closes it at `now`. An observation that is older than a
/// draft may be does not count, nor one of a drive that changed hands since.
pub fn gather(state: &State, record: &Record, by: &PartyId, now: Stamp) -> Gathered {
    let place = &record.opening.place;
    let second = people_of(record).into_iter().find(|who| who != by);
    let (mut moments, mut counted, mut stale) = (Vec::new(), BTreeSet::new(), Vec::new());
    let mut offers = Vec::new();
    for line in &record.lines {
        let watcher = if line.by == *by { Watcher::First } else { Watcher::Second };
        let mut seen = Vec::new();
        for (observation, position) in observations(&line.what) {
            let name = name_of(state, &observation);
            match stale_for(state, &observation, line.at, now) {
                Some(why) => {
                    let (at, by) = (line.at, line.by.clone());
                    stale.push(Stale { what: name, at, by, why });
                    continue;
                }
                None => counted.insert(name),
            };
            if let (Observation::Device(line, _), Some(position)) = (&observation, position) {
                offers.push(Offer { device: line.clone(), position: position.clone() });
            }
            seen.push(observation);
        }
        moments.push((watcher, seen));
    }
    let moments: Vec<Moment<'_>> =
        moments.iter().map(|(by, seen)| Moment { by: *by, seen }).collect();
    let people = People { by, second: second.as_ref() };
    let mut outcome = compare_round(state, place, Some(people), &moments);
    if let Some(draw) = &record.opening.draw {
        // What was not drawn was not looked for.
        let sample = state.sample_at(place, draw);
        outcome.missing.retain(|id| sample.contains(&id));
    }
    stale.retain(|one| !counted.contains(&one.what));
    stale.dedup_by(|one, other| one.what == other.what);
    offers.retain(|offer| outcome.unknown.contains(&offer.device));
    offers.sort();
    offers.dedup_by(|one, other| one.device == other.device && !one.device.serial.is_none());
    let second = second.filter(|second| rests_on(state, &outcome, by, second));
    Gathered { outcome, second, stale, offers }
}

/// Whether the entry needs the second person: for what they saw, or because only they
/// may say that a drive is missing.
fn rests_on(state: &State, outcome: &Outcome, by: &PartyId, second: &PartyId) -> bool {
    let may = |who: &PartyId, id: &MediumId| {
        state.media.get(id).is_some_and(|medium| interested(state, medium, who).is_none())
    };
    let missing = outcome.missing.iter().any(|id| !may(by, id) && may(second, id));
    missing || !outcome.second_saw.is_empty()
}

fn observations(what: &What) -> Vec<(Observation, Option<&Phrase>)> {
    match what {
        What::Devices(devices) => devices
            .iter()
            .map(|one| {
                let said = Box::new(one.said.clone());
                (Observation::Device(one.device.clone(), said), Some(&one.position))
            })
            .collect(),
        What::Label(id) => vec![(Observation::Label(id.clone()), None)],
        What::Eye(id) => vec![(Observation::Eye(id.clone()), None)],
        What::Closing(_) | What::GivenUp(_) => Vec::new(),
    }
}

/// The one medium that an observation is about, if that can be said of it alone.
fn medium_of<'a>(state: &'a State, observation: &'a Observation) -> Option<&'a MediumId> {
    match observation {
        Observation::Label(id) | Observation::Eye(id) => Some(id),
        Observation::Device(line, _) => {
            let hardware = HardwareIdentity::of(line.vid_pid, &line.serial);
            match state.by_hardware.get(&hardware).map(Vec::as_slice) {
                Some([id]) => Some(id),
                _ => None,
            }
        }
    }
}

/// An asset id, or what the device says of itself.
pub fn name_of(state: &State, observation: &Observation) -> String {
    match (medium_of(state, observation), observation) {
        (Some(id), _) => id.to_string(),
        (None, Observation::Device(line, _)) => line.to_string(),
        (None, Observation::Label(id) | Observation::Eye(id)) => id.to_string(),
    }
}

/// Why an observation does not count any more, if it does not.
fn stale_for(state: &State, seen: &Observation, at: Stamp, now: Stamp) -> Option<Again> {
    let age = now.unix().saturating_sub(at.unix());
    if age > i64::from(state.policy.draft_hours) * 3_600 {
        return Some(Again::Old);
    }
    if age < -CLOCK_TOLERANCE {
        return Some(Again::Ahead);
    }
    let medium = medium_of(state, seen).and_then(|id| state.media.get(id))?;
    let custody = &medium.custody;
    // A drive that was found, registered and seen counts as what it was found as.
    let moved = custody.index != medium.registered.index && custody.since > at;
    moved.then_some(Again::Moved)
}

/// The round as people see it.
pub fn report(state: &State, record: &Record, gathered: &Gathered, by: &PartyId) -> RoundReport {
    let saw = |line: &&Line| !matches!(line.what, What::Closing(_));
    let course = Course {
        place: record.opening.place.clone(),
        at: record.opening.at,
        by: record.opening.by.clone(),
        people: people_of(record).into_iter().collect(),
        draw: record.opening.draw,
        lines: record.lines.iter().filter(saw).count(),
        last: record.lines.iter().rfind(saw).map(|line| line.at),
        torn: record.torn > 0,
        closing: was_closing(record),
    };
    RoundReport::new(state, &course, by, &gathered.outcome, &gathered.stale)
}

/// What opening a round again found of an earlier closing.
#[derive(Debug, Default)]
pub struct Settled {
    /// The round, where one is open.
    pub record: Option<Record>,
    /// The entry by which an earlier one was closed after all, if that was found now.
    pub closed: Option<u64>,
}

/// Looks whether the entry that was to close the round stands in the ledger: its writer
/// may have died on the way, or it was signed elsewhere. What was seen since then is a
/// round of its own.
///
/// # Errors
/// A place nobody registered a medium for, or files that cannot be used.
pub fn settle(ledger: &Ledger, place: &Name) -> Result<Settled, OpsError> {
    let rounds = Rounds::of(ledger.folder());
    let Some(held) = rounds.hold(place).map_err(RoundProblem::from)? else {
        known_place(ledger.state(), place)?;
        return Ok(Settled::default());
    };
    let Some(record) = held.record().cloned() else { return Ok(Settled::default()) };
    let mut closed = None;
    for (at, line) in record.lines.iter().enumerate() {
        if let What::Closing(nonce) = line.what
            && let Some(entry) = ledger.store().find(&Key::Nonce(nonce.0))?.first()
        {
            closed = Some((at, *entry));
        }
    }
    let Some((at, entry)) = closed else {
        return Ok(Settled { record: Some(record), closed: None });
    };
    let later: Vec<Line> = record.lines.into_iter().skip(at + 1).collect();
    let Some(first) = later.iter().find(|line| !matches!(line.what, What::Closing(_))) else {
        held.end().map_err(RoundProblem::from)?;
        return Ok(Settled { record: None, closed: Some(entry) });
    };
    let opening = Opening::new(first.at, first.by.clone(), place.clone(), None);
    held.put_aside("closed").map_err(RoundProblem::from)?;
    let mut held = rounds.open(&opening).map_err(RoundProblem::from)?;
    for line in later {
        held.add(line).map_err(RoundProblem::from)?;
    }
    Ok(Settled { record: held.record().cloned(), closed: Some(entry) })
}

/// Refuses to close over what has to be looked at again, unless that is left out.
///
/// # Errors
/// [`RoundProblem::Stale`].
pub fn fresh_enough(gathered: &Gathered, leave_out: bool) -> Result<(), OpsError> {
    if gathered.stale.is_empty() || leave_out {
        return Ok(());
    }
    let each = gathered.stale.iter().map(|one| format!("{} ({})", one.what, one.why.words().en));
    Err(RoundProblem::Stale(each.collect()).into())
}

/// Notes, before the entry is appended, that it is about to be, and keeps everybody else
/// from adding to the round until [`end`]. What was gathered must still be so.
///
/// # Errors
/// Somebody went on with the round, or closed it.
pub fn about_to_close(
    ledger: &Ledger,
    (record, gathered): (&Record, &Gathered),
    (by, now): (&PartyId, Stamp),
    draft: &Draft,
) -> Result<Held, OpsError> {
    let place = &record.opening.place;
    let mut held = held(ledger.folder(), place)?;
    let is = held.record().map(|record| gather(ledger.state(), record, by, now));
    if is.is_none_or(|is| (&is.outcome, &is.second) != (&gathered.outcome, &gathered.second)) {
        let what = format!("somebody went on with the round at {place}");
        return Err(ChangedSince::Other(vec![what]).into());
    }
    let what = What::Closing(draft.statement().nonce());
    held.add(Line { at: now, by: by.clone(), what }).map_err(RoundProblem::from)?;
    Ok(held)
}

/// Ends a round whose entry stands in the ledger. Where something was left out its file
/// is kept, under the name that is given back.
///
/// # Errors
/// What the file system says; the entry stands all the same.
pub fn end(held: Held, left_out: bool) -> Result<Option<PathBuf>, OpsError> {
    let kept = match left_out {
        true => held.put_aside("closed").map(Some),
        false => held.end().map(|()| None),
    };
    Ok(kept.map_err(RoundProblem::from)?)
}

/// Gives up the round at `place`, and says under which name its file is kept. A file that
/// cannot be read is put out of the way as it is.
///
/// # Errors
/// No round there, nobody of that name, or what the file system says.
pub fn give_up(
    folder: &Path,
    state: &State,
    place: &Name,
    (at, by): (Stamp, &PartyId),
    reason: Phrase,
) -> Result<(Option<RoundReport>, PathBuf), OpsError> {
    known_party(state, by)?;
    let rounds = Rounds::of(folder);
    let Ok(held) = rounds.hold(place) else {
        let kept = rounds.put_aside(place, "given-up").map_err(RoundProblem::from)?;
        let kept = kept.ok_or_else(|| RoundProblem::NotOpen(place.clone()))?;
        return Ok((None, kept));
    };
    let mut held = held.ok_or_else(|| RoundProblem::NotOpen(place.clone()))?;
    let report = held.record().map(|record| {
        let gathered = gather(state, record, by, at);
        report(state, record, &gathered, by)
    });
    held.add(Line { at, by: by.clone(), what: What::GivenUp(reason) })
        .map_err(RoundProblem::from)?;
    Ok((report, held.put_aside("given-up").map_err(RoundProblem::from)?))
}

/// Refuses somebody nobody enrolled: their word could not be signed for.
///
/// # Errors
/// [`Refusal::UnknownParty`].
pub fn known_party(state: &State, id: &PartyId) -> Result<(), OpsError> {
    match state.parties.contains_key(id) {
        true => Ok(()),
        false => Err(OpsError::refused(Refusal::UnknownParty { party: id.clone() })),
    }
}
