//! The dossier of a loss on a terminal.

use super::Style;
use super::layout::{Page, Tone};
use super::register::{heading, made};
use crate::render::dossier::{Part, dossier};
use crate::render::paper::words::Tongue;
use crate::report::Incident;

const LABELS: usize = 34;

/// The dossier, in both languages.
pub fn incident(report: &Incident, style: Style) -> String {
    let document = dossier(report, Tongue::Both);
    let mut page = Page::new(style);
    page.put(0, Tone::Alarm, &document.title);
    heading(&mut page, (&report.made.organisation, &report.made.site), &report.made.ledger);
    made(&mut page, report.made.now, report.made.seen);
    for part in &document.parts {
        match part {
            Part::Heading(text) => {
                page.blank();
                page.put(0, Tone::Strong, text);
            }
            Part::Subheading(text) => page.put(2, Tone::Strong, text),
            Part::Text(text) => page.put(4, Tone::Plain, text),
            Part::Warning(text) => page.put(0, Tone::Warning, text),
            Part::Field(label, value) => page.field(2, label, LABELS, value),
            Part::ToAdd(text) => page.hang(4, "[ ]", 4, Tone::Plain, text),
            Part::Table(titles, rows) => table(&mut page, titles, rows),
        }
    }
    page.finish()
}

/// One block a row: its columns are wider than a terminal.
fn table(page: &mut Page, titles: &[String], rows: &[Vec<String>]) {
    for row in rows {
        let mut cells = titles.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        let first: Vec<&str> = cells.by_ref().take(2).map(|(_, cell)| cell.as_str()).collect();
        page.put(2, Tone::Plain, &first.join("  "));
        for (title, cell) in cells {
            page.field(6, title, LABELS - 4, cell);
        }
    }
}
