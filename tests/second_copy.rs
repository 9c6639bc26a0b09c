//! An old copy of the ledger put in its place: noticed by the second copy of the
//! checkpoint, by a receipt, by what was published; and then nothing is signed.

mod office;

#[path = "daemon/running.rs"]
#[allow(dead_code)] // the daemon's own tests use the rest
mod running;

use std::fs;
use std::path::Path;

use media_custody::ops::Ledger;
use office::Case;
use running::Running;

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

/// The text of an entry.
fn entry(case: &Case, ledger: &str, index: u64) -> String {
    let _quiet = office::quiet();
    let ledger = Ledger::open(&case.path(ledger), &mut |_, _| {}).expect("opened");
    ledger.note(index).expect("an entry").text().to_owned()
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
    let known = "the second copy of the checkpoint knows of 12, and the ledger holds 10";
    assert!(refused.stderr.contains(known), "{}", refused.stderr);
    assert!(refused.stderr.contains("Nothing was recorded"), "{}", refused.stderr);
    // It can still be read and backed up: that is what is left. Verifying it says so too.
    case.ok("log");
    let verified = case.exits(4, "verify");
    assert!(verified.stdout.contains("entry 10"), "{}", verified.stdout);
    assert!(verified.stdout.contains("(ledger-behind)"), "{}", verified.stdout);
    case.ok("backup what-is-left.tar");
    assert_eq!(case.read("ledger/checkpoint"), case.read("old/checkpoint"));
    // The way forward: the newest copy.
    copy(&case, "newest", "ledger");
    case.ok(&format!("{POLICY} 27"));
    assert_eq!(case.read("share/checkpoint"), case.read("ledger/checkpoint"));
}

#[test]
fn an_old_copy_from_before_the_log_key_was_replaced_signs_nothing() {
    for how in ["--overlap 30", "--reason compromised"] {
        let case = guarded();
        case.ok(&format!("ledger replace-key --by kato {how} --yes --passphrase-file words"));
        case.ok(&format!("{POLICY} 27"));
        copy(&case, "ledger", "newest");
        let kept = case.read("share/checkpoint");
        // The old copy has the old key with it, and knows of no other.
        copy(&case, "old", "ledger");
        for _ in 0..2 {
            let refused = case.exits(4, &format!("{POLICY} 26"));
            let known = "the second copy of the checkpoint knows of 14";
            assert!(refused.stderr.contains(known), "{}", refused.stderr);
            case.ok("log");
            let verified = case.exits(4, "verify");
            assert!(verified.stdout.contains("(ledger-behind)"), "{}", verified.stdout);
            assert_eq!(case.read("share/checkpoint"), kept, "what speaks against it stays");
        }
        assert_eq!(case.read("ledger/checkpoint"), case.read("old/checkpoint"));
        // Left beside an old journal, the newest checkpoint is no damaged one either.
        case.write("ledger/checkpoint", case.read("newest/checkpoint"));
        let refused = case.exits(4, "ledger sign-checkpoint");
        let known = "the checkpoint beside the ledger knows of 14";
        assert!(refused.stderr.contains(known), "{}", refused.stderr);
        assert_eq!(case.read("ledger/checkpoint"), case.read("newest/checkpoint"));
        copy(&case, "newest", "ledger");
        case.ok(&format!("{POLICY} 26"));
    }
}

