//! A round of presence checks as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::model::DrawLine;
use crate::report::CheckReport;
use crate::report::check::{DrawnRound, SeenRow};
use crate::report::words::{drives, sighting};

const IDS: usize = 18;

/// A round of presence checks as text; what is wrong comes first.
pub fn check(report: &CheckReport, style: Style) -> String {
    let mut page = Page::new(style);
    page.put(0, Tone::Strong, &format!("Check at {}", report.place));
    let entry = report.entry.map_or_else(|| "not recorded".to_owned(), |at| format!("entry {at}"));
    let head = format!("{}  by {}  {entry}", report.at.short(), report.by.spoken());
    page.put(0, Tone::Faint, &head);
    if let Some(draw) = &report.draw {
        page.put(0, Tone::Faint, &sample(draw));
    }
    verdict(&mut page, report);
    missing(&mut page, report);
    seen(&mut page, "Belongs elsewhere", Tone::Warning, &report.unexpected, true);
    if !report.unknown.is_empty() {
        page.blank();
        page.put(0, Tone::Warning, "Not registered");
        for row in &report.unknown {
            page.put(2, Tone::Plain, &format!("{}  serial {}", row.vid_pid, row.serial));
        }
    }
    if !report.alarms.is_empty() {
        page.blank();
        page.put(0, Tone::Alarm, "Alarms");
        for row in &report.alarms {
            page.hang(2, row.medium.as_str(), IDS, Tone::Alarm, &row.alarm);
        }
    }
    seen(&mut page, "Found", Tone::Good, &report.found, false);
    if let Some(detail) = &report.detail {
        page.blank();
        page.field(0, "Remark", 10, detail.as_str());
    }
    page.finish()
}

fn verdict(page: &mut Page, report: &CheckReport) {
    let expected = report.found.len() + report.missing.len();
    if report.clean {
        let words = match expected {
            0 => "No drive belongs here, and none was seen.".to_owned(),
            1 => "The drive that belongs here is here.".to_owned(),
            all => format!("All {all} drives that belong here are here."),
        };
        return page.put(0, Tone::Good, &words);
    }
    let counts = [
        (report.missing.len(), "MISSING"),
        (report.unexpected.len(), "belonging elsewhere"),
        (report.unknown.len(), "not registered"),
        (report.alarms.len(), "odd"),
    ];
    let words: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let found = format!("{} of {expected} found; {}", report.found.len(), words.join(", "));
    page.put(0, Tone::Alarm, &found);
}

fn missing(page: &mut Page, report: &CheckReport) {
    if report.missing.is_empty() {
        return;
    }
    page.blank();
    page.put(0, Tone::Alarm, "MISSING");
    for row in &report.missing {
        let last = match (&row.last_seen, &row.last_seen_by) {
            (Some(at), Some(by)) => format!("last seen {} by {}", at.short(), by.spoken()),
            _ => "never seen".to_owned(),
        };
        page.hang(2, row.medium.as_str(), IDS, Tone::Alarm, &last);
        if let Some(holder) = &row.holder {
            page.field(2, "", IDS, &format!("ask {} ({})", holder.spoken(), holder.id));
        }
    }
}

fn seen(page: &mut Page, heading: &str, tone: Tone, rows: &[SeenRow], elsewhere: bool) {
    if rows.is_empty() {
        return;
    }
    page.blank();
    page.put(0, tone, heading);
    for row in rows {
        page.field(2, row.medium.as_str(), IDS, sighting(row.grade));
        if let (true, Some(home)) = (elsewhere, &row.home) {
            page.field(2, "", IDS, &format!("home {home}"));
        }
        if let (true, Some(holder)) = (elsewhere, &row.holder) {
            page.field(
                2,
                "",
                IDS,
                &format!("by the ledger with {} ({})", holder.spoken(), holder.id),
            );
        }
    }
}

/// The sample of a round that is about to begin.
pub fn drawn(report: &DrawnRound, style: Style) -> String {
    let mut page = Page::new(style);
    let head =
        format!("Drawn at {}: {} of {}", report.place, report.media.len(), drives(report.of));
    page.put(0, Tone::Strong, &head);
    page.put(0, Tone::Faint, &sample(&report.line));
    for id in &report.media {
        page.put(2, Tone::Plain, id.as_str());
    }
    page.finish()
}

/// From what a sample follows.
fn sample(draw: &DrawLine) -> String {
    format!(
        "{} %, drawn for round {} by the head of the log at {} entries; nobody chose it",
        draw.percent, draw.number, draw.head.size
    )
}
