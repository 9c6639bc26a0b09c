//! The status of every medium as text: what needs somebody in full, the rest as
//! a list.

use super::Style;
use super::layout::{Column, Page, Tone};
use crate::ledger::schedule::Standing;
use crate::report::Status;
use crate::report::attachment::AwaitedSheet;
use crate::report::round::OpenRound;
use crate::report::status::{Row, StationRow};
use crate::report::words::{drives, sighting};

/// The status of every medium as text, most urgent first.
pub fn status(report: &Status, style: Style) -> String {
    let mut page = Page::new(style);
    head(&mut page, report);
    for count in &report.counts {
        if count.media == 0 {
            continue;
        }
        let rows: Vec<&Row> =
            report.rows.iter().filter(|row| row.standing == count.standing).collect();
        page.blank();
        let heading = match count.media {
            1 => count.standing.words().to_owned(),
            many => format!("{} ({many})", count.standing.words()),
        };
        page.put(0, tone(count.standing), &heading);
        if count.standing.is_alarm() {
            for (at, row) in rows.iter().enumerate() {
                if at > 0 {
                    page.blank();
                }
                urgent(&mut page, row);
            }
        } else {
            calm(&mut page, count.standing, &rows);
        }
    }
    awaited(&mut page, &report.sheets_awaited);
    open_rounds(&mut page, &report.rounds);
    stations(&mut page, &report.stations);
    if report.copies.iter().any(|copy| copy.late) {
        page.blank();
    }
    for copy in report.copies.iter().filter(|copy| copy.late) {
        page.put(0, Tone::Alarm, &copy.words());
    }
    page.finish()
}

/// What looks after itself, and whether it still does.
fn stations(page: &mut Page, stations: &[StationRow]) {
    if stations.is_empty() {
        return;
    }
    page.blank();
    page.put(0, Tone::Strong, "Cabinets (自動点呼)");
    for station in stations {
        let at = station.last_call.short();
        let counts = format!("{} there, {} not", station.present, station.absent);
        let (tone, words) = match station.silent {
            false => (Tone::Plain, format!("last roll-call {at}, {counts}")),
            true => (
                Tone::Alarm,
                format!("SILENT since {at} ({counts}): see whether 'custody daemon' runs there"),
            ),
        };
        page.put(2, tone, &format!("{}: {words}", station.place));
    }
}

/// Rounds nobody closed yet: nothing that was seen in them counts before that.
fn open_rounds(page: &mut Page, rounds: &[OpenRound]) {
    if rounds.is_empty() {
        return;
    }
    page.blank();
    page.put(0, Tone::Warning, "Rounds not closed yet (未完了の点検)");
    for round in rounds {
        if let Some(problem) = &round.problem {
            page.put(2, Tone::Alarm, problem);
        }
        let (Some(place), Some(opened), Some(by)) = (&round.place, round.opened, &round.opened_by)
        else {
            continue;
        };
        let old = if round.old { "; what was seen then has to be looked at again" } else { "" };
        let since = format!(
            "since {} by {}, {} seen{old}",
            opened.short(),
            by.spoken(),
            round.observations
        );
        page.hang(2, place.as_str(), 24, Tone::Plain, &since);
    }
    page.put(2, Tone::Faint, "Go on: custody check --place PLACE --by ID");
}

fn head(page: &mut Page, report: &Status) {
    let names = [report.organisation.as_ref(), report.site.as_ref()];
    let names: Vec<String> = names.into_iter().flatten().map(ToString::to_string).collect();
    if !names.is_empty() {
        page.put(0, Tone::Strong, &names.join(", "));
    }
    let ledger = report.ledger.as_ref().map_or_else(String::new, |ledger| format!("  {ledger}"));
    page.put(
        0,
        Tone::Faint,
        &format!("{}{ledger}  {} entries", report.now.short(), report.entries),
    );
    if let Some(other) = &report.continued_by {
        let said = format!("Continued by {other} (引継ぎ済み): nothing more is recorded here.");
        page.put(0, Tone::Alarm, &said);
    }
    if let Some(newest) = report.dated_ahead {
        let said = format!(
            "This computer's clock is behind the newest entry, which is dated {}. One of the two \
             is wrong: set the clock, or have an administrator correct the entry's 'at'.",
            newest.short()
        );
        page.put(0, Tone::Alarm, &said);
    }
    let urgent = report.rows.iter().filter(|row| row.standing.is_alarm()).count();
    match (report.rows.len(), urgent) {
        (0, _) => page.put(0, Tone::Plain, "No drive is registered yet: custody register"),
        (all, 0) => page.put(0, Tone::Good, &format!("{}, none needs you now.", drives(all))),
        (all, 1) => page.put(0, Tone::Alarm, &format!("{}, 1 needs you now.", drives(all))),
        (all, urgent) => {
            page.put(0, Tone::Alarm, &format!("{}, {urgent} need you now.", drives(all)));
        }
    }
}

pub(super) fn tone(standing: Standing) -> Tone {
    match standing {
        standing if standing.is_alarm() => Tone::Alarm,
        Standing::CheckDue => Tone::Warning,
        Standing::Retired => Tone::Faint,
        _ => Tone::Strong,
    }
}

fn days(count: i64) -> String {
    match count {
        0 => "today".to_owned(),
        1 => "1 day".to_owned(),
        many => format!("{many} days"),
    }
}

