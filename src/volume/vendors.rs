//! What the headers of Microsoft's and Apple's encryption mean for the verdict.
//! Their bytes are read in [`bitlocker`], [`apfs`] and [`corestorage`].

use std::io;
use std::ops::Range;

use super::apfs::{self, Container, Encryption, Slot};
use super::bitlocker::{self, BitLocker, Block, Cipher, Conversion, Form, Identifier, Metadata};
use super::content::{Content, token};
use super::corestorage;
use super::disk::Disk;
use super::partitions::gaps;
use crate::model::evidence::{Keyslot, Mark, MarkKind, Reason};
use crate::model::vocabulary::EncryptionGrade;

// --- BitLocker

/// What BitLocker's boot record and metadata say; none where there is no such record.
///
/// # Errors
/// When the boot record cannot be read.
pub fn read_bitlocker(volume: &dyn Disk, _head: &[u8]) -> io::Result<Option<Content>> {
    let found = bitlocker::read(volume, 0, volume.size())?;
    Ok(found.map(|found| bitlocker_content(&found, volume.size())))
}

fn bitlocker_content(found: &BitLocker, size: u64) -> Content {
    let scheme = token("bitlocker");
    let Some(metadata) = found.metadata() else {
        let content = Content::new(EncryptionGrade::Unreadable, Reason::HeaderDamaged);
        return Content { scheme, ..content };
    };
    let (grade, reason) = bitlocker_grade(found, metadata);
    let mut content = Content {
        scheme,
        cipher: metadata.cipher.name().and_then(token),
        key_bits: key_bits(metadata.cipher),
        marks: Mark::new(MarkKind::Bitlocker, &metadata.volume_text()).into_iter().collect(),
        keyslots: protectors(metadata),
        ..Content::new(grade, reason)
    };
    if found.identifier == Identifier::UsedSpaceOnly {
        content.reasons.push(Reason::UsedSpaceOnly);
    }
    if found.form == Form::ToGo {
        content.reasons.push(Reason::ReaderInFront);
    }
    if found.blocks.iter().any(|block| !matches!(block, Block::Sound(_))) {
        content.reasons.push(Reason::OneHeaderDamaged);
    } else if !found.blocks_agree() {
        content.reasons.push(Reason::HeadersDiffer);
    }
    if metadata.protectors.is_empty() || !metadata.has_volume_key {
        content.reasons.push(Reason::NoKeyslot);
    }
    if grade == EncryptionGrade::Verified && found.form == Form::Seven {
        content.encrypted = between_metadata(found, metadata, size);
    }
    content
}

fn bitlocker_grade(found: &BitLocker, metadata: &Metadata) -> (EncryptionGrade, Reason) {
    if found.has_clear_key() {
        return (EncryptionGrade::None, Reason::ClearKey);
    }
    if metadata.cipher.name().is_none() {
        return (EncryptionGrade::Unreadable, Reason::UnknownCipher);
    }
    match metadata.conversion() {
        Conversion::Encrypted => (EncryptionGrade::Verified, Reason::BitlockerHeader),
        Conversion::EncryptOnWrite => (EncryptionGrade::Partial, Reason::UsedSpaceOnly),
        Conversion::Encrypting | Conversion::Decrypting => {
            (EncryptionGrade::Partial, Reason::Reencrypting)
        }
        Conversion::Decrypted => (EncryptionGrade::None, Reason::Decrypted),
        Conversion::Unknown => (EncryptionGrade::Unreadable, Reason::HeaderDamaged),
    }
}

/// XTS takes two keys, and the length of a volume key counts both.
fn key_bits(cipher: Cipher) -> Option<u32> {
    let both = matches!(cipher, Cipher::AesXts128 | Cipher::AesXts256);
    cipher.aes_bits().map(|bits| u32::from(bits) * if both { 2 } else { 1 })
}

/// Each way to the key. How a password is stretched is fixed (about a million rounds
/// of SHA-256) and not stated in the metadata.
fn protectors(metadata: &Metadata) -> Vec<Keyslot> {
    let slot =
        |number| Keyslot { number, kdf: None, iterations: None, memory_kib: None, lanes: None };
    (0..).zip(&metadata.protectors).map(|(number, _)| slot(number)).collect()
}

/// What Windows reserves for each metadata block, and what is not encrypted in front.
const RESERVED: u64 = 64 << 10;

