//! Lists: the register of media (媒体管理台帳), the sheet for a round of checks (棚卸表),
//! the result of one (点検結果) and a drive's history (媒体履歴).

use super::flow::{Flow, LEADING, Look, Style};
use super::receipt::{Format, grade_key};
use super::table::{Cell, Column, table};
use super::typeface::Typefaces;
use super::words::{Tongue, Words};
use super::{About, PaperError, Role, Sheet};
use crate::ledger::schedule::Standing;
use crate::model::vocabulary::{EncryptionGrade, SightingGrade};
use crate::model::{Name, Origin, Stamp, Token};
use crate::render::qr::Code;
use crate::report::alarm;
use crate::report::check::SeenRow;
use crate::report::history::HistorySheet;
use crate::report::receipt::Head;
use crate::report::register::{RegisterRow, RegisterSheet};
use crate::report::sheet::{CheckSheet, CheckSheetRow};
use crate::report::status::LastSeen;
use crate::report::{CheckReport, Who};

/// Module of the code of a round, in millimetres: version 2 or 3 at 15 to 18 mm.
const MODULE: f32 = 0.45;
/// Height of a row that is ticked by hand.
const BY_HAND: f32 = 8.5;

/// What a list says at its head.
struct ListHead<'a> {
    title: &'a str,
    organisation: Option<&'a Name>,
    site: Option<&'a Name>,
    ledger: Option<&'a Origin>,
    at: Stamp,
    seen: Option<&'a Head>,
}

/// A4 on its side.
fn landscape() -> Style {
    let upright = Format::A4.style();
    Style { width: upright.height, height: upright.width, margin: 13.0, ..upright }
}

fn begin<'f>(style: Style, faces: &'f Typefaces, words: &Words, about: &ListHead<'_>) -> Flow<'f> {
    let title = words.label(about.title);
    let mut flow = Flow::new(style, faces, format!("{title}   {}", about.at.short()));
    let large = Look { size: style.title, grey: false };
    let mark = flow.text_at(style.margin, flow.base(large), large, &title);
    flow.push(Role::Title, vec![mark]);
    flow.skip(style.title * LEADING);
    let whose: Vec<&str> =
        [about.organisation, about.site].into_iter().flatten().map(|name| name.as_str()).collect();
    let small = flow.small();
    if !whose.is_empty() {
        flow.paragraph(flow.body(), &whose.join("  "));
    }
    let mut line = format!("{} {}", words.label("as-of"), about.at.short());
    if let Some(ledger) = about.ledger {
        line.push_str(&format!("   {} {ledger}", words.label("ledger")));
    }
    if let Some(seen) = about.seen {
        let size = seen.entries.to_string();
        line.push_str(&format!("   {}", words.label_of("entries-count", &[("size", &size)])));
    }
    // The upper right corner is for a code.
    let edges = (style.margin, style.margin + flow.measure() * 0.72);
    flow.broken(edges, small, &line);
    flow.skip(1.5);
    flow
}

fn finish(flow: Flow<'_>, words: &Words, title: &str, id: &str, at: Stamp) -> Sheet {
    let about = About {
        title: format!("{} {id}", words.label(title)),
        id: id.to_owned(),
        language: words.language(),
        at,
        attachment: None,
    };
    Sheet { pages: flow.finish(true), about }
}

fn columns(words: &Words, wanted: &[(&str, f32)]) -> Vec<Column> {
    let column = |(key, share): &(&str, f32)| Column { title: words.label(key), share: *share };
    wanted.iter().map(column).collect()
}

/// How a drive stands, in the document's words.
fn standing(words: &Words, standing: Standing) -> String {
    words.label(match standing {
        Standing::Lost => "standing-lost",
        Standing::Missing => "standing-missing",
        Standing::Left => "standing-left",
        Standing::ReturnOverdue => "standing-return-overdue",
        Standing::CheckOverdue => "standing-check-overdue",
        Standing::CheckDue => "standing-check-due",
        Standing::Out => "standing-out",
        Standing::Home => "standing-home",
        Standing::Retired => "standing-retired",
    })
}

fn sighting(words: &Words, grade: SightingGrade) -> String {
    words.label(match grade {
        SightingGrade::Device => "seen-device",
        SightingGrade::Profile => "seen-profile",
        SightingGrade::Label => "seen-label",
        SightingGrade::Attested => "seen-attested",
    })
}

fn last_seen(words: &Words, seen: &LastSeen) -> String {
    let how = sighting(words, seen.grade);
    format!("{}  {how}  {}", seen.at.short(), seen.by.spoken())
}

fn day(day: Option<crate::model::Day>) -> String {
    day.map_or_else(|| "-".to_owned(), |day| day.to_string())
}

