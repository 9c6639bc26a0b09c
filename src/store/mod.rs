//! The ledger's shelf: an append-only sequence of notes, the RFC 6962 tree over
//! them, and a way to find a note by what it names.
//!
//! [`Store`] is deliberately narrow. What stores share is its contract, which
//! `tests/store_contract.rs` runs over every one of them, and no code:
//! [`FileStore`] keeps a journal it syncs itself with sled on top
//! (`FORMAT-journal.md` has the bytes), [`MemoryStore`] keeps nothing past the
//! process, [`FaultyStore`] fails on demand for the tests of whatever stands
//! above, [`RemoteStore`] speaks to the process that owns the ledger.

pub mod archive;
pub mod attachments;
mod checkpoint;
mod error;
mod file;
mod folder;
mod follow;
mod frame;
pub mod fsck;
mod head;
mod index;
pub mod io;
mod journal;
mod lock;
mod published;
mod recover;
pub mod remote;
pub mod rounds;
mod salvage;
mod scan;
mod shelf;
pub mod small_files;
pub mod state;

pub mod faulty;
pub mod memory;

use std::ops::{ControlFlow, Range};

use serde::{Deserialize, Serialize};

pub use attachments::{Attachments, Kept};
pub use error::{Cause, Damage, StoreError, Witness};
pub use faulty::{Fault, FaultyStore};
pub use file::{FileStore, Notice, Options};
pub use follow::Follower;
pub use frame::{Flaw, chain_hash};
pub use memory::MemoryStore;
pub use published::Published;
pub use remote::RemoteStore;
pub use salvage::salvage;
pub use small_files::SmallFiles;

use crate::model::Hash;
use crate::proof::tree::Nodes;

/// The largest note, in bytes: tlog-tiles states an entry's length in 16 bits.
pub const MAX_NOTE_BYTES: usize = 65_535;

/// The most bytes one append takes, 92 around each note included. An append is written at one go, so
/// this bounds its memory.
pub const MAX_APPEND_BYTES: usize = 64 << 20;

/// What an entry can be found by. Comparison is by exact bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Key {
    /// A medium's id.
    Medium(String),
    /// A party's name.
    Party(String),
    /// A receipt's id.
    Receipt(String),
    /// The idempotency id of a statement.
    Nonce([u8; 16]),
}

/// Names what a note can be found by. It must be pure and must not panic, on any
/// bytes: a store calls it again, years later, to rebuild its index from the
/// notes alone. Whoever changes its answer for a note already stored raises
/// [`Options::derive_version`].
pub type Derive = fn(&[u8]) -> Vec<Key>;

/// Where the ledger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number of entries; the next entry's index.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Hash,
    /// Hash over all notes in their order, see [`chain_hash`]; 32 zero bytes for
    /// the empty ledger.
    pub chain: Hash,
}

/// Called now and then during long work with (done, total), in entries or bytes.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// What [`Store::visit`] calls with each entry's index and note.
pub type Visitor<'a> = &'a mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>;

/// An append-only ledger and its tree.
///
/// What every backend owes its caller:
///
/// - **Order and sole writer.** One process owns a ledger. An append happens at
///   the size the caller expected or not at all.
/// - **Acknowledged means kept.** When `append` returned Ok, its entries survive
///   the process, the kernel and the power.
/// - **Failed means whole or nothing.** When `append` returned an error the
///   entries are there or not, each entry entirely, and those that are there are
///   a prefix of the batch. [`StoreError::Unknown`] says that nobody knows which
///   until the ledger has been opened again and the entry looked up by its leaf
///   or nonce; after every other error none of the batch is there.
/// - **No second try.** After a failed write or sync the writer is
///   [`StoreError::Poisoned`]: a kernel that failed a sync may report the next
///   one as done although the bytes are gone. Reads go on.
/// - **Truth or a name.** A read returns the bytes that were appended or an error
///   that says which entry is damaged; never other bytes, never fewer entries.
/// - **The index is no truth.** `find` and `find_leaf` check each hit against the
///   entry itself.
/// - **Bounded memory.** Nothing but `read` and `find` holds more than a part of
///   the ledger, and those hold what was asked for.
pub trait Store: Nodes<Error = StoreError> + Send {
    /// Where the acknowledged ledger stands.
    fn head(&self) -> Head;

