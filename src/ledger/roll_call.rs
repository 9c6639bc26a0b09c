//! What stations saw, place by place.
//!
//! A station that calls every hour would say the same list thousands of times a year.
//! So a roll-call may name the one before it and say only what has changed; read in
//! order, each has a whole list all the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::records::LeftRecord;
use super::state::State;
use crate::model::statement::RollCall;
use crate::model::vocabulary::SightingGrade;
use crate::model::{EntryRef, MediumId, Name, PartyId, SeenLine, Stamp};

/// The alarm of a medium that was in its place and is not, with no handover for it.
pub const LEFT_ALARM: &str = "left-without-handover";

/// The most roll-calls that may stand between one and the last whole list. It bounds how
/// far a reader has to go back, and a station that never stops says its list once in so
/// many calls.
pub const CHANGES_MAX: u32 = 100;

/// The newest roll-call of a place, its list made whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollCallRecord {
    /// Its entry.
    pub entry: EntryRef,
    /// When the interval ended.
    pub at: Stamp,
    /// The station.
    pub by: PartyId,
    /// Roll-calls since the last that had its whole list.
    pub changes: u32,
    /// Media that were there.
    pub present: BTreeMap<MediumId, SightingGrade>,
    /// Media that belong there, or were there, and were not seen.
    pub absent: BTreeSet<MediumId>,
    /// Media that were there in any roll-call: a station can see these.
    pub known: BTreeSet<MediumId>,
}

/// The newest roll-call of each place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RollCalls(BTreeMap<Name, RollCallRecord>);

impl RollCalls {
    /// The newest one of a place.
    pub fn at(&self, place: &Name) -> Option<&RollCallRecord> {
        self.0.get(place)
    }

    /// Every place that has any, with its newest.
    pub fn all(&self) -> impl Iterator<Item = (&Name, &RollCallRecord)> {
        self.0.iter()
    }

    /// The roll-call that `said` says the changes to; none where it has its whole list,
    /// or names one that is not the newest of that place and station.
    fn basis(&self, said: &RollCall) -> Option<&RollCallRecord> {
        let last = self.at(&said.place)?;
        let named = said.as_in.is_some_and(|entry| entry.index == last.entry.index);
        (named && last.by == said.by.party.id).then_some(last)
    }

    /// Takes the next roll-call and gives back its list, made whole. It refuses nothing:
    /// one that names another than the newest is taken for what it lists itself.
    pub fn take(&mut self, entry: EntryRef, said: &RollCall) -> &RollCallRecord {
        let basis = self.basis(said);
        let changes = basis.map_or(0, |last| last.changes.saturating_add(1));
        let (mut present, mut absent) =
            basis.map(|last| (last.present.clone(), last.absent.clone())).unwrap_or_default();
        for seen in &said.present {
            present.insert(seen.id.clone(), seen.grade);
            absent.remove(&seen.id);
        }
        for id in &said.absent {
            present.remove(id);
            absent.insert(id.clone());
        }
        let by = said.by.party.id.clone();
        let mut known = self.at(&said.place).map(|last| last.known.clone()).unwrap_or_default();
        known.extend(present.keys().cloned());
        let record = RollCallRecord { entry, at: said.at, by, changes, present, absent, known };
        let slot = self.0.entry(said.place.clone());
        slot.and_modify(|last| last.clone_from(&record)).or_insert(record)
    }

    /// Whether `said` names the newest roll-call of its place and station, and not too
    /// many stand between it and a whole list.
    pub fn may_follow(&self, said: &RollCall) -> bool {
        let Some(named) = said.as_in else { return true };
        let basis = self.basis(said).filter(|last| last.entry == named);
        basis.is_some_and(|last| last.changes < CHANGES_MAX)
    }
}

impl RollCallRecord {
    /// What has changed since: the lines of a roll-call that names this one.
    pub fn changes_to(
        &self,
        present: &[SeenLine],
        absent: &[MediumId],
    ) -> (Vec<SeenLine>, Vec<MediumId>) {
        let new = |seen: &&SeenLine| self.present.get(&seen.id) != Some(&seen.grade);
        let seen: BTreeSet<&MediumId> = present.iter().map(|line| &line.id).collect();
        // What was there and is not is absent, whether or not it belongs there.
        let gone = self.present.keys().filter(|id| !seen.contains(id));
        let missed = absent.iter().filter(|id| !self.absent.contains(*id));
        let gone: BTreeSet<&MediumId> = gone.chain(missed).collect();
        (present.iter().filter(new).cloned().collect(), gone.into_iter().cloned().collect())
    }
}

impl State {
    /// Every medium on the list, made whole, was seen.
    pub(super) fn apply_roll_call(&mut self, entry: EntryRef, said: &RollCall) {
        let record = self.roll_calls.take(entry, said);
        let seen: Vec<(MediumId, SightingGrade)> =
            record.present.iter().map(|(id, grade)| (id.clone(), *grade)).collect();
        let by = said.by.party.id.clone();
        for (id, grade) in seen {
            self.sight(entry.index, said.at, &id, grade, &said.place, &by);
        }
        for line in said.alarm.iter().filter(|line| line.alarm.as_str() == LEFT_ALARM) {
            if let Some(medium) = self.media.get_mut(&line.id) {
                medium.acknowledged = None;
                medium.left = Some(LeftRecord {
                    since: said.at,
                    index: entry.index,
                    place: said.place.clone(),
                });
            }
        }
    }
}
