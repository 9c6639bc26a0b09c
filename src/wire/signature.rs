//! Ed25519 signatures on notes. Only strict verification decides: two verifiers
//! that disagree about a borderline signature would disagree about history, and
//! batch verification accepts signatures that strict verification refuses.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use ed25519_dalek::Signer as _;
use zeroize::Zeroize as _;

use crate::model::VerifierKey;
use crate::model::key::{ED25519, KeyName};
use crate::wire::note::{Note, NoteError, Profile, SIGNATURE_LEN, SignatureLine, check_text};

/// Most public keys a [`KeyCache`] keeps; past it keys are prepared anew each
/// time, so that a hostile ledger cannot grow the cache without bound.
const CACHE_MAX: usize = 65_536;

/// Something that holds a private key: a key in memory, later an agent or a card.
pub trait Signer {
    /// The verifier key that belongs to it.
    fn key(&self) -> &VerifierKey;

    /// Whether it could sign now, as far as that is known without signing.
    fn is_at_hand(&self) -> bool {
        true
    }

    /// Signs `message` with Ed25519 (RFC 8032).
    ///
    /// # Errors
    /// [`SignError`] when the holder of the key does not or cannot sign.
    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], SignError>;
}

/// Why nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The holder of the key refused or failed, in its own words.
    #[error("the key {name} did not sign: {reason}")]
    Holder {
        /// Name of the key.
        name: KeyName,
        /// What the holder said.
        reason: String,
    },
    /// The signature made does not verify under the key's own verifier key.
    #[error("the signature made by {0} does not verify: the key file and its .vkey do not match")]
    SelfCheck(KeyName),
    /// A cosigner's key (type 0x04) where a plain one is needed, or the reverse.
    #[error("the key {name} has signature type {kind:#04x}, which does not sign this")]
    Type {
        /// Name of the key.
        name: KeyName,
        /// Its signature type byte.
        kind: u8,
    },
    /// The text cannot be the text of a note.
    #[error(transparent)]
    Text(#[from] NoteError),
}

/// A private key in memory. It is wiped when dropped and never printed.
pub struct SigningKey {
    key: VerifierKey,
    /// Boxed, so that passing the key on copies no secret: a value that is moved leaves its
    /// bytes where it was, and those nobody wipes.
    secret: Box<ed25519_dalek::SigningKey>,
}

/// Does what has a secret by value, and overwrites the stack that it used: every move leaves a
/// copy there, here or in a library, that no destructor knows of. What `work` captures and
/// gives back is the caller's, and is to be a reference or boxed.
pub fn on_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    let done = in_a_frame_below(work);
    wipe_below();
    done
}

/// A frame of its own, whatever is inlined into it.
#[inline(never)]
fn in_a_frame_below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn wipe_below() {
    let mut below = [0u8; 128 * 1024];
    below.zeroize();
    std::hint::black_box(&below);
}

fn boxed(seed: &[u8; 32]) -> Box<ed25519_dalek::SigningKey> {
    on_wiped_stack(|| Box::new(ed25519_dalek::SigningKey::from_bytes(seed)))
}

impl SigningKey {
    /// The key that `seed`, the 32-byte RFC 8032 private key, makes: a plain
    /// Ed25519 signer (type 0x01).
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Self {
        let secret = boxed(seed);
        SigningKey { key: VerifierKey::new(name, secret.verifying_key().to_bytes()), secret }
    }

    /// A cosigner (type 0x04). A seed used here is used for nothing else: the
    /// two signature types should not share a key (signed-note, "Verifier keys").
    pub fn cosigner_from_seed(name: KeyName, seed: &[u8; 32]) -> Self {
        let secret = boxed(seed);
        SigningKey { key: VerifierKey::cosigner(name, secret.verifying_key().to_bytes()), secret }
    }

    /// The 32-byte private key, for whoever writes it to an encrypted file.
    pub fn seed(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, secret)", self.key)
    }
}

impl Signer for SigningKey {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], SignError> {
        Ok(on_wiped_stack(|| self.secret.sign(message).to_bytes()))
    }
}

