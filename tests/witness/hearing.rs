//! Witnesses asked before something is recorded, and by `custody ledger check`: what
//! they show stops a ledger for good, what they merely say only while they say it, and
//! one that cannot be reached stops nobody.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use media_custody::proof::cosignature::cosign;
use media_custody::wire::signature::{Signer as _, SigningKey};

use crate::office::{Case, Ran, of, split};
use crate::story::{Served, copy, grow, witness};

const SET: &str = "policy set --by kato --yes --passphrase-file words --interval-days";

/// What a witness that is none answers to whoever asks it to vouch.
#[derive(Clone, Copy)]
enum Answers {
    /// With this status, type and body; and to any other question that there is nothing.
    With(&'static str, &'static str, &'static str),
    /// That it saw three entries, and that what is here does not continue them.
    Denying,
    /// Never.
    Never,
}

/// Whether all of a request is there: its head, and as much behind it as that says.
fn is_whole(asked: &[u8]) -> bool {
    let text = String::from_utf8_lossy(asked).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|length| body.len() >= length.trim().parse().expect("a number"))
}

/// A witness that is none, gone with the test.
struct False(SocketAddr, Arc<AtomicBool>);

impl False {
    fn new(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address");
        let gone = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&gone);
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.expect("asked");
                if ends.load(Ordering::SeqCst) {
                    break;
                }
                if matches!(answers, Answers::Never) {
                    kept.push(stream);
                    continue;
                }
                stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
                let (mut asked, mut part) = (Vec::new(), [0; 4096]);
                while !is_whole(&asked)
                    && let Ok(count @ 1..) = stream.read(&mut part)
                {
                    asked.extend_from_slice(&part[..count]);
                }
                let begins = asked.windows(7).any(|part| part == b"\nold 0\n");
                let (status, kind, body) = match answers {
                    _ if !asked.starts_with(b"POST ") => ("404 Not Found", "text/plain", ""),
                    Answers::With(status, kind, body) => (status, kind, body),
                    _ if begins => ("409 Conflict", "text/x.tlog.size", "3\n"),
                    _ => ("422 Unprocessable Entity", "text/plain", "no"),
                };
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
                     Connection: close\r\n\r\n{body}"
                );
            }
        });
        False(address, gone)
    }
}

impl Drop for False {
    fn drop(&mut self) {
        self.1.store(true, Ordering::SeqCst);
        let _ = std::net::TcpStream::connect(self.0);
    }
}

/// The policy beside the ledger: one witness, asked at this address.
fn policy(case: &Case, name: &str, key: &str, url: &str) {
    case.write("ledger/witnesses.policy", format!("witness {name} {key} {url}\nquorum {name}\n"));
}

fn set(case: &Case, days: u32) -> Ran {
    case.run(&split(&format!("{SET} {days}")))
}

fn entries(case: &Case) -> u64 {
    case.json(0, "status")["entries"].as_u64().expect("a number")
}

/// A ledger of 11 entries that the witness at the address saw, set back to 10.
fn set_back(served: &dyn Fn(&Case) -> Served) -> (Case, Served) {
    let case = Case::new();
    let key = witness(&case, "printer");
    copy(&case.path("ledger"), &case.path("old"));
    let server = served(&case);
    policy(&case, "printer", &key, &server.1);
    fs::copy(case.path("ledger/witnesses.policy"), case.path("old/witnesses.policy"))
        .expect("copied");
    grow(&case);
    let said = case.ok("ledger check");
    assert!(said.contains("vouches for 11 entries."), "{said}");
    copy(&case.path("ledger"), &case.path("newest"));
    fs::remove_dir_all(case.path("ledger")).expect("removed");
    copy(&case.path("old"), &case.path("ledger"));
    (case, server)
}

fn printer(case: &Case) -> Served {
    Served::new(case, "printer")
}

#[test]
fn a_witness_that_saw_more_stops_a_ledger_that_was_set_back() {
    let (case, server) = set_back(&printer);
    let refused = set(&case, 29);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    let known = "the witness printer knows of 11, and the ledger holds 10";
    assert!(refused.stderr.contains(known), "{}", refused.stderr);
    assert!(refused.stderr.contains("continue-as"), "{}", refused.stderr);
    // What it showed is kept, so that its silence changes nothing.
    drop(server);
    let refused = set(&case, 29);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("kept elsewhere knows of 11"), "{}", refused.stderr);
    assert_eq!(entries(&case), 10, "it can be read");
    let verified = case.exits(4, "verify");
    assert!(verified.stdout.contains("(ledger-behind)"), "{}", verified.stdout);
    // The way forward is the newest copy, whether or not the witness is there.
    fs::remove_dir_all(case.path("ledger")).expect("removed");
    copy(&case.path("newest"), &case.path("ledger"));
    let done = set(&case, 29);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains("the witness printer ("), "{}", done.stderr);
    assert!(done.stderr.contains("was not heard"), "{}", done.stderr);
}

