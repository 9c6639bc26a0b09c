//! Device strings and file names written to fool whoever reads them.

use media_custody::model::evidence::Unread;
use media_custody::model::hardware::VidPid;
use media_custody::model::printable::must_be_escaped;
use media_custody::render::json::to_json;
use media_custody::render::text::{self, Style};
use media_custody::report::scan::{FamilyClaim, ReadRow, ScanReport, ScanRow};
use media_custody::report::verification::FindingView;
use media_custody::report::{JudgedBy, LedgerVerification, ReceiptVerification};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

const HOSTILE: &str = "USB\u{1b}[2J\u{202e}gpj.exe\u{200b}\r\n\u{9b}31m<b>&\u{fffe}";

fn row(text: &str) -> ScanRow {
    ScanRow {
        position: text.to_owned(),
        vid_pid: VidPid { vendor: 0, product: 0 },
        vendor_name: Some(text.to_owned()),
        product_name: Some(text.to_owned()),
        serial: Some(text.to_owned()),
        serial_grade: None,
        grade_reasons: vec![text.to_owned()],
        capacity: Some(0),
        block_devices: vec![text.to_owned()],
        encryption: Some(text.to_owned()),
        known: None,
        oddities: vec![text.to_owned()],
        read: Some(ReadRow { words: text.to_owned(), ..ReadRow::unread(Unread::NotOpened) }),
        alarms: vec![text.to_owned()],
        family: Some(FamilyClaim {
            name: text.to_owned(),
            note: text.to_owned(),
            encryption: text.to_owned(),
            state: Some(text.to_owned()),
            verdict: text.to_owned(),
            serial: text.to_owned(),
            quirk: Some(text.to_owned()),
            evidence: text.to_owned(),
        }),
    }
}

fn scan(text: &str) -> ScanReport {
    ScanReport { bus: text.to_owned(), devices: vec![row(text)], notices: vec![text.to_owned()] }
}

fn harmless(out: &str) -> bool {
    !out.chars().any(|c| c != '\n' && must_be_escaped(c))
}

#[test]
fn hostile_device_strings_are_written_out() {
    let report = scan(HOSTILE);
    let out = text::scan(&report, Style::PLAIN);
    assert!(harmless(&out), "{out:?}");
    assert!(out.contains(r"\u{1b}[2J"), "{out}");
    let json = to_json(&report);
    assert!(harmless(&json), "{json:?}");
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(value["devices"][0]["serial"], HOSTILE);
}

#[test]
fn hostile_findings_are_written_out() {
    let mut audit = media_custody::audit::Auditor::new();
    audit.report(Some(7), media_custody::audit::Cause::Stored(HOSTILE.to_owned()));
    let report = LedgerVerification::new(&audit.finish(None, None), None);
    assert!(harmless(&text::ledger_verification(&report, Style::PLAIN)));
    let finding: &FindingView = &report.findings[0];
    assert_eq!((finding.index, finding.cause), (Some(7), "stored-bytes"));
    let refused = ReceiptVerification::new(None, JudgedBy::LogKey).with(
        "statement",
        false,
        HOSTILE.to_owned(),
    );
    assert!(harmless(&text::receipt_verification(&refused, Style::PLAIN)));
    assert!(!refused.passed());
}

fn a_handover() -> media_custody::model::statement::Handover {
    let mut entries = super::story::told().entries.into_iter();
    let said = entries.find_map(|entry| match entry.statement {
        media_custody::model::Statement::Handover(said) => Some(*said),
        _ => None,
    });
    said.expect("a handover")
}

#[test]
fn no_receipt_passes_with_a_check_left_out() {
    let said = a_handover();
    let fresh = || ReceiptVerification::new(Some(&said), JudgedBy::LogKey);
    let fine = || "fine".to_owned();
    assert!(!fresh().passed());
    assert!(!fresh().with("signatures", true, fine()).passed());
    assert!(!fresh().with("inclusion", true, fine()).passed());
    let both = fresh().with("signatures", true, fine()).with("inclusion", true, fine());
    assert!(both.passed() && !both.shown.is_empty());
    let spoilt = both.with("keys", false, "revoked by entry 3".to_owned());
    assert!(!spoilt.passed() && spoilt.shown.is_empty());
    let nothing = ReceiptVerification::new(None, JudgedBy::Ledger)
        .with("signatures", true, fine())
        .with("inclusion", true, fine());
    assert!(!nothing.passed(), "a text that is no handover");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_stays_harmless_and_within_the_page(text in any::<String>(), width in 40_usize..120) {
        let out = text::scan(&scan(&text), Style { width, colour: false });
        prop_assert!(harmless(&out));
        prop_assert!(out.lines().all(|line| line.width() <= width), "{}", out);
    }
}