/// Why a public key is not used for verification at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// The 32 bytes encode no point of the curve.
    #[error("the public key is no point of the curve")]
    NotAPoint,
    /// A second spelling of a point; RFC 8032 section 5.1.3 refuses it.
    #[error("the public key is not encoded canonically")]
    NotCanonical,
    /// A point of small order: a signature under it can be valid for many
    /// messages, so it proves nothing about any of them.
    #[error("the public key is of small order: its signatures prove nothing")]
    SmallOrder,
}

/// A public key whose curve point is decompressed and found usable, which costs
/// about a fifth of a verification and is needed once.
#[derive(Debug, Clone, Copy)]
pub struct PreparedKey(ed25519_dalek::VerifyingKey);

impl PreparedKey {
    /// Decompresses and judges a public key.
    ///
    /// # Errors
    /// [`WeakKey`] when no signature under it would be worth anything.
    pub fn new(public: &[u8; 32]) -> Result<Self, WeakKey> {
        let point =
            ed25519_dalek::VerifyingKey::from_bytes(public).map_err(|_| WeakKey::NotAPoint)?;
        // Decompression reduces the y coordinate and the sign of x = 0, so a
        // non-canonical encoding shows when the point is compressed again.
        if point.to_edwards().compress().to_bytes() != *public {
            return Err(WeakKey::NotCanonical);
        }
        if point.is_weak() {
            return Err(WeakKey::SmallOrder);
        }
        Ok(PreparedKey(point))
    }

    /// Whether `signature` is this key's over `message`, by `verify_strict`: S
    /// below the group order, R canonical and not of small order, and the
    /// equation without cofactor.
    pub fn verifies(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0.verify_strict(message, &signature).is_ok()
    }
}

/// Prepared keys by their 32 bytes, refusals included. Shared between threads by
/// reference; an audit of a long ledger prepares each party's key once.
#[derive(Debug, Default)]
pub struct KeyCache {
    prepared: RwLock<HashMap<[u8; 32], Result<PreparedKey, WeakKey>>>,
}

impl KeyCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// The prepared form of a key.
    ///
    /// # Errors
    /// [`WeakKey`] when the key is not usable.
    pub fn prepare(&self, key: &VerifierKey) -> Result<PreparedKey, WeakKey> {
        // A poisoned lock only says that a thread died while inserting; the map
        // holds pure function values, so what it holds is right all the same.
        let known = self.prepared.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(key.public()) {
            return *found;
        }
        drop(known);
        let made = PreparedKey::new(key.public());
        let mut known = self.prepared.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < CACHE_MAX {
            known.insert(*key.public(), made);
        }
        made
    }
}

/// Why one signature line does not count as a key's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineRefused {
    /// The line carries another name or key id.
    #[error("the line is not by this key")]
    OtherKey,
    /// The key is not of signature type 0x01.
    #[error("signature type {0:#04x} does not sign statements")]
    Type(u8),
    /// The signature is not 64 bytes long.
    #[error("an Ed25519 signature has 64 bytes, this one {0}")]
    Length(usize),
    /// The key is not usable.
    #[error(transparent)]
    Key(#[from] WeakKey),
    /// The signature does not verify.
    #[error("the signature does not verify: text, key or signature was altered")]
    Bad,
}

/// Verifies one line as `key`'s plain Ed25519 signature over `text`.
///
/// # Errors
/// [`LineRefused`].
pub fn verify(key: &VerifierKey, text: &str, line: &SignatureLine) -> Result<(), LineRefused> {
    verify_with(&KeyCache::new(), key, text, line)
}

/// As [`verify`], with prepared keys kept in `cache`.
///
/// # Errors
/// [`LineRefused`].
pub fn verify_with(
    cache: &KeyCache,
    key: &VerifierKey,
    text: &str,
    line: &SignatureLine,
) -> Result<(), LineRefused> {
    if key.kind() != ED25519 {
        return Err(LineRefused::Type(key.kind()));
    }
    if !is_by(line, key) {
        return Err(LineRefused::OtherKey);
    }
    let bytes: &[u8; SIGNATURE_LEN] =
        line.bytes.as_slice().try_into().map_err(|_| LineRefused::Length(line.bytes.len()))?;
    let prepared = cache.prepare(key)?;
    if prepared.verifies(text.as_bytes(), bytes) { Ok(()) } else { Err(LineRefused::Bad) }
}

