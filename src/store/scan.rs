//! Reading a segment from front to back, and looking behind its last frame.

use std::io;
use std::sync::Arc;

use super::MAX_NOTE_BYTES;
use super::frame::{self, Flaw, Frame, HEADER, MAGIC, TRAILER};
use super::io::IoFile;

const PIECE: usize = 256 << 10;
/// The first piece of a walk, a few notes: who reads one entry reads no more.
const FIRST: usize = 4 << 10;
const LARGEST: usize = HEADER + MAX_NOTE_BYTES + TRAILER;

/// Reads frames one behind the other in bounded memory.
#[derive(Debug)]
pub(super) struct Frames {
    file: Arc<dyn IoFile>,
    /// Where in the file `window` begins.
    at: u64,
    window: Vec<u8>,
    /// Bytes of the window already given out.
    used: usize,
    ended: bool,
    /// Bytes to read next; grows as the walk goes on.
    piece: usize,
}

/// What stands at a place of a segment.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// A frame, with its offset.
    Frame { frame: Frame<'a>, offset: u64 },
    /// No frame; the end when the flaw is `Absent`.
    Stop(Flaw),
}

impl Frames {
    /// Begins at `offset`.
    pub(super) fn new(file: Arc<dyn IoFile>, offset: u64) -> Self {
        Frames { file, at: offset, window: Vec::new(), used: 0, ended: false, piece: FIRST }
    }

    /// The next frame. After a stop it stops there again.
    pub(super) fn next(&mut self) -> io::Result<Step<'_>> {
        self.fill(HEADER)?;
        if let Some(extent) = frame::stated_extent(self.rest()) {
            self.fill(extent)?;
        }
        let offset = self.at + self.used as u64;
        let begin = self.used;
        let ahead = self.window.get(begin..).unwrap_or_default();
        match frame::decode(ahead) {
            Ok(frame) => {
                self.used += frame.extent() as usize;
                Ok(Step::Frame { frame, offset })
            }
            Err(_) if ahead.iter().take(HEADER).all(|&byte| byte == 0) => {
                Ok(Step::Stop(Flaw::Absent))
            }
            Err(flaw) => Ok(Step::Stop(flaw)),
        }
    }

    fn rest(&self) -> &[u8] {
        self.window.get(self.used..).unwrap_or_default()
    }

    /// Reads on until `want` bytes lie ahead or the file ends.
    fn fill(&mut self, want: usize) -> io::Result<()> {
        if self.ended || self.rest().len() >= want {
            return Ok(());
        }
        self.window.drain(..self.used);
        self.at += self.used as u64;
        self.used = 0;
        let missing = self.piece.max(want.saturating_sub(self.window.len()));
        self.piece = (self.piece * 4).min(PIECE);
        let from = self.at + self.window.len() as u64;
        // Most segments of a young ledger are far smaller than a piece.
        let left = self.file.size()?.saturating_sub(from);
        let mut piece = vec![0; usize::try_from(left).unwrap_or(usize::MAX).min(missing)];
        let count = self.file.read_at(&mut piece, from)?;
        self.window.extend_from_slice(piece.get(..count).unwrap_or_default());
        self.ended = count < missing;
        Ok(())
    }
}

/// What lies behind the place where frames end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rest {
    /// Where the last byte that is not zero ends; None when there is none.
    pub(super) until: Option<u64>,
    /// The entry of the first sound frame behind, of those asked for.
    pub(super) follower: Option<u64>,
}

/// Looks at everything from `offset` on. `beyond` is the smallest first-of-commit
/// that matters: a sound frame of an earlier commit is passed over.
pub(super) fn look_behind(file: &dyn IoFile, offset: u64, beyond: u64) -> io::Result<Rest> {
    let mut rest = Rest::default();
    let mut at = offset;
    let mut piece = vec![0; PIECE];
    loop {
        let count = file.read_at(&mut piece, at)?;
        let bytes = piece.get(..count).unwrap_or_default();
        if let Some(until) = last_written(bytes) {
            rest.until = Some(at + until as u64);
            if rest.follower.is_none() {
                let behind = |frame: &Frame<'_>| frame.start > beyond;
                let written = bytes.get(..until).unwrap_or_default();
                let found = sound_frame(file, written, at, offset, &behind)?;
                rest.follower = found.map(|(_, seq)| seq);
            }
        }
        if count < PIECE {
            return Ok(rest);
        }
        // Pieces overlap so that a magic on the seam is seen.
        at += (PIECE - MAGIC.len()) as u64;
    }
}

/// Where the last byte that is not zero ends. Whole pages of zeros, which is what
/// reserved space is, are passed over at the speed of a comparison.
fn last_written(bytes: &[u8]) -> Option<usize> {
    const ZEROS: [u8; 4096] = [0; 4096];
    let page = bytes.chunks(ZEROS.len()).rposition(|page| Some(page) != ZEROS.get(..page.len()))?;
    let begin = page * ZEROS.len();
    let last = bytes.get(begin..)?.iter().rposition(|&byte| byte != 0)?;
    Some(begin + last + 1)
}

/// The first sound frame behind `offset`: where it begins, and its entry.
pub(super) fn next_sound(file: &dyn IoFile, offset: u64) -> io::Result<Option<(u64, u64)>> {
    let mut at = offset;
    let mut piece = vec![0; PIECE];
    loop {
        let count = file.read_at(&mut piece, at)?;
        let bytes = piece.get(..count).unwrap_or_default();
        let found = sound_frame(file, bytes, at, offset, &|_| true)?;
        if found.is_some() || count < PIECE {
            return Ok(found);
        }
        at += (PIECE - MAGIC.len()) as u64;
    }
}

/// The first sound frame that `meant` accepts and that begins in `bytes` (which
/// lie at `at`), not counting one at `offset` itself.
fn sound_frame(
    file: &dyn IoFile,
    bytes: &[u8],
    at: u64,
    offset: u64,
    meant: &dyn Fn(&Frame<'_>) -> bool,
) -> io::Result<Option<(u64, u64)>> {
    let mut candidate = Vec::new();
    for (place, window) in bytes.windows(MAGIC.len()).enumerate() {
        let place = at + place as u64;
        if window != MAGIC || place <= offset {
            continue;
        }
        candidate.resize(LARGEST, 0);
        let count = file.read_at(&mut candidate, place)?;
        if let Ok(frame) = frame::decode(candidate.get(..count).unwrap_or_default())
            && meant(&frame)
        {
            return Ok(Some((place, frame.seq)));
        }
    }
    Ok(None)
}
