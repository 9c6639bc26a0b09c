//! What a witness is asked and when it vouches (c2sp.org/tlog-witness,
//! add-checkpoint). Where it keeps what it saw, and how the question comes, is no
//! matter here.

use crate::model::{Hash, VerifierKey};
use crate::proof::checkpoint::{CheckpointError, SignedCheckpoint, decimal};
use crate::proof::consistency::verify_consistency;
use crate::proof::inclusion::ProofRefused;
use crate::proof::tree::empty_root;
use crate::wire::note::{NOTE_MAX, Note, Profile, SignatureLine};
use crate::wire::signature::{self, LineRefused};

/// Most hashes a request may carry.
pub const PROOF_LINES_MAX: usize = 63;
/// Largest request in bytes: the old size, the proof, a checkpoint with all its lines.
pub const REQUEST_MAX: usize = 32 + PROOF_LINES_MAX * 45 + NOTE_MAX;
/// Most keys of one log.
const LOG_KEYS_MAX: usize = 8;
/// Largest record of a log in bytes.
pub const RECORD_MAX: usize = LOG_KEYS_MAX * 256 + NOTE_MAX;

/// A request to vouch for a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    old: u64,
    proof: Vec<Hash>,
    asked: Asked,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Checkpoint(SignedCheckpoint),
    /// A tree of size 0 under another root than that of nothing. Its signatures are
    /// judged before it is refused, so it is kept as a note.
    WrongEmptyRoot(Note),
}

/// Why a witness does not vouch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// The request is out of form.
    #[error("the request is malformed: {0}")]
    Malformed(String),
    /// The checkpoint is smaller than what it is said to grow from.
    #[error("the old size {old} exceeds the size {size} of the checkpoint")]
    Backwards {
        /// The old size of the request.
        old: u64,
        /// The size of the checkpoint.
        size: u64,
    },
    /// No log of this origin is known here.
    #[error("no log of the name {0:?} is known here")]
    UnknownLog(String),
    /// Nobody trusted for this log signed.
    #[error("no key that is trusted for {0:?} signed the checkpoint")]
    NotSigned(String),
    /// A line claims to be by a trusted key and is not.
    #[error("the signature by {name} on the checkpoint: {why}")]
    Signature {
        /// The key's name.
        name: String,
        /// What is wrong.
        why: LineRefused,
    },
    /// The witness stands at another size.
    #[error("this witness stands at {size} entries of this log")]
    Conflict {
        /// Entries of the newest checkpoint cosigned here; 0 for none.
        size: u64,
    },
    /// The root of an empty tree is another one.
    #[error("the root of an empty tree is the hash of nothing")]
    EmptyRoot,
    /// The checkpoint does not continue what was cosigned.
    #[error("the checkpoint does not continue the {old} entries seen before: {why}")]
    Inconsistent {
        /// Entries of the newest checkpoint cosigned here.
        old: u64,
        /// What is wrong.
        why: ProofRefused,
    },
}

impl Declined {
    /// The HTTP status that tlog-witness gives it.
    pub fn status(&self) -> u16 {
        match self {
            Declined::Malformed(_) | Declined::Backwards { .. } => 400,
            Declined::NotSigned(_) | Declined::Signature { .. } => 403,
            Declined::UnknownLog(_) => 404,
            Declined::Conflict { .. } => 409,
            Declined::EmptyRoot | Declined::Inconsistent { .. } => 422,
        }
    }
}

impl AddCheckpoint {
    /// Asks a witness that stands at `old` entries to vouch for `checkpoint`.
    pub fn new(old: u64, proof: Vec<Hash>, checkpoint: SignedCheckpoint) -> Self {
        AddCheckpoint { old, proof, asked: Asked::Checkpoint(checkpoint) }
    }

