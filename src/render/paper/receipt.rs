//! The receipt of a handover, 受領書: one job, two pages or more, the original for the
//! giver and the copy for the receiver.

use super::flow::{Flow, LEADING, Look, Style};
use super::typeface::{MISSING, Typefaces};
use super::words::{Tongue, Words};
use super::{About, Attachment, Block, Mark, Page, PaperError, Role, Sheet};
use crate::model::vocabulary::EncryptionGrade;
use crate::render::qr::Code;
use crate::report::ReceiptView;
use crate::report::alarm;
use crate::report::receipt::{ReceiptMedium, Sealed};

/// Smallest module on paper: what a telephone still reads off a laser printer's sheet.
pub const MODULE_MIN: f32 = 0.4;
/// Largest module; a larger one only takes room.
pub const MODULE_MAX: f32 = 0.55;
/// Between the two codes.
const GAP: f32 = 4.0;
/// Lines above each code.
const CAPTIONS: u8 = 2;
/// More media than this are listed in a table.
const FULL_MEDIA: usize = 2;
/// Side of the box for a seal: Japanese seals of office measure up to 18 mm.
pub(super) const SEAL: f32 = 19.0;

/// Size of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Format {
    /// 210 by 297 mm.
    #[default]
    A4,
    /// 148 by 210 mm.
    A5,
}

impl Format {
    /// Type and margins for it.
    pub fn style(self) -> Style {
        match self {
            Format::A4 => Style {
                width: 210.0,
                height: 297.0,
                margin: 17.0,
                indent: 42.0,
                body: 3.7,
                small: 2.9,
                title: 7.0,
            },
            Format::A5 => Style {
                width: 148.0,
                height: 210.0,
                margin: 8.0,
                indent: 31.0,
                body: 3.0,
                small: 2.4,
                title: 5.6,
            },
        }
    }
}

/// Whose sheet it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeper {
    Giver,
    Receiver,
}

impl Keeper {
    /// The word for the sheet.
    pub fn key(self) -> &'static str {
        match self {
            Keeper::Giver => "receipt-original",
            Keeper::Receiver => "receipt-copy",
        }
    }

    /// Who keeps it.
    pub fn side(self, view: &ReceiptView) -> &Sealed {
        match self {
            Keeper::Giver => &view.giver,
            Keeper::Receiver => &view.receiver,
        }
    }
}

/// The receipt for both sides. `file` is the receipt as a file (note and proof), which
/// travels in the PDF.
///
/// # Errors
/// [`PaperError`], where the words or the font are not sound.
pub fn receipt(
    view: &ReceiptView,
    format: Format,
    tongue: Tongue,
    faces: &Typefaces,
    file: Option<Vec<u8>>,
) -> Result<Sheet, PaperError> {
    let words = Words::new(tongue)?;
    let codes = view.codes.as_ref().and_then(|texts| {
        let made = (Code::receipt(&texts.note), Code::receipt(&texts.proof));
        match made {
            (Ok(note), Ok(proof)) => Some([note, proof]),
            _ => None,
        }
    });
    let mut pages: Vec<Page> = Vec::new();
    for keeper in [Keeper::Giver, Keeper::Receiver] {
        let drawing = Drawing { view, words: &words, codes: codes.as_ref(), keeper };
        pages.extend(drawing.pages(format, faces));
    }
    let id = view.receipt.to_string();
    let attachment = file.map(|bytes| Attachment {
        name: format!("{id}.receipt"),
        description: words.label("code-note"),
        bytes,
    });
    let about = About {
        title: format!("{} {id}", words.label("receipt-title")),
        id,
        language: words.language(),
        at: view.at,
        attachment,
    };
    Ok(Sheet { pages, about })
}

struct Drawing<'a> {
    view: &'a ReceiptView,
    words: &'a Words,
    codes: Option<&'a [Code; 2]>,
    keeper: Keeper,
}

