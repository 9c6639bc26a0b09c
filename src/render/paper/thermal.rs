//! The receipt on a roll of 80 or 58 mm: one strip for each side, as long as it needs.

use super::flow::{Flow, LEADING, Look, Style};
use super::receipt::{Keeper, encryption, grouped, remarks, vouched};
use super::typeface::Typefaces;
use super::words::{Tongue, Words};
use super::{Mark, Page, PaperError, Role};
use crate::render::qr::Code;
use crate::report::ReceiptView;
use crate::report::receipt::{ReceiptMedium, Sealed};
use crate::wire::parts::{PARTS_MAX, split};

/// Dots a millimetre of the printers' heads: 203 an inch.
pub const DOTS_PER_MM: f32 = 8.0;
/// Dots a module at the least: smaller ones smear into one another on thermal paper.
pub const MODULE_DOTS: u16 = 4;
/// Longest strip in millimetres.
const LENGTH_MAX: f32 = 1_500.0;

/// Width of the roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Roll {
    /// 80 mm, of which 72 mm are printed: 576 dots.
    #[default]
    Mm80,
    /// 58 mm, of which 48 mm are printed: 384 dots.
    Mm58,
}

impl Roll {
    /// Dots that the head prints a row.
    pub fn dots(self) -> u16 {
        match self {
            Roll::Mm80 => 576,
            Roll::Mm58 => 384,
        }
    }

    fn style(self, tongue: Tongue) -> Style {
        let width = f32::from(self.dots()) / DOTS_PER_MM;
        let (body, indent) = match self {
            // Two languages side by side take half as much again.
            Roll::Mm80 if tongue == Tongue::Both => (3.0, 31.0),
            Roll::Mm80 => (3.0, 20.0),
            Roll::Mm58 => (2.75, 0.0),
        };
        Style { width, height: LENGTH_MAX, margin: 0.5, indent, body, small: 2.5, title: 5.0 }
    }
}

/// The strips of a receipt: the original for the giver, then the copy.
///
/// # Errors
/// [`PaperError`], where the words or the font are not sound.
pub fn strips(
    view: &ReceiptView,
    roll: Roll,
    tongue: Tongue,
    faces: &Typefaces,
) -> Result<Vec<Page>, PaperError> {
    let words = Words::new(tongue)?;
    let keepers = [Keeper::Giver, Keeper::Receiver];
    let strips = keepers.map(|keeper| Strip { view, words: &words, roll, keeper }.pages(faces));
    Ok(strips.into_iter().flatten().collect())
}

struct Strip<'a> {
    view: &'a ReceiptView,
    words: &'a Words,
    roll: Roll,
    keeper: Keeper,
}