/// Why a row is urgent, in one line.
pub(super) fn reason(row: &Row) -> String {
    let late = row.overdue_days.map_or_else(String::new, |late| format!(", {}", days(late)));
    let gone = row.gone_since.map_or_else(String::new, |since| since.short());
    match row.standing {
        Standing::Lost => format!("lost since {gone}{late}"),
        Standing::Missing => format!("not found since {gone}{late}"),
        Standing::Left => {
            let left = row.left_since.map_or_else(String::new, |since| since.short());
            format!(
                "not in its place since {left}, and no handover says why; record one, put it \
                 back, or say 'custody missing {}'",
                row.medium
            )
        }
        Standing::ReturnOverdue => {
            let due = row.due.map_or_else(String::new, |due| due.to_string());
            format!("due back {due}{late} late")
        }
        Standing::CheckOverdue => {
            let by = row.check_due.map_or_else(String::new, |due| due.to_string());
            match row.overdue_days {
                Some(0) => format!("should have been seen by {by}, overdue from today on"),
                _ => format!("should have been seen by {by}{late} past all grace"),
            }
        }
        Standing::CheckDue => {
            let by = row.noticed_by.map_or_else(String::new, |by| by.to_string());
            format!("must be seen before {by}")
        }
        Standing::Out | Standing::Home => {
            let by = row.noticed_by.map_or_else(String::new, |by| by.to_string());
            format!("if it disappears now, this is known by {by}")
        }
        Standing::Retired => format!("retired {gone}"),
    }
}

const LABELS: usize = 11;

fn urgent(page: &mut Page, row: &Row) {
    page.hang(2, row.medium.as_str(), LABELS + 2, Tone::Alarm, &reason(row));
    holder(page, row);
    let seen = &row.last_seen;
    let by = seen.by.spoken();
    page.field(4, "last seen", LABELS, &format!("{}, {}", seen.at.short(), sighting(seen.grade)));
    page.field(4, "", LABELS, &format!("{}, by {by}", seen.place));
    marks(page, row);
}

/// Holder, place and receipt of one medium.
pub(super) fn holder(page: &mut Page, row: &Row) {
    page.field(4, "holder", LABELS, &format!("{} ({})", row.holder.spoken(), row.holder.id));
    let since = row.since.short();
    let receipt = match &row.receipt {
        Some(receipt) => format!("since {since}, receipt {receipt}"),
        None => format!("since {since}, no receipt"),
    };
    page.field(4, "", LABELS, &receipt);
    page.field(4, "place", LABELS, row.place.as_str());
    if !row.at_home {
        page.field(4, "home", LABELS, row.home.as_str());
    }
}

/// What weakens the evidence for a medium.
pub(super) fn marks(page: &mut Page, row: &Row) {
    for mark in mark_words(row) {
        page.hang(4, "note", LABELS, Tone::Warning, mark);
    }
}

fn mark_words(row: &Row) -> Vec<&'static str> {
    let weak = row.weak.then_some("weak identity: only its label tells it from others like it");
    let paper = row.sheet.map(|sheet| sheet.words().en);
    [weak, paper].into_iter().flatten().collect()
}

/// Receipts whose sealed sheet nobody has scanned yet.
pub(super) fn awaited(page: &mut Page, sheets: &[AwaitedSheet]) {
    if sheets.is_empty() {
        return;
    }
    page.blank();
    page.put(0, Tone::Warning, "Sealed on paper, sheet not attached yet (書面のみ・写し未添付)");
    for sheet in sheets {
        let ids: Vec<&str> = sheet.media.iter().map(|id| id.as_str()).collect();
        page.hang(2, &sheet.receipt.to_string(), 18, Tone::Plain, &ids.join(", "));
        let by = format!("{}, sealed by {}", sheet.at.short(), sheet.party.spoken());
        page.field(2, "", 18, &by);
    }
    page.put(2, Tone::Faint, "Scan each sealed sheet: custody attach RECEIPT FILE --by ID");
}

/// Rows that need nobody now: one line each.
fn calm(page: &mut Page, standing: Standing, rows: &[&Row]) {
    let text =
        |day: Option<crate::model::Day>| day.map_or_else(|| "-".to_owned(), |d| d.to_string());
    let mut columns =
        vec![Column::fixed("Drive"), Column::flexible("Holder"), Column::flexible("Place")];
    columns.extend(match standing {
        Standing::Out => ["Due back", "Loss known by"].map(Column::fixed).to_vec(),
        Standing::Retired => vec![Column::fixed("Retired")],
        _ => ["See it by", "Loss known by"].map(Column::fixed).to_vec(),
    });
    let cells = |row: &&Row| {
        let mark = if mark_words(row).is_empty() { "" } else { " *" };
        let mut cells =
            vec![format!("{}{mark}", row.medium), row.holder.spoken(), row.place.to_string()];
        match standing {
            Standing::Retired => cells.push(text(row.gone_since.map(|since| since.day()))),
            Standing::Out => cells.extend([text(row.due), text(row.noticed_by)]),
            _ => cells.extend([text(row.check_due), text(row.noticed_by)]),
        }
        cells
    };
    page.table(2, &columns, &rows.iter().map(cells).collect::<Vec<_>>());
    let marked = rows.iter().copied().filter(|row| !mark_words(row).is_empty());
    for row in marked {
        page.hang(
            2,
            "*",
            2,
            Tone::Warning,
            &format!("{}: {}", row.medium, mark_words(row).join("; ")),
        );
    }
}
