//! Partition tables: GPT (UEFI 2.10, chapter 5) and MBR with its logical
//! partitions. A damaged table is read as far as it goes, and says so.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;

use super::bytes::{guid, le32, le64, stands, text_utf16};
use super::disk::{Disk, read};
use crate::model::evidence::{Mark, MarkKind, Reason};

/// Partitions that are looked at; a removable drive has a few, and a table may
/// claim thousands.
pub const PARTITIONS_MAX: usize = 64;
/// GPT entries together, in bytes. The smallest array the specification allows has
/// 16,384; tools make no larger one on their own.
const ENTRIES_MAX: u64 = 1 << 20;

/// EFI system partition (UEFI 2.10, table 5-7).
const EFI_SYSTEM: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its number, from 1 on; logical ones begin at 5.
    pub number: u32,
    /// First byte.
    pub start: u64,
    /// Length in bytes, cut at the end of the disk.
    pub length: u64,
    /// Its name in a GPT, made printable.
    pub label: Option<String>,
    /// Whether the table says that a computer starts from it.
    pub system: bool,
}

impl Partition {
    /// First byte behind it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }
}

/// A partition table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Whether it is a GPT.
    pub is_gpt: bool,
    /// The disk's GUID or signature.
    pub mark: Option<Mark>,
    /// In the order of the table.
    pub partitions: Vec<Partition>,
    /// What the table itself takes, in bytes from the start of the disk.
    pub taken: Vec<Range<u64>>,
    /// What is unusual about it.
    pub reasons: Vec<Reason>,
}

/// The partition table of `disk`; none where there is no sign of one. A table whose
/// [`Reason::TableDamaged`] is given may lack partitions.
///
/// # Errors
/// When the first sectors cannot be read.
pub fn read_table(disk: &dyn Disk) -> io::Result<Option<Table>> {
    let first = read(disk, 0, 512)?;
    let entries = mbr_entries(&first);
    let protective = entries.iter().any(|entry| entry.kind == PROTECTIVE);
    let mut found = None;
    for sector in [512, 4096] {
        let declared = read(disk, sector, 8)? == SIGNATURE;
        if found.is_none() && (protective || declared) {
            found = gpt(disk, sector)?;
        }
    }
    let mut table = match found {
        Some(mut table) => {
            hybrid(disk, &entries, &mut table);
            table
        }
        None if protective => lost(disk),
        None if entries.is_empty() => return Ok(None),
        None => mbr(disk, &first, &entries),
    };
    overlaps(&mut table);
    table.reasons.sort_unstable();
    table.reasons.dedup();
    Ok(Some(table))
}

/// A disk that says it has a GPT and has no sound copy of it. Where the two belong,
/// remains are no data.
fn lost(disk: &dyn Disk) -> Table {
    let sectors = |count: u64| count.saturating_mul(512);
    Table {
        taken: vec![0..sectors(34), disk.size().saturating_sub(sectors(33))..disk.size()],
        is_gpt: true,
        reasons: vec![Reason::TableDamaged],
        ..Table::default()
    }
}

/// Adds one partition, cut at the end of the disk.
fn add(disk: &dyn Disk, table: &mut Table, partition: Partition) {
    if table.partitions.len() >= PARTITIONS_MAX {
        table.reasons.push(Reason::TooManyPartitions);
        return;
    }
    if partition.end() > disk.size() {
        table.reasons.push(Reason::PartitionBeyondEnd);
    }
    let length = partition.length.min(disk.size().saturating_sub(partition.start));
    table.partitions.push(Partition { length, ..partition });
}

fn overlaps(table: &mut Table) {
    let mut spans: Vec<Range<u64>> =
        table.partitions.iter().map(|partition| partition.start..partition.end()).collect();
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    let mut reached = 0;
    for span in spans.into_iter().filter(|span| !span.is_empty()) {
        if span.start < reached {
            table.reasons.push(Reason::PartitionsOverlap);
        }
        reached = reached.max(span.end);
    }
}

// --- GPT

const SIGNATURE: &[u8] = b"EFI PART";

