//! Attacks on receipts and on the codes of a printed one.

use std::sync::Arc;

use media_custody::model::Hash;
use media_custody::ops::FixedClock;
use media_custody::ops::handover::hand_over;
use media_custody::proof::checkpoint::{Checkpoint, SignedCheckpoint};
use media_custody::proof::cosignature::cosign;
use media_custody::proof::inclusion::prove_inclusion;
use media_custody::proof::memory::MemoryTree;
use media_custody::proof::receipt::Receipt;
use media_custody::proof::tlog_proof::TlogProof;
use media_custody::proof::tree::leaf_hash;
use media_custody::wire::note::Note;
use media_custody::wire::signature::{Signer as _, SigningKey};

use crate::hands::{make_right, notes};
use crate::office::{self, Case, ORIGIN, at, of};
use crate::{Attack, Check, Refused};

const BY_KEY: &str = "verify altered.receipt --log-key ledger/log.vkey";
const BY_LEDGER: &str = "verify altered.receipt";

fn log_key(case: &Case) -> SigningKey {
    let named = of(case.text("ledger/log.vkey").trim());
    media_custody::keyring::load_log_key(&case.path("ledger/log.pem"), &named).expect("the log key")
}

/// The handover as entry 9 of this tree, under a checkpoint by this key.
fn proven(case: &Case, tree: &MemoryTree, log: &SigningKey) -> Receipt {
    let held = Receipt::parse(&case.read("held.receipt")).expect("a receipt");
    let signed = Checkpoint::new(log.key().name().as_str(), tree.size(), tree.root());
    let signed = signed.expect("a checkpoint").sign(log).expect("signed");
    let path = prove_inclusion(tree, 9, tree.size()).expect("a proof");
    Receipt::new(held.note().clone(), TlogProof::new(9, path, signed)).expect("a receipt")
}

/// A tree with other entries in front and the same handover as entry 9.
fn other_tree(case: &Case) -> MemoryTree {
    let handover = leaf_hash(&notes(case)[9]);
    (0..9).map(|at| leaf_hash(&[at])).chain([handover]).collect()
}

fn altered_text(case: &Case, from: &str, to: &str) {
    let text = case.text("held.receipt");
    assert!(text.contains(from), "{text}");
    case.write("altered.receipt", text.replacen(from, to, 1));
}

/// The receipt with a cosignature of the witness whom `policy` lists, altered.
fn with_forged_cosignature(case: &Case) {
    let name = "witness.example.org/w1".parse().expect("a name");
    let witness = SigningKey::cosigner_from_seed(name, &[0x13; 32]);
    let log = case.text("ledger/log.vkey");
    case.write("policy", format!("log {}\nwitness w {}\nquorum w\n", log.trim(), witness.key()));
    let held = Receipt::parse(&case.read("held.receipt")).expect("a receipt");
    let proof = held.proof();
    let checkpoint: &SignedCheckpoint = proof.checkpoint();
    let mut line = cosign(checkpoint, 1_790_000_000, &witness).expect("cosigned");
    *line.bytes.last_mut().expect("bytes") ^= 1;
    let checkpoint = checkpoint.with_line(line).expect("fits");
    let proof = TlogProof::new(proof.index(), proof.path().to_vec(), checkpoint);
    let forged = Receipt::new(held.note().clone(), proof).expect("a receipt");
    case.write("altered.receipt", forged.to_bytes());
}

/// A QR code's text whose content unpacks to sixty-four megabytes.
fn bomb(case: &Case, prefix: &str) {
    use std::io::Write as _;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    (0..64).for_each(|_| packed.write_all(&[b'a'; 1 << 20]).expect("packed"));
    let packed = packed.finish().expect("packed");
    case.write("bomb.txt", format!("{prefix}{}\n", base45::encode(packed)));
}

/// Owner, giver and receiver agree to have agreed on something else.
fn conspiracy(case: &Case) {
    let mut kept = notes(case);
    kept.pop();
    make_right(case, &kept);
    let mut ledger = case.ledger();
    ledger.set_clock(Arc::new(FixedClock::at(at("2026-01-06T10:00:00+09:00"))));
    let mut wish = office::handover("USB-0422", "yamada", "sato");
    wish.persons = Some(7);
    let draft = hand_over(&ledger, wish).expect("decided");
    office::submit(&mut ledger, draft, &case.keys());
}

