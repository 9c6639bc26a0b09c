//! A cabinet that looks after itself: what a station makes of what it sees, from look to
//! look. It has no clock, asks no bus and signs nothing; it says when a roll-call is to
//! be recorded, with which list, and what happened meanwhile.
//!
//! A drive that leaves is waited for: somebody may be carrying it to the desk to hand it
//! over. When a handover says where it went, that was that. When none does within the
//! station's patience, a roll-call says at once that it left without one.

use std::collections::BTreeMap;
use std::time::Duration;

use super::checks::Outcome;
use super::intent::Called;
use super::roll_call::LEFT_ALARM;
use super::state::{Presence, State};
use crate::model::vocabulary::SightingGrade;
use crate::model::{AlarmLine, MediumId, Name, PartyId, SeenLine, Stamp};

/// The alarm of a medium that was seen elsewhere while it never left its place: one of
/// the two is a copy.
pub const DOUBLE_ALARM: &str = "in-two-places";
/// After a roll-call the next one waits for so long, whatever happens: nobody fills a
/// ledger by pulling a plug.
const PAUSE: Duration = Duration::from_secs(60);

/// How often a station calls, and how long it waits for a handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between two roll-calls.
    pub every: Duration,
    /// From a departure to the alarm about it.
    pub patience: Duration,
}

/// A moment by two clocks: one that people know and that may be set, and one that only
/// ever goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock.
    pub now: Stamp,
    /// Since the station began.
    pub passed: Duration,
}

/// Something that happened at a cabinet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Movement {
    /// A drive came or came back.
    Came(MediumId),
    /// A drive left, and nothing says yet why.
    Left(MediumId),
    /// A drive belongs here since a handover, or left while nobody looked.
    Awaited(MediumId),
    /// A drive left, and the ledger says why: a handover, or that it is gone or retired.
    Explained(MediumId),
    /// A drive left and nothing has said why for too long.
    Unexplained(MediumId),
    /// A drive that never left was seen at this other place.
    Double(MediumId, Name),
}

/// What one look comes to.
#[derive(Debug, Clone, Default)]
pub struct Noticed {
    /// What happened since the last look.
    pub movements: Vec<Movement>,
    /// The roll-call to be recorded now.
    pub call: Option<Called>,
}

/// One cabinet, from look to look.
#[derive(Debug, Clone)]
pub struct Cabinet {
    place: Name,
    by: PartyId,
    pace: Pace,
    /// Since when a drive has been there without a break.
    there: BTreeMap<MediumId, Stamp>,
    /// Since when a drive that was there, and belongs there, is not.
    away: BTreeMap<MediumId, Duration>,
    /// Sightings elsewhere that were told of already, by entry.
    doubles: BTreeMap<MediumId, u64>,
    /// When a roll-call was last tried.
    tried: Option<Moment>,
    /// The last one tried could not be recorded.
    failed: bool,
    /// There is something to say, and the last roll-call is too short ago.
    owed: bool,
    begun: bool,
}

impl Cabinet {
    /// A cabinet at `place`, whose station is `by`.
    pub fn new(place: Name, by: PartyId, pace: Pace) -> Self {
        Cabinet {
            place,
            by,
            pace,
            there: BTreeMap::new(),
            away: BTreeMap::new(),
            doubles: BTreeMap::new(),
            tried: None,
            failed: false,
            owed: false,
            begun: false,
        }
    }

    /// Where it stands.
    pub fn place(&self) -> &Name {
        &self.place
    }

    /// Drives that left and that nothing explains yet.
    pub fn awaited(&self) -> impl Iterator<Item = &MediumId> {
        self.away.keys()
    }

