//! What the journal is queried by: leaf hashes and tree nodes, where frames lie,
//! and which entries name a key.
//!
//! The shelf takes whole blocks of [`BLOCK`] entries; the entries behind the last
//! block are held in memory and read from the journal when it is opened. So an
//! append needs no database to be acknowledged, and an open reads a bounded piece
//! of the journal.
//!
//! Rows (integers big-endian; a hash here is 8 bytes of SHA-256):
//!
//! | key | row |
//! |---|---|
//! | `m` | versions, entries absorbed, chain hash behind them, buckets, postings |
//! | `t` level/8 (1) row (8) | up to 128 tree nodes of that level, 32 bytes each |
//! | `p` block (8) | offsets of 256 frames in their segments, 4 bytes each |
//! | `b` bucket (8) | postings (hash 8, entry 6) of keys that few entries name |
//! | `l` hash (8) piece (4) | up to 64 entries (6 each) that name one key, for keys that many name |
//!
//! sled keeps at most 16 rows to a page and every page costs memory while it is
//! open, so rows are made large: a row per posting would take hundreds of
//! megabytes for a million entries.

use std::collections::{BTreeMap, HashMap};

use super::Key;
use super::frame::{CHAIN_START, field};
use super::shelf::{Row, Shelf, ShelfError};
use crate::model::Hash;
use crate::proof::tree::node_hash;

/// The shelf takes this many entries at a time.
pub(super) const BLOCK: u64 = 256;
const ROW_HASHES: u64 = 128;
const LAYOUT: u32 = 1;
const PER_BUCKET: u64 = 64;
const PER_PIECE: usize = 64;
const POSTING: usize = 14;
const ENTRY: usize = 6;

/// One thing an entry can be found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Posting {
    hash: u64,
    seq: u64,
    /// Many entries may name the key.
    many: bool,
}

impl Posting {
    /// Of a key that entry `seq` names.
    pub(super) fn of_key(key: &Key, seq: u64) -> Self {
        let (tag, bytes, many) = match key {
            Key::Medium(id) => (b"M", id.as_bytes(), true),
            Key::Party(name) => (b"P", name.as_bytes(), true),
            Key::Receipt(id) => (b"R", id.as_bytes(), false),
            Key::Nonce(nonce) => (b"N", &nonce[..], false),
        };
        Posting { hash: short(&Hash::of(&[tag, bytes])), seq, many }
    }

    /// Of the leaf hash of entry `seq`.
    pub(super) fn of_leaf(leaf: &Hash, seq: u64) -> Self {
        Posting { hash: short(leaf), seq, many: false }
    }

    /// All of entry `seq`, each once.
    pub(super) fn of_entry(leaf: &Hash, keys: &[Key], seq: u64) -> Vec<Self> {
        let mut postings = Vec::with_capacity(1 + keys.len());
        postings.push(Posting::of_leaf(leaf, seq));
        for key in keys {
            let posting = Posting::of_key(key, seq);
            if !postings.contains(&posting) {
                postings.push(posting);
            }
        }
        postings
    }

    /// A number that differs for different postings, to be summed.
    pub(super) fn weight(&self) -> u128 {
        let digest =
            Hash::of(&[&self.hash.to_be_bytes(), &self.seq.to_be_bytes(), &[u8::from(self.many)]]);
        u128::from_be_bytes(field(&digest.0, 0).unwrap_or_default())
    }
}

/// The index, in step with the journal.
#[derive(Debug)]
pub(super) struct Index {
    shelf: Shelf,
    derive_version: u32,
    /// Entries on the shelf, a multiple of [`BLOCK`].
    base: u64,
    base_chain: Hash,
    buckets: u64,
    postings: u64,
    tail: Tail,
}

/// The entries behind the shelf.
#[derive(Debug, Default)]
struct Tail {
    leaves: Vec<Hash>,
    offsets: Vec<u32>,
    chains: Vec<Hash>,
    postings: Vec<Posting>,
}

impl Index {
    /// Reads what a shelf holds. One made by another version is an error: rebuild.
    pub(super) fn open(shelf: Shelf, derive_version: u32) -> Result<Self, ShelfError> {
        let mut index = Index {
            shelf,
            derive_version,
            base: 0,
            base_chain: CHAIN_START,
            buckets: 1,
            postings: 0,
            tail: Tail::default(),
        };
        if let Some(row) = index.shelf.get(b"m")? {
            index.read_meta(&row)?;
        }
        Ok(index)
    }

