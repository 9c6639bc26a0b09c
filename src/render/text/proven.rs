//! What receipts prove, as text.

use super::Style;
use super::layout::{Column, Page, Tone};
use crate::report::proven::{Gap, Proven};

const COLUMNS: [Column; 4] = [
    Column::fixed("Entry"),
    Column::fixed("At"),
    Column::fixed("Kind"),
    Column::flexible("What it says"),
];

/// What receipts prove of a lost ledger, as text.
pub fn proven(report: &Proven, style: Style) -> String {
    let mut page = Page::new(style);
    let (proven, known) = (report.entries.len(), report.known);
    let tone = if report.contradictions.is_empty() { Tone::Good } else { Tone::Alarm };
    let words =
        format!("{}: {proven} entries proven, of {known} that are known of.", report.ledger);
    page.put(0, tone, &words);
    for what in &report.contradictions {
        page.put(2, Tone::Alarm, what);
    }
    let rows: Vec<Vec<String>> = report
        .entries
        .iter()
        .map(|entry| {
            let at = entry.at.to_string();
            vec![entry.index.to_string(), at, entry.kind.to_owned(), entry.said.clone()]
        })
        .collect();
    if !rows.is_empty() {
        page.table(0, &COLUMNS, &rows);
    }
    for Gap { from, to } in &report.gaps {
        let words = match from == to {
            true => format!("entry {from}: nothing was given"),
            false => format!("entries {from} to {to}: nothing was given"),
        };
        page.put(2, Tone::Warning, &words);
    }
    for file in &report.left_out {
        page.put(2, Tone::Warning, &format!("{} proves nothing: {}", file.file, file.why));
    }
    page.put(0, Tone::Plain, "This does not show:");
    for what in &report.not_shown {
        page.put(2, Tone::Plain, &format!("- {what}"));
    }
    page.finish()
}
