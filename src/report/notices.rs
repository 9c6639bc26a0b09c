//! Who is to be told what: due, overdue and missing media, and whom each concerns. A
//! function of the state and the time, so that it comes out the same on every computer
//! and needs no memory; what was told already is the outbox's to know.

use std::collections::{BTreeSet, HashSet};

use rayon::prelude::*;
use serde::Serialize;

use super::copies::DailyCopy;
use super::status::{Count, counts};
use super::text;
use super::who::Who;
use crate::ledger::schedule::{Dates, Standing, dates, standing_on};
use crate::ledger::{Medium, Presence, State};
use crate::model::vocabulary::Role;
use crate::model::{Day, MediumId, Name, Origin, PartyId, Stamp};

/// A return is announced so many days ahead. A check announces itself: it is due for as
/// long as the grace lasts.
const RETURN_AHEAD_DAYS: i64 = 2;
/// How many of the next duties are named.
const NEXT_MAX: usize = 5;

/// What somebody is told about one medium, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matter {
    /// It was looked for and not found.
    Missing,
    /// It left its place and no handover says why.
    Left,
    /// It should have come back.
    ReturnOverdue,
    /// It should have been seen, grace included.
    CheckOverdue,
    /// It is due back.
    ReturnDue,
    /// It is due to be seen.
    CheckDue,
}

/// How far up the ladder something is, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rung {
    /// Custodian and privacy officer are told.
    Missing,
    /// The same people are told: it may be on its way to being missing.
    Left,
    /// The custodian is told.
    Overdue,
    /// Holder and custodian are told.
    Due,
}

impl Matter {
    /// Its word, which is part of what keeps a message from being sent twice.
    pub fn as_str(self) -> &'static str {
        match self {
            Matter::Missing => "missing",
            Matter::Left => "left-without-handover",
            Matter::ReturnOverdue => "return-overdue",
            Matter::CheckOverdue => "check-overdue",
            Matter::ReturnDue => "return-due",
            Matter::CheckDue => "check-due",
        }
    }

    /// How urgent it is.
    pub fn rung(self) -> Rung {
        match self {
            Matter::Missing => Rung::Missing,
            Matter::Left => Rung::Left,
            Matter::ReturnOverdue | Matter::CheckOverdue => Rung::Overdue,
            Matter::ReturnDue | Matter::CheckDue => Rung::Due,
        }
    }

    /// The words shown to people.
    pub fn words(self) -> &'static str {
        match self {
            Matter::Missing => "MISSING",
            Matter::Left => "LEFT WITHOUT A HANDOVER",
            Matter::ReturnOverdue => "RETURN OVERDUE",
            Matter::CheckOverdue => "CHECK OVERDUE",
            Matter::ReturnDue => "return due",
            Matter::CheckDue => "check due",
        }
    }
}

/// As what somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// They have the medium.
    Holder,
    /// They keep the media.
    Custodian,
    /// They decide about losses.
    PrivacyOfficer,
    /// They answer for the ledger, and decide where there is no privacy officer.
    Administrator,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Addressee {
    /// Who.
    pub who: Who,
    /// As what.
    pub capacity: Capacity,
}

/// One medium of which somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Which.
    pub medium: MediumId,
    /// What about it.
    pub matter: Matter,
    /// Who has it.
    pub holder: Who,
    /// Where it is said to be.
    pub place: Name,
    /// The day it was or is due, or was not found.
    pub day: Day,
    /// Days since then; negative ones are still to come.
    pub late_days: i64,
    /// The day from which on it counts as overdue, where it is only due.
    pub overdue_from: Option<Day>,
    /// Somebody took note of it in an entry: nobody is told again.
    pub acknowledged: bool,
    /// Who is told; nobody once it is acknowledged.
    pub to: Vec<Addressee>,
}

impl Notice {
    /// By what this notice, told today, is known: what was told once is not told again
    /// on the same day.
    pub fn key(&self, today: Day) -> String {
        format!("{today}/{}/{}", self.medium, self.matter.as_str())
    }
}

/// A duty that lies ahead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duty {
    /// Due on this day.
    pub day: Day,
    /// To be seen or to come back.
    pub matter: Matter,
    /// Which medium.
    pub medium: MediumId,
}

