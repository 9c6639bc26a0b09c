//! A bounded reader for USB descriptors (USB 2.0, 9.5 and 9.6).
//!
//! The bytes come from a device that may be hostile or broken, or from a
//! recording that anyone may have edited. The reader takes what it
//! understands, lists what was wrong and never stops the program.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::hardware::{Interface, VidPid};

/// Bytes looked at; the kernel's own limit for one configuration is 65,535.
pub const MAX_BYTES: usize = 65_536;
/// Configurations kept; the Linux kernel keeps as many (`USB_MAXCONFIG`).
pub const MAX_CONFIGURATIONS: usize = 8;
/// Interface descriptors kept in each configuration, alternate settings
/// included. Real storage devices have one to four.
pub const MAX_SETTINGS: usize = 256;

const DEVICE: u8 = 1;
const CONFIGURATION: u8 = 2;
const INTERFACE: u8 = 4;

/// What was understood, and what was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Descriptors {
    /// The device descriptor, if there was a whole one.
    pub device: Option<DeviceDescriptor>,
    /// The configurations in order.
    pub configurations: Vec<Configuration>,
    /// Everything wrong, in order of kind, each once.
    pub faults: BTreeSet<Fault>,
}

/// The fields of a device descriptor that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceDescriptor {
    /// `idVendor` and `idProduct`.
    pub id: VidPid,
    /// `bDeviceClass`, subclass and protocol; class 0 leaves it to the
    /// interfaces.
    pub class: Interface,
    /// `bcdDevice`.
    pub release: u16,
    /// `iManufacturer`; 0 for none.
    pub manufacturer_index: u8,
    /// `iProduct`; 0 for none.
    pub product_index: u8,
    /// `iSerialNumber`; 0 for none.
    pub serial_index: u8,
    /// `bNumConfigurations`.
    pub configurations: u8,
}

/// One configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configuration {
    /// `bConfigurationValue`.
    pub value: u8,
    /// Its interfaces with their alternate settings, in order.
    pub settings: Vec<Setting>,
}

/// One alternate setting of one interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// `bInterfaceNumber`.
    pub number: u8,
    /// `bAlternateSetting`.
    pub alternate: u8,
    /// Its class, subclass and protocol.
    pub interface: Interface,
}

/// Something wrong with the descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// There are no bytes at all.
    Empty,
    /// The device descriptor is cut off or is not one.
    DeviceBroken,
    /// A configuration is cut off, too short or is not one.
    ConfigurationBroken,
    /// A configuration claims more bytes than there are.
    ConfigurationTooLong,
    /// A descriptor inside a configuration has an impossible length.
    LengthImpossible,
    /// An interface descriptor is too short to be one.
    InterfaceShort,
    /// A device or configuration descriptor inside a configuration.
    Nested,
    /// The number of configurations is not the number announced.
    ConfigurationCount,
    /// The number of interfaces is not the number announced.
    InterfaceCount,
    /// More configurations, interfaces or bytes than are read.
    TooMany,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "no descriptors",
            Self::DeviceBroken => "broken device descriptor",
            Self::ConfigurationBroken => "broken configuration descriptor",
            Self::ConfigurationTooLong => "configuration descriptor longer than what was sent",
            Self::LengthImpossible => "descriptor with an impossible length",
            Self::InterfaceShort => "interface descriptor too short",
            Self::Nested => "descriptor in a place where it cannot be",
            Self::ConfigurationCount => "number of configurations is not the announced one",
            Self::InterfaceCount => "number of interfaces is not the announced one",
            Self::TooMany => "more descriptors than are read",
        })
    }
}

