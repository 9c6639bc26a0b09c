//! Values of statement lines that consist of several words.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::base64;
use super::hardware::{HardwareIdentity, Serial, VidPid};
use super::hash::Hash;
use super::ids::{MediumId, Token};
use super::spelling::{Spelled, split_at_byte};
use super::text::Phrase;
use super::vocabulary::{EncryptionGrade, SightingGrade};

/// The value does not have the shape its line asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct LineError(pub &'static str);

/// Splits into exactly `N` words at single spaces.
fn words<'a, const N: usize>(
    text: &'a str,
    shape: &'static str,
) -> Result<[&'a str; N], LineError> {
    let mut rest = Some(text);
    let mut found = [""; N];
    for slot in &mut found {
        let ahead = rest.ok_or(LineError(shape))?;
        let (word, behind) = match split_at_byte(ahead, b' ') {
            Some((word, behind)) => (word, Some(behind)),
            None => (ahead, None),
        };
        if word.is_empty() {
            return Err(LineError(shape));
        }
        *slot = word;
        rest = behind;
    }
    if rest.is_some() { Err(LineError(shape)) } else { Ok(found) }
}

/// A whole number below 2^64, written without leading zeros. All of them: a device
/// may claim any capacity, and what it claims must be writable.
pub fn parse_number(text: &str) -> Option<u64> {
    let plain = !text.is_empty()
        && text.len() <= 20
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// `USB-0421 0951:1666 1C6F65D8ABCDE1234567`: a medium with what its hardware
/// says of itself, so that a person can compare it with the device.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MediumLine {
    /// The asset id.
    pub id: MediumId,
    /// USB vendor and product id.
    pub vid_pid: VidPid,
    /// The canonical serial, `-` when there is none.
    pub serial: Serial,
}

impl MediumLine {
    /// The hardware identity these words amount to.
    pub fn hardware(&self) -> HardwareIdentity {
        HardwareIdentity::of(self.vid_pid, &self.serial)
    }
}

const MEDIUM_SHAPE: &str = "<asset id> <vid>:<pid> <serial or ->";

impl Spelled for MediumLine {
    fn spell(&self, out: &mut impl fmt::Write) -> fmt::Result {
        out.write_str(self.id.as_str())?;
        out.write_char(' ')?;
        self.vid_pid.spell(out)?;
        out.write_char(' ')?;
        out.write_str(self.serial.as_str())
    }
}

impl fmt::Display for MediumLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spell(f)
    }
}

impl FromStr for MediumLine {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        let [id, vid_pid, serial] = words(text, MEDIUM_SHAPE)?;
        Ok(MediumLine {
            id: id.parse().map_err(|_| LineError(MEDIUM_SHAPE))?,
            vid_pid: vid_pid.parse().map_err(|_| LineError(MEDIUM_SHAPE))?,
            serial: serial.parse().map_err(|_| LineError(MEDIUM_SHAPE))?,
        })
    }
}

/// `0951:1666 1C6F65D8ABCDE1234567`: a device nobody registered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnknownLine {
    /// USB vendor and product id.
    pub vid_pid: VidPid,
    /// The canonical serial, `-` when there is none.
    pub serial: Serial,
}

const UNKNOWN_SHAPE: &str = "<vid>:<pid> <serial or ->";

impl fmt::Display for UnknownLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.vid_pid, self.serial)
    }
}

impl FromStr for UnknownLine {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        let [vid_pid, serial] = words(text, UNKNOWN_SHAPE)?;
        Ok(UnknownLine {
            vid_pid: vid_pid.parse().map_err(|_| LineError(UNKNOWN_SHAPE))?,
            serial: serial.parse().map_err(|_| LineError(UNKNOWN_SHAPE))?,
        })
    }
}

/// `USB-0421 luks2 aes-xts-plain64 verified`: scheme and cipher, each `-` when
/// unknown, and how well it is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EncryptionLine {
    /// The asset id.
    pub id: MediumId,
    /// `luks2`, `bitlocker`, a hardware family ...
    pub scheme: Option<Token>,
    /// `aes-xts-plain64` ...
    pub cipher: Option<Token>,
    /// How well it is known.
    pub grade: EncryptionGrade,
}

