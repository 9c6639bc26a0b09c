//! Looking over a whole ledger: what is wrong, where, and what of it can be put
//! right without inventing anything.
//!
//! The scan trusts neither index nor head: it reads every frame, recomputes chain
//! and root, and only then asks whether what stands beside agrees.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::checkpoint::{self, Stated};
use super::error::{Cause, Damage, StoreError, Witness};
use super::file::{Notice, Options};
use super::folder;
use super::frame::{CHAIN_START, Flaw, chain_hash, extent_of};
use super::head::{self, HeadFile, Slot};
use super::index::{BLOCK, Index, Posting};
use super::io::read_whole;
use super::journal::{self, Journal, relative};
use super::lock::Lock;
use super::scan::{Step, look_behind, next_sound};
use super::shelf::{Left, Place, Shelf, ShelfError, generations};
use super::{Progress, recover};
use crate::model::Hash;
use crate::proof::tree::{Frontier, leaf_hash};

/// What looking over a ledger found. Nothing found is a healthy ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whole entries in the journal, up to the first that is not.
    pub entries: u64,
    /// What is wrong, damage to the truth first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing at all is wrong.
    pub fn is_healthy(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether everything that is wrong can be repaired.
    pub fn is_repairable(&self) -> bool {
        self.findings.iter().all(|finding| finding.repair().is_some())
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// Acknowledged bytes are not what they were. Only a backup brings them back.
    #[error("damaged: {0}")]
    Damage(Damage),
    /// Fewer entries than were acknowledged. Only a backup brings them back.
    #[error("the journal holds {have} entries, {by} knows of {known}")]
    Missing {
        /// Entries the journal holds.
        have: u64,
        /// Entries that were acknowledged.
        known: u64,
        /// What remembers them.
        by: Witness,
    },
    /// An append was cut short before it was acknowledged.
    #[error("{bytes} bytes of an entry that was never acknowledged as entry {entry}")]
    TornTail {
        /// The entry that was being written.
        entry: u64,
        /// How many bytes.
        bytes: u64,
    },
    /// The head file states fewer entries than the journal holds whole.
    #[error("the head file states {head} of {entries} entries")]
    HeadLags {
        /// Entries it states.
        head: u64,
        /// Entries there are.
        entries: u64,
    },
    /// A slot of a head file cannot be read.
    #[error("slot {slot} of {} cannot be read", .file.display())]
    HeadSlot {
        /// The head file.
        file: PathBuf,
        /// 0 or 1.
        slot: usize,
    },
    /// The index cannot be used or disagrees with the journal.
    #[error("the index is to be rebuilt: {cause}")]
    Index {
        /// What is wrong with it.
        cause: String,
    },
}

/// What can be put right, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// The bytes are moved to the quarantine folder and cut off.
    CutTail,
    /// The head file is written from what the journal holds.
    WriteHead,
    /// The index is built anew from the journal; the old one is kept.
    RebuildIndex,
}

impl Finding {
    /// How this is repaired; None when the truth itself is damaged.
    pub fn repair(&self) -> Option<Repair> {
        match self {
            Finding::Damage(_) | Finding::Missing { .. } => None,
            Finding::TornTail { .. } => Some(Repair::CutTail),
            Finding::HeadLags { .. } | Finding::HeadSlot { .. } => Some(Repair::WriteHead),
            Finding::Index { .. } => Some(Repair::RebuildIndex),
        }
    }
}

