//! Two histories of one log: a proof that a third party verifies with the log's key
//! alone, and what an inclusion proof tells of earlier trees.

use std::collections::HashMap;

use crate::model::{Hash, VerifierKey};
use crate::proof::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::proof::consistency::{prove_consistency, verify_consistency};
use crate::proof::inclusion::{PATH_MAX, ProofRefused, ProveError, split};
use crate::proof::tree::{Frontier, Nodes, node_hash};
use crate::wire::note::NOTE_MAX;

/// First line of a fork proof.
pub const HEADER: &str = "custody/fork-proof/v1";
/// Largest fork proof in bytes.
pub const FORK_PROOF_MAX: usize = 2 * NOTE_MAX + PATH_MAX * 64 + 1024;

/// That a tree of `first` leaves is the beginning of another: its root, and the
/// consistency proof from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// Root over the first leaves of the larger tree.
    pub root: Hash,
    /// RFC 9162 consistency proof from there to the larger tree.
    pub proof: Vec<Hash>,
}

impl Beginning {
    /// The first `first` leaves of the tree of `second` leaves.
    ///
    /// # Errors
    /// As [`prove_consistency`].
    pub fn of<N: Nodes + ?Sized>(
        nodes: &N,
        first: u64,
        second: u64,
    ) -> Result<Self, ProveError<N::Error>> {
        let proof = prove_consistency(nodes, first, second)?;
        let root = Frontier::load(nodes, first).map_err(ProveError::Nodes)?.root();
        Ok(Beginning { root, proof })
    }

    /// The same, as far as the inclusion proof of one leaf tells: it has the hashes of
    /// all subtrees beside its way. None where they are not enough. Nothing is
    /// verified here.
    pub fn within(leaf: &Hash, index: u64, path: &[Hash], first: u64, second: u64) -> Option<Self> {
        if first == 0 || first > second || index >= second {
            return None;
        }
        let known = ranges(leaf, index, path, second)?;
        let (mut begin, mut end) = (0, second);
        let (mut proof, mut left) = (Vec::new(), Vec::new());
        while first != end {
            let middle = begin + split(end - begin);
            if first <= middle {
                proof.push(*known.get(&(middle, end))?);
                end = middle;
            } else {
                let sibling = *known.get(&(begin, middle))?;
                proof.push(sibling);
                left.push(sibling);
                begin = middle;
            }
        }
        let last = *known.get(&(begin, end))?;
        let root = left.iter().rev().fold(last, |right, left| node_hash(left, &right));
        if begin > 0 {
            proof.push(last);
        }
        proof.reverse();
        Some(Beginning { root, proof })
    }
}

/// The hashes that an inclusion proof tells, by the range of leaves they are over. Two
/// proofs of one history never tell two hashes of one range. None where the path is not
/// as long as it must be; nothing else is verified here.
pub fn ranges(
    leaf: &Hash,
    index: u64,
    path: &[Hash],
    size: u64,
) -> Option<HashMap<(u64, u64), Hash>> {
    if index >= size {
        return None;
    }
    let mut known = HashMap::new();
    let mut way = vec![(0, size)];
    let (mut begin, mut end) = (0, size);
    let mut siblings = Vec::new();
    let mut rest = path.iter().rev();
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        let hash = *rest.next()?;
        let before = index >= middle;
        let sibling = if before { (begin, middle) } else { (middle, end) };
        siblings.push((before, hash));
        known.insert(sibling, hash);
        (begin, end) = if before { (middle, end) } else { (begin, middle) };
        way.push((begin, end));
    }
    if rest.next().is_some() {
        return None;
    }
    let mut node = *leaf;
    known.insert(way.pop()?, node);
    for (range, (before, hash)) in way.iter().rev().zip(siblings.iter().rev()) {
        node = if *before { node_hash(hash, &node) } else { node_hash(&node, hash) };
        known.insert(*range, node);
    }
    Some(known)
}