impl Strip<'_> {
    /// One page; more only for a box of drives that would be metres long.
    fn pages(&self, faces: &Typefaces) -> Vec<Page> {
        let (view, words) = (self.view, self.words);
        let running = format!("{} {}", words.label("receipt-title"), view.receipt);
        let mut flow = Flow::new(self.roll.style(words.tongue), faces, running);
        self.head(&mut flow);
        let body = flow.body();
        self.field(&mut flow, "number", &view.receipt.to_string());
        self.field(&mut flow, "date", &view.at.short());
        self.field(&mut flow, "purpose", view.purpose.as_str());
        if let Some(contents) = &view.contents {
            self.field(&mut flow, "contents", contents.as_str());
        }
        if let Some(persons) = view.persons {
            self.field(&mut flow, "persons", &grouped(persons));
        }
        self.field(&mut flow, "place", view.place.as_str());
        if let Some(due) = view.due {
            self.field(&mut flow, "due", &due.to_string());
        }
        flow.rule();
        for medium in &view.media {
            self.medium(&mut flow, medium);
        }
        flow.rule();
        self.side(&mut flow, "giver", &view.giver);
        self.side(&mut flow, "receiver", &view.receiver);
        if let Some(witness) = &view.witness {
            self.side(&mut flow, "witness", witness);
        }
        flow.rule();
        let ledger = view.ledger.as_str();
        flow.paragraph(flow.small(), &format!("{} {ledger}", words.label("ledger")));
        if let Some(entry) = &view.entry {
            let (index, size) = (entry.index.to_string(), entry.tree_size.unwrap_or(0).to_string());
            let with = [("index", index.as_str()), ("size", size.as_str())];
            flow.paragraph(flow.small(), &words.label_of("entry-of", &with));
            if let Some(vouched) = vouched(words, view) {
                let label = words.label("cosigned");
                flow.paragraph(flow.small(), &format!("{label}: {vouched}"));
            }
            self.codes(&mut flow);
        }
        flow.skip(body.size);
        let length = flow.y() + 2.0;
        let mut pages = flow.finish(false);
        if let Some(last) = pages.last_mut() {
            last.height = length.min(LENGTH_MAX);
        }
        pages
    }

    fn head(&self, flow: &mut Flow<'_>) {
        let (words, style) = (self.words, flow.style);
        let draft = self.view.entry.is_none();
        let title = words.label(if draft { "receipt-draft" } else { "receipt-title" });
        let large = Look { size: style.title, grey: false };
        let edges = (style.margin, style.width - style.margin);
        let mark = flow.text_between(edges, flow.base(large), large, &title);
        flow.push(Role::Title, vec![mark]);
        flow.skip(large.size * LEADING);
        let copy = words.label(self.keeper.key());
        let look = Look { size: style.title * 0.8, grey: false };
        let mark = flow.text_between(edges, flow.base(look), look, &copy);
        flow.push(Role::Heading, vec![mark]);
        flow.skip(look.size * LEADING);
        let who = self.keeper.side(self.view).who.spoken();
        flow.paragraph(flow.small(), &format!("{}: {who}", words.label("receipt-for")));
        if draft {
            for line in words.lines("draft-warning") {
                flow.paragraph(flow.body(), &line);
            }
        }
        flow.rule();
    }

    /// Label and value side by side on a wide roll, one below the other on a narrow one.
    fn field(&self, flow: &mut Flow<'_>, key: &str, value: &str) {
        let (label, body) = (self.words.label(key), flow.body());
        match self.roll {
            Roll::Mm80 => flow.field(&label, body, value),
            Roll::Mm58 => {
                flow.paragraph(Look { grey: false, ..flow.label() }, &label);
                flow.broken((2.0, flow.style.width - 0.5), body, value);
            }
        }
    }

    fn medium(&self, flow: &mut Flow<'_>, medium: &ReceiptMedium) {
        let words = self.words;
        let strong = Look { size: flow.style.body * 1.35, grey: false };
        flow.paragraph(strong, medium.medium.as_str());
        let model = medium.model.as_ref().map_or("", |model| model.as_str());
        let model = format!("{model} ({})", medium.vid_pid);
        flow.paragraph(flow.body(), model.trim());
        self.field(flow, "serial", &medium.serial);
        self.field(flow, "encryption", &encryption(words, medium));
        for (key, said) in remarks(words, medium) {
            self.field(flow, key, &said);
        }
    }

    fn side(&self, flow: &mut Flow<'_>, key: &str, side: &Sealed) {
        let words = self.words;
        self.field(flow, key, &side.who.spoken());
        let small = flow.small();
        match &side.key {
            Some(key) => {
                let print = key.fingerprint.to_uppercase();
                flow.paragraph(small, &format!("{}  {print}", words.label("key-seal")));
            }
            None => {
                flow.paragraph(small, &words.label("paper-seal"));
                // Room to sign or seal in.
                let at = (flow.style.margin, flow.y() + 0.5);
                let size = (flow.measure(), 18.0);
                flow.frame(at, size, &words.label("seal"));
                flow.skip(20.0);
            }
        }
    }

    fn codes(&self, flow: &mut Flow<'_>) {
        let Some(texts) = &self.view.codes else { return };
        let halves = [(&texts.note, "code-note"), (&texts.proof, "code-proof")];
        for (text, caption) in halves {
            for line in self.words.lines(caption) {
                flow.paragraph(flow.small(), &line);
            }
            let parts = parts(text, self.roll);
            if parts.is_empty() {
                for line in self.words.lines("code-left-out") {
                    flow.paragraph(flow.body(), &line);
                }
            }
            let count = parts.len();
            for (at, code) in parts.into_iter().enumerate() {
                if count > 1 {
                    let (number, of) = ((at + 1).to_string(), count.to_string());
                    let with = [("number", number.as_str()), ("count", of.as_str())];
                    flow.paragraph(flow.small(), &self.words.label_of("code-part", &with));
                }
                self.code(flow, &code, self.words.lines(caption).join(" / "));
            }
        }
        for line in self.words.lines("verify") {
            flow.paragraph(flow.small(), &line);
        }
    }

    /// A code in the middle of the roll, on whole dots, as large as it may be.
    #[allow(clippy::cast_precision_loss)] // some hundred dots
    fn code(&self, flow: &mut Flow<'_>, code: &Code, says: String) {
        let modules = code.full_width();
        let dots = (usize::from(self.roll.dots()) / modules).clamp(1, 6);
        let left = (usize::from(self.roll.dots()) - dots * modules) / 2;
        flow.need((modules * dots) as f32 / DOTS_PER_MM + 2.0);
        let at = (left as f32 / DOTS_PER_MM, flow.y());
        // Rounded to the dot by the flow's own height, too.
        let top = (at.1 * DOTS_PER_MM).ceil() / DOTS_PER_MM;
        let module = dots as f32 / DOTS_PER_MM;
        flow.push(
            Role::Figure(says),
            vec![Mark::Code { at: (at.0, top), module, code: code.clone() }],
        );
        flow.go_to(top + modules as f32 * module + 1.0);
    }
}

/// The codes of one half: one where it fits at [`MODULE_DOTS`], else parts of it that
/// fit; none where it would take more parts than anybody scans.
fn parts(text: &str, roll: Roll) -> Vec<Code> {
    let modules = usize::from(roll.dots() / MODULE_DOTS);
    let fits = |code: &Code| code.full_width() <= modules;
    if let Ok(code) = Code::receipt(text)
        && fits(&code)
    {
        return vec![code];
    }
    for count in 2..=PARTS_MAX {
        let Some(texts) = split(text, count) else { continue };
        let codes: Vec<Code> =
            texts.iter().filter_map(|part| Code::receipt(part).ok()).filter(&fits).collect();
        if codes.len() == count {
            return codes;
        }
    }
    Vec::new()
}
