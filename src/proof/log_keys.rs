//! The keys of one log, each with the entry it holds from: a checkpoint is to be signed by
//! the key that held for a tree of its size.

use crate::model::VerifierKey;
use crate::proof::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::wire::note::SignatureLine;
use crate::wire::signature::is_by;

/// The keys of a log, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKeys(Vec<(u64, VerifierKey)>);

impl LogKeys {
    /// Keys with the indices of the entries that name them; none where there is no key.
    pub fn new(keys: &[(u64, VerifierKey)]) -> Option<Self> {
        (!keys.is_empty()).then(|| LogKeys(keys.to_vec()))
    }

    /// Whether this key is one of them, present or past.
    pub fn has(&self, key: &VerifierKey) -> bool {
        self.0.iter().any(|(_, own)| own == key)
    }

    /// The key in use.
    pub fn newest(&self) -> Option<&VerifierKey> {
        self.0.last().map(|(_, key)| key)
    }

    /// The key that signs trees of `size` entries: the one named last among these entries.
    pub fn at(&self, size: u64) -> Option<&VerifierKey> {
        let named = self.0.iter().rev().find(|(index, _)| *index < size);
        named.or_else(|| self.0.first()).map(|(_, key)| key)
    }

    /// Whether a line is by one of them, present or past.
    pub fn signed(&self, line: &SignatureLine) -> bool {
        self.0.iter().any(|(_, key)| is_by(line, key))
    }

    /// Verifies a checkpoint by the key of its size. One that a replaced key signed alone is
    /// refused where another key held already: whoever took that key could sign it as well.
    ///
    /// # Errors
    /// As [`SignedCheckpoint::verify`].
    pub fn verify(&self, signed: &SignedCheckpoint) -> Result<(), CheckpointError> {
        match self.at(signed.checkpoint().size()) {
            Some(key) => signed.verify(key),
            None => Err(CheckpointError::Origin),
        }
    }

    /// Parses a checkpoint and verifies it.
    ///
    /// # Errors
    /// As [`SignedCheckpoint::open`].
    pub fn open(&self, bytes: &[u8]) -> Result<SignedCheckpoint, CheckpointError> {
        let parsed = SignedCheckpoint::parse(bytes)?;
        self.verify(&parsed)?;
        Ok(parsed)
    }
}

impl From<&VerifierKey> for LogKeys {
    fn from(only: &VerifierKey) -> Self {
        LogKeys(vec![(0, only.clone())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Hash;
    use crate::proof::checkpoint::Checkpoint;
    use crate::wire::signature::{Signer as _, SigningKey};

    #[test]
    fn each_size_has_the_key_of_its_time() {
        let key = |seed| SigningKey::from_seed("log.example".parse().expect("name"), &[seed; 32]);
        let (old, new) = (key(1), key(2));
        let keys = LogKeys::new(&[(0, old.key().clone()), (5, new.key().clone())]).expect("keys");
        let open = |size, by: &SigningKey| {
            let checkpoint = Checkpoint::new("log.example", size, Hash([7; 32])).expect("one");
            keys.open(&checkpoint.sign(by).expect("signed").to_bytes()).map(|_| ())
        };
        for size in 1..=5 {
            assert_eq!(open(size, &old), Ok(()), "{size}");
            assert!(matches!(open(size, &new), Err(CheckpointError::OtherKey { .. })), "{size}");
        }
        for size in 6..9 {
            assert_eq!(open(size, &new), Ok(()), "{size}");
            assert!(matches!(open(size, &old), Err(CheckpointError::OtherKey { .. })), "{size}");
        }
        assert_eq!(LogKeys::new(&[]), None);
    }
}