impl Drawing<'_> {
    fn pages(&self, format: Format, faces: &Typefaces) -> Vec<Page> {
        let id = self.view.receipt.to_string();
        let (title, copy) =
            (self.words.label("receipt-title"), self.words.label(self.keeper.key()));
        let running = format!("{title} {id}   {copy}");
        let mut flow = Flow::new(format.style(), faces, running);
        self.head(&mut flow);
        self.terms(&mut flow);
        flow.rule();
        self.media(&mut flow);
        flow.rule();
        self.sides(&mut flow);
        self.evidence(&mut flow);
        let pages = flow.finish(true);
        self.with_missing(pages, format)
    }

    fn head(&self, flow: &mut Flow<'_>) {
        let (style, words) = (flow.style, self.words);
        let right = style.width - style.margin;
        let draft = self.view.entry.is_none();
        let title = words.label(if draft { "receipt-draft" } else { "receipt-title" });
        let large = Look { size: style.title, grey: false };
        let top = flow.y();
        let base = flow.base(large);
        let mark = flow.text_at(style.margin, base, large, &title);
        flow.push(Role::Title, vec![mark]);
        // Whose copy it is, in a box that is found at a glance.
        let copy = words.label(self.keeper.key());
        let look = Look { size: style.title * 0.72, grey: false };
        let width = flow.faces().width(&copy, look.size) + 6.0;
        let height = look.size * LEADING;
        flow.frame((right - width, top), (width, height), "");
        let mark = flow.text_between((right - width, right), top + look.size * 1.14, look, &copy);
        flow.push(Role::Heading, vec![mark]);
        flow.go_to(top + style.title * LEADING);
        let who = self.keeper.side(self.view).who.spoken();
        let kept = format!("{}: {who}", words.label("receipt-for"));
        let small = flow.small();
        // The name may be long; it stands on lines of its own.
        let lines = flow.lines_of(flow.measure() * 0.6, small, &kept);
        let mut marks = Vec::new();
        for line in &lines {
            marks.push(flow.text_to(right, flow.base(small), small, line));
            flow.skip(small.size * LEADING);
        }
        flow.push(Role::Text, marks);
        let sentence = if draft { "draft-warning" } else { "receipt-statement" };
        for line in words.lines(sentence) {
            flow.paragraph(small, &line);
        }
        flow.rule();
    }

    fn terms(&self, flow: &mut Flow<'_>) {
        let (view, words) = (self.view, self.words);
        let body = flow.body();
        let strong = Look { size: body.size * 1.2, grey: false };
        flow.field(&words.label("number"), strong, &view.receipt.to_string());
        flow.field(&words.label("date"), body, &view.at.short());
        flow.field(&words.label("purpose"), body, view.purpose.as_str());
        if let Some(contents) = &view.contents {
            flow.field(&words.label("contents"), body, contents.as_str());
        }
        if let Some(persons) = view.persons {
            flow.field(&words.label("persons"), body, &grouped(persons));
        }
        flow.field(&words.label("place"), body, view.place.as_str());
        if let Some(due) = view.due {
            flow.field(&words.label("due"), strong, &due.to_string());
        }
    }

    fn media(&self, flow: &mut Flow<'_>) {
        let count = self.view.media.len();
        if count > 1 {
            let heading = self.words.label_of("drives", &[("count", &count.to_string())]);
            let (left, look) = (flow.style.margin, flow.body());
            flow.line(Role::Heading, left, look, &heading);
        }
        for (at, medium) in self.view.media.iter().enumerate() {
            if count > FULL_MEDIA {
                self.row(flow, at + 1, medium);
            } else {
                self.medium(flow, medium);
            }
        }
    }

    /// One drive with a line for each thing that is known about it.
    fn medium(&self, flow: &mut Flow<'_>, medium: &ReceiptMedium) {
        let (words, body) = (self.words, flow.body());
        let strong = Look { size: body.size * 1.2, grey: false };
        flow.field(&words.label("drive"), strong, medium.medium.as_str());
        let model = medium.model.as_ref().map_or("", |model| model.as_str());
        let model = format!("{model} ({})", medium.vid_pid);
        flow.field(&words.label("model"), body, model.trim());
        flow.field(&words.label("serial"), body, &medium.serial);
        flow.field(&words.label("encryption"), body, &encryption(self.words, medium));
        self.alarms(flow, None, medium);
    }

    /// One of many: number, asset id and serial in one line, the rest below.
    fn row(&self, flow: &mut Flow<'_>, number: usize, medium: &ReceiptMedium) {
        let (style, body, small) = (flow.style, flow.body(), flow.small());
        let model = medium.model.as_ref().map_or("", |model| model.as_str());
        let detail = format!("{model} ({})  {}", medium.vid_pid, encryption(self.words, medium));
        let (left, right) = (style.margin + 7.0, style.margin + flow.measure());
        let lines = flow.lines_of(right - left, small, detail.trim()).len();
        #[allow(clippy::cast_precision_loss)] // a few lines
        flow.need(body.size * LEADING + lines as f32 * small.size * LEADING);
        let base = flow.base(body);
        let marks = vec![
            flow.text_to(left - 1.5, base, flow.label(), &number.to_string()),
            flow.text_at(left, base, body, medium.medium.as_str()),
            flow.text_to(right, base, body, &medium.serial),
        ];
        flow.push(Role::Text, marks);
        flow.skip(body.size * LEADING);
        flow.broken((left, right), small, detail.trim());
        self.alarms(flow, Some((left, right)), medium);
    }

    /// What was odd and is known to both, and who let it pass.
    /// As fields, or between the edges of a row.
    fn alarms(&self, flow: &mut Flow<'_>, edges: Option<(f32, f32)>, medium: &ReceiptMedium) {
        let look = flow.small();
        for (key, said) in remarks(self.words, medium) {
            let label = self.words.label(key);
            match edges {
                Some(edges) => flow.broken(edges, look, &format!("{label}: {said}")),
                None => flow.field(&label, look, &said),
            }
        }
    }

    /// Both parties side by side, the witness below.
    fn sides(&self, flow: &mut Flow<'_>) {
        let view = self.view;
        let gap = 3.0;
        flow.skip(1.0);
        let width = (flow.measure() - gap) / 2.0;
        let left = flow.style.margin;
        let pair = [("giver", &view.giver), ("receiver", &view.receiver)];
        let height = pair
            .iter()
            .map(|(_, side)| self.side_height(flow, width, side))
            .fold(SEAL + 6.0, f32::max);
        flow.need(height + 2.0);
        let top = flow.y();
        for ((key, side), x) in pair.into_iter().zip([left, left + width + gap]) {
            self.side(flow, key, side, (x, top), (width, height));
        }
        flow.go_to(top + height + 2.0);
        if let Some(witness) = &view.witness {
            let height = self.side_height(flow, flow.measure(), witness).max(SEAL + 1.0);
            flow.need(height + 2.0);
            let at = (left, flow.y());
            self.side(flow, "witness", witness, at, (flow.measure(), height));
            flow.go_to(at.1 + height + 2.0);
        }
    }

    fn side_lines(&self, flow: &Flow<'_>, width: f32, side: &Sealed) -> Vec<(Look, String)> {
        let (body, small) = (flow.body(), flow.small());
        let room = width - SEAL - 4.0;
        let mut lines = Vec::new();
        let mut add = |look: Look, text: &str| {
            lines.extend(flow.lines_of(room, look, text).into_iter().map(|line| (look, line)));
        };
        let name = Look { size: body.size * 1.2, grey: false };
        match (&side.who.name, &side.who.organisation) {
            (Some(person), organisation) => {
                add(name, person.as_str());
                if let Some(organisation) = organisation {
                    add(body, organisation.as_str());
                }
            }
            (None, _) => add(name, side.who.id.as_str()),
        }
        match &side.key {
            Some(key) => {
                add(small, &self.words.label("key-seal"));
                add(small, &key.fingerprint.to_uppercase());
            }
            None => {
                for line in self.words.lines("paper-seal") {
                    add(small, &line);
                }
            }
        }
        lines
    }

    fn side_height(&self, flow: &Flow<'_>, width: f32, side: &Sealed) -> f32 {
        let lines = self.side_lines(flow, width, side);
        let text: f32 = lines.iter().map(|(look, _)| look.size * LEADING).sum();
        let label = flow.style.small * LEADING + 1.0;
        // Below the text: a line to write the name on.
        label + text + 11.5
    }

    /// A party's box: who, how they signed, a line for the name and a box for the seal.
    fn side(
        &self,
        flow: &mut Flow<'_>,
        key: &str,
        side: &Sealed,
        at: (f32, f32),
        size: (f32, f32),
    ) {
        flow.frame(at, size, "");
        let label = flow.label();
        let mut base = at.1 + 0.6 + label.size * 1.16;
        let head = flow.text_at(at.0 + 1.5, base, label, &self.words.label(key));
        let mut marks = vec![head];
        base += 1.0;
        for (look, line) in self.side_lines(flow, size.0, side) {
            base += look.size * LEADING;
            marks.push(flow.text_at(at.0 + 1.5, base, look, &line));
        }
        flow.push(Role::Text, marks);
        let seal = (at.0 + size.0 - SEAL - 1.0, at.1 + 1.0);
        let name_y = at.1 + size.1 - 1.5;
        let name = self.words.label("name-by-hand");
        let marks = vec![
            Mark::Frame { at: seal, size: (SEAL, SEAL), width: 0.15, dashed: true },
            flow.text_between(
                (seal.0, seal.0 + SEAL),
                seal.1 + SEAL / 2.0 + label.size * 0.35,
                label,
                &self.words.label("seal"),
            ),
            Mark::Rule { from: (at.0 + 1.5, name_y), to: (seal.0 - 1.5, name_y), width: 0.15 },
            flow.text_at(
                at.0 + 1.5,
                name_y - 6.4,
                Look { size: label.size * 0.85, ..label },
                &name,
            ),
        ];
        flow.push(Role::Ornament, marks);
    }

    /// Where it stands in the ledger, the codes, and how to verify them.
    fn evidence(&self, flow: &mut Flow<'_>) {
        let (view, words, small) = (self.view, self.words, flow.small());
        let key = view.log_key.as_ref().map(|key| key.fingerprint.to_uppercase());
        let key =
            key.map_or_else(String::new, |key| format!("  {} {key}", words.label("key-short")));
        flow.field(&words.label("ledger"), small, &format!("{}{key}", view.ledger));
        if let Some(entry) = &view.entry {
            let (index, size) = (entry.index.to_string(), entry.tree_size.unwrap_or(0).to_string());
            let with = [("index", index.as_str()), ("size", size.as_str())];
            flow.field(&words.label("entry"), small, &words.label_of("entry-of", &with));
        }
        if let Some(vouched) = vouched(words, view) {
            flow.field(&words.label("cosigned"), small, &vouched);
        }

        let Some(codes) = self.codes else {
            if view.entry.is_some() {
                for line in words.lines("codes-too-long") {
                    flow.paragraph(small, &line);
                }
            }
            return;
        };
        Placed::draw(flow, words, codes, ["code-note", "code-proof"]);
    }

    /// Says what the mark for a missing character means, on a page that has one.
    fn with_missing(&self, mut pages: Vec<Page>, format: Format) -> Vec<Page> {
        let style = format.style();
        for page in &mut pages {
            let has = |block: &Block| block.words().is_some_and(|text| text.contains(MISSING));
            if page.blocks.iter().any(has) {
                let text = self.words.label("missing-glyph");
                let (x, y) = (style.margin, style.height - style.margin / 2.0);
                let mark = Mark::Text { x, y, size: style.small * 0.9, grey: true, text };
                page.blocks.push(Block { role: Role::Text, marks: vec![mark] });
            }
        }
        pages
    }
}

