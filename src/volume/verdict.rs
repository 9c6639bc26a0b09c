//! From what was found in each stretch of a medium to one verdict over it.
//!
//! A medium is as well encrypted as its weakest part. A finding is only ever made
//! worse by another one: what could not be read is never counted as encrypted, and
//! what looks random is not counted as encrypted either.

use std::io;
use std::ops::Range;

use super::bytes::stands;
use super::content::{Content, token};
use super::disk::{Disk, Metered, Region, read};
use super::filesystems::{HEAD, read_filesystem};
use super::luks::{read_luks, read_orphan};
use super::partitions::{Partition, Table, gaps, read_table};
use super::randomness::{MIN_BYTES, measure};
use super::samples::{Look, Samples, gather, look};
use super::vendors::{read_apfs, read_bitlocker, read_corestorage};
use crate::model::evidence::{
    Evidence, LuksSequence, Mark, MarkKind, Place, ReadMeter, Reason, VolumeFinding,
};
use crate::model::vocabulary::EncryptionGrade;

/// Bytes a probe allows itself.
pub const BUDGET: u64 = 32 << 20;
/// Gaps that are looked at.
const GAPS_MAX: usize = 64;

/// Everything that reading can tell about the encryption of `disk`. It never fails:
/// what cannot be read is part of the answer.
#[must_use]
pub fn probe(disk: &dyn Disk) -> Evidence {
    let metered = Metered::new(disk, BUDGET);
    let mut found = Found::default();
    if disk.size() == 0 {
        found.reasons.push(Reason::NoMedium);
    } else if survey(&metered, &mut found).is_err() {
        found.reasons.push(Reason::ReadError);
    }
    found.volumes.sort_by_key(|volume| (volume.start, volume.length));
    if metered.failed() > 0 {
        found.reasons.push(Reason::ReadError);
    }
    if metered.exhausted() {
        found.reasons.push(Reason::BudgetExhausted);
    }
    let read = ReadMeter { bytes: metered.bytes(), reads: metered.reads(), of: disk.size() };
    found.evidence(read)
}

type Reader = fn(&dyn Disk, &[u8]) -> io::Result<Option<Content>>;

/// The readers of formats, asked in turn with the volume and its first [`HEAD`]
/// bytes. A further format is one further line.
const READERS: &[Reader] = &[
    read_luks,
    // Before the file systems: BitLocker To Go has a FAT in front.
    read_bitlocker,
    read_apfs,
    read_corestorage,
    |_, head| Ok(read_filesystem(head)),
];

/// What has been found so far.
#[derive(Default)]
struct Found {
    volumes: Vec<VolumeFinding>,
    marks: Vec<Mark>,
    luks_sequence: Option<u64>,
    luks_sequences: Vec<LuksSequence>,
    reasons: Vec<Reason>,
}

fn survey(disk: &dyn Disk, found: &mut Found) -> io::Result<()> {
    let all = Region::new(disk, 0, disk.size());
    let head = read(disk, 0, HEAD)?;
    let content = content_at(&all, &head)?;
    // The boot record of BitLocker To Go has numbers where an MBR has its entries.
    let to_go = |table: &Table| {
        let reader = |content: &Content| content.reasons.contains(&Reason::ReaderInFront);
        content.as_ref().is_some_and(reader) && !table.is_gpt
    };
    let table = read_table(disk)?.filter(|table| !to_go(table));
    // Superblocks behind the first sector survive a later partitioning; what is left
    // of them then shows as a gap that can be read. A disc image, however, may have
    // a partition table on purpose.
    let counts = |content: &Content| {
        let disc = content.content.as_ref().is_some_and(|name| name.as_str() == "iso9660");
        table.is_none() || disc || content.scheme.is_some() || !first_sector_is_table(&head)
    };
    let content = content.filter(counts);
    match (content, table) {
        (Some(content), None) => found.volume(disk, Place::Whole, 0..disk.size(), content),
        (None, None) => found.unknown(disk, Place::Whole, 0..disk.size(), &head)?,
        (content, Some(table)) => {
            if let Some(content) = content {
                found.volume(disk, Place::Whole, 0..disk.size(), content);
            }
            partitioned(disk, table, found);
        }
    }
    Ok(())
}