/// Looks over the ledger in `folder`, which nobody may have open, and changes
/// nothing, but that an index found wrong is marked so. `progress` hears of entries read and known.
///
/// # Errors
/// `NotALedger`, `NewerFormat`, `Locked`, `Io`. What is wrong with the ledger is no
/// error but the report.
pub fn examine(
    folder: &Path,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Report, StoreError> {
    let io = &*options.io;
    folder::check_format(io, folder)?;
    let lock = Lock::acquire(folder)?;
    let mut look = Examination::begin(folder, options)?;
    look.read_journal(progress)?;
    look.compare_heads();
    look.compare_checkpoint();
    if look.truth_is_whole() {
        look.compare_index(progress)?;
    }
    drop(lock);
    look.findings.sort_by_key(|finding| finding.repair().is_some());
    Ok(Report { entries: look.sound, findings: look.findings })
}

/// Repairs what can be: rebuilds the index, cuts a torn tail that was never
/// acknowledged, writes the head file from a whole journal. Nothing is touched
/// while the truth is damaged. Returns what is left, and what was done.
///
/// # Errors
/// As [`examine`] and [`super::FileStore::open`].
pub fn repair(
    folder: &Path,
    options: &Options,
    progress: Progress<'_>,
) -> Result<(Report, Vec<Notice>), StoreError> {
    let report = examine(folder, options, progress)?;
    if report.is_healthy() || !report.is_repairable() {
        return Ok((report, Vec::new()));
    }
    let unreadable = report.findings.iter().filter_map(|finding| match finding {
        Finding::HeadSlot { file, .. } => Some(file.as_path()),
        _ => None,
    });
    let unreadable: Vec<&Path> = unreadable.collect();
    if unreadable.iter().filter(|file| **file == folder.join(head::NAME)).count() == 2 {
        restore_head(folder, options)?;
    }
    let rebuild = report.findings.iter().any(|f| f.repair() == Some(Repair::RebuildIndex));
    let mut store = recover::open(folder, options, rebuild, progress)?;
    let notices = store.notices().to_vec();
    store.absorb_all()?;
    store.close()?;
    Ok((examine(folder, options, progress)?, notices))
}

/// Writes the smallest head that is true: opening then finds the rest of the
/// journal whole and states it.
fn restore_head(folder: &Path, options: &Options) -> Result<(), StoreError> {
    let _lock = Lock::acquire(folder)?;
    let path = folder.join(head::NAME);
    HeadFile::create(&*options.io, &path, Slot::empty())?;
    options.io.sync_dir(folder).map_err(|source| StoreError::io("sync", folder, source))
}

/// A scan under way.
struct Examination<'a> {
    folder: &'a Path,
    options: &'a Options,
    journal: Journal,
    heads: Vec<(PathBuf, [Option<Slot>; 2])>,
    checkpoint: Option<Stated>,
    findings: Vec<Finding>,
    /// Entries read whole and linked, before anything that is not.
    sound: u64,
    chain: Hash,
    frontier: Frontier,
    /// (size, chain, root) at the sizes that something beside the journal states.
    asked: Vec<(u64, Option<(Hash, Hash)>)>,
    /// The last segment's end: (segment, offset).
    end: Option<(u64, u64)>,
}

impl<'a> Examination<'a> {
    fn begin(folder: &'a Path, options: &'a Options) -> Result<Self, StoreError> {
        let io = &*options.io;
        let mut findings = Vec::new();
        let mut heads = Vec::new();
        let mut paths = vec![folder.join(head::NAME)];
        paths.extend(options.head_copy.clone());
        for path in paths {
            let found = HeadFile::open(io, &path, super::io::Access::Read)?;
            let slots = found.map_or([None; 2], |head| head.slots());
            for (slot, _) in slots.iter().enumerate().filter(|(_, slot)| slot.is_none()) {
                findings.push(Finding::HeadSlot { file: path.clone(), slot });
            }
            heads.push((path, slots));
        }
        let path = folder.join(checkpoint::NAME);
        let bytes = read_whole(io, &path, checkpoint::MAX_BYTES);
        let bytes = bytes.map_err(|source| StoreError::io("read", &path, source))?;
        let checkpoint = match bytes.as_deref().map(checkpoint::parse) {
            Some(Ok(stated)) => Some(stated),
            Some(Err(_)) => {
                findings.push(damage(None, checkpoint::NAME, Cause::Checkpoint));
                None
            }
            None => None,
        };
        let slots = heads.iter().flat_map(|(_, slots)| slots.iter().flatten());
        let mut asked: Vec<u64> = slots.map(|slot| slot.size).collect();
        asked.extend(checkpoint.map(|stated| stated.size));
        asked.sort_unstable();
        asked.dedup();
        Ok(Examination {
            folder,
            options,
            journal: Journal::open(std::sync::Arc::clone(&options.io), folder, options.limits())?,
            heads,
            checkpoint,
            findings,
            sound: 0,
            chain: CHAIN_START,
            frontier: Frontier::new(),
            asked: asked.into_iter().map(|size| (size, None)).collect(),
            end: None,
        })
    }