/// Where the two codes stand, from the upper left corner of their place.
pub(super) struct Placed {
    module: f32,
    at: [(f32, f32); 2],
    height: f32,
}

impl Placed {
    /// Draws both codes at the foot of this page, or of the next where it has no room,
    /// with how to verify them below.
    pub fn draw(flow: &mut Flow<'_>, words: &Words, codes: &[Code; 2], captions: [&str; 2]) {
        let small = flow.small();
        let verify: Vec<String> = words.lines("verify");
        let below: f32 = verify
            .iter()
            .map(|line| flow.lines_of(flow.measure(), small, line).len())
            .map(|lines| u16::try_from(lines).map_or(0.0, f32::from) * small.size * LEADING)
            .sum();
        let line = small.size * LEADING;
        let room = flow.room() - below - 1.5;
        let placed = match Placed::of(codes, flow.measure(), room, line) {
            Some(placed) => placed,
            None => {
                flow.turn();
                Placed::of(codes, flow.measure(), flow.room() - below - 1.5, line)
                    .unwrap_or_else(|| Placed::below_one_another(codes, line))
            }
        };
        // At the foot of the page, where they are on every receipt.
        let bottom = flow.y() + flow.room();
        let top = (bottom - placed.height - below - 0.5).max(flow.y() + 1.0);
        flow.go_to(top);
        for ((code, caption), at) in codes.iter().zip(captions).zip(placed.at) {
            let (x, y) = (flow.style.margin + at.0, top + at.1);
            let mut base = y + small.size * 1.16;
            let mut marks = Vec::new();
            for line in words.lines(caption) {
                marks.push(flow.text_at(x, base, small, &line));
                base += line_height(small);
            }
            flow.push(Role::Text, marks);
            let above = f32::from(CAPTIONS) * line_height(small);
            let says = words.lines(caption).join(" / ");
            flow.code((x, y + above), placed.module, code, says);
        }
        flow.go_to(top + placed.height);
        for line in &verify {
            flow.paragraph(small, line);
        }
    }

