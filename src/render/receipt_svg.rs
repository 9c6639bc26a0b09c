//! A receipt as one SVG page: A5, or A4 where A5 is too small. Lengths are
//! millimetres. The same receipt gives the same bytes.

use std::fmt::Write as _;

use super::qr::{Code, QUIET_ZONE};
use super::wrap::wrap;
use crate::model::printable::printable;
use crate::report::ReceiptView;
use crate::report::receipt::{ReceiptMedium, Sealed};

/// Smallest module of a code on paper: readable off a laser printer's sheet with
/// a telephone.
pub const MODULE_MIN: f64 = 0.4;
/// Largest module; a larger one only takes room.
const MODULE_MAX: f64 = 0.6;

/// A5 and A4, upright.
const PAGES: [(f64, f64); 2] = [(148.0, 210.0), (210.0, 297.0)];
const MARGIN: f64 = 10.0;
/// Between the left margin and the values.
const LABELS: f64 = 34.0;
/// Between the two codes.
const GAP: f64 = 4.0;
const BODY: f64 = 3.3;
const SMALL: f64 = 2.6;
/// More media than this are listed a line each.
const FULL_MEDIA: usize = 4;
/// From one line of text to the next, in heights of its letters.
const LEADING: f64 = 1.45;

/// A QR code as a square of modules, quiet zone not included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    size: usize,
    dark: Vec<bool>,
}

impl From<&Code> for Matrix {
    /// A code counts its modules from the corner of the quiet zone.
    fn from(code: &Code) -> Self {
        Matrix::new(code.width(), |column, row| code.is_dark(column + QUIET_ZONE, row + QUIET_ZONE))
    }
}

impl Matrix {
    /// A square of `size` modules; `dark` is asked for each column and row.
    pub fn new(size: usize, dark: impl Fn(usize, usize) -> bool) -> Self {
        let cells = (0..size).flat_map(|row| (0..size).map(move |column| (column, row)));
        Matrix { size, dark: cells.map(|(column, row)| dark(column, row)).collect() }
    }

    /// Modules a side.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether a module is dark; outside the code everything is light.
    pub fn is_dark(&self, column: usize, row: usize) -> bool {
        column < self.size && self.dark.get(row * self.size + column).copied().unwrap_or(false)
    }

    /// Modules a side, quiet zone included.
    #[allow(clippy::cast_precision_loss)] // a code has at most 177 modules a side
    fn full(&self) -> f64 {
        (self.size + 2 * QUIET_ZONE) as f64
    }

    /// The dark modules as the data of a path, one unit a module.
    fn path(&self) -> String {
        let mut path = String::new();
        for row in 0..self.size {
            let mut column = 0;
            while column < self.size {
                let run = (column..self.size).take_while(|&at| self.is_dark(at, row)).count();
                if run > 0 {
                    let (x, y) = (column + QUIET_ZONE, row + QUIET_ZONE);
                    // Writing to a String cannot fail.
                    let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
                }
                column += run.max(1);
            }
        }
        path
    }
}

/// The receipt with the codes of its note and its proof; none for a draft.
pub fn receipt(view: &ReceiptView, codes: Option<(&Matrix, &Matrix)>) -> String {
    let mut sheets = PAGES.into_iter().map(|page| Sheet::drawn(page, view, codes));
    let last = sheets.next_back();
    let fitting = sheets.find(|sheet| sheet.bottom + MARGIN <= sheet.page.1);
    fitting.or(last).map(Sheet::finish).unwrap_or_default()
}

/// How a line of text looks.
#[derive(Clone, Copy)]
struct Look {
    size: f64,
    bold: bool,
    grey: bool,
    mono: bool,
}

const PLAIN: Look = Look { size: BODY, bold: false, grey: false, mono: false };
const BOLD: Look = Look { bold: true, ..PLAIN };
const FINE: Look = Look { size: SMALL, ..PLAIN };
const LABEL: Look = Look { size: SMALL, grey: true, ..PLAIN };
const MONO: Look = Look { size: SMALL, mono: true, ..PLAIN };

impl Look {
    /// Millimetres one column takes at the utmost. The fonts are the viewer's, so
    /// this is on the safe side: Japanese is exactly half an em a column, Latin
    /// capitals are wider than small letters.
    fn column(self) -> f64 {
        self.size * if self.mono { 0.62 } else { 0.56 }
    }
}

/// A page being drawn, from the top down.
struct Sheet {
    page: (f64, f64),
    svg: String,
    bottom: f64,
}

