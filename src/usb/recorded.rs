//! Devices from a file: for tests, tours, bug reports and machines without USB.
//!
//! # Format `custody-bus/v1`
//!
//! One JSON object, UTF-8, at most 4 MiB:
//!
//! ```json
//! {
//!   "format": "custody-bus/v1",
//!   "origin": "how the file came to be, one line",
//!   "frames": [
//!     { "label": "plugged", "devices": [
//!       { "position": "1-4.2", "id": "0951:1666", "speed": "high",
//!         "descriptors": "1201…", "manufacturer": {"read": "Kingston"},
//!         "product": "absent", "serial": "unread", "luns": {"read": []} } ] }
//!   ]
//! }
//! ```
//!
//! A *frame* is one moment; several frames let a tour plug and unplug. The
//! devices are [`Observation`]s, with the raw descriptors in hexadecimal, so
//! that conclusions are drawn anew by whatever version reads the file.
//!
//! Reading is strict: an unknown or repeated field, a repeated label, position
//! or block device or a number out of range refuses the whole file. What a
//! device says may be nonsense, down to descriptors that name other numbers
//! than `id`: showing that is what a recording is for.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::hardware::{MAX_SERIAL_UNITS, Reading};
use crate::model::printable::{must_be_escaped, printable};

use super::observation::{Observation, ObservedLun, Units};
use super::{Bus, BusError, Device, Source};

/// The first field of every recording.
pub const FORMAT: &str = "custody-bus/v1";
/// The largest file read, in bytes.
pub const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// The most devices in one frame.
pub const MAX_DEVICES: usize = 1_024;
/// The most frames in one file.
pub const MAX_FRAMES: usize = 64;

/// The limits within one device.
const MAX_DESCRIPTOR_BYTES: usize = 65_536;
const MAX_LUNS: usize = 64;
const MAX_PARTITIONS: usize = 256;
const MAX_INQUIRY: usize = 64;

/// A recording, read and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    format: String,
    origin: String,
    frames: Vec<Frame>,
}

/// One moment of a bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// What to call the moment: 1 to 40 of `a` to `z`, `0` to `9` and `-`.
    pub label: String,
    /// What was plugged in then, in order of position.
    pub devices: Vec<Observation>,
}

/// Why a file is not a recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file could not be read.
    #[error("{} could not be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The file is larger than 4 MiB.
    #[error("a recording has at most {MAX_BYTES} bytes")]
    TooLarge,
    /// Not JSON, or not of this shape. The text names line and column.
    #[error("not a {FORMAT} recording")]
    Shape(#[source] serde_json::Error),
    /// The first field names another format.
    #[error("the format is {found:?}, this program reads {FORMAT}")]
    Format {
        /// What the file says, escaped and shortened.
        found: String,
    },
    /// A rule is broken.
    #[error("{place}: {rule}")]
    Rule {
        /// Where: the frame and, if in a device, its position.
        place: String,
        /// Which rule.
        rule: &'static str,
    },
    /// There is no such frame.
    #[error("no frame {wanted:?}; there are: {}", known.join(", "))]
    NoFrame {
        /// The label asked for, escaped and shortened.
        wanted: String,
        /// The labels there are.
        known: Vec<String>,
    },
}

impl Recording {
    /// A recording of frames made in this program.
    ///
    /// # Errors
    ///
    /// When the frames break a rule of the format, for example by two frames
    /// of one label.
    pub fn new(origin: &str, frames: Vec<Frame>) -> Result<Self, RecordingError> {
        let recording = Self { format: FORMAT.to_owned(), origin: printable(origin, 400), frames };
        recording.check()?;
        Ok(recording)
    }

    /// Reads and checks the bytes of a file.
    ///
    /// # Errors
    ///
    /// See [`RecordingError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordingError> {
        if u64::try_from(bytes.len()).map_or(true, |length| length > MAX_BYTES) {
            return Err(RecordingError::TooLarge);
        }
        let recording: Self = serde_json::from_slice(bytes).map_err(RecordingError::Shape)?;
        recording.check()?;
        Ok(recording)
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// See [`RecordingError`].
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        let failed = |source| RecordingError::Read { path: path.to_path_buf(), source };
        let mut bytes = Vec::new();
        // One byte more than allowed tells a large file from a full one.
        File::open(path)
            .map_err(failed)?
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        Self::parse(&bytes)
    }

    /// The bytes of the file, ending in a line feed. [`Recording::parse`] gives
    /// the same recording back.
    ///
    /// # Errors
    ///
    /// When the recording would be larger than a file may be.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RecordingError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(RecordingError::Shape)?;
        bytes.push(b'\n');
        if u64::try_from(bytes.len()).map_or(true, |length| length > MAX_BYTES) {
            return Err(RecordingError::TooLarge);
        }
        Ok(bytes)
    }

    /// The recording of the one frame called `label`.
    ///
    /// # Errors
    ///
    /// When there is no frame of that label.
    pub fn only(mut self, label: &str) -> Result<Self, RecordingError> {
        RecordedBus::frame(&self, Some(label))?;
        self.frames.retain(|frame| frame.label == label);
        Ok(self)
    }

    /// How the file came to be, in its own words.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The frames in order; never empty.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Every rule that the shape alone does not hold.
    fn check(&self) -> Result<(), RecordingError> {
        if self.format != FORMAT {
            return Err(RecordingError::Format { found: printable(&self.format, 40) });
        }
        let file =
            |holds: bool, rule: &'static str| require(holds, || "recording".to_owned(), rule);
        file(!self.frames.is_empty(), "there is at least one frame")?;
        file(self.frames.len() <= MAX_FRAMES, "there are at most 64 frames")?;
        file(
            self.origin.chars().count() <= 400 && !self.origin.chars().any(must_be_escaped),
            "origin is one line of at most 400 characters",
        )?;
        let mut labels = BTreeSet::new();
        for frame in &self.frames {
            file(is_label(&frame.label), "a label is 1 to 40 of a-z, 0-9 and -")?;
            file(labels.insert(&frame.label), "every label is used once")?;
            frame.check()?;
        }
        Ok(())
    }
}

