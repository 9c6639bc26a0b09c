//! Raw facts about one device, before anything is concluded from them.
//!
//! This is also what a recording stores, so the types here are a file format:
//! see [`recorded`](super::recorded) for the rules a file must keep.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::model::hardware::{Reading, VidPid};

/// One device as a bus showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Where it is plugged in.
    pub position: Position,
    /// Vendor and product number as the operating system states them.
    pub id: VidPid,
    /// The negotiated speed.
    pub speed: Speed,
    /// Device descriptor followed by every configuration descriptor with all
    /// that belongs to it, as in the sysfs file `descriptors`. Lower-case
    /// hexadecimal in a recording.
    #[serde(with = "hexadecimal")]
    pub descriptors: Vec<u8>,
    /// The manufacturer string.
    pub manufacturer: Reading<Units>,
    /// The product string.
    pub product: Reading<Units>,
    /// The serial string. `Absent` only if the device names no such string.
    pub serial: Reading<Units>,
    /// The logical units the operating system found behind it.
    pub luns: Reading<Vec<ObservedLun>>,
}

/// One logical unit with its INQUIRY fields, not yet trimmed or escaped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservedLun {
    /// Logical unit number.
    pub number: u64,
    /// INQUIRY vendor identification.
    pub vendor: String,
    /// INQUIRY product identification.
    pub model: String,
    /// INQUIRY product revision level.
    pub revision: String,
    /// Peripheral device type, 0 to 31; 0 is a disk, 5 an optical drive.
    pub kind: Option<u8>,
    /// The block device made from it, if any.
    pub block: Option<ObservedBlock>,
}

/// A block device of the operating system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservedBlock {
    /// Its name, such as `sda`.
    pub name: BlockName,
    /// Size in bytes; 0 when the slot is empty, `None` when not readable.
    pub size_bytes: Option<u64>,
    /// Logical block size in bytes, 512 or 4096 as a rule.
    pub logical_block_bytes: Option<u32>,
    /// Whether the unit says its medium can be taken out (the RMB bit).
    pub removable: bool,
    /// Whether the operating system holds it read-only.
    pub read_only: bool,
    /// The partitions the operating system found, in order of number.
    pub partitions: Vec<Partition>,
}

/// One partition as the operating system sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Its name, such as `sda1`.
    pub name: BlockName,
    /// Its number in the partition table, from 1.
    pub number: u32,
    /// First byte on the whole device.
    pub start_bytes: u64,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Whether the operating system holds it read-only.
    pub read_only: bool,
}

/// A position or block device name outside its grammar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a bus and a chain of ports.
    #[error("a position looks like 1-4.2: bus, then up to seven ports from 1 to 255")]
    Position,
    /// Not a block device name.
    #[error("a block device name is a lower-case letter and up to 31 letters and digits")]
    Block,
}

/// Where a device is plugged in: the bus and the chain of ports, as Linux names
/// it (`1-4.2` is bus 1, port 4, then port 2 of the hub there). It says where,
/// never which: the same drive has another position in another socket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Position {
    bus: u16,
    ports: Vec<u8>,
}

/// USB 2.0, 4.1.1: seven tiers, the first being the root hub. One is spare,
/// because some root hubs are shown with a port of their own.
const MAX_PORTS: usize = 7;

impl Position {
    /// A position from its numbers.
    ///
    /// # Errors
    ///
    /// When there is no port, more than seven, or a bus or port of 0.
    pub fn new(bus: u16, ports: &[u8]) -> Result<Self, NameError> {
        let in_range = bus > 0 && !ports.is_empty() && ports.len() <= MAX_PORTS;
        if in_range && ports.iter().all(|port| *port > 0) {
            Ok(Self { bus, ports: ports.to_vec() })
        } else {
            Err(NameError::Position)
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports: Vec<String> = self.ports.iter().map(u8::to_string).collect();
        write!(f, "{}-{}", self.bus, ports.join("."))
    }
}

impl FromStr for Position {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (bus, ports) = text.split_once('-').ok_or(NameError::Position)?;
        let bus = bus.parse().map_err(|_| NameError::Position)?;
        let ports: Result<Vec<u8>, _> =
            ports.split('.').take(MAX_PORTS + 1).map(str::parse).collect();
        let position = Self::new(bus, &ports.map_err(|_| NameError::Position)?)?;
        // `parse` also takes "+1" and "01"; one place has one name.
        if position.to_string() == text { Ok(position) } else { Err(NameError::Position) }
    }
}

impl From<Position> for String {
    fn from(position: Position) -> Self {
        position.to_string()
    }
}

impl TryFrom<String> for Position {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// The name of a block device: `sda`, `sda1`, `sr0`, `mmcblk0p1`. The narrow
/// grammar (a lower-case letter, then at most 31 lower-case letters and digits)
/// makes it safe to join to `/dev`, even when it came from a recording.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlockName(String);

impl BlockName {
    /// The name alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The device node, `/dev/sda`. Nothing is opened here.
    #[must_use]
    pub fn node(&self) -> PathBuf {
        PathBuf::from("/dev").join(&self.0)
    }
}

impl fmt::Display for BlockName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BlockName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let rest = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if first && rest && text.len() <= 32 {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Block)
        }
    }
}

