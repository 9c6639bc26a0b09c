//! Until when a loss can go unnoticed, as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::report::bound::{Bound, Bounds};
use crate::report::words::sighting;

const LABELS: usize = 11;

/// The bounds as text, the latest first.
pub fn bounds(report: &Bounds, style: Style) -> String {
    let mut page = Page::new(style);
    let Some(by) = report.noticed_by else {
        page.put(0, Tone::Plain, "No drive is there that could be lost.");
        return page.finish();
    };
    let reached = report.rows.iter().filter(|row| row.days_left <= 0).count();
    let all = format!("Whichever of these drives disappears now, it is known by {by}.");
    match reached {
        0 => page.put(0, Tone::Good, &all),
        1 => page.put(0, Tone::Alarm, "1 drive is past its bound already: look for it."),
        many => page.put(
            0,
            Tone::Alarm,
            &format!("{many} drives are past their bound already: look for them."),
        ),
    }
    for row in &report.rows {
        page.blank();
        one(&mut page, row);
    }
    page.finish()
}

fn one(page: &mut Page, row: &Bound) {
    let tone = if row.days_left <= 0 { Tone::Alarm } else { Tone::Strong };
    page.hang(0, row.medium.as_str(), LABELS + 2, tone, &noticed(row));
    let seen = &row.last_seen;
    let how = format!("{}, {}", seen.at.short(), sighting(seen.grade));
    page.field(2, "last seen", LABELS, &how);
    page.field(2, "", LABELS, &format!("{}, by {}", seen.place, seen.by.spoken()));
    page.field(2, "next look", LABELS, &format!("on {} at the latest", row.check_due));
    let terms = &row.terms;
    let rests =
        format!("a look every {} days, {} days of grace", terms.interval_days, terms.grace_days);
    page.field(2, "rests on", LABELS, &rests);
}

fn noticed(row: &Bound) -> String {
    if row.days_left <= 0 {
        return format!("nobody has seen it in time; overdue since {}", row.noticed_by);
    }
    let known = format!("if it disappears now, this is known by {}", row.read_by);
    match (&row.closed, row.read_by == row.noticed_by) {
        (_, true) => known,
        (Some(name), _) => format!("{known} ({} is closed: {name})", row.noticed_by),
        (None, _) => format!("{known} ({} is closed)", row.noticed_by),
    }
}
