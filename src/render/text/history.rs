//! 媒体履歴 as text.

use super::Style;
use super::layout::{Page, Tone};
use super::register::{heading, made};
use crate::report::HistorySheet;

/// A medium's history as a document.
pub fn history(report: &HistorySheet, style: Style) -> String {
    let mut page = Page::new(style);
    page.put(0, Tone::Strong, &format!("媒体履歴 History of {}", report.medium.status.medium));
    heading(&mut page, (&report.organisation, &report.site), &report.ledger);
    made(&mut page, report.now, report.seen);
    page.rule();
    page.finish() + &super::medium(&report.medium, style)
}
