//! The tables of a report on paper: A4 on its side, columns without a value left out.

use super::flow::{Flow, LEADING, Look, Style};
use super::receipt::Format;
use super::table::{Cell, Column, table};
use super::typeface::Typefaces;
use super::words::{Tongue, Words};
use super::{About, PaperError, Role, Sheet};
use crate::report::evidence::Bilingual;
use crate::report::workbook::{self as book, Workbook};

/// A column takes at most so many characters' share of the page.
const SHARE_MAX: u8 = 34;

/// A report's tables.
///
/// # Errors
/// [`PaperError`], where the words or the font are not sound.
pub fn workbook(report: &Workbook, tongue: Tongue, faces: &Typefaces) -> Result<Sheet, PaperError> {
    let words = Words::new(tongue)?;
    let upright = Format::A4.style();
    let style = Style { width: upright.height, height: upright.width, margin: 12.0, ..upright };
    let title = match &report.subject {
        Some(subject) => format!("{}  {subject}", words.pick(report.title)),
        None => words.pick(report.title),
    };
    let made = &report.made;
    let mut flow = Flow::new(style, faces, format!("{title}   {}", made.now.short()));
    let large = Look { size: style.title, grey: false };
    let mark = flow.text_at(style.margin, flow.base(large), large, &title);
    flow.push(Role::Title, vec![mark]);
    flow.skip(style.title * LEADING);
    let names = [made.organisation.as_ref(), made.site.as_ref()];
    let whose: Vec<&str> = names.into_iter().flatten().map(|name| name.as_str()).collect();
    let (body, small) = (flow.body(), flow.small());
    if !whose.is_empty() {
        flow.paragraph(body, &whose.join("  "));
    }
    let size = made.seen.entries.to_string();
    let mut line = format!("{} {}", words.label("as-of"), made.now.short());
    if let Some(ledger) = &made.ledger {
        line.push_str(&format!("   {} {ledger}", words.label("ledger")));
    }
    line.push_str(&format!("   {}", words.label_of("entries-count", &[("size", &size)])));
    flow.paragraph(small, &line);
    for note in &report.notes {
        flow.paragraph(small, &words.pick(*note));
    }
    for one in &report.tables {
        list(&mut flow, &words, one);
    }
    let about = About {
        title: title.clone(),
        id: title,
        language: words.language(),
        at: made.now,
        attachment: None,
    };
    Ok(Sheet { pages: flow.finish(true), about })
}

fn list(flow: &mut Flow<'_>, words: &Words, list: &book::Table) {
    flow.skip(3.0);
    flow.need(24.0);
    let (left, body, small) = (flow.style.margin, flow.body(), flow.small());
    let counted = format!("{} ({})", words.pick(list.name), list.rows.len());
    let name = if list.columns.len() > 2 { counted } else { words.pick(list.name) };
    flow.line(Role::Heading, left, body, &name);
    if list.rows.is_empty() {
        flow.paragraph(small, &words.pick(Bilingual { en: "None", ja: "なし" }));
        return;
    }
    let used = |at: &usize| {
        list.rows.iter().any(|row| row.get(*at).is_some_and(|cell| *cell != book::Cell::Empty))
    };
    let kept: Vec<usize> = (0..list.columns.len()).filter(used).collect();
    let columns: Vec<Column> = kept
        .iter()
        .filter_map(|at| list.columns.get(*at))
        .map(|column| Column {
            title: words.pick(column.title),
            share: f32::from(column.width.min(SHARE_MAX)),
        })
        .collect();
    let rows: Vec<Vec<Cell>> = list
        .rows
        .iter()
        .map(|row| {
            let cells = kept.iter().filter_map(|at| row.get(*at));
            cells.map(|cell| Cell::Text(shown(words, cell))).collect()
        })
        .collect();
    table(flow, &columns, &rows, 0.0);
}

fn shown(words: &Words, cell: &book::Cell) -> String {
    match cell {
        book::Cell::Text(text) => text.clone(),
        book::Cell::Words(said) => words.pick(*said),
        book::Cell::Number(number) => number.to_string(),
        book::Cell::Day(day) => day.to_string(),
        book::Cell::Moment(at) => at.short(),
        book::Cell::Empty => String::new(),
    }
}
