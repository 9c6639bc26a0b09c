//! Identifiers: short, ASCII, one spelling each, safe in file names and on labels.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::spelling::{Spelled, decimal};

/// Why a text is no identifier of the kind that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IdError(&'static str);

/// True when `text` begins and ends with a letter or digit, holds only what
/// `inner` allows, never two separators in a row, and is 1 to `max` bytes long.
fn well_formed(text: &str, max: usize, alphanumeric: fn(u8) -> bool, separators: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let ends = |b: Option<&u8>| b.is_some_and(|&b| alphanumeric(b));
    bytes.len() <= max
        && ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|&b| alphanumeric(b) || separators.contains(&b))
        && !bytes.windows(2).any(|pair| pair.iter().all(|b| separators.contains(b)))
}

fn upper(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}

fn lower(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $max:literal, $alphabet:ident, $separators:literal, $says:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(CompactString);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                if well_formed(text, $max, $alphabet, $separators) {
                    Ok($name(text.into()))
                } else {
                    Err(IdError($says))
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Spelled for $name {
            fn spell(&self, out: &mut impl fmt::Write) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// The asset id of a medium, `USB-0421`. At most 16 characters, so that the
    /// label's code stays a QR version 2.
    MediumId,
    16,
    upper,
    b"-",
    "an asset id is 1 to 16 capital letters, digits and single hyphens, such as USB-0421"
);

identifier!(
    /// The id of a party, `yamada` or `sato.printer`.
    PartyId,
    32,
    lower,
    b"-.",
    "a party id is 1 to 32 small letters, digits, '-' and '.', such as yamada"
);

identifier!(
    /// The origin of a ledger, `custody.example.jp/shizuoka`: a name nobody else
    /// uses, best a host name of one's own; it need not be reachable.
    Origin,
    96,
    lower,
    b"-./",
    "an origin is 1 to 96 small letters, digits, '-', '.' and '/', such as custody.example.jp/shizuoka"
);

identifier!(
    /// The letters that begin a ledger's receipt numbers, `SZ`.
    ReceiptPrefix,
    8,
    upper,
    b"",
    "a receipt prefix is 1 to 8 capital letters and digits, such as SZ"
);

identifier!(
    /// A word of a closed vocabulary that may grow: an alarm, a scheme, a cipher.
    Token,
    40,
    lower,
    b"-.",
    "a word of small letters, digits, '-' and '.' is expected"
);

/// The number of a receipt, `SZ-2026-000123`: prefix, year, running number of six
/// digits (1 to 999,999).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReceiptId {
    prefix: ReceiptPrefix,
    year: u16,
    number: u32,
}

impl ReceiptId {
    /// Largest running number within one year.
    pub const LAST_NUMBER: u32 = 999_999;

    /// Joins the parts; `None` when year or number is out of range.
    pub fn new(prefix: ReceiptPrefix, year: i16, number: u32) -> Option<Self> {
        let year = u16::try_from(year).ok().filter(|year| (2000..=9998).contains(year))?;
        (1..=Self::LAST_NUMBER).contains(&number).then_some(ReceiptId { prefix, year, number })
    }

    /// The ledger's letters.
    pub fn prefix(&self) -> &ReceiptPrefix {
        &self.prefix
    }

    /// The year the receipt was numbered in.
    pub fn year(&self) -> u16 {
        self.year
    }

    /// The running number within the year.
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl FromStr for ReceiptId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = IdError("a receipt number reads SZ-2026-000123");
        let mut parts = text.splitn(3, '-');
        let (Some(prefix), Some(year), Some(number)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(error);
        };
        let digits =
            |part: &str, len: usize| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(number, 6) {
            return Err(error);
        }
        let prefix: ReceiptPrefix = prefix.parse().map_err(|_| error)?;
        let year: i16 = year.parse().map_err(|_| error)?;
        let number: u32 = number.parse().map_err(|_| error)?;
        ReceiptId::new(prefix, year, number).ok_or(error)
    }
}

impl TryFrom<String> for ReceiptId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<ReceiptId> for String {
    fn from(id: ReceiptId) -> String {
        id.to_string()
    }
}

impl Spelled for ReceiptId {
    fn spell(&self, out: &mut impl fmt::Write) -> fmt::Result {
        out.write_str(self.prefix.as_str())?;
        out.write_char('-')?;
        decimal(self.year.into(), 4, out)?;
        out.write_char('-')?;
        decimal(self.number, 6, out)
    }
}

impl fmt::Display for ReceiptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(24);
        self.spell(&mut text)?;
        f.pad(&text)
    }
}

impl fmt::Debug for ReceiptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_one_spelling() {
        for good in ["USB-0421", "A", "0", "USB-0421-B-12345"] {
            assert!(good.parse::<MediumId>().is_ok(), "{good}");
        }
        for bad in ["", "usb-1", "-A", "A-", "A--B", "A B", "USB_1", "ＵＳＢ", "USB-0421-B-123456"]
        {
            assert!(bad.parse::<MediumId>().is_err(), "{bad}");
        }
        assert!("sato.printer".parse::<PartyId>().is_ok());
        assert!("sato..printer".parse::<PartyId>().is_err());
        assert!("custody.example.jp/shizuoka".parse::<Origin>().is_ok());
        assert!("custody.example.jp//x".parse::<Origin>().is_err());
    }

    #[test]
    fn receipt_numbers_round_trip() {
        let text = "SZ-2026-000123";
        assert_eq!(text.parse::<ReceiptId>().unwrap().to_string(), text);
        for bad in [
            "SZ-2026-123",
            "SZ-2026-000000",
            "SZ-26-000123",
            "sz-2026-000123",
            "SZ-2026-+00123",
            "SZ-1999-000001",
        ] {
            assert!(bad.parse::<ReceiptId>().is_err(), "{bad}");
        }
    }
}
