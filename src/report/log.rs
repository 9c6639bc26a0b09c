//! The log, one line an entry.

use serde::Serialize;

use crate::ledger::State;
use crate::model::{MediumId, ReceiptId, Stamp, Statement};

use super::attachment::Sheet;
use super::who::Who;
use super::{named, text, words};

/// Some entries, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogView {
    /// The entries.
    pub entries: Vec<LogEntry>,
    /// Number of entries in the whole ledger.
    pub total: u64,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// Its index, counted from 0.
    pub index: u64,
    /// When it was made.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Its kind.
    pub kind: &'static str,
    /// What it says, in one line.
    pub summary: String,
    /// The media it names.
    pub media: Vec<MediumId>,
    /// The receipt it is or belongs to.
    pub receipt: Option<ReceiptId>,
    /// Who signed it with a key, in order.
    pub signers: Vec<Who>,
    /// What became of the sheet of a handover that one side sealed on paper.
    pub sheet: Option<Sheet>,
}

impl LogView {
    /// These entries of the ledger whose state this is.
    pub fn new(entries: &[(u64, Statement)], state: &State) -> Self {
        let one = |(index, said): &(u64, Statement)| LogEntry::new(*index, said, state);
        LogView { entries: entries.iter().map(one).collect(), total: state.size }
    }
}

impl LogEntry {
    /// One entry.
    pub fn new(index: u64, said: &Statement, state: &State) -> Self {
        LogEntry {
            index,
            at: said.at(),
            kind: said.kind(),
            summary: words::summary(said),
            media: named::media(said),
            receipt: named::receipt(said),
            signers: named::signers(said),
            sheet: named::sheet(said, state),
        }
    }
}
