//! The log as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::report::LogView;

/// The log as text: an entry's index, time, kind and signers, and below it what
/// it says.
pub fn log(report: &LogView, style: Style) -> String {
    let mut page = Page::new(style);
    let column = report.entries.last().map_or(1, |entry| entry.index.to_string().len()).max(4) + 2;
    for entry in &report.entries {
        let receipt = entry.receipt.as_ref().map_or_else(String::new, |id| format!("  {id}"));
        let head = format!("{}  {}{receipt}", entry.at.short(), entry.kind);
        page.hang(0, &entry.index.to_string(), column, Tone::Strong, &head);
        page.field(0, "", column, &entry.summary);
        if let Some(sheet) = entry.sheet {
            page.hang(0, "", column, Tone::Warning, sheet.words().en);
        }
        let signers: Vec<String> = entry.signers.iter().map(|who| who.spoken()).collect();
        if !signers.is_empty() {
            page.hang(0, "", column, Tone::Faint, &format!("signed: {}", signers.join("; ")));
        }
    }
    let shown = report.entries.len() as u64;
    if shown < report.total {
        page.put(0, Tone::Faint, &format!("{shown} of {} entries", report.total));
    }
    page.finish()
}