    /// Takes in what is there now, and what the ledger knows. An alarm is asked for again
    /// until its entry stands in the ledger, so one that could not be recorded is not lost.
    pub fn look(&mut self, state: &State, outcome: &Outcome, at: Moment) -> Noticed {
        let mut noticed = Noticed::default();
        let seen: BTreeMap<&MediumId, SightingGrade> = outcome
            .found
            .iter()
            .chain(&outcome.unexpected)
            .map(|line| (&line.id, line.grade))
            .collect();
        if !std::mem::replace(&mut self.begun, true) {
            self.remember(state, at);
        }
        self.departures(state, &seen, at, &mut noticed);
        self.arrivals(&seen, at, &mut noticed);
        let mut alarms = self.unexplained(state, at, &mut noticed);
        alarms.extend(self.doubles(state, &seen, &mut noticed));
        let back = seen.keys().any(|id| {
            let left = state.media.get(*id).and_then(|medium| medium.left.as_ref());
            left.is_some_and(|left| left.place == self.place)
        });
        self.owed = back || !alarms.is_empty();
        if self.is_time(state, at) || (self.owed && self.may_call(at)) {
            (self.tried, self.failed, self.owed) = (Some(at), false, false);
            noticed.call = Some(self.call(outcome, alarms));
        }
        noticed
    }

    /// What the last roll-call saw and this station never did left while it was not
    /// looking; it is waited for from now on.
    fn remember(&mut self, state: &State, at: Moment) {
        if let Some(last) = state.roll_calls.at(&self.place) {
            self.there.extend(last.present.keys().map(|id| (id.clone(), at.now)));
        }
    }

    fn arrivals(
        &mut self,
        seen: &BTreeMap<&MediumId, SightingGrade>,
        at: Moment,
        to: &mut Noticed,
    ) {
        for id in seen.keys().copied() {
            if self.there.contains_key(id) {
                continue;
            }
            self.there.insert(id.clone(), at.now);
            self.away.remove(id);
            to.movements.push(Movement::Came(id.clone()));
        }
    }

    fn departures(
        &mut self,
        state: &State,
        seen: &BTreeMap<&MediumId, SightingGrade>,
        at: Moment,
        to: &mut Noticed,
    ) {
        let gone: Vec<MediumId> =
            self.there.keys().filter(|id| !seen.contains_key(id)).cloned().collect();
        for id in gone {
            self.there.remove(&id);
            if self.belongs(state, &id) {
                self.away.insert(id.clone(), at.passed);
                to.movements.push(Movement::Left(id));
            } else {
                to.movements.push(Movement::Explained(id));
            }
        }
        let explained: Vec<MediumId> =
            self.away.keys().filter(|id| !self.belongs(state, id)).cloned().collect();
        for id in explained {
            self.away.remove(&id);
            to.movements.push(Movement::Explained(id));
        }
        self.awaited_ones(state, seen, at, to);
    }

    /// What custody puts here and is not: it came back on paper only, or left while nobody
    /// looked. Only of drives that a station has ever seen here, since it sees no disc and no
    /// drive that is locked.
    fn awaited_ones(
        &mut self,
        state: &State,
        seen: &BTreeMap<&MediumId, SightingGrade>,
        at: Moment,
        to: &mut Noticed,
    ) {
        let Some(last) = state.roll_calls.at(&self.place) else { return };
        for id in last.known.iter().filter(|id| !seen.contains_key(id)) {
            let told = state.media.get(id).is_some_and(|medium| medium.left.is_some());
            if !told && !self.away.contains_key(id) && self.belongs(state, id) {
                self.away.insert(id.clone(), at.passed);
                to.movements.push(Movement::Awaited(id.clone()));
            }
        }
    }

    /// Whether custody puts this drive here, and nothing says that it is gone.
    fn belongs(&self, state: &State, id: &MediumId) -> bool {
        let known = state.media.get(id);
        known.is_some_and(|medium| {
            medium.home == self.place && medium.at_home() && medium.presence == Presence::Present
        })
    }

    fn unexplained(&mut self, state: &State, at: Moment, to: &mut Noticed) -> Vec<AlarmLine> {
        // Once it stands in the ledger there is nothing more to wait for.
        let recorded = |id: &MediumId| state.media.get(id).is_some_and(|it| it.left.is_some());
        self.away.retain(|id, _| !recorded(id));
        let late = self
            .away
            .iter()
            .filter(|(_, since)| at.passed.saturating_sub(**since) >= self.pace.patience);
        let late: Vec<AlarmLine> =
            late.filter_map(|(id, _)| super::checks::alarm(id, LEFT_ALARM)).collect();
        to.movements.extend(late.iter().map(|line| Movement::Unexplained(line.id.clone())));
        late
    }

