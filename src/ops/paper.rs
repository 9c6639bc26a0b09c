//! Documents as files: which font, which paper, which language.

use std::path::Path;

use super::error::OpsError;
use super::ledger::Ledger;
use super::receipt::IssuedReceipt;
use crate::ledger::Refusal;
use crate::model::Stamp;
#[cfg(feature = "raster")]
use crate::render::paper::bitmap::{Bitmap, bitmap};
#[cfg(feature = "raster")]
use crate::render::paper::escpos::escpos;
use crate::render::paper::labels::{Grid, Label, Size, sheets, single};
use crate::render::paper::receipt::{Format, receipt};
#[cfg(feature = "raster")]
use crate::render::paper::thermal::{self, Roll, strips};
use crate::render::paper::typeface::Typefaces;
use crate::render::paper::words::{Tongue, Words};
use crate::render::paper::{Sheet, pdf, svg};
use crate::report::labels::{LabelRow, LabelSheet};

/// How a document is to look.
#[derive(Debug, Clone)]
pub struct Look {
    /// Its language.
    pub tongue: Tongue,
    /// Its paper.
    pub format: Format,
    /// Its fonts.
    pub faces: Typefaces,
}

/// Largest font file that is read, in bytes: fonts for Japanese have up to 20 MB.
const FONT_MAX: u64 = 64 * 1024 * 1024;

/// The font that comes with the program, behind one of one's own if there is one.
///
/// # Errors
/// The file cannot be read or is no font.
pub fn fonts(own: Option<&Path>) -> Result<Typefaces, OpsError> {
    let Some(path) = own else { return Ok(Typefaces::built_in()?) };
    let read = |error| OpsError::file("cannot read", path, error);
    let about = std::fs::metadata(path).map_err(read)?;
    if about.len() > FONT_MAX {
        let problem = format!("{} is larger than 64 MiB: no font", path.display());
        return Err(OpsError::input("--font", problem));
    }
    let bytes = std::fs::read(path).map_err(read)?;
    Typefaces::preferring(bytes)
        .map_err(|error| OpsError::input("--font", format!("{}: {error}", path.display())))
}

/// A receipt on paper.
///
/// # Errors
/// [`OpsError::Paper`].
pub fn receipt_sheet(issued: &IssuedReceipt, look: &Look) -> Result<Sheet, OpsError> {
    let file = Some(issued.receipt.to_bytes());
    Ok(receipt(&issued.view, look.format, look.tongue, &look.faces, file)?)
}

/// A document as PDF.
///
/// # Errors
/// [`OpsError::Paper`].
pub fn pdf(sheet: &Sheet, look: &Look) -> Result<Vec<u8>, OpsError> {
    Ok(pdf::pdf(sheet, &look.faces)?)
}

/// A document as one picture for a browser.
pub fn svg(sheet: &Sheet, look: &Look) -> String {
    svg::svg(sheet, &look.faces)
}

/// A receipt for a roll, as the printer takes it: both strips one behind the other.
///
/// # Errors
/// [`OpsError::Paper`].
#[cfg(feature = "raster")]
pub fn thermal(issued: &IssuedReceipt, roll: Roll, look: &Look) -> Result<Vec<u8>, OpsError> {
    let mut commands = Vec::new();
    for page in strips(&issued.view, roll, look.tongue, &look.faces)? {
        commands.extend(escpos(&bitmap(&page, thermal::DOTS_PER_MM, &look.faces)?));
    }
    Ok(commands)
}

/// What is drawn on the labels.
pub fn labels(sheet: &LabelSheet) -> Vec<Label> {
    let label = |row: &LabelRow| Label {
        medium: row.medium.to_string(),
        code: row.label.clone(),
        owner: row.owner.to_string(),
        contact: sheet.contact.as_ref().map(ToString::to_string),
    };
    sheet.rows.iter().map(label).collect()
}

/// Labels as they are to be printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LabelForm {
    /// A page of that size for each.
    Single(Size),
    /// Sheets of A4, from that position on.
    Sheets(Grid, usize),
}

/// Labels as PDF.
///
/// # Errors
/// [`OpsError::Input`] for a size or a grid that does not do.
pub fn label_pdf(
    ledger: &Ledger,
    wanted: &[Label],
    form: LabelForm,
    look: &Look,
) -> Result<Vec<u8>, OpsError> {
    let words = Words::new(look.tongue)?;
    // A label's date is that of the newest entry: printed again it is the same file.
    let at = newest(ledger)?;
    let sheet = match form {
        LabelForm::Single(size) => single(wanted, size, None, &words, &look.faces, at),
        LabelForm::Sheets(grid, start) => sheets(wanted, grid, start, &words, &look.faces, at),
    };
    pdf(&sheet.map_err(|error| OpsError::input("--size", error))?, look)
}

fn newest(ledger: &Ledger) -> Result<Stamp, OpsError> {
    let newest = ledger.state().newest;
    newest.ok_or_else(|| OpsError::refused(Refusal::NotFounded))
}

/// Labels as dots, one bitmap each.
///
/// # Errors
/// As [`label_pdf`].
#[cfg(feature = "raster")]
pub fn label_dots(
    ledger: &Ledger,
    wanted: &[Label],
    size: Size,
    dots_per_mm: f32,
    look: &Look,
) -> Result<Vec<Bitmap>, OpsError> {
    let words = Words::new(look.tongue)?;
    let at = newest(ledger)?;
    let sheet = single(wanted, size, Some(dots_per_mm), &words, &look.faces, at)
        .map_err(|error| OpsError::input("--size", error))?;
    let dots = sheet.pages.iter().map(|page| bitmap(page, dots_per_mm, &look.faces));
    Ok(dots.collect::<Result<_, _>>()?)
}