const ENCRYPTION_SHAPE: &str = "<asset id> <scheme or -> <cipher or -> <grade>";

fn dash_or(word: &str) -> Result<Option<Token>, LineError> {
    if word == "-" {
        Ok(None)
    } else {
        word.parse().map(Some).map_err(|_| LineError(ENCRYPTION_SHAPE))
    }
}

impl EncryptionLine {
    /// Of a medium at which nobody has looked yet.
    pub fn not_examined(id: &MediumId) -> Self {
        EncryptionLine {
            id: id.clone(),
            scheme: None,
            cipher: None,
            grade: EncryptionGrade::NotExamined,
        }
    }

    /// Scheme, cipher and grade without the asset id.
    pub fn spoken(&self) -> String {
        let word = |token: &Option<Token>| token.as_ref().map(Token::to_string);
        [word(&self.scheme), word(&self.cipher), Some(self.grade.to_string())]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl Spelled for EncryptionLine {
    fn spell(&self, out: &mut impl fmt::Write) -> fmt::Result {
        out.write_str(self.id.as_str())?;
        for token in [&self.scheme, &self.cipher] {
            out.write_char(' ')?;
            out.write_str(token.as_ref().map_or("-", Token::as_str))?;
        }
        out.write_char(' ')?;
        self.grade.spell(out)
    }
}

impl fmt::Display for EncryptionLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spell(f)
    }
}

impl FromStr for EncryptionLine {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        let [id, scheme, cipher, grade] = words(text, ENCRYPTION_SHAPE)?;
        Ok(EncryptionLine {
            id: id.parse().map_err(|_| LineError(ENCRYPTION_SHAPE))?,
            scheme: dash_or(scheme)?,
            cipher: dash_or(cipher)?,
            grade: grade.parse().map_err(|_| LineError(ENCRYPTION_SHAPE))?,
        })
    }
}

/// `USB-0421 device`: one medium and how it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SeenLine {
    /// The asset id.
    pub id: MediumId,
    /// How it was seen.
    pub grade: SightingGrade,
}

const SEEN_SHAPE: &str = "<asset id> device|profile|label|attested";

impl fmt::Display for SeenLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.grade)
    }
}

impl FromStr for SeenLine {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        let [id, grade] = words(text, SEEN_SHAPE)?;
        Ok(SeenLine {
            id: id.parse().map_err(|_| LineError(SEEN_SHAPE))?,
            grade: grade.parse().map_err(|_| LineError(SEEN_SHAPE))?,
        })
    }
}

/// `USB-0421 capacity-drift`: something about a medium that a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AlarmLine {
    /// The asset id.
    pub id: MediumId,
    /// The alarm's name.
    pub alarm: Token,
}

const ALARM_SHAPE: &str = "<asset id> <alarm>";

impl fmt::Display for AlarmLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.alarm)
    }
}

impl FromStr for AlarmLine {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        let [id, alarm] = words(text, ALARM_SHAPE)?;
        Ok(AlarmLine {
            id: id.parse().map_err(|_| LineError(ALARM_SHAPE))?,
            alarm: alarm.parse().map_err(|_| LineError(ALARM_SHAPE))?,
        })
    }
}

/// `USB-0421 luks 7e1c9b2a-aaaa-4bbb-8ccc-ddddeeeeffff`: an identifier that was read
/// from a medium and changes when it is formatted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MarkLine {
    /// The asset id.
    pub id: MediumId,
    /// What it identifies and its value, as in a registration: `luks <uuid>`.
    pub mark: Phrase,
}

const MARK_SHAPE: &str = "<asset id> <kind> <letters, digits and hyphens>";
/// Longest value of a mark, in characters.
const MARK_MAX: usize = 64;

impl fmt::Display for MarkLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.mark.as_str())
    }
}

impl FromStr for MarkLine {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        let [id, kind, value] = words(text, MARK_SHAPE)?;
        let kind: Token = kind.parse().map_err(|_| LineError(MARK_SHAPE))?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if value.len() > MARK_MAX || !value.bytes().all(plain) {
            return Err(LineError(MARK_SHAPE));
        }
        Ok(MarkLine {
            id: id.parse().map_err(|_| LineError(MARK_SHAPE))?,
            mark: format!("{kind} {value}").parse().map_err(|_| LineError(MARK_SHAPE))?,
        })
    }
}

