//! Requests as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::report::requests::{OpenRequest, OpenRequests};

const LABELS: usize = 18;

/// The open requests, those without an answer first.
pub fn requests(report: &OpenRequests, style: Style) -> String {
    let mut page = Page::new(style);
    if report.rows.is_empty() {
        page.put(0, Tone::Plain, "申請なし No request is open.");
        return page.finish();
    }
    let (all, waiting) = (report.rows.len(), report.unanswered());
    page.put(0, Tone::Strong, &format!("持出申請 Open requests: {all}, unanswered: {waiting}"));
    for row in &report.rows {
        page.blank();
        one(&mut page, row);
    }
    page.finish()
}

/// One request, as whoever answers it has to read it.
pub fn request(row: &OpenRequest, style: Style) -> String {
    let mut page = Page::new(style);
    one(&mut page, row);
    page.finish()
}

fn one(page: &mut Page, row: &OpenRequest) {
    let (tone, standing) = match row.verdict {
        None => (Tone::Warning, "未回答 waits for an answer"),
        Some(_) => (Tone::Good, "承認済み approved, not handed over"),
    };
    page.put(0, tone, &format!("#{}  {standing}", row.entry));
    let age = match row.age_days {
        0 => "today".to_owned(),
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    };
    let asked = format!("{}, {age}, by {}", row.at.short(), row.by.spoken());
    page.field(2, "申請 Asked", LABELS, &asked);
    let media: Vec<&str> = row.media.iter().map(|id| id.as_str()).collect();
    page.field(2, "媒体 Drives", LABELS, &media.join(", "));
    page.field(2, "受取人 Receiver", LABELS, &row.receiver.spoken());
    page.field(2, "目的 Purpose", LABELS, row.purpose.as_str());
    if let Some(contents) = &row.contents {
        page.field(2, "内容 Contents", LABELS, contents.as_str());
    }
    if let Some(persons) = row.persons {
        page.field(2, "人数 Persons", LABELS, &persons.to_string());
    }
    page.field(2, "行先 Place", LABELS, row.place.as_str());
    if let Some(due) = row.due {
        let passed = if row.outdated { "  (期限切れ has passed)" } else { "" };
        page.field(2, "返却期限 Due back", LABELS, &format!("{due}{passed}"));
    }
}
