//! The receipt file: a statement with its signatures, a blank line, the
//! tlog-proof that it stands in the ledger. Plain text, and each half is a
//! public format that software which is not ours reads.

use std::fmt;

use crate::model::{Hash, VerifierKey};
use crate::proof::tlog_proof::{HEADER, Included, PROOF_MAX, TlogProof, TlogProofError};
use crate::proof::tree::leaf_hash;
use crate::wire::note::{NOTE_MAX, Note, NoteError};
use crate::wire::signature::{SignaturesRefused, verify_required};

/// Largest receipt file in bytes: the note, the blank line, the proof.
pub const RECEIPT_MAX: usize = NOTE_MAX + 1 + PROOF_MAX;

/// A parsed receipt. Nothing in it is believed before [`Receipt::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    note: Note,
    proof: TlogProof,
}

/// Why bytes are no receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Larger than [`RECEIPT_MAX`].
    #[error("the receipt has {0} bytes; at most 131072 are allowed")]
    TooLarge(usize),
    /// No blank line with a tlog-proof behind it.
    #[error("no tlog-proof behind the statement: the receipt is cut short or is a bare note")]
    NoProof,
    /// A second line that begins a proof: where the statement ends is not clear.
    #[error("the line {HEADER} stands behind a blank line more than once")]
    Ambiguous,
    /// The statement is malformed.
    #[error("the statement of the receipt: {0}")]
    Note(#[from] NoteError),
    /// The proof is malformed.
    #[error("the proof of the receipt: {0}")]
    Proof(#[from] TlogProofError),
    /// The proof has an `extra` line. tlog-proof lets nobody sign that line, and
    /// a receipt is shown to people as evidence: nothing unsigned belongs in it.
    #[error("the proof carries an extra line, which nobody signed; a receipt has none")]
    Extra,
}

/// Why a receipt proves nothing: either half or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRefused {
    /// What is wrong with the parties' signatures.
    pub signatures: Option<SignaturesRefused>,
    /// What is wrong with the checkpoint or the inclusion proof.
    pub proof: Option<TlogProofError>,
}

impl fmt::Display for ReceiptRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.signatures, &self.proof) {
            (Some(signatures), Some(proof)) => write!(f, "{signatures}; {proof}"),
            (Some(signatures), None) => write!(f, "{signatures}"),
            (None, Some(proof)) => write!(f, "{proof}"),
            (None, None) => f.write_str("the receipt was refused"),
        }
    }
}

impl std::error::Error for ReceiptRefused {}

impl Receipt {
    /// Joins a statement and its proof.
    ///
    /// # Errors
    /// [`ReceiptError`] when the result would not parse again.
    pub fn new(note: Note, proof: TlogProof) -> Result<Self, ReceiptError> {
        let made = Receipt { note, proof };
        let parsed = Receipt::parse(&made.to_bytes())?;
        Ok(parsed)
    }

