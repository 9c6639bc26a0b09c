//! Consistency proofs (RFC 9162 section 2.1.4, the same as RFC 6962 2.1.2):
//! that the newer of two trees begins with all of the older one.

use crate::model::Hash;
use crate::proof::inclusion::{ProofRefused, ProveError, range_root, split};
use crate::proof::tree::{Nodes, empty_root, node_hash};

/// The proof that the tree of `second` leaves begins with that of `first`.
/// Empty when the sizes are equal or `first` is 0: the RFC defines no proof
/// there, and equality of the roots, or nothing at all, says the same.
///
/// # Errors
/// [`ProveError`]: the sizes are the wrong way round or a node cannot be read.
pub fn prove_consistency<N: Nodes + ?Sized>(
    nodes: &N,
    first: u64,
    second: u64,
) -> Result<Vec<Hash>, ProveError<N::Error>> {
    if first > second {
        return Err(ProveError::Backwards { first, second });
    }
    let mut path = Vec::new();
    if first == 0 || first == second {
        return Ok(path);
    }
    // SUBPROOF of the RFC, walked from the root down: `whole` holds while the
    // part of the old tree in view is a complete subtree of it from leaf 0,
    // whose root the verifier knows already.
    let (mut begin, mut end, mut whole) = (0, second, true);
    while first != end {
        let middle = begin + split(end - begin);
        let (from, to) = if first <= middle { (middle, end) } else { (begin, middle) };
        path.push(range_root(nodes, from, to).map_err(ProveError::Nodes)?);
        if first <= middle {
            end = middle;
        } else {
            (begin, whole) = (middle, false);
        }
    }
    if !whole {
        path.push(range_root(nodes, begin, end).map_err(ProveError::Nodes)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that the tree of `second` leaves with root `second_root` begins with
/// the tree of `first` leaves with root `first_root`: the algorithm of RFC 9162
/// section 2.1.4.2.
///
/// # Errors
/// [`ProofRefused`].
pub fn verify_consistency(
    first: u64,
    first_root: &Hash,
    second: u64,
    second_root: &Hash,
    path: &[Hash],
) -> Result<(), ProofRefused> {
    let wrong_length = ProofRefused::Length { found: path.len() };
    if first > second {
        return Err(ProofRefused::Backwards { first, second });
    }
    if first == 0 || first == second {
        // Every tree begins with the empty one, and with itself.
        return match path {
            [] if first == 0 && *first_root != empty_root() => Err(ProofRefused::FirstRoot),
            [] if first == second && first_root != second_root => Err(ProofRefused::FirstRoot),
            [] => Ok(()),
            _ => Err(wrong_length),
        };
    }
    let (mut node, mut last) = (first - 1, second - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    // An old tree that is one complete subtree is its own starting node, and
    // the proof leaves it out.
    let (start, rest) = match path.split_first() {
        None => return Err(wrong_length),
        Some(_) if first.is_power_of_two() => (first_root, path),
        Some((start, rest)) => (start, rest),
    };
    let (mut old, mut new) = (*start, *start);
    for sibling in rest {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(wrong_length);
    }
    match (old == *first_root, new == *second_root) {
        (true, true) => Ok(()),
        (false, _) => Err(ProofRefused::FirstRoot),
        (true, false) => Err(ProofRefused::Root),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::memory::MemoryTree;
    use crate::proof::tree::leaf_hash;

    fn grown(size: u64) -> MemoryTree {
        (0..size).map(|index| leaf_hash(&index.to_be_bytes())).collect()
    }

    #[test]
    fn every_pair_of_small_trees_is_consistent() {
        let grown = grown(40);
        let root = |size| grown.root_at(size).expect("nodes");
        for second in 0..=40u64 {
            for first in 0..=second {
                let path = prove_consistency(&grown, first, second).expect("proof");
                let (old, new) = (root(first), root(second));
                assert_eq!(verify_consistency(first, &old, second, &new, &path), Ok(()));
                let other = leaf_hash(b"another tree");
                assert!(verify_consistency(first, &other, second, &new, &path).is_err());
                // The root of the newer tree says nothing about an empty one.
                if first > 0 {
                    assert!(verify_consistency(first, &old, second, &other, &path).is_err());
                }
            }
        }
    }

    #[test]
    fn impossible_shapes_are_refused() {
        let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
        let backwards = ProofRefused::Backwards { first: 3, second: 2 };
        assert_eq!(verify_consistency(3, &a, 2, &b, &[]), Err(backwards));
        let length = |found| Err(ProofRefused::Length { found });
        assert_eq!(verify_consistency(2, &a, 4, &b, &[]), length(0));
        assert_eq!(verify_consistency(2, &a, 2, &a, &[b]), length(1));
        assert_eq!(verify_consistency(1, &a, u64::MAX, &b, &[a; 70]), length(70));
        assert_eq!(verify_consistency(2, &a, 2, &b, &[]), Err(ProofRefused::FirstRoot));
        assert_eq!(verify_consistency(0, &a, 2, &b, &[]), Err(ProofRefused::FirstRoot));
        let refused = ProveError::Backwards { first: 3, second: 2 };
        assert_eq!(prove_consistency(&grown(3), 3, 2), Err(refused));
    }
}
