//! Every "no" of the program has a name, a reproducer and an expected message. Each
//! file of `tests/refusals/` is one; `README.md` there has the grammar. A refusal or
//! a kind of failure without a file fails this test, and so does a file whose
//! message is not the one the program says.
//!
//! `CUSTODY_BLESS=1` writes what the program says into the files; read the difference.

#[path = "office/mod.rs"]
mod office;

#[path = "refusals/by_hand.rs"]
mod by_hand;
#[path = "refusals/script.rs"]
mod script;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use media_custody::cli::error::KINDS;
use media_custody::ledger::Refusal;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refusals")
}

/// The reproducers by name; what stands behind `--` tells several of one name apart.
fn reproducers() -> Vec<(String, PathBuf)> {
    let files = fs::read_dir(folder()).expect("the folder").map(|file| file.expect("a file"));
    let texts =
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "txt"));
    let mut found: Vec<_> = texts
        .map(|path| {
            let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (stem.split("--").next().unwrap_or_default().to_owned(), path)
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_name_has_a_reproducer_and_every_reproducer_a_name() {
    let has: BTreeSet<String> = reproducers().into_iter().map(|(name, _)| name).collect();
    let names: BTreeSet<&str> = Refusal::NAMES.iter().chain(KINDS).copied().collect();
    let without: Vec<_> = names.iter().filter(|name| !has.contains(**name)).collect();
    assert!(without.is_empty(), "no reproducer in tests/refusals for {without:?}");
    let stray: Vec<_> = has.iter().filter(|name| !names.contains(name.as_str())).collect();
    assert!(stray.is_empty(), "reproducers of nothing: {stray:?}");
    assert_eq!(names.len(), Refusal::NAMES.len() + KINDS.len(), "one name means two things");
}

#[test]
fn names_of_kinds_are_plain_and_stand_once() {
    let kinds: BTreeSet<&&str> = KINDS.iter().collect();
    assert_eq!(kinds.len(), KINDS.len());
    for name in KINDS {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
    }
}

#[test]
fn every_reproducer_says_what_is_expected() {
    let queue = Mutex::new(reproducers().into_iter());
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from).min(8) {
            scope.spawn(|| {
                loop {
                    let Some((name, path)) = queue.lock().expect("queue").next() else { break };
                    let checked = std::panic::catch_unwind(|| script::check(&name, &path));
                    let checked =
                        checked.unwrap_or_else(|_| Err("it panicked, see above".to_owned()));
                    if let Err(problem) = checked {
                        let shown = path.file_name().expect("a name").to_string_lossy();
                        wrong.lock().expect("list").push(format!("== {shown}\n{problem}"));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().expect("list");
    wrong.sort();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