    /// Reads a request.
    ///
    /// # Errors
    /// [`Declined::Malformed`] with the line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, Declined> {
        let malformed = |what: &str| Declined::Malformed(what.to_owned());
        if bytes.len() > REQUEST_MAX {
            return Err(malformed("it is too large"));
        }
        let end = bytes.windows(2).position(|pair| pair == b"\n\n");
        let (head, rest) = bytes.split_at(end.ok_or_else(|| malformed("it has no empty line"))?);
        let head = std::str::from_utf8(head).map_err(|_| malformed("it is not ASCII"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal);
        let old = old.ok_or_else(|| malformed("the first line is not 'old' and a number"))?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == PROOF_LINES_MAX {
                return Err(malformed("the proof has more than 63 lines"));
            }
            let hash = line.parse().map_err(|_| malformed("a line of the proof is no hash"))?;
            proof.push(hash);
        }
        let note = rest.strip_prefix(b"\n\n").unwrap_or(rest);
        let asked = match SignedCheckpoint::parse(note) {
            Ok(checkpoint) => Asked::Checkpoint(checkpoint),
            Err(CheckpointError::EmptyRoot) => Asked::WrongEmptyRoot(
                Note::parse_as(note, Profile::Checkpoint)
                    .map_err(|error| Declined::Malformed(error.to_string()))?,
            ),
            Err(error) => return Err(Declined::Malformed(error.to_string())),
        };
        Ok(AddCheckpoint { old, proof, asked })
    }

    /// The request's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            text.push_str(&format!("{hash}\n"));
        }
        text.push('\n');
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.note().to_bytes());
        bytes
    }

    /// The checkpoint; none where it is of an empty tree under another root.
    pub fn checkpoint(&self) -> Option<&SignedCheckpoint> {
        match &self.asked {
            Asked::Checkpoint(signed) => Some(signed),
            Asked::WrongEmptyRoot(_) => None,
        }
    }

    /// Entries that the witness is taken to have seen.
    pub fn old(&self) -> u64 {
        self.old
    }

    /// Entries of the checkpoint.
    pub fn size(&self) -> u64 {
        match &self.asked {
            Asked::Checkpoint(signed) => signed.checkpoint().size(),
            Asked::WrongEmptyRoot(_) => 0,
        }
    }

    /// The log's name, as the checkpoint states it.
    pub fn origin(&self) -> &str {
        self.note().text().split('\n').next().unwrap_or_default()
    }

    fn note(&self) -> &Note {
        match &self.asked {
            Asked::Checkpoint(signed) => signed.note(),
            Asked::WrongEmptyRoot(note) => note,
        }
    }

    /// Whether a witness that knows `log` vouches: the checkpoint to be cosigned, with
    /// the lines by the log's own keys and no others. `log` is none where the origin
    /// is unknown.
    ///
    /// # Errors
    /// [`Declined`], by the first check of tlog-witness that fails.
    pub fn judge(&self, log: Option<&WitnessedLog>) -> Result<SignedCheckpoint, Declined> {
        let origin = || self.origin().to_owned();
        let log = log.filter(|log| log.origin() == self.origin());
        let log = log.ok_or_else(|| Declined::UnknownLog(origin()))?;
        let lines = trusted_lines(self.note(), &log.keys)?;
        if lines.is_empty() {
            return Err(Declined::NotSigned(origin()));
        }
        if self.old > self.size() {
            return Err(Declined::Backwards { old: self.old, size: self.size() });
        }
        if self.old != log.size() {
            return Err(Declined::Conflict { size: log.size() });
        }
        let Asked::Checkpoint(signed) = &self.asked else { return Err(Declined::EmptyRoot) };
        let seen = log.latest.as_ref().map_or_else(empty_root, |seen| *seen.checkpoint().root());
        let root = signed.checkpoint().root();
        verify_consistency(self.old, &seen, self.size(), root, &self.proof)
            .map_err(|why| Declined::Inconsistent { old: self.old, why })?;
        signed.only(lines).map_err(|error| Declined::Malformed(error.to_string()))
    }
}

/// The lines by `keys`, each verified; those by others are left out.
fn trusted_lines(note: &Note, keys: &[VerifierKey]) -> Result<Vec<SignatureLine>, Declined> {
    let mut lines: Vec<SignatureLine> = Vec::new();
    for line in note.signatures() {
        for key in keys.iter().filter(|key| signature::is_by(line, key)) {
            signature::verify(key, note.text(), line)
                .map_err(|why| Declined::Signature { name: key.name().to_string(), why })?;
            if !lines.contains(line) {
                lines.push(line.clone());
            }
        }
    }
    Ok(lines)
}