    fn truth_is_whole(&self) -> bool {
        self.findings.iter().all(|finding| finding.repair().is_some())
    }

    fn newest_head(&self) -> u64 {
        let slots = self.heads.iter().flat_map(|(_, slots)| slots.iter().flatten());
        slots.map(|slot| slot.size).max().unwrap_or(0)
    }

    fn note_asked(&mut self) {
        let size = self.frontier.size();
        for (asked, found) in &mut self.asked {
            if *asked == size {
                *found = Some((self.chain, self.frontier.root()));
            }
        }
    }

    /// Reads every frame of every segment, past whatever is bad.
    fn read_journal(&mut self, progress: Progress<'_>) -> Result<(), StoreError> {
        self.note_asked();
        let mut reading = Reading { seq: 0, chain: Some(CHAIN_START), broken: false };
        for first in self.journal.segments().to_vec() {
            if first != reading.seq && !reading.broken {
                let cause = if first > reading.seq { Cause::Gap } else { Cause::Segment };
                let seq = reading.seq;
                self.break_at(&mut reading, first, seq, cause);
            }
            if first != reading.seq {
                reading = Reading { seq: first, chain: None, broken: reading.broken };
            }
            self.read_segment(first, &mut reading, progress)?;
        }
        self.judge_end(&reading)
    }

    fn break_at(&mut self, reading: &mut Reading, first: u64, seq: u64, cause: Cause) {
        let file = if self.journal.segments().is_empty() {
            journal::FOLDER.to_owned()
        } else {
            relative(first)
        };
        self.findings.push(damage(Some(seq), &file, cause));
        reading.broken = true;
    }

    fn read_segment(
        &mut self,
        first: u64,
        reading: &mut Reading,
        progress: Progress<'_>,
    ) -> Result<(), StoreError> {
        let known = self.newest_head();
        let mut offset = 0;
        loop {
            let mut frames = self.journal.frames(first, offset)?;
            let flaw = loop {
                let failed = |source| self.journal.failed(first, source);
                let (frame, at) = match frames.next().map_err(failed)? {
                    Step::Frame { frame, offset } => (frame, offset),
                    Step::Stop(flaw) => break flaw,
                };
                let (seq, previous, chain) = (frame.seq, frame.previous, frame.chain);
                let leaf = leaf_hash(frame.note);
                offset = at + frame.extent();
                if seq != reading.seq {
                    let flaw = Cause::Frame(Flaw::Sequence(seq));
                    self.break_at(reading, first, reading.seq, flaw);
                    reading.seq = seq;
                } else if reading.chain.is_some_and(|chain| chain != previous) {
                    let before = seq.saturating_sub(1);
                    let file = self.journal.segment_of(before).unwrap_or(first);
                    self.break_at(reading, file, before, Cause::Link);
                    // The entry named is not sound after all.
                    self.sound = self.sound.min(before);
                }
                reading.chain = Some(chain);
                reading.seq += 1;
                if !reading.broken {
                    self.sound = reading.seq;
                    self.chain = chain;
                    self.frontier.push(leaf);
                    self.note_asked();
                }
                if reading.seq.is_multiple_of(1024) {
                    progress(reading.seq, known.max(reading.seq));
                }
            };
            self.end = Some((first, offset));
            match self.resume(first, offset, flaw, reading)? {
                Some(at) => offset = at,
                None => return Ok(()),
            }
        }
    }

