//! What was read from a medium about its encryption: plain values, so that every
//! layer above can judge and show them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::Token;
use super::spelling::Spelled;
use super::vocabulary::{EncryptionGrade, WordError, vocabulary};

/// What one probe of one medium found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The verdict over the whole medium: as good as its weakest part.
    pub grade: EncryptionGrade,
    /// `luks2`, `bitlocker` ...; of the first encrypted volume.
    pub scheme: Option<Token>,
    /// `aes-xts-plain64` ...; of the same volume.
    pub cipher: Option<Token>,
    /// Every stretch that was looked at, in the order of its start.
    pub volumes: Vec<VolumeFinding>,
    /// Identifiers that change when the medium is formatted anew.
    pub marks: Vec<Mark>,
    /// The LUKS2 header's sequence number, which only ever grows; the highest where
    /// there are several. A lower one than was recorded means an old copy.
    pub luks_sequence: Option<u64>,
    /// The same for each LUKS2 volume.
    pub luks_sequences: Vec<LuksSequence>,
    /// How much was read to know all this.
    pub read: ReadMeter,
    /// Why the grade is what it is; those of single volumes stand with them.
    pub reasons: Vec<Reason>,
}

/// A LUKS2 volume and the sequence number of its header, the higher one of its two
/// copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LuksSequence {
    /// The volume's UUID, in lower case.
    pub volume: Token,
    /// The number.
    pub number: u64,
}

/// What came of looking at a drive's own bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examined {
    /// All its disks that hold a medium were opened and read.
    Read(Box<Evidence>),
    /// Nothing was read, which says nothing about the drive.
    Unread(Unread),
}

vocabulary!(
    /// Why a drive's bytes were not read.
    Unread {
        /// Nobody asked for it.
        NotAsked = "not-asked",
        /// What is shown was recorded: the drive is not attached to this machine.
        NotHere = "not-here",
        /// The system shows no disk of it.
        NoDisk = "no-disk",
        /// This user may not open its disk.
        NoPermission = "no-permission",
        /// Its disk could not be opened, or is no longer the one that was listed.
        NotOpened = "not-opened",
    }
);

impl Evidence {
    /// One verdict over several disks of one drive: as good as the weakest. `None`
    /// for no disk at all.
    #[must_use]
    pub fn of_all(parts: Vec<Evidence>) -> Option<Evidence> {
        let grade = weakest(&parts);
        parts.into_iter().reduce(|mut all, part| {
            if all.scheme.is_none() {
                (all.scheme, all.cipher) = (part.scheme, part.cipher);
            }
            all.grade = grade;
            all.volumes.extend(part.volumes);
            all.marks.extend(part.marks);
            all.marks.sort_unstable();
            all.marks.dedup();
            all.luks_sequence = all.luks_sequence.max(part.luks_sequence);
            all.luks_sequences.extend(part.luks_sequences);
            all.read.bytes = all.read.bytes.saturating_add(part.read.bytes);
            all.read.reads = all.read.reads.saturating_add(part.read.reads);
            all.read.of = all.read.of.saturating_add(part.read.of);
            all.reasons.extend(part.reasons);
            all.reasons.sort_unstable();
            all.reasons.dedup();
            all
        })
    }
}

/// The grade over several disks, by the rule for the stretches of one.
fn weakest(parts: &[Evidence]) -> EncryptionGrade {
    use EncryptionGrade::{Claimed, None, Opaque, Partial, Unreadable, Verified};
    let any = |grade| parts.iter().any(|part| part.grade == grade);
    if any(Partial) || (any(None) && (any(Verified) || any(Claimed))) {
        return Partial;
    }
    let worst_first = [None, Unreadable, Opaque, Claimed];
    worst_first.into_iter().find(|grade| any(*grade)).unwrap_or(Verified)
}

/// How much of a medium was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ReadMeter {
    /// Bytes that were read.
    pub bytes: u64,
    /// In how many reads.
    pub reads: u64,
    /// The medium's size in bytes.
    pub of: u64,
}

/// Which stretch of the medium something was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "number")]
pub enum Place {
    /// The medium as a whole, without partitions.
    Whole,
    /// A partition, by its number in the table, from 1 on.
    Partition(u32),
    /// What no partition covers.
    Gap,
}

