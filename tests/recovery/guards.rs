//! What else a backup holds: what witnesses and others said of the ledger, rounds that are
//! open, and the log key that was replaced and signs on.

use std::fs;
use std::process::Command;

use crate::WITH;
use crate::office::{Case, HOME};

fn names(case: &Case, backup: &str) -> Vec<String> {
    let listed = Command::new("tar").arg("-tf").arg(case.path(backup)).output().expect("tar");
    assert!(listed.status.success());
    let names = String::from_utf8(listed.stdout).expect("names");
    names.lines().map(str::to_owned).collect()
}

fn set(ledger: &str, days: u32) -> String {
    format!("policy set --interval-days {days} --by kato --yes --ledger {ledger} {WITH}")
}

/// A case whose ledger a witness vouches for; the witness's folder lies in the ledger's,
/// where it should not.
fn witnessed() -> Case {
    let case = Case::new();
    let folder = "--folder ledger/witness";
    let made = case.json(0, &format!("witness init printer.example {folder}"));
    case.ok(&format!("witness trust ledger/log.vkey {folder}"));
    let key = made["vkey"].as_str().expect("a key");
    case.write("ledger/witnesses.policy", format!("witness printer {key}\nquorum printer\n"));
    vouch(&case);
    case
}

fn vouch(case: &Case) {
    let _ = fs::remove_file(case.path("a.request"));
    let _ = fs::remove_file(case.path("a.request.cosigned"));
    case.ok("witness request a.request --for printer");
    case.ok("witness sign a.request --folder ledger/witness");
    case.ok("witness import a.request.cosigned");
}

#[test]
fn what_witnesses_vouched_for_and_open_rounds_come_back() {
    let case = witnessed();
    case.ok(&format!("check --place {HOME} --by sasaki --pause"));
    case.ok("receipt SZ-2026-000001 --file before.receipt");
    case.ok("backup it.tar");
    let held = names(&case, "it.tar");
    assert!(held.contains(&"cosigned/10.checkpoint".to_owned()), "{held:?}");
    assert!(held.contains(&"witnesses.policy".to_owned()), "{held:?}");
    assert_eq!(held.iter().filter(|name| name.starts_with("rounds/")).count(), 1, "{held:?}");
    let witness = held.iter().find(|name| name.contains("witness/") || name.contains("LOCK"));
    assert_eq!(witness, None, "a witness restored would vouch for a second history");
    let said = case.json(0, "restore it.tar --ledger back --log-key ledger/log.vkey");
    assert_eq!(said["missing"], serde_json::json!([]), "{said}");
    for file in ["cosigned/10.checkpoint", "witnesses.policy"] {
        assert_eq!(case.read(&format!("back/{file}")), case.read(&format!("ledger/{file}")));
    }
    let rounds = case.json(0, "status --ledger back")["rounds"].clone();
    assert_eq!(rounds, case.json(0, "status")["rounds"], "the round goes on");
    assert_eq!(rounds.as_array().expect("a list").len(), 1, "{rounds}");
    case.ok("receipt SZ-2026-000001 --file after.receipt --ledger back");
    assert_eq!(case.read("after.receipt"), case.read("before.receipt"), "as vouched for");
    let found = case.json(0, "verify --ledger back");
    assert_eq!(found["witnesses"]["quorum"], true, "{found}");
}

#[test]
fn a_backup_holds_one_state_of_what_was_vouched_for() {
    let case = witnessed();
    let before = case.read("ledger/cosigned/10.checkpoint");
    case.ok(&format!("backup old.tar --with-keys {WITH}"));
    case.ok(&set("ledger", 29));
    vouch(&case);
    // Beside the newest there is one of an earlier size.
    case.write("ledger/cosigned/10.checkpoint", before);
    case.ok("backup it.tar");
    let held = names(&case, "it.tar");
    let cosigned: Vec<_> = held.iter().filter(|name| name.starts_with("cosigned/")).collect();
    assert_eq!(cosigned, ["cosigned/10.checkpoint", "cosigned/11.checkpoint"], "{held:?}");
    case.ok("restore it.tar --ledger back");
    // What witnesses saw beyond the entries is no part of their state, and stops them.
    case.ok(&format!("restore old.tar --ledger late --with-keys {WITH}"));
    let newer = "cosigned/11.checkpoint";
    fs::copy(case.path("ledger").join(newer), case.path("late").join(newer)).expect("copied");
    let refused = case.exits(4, &set("late", 27));
    assert!(refused.stderr.contains("witnesses cosigned knows of 11"), "{}", refused.stderr);
    case.ok("backup late.tar --ledger late");
    assert!(!names(&case, "late.tar").contains(&newer.to_owned()));
}

