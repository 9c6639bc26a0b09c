//! Our parsers beside others' on every build: notes and checkpoints by `signed_note` and
//! `tlog_tiles`, inclusion proofs by the latter. `fuzzed::peer` says where they may
//! disagree; the tests below show each such place once, and which of the two follows
//! c2sp.org/signed-note there. The same comparison runs as the fuzz target `note`.

mod desk;
mod fuzzed;

use std::sync::LazyLock;

use data_encoding::BASE64;
use desk::Desk;
use fuzzed::peer;
use media_custody::model::VerifierKey;
use media_custody::proof::checkpoint::{CheckpointError, SignedCheckpoint};
use media_custody::proof::cosignature::cosign;
use media_custody::proof::inclusion::{prove_inclusion, verify_inclusion};
use media_custody::proof::memory::MemoryTree;
use media_custody::proof::tree::leaf_hash;
use media_custody::wire::note::{Note, NoteError, Profile};
use media_custody::wire::signature::{PreparedKey, Signer as _};
use proptest::prelude::*;
use signed_note::{StandardVerifier, Verifier as _, VerifierList};

/// An entry, a checkpoint, and the checkpoint with a witness's line.
static SOUND: LazyLock<[String; 3]> = LazyLock::new(|| {
    let desk = Desk::new();
    let (notes, tree) = desk.ledger(7);
    let checkpoint = desk.checkpoint(&tree, 7);
    let line = cosign(&checkpoint, 1_790_000_000, &desk.witness).expect("cosigns");
    let cosigned = checkpoint.with_line(line).expect("fits");
    [notes[3].to_bytes(), checkpoint.to_bytes(), cosigned.to_bytes()]
        .map(|bytes| String::from_utf8(bytes).expect("text"))
});

