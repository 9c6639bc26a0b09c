//! What somebody with the ledger's folder in their hands can do. The frames are read and
//! written here by `src/store/FORMAT-journal.md` and by nothing of the program.

use std::fs;

use media_custody::keyring::load_log_key;
use media_custody::model::{Hash, Statement, VerifierKey};
use media_custody::ops::Draft;
use media_custody::proof::checkpoint::Checkpoint;
use media_custody::proof::tree::{Frontier, leaf_hash};
use media_custody::wire::signature::{Signer as _, SigningKey, sign_line};
use media_custody::wire::statement;

use crate::office::{self, Case, of};

pub const SEGMENT: &str = "ledger/journal/00000000000000000000.seg";

/// The notes of the journal.
pub fn notes(case: &Case) -> Vec<Vec<u8>> {
    let bytes = case.read(SEGMENT);
    let mut found = Vec::new();
    let mut rest = &bytes[..];
    while rest.starts_with(&[0xFF, b'C', b'J', b'F']) {
        let length = usize::from(u16::from_be_bytes([rest[6], rest[7]]));
        found.push(rest[56..56 + length].to_vec());
        rest = &rest[56 + length + 36..];
    }
    found
}

/// Where the frame of entry `index` begins.
pub fn frame_at(case: &Case, index: usize) -> usize {
    notes(case)[..index].iter().map(|note| 56 + note.len() + 36).sum()
}

/// Writes a journal of these notes with every check sum and chain hash right.
pub fn write(case: &Case, notes: &[Vec<u8>]) {
    let mut bytes = Vec::new();
    let mut chain = [0u8; 32];
    for (index, note) in (0u64..).zip(notes) {
        let length = u16::try_from(note.len()).expect("a note").to_be_bytes();
        let start = bytes.len();
        bytes.extend_from_slice(&[0xFF, b'C', b'J', b'F', 0, 1]);
        bytes.extend_from_slice(&length);
        bytes.extend_from_slice(&index.to_be_bytes());
        bytes.extend_from_slice(&index.to_be_bytes());
        bytes.extend_from_slice(&chain);
        bytes.extend_from_slice(note);
        let leaf = leaf_hash(note).0;
        chain = Hash::of(&[b"custody/chain/v1\n", &chain, &index.to_be_bytes(), &leaf]).0;
        bytes.extend_from_slice(&chain);
        let sum = crc32c::crc32c(&bytes[start..]);
        bytes.extend_from_slice(&sum.to_be_bytes());
    }
    case.write(SEGMENT, bytes);
}

/// Makes the head state this journal, and forgets index and folded state.
pub fn cover_up(case: &Case, notes: &[Vec<u8>]) {
    let mut frontier = Frontier::new();
    let mut chain = [0u8; 32];
    for (index, note) in (0u64..).zip(notes) {
        let leaf = leaf_hash(note).0;
        chain = Hash::of(&[b"custody/chain/v1\n", &chain, &index.to_be_bytes(), &leaf]).0;
        frontier.push(leaf_hash(note));
    }
    let mut slot = b"CUSTHEAD\0\0\0\x01".to_vec();
    slot.extend_from_slice(&frontier.size().to_be_bytes());
    slot.extend_from_slice(&chain);
    slot.extend_from_slice(&frontier.root().0);
    slot.extend_from_slice(&crc32c::crc32c(&slot).to_be_bytes());
    slot.resize(4096, 0);
    case.write("ledger/head", slot.repeat(2));
    forget_caches(case);
}

pub fn forget_caches(case: &Case) {
    for entry in fs::read_dir(case.path("ledger")).expect("the ledger") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name.starts_with("index.") {
            fs::remove_dir_all(path).expect("removed");
        } else if name == "state" {
            fs::remove_file(path).expect("removed");
        }
    }
}

