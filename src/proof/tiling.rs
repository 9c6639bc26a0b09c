//! The tiles of a growing log (c2sp.org/tlog-tiles), made entry by entry: each tile and
//! bundle is given back once it is full, and what is not full at the end.

use crate::model::Hash;
use crate::proof::tiles::{TILE_WIDTH, TileError, TileKind, TilePath, encode_bundle, encode_tile};
use crate::proof::tree::{Frontier, Nodes, leaf_hash};

/// Levels of hash tiles that a log of less than 2^63 entries has.
const LEVELS: u8 = 8;

/// One resource of a published log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Its name.
    pub path: TilePath,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Makes tiles of entries that are given in order.
#[derive(Debug, Clone)]
pub struct Tiling {
    frontier: Frontier,
    bundle: Vec<Vec<u8>>,
    /// The hashes of the unfinished tile of each level.
    unfinished: Vec<Vec<Hash>>,
}

impl Default for Tiling {
    fn default() -> Self {
        Tiling::new()
    }
}

impl Tiling {
    /// Begins with the first entry.
    pub fn new() -> Self {
        let unfinished = vec![Vec::new(); usize::from(LEVELS)];
        Tiling { frontier: Frontier::new(), bundle: Vec::new(), unfinished }
    }

    /// Goes on with the first entry whose tiles a log of `size` entries has not filled:
    /// [`Tiling::size`] says which one that is.
    ///
    /// # Errors
    /// What `nodes` says.
    pub fn behind<N: Nodes + ?Sized>(nodes: &N, size: u64) -> Result<Self, N::Error> {
        let width = u64::from(TILE_WIDTH);
        let start = size / width * width;
        let mut tiling = Tiling::new();
        tiling.frontier = Frontier::load(nodes, start)?;
        for (level, hashes) in (0..LEVELS).zip(&mut tiling.unfinished).skip(1) {
            let there = start >> (8 * level);
            for index in there / width * width..there {
                hashes.push(nodes.node(8 * level, index)?);
            }
        }
        Ok(tiling)
    }

    /// Number of entries so far; the next one's index.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Root over them.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Takes the next entry and gives back what it completed: the bundle, then hash
    /// tiles from the lowest level on.
    ///
    /// # Errors
    /// [`TileError::EntryTooLarge`].
    pub fn push(&mut self, entry: &[u8]) -> Result<Vec<Tile>, TileError> {
        self.bundle.push(entry.to_vec());
        let mut full = Vec::new();
        if self.bundle.len() == usize::from(TILE_WIDTH) {
            full.push(self.bundle_at(self.frontier.size() / u64::from(TILE_WIDTH))?);
            self.bundle.clear();
        }
        for (level, at, hash) in self.frontier.push(leaf_hash(entry)) {
            let Some(hashes) = self.unfinished.get_mut(usize::from(level / 8)) else { continue };
            if level % 8 != 0 {
                continue;
            }
            hashes.push(hash);
            if hashes.len() == usize::from(TILE_WIDTH) {
                full.push(hash_tile(level / 8, at / u64::from(TILE_WIDTH), hashes)?);
                hashes.clear();
            }
        }
        Ok(full)
    }

    /// The partial tiles at the end of the log, in the order of [`Tiling::push`].
    ///
    /// # Errors
    /// [`TileError::EntryTooLarge`].
    pub fn rest(&self) -> Result<Vec<Tile>, TileError> {
        let mut rest = Vec::new();
        let size = self.frontier.size();
        if !self.bundle.is_empty() {
            rest.push(self.bundle_at(size / u64::from(TILE_WIDTH))?);
        }
        for (level, hashes) in (0..LEVELS).zip(&self.unfinished) {
            if !hashes.is_empty() {
                let index = (size >> (8 * level)) / u64::from(TILE_WIDTH);
                rest.push(hash_tile(level, index, hashes)?);
            }
        }
        Ok(rest)
    }

    fn bundle_at(&self, index: u64) -> Result<Tile, TileError> {
        let entries: Vec<&[u8]> = self.bundle.iter().map(Vec::as_slice).collect();
        let path = TilePath::new(TileKind::Entries, index, width_of(entries.len()))?;
        Ok(Tile { path, bytes: encode_bundle(&entries)? })
    }
}

fn hash_tile(level: u8, index: u64, hashes: &[Hash]) -> Result<Tile, TileError> {
    let path = TilePath::new(TileKind::Hashes(level), index, width_of(hashes.len()))?;
    Ok(Tile { path, bytes: encode_tile(hashes)? })
}

fn width_of(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::proof::memory::MemoryTree;
    use crate::proof::tiles::tiles_of;

    fn entry(at: u64) -> Vec<u8> {
        format!("entry {at}\n").into_bytes()
    }

    /// Every tile of a log of `to` entries, where those of `from` are known.
    fn made(tree: &MemoryTree, from: u64, to: u64) -> BTreeMap<TilePath, Vec<u8>> {
        let mut tiling = Tiling::behind(tree, from).expect("nodes");
        let mut tiles = Vec::new();
        for at in tiling.size()..to {
            tiles.extend(tiling.push(&entry(at)).expect("small"));
        }
        tiles.extend(tiling.rest().expect("small"));
        tiles.into_iter().map(|tile| (tile.path, tile.bytes)).collect()
    }

    #[test]
    fn a_log_has_exactly_the_tiles_of_the_specification() {
        let mut tree = MemoryTree::new();
        let most = 65_536 + 256 * 3 + 7;
        (0..most).for_each(|at| tree.push(leaf_hash(&entry(at))));
        for size in [1, 2, 255, 256, 257, 511, 512, 600, 65_536, most] {
            let tiles = made(&tree, 0, size);
            let names: Vec<TilePath> = tiles.keys().copied().collect();
            let mut expected: Vec<TilePath> = tiles_of(size).collect();
            expected.sort();
            assert_eq!(names, expected, "{size}");
            // Made in two steps they are the same, and the first step's are not made again.
            let steps = [0, 1, 255, 256, 300, 65_536].into_iter();
            for from in steps.filter(|from| *from <= size && (size < 1_000 || *from >= 300)) {
                let later = made(&tree, from, size);
                for (path, bytes) in &later {
                    assert_eq!(tiles.get(path), Some(bytes), "{path}, {from} to {size}");
                }
                let full = |path: &&TilePath| path.width() == TILE_WIDTH;
                let known = tiles_of(from).filter(|path| full(&path));
                assert!(known.into_iter().all(|path| !later.contains_key(&path)));
                let both = tiles_of(from).filter(|path| full(&path)).count() + later.len();
                assert_eq!(both, tiles.len(), "{from} to {size}");
            }
        }
    }
}
