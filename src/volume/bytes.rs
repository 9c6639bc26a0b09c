//! Numbers, identifiers and labels out of bytes that may be too few.

use data_encoding::HEXLOWER;

use crate::model::printable::{printable, printable_utf16};

/// Longest label that is shown, in characters.
pub(super) const LABEL_MAX: usize = 64;

macro_rules! number {
    ($name:ident, $type:ty, $from:ident) => {
        pub(super) fn $name(bytes: &[u8], at: usize) -> Option<$type> {
            bytes.get(at..)?.first_chunk().map(|bytes| <$type>::$from(*bytes))
        }
    };
}

number!(le16, u16, from_le_bytes);
number!(le32, u32, from_le_bytes);
number!(le64, u64, from_le_bytes);
number!(be16, u16, from_be_bytes);
number!(be32, u32, from_be_bytes);
number!(be64, u64, from_be_bytes);

/// Whether `expected` stands at `at`.
pub(super) fn stands(bytes: &[u8], at: usize, expected: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(expected))
}

/// What stands before the first NUL of a field, made printable; none when that is
/// nothing.
pub(super) fn text(bytes: &[u8], at: usize, length: usize) -> Option<String> {
    let field = bytes.get(at..at.checked_add(length)?)?;
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    let text = String::from_utf8_lossy(field.get(..end)?);
    let text = text.trim();
    (!text.is_empty()).then(|| printable(text, LABEL_MAX))
}

/// As [`text`], for UTF-16 in little-endian order.
pub(super) fn text_utf16(field: &[u8]) -> Option<String> {
    let units = field.chunks_exact(2).filter_map(|pair| le16(pair, 0));
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    (!units.is_empty()).then(|| printable_utf16(&units, LABEL_MAX))
}

/// A UUID whose bytes stand in the order they are written (RFC 9562).
pub(super) fn uuid(bytes: &[u8], at: usize) -> Option<String> {
    bytes.get(at..)?.first_chunk().map(hyphenated)
}

/// A GUID as Microsoft and UEFI store it: the first three groups little-endian
/// (UEFI 2.10, appendix A).
pub(super) fn guid(bytes: &[u8], at: usize) -> Option<String> {
    let stored: &[u8; 16] = bytes.get(at..)?.first_chunk()?;
    let [a, b, c, d, e, f, g, h, rest @ ..] = *stored;
    let mut turned = [d, c, b, a, f, e, h, g, 0, 0, 0, 0, 0, 0, 0, 0];
    for (to, from) in turned.iter_mut().skip(8).zip(rest) {
        *to = from;
    }
    Some(hyphenated(&turned))
}

fn hyphenated(bytes: &[u8; 16]) -> String {
    let digits = HEXLOWER.encode(bytes);
    let group = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        group(0, 8),
        group(8, 12),
        group(12, 16),
        group(16, 20),
        group(20, 32)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_turned_and_a_uuid_is_not() {
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(uuid(&bytes, 0).unwrap(), "00010203-0405-0607-0809-0a0b0c0d0e0f");
        assert_eq!(guid(&bytes, 0).unwrap(), "03020100-0504-0706-0809-0a0b0c0d0e0f");
        assert_eq!(guid(&bytes, 1), None);
    }

    #[test]
    fn labels_are_cut_and_made_printable() {
        assert_eq!(text(b"DATA \x1b[2J\0junk", 0, 13).unwrap(), r"DATA \u{1b}[2J");
        assert_eq!(text(b"   \0", 0, 4), None);
        assert_eq!(text(b"abc", 1, usize::MAX), None);
        assert_eq!(text_utf16(b"B\0a\0\0\0x\0").unwrap(), "Ba");
        assert_eq!((le16(b"a", 0), be64(b"", usize::MAX)), (None, None));
    }
}
