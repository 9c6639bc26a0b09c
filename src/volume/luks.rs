//! LUKS1 and LUKS2 headers (LUKS1 On-Disk Format Specification 1.2.3; LUKS2
//! On-Disk Format Specification 1.1.3).

use std::io;
use std::ops::Range;

use sha2::{Digest, Sha256, Sha512};

use super::bytes::{be16, be32, be64, stands, text};
use super::content::{Content, token};
use super::disk::{Disk, read};
use super::luks2;
use crate::model::evidence::{Keyslot, Mark, MarkKind, Reason};
use crate::model::vocabulary::EncryptionGrade;

const MAGIC: &[u8] = b"LUKS\xBA\xBE";
const SECOND_MAGIC: &[u8] = b"SKUL\xBA\xBE";
/// What cryptsetup writes over the magic of a LUKS1 volume whose re-encryption is
/// not finished.
const REENCRYPTING_MAGIC: &[u8] = b"LUKS\xDE\xAD";
/// Sizes a LUKS2 header may have (specification, section 2.1); also the places of
/// its second copy.
const HEADER_SIZES: [u64; 9] =
    [0x4000, 0x8000, 0x1_0000, 0x2_0000, 0x4_0000, 0x8_0000, 0x10_0000, 0x20_0000, 0x40_0000];
const BINARY_HEADER: usize = 4096;
/// PBKDF2 iterations below which an ordinary passphrase is soon guessed by a few
/// graphics cards; cryptsetup aims far higher unless told otherwise.
const ITERATIONS_LEAST: u64 = 100_000;
/// Argon2 memory in KiB below which it slows a guesser little.
const MEMORY_LEAST: u64 = 32 * 1024;

/// What a LUKS header at the start of `volume` says; none where there is none.
///
/// # Errors
/// When the header cannot be read.
pub fn read_luks(volume: &dyn Disk, head: &[u8]) -> io::Result<Option<Content>> {
    if stands(head, 0, REENCRYPTING_MAGIC) {
        let content = Content::new(EncryptionGrade::Unreadable, Reason::Reencrypting);
        return Ok(Some(Content { scheme: token("luks1"), ..content }));
    }
    if !stands(head, 0, MAGIC) {
        return Ok(None);
    }
    match be16(head, 6) {
        Some(1) => Ok(Some(luks1(volume, head).unwrap_or_else(|| damaged("luks1")))),
        Some(2) => Ok(Some(second_version(volume, head)?)),
        _ => Ok(Some(Content::new(EncryptionGrade::Unreadable, Reason::HeaderUnknownVersion))),
    }
}

/// What the second copy of a LUKS2 header says where nothing stands at the start of
/// `volume`. An older header survives formatting with another file system, so this
/// is asked only when nothing else was found.
///
/// # Errors
/// When the places of second copies cannot be read.
pub fn read_orphan(volume: &dyn Disk) -> io::Result<Option<Content>> {
    let second = copy_anywhere(volume)?;
    Ok(second.map(|second| {
        let mut content = luks2::content(&second, volume.size());
        content.reasons.push(Reason::OneHeaderDamaged);
        content
    }))
}

fn damaged(scheme: &str) -> Content {
    let content = Content::new(EncryptionGrade::Unreadable, Reason::HeaderDamaged);
    Content { scheme: token(scheme), ..content }
}

// --- LUKS1

const SLOT_ENABLED: u32 = 0x00AC_71F3;

fn luks1(volume: &dyn Disk, head: &[u8]) -> Option<Content> {
    let (name, mode) = (text(head, 8, 32)?, text(head, 40, 32)?);
    let cipher = format!("{name}-{mode}");
    let payload = u64::from(be32(head, 104)?).checked_mul(512)?;
    let key_bits = be32(head, 108)?.checked_mul(8).filter(|bits| (1..=8192).contains(bits))?;
    // Eight slots of 48 bytes from byte 208 on.
    let mut keyslots = Vec::new();
    for number in 0..8_u32 {
        let at = 208 + 48 * usize::try_from(number).ok()?;
        if be32(head, at)? == SLOT_ENABLED {
            keyslots.push(Keyslot {
                number,
                kdf: token("pbkdf2"),
                iterations: be32(head, at + 4).map(u64::from),
                memory_kib: None,
                lanes: None,
            });
        }
    }
    // Zero means that header and data lie on different disks.
    if payload >= volume.size() || payload == 0 {
        return None;
    }
    let (grade, reason) = by_cipher(&cipher);
    let mut content = Content {
        scheme: token("luks1"),
        cipher: token(&cipher),
        key_bits: Some(key_bits),
        marks: mark(head).into_iter().collect(),
        ..Content::new(grade, reason)
    };
    content.encrypted = crypt_range(grade, payload..volume.size());
    judge_keyslots(&keyslots, &mut content.reasons);
    content.keyslots = keyslots;
    Some(content)
}

/// The UUID stands at one place in both versions.
fn mark(head: &[u8]) -> Option<Mark> {
    Mark::new(MarkKind::Luks, &text(head, 168, 40)?)
}

/// A range in which nothing readable may lie, if the cipher is one.
pub(super) fn crypt_range(grade: EncryptionGrade, range: Range<u64>) -> Vec<Range<u64>> {
    if grade == EncryptionGrade::Verified { std::iter::once(range).collect() } else { Vec::new() }
}

/// Block and stream ciphers the Linux kernel encrypts disks with.
const CIPHERS: [&str; 18] = [
    "aes",
    "serpent",
    "twofish",
    "camellia",
    "aria",
    "sm4",
    "kuznyechik",
    "adiantum",
    "hctr2",
    "xchacha12",
    "xchacha20",
    "chacha20",
    "aegis128",
    "aegis256",
    "cast5",
    "cast6",
    "blowfish",
    "anubis",
];

