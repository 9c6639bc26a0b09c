//! Who holds what, since when, due when; the most urgent first.

use rayon::prelude::*;
use serde::Serialize;

use crate::ledger::judge::CLOCK_TOLERANCE;
use crate::ledger::roll_call::RollCallRecord;
use crate::ledger::schedule::{Standing, dates, standing_on};
use crate::ledger::{Medium, Presence, State};
use crate::model::vocabulary::SightingGrade;
use crate::model::{Day, MediumId, Name, Origin, ReceiptId, Stamp};

use super::attachment::{AwaitedSheet, Sheet};
use super::copies::DailyCopy;
use super::round::OpenRound;
use super::who::Who;
use super::{optional_text, text};

/// Every medium at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The ledger's origin; none before its genesis.
    pub ledger: Option<Origin>,
    /// Whose ledger it is.
    pub organisation: Option<Name>,
    /// Where it is kept.
    pub site: Option<Name>,
    /// The moment this holds for.
    #[serde(serialize_with = "text")]
    pub now: Stamp,
    /// The newest entry's time, where the clock is behind it: one of the two is wrong, and
    /// nothing can be recorded until that is set right.
    #[serde(serialize_with = "optional_text")]
    pub dated_ahead: Option<Stamp>,
    /// The ledger that goes on in this one's place, in which nothing more can be recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continued_by: Option<Origin>,
    /// Number of entries in the ledger.
    pub entries: u64,
    /// How many media stand how, most urgent first, zeros included.
    pub counts: Vec<Count>,
    /// Every medium, most urgent first.
    pub rows: Vec<Row>,
    /// Handovers sealed on paper whose sheet is still to be attached, oldest first.
    pub sheets_awaited: Vec<AwaitedSheet>,
    /// Places that a station looks after.
    pub stations: Vec<StationRow>,
    /// Rounds that were begun and not closed. They lie beside the log and are no part of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<OpenRound>,
    /// Copies that a timer makes every day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<DailyCopy>,
}

/// The longest time between two roll-calls that a station can be told to take, and an
/// hour for whatever delayed it.
const SILENCE_SECONDS: i64 = 25 * 3_600;

/// A place that a station looks after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StationRow {
    /// Where.
    pub place: Name,
    /// Which station.
    pub by: Who,
    /// When it called last.
    #[serde(serialize_with = "text")]
    pub last_call: Stamp,
    /// In which entry.
    pub entry: u64,
    /// How many drives were there.
    pub present: usize,
    /// How many that belong there, or were there, were not.
    pub absent: usize,
    /// It has not called for longer than any station waits: its daemon does not run, or
    /// cannot record anything.
    pub silent: bool,
}

impl StationRow {
    fn all(state: &State, now: Stamp) -> Vec<Self> {
        let row = |(place, last): (&Name, &RollCallRecord)| StationRow {
            place: place.clone(),
            by: Who::of(state, &last.by),
            last_call: last.at,
            entry: last.entry.index,
            present: last.present.len(),
            absent: last.absent.len(),
            silent: now.unix() - last.at.unix() > SILENCE_SECONDS,
        };
        state.roll_calls.all().map(row).collect()
    }
}

/// How many media have one standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The standing.
    pub standing: Standing,
    /// Number of media.
    pub media: usize,
}

/// How strong the evidence for the present custody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SealStrength {
    /// Both sides signed with a key.
    BothSigned,
    /// One side sealed on paper, which the ledger cannot verify.
    Paper,
    /// No handover: registered or found, by the word of the one who has it.
    NoReceipt,
}

/// The last time a medium was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastSeen {
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// How.
    pub grade: SightingGrade,
    /// By whom.
    pub by: Who,
    /// Where.
    pub place: Name,
    /// In which entry.
    pub entry: u64,
}

/// One medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its asset id.
    pub medium: MediumId,
    /// How urgent it is.
    pub standing: Standing,
    /// Who has it.
    pub holder: Who,
    /// Whether custody puts it where it belongs.
    pub at_home: bool,
    /// Where it is said to be.
    pub place: Name,
    /// Where it belongs.
    pub home: Name,
    /// Since when the holder has it.
    #[serde(serialize_with = "text")]
    pub since: Stamp,
    /// Back by.
    pub due: Option<Day>,
    /// When it was last observed.
    pub last_seen: LastSeen,
    /// Next sighting due; none while it is gone or retired.
    pub check_due: Option<Day>,
    /// If it disappears now, this is known by then; none while it is gone or retired.
    pub noticed_by: Option<Day>,
    /// Since when it is missing, lost or retired.
    #[serde(serialize_with = "optional_text")]
    pub gone_since: Option<Stamp>,
    /// Since when a station says that it left its place, where no handover says why.
    #[serde(serialize_with = "optional_text")]
    pub left_since: Option<Stamp>,
    /// Days past the date that makes it urgent: the due date, the day by which a
    /// loss is noticed, the day it was not found.
    pub overdue_days: Option<i64>,
    /// By which receipt the holder has it.
    pub receipt: Option<ReceiptId>,
    /// True when its serial singles nothing out.
    pub weak: bool,
    /// How strong the evidence for its custody is.
    pub seal: SealStrength,
    /// What became of the sheet, where one side sealed on paper.
    pub sheet: Option<Sheet>,
}