    /// Parses a receipt file. What is accepted has one spelling, which
    /// [`Receipt::to_bytes`] gives back.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > RECEIPT_MAX {
            return Err(ReceiptError::TooLarge(bytes.len()));
        }
        let mark = format!("\n\n{HEADER}\n").into_bytes();
        let mut marks = (0..bytes.len())
            .filter(|&at| bytes.get(at..).is_some_and(|rest| rest.starts_with(&mark)));
        let at = marks.next().ok_or(ReceiptError::NoProof)?;
        if marks.next().is_some() {
            return Err(ReceiptError::Ambiguous);
        }
        let (note, rest) = bytes.split_at(at + 1);
        let note = Note::parse(note)?;
        let proof = TlogProof::parse(rest.strip_prefix(b"\n").unwrap_or(rest))?;
        if proof.extra().is_some() {
            return Err(ReceiptError::Extra);
        }
        Ok(Receipt { note, proof })
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.note.to_bytes();
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.proof.to_bytes());
        bytes
    }

    /// Verifies both halves: that exactly `required` signed, in that order, and
    /// that the note stands in the log whose key is `log`. The signers come from
    /// the statement's own text; that these keys belong to those people is
    /// something only the ledger, or whoever holds the keys, can say.
    ///
    /// # Errors
    /// [`ReceiptRefused`] with what is wrong in each half.
    pub fn verify(
        &self,
        required: &[VerifierKey],
        log: &VerifierKey,
    ) -> Result<Included, ReceiptRefused> {
        let signatures = verify_required(&self.note, required).err();
        match (signatures, self.proof.verify(&self.leaf(), log)) {
            (None, Ok(included)) => Ok(included),
            (signatures, proof) => Err(ReceiptRefused { signatures, proof: proof.err() }),
        }
    }

    /// The leaf hash: over the complete note, signature lines included.
    pub fn leaf(&self) -> Hash {
        leaf_hash(&self.note.to_bytes())
    }

    /// The statement.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// The proof.
    pub fn proof(&self) -> &TlogProof {
        &self.proof
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::checkpoint::Checkpoint;
    use crate::proof::inclusion::prove_inclusion;
    use crate::proof::memory::MemoryTree;
    use crate::wire::signature::{Signer, SigningKey, sign_statement};

    fn key(name: &str, seed: u8) -> SigningKey {
        SigningKey::from_seed(name.parse().expect("name"), &[seed; 32])
    }

    fn receipt(text: &str) -> Result<Receipt, ReceiptError> {
        let note = sign_statement(text, &[&key("a.example", 1), &key("b.example", 2)]);
        let note = note.expect("signs");
        let entries = [b"first".as_slice(), &note.to_bytes(), b"third"];
        let grown: MemoryTree = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let checkpoint = Checkpoint::new("log.example", 3, grown.root()).expect("checkpoint");
        let signed = checkpoint.sign(&key("log.example", 4)).expect("signs");
        let path = prove_inclusion(&grown, 1, 3).expect("proof");
        Receipt::new(note, TlogProof::new(1, path, signed))
    }

    fn required() -> Vec<VerifierKey> {
        vec![key("a.example", 1).key().clone(), key("b.example", 2).key().clone()]
    }

    #[test]
    fn a_receipt_round_trips_and_verifies() {
        let made = receipt("custody/test/v1\nblank line follows\n\nend\n").expect("receipt");
        assert_eq!(Receipt::parse(&made.to_bytes()), Ok(made.clone()));
        let included = made.verify(&required(), key("log.example", 4).key()).expect("verifies");
        assert_eq!((included.index, included.size), (1, 3));
    }

    #[test]
    fn both_halves_report() {
        let bytes = receipt("custody/test/v1\nperson: A\n").expect("receipt").to_bytes();
        let altered = String::from_utf8(bytes).expect("text").replace("person: A", "person: B");
        let parsed = Receipt::parse(altered.as_bytes()).expect("well formed all the same");
        let refused = parsed.verify(&required(), key("log.example", 4).key()).expect_err("refused");
        assert_eq!(refused.signatures.as_ref().map(|all| all.problems.len()), Some(2));
        assert!(refused.proof.is_some());
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let bytes = receipt("custody/test/v1\nperson: A\n").expect("receipt").to_bytes();
        let log = key("log.example", 4);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[at] ^= 1 << bit;
                let verdict =
                    Receipt::parse(&altered).ok().map(|r| r.verify(&required(), log.key()));
                assert!(!matches!(verdict, Some(Ok(_))), "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn a_text_that_hides_a_proof_is_refused() {
        let text = format!("custody/test/v1\n\n{HEADER}\nx\n");
        assert_eq!(receipt(&text), Err(ReceiptError::Ambiguous));
        let bare = sign_statement("custody/test/v1\n", &[&key("a.example", 1)]).expect("signs");
        assert_eq!(Receipt::parse(&bare.to_bytes()), Err(ReceiptError::NoProof));
    }

    #[test]
    fn unsigned_extra_data_has_no_place_in_a_receipt() {
        let bytes = receipt("custody/test/v1\n").expect("receipt").to_bytes();
        let text = String::from_utf8(bytes).expect("text");
        let with = text.replace("index 1\n", "extra AAAA\nindex 1\n");
        assert_eq!(Receipt::parse(with.as_bytes()), Err(ReceiptError::Extra));
        let large = vec![b'\n'; RECEIPT_MAX + 1];
        assert_eq!(Receipt::parse(&large), Err(ReceiptError::TooLarge(RECEIPT_MAX + 1)));
    }
}
