//! Filling pages from the top down. A [`Flow`] knows how far a page is filled and goes
//! on to a next one, with the document's running head, when something does not fit.

use super::breaking::lines;
use super::typeface::Typefaces;
use super::{Block, Mark, Page, Role};
use crate::model::printable::printable;
use crate::render::qr::Code;

/// From one base line to the next, in ems.
pub const LEADING: f32 = 1.5;
/// How far a base line lies below the top of its line, in ems: what Noto Sans JP needs
/// for its tallest characters.
const ASCENT: f32 = 1.16;
/// Characters of one text that are set; texts of statements are shorter.
const TEXT_MAX: usize = 2_000;

/// Sizes of a document's type and paper, in millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Width of the page.
    pub width: f32,
    /// Height of the page.
    pub height: f32,
    /// White on all four sides.
    pub margin: f32,
    /// Where values begin, from the left margin.
    pub indent: f32,
    /// Values.
    pub body: f32,
    /// Labels, notes, long identifiers.
    pub small: f32,
    /// The title.
    pub title: f32,
}

/// How a line of text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Size of the type.
    pub size: f32,
    /// Printed grey.
    pub grey: bool,
}

/// A document that is being filled.
pub struct Flow<'a> {
    /// Its sizes.
    pub style: Style,
    faces: &'a Typefaces,
    pages: Vec<Page>,
    /// How far the present page is filled.
    y: f32,
    /// How much of each page's foot is kept free.
    foot: f32,
    /// What stands at the head of each further page.
    running: String,
}

impl<'a> Flow<'a> {
    /// An empty first page.
    pub fn new(style: Style, faces: &'a Typefaces, running: String) -> Self {
        let mut flow =
            Flow { style, faces, pages: Vec::new(), y: style.margin, foot: style.margin, running };
        flow.pages.push(flow.blank());
        flow
    }

    fn blank(&self) -> Page {
        Page { width: self.style.width, height: self.style.height, blocks: Vec::new() }
    }

