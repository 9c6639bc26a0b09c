//! Which device this is, judged among all devices present.

use std::collections::BTreeMap;

use crate::model::hardware::{HardwareIdentity, Serial, SerialGrade, grade};

use super::device::Device;
use super::observation::Position;

/// A device's identity and what it is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified {
    /// The hash of VID, PID and serial.
    pub hw: HardwareIdentity,
    /// The serial in it.
    pub serial: Serial,
    /// Its grade among the devices present. The ledger may know more: a serial
    /// registered for another medium makes it a duplicate too.
    pub grade: SerialGrade,
}

/// The device's serial could not be read, so it has no identity here and must
/// not be matched or registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the serial number of the device at {position} is not readable here; \
     run this with permission to read the device, or on Linux with /sys present"
)]
pub struct SerialUnread {
    /// Where the device is plugged in.
    pub position: Position,
}

/// Computes identity and grade of `device`; `present` is the whole bus, which
/// may or may not contain `device` itself.
///
/// # Errors
///
/// When the serial could not be read. That is not the same as having none.
pub fn identify(device: &Device, present: &[Device]) -> Result<Identified, SerialUnread> {
    let serial =
        device.serial.value().ok_or_else(|| SerialUnread { position: device.position.clone() })?;
    let twin = present.iter().any(|other| {
        other.position != device.position
            && other.id == device.id
            && other.serial.value() == Some(serial)
    });
    Ok(Identified {
        hw: HardwareIdentity::of(device.id, serial),
        serial: serial.clone(),
        grade: grade(serial, device.id, twin),
    })
}

/// Every identity shown by more than one device at once, with the positions:
/// an alarm of its own, because one of them may be a clone. Devices without a
/// serial share an identity by nature and are not listed.
#[must_use]
pub fn present_twice(present: &[Device]) -> BTreeMap<HardwareIdentity, Vec<Position>> {
    let mut seen: BTreeMap<HardwareIdentity, Vec<Position>> = BTreeMap::new();
    for device in present {
        if let Some(serial) = device.serial.value().filter(|serial| !serial.is_none()) {
            let hw = HardwareIdentity::of(device.id, serial);
            seen.entry(hw).or_default().push(device.position.clone());
        }
    }
    seen.retain(|_, positions| positions.len() > 1);
    seen
}
