//! The label on a drive: `CM1-<medium id>-<tag>-<check character>`. An
//! identifier and never a proof: whoever can read a label can print it again.
//!
//! Only `0-9`, `A-Z` and `-` occur, because a scanner that acts as a keyboard
//! sends keystrokes, and what a Japanese input method makes of those can be
//! undone for these characters.

use std::fmt;

use super::typed::{Begins, begins, is_kana, narrow, without_lead};
use crate::model::Hash;

/// Longest label in characters: what a QR code of version 2, level Q, holds in
/// alphanumeric mode.
pub const LABEL_MAX: usize = 29;
/// Longest medium id in characters.
pub const MEDIUM_ID_MAX: usize = 16;
/// Characters of a tag, five bits each.
pub const TAG_LEN: usize = 6;
/// Longest text looked at, in bytes, before it is even made narrow.
const INPUT_MAX: usize = 4096;

const PREFIX: &str = "CM1-";
/// Crockford's base 32: no I, L, O and U, which are taken for 1, 0 and V.
pub(super) const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The alphabet of ISO 7064 MOD 37,36, a character's value being its place.
const ALPHANUMERIC: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A label that is well formed and whose check character is right.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    medium: String,
    tag: String,
}

/// Why a text is no label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// A receipt's code was given. Having the paper is not having the drive.
    #[error(
        "this is a code of a receipt, not the label of a drive: a receipt does not show where \
         the drive is; scan the label on the drive itself"
    )]
    ReceiptGiven,
    /// The code of a check sheet was given. A list of drives is no drive.
    #[error(
        "this is the code of a check sheet, not the label of a drive: scan the label on the \
         drive itself"
    )]
    SheetGiven,
    /// Kana: the scanner typed into an input method in kana or romaji mode.
    #[error(
        "the scanner's text arrived as kana: switch the input method to direct input (半角英数) \
         and scan again"
    )]
    Kana,
    /// Not of the form `CM1-...`.
    #[error("not a label of a drive: those read CM1-<id>-<tag>-<check character>")]
    Shape,
    /// Too long.
    #[error("a label has at most 29 characters, this one {0}")]
    TooLong(usize),
    /// A character that no label has.
    #[error("the character {0:?} does not occur in labels")]
    Character(char),
    /// The medium id is malformed.
    #[error(
        "a medium id is 1 to 16 characters A-Z, 0-9 and single inner hyphens, such as USB-0421"
    )]
    MediumId,
    /// The tag is not six characters of Crockford's base 32.
    #[error("the tag is six characters 0-9 and A-Z without I, L, O and U")]
    Tag,
    /// The check character does not fit the rest.
    #[error("the check character does not fit: a character was read or typed wrongly")]
    Check,
}

impl Label {
    /// The label of the medium whose registration entry has this leaf hash.
    ///
    /// # Errors
    /// [`LabelError::MediumId`].
    pub fn new(medium: &str, registration: &Hash) -> Result<Self, LabelError> {
        check_medium_id(medium)?;
        Ok(Label { medium: medium.to_owned(), tag: tag(registration) })
    }

    /// Reads a label as a scanner or a person typed it: white space around it,
    /// lower case, full-width forms and the many hyphens of input methods are
    /// accepted, and `I`, `L`, `O` in the tag are read as 1, 1 and 0. Kana are not
    /// guessed: the same kana comes from different keys in different modes.
    ///
    /// # Errors
    /// [`LabelError`].
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        if text.len() > INPUT_MAX {
            return Err(LabelError::TooLong(text.chars().count()));
        }
        if begins(text) == Begins::Receipt {
            return Err(LabelError::ReceiptGiven);
        }
        let plain: String = without_lead(text).trim_end().chars().map(narrow).collect();
        if plain.starts_with("CR1-") {
            return Err(LabelError::SheetGiven);
        }
        if plain.chars().any(is_kana) {
            return Err(LabelError::Kana);
        }
        let rest = plain.strip_prefix(PREFIX).ok_or(LabelError::Shape)?;
        let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
        if let Some(odd) = plain.chars().find(|&c| !allowed(c)) {
            return Err(LabelError::Character(odd));
        }
        if plain.len() > LABEL_MAX {
            return Err(LabelError::TooLong(plain.len()));
        }
        // The id may hold hyphens of its own, so the label is read from its end.
        let (rest, check) = rest.rsplit_once('-').ok_or(LabelError::Shape)?;
        let (medium, tag) = rest.rsplit_once('-').ok_or(LabelError::Shape)?;
        check_medium_id(medium)?;
        let tag: String = tag.chars().map(unambiguous).collect();
        if tag.len() != TAG_LEN || !tag.bytes().all(|b| CROCKFORD.contains(&b)) {
            return Err(LabelError::Tag);
        }
        let parsed = Label { medium: medium.to_owned(), tag };
        if check.chars().eq([parsed.check()]) { Ok(parsed) } else { Err(LabelError::Check) }
    }

    /// The medium id.
    pub fn medium(&self) -> &str {
        &self.medium
    }

    /// The tag: six characters from the registration's leaf hash.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Whether the tag is that of the registration with this leaf hash. A label
    /// of a replaced registration, or of another ledger, has another one.
    pub fn belongs_to(&self, registration: &Hash) -> bool {
        self.tag == tag(registration)
    }

    fn check(&self) -> char {
        check_character(&format!("{PREFIX}{}-{}", self.medium, self.tag))
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}-{}-{}", self.medium, self.tag, self.check())
    }
}

