//! Devices that no honest factory makes: every recording, in every frame, goes through
//! `scan` and `register` as a person would run them. Nothing panics, nothing that was
//! recorded reaches a terminal raw, everything shown is short, and a table says what
//! each device is worth and what is odd about it.

#[path = "office/mod.rs"]
mod office;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use media_custody::usb::recorded::{RecordedBus, Recording};
use media_custody::usb::{Bus, Device, identify};
use serde_json::Value;

use office::{Case, HOME, Ran, devices, split};

/// Bytes of what a scan says of one device, on a terminal and as JSON.
const MAX_SHOWN: usize = 24 * 1024;
/// Characters of one text in JSON: a serial of 126 escaped units is the longest.
const MAX_TEXT: usize = 126 * 8;
/// Entries of one list in JSON.
const MAX_LIST: usize = 64;

/// Every frame of every recording: file, label, and the devices in it.
fn frames() -> Vec<(String, String, Vec<Device>)> {
    let mut files: Vec<PathBuf> = fs::read_dir(devices(""))
        .expect("recordings")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let recording = Recording::read(&file).expect("a recording");
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        for frame in recording.frames() {
            let bus = RecordedBus::frame(&recording, Some(&frame.label)).expect("a frame");
            found.push((name.clone(), frame.label.clone(), bus.list().expect("devices")));
        }
    }
    found
}

/// What must not stand in anything that is shown: C0 but for line ends, DEL, C1, bidi
/// controls, zero-width and other invisible characters, tags, non-characters. Written
/// out here anew, so that a gap in the program's own list would show.
fn raw(text: &str) -> Option<char> {
    text.chars().find(|c| {
        matches!(u32::from(*c),
            0x00..=0x09 | 0x0b..=0x1f | 0x7f..=0x9f
            | 0xad | 0x61c | 0x180e
            | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
            | 0xfeff | 0xfff9..=0xfffb | 0xfffe | 0xffff
            | 0xe0000..=0xe007f)
    })
}

fn harmless(line: &str, done: &Ran) {
    for text in [&done.stdout, &done.stderr] {
        assert_eq!(raw(text), None, "custody {line}:\n{text:?}");
        assert!(!text.contains("panicked"), "custody {line}:\n{text}");
    }
    assert!([0, 1].contains(&done.code), "custody {line}: {}\n{}", done.code, done.stderr);
}

/// Holds every text and list of a JSON value to its length.
fn short(line: &str, value: &Value) {
    match value {
        Value::String(text) => {
            let length = text.chars().count();
            assert!(length <= MAX_TEXT, "custody {line}: a text of {length} characters");
        }
        Value::Array(items) => {
            assert!(items.len() <= MAX_LIST, "custody {line}: a list of {}", items.len());
            items.iter().for_each(|item| short(line, item));
        }
        Value::Object(fields) => fields.values().for_each(|item| short(line, item)),
        _ => {}
    }
}

#[test]
fn every_recorded_device_is_scanned_without_harm() {
    let case = Case::new();
    for (file, frame, present) in frames() {
        let bus = devices(&format!("{file}#{frame}"));
        let media = present.iter().filter(|device| device.is_removable_medium()).count();
        let room = MAX_SHOWN * media.max(1);

        let line = format!("scan --bus {bus}");
        let done = case.exits(0, &line);
        harmless(&line, &done);
        assert!(done.stdout.len() <= room, "{file}#{frame}: {} bytes", done.stdout.len());

        let line = format!("scan --bus {bus} --json");
        let done = case.exits(0, &line);
        harmless(&line, &done);
        assert!(done.stdout.len() <= 2 * room, "{file}#{frame}: {} bytes", done.stdout.len());
        let value: Value = serde_json::from_str(&done.stdout).expect("JSON");
        short(&line, &value);
        assert_eq!(value["devices"].as_array().map(Vec::len), Some(media), "{file}#{frame}");
    }
}

