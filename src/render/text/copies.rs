//! Copies of a ledger as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::report::copies::{
    Backup, CheckpointBefore, CheckpointSigned, Continuation, Publication, Restoration,
};

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
    if report.bundles > 0 {
        let words = format!(
            "{} hash tiles and {} entry bundles written, {} bytes",
            report.tiles, report.bundles, report.bytes
        );
        page.put(2, Tone::Plain, &words);
    }
    page.put(
        2,
        Tone::Faint,
        "Entries hold names and what people agreed: hand them to those who may read the ledger.",
    );
    page.finish()
}

/// A backup as text.
pub fn backup(report: &Backup, style: Style) -> String {
    let mut page = Page::new(style);
    let file = match &report.file {
        Some(file) => file.display().to_string(),
        None => "Standard output".to_owned(),
    };
    let words = format!("{file} holds {} entries of {}.", report.entries, report.origin);
    page.put(0, Tone::Good, &words);
    let read_back = if report.read_back { ", read back and compared" } else { "" };
    let words = format!("{} files beside them, {} bytes{read_back}", report.files, report.bytes);
    page.put(2, Tone::Plain, &words);
    let keys = match report.keys {
        0 => "no private keys (--with-keys): without log.pem nothing can be recorded".to_owned(),
        count => format!("{count} private keys, encrypted"),
    };
    page.put(2, Tone::Plain, &keys);
    for what in &report.left_out {
        page.put(2, Tone::Warning, &format!("left out: {what}"));
    }
    if !report.removed.is_empty() {
        let words = format!("{} older backups let go", report.removed.len());
        page.put(2, Tone::Plain, &words);
    }
    for file in &report.damaged {
        page.put(2, Tone::Alarm, &format!("DAMAGED, an older backup: {}", file.display()));
    }
    page.finish()
}

/// A restoration as text.
pub fn restoration(report: &Restoration, style: Style) -> String {
    let mut page = Page::new(style);
    let ledger = report.ledger.display();
    page.put(0, Tone::Good, &format!("{} is back in {ledger}.", report.origin));
    let (entries, signatures) = (report.entries, report.signatures);
    let words = format!("{entries} entries and {signatures} signatures verified");
    page.put(2, Tone::Plain, &words);
    page.put(2, Tone::Plain, &format!("{} files beside them", report.files));
    for what in &report.missing {
        page.put(2, Tone::Warning, what);
    }
    if report.log_key {
        page.put(2, Tone::Plain, "The log key is there: the ledger can record.");
    } else {
        let words = "The log key is not there: put log.pem back before anything is recorded.";
        page.put(2, Tone::Warning, words);
    }
    page.put(
        0,
        Tone::Plain,
        "Before you record anything: compare the number of entries with the newest receipt anybody \
         holds ('custody verify RECEIPT').",
    );
    page.finish()
}

/// A continuation as text.
pub fn continuation(report: &Continuation, style: Style) -> String {
    let mut page = Page::new(style);
    let ledger = report.ledger.display();
    page.put(0, Tone::Good, &format!("{} is founded in {ledger}.", report.origin));
    let words = format!(
        "entry {} says that it continues {}, known up to {} entries",
        report.link, report.continues, report.entries
    );
    page.put(2, Tone::Plain, &words);
    match (&report.closed, &report.not_closed) {
        (Some(entry), _) => {
            let words = format!("entry {entry} of the old ledger says by what it is continued");
            page.put(2, Tone::Plain, &words);
        }
        (None, why) => {
            let why = why.as_deref().unwrap_or_default();
            page.put(2, Tone::Warning, &format!("the old ledger was left as it is: {why}"));
        }
    }
    page.put(2, Tone::Plain, "its receipts are verified with a log key of their own:");
    page.put(4, Tone::Plain, &report.log_key);
    let words = format!(
        "Next: enrol {} more people ('custody party add') and register {} media, each with the \
         drive at hand. Keep the old ledger's folder and log key: its receipts stand under them.",
        report.people, report.media
    );
    page.put(0, Tone::Plain, &words);
    page.finish()
}

/// A checkpoint that was signed anew, as text.
pub fn checkpoint_signed(report: &CheckpointSigned, style: Style) -> String {
    let mut page = Page::new(style);
    let entries = report.entries;
    let words = match &report.before {
        CheckpointBefore::Sound => format!("The checkpoint over {entries} entries is in order."),
        _ => format!("A new checkpoint over {entries} entries is signed."),
    };
    page.put(0, Tone::Good, &words);
    let words = format!("{entries} entries and {} signatures verified", report.signatures);
    page.put(2, Tone::Plain, &words);
    match &report.before {
        CheckpointBefore::Sound => {}
        CheckpointBefore::Missing => page.put(2, Tone::Plain, "there was none"),
        CheckpointBefore::Damaged { why } => {
            page.put(2, Tone::Plain, &format!("the one before was of no use: {why}"));
        }
    }
    if let Some(file) = &report.kept {
        page.put(2, Tone::Plain, &format!("what was left of it is in {}", file.display()));
    }
    for one in &report.compared {
        let words =
            format!("{} knows of {} entries; they are here", one.file.display(), one.entries);
        page.put(2, Tone::Plain, &words);
    }
    for heard in &report.witnesses {
        page.put(2, Tone::Plain, &heard.sentence());
    }
    if report.compared.is_empty() && report.before != CheckpointBefore::Sound {
        let words = "Compare it with the newest receipt anybody holds ('custody ledger check \
                     RECEIPT'): the checkpoint before may have known of more entries.";
        page.put(0, Tone::Plain, words);
    }
    page.finish()
}
