//! A ledger that lives as long as the process: for tests and for what needs a
//! store without a disk. It keeps the contract but for what a power cut asks.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};

use super::error::Cause;
use super::frame::{CHAIN_START, chain_hash};
use super::{Derive, Head, Key, Store, StoreError, Visitor, check_append, check_range, checkpoint};
use crate::model::Hash;
use crate::proof::tree::{Frontier, Nodes, leaf_hash};

/// Entries in memory.
#[derive(Debug)]
pub struct MemoryStore {
    derive: Derive,
    notes: Vec<Vec<u8>>,
    /// Complete subtrees: by level, then by index.
    nodes: Vec<Vec<Hash>>,
    found: HashMap<Key, Vec<u64>>,
    leaves: HashMap<Hash, u64>,
    frontier: Frontier,
    chain: Hash,
    snapshot: Option<(u64, Vec<u8>)>,
    checkpoint: Option<Vec<u8>>,
}

impl MemoryStore {
    /// An empty ledger whose entries are found by what `derive` names.
    pub fn new(derive: Derive) -> Self {
        MemoryStore {
            derive,
            notes: Vec::new(),
            nodes: Vec::new(),
            found: HashMap::new(),
            leaves: HashMap::new(),
            frontier: Frontier::new(),
            chain: CHAIN_START,
            snapshot: None,
            checkpoint: None,
        }
    }

    fn push(&mut self, note: &[u8]) {
        let seq = self.notes.len() as u64;
        let leaf = leaf_hash(note);
        for (level, _, hash) in self.frontier.push(leaf) {
            let level = usize::from(level);
            while self.nodes.len() <= level {
                self.nodes.push(Vec::new());
            }
            if let Some(row) = self.nodes.get_mut(level) {
                row.push(hash);
            }
        }
        for key in (self.derive)(note) {
            let list = self.found.entry(key).or_default();
            if list.last() != Some(&seq) {
                list.push(seq);
            }
        }
        self.leaves.entry(leaf).or_insert(seq);
        self.chain = chain_hash(&self.chain, seq, &leaf);
        self.notes.push(note.to_vec());
    }

    fn slice(&self, range: &Range<u64>) -> Result<&[Vec<u8>], StoreError> {
        let size = self.notes.len() as u64;
        check_range(size, range)?;
        let past = |_| StoreError::OutOfRange { asked: range.end, size };
        let begin = usize::try_from(range.start).map_err(past)?;
        let end = usize::try_from(range.end).map_err(past)?;
        self.notes.get(begin..end).ok_or(StoreError::OutOfRange { asked: range.end, size })
    }
}

impl Nodes for MemoryStore {
    type Error = StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        let row = self.nodes.get(usize::from(level));
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        row.and_then(|row| row.get(at)).copied().ok_or(StoreError::OutOfRange {
            asked: index.checked_shl(level.into()).unwrap_or(u64::MAX),
            size: self.notes.len() as u64,
        })
    }
}

impl Store for MemoryStore {
    fn head(&self) -> Head {
        Head { size: self.notes.len() as u64, root: self.frontier.root(), chain: self.chain }
    }

    fn append(&mut self, expected: u64, notes: &[Vec<u8>]) -> Result<Head, StoreError> {
        check_append(&self.head(), expected, notes)?;
        for note in notes {
            self.push(note);
        }
        Ok(self.head())
    }

    fn read(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StoreError> {
        self.slice(&range).map(<[Vec<u8>]>::to_vec)
    }

    fn visit(&self, range: Range<u64>, each: Visitor<'_>) -> Result<(), StoreError> {
        for (seq, note) in (range.start..).zip(self.slice(&range)?) {
            if let ControlFlow::Break(()) = each(seq, note) {
                break;
            }
        }
        Ok(())
    }

    fn find(&self, key: &Key) -> Result<Vec<u64>, StoreError> {
        Ok(self.found.get(key).cloned().unwrap_or_default())
    }

    fn find_leaf(&self, leaf: &Hash) -> Result<Option<u64>, StoreError> {
        Ok(self.leaves.get(leaf).copied())
    }

    fn snapshot(&self) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        Ok(self.snapshot.clone())
    }

    fn put_snapshot(&mut self, size: u64, bytes: &[u8]) -> Result<(), StoreError> {
        check_range(self.notes.len() as u64, &(0..size))?;
        self.snapshot = Some((size, bytes.to_vec()));
        Ok(())
    }

    fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.checkpoint.clone())
    }

    fn put_checkpoint(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let stated = checkpoint::parse(bytes)?;
        check_range(self.notes.len() as u64, &(0..stated.size))?;
        if Frontier::load(self, stated.size)?.root() != stated.root {
            let cause = Cause::History { size: stated.size };
            return Err(StoreError::damaged(None, checkpoint::NAME, cause));
        }
        self.checkpoint = Some(bytes.to_vec());
        Ok(())
    }
}