impl Frame {
    /// A frame of what a bus shows now, to be recorded.
    #[must_use]
    pub fn of(label: &str, devices: &[Device]) -> Self {
        let devices = devices.iter().map(|device| device.observed.clone()).collect();
        Self { label: label.to_owned(), devices }
    }

    fn check(&self) -> Result<(), RecordingError> {
        let place = || format!("frame {}", self.label);
        require(self.devices.len() <= MAX_DEVICES, place, "a frame has at most 1,024 devices")?;
        let mut blocks = BTreeSet::new();
        for (device, next) in self.devices.iter().zip(self.devices.iter().skip(1)) {
            require(
                device.position < next.position,
                place,
                "devices are in order of position, each position once",
            )?;
        }
        for device in &self.devices {
            let place = || format!("frame {}, device {}", self.label, device.position);
            check_device(device, &place)?;
            let units = device.luns.value().into_iter().flatten();
            for block in units.filter_map(|unit| unit.block.as_ref()) {
                let fresh = blocks.insert(&block.name)
                    && block.partitions.iter().all(|partition| blocks.insert(&partition.name));
                require(fresh, place, "every block device and partition is named once")?;
            }
        }
        Ok(())
    }
}

fn require(
    holds: bool,
    place: impl Fn() -> String,
    rule: &'static str,
) -> Result<(), RecordingError> {
    if holds { Ok(()) } else { Err(RecordingError::Rule { place: place(), rule }) }
}

fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&text.len()) && text.bytes().all(allowed)
}

/// The rules for one device.
fn check_device(device: &Observation, place: &impl Fn() -> String) -> Result<(), RecordingError> {
    require(
        device.descriptors.len() <= MAX_DESCRIPTOR_BYTES,
        place,
        "descriptors have at most 65,536 bytes",
    )?;
    for text in [&device.manufacturer, &device.product, &device.serial] {
        let fits = !matches!(text, Reading::Read(Units(units)) if units.len() > MAX_SERIAL_UNITS);
        require(fits, place, "a string has at most 126 UTF-16 units")?;
    }
    let units = device.luns.value().map_or(&[][..], Vec::as_slice);
    require(units.len() <= MAX_LUNS, place, "a device has at most 64 logical units")?;
    units.iter().try_for_each(|unit| check_unit(unit, place))
}

/// The rules for one logical unit.
fn check_unit(unit: &ObservedLun, place: &impl Fn() -> String) -> Result<(), RecordingError> {
    let short = |text: &String| text.chars().count() <= MAX_INQUIRY;
    require(
        short(&unit.vendor) && short(&unit.model) && short(&unit.revision),
        place,
        "an INQUIRY field has at most 64 characters",
    )?;
    require(unit.kind.is_none_or(|kind| kind < 32), place, "a peripheral device type is 0 to 31")?;
    let Some(block) = &unit.block else {
        return Ok(());
    };
    require(
        block.partitions.len() <= MAX_PARTITIONS,
        place,
        "a block device has at most 256 partitions",
    )?;
    require(
        block.logical_block_bytes.is_none_or(|size| size.is_power_of_two() && size >= 512),
        place,
        "a logical block is a power of two and at least 512 bytes",
    )
}

/// One frame of a recording, as a bus.
#[derive(Debug, Clone)]
pub struct RecordedBus {
    name: String,
    devices: Vec<Observation>,
}

impl RecordedBus {
    /// Opens a file at its first frame.
    ///
    /// # Errors
    ///
    /// See [`RecordingError`].
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        Self::frame(&Recording::read(path)?, None)
    }

    /// The frame called `label`, or the first one.
    ///
    /// # Errors
    ///
    /// When there is no frame of that label.
    pub fn frame(recording: &Recording, label: Option<&str>) -> Result<Self, RecordingError> {
        let wanted = recording
            .frames
            .iter()
            .find(|frame| label.is_none_or(|label| frame.label == label))
            .ok_or_else(|| RecordingError::NoFrame {
                wanted: printable(label.unwrap_or_default(), 40),
                known: recording.frames.iter().map(|frame| frame.label.clone()).collect(),
            })?;
        Ok(Self {
            name: format!("recording, frame {}", wanted.label),
            devices: wanted.devices.clone(),
        })
    }
}

impl Bus for RecordedBus {
    fn name(&self) -> &str {
        &self.name
    }

    fn list(&self) -> Result<Vec<Device>, BusError> {
        let device = |seen: &Observation| Device::from_observation(seen.clone(), Source::Recorded);
        Ok(self.devices.iter().map(device).collect())
    }
}
