//! The log key in memory: in one place while a ledger is open to be written, so that a
//! daemon signs without reading files, and nowhere else.

use std::fs;

use media_custody::keyring::load_log_key;
use media_custody::ops::Passphrase;
use media_custody::ops::keys::Keyring;
use media_custody::wire::signature::SigningKey;

use crate::memory::{Memory, root};
use crate::office::{Case, WORDS};
use crate::running::Running;
use crate::{HANDOVER, LONG, key_of, memory_of, sealed_anew, stopped_at_its_answer};

const WITH: &str = "--yes --passphrase-file words";

fn key_in(case: &Case, file: &str, vkey: &str) -> SigningKey {
    let named = case.text(vkey).trim().parse().expect("a vkey");
    load_log_key(&case.path(file), &named).expect("the log key")
}

#[test]
fn a_command_that_signed_a_checkpoint_has_the_log_key_once() {
    if !root() {
        return;
    }
    let case = Case::new();
    let (log, yamada) =
        (key_in(&case, "ledger/log.pem", "ledger/log.vkey"), key_of(&case, "yamada"));
    let (path, before) = (case.path("ledger/checkpoint"), case.read("ledger/checkpoint"));
    let done = move || fs::read(&path).is_ok_and(|now| now != before);
    let line = format!("{HANDOVER} --json {WITH}");
    let memory = memory_of(stopped_at_its_answer(&case, &line, &done));
    memory.holds_once(&log);
    memory.lacks(&yamada);
    assert_eq!(memory.places(WORDS.as_bytes()), [""; 0]);
}

#[test]
fn a_daemon_has_the_log_key_once_whatever_it_recorded() {
    if !root() {
        return;
    }
    let case = Case::new();
    let log = key_in(&case, "ledger/log.pem", "ledger/log.vkey");
    let daemon = Running::start(&case);
    // It began by seeing whether it could sign.
    Memory::of(daemon.pid()).holds_once(&log);
    case.ok(&format!("{HANDOVER} {WITH}"));
    for turn in 0..3 {
        case.ok(&format!("confirm USB-0421 --by kato --detail 'turn {turn}' {WITH}"));
    }
    case.ok("receipt SZ-2026-000002 --file later.receipt");
    let memory = Memory::of(daemon.pid());
    memory.holds_once(&log);
    // Of people's keys it never learned anything but signatures.
    for who in ["yamada", "sasaki", "kato"] {
        memory.lacks(&key_of(&case, who));
    }
    assert_eq!(memory.places(WORDS.as_bytes()), [""; 0]);
    daemon.end();
}

#[test]
fn a_replaced_log_key_is_gone_and_the_new_one_is_there_once() {
    if !root() {
        return;
    }
    let case = Case::new();
    let old = key_in(&case, "ledger/log.pem", "ledger/log.vkey");
    let path = case.path("ledger/log.old.pem");
    let line = format!("ledger replace-key --by kato --json {WITH}");
    let stopped = stopped_at_its_answer(&case, &line, &move || path.exists());
    let new = key_in(&case, "ledger/log.pem", "ledger/log.vkey");
    let memory = memory_of(stopped);
    memory.holds_once(&new);
    memory.lacks(&old);
    // While they overlap a daemon has the old one only for as long as it signs.
    let daemon = Running::start(&case);
    case.ok(&format!("{HANDOVER} {WITH}"));
    let memory = Memory::of(daemon.pid());
    memory.holds_once(&new);
    memory.lacks(&old);
    daemon.end();
}

#[test]
fn keys_that_are_made_imported_or_saved_stay_nowhere() {
    if !root() {
        return;
    }
    let case = Case::new();
    sealed_anew(&case, "sasaki");
    let log = key_in(&case, "ledger/log.pem", "ledger/log.vkey");
    let stopped = |line: &str, made: &str| {
        let path = case.path(made);
        memory_of(stopped_at_its_answer(&case, line, &move || path.exists()))
    };
    let words = Passphrase::new(LONG.to_owned()).expect("passphrase");
    let keyring = Keyring::at(&case.path("keys"));
    for (line, name) in [
        ("key new fresh.example.jp", "fresh.example.jp"),
        ("key import again.example.jp --from ledger/log.pem --unencrypted", "again.example.jp"),
    ] {
        let line = format!("{line} --json --passphrase-file long");
        let memory = stopped(&line, &format!("keys/{name}.pem"));
        let made = keyring.list().into_iter().find(|key| key.name().as_str() == name);
        memory.lacks(&keyring.open(&made.expect("made"), &words).expect("opens"));
        assert_eq!(memory.traces("the passphrase", LONG.as_bytes()), [""; 0]);
    }
    let memory = stopped("backup it.tar --with-keys --json --passphrase-file long", "it.tar");
    memory.lacks(&log);
    assert_eq!(memory.traces("the passphrase", LONG.as_bytes()), [""; 0]);
    let memory = stopped(
        "restore it.tar --with-keys --json --ledger back --keys back-keys --passphrase-file long \
         --log-key ledger/log.vkey",
        "back/log.pem",
    );
    memory.lacks(&log);
    assert_eq!(memory.traces("the passphrase", LONG.as_bytes()), [""; 0]);
    let line = "init --json --ledger other --keys other-keys --origin other.example.jp/a \
                --organisation 他 --site 他 --prefix OT --admin kato --admin-name 加藤 \
                --custodian yamada --custodian-name 山田 --zone Asia/Tokyo --passphrase-file long";
    let memory = stopped(line, "other/log.pem");
    memory.holds_once(&key_in(&case, "other/log.pem", "other/log.vkey"));
    assert_eq!(memory.traces("the passphrase", LONG.as_bytes()), [""; 0]);
}

#[test]
fn a_station_s_key_is_held_once_and_its_passphrase_not_at_all() {
    if !root() {
        return;
    }
    let case = Case::new();
    let station = sealed_anew(&case, "spare");
    crate::cabinet_of_spare(&case);
    let daemon = Running::start_with(&case, |command| {
        command.args(["--config", "config.toml"]);
    });
    daemon.says("roll-call recorded");
    let memory = Memory::of(daemon.pid());
    memory.holds_once(&station);
    memory.holds_once(&key_in(&case, "ledger/log.pem", "ledger/log.vkey"));
    assert_eq!(memory.traces("the passphrase", LONG.as_bytes()), [""; 0]);
    daemon.end();
}
