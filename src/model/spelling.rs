//! Writing a value as it stands in a statement, without the formatter between.
//!
//! An audit writes every entry it reads, to compare the two; what the formatter
//! adds to each value is a fourth of that.

use std::fmt::{self, Write};

/// A value that is written the same way into a text and through a formatter.
pub(super) trait Spelled {
    /// Writes the value's only spelling.
    fn spell(&self, out: &mut impl Write) -> fmt::Result;
}

/// A number below 65,536 as four lower-case hexadecimal digits.
pub(super) fn hex4(number: u16) -> [u8; 4] {
    let mut digits = [0u8; 4];
    data_encoding::HEXLOWER.encode_mut(&number.to_be_bytes(), &mut digits);
    digits
}

/// Writes a number with at least `width` digits, at most 10.
pub(super) fn decimal(number: u32, width: usize, out: &mut impl Write) -> fmt::Result {
    let mut digits = [b'0'; 10];
    let mut rest = number;
    let mut used = 0;
    for slot in digits.iter_mut().rev() {
        if rest == 0 && used >= width.max(1) {
            break;
        }
        *slot = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        used += 1;
    }
    let shown = digits.get(digits.len() - used..).unwrap_or_default();
    out.write_str(std::str::from_utf8(shown).unwrap_or_default())
}

/// Splits at the first `byte`, an ASCII character. Words are short: looking at each
/// byte is quicker than preparing a search.
pub(super) fn split_at_byte(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|b| b == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_formatter_writes_it() {
        for number in [0, 1, 9, 10, 99, 100, 123_456, 999_999, 1_000_000, u32::MAX] {
            for width in [0, 1, 4, 6, 10] {
                let mut text = String::new();
                decimal(number, width, &mut text).unwrap();
                assert_eq!(text, format!("{number:0width$}"), "{number} {width}");
            }
        }
        for number in [0, 0x951, 0x1666, 0xffff] {
            assert_eq!(hex4(number), *format!("{number:04x}").as_bytes());
        }
    }
}
