//! Our note and checkpoint parsers beside others': the crates `signed_note` and
//! `tlog_tiles` (Cloudflare's, ported from Go's sumdb; BSD-3-Clause). Where they disagree
//! it is for one of the reasons written here, and for no other.

use media_custody::model::VerifierKey;
use media_custody::proof::checkpoint::{CheckpointError, SignedCheckpoint};
use media_custody::wire::note::{Note, NoteError, Profile};
use signed_note::{StandardVerifier, VerifierList};

use super::text::log_key;

/// What both make of the same bytes.
pub fn note(bytes: &[u8]) {
    let theirs = signed_note::Note::from_bytes(bytes);
    let ours = Note::parse_as(bytes, Profile::Checkpoint);
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(ours.text().as_bytes(), theirs.text());
            assert_eq!(ours.to_bytes(), theirs.to_bytes());
            assert_eq!(ours.to_bytes(), bytes);
        }
        // signed-note leaves the limits to each and asks for at least 16 signatures: ours
        // are 64 lines and 65,535 bytes, theirs 100 lines and 1,000,000 bytes.
        (Err(NoteError::TooLarge(_) | NoteError::TooManySignatures { .. }), Ok(_)) => return,
        (Err(_), Err(_)) => {}
        (ours, theirs) => panic!("we: {ours:?}\nthey: {theirs:?}"),
    }
    narrower(bytes, ours.as_ref().ok());
    checkpoint(bytes, ours.is_ok().then_some(&theirs).and_then(|theirs| theirs.as_ref().ok()));
}

/// An entry is a note and more: no control characters of Unicode's second block, nothing
/// but Ed25519 signatures, at most 16. Never more than signed-note permits.
fn narrower(bytes: &[u8], note: Option<&Note>) {
    let Some(note) = note else {
        assert!(Note::parse(bytes).is_err(), "an entry is a note");
        return;
    };
    let strange = note.text().chars().any(|c| c.is_control() && c != '\n')
        || note.signatures().iter().any(|line| line.name.chars().any(char::is_control));
    let lengths = note.signatures().iter().all(|line| line.bytes.len() == 64);
    let entry = !strange && lengths && note.signatures().len() <= 16;
    assert_eq!(Note::parse(bytes).is_ok(), entry);
}

/// The same bytes as a checkpoint of the log of the seeds, opened by both.
fn checkpoint(bytes: &[u8], note: Option<&signed_note::Note>) {
    let key = log_key();
    let ours = SignedCheckpoint::parse(bytes);
    let Some(note) = note else {
        assert!(ours.is_err());
        return;
    };
    let theirs = tlog_tiles::Checkpoint::from_bytes(note.text());
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => {
            let said = ours.checkpoint();
            assert_eq!((said.origin(), said.size()), (theirs.origin(), theirs.size()));
            assert_eq!(said.root().0, theirs.hash().0);
            assert_eq!(said.to_text().as_bytes(), theirs.to_bytes());
        }
        // tlog-checkpoint: the root over nothing is SHA-256 of nothing. They do not look.
        // And sizes past 2^63 - 1, which Go's own reader of checkpoints refuses as well.
        (Err(CheckpointError::EmptyRoot), Ok(read)) => assert_eq!(read.size(), 0),
        (Err(CheckpointError::Size), Ok(read)) => assert!(read.size() >= 1 << 63),
        (Err(_), Err(_)) => {}
        (ours, theirs) => panic!("we: {ours:?}\nthey: {theirs:?}"),
    }
    let opened = SignedCheckpoint::open(bytes, &key);
    let verified = verified(note, &key);
    match opened {
        Ok(_) => assert_eq!(verified, Ok(())),
        // They read any note, and know no origin.
        Err(error) if verified.is_ok() => match error {
            CheckpointError::Signature(_) => {
                // signed-note: a verifier MUST verify a line that names a known key. They
                // verify the first of such lines and skip the others, as Go does.
                let own = signatures_by(bytes, &key);
                assert!(own > 1, "only a second line of a key can be bad and skipped");
            }
            CheckpointError::NotSigned(_) => panic!("they saw a signature: {error}"),
            _ => {}
        },
        Err(_) => {}
    }
}

fn verified(note: &signed_note::Note, key: &VerifierKey) -> Result<(), String> {
    let verifier = StandardVerifier::new(&key.to_string()).expect("a vkey is one to them too");
    let known = VerifierList::new(vec![Box::new(verifier)]);
    note.verify(&known).map(|_| ()).map_err(|error| error.to_string())
}

fn signatures_by(bytes: &[u8], key: &VerifierKey) -> usize {
    let note = Note::parse_as(bytes, Profile::Checkpoint).expect("both read it");
    let by = |line: &&media_custody::wire::SignatureLine| {
        line.name == key.name().as_str() && line.id == key.id()
    };
    note.signatures().iter().filter(by).count()
}

/// A verifier key as both read it: whatever is one to us is one to them.
pub fn vkey(text: &str) {
    let ours = text.parse::<VerifierKey>();
    let theirs = StandardVerifier::new(text);
    match (&ours, &theirs) {
        (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
        (Err(_), Ok(_)) => {
            // A name that looks like another is none of ours, and neither is an id in
            // capitals; signed-note permits any name without spaces and plus.
            let name = text.split('+').next().unwrap_or_default();
            let plain = name.bytes().all(|byte| byte.is_ascii_graphic()) && name.len() <= 128;
            let capitals =
                text.split('+').nth(1).is_some_and(|id| id.bytes().any(|b| b.is_ascii_uppercase()));
            assert!(!plain || capitals, "{text}");
        }
        // A point that is none is named when it is used, not when it is read.
        (Ok(key), Err(_)) => {
            assert!(media_custody::wire::PreparedKey::new(key.public()).is_err(), "{text}");
        }
    }
}
