//! Dots for receipt printers: ESC/POS, the commands of Epson's TM series that others
//! follow (ESC @, GS v 0, ESC d, GS V).

use super::bitmap::Bitmap;

/// Rows of one raster command: printers with little memory print them as they come.
const BAND: usize = 128;
/// Lines that are fed so that the last row passes the cutter.
const FEED: u8 = 4;

/// The commands that print the dots, feed and cut.
pub fn escpos(bitmap: &Bitmap) -> Vec<u8> {
    let mut out = vec![0x1B, b'@'];
    let bytes = bitmap.width().div_ceil(8);
    for top in (0..bitmap.height()).step_by(BAND) {
        let rows = BAND.min(bitmap.height() - top);
        out.extend([0x1D, b'v', b'0', 0]);
        out.extend(two(bytes));
        out.extend(two(rows));
        for row in top..top + rows {
            out.extend(bitmap.row(row));
        }
    }
    out.extend([0x1B, b'd', FEED]);
    // Function B: feed to the cutter, and leave a bridge so that nothing falls.
    out.extend([0x1D, b'V', 66, 0]);
    out
}

/// A number as two bytes, the lower one first.
fn two(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_printer_gets() {
        let bitmap = Bitmap::blank(576, 130);
        let bytes = escpos(&bitmap);
        assert_eq!(bytes[..2], [0x1B, b'@']);
        assert_eq!(bytes[2..10], [0x1D, b'v', b'0', 0, 72, 0, 128, 0]);
        let second = 10 + 72 * 128;
        assert_eq!(bytes[second..second + 8], [0x1D, b'v', b'0', 0, 72, 0, 2, 0]);
        assert_eq!(bytes[second + 8 + 144..], [0x1B, b'd', 4, 0x1D, b'V', 66, 0]);
    }
}