/// The register of media.
///
/// # Errors
/// [`PaperError`], where the words or the font are not sound.
pub fn register(
    report: &RegisterSheet,
    tongue: Tongue,
    faces: &Typefaces,
) -> Result<Sheet, PaperError> {
    let words = Words::new(tongue)?;
    let about = ListHead {
        title: "register-title",
        organisation: report.organisation.as_ref(),
        site: report.site.as_ref(),
        ledger: report.ledger.as_ref(),
        at: report.now,
        seen: Some(&report.seen),
    };
    let mut flow = begin(landscape(), faces, &words, &about);
    let columns = columns(
        &words,
        &[
            ("drive", 13.0),
            ("model-serial", 26.0),
            ("encryption", 20.0),
            ("home", 18.0),
            ("holder-since", 25.0),
            ("last-seen", 25.0),
            ("standing", 14.0),
            ("next-due", 12.0),
        ],
    );
    let rows: Vec<Vec<Cell>> = report.rows.iter().map(|row| register_row(&words, row)).collect();
    table(&mut flow, &columns, &rows, 0.0);
    let count = report.rows.len().to_string();
    flow.skip(2.0);
    flow.paragraph(flow.small(), &words.label_of("drives", &[("count", &count)]));
    for awaited in &report.sheets_awaited {
        let id = awaited.receipt.to_string();
        for line in words.lines_of("sheet-awaited", &[("receipt", &id)]) {
            flow.paragraph(flow.small(), &line);
        }
    }
    let id = report.ledger.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    Ok(finish(flow, &words, "register-title", &id, report.now))
}

/// Scheme, or family, and how well that is known, in the document's words.
fn encrypted(words: &Words, scheme: Option<&Token>, grade: EncryptionGrade) -> String {
    let scheme = scheme.map_or("", |scheme| scheme.as_str());
    let key = match grade {
        EncryptionGrade::Claimed => "grade-claimed-list",
        other => grade_key(other),
    };
    format!("{scheme}  {}", words.lines(key).join(" / ")).trim().to_owned()
}

fn register_row(words: &Words, row: &RegisterRow) -> Vec<Cell> {
    let model = row.product.as_ref().map_or("", |product| product.as_str());
    let gone = row.gone_since.map_or_else(String::new, |at| format!("  {}", at.day()));
    let since = row.since.day();
    let paper = match &row.sheet {
        Some(sheet) => format!("  {}", words.pick(sheet.words())),
        None => String::new(),
    };
    vec![
        row.medium.as_str().into(),
        format!("{model}  {}", row.serial).trim().into(),
        encrypted(words, row.scheme.as_ref(), row.encryption_grade).into(),
        row.home.as_str().into(),
        format!("{}  {since}{paper}", row.holder.spoken()).into(),
        last_seen(words, &row.last_seen).into(),
        format!("{}{gone}", standing(words, row.standing)).into(),
        day(row.next_due).into(),
    ]
}

/// The list that one person takes along on a round, with boxes to tick.
///
/// # Errors
/// [`PaperError`], where the words or the font are not sound.
pub fn check_sheet(
    report: &CheckSheet,
    tongue: Tongue,
    faces: &Typefaces,
) -> Result<Sheet, PaperError> {
    let words = Words::new(tongue)?;
    let about = ListHead {
        title: "check-title",
        organisation: report.organisation.as_ref(),
        site: report.site.as_ref(),
        ledger: report.ledger.as_ref(),
        at: report.now,
        seen: Some(&report.seen),
    };
    let mut flow = begin(Format::A4.style(), faces, &words, &about);
    let body = flow.body();
    flow.field(
        &words.label("place"),
        Look { size: body.size * 1.2, ..body },
        report.place.as_str(),
    );
    flow.field(&words.label("checked-by"), body, "");
    flow.skip(3.0);
    flow.rule();
    round_code(&mut flow, &words, report.code.as_deref());
    flow.skip(1.0);
    let columns = columns(
        &words,
        &[
            ("ticked", 8.0),
            ("drive", 16.0),
            ("model-serial", 30.0),
            ("holder", 20.0),
            ("last-seen", 26.0),
            ("remark", 20.0),
        ],
    );
    let rows: Vec<Vec<Cell>> = report.rows.iter().map(|row| check_row(&words, row)).collect();
    table(&mut flow, &columns, &rows, BY_HAND);
    flow.skip(3.0);
    away(&mut flow, &words, report);
    // What nobody expected is written here.
    let left = flow.style.margin;
    flow.need(34.0);
    flow.line(Role::Heading, left, body, &words.label("not-on-the-list"));
    let size = (flow.measure(), 24.0);
    let at = (left, flow.y());
    flow.frame(at, size, "");
    flow.skip(26.0);
    for line in words.lines("check-note") {
        flow.paragraph(flow.small(), &line);
    }
    Ok(finish(flow, &words, "check-title", report.place.as_str(), report.now))
}

