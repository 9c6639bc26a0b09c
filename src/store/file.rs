//! The ledger on disk: the journal, what remembers its size, and the index, under
//! one owner.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{Cause, StoreError, is_full};
use super::folder::{self, Ballast};
use super::frame::CHAIN_START;
use super::head::{HeadFile, Slot};
use super::index::{Index, Posting};
use super::io::{Io, RealIo, read_whole, replace};
use super::journal::{Failed, Journal, Limits, Written, relative};
use super::lock::Lock;
use super::shelf::ShelfError;
use super::{
    Derive, Head, Key, Progress, Store, Visitor, check_append, check_range, checkpoint, recover,
    state,
};
use crate::model::Hash;
use crate::proof::tree::{Frontier, Nodes, leaf_hash};

/// sled is flushed and synced once per this many turns of the index.
const FLUSH: u64 = 4;
/// From this many notes on, hashing them goes on beside the sync.
const MANY: usize = 16;

/// How a ledger on disk is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Names what a note can be found by.
    pub derive: Derive,
    /// Raised whenever `derive` answers differently for the same note: the index
    /// is then rebuilt.
    pub derive_version: u32,
    /// The file system.
    pub io: Arc<dyn Io>,
    /// A journal segment is at most this many bytes, unless a single append is
    /// larger. Never above 1 GiB.
    pub segment_bytes: u64,
    /// The journal reserves space in steps of this many bytes.
    pub reserve_bytes: u64,
    /// Bytes set aside for closing on a full disk; 0 for none.
    pub ballast_bytes: u64,
    /// The index takes entries off the journal's tail when this many wait, at least
    /// 256. Many at a time, since each of its rows is touched once per time; after a
    /// kill as many are read again, which takes about a second.
    pub absorb_entries: u64,
    /// sled's cache, in bytes.
    pub cache_bytes: u64,
    /// The checkpoint is not read: it is known to be damaged, and what it remembers is then
    /// known from the head file alone. For nothing but signing another one.
    pub without_checkpoint: bool,
    /// A second head file, best on another disk.
    pub head_copy: Option<PathBuf>,
    /// Names this run of the kernel; a file left open in another run may have lost
    /// what was never synced.
    pub boot: String,
}

impl Options {
    /// What a ledger is opened with unless there is a reason not to: 64 MiB
    /// segments, 1 MiB reserved at a time, 1 MiB of ballast, 65,536 entries to the
    /// index at a time, 32 MiB of cache.
    pub fn new(derive: Derive, derive_version: u32) -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
        Options {
            derive,
            derive_version,
            io: Arc::new(RealIo),
            segment_bytes: 64 << 20,
            reserve_bytes: 1 << 20,
            ballast_bytes: 1 << 20,
            absorb_entries: 65_536,
            cache_bytes: 32 << 20,
            without_checkpoint: false,
            head_copy: None,
            // Unknown is never equal to an earlier boot's name.
            boot: boot.map_or_else(
                |_| format!("unknown, process {}", std::process::id()),
                |text| text.trim().to_owned(),
            ),
        }
    }

    pub(super) fn limits(&self) -> Limits {
        Limits { segment: self.segment_bytes.min(1 << 30), reserve: self.reserve_bytes }
    }
}

/// What opening a ledger found and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// An append was cut short before it was acknowledged; its bytes were moved.
    TornTail {
        /// The entry that was being written.
        entry: u64,
        /// How many bytes there were.
        bytes: u64,
        /// The file they are in now.
        kept: PathBuf,
    },
    /// Entries were found whole that nobody had been told of. They are part of the
    /// ledger now.
    Unacknowledged {
        /// The first of them.
        from: u64,
        /// The entry behind the last.
        to: u64,
    },
    /// A slot of a head file could not be read and was written anew.
    HeadSlot {
        /// The head file.
        file: PathBuf,
    },
    /// The index was or is being built anew.
    IndexRebuilt {
        /// Why.
        cause: String,
    },
    /// The index had not been closed; a copy was made before it was opened.
    IndexCopied {
        /// The copy.
        copy: PathBuf,
    },
    /// The ledger can only be read.
    ReadOnly {
        /// Why.
        why: String,
    },
}

