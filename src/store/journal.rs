//! The journal: the truth. Frames behind one another in segment files, written at
//! one go per commit and synced before anybody is told.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{Cause, StoreError};
use super::frame::{self, Flaw, HEADER, TRAILER};
use super::io::{Access, Io, IoFile};
use super::scan::{Frames, Step};
use super::{MAX_NOTE_BYTES, head::Slot};
use crate::model::Hash;

/// The folder of the segments in the ledger's folder.
pub(super) const FOLDER: &str = "journal";

/// The journal's segments and, when it is written to, its open end.
#[derive(Debug)]
pub(super) struct Journal {
    io: Arc<dyn Io>,
    folder: PathBuf,
    /// First entry of each segment, ascending.
    segments: Vec<u64>,
    limits: Limits,
    end: Option<End>,
    /// The segment read last, kept open.
    reading: Mutex<Option<(u64, Arc<dyn IoFile>)>>,
    buffer: Vec<u8>,
}

/// Sizes in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// A segment that would grow past this is followed by a new one.
    pub(super) segment: u64,
    /// Space is reserved in steps of this.
    pub(super) reserve: u64,
}

/// The open last segment.
#[derive(Debug)]
struct End {
    first: u64,
    file: Box<dyn IoFile>,
    /// Where the next frame goes.
    offset: u64,
    /// The file's length; zeros from `offset` on.
    reserved: u64,
}

/// What a commit wrote.
#[derive(Debug)]
pub(super) struct Written {
    /// Offset of each frame in its segment.
    pub(super) offsets: Vec<u32>,
    /// Chain hash behind each entry.
    pub(super) chains: Vec<Hash>,
}

/// How a commit failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// Before the first byte of a frame: none of it is there.
    Before(StoreError),
    /// In the middle: nobody knows.
    Within(io::Error),
}

impl Journal {
    /// Lists the segments.
    pub(super) fn open(io: Arc<dyn Io>, ledger: &Path, limits: Limits) -> Result<Self, StoreError> {
        let folder = ledger.join(FOLDER);
        let names = match io.list(&folder) {
            Ok(names) => names,
            Err(source) => return Err(StoreError::io("list", &folder, source)),
        };
        let mut segments: Vec<u64> = names.iter().filter_map(|name| parse_name(name)).collect();
        segments.sort_unstable();
        let reading = Mutex::new(None);
        Ok(Journal { io, folder, segments, limits, end: None, reading, buffer: Vec::new() })
    }

    /// First entries of the segments, ascending.
    pub(super) fn segments(&self) -> &[u64] {
        &self.segments
    }

    /// The first entry of the segment that holds entry `seq`.
    pub(super) fn segment_of(&self, seq: u64) -> Option<u64> {
        let behind = self.segments.partition_point(|&first| first <= seq);
        self.segments.get(behind.checked_sub(1)?).copied()
    }

    /// The first entry of the segment behind the one that begins at `first`.
    pub(super) fn segment_after(&self, first: u64) -> Option<u64> {
        let behind = self.segments.partition_point(|&other| other <= first);
        self.segments.get(behind).copied()
    }

    /// The file of the segment that begins at `first`, for reading.
    pub(super) fn file(&self, first: u64) -> Result<Arc<dyn IoFile>, StoreError> {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((held, file)) = &*reading
            && *held == first
        {
            return Ok(Arc::clone(file));
        }
        let path = self.folder.join(name_of(first));
        let file = self.io.open(&path, Access::Read);
        let file: Arc<dyn IoFile> =
            file.map_err(|source| StoreError::io("open", &path, source))?.into();
        *reading = Some((first, Arc::clone(&file)));
        Ok(file)
    }

    /// A reader of frames from `offset` of the segment that begins at `first`.
    pub(super) fn frames(&self, first: u64, offset: u64) -> Result<Frames, StoreError> {
        Ok(Frames::new(self.file(first)?, offset))
    }

    /// Names a failed read of a segment.
    pub(super) fn failed(&self, first: u64, source: io::Error) -> StoreError {
        StoreError::io("read", &self.folder.join(name_of(first)), source)
    }

    /// The damage of one entry.
    pub(super) fn damaged(&self, first: u64, seq: u64, flaw: Flaw) -> StoreError {
        StoreError::damaged(Some(seq), &relative(first), Cause::Frame(flaw))
    }

    /// Opens the end for appending, at `offset` of the last segment. From there on
    /// the segment holds zeros or what the caller has dealt with.
    pub(super) fn open_end(&mut self, offset: u64) -> Result<(), StoreError> {
        let Some(&first) = self.segments.last() else { return Ok(()) };
        let path = self.folder.join(name_of(first));
        let failed = |source| StoreError::io("open", &path, source);
        let file = self.io.open(&path, Access::Write).map_err(failed)?;
        let reserved = file.size().map_err(failed)?.max(offset);
        self.end = Some(End { first, file, offset, reserved });
        Ok(())
    }