/// Whether the first sector is a boot record and not that of a file system.
fn first_sector_is_table(head: &[u8]) -> bool {
    let first = head.get(..512).unwrap_or_default();
    stands(first, 510, &[0x55, 0xAA]) && read_filesystem(first).is_none()
}

fn content_at(volume: &dyn Disk, head: &[u8]) -> io::Result<Option<Content>> {
    for reader in READERS {
        if let Some(content) = reader(volume, head)? {
            return Ok(Some(content));
        }
    }
    Ok(None)
}

fn partitioned(disk: &dyn Disk, table: Table, found: &mut Found) {
    found.reasons.extend(table.reasons);
    found.marks.extend(table.mark);
    let mut taken = table.taken;
    for partition in &table.partitions {
        taken.push(partition.start..partition.end());
        let span = partition.start..partition.end();
        if found.partition(disk, partition).is_err() {
            let place = Place::Partition(partition.number);
            let failed = Content::new(EncryptionGrade::Unreadable, Reason::ReadError);
            found.push(place, span, failed, false);
        }
    }
    let between = gaps(disk.size(), &taken);
    if between.len() > GAPS_MAX {
        found.reasons.push(Reason::TooManyPartitions);
    }
    for gap in between.into_iter().take(GAPS_MAX) {
        found.gap(disk, gap);
    }
}

impl Found {
    fn push(&mut self, place: Place, span: Range<u64>, content: Content, blank: bool) {
        self.luks_sequence = self.luks_sequence.max(content.luks_sequence);
        if let Some(number) = content.luks_sequence {
            let volumes = content.marks.iter().filter(|mark| mark.kind == MarkKind::Luks);
            for volume in volumes.filter_map(|mark| mark.value.to_ascii_lowercase().parse().ok()) {
                self.luks_sequences.push(LuksSequence { volume, number });
            }
        }
        for mark in content.marks {
            if !self.marks.contains(&mark) {
                self.marks.push(mark);
            }
        }
        let mut reasons = content.reasons;
        reasons.sort_unstable();
        reasons.dedup();
        self.volumes.push(VolumeFinding {
            place,
            start: span.start,
            length: span.end.saturating_sub(span.start),
            grade: content.grade,
            scheme: content.scheme,
            cipher: content.cipher,
            key_bits: content.key_bits,
            content: content.content,
            label: content.label,
            keyslots: content.keyslots,
            blank,
            reasons,
        });
    }

    fn partition(&mut self, disk: &dyn Disk, partition: &Partition) -> io::Result<()> {
        let span = partition.start..partition.end();
        let place = Place::Partition(partition.number);
        if span.is_empty() {
            return Ok(());
        }
        let volume = Region::new(disk, partition.start, partition.length);
        let head = read(&volume, 0, HEAD)?;
        match content_at(&volume, &head)? {
            Some(mut content) => {
                content.label = content.label.or_else(|| partition.label.clone());
                if partition.system {
                    content.reasons.push(Reason::SystemPartition);
                }
                self.volume(disk, place, span, content);
                Ok(())
            }
            None => self.unknown(disk, place, span, &head),
        }
    }