/// Whether a line claims to be by `key`: same name and same id. signed-note
/// identifies a key by both; one alone is another key's line.
pub fn is_by(line: &SignatureLine, key: &VerifierKey) -> bool {
    line.name == key.name().as_str() && line.id == key.id()
}

/// One thing wrong with the signatures of a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureProblem {
    /// Nobody is required to sign. Such a check would pass anything.
    #[error("no signer is required, so nothing is proven")]
    NobodyRequired,
    /// The same name and id, or the same public key, is required twice: one
    /// signature would stand for two parties.
    #[error("{first} and {second} are one key: it cannot stand for two signers")]
    SharedKey {
        /// The signer named first.
        first: KeyName,
        /// The signer named second.
        second: KeyName,
    },
    /// A required signer has no line.
    #[error("{0} has not signed")]
    Missing(KeyName),
    /// A required signer has more than one line.
    #[error("{name} has signed {times} times")]
    Repeated {
        /// The signer.
        name: KeyName,
        /// Number of lines.
        times: usize,
    },
    /// A line by nobody who is required.
    #[error("signature line {line} is by {name}, who is not a signer of this statement")]
    Extra {
        /// Signature line, counted from 1.
        line: usize,
        /// The name on it.
        name: String,
    },
    /// All lines may be right, but not in the order the statement names them.
    #[error("the signature of {0} is out of order")]
    OutOfOrder(KeyName),
    /// A required signer's line does not verify.
    #[error("signature line {line} by {name}: {why}")]
    Bad {
        /// Signature line, counted from 1.
        line: usize,
        /// The signer.
        name: KeyName,
        /// What is wrong with it.
        why: LineRefused,
    },
}

/// Everything wrong with the signatures of a statement, in the order of the
/// required signers, then extra lines, then order. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignaturesRefused {
    /// The problems.
    pub problems: Vec<SignatureProblem>,
}

impl fmt::Display for SignaturesRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SignaturesRefused {}

/// Whether a note carries the signatures of exactly `required`: each once, in
/// that order, and no other line. A generic note verifier is content with one
/// known signature, so a note with one party's line stripped still opens there;
/// this is the check that makes both parties' agreement evident.
///
/// # Errors
/// [`SignaturesRefused`] with every problem found.
pub fn verify_required(note: &Note, required: &[VerifierKey]) -> Result<(), SignaturesRefused> {
    verify_required_with(&KeyCache::new(), note, required)
}

/// As [`verify_required`], with prepared keys kept in `cache`.
///
/// # Errors
/// [`SignaturesRefused`] with every problem found.
pub fn verify_required_with<K: Borrow<VerifierKey>>(
    cache: &KeyCache,
    note: &Note,
    required: &[K],
) -> Result<(), SignaturesRefused> {
    let required: Vec<&VerifierKey> = required.iter().map(Borrow::borrow).collect();
    let required = required.as_slice();
    let mut problems = shared_keys(required);
    if required.is_empty() {
        problems.push(SignatureProblem::NobodyRequired);
    }
    let lines = note.signatures();
    let mut places = Vec::with_capacity(required.len());
    for key in required {
        let own = || lines.iter().enumerate().filter(|(_, line)| is_by(line, key));
        let name = || key.name().clone();
        match own().count() {
            0 => problems.push(SignatureProblem::Missing(name())),
            1 => places.extend(own().map(|(at, _)| (at, *key))),
            times => problems.push(SignatureProblem::Repeated { name: name(), times }),
        }
        for (at, line) in own() {
            if let Err(why) = verify_with(cache, key, note.text(), line) {
                problems.push(SignatureProblem::Bad { line: at + 1, name: name(), why });
            }
        }
    }
    for (at, line) in lines.iter().enumerate() {
        if !required.iter().any(|key| is_by(line, key)) {
            problems.push(SignatureProblem::Extra { line: at + 1, name: line.name.clone() });
        }
    }
    problems.extend(out_of_order(&places));
    if problems.is_empty() { Ok(()) } else { Err(SignaturesRefused { problems }) }
}

