//! How a field of a statement becomes lines and is read back from them.
//!
//! A kind lists its fields once, in order; writing and reading both follow that
//! list. So a line that is unknown, repeated or out of place is simply not the
//! next one expected, and there is no second spelling of a statement.

use std::fmt::{self, Display, Write};
use std::str::FromStr;

use super::super::draw::DrawLine;
use super::super::ids::{MediumId, Origin, PartyId, ReceiptId, ReceiptPrefix, Token};
use super::super::key::VerifierKey;
use super::super::lines::{
    AlarmLine, EncryptionLine, EntryRef, MarkLine, MediumLine, Nonce, Seen, SeenLine, SequenceLine,
    TokenLine, UnknownLine, parse_number,
};
use super::super::party::{PartyRef, Seal, Side, Signatory};
use super::super::printable::printable;
use super::super::rule::RuleLine;
use super::super::spelling::Spelled;
use super::super::text::Line;
use super::super::time::{Day, Stamp};
use super::super::vocabulary::*;
use super::super::{Hash, hardware};

/// Most lines of one repeatable field. A check lists every medium of its place,
/// so this is also how many a place can hold.
pub const REPEAT_MAX: usize = 1_024;

/// Longest signed text, in bytes. With its signature lines a note still fits the
/// 65,535 bytes of a tlog-tiles entry.
pub const TEXT_MAX: usize = 60_000;

/// Most characters of a foreign key that an error repeats.
const SHOWN_MAX: usize = 40;

/// Why the lines are no statement of their kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// A required line is not where it belongs.
    #[error("expected '{expected}:' but found {found}")]
    Missing {
        /// The key that should stand here.
        expected: String,
        /// What stands here.
        found: String,
    },
    /// A value is not what its key asks for.
    #[error("{key}: {problem}")]
    Value {
        /// The line's key.
        key: String,
        /// What is wrong with the value.
        problem: String,
    },
    /// A line after the last field: unknown, repeated or out of order.
    #[error("unexpected line '{0}:' (unknown, repeated or out of order)")]
    Unexpected(String),
    /// A repeatable line stands more than [`REPEAT_MAX`] times.
    #[error("more than {REPEAT_MAX} lines '{0}:'")]
    TooMany(String),
    /// One key would have to sign twice.
    #[error("the key {0} is named as more than one signer")]
    SameSigner(String),
}

/// The lines of a statement, as (key, value).
#[derive(Debug, Default)]
pub struct Lines(pub Vec<(String, String)>);

impl Lines {
    /// The lines of a text that [`Field::write`] wrote. No key holds `: ` and no
    /// value a line break.
    pub(super) fn of(text: &str) -> Self {
        let pairs = text.split_terminator('\n').filter_map(|line| line.split_once(": "));
        Lines(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// Bytes of the signed text these lines and the first line of `kind` make.
    pub fn text_len(&self, kind: &str) -> usize {
        let lines = self.0.iter().map(|(key, value)| key.len() + value.len() + ": \n".len());
        "custody//v1\n".len() + kind.len() + lines.sum::<usize>()
    }

    /// How often the line that stands most often stands. Lines of one field are
    /// neighbours.
    pub fn most_repeated(&self) -> usize {
        self.0.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len).max().unwrap_or(0)
    }
}

/// The lines of a statement while it is read.
#[derive(Debug)]
pub struct Reader<'a> {
    lines: &'a [(&'a str, &'a str)],
}

impl<'a> Reader<'a> {
    /// Reads these lines, given as (key, value).
    pub fn new(lines: &'a [(&'a str, &'a str)]) -> Self {
        Reader { lines }
    }

    fn next_if(&mut self, key: &str) -> Option<&'a str> {
        let (&(found, value), rest) = self.lines.split_first()?;
        if found != key {
            return None;
        }
        self.lines = rest;
        Some(value)
    }

    /// The value of `<key>-<part>`, if that is the next line.
    fn next_part_if(&mut self, key: &str, part: &str) -> Option<&'a str> {
        let (&(found, value), rest) = self.lines.split_first()?;
        if found.strip_prefix(key)?.strip_prefix('-')? != part {
            return None;
        }
        self.lines = rest;
        Some(value)
    }

    fn missing(&self, expected: &str) -> FieldError {
        let found = match self.lines.first() {
            // A key that is not ours may hold anything, terminal escapes included.
            Some((key, _)) => format!("'{}:'", printable(key, SHOWN_MAX)),
            None => "the end".to_owned(),
        };
        FieldError::Missing { expected: expected.to_owned(), found }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`FieldError::Unexpected`] when a line is left.
    pub fn end(self) -> Result<(), FieldError> {
        match self.lines.first() {
            Some((key, _)) => Err(FieldError::Unexpected(printable(key, SHOWN_MAX))),
            None => Ok(()),
        }
    }
}

