//! A store that fails on demand, for the tests of whatever stands above a store.
//! The "disk" outlives the store, so a test can fail a write, open again and see
//! which of the two outcomes it got.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    Derive, Head, Key, MemoryStore, Store, StoreError, Visitor, check_append, check_range,
};
use crate::model::Hash;
use crate::proof::tree::Nodes;

/// How a write fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails and nothing is kept.
    Failed,
    /// It fails and all of it is kept nevertheless.
    FailedButPersisted,
}

/// A [`MemoryStore`] whose n-th write (append, snapshot or checkpoint, counted
/// from 0 over all stores opened on one disk) fails once.
#[derive(Debug)]
pub struct FaultyStore {
    disk: Arc<Mutex<Disk>>,
    /// What this opener was told; a write that failed is not in it.
    head: Head,
    poisoned: bool,
}

#[derive(Debug)]
struct Disk {
    kept: MemoryStore,
    writes: u64,
    plan: Option<(u64, Fault)>,
}

impl FaultyStore {
    /// An empty ledger that fails its write number `at`; None never fails.
    pub fn new(derive: Derive, plan: Option<(u64, Fault)>) -> Self {
        let kept = MemoryStore::new(derive);
        let head = kept.head();
        let disk = Disk { kept, writes: 0, plan };
        FaultyStore { disk: Arc::new(Mutex::new(disk)), head, poisoned: false }
    }

    /// What a new process would see: the same disk, with nothing poisoned.
    #[must_use]
    pub fn reopen(&self) -> Self {
        let head = self.disk().kept.head();
        FaultyStore { disk: Arc::clone(&self.disk), head, poisoned: false }
    }

    /// Number of writes asked for so far on this disk.
    pub fn writes(&self) -> u64 {
        self.disk().writes
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `write` to the disk, unless the plan says that this one fails.
    fn write<T>(
        &mut self,
        write: impl FnOnce(&mut MemoryStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        let mut disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        let number = disk.writes;
        disk.writes += 1;
        match disk.plan {
            Some((at, fault)) if at == number => {
                if fault == Fault::FailedButPersisted {
                    write(&mut disk.kept)?;
                }
                drop(disk);
                self.poisoned = true;
                Err(StoreError::Unknown { source: std::io::Error::other("injected fault") })
            }
            _ => write(&mut disk.kept),
        }
    }
}

impl Nodes for FaultyStore {
    type Error = StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        let end =
            index.checked_add(1).and_then(|next| next.checked_mul(1u64.checked_shl(level.into())?));
        match end {
            Some(end) if end <= self.head.size => self.disk().kept.node(level, index),
            _ => {
                Err(StoreError::OutOfRange { asked: end.unwrap_or(u64::MAX), size: self.head.size })
            }
        }
    }
}

impl Store for FaultyStore {
    fn head(&self) -> Head {
        self.head
    }

    fn append(&mut self, expected: u64, notes: &[Vec<u8>]) -> Result<Head, StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        // What is refused before a byte is written is no write.
        check_append(&self.head, expected, notes)?;
        self.head = self.write(|kept| kept.append(expected, notes))?;
        Ok(self.head)
    }

    fn read(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StoreError> {
        check_range(self.head.size, &range)?;
        self.disk().kept.read(range)
    }

    fn visit(&self, range: Range<u64>, each: Visitor<'_>) -> Result<(), StoreError> {
        // Copied first: `each` may well ask this store something.
        for (seq, note) in (range.start..).zip(self.read(range)?) {
            if each(seq, &note).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn find(&self, key: &Key) -> Result<Vec<u64>, StoreError> {
        let mut found = self.disk().kept.find(key)?;
        found.retain(|&seq| seq < self.head.size);
        Ok(found)
    }

    fn find_leaf(&self, leaf: &Hash) -> Result<Option<u64>, StoreError> {
        Ok(self.disk().kept.find_leaf(leaf)?.filter(|&seq| seq < self.head.size))
    }

    fn snapshot(&self) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        self.disk().kept.snapshot()
    }

    fn put_snapshot(&mut self, size: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.write(|kept| kept.put_snapshot(size, bytes))
    }

    fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.disk().kept.checkpoint()
    }

    fn put_checkpoint(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.write(|kept| kept.put_checkpoint(bytes))
    }
}