#[test]
fn a_second_copy_that_somebody_wrote_to_is_given_up_by_hand() {
    use media_custody::proof::checkpoint::{Checkpoint, SignedCheckpoint};
    use media_custody::wire::signature::SigningKey;
    let case = guarded();
    let newest = SignedCheckpoint::parse(&case.read("share/checkpoint")).expect("one");
    let thief = SigningKey::from_seed(office::ORIGIN.parse().expect("a name"), &[9; 32]);
    let root = *newest.checkpoint().root();
    let forged = Checkpoint::new(office::ORIGIN, 99, root).expect("one");
    case.write("share/checkpoint", forged.sign(&thief).expect("signed").to_bytes());
    let refused = case.exits(4, &format!("{POLICY} 27"));
    assert!(refused.stderr.contains("tampered with"), "{}", refused.stderr);
    case.ok("ledger second-copy --none");
    case.ok(&format!("{POLICY} 27"));
    // Of another log it is nothing but a copy that does not guard.
    case.ok("ledger second-copy share/other");
    let other = Checkpoint::new("other.example.jp", 99, root).expect("one");
    let thief = SigningKey::from_seed("other.example.jp".parse().expect("a name"), &[9; 32]);
    case.write("share/other", other.sign(&thief).expect("signed").to_bytes());
    let done = case.run(&office::split(&format!("{POLICY} 26")));
    assert!(done.code == 0 && done.stderr.contains("guards against nothing"), "{}", done.stderr);
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

/// A pipe that nobody writes to stands for a share that hangs: whoever opens it waits.
#[test]
fn a_share_that_hangs_is_left_alone() {
    let case = guarded();
    fs::remove_file(case.path("share/checkpoint")).expect("removed");
    let made = std::process::Command::new("mkfifo").arg(case.path("share/checkpoint")).status();
    assert!(made.expect("mkfifo").success());
    let done = case.run(&office::split(&format!("{POLICY} 27")));
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains("guards against nothing"), "{}", done.stderr);
    assert!(done.stderr.contains("does not answer"), "{}", done.stderr);
    let daemon = Running::start(&case);
    assert!(daemon.text().contains("does not answer"), "{}", daemon.text());
    for days in [26, 25, 24] {
        case.ok(&format!("{POLICY} {days}"));
    }
    daemon.end();
    case.ok("ledger check held.receipt");
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
fn a_ledger_that_lost_entries_goes_on_under_a_new_name() {
    let case = guarded();
    copy(&case, "old", "ledger");
    let onward = "ledger continue-as other.example.jp --to fresh --by kato --custodian yamada";
    let with = "--passphrase-file words";
    let same = case.exits(2, &format!("{onward} --prefix SZ {with}"));
    assert!(same.stderr.contains("one number to two receipts"), "{}", same.stderr);
    let same = onward.replace("other.example.jp", office::ORIGIN);
    case.exits(2, &format!("{same} --prefix SB {with}"));
    let wrong = onward.replace("--by kato", "--by yamada");
    let wrong = case.exits(2, &format!("{wrong} --prefix SB {with}"));
    assert!(wrong.stderr.contains("yamada is no administrator"), "{}", wrong.stderr);
    assert!(!case.path("fresh").exists());
    let said = case.json(0, &format!("{onward} --prefix SB {with}"));
    assert_eq!((&said["entries"], &said["link"]), (&10.into(), &3.into()), "{said}");
    assert_eq!(said["closed"], serde_json::Value::Null, "the old one lacks entries: {said}");
    assert!(said["not_closed"].as_str().expect("why").contains("knows of 12"), "{said}");
    case.ok("verify --ledger fresh --log-key fresh/log.vkey");
    let entry = entry(&case, "fresh", 3);
    for line in ["relation: continues", "other: custody.example.jp/shizuoka", "other-seen: 10 "] {
        assert!(entry.contains(line), "{line}: {entry}");
    }
    let log_key = case.text("ledger/log.vkey");
    assert!(entry.contains(log_key.trim()), "{entry}");
    // The old one's policy goes on, and the keys do.
    let policy = case.ok("policy show --ledger fresh");
    assert_eq!(policy, case.ok("policy show").replace("29", "30"));
    case.ok(&format!("{POLICY} 20 --ledger fresh"));
    assert_eq!(case.read("ledger/checkpoint"), case.read("old/checkpoint"), "nothing was signed");
}

#[test]
fn a_sound_ledger_that_goes_on_is_closed_by_a_last_entry() {
    let case = Case::new();
    let onward = "ledger continue-as other.example.jp --to fresh --by kato --custodian yamada";
    let said = case.json(0, &format!("{onward} --prefix SB --passphrase-file words"));
    assert_eq!(said["closed"], 10, "{said}");
    let entry = entry(&case, "ledger", 10);
    for line in ["relation: continued-by", "other: other.example.jp", "other-seen: 4 "] {
        assert!(entry.contains(line), "{line}: {entry}");
    }
    assert!(entry.contains(case.text("fresh/log.vkey").trim()), "{entry}");
    // Nothing follows it, by no command and through no daemon; what is no entry goes on.
    let refused = case.exits(1, &format!("{POLICY} 29"));
    assert!(refused.stderr.contains("continued by other.example.jp"), "{}", refused.stderr);
    let daemon = Running::start(&case);
    let refused = case.exits(1, &format!("{POLICY} 29"));
    assert!(refused.stderr.contains("Record it in other.example.jp"), "{}", refused.stderr);
    drop(daemon);
    let status = case.json(0, "status");
    assert_eq!(
        (&status["entries"], &status["continued_by"]),
        (&11.into(), &"other.example.jp".into())
    );
    assert!(case.ok("status").contains("Continued by other.example.jp (引継ぎ済み)"));
    case.ok("verify");
    case.ok("verify --ledger fresh");
    case.ok("publish www");
    case.ok("backup it.tar");
    case.ok("receipt SZ-2026-000001 --file again.receipt");
    case.ok("verify again.receipt");
    // The successor that is lost as well has another one.
    let said = case.json(
        0,
        &format!("{onward} --prefix SC --passphrase-file words").replace("fresh", "later"),
    );
    assert!(said["not_closed"].as_str().expect("why").contains("continued by"), "{said}");
    // Without its log key a ledger goes on all the same, and has no last entry.
    let case = Case::new();
    fs::remove_file(case.path("ledger/log.pem")).expect("removed");
    let said = case.json(0, &format!("{onward} --prefix SB --passphrase-file words"));
    assert!(said["not_closed"].as_str().expect("why").contains("log.pem"), "{said}");
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

/// A running daemon hears of it at the next entry, and says of a share that is away.
#[test]
fn a_daemon_stops_signing_as_well() {
    let case = guarded();
    case.write("newer", case.read("ledger/checkpoint"));
    copy(&case, "old", "ledger");
    fs::remove_file(case.path("ledger/second-copy")).expect("removed");
    let daemon = Running::start(&case);
    case.exits(4, "ledger check newer");
    let refused = case.run(&office::split(&format!("{POLICY} 27")));
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("knows of 12"), "{}", refused.stderr);
    assert_eq!(case.json(0, "status")["entries"], 10, "it can still be read");
    drop(daemon);
    fs::remove_file(case.path("ledger/known-elsewhere")).expect("removed");
    case.write("ledger/second-copy", "/nowhere/checkpoint\n");
    let daemon = Running::start(&case);
    assert!(daemon.text().contains("guards against nothing"), "{}", daemon.text());
}

#[test]
fn a_checkpoint_cut_to_nothing_is_signed_anew_once_the_rest_agrees() {
    let case = guarded();
    case.write("ledger/checkpoint", "");
    let verified = case.exits(4, "verify");
    assert!(verified.stdout.contains("(checkpoint)"), "{}", verified.stdout);
    assert!(verified.stdout.contains("'custody ledger sign-checkpoint'"), "{}", verified.stdout);
    let refused = case.exits(4, &format!("{POLICY} 27"));
    assert!(refused.stderr.contains("'custody ledger sign-checkpoint'"), "{}", refused.stderr);
    let signed = case.ok("ledger sign-checkpoint held.receipt share/checkpoint");
    assert!(signed.contains("A new checkpoint over 12 entries is signed."), "{signed}");
    assert!(signed.contains("share/checkpoint knows of 12 entries"), "{signed}");
    case.ok("verify");
    case.ok(&format!("{POLICY} 27"));
    assert_eq!(case.read("share/checkpoint"), case.read("ledger/checkpoint"));
    // What is in order is left as it is.
    let before = case.read("ledger/checkpoint");
    let again = case.ok("ledger sign-checkpoint");
    assert!(again.contains("is in order"), "{again}");
    assert_eq!(case.read("ledger/checkpoint"), before);
}

#[test]
fn what_the_log_key_did_not_sign_is_kept_beside_and_spoils_no_second_copy() {
    let case = guarded();
    let good = case.read("ledger/checkpoint");
    let text = String::from_utf8(good.clone()).expect("text");
    // A letter of the signature; size and root can be read as before.
    let spoilt = text.replace("\n\n\u{2014} ", "\n\n\u{2014} x");
    assert_ne!(spoilt, text);
    case.write("ledger/checkpoint", &spoilt);
    case.ok("log");
    assert_eq!(case.read("share/checkpoint"), good, "the second copy is the good one still");
    let signed = case.ok("ledger sign-checkpoint");
    assert!(signed.contains("checkpoint.damaged"), "{signed}");
    assert_eq!(case.read("ledger/checkpoint.damaged"), spoilt.as_bytes());
    assert_eq!(case.read("ledger/checkpoint"), good);
    case.ok("verify");
}

#[test]
fn a_damaged_checkpoint_is_no_way_around_what_knows_of_more() {
    let case = guarded();
    let newest = case.read("ledger/checkpoint");
    copy(&case, "old", "ledger");
    // The second copy knows of more.
    case.write("ledger/checkpoint", "");
    let refused = case.exits(4, "ledger sign-checkpoint");
    assert!(
        refused.stderr.contains("the second copy of the checkpoint knows of 12"),
        "{}",
        refused.stderr
    );
    assert_eq!(case.read("ledger/checkpoint"), b"");
    assert_eq!(case.read("share/checkpoint"), newest);
    // Only a file that somebody brings does; and from then on nothing is signed.
    fs::remove_file(case.path("ledger/second-copy")).expect("removed");
    case.exits(4, "ledger sign-checkpoint share/checkpoint");
    assert_eq!(case.read("ledger/checkpoint"), b"");
    case.exits(4, "ledger sign-checkpoint");
    fs::remove_file(case.path("ledger/known-elsewhere")).expect("removed");
    // A checkpoint that the log key did sign is evidence, wherever it lies.
    case.write("ledger/checkpoint", &newest);
    let refused = case.exits(4, "ledger sign-checkpoint");
    assert!(refused.stderr.contains("knows of 12, and the ledger holds 10"), "{}", refused.stderr);
    assert_eq!(case.read("ledger/checkpoint"), newest);
}

/// A share that is away when the ledger is opened and back when something is recorded.
#[test]
fn a_second_copy_that_comes_back_is_compared_before_it_is_written() {
    let case = guarded();
    let newest = case.read("share/checkpoint");
    copy(&case, "old", "ledger");
    fs::rename(case.path("share"), case.path("away")).expect("moved");
    let mut ledger = Ledger::own(&case.path("ledger"), &mut |_, _| {}).expect("opened");
    assert!(ledger.warnings().iter().any(|told| told.contains("guards against nothing")));
    fs::rename(case.path("away"), case.path("share")).expect("moved");
    let refused = ledger.ready().expect_err("it knows of more");
    assert!(refused.to_string().contains("knows of 12, and the ledger holds 10"), "{refused}");
    drop(ledger);
    assert_eq!(case.read("share/checkpoint"), newest, "and is not written over");
    case.exits(4, &format!("{POLICY} 27"));
    // One of another ledger is left alone, and one that is none is replaced.
    copy(&case, "old", "ledger");
    let other = String::from_utf8(newest).expect("text").replace("custody.example.jp", "b.example");
    for (there, left) in [(other.as_str(), true), ("", false)] {
        case.write("share/checkpoint", there);
        case.ok("status");
        assert_eq!(case.read("share/checkpoint") == there.as_bytes(), left, "{there}");
    }
}

#[test]
fn what_speaks_against_it_stops_a_ledger_though_it_cannot_be_read() {
    let case = guarded();
    case.write("ledger/known-elsewhere", "torn");
    let refused = case.exits(4, &format!("{POLICY} 27"));
    assert!(refused.stderr.contains("known-elsewhere"), "{}", refused.stderr);
    fs::remove_file(case.path("ledger/known-elsewhere")).expect("removed");
    case.ok(&format!("{POLICY} 27"));
}

/// As a daemon of another user needs what root's commands write.
#[test]
fn a_file_that_is_replaced_keeps_its_readers() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let case = guarded();
    let copied = case.path("share/checkpoint");
    fs::set_permissions(&copied, fs::Permissions::from_mode(0o664)).expect("set");
    case.ok(&format!("{POLICY} 27"));
    assert_eq!(fs::metadata(&copied).expect("there").mode() & 0o777, 0o664);
    assert_eq!(fs::metadata(case.path("ledger/second-copy")).expect("there").mode() & 0o777, 0o640);
}
