//! A published log read back: verified, or as what a ledger is restored from.

use std::path::Path;

use super::error::OpsError;
use super::known::HistoryError;
use super::ledger::options;
use crate::audit::{Auditor, Cause};
use crate::model::VerifierKey;
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::tiles::{TILE_WIDTH, TileError, TileKind, TilePath, decode_bundle};
use crate::proof::tiling::{Tile, Tiling};
use crate::report::verification::LedgerVerification;
use crate::store::{Progress, Published};

/// Verifies the log published in `folder` as a whole ledger is verified: every signature,
/// the tree, every decision, the checkpoint; and every hash tile.
///
/// # Errors
/// Nothing is published there. What is wrong with it is no error but a finding.
pub fn verify_published(
    folder: &Path,
    trusted: Option<&VerifierKey>,
    progress: Progress<'_>,
) -> Result<LedgerVerification, OpsError> {
    let published = Published::at(folder, &options());
    let (checkpoint, size) = newest(&published, folder)?;
    let mut auditor = Auditor::new();
    let mut tiling = Tiling::new();
    let mut whole = true;
    while tiling.size() < size {
        let at = tiling.size();
        let notes = match bundle(&published, at, size)? {
            Ok(notes) => notes,
            Err(why) => {
                auditor.report(Some(at), Cause::Stored(why));
                whole = false;
                break;
            }
        };
        for note in &notes {
            let full = tiling.push(note).map_err(too_large)?;
            full.iter().try_for_each(|tile| compare(&published, tile, &mut auditor))?;
        }
        auditor.take(&notes);
        progress(tiling.size(), size);
    }
    let audit = if whole {
        let rest = tiling.rest().map_err(too_large)?;
        rest.iter().try_for_each(|tile| compare(&published, tile, &mut auditor))?;
        auditor.finish(Some(&checkpoint), trusted)
    } else {
        auditor.finish_part()
    };
    let mut report = LedgerVerification::new(&audit, trusted);
    if !whole {
        report
            .not_shown
            .insert(0, "whatever stands behind the entry named: it was not verified".to_owned());
    }
    Ok(report)
}

/// The checkpoint that is published, and the size it states. Nobody has verified it.
///
/// # Errors
/// There is none, or it is malformed.
pub(super) fn newest(published: &Published, folder: &Path) -> Result<(Vec<u8>, u64), OpsError> {
    let by = || format!("{}/checkpoint", folder.display());
    let unreadable = |why: String| HistoryError::Unreadable { by: by(), why };
    let bytes = published
        .checkpoint()?
        .ok_or_else(|| unreadable("nothing is published there".to_owned()))?;
    let parsed = SignedCheckpoint::parse(&bytes).map_err(|error| unreadable(error.to_string()))?;
    Ok((bytes, parsed.checkpoint().size()))
}

/// The entries from `at`, where a bundle begins, to its end or that of the log; or why
/// they cannot be had, in words.
///
/// # Errors
/// What the file system says.
pub(super) fn bundle(
    published: &Published,
    at: u64,
    size: u64,
) -> Result<Result<Vec<Vec<u8>>, String>, OpsError> {
    let full = u64::from(TILE_WIDTH);
    let width = u16::try_from((size - at).min(full)).unwrap_or(TILE_WIDTH);
    let Ok(path) = TilePath::new(TileKind::Entries, at / full, width) else {
        return Ok(Err("there cannot be so many entries".to_owned()));
    };
    let Some(bytes) = published.tile(path)? else {
        return Ok(Err(format!("{path} is not there")));
    };
    Ok(match decode_bundle(&bytes, width) {
        Ok(entries) => Ok(entries.into_iter().map(<[u8]>::to_vec).collect()),
        Err(error) => Err(format!("{path}: {error}")),
    })
}

/// A hash tile as it must be against the one that is there.
fn compare(published: &Published, tile: &Tile, auditor: &mut Auditor) -> Result<(), OpsError> {
    if tile.path.kind() == TileKind::Entries {
        return Ok(());
    }
    let wrong = match published.tile(tile.path)? {
        Some(bytes) if bytes == tile.bytes => return Ok(()),
        Some(_) => "holds other hashes than those of its entries",
        None => "is not there",
    };
    auditor.report(None, Cause::Stored(format!("{} {wrong}", tile.path)));
    Ok(())
}

/// What was decoded from a bundle fits into one.
fn too_large(error: TileError) -> OpsError {
    OpsError::ReadBack(error.to_string())
}
