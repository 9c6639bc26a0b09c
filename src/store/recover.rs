//! Opening a ledger: where does the journal end, is that all that was ever
//! acknowledged, and does the index still belong to it. Nothing is changed on disk
//! before those questions are answered.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Progress;
use super::checkpoint::{self, Stated};
use super::error::{Cause, StoreError, Witness, is_read_only};
use super::file::{FileStore, Notice, Options, chain_behind, index_error, root_at};
use super::folder::{self, Ballast};
use super::frame::{CHAIN_START, Flaw};
use super::head::{self, HeadFile, Slot};
use super::index::{Index, Posting};
use super::io::Access;
use super::journal::{self, Journal, relative};
use super::lock::Lock;
use super::scan::{Rest, Step, look_behind};
use super::shelf::{Left, Place, Shelf, ShelfError, folder_name, generations};
use crate::model::Hash;
use crate::proof::tree::{Frontier, Nodes, leaf_hash};

/// A rebuild moves at most this many entries to the index at a time, which bounds
/// its memory.
const CHUNK: u64 = 16_384;
/// Old generations of the index that are kept.
const KEPT: u64 = 2;

/// Where reading the journal came to an end.
#[derive(Debug, Clone, Copy)]
struct EndOfLog {
    seq: u64,
    chain: Hash,
    /// The segment, None when there is none.
    first: Option<u64>,
    offset: u64,
    flaw: Flaw,
    rest: Rest,
}

/// What came of reading journal and index together.
struct Recovered {
    index: Index,
    frontier: Frontier,
    end: EndOfLog,
}

/// Why reading them together failed.
enum Trouble {
    /// The index fails, or does not belong to this journal: without it, then.
    Index(ShelfError),
    /// It would fail with any index.
    Ledger(StoreError),
}

impl From<ShelfError> for Trouble {
    fn from(error: ShelfError) -> Self {
        Trouble::Index(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Index { cause } => Trouble::Index(ShelfError(cause)),
            other => Trouble::Ledger(other),
        }
    }
}

/// What was found before the journal is read.
struct Opening<'a> {
    folder: &'a Path,
    options: &'a Options,
    heads: Vec<HeadFile>,
    checkpoint: Option<Stated>,
    read_only: Option<String>,
    notices: Vec<Notice>,
    /// The most entries any index has had.
    indexed: u64,
}

/// Opens the ledger in `folder`; with `rebuild` no existing index is used.
pub(super) fn open(
    folder: &Path,
    options: &Options,
    rebuild: bool,
    progress: Progress<'_>,
) -> Result<FileStore, StoreError> {
    let io = &*options.io;
    folder::check_format(io, folder)?;
    let lock = Lock::acquire(folder)?;
    let (heads, read_only) = open_heads(folder, options)?;
    let checkpoint = if options.without_checkpoint { None } else { checkpoint::read(io, folder)? };
    let mut journal = Journal::open(Arc::clone(&options.io), folder, options.limits())?;
    let notices = Vec::new();
    let mut opening =
        Opening { folder, options, heads, checkpoint, read_only, notices, indexed: 0 };
    let recovered = opening.recover(&journal, rebuild, progress)?;
    let Recovered { index, frontier, end } = recovered;
    let head = Slot { size: end.seq, chain: end.chain, root: frontier.root() };
    let mut ballast = Ballast::none();
    if opening.read_only.is_none() {
        opening.settle(&mut journal, &index, &end, head)?;
        ballast = Ballast::open(io, folder, options.ballast_bytes);
    }
    let Opening { heads, mut notices, read_only, .. } = opening;
    if let Some(why) = &read_only {
        notices.push(Notice::ReadOnly { why: why.clone() });
    }
    Ok(FileStore {
        folder: folder.to_owned(),
        options: options.clone(),
        journal,
        heads,
        head,
        frontier,
        index,
        ballast,
        poisoned: false,
        read_only,
        notices,
        unflushed: 0,
        _lock: lock,
    })
}