#[test]
fn a_check_names_each_witness_and_what_it_said() {
    let (case, server) = set_back(&printer);
    let key = case.text("printer/witness.vkey");
    let others: Vec<String> = ["absent", "slow", "strange"]
        .iter()
        .map(|name| case.json(0, &format!("witness init {name}.example --folder {name}")))
        .map(|made| made["vkey"].as_str().expect("a key").to_owned())
        .collect();
    let strange = False::new(Answers::With("403 Forbidden", "text/plain", "no\x1b[31m"));
    let text = format!(
        "witness absent {} http://127.0.0.1:9\nwitness printer {} {}\n\
         witness strange {} http://{}/\nwitness mute {}\nquorum printer\n",
        others[0],
        key.trim(),
        server.1,
        others[2],
        strange.0,
        others[1]
    );
    case.write("ledger/witnesses.policy", text);
    let said = case.json(4, "ledger check");
    let witnesses = said["witnesses"].as_array().expect("a list");
    let told: Vec<_> = witnesses
        .iter()
        .map(|heard| (heard["witness"].as_str().expect("named"), heard["said"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("absent", Some("not-reached")),
            ("printer", Some("shows")),
            ("strange", Some("not-reached"))
        ],
        "{said}"
    );
    assert_eq!(said["against"]["kind"], "ledger-behind", "{said}");
    assert!(!said.to_string().contains("\\u001b"), "{said}");
    // Once kept it is said first, by this command as well, whoever is asked.
    let again = case.exits(4, "ledger check");
    assert!(again.stderr.contains("kept elsewhere knows of 11"), "{}", again.stderr);
    // Nobody is there to be asked, and nothing else to be compared with.
    let bare = Case::new();
    let refused = bare.exits(2, "ledger check");
    assert!(refused.stderr.contains("no witness has an address"), "{}", refused.stderr);
    policy(&bare, "absent", &others[0], "http://127.0.0.1:9");
    let said = bare.ok("ledger check");
    assert!(said.contains("the witness absent (http://127.0.0.1:9) was not heard"), "{said}");
}

/// One that takes the question and never answers is beside it, and asked first.
#[test]
fn a_witness_that_hangs_keeps_no_other_from_speaking() {
    let (case, server) = set_back(&printer);
    let mute = case.json(0, "witness init mute.example --folder mute");
    let hangs = False::new(Answers::Never);
    // What it vouched for is forgotten here as well, so it has to be asked twice.
    let text = format!(
        "witness mute {} http://{}\nwitness printer {} {}\nquorum printer\n",
        mute["vkey"].as_str().expect("a key"),
        hangs.0,
        case.text("printer/witness.vkey").trim(),
        server.1
    );
    case.write("ledger/witnesses.policy", text);
    let refused = set(&case, 29);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    let known = "the witness printer knows of 11, and the ledger holds 10";
    assert!(refused.stderr.contains(known), "{}", refused.stderr);
    assert!(case.path("ledger/known-elsewhere").exists(), "it is kept");
}

/// Without a checkpoint there is nothing to ask a witness about, and nothing is recorded.
#[test]
fn a_ledger_without_its_checkpoint_records_nothing_unasked() {
    let (case, server) = set_back(&printer);
    fs::remove_file(case.path("ledger/checkpoint")).expect("removed");
    let refused = set(&case, 29);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("'custody ledger sign-checkpoint'"), "{}", refused.stderr);
    let refused = case.exits(4, "ledger sign-checkpoint");
    let known = "the witness printer knows of 11, and the ledger holds 10";
    assert!(refused.stderr.contains(known), "{}", refused.stderr);
    drop(server);
    assert_eq!(set(&case, 29).code, 4, "it is kept");
    // Where nothing is missing the witness vouches, and the ledger goes on.
    fs::remove_dir_all(case.path("ledger")).expect("removed");
    copy(&case.path("newest"), &case.path("ledger"));
    fs::remove_file(case.path("ledger/checkpoint")).expect("removed");
    let server = printer(&case);
    policy(&case, "printer", case.text("printer/witness.vkey").trim(), &server.1);
    let said = case.ok("ledger sign-checkpoint");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("vouches for 11 entries."), "{said}");
    assert_eq!(set(&case, 29).code, 0);
}

