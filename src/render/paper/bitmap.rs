//! A page as black and white dots, for printers whose head has a dot or has none.
//!
//! Text and lines come from the same PDF that would be printed on a sheet, rasterised;
//! codes are set dot by dot, each module the same whole number of dots. A module that is
//! now three, now four dots wide is what makes codes unreadable on such printers.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};

use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};

use super::typeface::Typefaces;
use super::{About, Mark, POINT, Page, PaperError, Sheet, pdf};
use crate::model::Stamp;
use crate::render::qr::Code;

/// Grey levels below this are dark: thin strokes of Japanese type survive, and blur
/// around them does not.
const DARK: u8 = 150;
/// Most dots of a page: a metre of the widest roll at 300 dots an inch.
const DOTS_MAX: usize = 24_000_000;

/// Dots, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitmap {
    width: usize,
    dark: Vec<bool>,
}

impl Bitmap {
    /// Dots without anything on them.
    pub fn blank(width: usize, height: usize) -> Self {
        Bitmap { width, dark: vec![false; width.saturating_mul(height)] }
    }

    /// Dots a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.dark.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether a dot is dark; beyond the edges none is.
    pub fn is_dark(&self, column: usize, row: usize) -> bool {
        column < self.width && self.dark.get(row * self.width + column).copied().unwrap_or(false)
    }

    fn set(&mut self, column: usize, row: usize, dark: bool) {
        if column < self.width
            && let Some(dot) = self.dark.get_mut(row * self.width + column)
        {
            *dot = dark;
        }
    }

    /// A row as bytes, the leftmost dot the highest bit, filled up with light dots.
    pub fn row(&self, row: usize) -> Vec<u8> {
        let byte = |at: usize| {
            (0..8).fold(0u8, |bits, bit| (bits << 1) | u8::from(self.is_dark(at * 8 + bit, row)))
        };
        (0..self.width.div_ceil(8)).map(byte).collect()
    }

    /// Turned by a quarter, clockwise.
    #[must_use]
    pub fn turned(&self) -> Self {
        let (width, height) = (self.height(), self.width);
        let mut turned = Bitmap::blank(width, height);
        for row in 0..height {
            for column in 0..width {
                turned.set(column, row, self.is_dark(row, width - 1 - column));
            }
        }
        turned
    }

    /// Grey pixels (0 dark, 255 light), row by row.
    pub fn to_grey(&self) -> Vec<u8> {
        self.dark.iter().map(|dark| if *dark { 0 } else { 255 }).collect()
    }

    /// A grey PNG, a pixel a dot.
    ///
    /// # Errors
    /// [`PaperError::Size`] for more dots than a picture holds.
    pub fn to_png(&self) -> Result<Vec<u8>, PaperError> {
        let side = |dots: usize| u32::try_from(dots).map_err(|_| PaperError::Size);
        let (width, height) = (side(self.width)?, side(self.height())?);
        let mut png = Cursor::new(Vec::new());
        PngEncoder::new(&mut png)
            .write_image(&self.to_grey(), width, height, ExtendedColorType::L8)
            .map_err(|error| PaperError::Pdf(error.to_string()))?;
        Ok(png.into_inner())
    }

    /// A code with the corner of its quiet zone there, `dots` a module.
    fn code(&mut self, left: usize, top: usize, dots: usize, code: &Code) {
        let side = code.full_width() * dots;
        for row in 0..side {
            for column in 0..side {
                let dark = code.is_dark(column / dots, row / dots);
                self.set(left + column, top + row, dark);
            }
        }
    }
}

/// The page at that many dots a millimetre: 8 for 203 dots an inch, 11.811 for 300.
///
/// # Errors
/// [`PaperError::Size`] for a page with more dots than a printer has; what
/// [`pdf::pdf`] says.
pub fn bitmap(page: &Page, dots_per_mm: f32, faces: &Typefaces) -> Result<Bitmap, PaperError> {
    let (width, height) = (dots(page.width, dots_per_mm)?, dots(page.height, dots_per_mm)?);
    if width.saturating_mul(height) > DOTS_MAX {
        return Err(PaperError::Size);
    }
    let mut text = page.clone();
    let is_code = |mark: &Mark| matches!(mark, Mark::Code { .. });
    for block in &mut text.blocks {
        block.marks.retain(|mark| !is_code(mark));
    }
    text.blocks.retain(|block| !block.marks.is_empty());
    let mut bitmap = rasterised(text, (width, height), dots_per_mm, faces)?;
    for mark in page.blocks.iter().flat_map(|block| &block.marks) {
        if let Mark::Code { at, module, code } = mark {
            let module = module_dots(*module, dots_per_mm);
            let place = |length: f32| dots(length.max(0.001), dots_per_mm);
            bitmap.code(place(at.0)?, place(at.1)?, module, code);
        }
    }
    Ok(bitmap)
}

/// Whole dots of a module: never more than there is room for, never none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a few dots
pub fn module_dots(module: f32, dots_per_mm: f32) -> usize {
    ((module * dots_per_mm + 0.02).floor() as usize).max(1)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked before
fn dots(length: f32, dots_per_mm: f32) -> Result<usize, PaperError> {
    let dots = (length * dots_per_mm).round();
    // The rasteriser counts in 16 bits.
    if !(0.0..=65_535.0).contains(&dots) { Err(PaperError::Size) } else { Ok(dots as usize) }
}

fn rasterised(
    page: Page,
    (width, height): (usize, usize),
    dots_per_mm: f32,
    faces: &Typefaces,
) -> Result<Bitmap, PaperError> {
    let mut bitmap = Bitmap::blank(width, height);
    if page.blocks.is_empty() {
        return Ok(bitmap);
    }
    let at = "2000-01-01T00:00:00+00:00".parse::<Stamp>();
    let at = at.map_err(|error| PaperError::Pdf(error.to_string()))?;
    let about =
        About { title: "page".into(), id: "page".into(), language: "ja", at, attachment: None };
    let bytes = pdf::pdf(&Sheet { pages: vec![page], about }, faces)?;
    let failed = || PaperError::Pdf("the page could not be rasterised".to_owned());
    // Both sides of this are libraries that are not ours; what one of them did not
    // expect must not end a handover.
    let drawn = catch_unwind(AssertUnwindSafe(|| {
        let pdf = Pdf::new(bytes).ok()?;
        let page = pdf.pages().first()?;
        let scale = dots_per_mm * POINT;
        let size = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
        let cache = RenderCache::new();
        let settings = RenderSettings { hinting: false, ..RenderSettings::default() };
        let pixmap = render(page, &cache, &InterpreterSettings::default(), &settings, &size);
        let (wide, pixels) = (usize::from(pixmap.width()), pixmap.data_as_u8_slice().to_vec());
        Some((wide, pixels))
    }));
    let (wide, pixels) = drawn.ok().flatten().ok_or_else(failed)?;
    for (at, pixel) in pixels.chunks_exact(4).enumerate() {
        if pixel.first().is_some_and(|grey| *grey < DARK) && wide > 0 {
            bitmap.set(at % wide, at / wide, true);
        }
    }
    Ok(bitmap)
}