/// A piece of a note, sound or not quite.
fn piece() -> impl Strategy<Value = String> {
    let base64 = prop::collection::vec(any::<u8>(), 0..80).prop_map(|raw| BASE64.encode(&raw));
    prop_oneof![
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("— ".to_owned()),
        Just("custody.example.jp/shizuoka".to_owned()),
        Just("=".to_owned()),
        Just("\u{85}".to_owned()),
        Just("\u{3000}".to_owned()),
        "[0-9]{1,20}\n",
        "[a-z+ .]{1,9}",
        base64.clone(),
        (base64, "[a-z.]{1,9}").prop_map(|(raw, name)| format!("— {name} {raw}\n")),
        any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Sound notes with pieces put in, taken out or in another's place.
    #[test]
    fn both_read_the_same_of_altered_notes(
        which in 0usize..3, at in any::<prop::sample::Index>(), cut in 0usize..6, put in piece(),
    ) {
        let mut text: Vec<char> = SOUND[which].chars().collect();
        let from = at.index(text.len());
        let until = (from + cut).min(text.len());
        drop(text.splice(from..until, put.chars()));
        peer::note(text.into_iter().collect::<String>().as_bytes());
    }

    #[test]
    fn both_read_the_same_of_pieces(pieces in prop::collection::vec(piece(), 0..12)) {
        peer::note(pieces.concat().as_bytes());
    }

    #[test]
    fn both_read_the_same_keys(at in any::<prop::sample::Index>(), put in piece()) {
        let mut text: Vec<char> = fuzzed::text::log_key().to_string().chars().collect();
        let from = at.index(text.len());
        drop(text.splice(from..=from, put.chars()));
        peer::vkey(&text.into_iter().collect::<String>());
    }

    /// Inclusion proofs, true and altered: they accept what we accept.
    #[test]
    fn both_accept_the_same_proofs(size in 1u64..200, at in any::<prop::sample::Index>(), bit in 0usize..400) {
        let tree: MemoryTree = (0..size).map(|at| leaf_hash(&at.to_be_bytes())).collect();
        let index = at.index(usize::try_from(size).expect("small")) as u64;
        let mut path = prove_inclusion(&tree, index, size).expect("a proof");
        // Some of these lie outside the path, which is then the true one.
        if let Some(hash) = path.get_mut(bit / 40) {
            hash.0[bit % 32] ^= 1;
        }
        let leaf = leaf_hash(&index.to_be_bytes());
        let ours = verify_inclusion(&leaf, index, size, &path, &tree.root()).is_ok();
        let theirs: Vec<_> = path.iter().map(|hash| tlog_tiles::Hash(hash.0)).collect();
        let (root, leaf) = (tlog_tiles::Hash(tree.root().0), tlog_tiles::Hash(leaf.0));
        prop_assert_eq!(ours, tlog_tiles::check_record(&theirs, size, root, index, leaf).is_ok());
    }
}

/// signed-note: at least 16 signatures must be accepted; a limit is each one's own.
#[test]
fn limits_differ_and_both_are_permitted() {
    let line = "— x AAAAAAA=\n";
    for (lines, ours) in [(16, true), (64, true), (65, false), (100, false)] {
        let note = format!("text\n\n{}", line.repeat(lines));
        assert!(signed_note::Note::from_bytes(note.as_bytes()).is_ok());
        let read = Note::parse_as(note.as_bytes(), Profile::Checkpoint);
        assert_eq!(read.is_ok(), ours, "{lines}: {read:?}");
    }
    let large = format!("{}\n\n{line}", "a".repeat(65_600));
    assert!(signed_note::Note::from_bytes(large.as_bytes()).is_ok());
    let refused = Note::parse_as(large.as_bytes(), Profile::Checkpoint);
    assert!(matches!(refused, Err(NoteError::TooLarge(_))));
}

/// signed-note: a line whose name and id are a known key's MUST be verified, and one that
/// fails SHOULD refuse the note. We do so for each; `signed_note` verifies the first of
/// them and skips the others, as Go's `note.Open` does.
#[test]
fn a_second_line_of_a_known_key_is_verified_by_us_alone() {
    let desk = Desk::new();
    let [_, checkpoint, _] = &*SOUND;
    let mut bad =
        SignedCheckpoint::parse(checkpoint.as_bytes()).expect("sound").note().signatures()[0]
            .clone();
    bad.bytes[9] ^= 1;
    let twice = format!("{checkpoint}{}", bad.to_line());
    let refused = SignedCheckpoint::open(twice.as_bytes(), desk.log.key());
    assert!(matches!(refused, Err(CheckpointError::Signature(_))), "{refused:?}");
    assert!(they_verify(&twice, desk.log.key()));
    let first = checkpoint.replacen("\n\n", &format!("\n\n{}", bad.to_line()), 1);
    assert!(!they_verify(&first, desk.log.key()), "the first line is verified by both");
}

fn they_verify(note: &str, key: &VerifierKey) -> bool {
    let verifier = StandardVerifier::new(&key.to_string()).expect("a key");
    let known = VerifierList::new(vec![Box::new(verifier)]);
    signed_note::Note::from_bytes(note.as_bytes()).expect("a note").verify(&known).is_ok()
}

/// RFC 8032 leaves keys of small order open, and signed-note with it: under the identity
/// one signature holds for every text. They take it, we do not.
#[test]
fn a_key_of_small_order_is_theirs_alone() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let key = VerifierKey::new("weak.example".parse().expect("a name"), identity);
    let theirs = StandardVerifier::new(&key.to_string()).expect("they take it");
    let mut signature = [0; 64];
    signature[0] = 1;
    assert!(theirs.verify(b"anything\n", &signature) && theirs.verify(b"else\n", &signature));
    assert!(PreparedKey::new(&identity).is_err());
}

/// tlog-checkpoint: the tree of no entries has the root SHA-256 of nothing.
#[test]
fn the_root_of_nothing_is_asked_for_by_us_alone() {
    let text = "o\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    assert!(tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).is_ok());
    let note = format!("{text}\n— o AAAAAAA=\n");
    let refused = SignedCheckpoint::parse(note.as_bytes());
    assert_eq!(refused, Err(CheckpointError::EmptyRoot));
}

/// Names: signed-note permits any without spaces and plus. Ours are printable ASCII, so
/// that two that look alike are alike; and an id has one spelling.
#[test]
fn names_and_ids_are_narrower_with_us() {
    let key = Desk::new().log.key().to_string();
    let capitals: String = {
        let (name, rest) = key.split_once('+').expect("a name");
        let (id, public) = rest.split_once('+').expect("an id");
        format!("{name}+{}+{public}", id.to_uppercase())
    };
    assert_ne!(capitals, key);
    assert!(StandardVerifier::new(&capitals).is_ok() && capitals.parse::<VerifierKey>().is_err());
}
