//! The tables of a report on a terminal: one block a row, since they are wider than any.

use super::Style;
use super::layout::{Page, Tone};
use super::register::{heading, made};
use crate::report::evidence::Bilingual;
use crate::report::workbook::{Cell, Table, Workbook};

const LABELS: usize = 30;
/// Cells of a row that stand in its first line.
const FIRST: usize = 3;

/// A report's tables.
pub fn workbook(book: &Workbook, style: Style) -> String {
    let mut page = Page::new(style);
    let subject = book.subject.as_ref().map_or_else(String::new, |subject| format!("  {subject}"));
    page.put(0, Tone::Strong, &format!("{}{subject}", spoken(book.title)));
    heading(&mut page, (&book.made.organisation, &book.made.site), &book.made.ledger);
    made(&mut page, book.made.now, book.made.seen);
    for note in &book.notes {
        page.put(0, Tone::Plain, note.ja);
        page.put(0, Tone::Plain, note.en);
    }
    for table in &book.tables {
        page.blank();
        let title = match table.columns.len() {
            0..=2 => spoken(table.name),
            _ => format!("{} ({})", spoken(table.name), table.rows.len()),
        };
        page.put(0, Tone::Strong, &title);
        rows(&mut page, table);
    }
    page.finish()
}

fn rows(page: &mut Page, table: &Table) {
    if table.rows.is_empty() {
        page.put(2, Tone::Faint, "なし None");
    }
    for row in &table.rows {
        let cells = || table.columns.iter().zip(row).filter(|(_, cell)| **cell != Cell::Empty);
        if let [label, value] = row.as_slice() {
            let value = if *value == Cell::Empty { "-".to_owned() } else { shown(value) };
            page.field(2, &shown(label), LABELS + 16, &value);
            continue;
        }
        let first: Vec<String> = cells().take(FIRST).map(|(_, cell)| shown(cell)).collect();
        page.put(2, Tone::Plain, &first.join("  "));
        for (column, cell) in cells().skip(FIRST) {
            page.field(6, &spoken(column.title), LABELS, &shown(cell));
        }
    }
}

fn spoken(words: Bilingual) -> String {
    if words.ja == words.en { words.en.to_owned() } else { format!("{} {}", words.ja, words.en) }
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Words(words) => spoken(*words),
        Cell::Number(number) => number.to_string(),
        Cell::Day(day) => day.to_string(),
        Cell::Moment(at) => at.short(),
        Cell::Empty => String::new(),
    }
}
