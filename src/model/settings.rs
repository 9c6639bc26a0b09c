//! What is wrong in a configuration file, line by line. Several parts of the program
//! read one file, each its own tables; all of them tell every problem at once.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

use super::printable::printable;

/// The tables a configuration may have.
const TABLES: &str = "default, printer, notify, cabinet, daemon";
const NAME_MAX: usize = 32;

/// Something wrong in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// A file being read, with what was found wrong so far.
#[derive(Debug)]
pub struct Reading<'a> {
    text: &'a str,
    /// What was found wrong.
    pub faults: Vec<Fault>,
}

impl<'a> Reading<'a> {
    /// Begins to read.
    ///
    /// # Errors
    /// The text is no TOML.
    pub fn begin(text: &'a str) -> Result<(Self, Document<&'a str>), Vec<Fault>> {
        let reading = Reading { text, faults: Vec::new() };
        match Document::parse(text) {
            Ok(document) => Ok((reading, document)),
            Err(error) => {
                let line = reading.line(error.span());
                let what = printable(error.message(), 200).trim_end_matches('.').to_owned();
                Err(vec![Fault { line, what }])
            }
        }
    }

    /// The line on which a place lies.
    pub fn line(&self, span: Option<Range<usize>>) -> usize {
        let before = span.and_then(|span| self.text.as_bytes().get(..span.start));
        before.unwrap_or_default().iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// Something is wrong at a place.
    pub fn at(&mut self, span: Option<Range<usize>>, what: String) {
        let line = self.line(span);
        self.faults.push(Fault { line, what });
    }

    /// Something is wrong with a value.
    pub fn fault(&mut self, item: &Item, what: String) {
        self.at(item.span(), what);
    }

    /// Where a key stands. The value of a table that is only implied by `[a.b]` has no
    /// place of its own.
    pub fn span(&self, table: &dyn TableLike, key: &str, item: &Item) -> Option<Range<usize>> {
        table.key(key).and_then(|key| key.span()).or_else(|| item.span())
    }

    /// A key that nobody knows: most often a misspelt one.
    pub fn unknown(&mut self, at: Option<Range<usize>>, under: &str, key: &str, known: &str) {
        let key = printable(key, NAME_MAX);
        self.at(at, format!("{under}{key} is not known here; known are: {known}"));
    }

    /// A table at the top of the file that nobody knows.
    pub fn unknown_table(&mut self, at: Option<Range<usize>>, key: &str) {
        self.unknown(at, "", key, TABLES);
    }

    /// A value that is text.
    pub fn text(&mut self, item: &Item, under: &str, key: &str) -> Option<String> {
        let read = item.as_str().map(str::to_owned);
        if read.is_none() {
            self.fault(item, format!("{under}{key} is no text"));
        }
        read
    }

    /// A value that is a number within a range.
    pub fn number(
        &mut self,
        item: &Item,
        under: &str,
        key: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<u16> {
        let read = item.as_integer().filter(|number| range.contains(number));
        if read.is_none() {
            let (from, to) = (range.start(), range.end());
            self.fault(item, format!("{under}{key} is no whole number from {from} to {to}"));
        }
        read.and_then(|number| u16::try_from(number).ok())
    }

    /// A value that is true or false.
    pub fn yes_or_no(&mut self, item: &Item, under: &str, key: &str) -> Option<bool> {
        let read = item.as_bool();
        if read.is_none() {
            self.fault(item, format!("{under}{key} is neither true nor false"));
        }
        read
    }

    /// What was read, or all that is wrong with it in the order of its lines.
    ///
    /// # Errors
    /// Something is wrong.
    pub fn end<T>(mut self, read: T) -> Result<T, Vec<Fault>> {
        if self.faults.is_empty() {
            return Ok(read);
        }
        self.faults.sort_by_key(|fault| fault.line);
        Err(self.faults)
    }
}

/// Whether this can name something in a configuration.
pub fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-')
}