/// Pairs among the required signers that one private key could sign for.
fn shared_keys(required: &[&VerifierKey]) -> Vec<SignatureProblem> {
    let mut problems = Vec::new();
    for (at, second) in required.iter().enumerate() {
        for first in required.iter().take(at) {
            let same_line = first.name() == second.name() && first.id() == second.id();
            if same_line || first.public() == second.public() {
                let (first, second) = (first.name().clone(), second.name().clone());
                problems.push(SignatureProblem::SharedKey { first, second });
            }
        }
    }
    problems
}

/// Signers whose line stands before that of a signer named earlier.
fn out_of_order(places: &[(usize, &VerifierKey)]) -> Vec<SignatureProblem> {
    let mut furthest = 0;
    let mut problems = Vec::new();
    for (at, key) in places {
        if *at < furthest {
            problems.push(SignatureProblem::OutOfOrder(key.name().clone()));
        }
        furthest = furthest.max(*at);
    }
    problems
}

/// Signs `text` and checks the signature before handing it out: a key that does
/// not match its verifier key is to be noticed at this desk, not at the other's.
///
/// # Errors
/// [`SignError`].
pub fn sign_line(signer: &dyn Signer, text: &str) -> Result<SignatureLine, SignError> {
    let key = signer.key();
    if key.kind() != ED25519 {
        return Err(SignError::Type { name: key.name().clone(), kind: key.kind() });
    }
    check_text(text, Profile::Checkpoint)?;
    let bytes = signer.sign(text.as_bytes())?.to_vec();
    let line = SignatureLine { name: key.name().as_str().to_owned(), id: key.id(), bytes };
    verify(key, text, &line).map_err(|_| SignError::SelfCheck(key.name().clone()))?;
    Ok(line)
}

