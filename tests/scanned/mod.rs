//! Paper without paper: a receipt's page with both of its codes, printed, soiled,
//! scanned or photographed, all of it computed and the same every time. For
//! `tests/reading_back.rs` and for the table that `examples/print_and_scan.rs`
//! makes of the same pictures.
#![allow(dead_code, reason = "each user takes a part")]

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat};
use media_custody::model::{Hash, VerifierKey};
use media_custody::proof::checkpoint::Checkpoint;
use media_custody::proof::receipt::Receipt;
use media_custody::proof::tlog_proof::TlogProof;
use media_custody::proof::tree::{leaf_hash, node_hash};
use media_custody::render::paper::receipt::{MODULE_MAX, MODULE_MIN};
use media_custody::render::qr::{Code, QUIET_ZONE};
use media_custody::wire::qr::{PayloadKind, encode};
use media_custody::wire::signature::{Signer, SigningKey, sign_statement};

const ORIGIN: &str = "custody.example.jp/shizuoka";

/// A5, in millimetres, and what the receipt's page keeps free around its codes.
const PAGE: (f64, f64) = (148.0, 210.0);
const MARGIN: f64 = 8.0;
/// Height that an A5 receipt of one drive in both languages leaves for its codes.
const ROOM: f64 = 57.0;
const GAP: f64 = 4.0;
/// Reflectance of paper and of toner, of 255.
const PAPER: f64 = 238.0;
const TONER: f64 = 28.0;

/// Random numbers from a seed.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    /// Between 0 and 1.
    pub fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.part()
    }

    /// Close to a normal distribution with deviation 1.
    fn bell(&mut self) -> f64 {
        (self.part() + self.part() + self.part() + self.part() - 2.0) * 1.732
    }
}