/// A ledger on disk, owned by this process until dropped.
#[derive(Debug)]
pub struct FileStore {
    pub(super) folder: PathBuf,
    pub(super) options: Options,
    pub(super) journal: Journal,
    pub(super) heads: Vec<HeadFile>,
    pub(super) head: Slot,
    pub(super) frontier: Frontier,
    pub(super) index: Index,
    pub(super) ballast: Ballast,
    pub(super) poisoned: bool,
    pub(super) read_only: Option<String>,
    pub(super) notices: Vec<Notice>,
    pub(super) unflushed: u64,
    // Last, so that ownership ends after everything else was closed.
    pub(super) _lock: Lock,
}

impl FileStore {
    /// Lays out an empty ledger in `folder`, which is made if missing. A creation
    /// that was interrupted can be done again.
    ///
    /// # Errors
    /// `NotEmpty` when anything else is there, `Locked`, `DiskFull`, `Io`.
    pub fn create(folder: &Path, options: &Options) -> Result<(), StoreError> {
        folder::create(&*options.io, folder, options.ballast_bytes)
    }

    /// Opens the ledger in `folder` and becomes its owner. Takes time in
    /// proportion to the journal only when the index has to be built; `progress`
    /// then hears of entries done and in all.
    ///
    /// # Errors
    /// `NotALedger`, `NewerFormat`, `Locked`; `AcknowledgedMissing` or `Damaged`
    /// when what was acknowledged is not all there; `Io`.
    pub fn open(
        folder: &Path,
        options: &Options,
        progress: Progress<'_>,
    ) -> Result<Self, StoreError> {
        recover::open(folder, options, false, progress)
    }

    /// What opening found and did, in order.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Why the ledger can only be read, if so.
    pub fn read_only(&self) -> Option<&str> {
        self.read_only.as_deref()
    }

    /// Closes the ledger so that its next open is quick. Dropping does the same
    /// and keeps quiet about errors.
    ///
    /// # Errors
    /// `Index` when the index could not be closed properly; nothing is lost then
    /// but time.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.finish().map_err(index_error)
    }

    /// Puts the whole blocks of the tail into the index.
    pub(super) fn absorb_all(&mut self) -> Result<(), StoreError> {
        self.index.absorb(self.head.size).map_err(index_error)
    }

    fn finish(&mut self) -> Result<(), ShelfError> {
        if self.index.is_kept() && self.read_only.is_none() {
            self.index.absorb(self.head.size)?;
        }
        self.index.shelf().close()
    }

    /// Chain hash behind the first `size` entries.
    fn chain_behind(&self, size: u64) -> Result<Hash, StoreError> {
        chain_behind(&self.journal, &self.index, size)
    }

    /// Writes the notes durably and prepares what follows from them: beside the
    /// sync where there are many, since that is time spent waiting for the disk.
    fn write_and_prepare(&mut self, notes: &[Vec<u8>]) -> (Result<Written, Failed>, Prepared) {
        let FileStore { journal, head, frontier, options, .. } = self;
        if notes.len() < MANY {
            let leaves: Vec<Hash> = notes.iter().map(|note| leaf_hash(note)).collect();
            let written = journal.append(head, notes, &leaves);
            return (written, Prepared::of(frontier, options.derive, notes, leaves));
        }
        // Only what runs beside the disk goes over to another thread: to wait for
        // one costs about as much as hashing a hundred notes does.
        let leaves: Vec<Hash> = notes.iter().map(|note| leaf_hash(note)).collect();
        let (beside, mut prepared) = (leaves.clone(), None);
        let written = rayon::in_place_scope(|scope| {
            scope.spawn(|_| prepared = Some(Prepared::of(frontier, options.derive, notes, beside)));
            journal.append(head, notes, &leaves)
        });
        let anew = || Prepared::of(frontier, options.derive, notes, leaves);
        (written, prepared.unwrap_or_else(anew))
    }

    fn acknowledge(&mut self, slot: Slot) -> Result<(), StoreError> {
        for head in &mut self.heads {
            if let Err(source) = head.write(slot) {
                self.poisoned = true;
                return Err(StoreError::Unknown { source });
            }
        }
        Ok(())
    }

    /// Moves the tail to the index when enough waits. The entries are acknowledged
    /// whatever comes of it; an index that fails is rebuilt at the next open.
    fn absorb_now_and_then(&mut self) {
        if self.index.waiting() < self.options.absorb_entries {
            return;
        }
        self.unflushed += 1;
        let mut absorbed = self.index.absorb(self.head.size);
        if absorbed.is_ok() && self.unflushed >= FLUSH {
            self.unflushed = 0;
            absorbed = self.index.shelf().flush();
        }
        if absorbed.is_err() {
            self.poisoned = true;
        }
    }

    fn refuse_unless_writable(&self) -> Result<(), StoreError> {
        match &self.read_only {
            Some(why) => Err(StoreError::ReadOnly { why: why.clone() }),
            None => Ok(()),
        }
    }

    /// One note, as its frame's checksum and chain hash vouch for it. Its leaf in
    /// the tree is not asked: that would read a whole row of the index.
    fn note(&self, seq: u64) -> Result<Vec<u8>, StoreError> {
        let offset = self.index.offset(seq).map_err(index_error)?;
        Ok(self.journal.read(seq, offset.into())?.0)
    }

    fn place_of(&self, seq: u64) -> String {
        relative(self.journal.segment_of(seq).unwrap_or(0))
    }
}

