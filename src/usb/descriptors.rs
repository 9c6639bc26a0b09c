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
    if let Some((head, _)) = bytes.split_at_checked(MAX_BYTES).filter(|(_, tail)| !tail.is_empty())
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
    let announced = found.device.map_or(0, |device| usize::from(device.configurations));
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
    let [length, CONFIGURATION, total_low, total_high, announced, value, _, _, _, ..] = *bytes
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
                found.push(Setting { number, alternate, interface });
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

/// The UTF-16 units of a string descriptor (USB 2.0, 9.6.7), or `None` if the
/// bytes are not one.
///
/// Old firmware answers with a head of two zero bytes and the text behind it;
/// the Linux kernel repairs that (`usb_try_string_workarounds`) and so does
/// this, since otherwise one drive would have two serials on two platforms.
#[must_use]
pub fn string(bytes: &[u8]) -> Option<Vec<u16>> {
    let (head, body) = bytes.split_first_chunk::<2>()?;
    let units = |text: &[u8]| -> Vec<u16> {
        text.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect()
    };
    match *head {
        [0, 0] => {
            let mut text = units(body);
            let printable = |unit: &u16| (0x20..0x7f).contains(unit);
            text.truncate(text.iter().take_while(|unit| printable(unit)).count());
            if text.is_empty() { None } else { Some(text) }
        }
        // What follows the announced length is left over from other requests.
        [length, 3] if length >= 2 => {
            Some(units(body.get(..usize::from(length).saturating_sub(2)).unwrap_or(body)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A stick as lsusb shows thousands: one bulk-only storage interface.
    const STICK: &str = "12010002000000405109661610010102030109022000010100803209\
                         04000002080650000705810200020007050202000200";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        data_encoding::HEXLOWER.decode(&digits).unwrap()
    }

    fn stick() -> Vec<u8> {
        bytes(STICK)
    }

    #[test]
    fn a_plain_stick() {
        let read = parse(&stick());
        assert_eq!(read.faults, BTreeSet::new());
        let device = read.device.unwrap();
        assert_eq!(device.id.to_string(), "0951:1666");
        assert_eq!((device.release, device.serial_index), (0x0110, 3));
        let [configuration] = read.configurations.as_slice() else { panic!("one expected") };
        assert_eq!(configuration.settings.len(), 1);
        assert_eq!(configuration.settings[0].interface.to_string(), "08:06:50");
    }

    #[test]
    fn faults_are_named_and_the_rest_is_read() {
        let whole = stick();
        let change = |at: usize, to: u8| {
            let mut bytes = whole.clone();
            bytes[at] = to;
            parse(&bytes)
        };
        for (read, fault) in [
            (parse(&[]), Fault::Empty),
            (parse(&whole[..17]), Fault::DeviceBroken),
            (change(0, 17), Fault::DeviceBroken),
            (change(1, 2), Fault::DeviceBroken),
            (change(17, 2), Fault::ConfigurationCount),
            (change(18, 8), Fault::ConfigurationBroken),
            (change(19, 4), Fault::ConfigurationBroken),
            (change(20, 8), Fault::ConfigurationBroken),
            (change(20, 33), Fault::ConfigurationTooLong),
            (change(22, 2), Fault::InterfaceCount),
            (change(27, 0), Fault::LengthImpossible),
            (change(27, 1), Fault::LengthImpossible),
            (change(27, 200), Fault::LengthImpossible),
            (change(27, 8), Fault::InterfaceShort),
            (change(37, 2), Fault::Nested),
            (parse(&[whole.as_slice(), &[9, 9]].concat()), Fault::ConfigurationBroken),
        ] {
            assert!(read.faults.contains(&fault), "{fault:?} not in {:?}", read.faults);
        }
        // A wrong length in the last descriptor does not hide the first.
        let read = change(43, 0);
        assert_eq!(read.configurations[0].settings.len(), 1);
    }

    #[test]
    fn counts_are_capped() {
        let mut many = stick()[..18].to_vec();
        for _ in 0..20 {
            many.extend([9, 2, 9, 0, 0, 1, 0, 0x80, 50]);
        }
        let read = parse(&many);
        assert_eq!(read.configurations.len(), MAX_CONFIGURATIONS);
        assert!(read.faults.contains(&Fault::TooMany));

        let mut wide = stick()[..18].to_vec();
        let total = u16::try_from(9 + 9 * 300).unwrap().to_le_bytes();
        wide.extend([9, 2, total[0], total[1], 1, 1, 0, 0x80, 50]);
        for _ in 0..300 {
            wide.extend([9, 4, 0, 0, 0, 8, 6, 0x50, 0]);
        }
        let read = parse(&wide);
        assert_eq!(read.configurations[0].settings.len(), MAX_SETTINGS);
        assert!(read.faults.contains(&Fault::TooMany));
    }

    #[test]
    fn string_descriptors() {
        assert_eq!(string(&[6, 3, 0x41, 0, 0x42, 0]), Some(vec![0x41, 0x42]));
        // Rubbish behind the announced length, half a unit, shorter than said.
        assert_eq!(string(&[4, 3, 0x41, 0, 0x42, 0]), Some(vec![0x41]));
        assert_eq!(string(&[5, 3, 0x41, 0, 0x42]), Some(vec![0x41]));
        assert_eq!(string(&[200, 3, 0x41, 0]), Some(vec![0x41]));
        assert_eq!(string(&[2, 3]), Some(vec![]));
        assert_eq!(string(&[0, 0, 0x41, 0, 0x42, 0, 0, 0]), Some(vec![0x41, 0x42]));
        for wrong in [&[][..], &[2], &[0, 3], &[4, 2, 0x41, 0], &[0, 0]] {
            assert_eq!(string(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_bytes_are_survived(raw in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&raw);
            let _ = string(&raw);
        }

        /// Random bytes rarely get past the head; a damaged real device does.
        #[test]
        fn any_damage_is_survived(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            kept in any::<prop::sample::Index>(),
        ) {
            let mut raw = stick();
            for (at, value) in damage {
                let at = at.index(raw.len());
                raw[at] = value;
            }
            raw.truncate(kept.index(raw.len()) + 1);
            let read = parse(&raw);
            prop_assert!(read.configurations.len() <= MAX_CONFIGURATIONS);
        }
    }
}