#[test]
fn a_witness_of_another_history_stops_it_as_well() {
    let (case, server) = set_back(&printer);
    // Whoever goes on in the old copy takes the policy away first.
    fs::rename(case.path("ledger/witnesses.policy"), case.path("policy")).expect("moved");
    assert_eq!(set(&case, 29).code, 0);
    assert_eq!(set(&case, 28).code, 0);
    fs::rename(case.path("policy"), case.path("ledger/witnesses.policy")).expect("moved");
    let refused = set(&case, 27);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    let said = "the witness printer states another history than the ledger's first 11 entries";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
    drop(server);
    assert_eq!(set(&case, 27).code, 4, "it is kept");
    assert_eq!(entries(&case), 12);
}

#[test]
fn a_word_that_nothing_shows_stops_only_while_it_is_said() {
    let case = Case::new();
    let key = witness(&case, "printer");
    let lie = False::new(Answers::With("409 Conflict", "text/x.tlog.size", "99\n"));
    policy(&case, "printer", &key, &format!("http://{}", lie.0));
    let refused = set(&case, 29);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    let said = "the witness printer says that it saw 99 entries, and the ledger holds 10";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
    assert!(refused.stderr.contains("while it says so"), "{}", refused.stderr);
    assert!(!case.path("ledger/known-elsewhere").exists(), "a word is not kept");
    let checked = case.json(4, "ledger check");
    assert_eq!(checked["witnesses"][0]["said"], "says", "{checked}");
    assert!(!case.path("ledger/known-elsewhere").exists(), "a word is not kept");
    // From elsewhere, without a certificate, anybody could have said it.
    policy(&case, "printer", &key, &format!("http://0.0.0.0:{}", lie.0.port()));
    let warned = set(&case, 29);
    assert_eq!(warned.code, 0, "{}", warned.stderr);
    assert!(warned.stderr.contains("SOMEBODY at http://0.0.0.0"), "{}", warned.stderr);
    assert!(warned.stderr.contains("99 entries, and the ledger holds 10"), "{}", warned.stderr);
    drop(lie);
    policy(&case, "printer", &key, "http://127.0.0.1:9");
    assert_eq!(set(&case, 28).code, 0);
    // So does one that denies what it says it saw, and shows nothing of it.
    let denies = False::new(Answers::Denying);
    policy(&case, "printer", &key, &format!("http://{}", denies.0));
    let refused = set(&case, 27);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    let said = "says that the ledger's first 3 entries are not those that it saw";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
    drop(denies);
    // Nothing at all cannot be continued wrongly.
    let other = False::new(Answers::With("422 Unprocessable Entity", "text/plain", "no"));
    policy(&case, "printer", &key, &format!("http://{}", other.0));
    let done = set(&case, 27);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains("status 422"), "{}", done.stderr);
}

#[test]
fn silence_and_nonsense_stop_nobody() {
    let case = Case::new();
    let key = witness(&case, "printer");
    let mut days = 29;
    let size = "text/x.tlog.size";
    for answers in [
        Answers::Never,
        Answers::With("403 Forbidden", "text/plain", "no"),
        Answers::With("500 Oh", "text/plain", ""),
        Answers::With("200 OK", "text/plain", ""),
        Answers::With("200 OK", "text/plain", "\u{2014} printer.example AAAA\n"),
        Answers::With("409 Conflict", "text/plain", "99\n"),
        Answers::With("409 Conflict", size, "99"),
        Answers::With("409 Conflict", size, "3\n"),
        Answers::With("307 Go\r\nLocation: http://127.0.0.1:9/", "text/plain", ""),
    ] {
        let server = False::new(answers);
        policy(&case, "printer", &key, &format!("http://{}", server.0));
        let done = set(&case, days);
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert!(done.stderr.contains("was not heard: "), "{}", done.stderr);
        days -= 1;
    }
    assert_eq!(entries(&case), 19);
    case.write("ledger/witnesses.policy", "no policy\n");
    let done = set(&case, days);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains("no witness was asked"), "{}", done.stderr);
}

/// A command that only reads touches no network, and neither does one that a daemon
/// records for.
#[test]
fn who_only_reads_asks_nobody() {
    let case = Case::new();
    let key = witness(&case, "printer");
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    listener.set_nonblocking(true).expect("set");
    policy(&case, "printer", &key, &format!("http://{}", listener.local_addr().expect("one")));
    for line in ["status", "log", "verify", "backup it.tar", "publish www", "verify held.receipt"] {
        case.ok(line);
        assert!(listener.accept().is_err(), "{line} asked");
    }
    assert_eq!(set(&case, 29).code, 0);
    assert!(listener.accept().is_ok(), "what records asks");
}