    /// A volume whose format is known: what it declares is compared with what lies
    /// there.
    fn volume(&mut self, disk: &dyn Disk, place: Place, span: Range<u64>, mut content: Content) {
        let absolute = |range: &Range<u64>| {
            let at = |offset: u64| span.start.saturating_add(offset).min(span.end);
            at(range.start)..at(range.end)
        };
        let areas = content.encrypted.iter().map(absolute);
        let seen = areas.fold(Look::default(), |seen, area| seen.and(look(disk, &area)));
        if seen.readable > 0 {
            content.reasons.push(Reason::RemainsInEncryptedArea);
            if content.grade == EncryptionGrade::Verified {
                content.grade = EncryptionGrade::Partial;
            }
        }
        if seen.blank > 0 {
            content.reasons.push(Reason::UnwrittenArea);
        }
        if content.grade == EncryptionGrade::Opaque {
            // A container whose inside is known by nothing else.
            let inside = look(disk, &(span.start.saturating_add(INSIDE)..span.end));
            if inside.readable > 0 {
                content.grade = EncryptionGrade::None;
                content.reasons.push(Reason::PlaintextData);
            }
            failing(&mut content, inside);
        }
        failing(&mut content, seen);
        let tail = content.tail.map(|tail| span.start.saturating_add(tail)..span.end);
        self.push(place, span, content, false);
        if let Some(tail) = tail {
            self.gap(disk, tail);
        }
    }

    /// A volume in no known format.
    fn unknown(
        &mut self,
        disk: &dyn Disk,
        place: Place,
        span: Range<u64>,
        head: &[u8],
    ) -> io::Result<()> {
        let volume = Region::new(disk, span.start, span.end.saturating_sub(span.start));
        if let Some(content) = read_orphan(&volume)? {
            self.volume(disk, place, span, content);
            return Ok(());
        }
        let samples = gather(disk, &span);
        let seen = Look::at(head).and(samples.look());
        let mut content = match seen {
            _ if seen.is_blank() => Content::new(EncryptionGrade::None, Reason::Blank),
            _ => without_header(&samples, seen),
        };
        failing(&mut content, seen);
        self.push(place, span, content, seen.is_blank());
        Ok(())
    }

    /// What no partition covers. Random bytes there are what careful wiping leaves,
    /// and so lower nothing.
    fn gap(&mut self, disk: &dyn Disk, span: Range<u64>) {
        let seen = look(disk, &span);
        if seen.readable > 0 {
            let content = Content::new(EncryptionGrade::None, Reason::PlaintextGap);
            self.push(Place::Gap, span, content, false);
        } else if seen.random > 0 {
            let content = Content::new(EncryptionGrade::Opaque, Reason::RandomLooking);
            self.push(Place::Gap, span, content, false);
        }
    }
}

/// Bytes behind no header that is known. Where each sector could be random, all of
/// them together may still show what compression leaves; too few show nothing.
fn without_header(samples: &Samples, seen: Look) -> Content {
    let measured = measure(samples.parts.iter().map(Vec::as_slice));
    let random = measured.looks_random || measured.random_where_written;
    let (grade, reason) = match measured.format {
        Some(_) => (EncryptionGrade::None, Reason::CompressedData),
        None if seen.readable > 0 => (EncryptionGrade::None, Reason::PlaintextData),
        None if random || measured.bytes < MIN_BYTES => {
            (EncryptionGrade::Opaque, Reason::RandomLooking)
        }
        None => (EncryptionGrade::None, Reason::CompressedData),
    };
    Content { content: measured.format.and_then(token), ..Content::new(grade, reason) }
}

/// Where the inside of a container begins: behind its own readable metadata.
const INSIDE: u64 = 1 << 20;

/// A sample that failed: nothing good can be said, and nothing bad is taken back.
fn failing(content: &mut Content, seen: Look) {
    if seen.failed > 0 {
        content.reasons.push(Reason::ReadError);
        content.grade = unread(content.grade);
    }
}

fn unread(grade: EncryptionGrade) -> EncryptionGrade {
    match grade {
        EncryptionGrade::None | EncryptionGrade::Partial => grade,
        _ => EncryptionGrade::Unreadable,
    }
}