struct Header {
    at: u64,
    alternate: u64,
    guid: Option<String>,
    entries_at: u64,
    entries_length: u64,
    entry_size: u64,
    entries_sum: u32,
    entries: Vec<u8>,
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

/// Reads the header at a byte offset with its entries. None where it is not sound:
/// each number in it is believed only after the check sum, and bounded all the same.
fn header(disk: &dyn Disk, at: u64, sector: u64) -> Option<Header> {
    let length = usize::try_from(sector).ok()?;
    let bytes = read(disk, at, length).ok()?;
    if !stands(&bytes, 0, SIGNATURE) {
        return None;
    }
    let declared = usize::try_from(le32(&bytes, 12)?).ok()?;
    let mut summed = bytes.get(..declared).filter(|header| header.len() >= 92)?.to_vec();
    summed.get_mut(16..20)?.fill(0);
    let sound = crc32(&summed) == le32(&bytes, 16)?;
    let own = le64(&bytes, 24)?.checked_mul(sector)?;
    let (count, entry_size) = (u64::from(le32(&bytes, 80)?), u64::from(le32(&bytes, 84)?));
    let entries_length = count.checked_mul(entry_size)?;
    let plausible = entry_size >= 128
        && entry_size.is_power_of_two()
        && entry_size <= 4096
        && entries_length <= ENTRIES_MAX;
    if !sound || own != at || !plausible {
        return None;
    }
    let entries_at = le64(&bytes, 72)?.checked_mul(sector)?;
    let entries = read(disk, entries_at, usize::try_from(entries_length).ok()?).ok()?;
    let entries_sum = le32(&bytes, 88)?;
    (entries.len() as u64 == entries_length && crc32(&entries) == entries_sum).then_some(Header {
        at,
        alternate: le64(&bytes, 32)?.checked_mul(sector)?,
        guid: guid(&bytes, 56),
        entries_at,
        entries_length,
        entry_size,
        entries_sum,
        entries,
    })
}

fn gpt(disk: &dyn Disk, sector: u64) -> io::Result<Option<Table>> {
    let primary = header(disk, sector, sector);
    let last = (disk.size() / sector).saturating_sub(1).saturating_mul(sector);
    let elsewhere = primary.as_ref().map_or(last, |primary| primary.alternate);
    let backup = header(disk, elsewhere, sector).filter(|backup| backup.at != sector);
    let mut table = Table { is_gpt: true, ..Table::default() };
    match (&primary, &backup) {
        (None, None) => return Ok(None),
        (None, Some(_)) => table.reasons.push(Reason::GptPrimaryDamaged),
        (Some(_), None) => table.reasons.push(Reason::GptBackupDamaged),
        (Some(one), Some(other)) => {
            if one.entries_sum != other.entries_sum || one.guid != other.guid {
                table.reasons.push(Reason::GptCopiesDiffer);
            }
        }
    }
    // The first copy is what a computer uses; the second only where it must.
    for header in [&primary, &backup].into_iter().flatten() {
        table.taken.push(header.at..header.at.saturating_add(sector));
        table
            .taken
            .push(header.entries_at..header.entries_at.saturating_add(header.entries_length));
    }
    let Some(used) = primary.or(backup) else { return Ok(None) };
    // Where the copies belong, so that a damaged one is not taken for data.
    table.taken.push(0..sector.saturating_mul(2).saturating_add(used.entries_length));
    table.taken.push(last.saturating_sub(used.entries_length)..disk.size());
    table.mark = used.guid.as_deref().and_then(|guid| Mark::new(MarkKind::Gpt, guid));
    let size = usize::try_from(used.entry_size).unwrap_or(usize::MAX);
    for (number, entry) in (1..).zip(used.entries.chunks_exact(size)) {
        gpt_entry(disk, sector, number, entry, &mut table);
    }
    Ok(Some(table))
}

fn gpt_entry(disk: &dyn Disk, sector: u64, number: u32, entry: &[u8], table: &mut Table) {
    if entry.iter().take(16).all(|byte| *byte == 0) {
        return;
    }
    let span = || {
        let first = le64(entry, 32)?;
        // The last sector belongs to the partition.
        let sectors = le64(entry, 40)?.checked_sub(first)?.checked_add(1)?;
        Some((first.checked_mul(sector)?, sectors.checked_mul(sector)?))
    };
    match span() {
        Some((start, length)) => {
            let label = entry.get(56..128).and_then(text_utf16);
            let system = guid(entry, 0).as_deref() == Some(EFI_SYSTEM);
            add(disk, table, Partition { number, start, length, label, system });
        }
        None => table.reasons.push(Reason::TableDamaged),
    }
}

// --- MBR

const PROTECTIVE: u8 = 0xEE;
const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];

