//! Attacks on the log as a whole: its end, its checkpoint, its key, its beginning.

use std::fs;

use media_custody::keyring::load_log_key;
use media_custody::model::Hash;
use media_custody::proof::checkpoint::Checkpoint;
use media_custody::proof::cosignature::cosign;
use media_custody::wire::signature::{Signer as _, SigningKey, sign_line};

use crate::hands::{SEGMENT, cover_up, frame_at, joined, key_of, make_right, notes, parts, write};
use crate::office::{self, Case, ORIGIN, of};
use crate::{ALONE, Attack, Finding, WITH_KEY};

/// The whole folder as it was before the last entry, everything that remembers it gone.
fn set_back(case: &Case) {
    let mut notes = notes(case);
    notes.pop();
    make_right(case, &notes);
}

fn other_log() -> SigningKey {
    SigningKey::from_seed(of(ORIGIN), &[9; 32])
}

/// Another key in the place of the ledger's, with a checkpoint by it.
fn swap_log_key(case: &Case, notes: &[Vec<u8>]) {
    let other = other_log();
    fs::remove_file(case.path("ledger/log.pem")).expect("removed");
    media_custody::keyring::save_log_key(&case.path("ledger/log.pem"), &other).expect("saved");
    case.write("ledger/log.vkey", format!("{}\n", other.key()));
    make_right(case, notes);
}

/// The genesis with other words, signed by this administrator and this log key: the two
/// who sign one.
fn genesis(case: &Case, from: &str, to: &str, by: &str, log: &SigningKey) -> Vec<Vec<u8>> {
    let mut notes = notes(case);
    let (text, _) = parts(std::str::from_utf8(&notes[0]).expect("text"));
    assert!(text.contains(from), "{text}");
    let text = text.replace(from, to);
    let lines =
        [&key_of(case, by), log].map(|key| sign_line(key, &text).expect("signed").to_line());
    // Who signs first is the order in which the text names them.
    let at = |key: &SigningKey| text.find(&key.key().to_string());
    let mut lines = lines.to_vec();
    if at(log) < at(&key_of(case, by)) {
        lines.reverse();
    }
    notes[0] = joined(&text, &lines).into_bytes();
    notes
}

fn own_log(case: &Case) -> SigningKey {
    let named = of(case.text("ledger/log.vkey").trim());
    load_log_key(&case.path("ledger/log.pem"), &named).expect("the log key")
}

/// A checkpoint of ten entries, cosigned by a witness whom `ledger/witnesses.policy` lists;
/// `forge` may alter what it cosigned, or the line.
fn cosigned(case: &Case, root: Option<Hash>, forge: bool) {
    let name = "witness.example.org/w1".parse().expect("a name");
    let witness = SigningKey::cosigner_from_seed(name, &[0x13; 32]);
    case.write("ledger/witnesses.policy", format!("witness w {}\nquorum w\n", witness.key()));
    let log = own_log(case);
    let text = case.text("ledger/checkpoint");
    let own: Hash = of(text.lines().nth(2).expect("a root"));
    let signed = Checkpoint::new(ORIGIN, 10, root.unwrap_or(own)).expect("a checkpoint");
    let signed = signed.sign(&log).expect("signed");
    let mut line = cosign(&signed, 1_790_000_000, &witness).expect("cosigned");
    if forge {
        *line.bytes.last_mut().expect("bytes") ^= 1;
    }
    fs::create_dir_all(case.path("ledger/cosigned")).expect("a folder");
    let bytes = signed.with_line(line).expect("fits").to_bytes();
    case.write("ledger/cosigned/10.checkpoint", bytes);
}