    /// Behind a place without a frame: is there one further on? Then what is here
    /// was acknowledged and is damaged.
    fn resume(
        &mut self,
        first: u64,
        offset: u64,
        flaw: Flaw,
        reading: &mut Reading,
    ) -> Result<Option<u64>, StoreError> {
        let file = self.journal.file(first)?;
        let failed = |source| self.journal.failed(first, source);
        let rest = look_behind(&*file, offset, reading.seq).map_err(failed)?;
        let is_last = self.journal.segment_after(first).is_none();
        let changed = matches!(flaw, Flaw::Chain | Flaw::Version(_) | Flaw::Length);
        let acknowledged = reading.seq < self.newest_head() && rest.until.is_some();
        let torn = is_last && rest.follower.is_none() && !changed && !acknowledged;
        if rest.until.is_none() || torn {
            return Ok(None);
        }
        self.break_at(reading, first, reading.seq, Cause::Frame(flaw));
        reading.chain = None;
        // Any sound frame further on, of whichever commit, is read on from.
        let found = next_sound(&*file, offset);
        let any = found.map_err(|source| self.journal.failed(first, source))?;
        if let Some((_, seq)) = any {
            reading.seq = seq;
        }
        Ok(any.map(|(at, _)| at))
    }

    fn judge_end(&mut self, reading: &Reading) -> Result<(), StoreError> {
        let mut known = vec![(self.newest_head(), Witness::Head)];
        known.extend(self.checkpoint.map(|stated| (stated.size, Witness::Checkpoint)));
        let most = known.into_iter().max_by_key(|&(size, _)| size);
        if let Some((known, by)) = most
            && known > reading.seq
        {
            self.findings.push(Finding::Missing { have: reading.seq, known, by });
        }
        let Some((first, offset)) = self.end else { return Ok(()) };
        if reading.broken {
            return Ok(());
        }
        let file = self.journal.file(first)?;
        let failed = |source| self.journal.failed(first, source);
        let rest = look_behind(&*file, offset, reading.seq).map_err(failed)?;
        if let Some(until) = rest.until {
            let unsure = self.heads.iter().all(|(_, slots)| slots.iter().any(Option::is_none));
            if unsure {
                self.findings.push(damage(None, head::NAME, Cause::HeadDoubtful));
            } else {
                let bytes = until - offset;
                self.findings.push(Finding::TornTail { entry: reading.seq, bytes });
            }
        }
        Ok(())
    }

    fn at_size(&self, size: u64) -> Option<(Hash, Hash)> {
        self.asked.iter().find(|(asked, _)| *asked == size).and_then(|(_, found)| *found)
    }

    fn compare_heads(&mut self) {
        let slots: Vec<(PathBuf, Slot)> = self
            .heads
            .iter()
            .flat_map(|(path, slots)| slots.iter().flatten().map(|slot| (path.clone(), *slot)))
            .collect();
        let readable = !slots.is_empty();
        for (path, slot) in slots {
            let stated = (slot.chain, slot.root);
            if self.at_size(slot.size).is_some_and(|found| found != stated) {
                let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.findings.push(damage(None, &file, Cause::History { size: slot.size }));
            }
        }
        let head = self.newest_head();
        if readable && self.truth_is_whole() && head < self.sound {
            self.findings.push(Finding::HeadLags { head, entries: self.sound });
        }
    }

    fn compare_checkpoint(&mut self) {
        let Some(stated) = self.checkpoint else { return };
        if self.at_size(stated.size).is_some_and(|(_, root)| root != stated.root) {
            let cause = Cause::History { size: stated.size };
            self.findings.push(damage(None, checkpoint::NAME, cause));
        }
    }

