//! Rules made from a ledger: USBGuard's own parser reads them, the decisions that
//! follow are the wanted ones, and no serial gets out of its quotes. Where a tool is
//! missing its test says so and passes; with CUSTODY_REQUIRE_TOOLS=1 it fails.

#[path = "office/mod.rs"]
mod office;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use media_custody::ledger::{Presence, State};
use media_custody::model::hardware::Grade;
use media_custody::ops::bus::BusChoice;
use media_custody::ops::register::register;
use media_custody::render::{self, udev, usbguard};
use media_custody::usb::descriptors;
use media_custody::usb::recorded::Recording;
use media_custody::usb::{Device, Source};

use office::{Case, at, devices, of, registration, submit};

/// A serial that ends its quotes, begins a rule of its own and holds a backslash.
const HOSTILE: &str = r#""A\B" allow id *:*"#;

fn skip(tool: &str) {
    let demanded = std::env::var("CUSTODY_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(!demanded, "CUSTODY_REQUIRE_TOOLS=1, and {tool} is missing");
    let text = format!("SKIPPED: {tool} is missing, so nothing independent was checked with it\n");
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// The office with two further drives: one with a hostile serial, one weak.
fn case() -> Case {
    let case = Case::new();
    let keys = case.keys();
    let mut ledger = case.ledger();
    for (id, bus, weak) in
        [("USB-0666", "ugly-serials.json#quotes", false), ("USB-0700", "no-serial.json", true)]
    {
        let bus = devices(bus).parse::<BusChoice>().expect("a bus").open().expect("a bus");
        let mut wish = registration(id, None);
        wish.weak = weak;
        let draft = register(&ledger, bus.as_ref(), wish).expect("registered").draft;
        submit(&mut ledger, draft, &keys);
    }
    assert!(ledger.now().expect("now").unix() > at(office::BEGAN));
    drop(ledger);
    case
}

fn state(case: &Case) -> State {
    case.ledger().state().clone()
}

/// What USBGuard's parser made of a file, a line for each rule.
fn parsed(rules: &str) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rules.conf");
    fs::write(&file, rules).expect("written");
    let Ok(output) = Command::new("usbguard-rule-parser").arg("-f").arg(&file).output() else {
        skip("usbguard-rule-parser (package usbguard)");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let lines = said.lines().filter_map(|line| line.strip_prefix("OUTPUT: "));
    Some(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// The rules of a file without its comments.
fn rules(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// How USBGuard spells a rule with one interface.
fn short(rule: &str) -> String {
    match rule.split_once("with-interface equals { ") {
        Some((before, rest)) => {
            let (one, after) = rest.split_once(" }").expect("a list");
            let list = if one.contains(' ') { format!("{{ {one} }}") } else { one.to_owned() };
            format!("{before}with-interface {list}{after}")
        }
        None => rule.to_owned(),
    }
}

#[test]
fn usbguards_own_parser_reads_every_rule_as_it_was_meant() {
    let case = case();
    let text = case.ok("export usbguard");
    let ours = rules(&text);
    assert_eq!(ours.iter().filter(|rule| rule.starts_with("allow ")).count(), 3, "{text}");
    assert!(text.is_ascii() && !text.contains(|c: char| c.is_control() && c != '\n'));
    let Some(theirs) = parsed(&text) else { return };
    // Read and written again by USBGuard, a rule is the same rule: nothing in a serial
    // became a word of the language.
    let ours: Vec<String> = ours.into_iter().map(short).collect();
    assert_eq!(theirs, ours);
}

#[test]
fn a_hostile_serial_is_one_value() {
    let case = case();
    let text = case.ok("export usbguard");
    let line = text.lines().find(|line| line.ends_with("label \"USB-0666\"")).expect("a rule");
    assert_eq!(
        line,
        "allow id 1234:5678 serial \"\\\"A\\\\B\\\" allow id *:*\" with-interface equals { \
         08:06:50 } label \"USB-0666\""
    );
    // The raw serial, as the kernel shows it, and not the ledger's spelling of it.
    assert!(case.ok("show USB-0666").contains(r#""A\u{5c}B"\u{20}allow"#));
    let Some(theirs) = parsed(&text) else { return };
    assert_eq!(theirs.iter().filter(|rule| rule.starts_with("allow ")).count(), 3);
    assert!(!theirs.iter().any(|rule| rule.starts_with("allow id *:*")));
}

#[test]
fn every_byte_of_a_serial_survives_usbguard() {
    let mut state = state(&case());
    let id = of("USB-0421");
    // Every character a serial may hold up to U+00FF, and some beyond, in two halves.
    let all: Vec<char> = (1..=0xffu32).filter_map(char::from_u32).collect();
    let mut written = Vec::new();
    for part in all.chunks(100).map(|part| part.iter().collect::<String>()).chain([
        "\u{ffff}".repeat(8),
        "シリアル\u{202e}".to_owned(),
        "\\x41".to_owned(),
        "\"".repeat(126),
    ]) {
        let serial = media_custody::model::hardware::Serial::from_text(&part);
        state.media.get_mut(&id).expect("registered").line.serial = serial.clone();
        let text = usbguard::usbguard(&state).file;
        let rule = rules(&text).into_iter().find(|rule| rule.contains("\"USB-0421\""));
        let rule = rule.expect("a rule").to_owned();
        let raw: String = serial.characters().into_iter().collect();
        assert_eq!(unquoted(&rule), raw, "{rule}");
        written.push(rule);
    }
    let Some(theirs) = parsed(&format!("{}\n", written.join("\n"))) else { return };
    let ours: Vec<String> = written.iter().map(|rule| short(rule)).collect();
    assert_eq!(theirs, ours);
}

/// The serial of a rule, read by the rule language's own escapes.
fn unquoted(rule: &str) -> String {
    let (_, rest) = rule.split_once(" serial \"").expect("a serial");
    let mut bytes = Vec::new();
    let mut rest = rest.bytes();
    loop {
        match rest.next().expect("an end") {
            b'"' => return String::from_utf8(bytes).expect("UTF-8"),
            b'\\' => match rest.next().expect("an escape") {
                b'x' => {
                    let digits = [rest.next().expect("a digit"), rest.next().expect("a digit")];
                    let digits = std::str::from_utf8(&digits).expect("ASCII");
                    bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
                }
                other => bytes.push(other),
            },
            other => bytes.push(other),
        }
    }
}

#[test]
fn what_no_rule_can_name_is_left_out_and_said_so() {
    let case = case();
    let mut state = state(&case);
    let view = usbguard::usbguard(&state);
    let out: Vec<(&str, &str)> =
        view.left_out.iter().map(|out| (out.medium.as_str(), out.why.as_str())).collect();
    assert_eq!(out.len(), 1);
    assert!(out[0].0 == "USB-0700" && out[0].1.contains("no serial number"), "{out:?}");
    assert!(view.file.contains("# USB-0700 is left out: it has no serial number"));
    assert_eq!(udev::udev(&state).left_out.len(), 2, "the weak one and the hostile serial");
    let answer = case.json(0, "export usbguard");
    assert_eq!(answer["left_out"][0]["medium"], "USB-0700");
    assert_eq!(answer["media"].as_array().map(Vec::len), Some(3));

    let medium = state.media.get_mut(&of("USB-0421")).expect("registered");
    let whole = medium.clone();
    let mut change = |change: &dyn Fn(&mut media_custody::ledger::Medium), why: &str| {
        let medium = state.media.get_mut(&of("USB-0421")).expect("registered");
        *medium = whole.clone();
        change(medium);
        let view = usbguard::usbguard(&state);
        let said = view.left_out.iter().find(|out| out.medium.as_str() == "USB-0421");
        let said = said.unwrap_or_else(|| panic!("{why}: not left out\n{}", view.file));
        assert!(said.why.contains(why), "{why}: {}", said.why);
        assert!(!view.file.contains("label \"USB-0421\""), "{}", view.file);
    };
    let (since, index) = (whole.registered_at, 0);
    change(&|one| one.presence = Presence::Retired { since, index }, "retired");
    change(&|one| one.grade = Grade::C, "grade C");
    change(&|one| one.interfaces = None, "does not name all");
    change(&|one| one.interfaces = Some(of("08:06:50 and more")), "does not name all");
    let many: Vec<String> = (0..33).map(|number| format!("ff:00:{number:02x}")).collect();
    change(&|one| one.interfaces = Some(of(&many.join(" "))), "does not name all");
    for beside in
        ["03:01:01 08:06:50", "02:06:00 08:06:50", "08:06:50 09:00:00", "08:06:50 ef:04:01"]
    {
        change(&|one| one.interfaces = Some(of(beside)), "beside its storage");
    }
    // A medium that is missing or lost is still a registered one, wherever it turns up.
    let medium = state.media.get_mut(&of("USB-0421")).expect("registered");
    *medium = whole.clone();
    medium.presence = Presence::Lost { since, index };
    assert!(usbguard::usbguard(&state).file.contains("label \"USB-0421\""));
}

/// USBGuard's decision, by the semantics its manual gives to the few forms used here.
fn decided(rules: &[&str], device: &Device) -> Option<String> {
    let parsed = descriptors::parse(&device.observed.descriptors);
    let shown: Vec<String> = parsed
        .configurations
        .iter()
        .flat_map(|configuration| &configuration.settings)
        .map(|setting| setting.interface.to_string())
        .collect();
    let raw = device.raw_serial().map(String::from_utf16_lossy);
    let fits = |pattern: &str, one: &str| {
        pattern.split(':').zip(one.split(':')).all(|(want, have)| want == "*" || want == have)
    };
    let applies = |rule: &&&str| {
        let (_, list) = rule.split_once("with-interface ").expect("interfaces");
        let (operator, list) = list.split_once(" { ").expect("a list");
        let (list, _) = list.split_once(" }").expect("the end of a list");
        let list: Vec<&str> = list.split(' ').collect();
        let has = |pattern: &&str| shown.iter().any(|one| fits(pattern, one));
        let interfaces = match operator {
            "all-of" => list.iter().all(has),
            "one-of" => list.iter().any(has),
            "equals" => list.len() == shown.len() && list.iter().all(has),
            other => panic!("operator {other}"),
        };
        let id = rule
            .split_once(" id ")
            .is_none_or(|(_, rest)| rest.starts_with(&device.id.to_string()));
        let serial = !rule.contains(" serial ") || raw.as_deref() == Some(&unquoted(rule));
        interfaces && id && serial
    };
    let rule = rules.iter().find(applies)?;
    rule.split(' ').next().map(str::to_owned)
}

#[test]
fn registered_media_are_allowed_and_all_other_storage_is_rejected() {
    let case = case();
    let text = case.ok("export usbguard");
    let rules = rules(&text);
    let (mut allowed, mut rejected, mut untouched) = (Vec::new(), 0, 0);
    for entry in fs::read_dir(Path::new(&devices(""))).expect("recordings") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let recording = Recording::read(&path).expect("a recording");
        for frame in recording.frames() {
            for seen in &frame.devices {
                let device = Device::from_observation(seen.clone(), Source::Recorded);
                let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
                let storage = device.profile.interfaces.iter().any(|one| one.is_storage());
                match decided(&rules, &device).as_deref() {
                    Some("allow") => allowed.push(format!("{stem}#{}", frame.label)),
                    Some("reject") => {
                        assert!(storage, "{stem}");
                        rejected += 1;
                    }
                    None => {
                        assert!(!storage, "{stem}#{} goes through", frame.label);
                        untouched += 1;
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    allowed.sort();
    // A clone says what the original says: no rule can tell them apart.
    assert_eq!(
        allowed,
        [
            "kingston-datatraveler#plugged",
            "sandisk-pair#plugged",
            "tour#cloned",
            "tour#cloned",
            "tour#home",
            "tour#other-size",
            "tour#returned",
            "ugly-serials#quotes",
        ]
    );
    assert!(rejected > 40 && untouched > 3, "{rejected} {untouched}");
}

/// One line of udev rules as the manual allows it: `KEY op "value"`, comma, and so on.
/// The answer is each key with its operator and value.
fn udev_line(line: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        let end = rest.find(['=', '!', '+']).unwrap_or_else(|| panic!("no operator: {rest}"));
        let (key, after) = rest.split_at(end);
        let operator = ["==", "!=", "+=", "="].into_iter().find(|one| after.starts_with(one));
        let operator = operator.unwrap_or_else(|| panic!("no operator: {after}"));
        let value = after[operator.len()..].strip_prefix('"').expect("a quote");
        let (value, after) = value.split_once('"').expect("an end");
        assert!(!value.contains('\\'), "{line}");
        found.push((key.to_owned(), operator.to_owned(), value.to_owned()));
        if after.is_empty() {
            return found;
        }
        rest = after.strip_prefix(", ").unwrap_or_else(|| panic!("no comma: {after}"));
    }
}

/// Holds a file of udev rules to the keys that are used here.
fn sound_udev(text: &str) -> Vec<Vec<(String, String, String)>> {
    let mut found = Vec::new();
    for line in rules(text) {
        let parts = udev_line(line);
        for (key, operator, value) in &parts {
            let fits = match key.as_str() {
                "ACTION"
                | "SUBSYSTEM"
                | "SUBSYSTEMS"
                | "ENV{DEVTYPE}"
                | "ENV{ID_USB_INTERFACES}"
                | "ATTR{idVendor}"
                | "ATTR{idProduct}"
                | "ATTR{serial}"
                | "ATTRS{idVendor}"
                | "ATTRS{idProduct}"
                | "ATTRS{serial}" => operator == "==",
                "ENV{CUSTODY_MEDIUM}" | "GOTO" | "LABEL" => operator == "=",
                "TAG" => operator == "+=" && value == "uaccess",
                _ => false,
            };
            assert!(fits, "{key}{operator}{value:?} in {line}");
        }
        found.push(parts);
    }
    let named = |wanted: &str| {
        let keys = found.iter().flatten().filter(|(key, ..)| key == wanted);
        keys.map(|(.., value)| value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(named("GOTO"), named("LABEL"), "every jump has its place");
    udevadm(text);
    found
}

/// udev's own check, where this udev has one (254 and later).
fn udevadm(text: &str) {
    let version = Command::new("udevadm").arg("--version").output();
    let version = version.ok().and_then(|said| String::from_utf8(said.stdout).ok());
    let number = version.as_deref().and_then(|said| said.trim().parse::<u32>().ok());
    if number.is_none_or(|number| number < 254) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("70-custody-test.rules");
    fs::write(&file, text).expect("written");
    let output = Command::new("udevadm").arg("verify").arg(&file).output().expect("udevadm runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn udev_rules_name_registered_media() {
    let case = case();
    let text = case.ok("export udev");
    let lines = sound_udev(&text);
    let value = |parts: &[(String, String, String)], wanted: &str| {
        parts.iter().find(|(key, ..)| key == wanted).map(|(.., value)| value.clone())
    };
    let named: Vec<_> = lines
        .iter()
        .filter_map(|parts| {
            let id = value(parts, "ENV{CUSTODY_MEDIUM}")?;
            let serial = value(parts, "ATTR{serial}").or_else(|| value(parts, "ATTRS{serial}"))?;
            Some((value(parts, "SUBSYSTEM")?, id, serial))
        })
        .collect();
    let expected: Vec<_> =
        [("USB-0421", "1C6F65D8ABCDE1234567"), ("USB-0422", "4C530001230412115471")]
            .into_iter()
            .flat_map(|(id, serial)| {
                ["usb", "block"].map(|kind| (kind.to_owned(), id.to_owned(), serial.to_owned()))
            })
            .collect();
    assert_eq!(named, expected);
    assert!(text.contains("# USB-0666 is left out: its serial number holds characters"));
    assert!(text.contains("# USB-0700 is left out: it has no serial number"));
    assert!(!text.contains(HOSTILE));
}

#[test]
fn a_serial_that_is_a_pattern_gets_no_udev_rule() {
    let mut state = state(&case());
    for serial in [
        "0123*56789AB",
        "0123?56789AB",
        "0[1]23456789",
        "A|B0123456789",
        "日本語日本語日本語日本語",
    ] {
        let medium = state.media.get_mut(&of("USB-0421")).expect("registered");
        medium.line.serial = media_custody::model::hardware::Serial::from_text(serial);
        let view = udev::udev(&state);
        assert!(view.left_out.iter().any(|out| out.medium.as_str() == "USB-0421"), "{serial}");
        sound_udev(&view.file);
    }
    // What looks odd and stands for itself.
    let medium = state.media.get_mut(&of("USB-0421")).expect("registered");
    medium.line.serial = media_custody::model::hardware::Serial::from_text("WD-WX 12$x%k,#{a}");
    assert!(udev::udev(&state).file.contains("{serial}==\"WD-WX 12$x%k,#{a}\""));
}

#[test]
fn the_deployed_rules_are_sound() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/70-custody.rules");
    let text = fs::read_to_string(path).expect("read");
    let lines = sound_udev(&text);
    let tagged: Vec<_> =
        lines.iter().filter(|parts| parts.iter().any(|(key, ..)| key == "TAG")).collect();
    let [one] = tagged.as_slice() else { panic!("{tagged:?}") };
    let has = |key: &str, value: &str| one.iter().any(|(k, _, v)| k == key && v == value);
    assert!(has("SUBSYSTEM", "usb") && has("ENV{DEVTYPE}", "usb_device"));
}

#[test]
fn the_table_holds_every_medium_and_no_formula() {
    let mut state = state(&case());
    let medium = state.media.get_mut(&of("USB-0421")).expect("registered");
    medium.product = Some(of("=HYPERLINK(\"http://198.51.100.7/\";\"山田,\")"));
    medium.class = of("＝cmd|' /C calc'!A0");
    let view = render::csv::csv(&state, of(office::BEGAN));
    assert_eq!(view.media.len(), 4);
    assert!(view.file.starts_with('\u{feff}') && view.file.ends_with("\r\n"));

    let cells = lines(&view.file);
    assert_eq!(cells.len(), 5);
    assert!(cells[0][0].contains("管理番号"));
    let of_medium = |id: &str| cells.iter().find(|line| line[0] == id).expect("a line");
    let changed = of_medium("USB-0421");
    assert!(changed.contains(&"'=HYPERLINK(\"http://198.51.100.7/\";\"山田,\")".to_owned()));
    assert!(changed.contains(&"'＝cmd|' /C calc'!A0".to_owned()));
    assert!(of_medium("USB-0666").iter().any(|cell| cell.contains("A\\B") || cell.contains("A\\")));
    let signs = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r'];
    for cell in cells.iter().flatten() {
        assert!(!cell.trim_start().starts_with(signs), "{cell:?}");
    }
}

/// The cells as Python's reader of CSV has them, or ours where that is missing.
fn lines(table: &str) -> Vec<Vec<String>> {
    let script = "import csv, json, sys; sys.stdin.reconfigure(encoding='utf-8-sig', newline=''); \
                  print(json.dumps(list(csv.reader(sys.stdin, strict=True))))";
    let child = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        skip("python3");
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_bytes());
        let lines = reader.records().map(|line| line.expect("a line"));
        return lines.map(|line| line.iter().map(str::to_owned).collect()).collect();
    };
    let mut input = child.stdin.take().expect("its input");
    input.write_all(table.as_bytes()).expect("written");
    drop(input);
    let output = child.wait_with_output().expect("an answer");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("JSON")
}