fn check_row(words: &Words, row: &CheckSheetRow) -> Vec<Cell> {
    let model = row.product.as_ref().map_or("", |product| product.as_str());
    let weak = if row.weak { words.label("by-label-only") } else { String::new() };
    vec![
        Cell::Tick,
        format!("{}  {weak}", row.medium).trim().into(),
        format!("{model}  {}", row.serial).trim().into(),
        row.holder.spoken().into(),
        last_seen(words, &row.last_seen).into(),
        Cell::Empty,
    ]
}

/// What belongs here and is with somebody: nobody need look for it.
fn away(flow: &mut Flow<'_>, words: &Words, report: &CheckSheet) {
    if report.away.is_empty() {
        return;
    }
    let left = flow.style.margin;
    flow.need(20.0);
    flow.line(Role::Heading, left, flow.body(), &words.label("away"));
    let columns = columns(
        words,
        &[("drive", 16.0), ("holder", 30.0), ("place", 26.0), ("standing", 18.0), ("due", 14.0)],
    );
    let rows: Vec<Vec<Cell>> = report
        .away
        .iter()
        .map(|row| {
            vec![
                row.medium.as_str().into(),
                row.holder.spoken().into(),
                row.place.as_str().into(),
                standing(words, row.standing).into(),
                day(row.due).into(),
            ]
        })
        .collect();
    table(flow, &columns, &rows, 0.0);
    flow.skip(3.0);
}

/// The round's own code in the upper right corner, with its text below it.
fn round_code(flow: &mut Flow<'_>, words: &Words, text: Option<&str>) {
    let Some(code) = text.and_then(|text| Code::receipt(text).ok()) else { return };
    let text = text.unwrap_or_default();
    #[allow(clippy::cast_precision_loss)] // some dozen modules
    let side = code.full_width() as f32 * MODULE;
    let style = flow.style;
    let x = style.width - style.margin - side;
    let y = style.margin;
    let says = words.label_of("round-alt", &[("code", text)]);
    flow.code((x, y), MODULE, &code, says);
    let look = Look { size: style.small * 0.85, grey: false };
    let mark = flow.text_to(style.width - style.margin, y + side + look.size, look, text);
    flow.push(Role::Text, vec![mark]);
}

/// The result of a round.
///
/// # Errors
/// [`PaperError`], where the words or the font are not sound.
pub fn check_result(
    report: &CheckReport,
    tongue: Tongue,
    faces: &Typefaces,
) -> Result<Sheet, PaperError> {
    let words = Words::new(tongue)?;
    let about = ListHead {
        title: "result-title",
        organisation: report.organisation.as_ref(),
        site: report.site.as_ref(),
        ledger: Some(&report.ledger),
        at: report.at,
        seen: None,
    };
    let mut flow = begin(Format::A4.style(), faces, &words, &about);
    let body = flow.body();
    let strong = Look { size: body.size * 1.25, ..body };
    flow.field(&words.label("place"), strong, report.place.as_str());
    let key = report.key.fingerprint.to_uppercase();
    flow.field(&words.label("checked-by"), body, &report.by.spoken());
    flow.field(&words.label("key"), flow.small(), &key);
    if let (Some(second), Some(key)) = (&report.second, &report.second_key) {
        flow.field(&words.label("checked-with"), body, &second.spoken());
        flow.field(&words.label("key"), flow.small(), &key.fingerprint.to_uppercase());
    }
    if let Some(entry) = report.entry {
        flow.field(&words.label("entry"), body, &entry.to_string());
    }
    let verdict = if report.clean { "result-clean" } else { "result-not-clean" };
    flow.field(&words.label("result"), strong, &words.lines(verdict).join(" / "));
    let (expected, found) = (report.expected.to_string(), report.found.len().to_string());
    let with = [("expected", expected.as_str()), ("found", found.as_str())];
    flow.field(&words.label("counted"), body, &words.label_of("counted-of", &with));
    if let Some(detail) = &report.detail {
        flow.field(&words.label("remark"), body, detail.as_str());
    }
    flow.rule();
    let who = |holder: &Option<Who>| holder.as_ref().map_or_else(|| "-".into(), Who::spoken);
    let missing = report.missing.iter().map(|row| {
        let seen = row.last_seen.map_or_else(|| "-".to_owned(), |at| at.short());
        vec![row.medium.to_string(), who(&row.holder), seen]
    });
    listed(&mut flow, &words, "result-missing", &["drive", "holder", "last-seen"], missing);
    let seen_by = |row: &SeenRow| match &row.by {
        Some(by) => format!("{} ({})", sighting(&words, row.grade), by.spoken()),
        None => sighting(&words, row.grade),
    };
    let seen = |row: &SeenRow| vec![row.medium.to_string(), who(&row.holder), seen_by(row)];
    let titles = ["drive", "holder", "seen-how"];
    let weakly = report.unverified.iter().map(seen);
    listed(&mut flow, &words, "result-unverified", &titles, weakly);
    let unexpected = report.unexpected.iter().map(|row| {
        let home = row.home.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        vec![row.medium.to_string(), who(&row.holder), home]
    });
    listed(&mut flow, &words, "result-unexpected", &["drive", "holder", "home"], unexpected);
    let unknown =
        report.unknown.iter().map(|row| vec![row.vid_pid.to_string(), row.serial.clone()]);
    listed(&mut flow, &words, "result-unknown", &["model", "serial"], unknown);
    let alarms = report.alarms.iter().map(|row| {
        let name = row.alarm.as_str();
        let said = alarm::words(name).map_or_else(|| name.to_owned(), |said| words.pick(said));
        vec![row.medium.to_string(), said]
    });
    listed(&mut flow, &words, "alarm", &["drive", "alarm"], alarms);
    listed(&mut flow, &words, "result-found", &titles, report.found.iter().map(seen));
    Ok(finish(flow, &words, "result-title", report.place.as_str(), report.at))
}