    /// Prepares an empty index for about `entries` entries.
    pub(super) fn expect(&mut self, entries: u64) {
        if self.base == 0 {
            self.buckets = (entries.saturating_mul(3) / PER_BUCKET).max(1);
        }
    }

    fn read_meta(&mut self, row: &[u8]) -> Result<(), ShelfError> {
        let short = || ShelfError("its first row is short".to_owned());
        let layout = u32::from_be_bytes(field(row, 0).ok_or_else(short)?);
        let derived = u32::from_be_bytes(field(row, 4).ok_or_else(short)?);
        if layout != LAYOUT || derived != self.derive_version {
            return Err(ShelfError("it was made by another version of this program".to_owned()));
        }
        self.base = u64::from_be_bytes(field(row, 8).ok_or_else(short)?);
        self.base_chain = Hash(field(row, 16).ok_or_else(short)?);
        self.buckets = u64::from_be_bytes(field(row, 48).ok_or_else(short)?).max(1);
        self.postings = u64::from_be_bytes(field(row, 56).ok_or_else(short)?);
        Ok(())
    }

    /// The shelf, to flush or close it.
    pub(super) fn shelf(&mut self) -> &mut Shelf {
        &mut self.shelf
    }

    /// Whether the rows are on disk or will be.
    pub(super) fn is_kept(&self) -> bool {
        self.shelf.place().is_some()
    }

    /// Entries on the shelf and the chain hash behind them.
    pub(super) fn absorbed(&self) -> (u64, Hash) {
        (self.base, self.base_chain)
    }

    /// All entries known.
    pub(super) fn size(&self) -> u64 {
        self.base + self.tail.leaves.len() as u64
    }

    /// Entries held in memory.
    pub(super) fn waiting(&self) -> u64 {
        self.tail.leaves.len() as u64
    }

    /// Adds the next entry.
    pub(super) fn push(&mut self, leaf: Hash, offset: u32, chain: Hash, postings: Vec<Posting>) {
        self.tail.postings.extend(postings);
        self.tail.leaves.push(leaf);
        self.tail.offsets.push(offset);
        self.tail.chains.push(chain);
    }

