//! The commands of docs/verify-by-hand.md, taken from the document and run as they
//! stand there: on sound receipts, from paper and from the file, and on tampered ones.

mod desk;

use std::path::Path;
use std::process::Command;

use desk::Desk;
use media_custody::proof::receipt::Receipt;
use media_custody::wire::qr::{PayloadKind, encode};
use media_custody::wire::signature::Signer as _;

/// The document's commands, block by block.
fn blocks() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify-by-hand.md");
    let text = std::fs::read_to_string(path).expect("the document");
    let parts = text.split("```sh\n").skip(1);
    let blocks: Vec<String> =
        parts.map(|part| part.split("```").next().expect("an end").to_owned()).collect();
    assert_eq!(blocks.len(), 6, "two ways to begin and four steps");
    blocks
}

fn tools() -> bool {
    let openssl = Command::new("openssl").arg("version").output();
    let found = openssl.is_ok_and(|v| String::from_utf8_lossy(&v.stdout).starts_with("OpenSSL 3"))
        && Command::new("python3").arg("-V").output().is_ok();
    let demanded = std::env::var("CUSTODY_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(found || !demanded, "CUSTODY_REQUIRE_TOOLS=1, and OpenSSL 3 or Python is missing");
    if !found {
        eprintln!("SKIPPED: OpenSSL 3 or Python is missing");
    }
    found
}

/// What the commands print in a folder with these files; `first` is the block that
/// makes note and proof.
fn printed(files: &[(&str, &[u8])], first: usize) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    }
    let blocks = blocks();
    let script = [&blocks[first..=first], &blocks[2..]].concat().join("\n");
    let done = Command::new("sh").arg("-c").arg(script).current_dir(folder.path()).output();
    let done = done.expect("a shell");
    String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()
}

/// Both ways to begin, from the same receipt.
fn both_ways(receipt: &[u8], codes: [String; 2], key: &str) -> [String; 2] {
    let key = format!("{key}\n");
    let [note, proof] = codes.map(|code| format!("{code}\r\n"));
    let paper =
        [("cn1.txt", note.as_bytes()), ("cp1.txt", proof.as_bytes()), ("log.vkey", key.as_bytes())];
    [printed(&paper, 0), printed(&[("my.receipt", receipt), ("log.vkey", key.as_bytes())], 1)]
}

fn codes_of(receipt: &Receipt) -> [String; 2] {
    let note = encode(PayloadKind::Note, &receipt.note().to_bytes()).expect("a code");
    [note, encode(PayloadKind::Proof, &receipt.proof().to_bytes()).expect("a code")]
}

fn is_accepted(said: &str) -> bool {
    let fine = said.lines().filter(|line| line.ends_with(": ok")).count();
    fine == 6 && !said.contains("WRONG")
}

#[test]
fn the_frozen_receipt_is_accepted_and_shown() {
    if !tools() {
        return;
    }
    let at = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v1").join(name);
        std::fs::read_to_string(path).expect("a vector")
    };
    let codes = [at("handover.cn1.txt"), at("handover.cp1.txt")].map(|code| code.trim().to_owned());
    let keys = at("vkeys.txt");
    let key = keys.lines().next().expect("the log's");
    for said in both_ways(at("handover.receipt").as_bytes(), codes, key) {
        assert!(is_accepted(&said), "{said}");
        assert!(said.contains("persons: 3775") && said.contains("signed by sato"), "{said}");
    }
}

#[test]
fn every_shape_of_a_tree_is_climbed() {
    if !tools() {
        return;
    }
    let desk = Desk::new();
    let (notes, tree) = desk.ledger(13);
    for (index, size) in [(0, 1), (1, 2), (4, 5), (6, 7), (2, 7), (12, 13), (8, 13)] {
        let receipt = desk.receipt(&notes, &tree, index, size);
        let key = desk.log.key().to_string();
        let bytes = receipt.to_bytes();
        let said = printed(&[("my.receipt", &bytes), ("log.vkey", key.as_bytes())], 1);
        assert!(is_accepted(&said), "entry {index} of {size}: {said}");
    }
}

#[test]
fn tampered_receipts_are_called_wrong() {
    if !tools() {
        return;
    }
    let desk = Desk::new();
    let (notes, tree) = desk.ledger(9);
    let receipt = desk.receipt(&notes, &tree, 5, 9);
    let text = String::from_utf8(receipt.to_bytes()).expect("text");
    let key = desk.log.key().to_string();
    let line = text.lines().find(|line| line.starts_with("— sato")).expect("a signature");
    let other = desk.receipt(&notes, &tree, 5, 8);
    let root = other.proof().checkpoint().checkpoint().root().to_string();
    let own = receipt.proof().checkpoint().checkpoint().root().to_string();
    for (what, altered, wrong) in [
        ("a name", text.replacen("佐藤 一郎", "佐藤 二郎", 1), "WRONG: the signature of sato"),
        ("a number", text.replacen("3775", "3776", 1), "WRONG: the hashes"),
        ("a signature stripped", text.replacen(&format!("{line}\n"), "", 1), "WRONG: signatures"),
        ("another entry", text.replacen("index 5\n", "index 4\n", 1), "WRONG: the hashes"),
        ("an entry too far", text.replacen("index 5\n", "index 9\n", 1), "no such entry"),
        ("another root", text.replacen(&own, &root, 1), "WRONG: the signature of custody"),
    ] {
        assert_ne!(altered, text, "{what}");
        let said = printed(&[("my.receipt", altered.as_bytes()), ("log.vkey", key.as_bytes())], 1);
        assert!(said.contains(wrong) && !is_accepted(&said), "{what}: {said}");
    }
    // From the paper: the note of one receipt with the proof of another.
    let elsewhere = desk.receipt(&notes, &tree, 3, 9);
    let [note, _] = codes_of(&receipt);
    let [_, proof] = codes_of(&elsewhere);
    let [said, _] = both_ways(text.as_bytes(), [note, proof], &key);
    assert!(said.contains("WRONG: the hashes"), "{said}");
    let stranger = desk.giver.key().to_string();
    let said = printed(&[("my.receipt", text.as_bytes()), ("log.vkey", stranger.as_bytes())], 1);
    assert!(said.contains("WRONG: this is the receipt of another ledger"), "{said}");
}
