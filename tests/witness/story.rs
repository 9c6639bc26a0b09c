//! Ledger and witnesses as people run them: by file, over HTTP, after a ledger was set
//! back; and a log that is none of ours.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use media_custody::proof::checkpoint::SignedCheckpoint;

use crate::office::{Case, HOME, split, started};

/// Makes a witness of this name and lets it vouch for the case's ledger; its key.
pub fn witness(case: &Case, name: &str) -> String {
    let made = case.json(0, &format!("witness init {name}.example --folder {name}"));
    case.ok(&format!("witness trust ledger/log.vkey --folder {name}"));
    made["vkey"].as_str().expect("a key").to_owned()
}

/// `custody witness serve` of a witness, ended with the test.
pub struct Served(Child, pub String);

impl Served {
    pub fn new(case: &Case, name: &str) -> Self {
        let mut command = case.command();
        command.args(["witness", "serve", "--listen", "127.0.0.1:0", "--folder", name]);
        let mut child = started(command.stderr(Stdio::piped()).stdout(Stdio::null()));
        let mut line = String::new();
        BufReader::new(child.stderr.take().expect("piped")).read_line(&mut line).expect("told");
        let (_, rest) = line.split_once("http://").expect("an address");
        Served(child, format!("http://{}", rest.trim_end()))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One more entry: a check, whatever it finds.
pub fn grow(case: &Case) {
    let line = format!("check --place {HOME} --by sasaki --passphrase-file words");
    let done = case.run(&split(&line));
    assert!(done.stdout.contains("Recorded as entry"), "{}{}", done.stdout, done.stderr);
}

#[test]
fn two_witnesses_by_file_make_a_quorum() {
    let case = Case::new();
    let (a, b) = (witness(&case, "printer"), witness(&case, "head"));
    let missing = case.exits(2, "witness import x");
    assert!(missing.stderr.contains("nobody counts as a witness yet"), "{}", missing.stderr);
    case.write(
        "ledger/witnesses.policy",
        format!(
            "witness printer {a}\nwitness head {b}\ngroup both all printer head\nquorum both\n"
        ),
    );
    let before = case.json(0, "verify");
    assert_eq!(before["witnesses"]["quorum"], false, "{before}");
    let sign = |name: &str, code: i32| {
        case.ok(&format!("witness request {name}.request --for {name}"));
        case.exits(code, &format!("witness sign {name}.request --folder {name}"));
        case.json(0, &format!("witness import {name}.request.cosigned"))
    };
    assert!(!case.ok("receipt SZ-2026-000001").contains("Cosigned by"));
    let one = sign("printer", 0);
    // The receipt names who vouches, and that they are too few.
    let said = case.ok("receipt SZ-2026-000001");
    assert!(said.contains("立会署名 Cosigned by") && said.contains("printer (20"), "{said}");
    assert!(said.contains("方針に足りない fewer than"), "{said}");
    assert_eq!(one["witnesses"]["quorum"], false, "{one}");
    let two = sign("head", 0);
    assert_eq!(two["witnesses"]["quorum"], true, "{two}");
    case.ok("receipt SZ-2026-000001 --file witnessed.receipt --pdf witnessed.pdf");
    let view = case.json(0, "receipt SZ-2026-000001");
    let names = view["witnesses"]["vouching"].as_array().expect("a list").iter();
    let names: Vec<_> = names.map(|by| by["witness"].as_str().expect("a name")).collect();
    assert_eq!((names, &view["witnesses"]["quorum"]), (vec!["printer", "head"], &true.into()));
    // Whom the policy does not know is not named.
    let policy = case.text("ledger/witnesses.policy");
    case.write("ledger/witnesses.policy", format!("witness head {b}\nquorum head\n"));
    let said = case.ok("receipt SZ-2026-000001");
    assert!(said.contains("head (20") && !said.contains("printer ("), "{said}");
    case.write("ledger/witnesses.policy", policy);
    let policy = "--policy ledger/witnesses.policy";
    let found =
        case.json(0, &format!("verify witnessed.receipt --log-key ledger/log.vkey {policy}"));
    assert_eq!(found["witnesses"]["vouching"].as_array().expect("list").len(), 2, "{found}");
    let text = case.ok(&format!("verify witnessed.receipt --log-key ledger/log.vkey {policy}"));
    assert!(text.contains("ok     witnesses: printer ("), "{text}");
    let text = case.ok("verify witnessed.receipt");
    assert!(text.contains("vouch for the history of 10 entries, as the policy asks"), "{text}");
    // The receipt that was handed out before has no witness.
    let old = case.json(4, &format!("verify held.receipt --log-key ledger/log.vkey {policy}"));
    assert_eq!(old["witnesses"]["missing"].as_array().expect("list").len(), 2, "{old}");
    let old = case.json(0, "verify held.receipt");
    assert_eq!(old["verdict"], "passed", "{old}");
    // Later entries: the newest checkpoint with both still carries the receipt.
    grow(&case);
    assert_eq!(sign("printer", 0)["witnesses"]["quorum"], false);
    case.ok("receipt SZ-2026-000001 --file again.receipt");
    case.ok(&format!("verify again.receipt --log-key ledger/log.vkey {policy}"));
    let whole = case.json(0, &format!("verify {policy}"));
    assert_eq!(whole["witnesses"]["entries"], 10, "{whole}");
    assert_eq!(sign("head", 0)["witnesses"]["entries"], 11);
    let names: Vec<_> = std::fs::read_dir(case.path("ledger/cosigned")).expect("folder").collect();
    assert_eq!(names.len(), 2, "the lock and one checkpoint: {names:?}");
    case.ok("fsck");
    // The policy names the log, so that nothing else is needed.
    let log = case.text("ledger/log.vkey");
    let lines = case.text("ledger/witnesses.policy");
    case.write("whole.policy", format!("log {}\n{lines}", log.trim()));
    case.ok("verify again.receipt --policy whole.policy --ledger nowhere");
    case.write("other.policy", format!("log {}\n{lines}", log.trim().replacen("custody", "x", 1)));
    case.exits(2, "verify again.receipt --policy other.policy --ledger nowhere");
}

#[test]
fn a_ledger_set_back_is_noticed_by_every_witness() {
    let case = Case::new();
    let key = witness(&case, "printer");
    case.write("ledger/witnesses.policy", format!("witness printer {key}\nquorum printer\n"));
    copy(&case.path("ledger"), &case.path("backup"));
    grow(&case);
    let served = Served::new(&case, "printer");
    case.ok(&format!("witness ask {}", served.1));
    // The answer to nothing new is a newer time for the same.
    case.ok(&format!("witness ask {}", served.1));
    let list = case.json(0, "witness list --folder printer");
    assert_eq!(list["logs"][0]["entries"], 11, "{list}");
    std::fs::remove_dir_all(case.path("ledger")).expect("removed");
    copy(&case.path("backup"), &case.path("ledger"));
    let short = case.exits(4, &format!("witness ask {}", served.1));
    assert!(
        short.stderr.contains("saw 11 entries of this ledger, and it has 10"),
        "{}",
        short.stderr
    );
    case.ok("witness request a.request");
    case.exits(3, "witness sign a.request --folder printer");
    let short = case.exits(4, "witness import a.request.cosigned");
    assert!(short.stderr.contains("saw 11 entries"), "{}", short.stderr);
    // Somebody goes on in it, with what speaks against it out of the way: now it is
    // another history.
    std::fs::remove_file(case.path("ledger/known-elsewhere")).expect("it is kept");
    grow(&case);
    grow(&case);
    let other = case.exits(4, &format!("witness ask {} {}", served.1, served.1));
    assert!(other.stderr.contains("saw is in witness.checkpoint"), "{}", other.stderr);
    assert!(other.stderr.contains("another history"), "{}", other.stderr);
    let other = case.exits(4, "witness import a.request.cosigned");
    assert!(other.stderr.contains("another history"), "{}", other.stderr);
    case.ok("witness request b.request --old 11");
    let declined = case.exits(4, "witness sign b.request --folder printer");
    assert!(declined.stderr.contains("does not continue the 11 entries"), "{}", declined.stderr);
    assert!(!case.path("b.request.cosigned").exists());
    // What the witness keeps shows it to third parties.
    SignedCheckpoint::parse(&case.read("witness.checkpoint")).expect("a checkpoint");
    case.exits(4, "compare witness.checkpoint ledger");
    case.exits(4, "compare --check fork.proof --log-key ledger/log.vkey");
}

/// With a daemon that owns the ledger the checkpoint is the daemon's, and what witnesses
/// say of it lies beside it all the same.
#[test]
fn a_ledger_that_a_daemon_owns_is_vouched_for() {
    let case = Case::new();
    let key = witness(&case, "printer");
    case.write("ledger/witnesses.policy", format!("witness printer {key}\nquorum printer\n"));
    let mut command = case.command();
    let daemon = started(command.arg("daemon").stderr(Stdio::null()).stdout(Stdio::null()));
    let daemon = Served(daemon, String::new());
    for _ in 0..200 {
        if case.path("ledger/daemon.sock").exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let served = Served::new(&case, "printer");
    case.ok(&format!("witness ask {}", served.1));
    grow(&case);
    case.ok(&format!("witness ask {}", served.1));
    let found = case.json(0, "verify --policy ledger/witnesses.policy");
    assert_eq!(found["witnesses"]["entries"], 11, "{found}");
    case.ok("receipt SZ-2026-000001 --file again.receipt");
    case.ok("verify again.receipt --policy ledger/witnesses.policy");
    case.ok("compare held.receipt again.receipt ledger");
    drop(daemon);
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// A log written from the specifications in Python, with OpenSSL's signatures, asks our
/// witness over HTTP.
#[test]
fn a_log_in_python_is_answered_to_the_letter() {
    let tool = |name: &str| Command::new(name).arg("--version").output().is_ok();
    let openssl = Command::new("openssl").arg("version").output();
    let openssl =
        openssl.is_ok_and(|v| String::from_utf8_lossy(&v.stdout).starts_with("OpenSSL 3"));
    if !tool("python3") || !openssl {
        let demanded = std::env::var("CUSTODY_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
        assert!(!demanded, "CUSTODY_REQUIRE_TOOLS=1, and python3 or OpenSSL 3 is missing");
        eprintln!("SKIPPED: python3 or OpenSSL 3 is missing");
        return;
    }
    let case = Case::empty();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent/witness_client.py");
    let python = |args: &[&str]| {
        let mut command = Command::new("python3");
        let output = command.arg(&script).args(args).current_dir(case.path(".")).output();
        let output = output.expect("python runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    };
    let made = case.json(0, "witness init witness.example --folder w");
    let log = python(&["key", "log.pem", "log.example/python"]);
    let served = Served::new(&case, "w");
    let vkey = made["vkey"].as_str().expect("a key").to_owned();
    python(&["unknown", "log.pem", "log.example/python", &served.1, &vkey]);
    case.ok(&format!("witness trust {log} --folder w"));
    let said = python(&["run", "log.pem", "log.example/python", &served.1, &vkey]);
    assert!(said.ends_with("all as specified"), "{said}");
}