/// A heading and a table; nothing where there are no rows.
fn listed(
    flow: &mut Flow<'_>,
    words: &Words,
    heading: &str,
    titles: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) {
    let rows: Vec<Vec<Cell>> = rows.map(|row| row.into_iter().map(Cell::from).collect()).collect();
    if rows.is_empty() {
        return;
    }
    flow.need(22.0);
    let (left, body) = (flow.style.margin, flow.body());
    let title = format!("{} ({})", words.label(heading), rows.len());
    flow.line(Role::Heading, left, body, &title);
    let shares = titles.iter().map(|title| (*title, 1.0)).collect::<Vec<_>>();
    table(flow, &columns(words, &shares), &rows, 0.0);
    flow.skip(3.0);
}

/// What happened to a drive.
///
/// # Errors
/// [`PaperError`], where the words or the font are not sound.
pub fn history(
    report: &HistorySheet,
    tongue: Tongue,
    faces: &Typefaces,
) -> Result<Sheet, PaperError> {
    let words = Words::new(tongue)?;
    let about = ListHead {
        title: "history-title",
        organisation: report.organisation.as_ref(),
        site: report.site.as_ref(),
        ledger: report.ledger.as_ref(),
        at: report.now,
        seen: Some(&report.seen),
    };
    let mut flow = begin(Format::A4.style(), faces, &words, &about);
    let (medium, body) = (&report.medium, flow.body());
    let strong = Look { size: body.size * 1.25, ..body };
    let id = medium.status.medium.to_string();
    flow.field(&words.label("drive"), strong, &id);
    let model = medium.product.as_ref().map_or("", |product| product.as_str());
    flow.field(&words.label("model"), body, format!("{model} ({})", medium.vid_pid).trim());
    flow.field(&words.label("serial"), body, &medium.serial);
    flow.field(&words.label("encryption"), body, &medium.encryption);
    flow.field(&words.label("owner"), body, medium.owner.as_str());
    flow.field(&words.label("home"), body, medium.status.home.as_str());
    flow.field(&words.label("holder"), body, &medium.status.holder.spoken());
    flow.field(&words.label("standing"), body, &standing(&words, medium.status.standing));
    flow.rule();
    let columns = columns(
        &words,
        &[("entry-number", 9.0), ("date", 20.0), ("event", 58.0), ("people", 32.0)],
    );
    let rows: Vec<Vec<Cell>> = medium
        .timeline
        .iter()
        .map(|event| {
            let people: Vec<String> = event.parties.iter().map(Who::spoken).collect();
            let kind = words.label(&format!("kind-{}", event.kind));
            let mut told = vec![format!("{kind}: {}", event.words)];
            told.extend(event.receipt.iter().map(ToString::to_string));
            told.extend(event.details.iter().cloned());
            told.extend(event.sheet.map(|sheet| words.pick(sheet.words())));
            vec![
                event.index.to_string().into(),
                event.at.short().into(),
                told.join("  ").into(),
                people.join("; ").into(),
            ]
        })
        .collect();
    table(&mut flow, &columns, &rows, 0.0);
    Ok(finish(flow, &words, "history-title", &id, report.now))
}
