//! A round that is still open: what was seen so far, and what was not.

use serde::Serialize;

use crate::ledger::State;
use crate::ledger::checks::Outcome;
use crate::model::vocabulary::SightingGrade;
use crate::model::{
    DrawLine, MediumId, Name, Origin, PartyId, Phrase, SeenLine, Stamp, UnknownLine,
};

use super::check::{AlarmRow, MissingRow, SeenRow, UnknownRow};
use super::evidence::Bilingual;
use super::who::Who;
use super::{optional_text, text};

/// Why something that was seen does not count any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Again {
    /// It was seen longer ago than a draft may be old.
    Old,
    /// It changed hands since.
    Moved,
    /// It was seen in the future, by a clock that was wrong.
    Ahead,
}

impl Again {
    /// In words.
    #[must_use]
    pub fn words(self) -> Bilingual {
        let (en, ja) = match self {
            Again::Old => ("seen too long ago", "確認から時間が経ちすぎています"),
            Again::Moved => ("changed hands since it was seen", "確認後に授受がありました"),
            Again::Ahead => ("dated in the future", "日時が未来です"),
        };
        Bilingual { en, ja }
    }
}

/// Something that was seen and has to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Its asset id, or what the device says of itself.
    pub what: String,
    /// When it was seen.
    pub at: Stamp,
    /// By whom.
    pub by: PartyId,
    /// Why that does not count.
    pub why: Again,
}

/// A drive nobody registered, where it is or was plugged in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Offer {
    /// What it says of itself.
    #[serde(serialize_with = "text")]
    pub device: UnknownLine,
    /// Where it was plugged in last.
    pub position: Phrase,
}

impl Offer {
    /// What can be done about it: a command that registers it for use, and one that
    /// registers it as put aside. Where its serial says nothing it is known by its port.
    #[must_use]
    pub fn commands(&self, place: &Name, by: &PartyId) -> [String; 2] {
        let serial = &self.device.serial;
        let device = if serial.is_none() { self.position.as_str() } else { serial.as_str() };
        let (device, place) = (quoted(device), quoted(place.as_str()));
        [
            format!("custody register NEW-ID --device {device} --home {place} --by {by}"),
            format!("custody register NEW-ID --device {device} --quarantine {place} --by {by}"),
        ]
    }
}

/// A word as a shell takes it for nothing but a word: serials are the device's own.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.:/".contains(c);
    match text.chars().all(plain) && !text.starts_with('-') {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// How a round went so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// Where.
    pub place: Name,
    /// When it was begun.
    pub at: Stamp,
    /// By whom.
    pub by: PartyId,
    /// Everybody on it.
    pub people: Vec<PartyId>,
    /// The sample that is looked for, where not everything is.
    pub draw: Option<DrawLine>,
    /// Number of observations.
    pub lines: usize,
    /// When the last one was made.
    pub last: Option<Stamp>,
    /// Whether a last line was never finished.
    pub torn: bool,
    /// Whether an entry that closes it was drafted.
    pub closing: bool,
}

/// That a round is open, for a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenRound {
    /// Where; none for a file that cannot be read.
    pub place: Option<Name>,
    /// When it was begun.
    #[serde(serialize_with = "optional_text")]
    pub opened: Option<Stamp>,
    /// By whom.
    pub opened_by: Option<Who>,
    /// Number of observations.
    pub observations: usize,
    /// Whether it was begun so long ago that what was seen then does not count any more.
    pub old: bool,
    /// Why its file cannot be read.
    pub problem: Option<String>,
}

