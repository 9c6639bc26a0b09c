//! A statement's signed text: `custody/<kind>/v1`, then `key: value` lines.
//!
//! Grammar and limits stand in FORMAT.md, section "Statements".

use std::fmt;

use crate::model::printable::printable;
pub use crate::model::statement::TEXT_MAX;
use crate::model::statement::{FieldError, Reader};
use crate::model::{Statement, VerifierKey};

/// Why a text is no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Longer than [`TEXT_MAX`].
    #[error("a statement is at most {TEXT_MAX} bytes long")]
    TooLong,
    /// The first line is not `custody/<kind>/v<number>`.
    #[error("the first line is not custody/<kind>/v1")]
    NotCustody,
    /// A version this program does not know.
    #[error("version {0} of the statement format is newer than this program; update custody")]
    Version(String),
    /// A kind this program does not know.
    #[error("statements of kind '{0}' are unknown to this program; update custody")]
    Kind(String),
    /// A line is not `key: value`, or the text does not end with a line break.
    #[error("line {0} does not read 'key: value'")]
    Line(usize),
    /// A field is wrong.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Well formed, but not the spelling this program would write.
    #[error("the text is not in its canonical spelling")]
    NotCanonical,
}

/// Writes the signed text.
pub fn to_text(statement: &Statement) -> String {
    // What a handover of one medium takes, about.
    let mut text = String::with_capacity(1_024);
    // Writing to a String cannot fail.
    let _ = write_text(statement, &mut text);
    text
}

fn write_text(statement: &Statement, out: &mut impl fmt::Write) -> fmt::Result {
    for part in ["custody/", statement.kind(), "/v1\n"] {
        out.write_str(part)?;
    }
    statement.write_lines(out)
}

/// Reads a signed text strictly: what is accepted is byte for byte what
/// [`to_text`] writes for it.
///
/// # Errors
/// [`StatementError`] names the first line that is wrong.
pub fn parse(text: &str) -> Result<Statement, StatementError> {
    if text.len() > TEXT_MAX {
        return Err(StatementError::TooLong);
    }
    let body = text.strip_suffix('\n').ok_or_else(|| StatementError::Line(text.lines().count()))?;
    let mut lines = lines_of(body);
    let kind = first_line(lines.next().unwrap_or_default())?;
    // A handover has some twenty lines; room for them spares most texts a move.
    let mut pairs = Vec::with_capacity(32);
    for (number, line) in lines.enumerate() {
        pairs.push(key_and_value(line).ok_or(StatementError::Line(number + 2))?);
    }
    let statement = Statement::read(kind, Reader::new(&pairs))
        .ok_or_else(|| StatementError::Kind(printable(kind, 40)))??;
    distinct_signers(&statement)?;
    // Every value type has one spelling already; this holds the whole to it, so
    // that a slip in one of them can never give a signed text two readings.
    let mut rest = Rest(text);
    match write_text(&statement, &mut rest) {
        Ok(()) if rest.0.is_empty() => Ok(statement),
        _ => Err(StatementError::NotCanonical),
    }
}

/// What of a text has not been written yet: takes only what comes next in it. An
/// audit compares every text, and a second one need not be made for that.
struct Rest<'a>(&'a str);

impl fmt::Write for Rest<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// The lines of a text without its last line feed.
fn lines_of(body: &str) -> impl Iterator<Item = &str> {
    let ends = memchr::memchr_iter(b'\n', body.as_bytes()).chain([body.len()]);
    let mut from = 0;
    ends.map(move |end| {
        let line = body.get(from..end).unwrap_or_default();
        from = end + 1;
        line
    })
}

/// Splits at the first `: `. Keys are short, so looking at each byte is quicker than
/// preparing a search.
fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let at = line.as_bytes().windows(2).position(|pair| pair == b": ")?;
    Some((line.get(..at)?, line.get(at + 2..)?))
}

fn first_line(line: &str) -> Result<&str, StatementError> {
    let rest = line.strip_prefix("custody/").ok_or(StatementError::NotCustody)?;
    let (kind, version) = rest.split_once("/v").ok_or(StatementError::NotCustody)?;
    let numbered =
        !version.is_empty() && version.len() <= 4 && version.bytes().all(|b| b.is_ascii_digit());
    match version {
        "1" => Ok(kind),
        _ if numbered => Err(StatementError::Version(version.to_owned())),
        _ => Err(StatementError::NotCustody),
    }
}

/// One key cannot seal two sides of a statement. Two keys of one name can: a log
/// keeps its name when its key changes, and so may a party; a signature line names
/// its key by name and id.
fn distinct_signers(statement: &Statement) -> Result<(), FieldError> {
    let signers = statement.signers();
    for (at, key) in signers.iter().enumerate() {
        let again = |other: &&&VerifierKey| {
            other.public() == key.public() || (other.name() == key.name() && other.id() == key.id())
        };
        if signers[..at].iter().any(|other| again(&other)) {
            return Err(FieldError::SameSigner(key.name().to_string()));
        }
    }
    Ok(())
}