/// Whether `text` is a medium id: 1 to [`MEDIUM_ID_MAX`] characters, `A-Z0-9`
/// first, then those and `-`, no `-` at the end and no two in a row.
///
/// # Errors
/// [`LabelError::MediumId`].
pub fn check_medium_id(text: &str) -> Result<(), LabelError> {
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    let fits = !text.is_empty() && text.len() <= MEDIUM_ID_MAX;
    let characters = text.bytes().all(|b| plain(b) || b == b'-');
    let hyphens = !text.starts_with('-') && !text.ends_with('-') && !text.contains("--");
    if fits && characters && hyphens { Ok(()) } else { Err(LabelError::MediumId) }
}

/// The first 30 bits of a hash, most significant first, in Crockford's
/// base 32.
pub(super) fn tag(registration: &Hash) -> String {
    let [a, b, c, d, ..] = registration.0;
    let bits = u32::from_be_bytes([a, b, c, d]) >> 2;
    let digits = (0..TAG_LEN).rev().map(|place| (bits >> (5 * place)) & 31);
    digits.filter_map(|digit| CROCKFORD.get(digit as usize)).map(|&b| char::from(b)).collect()
}

/// ISO 7064 MOD 37,36 over the alphanumeric characters of `text`; hyphens are
/// skipped, since the standard's alphabet has none. It finds every single wrong
/// character and nearly every swap of neighbours.
pub fn check_character(text: &str) -> char {
    let mut product = 36;
    for value in text.bytes().filter_map(value) {
        let sum = (product + value) % 36;
        product = (if sum == 0 { 36 } else { sum }) * 2 % 37;
    }
    // The check value c makes product + c congruent to 1 modulo 36.
    let check = (37 - product % 36) % 36;
    ALPHANUMERIC.get(check).map_or('0', |&b| char::from(b))
}

fn value(byte: u8) -> Option<usize> {
    ALPHANUMERIC.iter().position(|&known| known == byte)
}

