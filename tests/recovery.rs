//! Backups and the way back: the drill of docs/recovery.md as it stands there, a backup
//! while others record, and everything that must not be restored.

mod office;

#[path = "daemon/running.rs"]
#[allow(dead_code)] // the daemon's own tests use the rest
mod running;

#[path = "recovery/daily.rs"]
mod daily;
#[path = "recovery/guards.rs"]
mod guards;

use std::fs;
use std::process::Command;

use media_custody::ops::verify::verify_ledger;
use media_custody::report::Verdict;
use office::drill::{blocks, sh};
use office::{Case, more_entries};
use running::Running;

const WITH: &str = "--passphrase-file words";

/// A case as the document has it, with a document attached and a draft out.
fn at_work() -> Case {
    let case = Case::new();
    case.write("log.vkey", case.read("ledger/log.vkey"));
    let handover = "handover USB-0421 --from yamada --to mori --purpose 印刷 --yes --keep-tokens";
    case.ok(&format!("{handover} {WITH}"));
    case.write("scan.pdf", b"%PDF-1.7 a scan");
    case.ok(&format!("attach SZ-2026-000002 scan.pdf --by yamada --yes {WITH}"));
    case.ok(&format!("return USB-0422 --to yamada --draft back.draft --yes --keep-tokens {WITH}"));
    case
}

#[test]
fn the_drill_goes_as_it_is_written() {
    let case = at_work();
    let blocks = blocks("docs/recovery.md");
    assert_eq!(blocks.len(), 7, "publishing and six steps");
    let ledger = case.read("ledger/checkpoint");
    for block in &blocks {
        let (fine, said) = sh(&case, block);
        assert!(fine, "{block}\n{said}");
        if block.contains("custody restore drill.tar") {
            assert!(said.contains("The log key is there"), "{said}");
            assert_eq!(case.read("drill-ledger/log.pem"), case.read("ledger/log.pem"));
            assert_eq!(
                fs::read_dir(case.path("drill-keys")).expect("keys").count(),
                fs::read_dir(case.path("keys")).expect("keys").count()
            );
            let draft = "drafts/SZ-2026-000003.draft";
            let restored = case.read(&format!("drill-ledger/{draft}"));
            assert_eq!(restored, case.read(&format!("ledger/{draft}")));
            assert!(said.contains("1 attached documents, whole"), "{said}");
        }
        if block.contains("--from-tiles") {
            assert!(said.contains("the document of entry 11 is not there"), "{said}");
            assert!(said.contains("The log key is not there"), "{said}");
        }
    }
    assert_eq!(case.read("ledger/checkpoint"), ledger, "the drill records nothing");
    assert!(!case.path("drill-ledger").exists() && !case.path("drill-tiles").exists());
    // The drill fails where it should: a receipt of an entry that the copy lacks.
    case.ok("backup early.tar");
    case.ok(&format!(
        "handover USB-0421 --from mori --to yamada --purpose 返却 --yes --keep-tokens {WITH}"
    ));
    case.ok("receipt SZ-2026-000004 --file late.receipt");
    case.ok("restore early.tar --ledger early");
    let late = case.exits(4, "verify late.receipt --ledger early");
    assert!(late.stdout.contains("not in the ledger"), "{}", late.stdout);
}

#[test]
fn a_restored_ledger_goes_on() {
    let case = at_work();
    case.ok(&format!("backup it.tar --with-keys {WITH}"));
    fs::rename(case.path("ledger"), case.path("damaged")).expect("moved");
    fs::rename(case.path("keys"), case.path("old-keys")).expect("moved");
    case.ok(&format!("restore it.tar --with-keys --log-key log.vkey {WITH}"));
    case.ok(&format!("policy set --interval-days 14 --by kato --yes {WITH}"));
    case.ok("verify --log-key log.vkey");
    case.ok("fsck");
    let again = case.exits(1, "restore it.tar");
    assert!(again.stderr.contains("already holds a ledger"), "{}", again.stderr);
    let again = case.exits(1, &format!("backup it.tar --with-keys {WITH}"));
    assert!(again.stderr.contains("it.tar"), "{}", again.stderr);
    // Without its keys it can be read and records nothing.
    case.ok("restore it.tar --ledger bare");
    case.ok("log --ledger bare");
    let refused = "policy set --interval-days 14 --by kato --yes --ledger bare";
    let refused = case.exits(1, &format!("{refused} {WITH}"));
    assert!(refused.stderr.contains("log.pem"), "{}", refused.stderr);
    case.write("wrong", "another passphrase\n");
    let wrong = case.exits(1, "restore it.tar --with-keys --ledger no --passphrase-file wrong");
    assert!(wrong.stderr.contains("passphrase"), "{}", wrong.stderr);
    assert!(!case.path("no").exists() && !case.path("no.part").exists());
}