/// What a witness keeps of one log: whose signature it takes, and the newest
/// checkpoint it cosigned. Both are one text, so that a log whose checkpoint was lost
/// is an unknown log and never one of which nothing was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessedLog {
    keys: Vec<VerifierKey>,
    latest: Option<SignedCheckpoint>,
}

/// Why a text is no record of a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Larger than [`RECORD_MAX`], or no text.
    #[error("it is too large or no text")]
    Bytes,
    /// A key line is none, or the keys are not of one name.
    #[error("its key lines are not one to eight verifier keys of one name")]
    Keys,
    /// The checkpoint is malformed or by another log.
    #[error("its checkpoint does not hold: {0}")]
    Checkpoint(String),
}

impl WitnessedLog {
    /// A log of which nothing was seen yet.
    pub fn new(key: VerifierKey) -> Self {
        WitnessedLog { keys: vec![key], latest: None }
    }

    /// Trusts a further key of the same log; false when it is trusted already.
    ///
    /// # Errors
    /// [`RecordError::Keys`] when its name is another one, or there are eight.
    pub fn trust(&mut self, key: VerifierKey) -> Result<bool, RecordError> {
        if self.keys.contains(&key) {
            return Ok(false);
        }
        if key.name().as_str() != self.origin() || self.keys.len() == LOG_KEYS_MAX {
            return Err(RecordError::Keys);
        }
        self.keys.push(key);
        Ok(true)
    }

    /// Reads a record: a verifier key a line and, once something was cosigned, an
    /// empty line and the checkpoint.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let text = std::str::from_utf8(bytes).map_err(|_| RecordError::Bytes)?;
        if bytes.len() > RECORD_MAX {
            return Err(RecordError::Bytes);
        }
        let (head, checkpoint) = match text.split_once("\n\n") {
            Some((head, checkpoint)) => (head, Some(checkpoint)),
            None => (text.strip_suffix('\n').ok_or(RecordError::Keys)?, None),
        };
        let keys: Result<Vec<VerifierKey>, _> = head.split('\n').map(str::parse).collect();
        let keys = keys.map_err(|_| RecordError::Keys)?;
        let mut log = WitnessedLog::new(keys.first().cloned().ok_or(RecordError::Keys)?);
        for key in keys.into_iter().skip(1) {
            if !log.trust(key)? {
                return Err(RecordError::Keys);
            }
        }
        if let Some(checkpoint) = checkpoint {
            let wrong = |error: String| RecordError::Checkpoint(error);
            let latest = SignedCheckpoint::parse(checkpoint.as_bytes())
                .map_err(|error| wrong(error.to_string()))?;
            let lines = trusted_lines(latest.note(), &log.keys);
            let lines = lines.map_err(|error| wrong(error.to_string()))?;
            if latest.checkpoint().origin() != log.origin() || lines.is_empty() {
                return Err(wrong("the log did not sign it".to_owned()));
            }
            log.latest = Some(latest);
        }
        Ok(log)
    }

    /// The record's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            self.keys.iter().flat_map(|key| format!("{key}\n").into_bytes()).collect();
        if let Some(latest) = &self.latest {
            bytes.push(b'\n');
            bytes.extend_from_slice(&latest.to_bytes());
        }
        bytes
    }

    /// The same record with what was cosigned now.
    #[must_use]
    pub fn with_latest(&self, cosigned: SignedCheckpoint) -> Self {
        WitnessedLog { keys: self.keys.clone(), latest: Some(cosigned) }
    }

    /// The log's name, which is that of its keys.
    pub fn origin(&self) -> &str {
        self.keys.first().map_or("", |key| key.name().as_str())
    }

    /// The keys whose signature is taken.
    pub fn keys(&self) -> &[VerifierKey] {
        &self.keys
    }

    /// The newest checkpoint cosigned, with the log's lines and the witness's.
    pub fn latest(&self) -> Option<&SignedCheckpoint> {
        self.latest.as_ref()
    }

    /// Entries of the newest checkpoint cosigned; 0 for none.
    pub fn size(&self) -> u64 {
        self.latest.as_ref().map_or(0, |latest| latest.checkpoint().size())
    }
}

/// The name under which a log is asked for: SHA-256 of its origin, in hexadecimal.
pub fn origin_hash(origin: &str) -> String {
    data_encoding::HEXLOWER.encode(&Hash::of(&[origin.as_bytes()]).0)
}