impl Sheet {
    fn drawn(page: (f64, f64), view: &ReceiptView, codes: Option<(&Matrix, &Matrix)>) -> Self {
        let mut sheet = Sheet { page, svg: String::new(), bottom: MARGIN };
        sheet.head(view);
        if view.media.len() > FULL_MEDIA {
            sheet.box_of(&view.media);
        } else {
            for medium in &view.media {
                sheet.medium(medium);
            }
        }
        sheet.rule();
        sheet.side("渡す人 Giver", &view.giver);
        sheet.side("受け取る人 Receiver", &view.receiver);
        if let Some(witness) = &view.witness {
            sheet.side("立会人 Witness", witness);
        }
        sheet.rule();
        sheet.terms(view);
        sheet.rule();
        sheet.evidence(view);
        if let Some((note, proof)) = codes {
            sheet.codes(note, proof);
        }
        sheet
    }

    fn head(&mut self, view: &ReceiptView) {
        let draft = view.entry.is_none();
        let title = if draft { "受領書（案） Draft" } else { "受領書 Receipt" };
        let large = Look { size: 5.6, bold: true, ..PLAIN };
        let right = self.page.0 - MARGIN;
        self.bottom += large.size;
        self.text(MARGIN, self.bottom, large, title);
        self.text_to(right, self.bottom, Look { size: 4.6, ..BOLD }, &view.receipt.to_string());
        self.bottom += SMALL * 2.0;
        self.text(MARGIN, self.bottom, PLAIN, &view.at.short());
        if draft {
            let words = "台帳に未登録 Not in the ledger: no receipt yet";
            self.text_to(right, self.bottom, FINE, words);
        } else {
            self.boxes(right);
        }
        self.bottom += SMALL * 1.7;
        self.text(MARGIN, self.bottom, LABEL, view.ledger.as_str());
        self.rule();
    }

    /// Which of the two sheets this is: ticked by hand.
    fn boxes(&mut self, right: f64) {
        for (from_right, words) in [(38.0, "原本 Original"), (12.5, "控 Copy")] {
            let (x, y) = (right - from_right, self.bottom);
            self.frame(x - 4.0, y - SMALL, (SMALL, SMALL));
            self.text(x, y, FINE, words);
        }
    }

    fn medium(&mut self, line: &ReceiptMedium) {
        self.field("媒体 Drive", BOLD, line.medium.as_str());
        self.value(MONO, &format!("{}  {}", line.vid_pid, line.serial));
        let known = line.encryption.as_deref().unwrap_or("not stated");
        self.value(FINE, &format!("暗号化 Encryption: {known}"));
        for alarm in &line.alarms {
            self.value(Look { bold: true, ..FINE }, &format!("注意 Alarm: {alarm}"));
        }
    }

    /// Many media, a line each, so that a box of drives stays on one sheet.
    fn box_of(&mut self, media: &[ReceiptMedium]) {
        self.field("媒体 Drives", BOLD, &media.len().to_string());
        for line in media {
            let known = line.encryption.as_deref().unwrap_or("encryption not stated");
            let words = format!("{}  {} {}  {known}", line.medium, line.vid_pid, line.serial);
            self.value(MONO, &words);
            for alarm in &line.alarms {
                self.value(Look { bold: true, ..FINE }, &format!("注意 Alarm: {alarm}"));
            }
        }
    }

    fn side(&mut self, label: &str, side: &Sealed) {
        self.field(label, BOLD, &side.who.spoken());
        match &side.key {
            Some(key) => {
                self.value(MONO, &format!("鍵 Key {}", key.fingerprint));
                self.value(MONO, &key.name);
            }
            None => {
                self.value(FINE, "書面のみ Paper seal: 署名・印 Sign or seal here");
                let from = MARGIN + LABELS;
                self.frame(from, self.bottom + 1.0, (self.page.0 - MARGIN - from, 13.0));
                self.bottom += 15.0;
            }
        }
    }

    fn terms(&mut self, view: &ReceiptView) {
        self.field("用途 Purpose", PLAIN, view.purpose.as_str());
        if let Some(contents) = &view.contents {
            self.field("内容 Contents", PLAIN, contents.as_str());
        }
        if let Some(persons) = view.persons {
            self.field("人数 Persons", PLAIN, &persons.to_string());
        }
        self.field("場所 Place", PLAIN, view.place.as_str());
        if let Some(due) = view.due {
            self.field("返却期限 Due back", BOLD, &due.to_string());
        }
    }

    fn evidence(&mut self, view: &ReceiptView) {
        let Some(entry) = &view.entry else { return };
        let of = entry.tree_size.map_or_else(String::new, |size| format!(" of {size}"));
        self.field("台帳 Entry", FINE, &format!("{}{of}", entry.index));
        if let Some(leaf) = &entry.leaf {
            self.value(MONO, &leaf.to_string());
        }
        self.field("検証 Verify", MONO, "custody verify FILE --log-key KEY");
    }

