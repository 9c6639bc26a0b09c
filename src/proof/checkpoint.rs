//! Checkpoints (c2sp.org/tlog-checkpoint): the log's signed statement of its
//! size and root.

use crate::model::key::KeyName;
use crate::model::{Hash, VerifierKey};
use crate::proof::tree::empty_root;
use crate::wire::note::{Note, NoteError, Profile, SignatureLine};
use crate::wire::signature::{self, LineRefused, SignError, Signer};

/// Largest tree size: Go's tlog package counts in signed 64-bit integers, and
/// what software that is not ours cannot read proves nothing.
pub const SIZE_MAX: u64 = i64::MAX as u64;

/// What a checkpoint says: that the log `origin` has `size` entries and this root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

/// Why bytes or values are no checkpoint, or not one to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The envelope is malformed.
    #[error("the checkpoint is not a signed note: {0}")]
    Note(#[from] NoteError),
    /// Fewer than three lines.
    #[error("a checkpoint has at least three lines: origin, tree size, root hash")]
    Lines,
    /// The origin is empty or holds a control character.
    #[error("the origin of a checkpoint is one line that is not empty")]
    Origin,
    /// The size is not a canonical decimal number up to 2^63 - 1.
    #[error("the tree size is not a decimal number without leading zeroes, at most 2^63 - 1")]
    Size,
    /// The root is not canonical base64 of 32 bytes.
    #[error("the root hash is not canonical base64 of 32 bytes")]
    Root,
    /// A tree of size 0 with a root that is not SHA-256 of nothing.
    #[error("the root of an empty tree is the hash of nothing")]
    EmptyRoot,
    /// An extension line is empty or holds a control character.
    #[error("extension line {0} of the checkpoint is empty or holds a control character")]
    Extension(usize),
    /// The checkpoint belongs to another log.
    #[error("the checkpoint is of the log {found:?}, not of {expected:?}")]
    OtherLog {
        /// The origin expected.
        expected: String,
        /// The origin found.
        found: String,
    },
    /// No line by the log's key.
    #[error("the checkpoint carries no signature by the log key {0}")]
    NotSigned(KeyName),
    /// No line by the log's key, but one by another key of its name.
    #[error(
        "the checkpoint is not signed by the log key given, but by another one of {name}, with \
         the id {id}: the log key may have been replaced"
    )]
    OtherKey {
        /// The log's name.
        name: KeyName,
        /// Hexadecimal id of the key that signed.
        id: String,
    },
    /// A line by the log's key that does not verify.
    #[error("the log's signature on the checkpoint: {0}")]
    Signature(LineRefused),
    /// The log key could not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl Checkpoint {
    /// A checkpoint without extension lines, which is all custody writes.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`], [`CheckpointError::Size`] or
    /// [`CheckpointError::EmptyRoot`].
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        if !is_line(origin) {
            return Err(CheckpointError::Origin);
        }
        if size > SIZE_MAX {
            return Err(CheckpointError::Size);
        }
        if size == 0 && root != empty_root() {
            return Err(CheckpointError::EmptyRoot);
        }
        Ok(Checkpoint { origin: origin.to_owned(), size, root, extensions: Vec::new() })
    }

    /// Reads the text of a checkpoint note, extension lines included.
    ///
    /// # Errors
    /// [`CheckpointError`] naming the line that is wrong.
    pub fn parse_text(text: &str) -> Result<Self, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Lines);
        };
        let size = decimal(size).ok_or(CheckpointError::Size)?;
        let root = root.parse().map_err(|_| CheckpointError::Root)?;
        let mut parsed = Checkpoint::new(origin, size, root)?;
        for (at, line) in lines.enumerate() {
            if !is_line(line) {
                return Err(CheckpointError::Extension(at + 1));
            }
            parsed.extensions.push(line.to_owned());
        }
        Ok(parsed)
    }

    /// The log's identity.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of entries in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree of that size.
    pub fn root(&self) -> &Hash {
        &self.root
    }

    /// Extension lines, opaque and authenticated by nothing but the signature.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// The text of the checkpoint note.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root);
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Signs with the log's key. Whether the tree is consistent with everything
    /// signed before is for the caller to have established: a log that signs two
    /// inconsistent checkpoints has handed out evidence against itself.
    ///
    /// # Errors
    /// [`CheckpointError::OtherLog`] when the key's name is not the origin;
    /// [`CheckpointError::Sign`].
    pub fn sign(&self, log: &dyn Signer) -> Result<SignedCheckpoint, CheckpointError> {
        let name = log.key().name().as_str();
        if name != self.origin {
            return Err(CheckpointError::OtherLog {
                expected: name.to_owned(),
                found: self.origin.clone(),
            });
        }
        let text = self.to_text();
        let line = signature::sign_line(log, &text)?;
        let note = Note::assemble(&text, vec![line], Profile::Checkpoint)?;
        Ok(SignedCheckpoint { checkpoint: self.clone(), note })
    }
}

