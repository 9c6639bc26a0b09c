//! An audit that goes on where an earlier one ended: it finds what the audit of the whole
//! finds, reads only what is new, and knows when the ledger is no longer the one it saw.

#[path = "office/mod.rs"]
mod office;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use media_custody::audit::{Audit, Record, RecordFlaw};
use media_custody::model::Seen;
use media_custody::ops::audit::{audit_store, audit_store_on};
use media_custody::ops::ledger::index_keys;
use media_custody::ops::{Draft, OpsError};
use media_custody::proof::tree::{Frontier, leaf_hash};
use media_custody::store::{MemoryStore, Store as _};
use media_custody::wire::statement;
use office::Case;

/// The notes of a ledger with every kind of early entry, and a private key for each signer.
struct Told {
    case: Case,
    notes: Vec<Vec<u8>>,
}

fn told() -> &'static Told {
    static TOLD: OnceLock<Told> = OnceLock::new();
    TOLD.get_or_init(|| {
        let case = Case::new();
        office::more_entries(&case, 12);
        let notes = {
            let ledger = case.ledger();
            let store = ledger.store();
            store.read(0..store.head().size).expect("read")
        };
        Told { case, notes }
    })
}

fn store(notes: &[Vec<u8>]) -> MemoryStore {
    let mut store = MemoryStore::new(index_keys);
    if !notes.is_empty() {
        store.append(0, notes).expect("appended");
    }
    store
}

fn root(notes: &[Vec<u8>]) -> Seen {
    let mut frontier = Frontier::new();
    for note in notes {
        frontier.push(leaf_hash(note));
    }
    Seen { size: frontier.size(), root: frontier.root() }
}

fn on(notes: &[Vec<u8>], file: &Path) -> (Audit, u64) {
    audit_store_on(&store(notes), None, Some(file), &mut |_, _| {}).expect("audited")
}

/// What there is to see of an audit.
fn seen(audit: &Audit) -> (u64, String, Vec<String>) {
    let findings = audit.findings.iter().map(ToString::to_string).collect();
    (audit.entries, audit.root.to_string(), findings)
}

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("audit.record")
}

#[test]
fn two_parts_come_to_what_the_whole_comes_to() {
    let notes = &told().notes;
    let folder = tempfile::tempdir().expect("a folder");
    let whole = audit_store(&store(notes), None, &mut |_, _| {}).expect("audited");
    let at_once = folder.path().join("whole");
    on(notes, &at_once);
    let at_once = std::fs::read(at_once).expect("kept");
    for first in 1..=notes.len() {
        let file = folder.path().join(format!("{first}"));
        on(&notes[..first], &file);
        let record = Record::parse(&std::fs::read(&file).expect("kept")).expect("a record");
        assert_eq!(record.covers(), root(&notes[..first]));
        let (audit, before) = on(notes, &file);
        assert_eq!((seen(&audit), before), (seen(&whole), first as u64));
        assert_eq!(audit.state, whole.state, "from entry {first} on");
        assert_eq!(std::fs::read(&file).expect("kept"), at_once, "from entry {first} on");
    }
}

/// The signatures in front are not verified again.
#[test]
fn what_was_audited_is_not_read_again() {
    let notes = &told().notes;
    let folder = tempfile::tempdir().expect("a folder");
    let first = notes.len() - 3;
    on(&notes[..first], &file(&folder));
    let (audit, before) = on(notes, &file(&folder));
    let signatures = audit_store(&store(notes), None, &mut |_, _| {}).expect("audited").signatures;
    let earlier = audit_store(&store(&notes[..first]), None, &mut |_, _| {}).expect("audited");
    assert_eq!(audit.signatures, signatures - earlier.signatures);
    assert_eq!(before, first as u64);
}

/// The last entry's statement with one line changed, signed by all whom it names.
fn forged(line: &str, value: &str) -> Vec<u8> {
    let Told { case, notes } = told();
    let text = String::from_utf8(notes.last().expect("notes").clone()).expect("text");
    let (text, _) = text.split_once("\n\n").expect("a note");
    let changed: Vec<String> = text
        .lines()
        .map(|has| match has.starts_with(&format!("{line}: ")) {
            true => format!("{line}: {value}"),
            false => has.to_owned(),
        })
        .collect();
    let changed = format!("{}\n", changed.join("\n"));
    assert_ne!(changed, format!("{text}\n"), "{line} changes");
    let mut draft = Draft::new(statement::parse(&changed).expect("a statement"));
    office::sign(&mut draft, &case.keys());
    draft.finish().expect("signed").to_bytes()
}

