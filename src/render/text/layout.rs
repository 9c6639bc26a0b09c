//! Lines that fit: widths as a terminal counts them, a Japanese character two.
//!
//! Every text given to a [`Page`] is made printable first, so that no report has
//! to remember to.

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table};

use super::Style;
use crate::model::printable::printable;
use crate::render::wrap::{width, wrap};

/// Fewer columns than this hold nothing legible.
const WIDTH_MIN: usize = 40;
/// Longest text of one paragraph, in characters; device strings and findings are
/// shorter, and a terminal is no place for more.
const TEXT_MAX: usize = 4_000;

/// What a text wants to say beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    Alarm,
    Warning,
    Good,
    Faint,
}

impl Tone {
    fn code(self) -> Option<&'static str> {
        match self {
            Tone::Plain => None,
            Tone::Strong => Some("1"),
            Tone::Alarm => Some("1;31"),
            Tone::Warning => Some("33"),
            Tone::Good => Some("32"),
            Tone::Faint => Some("2"),
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    heading: &'static str,
    fixed: bool,
}

impl Column {
    /// One whose cells stay whole.
    pub const fn fixed(heading: &'static str) -> Self {
        Column { heading, fixed: true }
    }

    /// One whose cells may be wrapped.
    pub const fn flexible(heading: &'static str) -> Self {
        Column { heading, fixed: false }
    }
}

/// Narrower than this, names are torn into syllables.
const FLEXIBLE_MIN: usize = 12;
/// Between two columns.
const COLUMN_GAP: usize = 2;

/// Width of all fixed columns, gaps included.
fn fixed_width(columns: &[Column], rows: &[Vec<String>]) -> usize {
    let widest = |(at, column): (usize, &Column)| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| width(cell));
        cells.max().unwrap_or(0).max(width(column.heading)) + COLUMN_GAP
    };
    columns.iter().enumerate().filter(|(_, column)| column.fixed).map(widest).sum()
}

/// A report being written.
pub(super) struct Page {
    style: Style,
    out: String,
}

impl Page {
    pub fn new(style: Style) -> Self {
        Page { style: Style { width: style.width.max(WIDTH_MIN), ..style }, out: String::new() }
    }

    pub fn width(&self) -> usize {
        self.style.width
    }

    pub fn blank(&mut self) {
        self.out.push('\n');
    }

    /// A paragraph at `indent`, wrapped.
    pub fn put(&mut self, indent: usize, tone: Tone, text: &str) {
        self.hang(indent, "", 0, tone, text);
    }

    /// A label and a value beside it; further lines of the value stand below it.
    /// A label that leaves the value too little room stands on a line of its own.
    pub fn field(&mut self, indent: usize, label: &str, column: usize, value: &str) {
        self.hang(indent, label, column, Tone::Plain, value);
    }

    /// As [`Page::field`], with the value in a tone.
    pub fn hang(&mut self, indent: usize, label: &str, column: usize, tone: Tone, value: &str) {
        let label = clean(label);
        let narrow = indent + column + WIDTH_MIN / 2 > self.width();
        let too_long = column > 0 && width(&label) >= column;
        let mut start = " ".repeat(indent);
        let mut hang = indent + column;
        if narrow || too_long {
            if !label.is_empty() {
                for line in wrap(&label, self.width() - indent) {
                    self.out.push_str(&format!("{start}{line}\n"));
                }
                hang = indent + 2;
            }
            start = " ".repeat(hang.min(self.width() / 2));
            hang = start.len();
        } else {
            start.push_str(&" ".repeat(column.saturating_sub(width(&label))));
            self.out.push_str(&" ".repeat(indent));
            self.paint(if tone == Tone::Alarm { tone } else { Tone::Plain }, &label);
            start.drain(..indent);
        }
        for line in wrap(&clean(value), self.width() - hang) {
            self.out.push_str(&start);
            self.paint(tone, &line);
            self.out.push('\n');
            start = " ".repeat(hang);
        }
    }

    /// Several columns under headings. Columns marked fixed (ids, dates) are never
    /// broken; the others share what is left and are wrapped. Where that leaves
    /// them too little, each row is written as a list of its cells.
    pub fn table(&mut self, indent: usize, columns: &[Column], rows: &[Vec<String>]) {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| clean(cell)).collect()).collect();
        let room = (self.width() - indent).saturating_sub(fixed_width(columns, &rows));
        let flexible = columns.iter().filter(|column| !column.fixed).count();
        if room < flexible * (FLEXIBLE_MIN + COLUMN_GAP) {
            return self.records(indent, columns, &rows);
        }
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(self.width() - indent).unwrap_or(u16::MAX));
        table.set_header(columns.iter().map(|column| column.heading));
        table.add_rows(rows);
        for (drawn, column) in table.column_iter_mut().zip(columns) {
            drawn.set_padding((0, 2));
            if column.fixed {
                drawn.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        for line in table.lines() {
            self.out.push_str(&" ".repeat(indent));
            self.out.push_str(line.trim_end());
            self.out.push('\n');
        }
    }

    fn records(&mut self, indent: usize, columns: &[Column], rows: &[Vec<String>]) {
        let labels = columns.iter().map(|column| width(column.heading)).max().unwrap_or(0) + 2;
        for row in rows {
            for (at, (column, cell)) in columns.iter().zip(row).enumerate() {
                if at == 0 {
                    self.put(indent, Tone::Strong, cell);
                } else {
                    self.field(indent + 2, column.heading, labels, cell);
                }
            }
        }
    }

    /// A drawing that is ours: the modules of a code.
    pub fn drawing(&mut self, drawing: &str) {
        for line in drawing.lines() {
            self.out.push_str(line);
            self.out.push('\n');
        }
    }

    pub fn rule(&mut self) {
        let line = "-".repeat(self.width());
        self.out.push_str(&line);
        self.out.push('\n');
    }

    pub fn finish(self) -> String {
        self.out
    }

    fn paint(&mut self, tone: Tone, text: &str) {
        match tone.code().filter(|_| self.style.colour && !text.is_empty()) {
            Some(code) => self.out.push_str(&format!("\u{1b}[{code}m{text}\u{1b}[0m")),
            None => self.out.push_str(text),
        }
    }
}

/// Text without anything that hides, reorders or controls.
fn clean(text: &str) -> String {
    printable(text, TEXT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_control_character_reaches_the_page(text in any::<String>(), width in 0_usize..120) {
            let mut page = Page::new(Style { width, colour: false });
            page.put(2, Tone::Alarm, &text);
            page.field(2, &text, 12, &text);
            let columns = [Column::fixed("a"), Column::flexible("b")];
            page.table(2, &columns, &[vec![text.clone(), text]]);
            let out = page.finish();
            prop_assert!(!out.chars().any(|c| c != '\n' && crate::model::printable::must_be_escaped(c)));
        }
    }
}
