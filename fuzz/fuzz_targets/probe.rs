//! Any bytes as a disk: there is a verdict within the budget, and it can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_custody::render::json::to_json;
use media_custody::render::text::{self, Style};
use media_custody::report::EvidenceReport;
use media_custody::volume::{BUDGET, probe};

fuzz_target!(|bytes: &[u8]| {
    let evidence = probe(&bytes);
    assert!(evidence.read.bytes <= BUDGET);
    let report = EvidenceReport::new("fuzz".to_owned(), evidence);
    let shown = text::evidence(&report, Style::PLAIN);
    assert!(!shown.contains('\u{1b}') && !to_json(&report).contains('\u{1b}'));
});
