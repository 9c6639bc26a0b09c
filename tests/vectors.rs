//! Frozen bytes of format version 1. These files are what was handed out: a
//! change of a single byte means that old receipts and new ones differ, and
//! belongs into a new version's folder, not into these files.
//!
//! CUSTODY_WRITE_VECTORS=1 writes files that do not exist yet, and never touches
//! one that does.

mod desk;

use std::fs;
use std::path::PathBuf;

use desk::{Desk, ORIGIN};
use media_custody::keyring::{Passphrase, Unencrypted, open_pem};
use media_custody::model::VerifierKey;
use media_custody::proof::checkpoint::SignedCheckpoint;
use media_custody::proof::consistency::{prove_consistency, verify_consistency};
use media_custody::proof::cosignature::{cosign, cosignatures};
use media_custody::proof::receipt::Receipt;
use media_custody::proof::tiles::{decode_bundle, decode_tile, encode_bundle, encode_tile};
use media_custody::proof::tlog_proof::TlogProof;
use media_custody::proof::tree::leaf_hash;
use media_custody::render::qr::{Code, Terminal};
use media_custody::wire::qr::{PayloadKind, decode, encode};
use media_custody::wire::signature::{Signer, verify_required};
use media_custody::wire::{Label, Note};

const SIZE: u64 = 11;
const INDEX: u64 = 5;
const COSIGNED_AT: u64 = 1_795_312_800;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v1").join(name)
}