#[derive(Debug, Clone, Copy)]
struct Entry {
    number: u32,
    kind: u8,
    first: u32,
    sectors: u32,
}

/// The used entries of a boot record; empty where it is none. Boot records of file
/// systems end in the same two bytes and hold program text where entries stand, so
/// a status byte that is neither 0 nor 0x80 means that there is no table.
fn mbr_entries(record: &[u8]) -> Vec<Entry> {
    if !stands(record, 510, &[0x55, 0xAA]) {
        return Vec::new();
    }
    let mut entries = Vec::new();
    for (number, bytes) in (1..).zip(record.get(446..510).unwrap_or_default().chunks_exact(16)) {
        let (Some(status), Some(kind)) = (bytes.first(), bytes.get(4)) else { continue };
        if *status & 0x7F != 0 {
            return Vec::new();
        }
        let (Some(first), Some(sectors)) = (le32(bytes, 8), le32(bytes, 12)) else { continue };
        if *kind != 0 && sectors != 0 {
            entries.push(Entry { number, kind: *kind, first, sectors });
        }
    }
    entries
}

/// So many sectors in bytes.
fn sectors(disk: &dyn Disk, count: u32) -> u64 {
    u64::from(count).saturating_mul(disk.sector_size())
}

/// A partition whose first sector counts from `base`.
fn mbr_partition(disk: &dyn Disk, entry: Entry, base: u64, number: u32) -> Partition {
    let start = base.saturating_add(sectors(disk, entry.first));
    let length = sectors(disk, entry.sectors);
    // 0xEF is an EFI system partition in an MBR.
    Partition { number, start, length, label: None, system: entry.kind == 0xEF }
}

fn mbr(disk: &dyn Disk, record: &[u8], entries: &[Entry]) -> Table {
    let signature = le32(record, 440).map(|value| format!("{value:08x}"));
    let mut table = Table {
        mark: signature.and_then(|value| Mark::new(MarkKind::Mbr, &value)),
        taken: std::iter::once(0..disk.sector_size()).collect(),
        ..Table::default()
    };
    for entry in entries {
        if EXTENDED.contains(&entry.kind) {
            logical(disk, *entry, &mut table);
        } else {
            add(disk, &mut table, mbr_partition(disk, *entry, 0, entry.number));
        }
    }
    table
}

/// Follows the chain of an extended partition. Each record names the next one, so
/// a hostile chain can be a ring or reach behind the extended partition.
fn logical(disk: &dyn Disk, extended: Entry, table: &mut Table) {
    let base = sectors(disk, extended.first);
    let end = base.saturating_add(sectors(disk, extended.sectors));
    let mut seen = BTreeSet::new();
    let mut at = base;
    let mut number = table.partitions.iter().map(|known| known.number).max().unwrap_or(0).max(4);
    loop {
        if !seen.insert(at) || at >= end || seen.len() > PARTITIONS_MAX {
            table.reasons.push(Reason::TableDamaged);
            return;
        }
        let Some(record) = read(disk, at, 512).ok().filter(|r| stands(r, 510, &[0x55, 0xAA]))
        else {
            table.reasons.push(Reason::TableDamaged);
            return;
        };
        table.taken.push(at..at.saturating_add(disk.sector_size()));
        let entries = mbr_entries(&record);
        for entry in entries.iter().filter(|entry| !EXTENDED.contains(&entry.kind)) {
            number = number.saturating_add(1);
            add(disk, table, mbr_partition(disk, *entry, at, number));
        }
        let Some(next) = entries.iter().find(|entry| EXTENDED.contains(&entry.kind)) else {
            return;
        };
        at = base.saturating_add(sectors(disk, next.first));
    }
}

