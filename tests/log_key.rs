//! The log key: replaced with and without overlap, taken from a systemd credential and from
//! an ssh-agent; and what must not pass for a replacement.

mod office;

#[path = "log_key/daemon.rs"]
mod daemon;
#[path = "log_key/overlap.rs"]
mod overlap;
#[path = "daemon/running.rs"]
#[allow(dead_code)] // the daemon's own tests use the rest
mod running;
#[path = "agent/ssh.rs"]
mod ssh;
#[path = "paper/tools.rs"]
mod tools;

use media_custody::audit::Auditor;
use media_custody::model::VerifierKey;
use media_custody::proof::checkpoint::{Checkpoint, SignedCheckpoint};
use media_custody::wire::Note;
use media_custody::wire::signature::{Signer as _, SigningKey, sign_statement};
use office::{Case, ran, split};
use ssh::SshAgent;

const WITH: &str = "--yes --passphrase-file words";
const REPLACE: &str = "ledger replace-key --by kato";
const HANDOVER: &str = "handover USB-0421 --from yamada --to sasaki --purpose 点検 --keep-tokens";

fn key(case: &Case, file: &str) -> VerifierKey {
    case.text(file).trim().parse().expect("a vkey")
}

/// A case whose log key was replaced; the old vkey is in `old.vkey`.
fn replaced(more: &str) -> Case {
    let case = Case::new();
    case.write("old.vkey", case.read("ledger/log.vkey"));
    case.ok(&format!("{REPLACE} {more} {WITH}"));
    case
}

#[test]
fn while_keys_overlap_both_verify_and_each_says_what_is_new() {
    let case = replaced("");
    let (old, new) = (key(&case, "old.vkey"), key(&case, "ledger/log.vkey"));
    assert_ne!(old, new);
    assert_eq!(case.text("ledger/log.pem").len(), case.text("ledger/log.old.pem").len());
    let checkpoint = SignedCheckpoint::parse(&case.read("ledger/checkpoint")).expect("one");
    checkpoint.verify(&old).expect("by the old key");
    checkpoint.verify(&new).expect("by the new key");

    let by_old = case.json(0, "verify --log-key old.vkey");
    assert_eq!(by_old["log_key_replaced"]["vkey"], new.to_string());
    assert_eq!(
        case.json(0, "verify --log-key ledger/log.vkey")["log_key_replaced"],
        serde_json::Value::Null
    );
    case.ok("verify");
    let said = case.ok("verify --log-key old.vkey");
    let said: String = said.split_whitespace().collect();
    assert!(said.contains(&new.to_string()), "{said}");

    // A receipt made now: by either key, and the old one is told of the new.
    case.ok(&format!("{HANDOVER} --receipt-file now.receipt {WITH}"));
    let by_old = case.json(0, "verify now.receipt --log-key old.vkey");
    assert!(by_old["checks"].to_string().contains("is being replaced"), "{by_old}");
    case.ok("verify now.receipt --log-key ledger/log.vkey");
    case.ok("verify now.receipt");
    // One made before: by the key of its time, and by the ledger, which knows both.
    case.ok("verify held.receipt --log-key old.vkey");
    case.ok("verify held.receipt");
    let late = case.exits(4, "verify held.receipt --log-key ledger/log.vkey");
    assert!(late.stdout.contains("may have been replaced"), "{}", late.stdout);
    // Published, backed up and restored, with either key.
    case.ok("publish www");
    case.ok("verify --tiles www --log-key old.vkey");
    case.ok("verify --tiles www --log-key ledger/log.vkey");
    case.ok("backup it.tar");
    case.ok("restore it.tar --ledger back --log-key old.vkey");
    assert_eq!(key(&case, "back/log.vkey"), new);
}

#[test]
fn without_an_overlap_the_old_key_signs_nothing_more_but_leads_on() {
    let case = replaced("--reason compromised");
    let (old, new) = (key(&case, "old.vkey"), key(&case, "ledger/log.vkey"));
    let checkpoint = SignedCheckpoint::parse(&case.read("ledger/checkpoint")).expect("one");
    checkpoint.verify(&new).expect("by the new key");
    checkpoint.verify(&old).expect_err("not by the old key");
    assert_eq!(case.json(0, "verify --log-key old.vkey")["verdict"], "passed");
    case.ok(&format!("{HANDOVER} --receipt-file now.receipt {WITH}"));
    case.exits(4, "verify now.receipt --log-key old.vkey");
    case.ok("verify now.receipt --log-key ledger/log.vkey");
    // And once more: the first key leads over the second to the third.
    case.ok(&format!("{REPLACE} {WITH}"));
    let now = case.json(0, "verify --log-key old.vkey");
    assert_eq!(now["log_key_replaced"]["vkey"], key(&case, "ledger/log.vkey").to_string());
    // A key of another log leads nowhere.
    let keys = case.keys();
    case.write("other.vkey", format!("{}\n", keys[0].key()));
    case.exits(4, "verify --log-key other.vkey");
}

#[test]
fn a_checkpoint_by_the_replaced_key_alone_is_none() {
    let case = replaced("");
    let now = SignedCheckpoint::parse(&case.read("ledger/checkpoint")).expect("one");
    let now = now.checkpoint().clone();
    let origin = key(&case, "old.vkey");
    let old = media_custody::keyring::load_log_key(&case.path("ledger/log.old.pem"), &origin);
    let old = old.expect("the old key");
    let alone = Checkpoint::new(now.origin(), now.size(), *now.root()).expect("one");
    case.write("ledger/checkpoint", alone.sign(&old).expect("signed").to_bytes());
    let found = case.json(4, "verify --log-key old.vkey");
    assert!(found["findings"].to_string().contains("may have been replaced"), "{found}");
    case.exits(4, "verify");
}

