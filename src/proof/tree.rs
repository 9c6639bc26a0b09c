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
    pub fn load<N: Nodes + ?Sized>(nodes: &N, size: u64) -> Result<Self, N::Error> {
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

    /// Its complete subtrees, largest first, each as (level, index, hash).
    pub fn peaks(&self) -> impl Iterator<Item = (u8, u64, Hash)> {
        let levels = (0..64u8).rev().filter(|level| self.size & (1 << level) != 0);
        // The last complete subtree of its level: the level's number of them is odd.
        levels.zip(&self.peaks).map(|(level, hash)| (level, (self.size >> level) - 1, *hash))
    }

    /// Whether there are as many subtrees as a tree of this size has, which one read from
    /// a file need not have.
    pub fn is_whole(&self) -> bool {
        self.peaks.len() == self.size.count_ones() as usize
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The roots of the test tree that RFC 6962 implementations share.
    #[test]
    fn roots_of_the_certificate_transparency_test_tree() {
        let entries: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
                0x6e, 0x6f,
            ],
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::new();
        assert_eq!(frontier.root(), empty_root());
        for (entry, root) in entries.iter().zip(roots) {
            frontier.push(leaf_hash(entry));
            let found = data_encoding::HEXLOWER.encode(&frontier.root().0);
            assert_eq!(found, root, "tree of {}", frontier.size());
        }
    }
}
