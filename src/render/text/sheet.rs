//! 棚卸表 as text: a list with boxes.

use super::Style;
use super::layout::{Page, Tone};
use super::register::{heading, made};
use crate::report::CheckSheet;
use crate::report::sheet::RoundView;
use crate::report::words::sighting;

const IDS: usize = 22;

/// The list of a place, to be ticked by hand.
pub fn check_sheet(report: &CheckSheet, style: Style) -> String {
    let mut page = Page::new(style);
    page.put(0, Tone::Strong, &format!("棚卸表 Check sheet  {}", report.place));
    heading(&mut page, (&report.organisation, &report.site), &report.ledger);
    made(&mut page, report.now, report.seen);
    if let Some(code) = &report.code {
        page.put(0, Tone::Strong, code);
    }
    page.rule();
    if report.rows.is_empty() {
        page.put(0, Tone::Plain, "該当なし No drive should be here.");
    }
    for row in &report.rows {
        page.hang(0, &format!("[ ] {}", row.medium), IDS, Tone::Strong, &row.label);
        let product = row.product.as_ref().map_or_else(String::new, |name| format!("{name}  "));
        page.field(0, "", IDS, &format!("{product}serial {}", row.serial));
        if row.weak {
            let weak = "ラベルで確認 Only its label tells it from others like it";
            page.hang(0, "", IDS, Tone::Warning, weak);
        }
        let seen = &row.last_seen;
        let how = format!("{}, {}, by {}", seen.at.short(), sighting(seen.grade), seen.by.spoken());
        page.field(0, "", IDS, &format!("最終確認 Last seen {how}"));
        let holder = format!("保管者 Holder {} ({})", row.holder.spoken(), row.holder.id);
        page.field(0, "", IDS, &holder);
    }
    if !report.away.is_empty() {
        page.blank();
        page.put(0, Tone::Strong, "対象外 Belongs here, and is not expected");
        for row in &report.away {
            let due = row.due.map_or_else(String::new, |due| format!(", due back {due}"));
            let words = format!("{}, {}{due}", row.standing.words(), row.holder.spoken());
            page.field(0, &format!("    {}", row.medium), IDS, &words);
        }
    }
    page.blank();
    page.field(0, "点検者 Checked by", IDS, "____________________");
    page.field(0, "日時 When", IDS, "____________________");
    page.finish()
}

/// What the code of a printed list says.
pub fn round(report: &RoundView, style: Style) -> String {
    let mut page = Page::new(style);
    match &report.place {
        Some(place) => page.put(0, Tone::Good, &format!("棚卸表 Check sheet of {place}")),
        None => page.put(
            0,
            Tone::Alarm,
            "この台帳の棚卸表ではありません This ledger made no such list: it is another ledger's, \
             or this ledger's history is another one now. Run 'custody verify'.",
        ),
    }
    page.put(2, Tone::Plain, &format!("made on {}, from {} entries", report.day, report.entries));
    if report.place.is_some() {
        page.put(2, Tone::Plain, &format!("{} entries since", report.entries_since));
    }
    page.finish()
}
