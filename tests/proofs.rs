//! Every inclusion and consistency proof of trees up to 300 entries verifies,
//! and no altered one does.

use std::sync::LazyLock;

use media_custody::model::Hash;
use media_custody::proof::consistency::{prove_consistency, verify_consistency};
use media_custody::proof::inclusion::{prove_inclusion, verify_inclusion};
use media_custody::proof::memory::MemoryTree;
use media_custody::proof::tree::leaf_hash;
use proptest::prelude::*;

const MOST: u64 = 300;

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

static TREE: LazyLock<MemoryTree> = LazyLock::new(|| (0..MOST).map(leaf).collect());

fn root(size: u64) -> Hash {
    TREE.root_at(size).expect("a tree that large")
}

#[test]
fn every_proof_verifies() {
    for size in 1..=MOST {
        let newer = root(size);
        for at in 0..size {
            let path = prove_inclusion(&*TREE, at, size).expect("proof");
            assert_eq!(verify_inclusion(&leaf(at), at, size, &path, &newer), Ok(()));
            let path = prove_consistency(&*TREE, at, size).expect("proof");
            assert_eq!(verify_consistency(at, &root(at), size, &newer, &path), Ok(()));
        }
    }
}

/// One change to a list of hashes.
fn altered(mut path: Vec<Hash>, way: usize, at: usize, bit: usize) -> Vec<Hash> {
    let (place, next) = (at % path.len().max(1), (at + 1) % path.len().max(1));
    match way {
        0 => path.push(leaf(bit as u64)),
        1 => path.insert(place, leaf(bit as u64)),
        2 if !path.is_empty() => drop(path.remove(place)),
        3 if path.len() > 1 => path.swap(place, next),
        _ => match path.get_mut(place) {
            Some(hash) => hash.0[bit / 8 % 32] ^= 1 << (bit % 8),
            None => path.push(leaf(0)),
        },
    }
    path
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_altered_inclusion_proof_verifies(
        size in 1..=MOST, index in 0..MOST, way in 0usize..5, at in 0usize..10, bit in 0usize..256,
        shift in 1..MOST,
    ) {
        let index = index % size;
        let path = prove_inclusion(&*TREE, index, size).expect("proof");
        let newer = root(size);
        let other = altered(path.clone(), way, at, bit);
        prop_assert!(verify_inclusion(&leaf(index), index, size, &other, &newer).is_err());
        let elsewhere = (index + shift) % size;
        if elsewhere != index {
            prop_assert!(verify_inclusion(&leaf(elsewhere), index, size, &path, &newer).is_err());
            prop_assert!(verify_inclusion(&leaf(index), elsewhere, size, &path, &newer).is_err());
        }
        let mut wrong = newer;
        wrong.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_inclusion(&leaf(index), index, size, &path, &wrong).is_err());
    }

    #[test]
    fn no_altered_consistency_proof_verifies(
        second in 2..=MOST, first in 1..MOST, way in 0usize..5, at in 0usize..10, bit in 0usize..256,
    ) {
        let first = 1 + first % (second - 1);
        let path = prove_consistency(&*TREE, first, second).expect("proof");
        let (older, newer) = (root(first), root(second));
        let other = altered(path.clone(), way, at, bit);
        prop_assert!(verify_consistency(first, &older, second, &newer, &other).is_err());
        let mut wrong = older;
        wrong.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_consistency(first, &wrong, second, &newer, &path).is_err());
        let mut wrong = newer;
        wrong.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_consistency(first, &older, second, &wrong, &path).is_err());
    }

    #[test]
    fn no_input_panics(
        numbers in any::<[u64; 2]>(), hashes in prop::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let path: Vec<Hash> = hashes.into_iter().map(Hash).collect();
        let [a, b] = numbers;
        let _ = verify_inclusion(&leaf(0), a, b, &path, &leaf(1));
        let _ = verify_consistency(a, &leaf(0), b, &leaf(1), &path);
        let _ = verify_consistency(b % 64, &leaf(0), a % 64, &leaf(1), &path);
    }
}
