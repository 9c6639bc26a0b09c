//! Texts: statements, checkpoints, keys, receipts, codes. What is accepted has one spelling.

use std::sync::LazyLock;

use media_custody::model::VerifierKey;
use media_custody::model::key::KeyName;
use media_custody::ops::Draft;
use media_custody::proof::checkpoint::SignedCheckpoint;
use media_custody::proof::cosignature::cosignatures;
use media_custody::proof::receipt::Receipt;
use media_custody::proof::tlog_proof::TlogProof;
use media_custody::wire::note::Note;
use media_custody::wire::parts::{is_part, join, split};
use media_custody::wire::qr::{Payload, decode, encode};
use media_custody::wire::round::Round;
use media_custody::wire::signature::{Signer as _, SigningKey, verify_required};
use media_custody::wire::{Label, statement as wire_statement, typed};

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name.parse().expect("a name"), &[seed; 32])
}

/// The keys of `tests/desk`, which made the seeds.
pub fn log_key() -> VerifierKey {
    static KEY: LazyLock<VerifierKey> =
        LazyLock::new(|| key("custody.example.jp/shizuoka", 0x10).key().clone());
    KEY.clone()
}

pub fn witness_key() -> VerifierKey {
    static KEY: LazyLock<VerifierKey> = LazyLock::new(|| {
        let name: KeyName = "witness.example.org/w1".parse().expect("a name");
        SigningKey::cosigner_from_seed(name, &[0x13; 32]).key().clone()
    });
    KEY.clone()
}

/// A statement's text, its note, its draft.
pub fn statement(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(read) = wire_statement::parse(text)
    {
        assert_eq!(wire_statement::to_text(&read), text);
        assert!(!read.signers().is_empty());
        let drafted = Draft::new(read);
        assert_eq!(Draft::parse(&drafted.to_bytes()).expect("a draft reads back"), drafted);
    }
    if let Ok(draft) = Draft::parse(bytes) {
        let again = draft.to_bytes();
        assert_eq!(Draft::parse(&again).expect("a draft reads back").to_bytes(), again);
    }
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_bytes(), bytes);
        if let Ok(read) = wire_statement::parse(note.text()) {
            let required: Vec<VerifierKey> = read.signers().into_iter().cloned().collect();
            let _ = verify_required(&note, &required);
        }
    }
}

/// A checkpoint with whatever lines it has, and those that count as cosignatures.
pub fn checkpoint(bytes: &[u8]) {
    let Ok(read) = SignedCheckpoint::parse(bytes) else {
        assert!(SignedCheckpoint::open(bytes, &log_key()).is_err());
        return;
    };
    assert_eq!(read.to_bytes(), bytes);
    assert_eq!(read.checkpoint().to_text(), read.note().text());
    assert_eq!(SignedCheckpoint::open(bytes, &log_key()).is_ok(), read.verify(&log_key()).is_ok());
    let witness = [witness_key()];
    if let Ok(found) = cosignatures(&read, &witness) {
        assert!(found.len() <= witness.len(), "a witness counts once, however many lines it has");
    }
}

/// A verifier key, alone or as a witness's.
pub fn vkey(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(read) = VerifierKey::parse(text) {
        assert_eq!(read.to_string(), text);
    }
    super::peer::vkey(text);
    if let Ok(name) = text.parse::<KeyName>() {
        assert_eq!(name.as_str(), text);
    }
}

/// A receipt file, and a tlog-proof alone.
pub fn receipt(bytes: &[u8]) {
    if let Ok(read) = Receipt::parse(bytes) {
        assert_eq!(read.to_bytes(), bytes);
        if let Ok(said) = wire_statement::parse(read.note().text()) {
            let required: Vec<VerifierKey> = said.signers().into_iter().cloned().collect();
            let _ = read.verify(&required, &log_key());
        }
    }
    if let Ok(read) = TlogProof::parse(bytes) {
        assert_eq!(read.to_bytes(), bytes);
    }
}

/// What a scanner types: receipt codes, parts of them, labels, codes of check sheets.
pub fn codes(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(Payload { kind, bytes }) = decode(&text) {
        assert!(bytes.len() <= kind.max(), "decompression stops at the cap");
        // The compressed bytes mean nothing; what they hold does.
        let again = decode(&encode(kind, &bytes).expect("no larger than it may be"));
        let again = again.expect("reads back");
        assert_eq!((again.kind, again.bytes), (kind, bytes));
    }
    if let Ok(found) = typed::codes(&text) {
        assert!(found.iter().all(|code| code.bytes.len() <= code.kind.max()));
    }
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let parts = lines.iter().filter(|line| is_part(line)).count();
    let joined = join(lines.clone());
    assert!(joined.texts.len() <= lines.len());
    assert!(parts > 0 || joined.missing.is_empty());
    for count in 2..=6 {
        if let Some(pieces) = split(text.trim(), count) {
            let _ = join(pieces);
        }
    }
    if let Ok(label) = Label::parse(&text) {
        assert_eq!(Label::parse(&label.to_string()), Ok(label));
    }
    if let Ok(round) = Round::parse(&text) {
        assert_eq!(
            Round::parse(&round.to_string()).map(|again| again.to_string()),
            Ok(round.to_string())
        );
    }
}
