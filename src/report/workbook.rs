//! A report as tables: what a spreadsheet, a page or a terminal shows of it. A report
//! is computed once and put into tables once; whoever draws them adds nothing.

use serde::Serialize;

use crate::ledger::State;
use crate::model::{Day, MediumId, Name, Origin, Seen, Stamp};

use super::evidence::Bilingual;
use super::receipt::Head;
use super::text;

/// Whose report it is, and what it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// The ledger's origin; none before its genesis.
    pub ledger: Option<Origin>,
    /// Whose ledger it is.
    pub organisation: Option<Name>,
    /// Where it is kept.
    pub site: Option<Name>,
    /// The moment this holds for.
    #[serde(serialize_with = "text")]
    pub now: Stamp,
    /// The head of the log it was made from.
    pub seen: Head,
}

impl Made {
    /// From the log at `seen`.
    #[must_use]
    pub fn new(state: &State, now: Stamp, seen: Seen) -> Self {
        let facts = state.facts.as_ref();
        Made {
            ledger: facts.map(|facts| facts.origin.clone()),
            organisation: facts.map(|facts| facts.organisation.clone()),
            site: facts.map(|facts| facts.site.clone()),
            now,
            seen: Head { entries: seen.size, root: seen.root },
        }
    }
}

/// The tables of one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workbook {
    /// What it is.
    pub title: Bilingual,
    /// Of what: a drive, a month.
    pub subject: Option<String>,
    /// Whose it is, and of when.
    pub made: Made,
    /// What has to be known to read it.
    pub notes: Vec<Bilingual>,
    /// The tables.
    pub tables: Vec<Table>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it lists.
    pub name: Bilingual,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// What stands above it.
    pub title: Bilingual,
    /// Its width, in characters of Latin text.
    pub width: u8,
}

/// What stands in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Text of the ledger's, in the language somebody wrote it in.
    Text(String),
    /// Words of this program's.
    Words(Bilingual),
    /// A number that can be added up.
    Number(i64),
    /// A calendar day.
    Day(Day),
    /// A moment, with the offset it was recorded in.
    Moment(Stamp),
    /// Nothing.
    Empty,
}

/// A column of that title and width.
#[must_use]
pub const fn column(ja: &'static str, en: &'static str, width: u8) -> Column {
    Column { title: Bilingual { en, ja }, width }
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(ja: &'static str, en: &'static str, columns: &[Column]) -> Self {
        Table { name: Bilingual { en, ja }, columns: columns.to_vec(), rows: Vec::new() }
    }

    /// The same with these rows.
    #[must_use]
    pub fn with(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        self.rows.extend(rows);
        self
    }
}

impl Cell {
    /// Text of anything that is spelled.
    #[must_use]
    pub fn text(value: impl ToString) -> Self {
        Cell::Text(value.to_string())
    }

    /// Several, one behind the other; empty where there are none.
    #[must_use]
    pub fn listed<T: ToString>(values: impl IntoIterator<Item = T>) -> Self {
        let all: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        if all.is_empty() { Cell::Empty } else { Cell::Text(all.join(", ")) }
    }

    /// A count or an index.
    #[must_use]
    pub fn number(value: u64) -> Self {
        Cell::Number(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<Day> for Cell {
    fn from(day: Day) -> Self {
        Cell::Day(day)
    }
}

impl From<Stamp> for Cell {
    fn from(at: Stamp) -> Self {
        Cell::Moment(at)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Cell::Number(number)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Cell::number(number)
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Cell::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Bilingual> for Cell {
    fn from(words: Bilingual) -> Self {
        Cell::Words(words)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

impl From<&Name> for Cell {
    fn from(name: &Name) -> Self {
        Cell::text(name)
    }
}

impl From<&MediumId> for Cell {
    fn from(id: &MediumId) -> Self {
        Cell::text(id)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Empty, Into::into)
    }
}
