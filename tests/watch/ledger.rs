//! A watch beside a ledger that others own, and the file it keeps.

use std::fs;

use media_custody::ops::follow::Onlooker;
use media_custody::ops::handover::hand_over;
use media_custody::ops::watch::EventLog;
use serde_json::Value;

use crate::office::{Case, handover, submit};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn an_onlooker_sees_what_the_owner_appends() {
    for snapshot in ["kept", "lost", "of another ledger"] {
        let case = Case::new();
        match snapshot {
            "lost" => fs::remove_file(case.path("ledger/state")).expect("removed"),
            "of another ledger" => {
                let mut bytes = case.read("ledger/state");
                bytes[40] ^= 1;
                let end = bytes.len() - 4;
                let sum = crc32c::crc32c(&bytes[..end]).to_be_bytes();
                bytes[end..].copy_from_slice(&sum);
                case.write("ledger/state", bytes);
            }
            _ => {}
        }
        // The owner holds the lock all the time.
        let mut owner = case.ledger();
        let mut onlooker = Onlooker::open(&case.path("ledger")).expect("looks on");
        assert_eq!(onlooker.state().expect("a state"), owner.state(), "{snapshot}");
        for (from, to) in [("yamada", "sasaki"), ("sasaki", "yamada")] {
            let draft = hand_over(&owner, handover("USB-0421", from, to)).expect("decided");
            submit(&mut owner, draft, &case.keys());
            assert_eq!(onlooker.state().expect("a state"), owner.state(), "{snapshot}");
        }
        let folder = case.path("ledger");
        drop(owner);
        fs::remove_dir_all(&folder).expect("removed");
        assert!(onlooker.state().is_err(), "there is no ledger any more");
    }
}

#[test]
fn another_ledger_in_the_folder_is_read_anew() {
    let (case, other) = (Case::new(), Case::new());
    let mut owner = other.ledger();
    let draft = hand_over(&owner, handover("USB-0421", "yamada", "sasaki")).expect("decided");
    submit(&mut owner, draft, &other.keys());
    let mut onlooker = Onlooker::open(&other.path("ledger")).expect("looks on");
    let expected = onlooker.state().expect("a state").clone();
    let mut first = case.ledger();
    let draft = hand_over(&first, handover("USB-0421", "yamada", "sasaki")).expect("decided");
    submit(&mut first, draft, &case.keys());
    let mut onlooker = Onlooker::open(&case.path("ledger")).expect("looks on");
    // One entry further, so that there is something to read that does not follow.
    let draft = hand_over(&owner, handover("USB-0421", "sasaki", "yamada")).expect("decided");
    submit(&mut owner, draft, &other.keys());
    drop(first);
    fs::remove_dir_all(case.path("ledger/journal")).expect("removed");
    fs::create_dir(case.path("ledger/journal")).expect("made");
    for file in fs::read_dir(other.path("ledger/journal")).expect("a folder") {
        let file = file.expect("a file");
        fs::copy(file.path(), case.path("ledger/journal").join(file.file_name())).expect("copied");
    }
    assert_ne!(*onlooker.state().expect("a state"), expected);
    assert_eq!(onlooker.state().expect("a state"), owner.state());
}

#[test]
fn the_program_watches_while_another_process_has_the_ledger() {
    let case = Case::new();
    let owner = case.ledger();
    // Starting a process while the lock is held is what this is about.
    let output = case.command().args(["watch", "--json"]).output().expect("custody runs");
    assert!(output.status.success(), "{output:?}");
    let events = lines(&String::from_utf8(output.stdout).expect("UTF-8"));
    drop(owner);
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds.first(), Some(&"begun"));
    assert_eq!(kinds.last(), Some(&"ended"));
    let known = &events[1]["device"]["known"];
    assert_eq!(
        (known["medium"].as_str(), known["holder"]["id"].as_str()),
        (Some("USB-0421"), Some("yamada"))
    );
    let alarmed = events.iter().any(|event| {
        let alarms = event["device"]["alarms"].as_array();
        alarms.is_some_and(|alarms| {
            alarms.iter().any(|a| a.as_str().unwrap().contains("interfaces-drift"))
        })
    });
    assert!(alarmed, "{events:?}");
    assert!(events.iter().all(|event| event["notices"].as_array().is_some_and(Vec::is_empty)));
}

#[test]
fn the_text_says_whose_custody_it_is_in() {
    let case = Case::new();
    let said = case.ok("watch");
    assert!(said.contains("LEFT 2-1\nUSB-0421"), "{said}");
    assert!(said.contains("Custody of  山田 花子"), "{said}");
    assert!(said.contains("ALARM") && said.contains("ARRIVED at 2-1, identified in"), "{said}");
    let one = case.ok("watch --count 1");
    assert_eq!(one.matches("LEFT").count() + one.matches("ARRIVED").count(), 1, "{one}");
}

#[test]
fn without_a_ledger_nothing_is_said_of_registration() {
    let case = Case::empty();
    let output = case.command().env_remove("CUSTODY_LEDGER").args(["watch", "--json"]).output();
    let events = lines(&String::from_utf8(output.expect("runs").stdout).expect("UTF-8"));
    assert_eq!(events[0]["notices"][0], "no ledger was asked");
    assert!(events.iter().all(|event| event["device"]["known"].is_null()));
}

#[test]
fn what_is_kept_is_only_ever_added_to() {
    let case = Case::new();
    let shown = case.ok("watch --json --record events.jsonl");
    assert_eq!(case.text("events.jsonl"), shown, "what is shown is what is kept");
    // A power cut in the middle of a line.
    let torn = format!("{shown}{{\"event\":\"arri");
    case.write("events.jsonl", &torn);
    let again = case.ok("watch --json --count 1 --record events.jsonl");
    assert_eq!(case.text("events.jsonl"), format!("{torn}\n{again}"));
    let lines = lines(&again);
    assert_eq!(lines.last().expect("a line")["event"], "ended");
    drop(EventLog::open(&case.path("events.jsonl")).expect("opens"));
    assert_eq!(case.text("events.jsonl"), format!("{torn}\n{again}"), "opening adds nothing");
}