    /// Cuts everything behind the open end, durably.
    pub(super) fn cut_end(&mut self) -> Result<(), StoreError> {
        let Some(end) = &mut self.end else { return Ok(()) };
        let path = self.folder.join(name_of(end.first));
        let failed = |source| StoreError::io("truncate", &path, source);
        end.file.truncate(end.offset).map_err(failed)?;
        end.file.sync_data().map_err(failed)?;
        end.reserved = end.offset;
        Ok(())
    }

    /// Makes the frames from `offset` of a segment on durable although they are there
    /// already: their bytes are written over themselves and synced. A kernel whose sync
    /// failed keeps such pages as clean, so a sync alone would do nothing.
    pub(super) fn rewrite_from(&mut self, first: u64, offset: u64) -> Result<(), StoreError> {
        let path = self.folder.join(name_of(first));
        let failed = |source| StoreError::io("rewrite", &path, source);
        let file = self.io.open(&path, Access::Write).map_err(failed)?;
        let until = match &self.end {
            Some(end) if end.first == first => end.offset,
            _ => file.size().map_err(failed)?,
        };
        let mut at = offset;
        let mut bytes = vec![0; 1 << 20];
        while at < until {
            let want = usize::try_from(until - at).unwrap_or(usize::MAX).min(bytes.len());
            let part = bytes.get_mut(..want).unwrap_or_default();
            let count = file.read_at(part, at).map_err(failed)?;
            if count == 0 {
                break;
            }
            file.write_at(part.get(..count).unwrap_or_default(), at).map_err(failed)?;
            at += count as u64;
        }
        file.sync_data().map_err(failed)?;
        self.io.sync_dir(&self.folder).map_err(failed)
    }

    /// Writes the frames of `notes`, whose leaf hashes are `leaves`, behind `head` and
    /// syncs them.
    pub(super) fn append(
        &mut self,
        head: &Slot,
        notes: &[Vec<u8>],
        leaves: &[Hash],
    ) -> Result<Written, Failed> {
        let mut bytes = std::mem::take(&mut self.buffer);
        bytes.clear();
        let written = self.write(head, notes, leaves, &mut bytes);
        // A rare large batch should not keep its memory for good.
        bytes.truncate(1 << 20);
        bytes.shrink_to(1 << 20);
        self.buffer = bytes;
        written
    }

    fn write(
        &mut self,
        head: &Slot,
        notes: &[Vec<u8>],
        leaves: &[Hash],
        bytes: &mut Vec<u8>,
    ) -> Result<Written, Failed> {
        let (starts, chains) = lay_out(head, notes, leaves, bytes);
        let length = bytes.len() as u64;
        let fresh = self.make_room(head.size, length).map_err(Failed::Before)?;
        let Some(end) = &mut self.end else { return Err(Failed::Before(StoreError::Poisoned)) };
        let mut offsets = Vec::with_capacity(starts.len());
        for start in starts {
            // make_room keeps a segment far below 4 GiB.
            offsets.push(u32::try_from(end.offset + start).unwrap_or(u32::MAX));
        }
        end.file.write_at(bytes, end.offset).map_err(Failed::Within)?;
        // The acknowledgement rests on this sync.
        end.file.sync_data().map_err(Failed::Within)?;
        if fresh {
            // A new segment's name must outlive a power cut like its bytes.
            self.io.sync_dir(&self.folder).map_err(Failed::Within)?;
        }
        end.offset += length;
        end.reserved = end.reserved.max(end.offset);
        Ok(Written { offsets, chains })
    }

    /// Sees to it that `length` bytes fit at the end; true when this began a new
    /// segment. No byte of a frame is written here, so a full disk is found out
    /// while refusing is still clean.
    fn make_room(&mut self, seq: u64, length: u64) -> Result<bool, StoreError> {
        let full = |end: &End| end.offset > 0 && end.offset + length > self.limits.segment;
        let fresh = self.end.as_ref().is_none_or(full);
        if fresh {
            self.begin_segment(seq)?;
        }
        let Some(end) = &mut self.end else { return Err(StoreError::Poisoned) };
        let needed = end.offset.saturating_add(length);
        if needed > end.reserved {
            let step = self.limits.reserve.max(1);
            let goal = needed.div_ceil(step).saturating_mul(step);
            match reserve(&*end.file, end.reserved, goal) {
                Ok(()) => end.reserved = goal,
                // Without reservation a full disk shows in the write itself.
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(source) => {
                    let path = self.folder.join(name_of(end.first));
                    return Err(StoreError::io("reserve space in", &path, source));
                }
            }
        }
        Ok(fresh || end.offset == 0)
    }

    fn begin_segment(&mut self, seq: u64) -> Result<(), StoreError> {
        if let Some(end) = &mut self.end {
            // A finished segment ends with its last frame.
            let path = self.folder.join(name_of(end.first));
            let failed = |source| StoreError::io("finish", &path, source);
            end.file.truncate(end.offset).map_err(failed)?;
            end.file.sync_data().map_err(failed)?;
            end.reserved = end.offset;
        }
        let path = self.folder.join(name_of(seq));
        let failed = |source| StoreError::io("create", &path, source);
        let file = self.io.open(&path, Access::Create).map_err(failed)?;
        let reserved = file.size().map_err(failed)?;
        self.end = Some(End { first: seq, file, offset: 0, reserved });
        if self.segments.last() != Some(&seq) {
            self.segments.push(seq);
        }
        Ok(())
    }

