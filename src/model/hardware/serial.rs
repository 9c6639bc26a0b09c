//! The serial number of a device in its one canonical form.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// The most UTF-16 units a USB string descriptor can hold: its length byte
/// counts itself and the type byte, which leaves (255 − 2) / 2.
pub const MAX_SERIAL_UNITS: usize = 126;

/// A serial number, one token of printable ASCII without spaces.
///
/// The canonical form, the same on every platform:
///
/// 1. Take at most 126 UTF-16 units and stop at the first NUL.
/// 2. Drop unpaired surrogates.
/// 3. Trim spaces (U+0020) at both ends.
/// 4. Write every character from `!` to `~` except the backslash as itself and
///    all others as `\u{…}`, lower-case hexadecimal without leading zeros.
/// 5. An empty result is `-`: none. A serial that is literally `-` is written
///    `\u{2d}`, so it never reads as none.
///
/// Steps 1 and 2 repeat what the Linux kernel does when it shows a serial in
/// sysfs (`usb_string`, `utf16s_to_utf8s`): were the raw descriptor treated
/// otherwise, one drive would have two identities on two platforms. Letter case
/// is kept. No Unicode normalisation takes place: two serials that differ in
/// code points are two serials.
///
/// [`FromStr`] accepts exactly what [`fmt::Display`] writes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial(CompactString);

/// Why a text is not the canonical form of a serial.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SerialError {
    /// The text is empty; no serial is written as `-`.
    #[error("a serial is never empty; a device without one is written as -")]
    Empty,
    /// A backslash that does not start a complete `\u{…}`.
    #[error("a backslash in a serial must start an escape such as \\u{{5c}}")]
    Escape,
    /// The text means a serial, but is not how that serial is written.
    #[error("this is not the canonical spelling of a serial")]
    NotCanonical,
}

impl Serial {
    /// The serial of a device that has none.
    #[must_use]
    pub fn none() -> Self {
        Self("-".into())
    }

    /// Canonicalises the units of a string descriptor.
    #[must_use]
    pub fn from_utf16(units: &[u16]) -> Self {
        let read = units.iter().copied().take(MAX_SERIAL_UNITS);
        let text: String =
            char::decode_utf16(read.take_while(|unit| *unit != 0)).filter_map(Result::ok).collect();
        Self(canonical(&text).into())
    }

    /// Canonicalises text, such as sysfs shows it.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        // Longer text is cut by the rule of 126 units; reading one more keeps
        // a hostile megabyte from being copied.
        let units: Vec<u16> = text.encode_utf16().take(MAX_SERIAL_UNITS).collect();
        Self::from_utf16(&units)
    }

    /// Whether the device has no serial.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0 == "-"
    }

    /// The canonical form, as printed on a receipt.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The characters the canonical form stands for; empty when there is none.
    #[must_use]
    pub fn characters(&self) -> Vec<char> {
        if self.is_none() {
            return Vec::new();
        }
        unescape(&self.0).unwrap_or_default().chars().collect()
    }
}

/// Steps 3 to 5 of the canonical form.
fn canonical(text: &str) -> String {
    let trimmed = text.trim_matches(' ');
    match trimmed {
        "" => "-".to_owned(),
        "-" => "\\u{2d}".to_owned(),
        _ => trimmed.chars().map(spelled).collect(),
    }
}

fn stands_for_itself(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'\\'
}

/// One character as it is written in the canonical form.
fn spelled(character: char) -> String {
    if u8::try_from(character).is_ok_and(stands_for_itself) {
        character.to_string()
    } else {
        format!("\\u{{{:x}}}", u32::from(character))
    }
}

