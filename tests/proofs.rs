//! Every inclusion and consistency proof of trees up to 300 entries verifies,
//! and no altered one does. The published vectors are judged as they should be.

use std::path::{Path, PathBuf};
use std::process::Command;
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

/// A vector of github.com/transparency-dev/merkle (`testdata`), as sigstore-merkle ships it.
struct Vector {
    file: PathBuf,
    said: serde_json::Value,
}

impl Vector {
    fn number(&self, name: &str) -> u64 {
        self.said[name].as_u64().unwrap_or_else(|| panic!("{}: {name}", self.file.display()))
    }

    /// None for other bytes than a hash has, which nothing of ours takes for one.
    fn hash(value: &serde_json::Value) -> Option<Hash> {
        value.as_str().and_then(|text| text.parse().ok())
    }

    fn path(&self) -> Option<Vec<Hash>> {
        let hashes = self.said["proof"].as_array();
        hashes.into_iter().flatten().map(Vector::hash).collect()
    }

    fn is_wrong(&self) -> bool {
        self.said["wantErr"].as_bool().expect("a verdict")
    }
}

/// The vectors in the folder of this name; cargo says where the package lies.
fn vectors(kind: &str) -> Vec<Vector> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--locked", "--offline"]);
    let said = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let packages = said["packages"].as_array().expect("packages");
    let ours = packages.iter().find(|package| package["name"] == "sigstore-merkle");
    let manifest = ours.and_then(|package| package["manifest_path"].as_str()).expect("a path");
    let folder = Path::new(manifest).with_file_name("test-data/merkle/testdata").join(kind);
    let mut folders = vec![folder];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).expect("the vectors") {
            let file = file.expect("a file").path();
            if file.is_dir() {
                folders.push(file);
                continue;
            }
            let said = serde_json::from_slice(&std::fs::read(&file).expect("read")).expect("JSON");
            found.push(Vector { file, said });
        }
    }
    found
}

#[test]
fn inclusion_proofs_are_judged_as_the_published_vectors_are() {
    let (mut accepted, mut refused) = (0, 0);
    for vector in vectors("inclusion") {
        let (leaf, root) = (&vector.said["leafHash"], &vector.said["root"]);
        let (at, size) = (vector.number("leafIdx"), vector.number("treeSize"));
        let parts = Vector::hash(leaf).zip(Vector::hash(root)).zip(vector.path());
        let stands = parts.is_some_and(|((leaf, root), path)| {
            verify_inclusion(&leaf, at, size, &path, &root).is_ok()
        });
        assert_eq!(stands, !vector.is_wrong(), "{}", vector.file.display());
        *(if stands { &mut accepted } else { &mut refused }) += 1;
    }
    // Fewer would mean that vectors were passed over.
    assert!(accepted >= 6 && refused >= 84, "{accepted} {refused}");
}

#[test]
fn consistency_proofs_are_judged_as_the_published_vectors_are() {
    let (mut accepted, mut refused, mut stricter) = (0, 0, 0);
    for vector in vectors("consistency") {
        let (older, newer) = (&vector.said["root1"], &vector.said["root2"]);
        let (first, second) = (vector.number("size1"), vector.number("size2"));
        let parts = Vector::hash(older).zip(Vector::hash(newer)).zip(vector.path());
        let stands = parts.is_some_and(|((older, newer), path)| {
            verify_consistency(first, &older, second, &newer, &path).is_ok()
        });
        // Two take any bytes for the roots of trees of equal size, as long as they are equal.
        if older == newer && Vector::hash(older).is_none() && !vector.is_wrong() {
            assert!(first == second && !stands, "{}", vector.file.display());
            stricter += 1;
            continue;
        }
        assert_eq!(stands, !vector.is_wrong(), "{}", vector.file.display());
        *(if stands { &mut accepted } else { &mut refused }) += 1;
    }
    assert!(accepted >= 5 && refused >= 90 && stricter == 2, "{accepted} {refused} {stricter}");
}