#[test]
fn a_replacement_that_the_old_key_did_not_sign_is_found() {
    let case = replaced("");
    let ledger = case.ledger();
    let size = ledger.store().head().size;
    let mut notes = ledger.store().read(0..size).expect("read");
    drop(ledger);
    let last = Note::parse(notes.last().expect("one")).expect("a note");
    let thief = SigningKey::from_seed(key(&case, "old.vkey").name().clone(), &[3; 32]);
    let kato = case.keys().into_iter().find(|key| key.key().name().as_str().starts_with("kato"));
    let kato = kato.expect("kato");
    let new = key(&case, "ledger/log.vkey");
    let stolen = last.text().replace(&new.to_string(), &thief.key().to_string());
    // The thief signs for both log keys, with the administrator's help even.
    let note = sign_statement(&stolen, &[&thief, &kato]).expect("signed");
    *notes.last_mut().expect("one") = note.to_bytes();
    let mut auditor = Auditor::new();
    auditor.take(&notes);
    let audit = auditor.finish_part();
    let found: Vec<String> = audit.findings.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("signature"), "{found:?}");
    assert_eq!(audit.findings[0].index, Some(10));
}

#[test]
fn the_log_key_comes_from_a_credential() {
    let case = Case::new();
    std::fs::create_dir(case.path("credentials")).expect("made");
    std::fs::rename(case.path("ledger/log.pem"), case.path("credentials/log.pem")).expect("moved");
    let refused = case.exits(1, &format!("{HANDOVER} {WITH}"));
    assert!(refused.stderr.contains("log.pem"), "{}", refused.stderr);
    let with = |line: &str| {
        let credentials = case.path("credentials");
        ran(case.command().args(split(line)).env("CREDENTIALS_DIRECTORY", credentials))
    };
    let done = with(&format!("{HANDOVER} {WITH}"));
    assert_eq!(done.code, 0, "{}", done.stderr);
    case.ok("verify");
    // Another key in the credential is not used, whatever it is.
    case.write("credentials/log.pem", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n-----END PRIVATE KEY-----\n");
    let other = with(&format!("return USB-0421 --to yamada --keep-tokens {WITH}"));
    assert_eq!(other.code, 1);
    assert!(other.stderr.contains("it holds another key"), "{}", other.stderr);
}

/// The log key is asked for after the entry is on the disk, and somebody says no.
#[test]
fn an_entry_stands_though_the_agent_declines_its_checkpoint() {
    if !tools::there(&["ssh-agent", "ssh-add", "ssh-keygen"]) {
        return;
    }
    let case = Case::new();
    let no = case.path("no");
    case.write("confirm", format!("#!/bin/sh\n[ ! -e '{}' ]\n", no.display()));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(case.path("confirm"), mode).expect("executable");
    let agent = SshAgent::start(&case.path(""), &case.path("confirm").display().to_string());
    agent.key("log-id", "ed25519", &["-c"]);
    let run =
        |line: &str| ran(case.command().args(split(line)).env("SSH_AUTH_SOCK", agent.socket()));
    let done = run(&format!("{REPLACE} --in-agent {WITH}"));
    assert_eq!(done.code, 0, "{}", done.stderr);
    case.write("no", "");
    let declined = run(&format!("{HANDOVER} {WITH}"));
    assert_eq!(declined.code, 1, "{}", declined.stdout);
    for words in ["is recorded as entry 11, and its receipt", "Do not record it again"] {
        assert!(declined.stderr.contains(words), "{}", declined.stderr);
    }
    std::fs::remove_file(no).expect("removed");
    let done = run("receipt SZ-2026-000002 --file later.receipt");
    assert_eq!(done.code, 0, "{}", done.stderr);
    case.ok("verify");
    assert_eq!(case.json(0, "status")["entries"], 12, "once");
}

#[test]
fn the_log_key_moves_into_the_agent() {
    if !tools::there(&["ssh-agent", "ssh-add", "ssh-keygen"]) {
        return;
    }
    let case = Case::new();
    let agent = SshAgent::start(&case.path(""), "/bin/true");
    agent.key("log-id", "ed25519", &[]);
    let run =
        |line: &str| ran(case.command().args(split(line)).env("SSH_AUTH_SOCK", agent.socket()));
    let done = run(&format!("{REPLACE} --in-agent {WITH}"));
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(!case.path("ledger/log.pem").exists(), "nothing private of the new key is here");
    let done = run(&format!("{HANDOVER} {WITH}"));
    assert_eq!(done.code, 0, "{}", done.stderr);
    case.ok("verify");
    // Without the agent nothing is recorded.
    let before = case.read("ledger/checkpoint");
    let back = format!("return USB-0421 --to yamada --keep-tokens {WITH}");
    case.exits(1, &back);
    agent.ok("ssh-add", &["-q", "-D"]);
    assert_eq!(run(&back).code, 1);
    assert_eq!(case.read("ledger/checkpoint"), before);
    assert_eq!(case.json(0, "verify")["entries"], 12);
}