    fn in_tail<'a, T>(&self, list: &'a [T], seq: u64) -> Option<&'a T> {
        list.get(usize::try_from(seq.checked_sub(self.base)?).ok()?)
    }

    /// Where the frame of entry `seq` begins in its segment.
    pub(super) fn offset(&self, seq: u64) -> Result<u32, ShelfError> {
        if let Some(&offset) = self.in_tail(&self.tail.offsets, seq) {
            return Ok(offset);
        }
        let row = self.row(&numbered(b'p', seq / BLOCK))?;
        let at = (seq % BLOCK) as usize * 4;
        field(&row, at).map(u32::from_be_bytes).ok_or_else(|| missing(seq))
    }

    /// Chain hash behind entry `seq`, where it is in memory.
    pub(super) fn chain(&self, seq: u64) -> Option<Hash> {
        if seq.checked_add(1) == Some(self.base) {
            return Some(self.base_chain);
        }
        self.in_tail(&self.tail.chains, seq).copied()
    }

    /// The root of the complete subtree over leaves `index << level` and the
    /// 2^level - 1 behind it. The caller has checked that they are there.
    pub(super) fn node(&self, level: u8, index: u64) -> Result<Hash, ShelfError> {
        let end = index.saturating_add(1).checked_shl(level.into()).unwrap_or(u64::MAX);
        if end <= self.base {
            return self.shelved_node(level, index);
        }
        match level.checked_sub(1) {
            None => self.in_tail(&self.tail.leaves, index).copied().ok_or_else(|| missing(index)),
            Some(below) => {
                let left = self.node(below, index * 2)?;
                Ok(node_hash(&left, &self.node(below, index * 2 + 1)?))
            }
        }
    }

    fn shelved_node(&self, level: u8, index: u64) -> Result<Hash, ShelfError> {
        let (tile, within) = (level / 8, level % 8);
        let begin = index << within;
        let row = self.row(&tile_key(tile, begin / ROW_HASHES))?;
        let at = (begin % ROW_HASHES) as usize * 32;
        let bytes = row.get(at..at + (32 << within)).ok_or_else(|| missing(index))?;
        let (hashes, _) = bytes.as_chunks::<32>();
        fold(hashes.iter().copied().map(Hash).collect()).ok_or_else(|| missing(index))
    }

    fn row(&self, key: &[u8]) -> Result<Row, ShelfError> {
        self.shelf.get(key)?.ok_or_else(|| ShelfError("a row is missing".to_owned()))
    }

    /// Entries that may be meant by `wanted` (whose own entry does not matter),
    /// ascending.
    pub(super) fn candidates(&self, wanted: Posting) -> Result<Vec<u64>, ShelfError> {
        let mut found = Vec::new();
        if wanted.many {
            let prefix = numbered(b'l', wanted.hash);
            self.shelf.scan(&prefix, false, &mut |_, row| found.extend(entries_of(row)))?;
        } else {
            let bucket = bucket_of(wanted.hash, self.buckets);
            let row = self.shelf.get(&numbered(b'b', bucket))?.unwrap_or_default();
            found.extend(postings_of(&row).filter(|p| p.hash == wanted.hash).map(|p| p.seq));
        }
        let tail = self.tail.postings.iter();
        found
            .extend(tail.filter(|p| p.hash == wanted.hash && p.many == wanted.many).map(|p| p.seq));
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Sum of the weights of all postings on the shelf, to compare with the same
    /// sum over the journal.
    pub(super) fn shelved_weight(&self) -> Result<u128, ShelfError> {
        let mut sum = 0u128;
        self.shelf.scan(b"b", false, &mut |_, row| {
            for posting in postings_of(row) {
                sum = sum.wrapping_add(posting.weight());
            }
        })?;
        self.shelf.scan(b"l", false, &mut |key, row| {
            let hash = field(key, 1).map(u64::from_be_bytes).unwrap_or_default();
            for seq in entries_of(row) {
                sum = sum.wrapping_add(Posting { hash, seq, many: true }.weight());
            }
        })?;
        Ok(sum)
    }

    /// Moves the entries before `until`, rounded down to whole blocks, to the
    /// shelf: all of them or, after an error, none.
    pub(super) fn absorb(&mut self, until: u64) -> Result<(), ShelfError> {
        let until = until.min(self.size()) / BLOCK * BLOCK;
        let Some(count) = until.checked_sub(self.base).filter(|&count| count > 0) else {
            return Ok(());
        };
        let count = count as usize;
        let mut staged =
            Staged { shelf: &self.shelf, rows: BTreeMap::new(), pieces: HashMap::new() };
        let leaves = self.tail.leaves.get(..count).unwrap_or_default();
        let offsets = self.tail.offsets.get(..count).unwrap_or_default();
        for (block, hashes) in (self.base / BLOCK..).zip(leaves.chunks_exact(BLOCK as usize)) {
            staged.put_block(block, hashes)?;
        }
        for (block, part) in (self.base / BLOCK..).zip(offsets.chunks_exact(BLOCK as usize)) {
            let row = part.iter().flat_map(|offset| offset.to_be_bytes()).collect();
            staged.rows.insert(numbered(b'p', block), row);
        }
        let moved = self.tail.postings.partition_point(|posting| posting.seq < until);
        let (mut buckets, mut postings) = (self.buckets, self.postings);
        for posting in self.tail.postings.get(..moved).unwrap_or_default() {
            if posting.many {
                staged.put_in_list(posting)?;
            } else {
                staged.put_in_bucket(posting, buckets)?;
                postings += 1;
                if postings > buckets * PER_BUCKET {
                    staged.split_bucket(buckets)?;
                    buckets += 1;
                }
            }
        }
        let chain = self.tail.chains.get(count - 1).copied().ok_or_else(|| missing(until))?;
        let mut meta = Vec::with_capacity(64);
        meta.extend_from_slice(&LAYOUT.to_be_bytes());
        meta.extend_from_slice(&self.derive_version.to_be_bytes());
        meta.extend_from_slice(&until.to_be_bytes());
        meta.extend_from_slice(&chain.0);
        meta.extend_from_slice(&buckets.to_be_bytes());
        meta.extend_from_slice(&postings.to_be_bytes());
        let mut rows = staged.rows;
        rows.insert(b"m".to_vec(), meta);
        self.shelf.apply(rows)?;
        (self.base, self.base_chain, self.buckets, self.postings) =
            (until, chain, buckets, postings);
        self.tail.leaves.drain(..count);
        self.tail.offsets.drain(..count);
        self.tail.chains.drain(..count);
        self.tail.postings.drain(..moved);
        Ok(())
    }
}

