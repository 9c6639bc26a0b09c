//! Drawn rounds: which were closed, what they took, and where the rules ask for one that
//! was not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::ledger::State;
use crate::model::statement::Check;
use crate::model::{MediumId, Name, Stamp};
use crate::report::evidence::Bilingual;
use crate::report::text;
use crate::report::who::Who;

use super::PlaceChecks;

/// A round that looked for a sample only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrawnRound {
    /// Its entry.
    pub entry: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Where.
    pub place: Name,
    /// Its number among the drawn rounds of this ledger.
    pub number: u64,
    /// By whom.
    pub by: Who,
    /// What is known of the place as it was; none of a round that was recorded behind an
    /// entry of a later month.
    pub sample: Option<Sample>,
    /// Per cent that was taken.
    pub taken_percent: u32,
    /// Drives of the sample that were seen.
    pub found: u64,
    /// Drives of the sample that were not.
    pub missing: u64,
    /// Drives of the sample that were seen too weakly to count as either.
    pub unverified: u64,
}

/// What a round was drawn from, and what it drew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// Per cent that the rules asked for.
    pub asked_percent: u32,
    /// Drives that belonged there.
    pub belong: u64,
    /// How many of them were drawn.
    pub drawn: u64,
}

impl DrawnRound {
    /// Of a check with a draw. `before` is the state in front of it, where that is known.
    pub(super) fn of(before: Option<&State>, index: u64, said: &Check) -> Option<Self> {
        let draw = said.draw.as_ref()?;
        let drawn: Option<BTreeSet<&MediumId>> =
            before.map(|state| state.sample_at(&said.place, draw).into_iter().collect());
        let in_sample = |id: &MediumId| drawn.as_ref().is_none_or(|drawn| drawn.contains(id));
        let sample = before.zip(drawn.as_ref()).map(|(state, drawn)| {
            let terms = state.expected_at(&said.place).map(|medium| state.policy.terms(medium));
            let percents: Vec<u32> = terms.map(|terms| terms.draw_percent).collect();
            Sample {
                asked_percent: percents.iter().copied().max().unwrap_or(0),
                belong: percents.len() as u64,
                drawn: drawn.len() as u64,
            }
        });
        Some(DrawnRound {
            entry: index,
            at: said.at,
            place: said.place.clone(),
            number: draw.number,
            by: Who::from(&said.by.party),
            sample,
            taken_percent: draw.percent,
            found: said.found.iter().filter(|seen| in_sample(&seen.id)).count() as u64,
            missing: said.missing.iter().filter(|id| in_sample(id)).count() as u64,
            unverified: said.unverified.iter().filter(|seen| in_sample(&seen.id)).count() as u64,
        })
    }
}

/// A place from which the rules ask to draw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrawDuty {
    /// The place.
    pub place: Name,
    /// Per cent asked for at the month's end.
    pub asked_percent: u32,
    /// Drives there at the month's end.
    pub belong: u64,
    /// Drawn rounds in the month.
    pub drawn_rounds: u64,
    /// Rounds that looked for every drive there.
    pub whole_rounds: u64,
    /// What that comes to.
    pub outcome: DrawOutcome,
}

/// Whether a place was drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrawOutcome {
    /// It was.
    Drawn,
    /// It was not, and everything there was looked for.
    Whole,
    /// Neither.
    NotDrawn,
}

impl DrawOutcome {
    /// In both languages.
    #[must_use]
    pub fn words(self) -> Bilingual {
        let (en, ja) = match self {
            DrawOutcome::Drawn => ("drawn from", "抽出あり"),
            DrawOutcome::Whole => ("not drawn from; all of it was checked", "抽出なし（全数点検）"),
            DrawOutcome::NotDrawn => ("NOT DRAWN FROM", "抽出なし"),
        };
        Bilingual { en, ja }
    }
}

/// The places from which the rules ask to draw, by how they stood at the month's end.
pub(super) fn duties(
    at_end: &State,
    places: &BTreeMap<Name, PlaceChecks>,
    rounds: &[DrawnRound],
) -> Vec<DrawDuty> {
    let mut asked: BTreeMap<&Name, (u32, u64)> = BTreeMap::new();
    for medium in at_end.media.values().filter(|medium| medium.is_expected()) {
        let (percent, belong) = asked.entry(&medium.home).or_default();
        *percent = at_end.policy.terms(medium).draw_percent.max(*percent);
        *belong += 1;
    }
    let asked = asked.into_iter().filter(|(_, (percent, _))| *percent > 0);
    asked
        .map(|(place, (asked_percent, belong))| {
            let drawn_rounds = rounds.iter().filter(|round| round.place == *place).count() as u64;
            let all = places.get(place).map_or(0, |checks| checks.checks);
            let whole_rounds = all.saturating_sub(drawn_rounds);
            let outcome = match (drawn_rounds, whole_rounds) {
                (1.., _) => DrawOutcome::Drawn,
                (0, 1..) => DrawOutcome::Whole,
                (0, 0) => DrawOutcome::NotDrawn,
            };
            let place = place.clone();
            DrawDuty { place, asked_percent, belong, drawn_rounds, whole_rounds, outcome }
        })
        .collect()
}
