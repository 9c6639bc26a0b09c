//! What is printed, logged and sent has nothing secret in it, however much is asked for.

use std::fs;
use std::process::Command;

use media_custody::keyring::load_log_key;
use media_custody::model::VerifierKey;
use media_custody::ops::Passphrase;
use media_custody::ops::keys::Keyring;
use media_custody::wire::signature::SigningKey;

use crate::memory::{forms, root, texts};
use crate::office::{Case, WORDS, ran, split};
use crate::running::Running;
use crate::tools::there;
use crate::{HANDOVER, LONG, cabinet_of_spare, sealed_anew};

const WITH: &str = "--yes --passphrase-file words";

/// Every secret of the office with a name for it.
fn secrets(case: &Case) -> Vec<(String, Vec<u8>)> {
    let named = case.text("ledger/log.vkey").trim().parse().expect("a vkey");
    let log = load_log_key(&case.path("ledger/log.pem"), &named).expect("the log key");
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    for words in [WORDS, LONG] {
        let forms = [("a passphrase", words.as_bytes().to_vec())].into_iter();
        let forms = forms.chain(texts(words.as_bytes()));
        all.extend(forms.map(|(what, bytes)| (format!("{words}: {what}"), bytes)));
    }
    for key in people(case).iter().chain([&log]) {
        all.extend(forms(key).into_iter().map(|(what, bytes)| (format!("{key:?}: {what}"), bytes)));
    }
    all
}

/// Every private key of the keyring, whichever of the two passphrases it has.
fn people(case: &Case) -> Vec<SigningKey> {
    let keyring = Keyring::at(&case.path("keys"));
    let open = |key: &VerifierKey| {
        let words = [WORDS, LONG].map(|words| Passphrase::new(words.to_owned()).expect("one"));
        words.iter().find_map(|words| keyring.open(key, words).ok()).expect("opens")
    };
    keyring.list().iter().map(open).collect()
}

fn refuse_secrets(secrets: &[(String, Vec<u8>)], whose: &str, said: &[u8]) {
    for (what, bytes) in secrets {
        let found = memchr::memmem::find(said, bytes);
        assert!(found.is_none(), "{whose} shows {what}:\n{}", String::from_utf8_lossy(said));
    }
}

/// A command with everything asked for that a program of this kind might listen to.
fn talkative(command: &mut Command) -> &mut Command {
    command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").env("DEBUG", "1")
}

/// What people do with keys and passphrases, and what goes wrong with them.
const LINES: &[&str] = &[
    "handover USB-0421 --from yamada --to sasaki --purpose 点検 --keep-tokens --yes --passphrase-file words --passphrase-file sasaki=long",
    "confirm USB-0421 --by kato --yes --passphrase-file words",
    "confirm USB-0421 --by kato --yes --passphrase-file long",
    "confirm USB-0421 --by kato --yes --passphrase-file two-lines",
    "confirm USB-0421 --by kato --yes --passphrase-file no-text",
    "confirm USB-0421 --by audit --yes --passphrase-file words",
    "key new new.example.jp --passphrase-file long",
    "key show new.example.jp",
    "key show --log",
    "key import again.example.jp --from ledger/log.pem --unencrypted --passphrase-file long",
    "key import again.example.jp --from ledger/log.pem --passphrase-file long",
    "key import none.example.jp --from long --unencrypted --passphrase-file long",
    "backup it.tar --with-keys --passphrase-file long",
    "restore it.tar --ledger back --with-keys --keys back-keys --log-key ledger/log.vkey --passphrase-file words",
    "restore it.tar --ledger back --with-keys --keys back-keys --log-key ledger/log.vkey --passphrase-file long",
    "ledger replace-key --by kato --yes --passphrase-file words",
    "verify",
    "fsck",
    "log",
    "status",
];

#[test]
fn nothing_secret_is_printed() {
    for json in ["", " --json"] {
        let case = Case::new();
        sealed_anew(&case, "sasaki");
        let secrets = secrets(&case);
        case.write("two-lines", format!("{WORDS}\n{LONG}\n"));
        case.write("no-text", [WORDS.as_bytes(), b"\xff"].concat());
        // A key file that is damaged in the middle of the secret.
        let audit = case.path("keys").join("audit.custody.example.jp%2Fshizuoka.pem");
        let pem = fs::read_to_string(&audit).expect("read");
        fs::write(&audit, pem.replacen('\n', "\n?", 2)).expect("written");
        let (mut fine, mut failed) = (0, 0);
        for line in LINES {
            let line = format!("{line}{json}");
            let done = ran(talkative(case.command().args(split(&line))));
            if done.code == 0 {
                fine += 1
            } else {
                failed += 1
            }
            refuse_secrets(&secrets, &line, done.stdout.as_bytes());
            refuse_secrets(&secrets, &line, done.stderr.as_bytes());
        }
        assert!(fine >= 10 && failed >= 6, "{fine} went well and {failed} did not");
    }
}

#[test]
fn a_daemon_logs_nothing_secret_and_its_socket_carries_public_notes_only() {
    if !root() || !there(&["strace"]) {
        return;
    }
    let case = Case::new();
    sealed_anew(&case, "spare");
    cabinet_of_spare(&case);
    let secrets = secrets(&case);
    let daemon = Running::start_with(&case, |command| {
        talkative(command.args(["--config", "config.toml"]));
    });
    daemon.says("roll-call recorded");
    let command = case.command();
    let mut traced = Command::new("strace");
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    traced.current_dir(case.path(""));
    traced.args(["-f", "-yy", "-xx", "-s", "1000000", "-o", "trace"]);
    traced.args(["-e", "trace=read,write,readv,writev,recvfrom,sendto,recvmsg,sendmsg"]);
    traced.arg(command.get_program()).args(split(&format!("{HANDOVER} {WITH}")));
    let done = ran(&mut traced);
    assert_eq!(done.code, 0, "{}", done.stderr);
    // strace writes every string as \x.. and says of each descriptor what it is.
    let trace = case.text("trace");
    let of_files = trace.lines().filter(|line| !line.contains("<UNIX-STREAM"));
    let read: Vec<u8> = of_files.flat_map(bytes_in).collect();
    let passphrase = memchr::memmem::find(&read, WORDS.as_bytes());
    assert!(passphrase.is_some(), "the trace does not show what is read");
    let sent: Vec<u8> =
        trace.lines().filter(|line| line.contains("<UNIX-STREAM")).flat_map(bytes_in).collect();
    let note = memchr::memmem::find(&sent, b"custody/handover/v1\n");
    assert!(note.is_some(), "the trace does not show what is sent");
    refuse_secrets(&secrets, "the socket", &sent);
    // What goes wrong at the daemon is in its log as well.
    case.exits(1, &format!("handover USB-0421 --from yamada --to sato --purpose x {WITH}"));
    let log = daemon.end();
    assert!(log.contains("(handover) from process"), "{log}");
    refuse_secrets(&secrets, "the log", log.as_bytes());
}

/// The bytes of the strings in a line of strace.
fn bytes_in(line: &str) -> Vec<u8> {
    let pairs = line.split("\\x").skip(1).filter_map(|rest| rest.get(..2));
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}
