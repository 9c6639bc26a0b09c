//! Passphrases: wiped when dropped, never printed.

use std::fmt;

use zeroize::Zeroizing;

/// Fewest characters of a passphrase for a new key (NIST SP 800-63B, 5.1.1.1).
pub const PASSPHRASE_MIN: usize = 8;
/// Most bytes of a passphrase: OpenSSL's command line reads no more.
pub const PASSPHRASE_MAX: usize = 1024;

/// A passphrase, taken as the bytes of its UTF-8 text, as OpenSSL does.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

/// Why a text is no passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Nothing in it.
    #[error("the passphrase is empty")]
    Empty,
    /// Too short for a new key.
    #[error("a passphrase for a new key has at least 8 characters")]
    Short,
    /// Too long.
    #[error("a passphrase has at most 1024 bytes")]
    Long,
    /// A control character, such as a second line of a passphrase file.
    #[error("the passphrase holds a control character or a second line")]
    Control,
    /// Not UTF-8.
    #[error("the passphrase is not UTF-8")]
    Utf8,
}

impl Passphrase {
    /// Takes over a passphrase as it was typed.
    ///
    /// # Errors
    /// [`PassphraseError`]; shortness is judged only when a new key is sealed,
    /// since a key from elsewhere may have a short one.
    pub fn new(text: String) -> Result<Self, PassphraseError> {
        let text = Zeroizing::new(text);
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if text.len() > PASSPHRASE_MAX {
            return Err(PassphraseError::Long);
        }
        if text.chars().any(char::is_control) {
            return Err(PassphraseError::Control);
        }
        Ok(Passphrase(text))
    }

    /// Takes over the content of a passphrase file: one line, whose newline (and
    /// carriage return) is not part of the passphrase.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn from_file(content: impl Into<Zeroizing<Vec<u8>>>) -> Result<Self, PassphraseError> {
        let content = content.into();
        let text = std::str::from_utf8(&content).map_err(|_| PassphraseError::Utf8)?;
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        Passphrase::new(line.to_owned())
    }

    /// Whether it is long enough for a new key.
    ///
    /// # Errors
    /// [`PassphraseError::Short`].
    pub fn check_new(&self) -> Result<(), PassphraseError> {
        let enough = self.0.chars().count() >= PASSPHRASE_MIN;
        if enough { Ok(()) } else { Err(PassphraseError::Short) }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_line() {
        let read = |bytes: &[u8]| Passphrase::from_file(bytes.to_vec());
        let expected = Passphrase::new("合い言葉 eight".into());
        assert_eq!(read("合い言葉 eight\n".as_bytes()), expected);
        assert_eq!(read("合い言葉 eight\r\n".as_bytes()), expected);
        assert_eq!(read("合い言葉 eight".as_bytes()), expected);
        assert_eq!(read(b"one\ntwo\n"), Err(PassphraseError::Control));
        assert_eq!(read(b"\n"), Err(PassphraseError::Empty));
        assert_eq!(read(b"\xff\n"), Err(PassphraseError::Utf8));
        assert_eq!(read(&[b'a'; 1025]), Err(PassphraseError::Long));
    }

    #[test]
    fn length_counts_characters_and_debug_shows_none() {
        let kana = Passphrase::new("あいうえおかきく".into()).expect("passphrase");
        assert_eq!(kana.check_new(), Ok(()));
        let short = Passphrase::new("1234567".into()).expect("passphrase");
        assert_eq!(short.check_new(), Err(PassphraseError::Short));
        assert_eq!(format!("{short:?}"), "Passphrase(secret)");
    }
}
