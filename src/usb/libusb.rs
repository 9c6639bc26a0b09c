//! The portable path: libusb through rusb.
//!
//! Descriptors come from the operating system's copy. Strings do not: they are
//! asked of the device, which must be opened for it, and only storage devices
//! are opened. No interface is claimed, no driver detached, no configuration
//! set; the only transfer is the standard request for a string descriptor
//! (USB 2.0, 9.4.3). Where opening is refused, strings are
//! [`Reading::Unread`], never absent.
//!
//! The logical units behind a storage interface would need SCSI commands over
//! a claimed interface. This path leaves them unread.

use std::time::Duration;

use rusb::{
    Context, Device as Handle, DeviceDescriptor, DeviceHandle, Direction, Recipient, RequestType,
    UsbContext,
};

use crate::model::hardware::{Reading, VidPid};

use super::observation::{Observation, Position, Speed, Units};
use super::presence::Places;
use super::{Bus, BusError, Device, Source, descriptors};

/// How long one string may take. A healthy device answers within milliseconds,
/// and three strings of a dead one should not hold a handover up for long.
const PATIENCE: Duration = Duration::from_millis(500);
/// Configurations asked for.
const MAX_CONFIGURATIONS: u8 = 8;

/// The bus as libusb sees it.
///
/// Every listing opens a context of its own: the global context of rusb panics
/// where there is no bus, and a context kept open would hold event handles.
#[derive(Debug, Clone, Copy, Default)]
pub struct Libusb;

impl Bus for Libusb {
    fn name(&self) -> &str {
        "libusb"
    }

    fn list(&self) -> Result<Vec<Device>, BusError> {
        let mut found: Vec<Device> = handles(&context()?)?
            .iter()
            .filter_map(|handle| observe(&handle))
            .map(|seen| Device::from_observation(seen, Source::Libusb))
            .collect();
        found.sort_by(|left, right| left.position.cmp(&right.position));
        Ok(found)
    }
}

/// A context of its own, never the global one.
pub(super) fn context() -> Result<Context, BusError> {
    Context::new().map_err(|error| BusError::NoBus { tried: format!("libusb: {error}") })
}

fn handles(context: &Context) -> Result<rusb::DeviceList<Context>, BusError> {
    context.devices().map_err(|source| BusError::Libusb { step: "listing devices", source })
}

/// The positions that are taken, with the address of each device. No device is
/// opened for it.
pub(super) fn places(context: &Context) -> Result<Places, BusError> {
    let place =
        |handle: Handle<Context>| Some((position(&handle)?, Some(u32::from(handle.address()))));
    Ok(handles(context)?.iter().filter_map(place).collect())
}

/// The device at a position; `None` where there is none.
pub(super) fn device_at(context: &Context, wanted: &Position) -> Option<Device> {
    let listed = handles(context).ok()?;
    let handle = listed.iter().find(|handle| position(handle).as_ref() == Some(wanted))?;
    Some(Device::from_observation(observe(&handle)?, Source::Libusb))
}

/// `None` for a root hub, which has no port.
fn position(handle: &Handle<Context>) -> Option<Position> {
    Position::new(u16::from(handle.bus_number()), &handle.port_numbers().ok()?).ok()
}

/// One device; `None` for a root hub, which has no port, and for a device that
/// vanished while it was being read.
fn observe(handle: &Handle<Context>) -> Option<Observation> {
    let position = position(handle)?;
    let device = handle.device_descriptor().ok()?;
    let raw = rebuilt(handle, &device);
    let storage = descriptors::parse(&raw)
        .configurations
        .iter()
        .flat_map(|configuration| &configuration.settings)
        .any(|setting| setting.interface.is_storage());
    let strings = if storage { Strings::of(handle) } else { Strings { open: None } };
    Some(Observation {
        position,
        id: VidPid { vendor: device.vendor_id(), product: device.product_id() },
        speed: speed(handle.speed()),
        descriptors: raw,
        manufacturer: strings.read(device.manufacturer_string_index()),
        product: strings.read(device.product_string_index()),
        serial: strings.read(device.serial_number_string_index()),
        luns: Reading::Unread,
    })
}

fn speed(speed: rusb::Speed) -> Speed {
    match speed {
        rusb::Speed::Low => Speed::Low,
        rusb::Speed::Full => Speed::Full,
        rusb::Speed::High => Speed::High,
        rusb::Speed::Super => Speed::Super,
        rusb::Speed::SuperPlus => Speed::SuperPlus,
        _ => Speed::Unknown,
    }
}

/// An opened device and its first language, if it could be opened.
struct Strings {
    open: Option<(DeviceHandle<Context>, u16)>,
}

