//! An event at a port as text.

use super::Style;
use super::layout::{Page, Tone};
use super::scan::device;
use crate::report::scan::ScanRow;
use crate::report::watch::{Happening, WatchEvent};

const LABELS: usize = 12;

/// One event: a line that says what happened, and below it what is to be known.
pub fn watch_event(event: &WatchEvent, style: Style) -> String {
    let mut page = Page::new(style);
    let place = event.position.as_deref().unwrap_or("-");
    let bus = event.bus.as_deref().unwrap_or("the bus");
    let (tone, words) = match event.event {
        Happening::Begun => (Tone::Faint, format!("watching {bus}")),
        Happening::Ended => (Tone::Faint, "watching ended".to_owned()),
        Happening::Present => (Tone::Plain, format!("at {place} already")),
        Happening::Arrived => (Tone::Strong, format!("ARRIVED at {place}{}", took(event))),
        Happening::Left => (Tone::Strong, format!("LEFT {place}")),
        Happening::Unidentified => (
            Tone::Alarm,
            format!("at {place}: something was plugged in and could not be identified"),
        ),
    };
    page.put(0, tone, &format!("{}  {words}", event.at));
    match (&event.device, event.event) {
        (Some(row), Happening::Left) => left(&mut page, row),
        (Some(row), _) => device(&mut page, row),
        (None, _) => {}
    }
    if !event.unread.is_empty() {
        page.hang(2, "Not read", LABELS, Tone::Warning, &event.unread.join(", "));
    }
    for notice in &event.notices {
        page.hang(2, "Note", LABELS, Tone::Warning, notice);
    }
    page.finish()
}

fn took(event: &WatchEvent) -> String {
    event.arrival_to_identified_ms.map_or_else(String::new, |ms| format!(", identified in {ms} ms"))
}

/// Which drive left, and in whose custody it is.
fn left(page: &mut Page, row: &ScanRow) {
    let names: Vec<&str> =
        [row.vendor_name.as_deref(), row.product_name.as_deref()].into_iter().flatten().collect();
    let serial = row.serial.as_deref().unwrap_or("not readable here");
    let what = format!("{}  {}, serial {serial}", row.vid_pid, names.join(" "));
    let Some(known) = &row.known else {
        page.put(0, Tone::Warning, "not registered");
        return page.field(2, "Device", LABELS, &what);
    };
    page.put(0, Tone::Plain, &format!("{}  {}", known.medium, known.standing.words()));
    if !known.certain {
        page.hang(2, "Note", LABELS, Tone::Warning, "perhaps: its serial tells it from no other");
    }
    page.field(2, "Device", LABELS, &what);
    let holder = format!("{} ({})", known.holder.spoken(), known.holder.id);
    page.field(2, "Custody of", LABELS, &holder);
    if let Some(due) = known.due {
        page.field(2, "Due back", LABELS, &due.to_string());
    }
}