/// What was found in one stretch of the medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VolumeFinding {
    /// Which stretch.
    pub place: Place,
    /// Its first byte.
    pub start: u64,
    /// Its length in bytes.
    pub length: u64,
    /// How well this stretch is known to be encrypted.
    pub grade: EncryptionGrade,
    /// `luks2`, `bitlocker` ...
    pub scheme: Option<Token>,
    /// `aes-xts-plain64` ...
    pub cipher: Option<Token>,
    /// Length of the volume key in bits, as the header states it.
    pub key_bits: Option<u32>,
    /// A file system or container that anyone can recognise: `fat32`, `ext4`.
    pub content: Option<Token>,
    /// The label it bears, made printable and bounded.
    pub label: Option<String>,
    /// Ways to open it: one for each passphrase or key file.
    pub keyslots: Vec<Keyslot>,
    /// Whether nothing but one repeated byte was found, so that there is nothing
    /// to encrypt.
    pub blank: bool,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// What guessing a passphrase costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Keyslot {
    /// Its number.
    pub number: u32,
    /// `pbkdf2`, `argon2i`, `argon2id`, or another's name; none when not stated.
    pub kdf: Option<Token>,
    /// PBKDF2's iterations or Argon2's passes.
    pub iterations: Option<u64>,
    /// Argon2's memory in KiB.
    pub memory_kib: Option<u64>,
    /// Argon2's lanes.
    pub lanes: Option<u64>,
}

/// What kind of identifier a [`Mark`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkKind {
    /// GUID of a GPT disk.
    Gpt,
    /// Disk signature of an MBR.
    Mbr,
    /// UUID of a LUKS header.
    Luks,
    /// GUID of a BitLocker volume.
    Bitlocker,
    /// UUID of an APFS container.
    Apfs,
    /// UUID of a CoreStorage volume.
    Corestorage,
    /// Serial or UUID of a file system.
    Filesystem,
}

impl MarkKind {
    /// As it stands in a registration's `mark` lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            MarkKind::Gpt => "gpt",
            MarkKind::Mbr => "mbr",
            MarkKind::Luks => "luks",
            MarkKind::Bitlocker => "bitlocker",
            MarkKind::Apfs => "apfs",
            MarkKind::Corestorage => "corestorage",
            MarkKind::Filesystem => "filesystem",
        }
    }
}

/// An identifier that is written when a medium is formatted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Mark {
    /// What it identifies.
    pub kind: MarkKind,
    /// Its value, in letters, digits and hyphens.
    pub value: String,
}

/// Longest value of a [`Mark`], in characters.
const MARK_MAX: usize = 64;

impl Mark {
    /// None for a value that holds anything but ASCII letters, digits and hyphens,
    /// that is empty, or all zero: such a one identifies nothing.
    #[must_use]
    pub fn new(kind: MarkKind, value: &str) -> Option<Self> {
        let sound = value.len() <= MARK_MAX
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && value.bytes().any(|byte| byte != b'0' && byte != b'-');
        sound.then(|| Mark { kind, value: value.to_owned() })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.value)
    }
}

