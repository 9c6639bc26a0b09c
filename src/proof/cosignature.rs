//! Cosignatures (c2sp.org/tlog-cosignature, cosignature/v1): a witness's
//! timestamped statement that it saw the log append only, up to a checkpoint.
//!
//! Only the Ed25519 type (0x04) is made and judged here. Lines of the ML-DSA-44
//! type (0x06) are kept in a checkpoint and ignored, like any unknown key's.

use crate::model::VerifierKey;
use crate::model::key::{COSIGNATURE_V1, KeyName};
use crate::proof::checkpoint::{SIZE_MAX, SignedCheckpoint};
use crate::wire::note::{SIGNATURE_LEN, SignatureLine};
use crate::wire::signature::{KeyCache, SignError, Signer, WeakKey, is_by};

/// Largest timestamp: POSIX seconds, 2^63 - 1.
pub const TIMESTAMP_MAX: u64 = SIZE_MAX;
/// Length in bytes of a cosignature: the timestamp, big-endian, and the signature.
const COSIGNATURE_LEN: usize = 8 + SIGNATURE_LEN;

/// A cosignature that verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The cosigner.
    pub name: KeyName,
    /// Its key.
    pub key: VerifierKey,
    /// When it was made, by the cosigner's clock: POSIX seconds. Whether that is
    /// in the future is for the caller to judge; this layer has no clock.
    pub timestamp: u64,
}

/// Why a cosignature was not made or does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// The key is not of signature type 0x04.
    #[error("the key {name} has signature type {kind:#04x}; cosignatures need 0x04")]
    Type {
        /// Name of the key.
        name: KeyName,
        /// Its signature type byte.
        kind: u8,
    },
    /// The timestamp exceeds 2^63 - 1.
    #[error("the timestamp of the cosignature by {0} exceeds 2^63 - 1")]
    Timestamp(KeyName),
    /// The line is by another key.
    #[error("the line is not by {0}")]
    OtherKey(KeyName),
    /// Not 72 bytes long.
    #[error("the cosignature by {name} has {found} bytes, not 72")]
    Length {
        /// The cosigner.
        name: KeyName,
        /// Bytes found.
        found: usize,
    },
    /// The key is not usable.
    #[error("the key {name}: {why}")]
    Key {
        /// The cosigner.
        name: KeyName,
        /// What is wrong with its key.
        why: WeakKey,
    },
    /// The signature does not verify.
    #[error("the cosignature by {0} does not verify")]
    Bad(KeyName),
    /// The key could not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// What a cosigner signs: a header, the time, and the whole checkpoint text.
fn message(checkpoint_text: &str, timestamp: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {timestamp}\n{checkpoint_text}").into_bytes()
}

/// Makes a cosigner's line for a checkpoint, as of `timestamp` (POSIX seconds).
/// That the checkpoint is consistent with all the cosigner saw before is what
/// the line states, and is for the caller to have verified.
///
/// # Errors
/// [`CosignatureError`]: key of the wrong type, timestamp out of range, or the
/// key did not sign.
pub fn cosign(
    checkpoint: &SignedCheckpoint,
    timestamp: u64,
    cosigner: &dyn Signer,
) -> Result<SignatureLine, CosignatureError> {
    let key = cosigner.key();
    let name = key.name().clone();
    if key.kind() != COSIGNATURE_V1 {
        return Err(CosignatureError::Type { name, kind: key.kind() });
    }
    if timestamp > TIMESTAMP_MAX {
        return Err(CosignatureError::Timestamp(name));
    }
    let text = checkpoint.note().text();
    let signature = cosigner.sign(&message(text, timestamp))?;
    let mut bytes = timestamp.to_be_bytes().to_vec();
    bytes.extend_from_slice(&signature);
    let line = SignatureLine { name: name.as_str().to_owned(), id: key.id(), bytes };
    verify_line(&KeyCache::new(), key, text, &line).map_err(|_| SignError::SelfCheck(name))?;
    Ok(line)
}

/// Verifies one line as `key`'s cosignature of the checkpoint.
///
/// # Errors
/// [`CosignatureError`].
pub fn verify_cosignature(
    key: &VerifierKey,
    checkpoint: &SignedCheckpoint,
    line: &SignatureLine,
) -> Result<Cosignature, CosignatureError> {
    verify_line(&KeyCache::new(), key, checkpoint.note().text(), line)
}

