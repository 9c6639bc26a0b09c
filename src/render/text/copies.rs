//! Copies of a ledger as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::report::copies::Publication;

/// A publication as text.
pub fn publication(report: &Publication, style: Style) -> String {
    let mut page = Page::new(style);
    let folder = report.folder.display();
    let entries = report.entries;
    match report.published_before {
        Some(before) if before == entries => {
            page.put(0, Tone::Good, &format!("{folder} has all {entries} entries already."));
        }
        Some(before) if before > entries => {
            let words = format!("{folder} has {before} entries: another program was quicker.");
            page.put(0, Tone::Good, &words);
        }
        before => {
            let fresh = entries - before.unwrap_or(0);
            let words = format!("{fresh} entries published in {folder}, {entries} in all.");
            page.put(0, Tone::Good, &words);
        }
    }
    page.put(
        2,
        Tone::Plain,
        &format!(
            "{} hash tiles and {} entry bundles written, {} bytes",
            report.tiles, report.bundles, report.bytes
        ),
    );
    page.put(
        2,
        Tone::Faint,
        "Entries hold names and what people agreed: hand them to those who may read the ledger.",
    );
    page.finish()
}