/// A receipt of two signatures and one drive, somewhere in the middle of a log of
/// `size` entries, and the log's key. Nobody needs the other entries: their hashes are
/// made up, and the root and its signature follow from them.
pub fn receipt(size: u64) -> (Receipt, VerifierKey) {
    let key = |name: &str| {
        let seed = Hash::of(&[b"custody test key, never use: ", name.as_bytes()]);
        SigningKey::from_seed(name.parse().expect("a key's name"), seed.as_bytes())
    };
    let (log, giver) = (key(ORIGIN), key(&format!("yamada.{ORIGIN}")));
    let receiver = key(&format!("sato.{ORIGIN}"));
    let text = format!(
        "custody/handover/v1\nledger: {ORIGIN}\nreceipt: SZ-2026-000123\n\
         at: 2026-11-22T10:15:00+09:00\n\
         seen: 9 qIVOGeSAE+KrzkmsNkLWf9SNTx3zhG3gs+wj4KMexdQ=\n\
         medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567\n\
         encryption: USB-0421 luks2 aes-xts-plain64 verified\n\
         giver: yamada 山田 花子, 静岡支部\ngiver-key: {}\n\
         receiver: sato 佐藤 一郎, さくら印刷\nreceiver-key: {}\n\
         purpose: 被保険者台帳の印刷・製本\ncontents: 氏名,住所,生年月日,電話番号\n\
         persons: 3775\nplace: さくら印刷 第二工場\ndue: 2026-12-06\n\
         nonce: uaXlBPaw7gFYYuy7cgm3Lw==\n",
        giver.key(),
        receiver.key()
    );
    let note = sign_statement(&text, &[&giver, &receiver]).expect("signs");
    let index = size / 3;
    let (mut node, mut last, mut root) = (index, size - 1, leaf_hash(&note.to_bytes()));
    let mut path = Vec::new();
    while last > 0 {
        // On the right edge a level has no sibling; RFC 9162 section 2.1.3.2.
        if node & 1 == 1 || node < last {
            let sibling = Hash::of(&[b"another entry", &last.to_be_bytes()]);
            let right = node & 1 == 1;
            root = if right { node_hash(&sibling, &root) } else { node_hash(&root, &sibling) };
            path.push(sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    let checkpoint = Checkpoint::new(ORIGIN, size, root).expect("a head").sign(&log);
    let proof = TlogProof::new(index, path, checkpoint.expect("signs"));
    (Receipt::new(note, proof).expect("a receipt"), log.key().clone())
}

/// The texts of a receipt's two codes.
pub fn codes(receipt: &Receipt) -> [String; 2] {
    let note = encode(PayloadKind::Note, &receipt.note().to_bytes()).expect("a code");
    [note, encode(PayloadKind::Proof, &receipt.proof().to_bytes()).expect("a code")]
}

/// A code on the page.
struct Printed {
    code: Code,
    left: f64,
    top: f64,
    module: f64,
}

impl Printed {
    fn side(&self) -> f64 {
        self.code.full_width() as f64 * self.module
    }

    fn covers(&self, x: f64, y: f64) -> bool {
        (self.left..self.left + self.side()).contains(&x)
            && (self.top..self.top + self.side()).contains(&y)
    }

    fn is_dark(&self, x: f64, y: f64) -> bool {
        let (column, row) = ((x - self.left) / self.module, (y - self.top) / self.module);
        self.code.is_dark(column as usize, row as usize)
    }
}

/// A printed page.
pub struct Sheet {
    page: (f64, f64),
    codes: Vec<Printed>,
    /// Lines of something like words above the codes: left and right of each.
    lines: Vec<Vec<(f64, f64)>>,
}

/// From one line to the next, and how high its letters are.
const LINE: f64 = 8.0;
const LETTERS: f64 = 3.0;

impl Sheet {
    /// Both codes at the foot of an A5 page, as large as the receipt's page has them.
    pub fn new(texts: &[String; 2]) -> Self {
        let codes = texts.each_ref().map(|text| Code::receipt(text).expect("a code"));
        let most = codes.iter().map(Code::full_width).max().expect("two") as f64;
        let side = ((PAGE.0 - 2.0 * MARGIN - GAP) / 2.0).min(ROOM);
        let module = (side / most).clamp(f64::from(MODULE_MIN), f64::from(MODULE_MAX));
        let drawn = module * most;
        let top = PAGE.1 - MARGIN - drawn;
        let lefts = [MARGIN, PAGE.0 - MARGIN - drawn];
        let place = |(code, left)| Printed { code, left, top, module };
        let mut chance = Chance::new(7);
        let mut lines = Vec::new();
        for _ in 0..14 {
            let (mut x, mut words) = (MARGIN, Vec::new());
            while x < PAGE.0 - MARGIN - 12.0 {
                let width = chance.between(1.5, 9.0);
                words.push((x, x + width));
                x += width + chance.between(1.0, 14.0);
            }
            lines.push(words);
        }
        Sheet { page: PAGE, codes: codes.into_iter().zip(lefts).map(place).collect(), lines }
    }

    /// The foot of that page alone, as a photograph of the codes shows it.
    pub fn foot(texts: &[String; 2]) -> Self {
        let mut sheet = Sheet::new(texts);
        let above = sheet.codes[0].top - 6.0;
        sheet.codes.iter_mut().for_each(|code| code.top -= above);
        sheet.lines.clear();
        sheet.page.1 -= above;
        sheet
    }

    /// Millimetres a module.
    pub fn module(&self) -> f64 {
        self.codes[0].module
    }

    /// Versions of both codes.
    pub fn versions(&self) -> (i16, i16) {
        (self.codes[0].code.version(), self.codes[1].code.version())
    }

    /// How much light comes back from a place of the page.
    fn light(&self, x: f64, y: f64) -> f64 {
        if !(0.0..self.page.0).contains(&x) || !(0.0..self.page.1).contains(&y) {
            return PAPER;
        }
        let dark = match self.codes.iter().find(|code| code.covers(x, y)) {
            Some(code) => code.is_dark(x, y),
            // Strokes and gaps, which is all a reader sees of words.
            None => {
                let down = y - MARGIN;
                let words = self.lines.get((down / LINE) as usize).filter(|_| down >= 0.0);
                words.is_some_and(|words| {
                    down % LINE < LETTERS
                        && words.iter().any(|(left, right)| {
                            (*left..*right).contains(&x) && ((x - left) * 1.7).fract() < 0.45
                        })
                })
            }
        };
        if dark { TONER } else { PAPER }
    }
}

/// What lies on a code.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stain {
    /// Coffee: what is below shows through, darker, with a rim.
    Coffee,
    /// Something that hides what is below, over the data and not the corners.
    Opaque,
}

/// How a page becomes a picture.
#[derive(Debug, Clone, Copy)]
pub struct Scan {
    /// Dots an inch.
    pub dpi: f64,
    /// Clockwise.
    pub degrees: f64,
    /// Deviation of the blur, in millimetres on the paper.
    pub blur: f64,
    /// Deviation of each pixel's noise, of 255.
    pub noise: f64,
    /// Over this part of each code's area.
    pub stain: Option<(Stain, f64)>,
    /// Part of the light that is missing at the darkest place of a shadow with an edge.
    pub shadow: f64,
    /// Part of all light that there is.
    pub exposure: f64,
    /// How much narrower the far edge is than the near one: a camera held askew.
    pub askew: f64,
    /// Quality of the JPEG; none gives a PNG.
    pub jpeg: Option<u8>,
    /// As in a mirror, or through the back of the sheet.
    pub mirrored: bool,
}

impl Scan {
    /// A clean scan.
    pub fn at(dpi: f64) -> Self {
        Scan {
            dpi,
            degrees: 0.0,
            blur: 0.04,
            noise: 4.0,
            stain: None,
            shadow: 0.0,
            exposure: 1.0,
            askew: 0.0,
            jpeg: None,
            mirrored: false,
        }
    }

    /// The picture's bytes.
    pub fn file(&self, sheet: &Sheet, seed: u64) -> Vec<u8> {
        let picture = DynamicImage::ImageLuma8(self.picture(sheet, seed));
        let mut bytes = Cursor::new(Vec::new());
        match self.jpeg {
            None => picture.write_to(&mut bytes, ImageFormat::Png).expect("a PNG"),
            Some(quality) => {
                image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality)
                    .encode_image(&picture)
                    .expect("a JPEG");
            }
        }
        bytes.into_inner()
    }

    /// The picture.
    pub fn picture(&self, sheet: &Sheet, seed: u64) -> GrayImage {
        let mut chance = Chance::new(seed);
        let (sin, cos) = self.degrees.to_radians().sin_cos();
        let page = sheet.page;
        // The scanner's glass is as large as the turned page needs.
        let wide = page.0 * cos.abs() + page.1 * sin.abs();
        let high = page.0 * sin.abs() + page.1 * cos.abs();
        let dot = 25.4 / self.dpi;
        let (columns, rows) = ((wide / dot) as usize, (high / dot) as usize);
        let stains = self.stains(sheet, &mut chance);
        let mut light = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                let mut sum = 0.0;
                for (over, down) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                    let x = (column as f64 + over) * dot - wide / 2.0;
                    let y = (row as f64 + down) * dot - high / 2.0;
                    let (x, y) = (x * cos + y * sin, y * cos - x * sin);
                    // Farther away, towards the upper edge, is smaller.
                    let depth = 1.0 + self.askew * y / page.1;
                    let (x, y) = (x / depth, y / depth);
                    let x = if self.mirrored { -x } else { x };
                    let (x, y) = (x + page.0 / 2.0, y + page.1 / 2.0);
                    let seen = sheet.light(x, y);
                    sum += stains.iter().fold(seen, |seen, stain| stain.on(seen, x, y));
                }
                let across = column as f64 / columns as f64 + 0.25 * row as f64 / rows as f64;
                light.push(sum / 4.0 * self.exposure * self.lit(across));
            }
        }
        soften(&mut light, columns, self.blur / dot);
        let seen =
            |value: f64| (value + self.noise * chance.bell()).round().clamp(0.0, 255.0) as u8;
        let pixels = light.into_iter().map(seen).collect();
        GrayImage::from_raw(columns as u32, rows as u32, pixels).expect("a picture")
    }

    /// The light at a place: a hand's shadow with a soft edge.
    fn lit(&self, across: f64) -> f64 {
        let edge = ((across - 0.45) / 0.12).clamp(0.0, 1.0);
        1.0 - self.shadow * edge * (0.7 + 0.3 * across.min(1.0))
    }

    fn stains(&self, sheet: &Sheet, chance: &mut Chance) -> Vec<Round> {
        let Some((kind, part)) = self.stain else { return Vec::new() };
        let on = |code: &Printed| {
            let inner = code.code.width() as f64 * code.module;
            let from = QUIET_ZONE as f64 * code.module;
            let radius = (part * inner * inner / std::f64::consts::PI).sqrt();
            // Coffee stands anywhere; what hides stays off the three corners.
            let (low, high) = match kind {
                Stain::Coffee => (radius, inner - radius),
                Stain::Opaque => (inner * 0.3, inner * 0.7),
            };
            let x = code.left + from + chance.between(low, high);
            let y = code.top + from + chance.between(low, high);
            Round { x, y, radius, kind }
        };
        sheet.codes.iter().map(on).collect()
    }
}

