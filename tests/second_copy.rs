//! An old copy of the ledger put in its place: noticed by the second copy of the
//! checkpoint, by a receipt, by what was published; and then nothing is signed.

mod office;

use std::fs;
use std::path::Path;

use office::Case;

const POLICY: &str = "policy set --by kato --yes --passphrase-file words --interval-days";

fn copy(case: &Case, from: &str, to: &str) {
    let _ = fs::remove_dir_all(case.path(to));
    copy_folder(&case.path(from), &case.path(to));
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// A case with a second copy, an old copy of the whole ledger, and two entries since.
fn guarded() -> Case {
    let case = Case::new();
    fs::create_dir(case.path("share")).expect("made");
    case.ok("ledger second-copy share/checkpoint");
    copy(&case, "ledger", "old");
    case.ok(&format!("{POLICY} 29"));
    case.ok(&format!("{POLICY} 28"));
    assert_eq!(case.read("share/checkpoint"), case.read("ledger/checkpoint"));
    case
}

#[test]
fn an_old_copy_of_the_whole_ledger_signs_nothing() {
    let case = guarded();
    copy(&case, "ledger", "newest");
    copy(&case, "old", "ledger");
    let refused = case.exits(4, &format!("{POLICY} 27"));
    let known = "share/checkpoint knows of 12, and the ledger holds 10";
    assert!(refused.stderr.contains(known), "{}", refused.stderr);
    assert!(refused.stderr.contains("Nothing was recorded"), "{}", refused.stderr);
    let named = case.json(4, &format!("{POLICY} 27"));
    assert_eq!(named, serde_json::Value::Null.clone(), "errors go to standard error");
    // It can still be read, verified and backed up: that is what is left.
    case.ok("log");
    case.ok("verify");
    case.ok("backup what-is-left.tar");
    assert_eq!(case.read("ledger/checkpoint"), case.read("old/checkpoint"));
    // The way forward: the newest copy.
    copy(&case, "newest", "ledger");
    case.ok(&format!("{POLICY} 27"));
    assert_eq!(case.read("share/checkpoint"), case.read("ledger/checkpoint"));
}

#[test]
fn another_history_of_the_same_length_signs_nothing() {
    let case = guarded();
    // Whoever forks it takes the path of the second copy out first.
    copy(&case, "old", "ledger");
    fs::rename(case.path("ledger/second-copy"), case.path("path")).expect("moved");
    case.ok(&format!("{POLICY} 27"));
    case.ok(&format!("{POLICY} 26"));
    fs::rename(case.path("path"), case.path("ledger/second-copy")).expect("moved");
    let refused = case.exits(4, &format!("{POLICY} 25"));
    assert!(refused.stderr.contains("another history"), "{}", refused.stderr);
}

#[test]
fn a_share_that_is_away_is_said_and_stops_nobody() {
    let case = guarded();
    fs::rename(case.path("share"), case.path("away")).expect("moved");
    fs::create_dir(case.path("share")).expect("an empty mount point");
    let done = case.run(&office::split(&format!("{POLICY} 27")));
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains("guards against nothing"), "{}", done.stderr);
    assert!(!case.path("share/checkpoint").exists(), "nothing is written below a mount point");
    fs::remove_dir(case.path("share")).expect("removed");
    fs::rename(case.path("away"), case.path("share")).expect("moved back");
    assert_ne!(case.read("share/checkpoint"), case.read("ledger/checkpoint"));
    let done = case.run(&["log"]);
    assert!(!done.stderr.contains("guards"), "{}", done.stderr);
    assert_eq!(case.read("share/checkpoint"), case.read("ledger/checkpoint"), "it caught up");
    for (what, bytes) in [("junk", b"junk\n".to_vec()), ("nothing", Vec::new())] {
        let sound = case.read("share/checkpoint");
        case.write("share/checkpoint", bytes);
        let done = case.run(&["log"]);
        assert!(done.code == 0 && done.stderr.contains("guards against nothing"), "{what}");
        case.write("share/checkpoint", sound);
    }
}

#[test]
fn what_is_kept_elsewhere_is_compared_and_remembered() {
    let case = guarded();
    case.ok("ledger second-copy --none");
    case.ok("publish www");
    let said = case.ok("ledger check held.receipt www share/checkpoint");
    assert!(said.contains("held.receipt knows of 10 entries"), "{said}");
    assert!(said.contains("www knows of 12 entries"), "{said}");
    case.write("newer", case.read("ledger/checkpoint"));
    copy(&case, "old", "ledger");
    fs::remove_file(case.path("ledger/second-copy")).expect("removed");
    let refused = case.exits(4, "ledger check newer");
    assert!(refused.stderr.contains("newer knows of 12"), "{}", refused.stderr);
    let refused = case.exits(4, &format!("{POLICY} 27"));
    assert!(refused.stderr.contains("kept elsewhere knows of 12"), "{}", refused.stderr);
    // Another ledger's checkpoint stops nobody, and neither does a forged one.
    copy(&case, "old", "ledger");
    fs::remove_file(case.path("ledger/second-copy")).expect("removed");
    let forged = case.text("newer").replacen("\n12\n", "\n13\n", 1);
    case.write("forged", forged);
    let refused = case.exits(1, "ledger check forged");
    assert!(refused.stderr.contains("is not of this ledger"), "{}", refused.stderr);
    case.write("junk", "no checkpoint\n");
    let refused = case.exits(1, "ledger check junk");
    assert!(refused.stderr.contains("cannot be read"), "{}", refused.stderr);
    case.ok(&format!("{POLICY} 27"));
}

#[test]
fn a_second_copy_that_knows_better_is_not_taken() {
    let case = guarded();
    copy(&case, "old", "ledger");
    fs::remove_file(case.path("ledger/second-copy")).expect("removed");
    let refused = case.exits(4, "ledger second-copy share/checkpoint");
    assert!(refused.stderr.contains("knows of 12"), "{}", refused.stderr);
    assert!(!case.path("ledger/second-copy").exists());
    case.exits(1, "ledger second-copy nowhere/checkpoint");
    case.write("letter", "dear all\n");
    case.exits(1, "ledger second-copy letter");
    assert_eq!(case.text("letter"), "dear all\n", "no other file is written over");
}