pub const ATTACKS: &[Attack] = &[
    Attack {
        title: "the tail cut",
        does: |case| {
            let (at, mut bytes) = (frame_at(case, 9), case.read(SEGMENT));
            bytes[at..].fill(0);
            case.write(SEGMENT, bytes);
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "truncated", "entries were cut off"),
    },
    Attack {
        title: "the tail cut in the middle of a frame",
        does: |case| {
            let (at, mut bytes) = (frame_at(case, 9), case.read(SEGMENT));
            bytes.truncate(at + 300);
            case.write(SEGMENT, bytes);
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "truncated", "entries were cut off"),
    },
    Attack {
        title: "the tail cut, and whatever remembers it but the checkpoint",
        does: |case| {
            let mut notes = notes(case);
            notes.pop();
            write(case, &notes);
            cover_up(case, &notes);
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "truncated", "entries were cut off"),
    },
    Attack {
        // The folder alone is a sound ledger of nine entries; the copy of the checkpoint on
        // another disk is the second source.
        title: "an old copy restored, known to the second copy",
        does: |case| {
            case.ok(&format!("ledger second-copy {}", case.path("elsewhere").display()));
            set_back(case);
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "ledger-behind", "knows of 10, and the ledger holds 9"),
    },
    Attack {
        title: "an old copy restored and gone on with, known to the second copy",
        does: |case| {
            case.ok(&format!("ledger second-copy {}", case.path("elsewhere").display()));
            let copy = case.read("elsewhere");
            set_back(case);
            fs::remove_file(case.path("ledger/second-copy")).expect("removed");
            office::more_entries(case, 3);
            case.write("elsewhere", copy);
            case.write("ledger/second-copy", format!("{}\n", case.path("elsewhere").display()));
        },
        verify: WITH_KEY,
        names: Finding(None, "ledger-forked", "another history than the ledger's first 10 entries"),
    },
    Attack {
        // The witness's cosigned checkpoint, kept beside the ledger, is the second source.
        title: "an old copy restored, known to a witness",
        does: |case| {
            cosigned(case, None, false);
            set_back(case);
        },
        verify: "verify --log-key ledger/log.vkey --policy ledger/witnesses.policy",
        names: Finding(None, "cosigned", "another history of 10 entries"),
    },
    Attack {
        title: "a cosignature forged",
        does: |case| cosigned(case, None, true),
        verify: "verify --log-key ledger/log.vkey --policy ledger/witnesses.policy",
        names: Finding(None, "cosigned", "witness.example.org/w1"),
    },
    Attack {
        title: "a cosignature of another history",
        does: |case| cosigned(case, Some(Hash([7; 32])), false),
        verify: "verify --log-key ledger/log.vkey --policy ledger/witnesses.policy",
        names: Finding(None, "cosigned", "another history of 10 entries"),
    },
    Attack {
        title: "the checkpoint edited",
        does: |case| {
            let text = case.text("ledger/checkpoint");
            let mut lines: Vec<&str> = text.lines().collect();
            lines[1] = "9";
            case.write("ledger/checkpoint", lines.join("\n") + "\n");
        },
        verify: WITH_KEY,
        names: Finding(None, "checkpoint", ""),
    },
    Attack {
        title: "the checkpoint of another ledger",
        does: |case| {
            let other = SigningKey::from_seed(of("custody.example.jp/numazu"), &[9; 32]);
            let text = case.text("ledger/checkpoint");
            let root: Hash = of(text.lines().nth(2).expect("a root"));
            let signed = Checkpoint::new("custody.example.jp/numazu", 10, root).expect("made");
            case.write("ledger/checkpoint", signed.sign(&other).expect("signed").to_bytes());
        },
        verify: WITH_KEY,
        names: Finding(None, "checkpoint", "custody.example.jp/numazu"),
    },
    Attack {
        title: "the checkpoint signed by another key of the same name",
        does: |case| {
            let text = case.text("ledger/checkpoint");
            let root: Hash = of(text.lines().nth(2).expect("a root"));
            let signed = Checkpoint::new(ORIGIN, 10, root).expect("made");
            case.write("ledger/checkpoint", signed.sign(&other_log()).expect("signed").to_bytes());
        },
        verify: WITH_KEY,
        names: Finding(None, "checkpoint", ""),
    },
    Attack {
        title: "the checkpoint removed",
        does: |case| fs::remove_file(case.path("ledger/checkpoint")).expect("removed"),
        verify: WITH_KEY,
        names: Finding(None, "no-checkpoint", "no signed checkpoint"),
    },
    Attack {
        title: "the genesis replaced by another of the same people and key",
        does: |case| {
            let notes = genesis(case, "静岡健保組合", "静岡県健保組合", "kato", &own_log(case));
            make_right(case, &notes);
        },
        verify: WITH_KEY,
        names: Finding(Some(3), "seen-root", "its signers saw another log"),
    },
    Attack {
        title: "the genesis replaced by one of strangers",
        does: |case| {
            let [kato, spare] = ["kato", "spare"].map(|id| key_of(case, id).key().to_string());
            let notes = genesis(case, &kato, &spare, "spare", &own_log(case));
            make_right(case, &notes);
        },
        verify: WITH_KEY,
        names: Finding(Some(1), "refused", "is not enrolled for kato"),
    },
    Attack {
        title: "the log key swapped, and the checkpoint signed with it",
        does: |case| swap_log_key(case, &notes(case)),
        verify: ALONE,
        names: Finding(None, "checkpoint", ""),
    },
    Attack {
        // Everybody's signatures stand; the key that was kept elsewhere is the second source.
        title: "log key and genesis swapped, for whoever kept the key",
        does: |case| {
            let own = case.text("ledger/log.vkey");
            case.write("kept.vkey", &own);
            let other = other_log();
            let notes = genesis(case, own.trim(), &other.key().to_string(), "kato", &other);
            swap_log_key(case, &notes);
        },
        verify: "verify --log-key kept.vkey",
        names: Finding(None, "log-key-differs", "another log key than the one given"),
    },
    Attack {
        title: "log key and genesis swapped, for whoever did not",
        does: |case| {
            let own = case.text("ledger/log.vkey");
            let other = other_log();
            let notes = genesis(case, own.trim(), &other.key().to_string(), "kato", &other);
            swap_log_key(case, &notes);
        },
        verify: ALONE,
        // The first who signed after the founding had seen the true genesis.
        names: Finding(Some(3), "seen-root", "its signers saw another log"),
    },
];