/// Nothing hidden is shown as nothing: what was hidden is written out.
#[test]
fn what_hides_is_written_out() {
    let case = Case::new();
    for (frame, shown) in [
        ("ugly-strings.json#escapes", r"\u{1b}]0;owned\u{7}\u{1b}[2J"),
        ("ugly-strings.json#bidi", r"\u{202e}gpj.exe"),
        ("ugly-serials.json#all-ffff", r"\u{ffff}\u{ffff}"),
        ("ugly-serials.json#longest", r"\u{202e}\u{202e}"),
    ] {
        let text = case.ok(&format!("scan --bus {}", devices(frame)));
        let text: String = text.split_whitespace().collect();
        assert!(text.contains(shown), "{frame}: {text}");
    }
    let text = case.ok(&format!("scan --bus {}", devices("ugly-interfaces.json#254-keyboards")));
    assert!(text.contains("and 230 more"), "{text}");
}

/// What an ugly device says is signed, stored, shown and exported like anything else.
#[test]
fn ugly_devices_are_registered_without_harm() {
    let case = Case::new();
    let (mut registered, mut refused) = (0, 0);
    for (number, (file, frame, present)) in frames().into_iter().enumerate() {
        let Some(device) = present.iter().find(|device| device.is_removable_medium()) else {
            continue;
        };
        if !(file.starts_with("ugly") || file.starts_with("hostile")) {
            continue;
        }
        let bus = devices(&format!("{file}#{frame}"));
        let line = format!(
            "register UGLY-{number} --bus {bus} --device {} --weak --home {HOME} --class 一般 \
             --by yamada --passphrase-file words",
            device.position
        );
        let done = case.run(&split(&line));
        harmless(&line, &done);
        if done.code == 0 {
            registered += 1;
            let line = format!("show UGLY-{number}");
            harmless(&line, &case.exits(0, &line));
        } else {
            refused += 1;
            assert!(done.stderr.contains("error"), "custody {line}: {}", done.stderr);
        }
    }
    assert!(registered >= 30, "{registered} registered, {refused} refused");
    for line in [
        "status",
        "log --limit 200",
        "status --json",
        "log --limit 200 --json",
        "export usbguard",
        "export udev",
        "export usbguard --json",
        "export udev --json",
        "verify",
    ] {
        harmless(line, &case.exits(0, line));
    }
    let bus = devices("ugly-twins.json#same");
    let line = format!("check --bus {bus} --place {HOME} --by sasaki --passphrase-file words");
    let done = case.run(&split(&line));
    assert_eq!(raw(&done.stdout).or_else(|| raw(&done.stderr)), None, "{}", done.stdout);
}

/// What is told of a family is a claim, with the state as the host sees it.
#[test]
fn a_vault_stick_is_claimed_by_its_model_and_never_verified() {
    let case = Case::new();
    for (frame, state, words) in [
        ("locked-optical-only", "locked", "state locked seen"),
        ("locked-empty-disk", "locked", "state locked seen"),
        ("unlocked", "unlocked", "state unlocked seen"),
        ("no-unit", "invisible", "state invisible seen"),
        ("size-unread", "unread", "state not readable here"),
        ("units-unread", "unread", "state not readable here"),
    ] {
        let line = format!("scan --bus {}", devices(&format!("vault-stick.json#{frame}")));
        let text = case.ok(&line).split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted =
            "Family Kingston DataTraveler Vault Privacy: encryption claimed by the model, ";
        assert!(text.contains(&format!("{wanted}{words}")), "{frame}: {text}");
        let answer = case.json(0, &line);
        let family = &answer["devices"][0]["family"];
        assert_eq!(family["state"], state, "{frame}");
        assert_eq!(family["note"], "kingston-datatraveler-vault-privacy.md");
        assert!(!family["verdict"].as_str().expect("words").contains("verified"), "{family}");
        // What the ledger or a look at the medium tells is another matter.
        assert_eq!(answer["devices"][0]["encryption"], Value::Null);
    }
    // A family that has nothing to lock has no state, and an unknown one no family.
    let scan = |bus: &str| case.json(0, &format!("scan --bus {}", devices(bus)));
    let reader = scan("card-reader-two-slots.json");
    assert_eq!(reader["devices"][0]["family"]["serial"], "shared");
    assert_eq!(reader["devices"][0]["family"]["state"], Value::Null);
    assert_eq!(scan("kingston-datatraveler.json")["devices"][0]["family"], Value::Null);
}