/// Opens the head file and its copy; also says whether this is for reading only.
fn open_heads(
    folder: &Path,
    options: &Options,
) -> Result<(Vec<HeadFile>, Option<String>), StoreError> {
    let io = &*options.io;
    let path = folder.join(head::NAME);
    let mut read_only = None;
    let main = match HeadFile::open(io, &path, Access::Write) {
        Err(StoreError::Io { source, .. }) if is_read_only(&source) => {
            read_only = Some(format!("the folder cannot be written to ({source})"));
            HeadFile::open(io, &path, Access::Read)?
        }
        other => other?,
    };
    let mut heads: Vec<HeadFile> = main.into_iter().collect();
    if let Some(copy) = &options.head_copy {
        let access = if read_only.is_some() { Access::Read } else { Access::Write };
        heads.extend(HeadFile::open(io, copy, access)?);
    }
    if heads.iter().all(|head| head.newest().is_none()) {
        return Err(StoreError::damaged(None, head::NAME, Cause::HeadUnreadable));
    }
    Ok((heads, read_only))
}

impl Opening<'_> {
    /// Most entries that are known to have been acknowledged, and who knows it.
    fn acknowledged(&self) -> (u64, Witness) {
        let mut most = (self.indexed, Witness::Index);
        let mut hear = |size: u64, by: Witness| {
            if size >= most.0 {
                most = (size, by);
            }
        };
        if let Some(checkpoint) = &self.checkpoint {
            hear(checkpoint.size, Witness::Checkpoint);
        }
        for head in self.heads.iter().rev() {
            let copy = Some(head.path()) == self.options.head_copy.as_deref();
            let by = if copy { Witness::HeadCopy } else { Witness::Head };
            hear(head.newest().map_or(0, |slot| slot.size), by);
        }
        most
    }

    /// Reads the journal with the index there is, with a fresh one, or, when none
    /// can be written, with one in memory.
    fn recover(
        &mut self,
        journal: &Journal,
        rebuild: bool,
        progress: Progress<'_>,
    ) -> Result<Recovered, StoreError> {
        if self.read_only.is_none() {
            let newest = generations(&*self.options.io, self.folder)
                .map_err(|source| StoreError::io("list", self.folder, source))?
                .pop();
            let found = if rebuild {
                Err(ShelfError("asked for".to_owned()))
            } else {
                self.open_index(newest)
            };
            match self.attempt(journal, found, progress) {
                Ok(recovered) => return Ok(recovered),
                Err(Trouble::Ledger(error)) => return Err(error),
                Err(Trouble::Index(error)) => {
                    self.notices.push(Notice::IndexRebuilt { cause: error.0.clone() });
                    self.put_away(newest, &error);
                }
            }
            let fresh = self.place(newest.unwrap_or(0) + 1);
            let shelf = Shelf::open(fresh);
            let index = shelf.and_then(|shelf| Index::open(shelf, self.options.derive_version));
            match self.attempt(journal, index, progress) {
                Ok(recovered) => return Ok(recovered),
                Err(Trouble::Ledger(error)) => return Err(error),
                Err(Trouble::Index(error)) => {
                    self.read_only = Some(format!("no index can be written ({error})"));
                }
            }
        }
        let shelf = Shelf::Memory(std::collections::BTreeMap::new());
        let index = Index::open(shelf, self.options.derive_version);
        match self.attempt(journal, index, progress) {
            Ok(recovered) => Ok(recovered),
            Err(Trouble::Ledger(error)) => Err(error),
            Err(Trouble::Index(ShelfError(cause))) => Err(StoreError::Index { cause }),
        }
    }

    fn place(&self, generation: u64) -> Place {
        Place {
            io: Arc::clone(&self.options.io),
            ledger: self.folder.to_owned(),
            generation,
            cache_bytes: self.options.cache_bytes,
            boot: self.options.boot.clone(),
        }
    }

    fn open_index(&mut self, newest: Option<u64>) -> Result<Index, ShelfError> {
        let place = self.place(newest.unwrap_or(1));
        match place.left() {
            Left::Clean => {}
            Left::Killed => {
                // A copy that cannot be made must not keep anybody from the ledger.
                if let Ok(Some(copy)) = place.copy_aside() {
                    self.notices.push(Notice::IndexCopied { copy });
                }
            }
            Left::Cut => {
                return Err(ShelfError("the power may have failed while it was open".to_owned()));
            }
            Left::Broken => return Err(ShelfError("it failed before".to_owned())),
        }
        Index::open(Shelf::open(place)?, self.options.derive_version)
    }

    /// Keeps an index that will not be opened again, and no more than two.
    fn put_away(&self, newest: Option<u64>, error: &ShelfError) {
        let Some(newest) = newest else { return };
        self.place(newest).mark_broken(&error.0);
        let Ok(all) = generations(&*self.options.io, self.folder) else { return };
        for old in all.into_iter().filter(|&old| old + KEPT <= newest) {
            // Room is all this is about; what cannot be removed stays.
            let _ = std::fs::remove_dir_all(self.folder.join(folder_name(old)));
        }
    }

    /// Reads the journal from where the index ends, and asks whether it is whole
    /// and whether everything that remembers it agrees.
    fn attempt(
        &mut self,
        journal: &Journal,
        index: Result<Index, ShelfError>,
        progress: Progress<'_>,
    ) -> Result<Recovered, Trouble> {
        let mut index = index?;
        let (base, _) = index.absorbed();
        self.indexed = self.indexed.max(base);
        let (known, _) = self.acknowledged();
        index.expect(known);
        let stop = if self.read_only.is_some() { known } else { u64::MAX };
        let mut catching = CatchUp {
            journal,
            options: self.options,
            known,
            stop,
            index,
            frontier: Frontier::new(),
        };
        let end = catching.run(progress)?;
        let CatchUp { index, frontier, .. } = catching;
        self.judge(&end)?;
        let recovered = Recovered { index, frontier, end };
        match self.disagreement(journal, &recovered)? {
            // Without the shelf's rows the same question has an answer that stands.
            Some(_) if base > 0 => {
                Err(Trouble::Index(ShelfError("it disagrees with the journal".to_owned())))
            }
            Some(error) => Err(Trouble::Ledger(error)),
            None => Ok(recovered),
        }
    }

    /// Is the end of the journal the end of what was acknowledged?
    fn judge(&self, end: &EndOfLog) -> Result<(), StoreError> {
        let file = relative(end.first.unwrap_or(0));
        let damaged = || Err(StoreError::damaged(Some(end.seq), &file, Cause::Frame(end.flaw)));
        // A later commit began only after this frame had been synced, and a frame
        // whose checksum fits was not torn.
        let changed = matches!(end.flaw, Flaw::Chain | Flaw::Version(_) | Flaw::Length);
        if end.rest.follower.is_some() || changed {
            return damaged();
        }
        let (known, by) = self.acknowledged();
        if end.seq < known {
            return match end.flaw {
                Flaw::Absent | Flaw::Cut => {
                    Err(StoreError::AcknowledgedMissing { have: end.seq, known, by })
                }
                _ => damaged(),
            };
        }
        // A head slot is torn only while it is written, and then the frames before
        // it are whole. Both bad together is no crash.
        let sound = |head: &HeadFile| head.slots().iter().all(Option::is_some);
        if end.rest.until.is_some() && !self.heads.iter().any(sound) {
            return Err(StoreError::damaged(None, head::NAME, Cause::HeadDoubtful));
        }
        Ok(())
    }

    /// What remembers another history than the journal and the index show.
    fn disagreement(
        &self,
        journal: &Journal,
        recovered: &Recovered,
    ) -> Result<Option<StoreError>, Trouble> {
        let nodes = Shelved(&recovered.index);
        let mut stated: Vec<(String, u64, Option<Hash>, Hash)> = Vec::new();
        for head in &self.heads {
            let name = head.path().file_name().unwrap_or_default().to_string_lossy();
            for slot in head.slots().into_iter().flatten() {
                stated.push((name.clone().into_owned(), slot.size, Some(slot.chain), slot.root));
            }
        }
        if let Some(checkpoint) = &self.checkpoint {
            stated.push((checkpoint::NAME.to_owned(), checkpoint.size, None, checkpoint.root));
        }
        for (file, size, chain, root) in stated {
            let other_root = root_at(&nodes, size)? != root;
            let other_chain = match chain {
                Some(chain) => chain_behind(journal, &recovered.index, size)? != chain,
                None => false,
            };
            if other_root || other_chain {
                let cause = Cause::History { size };
                return Ok(Some(StoreError::damaged(None, &file, cause)));
            }
        }
        Ok(None)
    }

    /// Brings the disk in order: a torn tail is moved away, entries nobody was
    /// told of are made durable, and the head files state what there is.
    fn settle(
        &mut self,
        journal: &mut Journal,
        index: &Index,
        end: &EndOfLog,
        head: Slot,
    ) -> Result<(), StoreError> {
        journal.open_end(end.offset)?;
        if let (Some(first), Some(until)) = (end.first, end.rest.until) {
            let kept = self.quarantine(journal, first, end, until)?;
            journal.cut_end()?;
            let bytes = until - end.offset;
            self.notices.push(Notice::TornTail { entry: end.seq, bytes, kept });
        }
        let told = self.heads.iter().filter_map(HeadFile::newest).map(|slot| slot.size).max();
        let told = told.unwrap_or(0);
        if told < end.seq {
            confirm(journal, index, told, end.seq)?;
            self.notices.push(Notice::Unacknowledged { from: told, to: end.seq });
        }
        self.write_heads(head)
    }

    fn quarantine(
        &self,
        journal: &Journal,
        first: u64,
        end: &EndOfLog,
        until: u64,
    ) -> Result<PathBuf, StoreError> {
        let io = &*self.options.io;
        let folder = self.folder.join(folder::QUARANTINE);
        let path = folder.join(format!("{:020}-{}.bin", end.seq, end.offset));
        let failed = |source| StoreError::io("quarantine into", &path, source);
        io.create_dir(&folder).map_err(failed)?;
        let source = journal.file(first)?;
        let file = io.open(&path, Access::Create).map_err(failed)?;
        file.truncate(0).map_err(failed)?;
        let mut piece = vec![0; 1 << 20];
        let mut at = end.offset;
        while at < until {
            let want = usize::try_from(until - at).unwrap_or(usize::MAX).min(piece.len());
            let part = piece.get_mut(..want).unwrap_or_default();
            let count = source.read_at(part, at).map_err(failed)?;
            if count == 0 {
                break;
            }
            let part = part.get(..count).unwrap_or_default();
            file.write_at(part, at - end.offset).map_err(failed)?;
            at += count as u64;
        }
        // Safe in its new place before it is cut from the old.
        file.sync_data().map_err(failed)?;
        io.sync_dir(&folder).map_err(failed)?;
        io.sync_dir(self.folder).map_err(failed)?;
        Ok(path)
    }

    fn write_heads(&mut self, slot: Slot) -> Result<(), StoreError> {
        let io = &*self.options.io;
        let mut paths = vec![self.folder.join(head::NAME)];
        paths.extend(self.options.head_copy.clone());
        let mut heads = Vec::new();
        for path in paths {
            let found = self.heads.iter().position(|head| head.path() == path);
            let mut head = match found.map(|at| self.heads.swap_remove(at)) {
                Some(head) if head.newest().is_some() => head,
                _ => {
                    self.notices.push(Notice::HeadSlot { file: path.clone() });
                    let head = HeadFile::create(io, &path, slot)?;
                    if let Some(parent) = path.parent() {
                        io.sync_dir(parent)
                            .map_err(|source| StoreError::io("sync", parent, source))?;
                    }
                    head
                }
            };
            let unreadable = head.slots().iter().any(Option::is_none);
            if unreadable {
                self.notices.push(Notice::HeadSlot { file: path.clone() });
            }
            if unreadable || head.newest() != Some(slot) {
                head.write(slot).map_err(|source| StoreError::io("write", &path, source))?;
            }
            heads.push(head);
        }
        self.heads = heads;
        Ok(())
    }
}

