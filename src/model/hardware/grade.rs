//! How much a serial number is worth.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Serial, VidPid};

/// The shortest serial that may grade A. The USB Mass Storage Class Bulk-Only
/// Transport 1.0 asks for at least 12 digits (section 4.1.1).
const FULL_LENGTH: usize = 12;

/// Fewer different characters than this is not "varied": `000000000001`.
const FEW_DIFFERENT: usize = 4;

/// A, B or C. Ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// Twelve characters or more, varied, seen once: names one drive.
    A,
    /// Short or odd: probably names one drive; a label is needed beside it.
    B,
    /// Names no drive: registers only as weak, with label and content mark.
    C,
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        })
    }
}

/// Why a serial did not grade A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GradeReason {
    /// The device has no serial.
    Missing,
    /// One character repeated: `000000000000`.
    OneCharacter,
    /// Made of the vendor and product number, the same on every such drive.
    BuiltFromIds,
    /// A counting pattern or word that factories leave in: `1234567890`,
    /// `0123456789ABCDEF`, `DEADBEEF`.
    Placeholder,
    /// Another device was seen with the same VID, PID and serial.
    Duplicate,
    /// Fewer than 12 characters.
    Short,
    /// Characters that had to be escaped: spaces, controls, binary, non-ASCII.
    Odd,
    /// Fewer than four different characters: `000000000001`.
    LittleVariety,
}

impl GradeReason {
    /// The best grade a serial with this flaw can have.
    #[must_use]
    pub const fn best(self) -> Grade {
        match self {
            Self::Missing
            | Self::OneCharacter
            | Self::BuiltFromIds
            | Self::Placeholder
            | Self::Duplicate => Grade::C,
            Self::Short | Self::Odd | Self::LittleVariety => Grade::B,
        }
    }
}

impl fmt::Display for GradeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "no serial number",
            Self::OneCharacter => "one character repeated",
            Self::BuiltFromIds => "built from the vendor and product number",
            Self::Placeholder => "a factory placeholder",
            Self::Duplicate => "another device has the same serial number",
            Self::Short => "shorter than 12 characters",
            Self::Odd => "spaces, control or non-ASCII characters",
            Self::LittleVariety => "fewer than four different characters",
        })
    }
}

/// A grade and every reason that kept it from being better. Grade A has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SerialGrade {
    /// The worst grade any reason allows.
    pub grade: Grade,
    /// All reasons, in a fixed order.
    pub reasons: BTreeSet<GradeReason>,
}

/// Grades a serial. `seen_elsewhere` is true when another device, on the bus or
/// in the ledger, carries the same VID, PID and serial.
#[must_use]
pub fn grade(serial: &Serial, id: VidPid, seen_elsewhere: bool) -> SerialGrade {
    let characters = serial.characters();
    let mut reasons = BTreeSet::new();
    if characters.is_empty() {
        reasons.insert(GradeReason::Missing);
    } else {
        judge(&characters, id, &mut reasons);
    }
    // Two devices without a serial are already as weak as can be, and "another
    // device has the same serial" would be false of them.
    if seen_elsewhere && !characters.is_empty() {
        reasons.insert(GradeReason::Duplicate);
    }
    let grade = reasons.iter().map(|reason| reason.best()).max().unwrap_or(Grade::A);
    SerialGrade { grade, reasons }
}

/// Collects what is wrong with the characters themselves.
fn judge(characters: &[char], id: VidPid, reasons: &mut BTreeSet<GradeReason>) {
    let odd = |c: &char| !c.is_ascii_graphic() || *c == '\\';
    if characters.iter().any(odd) {
        reasons.insert(GradeReason::Odd);
    }
    if characters.len() < FULL_LENGTH {
        reasons.insert(GradeReason::Short);
    }
    let different: BTreeSet<&char> = characters.iter().collect();
    // Separators do not make `0000-0000` varied, so letters and digits are
    // judged alone from here on, without regard to case.
    let core: String =
        characters.iter().filter(|c| c.is_alphanumeric()).flat_map(|c| c.to_lowercase()).collect();
    let core_different: BTreeSet<char> = core.chars().collect();
    if different.len() == 1 || core_different.len() == 1 {
        reasons.insert(GradeReason::OneCharacter);
    } else if different.len() < FEW_DIFFERENT {
        reasons.insert(GradeReason::LittleVariety);
    }
    if built_from_ids(&core, id) {
        reasons.insert(GradeReason::BuiltFromIds);
    }
    if is_placeholder(&core) {
        reasons.insert(GradeReason::Placeholder);
    }
}

/// `09511666`, `VID_0951&PID_1666`, `1666095100000000`, repeated or padded with
/// zeros; also one of the two numbers alone, and the pair with at most four
/// characters more, as on the readers that all say `058F63666433`.
fn built_from_ids(core: &str, id: VidPid) -> bool {
    let whole = core.replace("vid", "").replace("pid", "");
    let bare = whole.trim_matches('0');
    if bare.is_empty() {
        return false;
    }
    let vendor = format!("{:04x}", id.vendor);
    let product = format!("{:04x}", id.product);
    let pairs = [
        format!("{vendor}{product}"),
        format!("{product}{vendor}"),
        vendor.clone(),
        product.clone(),
    ];
    // All zeros would be found in any padding.
    let both = pairs.iter().take(2).filter(|pair| !pair.trim_matches('0').is_empty());
    for pair in both {
        if whole.contains(pair.as_str()) && bare.len() <= pair.len().saturating_add(4) {
            return true;
        }
    }
    pairs.iter().any(|pair| {
        // At most 126 characters, so at most 32 repetitions matter.
        (1..=32).any(|times| pair.repeat(times).trim_matches('0') == bare)
    })
}

