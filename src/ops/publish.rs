//! Publishing the log as static files, for whoever wants to watch it: a web server or a
//! share hands them out, and nothing has to run.

use std::ops::ControlFlow;
use std::path::Path;

use super::error::OpsError;
use super::known::{HistoryError, compare, keep_if_against, open_own};
use super::ledger::{Ledger, options};
use crate::ledger::Refusal;
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::log_keys::LogKeys;
use crate::proof::tiles::{TILE_WIDTH, TileKind};
use crate::proof::tiling::{Tile, Tiling};
use crate::report::copies::Publication;
use crate::store::{Options, Progress, Published, Store};

/// Publishes what the newest checkpoint covers into `folder`. Only what is new since the
/// checkpoint that is there is written, unless everything is to be written anew.
///
/// # Errors
/// The folder is of another log, or knows more entries or another history than this
/// ledger; it cannot be written. What was published before stays whole.
pub fn publish(
    ledger: &mut Ledger,
    folder: &Path,
    anew: bool,
    progress: Progress<'_>,
) -> Result<Publication, OpsError> {
    publish_with(ledger, folder, anew, &options(), progress)
}

/// The same on a file system of one's own.
///
/// # Errors
/// As [`publish`].
pub fn publish_with(
    ledger: &mut Ledger,
    folder: &Path,
    anew: bool,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Publication, OpsError> {
    let checkpoint = ledger.checkpoint()?;
    ledger.catch_up()?;
    let mut published = Published::at(folder, options);
    let before = published_size(ledger, &published, folder)?;
    let size = checkpoint.checkpoint().size();
    let mut answer = Publication {
        folder: folder.to_owned(),
        origin: checkpoint.checkpoint().origin().to_owned(),
        entries: size,
        published_before: before,
        tiles: 0,
        bundles: 0,
        bytes: 0,
    };
    let from = if anew { 0 } else { before.unwrap_or(0).min(size) };
    if before == Some(size) && !anew {
        // The same log, perhaps with more cosignatures.
        published.settle(&checkpoint.to_bytes())?;
        return Ok(answer);
    }
    let mut full = Vec::new();
    each_tile(ledger.store(), from, &checkpoint, progress, &mut |tile| {
        published.put(tile.path, &tile.bytes)?;
        answer.bytes += tile.bytes.len() as u64;
        match tile.path.kind() {
            TileKind::Entries => answer.bundles += 1,
            TileKind::Hashes(_) => answer.tiles += 1,
        }
        if tile.path.width() == TILE_WIDTH {
            full.push(tile.path);
        }
        Ok(())
    })?;
    // Another program may have published meanwhile, and a checkpoint never goes back.
    if published_size(ledger, &published, folder)?.is_none_or(|there| there <= size) {
        published.settle(&checkpoint.to_bytes())?;
    }
    full.into_iter().for_each(|path| published.forget_partial(path));
    Ok(answer)
}

/// How many entries are published there already, by a checkpoint of this very log.
fn published_size(
    ledger: &Ledger,
    published: &Published,
    folder: &Path,
) -> Result<Option<u64>, OpsError> {
    let Some(bytes) = published.checkpoint()? else { return Ok(None) };
    let keys = LogKeys::new(ledger.state().log_keys());
    let keys = keys.ok_or_else(|| OpsError::refused(Refusal::NotFounded))?;
    let by = format!("the log published in {}", folder.display());
    let there = open_own(&bytes, &keys, &by, ledger.store().head().size)?;
    match compare(ledger.store(), &there, &by) {
        Ok(said) => Ok(Some(said.size)),
        Err(error) => {
            // What was published by this log stops it wherever else it would record.
            let _ = keep_if_against(ledger, &there);
            Err(error)
        }
    }
}

/// Shows every tile of the log under `checkpoint` that one of `from` entries does not
/// have, in the order in which they are complete.
///
/// # Errors
/// What the store or `each` says; entries that do not hash to the checkpoint's root.
pub(super) fn each_tile(
    store: &dyn Store,
    from: u64,
    checkpoint: &SignedCheckpoint,
    progress: Progress<'_>,
    each: &mut dyn FnMut(Tile) -> Result<(), OpsError>,
) -> Result<(), OpsError> {
    let size = checkpoint.checkpoint().size();
    let mut tiling = Tiling::behind(store, from)?;
    let mut wrong = None;
    store.visit(tiling.size()..size, &mut |index, note| {
        let full = tiling.push(note).map_err(|error| OpsError::ReadBack(error.to_string()));
        let shown = full.and_then(|full| full.into_iter().try_for_each(&mut *each));
        progress(index + 1, size);
        match shown {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                wrong = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = wrong {
        return Err(error);
    }
    // What is handed out must be what was signed, whatever the disk gave back.
    if tiling.size() != size || tiling.root() != *checkpoint.checkpoint().root() {
        let by = "the newest checkpoint".to_owned();
        return Err(HistoryError::Forked { by, size }.into());
    }
    let rest = tiling.rest().map_err(|error| OpsError::ReadBack(error.to_string()))?;
    rest.into_iter().try_for_each(each)
}