    /// Side by side, at the largest module that the place has room for; none where that
    /// would be too small to read.
    fn of(codes: &[Code; 2], measure: f32, room: f32, line: f32) -> Option<Self> {
        let above = f32::from(CAPTIONS) * line;
        let modules = modules(codes);
        let half = (measure - GAP) / 2.0;
        let module = (half.min(room - above) / modules).min(MODULE_MAX);
        if module < MODULE_MIN {
            return None;
        }
        let at = [(0.0, 0.0), (half + GAP, 0.0)];
        Some(Placed { module, at, height: above + module * modules })
    }

    /// One below the other, at the smallest module, for codes too large for anything else:
    /// two of version 40 and their captions fill a page of A5.
    fn below_one_another(codes: &[Code; 2], line: f32) -> Self {
        let side = MODULE_MIN * modules(codes) + f32::from(CAPTIONS) * line;
        Placed { module: MODULE_MIN, at: [(0.0, 0.0), (0.0, side)], height: 2.0 * side }
    }
}

fn line_height(look: Look) -> f32 {
    look.size * LEADING
}

/// Modules a side of the larger one.
#[allow(clippy::cast_precision_loss)] // at most 185
fn modules(codes: &[Code; 2]) -> f32 {
    codes.iter().map(Code::full_width).max().unwrap_or(1) as f32
}

