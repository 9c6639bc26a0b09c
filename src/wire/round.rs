//! The code on a printed check sheet: `CR1-<day>-<size>-<tag>-<check character>`. It
//! says for which day and which head of the log the list was made, and its tag ties
//! both to one place of one ledger. An identifier like a label, and no proof: whoever
//! has the ledger can make it again.

use std::fmt;
use std::str::FromStr as _;

use super::label::{CROCKFORD, check_character, tag, unambiguous};
use super::typed::narrow;
use crate::model::{Day, Hash, Name, Origin, Seen};

const PREFIX: &str = "CR1-";
/// What is hashed for the tag begins with this.
const DOMAIN: &[u8] = b"custody-round/v1\n";
/// Characters of the size and of the tag, five bits each.
const DIGITS: usize = 6;
/// The largest log whose size has a place in the code.
pub const SIZE_MAX: u64 = (1 << (5 * DIGITS as u64)) - 1;
/// Length of every code, in characters: QR version 2, level Q, holds 29.
pub const ROUND_LEN: usize = 28;
/// Longest text looked at, in bytes, before it is even made narrow.
const INPUT_MAX: usize = 4096;

/// A round's code that is well formed and whose check character is right.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Round {
    day: Day,
    size: u64,
    tag: String,
}

/// Why a text is no round's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoundError {
    /// A drive's label was given.
    #[error("this is the label of a drive, not the code of a check sheet: scan the sheet")]
    LabelGiven,
    /// Not of the form `CR1-...`.
    #[error("not the code of a check sheet: those read CR1-<day>-<size>-<tag>-<check character>")]
    Shape,
    /// The day is none.
    #[error("the day in the code is none: eight digits are expected, 20261122")]
    Day,
    /// The size or the tag is not six characters of Crockford's base 32.
    #[error("size and tag are six characters each, 0-9 and A-Z without I, L, O and U")]
    Characters,
    /// The check character does not fit the rest.
    #[error("the check character does not fit: a character was read or typed wrongly")]
    Check,
}

impl Round {
    /// The code of a list for `place` of the ledger `origin`, made on `day` with the log
    /// at `seen`. None for a log larger than [`SIZE_MAX`].
    #[must_use]
    pub fn new(origin: &Origin, place: &Name, day: Day, seen: Seen) -> Option<Self> {
        let tag = round_tag(origin, place, day, seen);
        (seen.size <= SIZE_MAX).then_some(Round { day, size: seen.size, tag })
    }

    /// Reads a code as a scanner or a person typed it, as [`Label`](super::Label) does.
    ///
    /// # Errors
    /// [`RoundError`].
    pub fn parse(text: &str) -> Result<Self, RoundError> {
        if text.len() > INPUT_MAX {
            return Err(RoundError::Shape);
        }
        let plain: String = text.trim().chars().map(narrow).collect();
        if plain.starts_with("CM1-") {
            return Err(RoundError::LabelGiven);
        }
        let rest = plain.strip_prefix(PREFIX).ok_or(RoundError::Shape)?;
        let parts: Vec<&str> = rest.split('-').collect();
        let [day, size, tag, check] = parts.as_slice() else { return Err(RoundError::Shape) };
        let day = day_of(day).ok_or(RoundError::Day)?;
        let [size, tag] = [size, tag].map(|text| text.chars().map(unambiguous).collect::<String>());
        let digits = |text: &str| text.len() == DIGITS && text.bytes().all(|b| value(b).is_some());
        if !digits(&size) || !digits(&tag) {
            return Err(RoundError::Characters);
        }
        let size = size.bytes().filter_map(value).fold(0, |sum, digit| sum * 32 + digit);
        let parsed = Round { day, size, tag };
        if check.chars().eq([parsed.check()]) { Ok(parsed) } else { Err(RoundError::Check) }
    }

    /// The day the list was made.
    #[must_use]
    pub fn day(&self) -> Day {
        self.day
    }

    /// Number of entries the log had.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether the list was made for this place of this ledger, under this root.
    #[must_use]
    pub fn is_of(&self, origin: &Origin, place: &Name, root: Hash) -> bool {
        self.tag == round_tag(origin, place, self.day, Seen { size: self.size, root })
    }

    fn stem(&self) -> String {
        let digit = |at: usize| {
            let value = (self.size >> (5 * (DIGITS - 1 - at))) & 31;
            CROCKFORD.get(value as usize).map_or('0', |&b| char::from(b))
        };
        let size: String = (0..DIGITS).map(digit).collect();
        let day: String = self.day.to_string().split('-').collect();
        format!("{PREFIX}{day}-{size}-{}", self.tag)
    }

