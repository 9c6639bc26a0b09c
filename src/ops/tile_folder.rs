//! A published ledger (c2sp.org/tlog-tiles) in a folder, read for its tree: hash tiles
//! and the newest checkpoint. Nothing in it is believed; who uses a hash proves it.

use std::path::{Path, PathBuf};

use super::error::OpsError;
use super::gather::read_bounded;
use crate::model::Hash;
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::tiles::{TILE_WIDTH, TileKind, TilePath, decode_tile};
use crate::proof::tree::{Nodes, node_hash};

/// Levels of the tree in one tile.
const TILE_LEVELS: u8 = 8;

/// A folder with a `checkpoint` and tiles.
pub struct Published {
    folder: PathBuf,
    checkpoint: SignedCheckpoint,
}

impl Published {
    /// Opens what was published in `folder`.
    ///
    /// # Errors
    /// There is no checkpoint in it, or it is malformed.
    pub fn open(folder: &Path) -> Result<Self, OpsError> {
        let path = folder.join("checkpoint");
        let checkpoint = SignedCheckpoint::parse(&read_bounded(&path)?);
        let checkpoint =
            checkpoint.map_err(|error| OpsError::input(&path.display().to_string(), error))?;
        Ok(Published { folder: folder.to_owned(), checkpoint })
    }

    /// The newest checkpoint.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// The hashes of a tile: the whole tile, or as much as there is at the checkpoint.
    fn tile(&self, level: u8, index: u64) -> Result<Vec<Hash>, OpsError> {
        let full = u64::from(TILE_WIDTH);
        let hashes = self
            .checkpoint
            .checkpoint()
            .size()
            .checked_shr(u32::from(level) * u32::from(TILE_LEVELS))
            .unwrap_or(0);
        let there = hashes.saturating_sub(index.saturating_mul(full)).min(full);
        let width = u16::try_from(there).unwrap_or(TILE_WIDTH);
        let wrong = |error: String| OpsError::input(&self.folder.display().to_string(), error);
        let path = TilePath::new(TileKind::Hashes(level), index, width)
            .map_err(|error| wrong(error.to_string()))?;
        let bytes = read_bounded(&self.folder.join(path.to_string()))?;
        decode_tile(&bytes, width).map_err(|error| wrong(format!("{path}: {error}")))
    }
}

impl Nodes for Published {
    type Error = OpsError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, OpsError> {
        let (tile, inner) = (level / TILE_LEVELS, level % TILE_LEVELS);
        let per_tile = u64::from(TILE_WIDTH) >> inner;
        let hashes = self.tile(tile, index / per_tile)?;
        let from = usize::try_from((index % per_tile) << inner).unwrap_or(usize::MAX);
        let row = hashes.get(from..from.saturating_add(1 << inner)).unwrap_or_default();
        let mut row = row.to_vec();
        while row.len() > 1 {
            row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[pair.len() - 1])).collect();
        }
        let missing = || OpsError::Unknown(format!("no node {index} at level {level}"));
        row.first().copied().ok_or_else(missing)
    }
}
