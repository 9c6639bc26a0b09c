//! The JSON metadata of LUKS2 (LUKS2 On-Disk Format Specification 1.1.3, chapter 3),
//! and what follows from it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::content::{Content, token};
use super::luks::{Copy, by_cipher, crypt_range, judge_keyslots};
use crate::model::evidence::{Keyslot, Reason};
use crate::model::vocabulary::EncryptionGrade;

/// Segments and keyslots that are looked at. The format allows 32 of each.
const OBJECTS_MAX: usize = 64;
/// Two headers of the smallest size.
const HEADERS_LEAST: u64 = 0x8000;

/// What of the metadata counts here; the rest is left unread.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    keyslots: BTreeMap<String, RawKeyslot>,
    #[serde(default)]
    segments: BTreeMap<String, RawSegment>,
    #[serde(default)]
    config: Config,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct RawKeyslot {
    #[serde(rename = "type")]
    kind: String,
    key_size: Option<u64>,
    kdf: Option<Kdf>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Kdf {
    #[serde(rename = "type")]
    kind: String,
    iterations: Option<u64>,
    time: Option<u64>,
    memory: Option<u64>,
    cpus: Option<u64>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct RawSegment {
    #[serde(rename = "type")]
    kind: String,
    /// Bytes as a decimal number in a string, since JSON's numbers are too small.
    offset: String,
    /// As `offset`, or `dynamic`: as far as the device goes.
    size: String,
    encryption: Option<String>,
    integrity: Option<serde_json::Value>,
    #[serde(default)]
    flags: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
struct Config {
    #[serde(default)]
    requirements: Requirements,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
struct Requirements {
    #[serde(default)]
    mandatory: Vec<String>,
}

/// What the segments of a volume are, taken together.
#[derive(Debug, Default)]
struct Seen {
    encrypted: bool,
    plain: bool,
    null: bool,
    hardware: bool,
    unknown: Option<Reason>,
    end: u64,
}

/// What a sound header says of a volume of `size` bytes.
pub(super) fn content(header: &Copy, size: u64) -> Content {
    let mut content = Content {
        scheme: token("luks2"),
        label: header.label.clone(),
        marks: header.mark.iter().cloned().collect(),
        luks_sequence: Some(header.sequence),
        ..Content::new(EncryptionGrade::Unreadable, Reason::HeaderDamaged)
    };
    let metadata = &header.metadata;
    let Some(seen) = segments(metadata, size, &mut content) else { return content };
    content.reasons.clear();
    content.grade = grade(&seen, &mut content.reasons);
    content.tail = (seen.end < size).then_some(seen.end);
    let requires =
        |word: &str| metadata.config.requirements.mandatory.iter().any(|r| r.contains(word));
    let moving = metadata.keyslots.values().any(|slot| slot.kind == "reencrypt");
    if requires("reencrypt") || moving {
        content.reasons.push(Reason::Reencrypting);
    }
    keyslots(metadata, &mut content);
    content
}

/// Reads the segments that are in use. None where one is not sound: its numbers
/// come from an attacker and must lie within the volume.
fn segments(metadata: &Metadata, size: u64, content: &mut Content) -> Option<Seen> {
    let mut seen = Seen::default();
    // `backup-` segments tell how it was before, or will be after, re-encryption.
    let used = |segment: &&RawSegment| !segment.flags.iter().any(|flag| flag.starts_with("backup"));
    let segments: Vec<&RawSegment> = metadata.segments.values().filter(used).collect();
    if segments.is_empty() || metadata.segments.len() > OBJECTS_MAX {
        return None;
    }
    for segment in segments {
        let start: u64 = segment.offset.parse().ok()?;
        let end = match segment.size.as_str() {
            "dynamic" => size,
            length => start.checked_add(length.parse().ok()?)?,
        };
        // Both copies of the header stand before any data; a header whose data lie on
        // another disk says nothing of this one.
        if start < HEADERS_LEAST || start >= end || end > size {
            return None;
        }
        seen.end = seen.end.max(end);
        let cipher = segment.encryption.as_deref();
        match segment.kind.as_str() {
            "crypt" | "hw-opal-crypt" => {
                let (grade, reason) = by_cipher(cipher?);
                match grade {
                    EncryptionGrade::Verified => seen.encrypted = true,
                    EncryptionGrade::None => seen.null = true,
                    _ => seen.unknown = Some(reason),
                }
                seen.hardware |= segment.kind == "hw-opal-crypt";
                content.cipher = content.cipher.take().or_else(|| cipher.and_then(token));
                // With integrity, sums and a journal lie between the sectors.
                if segment.integrity.is_none() {
                    content.encrypted.extend(crypt_range(grade, start..end));
                }
            }
            "linear" => seen.plain = true,
            "hw-opal" => seen.hardware = true,
            _ => seen.unknown = Some(Reason::UnknownSegment),
        }
    }
    Some(seen)
}

fn grade(seen: &Seen, reasons: &mut Vec<Reason>) -> EncryptionGrade {
    let facts = [
        (seen.encrypted, Reason::LuksHeader),
        (seen.null, Reason::CipherNull),
        (seen.plain, Reason::LinearSegment),
        (seen.hardware, Reason::HardwareSegment),
    ];
    reasons.extend(facts.iter().filter(|(holds, _)| *holds).map(|(_, reason)| *reason));
    reasons.extend(seen.unknown);
    match (seen.encrypted || seen.hardware, seen.plain || seen.null) {
        (true, true) => EncryptionGrade::Partial,
        (false, true) => EncryptionGrade::None,
        _ if seen.unknown.is_some() => EncryptionGrade::Unreadable,
        _ if seen.encrypted => EncryptionGrade::Verified,
        _ => EncryptionGrade::Claimed,
    }
}

fn keyslots(metadata: &Metadata, content: &mut Content) {
    for (number, slot) in metadata.keyslots.iter().take(OBJECTS_MAX) {
        let Ok(number) = number.parse() else { continue };
        // A slot of another kind holds what re-encryption needs, and opens nothing.
        if slot.kind != "luks2" {
            continue;
        }
        let bits = slot.key_size.and_then(|bytes| u32::try_from(bytes.checked_mul(8)?).ok());
        content.key_bits = content.key_bits.max(bits);
        let kdf = slot.kdf.as_ref();
        content.keyslots.push(Keyslot {
            number,
            kdf: kdf.and_then(|kdf| token(&kdf.kind)),
            iterations: kdf.and_then(|kdf| kdf.iterations.or(kdf.time)),
            memory_kib: kdf.and_then(|kdf| kdf.memory),
            lanes: kdf.and_then(|kdf| kdf.cpus),
        });
    }
    content.keyslots.sort_by_key(|slot| slot.number);
    judge_keyslots(&content.keyslots, &mut content.reasons);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 64 << 20;

    fn of(segments: &str) -> Content {
        let json = format!("{{\"segments\":{{{segments}}},\"keyslots\":{{}}}}");
        let metadata = serde_json::from_str(&json).expect("metadata");
        content(&Copy { sequence: 3, label: None, mark: None, metadata }, SIZE)
    }

    fn segment(number: u32, kind: &str, offset: &str, size: &str, encryption: &str) -> String {
        format!(
            "\"{number}\":{{\"type\":\"{kind}\",\"offset\":\"{offset}\",\"size\":\"{size}\",\
             \"encryption\":\"{encryption}\",\"flags\":[]}}"
        )
    }

    #[test]
    fn each_kind_of_segment_is_told_apart() {
        let crypt = segment(0, "crypt", "16777216", "16777216", "aes-xts-plain64");
        let cases = [
            (crypt.clone(), EncryptionGrade::Verified, Reason::LuksHeader),
            (
                format!("{crypt},{}", segment(1, "linear", "33554432", "dynamic", "")),
                EncryptionGrade::Partial,
                Reason::LinearSegment,
            ),
            (
                segment(0, "crypt", "16777216", "dynamic", "cipher_null-ecb"),
                EncryptionGrade::None,
                Reason::CipherNull,
            ),
            (
                segment(0, "hw-opal", "16777216", "dynamic", ""),
                EncryptionGrade::Claimed,
                Reason::HardwareSegment,
            ),
            (
                segment(0, "hw-opal-crypt", "16777216", "dynamic", "aes-xts-plain64"),
                EncryptionGrade::Verified,
                Reason::HardwareSegment,
            ),
            (
                segment(0, "future", "16777216", "dynamic", ""),
                EncryptionGrade::Unreadable,
                Reason::UnknownSegment,
            ),
        ];
        for (segments, grade, reason) in cases {
            let content = of(&segments);
            assert_eq!(content.grade, grade, "{segments}");
            assert!(content.reasons.contains(&reason), "{segments}: {:?}", content.reasons);
        }
        assert_eq!(of(&crypt).tail, Some(32 << 20));
    }

    #[test]
    fn numbers_that_leave_the_volume_make_a_header_unreadable() {
        for (offset, size) in [
            ("18446744073709551615", "18446744073709551615"),
            ("0", "99999999999999999999999"),
            ("-1", "dynamic"),
            ("67108864", "dynamic"),
            ("0", "0"),
            ("0", "67108865"),
        ] {
            let content = of(&segment(0, "crypt", offset, size, "aes-xts-plain64"));
            assert_eq!(content.grade, EncryptionGrade::Unreadable, "{offset} {size}");
            assert!(content.encrypted.is_empty(), "{offset} {size}");
        }
        assert_eq!(of("").grade, EncryptionGrade::Unreadable);
    }
}