/// Words and dummies found in place of a serial.
const DUMMIES: [&str; 9] = [
    "serial",
    "serialnumber",
    "none",
    "null",
    "default",
    "deadbeef",
    "tobefilledbyoem",
    "usbflashdisk",
    "123456789abc",
];

/// The orders factories count in.
const COUNTS: [&str; 3] = ["0123456789abcdef", "0123456789", "abcdefghijklmnopqrstuvwxyz"];

/// Below this length a run of neighbours happens by chance.
const SHORTEST_RUN: usize = 6;

/// A dummy word, or characters that only count up or down, once each or in
/// pairs (`112233445566`), with or without zeros around them.
fn is_placeholder(core: &str) -> bool {
    let bare = core.trim_matches('0');
    if DUMMIES.contains(&core) || DUMMIES.contains(&bare) {
        return true;
    }
    [core, bare].iter().any(|text| {
        let plain: Vec<char> = text.chars().collect();
        let reversed: Vec<char> = plain.iter().rev().copied().collect();
        let halved: Option<Vec<char>> = plain
            .chunks(2)
            .map(|pair| match pair {
                [first, second] if first == second => Some(*first),
                _ => None,
            })
            .collect();
        counts_up(&plain) || counts_up(&reversed) || halved.is_some_and(|half| counts_up(&half))
    })
}

/// Whether every character follows its predecessor in one of [`COUNTS`], the
/// last followed by the first.
fn counts_up(text: &[char]) -> bool {
    text.len() >= SHORTEST_RUN
        && COUNTS.iter().any(|order| {
            let order: Vec<char> = order.chars().collect();
            let place = |c: &char| order.iter().position(|known| known == c);
            text.iter().zip(text.iter().skip(1)).all(|(before, after)| {
                match (place(before), place(after)) {
                    (Some(first), Some(second)) => (first + 1) % order.len() == second,
                    _ => false,
                }
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use GradeReason::*;

    const ID: VidPid = VidPid { vendor: 0x0951, product: 0x1666 };

    fn graded(text: &str) -> (Grade, Vec<GradeReason>) {
        let result = grade(&Serial::from_text(text), ID, false);
        (result.grade, result.reasons.into_iter().collect())
    }

    #[test]
    fn good_serials_grade_a() {
        for text in [
            "1C6F65D8ABCDE1234567",
            "4C530001230412115471",
            "AA00000000000489",
            "20060413092100000",
            "575834314136375530373433",
            "60A44C413FAEE3B0F96A0123",
        ] {
            assert_eq!(graded(text), (Grade::A, vec![]), "{text}");
        }
    }

    #[test]
    fn weak_serials_say_why() {
        for (text, grade, reasons) in [
            ("", Grade::C, vec![Missing]),
            ("000000000000", Grade::C, vec![OneCharacter]),
            ("0000-0000-0000", Grade::C, vec![OneCharacter]),
            ("FFFFFF", Grade::C, vec![OneCharacter, Short]),
            ("000000000001", Grade::B, vec![LittleVariety]),
            ("09511666", Grade::C, vec![BuiltFromIds, Short]),
            ("0951166600000000", Grade::C, vec![BuiltFromIds]),
            ("1666095116660951", Grade::C, vec![BuiltFromIds]),
            ("VID_0951&PID_1666", Grade::C, vec![BuiltFromIds]),
            ("095116666433", Grade::C, vec![BuiltFromIds]),
            ("1234567890", Grade::C, vec![Placeholder, Short]),
            ("0123456789ABCDEF", Grade::C, vec![Placeholder]),
            ("123456789012", Grade::C, vec![Placeholder]),
            ("9876543210", Grade::C, vec![Placeholder, Short]),
            ("112233445566", Grade::C, vec![Placeholder]),
            ("ABCDEFGHIJKL", Grade::C, vec![Placeholder]),
            ("DEADBEEF", Grade::C, vec![Placeholder, Short]),
            ("0000000012345678", Grade::C, vec![Placeholder]),
            ("07AB12F3", Grade::B, vec![Short]),
            ("WD WX41A67U0743", Grade::B, vec![Odd]),
            ("シリアル番号一二三四五六七八", Grade::B, vec![Odd]),
            ("-", Grade::C, vec![OneCharacter, Short]),
        ] {
            assert_eq!(graded(text), (grade, reasons), "{text:?}");
        }
    }

    #[test]
    fn a_second_device_with_the_serial_makes_it_worthless() {
        let serial = Serial::from_text("1C6F65D8ABCDE1234567");
        let result = grade(&serial, ID, true);
        assert_eq!(result.grade, Grade::C);
        assert!(result.reasons.contains(&Duplicate));
        // Two devices without any serial are not called duplicates.
        assert!(!grade(&Serial::none(), ID, true).reasons.contains(&Duplicate));
    }

    #[test]
    fn ids_of_zero_do_not_match_everything() {
        let zero = VidPid { vendor: 0, product: 0 };
        let result = grade(&Serial::from_text("1C6F65D8ABCDE1234567"), zero, false);
        assert_eq!(result.grade, Grade::A);
    }
}