/// One value on one line.
pub trait Value: Sized {
    /// Writes the value's only spelling.
    ///
    /// # Errors
    /// What `out` says.
    fn put(&self, out: &mut impl Write) -> fmt::Result;
    /// Reads that spelling.
    ///
    /// # Errors
    /// What is wrong, in words.
    fn from_text(text: &str) -> Result<Self, String>;
    /// The key that must sign because this value names it.
    fn signer(&self) -> Option<&VerifierKey> {
        None
    }
}

/// A field of a kind, for the tests that hold FORMAT.md to the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldShape {
    /// The key of its line.
    pub key: &'static str,
    /// How often the line stands: `1`, `0..1`, `0..n` or `1..n`.
    pub occurs: &'static str,
    /// Its type in this program.
    pub rust: &'static str,
}

/// One field: one line, an optional line, or a repeatable one.
pub trait Field: Sized {
    /// Writes the field's lines, each `key: value` and a line feed.
    ///
    /// # Errors
    /// What `out` says.
    fn write(&self, key: &str, out: &mut impl Write) -> fmt::Result;
    /// Takes the field's lines.
    ///
    /// # Errors
    /// [`FieldError`] names the line.
    fn read(key: &str, from: &mut Reader<'_>) -> Result<Self, FieldError>;
    /// The key that must sign because this field names it.
    fn signer(&self) -> Option<&VerifierKey> {
        None
    }
    /// `1`, `0..1`, `0..n` or `1..n`, for the documentation.
    const OCCURS: &'static str;
}

/// Writes one line. A statement is written once for every time it is read, to
/// compare, so nothing is allocated for it.
fn line(key: &[&str], value: &impl Value, out: &mut impl Write) -> fmt::Result {
    for part in key {
        out.write_str(part)?;
    }
    out.write_str(": ")?;
    value.put(out)?;
    out.write_char('\n')
}

fn value<T: Value>(key: &str, text: &str) -> Result<T, FieldError> {
    T::from_text(text).map_err(|problem| FieldError::Value { key: key.to_owned(), problem })
}

impl<T: Value> Field for T {
    const OCCURS: &'static str = "1";
    fn write(&self, key: &str, out: &mut impl Write) -> fmt::Result {
        line(&[key], self, out)
    }
    fn read(key: &str, from: &mut Reader<'_>) -> Result<Self, FieldError> {
        let text = from.next_if(key).ok_or_else(|| from.missing(key))?;
        value(key, text)
    }
    fn signer(&self) -> Option<&VerifierKey> {
        Value::signer(self)
    }
}

impl<T: Value> Field for Option<T> {
    const OCCURS: &'static str = "0..1";
    fn write(&self, key: &str, out: &mut impl Write) -> fmt::Result {
        self.as_ref().map_or(Ok(()), |value| line(&[key], value, out))
    }
    fn read(key: &str, from: &mut Reader<'_>) -> Result<Self, FieldError> {
        from.next_if(key).map(|text| value(key, text)).transpose()
    }
    fn signer(&self) -> Option<&VerifierKey> {
        self.as_ref().and_then(Value::signer)
    }
}

impl<T: Value> Field for Vec<T> {
    const OCCURS: &'static str = "0..n";
    fn write(&self, key: &str, out: &mut impl Write) -> fmt::Result {
        self.iter().try_for_each(|value| line(&[key], value, out))
    }
    fn read(key: &str, from: &mut Reader<'_>) -> Result<Self, FieldError> {
        let mut values = Vec::new();
        while let Some(text) = from.next_if(key) {
            if values.len() == REPEAT_MAX {
                return Err(FieldError::TooMany(key.to_owned()));
            }
            values.push(value(key, text)?);
        }
        Ok(values)
    }
}

/// At least one line of a repeatable field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Some1<T>(pub Vec<T>);

impl<T> std::ops::Deref for Some1<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Value> Field for Some1<T> {
    const OCCURS: &'static str = "1..n";
    fn write(&self, key: &str, out: &mut impl Write) -> fmt::Result {
        self.0.write(key, out)
    }
    fn read(key: &str, from: &mut Reader<'_>) -> Result<Self, FieldError> {
        let values = Vec::<T>::read(key, from)?;
        if values.is_empty() { Err(from.missing(key)) } else { Ok(Some1(values)) }
    }
}

fn pair(key: &str, part: &str) -> String {
    format!("{key}-{part}")
}

/// Takes the line `<key>-<part>`.
fn read_part<T: Value>(key: &str, part: &str, from: &mut Reader<'_>) -> Result<T, FieldError> {
    match from.next_part_if(key, part) {
        Some(text) => T::from_text(text)
            .map_err(|problem| FieldError::Value { key: pair(key, part), problem }),
        None => Err(from.missing(&pair(key, part))),
    }
}

impl Field for Signatory {
    const OCCURS: &'static str = "1";
    fn write(&self, key: &str, out: &mut impl Write) -> fmt::Result {
        line(&[key], &self.party, out)?;
        line(&[key, "-key"], &self.key, out)
    }
    fn read(key: &str, from: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Signatory { party: PartyRef::read(key, from)?, key: read_part(key, "key", from)? })
    }
    fn signer(&self) -> Option<&VerifierKey> {
        Some(&self.key)
    }
}