/// A fresh checkpoint over these notes under the ledger's own key: the owner's hand.
pub fn sign_anew(case: &Case, notes: &[Vec<u8>]) {
    let mut frontier = Frontier::new();
    for note in notes {
        frontier.push(leaf_hash(note));
    }
    let named: VerifierKey = of(case.text("ledger/log.vkey").trim());
    let log = load_log_key(&case.path("ledger/log.pem"), &named).expect("the log key");
    let checkpoint = Checkpoint::new(office::ORIGIN, frontier.size(), frontier.root());
    let signed = checkpoint.expect("a checkpoint").sign(&log).expect("signed");
    case.write("ledger/checkpoint", signed.to_bytes());
}

pub fn replaced(note: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(note.to_vec()).expect("text");
    assert!(text.contains(from), "{text}");
    text.replacen(from, to, 1).into_bytes()
}

/// The same statement with another value in one line, signed by all whom it names.
pub fn forged(case: &Case, note: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(replaced(note, from, to)).expect("text");
    let (text, _) = text.split_once("\n\n").expect("a note");
    let statement: Statement = statement::parse(&format!("{text}\n")).expect("a statement");
    let mut draft = Draft::new(statement);
    office::sign(&mut draft, &case.keys());
    draft.finish().expect("signed").to_bytes()
}

/// Everything in the folder made right for these notes, the checkpoint signed with the
/// ledger's own key: what its owner can do.
pub fn make_right(case: &Case, notes: &[Vec<u8>]) {
    write(case, notes);
    cover_up(case, notes);
    sign_anew(case, notes);
}

/// One entry altered in place, everything else made right.
pub fn altered(case: &Case, index: usize, alter: impl FnOnce(&str) -> String) {
    let mut notes = notes(case);
    notes[index] = alter(std::str::from_utf8(&notes[index]).expect("text")).into_bytes();
    make_right(case, &notes);
}

/// Text and signature lines of a note.
pub fn parts(note: &str) -> (String, Vec<String>) {
    let (text, lines) = note.rsplit_once("\n\n").expect("a note");
    (format!("{text}\n"), lines.lines().map(|line| format!("{line}\n")).collect())
}

pub fn joined(text: &str, lines: &[String]) -> String {
    format!("{text}\n{}", lines.concat())
}

/// The key of somebody in the office.
pub fn key_of(case: &Case, id: &str) -> SigningKey {
    let name = office::key_name(id);
    let found = case.keys().into_iter().find(|key| key.key().name().as_str() == name);
    found.unwrap_or_else(|| panic!("{id} has no key"))
}

/// A text signed by these people, whatever it says and whether or not they are asked.
pub fn signed(case: &Case, text: &str, by: &[&str]) -> String {
    let line = |id: &&str| sign_line(&key_of(case, id), text).expect("signed").to_line();
    joined(text, &by.iter().map(line).collect::<Vec<_>>())
}

/// Appends a note, everything made right.
pub fn appended(case: &Case, note: String) {
    let mut notes = notes(case);
    notes.push(note.into_bytes());
    make_right(case, &notes);
}

/// The newest handover as a text for another entry: other random bytes, another number.
pub fn another_handover(case: &Case) -> String {
    let notes = notes(case);
    let (text, _) = parts(std::str::from_utf8(&notes[9]).expect("text"));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in &mut lines {
        if line.starts_with("nonce: ") {
            *line = "nonce: AAECAwQFBgcICQoLDA0ODw==".to_owned();
        } else if line.starts_with("receipt: ") {
            *line = "receipt: SZ-2026-000002".to_owned();
        }
    }
    lines.join("\n") + "\n"
}

/// Another spelling of the base64 in a signature line: the same bytes to a lax reader.
pub fn spelled_otherwise(line: &str, way: impl FnOnce(&str) -> String) -> String {
    let (front, encoded) = line.trim_end().rsplit_once(' ').expect("a signature line");
    format!("{front} {}\n", way(encoded))
}
