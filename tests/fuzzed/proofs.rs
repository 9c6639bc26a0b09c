//! Proofs: nothing but the true path is accepted, and a ledger is green only if it is one.

use std::sync::LazyLock;

use media_custody::audit::Auditor;
use media_custody::model::Hash;
use media_custody::proof::consistency::{prove_consistency, verify_consistency};
use media_custody::proof::fork::ForkProof;
use media_custody::proof::inclusion::{prove_inclusion, verify_inclusion};
use media_custody::proof::memory::MemoryTree;
use media_custody::proof::quorum::WitnessPolicy;
use media_custody::proof::tiles::{
    TilePath, decode_bundle, decode_tile, encode_bundle, encode_tile,
};
use media_custody::proof::tree::leaf_hash;
use media_custody::proof::witness::{AddCheckpoint, WitnessedLog};

use super::text::log_key;

const MOST: u64 = 70;

static TREE: LazyLock<MemoryTree> =
    LazyLock::new(|| (0..MOST).map(|at| leaf_hash(&at.to_be_bytes())).collect());

/// A true proof, altered as the input says: numbers from its first bytes, then for each
/// further pair what is done to which hash. Only the true one may be accepted.
pub fn proof(bytes: &[u8]) {
    let [kind, first, second, claimed, rest @ ..] = bytes else { return };
    let size = u64::from(*second) % MOST + 1;
    let at = u64::from(*first) % size;
    let inclusion = kind % 2 == 0;
    let truth = if inclusion {
        prove_inclusion(&*TREE, at, size).expect("an entry")
    } else {
        prove_consistency(&*TREE, at, size).expect("a tree")
    };
    let path = altered(truth.clone(), rest);
    let root = TREE.root_at(size).expect("a tree");
    // The numbers may lie as well; a different place is a different claim.
    let said = if kind & 2 == 0 { at } else { u64::from(*claimed) };
    let accepted = if inclusion {
        let leaf = leaf_hash(&at.to_be_bytes());
        verify_inclusion(&leaf, said, size, &path, &root).is_ok()
    } else {
        let older = TREE.root_at(at).expect("a tree");
        verify_consistency(said, &older, size, &root, &path).is_ok()
    };
    let honest = said == at && path == truth;
    assert_eq!(accepted, honest, "{at} of {size}, said {said}, {} hashes", path.len());
}

fn altered(mut path: Vec<Hash>, ways: &[u8]) -> Vec<Hash> {
    for way in ways.chunks_exact(2).take(8) {
        let place = usize::from(way[1]) % path.len().max(1);
        match way[0] % 6 {
            0 => path.push(Hash([way[1]; 32])),
            1 => path.insert(place, leaf_hash(&[way[1]])),
            2 if !path.is_empty() => drop(path.remove(place)),
            3 if path.len() > 1 => path.swap(0, place),
            4 => path
                .iter_mut()
                .for_each(|hash| hash.0[usize::from(way[1]) % 32] ^= 1 << (way[1] >> 5)),
            5 => path.reverse(),
            _ => {}
        }
    }
    path
}

/// The name of a tile, its bytes as hashes and as entries.
pub fn tiles(bytes: &[u8]) {
    let line = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (name, body) = (&bytes[..line], bytes.get(line + 1..).unwrap_or_default());
    let Ok(name) = std::str::from_utf8(name) else { return };
    let Ok(path) = name.parse::<TilePath>() else { return };
    assert_eq!(path.to_string(), name);
    assert!((1..=256).contains(&path.width()));
    if let Ok(hashes) = decode_tile(body, path.width()) {
        assert_eq!(hashes.len(), usize::from(path.width()));
        assert_eq!(encode_tile(&hashes).as_deref(), Ok(body));
    }
    if let Ok(entries) = decode_bundle(body, path.width()) {
        assert_eq!(entries.len(), usize::from(path.width()));
        assert_eq!(encode_bundle(&entries).as_deref(), Ok(body));
    }
}

/// A whole ledger, as a bundle of so many entries as the first byte says. Whatever it holds,
/// it is folded without a panic, and without a checkpoint of the log it is never green.
pub fn audit(bytes: &[u8]) {
    let Some((width, body)) = bytes.split_first() else { return };
    let Ok(entries) = decode_bundle(body, u16::from(*width).clamp(1, 32)) else { return };
    let notes: Vec<Vec<u8>> = entries.into_iter().map(<[u8]>::to_vec).collect();
    let mut auditor = Auditor::new();
    auditor.take(&notes);
    let audit = auditor.finish(None, Some(&log_key()));
    assert_eq!(audit.entries, notes.len() as u64);
    assert!(!audit.is_green());
    assert!(audit.findings.iter().all(|found| found.index.is_none_or(|at| at < audit.entries)));
    assert!(audit.findings.iter().all(|found| !found.to_string().contains('\u{1b}')));
}

/// Everything of witnesses that comes from elsewhere: requests, records, policies, fork
/// proofs. What is accepted has one spelling, policies apart.
pub fn witness(bytes: &[u8]) {
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        assert_eq!(request.to_bytes(), bytes);
        assert!(request.judge(None).is_err());
    }
    if let Ok(record) = WitnessedLog::parse(bytes) {
        assert_eq!(record.to_bytes(), bytes);
    }
    if let Ok(proof) = ForkProof::parse(bytes) {
        assert_eq!(proof.to_bytes(), bytes);
        // The desk's log never signed two histories of one size but in the seed of a fork.
        let _ = proof.verify(&log_key());
    }
    if let Ok(policy) = WitnessPolicy::parse(bytes) {
        assert!(policy.witnesses().len() <= 128);
    }
}