pub(super) fn unambiguous(c: char) -> char {
    match c {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn label() -> Label {
        Label::new("USB-0421", &Hash([0xa5; 32])).expect("label")
    }

    #[test]
    fn the_check_character_follows_the_standard() {
        // ISO 7064's own example for MOD 37,36, and a Global Release Identifier.
        assert_eq!(check_character("A12425GABC1234002"), 'M');
        assert_eq!(check_character("A1-2425GABC1234002"), 'M');
        assert_eq!(check_character(""), '1');
    }

    #[test]
    fn a_label_round_trips() {
        let label = label();
        let text = label.to_string();
        assert_eq!(text, "CM1-USB-0421-MPJTB9-5");
        assert_eq!(Label::parse(&text), Ok(label.clone()));
        assert!(label.belongs_to(&Hash([0xa5; 32])) && !label.belongs_to(&Hash([0xa6; 32])));
        let longest = Label::new("ABCDEFGH-1234567", &Hash([0; 32])).expect("label").to_string();
        assert_eq!(longest.len(), LABEL_MAX);
        assert!(Label::parse(&longest).is_ok());
    }

    #[test]
    fn what_input_methods_type_is_understood() {
        let typed = [
            "ＣＭ１－ＵＳＢ－０４２１－ＭＰＪＴＢ９－５",
            "ｃｍ１ーｕｓｂー０４２１ーｍｐｊｔｂ９ー５\n",
            " cm1-usb-0421-mpjtb9-5\r\n",
            "CM1ｰUSBｰ0421ｰMPJTB9ｰ5",
            "CM1−USB‐0421–MPJTB9—5",
            "\u{3000}CM1―USB‑0421ーMPJTB9-5\t",
        ];
        for text in typed {
            assert_eq!(Label::parse(text), Ok(label()), "{text}");
        }
        assert_eq!(Label::parse("ｃｍ１ーうｓｂー０４２１"), Err(LabelError::Kana));
    }

    #[test]
    fn look_alikes_in_the_tag_are_read_as_digits() {
        let label = Label::new("X", &Hash([0; 32])).expect("label");
        let text = label.to_string();
        assert!(text.contains("-000000-"));
        assert_eq!(Label::parse(&text.replace("-000000-", "-OOO000-")), Ok(label));
    }

    #[test]
    fn receipts_and_mistakes_are_told_apart() {
        assert_eq!(Label::parse("CN1:ABC"), Err(LabelError::ReceiptGiven));
        assert_eq!(Label::parse("ｃｐ１：ＡＢＣ"), Err(LabelError::ReceiptGiven));
        assert_eq!(Label::parse("USB-0421"), Err(LabelError::Shape));
        assert_eq!(Label::parse("CM1-USB"), Err(LabelError::Shape));
        assert_eq!(Label::parse(""), Err(LabelError::Shape));
        assert_eq!(Label::parse("CM1-USB-0421-MPJTB9-D"), Err(LabelError::Check));
        assert_eq!(Label::parse("CM1-USB-0421-MPJTB9-"), Err(LabelError::Check));
        assert_eq!(Label::parse("CM1-USB-0421-MPJTB9-CC"), Err(LabelError::Check));
        assert_eq!(Label::parse("CM1-USB-0421-MPJTBU-C"), Err(LabelError::Tag));
        assert_eq!(Label::parse("CM1-USB--0421-MPJTB9-5"), Err(LabelError::MediumId));
        assert_eq!(Label::parse("CM1-USB_0421-MPJTB9-5"), Err(LabelError::Character('_')));
        assert_eq!(Label::parse(&"C".repeat(5000)), Err(LabelError::TooLong(5000)));
        let long = format!("CM1-{}-MPJTB9-5", "A".repeat(17));
        assert_eq!(Label::parse(&long), Err(LabelError::TooLong(30)));
        for id in ["", "-A", "A-", "A--B", "a", "A B", "ABCDEFGHIJKLMNOPQ", "Ａ"] {
            assert_eq!(check_medium_id(id), Err(LabelError::MediumId), "{id}");
        }
    }

    /// One keystroke of a label as the many ways of typing change it.
    fn mangled(c: char, way: usize) -> char {
        let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).expect("a character");
        match (c, way % 12) {
            ('-', way) => {
                ['-', 'ー', '−', '－', '‐', '–', '—', 'ｰ', '‒', '―', '﹣', '\u{2011}'][way]
            }
            (c, 0..=3) => c,
            (c, 4..=6) => c.to_ascii_lowercase(),
            (c, 7..=9) => wide(c),
            (c, _) => wide(c.to_ascii_lowercase()),
        }
    }

    #[test]
    fn a_scanners_own_mark_is_taken_off() {
        assert_eq!(Label::parse("]Q1CM1-USB-0421-MPJTB9-5"), Ok(label()));
        assert_eq!(Label::parse("］ｑ１ｃｍ１ーＵＳＢ−0421-ｍｐｊｔｂ９ｰ5"), Ok(label()));
    }

    #[test]
    fn kana_of_every_width_are_refused_and_not_guessed() {
        for typed in
            ["そもぬほ", "ソモヌホ", "ｿﾓﾇﾎ", "ＣＭ１ーうＳＢ", "CM1-USB-0421-MPJTB9-ｵ", "「"]
        {
            assert_eq!(Label::parse(typed), Err(LabelError::Kana), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn every_single_wrong_character_is_found(
            id in "[A-Z0-9]{1,9}(-[A-Z0-9]{1,6})?",
            hash in any::<[u8; 32]>(),
            at in 0usize..29,
            other in "[A-Z0-9]",
        ) {
            let label = Label::new(&id, &Hash(hash)).expect("label");
            let mut text = label.to_string();
            prop_assert!(text.len() <= LABEL_MAX);
            prop_assert_eq!(Label::parse(&text), Ok(label.clone()));
            if at < text.len() && &text[at..=at] != "-" && text[at..=at] != other {
                text.replace_range(at..=at, &other);
                // A look-alike in the tag is the same label typed by a person.
                if let Ok(read) = Label::parse(&text) {
                    prop_assert_eq!(read, label);
                }
            }
        }

        #[test]
        fn every_mangling_reads_back_to_the_same_label(
            id in "[A-Z0-9]{1,9}(-[A-Z0-9]{1,6})?",
            hash in any::<[u8; 32]>(),
            ways in prop::collection::vec(0usize..12, 29),
            around in prop::sample::select(vec!["", " ", "\r\n", "\u{3000}", "\t"]),
        ) {
            let label = Label::new(&id, &Hash(hash)).expect("label");
            let typed: String =
                label.to_string().chars().zip(&ways).map(|(c, way)| mangled(c, *way)).collect();
            prop_assert_eq!(Label::parse(&format!("{around}{typed}{around}")), Ok(label));
        }

        #[test]
        fn nothing_is_read_whose_check_character_is_wrong(
            text in "(CM1|cm1|ＣＭ１)[-ー−][A-Z0-9Ａ-Ｚ]{1,9}[-ー][0-9A-HJKMNP-TV-Z]{6}[-ー][A-Z0-9]",
        ) {
            if let Ok(label) = Label::parse(&text) {
                let body: String = text.chars().map(narrow).collect();
                let (rest, check) = body.rsplit_once('-').expect("a hyphen");
                prop_assert_eq!(check, check_character(rest).to_string());
                prop_assert_eq!(label.to_string(), body);
            }
        }
    }
}
