//! The commands: recording a search, the dossier's files, and proofs that hold without it.

use std::fs;

use crate::office::Case;

const WITH: &str = "--passphrase-file words";

fn missed() -> Case {
    let case = Case::new();
    case.ok(&format!("missing USB-0422 --detail 棚が空 --by sasaki {WITH}"));
    case
}

#[test]
fn a_search_is_recorded_and_listed() {
    let case = missed();
    let log = case.json(0, "search-log USB-0422");
    assert_eq!(
        (log["known"]["entry"].as_u64(), &log["searches"]),
        (Some(10), &serde_json::json!([]))
    );
    case.ok(&format!(
        "search-log USB-0422 --place 3階会議室 --detail '机と棚をすべて確認' --by sasaki {WITH}"
    ));
    let log = case.json(0, "search-log USB-0422");
    let search = &log["searches"][0];
    assert_eq!((&search["place"], &search["by"]["id"]), (&"3階会議室".into(), &"sasaki".into()));
    assert!(case.ok("search-log USB-0422").contains("机と棚をすべて確認"));
    // What is not missing is not searched for.
    let refused = case.exits(1, &format!("search-log USB-0421 --place 会議室 --by sasaki {WITH}"));
    assert!(refused.stderr.contains("not recorded as missing"), "{}", refused.stderr);
    assert_eq!(case.json(0, "search-log USB-0421")["known"], serde_json::Value::Null);
    // Everything that is wrong at once.
    let wrong = case.exits(2, "search-log USB-0422 --detail x").stderr;
    assert!(wrong.contains("--place") && wrong.contains("--by"), "{wrong}");
    case.exits(1, "search-log USB-9999");
}

#[test]
fn every_proof_holds_with_the_log_key_alone() {
    let case = missed();
    case.ok(&format!("search-log USB-0422 --place 会議室 --by sasaki {WITH}"));
    case.ok("incident USB-0422 --proofs proofs --md incident.md");
    let incident = case.json(0, "incident USB-0422");
    let entries = incident["timeline"].as_array().expect("a timeline");
    let mut files: Vec<_> = fs::read_dir(case.path("proofs"))
        .expect("a folder")
        .map(|file| file.expect("a file").path())
        .collect();
    files.sort();
    assert_eq!(files.len(), entries.len());
    let kinds: Vec<&str> = entries.iter().filter_map(|row| row["kind"].as_str()).collect();
    assert_eq!(kinds, ["register", "handover", "missing", "search"]);
    let markdown = case.text("incident.md");
    for (file, row) in files.iter().zip(entries) {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(markdown.contains(&name.replace('_', "\\_")), "{name}");
        let line = format!("verify proofs/{name} --log-key ledger/log.vkey");
        let verified = case.json(0, &line);
        assert_eq!(verified["verdict"], "passed", "{name}");
        assert_eq!(verified["entry"]["leaf"], row["leaf"], "{name}");
        assert_eq!(verified["entry"]["index"], row["index"], "{name}");
        // One changed letter, and it does not.
        let text = fs::read_to_string(file).expect("text");
        case.write("altered", text.replacen("USB-0422", "USB-0423", 1));
        case.exits(4, "verify altered --log-key ledger/log.vkey");
    }
    // A folder that has them keeps them.
    let again = case.exits(1, "incident USB-0422 --proofs proofs").stderr;
    assert!(again.contains("cannot write"), "{again}");
}

#[test]
fn a_drive_that_nobody_missed_has_no_dossier() {
    let case = Case::new();
    for (code, line, says) in [
        (1, "incident USB-0421", "not recorded as missing"),
        (1, "incident USB-9999", "USB-9999"),
        (2, "incident '? ?'", "MEDIUM"),
    ] {
        let said = case.exits(code, line).stderr;
        assert!(said.contains(says), "{line}: {said}");
    }
}

#[test]
fn reports_are_written_once_and_all_taken_files_are_named() {
    let case = Case::new();
    case.ok("report due --xlsx a.xlsx --csv a.csv --pdf a.pdf");
    assert!(case.read("a.xlsx").starts_with(b"PK") && case.read("a.pdf").starts_with(b"%PDF"));
    let said = case.exits(2, "report due --xlsx a.xlsx --csv a.csv --pdf b.pdf").stderr;
    assert!(said.contains("--xlsx") && said.contains("--csv"), "{said}");
    assert!(!case.path("b.pdf").exists(), "nothing is written where something is taken");
    let said = case.exits(2, "report monthly 2026-13").stderr;
    assert!(said.contains("2026-11"), "how a month is written: {said}");
    case.exits(2, "report monthly 2999-01");
    case.exits(2, "report reconcile --since gestern");
}