pub const ATTACKS: &[Attack] = &[
    Attack {
        title: "a receipt: what was agreed edited",
        does: |case| altered_text(case, "persons: 3775", "persons: 7"),
        verify: BY_KEY,
        names: Check(Some(9), "signatures", "line 1 by yamada"),
    },
    Attack {
        title: "a receipt: a signature line stripped",
        does: |case| {
            let text = case.text("held.receipt");
            let line = text.lines().find(|line| line.starts_with("— sato")).expect("a line");
            case.write("altered.receipt", text.replacen(&format!("{line}\n"), "", 1));
        },
        verify: BY_KEY,
        names: Check(Some(9), "signatures", "sato"),
    },
    Attack {
        title: "a receipt: moved to another entry",
        does: |case| altered_text(case, "\nindex 9\n", "\nindex 8\n"),
        verify: BY_KEY,
        names: Check(Some(8), "inclusion", ""),
    },
    Attack {
        title: "a receipt: the proof of another ledger's tree",
        does: |case| {
            let other = SigningKey::from_seed(of("custody.example.jp/numazu"), &[9; 32]);
            let receipt = proven(case, &other_tree(case), &other);
            case.write("altered.receipt", receipt.to_bytes());
        },
        verify: BY_KEY,
        names: Check(Some(9), "inclusion", "custody.example.jp/numazu"),
    },
    Attack {
        title: "a receipt: the path of another tree under the true checkpoint",
        does: |case| {
            let held = Receipt::parse(&case.read("held.receipt")).expect("a receipt");
            let path = prove_inclusion(&other_tree(case), 9, 10).expect("a proof");
            let proof = TlogProof::new(9, path, held.proof().checkpoint().clone());
            let forged = Receipt::new(held.note().clone(), proof).expect("a receipt");
            case.write("altered.receipt", forged.to_bytes());
        },
        verify: BY_KEY,
        names: Check(Some(9), "inclusion", "does not lead to the root"),
    },
    Attack {
        // The log signed both trees, so the key alone sees nothing: the ledger does.
        title: "a receipt: the proof of another tree that the same log signed",
        does: |case| {
            let receipt = proven(case, &other_tree(case), &log_key(case));
            case.write("altered.receipt", receipt.to_bytes());
        },
        verify: BY_LEDGER,
        names: Check(Some(9), "history", "another history than the ledger's first 10 entries"),
    },
    Attack {
        // The witness of the handover kept the first receipt.
        title: "everybody else agrees on another handover, and somebody holds the first receipt",
        does: conspiracy,
        verify: "verify held.receipt",
        names: Check(Some(9), "entry", "this note is not in the ledger"),
    },
    Attack {
        title: "a receipt: a cosignature forged",
        does: with_forged_cosignature,
        verify: "verify altered.receipt --log-key ledger/log.vkey --policy policy",
        names: Check(Some(9), "witnesses", "witness.example.org/w1"),
    },
    Attack {
        title: "a receipt of another ledger under this log's key",
        does: |case| {
            let text = String::from_utf8(notes(case)[9].clone()).expect("text");
            let (text, _) = crate::hands::parts(&text);
            let text = text.replacen(ORIGIN, "custody.example.jp/numazu", 1);
            let text = crate::hands::signed(case, &text, &["yamada", "sato"]);
            let Ok(note) = Note::parse(text.as_bytes()) else { panic!("{text}") };
            let tree: MemoryTree = [leaf_hash(text.as_bytes())].into_iter().collect();
            let signed = Checkpoint::new(ORIGIN, 1, tree.root()).expect("made");
            let signed = signed.sign(&log_key(case)).expect("signed");
            let path: Vec<Hash> = Vec::new();
            let forged = Receipt::new(note, TlogProof::new(0, path, signed)).expect("a receipt");
            case.write("altered.receipt", forged.to_bytes());
        },
        verify: BY_KEY,
        names: Check(Some(0), "ledger", "custody.example.jp/numazu"),
    },
    Attack {
        title: "a receipt: a signature spelled as two encodings in a row",
        does: |case| {
            let text = case.text("held.receipt");
            let line = text.lines().find(|line| line.starts_with("— sato")).expect("a line");
            let joint = crate::hands::spelled_otherwise(line, |encoded| {
                let raw = data_encoding::BASE64.decode(encoded.as_bytes()).expect("base64");
                let encode = |raw: &[u8]| data_encoding::BASE64.encode(raw);
                encode(&raw[..4]) + &encode(&raw[4..])
            });
            case.write("altered.receipt", text.replacen(&format!("{line}\n"), &joint, 1));
        },
        verify: BY_KEY,
        names: Refused("receipt", "canonical base64"),
    },
    Attack {
        title: "a decompression bomb in the QR code of a note",
        does: |case| bomb(case, "CN1:"),
        verify: "verify bomb.txt --log-key ledger/log.vkey",
        names: Refused("qr-text", "more than 65535 bytes"),
    },
    Attack {
        title: "a decompression bomb in the QR code of a proof",
        does: |case| bomb(case, "CP1:"),
        verify: "verify bomb.txt --log-key ledger/log.vkey",
        names: Refused("qr-text", "more than 65536 bytes"),
    },
];
