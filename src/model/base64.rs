//! Base64 (RFC 4648 section 4) of values of a fixed length, without allocating:
//! an audit reads and writes several in every entry.

use std::fmt;

use data_encoding::{BASE64, DecodeError, DecodeKind};

/// Longest value, in bytes; 33 are a public key with its type.
const MAX: usize = 48;

/// The `N` bytes (at most 48) that `text` is the only spelling of: no missing
/// padding, no bit set that does not count.
pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    check_padding(text).ok()?;
    let mut bytes = [0u8; MAX];
    // An upper bound: padding is taken off by decoding.
    let most = BASE64.decode_len(text.len()).ok()?;
    let length = BASE64.decode_mut(text.as_bytes(), bytes.get_mut(..most)?).ok()?;
    bytes.get(..length)?.try_into().ok()
}

/// The bytes, of any number, that `text` is the only spelling of.
///
/// # Errors
/// What `data-encoding` says, or that padding stands inside.
pub fn decode_any(text: &str) -> Result<Vec<u8>, DecodeError> {
    check_padding(text)?;
    BASE64.decode(text.as_bytes())
}

/// `data-encoding` refuses missing padding, bits that do not count and white space, and
/// reads several encodings one behind the other (`AA==AA==`) as one. That would be a second
/// spelling of the same bytes, and so of a signature that nobody made anew.
fn check_padding(text: &str) -> Result<(), DecodeError> {
    match memchr::memchr(b'=', text.trim_end_matches('=').as_bytes()) {
        Some(position) => Err(DecodeError { position, kind: DecodeKind::Padding }),
        None => Ok(()),
    }
}

/// Writes `bytes`, at most 48 of them.
pub(super) fn write(bytes: &[u8], out: &mut impl fmt::Write) -> fmt::Result {
    let mut text = [0u8; MAX / 3 * 4];
    let Some(text) = text.get_mut(..BASE64.encode_len(bytes.len())) else {
        return Err(fmt::Error);
    };
    out.write_str(BASE64.encode_mut_str(bytes, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing beside another reader of notes.
    #[test]
    fn several_encodings_in_a_row_are_none() {
        // Both decode to the same 32 bytes in the same 44 characters.
        let plain = BASE64.encode(&[0; 32]);
        let joint = format!("AAA={}", BASE64.encode(&[0; 30]));
        assert_eq!((joint.len(), BASE64.decode(joint.as_bytes())), (44, Ok(vec![0; 32])));
        assert_eq!((decode::<32>(&plain), decode::<32>(&joint)), (Some([0; 32]), None));
        assert_eq!(decode_any("AA==AA==").map_err(|error| error.kind), Err(DecodeKind::Padding));
        assert_eq!(decode_any("AA==").as_deref(), Ok(&[0][..]));
    }

    #[test]
    fn one_spelling_of_one_length() {
        assert_eq!(decode(&BASE64.encode(&[9; 33])), Some([9u8; 33]));
        assert_eq!(decode::<32>(&BASE64.encode(&[9; 33])), None);
        assert_eq!(decode::<48>(&BASE64.encode(&[1; 48])), Some([1; 48]));
        assert_eq!(decode::<32>(&BASE64.encode(&[1; 64])), None, "longer than any value");
        assert_eq!(decode::<1>("AQ=="), Some([1]));
        for other in ["AQ=", "AQ", "AR==", "A Q==", "AQ==\n", "", "AQ==AQ=="] {
            assert_eq!(decode::<1>(other), None, "{other:?}");
        }
    }
}