/// Thousands apart: 3,775.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How the medium is encrypted and how that is known, in the document's words.
pub(super) fn encryption(words: &Words, medium: &ReceiptMedium) -> String {
    let Some(grade) = medium.encryption_grade else { return words.label("not-stated") };
    let claimed = grade == EncryptionGrade::Claimed;
    let shown = [medium.scheme.as_ref(), medium.cipher.as_ref().filter(|_| !claimed)];
    let mut parts: Vec<String> = shown.into_iter().flatten().map(|word| word.to_string()).collect();
    // The second word of a family is the state in which it was seen.
    let state = match medium.cipher.as_ref().map(|state| state.as_str()) {
        Some("locked") => "state-locked",
        Some("unlocked") => "state-unlocked",
        Some("invisible") => "state-invisible",
        _ => "state-unknown",
    };
    let key = grade_key(grade);
    let states = words.lines(state);
    let graded = words.lines_of(key, &[]);
    let graded: Vec<String> = match claimed {
        // Each language has its own words for the state.
        true => states
            .iter()
            .enumerate()
            .filter_map(|(at, state)| words.lines_of(key, &[("state", state)]).into_iter().nth(at))
            .collect(),
        false => graded,
    };
    parts.push(graded.join(" / "));
    parts.join("  ")
}

/// Which witnesses of the log vouch for the receipt, and whether they are enough.
pub(super) fn vouched(words: &Words, view: &ReceiptView) -> Option<String> {
    let witnesses = view.witnesses.as_ref()?;
    let enough = words.label(if witnesses.quorum { "cosigned-enough" } else { "cosigned-too-few" });
    Some(format!("{}  {enough}", witnesses.names()))
}

/// The word for how well an encryption is known. That of a claim has a state filled in.
pub(super) fn grade_key(grade: EncryptionGrade) -> &'static str {
    match grade {
        EncryptionGrade::Verified => "grade-verified",
        EncryptionGrade::Partial => "grade-partial",
        EncryptionGrade::Claimed => "grade-claimed",
        EncryptionGrade::Stated => "grade-stated",
        EncryptionGrade::Opaque => "grade-opaque",
        EncryptionGrade::None => "grade-none",
        EncryptionGrade::Unreadable => "grade-unreadable",
        EncryptionGrade::NotExamined => "grade-not-examined",
    }
}

/// What was odd about a medium, and who let it pass: keys of labels, and what is said.
pub(super) fn remarks(words: &Words, medium: &ReceiptMedium) -> Vec<(&'static str, String)> {
    let alarms = medium.alarms.iter().map(|name| {
        ("alarm", alarm::words(name).map_or_else(|| name.clone(), |said| words.pick(said)))
    });
    let overrides = medium.overrides.iter().map(|passed| {
        let (by, second) = (passed.by.spoken(), passed.second.spoken());
        let with = [("by", by.as_str()), ("second", &second), ("reason", passed.reason.as_str())];
        ("override", words.lines_of("override-by", &with).join(" / "))
    });
    alarms.chain(overrides).collect()
}
