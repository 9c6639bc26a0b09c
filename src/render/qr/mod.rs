//! QR codes (ISO/IEC 18004) for a terminal, as SVG and as PNG.
//!
//! Receipt codes are alphanumeric at level M, in the smallest version that
//! holds them; a label is always version 2, level Q, so that every label of a
//! ledger has the same size. The same text gives the same bytes every time.

use std::fmt::Write as _;
use std::io::Cursor;

use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};
use qrcode::bits::Bits;
use qrcode::ec::construct_codewords;
use qrcode::{EcLevel, Version};

mod mask;

/// White modules around a code; ISO/IEC 18004 demands four.
pub const QUIET_ZONE: usize = 4;
/// Most pixels per module of a PNG.
pub const SCALE_MAX: u32 = 64;
/// Most alphanumeric characters a receipt code holds: version 40, level M.
pub const RECEIPT_CODE_MAX: usize = 3391;
/// Characters of QR's alphanumeric mode, the same as base45's.
const ALPHANUMERIC: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Why no code was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    /// The text does not fit.
    #[error("{found} characters do not fit in this QR code; at most {max} do")]
    TooLarge {
        /// Characters given.
        found: usize,
        /// Characters that fit.
        max: usize,
    },
    /// A character outside the alphanumeric mode.
    #[error("the character {0:?} cannot stand in an alphanumeric QR code")]
    Character(char),
    /// A PNG scale of 0 or above [`SCALE_MAX`].
    #[error("a module is 1 to 64 pixels wide, not {0}")]
    Scale(u32),
    /// The SVG's side in millimetres is not a positive number up to 1000.
    #[error("a code is more than 0 and at most 1000 mm wide")]
    Size,
    /// The encoder refused, in its own words.
    #[error("the QR code could not be made: {0}")]
    Encoder(String),
}

/// Which colour of terminal a code is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Terminal {
    /// Light text on a dark ground, the usual one: white modules are drawn.
    #[default]
    Dark,
    /// Dark text on a light ground (the inverse): black modules are drawn.
    Light,
}

/// A QR code as a square of modules, quiet zone not included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    width: usize,
    dark: Vec<bool>,
    version: i16,
}

impl Code {
    /// The code of one half of a receipt: alphanumeric, level M, smallest version.
    ///
    /// # Errors
    /// [`QrError::Character`] or [`QrError::TooLarge`].
    pub fn receipt(text: &str) -> Result<Self, QrError> {
        check_characters(text)?;
        for version in 1..=40 {
            match encode(text, version, EcLevel::M) {
                Err(QrError::TooLarge { .. }) => {}
                made => return made,
            }
        }
        Err(QrError::TooLarge { found: text.len(), max: RECEIPT_CODE_MAX })
    }

    /// The code of a label: alphanumeric, version 2, level Q.
    ///
    /// # Errors
    /// [`QrError::Character`] or [`QrError::TooLarge`].
    pub fn label(text: &str) -> Result<Self, QrError> {
        check_characters(text)?;
        encode(text, 2, EcLevel::Q)
    }

    /// Modules a side, without quiet zone: 17 + 4 times the version.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The version, 1 to 40.
    pub fn version(&self) -> i16 {
        self.version
    }

    /// Modules a side, with quiet zone.
    pub fn full_width(&self) -> usize {
        self.width + 2 * QUIET_ZONE
    }

    /// Whether a module is dark, counted from the corner of the quiet zone.
    /// Everything outside the code is light.
    pub fn is_dark(&self, column: usize, row: usize) -> bool {
        match (column.checked_sub(QUIET_ZONE), row.checked_sub(QUIET_ZONE)) {
            (Some(x), Some(y)) if x < self.width => {
                self.dark.get(y * self.width + x).copied().unwrap_or(false)
            }
            _ => false,
        }
    }