/// After an audit of all but the last four entries.
#[test]
fn what_is_done_to_the_ledger_afterwards_is_named() {
    let notes = &told().notes;
    let (count, covered) = (notes.len(), notes.len() - 4);
    let whole = format!("ledger: the audit before saw {covered} entries");
    let elsewhere = root(&notes[1..4]).root.to_string();
    let stranger = Seen { size: 3, ..root(&notes[1..4]) }.to_string();
    let true_one = root(&notes[..3]).to_string();
    let with = |extra: Vec<u8>| [&notes[..count - 1], &[extra]].concat();
    let mut replaced = notes.clone();
    replaced[2] = forged("nonce", "AAECAwQFBgcICQoLDA0ODw==");
    let mut swapped = notes.clone();
    swapped.swap(1, 2);
    for (what, after, expected) in [
        ("an entry that was audited is replaced", replaced, Some(whole.clone())),
        ("two of them are swapped", swapped, Some(whole.clone())),
        ("the end is cut off", notes[..covered - 1].to_vec(), Some(whole)),
        (
            "a new entry repeats an audited one",
            with(notes[6].clone()),
            Some(format!("entry {}: it repeats entry 6", count - 1)),
        ),
        (
            "a new entry's signers saw another tree that ends in the audited part",
            with(forged("seen", &stranger)),
            Some(format!(
                "entry {}: its signers saw another log: 3 entries with root {elsewhere}",
                count - 1
            )),
        ),
        ("they saw one that is there", with(forged("seen", &true_one)), None),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        on(&notes[..covered], &file(&folder));
        let kept = std::fs::read(file(&folder)).expect("kept");
        let (_, _, findings) = seen(&on(&after, &file(&folder)).0);
        let findings: Vec<&String> =
            findings.iter().filter(|said| !said.contains("no signed checkpoint")).collect();
        match &expected {
            Some(words) => {
                assert!(
                    findings.iter().any(|said| said.starts_with(words)),
                    "{what}: {findings:?}"
                );
                // What was sound is still the last that is known to be.
                assert_eq!(std::fs::read(file(&folder)).expect("kept"), kept, "{what}");
            }
            None => assert!(findings.is_empty(), "{what}: {findings:?}"),
        }
    }
}

#[test]
fn a_record_that_is_none_is_refused() {
    let notes = &told().notes;
    let folder = tempfile::tempdir().expect("a folder");
    on(notes, &file(&folder));
    let sound = std::fs::read(file(&folder)).expect("kept");
    let refused = |bytes: &[u8]| {
        std::fs::write(file(&folder), bytes).expect("written");
        let refused = audit_store_on(&store(notes), None, Some(&file(&folder)), &mut |_, _| {});
        assert!(matches!(refused, Err(OpsError::Input(_))), "{refused:?}");
        Record::parse(bytes).expect_err("refused")
    };
    assert_eq!(refused(b""), RecordFlaw::Form);
    assert_eq!(refused(b"custody-audit/1 custody-state/1 "), RecordFlaw::Form);
    assert_eq!(refused(&sound[..sound.len() - 1]), RecordFlaw::Damaged);
    for at in (0..sound.len()).step_by(7) {
        let mut damaged = sound.clone();
        damaged[at] ^= 1;
        refused(&damaged);
    }
}

#[test]
fn the_command_goes_on_from_its_record() {
    let case = Case::new();
    case.ok("verify --log-key ledger/log.vkey --record audit.record");
    office::more_entries(&case, 2);
    let text = case.ok("verify --log-key ledger/log.vkey --record audit.record");
    assert!(text.contains("2; 10 by the audit before"), "{text}");
    assert!(text.starts_with("VERIFIED: nothing is wrong with what is new"), "{text}");
    assert!(text.contains("not read again"), "{text}");
    let told = case.json(0, "verify --log-key ledger/log.vkey --record audit.record");
    assert_eq!((&told["entries"], &told["audited_before"]), (&12.into(), &12.into()));
    let whole = case.json(0, "verify --log-key ledger/log.vkey");
    assert!(whole.get("audited_before").is_none() && whole["root"] == told["root"]);
    // A ledger that was founded again under the same name is another one.
    let other = Case::new();
    other.write("audit.record", case.read("audit.record"));
    let refused = other.exits(4, "verify --record audit.record");
    assert!(refused.stdout.contains("the audit before saw 12 entries"), "{}", refused.stdout);
    other.write("audit.record", "nothing of the kind");
    let refused = other.exits(2, "verify --record audit.record");
    assert!(refused.stderr.contains("no record of an audit"), "{}", refused.stderr);
}
