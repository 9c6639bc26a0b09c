//! Reading a ledger that belongs to somebody else, while they may be writing it:
//! for a program that looks on for hours and must keep nobody out.
//!
//! No lock is taken and nothing is written. Entries are appended and never changed,
//! and each frame has its check sum and chain hash, so what was read whole is an
//! entry. An entry may be seen a moment before it is acknowledged; one that is cut
//! off again, because its append failed, was shown too early and nothing else.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::StoreError;
use super::file::Options;
use super::frame::CHAIN_START;
use super::journal::Journal;
use super::scan::Step;
use super::{Visitor, folder, state};
use crate::model::Hash;

/// A place in a ledger up to which it was read.
#[derive(Debug, Clone)]
pub struct Follower {
    folder: PathBuf,
    options: Options,
    next: u64,
    chain: Hash,
    /// Segment and offset where the frame of entry `next` is expected; none while
    /// it has to be looked for.
    place: Option<(u64, u64)>,
}

impl Follower {
    /// Stands before the first entry of the ledger in `folder`.
    ///
    /// # Errors
    /// `NotALedger`, `NewerFormat`, `Io`.
    pub fn open(folder: &Path, options: &Options) -> Result<Self, StoreError> {
        folder::check_format(&*options.io, folder)?;
        let (folder, options) = (folder.to_owned(), options.clone());
        Ok(Follower { folder, options, next: 0, chain: CHAIN_START, place: None })
    }

    /// Moves behind the entries that the kept state was folded from, and gives that
    /// back. Whether it belongs to this ledger shows when reading goes on: the next
    /// entry then does not follow.
    ///
    /// # Errors
    /// `Io`.
    pub fn skip_to_snapshot(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(folded) = state::load(&*self.options.io, &self.folder)? else { return Ok(None) };
        (self.next, self.chain, self.place) = (folded.size, folded.chain, None);
        Ok(Some(folded.bytes))
    }

    /// Entries read or skipped so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.next
    }

    /// Shows the entries that have come since, in order.
    ///
    /// # Errors
    /// `Damaged` when what stands there does not follow from what was read before:
    /// another ledger lies in the folder, or its bytes were changed. `Io`.
    pub fn read_on(&mut self, each: Visitor<'_>) -> Result<(), StoreError> {
        let options = &self.options;
        let journal = Journal::open(Arc::clone(&options.io), &self.folder, options.limits())?;
        while let Some(first) = journal.segment_of(self.next) {
            let before = self.next;
            let offset =
                self.place.filter(|(segment, _)| *segment == first).map_or(0, |(_, at)| at);
            if self.read_segment(&journal, first, offset, each)? == ControlFlow::Break(()) {
                break;
            }
            // A frame that is not whole is one that is being written.
            if self.next == before || journal.segment_of(self.next) == Some(first) {
                break;
            }
        }
        Ok(())
    }

    fn read_segment(
        &mut self,
        journal: &Journal,
        first: u64,
        offset: u64,
        each: Visitor<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let mut frames = journal.frames(first, offset)?;
        loop {
            let step = frames.next().map_err(|source| journal.failed(first, source))?;
            let Step::Frame { frame, offset } = step else { return Ok(ControlFlow::Continue(())) };
            if frame.seq < self.next {
                continue;
            }
            if frame.seq != self.next || frame.previous != self.chain {
                return Err(journal.unlinked(first, self.next));
            }
            self.next += 1;
            self.chain = frame.chain;
            self.place = Some((first, offset + frame.extent()));
            if each(frame.seq, frame.note).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
}
