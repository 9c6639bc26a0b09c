//! What people and programs are shown, against golden files in tests/golden.
//! `CUSTODY_BLESS=1 cargo test --test report` rewrites them; read the difference
//! before committing it.

mod fixture;

#[path = "report/hostile.rs"]
mod hostile;
#[path = "report/lifecycle.rs"]
mod lifecycle;
#[path = "report/over_the_log.rs"]
mod over_the_log;
#[path = "report/story.rs"]
mod story;
#[path = "report/values.rs"]
mod values;

use std::path::PathBuf;

use fixture::World;
use media_custody::render::json::to_json;
use media_custody::render::text::{self, Style};
use media_custody::report::Status;
use unicode_width::UnicodeWidthStr;
use values::Shown;

/// Compares with the golden file, or writes it when asked to.
fn golden(name: &str, found: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("CUSTODY_BLESS").is_some() {
        std::fs::write(&path, found).expect("golden file");
        return None;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let first = expected.lines().zip(found.lines()).position(|(a, b)| a != b);
    (expected != found).then(|| match first {
        Some(at) => format!(
            "{name} line {}:\n- {}\n+ {}",
            at + 1,
            expected.lines().nth(at).unwrap_or_default(),
            found.lines().nth(at).unwrap_or_default()
        ),
        None => format!("{name}: one is longer than the other, or there is no such file"),
    })
}

fn hold(differences: Vec<String>) {
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_report_reads_as_it_did() {
    let shown = Shown::of(&story::told());
    let texts = shown.texts(Style::PLAIN);
    hold(texts.iter().filter_map(|(name, text)| golden(&format!("{name}.txt"), text)).collect());
}

#[test]
fn a_narrow_page_and_a_coloured_one_read_as_they_did() {
    let status = Status::new(&story::told().state, story::now());
    let narrow = text::status(&status, Style { width: 40, colour: false });
    let coloured = text::status(&status, Style { width: 80, colour: true });
    let coloured = coloured.replace('\u{1b}', "ESC");
    let found = [("status-40.txt", narrow), ("status-colour.txt", coloured)];
    hold(found.iter().filter_map(|(name, text)| golden(name, text)).collect());
}

#[test]
fn the_dossier_reads_in_markdown_as_it_did() {
    let shown = Shown::of(&story::told());
    hold(golden("incident.md", &shown.over_the_log.markdown()).into_iter().collect());
}

#[test]
fn every_report_serialises_as_it_did() {
    let shown = Shown::of(&story::told());
    let all = shown.json();
    hold(all.iter().filter_map(|(name, text)| golden(&format!("{name}.json"), text)).collect());
}

#[test]
fn no_line_is_wider_than_the_page() {
    let shown = Shown::of(&story::told());
    for width in 40..=120 {
        for (name, text) in shown.texts(Style { width, colour: false }) {
            for line in text.lines() {
                assert!(line.width() <= width, "{name} at {width}: {} {line}", line.width());
                assert_eq!(line.trim_end(), line, "{name} at {width} ends a line in spaces");
            }
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let shown = Shown::of(&story::told());
    let plain = shown.texts(Style::PLAIN);
    let coloured = shown.texts(Style { colour: true, ..Style::PLAIN });
    for ((name, plain), (_, coloured)) in plain.iter().zip(&coloured) {
        let mut rest = coloured.as_str();
        let mut stripped = String::new();
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            stripped.push_str(before);
            rest = after.split_once('m').expect("a colour ends in m").1;
        }
        stripped.push_str(rest);
        assert_eq!(*plain, stripped, "{name}");
    }
}

#[test]
fn the_most_urgent_comes_first() {
    let status = Status::new(&story::told().state, story::now());
    let order: Vec<&str> = status.rows.iter().map(|row| row.medium.as_str()).collect();
    let urgent = ["USB-0426", "USB-0420", "USB-0419", "USB-0424"];
    let calm = ["USB-0428", "USB-0421", "USB-0422", "USB-0423", "USB-0425", "USB-0427"];
    assert_eq!(order, [urgent.as_slice(), calm.as_slice()].concat());
    assert!(status.any_alarm());
    assert_eq!(
        status.rows.iter().filter_map(|row| row.overdue_days).collect::<Vec<_>>(),
        [1, 2, 7, 6]
    );
    let mut calm = World::empty();
    let genesis = calm.genesis();
    calm.append(genesis).expect("founded");
    assert!(!Status::new(&calm.state, story::now()).any_alarm());
}

#[test]
fn a_status_of_nothing_says_so() {
    let nothing = Status::new(&media_custody::ledger::State::default(), story::now());
    let text = text::status(&nothing, Style::PLAIN);
    assert!(text.contains("No drive is registered yet"), "{text}");
    assert!(to_json(&nothing).contains("\"ledger\": null"));
}