/// Grade and oddities of each ugly device, in order of position.
fn table() -> String {
    let mut text = String::new();
    for (file, frame, present) in frames() {
        if !file.starts_with("ugly") {
            continue;
        }
        let stem = file.trim_end_matches(".json");
        for device in &present {
            let grade = identify(device, &present).map_or_else(
                |_| "ungraded".to_owned(),
                |identified| identified.grade.grade.to_string(),
            );
            let odd: BTreeSet<&str> = device.oddities.iter().map(|odd| odd.name()).collect();
            let odd: Vec<&str> = odd.into_iter().collect();
            let odd = if odd.is_empty() { "nothing odd".to_owned() } else { odd.join(", ") };
            writeln!(text, "{stem} {frame} {}: {grade}; {odd}", device.position).expect("text");
        }
    }
    text
}

#[test]
fn each_ugly_device_has_the_grade_and_oddities_it_deserves() {
    let found = table();
    assert!(found == EXPECTED, "the table should be:\n{found}");
}

const EXPECTED: &str = "\
ugly-empty no-bytes-with-disk 1-1: A; descriptor-unsound
ugly-empty no-bytes-nothing-read 1-1: ungraded; descriptor-unsound, serial-unread
ugly-empty zero-bytes 1-1: A; descriptor-unsound
ugly-interfaces every-class 1-1: A; hub-beside-storage, input-beside-storage, network-beside-storage
ugly-interfaces 254-keyboards 1-1: A; input-beside-storage
ugly-interfaces keyboard 1-1: A; input-beside-storage
ugly-interfaces network 1-1: A; network-beside-storage
ugly-interfaces rndis 1-1: A; network-beside-storage
ugly-interfaces vendor 1-1: A; vendor-beside-storage
ugly-interfaces two-configurations 1-1: A; input-beside-storage, network-beside-storage, several-configurations
ugly-interfaces hub 1-1: A; hub-claims-storage
ugly-interfaces alternate-keyboard 1-1: A; input-beside-storage
ugly-lengths total-too-long 1-1: A; descriptor-unsound
ugly-lengths total-too-short 1-1: A; descriptor-unsound
ugly-lengths interface-of-0 1-1: A; descriptor-unsound
ugly-lengths interface-of-255 1-1: A; descriptor-unsound
ugly-lengths interface-of-8 1-1: A; descriptor-unsound
ugly-lengths device-of-17 1-1: A; descriptor-unsound
ugly-lengths cut-off 1-1: A; descriptor-unsound
ugly-lengths nested-device 1-1: A; descriptor-unsound
ugly-lengths rubbish-behind 1-1: A; descriptor-unsound
ugly-lengths many-configurations 1-1: A; descriptor-unsound, several-configurations
ugly-serials all-ffff 1-1: C; hostile-text
ugly-serials binary 1-1: C; hostile-text
ugly-serials surrogates 1-1: C; hostile-text
ugly-serials only-surrogates 1-1: C; hostile-text, serial-blank
ugly-serials longest 1-1: C; hostile-text
ugly-serials quotes 1-1: B; nothing odd
ugly-serials nothing 1-1: C; serial-blank
ugly-serials dash 1-1: C; nothing odd
ugly-strings escapes 1-1: A; hostile-text
ugly-strings bidi 1-1: A; hostile-text
ugly-strings long 1-1: A; hostile-text
ugly-strings markup 1-1: A; nothing odd
ugly-twins same 1-1: C; nothing odd
ugly-twins same 1-2: C; nothing odd
ugly-twins same-but-for-padding 1-1: C; nothing odd
ugly-twins same-but-for-padding 1-2: C; nothing odd
ugly-twins same-but-for-a-nul 1-1: C; nothing odd
ugly-twins same-but-for-a-nul 1-2: C; hostile-text
ugly-twins serial-less 1-1: C; serial-missing
ugly-twins serial-less 1-2: C; serial-missing
ugly-units 64-units 1-1: A; nothing odd
ugly-units no-units 1-1: A; storage-without-block
ugly-units size-0-fixed 1-1: A; capacity-zero
";
