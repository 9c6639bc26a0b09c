//! One line of text that a person wrote and another will read: bounded, NFC, and
//! free of everything that does not show or that changes what shows.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use unicode_normalization::is_nfc;

/// Why a text is refused as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing stands there.
    #[error("it is empty")]
    Empty,
    /// Longer than the value's limit, in bytes of UTF-8.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    /// A space at either end.
    #[error("it begins or ends with a space")]
    OuterSpace,
    /// A control character, a line break included.
    #[error("it holds the control character U+{0:04X}")]
    Control(u32),
    /// A character that reorders or hides what stands around it.
    #[error("it holds the invisible or direction-changing character U+{0:04X}")]
    Invisible(u32),
    /// A private-use character or a non-character, which every machine shows differently.
    #[error("it holds U+{0:04X}, which has no agreed shape")]
    NoShape(u32),
    /// Composed differently from NFC, so that two equal-looking texts would differ.
    #[error("it is not in Unicode normalisation form C")]
    NotNfc,
    /// A character with a meaning of its own in this value.
    #[error("it may not hold {0:?}")]
    Reserved(char),
}

/// Characters refused by code point and not by a Unicode property: the verdict
/// over a signed byte must not change with the Unicode version of the verifier.
fn refused(c: char) -> Option<TextError> {
    let code = u32::from(c);
    match code {
        0x00..=0x1F | 0x7F..=0x9F => Some(TextError::Control(code)),
        0x00AD
        | 0x034F
        | 0x061C
        | 0x115F
        | 0x1160
        | 0x17B4
        | 0x17B5
        | 0x180B..=0x180F
        | 0x200B..=0x200F
        | 0x2028..=0x202E
        | 0x2060..=0x206F
        | 0x3164
        | 0xFEFF
        | 0xFFA0
        | 0xFFF9..=0xFFFB
        | 0xE_0000..=0xE_00FF
        | 0xE_01F0..=0xE_0FFF => Some(TextError::Invisible(code)),
        0xE000..=0xF8FF | 0xFDD0..=0xFDEF | 0xF_0000..=0x10_FFFF => Some(TextError::NoShape(code)),
        _ if code & 0xFFFE == 0xFFFE => Some(TextError::NoShape(code)),
        _ => None,
    }
}

/// Characters of which almost all values consist: ASCII, kana and the ideographs of
/// the first block. None is refused, and no sequence of them is anything but NFC:
/// all are starters, and none combines with what stands before it.
fn plain(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FC}' | '\u{4E00}'..='\u{9FFF}')
}

/// Every space character of Unicode's Zs category: none may stand at an end.
fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

/// Checks one value of at most `max` bytes and names the first thing wrong.
///
/// # Errors
/// [`TextError`], in the order of its variants.
pub fn check_line(text: &str, max: usize) -> Result<(), TextError> {
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.len() > max {
        return Err(TextError::TooLong(max));
    }
    if text.starts_with(is_space) || text.ends_with(is_space) {
        return Err(TextError::OuterSpace);
    }
    if text.chars().all(plain) {
        return Ok(());
    }
    if let Some(error) = text.chars().find_map(refused) {
        return Err(error);
    }
    if is_nfc(text) { Ok(()) } else { Err(TextError::NotNfc) }
}

/// What a person typed, made fit for [`check_line`] where that changes nothing
/// they meant: outer white space dropped and the text composed (NFC).
pub fn tidy(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.trim_matches(|c: char| is_space(c) || c == '\r' || c == '\n' || c == '\t').nfc().collect()
}

/// A line of text of 1 to `MAX` bytes; see [`check_line`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line<const MAX: usize>(CompactString);

impl<const MAX: usize> Line<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> FromStr for Line<MAX> {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        check_line(text, MAX).map(|()| Line(text.into()))
    }
}

impl<const MAX: usize> TryFrom<String> for Line<MAX> {
    type Error = TextError;
    fn try_from(text: String) -> Result<Self, TextError> {
        check_line(&text, MAX).map(|()| Line(text.into()))
    }
}

impl<const MAX: usize> From<Line<MAX>> for String {
    fn from(line: Line<MAX>) -> String {
        line.0.into()
    }
}

impl<const MAX: usize> fmt::Display for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> fmt::Debug for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// A name of a person, place, site or organisation: up to 120 bytes (40 kanji).
pub type Name = Line<120>;
/// A purpose, reason or description: up to 300 bytes (100 kanji).
pub type Phrase = Line<300>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_neither_refused_nor_able_to_combine() {
        let all: Vec<char> = ('\0'..=char::MAX).filter(|&c| plain(c)).collect();
        assert!(all.len() > 20_000);
        for &c in &all {
            assert_eq!(refused(c), None);
            // Quick check says Yes, not Maybe, for each: so for any sequence of them.
            let quick = unicode_normalization::is_nfc_quick(std::iter::once(c));
            assert_eq!(quick, unicode_normalization::IsNormalized::Yes, "{c}");
            assert_eq!(unicode_normalization::char::canonical_combining_class(c), 0, "{c}");
        }
    }

    #[test]
    fn what_is_refused_and_why() {
        let table: &[(&str, Result<(), TextError>)] = &[
            ("山田 花子", Ok(())),
            ("𠮷野家", Ok(())),
            ("葛\u{E0100}城", Ok(())), // an ideographic variation selector is part of a name
            ("", Err(TextError::Empty)),
            (" a", Err(TextError::OuterSpace)),
            ("a\u{3000}", Err(TextError::OuterSpace)),
            ("a\nb", Err(TextError::Control(0x0A))),
            ("a\u{9B}b", Err(TextError::Control(0x9B))),
            ("a\u{202E}b", Err(TextError::Invisible(0x202E))),
            ("a\u{200B}b", Err(TextError::Invisible(0x200B))),
            ("a\u{E000}b", Err(TextError::NoShape(0xE000))),
            ("a\u{FFFF}b", Err(TextError::NoShape(0xFFFF))),
            ("か\u{3099}", Err(TextError::NotNfc)),
        ];
        for (text, expected) in table {
            assert_eq!(&check_line(text, 120), expected, "{text:?}");
        }
        assert_eq!(check_line("abc", 2), Err(TextError::TooLong(2)));
        assert_eq!(tidy(" か\u{3099}\n"), "が");
    }
}
