//! One device with everything concluded from what it showed.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::hardware::{
    Capacity, DeviceText, Interface, Lun, Profile, Reading, Release, Serial, VidPid,
};

use super::descriptors::{self, Descriptors};
use super::observation::{BlockName, Observation, ObservedLun, Partition, Position, Speed};
use super::oddity::{self, Oddity};

/// Where an observation came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// Linux sysfs.
    Sysfs,
    /// libusb.
    Libusb,
    /// A recording file.
    Recorded,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sysfs => "sysfs",
            Self::Libusb => "libusb",
            Self::Recorded => "recording",
        })
    }
}

/// What is known of a serial number. Deliberately not an `Option`: "not
/// readable" must never be taken for "has none".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SerialReading {
    /// The device was read; [`Serial::none`] if it has no serial.
    Read(Serial),
    /// The device names a serial that could not be read here, for want of
    /// permission or because the device did not answer.
    Unread,
}

impl SerialReading {
    /// The serial, if it was read.
    #[must_use]
    pub const fn value(&self) -> Option<&Serial> {
        match self {
            Self::Read(serial) => Some(serial),
            Self::Unread => None,
        }
    }
}

impl fmt::Display for SerialReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(serial) => serial.fmt(f),
            Self::Unread => f.write_str("(not readable)"),
        }
    }
}

/// A block device behind a USB device, with the name its unit gives itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockDevice {
    /// Its name, such as `sda`.
    pub name: BlockName,
    /// The logical unit it belongs to.
    pub lun: u64,
    /// INQUIRY vendor identification.
    pub vendor: DeviceText,
    /// INQUIRY product identification.
    pub model: DeviceText,
    /// Size in bytes; 0 when the slot is empty, `None` when not readable.
    pub size_bytes: Option<u64>,
    /// Logical block size in bytes.
    pub logical_block_bytes: Option<u32>,
    /// Whether the unit says its medium can be taken out.
    pub removable: bool,
    /// Whether the operating system holds it read-only.
    pub read_only: bool,
    /// The partitions the operating system found, in order of number.
    pub partitions: Vec<Partition>,
}

impl BlockDevice {
    /// Whether there is a medium to read: a known size above zero.
    #[must_use]
    pub fn has_medium(&self) -> bool {
        self.size_bytes.is_some_and(|size| size > 0)
    }
}

/// One device on a bus. Every text in it is escaped and fit to be shown, apart
/// from [`Device::observed`], which is raw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Where it is plugged in.
    pub position: Position,
    /// Vendor and product number.
    pub id: VidPid,
    /// Serial number, canonical.
    pub serial: SerialReading,
    /// Interfaces, strings, logical units: what is watched for drift.
    pub profile: Profile,
    /// Its block devices, in order of logical unit.
    pub blocks: Vec<BlockDevice>,
    /// The negotiated speed.
    pub speed: Speed,
    /// What is unusual about it, in a fixed order.
    pub oddities: Vec<Oddity>,
    /// Where it was seen.
    pub source: Source,
    /// The raw facts all of this was concluded from; hostile, not for display.
    pub observed: Observation,
}

impl Device {
    /// Concludes everything from raw facts. Pure, so that a recording gives the
    /// same device as the bus it was made on.
    #[must_use]
    pub fn from_observation(observed: Observation, source: Source) -> Self {
        let parsed = descriptors::parse(&observed.descriptors);
        let serial = match &observed.serial {
            Reading::Read(units) => SerialReading::Read(Serial::from_utf16(&units.0)),
            Reading::Absent => SerialReading::Read(Serial::none()),
            Reading::Unread => SerialReading::Unread,
        };
        let profile = profile_of(&observed, &parsed);
        let blocks = blocks_of(&observed);
        let oddities = oddity::find(&observed, &parsed, &serial, &profile);
        Self {
            position: observed.position.clone(),
            id: observed.id,
            serial,
            profile,
            blocks,
            speed: observed.speed,
            oddities,
            source,
            observed,
        }
    }

    /// Whether this is or may hold a removable medium: it has a storage
    /// interface (UAS included), or a block device behind a vendor interface,
    /// as some card readers have.
    #[must_use]
    pub fn is_removable_medium(&self) -> bool {
        self.profile.interfaces.iter().any(|interface| interface.is_storage())
            || !self.blocks.is_empty()
    }

    /// The raw UTF-16 units of the serial, where one was read.
    #[must_use]
    pub fn raw_serial(&self) -> Option<&[u16]> {
        self.observed.serial.value().map(|units| units.0.as_slice())
    }

    /// How the device calls itself, `Kingston DataTraveler 3.0`; the two
    /// numbers when it says nothing. A claim, as all names here.
    #[must_use]
    pub fn claimed_name(&self) -> String {
        let words: Vec<&str> = [&self.profile.manufacturer, &self.profile.product]
            .into_iter()
            .filter_map(|text| text.value())
            .map(DeviceText::as_str)
            .filter(|text| !text.is_empty())
            .collect();
        if words.is_empty() { self.id.to_string() } else { words.join(" ") }
    }
}

/// The profile of a device.
fn profile_of(observed: &Observation, parsed: &Descriptors) -> Profile {
    let text = |units: &super::Units| DeviceText::from_utf16(&units.0);
    let interfaces: BTreeSet<Interface> = parsed
        .configurations
        .iter()
        .flat_map(|configuration| configuration.settings.iter().map(|setting| setting.interface))
        .collect();
    let counted = u8::try_from(parsed.configurations.len()).unwrap_or(u8::MAX);
    Profile {
        release: Release(parsed.device.map_or(0, |device| device.release)),
        manufacturer: observed.manufacturer.clone().map(|units| text(&units)),
        product: observed.product.clone().map(|units| text(&units)),
        interfaces,
        configurations: parsed.device.map_or(counted, |device| device.configurations),
        luns: observed.luns.clone().map(|luns| luns.iter().map(lun_of).collect()),
    }
}

/// A logical unit without its block device's details.
fn lun_of(observed: &ObservedLun) -> Lun {
    let size = observed.block.as_ref().and_then(|block| block.size_bytes);
    Lun {
        number: observed.number,
        vendor: DeviceText::from_text(&observed.vendor),
        model: DeviceText::from_text(&observed.model),
        revision: DeviceText::from_text(&observed.revision),
        kind: observed.kind,
        // An empty slot shows size 0, which is the absence of a medium and not
        // a medium of no bytes.
        capacity: size.filter(|bytes| *bytes > 0).map(Capacity::from_bytes),
    }
}

/// The block devices of all logical units.
fn blocks_of(observed: &Observation) -> Vec<BlockDevice> {
    let luns = observed.luns.value().map_or(&[][..], Vec::as_slice);
    luns.iter()
        .filter_map(|lun| {
            let block = lun.block.as_ref()?;
            Some(BlockDevice {
                name: block.name.clone(),
                lun: lun.number,
                vendor: DeviceText::from_text(&lun.vendor),
                model: DeviceText::from_text(&lun.model),
                size_bytes: block.size_bytes,
                logical_block_bytes: block.logical_block_bytes,
                removable: block.removable,
                read_only: block.read_only,
                partitions: block.partitions.clone(),
            })
        })
        .collect()
}