    /// A label and its value.
    fn field(&mut self, label: &str, look: Look, value: &str) {
        let first = self.bottom + look.size * LEADING;
        self.text(MARGIN, first, LABEL, label);
        self.value(look, value);
    }

    /// Lines in the column of the values.
    fn value(&mut self, look: Look, value: &str) {
        let room = self.page.0 - 2.0 * MARGIN - LABELS;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a few dozen
        let columns = (room / look.column()) as usize;
        for line in wrap(&printable(value, 1_000), columns) {
            self.bottom += look.size * LEADING;
            self.text(MARGIN + LABELS, self.bottom, look, &line);
        }
    }

    fn rule(&mut self) {
        self.bottom += 2.2;
        let (right, y) = (self.page.0 - MARGIN, self.bottom);
        let _ = writeln!(
            self.svg,
            "<path stroke=\"#000\" stroke-width=\"0.2\" d=\"M{MARGIN} {y:.2}H{right}\"/>"
        );
        self.bottom += 0.6;
    }

    fn frame(&mut self, x: f64, y: f64, (wide, high): (f64, f64)) {
        let _ = writeln!(
            self.svg,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{wide:.2}\" height=\"{high:.2}\" \
             fill=\"none\" stroke=\"#000\" stroke-width=\"0.2\"/>"
        );
    }

    /// Both codes at one module size, side by side at the foot of the page.
    fn codes(&mut self, note: &Matrix, proof: &Matrix) {
        let largest = note.full().max(proof.full());
        let side = (self.page.0 - 2.0 * MARGIN - GAP) / 2.0;
        let module = (side / largest).clamp(MODULE_MIN, MODULE_MAX);
        let drawn = module * largest;
        let caption = 2.0 * SMALL * LEADING;
        // Too wide for this page, whatever its height: the next one is taken.
        if drawn > side && self.page.0 < PAGES[1].0 {
            self.bottom = self.page.1;
            return;
        }
        let top = (self.bottom + 2.0 + caption).max(self.page.1 - MARGIN - drawn);
        let captions = [
            (note, "QR 1/2  受領内容と署名", "What was agreed, and who signed"),
            (proof, "QR 2/2  台帳の証明", "Proof that the ledger holds it"),
        ];
        let right = self.page.0 - MARGIN - drawn;
        for ((matrix, first, second), x) in captions.into_iter().zip([MARGIN, right]) {
            // The quiet zone is white already; text may stand at its edge.
            let text = x + module * 4.0;
            self.text(text, top - 0.6 - SMALL * LEADING, Look { bold: true, ..FINE }, first);
            self.text(text, top - 0.6, LABEL, second);
            let _ = writeln!(
                self.svg,
                "<path transform=\"translate({x:.3} {top:.3}) scale({module:.4})\" \
                 shape-rendering=\"crispEdges\" d=\"{}\"/>",
                matrix.path()
            );
        }
        self.bottom = top + drawn;
    }

    fn text(&mut self, x: f64, y: f64, look: Look, text: &str) {
        self.anchored("start", x, y, look, text);
    }

    /// Text that ends at `x`.
    fn text_to(&mut self, x: f64, y: f64, look: Look, text: &str) {
        self.anchored("end", x, y, look, text);
    }

    fn anchored(&mut self, anchor: &str, x: f64, y: f64, look: Look, text: &str) {
        let bold = if look.bold { " font-weight=\"bold\"" } else { "" };
        let fill = if look.grey { " fill=\"#444\"" } else { "" };
        let mono = if look.mono { " font-family=\"monospace\"" } else { "" };
        let anchor = if anchor == "end" { " text-anchor=\"end\"" } else { "" };
        let _ = writeln!(
            self.svg,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{}\"{bold}{fill}{mono}{anchor}>{}</text>",
            look.size,
            escape(text)
        );
    }

    fn finish(self) -> String {
        let (wide, high) = (self.page.0, self.page.1.max(self.bottom + MARGIN));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:lang=\"ja\" width=\"{wide:.0}mm\" \
             height=\"{high:.0}mm\" viewBox=\"0 0 {wide:.0} {high:.0}\" \
             font-family=\"sans-serif\">\n\
             <path fill=\"#fff\" d=\"M0 0H{wide:.0}V{high:.0}H0z\"/>\n{}</svg>\n",
            self.svg
        )
    }
}

/// Text as it may stand in an XML element.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in printable(text, 1_000).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing of a code is cut off on its way to the page.
    #[test]
    fn a_code_is_drawn_whole() {
        let code = Code::receipt("CN1:HELLO WORLD").unwrap();
        assert_eq!(Matrix::from(&code).path(), code.to_svg_path(0, 0));
    }
}