    fn check(&self) -> char {
        check_character(&self.stem())
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.stem(), self.check())
    }
}

/// No line of these holds a line feed, so no two lists give the same bytes.
fn round_tag(origin: &Origin, place: &Name, day: Day, seen: Seen) -> String {
    let lines = format!("{origin}\n{place}\n{day}\n{seen}\n");
    tag(&Hash::of(&[DOMAIN, lines.as_bytes()]))
}

/// `20261122`.
fn day_of(digits: &str) -> Option<Day> {
    let plain = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit());
    let (year, rest) = plain.then(|| digits.split_at_checked(4)).flatten()?;
    let (month, day) = rest.split_at_checked(2)?;
    Day::from_str(&format!("{year}-{month}-{day}")).ok()
}

fn value(byte: u8) -> Option<u64> {
    CROCKFORD.iter().position(|&known| known == byte).map(|at| at as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(size: u64) -> Seen {
        Seen { size, root: Hash::of(&[&size.to_be_bytes()]) }
    }

    fn place() -> (Origin, Name) {
        ("custody.example.jp/shizuoka".parse().unwrap(), "静岡支部 第一保管庫".parse().unwrap())
    }

    fn round(size: u64) -> Round {
        let (origin, place) = place();
        Round::new(&origin, &place, "2026-11-22".parse().unwrap(), seen(size)).unwrap()
    }

    /// As FORMAT-proofs.md prints it.
    #[test]
    fn the_code_of_the_document() {
        let document = include_str!("FORMAT-proofs.md");
        let (origin, place) = place();
        let empty = Seen { size: 1041, root: Hash::of(&[b""]) };
        let code = Round::new(&origin, &place, "2026-11-22".parse().unwrap(), empty).unwrap();
        assert!(document.contains(&format!("    {code}\n")), "{code}");
    }

    #[test]
    fn another_place_ledger_head_or_day_has_another_code() {
        let (origin, place) = place();
        let code = round(1041);
        assert!(code.is_of(&origin, &place, seen(1041).root));
        let (other, shelf) =
            ("custody.example.jp/hamamatsu".parse().unwrap(), "棚".parse().unwrap());
        assert!(!code.is_of(&other, &place, seen(1041).root));
        assert!(!code.is_of(&origin, &shelf, seen(1041).root));
        assert!(!code.is_of(&origin, &place, seen(1042).root));
        let tomorrow = code.to_string().replace("20261122", "20261123");
        assert_eq!(Round::parse(&tomorrow), Err(RoundError::Check));
        assert_eq!(Round::new(&origin, &place, code.day(), seen(SIZE_MAX + 1)), None);
    }

    #[test]
    fn what_else_is_scanned_is_told_apart() {
        assert_eq!(Round::parse("CM1-USB-0421-W3AN9K-V"), Err(RoundError::LabelGiven));
        assert_eq!(Round::parse("CN1:ABC"), Err(RoundError::Shape));
        assert_eq!(Round::parse("CR1-2026112-000000-000000-0"), Err(RoundError::Day));
        assert_eq!(Round::parse("CR1-20261322-000000-000000-0"), Err(RoundError::Day));
        assert_eq!(Round::parse("CR1-20261122-00000U-000000-0"), Err(RoundError::Characters));
        assert_eq!(Round::parse("CR1-20261122-000000-000000"), Err(RoundError::Shape));
        assert_eq!(Round::parse(&"C".repeat(5000)), Err(RoundError::Shape));
        assert!(Round::parse("CR1-あ-000000-000000-0").is_err());
    }

    proptest! {
        #[test]
        fn every_code_is_read_back_and_every_wrong_character_found(
            size in 0..=SIZE_MAX,
            at in 4usize..ROUND_LEN,
            other in "[0-9A-HJKMNP-TV-Z]",
        ) {
            let code = round(size);
            let mut text = code.to_string();
            prop_assert_eq!(text.len(), ROUND_LEN);
            prop_assert_eq!(code.size(), size);
            prop_assert_eq!(Round::parse(&text), Ok(code.clone()));
            let wide: String =
                text.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c)).collect();
            prop_assert_eq!(Round::parse(&wide), Ok(code));
            if &text[at..=at] != "-" && text[at..=at] != other {
                text.replace_range(at..=at, &other);
                prop_assert!(Round::parse(&text).is_err());
            }
        }

        #[test]
        fn no_text_brings_it_down(text in any::<String>()) {
            let _ = Round::parse(&text);
            let _ = Round::parse(&format!("CR1-{text}"));
        }
    }
}
