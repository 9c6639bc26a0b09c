//! The log key replaced while a daemon owns the ledger and signs with it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use media_custody::proof::checkpoint::SignedCheckpoint;

use crate::office::{self, Case, NOBODY, Ran, ran, split};
use crate::running::Running;
use crate::ssh::SshAgent;
use crate::{HANDOVER, REPLACE, WITH, key, tools};

/// The files of log keys in the ledger's folder.
fn key_files(case: &Case) -> Vec<String> {
    let entries = fs::read_dir(case.path("ledger")).expect("a folder");
    let names = entries.map(|entry| entry.expect("one").file_name().into_string().expect("text"));
    let mut names: Vec<_> = names.filter(|name| name.starts_with("log.")).collect();
    names.sort();
    names
}

/// Whether the newest checkpoint is by the key that was and by the one that is.
fn signed_by(case: &Case) -> [bool; 2] {
    let checkpoint = SignedCheckpoint::parse(&case.read("ledger/checkpoint")).expect("one");
    ["old.vkey", "ledger/log.vkey"].map(|file| checkpoint.verify(&key(case, file)).is_ok())
}

/// A case in which the vkey of now is `old.vkey`.
fn case() -> Case {
    let case = Case::new();
    case.write("old.vkey", case.read("ledger/log.vkey"));
    case
}

#[test]
fn through_a_daemon_it_is_replaced_and_the_daemon_goes_on_with_both() {
    let case = case();
    let daemon = Running::start(&case);
    case.ok(&format!("{REPLACE} {WITH}"));
    assert_eq!(key_files(&case), ["log.old.pem", "log.pem", "log.vkey"]);
    assert_ne!(key(&case, "ledger/log.vkey"), key(&case, "old.vkey"));
    assert_eq!(signed_by(&case), [true, true]);
    case.ok(&format!("{HANDOVER} --receipt-file now.receipt {WITH}"));
    assert_eq!(signed_by(&case), [true, true]);
    case.ok("verify now.receipt --log-key old.vkey");
    case.ok("verify now.receipt --log-key ledger/log.vkey");
    // Once more, without an overlap: it leaves off the first and the second at once.
    case.write("old.vkey", case.read("ledger/log.vkey"));
    case.ok(&format!("{REPLACE} --reason compromised {WITH}"));
    assert_eq!(signed_by(&case), [false, true]);
    let log = daemon.end();
    assert!(log.contains("(log-key) from process"), "{log}");
    let daemon = Running::start(&case);
    case.ok(&format!("return USB-0421 --to yamada --keep-tokens {WITH}"));
    daemon.end();
    case.ok("verify --log-key old.vkey");
    case.ok("fsck");
}

/// Gives everything below to nobody.
fn give_to_nobody(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).expect("given");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder") {
            give_to_nobody(&entry.expect("one").path());
        }
    }
}

/// A daemon of the user nobody, as a service has one of its own.
fn service(case: &Case) -> Running {
    case.write(office::READER, fs::read(office::program()).expect("read"));
    give_to_nobody(&case.path(""));
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(case.path(office::READER), mode.clone()).expect("a mode");
    fs::set_permissions(case.path(""), mode).expect("a mode");
    fs::set_permissions(case.path("ledger"), fs::Permissions::from_mode(0o2770)).expect("a mode");
    fs::set_permissions(case.path("ledger/log.pem"), fs::Permissions::from_mode(0o600))
        .expect("a mode");
    let daemon = Running::start(case);
    fs::rename(case.path(office::READER), case.path("program")).expect("renamed");
    daemon
}

fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    let required = std::env::var("CUSTODY_REQUIRE_ROOT_TESTS").is_ok_and(|word| word == "1");
    assert!(root || !required, "running a daemon as another user takes root");
    root
}

#[test]
fn root_replaces_it_for_a_daemon_of_another_user() {
    if !is_root() {
        return;
    }
    let case = case();
    let daemon = service(&case);
    case.ok(&format!("{REPLACE} {WITH}"));
    for name in ["log.pem", "log.old.pem"] {
        let file = fs::metadata(case.path("ledger").join(name)).expect("a file");
        assert_eq!((file.uid(), file.mode() & 0o777), (NOBODY, 0o600), "{name}");
    }
    case.ok(&format!("{HANDOVER} {WITH}"));
    assert_eq!(signed_by(&case), [true, true]);
    daemon.end();
}

#[test]
fn who_may_not_read_it_is_refused_and_nothing_is_begun() {
    if !is_root() {
        return;
    }
    let case = case();
    let daemon = service(&case);
    let before = key_files(&case);
    // Of the ledger's group, and of nothing else.
    let done = ran(case.command().args(split(&format!("{REPLACE} {WITH}"))).uid(1234).gid(NOBODY));
    assert_eq!(done.code, 1, "{}", done.stdout);
    for words in ["log.pem", "Permission denied", "Nothing was recorded"] {
        assert!(done.stderr.contains(words), "{}", done.stderr);
    }
    assert_eq!(key_files(&case), before);
    case.ok(&format!("{HANDOVER} {WITH}"));
    daemon.end();
}

#[test]
fn a_daemon_without_the_agent_takes_no_key_of_it() {
    if !tools::there(&["ssh-agent", "ssh-add", "ssh-keygen"]) {
        return;
    }
    let case = case();
    let agent = SshAgent::start(&case.path(""), "/bin/true");
    agent.key("log-id", "ed25519", &[]);
    let run = |line: &str| -> Ran {
        ran(case.command().args(split(line)).env("SSH_AUTH_SOCK", agent.socket()))
    };
    let daemon = Running::start(&case);
    let entries = case.json(0, "status")["entries"].clone();
    let refused = run(&format!("{REPLACE} --in-agent {WITH}"));
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stderr.contains("SSH_AUTH_SOCK"), "{}", refused.stderr);
    assert_eq!(case.json(0, "status")["entries"], entries);
    assert_eq!(case.read("ledger/log.vkey"), case.read("old.vkey"));
    // It goes on, and what the try left behind is in nobody's way: neither of a key in a
    // file, nor of another key in the agent.
    case.ok(&format!("{HANDOVER} {WITH}"));
    agent.ok("ssh-add", &["-q", "-D"]);
    agent.key("second-id", "ed25519", &[]);
    let refused = run(&format!("{REPLACE} --in-agent {WITH}"));
    assert!(refused.stderr.contains("SSH_AUTH_SOCK"), "{}", refused.stderr);
    case.ok(&format!("{REPLACE} {WITH}"));
    assert_eq!(signed_by(&case), [true, true]);
    assert!(!case.path("ledger/log.pub").exists(), "{:?}", key_files(&case));
    daemon.end();
    case.ok("verify");
    // Without the daemon the agent's key is taken.
    case.write("old.vkey", case.read("ledger/log.vkey"));
    assert_eq!(run(&format!("{REPLACE} --in-agent {WITH}")).code, 0);
    assert_eq!(key_files(&case), ["log.old.pem", "log.pub", "log.vkey"]);
    assert_eq!(signed_by(&case), [true, true]);
}
