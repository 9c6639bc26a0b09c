//! What a reader of one format says of one volume.

use std::ops::Range;

use crate::model::Token;
use crate::model::evidence::{Keyslot, Mark, Reason};
use crate::model::vocabulary::EncryptionGrade;

/// What one format's reader found in a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// As far as the format's own bytes tell.
    pub grade: EncryptionGrade,
    /// `luks2`, `bitlocker` ...
    pub scheme: Option<Token>,
    /// `aes-xts-plain64` ...
    pub cipher: Option<Token>,
    /// Length of the volume key in bits.
    pub key_bits: Option<u32>,
    /// The file system or container: `fat32`.
    pub content: Option<Token>,
    /// Its label, made printable.
    pub label: Option<String>,
    /// Ways to open it.
    pub keyslots: Vec<Keyslot>,
    /// Identifiers.
    pub marks: Vec<Mark>,
    /// The LUKS2 header's sequence number.
    pub luks_sequence: Option<u64>,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Stretches of the volume, in bytes from its start, that are declared
    /// encrypted: nothing readable may lie there.
    pub encrypted: Vec<Range<u64>>,
    /// Where the volume goes on behind what the format describes.
    pub tail: Option<u64>,
}

impl Content {
    /// Nothing known beside the grade and its reason.
    #[must_use]
    pub fn new(grade: EncryptionGrade, reason: Reason) -> Self {
        Content {
            grade,
            scheme: None,
            cipher: None,
            key_bits: None,
            content: None,
            label: None,
            keyslots: Vec::new(),
            marks: Vec::new(),
            luks_sequence: None,
            reasons: vec![reason],
            encrypted: Vec::new(),
            tail: None,
        }
    }
}

/// A word of a header as a token: `aes-cbc-essiv:sha256` becomes
/// `aes-cbc-essiv.sha256`, since statements know no colon. None for what is no word.
#[must_use]
pub fn token(word: &str) -> Option<Token> {
    let plain = word.to_ascii_lowercase().replace([':', '(', ')', ',', '_'], ".");
    let plain: Vec<&str> = plain.split('.').filter(|part| !part.is_empty()).collect();
    plain.join(".").parse().ok()
}