#[test]
fn no_private_key_is_in_a_backup_unasked_or_unencrypted() {
    let case = at_work();
    let names = |backup: &str| {
        let listed = Command::new("tar").arg("-tf").arg(case.path(backup)).output().expect("tar");
        assert!(listed.status.success());
        String::from_utf8(listed.stdout).expect("names")
    };
    case.ok("backup plain.tar");
    assert!(!names("plain.tar").contains("keys/"), "{}", names("plain.tar"));
    case.write("keys/open.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    case.write("keys/open.vkey", "x\n");
    let said = case.ok(&format!("backup keys.tar --with-keys {WITH}"));
    assert!(said.contains("left out: open.pem"), "{said}");
    assert!(!names("keys.tar").contains("open"), "{}", names("keys.tar"));
    let bytes = case.read("keys.tar");
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains("BEGIN PRIVATE KEY") && text.contains("BEGIN ENCRYPTED PRIVATE KEY"));
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(case.path("keys.tar")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let missing = case.exits(2, "backup more.tar --with-keys --no-input");
    assert!(missing.stderr.contains("passphrase"), "{}", missing.stderr);
    assert!(!case.path("more.tar").exists());
}

#[test]
fn damaged_cut_and_foreign_backups_are_refused_and_leave_nothing() {
    let case = at_work();
    more_entries(&case, 250);
    case.ok("backup it.tar");
    let sound = case.read("it.tar");
    let refused = |bytes: &[u8], what: &str| {
        case.write("bad.tar", bytes);
        let done = case.exits(4, "restore bad.tar --ledger back --log-key log.vkey");
        assert!(done.stderr.contains("Nothing was restored"), "{what}: {}", done.stderr);
        assert!(!case.path("back").exists() && !case.path("back.part").exists(), "{what}");
        done.stderr
    };
    // One in each of many places of the file, in turn another bit.
    for at in (0..sound.len()).step_by(sound.len() / 40) {
        let mut flipped = sound.clone();
        flipped[at] ^= 1 << (at % 8);
        refused(&flipped, &format!("byte {at}"));
    }
    for at in [0, 100, 512, sound.len() / 2, sound.len() - 1024, sound.len() - 1] {
        refused(&sound[..at], &format!("cut at {at}"));
    }
    refused(&[&sound[..], b"\0"].concat(), "a byte behind the end");
    refused(b"not a backup at all", "no backup");
    // Sound in itself, and another ledger's: told by the key that is kept elsewhere.
    let other = Case::new();
    other.ok(
        "init --ledger theirs --keys new --origin other.example.jp --organisation O --site S \
         --prefix X --admin kato --admin-name K --custodian yamada --custodian-name Y \
         --zone Asia/Tokyo --passphrase-file words",
    );
    other.ok("backup theirs.tar --ledger theirs");
    let said = refused(&other.read("theirs.tar"), "another ledger");
    assert!(said.contains("another log key"), "{said}");
    case.ok("restore it.tar --ledger back --log-key log.vkey");
    case.ok("verify --ledger back --log-key log.vkey");
    fs::create_dir(case.path("half.part")).expect("made");
    let left = case.exits(1, "restore it.tar --ledger half");
    assert!(left.stderr.contains("half.part"), "{}", left.stderr);
}

/// Names and bytes, in order.
type Members = Vec<(String, Vec<u8>)>;

/// Whoever can write the file can write its sums: then signatures tell.
#[test]
fn a_forged_backup_does_not_verify() {
    use media_custody::store::archive::{ArchiveReader, ArchiveWriter};
    let case = at_work();
    case.ok("backup it.tar");
    let bytes = case.read("it.tar");
    let forge = |change: &dyn Fn(&str, Vec<u8>) -> Members| {
        let mut reader = ArchiveReader::new(&bytes[..]);
        let mut writer = ArchiveWriter::new(Vec::new());
        while let Some(member) = reader.next_member().expect("sound") {
            for (name, bytes) in change(&member.name, member.bytes) {
                writer.add(&name, &bytes).expect("added");
            }
        }
        case.write("forged.tar", writer.finish().expect("finished").1);
        let done = case.run(&office::split("restore forged.tar --ledger back"));
        let _ = fs::remove_dir_all(case.path("back"));
        (done.code, format!("{}{}", done.stdout, done.stderr))
    };
    let same = |name: &str, bytes: Vec<u8>| vec![(name.to_owned(), bytes)];
    assert_eq!(forge(&|name, bytes| same(name, bytes)).0, 0, "unchanged, it is restored");
    let (code, said) = forge(&|name, mut bytes| {
        if name.starts_with("tile/entries") {
            let name = "さくら".as_bytes();
            let at = bytes.windows(name.len()).position(|w| w == name).expect("a name");
            bytes[at..at + 9].copy_from_slice("すみれ".as_bytes());
        }
        same(name, bytes)
    });
    assert_eq!(code, 4, "an altered entry: {said}");
    let (code, said) = forge(&|name, bytes| match name {
        "checkpoint" => vec![],
        _ => same(name, bytes),
    });
    assert!(code == 4 && said.contains("no signed checkpoint"), "{said}");
    let (code, said) = forge(&|name, bytes| match name {
        "checkpoint" => vec![(name.to_owned(), bytes), ("../evil".replace("../", "e"), vec![])],
        _ => same(name, bytes),
    });
    assert!(code == 4 && said.contains("which no backup has"), "{said}");
    let (code, said) = forge(&|name, bytes| match name.strip_prefix("attachments/") {
        Some(_) => same(name, b"%PDF-1.7 another".to_vec()),
        None => same(name, bytes),
    });
    assert!(code == 0 && said.contains("is not what was attached"), "it is said: {said}");
    let (code, said) = forge(&|name, bytes| match name {
        "tile/0/000.p/12" => same(name, vec![0; bytes.len()]),
        _ => same(name, bytes),
    });
    assert!(code == 4 && said.contains("does not follow from the entries"), "{said}");
}

#[test]
fn published_tiles_that_are_cut_or_altered_are_not_restored() {
    let case = at_work();
    more_entries(&case, 300);
    case.ok("publish www");
    let file = "www/tile/entries/001.p/56";
    let sound = case.read(file);
    for (what, bytes) in [
        ("cut", sound[..sound.len() - 3].to_vec()),
        ("altered", [&sound[..300], &[sound[300] ^ 1], &sound[301..]].concat()),
    ] {
        case.write(file, bytes);
        let done = case.exits(4, "restore --from-tiles www --ledger back --log-key log.vkey");
        assert!(done.stderr.contains("Nothing was restored"), "{what}: {}", done.stderr);
        assert!(!case.path("back").exists() && !case.path("back.part").exists(), "{what}");
    }
    fs::remove_file(case.path(file)).expect("removed");
    case.exits(4, "restore --from-tiles www --ledger back --log-key log.vkey");
    case.write(file, sound);
    case.ok("restore --from-tiles www --ledger back --log-key log.vkey");
}

#[test]
fn a_backup_is_one_state_while_a_daemon_records() {
    let case = at_work();
    more_entries(&case, 300);
    let daemon = Running::start(&case);
    let taken = std::thread::scope(|scope| {
        let recording = scope.spawn(|| {
            for days in [29, 28, 27, 26] {
                case.ok(&format!("policy set --interval-days {days} --by kato --yes {WITH}"));
            }
        });
        let mut taken = Vec::new();
        while !recording.is_finished() || taken.is_empty() {
            let file = format!("{}.tar", taken.len());
            taken.push((case.json(0, &format!("backup {file}")), file));
        }
        taken
    });
    daemon.end();
    for (report, file) in taken {
        let folder = format!("of-{file}");
        case.ok(&format!("restore {file} --ledger {folder} --log-key log.vkey"));
        let _quiet = office::quiet();
        let seen = verify_ledger(&case.path(&folder), None, &mut |_, _| {}).expect("verified");
        assert_eq!(seen.verdict, Verdict::Passed, "{file}");
        assert_eq!(report["entries"], seen.entries, "{file}");
    }
}

#[test]
fn a_backup_goes_down_a_pipe() {
    let case = at_work();
    let done = sh(&case, "custody backup - > piped.tar && custody restore piped.tar --ledger back");
    assert!(done.0, "{}", done.1);
    case.ok("backup file.tar");
    let same = |name: &str| case.read(name)[1024..].to_vec();
    assert_eq!(same("piped.tar").len(), same("file.tar").len());
}

#[test]
fn receipts_prove_what_they_prove_and_no_more() {
    let case = at_work();
    fs::create_dir_all(case.path("collected/さくら印刷")).expect("made");
    case.write("collected/さくら印刷/old.receipt", case.read("held.receipt"));
    case.ok("receipt SZ-2026-000002 --file collected/paper.receipt --pdf collected/paper.pdf");
    let altered = case.text("held.receipt").replacen("3775", "3776", 1);
    case.write("collected/altered.receipt", altered);
    case.write("collected/letter.txt", "Dear all,\n");
    fs::remove_dir_all(case.path("ledger")).expect("a total loss");
    let seen = case.json(3, "import-receipts collected --log-key log.vkey --to proven");
    let indices: Vec<u64> = seen["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter_map(|e| e["index"].as_u64())
        .collect();
    assert_eq!(indices, [9, 10], "{seen}");
    let pdf = if cfg!(feature = "raster") { 2 } else { 1 };
    assert_eq!(seen["entries"][1]["files"].as_array().expect("files").len(), pdf, "{seen}");
    assert_eq!(seen["gaps"][0], serde_json::json!({"from": 0, "to": 8}));
    assert_eq!(seen["known"], 12, "{seen}");
    assert_eq!(seen["gaps"][1], serde_json::json!({"from": 11, "to": 11}));
    let left: Vec<&str> = seen["left_out"]
        .as_array()
        .expect("files")
        .iter()
        .filter_map(|e| e["file"].as_str())
        .collect();
    assert!(left.contains(&"altered.receipt") && left.contains(&"letter.txt"), "{left:?}");
    let text = case.text("proven/report.txt");
    assert!(text.contains("2 entries proven, of 12 that are known of"), "{text}");
    assert!(text.contains("that these were all"), "it claims no completeness: {text}");
    let csv = case.text("proven/report.csv");
    assert_eq!(csv.lines().count(), 5, "{csv}");
    case.ok("verify proven/entries/000009.receipt --log-key log.vkey");
    let json: serde_json::Value =
        serde_json::from_str(&case.text("proven/report.json")).expect("JSON");
    assert_eq!(json, seen);
    let again = case.exits(1, "import-receipts collected --log-key log.vkey --to proven");
    assert!(again.stderr.contains("not empty"), "{}", again.stderr);
    // Under another key they prove nothing.
    case.ok("init --ledger theirs --keys new --origin other.example.jp --organisation O --site S \
         --prefix X --admin kato --admin-name K --custodian yamada --custodian-name Y \
         --zone Asia/Tokyo --passphrase-file words");
    let none = case.json(3, "import-receipts collected --log-key theirs/log.vkey");
    assert_eq!(none["entries"], serde_json::json!([]));
}

#[test]
fn receipts_of_two_histories_are_called_that() {
    let case = Case::new();
    case.write("log.vkey", case.read("ledger/log.vkey"));
    case.ok(&format!("backup it.tar --with-keys {WITH}"));
    case.ok(&format!("restore it.tar --ledger fork --with-keys {WITH}"));
    fs::create_dir(case.path("collected")).expect("made");
    for (ledger, purpose) in [("ledger", "印刷"), ("fork", "製本")] {
        let handover = "handover USB-0421 --from yamada --to sato --yes --keep-tokens";
        case.ok(&format!("{handover} --purpose {purpose} --ledger {ledger} {WITH}"));
        let file = format!("collected/{ledger}.receipt");
        case.ok(&format!("receipt SZ-2026-000002 --file {file} --ledger {ledger}"));
    }
    let seen = case.json(4, "import-receipts collected --log-key log.vkey");
    let said = seen["contradictions"].to_string();
    assert!(said.contains("two histories of 11 entries"), "{said}");
    assert!(said.contains("two entries 10"), "{said}");
}
