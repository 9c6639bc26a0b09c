//! Until when the loss of each medium can go unnoticed, and what that rests on.

use std::cmp::Reverse;

use rayon::prelude::*;
use serde::Serialize;

use super::status::LastSeen;
use super::text;
use super::who::Who;
use crate::ledger::calendar::Calendar;
use crate::ledger::schedule::{Standing, dates_under, standing_on};
use crate::ledger::terms::Terms;
use crate::ledger::{Medium, Presence, State};
use crate::model::vocabulary::{CheckerRule, SightingGrade};
use crate::model::{Day, MediumId, Name, Origin, Stamp};

/// The bounds of all media that are in use and not gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// The ledger's origin; none before its genesis.
    pub ledger: Option<Origin>,
    /// The moment this holds for.
    #[serde(serialize_with = "text")]
    pub now: Stamp,
    /// The day by which the loss of whichever of them is noticed; none without media.
    pub noticed_by: Option<Day>,
    /// Each medium, the latest first.
    pub rows: Vec<Bound>,
}

/// Until when the loss of one medium can go unnoticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// Its asset id.
    pub medium: MediumId,
    /// How it stands.
    pub standing: Standing,
    /// Who has it.
    pub holder: Who,
    /// When it was last observed, how and by whom.
    pub last_seen: LastSeen,
    /// What holds for it.
    pub terms: TermsView,
    /// The last day on which a look is in time; before a weekend or holiday.
    pub check_due: Day,
    /// The day on which a loss shows at the latest.
    pub noticed_by: Day,
    /// The first day from then on on which somebody is there to read it.
    pub read_by: Day,
    /// Whole days from now to that day; negative where it is past.
    pub days_left: i64,
    /// Why nobody is there on the day itself.
    pub closed: Option<Name>,
}

/// The terms of one medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TermsView {
    /// Days between two sightings.
    pub interval_days: u32,
    /// Further days until it counts as overdue.
    pub grace_days: u32,
    /// Weakest evidence that counts.
    pub grade: SightingGrade,
    /// Who may vouch for it.
    pub checker: CheckerRule,
    /// Percentage that a drawn check takes at least.
    pub draw_percent: u32,
}

impl From<Terms> for TermsView {
    fn from(terms: Terms) -> Self {
        let Terms { interval_days, grace_days, grade, checker, draw_percent } = terms;
        TermsView { interval_days, grace_days, grade, checker, draw_percent }
    }
}

impl Bounds {
    /// The bounds at `now`, of the `wanted` media or of all.
    pub fn new(state: &State, now: Stamp, calendar: &Calendar, wanted: &[MediumId]) -> Self {
        let now = state.no_earlier(now);
        let there = |medium: &&Medium| medium.presence == Presence::Present;
        let asked = |medium: &&Medium| wanted.is_empty() || wanted.contains(&medium.line.id);
        let media = state.media.values().filter(there).filter(asked);
        let media: Vec<&Medium> = media.collect();
        let today = now.day();
        // In the order of the media, which lie beside one another; a row is large, so their
        // number is known before, and each is moved to its place once.
        let mut rows: Vec<Bound> = media
            .into_par_iter()
            .map(|medium| Bound::new(state, medium, calendar, today))
            .collect();
        rows.par_sort_by_cached_key(|row| Reverse(row.read_by));
        Bounds {
            ledger: state.facts.as_ref().map(|facts| facts.origin.clone()),
            now,
            noticed_by: rows.first().map(|row| row.read_by),
            rows,
        }
    }

    /// Whether the bound of any of them is reached.
    pub fn any_reached(&self) -> bool {
        self.rows.iter().any(|row| row.days_left <= 0)
    }
}

impl Bound {
    fn new(state: &State, medium: &Medium, calendar: &Calendar, today: Day) -> Self {
        let seen = &medium.seen;
        let terms = state.policy.terms(medium);
        let dates = dates_under(medium, &terms);
        let duties = calendar.duties(dates, seen.at.day());
        Bound {
            medium: medium.line.id.clone(),
            standing: standing_on(medium, dates, today),
            holder: Who::of(state, &medium.custody.holder),
            last_seen: LastSeen {
                at: seen.at,
                grade: seen.grade,
                by: Who::of(state, &seen.by),
                place: seen.place.clone(),
                entry: seen.index,
            },
            terms: terms.into(),
            check_due: duties.check_due,
            noticed_by: duties.noticed_by,
            read_by: duties.read_by,
            days_left: today.days_until(duties.noticed_by),
            closed: calendar.holidays.get(&duties.noticed_by).cloned(),
        }
    }
}
