//! Descriptors and strings of a device, as its firmware sends them, up to what people
//! see of it. The first byte says how many of the next are its serial's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_custody::model::hardware::{Reading, VidPid};
use media_custody::ops::description::describe;
use media_custody::usb::recorded::{Frame, Recording};
use media_custody::usb::{Device, Observation, Source, Speed, Units, descriptors, identify};

fuzz_target!(|bytes: &[u8]| {
    let Some((length, rest)) = bytes.split_first() else { return };
    let (serial, raw) = rest.split_at(usize::from(*length).min(rest.len()));
    let serial = match descriptors::string(serial) {
        Some(units) => Reading::Read(Units(units)),
        None => Reading::Unread,
    };
    let observed = Observation {
        position: "1-4.2".parse().expect("a position"),
        id: VidPid { vendor: 0x0951, product: 0x1666 },
        speed: Speed::High,
        descriptors: raw.to_vec(),
        manufacturer: serial.clone(),
        product: Reading::Absent,
        serial,
        luns: Reading::Absent,
    };
    let device = Device::from_observation(observed, Source::Sysfs);
    let _ = identify(&device, std::slice::from_ref(&device));
    let said = describe(&device);
    let mut shown = vec![device.serial.to_string(), device.claimed_name(), format!("{said:?}")];
    shown.extend(device.oddities.iter().map(ToString::to_string));
    assert!(shown.iter().all(|text| !text.chars().any(char::is_control)));
    // What is too large for a recording is refused; what is not comes back the same.
    if let Ok(recording) = Recording::new("fuzz", vec![Frame::of("now", &[device])]) {
        let written = recording.to_bytes().expect("below the limit");
        assert_eq!(Recording::parse(&written).expect("what was written"), recording);
    }
});
