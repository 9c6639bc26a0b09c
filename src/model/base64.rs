//! Base64 (RFC 4648 section 4) of values of a fixed length, without allocating:
//! an audit reads and writes several in every entry.

use std::fmt;

use data_encoding::BASE64;

/// Longest value, in bytes; 33 are a public key with its type.
const MAX: usize = 48;

/// The `N` bytes (at most 48) that `text` is the only spelling of: no missing
/// padding, no bit set that does not count.
pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0u8; MAX];
    // An upper bound: padding is taken off by decoding.
    let most = BASE64.decode_len(text.len()).ok()?;
    let length = BASE64.decode_mut(text.as_bytes(), bytes.get_mut(..most)?).ok()?;
    bytes.get(..length)?.try_into().ok()
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