impl Found {
    fn evidence(mut self, read: ReadMeter) -> Evidence {
        let grade = self.grade();
        let encrypted = |volume: &&VolumeFinding| {
            volume.scheme.is_some() && volume.grade != EncryptionGrade::None
        };
        let first = self.volumes.iter().find(encrypted);
        let (scheme, cipher) =
            first.map_or((None, None), |volume| (volume.scheme.clone(), volume.cipher.clone()));
        self.reasons.sort_unstable();
        self.reasons.dedup();
        self.marks.sort_unstable();
        Evidence {
            grade,
            scheme,
            cipher,
            volumes: self.volumes,
            marks: self.marks,
            luks_sequence: self.luks_sequence,
            luks_sequences: self.luks_sequences,
            read,
            reasons: self.reasons,
        }
    }

    /// The verdict over all, and the reasons that only the whole has.
    fn grade(&mut self) -> EncryptionGrade {
        use EncryptionGrade::{Claimed, None, Opaque, Partial, Unreadable, Verified};
        let any = |grade: EncryptionGrade| {
            let counts = |volume: &&VolumeFinding| match volume.place {
                Place::Gap => volume.grade == None,
                _ => !volume.blank,
            };
            self.volumes.iter().filter(counts).any(|volume| volume.grade == grade)
        };
        let encrypted = any(Verified) || any(Claimed);
        let plain_beside = any(None);
        let grade = if any(Partial) || (encrypted && plain_beside) {
            Partial
        } else if plain_beside {
            None
        } else if any(Unreadable) {
            Unreadable
        } else if any(Opaque) {
            Opaque
        } else if any(Claimed) {
            Claimed
        } else if any(Verified) {
            Verified
        } else {
            // Nothing but blank stretches, or nothing at all.
            None
        };
        let in_gap = |gap: bool| {
            let fits = |volume: &VolumeFinding| (volume.place == Place::Gap) == gap;
            self.volumes.iter().any(|v| v.grade == None && !v.blank && fits(v))
        };
        let (partition, gap) = (in_gap(false), in_gap(true));
        let nothing = grade == None && !plain_beside;
        if grade == Partial && partition {
            self.reasons.push(Reason::PlaintextPartition);
        }
        if gap {
            self.reasons.push(Reason::PlaintextGap);
        }
        // What was not seen may be anything; only plaintext that was seen stays so.
        let unsure = [
            Reason::NoMedium,
            Reason::ReadError,
            Reason::BudgetExhausted,
            Reason::TooManyPartitions,
        ];
        let unsure = unsure.iter().any(|reason| self.reasons.contains(reason));
        let table_lost = self.reasons.contains(&Reason::TableDamaged);
        if nothing && !unsure {
            self.reasons.push(Reason::Blank);
        }
        match (nothing, unsure || table_lost) {
            (true, true) => Unreadable,
            (_, true) => unread(grade),
            _ => grade,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(u64);

    impl Disk for Failing {
        fn size(&self) -> u64 {
            1 << 30
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            if offset >= self.0 {
                return Err(io::Error::from_raw_os_error(5));
            }
            buffer.fill(0);
            Ok(buffer.len())
        }
    }

    #[test]
    fn what_cannot_be_read_is_never_counted_as_encrypted() {
        for from in [0, 1, 1 << 20] {
            let evidence = probe(&Failing(from));
            assert_eq!(evidence.grade, EncryptionGrade::Unreadable, "{from}");
            assert!(evidence.reasons.contains(&Reason::ReadError), "{from}");
        }
    }

    #[test]
    fn an_empty_disk_is_plaintext_and_no_disk_is_nothing() {
        let blank = probe(&vec![0_u8; 4 << 20]);
        assert_eq!((blank.grade, blank.reasons), (EncryptionGrade::None, vec![Reason::Blank]));
        let none = probe(&Vec::new());
        assert_eq!(none.grade, EncryptionGrade::Unreadable);
        assert_eq!(none.reasons, [Reason::NoMedium]);
        for size in [1, 511, 512, 513, 4097, 70_000] {
            assert_eq!(probe(&vec![0_u8; size]).grade, EncryptionGrade::None, "{size}");
        }
    }
}
