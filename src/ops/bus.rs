//! Which bus is looked at, and which of its devices is meant.

use std::path::{Path, PathBuf};

use super::error::{DeviceChoice, OpsError};
use crate::model::{MediumLine, UnknownLine};
use crate::usb::recorded::{Frame, RecordedBus, Recording};
use crate::usb::{self, Bus, Device, SerialReading};

/// The bus to look at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum BusChoice {
    /// This machine's: sysfs on Linux, else libusb.
    #[default]
    System,
    /// libusb, the portable path.
    Libusb,
    /// sysfs, and an error where there is none.
    Sysfs,
    /// A recording, at its first frame or a named one.
    Recording(PathBuf, Option<String>),
}

impl std::str::FromStr for BusChoice {
    type Err = std::convert::Infallible;

    /// `libusb`, `sysfs`, `FILE.json` or `FILE.json#frame`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "system" => BusChoice::System,
            "libusb" => BusChoice::Libusb,
            "sysfs" => BusChoice::Sysfs,
            _ => match text.rsplit_once('#') {
                Some((file, frame)) => BusChoice::Recording(file.into(), Some(frame.to_owned())),
                None => BusChoice::Recording(text.into(), None),
            },
        })
    }
}

impl BusChoice {
    /// Opens it.
    ///
    /// # Errors
    /// A recording that cannot be read or has no such frame.
    pub fn open(&self) -> Result<Box<dyn Bus>, OpsError> {
        Ok(match self {
            BusChoice::System => usb::system(),
            BusChoice::Libusb => Box::new(usb::libusb::Libusb),
            BusChoice::Sysfs => Box::new(usb::sysfs::Sysfs::default()),
            BusChoice::Recording(path, frame) => {
                let recording = Recording::read(path).map_err(usb::BusError::from)?;
                Box::new(
                    RecordedBus::frame(&recording, frame.as_deref())
                        .map_err(usb::BusError::from)?,
                )
            }
        })
    }

    /// What it shows in the end: of a recording its last frame, unless one is named.
    ///
    /// # Errors
    /// A recording that cannot be read.
    pub fn in_the_end(&self) -> Result<BusChoice, OpsError> {
        let BusChoice::Recording(path, None) = self else { return Ok(self.clone()) };
        let recording = Recording::read(path).map_err(usb::BusError::from)?;
        let last = recording.frames().last().map(|frame| frame.label.clone());
        Ok(BusChoice::Recording(path.clone(), last))
    }

    /// Whether what it shows was recorded and is not attached now.
    pub fn is_recorded(&self) -> bool {
        matches!(self, BusChoice::Recording(..))
    }
}

/// Writes what a bus shows into a recording.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn record(devices: &[Device], origin: &str, file: &Path) -> Result<(), OpsError> {
    let recording =
        Recording::new(origin, vec![Frame::of("now", devices)]).map_err(usb::BusError::from)?;
    let bytes = recording.to_bytes().map_err(usb::BusError::from)?;
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut out| std::io::Write::write_all(&mut out, &bytes))
        .map_err(|error| OpsError::file("cannot write", file, error))
}

/// The devices that can hold a medium.
///
/// # Errors
/// When the bus cannot be read.
pub fn drives(bus: &dyn Bus) -> Result<Vec<Device>, OpsError> {
    Ok(bus.list()?.into_iter().filter(Device::is_removable_medium).collect())
}

/// What the device says of itself, as statements write it.
pub fn identity_line(device: &Device) -> Option<UnknownLine> {
    match &device.serial {
        SerialReading::Read(serial) => {
            Some(UnknownLine { vid_pid: device.id, serial: serial.clone() })
        }
        SerialReading::Unread => None,
    }
}

/// Whether the device says of itself what this line of a medium says.
pub fn answers_to(device: &Device, medium: &MediumLine) -> bool {
    identity_line(device)
        .is_some_and(|line| (line.vid_pid, &line.serial) == (medium.vid_pid, &medium.serial))
}

/// The one drive meant: the only one there, or the one whose position, serial or
/// block device is `wanted`.
///
/// # Errors
/// [`DeviceChoice`] when that is none or more than one.
pub fn choose<'a>(drives: &'a [Device], wanted: Option<&str>) -> Result<&'a Device, OpsError> {
    let matches = |device: &&Device| match wanted {
        None => true,
        Some(wanted) => {
            device.position.to_string() == wanted
                || device.serial.value().is_some_and(|serial| serial.as_str() == wanted)
                || device.blocks.iter().any(|block| {
                    let name = block.name.to_string();
                    name == wanted || wanted.strip_prefix("/dev/") == Some(name.as_str())
                })
        }
    };
    let found: Vec<&Device> = drives.iter().filter(matches).collect();
    match (found.as_slice(), wanted) {
        ([device], _) => Ok(device),
        ([], None) => Err(DeviceChoice::None.into()),
        ([], Some(wanted)) => Err(DeviceChoice::NoMatch(wanted.to_owned()).into()),
        (several, Some(_))
            if several.iter().all(|d| d.id == several[0].id && d.serial == several[0].serial) =>
        {
            let identity = format!("{} {}", several[0].id, several[0].serial);
            let positions = several.iter().map(|device| device.position.to_string()).collect();
            Err(DeviceChoice::IdentityTwice { identity, positions }.into())
        }
        (several, _) => {
            let names =
                several.iter().map(|d| format!("{} ({} {})", d.position, d.id, d.serial)).collect();
            Err(DeviceChoice::Several(names).into())
        }
    }
}
