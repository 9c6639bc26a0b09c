//! What is due, overdue and missing as text.

use super::Style;
use super::layout::{Column, Page, Tone};
use crate::report::notices::{Duty, Matter, Notice, Rung};
use crate::report::telling::{DueReport, Heartbeat, Telling};
use crate::report::words::drives;

const LABELS: usize = 12;

/// What is due, overdue and missing, and what telling people came to.
pub fn due(report: &DueReport, style: Style) -> String {
    let mut page = Page::new(style);
    let notices = &report.notices;
    let ledger = notices.ledger.as_ref().map_or_else(String::new, ToString::to_string);
    page.put(0, Tone::Faint, &format!("{}  {ledger}", notices.now.short()));
    if notices.rows.is_empty() {
        page.put(0, Tone::Good, "Nothing is due, overdue or missing.");
    } else {
        let columns = [
            Column::fixed("Drive"),
            Column::fixed("What"),
            Column::fixed("Day"),
            Column::fixed("Days"),
            Column::flexible("Holder"),
        ];
        page.table(0, &columns, &notices.rows.iter().map(cells).collect::<Vec<_>>());
        let counts = [
            (Rung::Missing, "missing", Tone::Alarm),
            (Rung::Left, "gone from its place without a handover", Tone::Alarm),
            (Rung::Overdue, "overdue", Tone::Alarm),
            (Rung::Due, "due", Tone::Warning),
        ];
        for (rung, word, tone) in counts {
            let count = notices.on(rung);
            if count > 0 {
                page.put(0, tone, &format!("{} {word}", drives(count)));
            }
        }
    }
    for copy in notices.copies.iter().filter(|copy| copy.late) {
        page.put(0, Tone::Alarm, &copy.words());
    }
    next(&mut page, &notices.next);
    if let Some(telling) = &report.telling {
        told(&mut page, telling);
    }
    for file in &report.files {
        page.put(0, Tone::Plain, &format!("Written: {file}"));
    }
    page.finish()
}

fn cells(row: &Notice) -> Vec<String> {
    let days = match row.late_days {
        0 => "today".to_owned(),
        late if late > 0 => format!("{late} ago"),
        ahead => format!("in {}", -ahead),
    };
    let mark = if row.acknowledged { ", acknowledged" } else { "" };
    vec![
        row.medium.to_string(),
        format!("{}{mark}", row.matter.words()),
        row.day.to_string(),
        days,
        row.holder.spoken(),
    ]
}

fn next(page: &mut Page, duties: &[Duty]) {
    if duties.is_empty() {
        return;
    }
    page.blank();
    page.put(0, Tone::Plain, "Next");
    for duty in duties {
        let what = if duty.matter == Matter::ReturnDue { "return" } else { "check" };
        page.field(2, &duty.day.to_string(), LABELS, &format!("{what} {}", duty.medium));
    }
}

fn told(page: &mut Page, telling: &Telling) {
    page.blank();
    if telling.messages.is_empty() {
        page.put(0, Tone::Plain, "Everybody was told already today.");
    }
    super::notices::list(page, &telling.messages);
    for someone in &telling.unreachable {
        let alone = if someone.nobody_else { ", and nobody else was told" } else { "" };
        let what = format!("{} has no address in the configuration{alone}.", someone.party);
        page.put(0, Tone::Warning, &what);
    }
    for id in &telling.strangers {
        let what = format!("{id} has an address in the configuration and is nobody's id here.");
        page.put(0, Tone::Warning, &what);
    }
    if let Some(hour) = telling.quiet_until {
        page.put(0, Tone::Faint, &format!("Before {hour}:00 only missing drives are told."));
    }
    match &telling.heartbeat {
        Some(Heartbeat::Failed(why)) => {
            page.put(0, Tone::Warning, &format!("The heartbeat was not taken: {why}"));
        }
        Some(Heartbeat::Withheld) => {
            page.put(0, Tone::Warning, "The heartbeat was withheld, since people were not told.");
        }
        _ => {}
    }
}
