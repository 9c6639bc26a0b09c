//! Inclusion proofs (RFC 9162 section 2.1.3, the same as RFC 6962 2.1.1): that
//! an entry stands at an index of a tree with a known root.

use crate::model::Hash;
use crate::proof::tree::{Nodes, empty_root, node_hash};

/// Longest possible proof: a tree of 2^64 - 1 leaves is 64 levels high.
pub const PATH_MAX: usize = 64;

/// Why no proof could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// The index is not below the tree size.
    #[error("a tree of {size} entries has no entry {index}")]
    NoSuchEntry {
        /// The index asked for.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    #[error("a tree of {first} entries is no prefix of one of {second}")]
    Backwards {
        /// Size of the older tree.
        first: u64,
        /// Size of the newer tree.
        second: u64,
    },
    /// Reading the tree's nodes failed.
    #[error("the nodes of the tree could not be read: {0}")]
    Nodes(E),
}

/// Why a proof does not show what it claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofRefused {
    /// The index is not below the tree size.
    #[error("a tree of {size} entries has no entry {index}")]
    NoSuchEntry {
        /// The index claimed.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    #[error("a tree of {first} entries is no prefix of one of {second}")]
    Backwards {
        /// Size of the older tree.
        first: u64,
        /// Size of the newer tree.
        second: u64,
    },
    /// More or fewer hashes than a proof between these sizes has.
    #[error("the proof has {found} hashes, which is not what these tree sizes need")]
    Length {
        /// Hashes found.
        found: usize,
    },
    /// The hashes do not lead to the root.
    #[error("the proof does not lead to the root: entry, proof or root was altered")]
    Root,
    /// The hashes do not lead to the root of the older tree.
    #[error("the proof does not lead to the older root: history was rewritten before it")]
    FirstRoot,
}

/// The proof that entry `index` is in the tree of `size` leaves: sibling hashes
/// from the leaf up to the child of the root.
///
/// # Errors
/// [`ProveError`]: the entry does not exist or a node cannot be read.
pub fn prove_inclusion<N: Nodes + ?Sized>(
    nodes: &N,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProveError<N::Error>> {
    if index >= size {
        return Err(ProveError::NoSuchEntry { index, size });
    }
    let (mut begin, mut end) = (0, size);
    let mut path = Vec::new();
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        let (from, to) = if index < middle { (middle, end) } else { (begin, middle) };
        path.push(range_root(nodes, from, to).map_err(ProveError::Nodes)?);
        (begin, end) = if index < middle { (begin, middle) } else { (middle, end) };
    }
    path.reverse();
    Ok(path)
}

/// Checks that `leaf` (a leaf hash) is entry `index` of the tree of `size`
/// leaves with root `root`: the algorithm of RFC 9162 section 2.1.3.2.
///
/// # Errors
/// [`ProofRefused`].
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofRefused> {
    if index >= size {
        return Err(ProofRefused::NoSuchEntry { index, size });
    }
    let wrong_length = ProofRefused::Length { found: path.len() };
    let (mut node, mut last) = (index, size - 1);
    let mut reached = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            reached = node_hash(sibling, &reached);
            // On the right edge levels without a sibling are skipped: the node
            // is promoted unchanged until it is a right child or the root.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            reached = node_hash(&reached, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(wrong_length);
    }
    if reached == *root { Ok(()) } else { Err(ProofRefused::Root) }
}

/// The largest power of two below `count`, for `count` of at least 2: where
/// RFC 9162 section 2.1.1 splits a tree.
pub(crate) fn split(count: u64) -> u64 {
    1 << (count.max(2) - 1).ilog2()
}

/// Merkle tree hash of the leaves `begin..end`, put together from complete
/// subtrees, where `begin` is a multiple of the largest of them (true of every
/// range that splitting a tree yields).
pub(crate) fn range_root<N: Nodes + ?Sized>(
    nodes: &N,
    begin: u64,
    end: u64,
) -> Result<Hash, N::Error> {
    let (mut at, mut peaks) = (begin, Vec::new());
    for level in (0..64u8).rev() {
        if (end - begin) & (1 << level) != 0 {
            peaks.push(nodes.node(level, at >> level)?);
            at += 1 << level;
        }
    }
    let mut rising = peaks.iter().rev();
    let Some(&smallest) = rising.next() else { return Ok(empty_root()) };
    Ok(rising.fold(smallest, |right, left| node_hash(left, &right)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::memory::MemoryTree;
    use crate::proof::tree::leaf_hash;

    fn grown(size: u64) -> MemoryTree {
        (0..size).map(leaf).collect()
    }

    fn leaf(index: u64) -> Hash {
        leaf_hash(&index.to_be_bytes())
    }

    #[test]
    fn every_entry_of_every_small_tree_is_proven() {
        let grown = grown(70);
        for size in 1..=70u64 {
            let root = grown.root_at(size).expect("nodes");
            assert_eq!(range_root(&grown, 0, size), Ok(root));
            for index in 0..size {
                let path = prove_inclusion(&grown, index, size).expect("proof");
                let leaf = leaf(index);
                assert_eq!(verify_inclusion(&leaf, index, size, &path, &root), Ok(()));
                let other = leaf_hash(b"another entry");
                let refused = verify_inclusion(&other, index, size, &path, &root);
                assert_eq!(refused, Err(ProofRefused::Root));
            }
        }
    }

    #[test]
    fn wrong_lengths_and_positions_are_refused() {
        let grown = grown(7);
        let root = grown.root();
        let path = prove_inclusion(&grown, 6, 7).expect("proof");
        let leaf = leaf(6);
        let mut long = path.clone();
        long.push(leaf);
        let check = |index, size, path: &[Hash]| verify_inclusion(&leaf, index, size, path, &root);
        assert_eq!(check(6, 7, &long), Err(ProofRefused::Length { found: 3 }));
        assert_eq!(check(6, 7, &path[..1]), Err(ProofRefused::Length { found: 1 }));
        assert_eq!(check(7, 7, &path), Err(ProofRefused::NoSuchEntry { index: 7, size: 7 }));
        assert_eq!(check(0, 0, &[]), Err(ProofRefused::NoSuchEntry { index: 0, size: 0 }));
        assert!(check(5, 7, &path).is_err());
        assert!(check(u64::MAX - 1, u64::MAX, &path).is_err());
        let refused = ProveError::NoSuchEntry { index: 7, size: 7 };
        assert_eq!(prove_inclusion(&grown, 7, 7), Err(refused));
    }

    #[test]
    fn splits_are_the_largest_power_of_two_below() {
        let expected = [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8), (u64::MAX, 1 << 63)];
        for (count, at) in expected {
            assert_eq!(split(count), at);
        }
    }
}