/// A well-formed checkpoint note. Whether the log signed it is what
/// [`SignedCheckpoint::open`] and [`SignedCheckpoint::verify`] establish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Parses a checkpoint note without judging any signature.
    ///
    /// # Errors
    /// [`CheckpointError`] when it is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse_as(bytes, Profile::Checkpoint)?;
        let checkpoint = Checkpoint::parse_text(note.text())?;
        Ok(SignedCheckpoint { checkpoint, note })
    }

    /// Parses a checkpoint note and verifies it as `log`'s.
    ///
    /// # Errors
    /// [`CheckpointError`] when it is malformed, another log's, or not signed by
    /// `log`.
    pub fn open(bytes: &[u8], log: &VerifierKey) -> Result<Self, CheckpointError> {
        let parsed = Self::parse(bytes)?;
        parsed.verify(log)?;
        Ok(parsed)
    }

    /// Checks origin and log signature. The origin expected is the key's name,
    /// as in every checkpoint custody signs. Lines by keys unknown here are
    /// ignored, as signed-note demands; every line that claims to be by the
    /// log's key must verify.
    ///
    /// # Errors
    /// [`CheckpointError::OtherLog`], [`CheckpointError::NotSigned`] or
    /// [`CheckpointError::Signature`].
    pub fn verify(&self, log: &VerifierKey) -> Result<(), CheckpointError> {
        if self.checkpoint.origin != log.name().as_str() {
            return Err(CheckpointError::OtherLog {
                expected: log.name().as_str().to_owned(),
                found: self.checkpoint.origin.clone(),
            });
        }
        let mut signed = false;
        for line in self.note.signatures().iter().filter(|line| signature::is_by(line, log)) {
            signature::verify(log, self.note.text(), line).map_err(CheckpointError::Signature)?;
            signed = true;
        }
        let name = log.name().clone();
        match self.further_keys(log).into_iter().next() {
            _ if signed => Ok(()),
            Some(id) => Err(CheckpointError::OtherKey { name, id }),
            None => Err(CheckpointError::NotSigned(name)),
        }
    }

    /// Ids, in hexadecimal, of other keys than `log` whose lines bear the log's name. Nothing
    /// is known of them but that somebody wrote them there.
    pub fn further_keys(&self, log: &VerifierKey) -> Vec<String> {
        let lines = self.note.signatures().iter();
        let named = lines.filter(|line| line.name == log.name().as_str() && line.id != log.id());
        named.map(|line| data_encoding::HEXLOWER.encode(&line.id)).collect()
    }

    /// The same checkpoint with one more signature line at its end, such as a
    /// witness's cosignature, which is not judged here.
    ///
    /// # Errors
    /// [`CheckpointError::Note`] when there are too many lines or bytes.
    pub fn with_line(&self, line: SignatureLine) -> Result<Self, CheckpointError> {
        let mut lines = self.note.signatures().to_vec();
        lines.push(line);
        let note = Note::assemble(self.note.text(), lines, Profile::Checkpoint)?;
        Ok(SignedCheckpoint { checkpoint: self.checkpoint.clone(), note })
    }

    /// The same checkpoint with these signature lines in place of its own.
    ///
    /// # Errors
    /// [`CheckpointError::Note`] when there are none, or too many lines or bytes.
    pub fn only(&self, lines: Vec<SignatureLine>) -> Result<Self, CheckpointError> {
        let note = Note::assemble(self.note.text(), lines, Profile::Checkpoint)?;
        Ok(SignedCheckpoint { checkpoint: self.checkpoint.clone(), note })
    }

    /// What it says.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note it is.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.note.to_bytes()
    }
}