/// What an append needs beside the frames.
struct Prepared {
    leaves: Vec<Hash>,
    postings: Vec<Vec<Posting>>,
    /// Of the ledger with the new entries.
    frontier: Frontier,
}

impl Prepared {
    fn of(frontier: &Frontier, derive: Derive, notes: &[Vec<u8>], leaves: Vec<Hash>) -> Self {
        let mut frontier = frontier.clone();
        let mut postings = Vec::with_capacity(notes.len());
        for (leaf, note) in leaves.iter().zip(notes) {
            postings.push(Posting::of_entry(leaf, &derive(note), frontier.size()));
            frontier.push(*leaf);
        }
        Prepared { leaves, postings, frontier }
    }
}

/// Chain hash behind the first `size` entries, which are there.
pub(super) fn chain_behind(
    journal: &Journal,
    index: &Index,
    size: u64,
) -> Result<Hash, StoreError> {
    let Some(last) = size.checked_sub(1) else { return Ok(CHAIN_START) };
    if let Some(chain) = index.chain(last) {
        return Ok(chain);
    }
    let offset = index.offset(last).map_err(index_error)?;
    Ok(journal.read(last, offset.into())?.1)
}

/// Root over the first `size` leaves of a tree that has at least as many.
pub(super) fn root_at<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    Ok(Frontier::load(nodes, size)?.root())
}

pub(super) fn index_error(error: ShelfError) -> StoreError {
    StoreError::Index { cause: error.0 }
}

impl Drop for FileStore {
    fn drop(&mut self) {
        // The journal is synced already; only the next open's speed is at stake.
        let _ = self.finish();
    }
}

impl Nodes for FileStore {
    type Error = StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        let size = self.head.size;
        let end = index.checked_add(1).filter(|_| level < 64).and_then(|next| {
            let end = next << level;
            (end >> level == next).then_some(end)
        });
        match end {
            Some(end) if end <= size => self.index.node(level, index).map_err(index_error),
            _ => Err(StoreError::OutOfRange { asked: end.unwrap_or(u64::MAX), size }),
        }
    }
}

impl Store for FileStore {
    fn head(&self) -> Head {
        Head { size: self.head.size, root: self.head.root, chain: self.head.chain }
    }

    fn append(&mut self, expected: u64, notes: &[Vec<u8>]) -> Result<Head, StoreError> {
        self.refuse_unless_writable()?;
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        check_append(&self.head(), expected, notes)?;
        if notes.is_empty() {
            return Ok(self.head());
        }
        // Appending into the last free megabyte would leave none to close with.
        if !self.ballast.hold(&*self.options.io, &self.folder) {
            return Err(StoreError::DiskFull);
        }
        let (written, prepared) = self.write_and_prepare(notes);
        let written = match written {
            Ok(written) => written,
            Err(Failed::Before(StoreError::DiskFull)) => {
                self.ballast.release(&*self.options.io, &self.folder);
                return Err(StoreError::DiskFull);
            }
            Err(failed) => {
                self.poisoned = true;
                return Err(match failed {
                    Failed::Before(error) => error,
                    Failed::Within(source) => StoreError::Unknown { source },
                });
            }
        };
        let Prepared { leaves, postings, frontier } = prepared;
        let chain = written.chains.last().copied().unwrap_or(self.head.chain);
        let slot = Slot { size: frontier.size(), chain, root: frontier.root() };
        self.acknowledge(slot)?;
        let entries = postings.into_iter().zip(leaves).zip(written.offsets).zip(written.chains);
        for (((postings, leaf), offset), chain) in entries {
            self.index.push(leaf, offset, chain, postings);
        }
        self.head = slot;
        self.frontier = frontier;
        self.absorb_now_and_then();
        Ok(self.head())
    }