struct Round {
    x: f64,
    y: f64,
    radius: f64,
    kind: Stain,
}

impl Round {
    fn on(&self, light: f64, x: f64, y: f64) -> f64 {
        let away = ((x - self.x).powi(2) + (y - self.y).powi(2)).sqrt() / self.radius;
        match self.kind {
            _ if away > 1.0 => light,
            Stain::Opaque => 90.0,
            Stain::Coffee if away > 0.88 => light * 0.45,
            Stain::Coffee => light * 0.62,
        }
    }
}

/// A Gaussian blur with a deviation in pixels.
fn soften(light: &mut [f64], columns: usize, deviation: f64) {
    if deviation < 0.2 {
        return;
    }
    let reach = (deviation * 3.0).ceil() as i64;
    let weights: Vec<f64> =
        (-reach..=reach).map(|at| (-(at as f64 / deviation).powi(2) / 2.0).exp()).collect();
    let all: f64 = weights.iter().sum();
    let rows = light.len() / columns;
    for (step, lines, length) in [(1, rows, columns), (columns, columns, rows)] {
        let mut line = vec![0.0; length];
        for number in 0..lines {
            let first = if step == 1 { number * columns } else { number };
            for (at, value) in line.iter_mut().enumerate() {
                *value = light[first + at * step];
            }
            for at in 0..length {
                let near =
                    |offset: i64| line[(at as i64 + offset).clamp(0, length as i64 - 1) as usize];
                let sum: f64 =
                    (-reach..=reach).zip(&weights).map(|(offset, w)| near(offset) * w).sum();
                light[first + at * step] = sum / all;
            }
        }
    }
}
