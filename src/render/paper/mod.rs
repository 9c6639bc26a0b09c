//! Documents on paper. A document is first laid out as a [`Sheet`], lengths in
//! millimetres and nothing decided that depends on a printer; then written as PDF
//! ([`pdf`]) or, for thermal rolls and label printers, as black and white dots
//! ([`bitmap`], feature `raster`).
//!
//! The same input gives the same bytes: a document's date is that of what it shows, and
//! nothing here asks a clock.

#[cfg(feature = "raster")]
pub mod bitmap;
pub mod breaking;
#[cfg(feature = "raster")]
pub mod brother;
pub mod certificate;
pub mod dossier;
#[cfg(feature = "raster")]
pub mod escpos;
pub mod flow;
pub mod labels;
pub mod pdf;
pub mod receipt;
pub mod sheets;
pub mod svg;
pub mod table;
pub mod thermal;
pub mod typeface;
pub mod words;
pub mod workbook;
#[cfg(feature = "raster")]
pub mod zpl;

use super::qr::Code;
use crate::model::Stamp;

/// A document: pages, and what is said about it in its metadata.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Its pages, in order.
    pub pages: Vec<Page>,
    /// What it is.
    pub about: About,
}

impl Sheet {
    /// The characters on it that none of the fonts has, each once.
    pub fn missing(&self, faces: &typeface::Typefaces) -> Vec<char> {
        let marks = self.pages.iter().flat_map(|page| &page.blocks).flat_map(|block| &block.marks);
        let texts = marks.filter_map(|mark| match mark {
            Mark::Text { text, .. } => Some(text.as_str()),
            _ => None,
        });
        let mut missing: Vec<char> = texts.flat_map(|text| faces.missing(text)).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }
}

/// A document's metadata.
#[derive(Debug, Clone)]
pub struct About {
    /// Its title in the document's language.
    pub title: String,
    /// What identifies it: a receipt's number, an asset id.
    pub id: String,
    /// Language as a tag of BCP 47: `ja` or `en`.
    pub language: &'static str,
    /// When what it shows was recorded.
    pub at: Stamp,
    /// A file that travels inside the PDF.
    pub attachment: Option<Attachment>,
}

/// A file inside a PDF.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// One side of paper.
#[derive(Debug, Clone)]
pub struct Page {
    /// Width in millimetres.
    pub width: f32,
    /// Height in millimetres.
    pub height: f32,
    /// What stands on it, in reading order.
    pub blocks: Vec<Block>,
}

/// What belongs together for somebody who has the page read out.
#[derive(Debug, Clone)]
pub struct Block {
    /// What it is.
    pub role: Role,
    /// What is drawn.
    pub marks: Vec<Mark>,
}

/// What a block is to a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// The document's title.
    Title,
    /// A heading within it.
    Heading,
    /// A paragraph, a field, a row.
    Text,
    /// A picture, with what it shows in words.
    Figure(String),
    /// Lines and boxes, page numbers: nothing that is read out.
    Ornament,
}

/// One thing that is drawn. Coordinates count from the page's upper left corner.
#[derive(Debug, Clone)]
pub enum Mark {
    /// A line of text.
    Text {
        /// Left end.
        x: f32,
        /// Base line.
        y: f32,
        /// Size of the type, one em.
        size: f32,
        /// Whether it is printed grey: what is the same on every document.
        grey: bool,
        /// The text, without control characters.
        text: String,
    },
    /// A straight line.
    Rule {
        /// From.
        from: (f32, f32),
        /// To.
        to: (f32, f32),
        /// Thickness.
        width: f32,
    },
    /// A box without filling.
    Frame {
        /// Upper left corner.
        at: (f32, f32),
        /// Width and height.
        size: (f32, f32),
        /// Thickness.
        width: f32,
        /// Broken lines: a place for something that may stay empty.
        dashed: bool,
    },
    /// A QR code.
    Code {
        /// Upper left corner of its quiet zone.
        at: (f32, f32),
        /// Side of a module.
        module: f32,
        /// The code.
        code: Code,
    },
}

/// Millimetres of a typographic point.
pub const POINT: f32 = 25.4 / 72.0;

/// Why a document could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// A font file that is none, or has no outlines.
    #[error("not a font with TrueType or CFF outlines")]
    Font,
    /// A page's size is no size.
    #[error("a page is more than 0 and at most 2000 mm wide and high")]
    Size,
    /// The PDF writer refused, in its own words.
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
}
