//! The recorded devices, seen the way the program sees them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use media_custody::model::hardware::{Drift, Grade, GradeReason, Reading};
use media_custody::usb::recorded::{
    FORMAT, Frame, MAX_BYTES, RecordedBus, Recording, RecordingError,
};
use media_custody::usb::{Bus, Device, Source, Units, identify, present_twice};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices")
}

fn recording(name: &str) -> Recording {
    Recording::read(&folder().join(name).with_extension("json")).unwrap()
}

fn devices(name: &str, frame: Option<&str>) -> Vec<Device> {
    RecordedBus::frame(&recording(name), frame).unwrap().list().unwrap()
}

/// One device in a few lines that a person can check against the README.
fn shown(device: &Device, present: &[Device]) -> String {
    let mut text =
        format!("{} {} {} [{}]", device.position, device.id, device.serial, device.claimed_name());
    match identify(device, present) {
        Ok(identified) => {
            let reasons: Vec<String> =
                identified.grade.reasons.iter().map(ToString::to_string).collect();
            write!(text, " {}({})", identified.grade.grade, reasons.join(", ")).unwrap();
        }
        Err(_) => text.push_str(" ungraded"),
    }
    for interface in &device.profile.interfaces {
        write!(text, " {interface}").unwrap();
    }
    if !device.is_removable_medium() {
        text.push_str(" no medium");
    }
    for block in &device.blocks {
        let size = block.size_bytes.unwrap_or(0);
        write!(text, " {}={size}/{}", block.name, block.partitions.len()).unwrap();
    }
    for oddity in &device.oddities {
        write!(text, "\n    {oddity}").unwrap();
    }
    text.push('\n');
    text
}

#[test]
fn every_recorded_device_is_seen_as_described() {
    let mut text = String::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    // Those have a table of their own, in tests/ugly.rs.
    files.retain(|file| !file.file_name().unwrap().to_str().unwrap().starts_with("ugly"));
    for file in files {
        let recording = Recording::read(&file).unwrap();
        for frame in recording.frames() {
            let stem = file.file_stem().unwrap().to_str().unwrap();
            writeln!(text, "{stem} / {}", frame.label).unwrap();
            let present = devices(stem, Some(&frame.label));
            for device in &present {
                text.push_str("  ");
                text.push_str(&shown(device, &present));
            }
        }
    }
    let expected = include_str!("devices/expected.txt");
    assert!(text == expected, "devices/expected.txt should be:\n{text}");
}

#[test]
fn files_are_in_the_form_the_program_writes() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let bytes = std::fs::read(&path).unwrap();
            let written = Recording::parse(&bytes).unwrap().to_bytes().unwrap();
            assert_eq!(String::from_utf8(written), String::from_utf8(bytes), "{}", path.display());
        }
    }
}

#[test]
fn a_recording_of_a_recording_is_the_same() {
    let present = devices("hostile-strings", None);
    let again = Recording::new("test", vec![Frame::of("plugged", &present)]).unwrap();
    let again = Recording::parse(&again.to_bytes().unwrap()).unwrap();
    assert_eq!(RecordedBus::frame(&again, None).unwrap().list().unwrap(), present);
}

#[test]
fn nothing_shown_can_control_a_terminal() {
    let present = devices("hostile-strings", None);
    for device in &present {
        let text = shown(device, &present).replace("\n", "");
        assert!(
            !text.chars().any(|c| c.is_control() || c == '\u{202e}' || c == '\u{200b}'),
            "{text:?}"
        );
    }
}

#[test]
fn the_same_drive_in_another_socket_has_the_same_identity() {
    let home = devices("tour", Some("home"));
    let returned = devices("tour", Some("returned"));
    let before = identify(&home[0], &home).unwrap();
    assert_eq!(before, identify(&returned[0], &returned).unwrap());
    assert_eq!(before.grade.grade, Grade::A);
    assert!(home[0].profile.drift(&returned[0].profile).is_empty());
}

#[test]
fn a_clone_beside_the_original_degrades_both_and_raises_an_alarm() {
    let cloned = devices("tour", Some("cloned"));
    for device in &cloned {
        let identified = identify(device, &cloned).unwrap();
        assert_eq!(identified.grade.grade, Grade::C);
        assert!(identified.grade.reasons.contains(&GradeReason::Duplicate));
    }
    let alarms = present_twice(&cloned);
    assert_eq!(alarms.len(), 1);
    let positions: Vec<String> = alarms.values().flatten().map(ToString::to_string).collect();
    assert_eq!(positions, ["2-1", "2-4"]);
    // Devices without a serial share an identity by nature.
    assert!(present_twice(&devices("no-serial", None)).is_empty());
}

#[test]
fn a_reprogrammed_or_shrunken_drive_drifts() {
    let home = devices("tour", Some("home"));
    let drift = |frame| -> Vec<Drift> {
        home[0].profile.drift(&devices("tour", Some(frame))[0].profile).into_iter().collect()
    };
    assert_eq!(drift("reprogrammed"), [Drift::Interfaces]);
    assert_eq!(drift("other-size"), [Drift::Capacity]);
}

