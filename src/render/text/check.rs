//! A round of presence checks as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::model::DrawLine;
use crate::report::CheckReport;
use crate::report::check::{AlarmRow, DrawnRound, MissingRow, SeenRow, UnknownRow};
use crate::report::round::RoundReport;
use crate::report::who::Who;
use crate::report::words::{drives, listed, sighting};

const IDS: usize = 18;
/// Seen, and neither found nor missing.
const UNVERIFIED: &str = "Seen, but the policy asks for better evidence: does not count";

/// A round of presence checks as text; what is wrong comes first.
pub fn check(report: &CheckReport, style: Style) -> String {
    let mut page = Page::new(style);
    page.put(0, Tone::Strong, &format!("Check at {}", report.place));
    let entry = report.entry.map_or_else(|| "not recorded".to_owned(), |at| format!("entry {at}"));
    let with = report.second.as_ref().map(|two| format!(" and {}", two.spoken()));
    let by = format!("{}{}", report.by.spoken(), with.unwrap_or_default());
    let head = format!("{}  by {by}  {entry}", report.at.short());
    page.put(0, Tone::Faint, &head);
    if let Some(draw) = &report.draw {
        page.put(0, Tone::Faint, &sample(draw));
    }
    verdict(&mut page, report);
    missing(&mut page, &report.missing, "MISSING", Tone::Alarm);
    seen(&mut page, UNVERIFIED, Tone::Warning, &report.unverified, false);
    seen(&mut page, "Belongs elsewhere", Tone::Warning, &report.unexpected, true);
    strangers(&mut page, &report.unknown);
    alarms(&mut page, &report.alarms);
    seen(&mut page, "Found", Tone::Good, &report.found, false);
    if let Some(detail) = &report.detail {
        page.blank();
        page.field(0, "Remark", 10, detail.as_str());
    }
    page.finish()
}

fn verdict(page: &mut Page, report: &CheckReport) {
    let expected = report.expected;
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
        (report.unverified.len(), "seen too weakly to count"),
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

fn strangers(page: &mut Page, rows: &[UnknownRow]) {
    if rows.is_empty() {
        return;
    }
    page.blank();
    page.put(0, Tone::Warning, "Not registered");
    for row in rows {
        page.put(2, Tone::Plain, &format!("{}  serial {}", row.vid_pid, row.serial));
    }
}

fn alarms(page: &mut Page, rows: &[AlarmRow]) {
    if rows.is_empty() {
        return;
    }
    page.blank();
    page.put(0, Tone::Alarm, "Alarms");
    for row in rows {
        page.hang(2, row.medium.as_str(), IDS, Tone::Alarm, &row.alarm);
    }
}

fn missing(page: &mut Page, rows: &[MissingRow], heading: &str, tone: Tone) {
    if rows.is_empty() {
        return;
    }
    page.blank();
    page.put(0, tone, heading);
    for row in rows {
        let last = match (&row.last_seen, &row.last_seen_by) {
            (Some(at), Some(by)) => format!("last seen {} by {}", at.short(), by.spoken()),
            _ => "never seen".to_owned(),
        };
        page.hang(2, row.medium.as_str(), IDS, tone, &last);
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
        let by = row.by.as_ref().map(|by| format!(", by {}", by.spoken())).unwrap_or_default();
        page.field(2, row.medium.as_str(), IDS, &format!("{}{by}", sighting(row.grade)));
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

/// A round that is open, as text: what is still to be looked for comes first.
pub fn open_round(report: &RoundReport, style: Style) -> String {
    let mut page = Page::new(style);
    page.put(0, Tone::Strong, &format!("Round at {}, not closed", report.place));
    let people: Vec<String> = report.people.iter().map(Who::spoken).collect();
    let last = report.last.map_or_else(String::new, |last| format!(", last {}", last.short()));
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let head = format!(
        "since {}  by {}  {} seen{last}",
        report.opened.short(),
        listed(&people),
        report.observations
    );
    page.put(0, Tone::Faint, &head);
    if let Some(draw) = &report.draw {
        page.put(0, Tone::Faint, &sample(draw));
    }
    if report.torn {
        let said = "A last line was never finished and says nothing; nobody was shown it.";
        page.put(0, Tone::Warning, said);
    }
    if report.closing {
        let said = "An entry that closes it was drafted: submit that, or go on.";
        page.put(0, Tone::Warning, said);
    }
    let counts = [
        (report.still_expected.len(), "still expected"),
        (report.look_again.len(), "to be looked at again"),
        (report.unverified.len(), "seen too weakly to count"),
        (report.unexpected.len(), "belonging elsewhere"),
        (report.unknown.len(), "not registered"),
        (report.alarms.len(), "odd"),
    ];
    let words = counts.iter().filter(|(count, _)| *count > 0);
    let words: String = words.map(|(count, word)| format!("; {count} {word}")).collect();
    let tone = if words.is_empty() { Tone::Good } else { Tone::Strong };
    let counted = format!("{} of {} found{words}", report.found.len(), report.expected);
    page.put(0, tone, &counted);
    missing(&mut page, &report.still_expected, "Still expected", Tone::Strong);
    if !report.look_again.is_empty() {
        page.blank();
        page.put(0, Tone::Warning, "Look at these again");
        for row in &report.look_again {
            let seen = format!("{}, {} by {}", row.words.en, row.at.short(), row.by.spoken());
            page.hang(2, &row.what, IDS, Tone::Warning, &seen);
        }
    }
    seen(&mut page, UNVERIFIED, Tone::Warning, &report.unverified, false);
    seen(&mut page, "Belongs elsewhere", Tone::Warning, &report.unexpected, true);
    strangers(&mut page, &report.unknown);
    alarms(&mut page, &report.alarms);
    seen(&mut page, "Found", Tone::Good, &report.found, false);
    page.finish()
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