    /// Compares the newest index with the journal, entry by entry.
    fn compare_index(&mut self, progress: Progress<'_>) -> Result<(), StoreError> {
        let io = &self.options.io;
        let all = generations(&**io, self.folder)
            .map_err(|source| StoreError::io("list", self.folder, source))?;
        let Some(&newest) = all.last() else {
            if self.sound >= BLOCK {
                let cause = "it is not there".to_owned();
                self.findings.push(Finding::Index { cause });
            }
            return Ok(());
        };
        let place = Place {
            io: std::sync::Arc::clone(io),
            ledger: self.folder.to_owned(),
            generation: newest,
            cache_bytes: self.options.cache_bytes,
            boot: self.options.boot.clone(),
        };
        let compared = match place.left() {
            Left::Broken => Err(ShelfError("it failed before".to_owned())),
            Left::Cut => Err(ShelfError("the power may have failed while it was open".to_owned())),
            left => {
                if left == Left::Killed {
                    // Best effort: evidence, not truth.
                    let _ = place.copy_aside();
                }
                let opened = Shelf::open(place.clone());
                let opened =
                    opened.and_then(|shelf| Index::open(shelf, self.options.derive_version));
                opened.and_then(|index| self.agree(index, progress))
            }
        };
        match compared {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error),
            Err(ShelfError(cause)) => {
                place.mark_broken(&cause);
                self.findings.push(Finding::Index { cause });
            }
        }
        Ok(())
    }

    /// Outer error: the index. Inner error: the file system.
    fn agree(
        &mut self,
        mut index: Index,
        progress: Progress<'_>,
    ) -> Result<Result<(), StoreError>, ShelfError> {
        let (base, base_chain) = index.absorbed();
        if base > self.sound {
            let (have, by) = (self.sound, Witness::Index);
            self.findings.push(Finding::Missing { have, known: base, by });
            return Ok(Ok(()));
        }
        let mut against = Against {
            index: &index,
            journal: &self.journal,
            options: self.options,
            frontier: Frontier::new(),
            chain: CHAIN_START,
            offset: 0,
            weight: 0,
        };
        let mut wrong: Option<ShelfError> = None;
        let walked = self.journal.walk(0, base, 0, &mut |seq, note| {
            if seq.is_multiple_of(1024) {
                progress(seq, base);
            }
            match against.entry(seq, note) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    wrong = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        let (chain, weight) = (against.chain, against.weight);
        match (walked, wrong) {
            (Err(error), _) => return Ok(Err(error)),
            (Ok(()), Some(error)) => return Err(error),
            (Ok(()), None) => {}
        }
        if chain != base_chain {
            return Err(ShelfError("it is of another history".to_owned()));
        }
        if index.shelved_weight()? != weight {
            return Err(ShelfError("it finds other entries than the journal has".to_owned()));
        }
        index.shelf().close()?;
        Ok(Ok(()))
    }
}

/// The index held against the journal, entry by entry.
struct Against<'a> {
    index: &'a Index,
    journal: &'a Journal,
    options: &'a Options,
    frontier: Frontier,
    chain: Hash,
    /// Where the next frame lies.
    offset: u64,
    weight: u128,
}

impl Against<'_> {
    fn entry(&mut self, seq: u64, note: &[u8]) -> Result<(), ShelfError> {
        if self.journal.segment_of(seq) == Some(seq) {
            self.offset = 0;
        }
        if u64::from(self.index.offset(seq)?) != self.offset {
            return Err(ShelfError(format!("entry {seq} is not where it says")));
        }
        self.offset += extent_of(note.len());
        let leaf = leaf_hash(note);
        self.chain = chain_hash(&self.chain, seq, &leaf);
        // Of the nodes above the leaves every eighth level is kept, the rest follows.
        for (level, index, hash) in self.frontier.push(leaf) {
            if level.is_multiple_of(8) && self.index.node(level, index)? != hash {
                return Err(ShelfError(format!("node {level} {index} is another in it")));
            }
        }
        let mut postings = vec![Posting::of_leaf(&leaf, seq)];
        for key in (self.options.derive)(note) {
            let posting = Posting::of_key(&key, seq);
            if !postings.contains(&posting) {
                postings.push(posting);
            }
        }
        self.weight = postings.iter().fold(self.weight, |sum, one| sum.wrapping_add(one.weight()));
        Ok(())
    }
}

struct Reading {
    /// The entry expected next.
    seq: u64,
    /// Chain hash before it, where it is known.
    chain: Option<Hash>,
    broken: bool,
}

fn damage(entry: Option<u64>, file: &str, cause: Cause) -> Finding {
    Finding::Damage(Damage { entry, file: file.to_owned(), cause })
}
