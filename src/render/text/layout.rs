//! Lines that fit: widths as a terminal counts them, a Japanese character two.
//!
//! Every text given to a [`Page`] is made printable first, so that no report has
//! to remember to.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Style;
use crate::model::printable::printable;

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
            start.push_str(&pad(&label, column));
        }
        for line in wrap(&clean(value), self.width() - hang) {
            self.out.push_str(&start);
            self.paint(tone, &line);
            self.out.push('\n');
            start = " ".repeat(hang);
        }
    }

    /// Several columns under headings; a cell that is too long is wrapped.
    pub fn table(&mut self, indent: usize, headings: &[&str], rows: &[Vec<String>]) {
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(self.width() - indent).unwrap_or(u16::MAX));
        table.set_header(headings.iter().copied());
        for row in rows {
            table.add_row(row.iter().map(|cell| clean(cell)));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.lines() {
            self.out.push_str(&" ".repeat(indent));
            self.out.push_str(line.trim_end());
            self.out.push('\n');
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

/// Columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Characters that may not begin a line in Japanese; the line before takes them
/// along where it would otherwise end just before one.
const NOT_FIRST: &str = "、。，．・：；？！」』）】〕｝ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ";

/// Breaks a text into lines of at most `columns`: at spaces, between Japanese
/// characters, and within a word only where it is longer than a line.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        let piece_width = width(piece.trim_end());
        if !line.is_empty() && width(&line) + piece_width > columns {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        if piece_width <= columns {
            line.push_str(piece);
            continue;
        }
        for character in piece.chars() {
            if width(&line) + character.width().unwrap_or(0) > columns {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// Cuts a text where a line may be broken: behind a space and between wide
/// characters, unless the next one may not begin a line.
fn pieces(text: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let mut before: Option<char> = None;
    for (at, character) in text.char_indices() {
        let wide = |c: char| c.width().unwrap_or(0) == 2;
        let breaks = before.is_some_and(|before| {
            (before == ' ' && character != ' ') || wide(before) || wide(character)
        });
        // A zero-width character belongs to the one before it.
        if breaks && character.width() != Some(0) && !NOT_FIRST.contains(character) {
            cuts.push(at);
        }
        before = Some(character);
    }
    cuts.push(text.len());
    cuts.windows(2).filter_map(|pair| text.get(pair[0]..pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_break_at_spaces_and_between_japanese_characters() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("被保険者台帳の印刷", 8), ["被保険者", "台帳の印", "刷"]);
        assert_eq!(wrap("氏名、住所、生年月日", 10), ["氏名、住", "所、生年月", "日"]);
        assert_eq!(wrap("ABCDEFGHIJ", 4), ["ABCD", "EFGH", "IJ"]);
        assert_eq!(wrap("", 4), [""]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_is_lost(text in "[ -~ぁ-ん一-龠、。]{0,200}", columns in 4_usize..90) {
            let lines = wrap(&text, columns);
            prop_assert!(lines.iter().all(|line| width(line) <= columns));
            let letters = |s: &str| s.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn no_control_character_reaches_the_page(text in any::<String>(), width in 0_usize..120) {
            let mut page = Page::new(Style { width, colour: false });
            page.put(2, Tone::Alarm, &text);
            page.field(2, &text, 12, &text);
            page.table(2, &["a", "b"], &[vec![text.clone(), text]]);
            let out = page.finish();
            prop_assert!(!out.chars().any(|c| c != '\n' && crate::model::printable::must_be_escaped(c)));
        }
    }
}