    /// Entry `seq`, whose frame begins at `offset`, with the frame's chain hash.
    pub(super) fn read(&self, seq: u64, offset: u64) -> Result<(Vec<u8>, Hash), StoreError> {
        let first = self.segment_of(seq).unwrap_or(0);
        let file = self.file(first)?;
        let failed = |source| self.failed(first, source);
        // Most notes fit the first read.
        let mut bytes = vec![0; 2048];
        let mut count = file.read_at(&mut bytes, offset).map_err(failed)?;
        let stated = frame::stated_extent(bytes.get(..count).unwrap_or_default());
        if let Some(extent) = stated.filter(|&extent| extent > count && count == bytes.len()) {
            bytes.resize(extent.min(HEADER + MAX_NOTE_BYTES + TRAILER), 0);
            count = file.read_at(&mut bytes, offset).map_err(failed)?;
        }
        let flawed = |flaw| self.damaged(first, seq, flaw);
        let found = frame::decode(bytes.get(..count).unwrap_or_default()).map_err(flawed)?;
        if found.seq != seq {
            return Err(flawed(Flaw::Sequence(found.seq)));
        }
        Ok((found.note.to_vec(), found.chain))
    }

    /// Shows the frames of `from..until`, the first at `offset`, each known to
    /// follow from the one before.
    pub(super) fn walk(
        &self,
        from: u64,
        until: u64,
        offset: u64,
        each: super::Visitor<'_>,
    ) -> Result<(), StoreError> {
        let mut seq = from;
        let mut chain: Option<Hash> = None;
        let mut offset = offset;
        while seq < until {
            let first = self.segment_of(seq).unwrap_or(0);
            let mut frames = self.frames(first, offset)?;
            let end = self.segment_after(first).unwrap_or(until).min(until);
            while seq < end {
                let step = frames.next().map_err(|source| self.failed(first, source))?;
                let frame = match step {
                    Step::Frame { frame, .. } => frame,
                    Step::Stop(flaw) => return Err(self.damaged(first, seq, flaw)),
                };
                if frame.seq != seq {
                    return Err(self.damaged(first, seq, Flaw::Sequence(frame.seq)));
                }
                if chain.is_some_and(|chain| chain != frame.previous) {
                    return Err(self.unlinked(first, seq));
                }
                chain = Some(frame.chain);
                if each(seq, frame.note).is_break() {
                    return Ok(());
                }
                seq += 1;
            }
            offset = 0;
        }
        Ok(())
    }

    /// Entry `seq` was written behind other bytes than entry `seq - 1` has now.
    /// What follows was built on the bytes that are gone, so the entry before is
    /// the one to name.
    pub(super) fn unlinked(&self, first: u64, seq: u64) -> StoreError {
        match seq.checked_sub(1) {
            Some(before) => {
                let file = relative(self.segment_of(before).unwrap_or(first));
                StoreError::damaged(Some(before), &file, Cause::Link)
            }
            None => self.damaged(first, seq, Flaw::Link),
        }
    }
}

/// Reserves the bytes of a file from `from` to `to` as zeros. They are written as
/// well: a sync of frames that replace bytes already there leaves the file system's own
/// books alone, and takes two thirds of the time of one that has to note down that
/// reserved blocks are in use now. The next sync makes the zeros durable; nothing
/// depends on it.
fn reserve(file: &dyn IoFile, from: u64, to: u64) -> io::Result<()> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    file.allocate(from, to - from)?;
    let mut at = from;
    while at < to {
        let length = usize::try_from(to - at).unwrap_or(usize::MAX).min(ZEROS.len());
        file.write_at(ZEROS.get(..length).unwrap_or_default(), at)?;
        at += length as u64;
    }
    Ok(())
}

/// Encodes the frames; returns each one's start in `bytes` and its chain hash.
fn lay_out(
    head: &Slot,
    notes: &[Vec<u8>],
    leaves: &[Hash],
    bytes: &mut Vec<u8>,
) -> (Vec<u64>, Vec<Hash>) {
    let mut starts = Vec::with_capacity(notes.len());
    let mut chains = Vec::with_capacity(notes.len());
    let mut chain = head.chain;
    for (seq, (note, leaf)) in (head.size..).zip(notes.iter().zip(leaves)) {
        starts.push(bytes.len() as u64);
        chain = frame::encode(bytes, seq, head.size, &chain, note, leaf);
        chains.push(chain);
    }
    (starts, chains)
}

/// The file name of the segment that begins with entry `first`.
pub(super) fn name_of(first: u64) -> String {
    let mut name = String::with_capacity(24);
    // Writing to a String cannot fail.
    let _ = write!(name, "{first:020}.seg");
    name
}

/// The same, relative to the ledger's folder.
pub(super) fn relative(first: u64) -> String {
    format!("{FOLDER}/{}", name_of(first))
}

fn parse_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".seg")?;
    if digits.len() != 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}