/// Undoes [`spelled`]; whether the spelling was canonical is checked elsewhere.
fn unescape(text: &str) -> Result<String, SerialError> {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let body = after.strip_prefix("u{").ok_or(SerialError::Escape)?;
        let (digits, tail) = body.split_once('}').ok_or(SerialError::Escape)?;
        let value = u32::from_str_radix(digits, 16).map_err(|_| SerialError::Escape)?;
        plain.push(char::from_u32(value).ok_or(SerialError::Escape)?);
        rest = tail;
    }
    plain.push_str(rest);
    Ok(plain)
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Serial {
    type Err = SerialError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => return Err(SerialError::Empty),
            "-" => return Ok(Self::none()),
            // As most are: every character stands for itself.
            _ if text.len() <= MAX_SERIAL_UNITS && text.bytes().all(stands_for_itself) => {
                return Ok(Self(text.into()));
            }
            _ => {}
        }
        // Written again and compared: one rule instead of a list of exceptions.
        let serial = Self::from_text(&unescape(text)?);
        if serial.0 == text { Ok(serial) } else { Err(SerialError::NotCanonical) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn canonical_forms() {
        for (raw, expected) in [
            ("1C6F65D8ABCDE1234567", "1C6F65D8ABCDE1234567"),
            ("  WD-WX 12  ", "WD-WX\\u{20}12"),
            ("", "-"),
            ("   ", "-"),
            ("\0\0\0", "-"),
            ("-", "\\u{2d}"),
            (" - ", "\\u{2d}"),
            ("--", "--"),
            ("AB\0CD", "AB"),
            ("a\\b", "a\\u{5c}b"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("シリアル", "\\u{30b7}\\u{30ea}\\u{30a2}\\u{30eb}"),
            ("𠮷", "\\u{20bb7}"),
        ] {
            assert_eq!(Serial::from_utf16(&units(raw)).as_str(), expected, "{raw:?}");
            assert_eq!(Serial::from_text(raw).as_str(), expected, "{raw:?}");
        }
    }

    #[test]
    fn lone_surrogates_are_dropped_as_the_kernel_drops_them() {
        assert_eq!(Serial::from_utf16(&[0x41, 0xd800, 0x42, 0xdc00]).as_str(), "AB");
    }

    #[test]
    fn length_is_capped_in_units() {
        let long = "X".repeat(5000);
        assert_eq!(Serial::from_text(&long).as_str().len(), MAX_SERIAL_UNITS);
    }

    #[test]
    fn reading_is_strict() {
        for wrong in [
            "",
            "a b",
            "\\u{2D}",
            "\\u{002d}",
            "\\u{41}",
            "\\u{2d}x",
            "\\",
            "\\x41",
            "\\u{}",
            "\\u{d800}",
            "\\u{110000}",
            "\\u{20}A",
            "A\\u{20}",
            "A\\u{0}B",
            "シ",
            "A\n",
            "\\u{+2d}",
        ] {
            assert!(wrong.parse::<Serial>().is_err(), "{wrong:?}");
        }
        assert!("Y".repeat(127).parse::<Serial>().is_err());
        assert!("-".parse::<Serial>().unwrap().is_none());
        assert!(!"\\u{2d}".parse::<Serial>().unwrap().is_none());
    }

    proptest! {
        #[test]
        fn any_units_round_trip(raw in prop::collection::vec(any::<u16>(), 0..200)) {
            let serial = Serial::from_utf16(&raw);
            prop_assert!(serial.as_str().bytes().all(|b| b.is_ascii_graphic()));
            prop_assert!(!serial.as_str().is_empty());
            prop_assert_eq!(serial.as_str().parse::<Serial>(), Ok(serial.clone()));
        }

        /// What the kernel shows and what the raw descriptor holds agree.
        #[test]
        fn text_and_units_agree(text in any::<String>()) {
            prop_assert_eq!(Serial::from_text(&text), Serial::from_utf16(&units(&text)));
        }

        #[test]
        fn any_text_parses_only_to_itself(text in "[ -~]{0,20}|(\\\\u\\{[0-9a-f]{1,4}\\}){1,3}") {
            if let Ok(serial) = text.parse::<Serial>() {
                prop_assert_eq!(serial.to_string(), text);
            }
        }
    }
}