/// The encrypted stretches of a volume of Windows 7 or later. Only where nothing but
/// the metadata blocks interrupts them; in front the boot sectors are left out.
fn between_metadata(found: &BitLocker, metadata: &Metadata, size: u64) -> Vec<Range<u64>> {
    let end = metadata.encrypted_bytes.filter(|bytes| *bytes > 0).map_or(size, |b| b.min(size));
    let mut taken = vec![0..RESERVED, end..u64::MAX];
    taken.extend(found.offsets.iter().map(|at| *at..at.saturating_add(RESERVED)));
    gaps(end, &taken)
}

// --- APFS

/// What an APFS container and its volumes say; none where there is none.
///
/// # Errors
/// When the first block cannot be read.
pub fn read_apfs(volume: &dyn Disk, _head: &[u8]) -> io::Result<Option<Content>> {
    let found = apfs::read(volume, 0, volume.size())?;
    let content = found.map(|found| match found {
        apfs::Found::Damaged(_) => Content::new(EncryptionGrade::Unreadable, Reason::HeaderDamaged),
        apfs::Found::Container(container) => apfs_content(&container),
    });
    Ok(content.map(|content| Content { content: token("apfs"), ..content }))
}

fn apfs_content(container: &Container) -> Content {
    use EncryptionGrade::{Claimed, None, Partial, Unreadable, Verified};
    let mut content = Content::new(Unreadable, Reason::ApfsContainerOnly);
    content.marks = Mark::new(MarkKind::Apfs, &container.identifier_text()).into_iter().collect();
    if container.fusion {
        // Half of it lies on another device.
        return content;
    }
    let Ok(slots) = &container.volumes else { return content };
    let judged: Vec<(EncryptionGrade, Reason)> = slots.iter().map(apfs_volume).collect();
    let any = |grade: EncryptionGrade| judged.iter().any(|(found, _)| *found == grade);
    content.grade = match (any(Verified) || any(Claimed), any(None)) {
        _ if any(Partial) => Partial,
        (true, true) => Partial,
        (false, true) => None,
        _ if any(Unreadable) || judged.is_empty() => Unreadable,
        _ if any(Claimed) => Claimed,
        _ => Verified,
    };
    if !judged.is_empty() {
        content.reasons = judged.iter().map(|(_, reason)| *reason).collect();
    }
    if matches!(content.grade, Verified | Claimed | Partial) {
        content.scheme = token("apfs");
        // The only cipher Apple's reference names.
        content.cipher = token("aes-xts");
    }
    content
}

fn apfs_volume(slot: &Slot) -> (EncryptionGrade, Reason) {
    let Slot::Volume(volume) = slot else {
        return (EncryptionGrade::Unreadable, Reason::ApfsContainerOnly);
    };
    match (volume.encryption, volume.converting) {
        (Encryption::None, _) => (EncryptionGrade::None, Reason::ApfsPlaintext),
        (Encryption::Contradictory, _) => (EncryptionGrade::Unreadable, Reason::HeaderDamaged),
        (_, Some(true)) => (EncryptionGrade::Partial, Reason::Reencrypting),
        // Whether a conversion is under way could not be read.
        (_, None) => (EncryptionGrade::Unreadable, Reason::ApfsContainerOnly),
        (Encryption::OneKey, Some(false)) => (EncryptionGrade::Verified, Reason::ApfsEncrypted),
        (Encryption::KeyPerFile, Some(false)) => {
            (EncryptionGrade::Claimed, Reason::HardwareSegment)
        }
    }
}

// --- CoreStorage

/// What a CoreStorage header says, which is that FileVault 2 may be behind it: what
/// lies there is judged by samples alone.
///
/// # Errors
/// When the header cannot be read.
pub fn read_corestorage(volume: &dyn Disk, _head: &[u8]) -> io::Result<Option<Content>> {
    let found = corestorage::read(volume, 0, volume.size())?;
    let content = found.map(|found| match found {
        corestorage::Found::Damaged(_) => {
            Content::new(EncryptionGrade::Unreadable, Reason::HeaderDamaged)
        }
        corestorage::Found::Header(header) => {
            let mark = Mark::new(MarkKind::Corestorage, &header.volume_text());
            let mut content = Content::new(EncryptionGrade::Opaque, Reason::ContainerNotFollowed);
            content.marks = mark.into_iter().collect();
            if header.from_copy {
                content.reasons.push(Reason::OneHeaderDamaged);
            }
            content
        }
    });
    Ok(content.map(|content| Content { content: token("corestorage"), ..content }))
}