/// The cosignatures by `witnesses`, in the order of the lines. Lines by nobody
/// among them are ignored; one that claims to be by a witness and fails refuses
/// the whole checkpoint. How many are enough is policy and decided elsewhere.
///
/// # Errors
/// [`CosignatureError`] of the first line that fails.
pub fn cosignatures(
    checkpoint: &SignedCheckpoint,
    witnesses: &[VerifierKey],
) -> Result<Vec<Cosignature>, CosignatureError> {
    let cache = KeyCache::new();
    let text = checkpoint.note().text();
    let mut found: Vec<Cosignature> = Vec::new();
    for line in checkpoint.note().signatures() {
        for key in witnesses.iter().filter(|key| is_by(line, key)) {
            let verified = verify_line(&cache, key, text, line)?;
            // A quorum counts witnesses, not lines.
            if !found.iter().any(|known| known.key == verified.key) {
                found.push(verified);
            }
        }
    }
    Ok(found)
}

fn verify_line(
    cache: &KeyCache,
    key: &VerifierKey,
    text: &str,
    line: &SignatureLine,
) -> Result<Cosignature, CosignatureError> {
    let name = key.name().clone();
    if key.kind() != COSIGNATURE_V1 {
        return Err(CosignatureError::Type { name, kind: key.kind() });
    }
    if !is_by(line, key) {
        return Err(CosignatureError::OtherKey(name));
    }
    let wrong_length = CosignatureError::Length { name: name.clone(), found: line.bytes.len() };
    if line.bytes.len() != COSIGNATURE_LEN {
        return Err(wrong_length);
    }
    let Some((timestamp, signature)) = line.bytes.split_first_chunk::<8>() else {
        return Err(wrong_length);
    };
    let Ok(signature) = <&[u8; SIGNATURE_LEN]>::try_from(signature) else {
        return Err(wrong_length);
    };
    let timestamp = u64::from_be_bytes(*timestamp);
    if timestamp > TIMESTAMP_MAX {
        return Err(CosignatureError::Timestamp(name));
    }
    let prepared =
        cache.prepare(key).map_err(|why| CosignatureError::Key { name: name.clone(), why })?;
    if prepared.verifies(&message(text, timestamp), signature) {
        Ok(Cosignature { name, key: key.clone(), timestamp })
    } else {
        Err(CosignatureError::Bad(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::checkpoint::Checkpoint;
    use crate::proof::tree::leaf_hash;
    use crate::wire::signature::SigningKey;

    fn witness(name: &str, seed: u8) -> SigningKey {
        SigningKey::cosigner_from_seed(name.parse().expect("name"), &[seed; 32])
    }

    fn signed() -> SignedCheckpoint {
        let log = SigningKey::from_seed("log.example".parse().expect("name"), &[4; 32]);
        let checkpoint = Checkpoint::new("log.example", 1, leaf_hash(b"x")).expect("checkpoint");
        checkpoint.sign(&log).expect("signs")
    }

    fn cosigned(lines: &[SignatureLine]) -> SignedCheckpoint {
        let mut at = signed();
        for line in lines {
            at = at.with_line(line.clone()).expect("attaches");
        }
        at
    }

    #[test]
    fn the_signed_message_is_the_specified_one() {
        let text =
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let expected = format!("cosignature/v1\ntime 1679315147\n{text}");
        assert_eq!(message(text, 1_679_315_147), expected.into_bytes());
    }

    #[test]
    fn a_cosignature_verifies_and_tells_its_time() {
        let key = witness("witness.example/w1", 8);
        let line = cosign(&signed(), 1_679_315_147, &key).expect("cosigns");
        assert_eq!(line.bytes.len(), 72);
        let at = cosigned(std::slice::from_ref(&line));
        let found = verify_cosignature(key.key(), &at, &line).expect("verifies");
        assert_eq!(found.timestamp, 1_679_315_147);
        let mut later = line.clone();
        later.bytes[7] ^= 1;
        let refused = verify_cosignature(key.key(), &at, &later);
        assert!(matches!(refused, Err(CosignatureError::Bad(_))), "the time is signed");
        let plain = SigningKey::from_seed("w".parse().expect("name"), &[8; 32]);
        assert!(matches!(
            cosign(&signed(), 1, &plain),
            Err(CosignatureError::Type { kind: 1, .. })
        ));
        let never = cosign(&signed(), u64::MAX, &key);
        assert!(matches!(never, Err(CosignatureError::Timestamp(_))));
    }

    #[test]
    fn witnesses_are_counted_once_and_strangers_ignored() {
        let (known, stranger) = (witness("w1.example", 8), witness("w2.example", 9));
        let line = |key, time| cosign(&signed(), time, key).expect("cosigns");
        let at = cosigned(&[line(&known, 5), line(&stranger, 6), line(&known, 7)]);
        let found = cosignatures(&at, &[known.key().clone()]).expect("verifies");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].timestamp, 5);
        let mut bad = line(&known, 5);
        bad.bytes[70] ^= 1;
        let at = cosigned(&[line(&stranger, 6), bad]);
        assert!(matches!(cosignatures(&at, &[known.key().clone()]), Err(CosignatureError::Bad(_))));
    }
}