    /// Where it stands now. Only a store whose ledger others append to as well has to
    /// ask; every other one knows.
    ///
    /// # Errors
    /// `Owner` when the one who owns the ledger does not answer.
    fn catch_up(&mut self) -> Result<Head, StoreError> {
        Ok(self.head())
    }

    /// Whether another process owns the ledger, judges what is appended, keeps the folded
    /// state and signs the checkpoints.
    fn owned_elsewhere(&self) -> bool {
        false
    }

    /// Appends `notes` (1 to [`MAX_NOTE_BYTES`] bytes each, together at most
    /// [`MAX_APPEND_BYTES`]) behind entry `expected - 1` and returns the new head.
    /// No notes is no change.
    ///
    /// # Errors
    /// `Conflict` when `expected` is not the size, `TooLarge` or `EmptyNote`,
    /// `DiskFull`, `ReadOnly`, `Poisoned`: nothing was appended. `Unknown`: see
    /// the trait's obligations.
    fn append(&mut self, expected: u64, notes: &[Vec<u8>]) -> Result<Head, StoreError>;

    /// The notes of `range`, in order.
    ///
    /// # Errors
    /// `OutOfRange`, `Damaged` with the entry, `Io`.
    fn read(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Shows each note of `range` to `each`, in order and in bounded memory, until
    /// it breaks.
    ///
    /// # Errors
    /// `OutOfRange`, `Damaged` with the entry, `Io`. What was shown before the
    /// error is good.
    fn visit(&self, range: Range<u64>, each: Visitor<'_>) -> Result<(), StoreError>;

    /// Indices of the entries whose note names `key`, ascending.
    ///
    /// # Errors
    /// `Index` when the index cannot be read, `Damaged`, `Io`.
    fn find(&self, key: &Key) -> Result<Vec<u64>, StoreError>;

    /// The first entry with this leaf hash.
    ///
    /// # Errors
    /// As `find`.
    fn find_leaf(&self, leaf: &Hash) -> Result<Option<u64>, StoreError>;

    /// The newest folded state that still belongs to this ledger, with the size it
    /// was folded at. One that is damaged or belongs to another history is None:
    /// it can be folded again.
    ///
    /// # Errors
    /// `Io` when the file system fails.
    fn snapshot(&self) -> Result<Option<(u64, Vec<u8>)>, StoreError>;

    /// Keeps the state folded from the first `size` entries, in place of the one
    /// before. Losing it costs time only.
    ///
    /// # Errors
    /// `OutOfRange` when `size` is past the head, `DiskFull`, `ReadOnly`, `Io`.
    fn put_snapshot(&mut self, size: u64, bytes: &[u8]) -> Result<(), StoreError>;

    /// The newest checkpoint kept, byte for byte.
    ///
    /// # Errors
    /// `Io` when the file system fails.
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps a signed checkpoint (c2sp.org/tlog-checkpoint) in place of the one
    /// before. After Ok it survives a power cut; after an error the old or the new
    /// one is there, whole. The ledger is refused at its next open when it holds
    /// fewer entries than this checkpoint states.
    ///
    /// # Errors
    /// `Damaged` when the bytes do not begin like a checkpoint, `OutOfRange` when
    /// it is ahead of the head, `DiskFull`, `ReadOnly`, `Io`.
    fn put_checkpoint(&mut self, bytes: &[u8]) -> Result<(), StoreError>;
}

/// What every store checks before it writes a byte.
fn check_append(head: &Head, expected: u64, notes: &[Vec<u8>]) -> Result<(), StoreError> {
    if head.size != expected {
        return Err(StoreError::Conflict { expected, actual: head.size });
    }
    let mut total = 0usize;
    for note in notes {
        if note.is_empty() {
            return Err(StoreError::EmptyNote);
        }
        if note.len() > MAX_NOTE_BYTES {
            return Err(StoreError::TooLarge { bytes: note.len(), limit: MAX_NOTE_BYTES });
        }
        // With the frame around it: many tiny notes are large on disk.
        total = total.saturating_add(note.len() + frame::HEADER + frame::TRAILER);
    }
    if total > MAX_APPEND_BYTES {
        return Err(StoreError::TooLarge { bytes: total, limit: MAX_APPEND_BYTES });
    }
    Ok(())
}

/// What every store checks before it reads.
fn check_range(size: u64, range: &Range<u64>) -> Result<(), StoreError> {
    if range.end > size || range.start > range.end {
        return Err(StoreError::OutOfRange { asked: range.end.max(range.start), size });
    }
    Ok(())
}
