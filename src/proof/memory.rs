//! A tree held whole in memory: for an exported ledger, a tour, a test.

use crate::model::Hash;
use crate::proof::tree::{Frontier, Nodes};

/// Every complete subtree of a log, 64 bytes an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemoryTree {
    frontier: Frontier,
    levels: Vec<Vec<Hash>>,
}

/// A node that is not in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tree has no complete subtree {index} at level {level}")]
pub struct NoNode {
    /// Level, 0 being the leaves.
    pub level: u8,
    /// Index within the level.
    pub index: u64,
}

impl MemoryTree {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a leaf hash at the end.
    pub fn push(&mut self, leaf: Hash) {
        // Nodes of one level are finished in the order of their index, so each
        // goes to the end of its level.
        for (level, _, hash) in self.frontier.push(leaf) {
            let level = usize::from(level);
            if self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            if let Some(nodes) = self.levels.get_mut(level) {
                nodes.push(hash);
            }
        }
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Root of the whole tree.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Root of the tree as it was with `size` leaves.
    ///
    /// # Errors
    /// [`NoNode`] when it never had so many.
    pub fn root_at(&self, size: u64) -> Result<Hash, NoNode> {
        Ok(Frontier::load(self, size)?.root())
    }
}

impl FromIterator<Hash> for MemoryTree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = MemoryTree::new();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }
}

impl Nodes for MemoryTree {
    type Error = NoNode;

    fn node(&self, level: u8, index: u64) -> Result<Hash, NoNode> {
        let nodes = self.levels.get(usize::from(level));
        let found = nodes.zip(usize::try_from(index).ok()).and_then(|(all, at)| all.get(at));
        found.copied().ok_or(NoNode { level, index })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::tree::{empty_root, leaf_hash};

    #[test]
    fn older_roots_are_remembered_and_later_ones_refused() {
        let mut tree = MemoryTree::new();
        let mut roots = vec![empty_root()];
        for entry in 0..20u8 {
            tree.push(leaf_hash(&[entry]));
            roots.push(tree.root());
        }
        for (size, root) in (0..).zip(&roots) {
            assert_eq!(tree.root_at(size), Ok(*root));
        }
        assert_eq!(tree.root_at(21), Err(NoNode { level: 0, index: 20 }));
        assert_eq!(tree.root_at(32), Err(NoNode { level: 5, index: 0 }));
    }
}