impl From<BlockName> for String {
    fn from(name: BlockName) -> Self {
        name.0
    }
}

impl TryFrom<String> for BlockName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Signalling rate (USB 2.0 and 3.2). It belongs to the socket and cable as
/// much as to the drive, so it is shown and not watched for drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speed {
    /// Not stated.
    Unknown,
    /// 1.5 Mbit/s.
    Low,
    /// 12 Mbit/s.
    Full,
    /// 480 Mbit/s.
    High,
    /// 5 Gbit/s.
    Super,
    /// 10 Gbit/s.
    SuperPlus,
    /// 20 Gbit/s.
    SuperPlusBy2,
}

impl Speed {
    /// From megabits per second as sysfs writes them.
    #[must_use]
    pub fn from_megabits(text: &str) -> Self {
        match text {
            "1.5" => Self::Low,
            "12" => Self::Full,
            "480" => Self::High,
            "5000" => Self::Super,
            "10000" => Self::SuperPlus,
            "20000" => Self::SuperPlusBy2,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown speed",
            Self::Low => "1.5 Mbit/s",
            Self::Full => "12 Mbit/s",
            Self::High => "480 Mbit/s",
            Self::Super => "5 Gbit/s",
            Self::SuperPlus => "10 Gbit/s",
            Self::SuperPlusBy2 => "20 Gbit/s",
        })
    }
}

/// The UTF-16 units of a string descriptor, kept raw. In a recording they are
/// plain text, or `{"utf16": "00d8…"}` (little-endian, hexadecimal) when an
/// unpaired surrogate means that no text can hold them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenUnits", into = "WrittenUnits")]
pub struct Units(pub Vec<u16>);

impl Units {
    /// The units of a text.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.encode_utf16().collect())
    }
}

/// How [`Units`] are written in a file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WrittenUnits {
    Text(String),
    Raw(RawUnits),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUnits {
    #[serde(with = "hexadecimal")]
    utf16: Vec<u8>,
}

impl From<WrittenUnits> for Units {
    fn from(written: WrittenUnits) -> Self {
        match written {
            WrittenUnits::Text(text) => Self::from_text(&text),
            WrittenUnits::Raw(raw) => Self(
                raw.utf16
                    .chunks(2)
                    .map(|pair| match pair {
                        [low, high] => u16::from_le_bytes([*low, *high]),
                        // Half a unit at the end of a hostile file.
                        _ => 0xfffd,
                    })
                    .collect(),
            ),
        }
    }
}

impl From<Units> for WrittenUnits {
    fn from(units: Units) -> Self {
        match String::from_utf16(&units.0) {
            Ok(text) => Self::Text(text),
            Err(_) => Self::Raw(RawUnits {
                utf16: units.0.iter().flat_map(|u| u.to_le_bytes()).collect(),
            }),
        }
    }
}

/// Bytes as lower-case hexadecimal in serde.
mod hexadecimal {
    use super::HEXLOWER;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&HEXLOWER.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        HEXLOWER
            .decode(text.as_bytes())
            .map_err(|_| D::Error::custom("expected pairs of lower-case hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_strict() {
        for good in ["1-4", "1-4.2", "2-1.1.1.1.1.1.1", "11-255"] {
            assert_eq!(good.parse::<Position>().unwrap().to_string(), good);
        }
        for wrong in [
            "",
            "1",
            "1-",
            "-1",
            "1-0",
            "0-1",
            "1-4.",
            "1-04",
            "+1-4",
            "1-4/..",
            "1-4:1.0",
            "usb1",
            "1-256",
            "1-1.1.1.1.1.1.1.1",
            "../1-4",
        ] {
            assert!(wrong.parse::<Position>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn positions_sort_by_number() {
        let early: Position = "1-2".parse().unwrap();
        let late: Position = "1-10".parse().unwrap();
        assert!(early < late);
    }

    #[test]
    fn block_names_cannot_leave_dev() {
        assert_eq!(
            "mmcblk0p1".parse::<BlockName>().unwrap().node(),
            PathBuf::from("/dev/mmcblk0p1")
        );
        for wrong in ["", "../sda", "sd a", "SDA", "0sda", "sda/1", "s\u{0}", &"a".repeat(33)] {
            assert!(wrong.parse::<BlockName>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn units_are_text_where_text_can_hold_them() {
        let plain = Units::from_text("1C6F");
        assert_eq!(serde_json::to_string(&plain).unwrap(), "\"1C6F\"");
        let broken = Units(vec![0xd800, 0x41]);
        let json = serde_json::to_string(&broken).unwrap();
        assert_eq!(json, "{\"utf16\":\"00d84100\"}");
        assert_eq!(serde_json::from_str::<Units>(&json).unwrap(), broken);
    }
}