/// Two checkpoints of one log that no one history has both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkProof {
    older: SignedCheckpoint,
    newer: SignedCheckpoint,
    beginning: Beginning,
}

/// Why a text is no fork proof, or proves none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForkRefused {
    /// Too large, not text, or out of form.
    #[error("it is no fork proof, or it was altered")]
    Form,
    /// A checkpoint is malformed, another log's, or not signed by the log.
    #[error("the {which} checkpoint: {error}")]
    Checkpoint {
        /// `first` or `second`.
        which: &'static str,
        /// What is wrong with it.
        error: CheckpointError,
    },
    /// The consistency proof does not lead to the second checkpoint.
    #[error("the consistency proof does not hold: {0}")]
    Proof(ProofRefused),
    /// The beginning of the second is the first.
    #[error("the second checkpoint continues the first: this is one history")]
    OneHistory,
}

impl ForkProof {
    /// Puts a proof together: `beginning` is that of `newer`'s tree at `older`'s size.
    pub fn new(older: SignedCheckpoint, newer: SignedCheckpoint, beginning: Beginning) -> Self {
        ForkProof { older, newer, beginning }
    }

    /// The smaller checkpoint.
    pub fn older(&self) -> &SignedCheckpoint {
        &self.older
    }

    /// The larger one, or the other one of the same size.
    pub fn newer(&self) -> &SignedCheckpoint {
        &self.newer
    }

    /// Shows the fork to whoever has the log's key: both checkpoints are signed, and
    /// the second tree begins with other entries than the first.
    ///
    /// # Errors
    /// [`ForkRefused`].
    pub fn verify(&self, log: &VerifierKey) -> Result<(), ForkRefused> {
        let signed = |which, checkpoint: &SignedCheckpoint| {
            checkpoint.verify(log).map_err(|error| ForkRefused::Checkpoint { which, error })
        };
        signed("first", &self.older)?;
        signed("second", &self.newer)?;
        let (older, newer) = (self.older.checkpoint(), self.newer.checkpoint());
        let Beginning { root, proof } = &self.beginning;
        verify_consistency(older.size(), root, newer.size(), newer.root(), proof)
            .map_err(ForkRefused::Proof)?;
        if root == older.root() { Err(ForkRefused::OneHistory) } else { Ok(()) }
    }

