//! The calendar and the metrics, read by what is not ours.

use std::collections::BTreeSet;
use std::process::Command;

use media_custody::ledger::State;
use media_custody::render::ics::calendar;
use media_custody::render::metrics::{Gauges, metrics};
use media_custody::render::paper::words::Tongue;
use media_custody::report::notices::duties;

use crate::office::{Case, of};
use crate::{golden, moment, notices, python, state, with_one_missing};

const NOW: &str = "2026-01-19T09:00:00+09:00";

fn drawn(tongue: Tongue) -> String {
    drawn_of(&state(), tongue)
}

fn drawn_of(state: &State, tongue: Tongue) -> String {
    let origin = state.facts.as_ref().map(|facts| &facts.origin);
    calendar(origin, state.size, moment(NOW), &duties(state), tongue).expect("written")
}

#[test]
fn the_calendar_reads_as_it_did() {
    golden("duties.ics", &drawn(Tongue::Both).replace("\r\n", "\n"));
}

#[test]
fn the_calendar_is_read_by_python() {
    let Some(python) = python("icalendar") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("duties.ics");
    std::fs::write(&path, drawn(Tongue::Both)).expect("written");
    let script = "import icalendar, sys\n\
        calendar = icalendar.Calendar.from_ical(open(sys.argv[1], 'rb').read())\n\
        for event in calendar.walk('VEVENT'):\n\
        \x20   begin, end = event['DTSTART'].dt, event['DTEND'].dt\n\
        \x20   assert (end - begin).days == 1 and event['DTSTAMP'].dt.tzinfo is not None\n\
        \x20   print(event['UID'], begin, event['SUMMARY'], event['SEQUENCE'])";
    let done = Command::new(python)
        .args(["-c", script])
        .arg(&path)
        .env("PYTHONIOENCODING", "utf-8")
        .output()
        .expect("it runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8(done.stdout).expect("text");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "USB-0422.return@custody.example.jp/shizuoka 2026-01-20 返却期限 USB-0422 / Return USB-0422 10",
            "USB-0421.check@custody.example.jp/shizuoka 2026-02-04 所在確認 USB-0421 / Check USB-0421 10",
            "USB-0422.check@custody.example.jp/shizuoka 2026-02-04 所在確認 USB-0422 / Check USB-0422 10",
        ]
    );
}

/// RFC 5545, 3.1: every line ends in CRLF and has at most 75 octets.
#[test]
fn lines_of_the_calendar_are_short_and_end_right() {
    let mut state = state();
    let long = "custody.a-long-name-of-an-organisation.example.jp/and-of-one-of-its-branches";
    state.facts.as_mut().expect("founded").origin = of(long);
    let text = drawn_of(&state, Tongue::Both);
    assert!(text.contains("\r\n "), "a line was folded: {text}");
    assert!(text.ends_with("END:VCALENDAR\r\n"));
    for line in text.strip_suffix("\r\n").expect("an end").split("\r\n") {
        assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{line}");
    }
}

#[test]
fn what_is_gone_has_no_duties() {
    let state = with_one_missing();
    let media: BTreeSet<String> =
        duties(&state).into_iter().map(|duty| duty.medium.to_string()).collect();
    assert_eq!(media, BTreeSet::from(["USB-0422".to_owned()]));
}

/// Name, labels and value.
type Sample = (String, Vec<(String, String)>, f64);

/// One line of the exposition format, read strictly.
fn sample(line: &str) -> Result<Sample, String> {
    let bad = || line.to_owned();
    let (name, rest) = line.split_once('{').ok_or_else(bad)?;
    let (labels, value) = rest.split_once("} ").ok_or_else(bad)?;
    let is_name = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && !text.starts_with(|c: char| c.is_ascii_digit())
    };
    let mut read = Vec::new();
    for label in labels.split(',') {
        let (key, value) = label.split_once('=').ok_or_else(bad)?;
        let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).ok_or_else(bad)?;
        if !is_name(key) || value.contains(['"', '\n']) {
            return Err(bad());
        }
        read.push((key.to_owned(), value.to_owned()));
    }
    let number = value.parse::<f64>().map_err(|_| bad())?;
    if !is_name(name) || value.trim() != value {
        return Err(bad());
    }
    Ok((name.to_owned(), read, number))
}

#[test]
fn every_line_of_the_metrics_is_sound() {
    let state = with_one_missing();
    let found = notices(&state, "2026-01-22T09:00:00+09:00");
    let gauges = Gauges {
        oldest_sighting: Some(moment("2026-01-06T10:00:00+09:00")),
        messages_in_trouble: 3,
        journal_bytes: 4096,
    };
    let text = metrics(&found, &gauges);
    golden("metrics.prom", &text);
    assert!(text.ends_with('\n'));
    let (mut typed, mut helped, mut seen) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help");
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(kind == "gauge" && typed.insert(name.to_owned()), "{line}");
        } else {
            let (name, labels, value) = sample(line).expect("a sample");
            assert!(typed.contains(&name) && helped.contains(&name) && value >= 0.0, "{line}");
            assert!(labels.contains(&("ledger".to_owned(), crate::office::ORIGIN.to_owned())));
            assert!(seen.insert(line.split_once('}').expect("labels").0.to_owned()), "{line}");
        }
    }
    let has = |line: &str| text.lines().any(|known| known == line);
    let ledger = format!("ledger=\"{}\"", crate::office::ORIGIN);
    assert!(has(&format!("custody_media{{{ledger},standing=\"missing\"}} 1")), "{text}");
    assert!(has(&format!("custody_overdue{{{ledger}}} 1")), "{text}");
    assert!(has(&format!("custody_oldest_sighting_age_seconds{{{ledger}}} 1378800")), "{text}");
    assert!(has(&format!("custody_notices_failed{{{ledger}}} 3")), "{text}");
}

#[test]
fn an_office_without_drives_has_no_age() {
    let mut state = state();
    state.media.clear();
    let gauges = Gauges { oldest_sighting: None, messages_in_trouble: 0, journal_bytes: 0 };
    let text = metrics(&notices(&state, NOW), &gauges);
    assert!(!text.contains("oldest"), "{text}");
}

#[test]
fn files_are_replaced_whole_and_others_may_read_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let case = Case::new();
    for (option, file, begins) in [
        ("--ics", "duties.ics", "BEGIN:VCALENDAR\r\n"),
        ("--metrics", "custody.prom", "# HELP custody_media "),
    ] {
        case.write(file, "old");
        case.exits(3, &format!("due {option} {file}"));
        assert!(case.text(file).starts_with(begins), "{}", case.text(file));
        let mode = std::fs::metadata(case.path(file)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        case.exits(1, &format!("due {option} nowhere/{file}"));
    }
    // Nothing half written is left beside them.
    let names: Vec<String> = std::fs::read_dir(case.path("."))
        .expect("a folder")
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(".tmp"))
        .collect();
    assert_eq!(names, [""; 0]);
    let seen = case.ledger().state().media[&of("USB-0421")].seen.at;
    let age = case.text("custody.prom").lines().find_map(|line| {
        line.strip_prefix("custody_oldest_sighting_age_seconds")?
            .split(' ')
            .nth(1)?
            .parse::<i64>()
            .ok()
    });
    let since =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("now").as_secs();
    let expected = i64::try_from(since).expect("now") - seen.unix();
    assert!((age.expect("an age") - expected).abs() < 100, "{age:?} {expected}");
}
