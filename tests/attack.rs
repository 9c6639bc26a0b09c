//! A table of what somebody with the ledger's folder in their hands can do to it, and
//! which entry `custody verify` names. The frames are read and written here by
//! `src/store/FORMAT-journal.md` and by nothing of the program.

#[path = "office/mod.rs"]
mod office;

use std::fs;
use std::sync::Arc;

use media_custody::keyring::load_log_key;
use media_custody::model::{Hash, Statement, VerifierKey};
use media_custody::ops::handover::hand_over;
use media_custody::ops::{Draft, FixedClock, Ledger};
use media_custody::proof::checkpoint::Checkpoint;
use media_custody::proof::tree::{Frontier, leaf_hash};
use media_custody::wire::statement;

use office::{Case, at, of};

const SEGMENT: &str = "ledger/journal/00000000000000000000.seg";

/// The notes of the journal.
fn notes(case: &Case) -> Vec<Vec<u8>> {
    let bytes = case.read(SEGMENT);
    let mut found = Vec::new();
    let mut rest = &bytes[..];
    while rest.starts_with(&[0xFF, b'C', b'J', b'F']) {
        let length = usize::from(u16::from_be_bytes([rest[6], rest[7]]));
        found.push(rest[56..56 + length].to_vec());
        rest = &rest[56 + length + 36..];
    }
    assert_eq!(found.len(), 10);
    found
}

/// Where the frame of entry `index` begins.
fn frame_at(case: &Case, index: usize) -> usize {
    notes(case)[..index].iter().map(|note| 56 + note.len() + 36).sum()
}