#[test]
fn a_serial_that_cannot_be_read_is_not_a_missing_one() {
    let present = devices("no-permission", None);
    assert!(identify(&present[0], &present).is_err());
    assert_eq!(present[0].serial.to_string(), "(not readable)");
    // Neither may it look like a changed drive.
    let home = devices("tour", Some("home"));
    assert!(home[0].profile.drift(&present[0].profile).is_empty());
}

#[test]
fn frames_are_chosen_by_label() {
    let tour = recording("tour");
    assert_eq!(RecordedBus::frame(&tour, None).unwrap().name(), "recording, frame home");
    assert!(devices("tour", Some("taken")).is_empty());
    let error = RecordedBus::frame(&tour, Some("no\u{1b}such")).unwrap_err().to_string();
    assert!(error.contains(r"no\\u{1b}such") && error.contains("home"), "{error}");
}

/// A whole recording with one thing changed.
fn changed(find: &str, replace: &str) -> Result<Recording, RecordingError> {
    let text = std::fs::read_to_string(folder().join("sandisk-pair.json")).unwrap();
    assert!(text.contains(find), "{find}");
    Recording::parse(text.replacen(find, replace, 1).as_bytes())
}

#[test]
fn hostile_files_are_refused() {
    let long = format!("\"read\": \"{}\"", "X".repeat(127));
    for (find, replace) in [
        (FORMAT, "custody-bus/v2"),
        ("\"origin\"", "\"orígin\""),
        ("\"origin\":", "\"origin\": \"a\", \"origin\":"),
        ("written from", "written\\nfrom"),
        ("\"plugged\"", "\"Plugged\""),
        ("\"plugged\"", "\"\""),
        ("\"1-3\"", "\"1-4\""),
        ("\"1-3\"", "\"1-5\""),
        ("\"1-3\"", "\"../1-3\""),
        ("0781:5567", "0781:556G"),
        ("\"high\"", "\"warp\""),
        ("\"speed\"", "\"velocity\""),
        ("\"1201", "\"120"),
        ("\"1201", "\"12O1"),
        ("\"kind\": 0", "\"kind\": 32"),
        ("\"kind\": 0", "\"kind\": -1"),
        ("\"sda\"", "\"../../etc/passwd\""),
        ("\"sda\"", "\"sdb\""),
        ("\"sda1\"", "\"sda\""),
        ("\"logical_block_bytes\": 512", "\"logical_block_bytes\": 513"),
        ("\"logical_block_bytes\": 512", "\"logical_block_bytes\": 0"),
        ("\"size_bytes\": 15631122432", "\"size_bytes\": 1e30"),
        ("\"read\": \"SanDisk\"", &long),
    ] {
        assert!(changed(find, replace).is_err(), "{find} -> {replace}");
    }
    assert!(matches!(Recording::parse(b"{"), Err(RecordingError::Shape(_))));
    let empty = format!("{{\"format\":\"{FORMAT}\",\"origin\":\"\",\"frames\":[]}}");
    assert!(matches!(Recording::parse(empty.as_bytes()), Err(RecordingError::Rule { .. })));
    let deep = "[".repeat(100_000);
    assert!(Recording::parse(deep.as_bytes()).is_err());
}

#[test]
fn large_files_are_not_read_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.json");
    std::fs::File::create(&path).unwrap().set_len(MAX_BYTES * 100).unwrap();
    assert!(matches!(Recording::read(&path), Err(RecordingError::TooLarge)));
    assert!(matches!(Recording::read(folder.path()), Err(RecordingError::Read { .. })));
}

#[test]
fn frames_have_different_labels() {
    let frame = |label: &str| Frame { label: label.to_owned(), devices: vec![] };
    assert!(Recording::new("test", vec![frame("a"), frame("b")]).is_ok());
    assert!(Recording::new("test", vec![frame("a"), frame("a")]).is_err());
    assert!(Recording::new("test", vec![]).is_err());
}

#[test]
fn rarer_oddities_are_found_too() {
    let mut seen = recording("sandisk-pair").frames()[0].devices[0].clone();
    seen.id = "0781:5581".parse().unwrap();
    seen.serial = Reading::Read(Units::from_text("  \0"));
    // bNumConfigurations, with one configuration to follow.
    seen.descriptors[17] = 2;
    if let Reading::Read(luns) = &mut seen.luns {
        let block = luns[0].block.as_mut().unwrap();
        block.size_bytes = Some(0);
        block.removable = false;
    }
    let device = Device::from_observation(seen, Source::Recorded);
    let said: Vec<String> = device.oddities.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "its own descriptor says 0781:5567",
            "2 configurations",
            "an empty serial number",
            "sda says it has no bytes",
            "number of configurations is not the announced one",
        ]
    );
    assert!(!device.blocks[0].has_medium());
    assert_eq!(device.profile.capacity(), None);
}

#[test]
fn network_beside_storage_is_named_and_uas_is_not() {
    let mut seen = recording("uas-ssd").frames()[0].devices[0].clone();
    let at = seen.descriptors.windows(3).rposition(|class| class == [8, 6, 0x62]).unwrap();
    assert!(Device::from_observation(seen.clone(), Source::Recorded).oddities.is_empty());
    seen.descriptors[at..at + 3].copy_from_slice(&[0xe0, 1, 3]);
    let device = Device::from_observation(seen, Source::Recorded);
    assert_eq!(device.oddities[0].to_string(), "storage with a network interface (e0:01:03)");
}
