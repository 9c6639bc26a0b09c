//! The Merkle tree hash of RFC 6962 section 2.1 (unchanged in RFC 9162 2.1.1).

use crate::model::Hash;

/// Leaf hash: SHA-256(0x00 || entry).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::of(&[&[0x00], entry])
}

/// Interior node: SHA-256(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of(&[&[0x01], &left.0, &right.0])
}

/// Root of the empty tree: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// Where the hashes of complete subtrees are read from. `node(level, index)` is
/// the root of the 2^level leaves that begin at leaf `index * 2^level`.
pub trait Nodes {
    /// What a failed read says.
    type Error;

    /// The hash of one complete subtree.
    ///
    /// # Errors
    /// When the subtree is not complete in the tree at hand, or cannot be read.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// The right edge of a tree: the roots of its complete subtrees, largest first.
/// Enough to append to and to state the root, in O(log n) memory.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Rebuilds the frontier of a tree of `size` leaves from its nodes.
    ///
    /// # Errors
    /// Whatever reading the nodes says.
    pub fn load<N: Nodes>(nodes: &N, size: u64) -> Result<Self, N::Error> {
        let mut peaks = Vec::new();
        let mut begin = 0u64;
        for level in (0..64u8).rev() {
            if size & (1 << level) != 0 {
                peaks.push(nodes.node(level, begin >> level)?);
                begin += 1 << level;
            }
        }
        Ok(Frontier { size, peaks })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds one leaf. Returns the complete subtrees this finished, the leaf
    /// itself first, each as (level, index, hash), for whoever stores nodes.
    pub fn push(&mut self, leaf: Hash) -> Vec<(u8, u64, Hash)> {
        let mut finished = vec![(0u8, self.size, leaf)];
        let (mut level, mut node) = (0u8, leaf);
        while self.size & (1 << level) != 0 {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
            level += 1;
            finished.push((level, self.size >> level, node));
        }
        self.peaks.push(node);
        self.size += 1;
        finished
    }

    /// The root of the tree as it stands.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(&last) = peaks.next() else { return empty_root() };
        peaks.fold(last, |right, left| node_hash(left, &right))
    }
}