/// An MBR beside a GPT that names more than the whole disk: another system may see
/// other partitions than those of the GPT, so they are looked at as well.
fn hybrid(disk: &dyn Disk, entries: &[Entry], table: &mut Table) {
    for entry in entries.iter().filter(|entry| entry.kind != PROTECTIVE) {
        if !table.reasons.contains(&Reason::HybridTable) {
            table.reasons.push(Reason::HybridTable);
        }
        let partition = mbr_partition(disk, *entry, 0, entry.number);
        let known =
            |known: &Partition| known.start == partition.start && known.length == partition.length;
        if !EXTENDED.contains(&entry.kind) && !table.partitions.iter().any(known) {
            add(disk, table, partition);
        }
    }
}

/// The stretches of a disk that are in none of `taken`, in order.
#[must_use]
pub fn gaps(size: u64, taken: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut taken: Vec<&Range<u64>> = taken.iter().filter(|span| !span.is_empty()).collect();
    taken.sort_unstable_by_key(|span| (span.start, span.end));
    let mut gaps = Vec::new();
    let mut reached = 0;
    for span in taken {
        if span.start > reached {
            gaps.push(reached..span.start.min(size));
        }
        reached = reached.max(span.end);
    }
    if reached < size {
        gaps.push(reached..size);
    }
    gaps.retain(|gap| !gap.is_empty());
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(entries: &[(u8, u32, u32)]) -> Vec<u8> {
        let mut sector = vec![0_u8; 512];
        for (slot, (kind, first, sectors)) in entries.iter().enumerate() {
            let at = 446 + slot * 16;
            sector[at + 4] = *kind;
            sector[at + 8..at + 12].copy_from_slice(&first.to_le_bytes());
            sector[at + 12..at + 16].copy_from_slice(&sectors.to_le_bytes());
        }
        sector[510..].copy_from_slice(&[0x55, 0xAA]);
        sector
    }

    #[test]
    fn gaps_are_what_is_left() {
        assert_eq!(gaps(100, &[0..10, 20..30, 25..40]), [10..20, 40..100]);
        assert!(gaps(100, &[0..10, 5..u64::MAX]).is_empty());
        assert_eq!(gaps(10, &[3..3, 40..50]).first(), Some(&(0..10)));
        assert_eq!(gaps(0, &[]), Vec::<Range<u64>>::new());
    }

    #[test]
    fn a_ring_of_logical_partitions_ends() {
        let mut disk = vec![0_u8; 1 << 20];
        disk[..512].copy_from_slice(&record(&[(0x05, 8, 1000)]));
        // The record at sector 8 names itself as the next.
        disk[8 * 512..9 * 512].copy_from_slice(&record(&[(0x83, 1, 10), (0x05, 0, 10)]));
        let table = read_table(&disk).unwrap().unwrap();
        assert_eq!(table.reasons, [Reason::TableDamaged]);
        assert_eq!(table.partitions.len(), 1);
        assert_eq!((table.partitions[0].number, table.partitions[0].start), (5, 9 * 512));
    }

    #[test]
    fn an_mbr_counts_in_the_sectors_of_its_disk() {
        struct Large(Vec<u8>);
        impl Disk for Large {
            fn size(&self) -> u64 {
                self.0.size()
            }
            fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.read_at(offset, buffer)
            }
            fn sector_size(&self) -> u64 {
                4096
            }
        }
        let mut disk = vec![0_u8; 1 << 20];
        disk[..512].copy_from_slice(&record(&[(0x0C, 16, 100)]));
        let table = read_table(&Large(disk)).unwrap().unwrap();
        let found = &table.partitions[0];
        assert_eq!((found.start, found.length), (16 * 4096, 100 * 4096));
    }

    #[test]
    fn boot_records_of_file_systems_are_no_table() {
        let mut sector = record(&[(0x0C, 2048, 100)]);
        sector[446] = 0x33;
        assert_eq!(read_table(&sector).unwrap(), None);
        assert_eq!(read_table(&vec![0_u8; 4096]).unwrap(), None);
    }
}
