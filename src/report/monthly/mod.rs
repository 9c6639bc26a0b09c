//! 月次報告: a month for the auditor. What happened, how each drive stood at its end,
//! and on how strong evidence.
//!
//! An entry belongs to the month of its own date. How things stood at the month's end
//! follows from the entries in front of the first one with a later date, since order is
//! the index: what was dated back and recorded afterwards is counted in the month and
//! was not known at its end.

mod draws;
mod fold;
mod month;
mod tables;

pub use draws::{DrawDuty, DrawOutcome, DrawnRound, Sample};
pub use fold::MonthFold;
pub(super) use fold::alarms;
pub use month::{Month, MonthError};

use serde::Serialize;

use crate::ledger::schedule::Standing;
use crate::model::vocabulary::EncryptionGrade;
use crate::model::{Day, MediumId, Name, Phrase, ReceiptId, Stamp};

use super::attachment::Sheet;
use super::evidence::Bilingual;
use super::receipt::Head;
use super::status::{LastSeen, SealStrength};
use super::text;
use super::who::Who;
use super::workbook::Made;

/// A month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthlyReport {
    /// Whose it is, and when it was made.
    #[serde(flatten)]
    pub made: Made,
    /// Which month.
    pub month: Month,
    /// Its first day.
    pub from: Day,
    /// Its last day.
    pub until: Day,
    /// Whether it was over when the report was made.
    pub complete: bool,
    /// The moment at which drives and log are told of: its end, or now.
    #[serde(serialize_with = "text")]
    pub stood_at: Stamp,
    /// What was counted, zeros included.
    pub counts: Vec<Count>,
    /// Each change of custody.
    pub handovers: Vec<HandoverRow>,
    /// Checks by place; places without any included.
    pub places: Vec<PlaceChecks>,
    /// Rounds that looked for a sample drawn by the log.
    pub drawn: Vec<DrawnRound>,
    /// Places from which the rules ask to draw, and whether that was done.
    pub to_draw: Vec<DrawDuty>,
    /// Drives missing, searched for, found, lost, erased and retired.
    pub fates: Vec<Happening>,
    /// Alarms, each drive's once with how often.
    pub alarms: Vec<AlarmCount>,
    /// Alarms that two people let pass.
    pub overrides: Vec<Happening>,
    /// People and keys enrolled, renewed and revoked.
    pub people: Vec<Happening>,
    /// Rules, log keys and entries that were changed or corrected.
    pub rules: Vec<Happening>,
    /// Every drive in use at the month's end.
    pub drives: Vec<DriveRow>,
    /// How many of them were overdue.
    pub overdue: usize,
    /// The log.
    pub log: LogSize,
}

/// One number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Its name, for programs.
    pub name: &'static str,
    /// The same in both languages.
    pub words: Bilingual,
    /// How many.
    pub count: u64,
}

/// Which way a handover went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From its place to somewhere else.
    Out,
    /// Back to its place.
    Return,
    /// From outside to somebody else outside.
    HandedOn,
    /// From one person to another, and it stayed in its place.
    InPlace,
}

impl Direction {
    /// In both languages.
    #[must_use]
    pub fn words(self) -> Bilingual {
        let (en, ja) = match self {
            Direction::Out => ("taken out", "持出し"),
            Direction::Return => ("returned", "返却"),
            Direction::HandedOn => ("handed on", "外部での引継ぎ"),
            Direction::InPlace => ("changed holder in its place", "保管場所での引継ぎ"),
        };
        Bilingual { en, ja }
    }
}

/// A handover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandoverRow {
    /// Its entry.
    pub entry: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Its receipt.
    pub receipt: ReceiptId,
    /// Which way it went; of several drives, the way of the first.
    pub direction: Direction,
    /// The drives.
    pub media: Vec<MediumId>,
    /// Who gave.
    pub giver: Who,
    /// Who received.
    pub receiver: Who,
    /// Who stood by.
    pub witness: Option<Who>,
    /// What for.
    pub purpose: Phrase,
    /// Of how many persons the data is.
    pub persons: Option<u64>,
    /// Where to.
    pub place: Name,
    /// Back by.
    pub due: Option<Day>,
    /// The request it follows from.
    pub request: Option<u64>,
    /// How strong its evidence is.
    pub seal: SealStrength,
    /// What became of its sheet, where one side sealed on paper.
    pub sheet: Option<Sheet>,
}

/// The checks of one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceChecks {
    /// The place.
    pub place: Name,
    /// Rounds that were closed.
    pub checks: u64,
    /// Roll-calls of a station.
    pub roll_calls: u64,
    /// The last round.
    pub last: Option<LastRound>,
    /// Drives seen, summed over the rounds.
    pub found: u64,
    /// Drives not seen.
    pub missing: u64,
    /// Drives seen too weakly to count as either.
    pub unverified: u64,
    /// Drives seen that belong elsewhere.
    pub unexpected: u64,
    /// Devices nobody registered.
    pub unknown: u64,
    /// Drives that belonged there at the month's end.
    pub belong: u64,
}

/// The last round at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastRound {
    /// Its entry.
    pub entry: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// By whom.
    pub by: Who,
}

/// An entry in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happening {
    /// The entry.
    pub entry: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Its kind.
    pub kind: &'static str,
    /// The drives it names.
    pub media: Vec<MediumId>,
    /// What it says, in one line.
    pub what: String,
    /// Who signed it.
    pub signers: Vec<Who>,
}

/// An alarm of one drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlarmCount {
    /// The drive.
    pub medium: MediumId,
    /// The alarm's name.
    pub alarm: String,
    /// What it means; none for one this program does not know.
    pub words: Option<Bilingual>,
    /// In how many entries it stands.
    pub times: u64,
    /// The first of them.
    pub first: u64,
    /// The last of them.
    pub last: u64,
}

/// How a drive stood at the month's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DriveRow {
    /// The drive.
    pub medium: MediumId,
    /// How it stood.
    pub standing: Standing,
    /// Who had it.
    pub holder: Who,
    /// Where it was said to be.
    pub place: Name,
    /// Back by.
    pub due: Option<Day>,
    /// When it had last been observed.
    pub last_seen: LastSeen,
    /// If it had vanished then, it would have been noticed by this day.
    pub noticed_by: Option<Day>,
    /// Days it was overdue.
    pub overdue_days: Option<i64>,
    /// Encryption, in words.
    pub encryption: String,
    /// How well that is known.
    pub encryption_grade: EncryptionGrade,
    /// What is weak about the evidence; empty where nothing is.
    pub weaknesses: Vec<Bilingual>,
}

/// How long the log was and is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogSize {
    /// Entries before the month.
    pub before: u64,
    /// Entries at its end.
    pub at_end: u64,
    /// Entries that belong to the month by their date.
    pub dated_within: u64,
    /// Entries of the month that were recorded after an entry of a later date.
    pub recorded_later: u64,
    /// The head at its end.
    pub head_at_end: Option<Head>,
    /// The newest checkpoint the log signed.
    pub checkpoint: Option<Head>,
}