/// Signs a statement with all its signers, in order.
///
/// # Errors
/// [`SignError`].
pub fn sign_statement(text: &str, signers: &[&dyn Signer]) -> Result<Note, SignError> {
    check_text(text, Profile::Statement)?;
    let lines = signers.iter().map(|signer| sign_line(*signer, text));
    Ok(Note::assemble(text, lines.collect::<Result<_, _>>()?, Profile::Statement)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "custody/test/v1\nwords: 言葉\n";

    fn signer(name: &str, seed: u8) -> SigningKey {
        SigningKey::from_seed(name.parse().expect("name"), &[seed; 32])
    }

    fn name(text: &str) -> KeyName {
        text.parse().expect("name")
    }

    fn two() -> (Note, Vec<VerifierKey>) {
        let (a, b) = (signer("yamada.example.jp", 1), signer("sato.example.jp", 2));
        let note = sign_statement(TEXT, &[&a, &b]).expect("signs");
        (note, vec![a.key().clone(), b.key().clone()])
    }

    fn with_lines(note: &Note, lines: Vec<SignatureLine>) -> Note {
        Note::assemble(note.text(), lines, Profile::Statement).expect("assembles")
    }

    fn problems(note: &Note, required: &[VerifierKey]) -> Vec<SignatureProblem> {
        verify_required(note, required).expect_err("refused").problems
    }

    #[test]
    fn the_example_of_the_specification_verifies() {
        let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
        let key: VerifierKey = vkey.parse().expect("vkey");
        let bytes = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
        let note = Note::parse(bytes.as_bytes()).expect("note");
        assert_eq!(verify_required(&note, std::slice::from_ref(&key)), Ok(()));
        let altered = Note::parse(bytes.replace("example m", "exemple m").as_bytes());
        let problem = problems(&altered.expect("note"), &[key]);
        assert!(matches!(problem.as_slice(), [SignatureProblem::Bad { line: 1, .. }]));
    }

    #[test]
    fn both_signers_in_order_pass() {
        let (note, keys) = two();
        assert_eq!(verify_required(&note, &keys), Ok(()));
        let cache = KeyCache::new();
        assert_eq!(verify_required_with(&cache, &note, &keys), Ok(()));
        assert_eq!(verify_required_with(&cache, &note, &keys), Ok(()), "from the cache");
    }

    #[test]
    fn a_stripped_line_names_the_missing_signer() {
        let (note, keys) = two();
        let stripped = with_lines(&note, vec![note.signatures()[0].clone()]);
        let expected = [SignatureProblem::Missing(name("sato.example.jp"))];
        assert_eq!(problems(&stripped, &keys), expected);
    }

    #[test]
    fn swapped_doubled_and_foreign_lines_are_named_together() {
        let (note, keys) = two();
        let [a, b] = [note.signatures()[0].clone(), note.signatures()[1].clone()];
        let swapped = with_lines(&note, vec![b.clone(), a.clone()]);
        assert_eq!(
            problems(&swapped, &keys),
            [SignatureProblem::OutOfOrder(name("sato.example.jp"))]
        );
        let foreign = sign_line(&signer("evil.example", 3), TEXT).expect("signs");
        let mut bad = a.clone();
        bad.bytes[63] ^= 0x80;
        let all = with_lines(&note, vec![bad, b.clone(), b, foreign]);
        let found = problems(&all, &keys);
        assert!(matches!(&found[0], SignatureProblem::Bad { line: 1, why: LineRefused::Bad, .. }));
        let twice = SignatureProblem::Repeated { name: name("sato.example.jp"), times: 2 };
        assert_eq!(found[1], twice);
        assert_eq!(found[2], SignatureProblem::Extra { line: 4, name: "evil.example".into() });
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn one_key_never_stands_for_two_signers() {
        let (a, b) = (signer("a.example", 7), signer("b.example", 7));
        let note = sign_statement(TEXT, &[&a, &b]).expect("signs");
        let found = problems(&note, &[a.key().clone(), b.key().clone()]);
        assert!(matches!(found.as_slice(), [SignatureProblem::SharedKey { .. }]));
        assert_eq!(problems(&note, &[])[0], SignatureProblem::NobodyRequired);
    }

    #[test]
    fn weak_keys_are_refused_before_any_signature() {
        // The neutral element, a point of order 2, and y = p + 1: the neutral
        // element again in an encoding that is not canonical.
        let mut neutral = [0u8; 32];
        neutral[0] = 1;
        assert_eq!(PreparedKey::new(&neutral).err(), Some(WeakKey::SmallOrder));
        assert_eq!(PreparedKey::new(&[0; 32]).err(), Some(WeakKey::SmallOrder));
        let mut second_spelling = [0xff; 32];
        (second_spelling[0], second_spelling[31]) = (0xee, 0x7f);
        assert_eq!(PreparedKey::new(&second_spelling).err(), Some(WeakKey::NotCanonical));
        let mut no_point = [0u8; 32];
        no_point[0] = 2;
        assert_eq!(PreparedKey::new(&no_point).err(), Some(WeakKey::NotAPoint));
        // Under the neutral element R = identity, S = 0 satisfies the equation
        // for every message; strictness is what stops it.
        let key = VerifierKey::new(name("weak.example"), neutral);
        let mut bytes = vec![0u8; 64];
        bytes[0] = 1;
        let line = SignatureLine { name: "weak.example".into(), id: key.id(), bytes };
        assert_eq!(verify(&key, TEXT, &line), Err(LineRefused::Key(WeakKey::SmallOrder)));
    }

    #[test]
    fn a_cosigner_does_not_sign_statements() {
        let cosigner = SigningKey::cosigner_from_seed(name("w.example"), &[9; 32]);
        assert!(matches!(sign_line(&cosigner, TEXT), Err(SignError::Type { kind: 4, .. })));
        let (note, _) = two();
        let line = note.signatures()[0].clone();
        assert_eq!(verify(cosigner.key(), TEXT, &line), Err(LineRefused::Type(4)));
    }

    #[test]
    fn a_key_that_does_not_match_its_vkey_is_noticed_when_signing() {
        let mut key = signer("a.example", 1);
        key.key = signer("a.example", 2).key;
        assert_eq!(sign_line(&key, TEXT), Err(SignError::SelfCheck(name("a.example"))));
    }

    #[test]
    fn debug_prints_no_secret() {
        let printed = format!("{:?}", signer("a.example", 0x41));
        assert!(printed.ends_with("secret)") && !printed.contains("65, 65"), "{printed}");
    }
}