    /// Drives that were seen elsewhere after they came here and before now.
    fn doubles(
        &mut self,
        state: &State,
        seen: &BTreeMap<&MediumId, SightingGrade>,
        to: &mut Noticed,
    ) -> Vec<AlarmLine> {
        let mut alarms = Vec::new();
        for id in seen.keys().copied() {
            let (Some(medium), Some(since)) = (state.media.get(id), self.there.get(id)) else {
                continue;
            };
            let last = &medium.seen;
            // A word is no device, and a clock that was set is not believed to the second.
            let elsewhere = last.place != self.place && last.grade <= SightingGrade::Label;
            if elsewhere && *since < last.at && self.doubles.get(id) != Some(&last.index) {
                to.movements.push(Movement::Double(id.clone(), last.place.clone()));
                alarms.extend(super::checks::alarm(id, DOUBLE_ALARM));
            }
        }
        alarms
    }

    /// The roll-call asked for stands in the ledger; `before` is the state in front of it.
    pub fn recorded(&mut self, before: &State, call: &Called) {
        for line in call.alarm.iter().filter(|line| line.alarm.as_str() == DOUBLE_ALARM) {
            if let Some(medium) = before.media.get(&line.id) {
                self.doubles.insert(line.id.clone(), medium.seen.index);
            }
        }
    }

    /// The roll-call asked for could not be recorded: it is asked for again after a pause.
    pub fn not_recorded(&mut self) {
        self.failed = true;
    }

    /// Whether a roll-call is due by either clock. After a sleep the wall clock has gone
    /// on alone, and one that was set back says nothing for as long.
    fn is_time(&self, state: &State, at: Moment) -> bool {
        match self.tried {
            Some(tried) => {
                self.may_call(at)
                    && (self.failed
                        || self.has_slept(at)
                        || at.passed.saturating_sub(tried.passed) >= self.pace.every)
            }
            // A station that is started again and again calls no more often for it.
            None => state.roll_calls.at(&self.place).is_none_or(|last| {
                let ago = at.now.unix().saturating_sub(last.at.unix());
                last.by != self.by
                    || !u64::try_from(ago).is_ok_and(|ago| ago < self.pace.every.as_secs())
            }),
        }
    }

    /// Whether an interval has gone by since the last roll-call on the wall clock.
    fn has_slept(&self, at: Moment) -> bool {
        self.tried.is_some_and(|tried| {
            let walked = at.now.unix().saturating_sub(tried.now.unix());
            u64::try_from(walked).is_ok_and(|walked| walked >= self.pace.every.as_secs())
        })
    }

    fn may_call(&self, at: Moment) -> bool {
        self.tried.is_none_or(|tried| at.passed.saturating_sub(tried.passed) >= PAUSE)
    }

    /// Whether it has to look again though nothing has moved.
    pub fn wants_to_look(&self, at: Moment) -> bool {
        self.rest(at.passed).is_zero() || (self.has_slept(at) && self.may_call(at))
    }

    /// After which time it has to look again, as long as nobody sets the clock or sleeps.
    fn rest(&self, passed: Duration) -> Duration {
        let called = self.tried.map_or(Duration::ZERO, |tried| tried.passed);
        let waits = self.away.values().map(|since| *since + self.pace.patience);
        let again = if self.failed || self.owed { PAUSE } else { self.pace.every };
        let next = waits.chain([called + again]).min().unwrap_or_default();
        next.max(called + PAUSE).saturating_sub(passed)
    }

    fn call(&self, outcome: &Outcome, alarms: Vec<AlarmLine>) -> Called {
        let mut present: Vec<SeenLine> =
            outcome.found.iter().chain(&outcome.unexpected).cloned().collect();
        present.sort_by(|one, other| one.id.cmp(&other.id));
        let mut alarm = [outcome.alarms.clone(), alarms].concat();
        alarm.sort();
        alarm.dedup();
        Called {
            place: self.place.clone(),
            present,
            absent: outcome.missing.clone(),
            unknown: outcome.unknown.clone(),
            alarm,
            by: self.by.clone(),
        }
    }
}
