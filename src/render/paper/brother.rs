//! Dots for Brother's QL label printers: the raster commands of the manufacturer's
//! "Software Developer's Manual: Raster Command Reference" for QL-800, QL-810W and
//! QL-820NWB.

use super::bitmap::Bitmap;

/// Pins of the head; a row is always that many dots.
const PINS: usize = 720;
/// Dots a millimetre: 300 an inch.
pub const DOTS_PER_MM: f32 = 300.0 / 25.4;

/// What is in the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tape {
    /// Its name, as on the roll.
    pub name: &'static str,
    /// Width in millimetres.
    pub width: u8,
    /// Length of a die-cut label in millimetres; 0 for a continuous roll.
    pub length: u8,
    /// Dots that are printed across.
    pub across: usize,
    /// Dots that are printed along; 0 for a continuous roll.
    pub along: usize,
    /// Pins that stay unused on the right.
    pub offset: usize,
}

/// Rolls that are sold for these printers (manual, section 2.3.2).
pub const TAPES: &[Tape] = &[
    Tape { name: "12", width: 12, length: 0, across: 106, along: 0, offset: 29 },
    Tape { name: "29", width: 29, length: 0, across: 306, along: 0, offset: 6 },
    Tape { name: "38", width: 38, length: 0, across: 413, along: 0, offset: 12 },
    Tape { name: "50", width: 50, length: 0, across: 554, along: 0, offset: 12 },
    Tape { name: "54", width: 54, length: 0, across: 590, along: 0, offset: 0 },
    Tape { name: "62", width: 62, length: 0, across: 696, along: 0, offset: 12 },
    Tape { name: "17x54", width: 17, length: 54, across: 165, along: 566, offset: 0 },
    Tape { name: "17x87", width: 17, length: 87, across: 165, along: 956, offset: 0 },
    Tape { name: "23x23", width: 23, length: 23, across: 202, along: 202, offset: 42 },
    Tape { name: "29x42", width: 29, length: 42, across: 306, along: 425, offset: 6 },
    Tape { name: "29x90", width: 29, length: 90, across: 306, along: 991, offset: 6 },
    Tape { name: "38x90", width: 38, length: 90, across: 413, along: 991, offset: 12 },
    Tape { name: "39x48", width: 39, length: 48, across: 425, along: 495, offset: 6 },
    Tape { name: "52x29", width: 52, length: 29, across: 578, along: 271, offset: 0 },
    Tape { name: "62x29", width: 62, length: 29, across: 696, along: 271, offset: 12 },
    Tape { name: "62x100", width: 62, length: 100, across: 696, along: 1109, offset: 12 },
];

impl Tape {
    /// The tape of that name.
    pub fn named(name: &str) -> Option<Self> {
        TAPES.iter().find(|tape| tape.name == name).copied()
    }

    /// What is printed of a label of it, in millimetres: text runs along the tape where
    /// that is longer. `length` is for continuous rolls.
    #[allow(clippy::cast_precision_loss)] // some hundred dots
    pub fn printed(self, length: f32) -> (f32, f32) {
        let across = self.across as f32 / DOTS_PER_MM;
        let along = if self.along == 0 { length } else { self.along as f32 / DOTS_PER_MM };
        (along, across)
    }
}

/// The commands that print the dots and cut. The bitmap lies as it is read: its width
/// runs along the tape.
pub fn brother(bitmap: &Bitmap, tape: Tape) -> Vec<u8> {
    let upright = bitmap.turned();
    let rows = upright.height();
    let mut out = vec![0u8; 200];
    // Initialise; raster mode.
    out.extend([0x1B, b'@', 0x1B, b'i', b'a', 1]);
    let kind = if tape.length == 0 { 0x0A } else { 0x0B };
    let count = u32::try_from(rows).unwrap_or(u32::MAX).to_le_bytes();
    // Print information: media type, width and length are valid, recover if they differ.
    out.extend([0x1B, b'i', b'z', 0x86 | 0x40 | 0x08, kind, tape.width, tape.length]);
    out.extend(count);
    out.extend([0, 0]);
    // Cut after each label; margin along the tape, in dots.
    out.extend([0x1B, b'i', b'M', 0x40, 0x1B, b'i', b'A', 1, 0x1B, b'i', b'K', 0x08]);
    let margin: u16 = if tape.length == 0 { 35 } else { 0 };
    out.extend([0x1B, b'i', b'd']);
    out.extend(margin.to_le_bytes());
    // No compression.
    out.extend([b'M', 0]);
    for row in 0..rows {
        out.extend([b'g', 0, 90]);
        out.extend(pins(&upright, row, tape.offset));
    }
    out.push(0x1A);
    out
}

/// A row for the head: pins count from the right, so the row is mirrored.
fn pins(bitmap: &Bitmap, row: usize, offset: usize) -> [u8; PINS / 8] {
    let mut bytes = [0u8; PINS / 8];
    for column in 0..bitmap.width().min(PINS) {
        let pin = offset + column;
        if bitmap.is_dark(bitmap.width() - 1 - column, row)
            && let Some(byte) = bytes.get_mut(pin / 8)
        {
            *byte |= 0x80 >> (pin % 8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_printer_gets() {
        let tape = Tape::named("29x90").unwrap();
        let bytes = brother(&Bitmap::blank(991, 306), tape);
        assert!(bytes[..200].iter().all(|byte| *byte == 0));
        assert_eq!(bytes[200..206], [0x1B, b'@', 0x1B, b'i', b'a', 1]);
        assert_eq!(bytes[206..219], [0x1B, b'i', b'z', 0xCE, 0x0B, 29, 90, 223, 3, 0, 0, 0, 0]);
        assert_eq!(bytes.iter().filter(|byte| **byte == b'g').count(), 991);
        assert_eq!(bytes.last(), Some(&0x1A));
    }

    #[test]
    fn every_tape_fits_the_head() {
        for tape in TAPES {
            assert!(tape.across + tape.offset <= PINS, "{tape:?}");
            assert_eq!(tape.length == 0, tape.along == 0);
        }
    }
}