#[test]
fn a_restored_old_backup_is_told_by_the_second_copy_at_once() {
    let case = Case::new();
    fs::create_dir(case.path("share")).expect("made");
    case.ok("ledger second-copy share/checkpoint");
    case.ok(&format!("backup it.tar --with-keys {WITH}"));
    assert!(names(&case, "it.tar").contains(&"second-copy".to_owned()));
    // As new as the copy: not taken up again, since two ledgers with one copy stop each other.
    let restore = format!("restore it.tar --with-keys {WITH} --ledger");
    let missing = |line: &str| case.json(0, line)["missing"].to_string();
    let said = missing(&format!("{restore} drill"));
    assert!(said.contains("run 'custody ledger second-copy "), "{said}");
    case.ok(&set("drill", 29));
    case.ok(&set("ledger", 28));
    assert_eq!(case.read("share/checkpoint"), case.read("ledger/checkpoint"));
    assert!(!case.path("drill/second-copy").exists());
    // Older than the copy: it signs nothing, and the copy is as it was.
    let said = missing(&format!("{restore} late"));
    assert!(said.contains("knows of 11, and the ledger holds 10: nothing is signed"), "{said}");
    let refused = case.exits(4, &set("late", 29));
    assert!(refused.stderr.contains("kept elsewhere knows of 11"), "{}", refused.stderr);
    assert_eq!(case.read("share/checkpoint"), case.read("ledger/checkpoint"));
    // A copy of what is stopped stays stopped, wherever the second copy is.
    case.ok(&format!("backup stopped.tar --ledger late --with-keys {WITH}"));
    fs::rename(case.path("share"), case.path("away")).expect("moved");
    let said = missing(&format!("restore stopped.tar --ledger again --with-keys {WITH}"));
    assert!(said.contains("kept elsewhere knows of 11"), "{said}");
    case.exits(4, &set("again", 29));
    let said = missing(&format!("{restore} away-from-it"));
    assert!(said.contains("was not asked"), "{said}");
}

#[test]
fn a_replaced_log_key_is_in_a_backup_as_long_as_it_signs_on() {
    let case = Case::new();
    case.ok(&format!("ledger replace-key --by kato --yes {WITH}"));
    case.ok(&format!("backup it.tar --with-keys {WITH}"));
    case.ok("backup bare.tar");
    assert!(!names(&case, "bare.tar").iter().any(|name| name.starts_with("keys/")));
    assert!(names(&case, "it.tar").contains(&"keys/log.old.pem".to_owned()));
    let text = String::from_utf8_lossy(&case.read("it.tar")).into_owned();
    assert!(!text.contains("BEGIN PRIVATE KEY"), "encrypted as the others are");
    case.ok(&format!("restore it.tar --ledger back --with-keys {WITH}"));
    assert_eq!(case.read("back/log.old.pem"), case.read("ledger/log.old.pem"));
    case.ok(&set("back", 29));
    let lines = case.text("back/checkpoint").matches("\u{2014} ").count();
    assert_eq!(lines, 2, "both sign");
    fs::rename(case.path("ledger/log.old.pem"), case.path("old.pem")).expect("moved");
    let said = case.ok(&format!("backup without.tar --with-keys {WITH}"));
    assert!(said.contains("left out: the replaced log key, which signs on"), "{said}");
    // Once it signs nothing more it is named and left behind.
    let case = Case::new();
    case.ok(&format!("ledger replace-key --by kato --yes --overlap 0 {WITH}"));
    case.write("ledger/log.old.pem", case.read("ledger/log.pem"));
    let said = case.ok(&format!("backup it.tar --with-keys {WITH}"));
    assert!(said.contains("left out: log.old.pem, which was replaced"), "{said}");
    assert!(!names(&case, "it.tar").contains(&"keys/log.old.pem".to_owned()));
}