    /// Half blocks for a terminal, two rows of modules a line, quiet zone
    /// included, each line ending in a newline.
    pub fn to_terminal(&self, terminal: Terminal) -> String {
        let side = self.full_width();
        let drawn = |column, row| match terminal {
            // Below the last row of an odd height nothing is drawn in either
            // polarity, so that no half line of the wrong colour is added.
            _ if row >= side => false,
            Terminal::Dark => !self.is_dark(column, row),
            Terminal::Light => self.is_dark(column, row),
        };
        let mut text = String::new();
        for row in (0..side).step_by(2) {
            for column in 0..side {
                text.push(match (drawn(column, row), drawn(column, row + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push('\n');
        }
        text
    }

    /// An SVG document `side_mm` millimetres wide, quiet zone included.
    ///
    /// # Errors
    /// [`QrError::Size`].
    pub fn to_svg(&self, side_mm: f64) -> Result<String, QrError> {
        if !side_mm.is_finite() || side_mm <= 0.0 || side_mm > 1000.0 {
            return Err(QrError::Size);
        }
        let side = self.full_width();
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{side_mm:.2}mm\" \
             height=\"{side_mm:.2}mm\" viewBox=\"0 0 {side} {side}\" \
             shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
             <path fill=\"#000\" d=\"{}\"/></svg>\n",
            self.to_svg_path(0, 0)
        );
        svg.shrink_to_fit();
        Ok(svg)
    }

    /// The dark modules as the data of an SVG path, one unit a module, with the
    /// corner of the quiet zone at (`left`, `top`); for drawing several codes in
    /// one document.
    pub fn to_svg_path(&self, left: usize, top: usize) -> String {
        let side = self.full_width();
        let mut path = String::new();
        for row in 0..side {
            let mut column = 0;
            while column < side {
                let run = (column..side).take_while(|&at| self.is_dark(at, row)).count();
                if run > 0 {
                    // Writing to a String cannot fail.
                    let _ = write!(path, "M{} {}h{run}v1h-{run}z", left + column, top + row);
                }
                column += run.max(1);
            }
        }
        path
    }

    /// A grey PNG with `scale` pixels (1 to [`SCALE_MAX`]) a module, quiet zone
    /// included.
    ///
    /// # Errors
    /// [`QrError::Scale`] or [`QrError::Encoder`].
    pub fn to_png(&self, scale: u32) -> Result<Vec<u8>, QrError> {
        let (pixels, side) = self.to_grey(scale)?;
        let mut png = Cursor::new(Vec::new());
        PngEncoder::new(&mut png)
            .write_image(&pixels, side, side, ExtendedColorType::L8)
            .map_err(|e| QrError::Encoder(e.to_string()))?;
        Ok(png.into_inner())
    }

    /// The grey pixels (0 dark, 255 light), row by row, and the pixels a side.
    ///
    /// # Errors
    /// [`QrError::Scale`].
    pub fn to_grey(&self, scale: u32) -> Result<(Vec<u8>, u32), QrError> {
        if scale == 0 || scale > SCALE_MAX {
            return Err(QrError::Scale(scale));
        }
        let step = usize::try_from(scale).map_err(|_| QrError::Scale(scale))?;
        let side = self.full_width() * step;
        let mut pixels = Vec::with_capacity(side * side);
        for row in 0..side {
            for column in 0..side {
                pixels.push(if self.is_dark(column / step, row / step) { 0 } else { 255 });
            }
        }
        let side = u32::try_from(side).map_err(|_| QrError::Scale(scale))?;
        Ok((pixels, side))
    }
}

fn check_characters(text: &str) -> Result<(), QrError> {
    let odd = |c: &char| !u8::try_from(*c).is_ok_and(|b| ALPHANUMERIC.contains(&b));
    text.chars().find(odd).map_or(Ok(()), |c| Err(QrError::Character(c)))
}

fn encode(text: &str, number: i16, level: EcLevel) -> Result<Code, QrError> {
    let refused = |error: qrcode::types::QrError| match error {
        qrcode::types::QrError::DataTooLong => {
            QrError::TooLarge { found: text.len(), max: crate::wire::label::LABEL_MAX }
        }
        other => QrError::Encoder(other.to_string()),
    };
    let mut bits = Bits::new(Version::Normal(number));
    bits.push_alphanumeric_data(text.as_bytes()).map_err(refused)?;
    bits.push_terminator(level).map_err(refused)?;
    let version = bits.version();
    let (data, correction) =
        construct_codewords(&bits.into_bytes(), version, level).map_err(refused)?;
    let dark = mask::drawn(version, level, &data, &correction);
    Ok(Code { width: usize::from(version.width().unsigned_abs()), dark, version: number })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABEL: &str = "CM1-USB-0421-MPJTB9-5";

    #[test]
    fn a_label_is_version_2_and_takes_29_characters() {
        let code = Code::label(LABEL).expect("code");
        assert_eq!((code.version(), code.width(), code.full_width()), (2, 25, 33));
        assert!(Code::label(&"A".repeat(29)).is_ok());
        let refused = QrError::TooLarge { found: 30, max: 29 };
        assert_eq!(Code::label(&"A".repeat(30)), Err(refused));
        assert_eq!(Code::label("ＣＭ１"), Err(QrError::Character('Ｃ')));
        assert_eq!(Code::label("cm1"), Err(QrError::Character('c')));
    }

    #[test]
    fn receipt_codes_grow_and_end_at_version_40() {
        assert_eq!(Code::receipt("CN1:").expect("code").version(), 1);
        let most = "A".repeat(RECEIPT_CODE_MAX);
        assert_eq!(Code::receipt(&most).expect("code").version(), 40);
        let refused = QrError::TooLarge { found: RECEIPT_CODE_MAX + 1, max: RECEIPT_CODE_MAX };
        assert_eq!(Code::receipt(&format!("{most}A")), Err(refused));
    }

    #[test]
    fn a_terminal_shows_the_quiet_zone_in_both_polarities() {
        let code = Code::label(LABEL).expect("code");
        let dark = code.to_terminal(Terminal::Dark);
        let lines: Vec<&str> = dark.lines().collect();
        assert_eq!(lines.len(), 17);
        assert!(lines.iter().all(|line| line.chars().count() == 33));
        assert!(lines[..2].iter().all(|line| line.chars().all(|c| c == '█')));
        assert!(lines[16].chars().all(|c| c == '▀'), "the odd last row");
        let light = code.to_terminal(Terminal::Light);
        assert!(light.lines().take(2).all(|line| line.chars().all(|c| c == ' ')));
        assert!(light.lines().nth(2).is_some_and(|line| line.contains("    █▀▀▀▀▀█")));
    }

    #[test]
    fn svg_and_png_are_the_same_every_time() {
        let code = Code::label(LABEL).expect("code");
        let svg = code.to_svg(12.0).expect("svg");
        assert_eq!(svg, Code::label(LABEL).expect("code").to_svg(12.0).expect("svg"));
        assert!(svg.contains("width=\"12.00mm\"") && svg.contains("viewBox=\"0 0 33 33\""));
        assert!(svg.contains("M4 4h7v1h-7z"), "upper edge of the first finder pattern");
        assert_eq!(code.to_png(3).expect("png"), code.to_png(3).expect("png"));
        for size in [0.0, -1.0, f64::NAN, f64::INFINITY, 1000.5] {
            assert_eq!(code.to_svg(size), Err(QrError::Size));
        }
        assert_eq!(code.to_png(0), Err(QrError::Scale(0)));
        assert_eq!(code.to_png(65), Err(QrError::Scale(65)));
    }
}