/// Rows being changed, over those on the shelf.
struct Staged<'a> {
    shelf: &'a Shelf,
    rows: BTreeMap<Row, Row>,
    /// The last piece of each list touched.
    pieces: HashMap<u64, u32>,
}

impl Staged<'_> {
    fn row(&mut self, key: Row) -> Result<&mut Row, ShelfError> {
        match self.rows.entry(key) {
            std::collections::btree_map::Entry::Occupied(row) => Ok(row.into_mut()),
            std::collections::btree_map::Entry::Vacant(vacant) => {
                let row = self.shelf.get(vacant.key())?.unwrap_or_default();
                Ok(vacant.insert(row))
            }
        }
    }

    /// The leaves of one block, and the nodes above that this completes.
    fn put_block(&mut self, block: u64, leaves: &[Hash]) -> Result<(), ShelfError> {
        for (row, part) in (block * 2..).zip(leaves.chunks(ROW_HASHES as usize)) {
            let bytes = part.iter().flat_map(|hash| hash.0).collect();
            self.rows.insert(tile_key(0, row), bytes);
        }
        let mut node = fold(leaves.to_vec()).ok_or_else(|| missing(block))?;
        let (mut tile, mut index) = (1u8, block);
        loop {
            let row = self.row(tile_key(tile, index / ROW_HASHES))?;
            // Cut first, so that doing it again changes nothing.
            row.truncate((index % ROW_HASHES) as usize * 32);
            row.extend_from_slice(&node.0);
            if (index + 1) % BLOCK != 0 {
                return Ok(());
            }
            let mut hashes = Vec::with_capacity(BLOCK as usize);
            for half in [index / ROW_HASHES - 1, index / ROW_HASHES] {
                let row = self.row(tile_key(tile, half))?;
                hashes.extend(row.as_chunks::<32>().0.iter().copied().map(Hash));
            }
            node = fold(hashes).ok_or_else(|| missing(index))?;
            (tile, index) = (tile + 1, index / BLOCK);
        }
    }

    fn put_in_bucket(&mut self, posting: &Posting, buckets: u64) -> Result<(), ShelfError> {
        let row = self.row(numbered(b'b', bucket_of(posting.hash, buckets)))?;
        row.extend_from_slice(&posting.hash.to_be_bytes());
        row.extend_from_slice(&entry_bytes(posting.seq));
        Ok(())
    }

    /// Adds bucket number `buckets` and moves into it what now belongs there
    /// (linear hashing: the table grows by one bucket, never all at once).
    fn split_bucket(&mut self, buckets: u64) -> Result<(), ShelfError> {
        let power = 1u64 << buckets.ilog2();
        let old = buckets - power;
        let row = std::mem::take(self.row(numbered(b'b', old))?);
        let (mut stay, mut go) = (Vec::with_capacity(row.len()), Vec::new());
        for bytes in row.as_chunks::<POSTING>().0 {
            let hash = field(bytes, 0).map(u64::from_be_bytes).unwrap_or_default();
            let into = if bucket_of(hash, buckets + 1) == old { &mut stay } else { &mut go };
            into.extend_from_slice(bytes);
        }
        *self.row(numbered(b'b', old))? = stay;
        *self.row(numbered(b'b', buckets))? = go;
        Ok(())
    }

    fn put_in_list(&mut self, posting: &Posting) -> Result<(), ShelfError> {
        let prefix = numbered(b'l', posting.hash);
        let piece = match self.pieces.get(&posting.hash) {
            Some(&piece) => piece,
            None => {
                let mut last = 0;
                self.shelf.scan(&prefix, true, &mut |key, _| {
                    last = field(key, 9).map(u32::from_be_bytes).unwrap_or_default();
                })?;
                last
            }
        };
        let full = self.row(piece_key(&prefix, piece))?.len() >= PER_PIECE * ENTRY;
        let piece = piece + u32::from(full);
        self.pieces.insert(posting.hash, piece);
        self.row(piece_key(&prefix, piece))?.extend_from_slice(&entry_bytes(posting.seq));
        Ok(())
    }
}

