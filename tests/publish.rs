//! The log as static files: what is written, when, and what stays whole when the program
//! is stopped half way; and what verifying such a folder finds.

mod office;

#[path = "store/faults.rs"]
#[allow(dead_code)] // the store's own tests use the rest
mod faults;
#[path = "daemon/running.rs"]
#[allow(dead_code)] // the daemon's own tests use the rest
mod running;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use faults::{Fault, FaultyIo};
use media_custody::ops::ledger::options;
use media_custody::ops::publish::{publish, publish_with};
use media_custody::ops::published::verify_published;
use media_custody::report::Verdict;
use office::{Case, more_entries};
use running::Running;

/// Every file below a folder with when it was written.
fn files(root: &Path) -> BTreeMap<String, std::time::SystemTime> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
                let written = fs::metadata(&path).and_then(|it| it.modified()).expect("a time");
                found.insert(name, written);
            }
        }
    }
    found
}

fn names(root: &Path) -> Vec<String> {
    files(root).into_keys().collect()
}

/// A copy of a folder, elsewhere.
fn copied(from: &Path, to: PathBuf) -> PathBuf {
    for name in names(from) {
        let target = to.join(&name);
        fs::create_dir_all(target.parent().expect("a parent")).expect("made");
        fs::copy(from.join(&name), target).expect("copied");
    }
    to
}

#[test]
fn only_what_is_new_is_written_and_verified_without_a_ledger() {
    let case = Case::new();
    let first = case.ok("publish www");
    assert!(first.contains("10 entries published in www, 10 in all."), "{first}");
    assert_eq!(
        names(&case.path("www")),
        ["checkpoint", "tile/0/000.p/10", "tile/entries/000.p/10"]
    );
    let again = case.ok("publish www");
    assert!(again.contains("www has all 10 entries already."), "{again}");
    more_entries(&case, 250);
    case.ok("publish www");
    let full = [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/4",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/4",
    ];
    assert_eq!(names(&case.path("www")), full, "partial tiles go once the full one is there");
    let before = files(&case.path("www"));
    more_entries(&case, 1);
    let report = case.json(0, "publish www");
    assert_eq!((&report["entries"], &report["published_before"]), (&261.into(), &260.into()));
    assert_eq!((&report["tiles"], &report["bundles"]), (&2.into(), &1.into()));
    let after = files(&case.path("www"));
    for (name, written) in before.iter().filter(|(name, _)| *name != "checkpoint") {
        let untouched = after.get(name) == Some(written) || name.starts_with("tile/1");
        assert!(untouched, "{name} was written anew");
    }
    assert!(after.contains_key("tile/0/001.p/4"), "an older checkpoint needs it");
    assert!(names(&case.path("www")).iter().all(|name| !name.contains("/.")));
    // All of it from the key alone, with no ledger beside it.
    case.write("log.vkey", case.read("ledger/log.vkey"));
    let copy = copied(&case.path("www"), case.path("elsewhere"));
    fs::remove_dir_all(case.path("ledger")).expect("removed");
    let verified = case.ok("verify --tiles elsewhere --log-key log.vkey");
    assert!(verified.contains("261"), "{verified}");
    assert!(copy.exists());
}

#[test]
fn everything_that_was_altered_is_found() {
    let case = Case::new();
    more_entries(&case, 260);
    case.ok("publish www");
    case.write("log.vkey", case.read("ledger/log.vkey"));
    let verify = "verify --tiles www --log-key log.vkey";
    case.ok(verify);
    for name in names(&case.path("www")) {
        let file = format!("www/{name}");
        let sound = case.read(&file);
        for at in [0, sound.len() / 2, sound.len() - 1] {
            let mut altered = sound.clone();
            altered[at] ^= 1;
            case.write(&file, altered);
            let said = case.run(&office::split(verify));
            assert!([1, 4].contains(&said.code), "{name}, byte {at}: {}", said.stdout);
        }
        case.write(&file, &sound[..sound.len() - 1]);
        assert_ne!(case.run(&office::split(verify)).code, 0, "{name} cut");
        fs::remove_file(case.path(&file)).expect("removed");
        let said = case.run(&office::split(verify));
        assert_ne!(said.code, 0, "{name} is gone");
        let said = format!("{}{}", said.stdout, said.stderr);
        assert!(said.contains(&name) || name == "checkpoint", "{name}: {said}");
        case.write(&file, sound);
    }
    case.ok(verify);
    // A checkpoint that promises more than any folder holds asks for no memory.
    let checkpoint = case.text("www/checkpoint");
    let endless = checkpoint.replacen("\n270\n", "\n9000000000000000000\n", 1);
    assert_ne!(endless, checkpoint);
    case.write("www/checkpoint", endless);
    let said = case.exits(4, verify);
    assert!(said.stdout.contains("tile/entries/001 is not there"), "{}", said.stdout);
}