/// A canonical decimal number: digits only, no leading zero, at most 2^63 - 1.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    // `parse` alone would take a plus sign.
    if canonical { text.parse().ok().filter(|&n| n <= SIZE_MAX) } else { None }
}

fn is_line(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c < ' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::signature::SigningKey;

    const SOFA: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    fn log_key() -> SigningKey {
        SigningKey::from_seed("log.example.jp".parse().expect("name"), &[4; 32])
    }

    #[test]
    fn the_example_of_the_specification_round_trips() {
        let parsed = SignedCheckpoint::parse(SOFA.as_bytes()).expect("the specification's own");
        assert_eq!(parsed.checkpoint().origin(), "example.com/behind-the-sofa");
        assert_eq!(parsed.checkpoint().size(), 20_852_163);
        assert_eq!(parsed.to_bytes(), SOFA.as_bytes());
        assert_eq!(parsed.checkpoint().to_text(), parsed.note().text());
        let unsigned = parsed.verify(log_key().key());
        assert!(matches!(unsigned, Err(CheckpointError::OtherLog { .. })));
    }

    #[test]
    fn bodies_that_are_not_canonical_are_refused() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        let read = |text: String| Checkpoint::parse_text(&text).expect_err("refused");
        assert_eq!(read("o\n1\n".into()), CheckpointError::Lines);
        assert_eq!(read(format!("o\n1\n{root}")), CheckpointError::Lines);
        assert_eq!(read(format!("\n1\n{root}\n")), CheckpointError::Origin);
        for size in ["01", "+1", "", "-1", "1 ", "0x1", "9223372036854775808", "１"] {
            assert_eq!(read(format!("o\n{size}\n{root}\n")), CheckpointError::Size, "{size}");
        }
        assert_eq!(read("o\n1\nAAAA\n".into()), CheckpointError::Root);
        assert_eq!(read(format!("o\n0\n{root}\n")), CheckpointError::EmptyRoot);
        assert_eq!(read(format!("o\n1\n{root}\next\n\n")), CheckpointError::Extension(2));
    }

    #[test]
    fn a_signed_checkpoint_opens_with_the_log_key_only() {
        let key = log_key();
        let checkpoint = Checkpoint::new("log.example.jp", 0, empty_root()).expect("checkpoint");
        let signed = checkpoint.sign(&key).expect("signs");
        let bytes = signed.to_bytes();
        assert_eq!(SignedCheckpoint::open(&bytes, key.key()), Ok(signed));
        let other = SigningKey::from_seed("log.example.jp".parse().expect("name"), &[5; 32]);
        let refused = SignedCheckpoint::open(&bytes, other.key());
        assert!(matches!(refused, Err(CheckpointError::OtherKey { .. })));
        let elsewhere = Checkpoint::new("elsewhere", 0, empty_root()).expect("checkpoint");
        assert!(matches!(elsewhere.sign(&key), Err(CheckpointError::OtherLog { .. })));
    }

    #[test]
    fn unknown_lines_are_ignored_and_a_bad_own_line_is_not() {
        let key = log_key();
        let checkpoint = Checkpoint::new("log.example.jp", 0, empty_root()).expect("checkpoint");
        let own = checkpoint.sign(&key).expect("signs").note().signatures()[0].clone();
        let strange =
            SignatureLine { name: "木.example".into(), id: [0; 4], bytes: vec![1; 2428] };
        let mut bad = own.clone();
        bad.bytes[0] ^= 1;
        let open = |lines| {
            let note = Note::assemble(&checkpoint.to_text(), lines, Profile::Checkpoint);
            SignedCheckpoint::open(&note.expect("assembles").to_bytes(), key.key())
        };
        assert!(open(vec![strange.clone(), own.clone()]).is_ok());
        let bad_line = Err(CheckpointError::Signature(LineRefused::Bad));
        assert_eq!(open(vec![own, bad]), bad_line);
        assert!(matches!(open(vec![strange]), Err(CheckpointError::NotSigned(_))));
    }
}
