//! Telling people: who is told what, in which words; the outbox, which forgets nothing
//! and tells nobody twice; mail and webhooks against servers that are kind, slow, absent
//! or hostile; the calendar and the metrics, read by software that is not ours.

#[path = "office/mod.rs"]
mod office;

#[path = "notify/desk.rs"]
mod desk;
#[path = "notify/files.rs"]
mod files;
#[path = "notify/ladder.rs"]
mod ladder;
#[path = "notify/mail.rs"]
mod mail;
#[path = "notify/outbox.rs"]
mod outbox;
#[path = "notify/sink.rs"]
mod sink;
#[path = "notify/web.rs"]
mod web;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use media_custody::ledger::{Presence, State};
use media_custody::model::Stamp;
use media_custody::notify::{Message, Patience, Settings, Topic};
use media_custody::report::Notices;

use office::{Case, of};

/// Tuesday, 20 January 2026 is the day on which USB-0422 is due back.
pub fn moment(text: &str) -> Stamp {
    of(text)
}

/// The office's state as its entries make it.
pub fn state() -> State {
    Case::new().ledger().state().clone()
}

/// The office with USB-0421 not found on 21 January.
pub fn with_one_missing() -> State {
    let mut state = state();
    let since = moment("2026-01-21T10:00:00+09:00");
    let medium = state.media.get_mut(&of("USB-0421")).expect("there");
    medium.presence = Presence::Missing { since, index: 9 };
    state
}

pub fn notices(state: &State, now: &str) -> Notices {
    Notices::new(state, moment(now))
}

pub fn settings(text: &str) -> Settings {
    let read = Settings::parse(text, Path::new("/nowhere"));
    read.unwrap_or_else(|faults| panic!("{faults:#?}")).expect("a table notify")
}

pub fn message(text: &str) -> Message {
    Message {
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        topic: Topic::Missing,
        subject: "[custody] 所在不明 MISSING USB-0421".to_owned(),
        text: text.to_owned(),
        json: "{\"form\":\"custody-notice/1\"}".to_owned(),
    }
}

/// As much patience as a test has.
pub fn impatient() -> Patience {
    Patience {
        connect: Duration::from_millis(800),
        answer: Duration::from_millis(800),
        whole: Duration::from_secs(4),
    }
}

/// Debian's Python with these modules; where tests must not be skipped, a missing one
/// fails.
pub fn python(modules: &str) -> Option<&'static str> {
    let has = |python: &&str| {
        let tried = Command::new(python).args(["-c", &format!("import {modules}")]).output();
        tried.is_ok_and(|done| done.status.success())
    };
    let found = ["/usr/bin/python3", "python3"].into_iter().find(has);
    if found.is_none() {
        let required = std::env::var("CUSTODY_REQUIRE_TOOLS").is_ok_and(|word| word == "1");
        assert!(!required, "no Python with {modules}");
        eprintln!("skipped: no Python with {modules}");
    }
    found
}

/// Compares with a golden file, or writes it when asked to.
pub fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/notices").join(name);
    if std::env::var_os("CUSTODY_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, found).expect("golden file");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{name}");
}

/// `cert` and `key` for localhost in this folder, signed by the authority `ca`.
pub fn certificate(folder: &Path) {
    let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority = ["-subj", "/CN=authority", "-addext", "basicConstraints=critical,CA:TRUE"];
    let files = ["-keyout", "ca.key", "-out", "ca"];
    let leaf = ["-subj", "/CN=localhost", "-addext", "basicConstraints=critical,CA:FALSE"];
    let signed = ["-addext", "subjectAltName=DNS:localhost", "-CA", "ca", "-CAkey", "ca.key"];
    let named = ["-keyout", "key", "-out", "cert"];
    for arguments in [[&authority[..], &files].concat(), [&leaf[..], &signed, &named].concat()] {
        let done = Command::new("openssl")
            .args(["req", "-x509", "-days", "2"])
            .args(ec)
            .args(arguments)
            .current_dir(folder)
            .output()
            .expect("openssl runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}