impl Strings {
    /// Opens the device for reading strings. Any refusal leaves it closed.
    fn of(handle: &Handle<Context>) -> Self {
        let open = handle.open().ok().map(|opened| {
            // Descriptor 0 lists the languages. Linux too takes the first, and
            // US English where there is no list.
            let languages = string_units(&opened, 0, 0).unwrap_or_default();
            (opened, languages.first().copied().unwrap_or(0x0409))
        });
        Self { open }
    }

    fn read(&self, index: Option<u8>) -> Reading<Units> {
        // rusb gives no index where the descriptor says 0: no such string.
        let Some(index) = index.filter(|index| *index > 0) else {
            return Reading::Absent;
        };
        let units = self
            .open
            .as_ref()
            .and_then(|(opened, language)| string_units(opened, index, *language));
        units.map_or(Reading::Unread, |units| Reading::Read(Units(units)))
    }
}

/// Asks for one string descriptor: GET_DESCRIPTOR, type 3.
fn string_units(opened: &DeviceHandle<Context>, index: u8, language: u16) -> Option<Vec<u16>> {
    const GET_DESCRIPTOR: u8 = 6;
    const STRING: u8 = 3;
    let request = rusb::request_type(Direction::In, RequestType::Standard, Recipient::Device);
    let value = u16::from_be_bytes([STRING, index]);
    let mut buffer = [0_u8; 255];
    let count = opened
        .read_control(request, GET_DESCRIPTOR, value, language, &mut buffer, PATIENCE)
        .ok()?;
    descriptors::string(buffer.get(..count)?)
}

/// Descriptors put together from what libusb parsed, in the layout of the sysfs
/// file `descriptors`.
///
/// libusb hands out fields, not bytes. All fields this program looks at are
/// there; only `bMaxPower` is left 0, and the release number of a device that
/// does not keep to decimal digits may come out differently.
fn rebuilt(handle: &Handle<Context>, device: &DeviceDescriptor) -> Vec<u8> {
    let mut raw = device_bytes(device);
    for index in 0..device.num_configurations().min(MAX_CONFIGURATIONS) {
        if let Ok(configuration) = handle.config_descriptor(index) {
            raw.extend(configuration_bytes(&configuration));
        }
    }
    raw
}

fn device_bytes(device: &DeviceDescriptor) -> Vec<u8> {
    let mut raw = vec![18, 1];
    raw.extend(bcd(device.usb_version()).to_le_bytes());
    raw.extend([device.class_code(), device.sub_class_code(), device.protocol_code()]);
    raw.push(device.max_packet_size());
    raw.extend(device.vendor_id().to_le_bytes());
    raw.extend(device.product_id().to_le_bytes());
    raw.extend(bcd(device.device_version()).to_le_bytes());
    raw.push(device.manufacturer_string_index().unwrap_or(0));
    raw.push(device.product_string_index().unwrap_or(0));
    raw.push(device.serial_number_string_index().unwrap_or(0));
    raw.push(device.num_configurations());
    raw
}

/// The two bytes rusb took apart; exact for decimal digits.
fn bcd(version: rusb::Version) -> u16 {
    let rusb::Version(major, minor, sub_minor) = version;
    let tens = u16::from(major / 10) << 12;
    let ones = u16::from(major % 10) << 8;
    tens | ones | u16::from(minor & 0xf) << 4 | u16::from(sub_minor & 0xf)
}

fn configuration_bytes(configuration: &rusb::ConfigDescriptor) -> Vec<u8> {
    let mut body = configuration.extra().to_vec();
    for setting in configuration.interfaces().flat_map(|interface| interface.descriptors()) {
        body.extend([9, 4, setting.interface_number(), setting.setting_number()]);
        body.extend([setting.num_endpoints(), setting.class_code()]);
        body.extend([setting.sub_class_code(), setting.protocol_code()]);
        body.push(setting.description_string_index().unwrap_or(0));
        body.extend(setting.extra());
        for endpoint in setting.endpoint_descriptors() {
            let [low, high] = endpoint.max_packet_size().to_le_bytes();
            // Direction and number are in the address; the kinds of transfer,
            // synchronisation and usage share one byte (USB 2.0, 9.6.6).
            let attributes = endpoint.transfer_type() as u8
                | (endpoint.sync_type() as u8) << 2
                | (endpoint.usage_type() as u8) << 4;
            body.extend([7, 5, endpoint.address(), attributes, low, high, endpoint.interval()]);
            body.extend(endpoint.extra().unwrap_or_default());
        }
    }
    let total = u16::try_from(body.len().saturating_add(9)).unwrap_or(u16::MAX);
    let [low, high] = total.to_le_bytes();
    let flags = 0x80
        | if configuration.self_powered() { 0x40 } else { 0 }
        | if configuration.remote_wakeup() { 0x20 } else { 0 };
    let name = configuration.description_string_index().unwrap_or(0);
    let mut raw = vec![
        9,
        2,
        low,
        high,
        configuration.num_interfaces(),
        configuration.number(),
        name,
        flags,
        0,
    ];
    raw.extend(body);
    raw
}