#[test]
fn what_witnesses_cosigned_and_is_not_here_is_evidence() {
    let (case, server) = set_back(&printer);
    drop(server);
    fs::remove_file(case.path("ledger/witnesses.policy")).expect("removed");
    let kept = "cosigned/11.checkpoint";
    let _ = fs::create_dir(case.path("ledger/cosigned"));
    fs::copy(case.path("newest").join(kept), case.path("ledger").join(kept)).expect("copied");
    let refused = set(&case, 29);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    let said = "a checkpoint that witnesses cosigned knows of 11, and the ledger holds 10";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
    case.exits(4, "ledger check held.receipt");
    let verified = case.exits(4, "verify");
    assert!(verified.stdout.contains("(ledger-behind)"), "{}", verified.stdout);
    // One that another log signed, or nobody, says nothing.
    case.write(
        &format!("ledger/{kept}"),
        case.text(&format!("newest/{kept}")).replace("\n11\n", "\n12\n"),
    );
    assert_eq!(set(&case, 29).code, 0);
}

/// A file from a witness and an answer over HTTP stop the ledger alike.
#[test]
fn what_was_imported_stops_as_well() {
    let (case, server) = set_back(&printer);
    case.ok("witness request a.request");
    case.exits(3, "witness sign a.request --folder printer");
    case.exits(4, "witness import a.request.cosigned");
    drop(server);
    let refused = set(&case, 29);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("kept elsewhere knows of 11"), "{}", refused.stderr);
}

#[test]
fn a_daemon_asks_before_it_owns_the_ledger() {
    let (case, server) = set_back(&printer);
    let refused = case.exits(4, "daemon");
    let known = "the witness printer knows of 11, and the ledger holds 10";
    assert!(refused.stderr.contains(known), "{}", refused.stderr);
    drop(server);
    fs::remove_file(case.path("ledger/known-elsewhere")).expect("it was kept");
    let daemon = crate::running::Running::start(&case);
    assert!(daemon.text().contains("was not heard"), "{}", daemon.text());
    assert_eq!(set(&case, 29).code, 0);
}

/// An answer that looks like the witness's is verified like its cosignature.
#[test]
fn a_cosignature_of_something_else_is_none() {
    let case = Case::new();
    let key = SigningKey::cosigner_from_seed(of("printer.example"), &[7; 32]);
    let desk = crate::desk::Desk::new();
    let (_, tree) = desk.ledger(2);
    let line = cosign(&desk.checkpoint(&tree, 2), 1_790_000_000, &key).expect("signs").to_line();
    let other = SigningKey::cosigner_from_seed(of("other.example"), &[8; 32]);
    let here = case.ledger().checkpoint().expect("a checkpoint");
    let strange = cosign(&here, 1_790_000_000, &other).expect("signs").to_line();
    for (days, line) in [(29, line), (28, strange)] {
        let answer = Answers::With("200 OK", "text/plain", Box::leak(line.into_boxed_str()));
        let server = False::new(answer);
        policy(&case, "printer", &key.key().to_string(), &format!("http://{}", server.0));
        let done = set(&case, days);
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert!(done.stderr.contains("was not heard: "), "{}", done.stderr);
        assert!(!case.path("ledger/cosigned").exists(), "nothing is kept");
    }
}

/// An old copy from before the log key was replaced does not know the key that signed what
/// the witness saw. The witness's own signature says enough.
#[test]
fn a_replaced_log_key_hides_nothing_from_the_old_copy() {
    let case = Case::new();
    let key = witness(&case, "printer");
    let server = printer(&case);
    policy(&case, "printer", &key, &server.1);
    case.ok("ledger check");
    copy(&case.path("ledger"), &case.path("old"));
    case.ok("ledger replace-key --by kato --overlap 0 --yes --passphrase-file words");
    case.ok("witness trust ledger/log.vkey --folder printer");
    let said = case.ok("ledger check");
    assert!(said.contains("vouches for 11 entries."), "{said}");
    fs::remove_dir_all(case.path("ledger")).expect("removed");
    copy(&case.path("old"), &case.path("ledger"));
    let refused = set(&case, 29);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    drop(server);
    let again = set(&case, 29);
    assert_eq!(again.code, 4, "it is kept: {}", again.stderr);
    assert!(refused.stderr.contains("the witness printer"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("says that"), "it is shown: {}", refused.stderr);
}
