//! Proofs that travel (c2sp.org/tlog-proof): index, inclusion path and signed
//! checkpoint in one text file that verifies offline.

use data_encoding::BASE64;

use crate::model::base64::decode_any;
use crate::model::{Hash, VerifierKey};
use crate::proof::checkpoint::{CheckpointError, SignedCheckpoint, decimal};
use crate::proof::inclusion::{PATH_MAX, ProofRefused, verify_inclusion};

/// Largest proof in bytes, checkpoint included.
pub const PROOF_MAX: usize = 65_536;
/// First line of a proof.
pub const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A parsed proof. Nothing in it is believed before [`TlogProof::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: u64,
    path: Vec<Hash>,
    checkpoint: SignedCheckpoint,
}

/// What a proof showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Included {
    /// The log.
    pub origin: String,
    /// Index of the entry.
    pub index: u64,
    /// Size of the tree it was shown in.
    pub size: u64,
    /// Root of that tree.
    pub root: Hash,
}

/// Why a text is no proof, or proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// Larger than [`PROOF_MAX`].
    #[error("the proof has {0} bytes; at most 65536 are allowed")]
    TooLarge(usize),
    /// The first line is another one.
    #[error("a proof begins with the line {HEADER}")]
    Header,
    /// The `extra` line is not canonical base64 of at least one byte.
    #[error("the extra line is not canonical base64")]
    Extra,
    /// No `index` line, or no canonical number in it.
    #[error("the line `index` with a decimal number is missing or malformed")]
    Index,
    /// A hash of the path is not canonical base64 of 32 bytes.
    #[error("hash {0} of the proof is not canonical base64 of 32 bytes")]
    Hash(usize),
    /// More hashes than the highest tree needs.
    #[error("the proof has {0} hashes; no tree is that high")]
    TooLong(usize),
    /// No empty line with a checkpoint behind it.
    #[error("the checkpoint is missing: the proof is cut short")]
    NoCheckpoint,
    /// The checkpoint is malformed, another log's or not signed by the log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The path does not lead from the entry to the checkpoint's root.
    #[error(transparent)]
    Inclusion(#[from] ProofRefused),
}

impl TlogProof {
    /// Puts a proof together, without `extra` data.
    pub fn new(index: u64, path: Vec<Hash>, checkpoint: SignedCheckpoint) -> Self {
        TlogProof { extra: None, index, path, checkpoint }
    }

    /// Parses a proof, an `extra` line included, as any tlog-proof may have one.
    /// What is accepted has one spelling: [`TlogProof::to_bytes`] gives it back.
    ///
    /// # Errors
    /// [`TlogProofError`] naming the line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        if bytes.len() > PROOF_MAX {
            return Err(TlogProofError::TooLarge(bytes.len()));
        }
        // Everything before the first empty line is ASCII; the checkpoint
        // behind it judges its own bytes.
        let end = bytes.windows(2).position(|pair| pair == b"\n\n");
        let (head, rest) = bytes.split_at(end.ok_or(TlogProofError::NoCheckpoint)?);
        let checkpoint = rest.strip_prefix(b"\n\n").ok_or(TlogProofError::NoCheckpoint)?;
        let head = std::str::from_utf8(head).map_err(|_| TlogProofError::Header)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(TlogProofError::Header);
        }
        let mut line = lines.next().ok_or(TlogProofError::Index)?;
        let mut extra = None;
        if let Some(encoded) = line.strip_prefix("extra ") {
            let raw = decode_any(encoded).map_err(|_| TlogProofError::Extra)?;
            // Without data the line is left out, so an empty one is a second
            // spelling of none.
            if raw.is_empty() {
                return Err(TlogProofError::Extra);
            }
            extra = Some(raw);
            line = lines.next().ok_or(TlogProofError::Index)?;
        }
        let index = line.strip_prefix("index ").and_then(decimal).ok_or(TlogProofError::Index)?;
        let mut path = Vec::new();
        for (at, line) in lines.enumerate() {
            path.push(line.parse().map_err(|_| TlogProofError::Hash(at + 1))?);
        }
        if path.len() > PATH_MAX {
            return Err(TlogProofError::TooLong(path.len()));
        }
        let checkpoint = SignedCheckpoint::parse(checkpoint)?;
        Ok(TlogProof { extra, index, path, checkpoint })
    }

    /// The proof's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{HEADER}\n");
        if let Some(extra) = &self.extra {
            text.push_str(&format!("extra {}\n", BASE64.encode(extra)));
        }
        text.push_str(&format!("index {}\n", self.index));
        for hash in &self.path {
            text.push_str(&format!("{hash}\n"));
        }
        text.push('\n');
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.checkpoint.to_bytes());
        bytes
    }

    /// Shows that the entry with leaf hash `leaf` is in the log whose key is
    /// `log`. Cosignatures are judged apart, by
    /// [`crate::proof::cosignature::cosignatures`].
    ///
    /// # Errors
    /// [`TlogProofError::Checkpoint`] or [`TlogProofError::Inclusion`].
    pub fn verify(&self, leaf: &Hash, log: &VerifierKey) -> Result<Included, TlogProofError> {
        self.checkpoint.verify(log)?;
        let said = self.checkpoint.checkpoint();
        verify_inclusion(leaf, self.index, said.size(), &self.path, said.root())?;
        let (origin, size, root) = (said.origin().to_owned(), said.size(), *said.root());
        Ok(Included { origin, index: self.index, size, root })
    }

    /// Data nobody signed, for the application's own use; never to be believed.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// Index of the entry, as claimed.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Sibling hashes from the leaf up.
    pub fn path(&self) -> &[Hash] {
        &self.path
    }

    /// The checkpoint it leads to.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::checkpoint::Checkpoint;
    use crate::proof::inclusion::prove_inclusion;
    use crate::proof::memory::MemoryTree;
    use crate::proof::tree::leaf_hash;
    use crate::wire::signature::{Signer, SigningKey};

    /// The specification's example, with its shortened lines made whole.
    const FANCY: &str = "c2sp.org/tlog-proof@v1\nextra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6\nindex 73894\ngSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\nB95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n\nexample.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— example.com/fancylog hI2DJwAA\n— witness1.example mJirIkAAAA==\n";

    fn log() -> SigningKey {
        SigningKey::from_seed("log.example.jp".parse().expect("name"), &[4; 32])
    }

    fn proof(index: u64, size: u64) -> (TlogProof, Hash) {
        let leaf = |index: u64| leaf_hash(&index.to_be_bytes());
        let grown: MemoryTree = (0..size).map(leaf).collect();
        let checkpoint = Checkpoint::new("log.example.jp", size, grown.root()).expect("checkpoint");
        let path = prove_inclusion(&grown, index, size).expect("proof");
        (TlogProof::new(index, path, checkpoint.sign(&log()).expect("signs")), leaf(index))
    }

    #[test]
    fn the_shape_of_the_specifications_example_round_trips() {
        let parsed = TlogProof::parse(FANCY.as_bytes()).expect("parses");
        assert_eq!(parsed.extra(), Some(b"age-v1.2.1-darwin-arm64.tar.gz".as_slice()));
        assert_eq!((parsed.index(), parsed.path().len()), (73_894, 2));
        assert_eq!(parsed.to_bytes(), FANCY.as_bytes());
        assert_eq!(parsed.checkpoint().note().signatures().len(), 2);
    }

    #[test]
    fn lines_out_of_form_are_named() {
        let refused = |from: &str, to: &str| {
            let altered = FANCY.replacen(from, to, 1);
            assert_ne!(altered, FANCY);
            TlogProof::parse(altered.as_bytes()).expect_err("refused")
        };
        assert_eq!(refused("@v1", "@v2"), TlogProofError::Header);
        assert_eq!(refused("extra YW", "extra YX="), TlogProofError::Extra);
        assert_eq!(refused("YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6", ""), TlogProofError::Extra);
        assert_eq!(refused("index 7", "index 07"), TlogProofError::Index);
        assert_eq!(refused("index ", "idx "), TlogProofError::Index);
        assert_eq!(refused("PlQ=", "PlR="), TlogProofError::Hash(1));
    }

    #[test]
    fn a_proof_shows_its_entry_and_no_other() {
        let (made, leaf) = proof(5, 11);
        let parsed = TlogProof::parse(&made.to_bytes()).expect("parses");
        assert_eq!(parsed, made);
        let shown = parsed.verify(&leaf, log().key()).expect("verifies");
        assert_eq!((shown.index, shown.size), (5, 11));
        let refused = parsed.verify(&Hash([0; 32]), log().key());
        assert_eq!(refused, Err(TlogProofError::Inclusion(ProofRefused::Root)));
        let stranger = SigningKey::from_seed("log.example.jp".parse().expect("name"), &[6; 32]);
        let refused = parsed.verify(&leaf, stranger.key());
        assert!(matches!(
            refused,
            Err(TlogProofError::Checkpoint(CheckpointError::OtherKey { .. }))
        ));
    }

    #[test]
    fn a_tree_of_one_needs_no_hash() {
        let (made, leaf) = proof(0, 1);
        assert!(made.path().is_empty());
        let parsed = TlogProof::parse(&made.to_bytes()).expect("parses");
        assert!(parsed.verify(&leaf, log().key()).is_ok());
    }
}
