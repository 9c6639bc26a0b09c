//! Reading what stands whole in the journal of a ledger that will not open: so that
//! an audit can name the entry at fault, and never to go on with.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::error::StoreError;
use super::file::Options;
use super::io::read_whole;
use super::journal::Journal;
use super::lock::Lock;
use super::scan::Step;
use super::{Visitor, checkpoint, folder};

/// Shows every note that stands whole in the journal, from entry 0 on and up to the
/// first place that holds no frame or another entry than the next, whatever head,
/// checkpoint and index say of them; and gives back the checkpoint's bytes. Nothing
/// is changed.
///
/// # Errors
/// `NotALedger`, `NewerFormat`, `Locked`, `Io`.
pub fn salvage(
    folder: &Path,
    options: &Options,
    each: Visitor<'_>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let io = &*options.io;
    folder::check_format(io, folder)?;
    let _lock = Lock::acquire(folder)?;
    let path = folder.join(checkpoint::NAME);
    let kept = read_whole(io, &path, checkpoint::MAX_BYTES);
    let kept = kept.map_err(|source| StoreError::io("read", &path, source))?;
    let journal = Journal::open(Arc::clone(&options.io), folder, options.limits())?;
    let mut next = 0;
    for &first in journal.segments() {
        if first != next {
            break;
        }
        let mut frames = journal.frames(first, 0)?;
        while let Step::Frame { frame, .. } =
            frames.next().map_err(|source| journal.failed(first, source))?
        {
            if frame.seq != next || each(next, frame.note) == ControlFlow::Break(()) {
                return Ok(kept);
            }
            next += 1;
        }
    }
    Ok(kept)
}