fn frozen(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn frozen_text(name: &str) -> String {
    String::from_utf8(frozen(name)).expect("text")
}

/// Compares what is made now with what was frozen.
fn same(name: &str, made: &[u8]) {
    if std::env::var("CUSTODY_WRITE_VECTORS").is_ok_and(|v| v == "1") && !path(name).exists() {
        fs::write(path(name), made).expect("written");
    }
    let known = frozen(name);
    let at = known.iter().zip(made).position(|(a, b)| a != b);
    assert!(known == made, "{name} changed at byte {at:?} ({} to {})", known.len(), made.len());
}

#[test]
fn what_is_written_has_not_changed() {
    let desk = Desk::new();
    let (notes, tree) = desk.ledger(14);
    let vkeys: String = [&desk.log, &desk.giver, &desk.receiver, &desk.witness]
        .map(|key| format!("{}\n", key.key()))
        .concat();
    same("vkeys.txt", vkeys.as_bytes());
    same("handover.note", &notes[5].to_bytes());
    same("leaf.txt", format!("{}\n", leaf_hash(&notes[5].to_bytes())).as_bytes());
    let old = desk.checkpoint(&tree, SIZE);
    same("checkpoint.note", &old.to_bytes());
    let line = cosign(&old, COSIGNED_AT, &desk.witness).expect("cosigns");
    same("cosigned.note", &old.with_line(line).expect("attaches").to_bytes());
    let receipt = desk.receipt(&notes, &tree, INDEX, SIZE);
    same("handover.tlog-proof", &receipt.proof().to_bytes());
    same("handover.receipt", &receipt.to_bytes());
    let newer = desk.checkpoint(&tree, 14);
    same("newer.note", &newer.to_bytes());
    let proof = prove_consistency(&tree, SIZE, 14).expect("proof");
    let text: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
    same("consistency.txt", text.as_bytes());
    let label = Label::new("USB-0421", &receipt.leaf()).expect("label");
    same("label.txt", format!("{label}\n").as_bytes());
    let code = Code::label(&label.to_string()).expect("code");
    same("label.svg", code.to_svg(12.0).expect("svg").as_bytes());
    same("label.terminal.txt", code.to_terminal(Terminal::Dark).as_bytes());
    let leaves: Vec<_> = notes.iter().map(|note| leaf_hash(&note.to_bytes())).collect();
    same("tile-0-000.p-14", &encode_tile(&leaves).expect("tile"));
    let entries: Vec<Vec<u8>> = notes.iter().take(2).map(Note::to_bytes).collect();
    let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    same("tile-entries-000.p-2", &encode_bundle(&entries).expect("bundle"));
}

/// The compressed bytes are not frozen, since nobody signs them and another
/// version of the compressor may write others: the frozen codes must be read.
#[test]
fn codes_handed_out_are_still_read() {
    for (name, kind, content) in [
        ("handover.cn1.txt", PayloadKind::Note, "handover.note"),
        ("handover.cp1.txt", PayloadKind::Proof, "handover.tlog-proof"),
    ] {
        let content = frozen(content);
        let made = encode(kind, &content).expect("encodes");
        if !path(name).exists() {
            same(name, format!("{made}\n").as_bytes());
        }
        let read = decode(&frozen_text(name)).expect(name);
        assert_eq!((read.kind, &read.bytes), (kind, &content));
        assert_eq!(decode(&made).expect(name).bytes, content);
        // Growing codes are harder to scan; see FORMAT.md for the sizes.
        assert!(made.len() <= frozen(name).len() + 40, "{name} grew to {}", made.len());
    }
}

#[test]
fn what_was_handed_out_still_verifies() {
    let vkeys: Vec<VerifierKey> = frozen_text("vkeys.txt")
        .lines()
        .map(|line| VerifierKey::parse(line).expect("vkey"))
        .collect();
    let [log, giver, receiver, witness] = vkeys.as_slice() else { panic!("four vkeys") };
    assert_eq!(log.name().as_str(), ORIGIN);
    let parties = [giver.clone(), receiver.clone()];
    let note = Note::parse(&frozen("handover.note")).expect("note");
    assert_eq!(verify_required(&note, &parties), Ok(()));
    let receipt = Receipt::parse(&frozen("handover.receipt")).expect("receipt");
    let included = receipt.verify(&parties, log).expect("verifies");
    assert_eq!((included.index, included.size), (INDEX, SIZE));
    assert_eq!(frozen_text("leaf.txt"), format!("{}\n", receipt.leaf()));
    let proof = TlogProof::parse(&frozen("handover.tlog-proof")).expect("proof");
    assert_eq!(&proof, receipt.proof());
    let older = SignedCheckpoint::open(&frozen("cosigned.note"), log).expect("checkpoint");
    let seen = cosignatures(&older, std::slice::from_ref(witness)).expect("cosignature");
    assert_eq!(seen.first().map(|one| one.timestamp), Some(COSIGNED_AT));
    let newer = SignedCheckpoint::open(&frozen("newer.note"), log).expect("checkpoint");
    let path: Vec<_> =
        frozen_text("consistency.txt").lines().map(|l| l.parse().expect("hash")).collect();
    let (a, b) = (older.checkpoint(), newer.checkpoint());
    assert_eq!(verify_consistency(a.size(), a.root(), b.size(), b.root(), &path), Ok(()));
    let label = Label::parse(&frozen_text("label.txt")).expect("label");
    assert!(label.belongs_to(&receipt.leaf()) && label.medium() == "USB-0421");
    let leaves = decode_tile(&frozen("tile-0-000.p-14"), 14).expect("tile");
    assert_eq!(leaves[5], receipt.leaf());
    let bundle = frozen("tile-entries-000.p-2");
    for (entry, leaf) in decode_bundle(&bundle, 2).expect("bundle").into_iter().zip(&leaves) {
        assert_eq!(leaf_hash(entry), *leaf);
    }
}

/// key.pem has random salt and IV, so it is frozen only for reading.
#[test]
fn a_key_file_from_before_still_opens() {
    let vkey = VerifierKey::parse(frozen_text("key.vkey").trim_end()).expect("vkey");
    let words = Passphrase::from_file(frozen("key.passphrase")).expect("passphrase");
    let key = open_pem(&frozen_text("key.pem"), &vkey, Some(&words), Unencrypted::Refuse);
    assert_eq!(key.expect("opens").key(), &vkey);
}