/// What a cipher's name says by itself.
pub(super) fn by_cipher(cipher: &str) -> (EncryptionGrade, Reason) {
    let words: Vec<String> = cipher
        .to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(str::to_owned)
        .collect();
    // `cipher_null-ecb`, `null-ecb`, `capi:ecb(cipher_null)-plain`.
    if words.iter().any(|word| word == "null") {
        return (EncryptionGrade::None, Reason::CipherNull);
    }
    if words.iter().any(|word| CIPHERS.contains(&word.as_str())) {
        return (EncryptionGrade::Verified, Reason::LuksHeader);
    }
    (EncryptionGrade::Unreadable, Reason::UnknownCipher)
}

/// Says when there is no way in, and when one is cheap to guess.
pub(super) fn judge_keyslots(keyslots: &[Keyslot], reasons: &mut Vec<Reason>) {
    if keyslots.is_empty() {
        reasons.push(Reason::NoKeyslot);
    }
    let cheap = |slot: &Keyslot| match slot.kdf.as_ref().map(crate::model::Token::as_str) {
        Some("pbkdf2") => slot.iterations.is_some_and(|count| count < ITERATIONS_LEAST),
        Some("argon2i" | "argon2id") => slot.memory_kib.is_some_and(|kib| kib < MEMORY_LEAST),
        _ => false,
    };
    if keyslots.iter().any(cheap) {
        reasons.push(Reason::CheapPassphrase);
    }
}

// --- LUKS2

/// One sound copy of a LUKS2 header.
pub(super) struct Copy {
    pub sequence: u64,
    pub label: Option<String>,
    pub mark: Option<Mark>,
    pub metadata: luks2::Metadata,
}

fn second_version(volume: &dyn Disk, head: &[u8]) -> io::Result<Content> {
    let declared = be64(head, 8).filter(|size| HEADER_SIZES.contains(size));
    let first = copy(volume, 0, MAGIC)?;
    let second = match declared {
        Some(at) => copy(volume, at, SECOND_MAGIC)?,
        None => None,
    };
    let second = match (&first, second) {
        (None, None) => copy_anywhere(volume)?,
        (_, second) => second,
    };
    let mut reasons = Vec::new();
    let newest = match (first, second) {
        (None, None) => return Ok(damaged("luks2")),
        (Some(only), None) | (None, Some(only)) => {
            reasons.push(Reason::OneHeaderDamaged);
            only
        }
        (Some(first), Some(second)) => {
            // Salts and sums differ between any two copies; the metadata may not.
            if first.sequence != second.sequence || first.metadata != second.metadata {
                reasons.push(Reason::HeadersDiffer);
            }
            if second.sequence > first.sequence { second } else { first }
        }
    };
    let mut content = luks2::content(&newest, volume.size());
    content.reasons.extend(reasons);
    Ok(content)
}

/// A sound second copy at any of the places it may have.
fn copy_anywhere(volume: &dyn Disk) -> io::Result<Option<Copy>> {
    for at in HEADER_SIZES {
        if let Some(found) = copy(volume, at, SECOND_MAGIC)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The copy of a header at `at`; none where it is not sound.
fn copy(volume: &dyn Disk, at: u64, magic: &[u8]) -> io::Result<Option<Copy>> {
    let binary = read(volume, at, BINARY_HEADER)?;
    if !stands(&binary, 0, magic) {
        return Ok(None);
    }
    let declared = be64(&binary, 8).filter(|size| HEADER_SIZES.contains(size));
    let Some(length) = declared.and_then(|size| usize::try_from(size).ok()) else {
        return Ok(None);
    };
    // The largest header has 4 MiB, so that this is bounded.
    let bytes = read(volume, at, length)?;
    Ok(sound(&bytes, length, at))
}

fn sound(bytes: &[u8], length: usize, at: u64) -> Option<Copy> {
    if bytes.len() != length || be16(bytes, 6)? != 2 || be64(bytes, 256)? != at {
        return None;
    }
    let mut summed = bytes.to_vec();
    summed.get_mut(448..512)?.fill(0);
    let sum = match text(bytes, 72, 32)?.as_str() {
        "sha256" => Sha256::digest(&summed).to_vec(),
        "sha512" => Sha512::digest(&summed).to_vec(),
        _ => return None,
    };
    if !stands(bytes, 448, &sum) {
        return None;
    }
    let area = bytes.get(BINARY_HEADER..)?;
    let json = area.get(..area.iter().position(|byte| *byte == 0).unwrap_or(area.len()))?;
    Some(Copy {
        sequence: be64(bytes, 16)?,
        label: text(bytes, 24, 48),
        mark: mark(bytes),
        metadata: serde_json::from_slice(json).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cipher_that_encrypts_nothing_is_known() {
        for null in ["cipher_null-ecb", "null-ecb", "capi:ecb(cipher_null)-plain", "NULL"] {
            assert_eq!(by_cipher(null), (EncryptionGrade::None, Reason::CipherNull), "{null}");
        }
        for real in ["aes-xts-plain64", "capi:xts(aes)-plain64", "xchacha20,aes-adiantum-plain64"] {
            assert_eq!(by_cipher(real).0, EncryptionGrade::Verified, "{real}");
        }
        for odd in ["rot13-ecb", "", "nullable-x"] {
            assert_eq!(by_cipher(odd).1, Reason::UnknownCipher, "{odd}");
        }
    }
}