#[test]
fn a_folder_that_knows_better_is_not_written_over() {
    let case = Case::new();
    let old = copied(&case.path("ledger"), case.path("old"));
    more_entries(&case, 3);
    case.ok("publish www");
    let before = files(&case.path("www"));
    let refused = case.exits(4, "publish www --ledger old");
    assert!(refused.stderr.contains("knows of 13, and the ledger holds 10"), "{}", refused.stderr);
    // And nothing is signed there from then on.
    let stopped = case.run(&office::split(
        "policy set --by kato --yes --passphrase-file words --interval-days 29 --ledger old",
    ));
    assert_eq!(stopped.code, 4, "{}", stopped.stderr);
    // The same size on another way: two histories under one key.
    fs::rename(&old, case.path("fork")).expect("moved");
    fs::remove_file(case.path("fork/known-elsewhere")).expect("removed");
    more_at(&case, "fork", 4);
    let refused = case.exits(4, "publish www --ledger fork");
    assert!(refused.stderr.contains("another history"), "{}", refused.stderr);
    assert_eq!(files(&case.path("www")), before, "nothing was touched");
    case.write("www/checkpoint", "no checkpoint\n");
    case.exits(1, "publish www");
}

/// Entries in another folder's ledger, made by the program.
fn more_at(case: &Case, ledger: &str, count: u32) {
    for number in 0..count {
        let days = 29 - number;
        case.ok(&format!(
            "policy set --interval-days {days} --by kato --yes --passphrase-file words --ledger {ledger}"
        ));
    }
}

/// At every single call the disk may die. What is there then is the log as it was
/// published before, or as it is now, whole; and publishing again completes it.
#[test]
fn a_stop_at_any_moment_leaves_a_sound_folder() {
    let case = Case::new();
    more_entries(&case, 244);
    let mut ledger = case.ledger();
    publish(&mut ledger, &case.path("before"), false, &mut |_, _| {}).expect("published");
    drop(ledger);
    more_entries(&case, 4);
    let mut ledger = case.ledger();
    let key = ledger.state().log_key().cloned().expect("a key");
    let mut at = 0;
    loop {
        let folder = copied(&case.path("before"), case.path(&format!("stop-{at}")));
        let mut with = options();
        with.io = Arc::new(FaultyIo::failing(at, Fault::FailedButPersisted, true));
        let done = publish_with(&mut ledger, &folder, false, &with, &mut |_, _| {});
        let seen = verify_published(&folder, Some(&key), &mut |_, _| {}).expect("a log");
        assert_eq!(seen.verdict, Verdict::Passed, "call {at}: {:?}", seen.findings);
        assert!([254, 258].contains(&seen.entries), "call {at}: {}", seen.entries);
        publish(&mut ledger, &folder, false, &mut |_, _| {}).expect("published");
        let seen = verify_published(&folder, Some(&key), &mut |_, _| {}).expect("a log");
        assert_eq!((seen.verdict, seen.entries), (Verdict::Passed, 258), "call {at}");
        fs::remove_dir_all(&folder).expect("removed");
        if done.is_ok() {
            break;
        }
        at += 1;
    }
    assert!(at > 20, "{at} calls");
}

#[test]
fn a_daemon_goes_on_while_it_is_published() {
    let case = Case::new();
    more_entries(&case, 300);
    let daemon = Running::start(&case);
    std::thread::scope(|scope| {
        let appending = scope.spawn(|| {
            for days in [29, 28, 27, 26] {
                let with = "--by kato --yes --passphrase-file words";
                case.ok(&format!("policy set --interval-days {days} {with}"));
            }
        });
        while !appending.is_finished() {
            case.ok("publish www");
            case.ok("verify --tiles www --log-key ledger/log.vkey");
        }
    });
    case.ok("publish www");
    let seen = case.json(0, "verify --tiles www --log-key ledger/log.vkey");
    assert_eq!(seen["entries"], 314);
    daemon.end();
}