    fn read(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut notes = Vec::new();
        let mut wrong = None;
        self.visit(range, &mut |seq, note| {
            match self.index.node(0, seq) {
                Ok(leaf) if leaf == leaf_hash(note) => notes.push(note.to_vec()),
                Ok(_) => {
                    let place = self.place_of(seq);
                    wrong = Some(StoreError::damaged(Some(seq), &place, Cause::Leaf));
                }
                Err(error) => wrong = Some(index_error(error)),
            }
            if wrong.is_some() {
                return std::ops::ControlFlow::Break(());
            }
            std::ops::ControlFlow::Continue(())
        })?;
        wrong.map_or(Ok(notes), Err)
    }

    fn visit(&self, range: Range<u64>, each: Visitor<'_>) -> Result<(), StoreError> {
        check_range(self.head.size, &range)?;
        if range.is_empty() {
            return Ok(());
        }
        let offset = self.index.offset(range.start).map_err(index_error)?;
        self.journal.walk(range.start, range.end, offset.into(), each)
    }

    fn find(&self, key: &Key) -> Result<Vec<u64>, StoreError> {
        let candidates = self.index.candidates(Posting::of_key(key, 0)).map_err(index_error)?;
        let mut found = Vec::with_capacity(candidates.len());
        for seq in candidates.into_iter().filter(|&seq| seq < self.head.size) {
            // Eight bytes of a hash are a hint; the note decides.
            if (self.options.derive)(&self.note(seq)?).contains(key) {
                found.push(seq);
            }
        }
        Ok(found)
    }

    fn find_leaf(&self, leaf: &Hash) -> Result<Option<u64>, StoreError> {
        let candidates = self.index.candidates(Posting::of_leaf(leaf, 0)).map_err(index_error)?;
        for seq in candidates.into_iter().filter(|&seq| seq < self.head.size) {
            if leaf_hash(&self.note(seq)?) == *leaf {
                return Ok(Some(seq));
            }
        }
        Ok(None)
    }

    fn snapshot(&self) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        let Some(folded) = state::load(&*self.options.io, &self.folder)? else { return Ok(None) };
        let known = folded.size <= self.head.size;
        if known && self.chain_behind(folded.size)? == folded.chain {
            return Ok(Some((folded.size, folded.bytes)));
        }
        Ok(None)
    }

    fn put_snapshot(&mut self, size: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.refuse_unless_writable()?;
        check_range(self.head.size, &(0..size))?;
        let chain = self.chain_behind(size)?;
        state::store(&*self.options.io, &self.folder, size, &chain, bytes)
    }

    fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.folder.join(checkpoint::NAME);
        read_whole(&*self.options.io, &path, checkpoint::MAX_BYTES)
            .map_err(|source| StoreError::io("read", &path, source))
    }

    fn put_checkpoint(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.refuse_unless_writable()?;
        let stated = checkpoint::parse(bytes)?;
        check_range(self.head.size, &(0..stated.size))?;
        if root_at(self, stated.size)? != stated.root {
            let cause = Cause::History { size: stated.size };
            return Err(StoreError::damaged(None, checkpoint::NAME, cause));
        }
        let io = Arc::clone(&self.options.io);
        let put = || replace(&*io, &self.folder, checkpoint::NAME, bytes);
        let mut outcome = put();
        if outcome.as_ref().is_err_and(is_full) {
            // This is what the ballast is for.
            self.ballast.release(&*io, &self.folder);
            outcome = put();
        }
        let path = self.folder.join(checkpoint::NAME);
        outcome.map_err(|source| StoreError::io("write", &path, source))
    }
}