impl Field for Option<Signatory> {
    const OCCURS: &'static str = "0..1";
    fn write(&self, key: &str, out: &mut impl Write) -> fmt::Result {
        self.as_ref().map_or(Ok(()), |signatory| signatory.write(key, out))
    }
    fn read(key: &str, from: &mut Reader<'_>) -> Result<Self, FieldError> {
        match from.lines.first() {
            Some((found, _)) if *found == key => Signatory::read(key, from).map(Some),
            _ => Ok(None),
        }
    }
    fn signer(&self) -> Option<&VerifierKey> {
        self.as_ref().map(|signatory| &signatory.key)
    }
}

impl Field for Side {
    const OCCURS: &'static str = "1";
    fn write(&self, key: &str, out: &mut impl Write) -> fmt::Result {
        line(&[key], &self.party, out)?;
        match &self.seal {
            Seal::Key(vkey) => line(&[key, "-key"], vkey, out),
            Seal::Paper => {
                out.write_str(key)?;
                out.write_str("-seal: paper\n")
            }
        }
    }
    fn read(key: &str, from: &mut Reader<'_>) -> Result<Self, FieldError> {
        let party = PartyRef::read(key, from)?;
        let seal = match from.next_part_if(key, "seal") {
            Some("paper") => Seal::Paper,
            Some(_) => {
                return Err(FieldError::Value {
                    key: pair(key, "seal"),
                    problem: "only 'paper' is known".to_owned(),
                });
            }
            None => Seal::Key(read_part(key, "key", from)?),
        };
        Ok(Side { party, seal })
    }
    fn signer(&self) -> Option<&VerifierKey> {
        self.key()
    }
}

/// A vkey that must sign because it is named here; a plain [`VerifierKey`] field
/// is only mentioned.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Signs(pub VerifierKey);

impl Value for Signs {
    fn put(&self, out: &mut impl Write) -> fmt::Result {
        self.0.put(out)
    }
    fn from_text(text: &str) -> Result<Self, String> {
        VerifierKey::from_text(text).map(Signs)
    }
    fn signer(&self) -> Option<&VerifierKey> {
        Some(&self.0)
    }
}

/// Writes a value's spelling.
fn spell(value: &impl Spelled, out: &mut impl Write) -> fmt::Result {
    value.spell(out)
}

/// Writes what `value` displays as.
fn show(value: &impl Display, out: &mut impl Write) -> fmt::Result {
    write!(out, "{value}")
}

fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

macro_rules! values {
    ($put:ident: $($name:ty),+ $(,)?) => {$(
        impl Value for $name {
            fn put(&self, out: &mut impl Write) -> fmt::Result {
                $put(self, out)
            }
            fn from_text(text: &str) -> Result<Self, String> {
                parse(text)
            }
        }
    )+};
}

values!(
    spell:
    Hash,
    VerifierKey,
    MediumId,
    PartyId,
    Origin,
    ReceiptPrefix,
    ReceiptId,
    Token,
    PartyRef,
    Stamp,
    Day,
    Seen,
    Nonce,
    MediumLine,
    EncryptionLine,
    Role,
    SightingGrade,
    CheckerRule,
    LooseningRule,
    Concern,
    WitnessRule,
    PaperRule,
    RevocationReason,
    Verdict,
    ErasureMethod,
    LinkRelation,
);

values!(
    show:
    EntryRef,
    UnknownLine,
    SeenLine,
    AlarmLine,
    MarkLine,
    SequenceLine,
    TokenLine,
    RuleLine,
    DrawLine,
    hardware::HardwareIdentity,
);

impl<const MAX: usize> Value for Line<MAX> {
    fn put(&self, out: &mut impl Write) -> fmt::Result {
        out.write_str(self.as_str())
    }
    fn from_text(text: &str) -> Result<Self, String> {
        parse(text)
    }
}

impl Value for u64 {
    fn put(&self, out: &mut impl Write) -> fmt::Result {
        show(self, out)
    }
    fn from_text(text: &str) -> Result<Self, String> {
        parse_number(text).ok_or_else(|| "a whole number is expected".to_owned())
    }
}

impl Value for u32 {
    fn put(&self, out: &mut impl Write) -> fmt::Result {
        show(self, out)
    }
    fn from_text(text: &str) -> Result<Self, String> {
        let number = parse_number(text).and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| "a whole number below 4,294,967,296 is expected".to_owned())
    }
}

impl Value for hardware::Grade {
    fn put(&self, out: &mut impl Write) -> fmt::Result {
        use hardware::Grade::{A, B, C};
        out.write_char(match self {
            A => 'A',
            B => 'B',
            C => 'C',
        })
    }
    fn from_text(text: &str) -> Result<Self, String> {
        use hardware::Grade::{A, B, C};
        match text {
            "A" => Ok(A),
            "B" => Ok(B),
            "C" => Ok(C),
            _ => Err("A, B or C is expected".to_owned()),
        }
    }
}