const STANDINGS: [Standing; 9] = [
    Standing::Lost,
    Standing::Missing,
    Standing::Left,
    Standing::ReturnOverdue,
    Standing::CheckOverdue,
    Standing::CheckDue,
    Standing::Out,
    Standing::Home,
    Standing::Retired,
];

/// How many media stand how, most urgent first, zeros included.
pub(super) fn counts(standings: impl Iterator<Item = Standing>) -> Vec<Count> {
    let mut counts = STANDINGS.map(|standing| Count { standing, media: 0 });
    for standing in standings {
        let found = counts.iter_mut().find(|count| count.standing == standing);
        found.into_iter().for_each(|count| count.media += 1);
    }
    counts.to_vec()
}

impl Status {
    /// The status at `now`.
    pub fn new(state: &State, now: Stamp) -> Self {
        let ahead = |newest: &Stamp| *newest > now.plus_seconds(CLOCK_TOLERANCE);
        let dated_ahead = state.newest.filter(ahead);
        let now = state.no_earlier(now);
        let today = now.day();
        // In the order of the media, which lie beside one another; a row is large, so each
        // is moved to its place once.
        let media: Vec<&Medium> = state.media.values().collect();
        let mut rows: Vec<Row> =
            media.into_par_iter().map(|medium| Row::on(state, medium, today)).collect();
        rows.par_sort_by_cached_key(|row| (row.standing, row.urgent_since()));
        let counts = counts(rows.iter().map(|row| row.standing));
        let facts = state.facts.as_ref();
        Status {
            ledger: facts.map(|facts| facts.origin.clone()),
            organisation: facts.map(|facts| facts.organisation.clone()),
            site: facts.map(|facts| facts.site.clone()),
            now,
            dated_ahead,
            continued_by: state.continued_by.as_ref().map(|(_, other)| other.clone()),
            entries: state.size,
            counts,
            rows,
            sheets_awaited: AwaitedSheet::all(state),
            stations: StationRow::all(state, now),
            rounds: Vec::new(),
            copies: Vec::new(),
        }
    }

    /// Whether any medium needs somebody to act now.
    pub fn any_alarm(&self) -> bool {
        self.rows.iter().any(|row| row.standing.is_alarm())
    }
}

impl Row {
    /// One medium's row.
    pub fn new(state: &State, medium: &Medium, now: Stamp) -> Self {
        Row::on(state, medium, now.day())
    }

    fn on(state: &State, medium: &Medium, today: Day) -> Self {
        let dates = dates(medium, &state.policy);
        let standing = standing_on(medium, dates, today);
        let present = medium.presence == Presence::Present;
        let dates = present.then_some(dates);
        let gone_since = match medium.presence {
            Presence::Present => None,
            Presence::Missing { since, .. }
            | Presence::Lost { since, .. }
            | Presence::Retired { since, .. } => Some(since),
        };
        let custody = &medium.custody;
        let seal = match (&custody.receipt, custody.fully_signed) {
            (None, _) => SealStrength::NoReceipt,
            (Some(_), true) => SealStrength::BothSigned,
            (Some(_), false) => SealStrength::Paper,
        };
        let on_paper = custody.receipt.as_ref().filter(|_| seal == SealStrength::Paper);
        let seen = &medium.seen;
        let mut row = Row {
            medium: medium.line.id.clone(),
            standing,
            holder: Who::of(state, &custody.holder),
            at_home: medium.at_home(),
            place: custody.place.clone(),
            home: medium.home.clone(),
            since: custody.since,
            due: custody.due,
            last_seen: LastSeen {
                at: seen.at,
                grade: seen.grade,
                by: Who::of(state, &seen.by),
                place: seen.place.clone(),
                entry: seen.index,
            },
            check_due: dates.map(|dates| dates.check_due),
            noticed_by: dates.map(|dates| dates.noticed_by),
            gone_since,
            left_since: medium.left.as_ref().map(|left| left.since),
            overdue_days: None,
            receipt: custody.receipt.clone(),
            weak: medium.is_weak(),
            seal,
            sheet: on_paper.map(|receipt| Sheet::of_receipt(state, receipt)),
        };
        let urgent = row.urgent_since().filter(|_| standing.is_alarm());
        row.overdue_days = urgent.map(|day| day.days_until(today));
        row
    }

    /// The day by which rows of one standing are ordered: the longest overdue, or the
    /// soonest due, comes first.
    fn urgent_since(&self) -> Option<Day> {
        match self.standing {
            Standing::Lost | Standing::Missing | Standing::Retired => {
                self.gone_since.map(|since| since.day())
            }
            Standing::Left => self.left_since.map(|since| since.day()),
            Standing::ReturnOverdue => self.due,
            Standing::Out => self.due.or(self.noticed_by),
            Standing::CheckOverdue | Standing::CheckDue | Standing::Home => self.noticed_by,
        }
    }
}