/// All that is due, overdue and missing at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notices {
    /// The ledger's origin; none before its genesis.
    pub ledger: Option<Origin>,
    /// The moment this holds for.
    #[serde(serialize_with = "text")]
    pub now: Stamp,
    /// Number of entries in the ledger.
    pub entries: u64,
    /// How many media stand how.
    pub counts: Vec<Count>,
    /// What is due, overdue and missing, most urgent first.
    pub rows: Vec<Notice>,
    /// The next duties that are not due yet.
    pub next: Vec<Duty>,
    /// Copies that a timer makes every day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<DailyCopy>,
    /// Who gets the daily digest: the custodians.
    pub digest_to: Vec<Who>,
    /// Everybody enrolled, by whom an address in the configuration can be somebody's.
    #[serde(skip)]
    pub parties: BTreeSet<PartyId>,
}

/// Whether an entry says that somebody took note of this standing. A return that is only
/// announced cannot be acknowledged: it is told for three days, and then overdue.
fn acknowledged(medium: &Medium, standing: Standing) -> bool {
    standing.concern().is_some_and(|concern| medium.acknowledged(concern).is_some())
}

impl Notices {
    /// What is to be told at `now`.
    pub fn new(state: &State, now: Stamp) -> Self {
        let now = state.no_earlier(now);
        let today = now.day();
        // Each medium by itself, on all cores.
        let media: Vec<&Medium> = state.media.values().collect();
        let standings: Vec<(&Medium, Standing, Dates)> = media
            .into_par_iter()
            .map(|medium| {
                let dates = dates(medium, &state.policy);
                (medium, standing_on(medium, dates, today), dates)
            })
            .collect();
        let people = People::of(state);
        let mut rows: Vec<Notice> = standings
            .par_iter()
            .filter_map(|(medium, standing, dates)| {
                notice(state, &people, (medium, *standing, *dates), today)
            })
            .collect();
        rows.par_sort_by(|a, b| {
            let key = |row: &Notice| (row.matter, row.day);
            key(a).cmp(&key(b)).then_with(|| a.medium.cmp(&b.medium))
        });
        let next = next(&standings, &rows, now);
        Notices {
            ledger: state.facts.as_ref().map(|facts| facts.origin.clone()),
            now,
            entries: state.size,
            counts: counts(standings.iter().map(|(_, standing, _)| *standing)),
            rows,
            next,
            copies: Vec::new(),
            digest_to: people.custodians,
            parties: state.parties.keys().cloned().collect(),
        }
    }

    /// How many media are on this rung.
    pub fn on(&self, rung: Rung) -> usize {
        self.rows.iter().filter(|row| row.matter.rung() == rung).count()
    }

    /// Whether anything is overdue or missing, told or not, or a copy was not made.
    pub fn any_alarm(&self) -> bool {
        let copies = self.copies.iter().any(|copy| copy.late);
        copies || self.rows.iter().any(|row| row.matter.rung() != Rung::Due)
    }
}

/// Those who are told because of their role. A party without a key has left, or never
/// could act.
struct People {
    custodians: Vec<Who>,
    deciders: Vec<Who>,
    decide_as: Capacity,
}

impl People {
    fn of(state: &State) -> Self {
        let with = |role: Role| -> Vec<Who> {
            let all = state.parties.values();
            let found = all.filter(|party| party.key.is_some() && party.roles.contains(&role));
            found.map(|party| Who::from(&party.party)).collect()
        };
        let (mut custodians, administrators) = (with(Role::Custodian), with(Role::Administrator));
        let officers: Vec<Who> =
            state.privacy_officers().map(|party| Who::from(&party.party)).collect();
        // The last custodian may have left; silence is no answer to that.
        if custodians.is_empty() {
            custodians.clone_from(&administrators);
        }
        let (deciders, decide_as) = match officers.is_empty() {
            true => (administrators, Capacity::Administrator),
            false => (officers, Capacity::PrivacyOfficer),
        };
        People { custodians, deciders, decide_as }
    }

