//! One medium and its timeline as text.

use super::Style;
use super::layout::{Page, Tone};
use super::status::{holder, marks, reason, tone};
use crate::report::MediumView;
use crate::report::medium::Event;

const LABELS: usize = 16;

/// One medium and its timeline as text.
pub fn medium(report: &MediumView, style: Style) -> String {
    let mut page = Page::new(style);
    let row = &report.status;
    let head = format!("{}  {}", row.medium, row.standing.words());
    page.put(0, tone(row.standing), &head);
    page.put(2, if row.standing.is_alarm() { Tone::Alarm } else { Tone::Plain }, &reason(row));
    holder(&mut page, row);
    marks(&mut page, row);
    page.blank();
    facts(&mut page, report);
    page.blank();
    page.put(0, Tone::Strong, "What happened");
    if report.timeline.is_empty() {
        page.put(2, Tone::Faint, "nothing recorded here");
    }
    for event in &report.timeline {
        told(&mut page, event);
    }
    page.finish()
}

fn facts(page: &mut Page, report: &MediumView) {
    let mut put = |label: &str, value: String| page.field(2, label, LABELS, &value);
    put("Registered", format!("{}, entry {}", report.registered_at.short(), report.entry));
    put("Owner", report.owner.to_string());
    put("Data", report.class.to_string());
    put("Encryption", report.encryption.clone());
    put(
        "See it every",
        format!("{} days, {} days of grace", report.interval_days, report.grace_days),
    );
    put("Label", report.label.clone());
    put("USB", format!("{}  serial {}", report.vid_pid, report.serial));
    put("Serial grade", report.serial_grade.to_string());
    if !report.look_alikes.is_empty() {
        let same: Vec<&str> = report.look_alikes.iter().map(|id| id.as_str()).collect();
        put("Looks the same", same.join(", "));
    }
    if let Some(product) = &report.product {
        put("Product", product.to_string());
    }
    if let Some(capacity) = report.capacity {
        put("Capacity", bytes(capacity));
    }
    if let Some(interfaces) = &report.interfaces {
        put("Interfaces", interfaces.to_string());
    }
    for mark in &report.marks {
        put("Content mark", mark.to_string());
    }
}

/// One event: when and what, then its details, then who and where it stands.
fn told(page: &mut Page, event: &Event) {
    let when = event.at.short();
    let tone = if event.alarming { Tone::Alarm } else { Tone::Plain };
    page.hang(2, &when, 18, tone, &event.words);
    for detail in &event.details {
        page.field(2, "", 18, detail);
    }
    if let Some(sheet) = event.sheet {
        page.hang(2, "", 18, Tone::Warning, sheet.words().en);
    }
    let receipt = event.receipt.as_ref().map_or_else(String::new, |id| format!(", receipt {id}"));
    // A handover names its parties in its own words.
    let by = match event.kind {
        "handover" => None,
        // Who verified it stands behind the one who did it, and in the details.
        "erase" | "retire" => event.parties.first(),
        _ => event.parties.last(),
    };
    let by = by.map_or_else(String::new, |by| format!(", by {}", by.spoken()));
    page.hang(2, "", 18, Tone::Faint, &format!("entry {}{receipt}{by}", event.index));
}

/// A size as it stands on the packaging: decimal units.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    for (name, size) in UNITS {
        if count >= size {
            let (whole, tenth) = (count / size, count % size / (size / 10));
            return if whole < 10 {
                format!("{whole}.{tenth} {name}")
            } else {
                format!("{whole} {name}")
            };
        }
    }
    format!("{count} bytes")
}