/// Reads a device descriptor and the configurations behind it, laid out as in
/// the sysfs file `descriptors`. Never fails and never panics.
#[must_use]
pub fn parse(bytes: &[u8]) -> Descriptors {
    let mut found = Descriptors::default();
    if bytes.is_empty() {
        found.faults.insert(Fault::Empty);
        return found;
    }
    let mut bytes = bytes;
    if let Some((head, _)) = bytes
        .split_at_checked(MAX_BYTES)
        .filter(|(_, tail)| !tail.is_empty())
    {
        found.faults.insert(Fault::TooMany);
        bytes = head;
    }
    let Some((first, mut rest)) = bytes.split_first_chunk::<18>() else {
        found.faults.insert(Fault::DeviceBroken);
        return found;
    };
    found.device = device(first);
    if found.device.is_none() {
        found.faults.insert(Fault::DeviceBroken);
        return found;
    }
    while !rest.is_empty() {
        if found.configurations.len() == MAX_CONFIGURATIONS {
            found.faults.insert(Fault::TooMany);
            break;
        }
        let Some((read, after)) = configuration(rest, &mut found.faults) else {
            found.faults.insert(Fault::ConfigurationBroken);
            break;
        };
        found.configurations.push(read);
        rest = after;
    }
    let announced = found
        .device
        .map_or(0, |device| usize::from(device.configurations));
    if announced != found.configurations.len() {
        found.faults.insert(Fault::ConfigurationCount);
    }
    found
}

/// The device descriptor: 18 bytes, of which the first two say so.
fn device(bytes: &[u8; 18]) -> Option<DeviceDescriptor> {
    let [
        18,
        DEVICE,
        _,
        _,
        class,
        subclass,
        protocol,
        _,
        vendor_low,
        vendor_high,
        product_low,
        product_high,
        release_low,
        release_high,
        manufacturer_index,
        product_index,
        serial_index,
        configurations,
    ] = *bytes
    else {
        return None;
    };
    Some(DeviceDescriptor {
        id: VidPid {
            vendor: u16::from_le_bytes([vendor_low, vendor_high]),
            product: u16::from_le_bytes([product_low, product_high]),
        },
        class: Interface::new(class, subclass, protocol),
        release: u16::from_le_bytes([release_low, release_high]),
        manufacturer_index,
        product_index,
        serial_index,
        configurations,
    })
}

/// One configuration and the bytes after it; `None` when its head is unusable,
/// in which case nothing after it can be found either.
fn configuration<'a>(
    bytes: &'a [u8],
    faults: &mut BTreeSet<Fault>,
) -> Option<(Configuration, &'a [u8])> {
    let [
        length,
        CONFIGURATION,
        total_low,
        total_high,
        announced,
        value,
        _,
        _,
        _,
        ..,
    ] = *bytes
    else {
        return None;
    };
    let total = usize::from(u16::from_le_bytes([total_low, total_high]));
    if length < 9 || total < usize::from(length) {
        return None;
    }
    let (own, after) = bytes.split_at_checked(total).unwrap_or_else(|| {
        faults.insert(Fault::ConfigurationTooLong);
        (bytes, &[])
    });
    let body = own.get(usize::from(length)..).unwrap_or_default();
    let settings = settings(body, faults);
    let numbers: BTreeSet<u8> = settings.iter().map(|setting| setting.number).collect();
    if numbers.len() != usize::from(announced) {
        faults.insert(Fault::InterfaceCount);
    }
    Some((Configuration { value, settings }, after))
}

/// The interface descriptors among the descriptors of a configuration.
fn settings(body: &[u8], faults: &mut BTreeSet<Fault>) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut rest = body;
    while let [length, kind, ..] = *rest {
        let length = usize::from(length);
        // A length below two would stay in place for ever.
        let (Some((own, after)), true) = (rest.split_at_checked(length), length >= 2) else {
            break;
        };
        rest = after;
        match (kind, own) {
            (INTERFACE, &[_, _, number, alternate, _, class, subclass, protocol, _, ..]) => {
                if found.len() == MAX_SETTINGS {
                    faults.insert(Fault::TooMany);
                    return found;
                }
                let interface = Interface::new(class, subclass, protocol);
                found.push(Setting {
                    number,
                    alternate,
                    interface,
                });
            }
            (INTERFACE, _) => {
                faults.insert(Fault::InterfaceShort);
            }
            (DEVICE | CONFIGURATION, _) => {
                faults.insert(Fault::Nested);
            }
            _ => {}
        }
    }
    if !rest.is_empty() {
        faults.insert(Fault::LengthImpossible);
    }
    found
}
