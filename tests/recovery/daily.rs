//! Backups by a timer: the last good one is never put at risk, the disk does not fill up,
//! and one that is not made is told.

use std::fs;

use crate::WITH;
use crate::office::Case;

const INTO: &str = "backup --into kept --keep 3";

fn case() -> Case {
    let case = Case::new();
    fs::create_dir(case.path("kept")).expect("made");
    case
}

fn kept(case: &Case) -> Vec<String> {
    let entries = fs::read_dir(case.path("kept")).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().expect("text")).collect();
    names.sort();
    names
}

/// A backup of an earlier day, under the name it would have.
fn earlier(case: &Case, day: &str) {
    case.ok(&format!("backup kept/custody-{day}T103000Z.tar"));
}

fn set(days: u32) -> String {
    format!("policy set --interval-days {days} --by kato --yes {WITH}")
}

#[test]
fn so_many_are_kept_and_nothing_else_is_touched() {
    let case = case();
    for day in ["20200101", "20200102", "20200103"] {
        earlier(&case, day);
    }
    let foreign = ["custody-2020.tar", "custody-20200101T103000Z.tar.gz", "notes.txt"];
    for name in foreign {
        case.write(&format!("kept/{name}"), "not ours");
    }
    let said = case.json(0, INTO);
    let removed = said["removed"].as_array().expect("a list");
    assert!(removed[0].as_str().expect("a path").ends_with("custody-20200101T103000Z.tar"));
    assert_eq!(removed.len(), 1, "{said}");
    let names = kept(&case);
    assert_eq!(names.len(), 3 + foreign.len(), "{names:?}");
    assert!(foreign.iter().all(|name| names.contains(&(*name).to_owned())), "{names:?}");
    let newest = said["file"].as_str().expect("a file").to_owned();
    case.ok(&format!("restore {newest} --ledger back"));
    for wrong in ["--keep 1", "--keep 0"] {
        case.exits(2, &format!("backup --into kept {wrong}"));
    }
    case.exits(2, "backup it.tar --keep 3");
    case.exits(1, "backup --into nowhere");
}

#[test]
fn a_backup_that_is_not_made_leaves_the_others_as_they_are() {
    let case = case();
    for day in ["20200101", "20200102", "20200103"] {
        earlier(&case, day);
    }
    let before = kept(&case);
    // An entry is damaged: nothing is written, nothing let go, no rest is left.
    let journal = fs::read_dir(case.path("ledger/journal")).expect("a folder");
    let segment = journal.map(|entry| entry.expect("an entry").path()).next().expect("a segment");
    let sound = fs::read(&segment).expect("read");
    let mut bytes = sound.clone();
    let name = "さくら印刷".as_bytes();
    let at = bytes.windows(name.len()).position(|part| part == name).expect("an entry");
    bytes[at] ^= 1;
    fs::write(&segment, bytes).expect("written");
    let refused = case.run(&crate::office::split(INTO));
    assert_ne!(refused.code, 0, "{}", refused.stdout);
    assert_eq!(kept(&case), before);
    fs::write(&segment, sound).expect("written");
    case.ok(INTO);
    assert_eq!(kept(&case).len(), 3);
    assert!(!kept(&case).contains(&before[0]));
}

#[test]
fn a_ledger_that_knows_less_takes_the_place_of_no_backup() {
    let case = case();
    case.ok(&format!("backup old.tar --with-keys {WITH}"));
    case.ok(&set(29));
    earlier(&case, "20200101");
    earlier(&case, "20200102");
    let before = kept(&case);
    case.ok(&format!("restore old.tar --ledger late --with-keys {WITH}"));
    let refused = case.exits(4, "backup --into kept --keep 2 --ledger late");
    assert!(refused.stderr.contains("knows of 11, and the ledger holds 10"), "{}", refused.stderr);
    assert_eq!(kept(&case), before);
    let refused = case.exits(4, &format!("{} --ledger late", set(28)));
    assert!(refused.stderr.contains("kept elsewhere knows of 11"), "{}", refused.stderr);
    // Nor under a clock that was wrong once: the newest by its name knows as little.
    let future = "kept/custody-20990101T103000Z.tar";
    fs::copy(case.path("old.tar"), case.path(future)).expect("copied");
    fs::remove_file(case.path("late/known-elsewhere")).expect("removed");
    let refused = case.exits(4, "backup --into kept --keep 2 --ledger late");
    assert!(refused.stderr.contains("knows of 11, and the ledger holds 10"), "{}", refused.stderr);
    fs::remove_file(case.path(future)).expect("removed");
    // One that is damaged is named and counts as none; the whole one before it is compared.
    let newest = "kept/custody-20200102T103000Z.tar";
    let mut bytes = case.read(newest);
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    case.write(newest, bytes);
    let said = case.json(3, "backup --into kept --keep 2");
    assert!(said["damaged"].to_string().contains("20200102"), "{said}");
    assert_eq!(said["removed"], serde_json::Value::Null, "two whole ones are there: {said}");
    assert_eq!(kept(&case).len(), 3);
    // Another ledger's folder is nobody's to tidy up.
    let other = Case::new();
    fs::remove_dir_all(other.path("ledger")).expect("removed");
    other.ok(&format!(
        "init --keys new --origin other.example.jp --organisation O --site S --prefix X \
         --admin kato --admin-name K --custodian yamada --custodian-name Y --zone Asia/Tokyo {WITH}"
    ));
    fs::create_dir(other.path("kept")).expect("made");
    fs::copy(
        case.path("kept/custody-20200101T103000Z.tar"),
        other.path("kept/custody-20200101T103000Z.tar"),
    )
    .expect("copied");
    let refused = other.exits(1, INTO);
    assert!(refused.stderr.contains("is not of this ledger"), "{}", refused.stderr);
    assert_eq!(kept(&other).len(), 1);
}

#[test]
fn what_a_timer_does_not_make_is_told() {
    let case = case();
    assert!(!case.ok("status").contains("backup"));
    // Not even once: the folder is away from the first day on.
    case.exits(1, "backup --into away");
    let awaited = case.text("ledger/copies");
    assert!(awaited.starts_with("backup 20") && awaited.ends_with(" -\n"), "{awaited}");
    case.write("ledger/copies", "backup 2020-01-01T20:30:00+09:00 -\n");
    let status = || case.ok("status").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(status().contains("No backup has been made at all"), "{}", status());
    case.write("ledger/copies", "backup 2020-01-01T20:30:00+09:00 9\n");
    let said = status();
    assert!(said.contains("No backup has been made since 2020-01-01 20:30"), "{said}");
    assert!(said.contains("バックアップが"), "{said}");
    let due = case.json(3, "due");
    assert_eq!(due["copies"][0]["late"], true, "{due}");
    case.exits(3, "due --metrics custody.prom");
    assert!(case.text("custody.prom").contains("custody_copy_age_seconds{"));
    // The next one ends it.
    case.ok(INTO);
    assert!(case.text("ledger/copies").ends_with(" 10\n"));
    assert!(!status().contains("No backup"));
    case.ok("publish --daily www");
    assert_eq!(case.text("ledger/copies").lines().count(), 2);
}
