//! Verifier keys (vkeys) as C2SP signed-note defines them:
//! `<name>+<8 hex digits of the key id>+<base64(type || public key)>`.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::spelling::{Spelled, split_at_byte};
use super::{Hash, base64};

/// Signature type byte of plain Ed25519 signatures (signed-note, "Signature types").
pub const ED25519: u8 = 0x01;
/// Signature type byte of timestamped Ed25519 cosignatures (tlog-cosignature).
pub const COSIGNATURE_V1: u8 = 0x04;
/// Longest key name this product writes or accepts, in bytes.
pub const KEY_NAME_MAX: usize = 128;

/// The name of a key: 1 to [`KEY_NAME_MAX`] printable ASCII characters without
/// space and `+`. signed-note allows more; custody writes and accepts only this,
/// so that two names that look alike are alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyName(CompactString);

impl KeyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let fits = !text.is_empty() && text.len() <= KEY_NAME_MAX;
        let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'+');
        if fits && plain { Ok(KeyName(text.into())) } else { Err(KeyError::Name) }
    }
}

impl TryFrom<String> for KeyName {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl From<KeyName> for String {
    fn from(name: KeyName) -> String {
        name.0.into()
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no verifier key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `<name>+<id>+<key>`.
    #[error("a verifier key reads <name>+<8 hex digits>+<base64>")]
    Shape,
    /// The name is empty, too long, or holds a space, `+` or non-ASCII.
    #[error("a key name is 1 to 128 printable ASCII characters without space or '+'")]
    Name,
    /// The base64 part is not canonical or not type byte plus 32 bytes.
    #[error("the key part is not canonical base64 of 33 bytes")]
    Encoding,
    /// A signature type other than the one expected.
    #[error("signature type {0:#04x} is not accepted here")]
    Type(u8),
    /// The id is not the hash of name, type and key.
    #[error("the key id does not belong to this name and key")]
    Id,
}

/// `SHA-256(key name || 0x0A || type || public key)[:4]`.
fn key_id(name: &KeyName, kind: u8, public: &[u8; 32]) -> [u8; 4] {
    let [a, b, c, d, ..] = Hash::of(&[name.as_str().as_bytes(), &[b'\n', kind], public]).0;
    [a, b, c, d]
}

/// An Ed25519 verifier key with its name. Holding one says nothing about the
/// curve point: whether it is usable is decided where signatures are verified.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct VerifierKey {
    name: KeyName,
    kind: u8,
    public: [u8; 32],
    /// Follows from the rest; kept because every signature line is compared with it.
    id: [u8; 4],
}

/// What is kept of a [`VerifierKey`].
#[derive(Serialize, Deserialize)]
struct Parts {
    name: KeyName,
    kind: u8,
    public: [u8; 32],
}

impl From<Parts> for VerifierKey {
    fn from(Parts { name, kind, public }: Parts) -> Self {
        VerifierKey::of(name, kind, public)
    }
}

impl From<VerifierKey> for Parts {
    fn from(VerifierKey { name, kind, public, .. }: VerifierKey) -> Self {
        Parts { name, kind, public }
    }
}

impl VerifierKey {
    /// A plain Ed25519 verifier key (type 0x01).
    pub fn new(name: KeyName, public: [u8; 32]) -> Self {
        VerifierKey::of(name, ED25519, public)
    }

    /// A cosigner's verifier key (type 0x04).
    pub fn cosigner(name: KeyName, public: [u8; 32]) -> Self {
        VerifierKey::of(name, COSIGNATURE_V1, public)
    }

    fn of(name: KeyName, kind: u8, public: [u8; 32]) -> Self {
        let id = key_id(&name, kind, &public);
        VerifierKey { name, kind, public, id }
    }

    /// The key's name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The signature type byte.
    pub fn kind(&self) -> u8 {
        self.kind
    }

    /// The 32 bytes of the public key, RFC 8032 encoding.
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// `key ID = SHA-256(key name || 0x0A || type || public key)[:4]`.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Parses a vkey of either accepted type (0x01 and 0x04).
    ///
    /// # Errors
    /// [`KeyError`] names the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, rest) = split_at_byte(text, b'+').ok_or(KeyError::Shape)?;
        let (id, key) = split_at_byte(rest, b'+').ok_or(KeyError::Shape)?;
        let name: KeyName = name.parse()?;
        // A hex id in capitals would be a second spelling of the same key.
        let mut stated = [0u8; 4];
        let eight = HEXLOWER.decode_len(id.len()) == Ok(stated.len());
        if !eight || HEXLOWER.decode_mut(id.as_bytes(), &mut stated).is_err() {
            return Err(KeyError::Shape);
        }
        let [kind, public @ ..] = base64::decode::<33>(key).ok_or(KeyError::Encoding)?;
        if kind != ED25519 && kind != COSIGNATURE_V1 {
            return Err(KeyError::Type(kind));
        }
        let parsed = VerifierKey::of(name, kind, public);
        if parsed.id != stated {
            return Err(KeyError::Id);
        }
        Ok(parsed)
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    /// Parses a plain Ed25519 vkey (type 0x01); a cosigner's key is refused.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let parsed = VerifierKey::parse(text)?;
        if parsed.kind == ED25519 { Ok(parsed) } else { Err(KeyError::Type(parsed.kind)) }
    }
}

impl Spelled for VerifierKey {
    fn spell(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let mut id = [0u8; 8];
        let id = HEXLOWER.encode_mut_str(&self.id, &mut id);
        let mut raw = [self.kind; 33];
        raw[1..].copy_from_slice(&self.public);
        for part in [self.name.as_str(), "+", id, "+"] {
            out.write_str(part)?;
        }
        base64::write(&raw, out)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spell(f)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_round_trips() {
        let text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
        let key: VerifierKey = text.parse().expect("the specification's own vkey");
        assert_eq!(key.to_string(), text);
        assert_eq!(text.replace("530d", "531d").parse::<VerifierKey>(), Err(KeyError::Id));
        assert_eq!(text.replace("530d", "530D").parse::<VerifierKey>(), Err(KeyError::Shape));
    }
}