/// Makes entries durable that are there but past every head slot.
fn confirm(journal: &mut Journal, index: &Index, told: u64, seq: u64) -> Result<(), StoreError> {
    let mut first = journal.segment_of(told);
    let mut offset = index.offset(told).map_err(index_error)?.into();
    while let Some(segment) = first {
        journal.rewrite_from(segment, offset)?;
        first = journal.segment_after(segment).filter(|&next| next < seq);
        offset = 0;
    }
    Ok(())
}

/// Reading the journal on from where the index ends.
struct CatchUp<'a> {
    journal: &'a Journal,
    options: &'a Options,
    /// Entries known to be acknowledged: only those go to the shelf.
    known: u64,
    /// No entry from here on is read.
    stop: u64,
    index: Index,
    frontier: Frontier,
}

impl CatchUp<'_> {
    fn run(&mut self, progress: Progress<'_>) -> Result<EndOfLog, Trouble> {
        let (base, base_chain) = self.index.absorbed();
        let mut chain = CHAIN_START;
        let (mut first, mut offset) = (self.journal.segments().first().copied(), 0);
        if let Some(last) = base.checked_sub(1) {
            let at = self.index.offset(last)?;
            // A frame that cannot be read may be the index's fault or the journal's;
            // reading without the index tells.
            let disagrees = |_| ShelfError("it points at other frames".to_owned());
            let (note, found) = self.journal.read(last, at.into()).map_err(disagrees)?;
            if found != base_chain {
                return Err(Trouble::Index(ShelfError("it is of another history".to_owned())));
            }
            chain = found;
            first = self.journal.segment_of(last);
            offset = u64::from(at) + super::frame::extent_of(note.len());
            self.frontier = Frontier::load(&Shelved(&self.index), base)?;
        } else if first.is_some_and(|first| first != 0) {
            let gap = StoreError::damaged(Some(0), journal::FOLDER, Cause::Gap);
            return Err(Trouble::Ledger(gap));
        }
        let mut end =
            EndOfLog { seq: base, chain, first, offset, flaw: Flaw::Absent, rest: Rest::default() };
        while let Some(segment) = end.first {
            self.read_segment(segment, &mut end, progress)?;
            match self.journal.segment_after(segment) {
                Some(next) if self.stop > end.seq => {
                    self.expect_next(segment, next, &end)?;
                    (end.first, end.offset) = (Some(next), 0);
                }
                _ => break,
            }
        }
        Ok(end)
    }

    /// A segment that is not the last one ends exactly where the next begins.
    fn expect_next(&self, segment: u64, next: u64, end: &EndOfLog) -> Result<(), StoreError> {
        let file = relative(segment);
        if end.flaw != Flaw::Absent || end.rest.until.is_some() {
            return Err(StoreError::damaged(Some(end.seq), &file, Cause::Frame(end.flaw)));
        }
        if next > end.seq {
            return Err(StoreError::damaged(Some(end.seq), &file, Cause::Gap));
        }
        if next < end.seq {
            return Err(StoreError::damaged(None, &relative(next), Cause::Segment));
        }
        Ok(())
    }

    /// Reads frames to the end of one segment and looks at what lies behind.
    fn read_segment(
        &mut self,
        segment: u64,
        end: &mut EndOfLog,
        progress: Progress<'_>,
    ) -> Result<(), Trouble> {
        let failed = |source| self.journal.failed(segment, source);
        let mut frames = self.journal.frames(segment, end.offset)?;
        end.flaw = Flaw::Absent;
        while end.seq < self.stop {
            let (frame, offset) = match frames.next().map_err(failed)? {
                Step::Frame { frame, offset } => (frame, offset),
                Step::Stop(flaw) => {
                    end.flaw = flaw;
                    break;
                }
            };
            if frame.seq != end.seq {
                let flaw = Flaw::Sequence(frame.seq);
                return Err(self.journal.damaged(segment, end.seq, flaw).into());
            }
            if frame.previous != end.chain {
                return Err(self.journal.unlinked(segment, end.seq).into());
            }
            let keys = (self.options.derive)(frame.note);
            let leaf = leaf_hash(frame.note);
            self.frontier.push(leaf);
            let postings = Posting::of_entry(&leaf, &keys, frame.seq);
            let within = u32::try_from(offset).unwrap_or(u32::MAX);
            self.index.push(leaf, within, frame.chain, postings);
            end.chain = frame.chain;
            end.seq += 1;
            end.offset = offset + frame.extent();
            if self.index.waiting() >= self.options.absorb_entries.min(CHUNK) {
                self.index.absorb(self.known)?;
            }
            if end.seq.is_multiple_of(1024) {
                progress(end.seq, self.known.max(end.seq));
            }
        }
        let file = self.journal.file(segment).map_err(Trouble::from)?;
        end.rest = if end.seq < self.stop {
            look_behind(&*file, end.offset, end.seq).map_err(failed)?
        } else {
            Rest::default()
        };
        Ok(())
    }
}

/// The index as a source of tree nodes.
pub(super) struct Shelved<'a>(pub(super) &'a Index);

impl Nodes for Shelved<'_> {
    type Error = ShelfError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, ShelfError> {
        self.0.node(level, index)
    }
}