    fn told(&self, rung: Rung, holder: &Who) -> Vec<Addressee> {
        let as_custodian = self.custodians.iter().map(|who| (who, Capacity::Custodian));
        let mut all: Vec<(&Who, Capacity)> = match rung {
            Rung::Due => vec![(holder, Capacity::Holder)],
            Rung::Overdue | Rung::Left | Rung::Missing => Vec::new(),
        };
        all.extend(as_custodian);
        if rung <= Rung::Left {
            all.extend(self.deciders.iter().map(|who| (who, self.decide_as)));
        }
        let mut told: Vec<Addressee> = Vec::new();
        for (who, capacity) in all {
            if !told.iter().any(|known| known.who.id == who.id) {
                told.push(Addressee { who: who.clone(), capacity });
            }
        }
        told
    }
}

fn notice(
    state: &State,
    people: &People,
    (medium, standing, dates): (&Medium, Standing, Dates),
    today: Day,
) -> Option<Notice> {
    let (matter, day, overdue_from) = match standing {
        Standing::Missing => {
            let Presence::Missing { since, .. } = medium.presence else { return None };
            (Matter::Missing, since.day(), None)
        }
        Standing::Left => (Matter::Left, medium.left.as_ref()?.since.day(), None),
        Standing::ReturnOverdue => (Matter::ReturnOverdue, medium.custody.due?, None),
        Standing::CheckOverdue => (Matter::CheckOverdue, dates.check_due, None),
        Standing::CheckDue => (Matter::CheckDue, dates.check_due, Some(dates.noticed_by)),
        Standing::Out | Standing::Home => {
            let due = medium.custody.due?;
            if today.days_until(due) > RETURN_AHEAD_DAYS {
                return None;
            }
            (Matter::ReturnDue, due, Some(due.plus(1)))
        }
        Standing::Lost | Standing::Retired => return None,
    };
    let holder = Who::of(state, &medium.custody.holder);
    let acknowledged = acknowledged(medium, standing);
    let to = if acknowledged { Vec::new() } else { people.told(matter.rung(), &holder) };
    Some(Notice {
        medium: medium.line.id.clone(),
        matter,
        holder,
        place: medium.custody.place.clone(),
        day,
        late_days: day.days_until(today),
        overdue_from,
        acknowledged,
        to,
    })
}

/// The few duties that come next and are no notice yet. Chosen before they are sorted:
/// there may be two hundred thousand.
fn next(all: &[(&Medium, Standing, Dates)], rows: &[Notice], now: Stamp) -> Vec<Duty> {
    let told: HashSet<(Matter, &MediumId)> =
        rows.iter().map(|row| (row.matter, &row.medium)).collect();
    let today = now.day();
    let mut ahead: Vec<Ahead<'_>> = all
        .par_iter()
        .flat_map_iter(|(medium, _, dates)| duties_of(medium, *dates))
        .filter(|(day, matter, medium)| *day >= today && !told.contains(&(*matter, *medium)))
        .collect();
    if ahead.len() > NEXT_MAX {
        ahead.select_nth_unstable(NEXT_MAX);
        ahead.truncate(NEXT_MAX);
    }
    ahead.sort_unstable();
    ahead.into_iter().map(duty).collect()
}

/// Every check and return of media that are not gone, soonest first, overdue ones
/// included.
pub fn duties(state: &State) -> Vec<Duty> {
    let mut all: Vec<Ahead<'_>> = every_duty(state).collect();
    all.sort_unstable();
    all.into_iter().map(duty).collect()
}

/// A duty in the order in which duties are shown.
type Ahead<'a> = (Day, Matter, &'a MediumId);

fn duty((day, matter, medium): Ahead<'_>) -> Duty {
    Duty { day, matter, medium: medium.clone() }
}

fn every_duty(state: &State) -> impl Iterator<Item = Ahead<'_>> {
    state.media.values().flat_map(|medium| duties_of(medium, dates(medium, &state.policy)))
}

/// Nothing is due of a medium that is gone.
fn duties_of(medium: &Medium, dates: Dates) -> impl Iterator<Item = Ahead<'_>> {
    let id = &medium.line.id;
    let back = medium.custody.due.map(|day| (day, Matter::ReturnDue, id));
    let check = (dates.check_due, Matter::CheckDue, id);
    let present = medium.presence == Presence::Present;
    [Some(check), back].into_iter().flatten().filter(move |_| present)
}
