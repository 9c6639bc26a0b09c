//! 棚卸表: the list that one person takes along on a round of presence checks.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::ledger::schedule::Standing;
use crate::ledger::{Medium, Presence, State};
use crate::model::{Day, MediumId, Name, Origin, Phrase, Seen, Stamp};
use crate::wire::round::Round;

use super::receipt::Head;
use super::status::{LastSeen, Row};
use super::who::Who;
use super::{label_text, text};

/// The list of one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckSheet {
    /// The ledger's origin; none before its genesis.
    pub ledger: Option<Origin>,
    /// Whose ledger it is.
    pub organisation: Option<Name>,
    /// Where it is kept.
    pub site: Option<Name>,
    /// The place.
    pub place: Name,
    /// When the list was made.
    #[serde(serialize_with = "text")]
    pub now: Stamp,
    /// The head of the log it was made from.
    pub seen: Head,
    /// The round's own code, which ties a sheet to place, day and head; none before the
    /// genesis, and for a log of a billion entries.
    pub code: Option<String>,
    /// What should be there, by asset id.
    pub rows: Vec<CheckSheetRow>,
    /// What belongs there and is with somebody, so that nobody looks for it.
    pub away: Vec<AwayRow>,
}

/// A medium that should be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckSheetRow {
    /// Its asset id.
    pub medium: MediumId,
    /// The text of its label, for whoever compares it by eye.
    pub label: String,
    /// Manufacturer and model, as the device calls itself.
    pub product: Option<Phrase>,
    /// Its serial, `-` when it has none.
    pub serial: String,
    /// True when only its label tells it from others like it.
    pub weak: bool,
    /// Who answers for it, and so may not check it.
    pub holder: Who,
    /// When it was last observed.
    pub last_seen: LastSeen,
    /// How it stands.
    pub standing: Standing,
    /// To be seen by.
    pub check_due: Option<Day>,
}

/// A medium that belongs there and is not expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AwayRow {
    /// Its asset id.
    pub medium: MediumId,
    /// Who has it.
    pub holder: Who,
    /// Where it is said to be.
    pub place: Name,
    /// Back by.
    pub due: Option<Day>,
    /// How it stands: out, or lost.
    pub standing: Standing,
}

impl CheckSheet {
    /// The list for `place` at `now`, from the log at `seen`.
    #[must_use]
    pub fn new(state: &State, place: &Name, now: Stamp, seen: Seen) -> Self {
        let facts = state.facts.as_ref();
        let code = facts.and_then(|facts| Round::new(&facts.origin, place, now.day(), seen));
        let expected: BTreeSet<&MediumId> =
            state.expected_at(place).map(|medium| &medium.line.id).collect();
        let here = |medium: &&Medium| medium.home == *place && medium.in_use();
        let (rows, away): (Vec<&Medium>, Vec<&Medium>) = state
            .media
            .values()
            .filter(here)
            .partition(|medium| expected.contains(&medium.line.id));
        CheckSheet {
            ledger: facts.map(|facts| facts.origin.clone()),
            organisation: facts.map(|facts| facts.organisation.clone()),
            site: facts.map(|facts| facts.site.clone()),
            place: place.clone(),
            now,
            seen: Head { entries: seen.size, root: seen.root },
            code: code.map(|code| code.to_string()),
            rows: rows.into_iter().map(|medium| CheckSheetRow::new(state, medium, now)).collect(),
            away: away.into_iter().map(|medium| AwayRow::new(state, medium, now)).collect(),
        }
    }
}

impl CheckSheetRow {
    fn new(state: &State, medium: &Medium, now: Stamp) -> Self {
        let row = Row::new(state, medium, now);
        CheckSheetRow {
            label: label_text(&row.medium, &medium.registered.leaf),
            medium: row.medium,
            product: medium.product.clone(),
            serial: medium.line.serial.to_string(),
            weak: row.weak,
            holder: row.holder,
            last_seen: row.last_seen,
            standing: row.standing,
            check_due: row.check_due,
        }
    }
}

impl AwayRow {
    fn new(state: &State, medium: &Medium, now: Stamp) -> Self {
        let row = Row::new(state, medium, now);
        // A lost drive comes back on no day.
        let back = !matches!(medium.presence, Presence::Lost { .. });
        AwayRow {
            medium: row.medium,
            holder: row.holder,
            place: row.place,
            due: row.due.filter(|_| back),
            standing: row.standing,
        }
    }
}

/// Which list a scanned code was printed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoundView {
    /// The code, as it is written.
    pub code: String,
    /// The day the list was made.
    pub day: Day,
    /// Number of entries the log had then.
    pub entries: u64,
    /// The place it was made for; none where this ledger made no such list.
    pub place: Option<Name>,
    /// Entries that were appended since: a list may have become old.
    pub entries_since: u64,
}