/// An open round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoundReport {
    /// The ledger's origin; none before its genesis.
    pub ledger: Option<Origin>,
    /// Where.
    pub place: Name,
    /// When it was begun.
    #[serde(serialize_with = "text")]
    pub opened: Stamp,
    /// By whom.
    pub opened_by: Who,
    /// Everybody on it.
    pub people: Vec<Who>,
    /// What the sample was drawn from, where not everything is looked for.
    #[serde(serialize_with = "optional_text")]
    pub draw: Option<DrawLine>,
    /// Number of observations.
    pub observations: usize,
    /// When the last one was made.
    #[serde(serialize_with = "optional_text")]
    pub last: Option<Stamp>,
    /// How many media are looked for.
    pub expected: usize,
    /// What belongs here and was seen.
    pub found: Vec<SeenRow>,
    /// What belongs here and was not seen yet.
    pub still_expected: Vec<MissingRow>,
    /// What belongs here and was seen with too weak evidence.
    pub unverified: Vec<SeenRow>,
    /// What is registered and belongs elsewhere.
    pub unexpected: Vec<SeenRow>,
    /// What nobody registered.
    pub unknown: Vec<UnknownRow>,
    /// What was odd.
    pub alarms: Vec<AlarmRow>,
    /// What was seen and has to be looked at again.
    pub look_again: Vec<AgainRow>,
    /// Whether a last line of the round's file was never finished.
    pub torn: bool,
    /// Whether an entry that closes it was drafted.
    pub closing: bool,
}

/// Something that has to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgainRow {
    /// Its asset id, or what the device says of itself.
    pub what: String,
    /// When it was seen.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// By whom.
    pub by: Who,
    /// Why that does not count.
    pub why: Again,
    /// The same in words.
    pub words: Bilingual,
}

impl RoundReport {
    /// The round as it stands, with `by` as the one who closes it.
    #[must_use]
    pub fn new(
        state: &State,
        course: &Course,
        by: &PartyId,
        outcome: &Outcome,
        stale: &[Stale],
    ) -> Self {
        let second = course.people.iter().find(|who| *who != by).unwrap_or(by);
        let who = |id: &MediumId| if outcome.second_saw.contains(id) { second } else { by };
        let two = course.people.len() > 1;
        let seen = |lines: &[SeenLine]| -> Vec<SeenRow> {
            let row = |line: &SeenLine| {
                SeenRow::new(state, line, two.then(|| Who::of(state, who(&line.id))))
            };
            lines.iter().map(row).collect()
        };
        let again = |one: &Stale| AgainRow {
            what: one.what.clone(),
            at: one.at,
            by: Who::of(state, &one.by),
            why: one.why,
            words: one.why.words(),
        };
        RoundReport {
            ledger: state.facts.as_ref().map(|facts| facts.origin.clone()),
            place: course.place.clone(),
            opened: course.at,
            opened_by: Who::of(state, &course.by),
            people: course.people.iter().map(|id| Who::of(state, id)).collect(),
            draw: course.draw,
            observations: course.lines,
            last: course.last,
            expected: outcome.found.len() + outcome.unverified.len() + outcome.missing.len(),
            found: seen(&outcome.found),
            still_expected: outcome.missing.iter().map(|id| MissingRow::new(state, id)).collect(),
            unverified: seen(&outcome.unverified),
            unexpected: seen(&outcome.unexpected),
            unknown: outcome.unknown.iter().map(UnknownRow::from).collect(),
            alarms: outcome.alarms.iter().map(AlarmRow::from).collect(),
            look_again: stale.iter().map(again).collect(),
            torn: course.torn,
            closing: course.closing,
        }
    }
}

/// How a medium of an open round was seen, for a line about it.
#[must_use]
pub fn grade_in(outcome: &Outcome, id: &MediumId) -> Option<SightingGrade> {
    let all = outcome.found.iter().chain(&outcome.unverified).chain(&outcome.unexpected);
    all.into_iter().find(|line| line.id == *id).map(|line| line.grade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_one_word_to_a_shell() {
        for (serial, shown) in [
            ("1C6F65D8", "1C6F65D8"),
            ("$(reboot)", "'$(reboot)'"),
            ("it's", r"'it'\''s'"),
            ("a;b", "'a;b'"),
            ("--by", "'--by'"),
        ] {
            assert_eq!(quoted(serial), shown);
        }
    }
}