vocabulary!(
    /// One thing that was found and what it means for the verdict. The sentences
    /// for people are in [`report::evidence`](crate::report::evidence).
    Reason {
        /// A LUKS header is sound and names its cipher.
        LuksHeader = "luks-header",
        /// A BitLocker header is sound and protection is on.
        BitlockerHeader = "bitlocker-header",
        /// An APFS volume is flagged as encrypted.
        ApfsEncrypted = "apfs-encrypted",
        /// The header names a cipher that encrypts nothing.
        CipherNull = "cipher-null",
        /// The header names a cipher that is not known here.
        UnknownCipher = "unknown-cipher",
        /// Part of an encrypted volume is stored as it is.
        LinearSegment = "linear-segment",
        /// Encryption, decryption or re-encryption is under way or was interrupted.
        Reencrypting = "reencrypting",
        /// The header leaves the encryption to the drive's hardware.
        HardwareSegment = "hardware-segment",
        /// The header names a kind of segment that is not known here.
        UnknownSegment = "unknown-segment",
        /// The volume is protected by a key that is stored on it in the clear.
        ClearKey = "clear-key",
        /// Only what was written since encryption began is encrypted.
        UsedSpaceOnly = "used-space-only",
        /// A readable front with a program that asks for the password.
        ReaderInFront = "reader-in-front",
        /// A decrypted volume in the layout of an encrypted one.
        Decrypted = "decrypted",
        /// An APFS volume without encryption.
        ApfsPlaintext = "apfs-plaintext",
        /// An APFS container whose volumes could not be read.
        ApfsContainerOnly = "apfs-container-only",
        /// One of two copies of a header is damaged, and the other was used.
        OneHeaderDamaged = "one-header-damaged",
        /// Both copies of a header are sound and differ.
        HeadersDiffer = "headers-differ",
        /// A header is there and cannot be relied on.
        HeaderDamaged = "header-damaged",
        /// A header of a version that is not known here.
        HeaderUnknownVersion = "header-unknown-version",
        /// No passphrase or key opens it.
        NoKeyslot = "no-keyslot",
        /// Guessing a passphrase costs little.
        CheapPassphrase = "cheap-passphrase",
        /// Readable data lies in an area that is declared encrypted.
        RemainsInEncryptedArea = "remains-in-encrypted-area",
        /// Part of the encrypted area was never written.
        UnwrittenArea = "unwritten-area",
        /// A file system anyone can read.
        PlaintextFilesystem = "plaintext-filesystem",
        /// The files of a file system may be encrypted one by one.
        FileLevelEncryption = "file-level-encryption",
        /// A container whose inner volumes were not followed.
        ContainerNotFollowed = "container-not-followed",
        /// A disc image that starts a program, as hardware-encrypted drives show.
        LauncherDisc = "launcher-disc",
        /// Swapped-out memory of a computer.
        SwapSpace = "swap-space",
        /// A small partition for starting a computer.
        SystemPartition = "system-partition",
        /// Readable data in no known format.
        PlaintextData = "plaintext-data",
        /// A plaintext partition stands beside an encrypted one.
        PlaintextPartition = "plaintext-partition",
        /// Readable data between or behind the partitions.
        PlaintextGap = "plaintext-gap",
        /// Looks random without a header: encrypted, compressed or wiped.
        RandomLooking = "random-looking",
        /// Compressed and not encrypted.
        CompressedData = "compressed-data",
        /// Nothing is written on it.
        Blank = "blank",
        /// The first copy of the GPT is damaged.
        GptPrimaryDamaged = "gpt-primary-damaged",
        /// The copy of the GPT at the end is damaged or gone.
        GptBackupDamaged = "gpt-backup-damaged",
        /// Both copies of the GPT are sound and differ.
        GptCopiesDiffer = "gpt-copies-differ",
        /// A partition table is there and cannot be used.
        TableDamaged = "table-damaged",
        /// MBR and GPT name different partitions.
        HybridTable = "hybrid-table",
        /// Two partitions share sectors.
        PartitionsOverlap = "partitions-overlap",
        /// A partition reaches behind the end of the medium.
        PartitionBeyondEnd = "partition-beyond-end",
        /// More partitions than this probe looks at.
        TooManyPartitions = "too-many-partitions",
        /// Something could not be read.
        ReadError = "read-error",
        /// The bytes this probe allows itself were used up.
        BudgetExhausted = "budget-exhausted",
        /// There is no medium, or it has no bytes.
        NoMedium = "no-medium",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_holds_nothing_but_an_identifier() {
        let mark = Mark::new(MarkKind::Luks, "6f1c9e0a-2a1b-4d3f-9c58-0f3f5f0f7a11").unwrap();
        assert_eq!(mark.to_string(), "luks 6f1c9e0a-2a1b-4d3f-9c58-0f3f5f0f7a11");
        for wrong in ["", "0000-0000", "a b", "\u{1b}[2J", "é", &"a".repeat(65)] {
            assert_eq!(Mark::new(MarkKind::Gpt, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn several_disks_are_as_good_as_the_weakest() {
        use EncryptionGrade::{None, Opaque, Partial, Unreadable, Verified};
        let of = |grade| Evidence {
            grade,
            scheme: (grade == Verified).then(|| "luks2".parse().unwrap()),
            cipher: Option::None,
            volumes: Vec::new(),
            marks: vec![Mark::new(MarkKind::Gpt, grade.as_str()).unwrap()],
            luks_sequence: Option::None,
            luks_sequences: Vec::new(),
            read: ReadMeter { bytes: 1, reads: 2, of: 3 },
            reasons: Vec::new(),
        };
        for (one, other, both) in [
            (Verified, Verified, Verified),
            (Verified, None, Partial),
            (None, Verified, Partial),
            (Verified, Opaque, Opaque),
            (Verified, Unreadable, Unreadable),
            (Opaque, Unreadable, Unreadable),
            (Opaque, None, None),
            (Verified, Partial, Partial),
        ] {
            let all = Evidence::of_all(vec![of(one), of(other)]).unwrap();
            assert_eq!(all.grade, both, "{one} beside {other}");
            assert_eq!(all.scheme.is_some(), one == Verified || other == Verified);
            assert_eq!(all.read, ReadMeter { bytes: 2, reads: 4, of: 6 });
        }
        assert_eq!(Evidence::of_all(vec![of(Opaque)]), Some(of(Opaque)));
        assert_eq!(Evidence::of_all(Vec::new()), Option::None);
    }

    #[test]
    fn json_and_text_spell_a_reason_alike() {
        for reason in Reason::ALL {
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(json, format!("\"{reason}\""));
            assert_eq!(reason.as_str().parse(), Ok(*reason));
        }
    }
}