    /// Reads a fork proof; what is accepted has one spelling.
    ///
    /// # Errors
    /// [`ForkRefused::Form`] or [`ForkRefused::Checkpoint`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ForkRefused> {
        let text = std::str::from_utf8(bytes).map_err(|_| ForkRefused::Form)?;
        if bytes.len() > FORK_PROOF_MAX {
            return Err(ForkRefused::Form);
        }
        let parts: Vec<&str> = text.split("\n\n").collect();
        let [head, older, older_lines, newer, newer_lines] = parts.as_slice() else {
            return Err(ForkRefused::Form);
        };
        let read = |which, note: String| {
            SignedCheckpoint::parse(note.as_bytes())
                .map_err(|error| ForkRefused::Checkpoint { which, error })
        };
        let older = read("first", format!("{older}\n\n{older_lines}\n"))?;
        let newer = read("second", format!("{newer}\n\n{newer_lines}"))?;
        let named = |name: &str| {
            let lines = head.split('\n').filter_map(move |line| line.strip_prefix(name));
            lines.map(|hash| hash.parse().map_err(|_| ForkRefused::Form)).collect()
        };
        let roots: Result<Vec<Hash>, _> = named("root ");
        let proof: Result<Vec<Hash>, _> = named("proof ");
        let root = *roots?.first().ok_or(ForkRefused::Form)?;
        let read = ForkProof::new(older, newer, Beginning { root, proof: proof? });
        if read.to_bytes() == bytes { Ok(read) } else { Err(ForkRefused::Form) }
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (older, newer) = (self.older.checkpoint(), self.newer.checkpoint());
        let mut text = format!(
            "{HEADER}\nThe log {} signed both checkpoints below; no one history has both.\n\
             The first states this root over {1} entries: {2}\n\
             The first {1} entries of the second have another root:\nroot {3}\n",
            older.origin(),
            older.size(),
            older.root(),
            self.beginning.root,
        );
        text.push_str(&format!(
            "RFC 9162 consistency proof from that root to the {} entries of the second:\n",
            newer.size()
        ));
        for hash in &self.beginning.proof {
            text.push_str(&format!("proof {hash}\n"));
        }
        let notes = [self.older.to_bytes(), self.newer.to_bytes()];
        [text.as_bytes(), &notes[0], &notes[1]].join(&b'\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::checkpoint::Checkpoint;
    use crate::proof::inclusion::prove_inclusion;
    use crate::proof::memory::MemoryTree;
    use crate::proof::tree::leaf_hash;
    use crate::wire::signature::{Signer as _, SigningKey};

    fn log() -> SigningKey {
        SigningKey::from_seed("log.example".parse().expect("name"), &[4; 32])
    }

    /// `size` leaves; from `forked` on they are others.
    fn tree(size: u64, forked: u64) -> MemoryTree {
        (0..size).map(|at| leaf_hash(&[u8::from(at >= forked), at as u8])).collect()
    }

    fn checkpoint(tree: &MemoryTree, size: u64) -> SignedCheckpoint {
        let root = tree.root_at(size).expect("root");
        let checkpoint = Checkpoint::new("log.example", size, root).expect("checkpoint");
        checkpoint.sign(&log()).expect("signs")
    }

    /// Whatever an inclusion proof tells of an earlier tree is the truth, and for the
    /// sizes right around its leaf it always tells.
    #[test]
    fn an_inclusion_proof_tells_of_earlier_trees() {
        let whole = tree(40, 99);
        for second in 1..=40u64 {
            for index in 0..second {
                let path = prove_inclusion(&whole, index, second).expect("path");
                let leaf = whole.node(0, index).expect("leaf");
                for first in 1..=second {
                    let told = Beginning::within(&leaf, index, &path, first, second);
                    let truth = Beginning::of(&whole, first, second).expect("proof");
                    assert!(told.is_none() || told == Some(truth), "{first} {index} {second}");
                    let near = first == index || first == index + 1 || first == second;
                    assert!(told.is_some() || !near, "{first} by {index} in {second}");
                }
            }
        }
    }

    #[test]
    fn a_fork_is_shown_and_one_history_is_none() {
        let (ours, theirs) = (tree(30, 99), tree(30, 5));
        for older in 1..=30 {
            for newer in older..=30 {
                let begins = Beginning::of(&theirs, older, newer).expect("proof");
                let made =
                    ForkProof::new(checkpoint(&ours, older), checkpoint(&theirs, newer), begins);
                let expected = if older > 5 { Ok(()) } else { Err(ForkRefused::OneHistory) };
                let read = ForkProof::parse(&made.to_bytes());
                assert_eq!(read, Ok(made), "{older} {newer}");
                assert_eq!(read.expect("read").verify(log().key()), expected, "{older} {newer}");
            }
        }
    }

    #[test]
    fn no_altered_proof_shows_a_fork() {
        let ours = tree(12, 99);
        let begins = Beginning::of(&ours, 7, 12).expect("proof");
        let honest = ForkProof::new(checkpoint(&ours, 7), checkpoint(&ours, 12), begins);
        let bytes = honest.to_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[at] ^= 1 << bit;
                let shown = ForkProof::parse(&altered).map(|read| read.verify(log().key()));
                assert!(!matches!(shown, Ok(Ok(()))), "byte {at} bit {bit}");
            }
        }
        let stranger = SigningKey::from_seed("log.example".parse().expect("name"), &[5; 32]);
        assert!(matches!(honest.verify(stranger.key()), Err(ForkRefused::Checkpoint { .. })));
    }
}