/// Writes a journal of these notes with every check sum and chain hash right.
fn write(case: &Case, notes: &[Vec<u8>]) {
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
fn cover_up(case: &Case, notes: &[Vec<u8>]) {
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

fn forget_caches(case: &Case) {
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
fn sign_anew(case: &Case, notes: &[Vec<u8>]) {
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

fn replaced(note: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(note.to_vec()).expect("text");
    assert!(text.contains(from), "{text}");
    text.replacen(from, to, 1).into_bytes()
}

/// The same statement with another value in one line, signed by all whom it names.
fn forged(case: &Case, note: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(replaced(note, from, to)).expect("text");
    let (text, _) = text.split_once("\n\n").expect("a note");
    let statement: Statement = statement::parse(&format!("{text}\n")).expect("a statement");
    let mut draft = Draft::new(statement);
    office::sign(&mut draft, &case.keys());
    draft.finish().expect("signed").to_bytes()
}

/// One way of getting at a ledger: what is done, the entry that must be named (none
/// where the fault lies with no entry) and what the finding must say.
type Attack = (&'static str, fn(&Case), Option<u64>, &'static str);

const ATTACKS: &[Attack] = &[
    (
        "one byte of a note flipped in the file",
        |case| {
            let mut bytes = case.read(SEGMENT);
            bytes[frame_at(case, 9) + 200] ^= 1;
            case.write(SEGMENT, bytes);
        },
        Some(9),
        "checksum",
    ),
    (
        "one byte of an early note flipped in the file",
        |case| {
            let mut bytes = case.read(SEGMENT);
            bytes[frame_at(case, 4) + 90] ^= 0x20;
            case.write(SEGMENT, bytes);
        },
        Some(4),
        "checksum",
    ),
    (
        "an entry edited, check sum and chain made right",
        |case| {
            let mut notes = notes(case);
            notes[9] = replaced(&notes[9], "persons: 3775", "persons: 7");
            write(case, &notes);
        },
        Some(9),
        "",
    ),
    (
        "an entry edited, everything in the folder but the signatures made right",
        |case| {
            let mut notes = notes(case);
            notes[9] = replaced(&notes[9], "persons: 3775", "persons: 7");
            write(case, &notes);
            cover_up(case, &notes);
            sign_anew(case, &notes);
        },
        Some(9),
        "signatures do not hold",
    ),
    (
        "an entry signed anew by the same people, and no new checkpoint",
        |case| {
            let mut notes = notes(case);
            notes[9] = forged(case, &notes[9], "persons: 3775", "persons: 7");
            write(case, &notes);
            cover_up(case, &notes);
        },
        None,
        "",
    ),
    (
        "an early entry signed anew by the same people, and a new checkpoint",
        |case| {
            let mut notes = notes(case);
            notes[4] = forged(case, &notes[4], "佐々木 次郎", "佐々木 三郎");
            write(case, &notes);
            cover_up(case, &notes);
            sign_anew(case, &notes);
        },
        // Whoever signed next had seen the true one.
        Some(5),
        "its signers saw another log",
    ),
    (
        "the last entry removed",
        |case| {
            let (at, mut bytes) = (frame_at(case, 9), case.read(SEGMENT));
            bytes[at..].fill(0);
            case.write(SEGMENT, bytes);
        },
        Some(9),
        "entries were cut off",
    ),
    (
        "the last entry removed, and whatever remembers it but the checkpoint",
        |case| {
            let mut notes = notes(case);
            notes.pop();
            write(case, &notes);
            cover_up(case, &notes);
        },
        Some(9),
        "entries were cut off",
    ),
    (
        "an entry in the middle removed, everything made right",
        |case| {
            let mut notes = notes(case);
            notes.remove(5);
            write(case, &notes);
            cover_up(case, &notes);
            sign_anew(case, &notes);
        },
        Some(5),
        "its signers saw 6 entries, and this ledger has 5",
    ),
    (
        "two entries swapped",
        |case| {
            let mut notes = notes(case);
            notes.swap(5, 6);
            write(case, &notes);
        },
        Some(5),
        "",
    ),
    (
        "two entries swapped, everything made right",
        |case| {
            let mut notes = notes(case);
            notes.swap(5, 6);
            write(case, &notes);
            cover_up(case, &notes);
            sign_anew(case, &notes);
        },
        Some(5),
        "",
    ),
    (
        "an entry repeated at the end, everything made right",
        |case| {
            let mut notes = notes(case);
            notes.push(notes[9].clone());
            write(case, &notes);
            cover_up(case, &notes);
            sign_anew(case, &notes);
        },
        Some(10),
        "it repeats entry 9",
    ),
    (
        "the checkpoint edited",
        |case| {
            let text = case.text("ledger/checkpoint");
            let mut lines: Vec<&str> = text.lines().collect();
            lines[1] = "9";
            case.write("ledger/checkpoint", lines.join("\n") + "\n");
        },
        None,
        "checkpoint",
    ),
    (
        "the checkpoint signed by somebody else",
        |case| {
            let text = case.text("ledger/checkpoint");
            case.write(
                "ledger/checkpoint",
                text.replace(" custody.example.jp/shizuoka ", " elsewhere "),
            );
        },
        None,
        "checkpoint",
    ),
    (
        "the checkpoint removed",
        |case| fs::remove_file(case.path("ledger/checkpoint")).expect("removed"),
        None,
        "no signed checkpoint",
    ),
];

#[test]
fn each_attack_is_named() {
    let mut wrong = Vec::new();
    for (title, attack, entry, says) in ATTACKS {
        let case = Case::new();
        attack(&case);
        let mut complain = |what: String| wrong.push(format!("== {title}\n{what}"));
        let done = case.run(&["verify", "--log-key", "ledger/log.vkey"]);
        if done.code != 4 || !done.stdout.contains("FAILED") {
            complain(format!("exit {}\n{}{}", done.code, done.stdout, done.stderr));
            continue;
        }
        let found = case.json(4, "verify --log-key ledger/log.vkey")["findings"].clone();
        let findings = found.as_array().cloned().unwrap_or_default();
        let named = findings.iter().any(|finding| {
            let message = finding["message"].as_str().unwrap_or_default();
            finding["index"].as_u64() == *entry && message.contains(says)
        });
        if !named {
            complain(format!("no finding at {entry:?} saying {says:?}: {found:#}"));
        }
        if let Some(entry) = entry
            && !done.stdout.contains(&format!("entry {entry}"))
        {
            complain(format!("the text does not name entry {entry}:\n{}", done.stdout));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), ATTACKS.len(), wrong.join("\n"));
}

#[test]
fn an_untouched_copy_is_green() {
    let case = Case::new();
    let all = notes(&case);
    case.ok("verify --log-key ledger/log.vkey");
    // Neither does rewriting it with these hands change a thing.
    write(&case, &all);
    cover_up(&case, &all);
    sign_anew(&case, &all);
    case.ok("verify --log-key ledger/log.vkey");
}

/// Owner, giver and receiver agree to have agreed on something else. Nothing in the
/// folder can show it; the witness's copy of the first receipt does.
#[test]
fn a_held_receipt_outlives_a_conspiracy_of_everybody_else() {
    let case = Case::new();
    let mut kept = notes(&case);
    kept.pop();
    write(&case, &kept);
    cover_up(&case, &kept);
    sign_anew(&case, &kept);
    {
        let mut ledger = case.ledger();
        ledger.set_clock(Arc::new(FixedClock::at(at("2026-01-06T10:00:00+09:00"))));
        let mut wish = office::handover("USB-0422", "yamada", "sato");
        wish.persons = Some(7);
        let draft = hand_over(&ledger, wish).expect("decided");
        let ledger: &mut Ledger = &mut ledger;
        office::submit(ledger, draft, &case.keys());
    }
    assert_eq!(case.json(0, "verify --log-key ledger/log.vkey")["entries"], 10);
    // By itself the receipt is as good as it was, and against this ledger it fails.
    case.ok("verify held.receipt --log-key ledger/log.vkey");
    let found = case.json(4, "verify held.receipt");
    let entry =
        found["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "entry");
    assert_eq!(entry.expect("the check")["passed"], false, "{found}");
}

/// Every byte of the receipt counts.
#[test]
fn no_byte_of_a_receipt_can_be_changed() {
    let case = Case::new();
    let held = case.read("held.receipt");
    for at in (0..held.len()).step_by(held.len() / 40) {
        let mut altered = held.clone();
        altered[at] ^= 1;
        case.write("altered.receipt", &altered);
        let done = case.run(&["verify", "altered.receipt", "--log-key", "ledger/log.vkey"]);
        assert_eq!(done.code, 4, "byte {at}: {}{}", done.stdout, done.stderr);
    }
}
