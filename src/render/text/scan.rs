//! A scan as text.

use super::Style;
use super::layout::{Page, Tone};
use super::medium::bytes;
use super::status::tone;
use crate::model::vocabulary::EncryptionGrade;
use crate::report::scan::{KnownAs, ScanReport, ScanRow};

const LABELS: usize = 12;

/// A scan as text, one block a device.
pub fn scan(report: &ScanReport, style: Style) -> String {
    let mut page = Page::new(style);
    let count = match report.devices.len() {
        0 => "No removable drive".to_owned(),
        1 => "1 removable drive".to_owned(),
        many => format!("{many} removable drives"),
    };
    page.put(0, Tone::Strong, &format!("{count} ({})", report.bus));
    for notice in &report.notices {
        page.put(0, Tone::Warning, notice);
    }
    for row in &report.devices {
        page.blank();
        device(&mut page, row);
    }
    page.finish()
}

pub(super) fn device(page: &mut Page, row: &ScanRow) {
    match &row.known {
        Some(known) => registered(page, known),
        None => page.put(0, Tone::Warning, "not registered"),
    }
    let names: Vec<&str> =
        [row.vendor_name.as_deref(), row.product_name.as_deref()].into_iter().flatten().collect();
    page.field(2, "Device", LABELS, &format!("{}  {}", row.vid_pid, names.join(" ")));
    let serial = match (&row.serial, row.serial_grade) {
        (Some(serial), Some(grade)) => format!("{serial}  (grade {grade})"),
        (Some(serial), None) => serial.clone(),
        (None, _) => "not readable here".to_owned(),
    };
    page.field(2, "Serial", LABELS, &serial);
    for reason in &row.grade_reasons {
        page.hang(2, "", LABELS, Tone::Warning, reason);
    }
    let capacity = row.capacity.map_or_else(|| "size unknown".to_owned(), bytes);
    let blocks = match row.block_devices.as_slice() {
        [] => "no disk shown".to_owned(),
        names => names.join(", "),
    };
    page.field(2, "Disk", LABELS, &format!("{blocks}, {capacity}, at {}", row.position));
    if let Some(encryption) = &row.encryption {
        page.field(2, "Encryption", LABELS, encryption);
    }
    if let Some(read) = &row.read {
        let proven = read.grade.is_some_and(|grade| grade == EncryptionGrade::Verified);
        let tone = if proven { Tone::Plain } else { Tone::Warning };
        page.hang(2, "Read", LABELS, tone, &read.words);
    }
    for alarm in &row.alarms {
        page.hang(2, "ALARM", LABELS, Tone::Alarm, alarm);
    }
    if let Some(family) = &row.family {
        page.field(2, "Family", LABELS, &format!("{}: {}", family.name, family.verdict));
        if let Some(quirk) = &family.quirk {
            page.hang(2, "", LABELS, Tone::Faint, quirk);
        }
    }
    for oddity in &row.oddities {
        page.hang(2, "Odd", LABELS, Tone::Alarm, oddity);
    }
}

fn registered(page: &mut Page, known: &KnownAs) {
    let words = known.standing.words();
    page.put(0, tone(known.standing), &format!("{}  {words}", known.medium));
    if !known.certain {
        let warning = "perhaps: its serial tells it from no other; compare the label";
        page.hang(2, "Note", LABELS, Tone::Warning, warning);
    }
    let holder = format!("{} ({})", known.holder.spoken(), known.holder.id);
    page.field(2, "Holder", LABELS, &holder);
    page.field(2, "Home", LABELS, known.home.as_str());
    if let Some(due) = known.due {
        page.field(2, "Due back", LABELS, &due.to_string());
    }
}
