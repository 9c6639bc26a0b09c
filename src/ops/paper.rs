//! Documents as files: which font, which paper, which language.

use std::path::Path;

use super::error::OpsError;
use super::receipt::IssuedReceipt;
use crate::render::paper::receipt::{Format, receipt};
use crate::render::paper::typeface::Typefaces;
use crate::render::paper::words::Tongue;
use crate::render::paper::{Sheet, pdf};

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