/// `USB-0421 7e1c9b2a-aaaa-4bbb-8ccc-ddddeeeeffff 12`: how often the LUKS2 header of
/// that volume had been written when it was read. The number only ever grows, so a
/// lower one is an older copy of the header.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SequenceLine {
    /// The asset id.
    pub id: MediumId,
    /// UUID of the LUKS volume, in lower case.
    pub volume: Token,
    /// The sequence id, the higher one of the two headers.
    pub number: u64,
}

const SEQUENCE_SHAPE: &str = "<asset id> <LUKS UUID> <number>";

impl fmt::Display for SequenceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.id, self.volume, self.number)
    }
}

impl FromStr for SequenceLine {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        let [id, volume, number] = words(text, SEQUENCE_SHAPE)?;
        Ok(SequenceLine {
            id: id.parse().map_err(|_| LineError(SEQUENCE_SHAPE))?,
            volume: volume.parse().map_err(|_| LineError(SEQUENCE_SHAPE))?,
            number: parse_number(number).ok_or(LineError(SEQUENCE_SHAPE))?,
        })
    }
}

/// `USB-0421 <base64 hash>`: SHA-256 of the token file that was written on that medium.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenLine {
    /// The asset id.
    pub id: MediumId,
    /// Of the file's 512 bytes.
    pub hash: Hash,
}

const TOKEN_SHAPE: &str = "<asset id> <base64 hash>";

impl fmt::Display for TokenLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.hash)
    }
}

impl FromStr for TokenLine {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        let [id, hash] = words(text, TOKEN_SHAPE)?;
        Ok(TokenLine {
            id: id.parse().map_err(|_| LineError(TOKEN_SHAPE))?,
            hash: hash.parse().map_err(|_| LineError(TOKEN_SHAPE))?,
        })
    }
}

/// `1041 <base64 root>`: the newest checkpoint the signers knew. Signing a
/// statement signs this head of the log along with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seen {
    /// Number of entries of the tree.
    pub size: u64,
    /// Its RFC 6962 root.
    pub root: Hash,
}

const SEEN_HEAD_SHAPE: &str = "<number of entries> <base64 root>";

impl Spelled for Seen {
    fn spell(&self, out: &mut impl fmt::Write) -> fmt::Result {
        write!(out, "{} ", self.size)?;
        self.root.spell(out)
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spell(f)
    }
}

impl FromStr for Seen {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        let [size, root] = words(text, SEEN_HEAD_SHAPE)?;
        Ok(Seen {
            size: parse_number(size).ok_or(LineError(SEEN_HEAD_SHAPE))?,
            root: root.parse().map_err(|_| LineError(SEEN_HEAD_SHAPE))?,
        })
    }
}

/// `17 <base64 leaf hash>`: one entry of this log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EntryRef {
    /// Index of the entry, counted from 0.
    pub index: u64,
    /// Its leaf hash.
    pub leaf: Hash,
}

const ENTRY_SHAPE: &str = "<entry index> <base64 leaf hash>";

impl fmt::Display for EntryRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.index, self.leaf)
    }
}

impl FromStr for EntryRef {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        let [index, leaf] = words(text, ENTRY_SHAPE)?;
        Ok(EntryRef {
            index: parse_number(index).ok_or(LineError(ENTRY_SHAPE))?,
            leaf: leaf.parse().map_err(|_| LineError(ENTRY_SHAPE))?,
        })
    }
}

/// 16 random bytes that make two otherwise equal statements differ, and by which
/// a writer that lost its answer finds out whether the entry was taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Nonce(pub [u8; 16]);

impl Spelled for Nonce {
    fn spell(&self, out: &mut impl fmt::Write) -> fmt::Result {
        base64::write(&self.0, out)
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spell(f)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Nonce {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        base64::decode(text).map(Nonce).ok_or(LineError("base64 of 16 bytes"))
    }
}