/// Root of a complete subtree; None unless there is a power of two of hashes.
pub(super) fn fold(mut hashes: Vec<Hash>) -> Option<Hash> {
    if !hashes.len().is_power_of_two() {
        return None;
    }
    while hashes.len() > 1 {
        let (pairs, _) = hashes.as_chunks::<2>();
        hashes = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    hashes.pop()
}

fn bucket_of(hash: u64, buckets: u64) -> u64 {
    // buckets >= 1; the mask covers the table as if it were the next power of two.
    let mask = u64::MAX.checked_shr((buckets - 1).leading_zeros()).unwrap_or(0);
    let bucket = hash & mask;
    if bucket < buckets { bucket } else { bucket & (mask >> 1) }
}

fn short(hash: &Hash) -> u64 {
    u64::from_be_bytes(field(&hash.0, 0).unwrap_or_default())
}

fn numbered(tag: u8, number: u64) -> Row {
    let mut key = Vec::with_capacity(9);
    key.push(tag);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

fn tile_key(tile: u8, row: u64) -> Row {
    let mut key = vec![b't', tile];
    key.extend_from_slice(&row.to_be_bytes());
    key
}

fn piece_key(prefix: &[u8], piece: u32) -> Row {
    let mut key = prefix.to_vec();
    key.extend_from_slice(&piece.to_be_bytes());
    key
}

fn entry_bytes(seq: u64) -> [u8; ENTRY] {
    let [_, _, bytes @ ..] = seq.to_be_bytes();
    bytes
}

fn entry_from(bytes: &[u8; ENTRY]) -> u64 {
    let [a, b, c, d, e, f] = *bytes;
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

fn entries_of(row: &[u8]) -> impl Iterator<Item = u64> {
    row.as_chunks::<ENTRY>().0.iter().map(entry_from)
}

fn postings_of(row: &[u8]) -> impl Iterator<Item = Posting> {
    row.as_chunks::<POSTING>().0.iter().map(|bytes| Posting {
        hash: field(bytes, 0).map(u64::from_be_bytes).unwrap_or_default(),
        seq: field(bytes, 8).map(|seq| entry_from(&seq)).unwrap_or_default(),
        many: false,
    })
}

fn missing(number: u64) -> ShelfError {
    ShelfError(format!("what it holds about entry or node {number} is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::tree::{Frontier, leaf_hash};

    fn filled(count: u64, step: u64) -> (Index, Frontier) {
        let mut index = Index::open(Shelf::Memory(BTreeMap::new()), 1).unwrap();
        let mut frontier = Frontier::new();
        for seq in 0..count {
            let leaf = leaf_hash(&seq.to_be_bytes());
            frontier.push(leaf);
            let keys = [
                Key::Medium(format!("m{}", seq % 7)),
                Key::Receipt(format!("r{seq}")),
                Key::Receipt(format!("r{seq}")),
            ];
            index.push(leaf, seq as u32, leaf, Posting::of_entry(&leaf, &keys, seq));
            if index.waiting() >= step {
                index.absorb(u64::MAX).unwrap();
            }
        }
        (index, frontier)
    }

    #[test]
    fn every_node_and_posting_is_found_on_the_shelf_and_behind_it() {
        for step in [1000, 4096] {
            let (index, _) = filled(70_000, step);
            let mut below: Vec<Hash> =
                (0..70_000u64).map(|seq| leaf_hash(&seq.to_be_bytes())).collect();
            for level in 0..17u8 {
                for (at, hash) in below.iter().enumerate().step_by(if level < 8 { 97 } else { 1 }) {
                    assert_eq!(index.node(level, at as u64).unwrap(), *hash, "{level} {at}");
                }
                below = below.as_chunks::<2>().0.iter().map(|[a, b]| node_hash(a, b)).collect();
            }
            for seq in (0..70_000).step_by(61) {
                let receipt = Posting::of_key(&Key::Receipt(format!("r{seq}")), 0);
                assert_eq!(index.candidates(receipt).unwrap(), [seq]);
                assert_eq!(index.offset(seq).unwrap(), seq as u32);
            }
            let medium = Posting::of_key(&Key::Medium("m3".to_owned()), 0);
            let expected: Vec<u64> = (0..70_000).filter(|seq| seq % 7 == 3).collect();
            assert_eq!(index.candidates(medium).unwrap(), expected);
        }
    }

    #[test]
    fn buckets_split_one_at_a_time() {
        for buckets in 1..200u64 {
            for hash in 0..1000u64 {
                let (now, then) = (bucket_of(hash, buckets), bucket_of(hash, buckets + 1));
                assert!(now < buckets);
                assert!(then == now || then == buckets, "{hash} {buckets}");
                let power = 1u64 << buckets.ilog2();
                assert!(then == now || now == buckets - power);
            }
        }
    }
}
