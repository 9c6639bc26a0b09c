//! The stored files as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::report::soundness::Soundness;

/// What looking at the stored files found, as text.
pub fn soundness(report: &Soundness, style: Style) -> String {
    let mut page = Page::new(style);
    let entries_whole = report.findings.iter().all(|one| one.attachment.is_some());
    match (report.sound, report.repairable) {
        (true, _) => page.put(0, Tone::Good, "SOUND: every stored byte is as it should be."),
        (false, true) => page.put(0, Tone::Warning, "NOT SOUND, and nothing is lost."),
        (false, false) if entries_whole => {
            page.put(0, Tone::Alarm, "DAMAGED: attached documents are not as they were.");
        }
        (false, false) => page.put(0, Tone::Alarm, "DAMAGED: entries are not as they were."),
    }
    page.put(2, Tone::Plain, &format!("{} whole entries", report.entries));
    if report.attachments > 0 {
        page.put(2, Tone::Plain, &format!("{} attached documents, whole", report.attachments));
    }
    for finding in &report.findings {
        page.put(2, Tone::Plain, &format!("- {}", finding.problem));
        if let Some(repair) = finding.repair {
            page.put(4, Tone::Faint, repair);
        }
    }
    for file in &report.unreferenced {
        let words = format!("no entry names {file}: a draft's, or left behind; it harms nothing");
        page.put(2, Tone::Faint, &words);
    }
    for done in &report.repaired {
        page.put(2, Tone::Good, &format!("repaired: {done}"));
    }
    if !report.sound && report.repairable {
        page.put(0, Tone::Plain, "Run 'custody fsck --repair'.");
    } else if !report.sound && entries_whole {
        page.put(
            0,
            Tone::Plain,
            "The entries are whole. Put the documents back from your backup; one that is gone can \
             also be attached again with 'custody attach'.",
        );
    } else if !report.sound {
        page.put(
            0,
            Tone::Plain,
            "Nothing was changed, and no repair is offered: what is gone only a backup brings back. \
             Keep this folder as it is, and restore the newest backup elsewhere.",
        );
    }
    page.finish()
}