    /// The fonts.
    pub fn faces(&self) -> &'a Typefaces {
        self.faces
    }

    /// How far the present page is filled.
    pub fn y(&self) -> f32 {
        self.y
    }

    /// Goes on at that height of the present page.
    pub fn go_to(&mut self, y: f32) {
        self.y = y;
    }

    /// Millimetres left on the present page.
    pub fn room(&self) -> f32 {
        // A hair more, so that what was measured for a place also fits there.
        self.style.height - self.foot - self.y + 0.01
    }

    /// Width between the margins.
    pub fn measure(&self) -> f32 {
        self.style.width - 2.0 * self.style.margin
    }

    /// Keeps that much of the foot of this and every later page free, margin included.
    pub fn keep_foot(&mut self, height: f32) {
        self.foot = height;
    }

    /// Values.
    pub fn body(&self) -> Look {
        Look { size: self.style.body, grey: false }
    }

    /// Long identifiers and remarks.
    pub fn small(&self) -> Look {
        Look { size: self.style.small, grey: false }
    }

    /// What is the same on every document.
    pub fn label(&self) -> Look {
        Look { size: self.style.small, grey: true }
    }

    /// Leaves white.
    pub fn skip(&mut self, height: f32) {
        self.y += height;
    }

    /// Begins a new page if less than `height` is left on this one.
    pub fn need(&mut self, height: f32) {
        if self.room() < height && self.y > self.style.margin {
            self.turn();
        }
    }

    /// Begins a new page, with the running head.
    pub fn turn(&mut self) {
        self.pages.push(self.blank());
        self.y = self.style.margin;
        if !self.running.is_empty() {
            let (head, look) = (self.running.clone(), self.label());
            self.line(Role::Ornament, self.style.margin, look, &head);
            self.rule();
        }
    }

    /// Adds a block to the present page.
    pub fn push(&mut self, role: Role, marks: Vec<Mark>) {
        if let Some(page) = self.pages.last_mut().filter(|_| !marks.is_empty()) {
            page.blocks.push(Block { role, marks });
        }
    }

    /// A line of text whose base line is `y`, wherever the flow is.
    pub fn text_at(&self, x: f32, y: f32, look: Look, text: &str) -> Mark {
        let text = printable(text, TEXT_MAX);
        Mark::Text { x, y, size: look.size, grey: look.grey, text }
    }

    /// A line of text that ends at `right`.
    pub fn text_to(&self, right: f32, y: f32, look: Look, text: &str) -> Mark {
        let text = printable(text, TEXT_MAX);
        let x = right - self.faces.width(&text, look.size);
        Mark::Text { x, y, size: look.size, grey: look.grey, text }
    }

    /// A line of text in the middle between two edges.
    pub fn text_between(&self, edges: (f32, f32), y: f32, look: Look, text: &str) -> Mark {
        let text = printable(text, TEXT_MAX);
        let x = (edges.0 + edges.1 - self.faces.width(&text, look.size)) / 2.0;
        Mark::Text { x: x.max(edges.0), y, size: look.size, grey: look.grey, text }
    }

    /// The base line of a line that begins at the present height.
    pub fn base(&self, look: Look) -> f32 {
        self.y + look.size * ASCENT
    }

    /// One line, which is not broken, and the flow goes below it.
    pub fn line(&mut self, role: Role, x: f32, look: Look, text: &str) {
        let mark = self.text_at(x, self.base(look), look, text);
        self.push(role, vec![mark]);
        self.y += look.size * LEADING;
    }

    /// A paragraph over the whole measure.
    pub fn paragraph(&mut self, look: Look, text: &str) {
        let left = self.style.margin;
        self.broken((left, left + self.measure()), look, text);
    }

    /// Text in lines between two edges, over to the next page where it must.
    pub fn broken(&mut self, edges: (f32, f32), look: Look, text: &str) {
        let text = printable(text, TEXT_MAX);
        let mut marks = Vec::new();
        for line in lines(self.faces, &text, look.size, edges.1 - edges.0) {
            if self.room() < look.size * LEADING && self.y > self.style.margin {
                self.push(Role::Text, std::mem::take(&mut marks));
                self.turn();
            }
            marks.push(self.text_at(edges.0, self.base(look), look, &line));
            self.y += look.size * LEADING;
        }
        self.push(Role::Text, marks);
    }

    /// Lines that a text takes between two edges.
    pub fn lines_of(&self, width: f32, look: Look, text: &str) -> Vec<String> {
        lines(self.faces, &printable(text, TEXT_MAX), look.size, width)
    }

    /// A label and, beside it, its value.
    pub fn field(&mut self, label: &str, look: Look, value: &str) {
        let left = self.style.margin;
        let (indent, small) = (self.style.indent, self.label());
        let labels = self.lines_of(indent - 1.0, small, label);
        let lines = self.lines_of(self.measure() - indent, look, value).len().max(1);
        #[allow(clippy::cast_precision_loss)] // a few dozen lines
        let height = lines as f32 * look.size * LEADING;
        self.need(height.min(4.0 * look.size * LEADING));
        let (top, pages) = (self.y, self.pages.len());
        let mut base = self.base(look);
        let mut marks = Vec::new();
        for line in &labels {
            marks.push(self.text_at(left, base, small, line));
            base += small.size * LEADING;
        }
        self.push(Role::Text, marks);
        self.broken((left + indent, left + self.measure()), look, value);
        if self.pages.len() == pages {
            let labelled = (labels.len().max(1) - 1) as f32 * small.size * LEADING;
            self.y = self.y.max(top + look.size * LEADING + labelled);
        }
    }

    /// More of the value above it.
    pub fn value(&mut self, look: Look, value: &str) {
        let left = self.style.margin + self.style.indent;
        self.broken((left, self.style.margin + self.measure()), look, value);
    }

    /// A line across the page, with white above and below.
    pub fn rule(&mut self) {
        self.y += 1.2;
        let (left, y) = (self.style.margin, self.y);
        let (from, to) = ((left, y), (left + self.measure(), y));
        self.push(Role::Ornament, vec![Mark::Rule { from, to, width: 0.2 }]);
        self.y += 1.2;
    }

    /// A box with a label in its upper left corner.
    pub fn frame(&mut self, at: (f32, f32), size: (f32, f32), label: &str) {
        let mut marks = vec![Mark::Frame { at, size, width: 0.2, dashed: false }];
        if !label.is_empty() {
            let look = self.label();
            marks.push(self.text_at(at.0 + 1.0, at.1 + look.size * ASCENT + 0.4, look, label));
        }
        self.push(Role::Ornament, marks);
    }

    /// A code with the upper left corner of its quiet zone there.
    pub fn code(&mut self, at: (f32, f32), module: f32, code: &Code, says: String) {
        self.push(Role::Figure(says), vec![Mark::Code { at, module, code: code.clone() }]);
    }

    /// The pages. `numbered` writes `1 / 3` at the foot of each where there are more.
    pub fn finish(mut self, numbered: bool) -> Vec<Page> {
        let (count, look) = (self.pages.len(), self.label());
        if numbered && count > 1 {
            let right = self.style.width - self.style.margin;
            let y = self.style.height - self.style.margin / 2.0;
            for number in 0..count {
                let mark = self.text_to(right, y, look, &format!("{} / {count}", number + 1));
                if let Some(page) = self.pages.get_mut(number) {
                    page.blocks.push(Block { role: Role::Ornament, marks: vec![mark] });
                }
            }
        }
        self.pages
    }
}

impl Block {
    /// The block's text, lines joined.
    pub fn words(&self) -> Option<String> {
        let texts = self.marks.iter().filter_map(|mark| match mark {
            Mark::Text { text, .. } => Some(text.as_str()),
            _ => None,
        });
        let words = texts.collect::<Vec<_>>().join(" ");
        (!words.is_empty()).then_some(words)
    }
}
