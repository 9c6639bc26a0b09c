//! What a round file says, line by line. Whatever stands in one is believed no further
//! than it parses: the file lies where others can write.

use serde::{Deserialize, Serialize};

use crate::ledger::alarms::Description;
use crate::model::{DrawLine, MediumId, Name, Nonce, PartyId, Phrase, Stamp, UnknownLine};

/// The form of a round file, raised with every change of it.
pub const FORM: &str = "custody-round/1";

/// The first line: that a round was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// [`FORM`].
    form: String,
    /// When.
    #[serde(with = "spelled")]
    pub at: Stamp,
    /// By whom.
    pub by: PartyId,
    /// At which place.
    pub place: Name,
    /// The sample that is looked for, where not everything is.
    #[serde(with = "drawn")]
    pub draw: Option<DrawLine>,
}

impl Opening {
    /// A round that begins.
    pub fn new(at: Stamp, by: PartyId, place: Name, draw: Option<DrawLine>) -> Self {
        Opening { form: FORM.to_owned(), at, by, place, draw }
    }
}

/// Each further line: one thing that happened in the round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// When.
    #[serde(with = "spelled")]
    pub at: Stamp,
    /// By whom.
    pub by: PartyId,
    /// What.
    pub what: What,
}

/// What happened in a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Drives were attached, at one moment.
    Devices(Vec<SeenDevice>),
    /// The label of a medium was scanned.
    Label(MediumId),
    /// A medium was seen by eye.
    Eye(MediumId),
    /// The entry that closes the round is about to be appended; it has this nonce.
    Closing(Nonce),
    /// The round was given up, for this reason.
    GivenUp(Phrase),
}

/// A drive that was attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenDevice {
    /// Vendor, product and serial number.
    #[serde(with = "spelled")]
    pub device: UnknownLine,
    /// Where it was plugged in.
    pub position: Phrase,
    /// What it said of itself.
    pub said: Description,
}

/// A value as statements spell it.
mod spelled {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// The same of a sample, or `null`.
mod drawn {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::model::DrawLine;

    #[allow(clippy::ref_option)] // the signature is serde's
    pub fn serialize<S: Serializer>(draw: &Option<DrawLine>, to: S) -> Result<S::Ok, S::Error> {
        match draw {
            Some(draw) => to.collect_str(draw),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DrawLine>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

/// A round as its file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// How it began.
    pub opening: Opening,
    /// What happened since, in the order of the file.
    pub lines: Vec<Line>,
    /// Bytes of a last line that was never finished. They say nothing.
    pub torn: usize,
}

/// What is wrong with a round file, and in which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Flaw {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Reads the bytes of a file. None while not even its first line was written.
///
/// # Errors
/// A line that is none. A last one without its end is none that was acknowledged: it
/// counts where it is whole, and otherwise says nothing.
pub fn parse(bytes: &[u8], line_max: usize) -> Result<Option<Record>, Flaw> {
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
    let Some((_, first)) = lines.next().filter(|(_, first)| first.ends_with(b"\n")) else {
        return Ok(None);
    };
    let opening: Opening = read(first, line_max).map_err(|why| Flaw { line: 1, why })?;
    if opening.form != FORM {
        let why = format!("the form is not {FORM}");
        return Err(Flaw { line: 1, why });
    }
    let mut record = Record { opening, lines: Vec::new(), torn: 0 };
    for (at, line) in lines {
        match read(line, line_max) {
            Ok(line) => record.lines.push(line),
            Err(_) if !line.ends_with(b"\n") => record.torn = line.len(),
            Err(why) => return Err(Flaw { line: at + 1, why }),
        }
    }
    Ok(Some(record))
}

fn read<T: for<'de> Deserialize<'de>>(line: &[u8], line_max: usize) -> Result<T, String> {
    if line.len() > line_max {
        return Err(format!("it has more than {line_max} bytes"));
    }
    serde_json::from_slice(line).map_err(|error| error.to_string())
}

/// A line as it is written; never empty, since values are never a part of one.
pub fn spelled_out<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}
