//! Printing as people do it: at the command line, with printers that are there and that
//! are not; and never at the expense of a handover.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::office::{Case, split};
use crate::stub::{PRINT_JOB, Stub, job_in};

const PDF: &str = "%PDF-1.7 a page\n";
/// Nothing listens on the discard port of this computer.
const NOBODY: &str = "tcp://127.0.0.1:9";

fn case() -> Case {
    let case = Case::new();
    case.write("page.pdf", PDF);
    case.write("roll.bin", b"\x1b@hello\n");
    case
}

#[test]
fn a_file_is_printed_on_an_office_printer() {
    let case = case();
    let stub = Stub::of_states(vec![job_in(9, "none")]);
    case.ok(&format!("printers add office {}", stub.address));
    case.ok("printers default receipt office");
    let done = case.json(0, "print page.pdf --copies 2");
    assert_eq!(done["jobs"][0]["standing"], "printed");
    assert_eq!(done["jobs"][0]["printer"], "office");
    assert_eq!(done["waiting"], 0);
    let [request] = stub.requests(PRINT_JOB).try_into().expect("one job");
    assert_eq!(request.document, PDF.as_bytes());
    let listed = case.json(0, "printers");
    let office = &listed["printers"][0];
    assert_eq!((&office["answers"], &office["default_for"][0]), (&true.into(), &"receipt".into()));
    assert_eq!(office["says"][0], "Stub 1");
}

#[test]
fn a_job_that_fails_is_kept_and_offered_again() {
    let case = case();
    let failed = case.exits(1, &format!("print roll.bin --printer {NOBODY}"));
    assert!(failed.stderr.contains("'custody print --retry 1'"), "{}", failed.stderr);
    let listed = case.json(0, "print --list");
    let job = &listed["jobs"][0];
    assert_eq!((&job["standing"], &job["attempts"]), (&"waiting".into(), &1.into()));
    assert!(job["error"].as_str().is_some_and(|why| why.contains("does not answer")), "{job}");
    // It is mentioned under other commands, and what they answer stays as it is.
    let status = case.exits(0, "status");
    assert_eq!(status.stderr.matches("1 print job waits").count(), 1, "{}", status.stderr);
    case.exits(1, "print --retry");
    assert_eq!(case.json(0, "print --list")["jobs"][0]["attempts"], 2);
    // Printed elsewhere, it is gone.
    case.ok("print --retry 1 --printer /dev/null");
    assert_eq!(case.json(0, "print --list")["jobs"], serde_json::json!([]));
    assert_eq!(case.exits(0, "status").stderr, "");
    case.exits(1, &format!("print roll.bin --printer {NOBODY}"));
    assert_eq!(case.json(0, "print --drop 2")["jobs"][0]["standing"], "dropped");
    case.exits(1, "print --retry 2");
}

#[test]
fn out_of_paper_is_no_failure_and_is_told() {
    let case = case();
    let stub = Stub::of_states(vec![job_in(6, "media-empty-error"); 200]);
    let done = case.exits(0, &format!("print page.pdf --printer {}", stub.address));
    assert!(done.stdout.contains("with the printer"), "{}", done.stdout);
    assert!(done.stdout.contains("out of paper"), "{}", done.stdout);
    // Asked again it is not sent again.
    case.exits(0, "print --retry");
    assert_eq!(stub.requests(PRINT_JOB).len(), 1);
}

#[test]
fn a_handover_stands_whatever_becomes_of_its_receipt() {
    let case = case();
    let given = "handover USB-0421 --from yamada --to sato --purpose 印刷 --passphrase-file words";
    let done = case.exits(0, &format!("{given} --print {NOBODY} --receipt-file a.receipt"));
    assert!(done.stderr.contains("SZ-2026-000002 is recorded and"), "{}", done.stderr);
    assert!(case.ok("show USB-0421").contains("sato"));
    case.ok("verify a.receipt");
    // Back again with no printer at all, and with a configuration that is not sound.
    case.write("broken.toml", "[default\n");
    let back = "return USB-0421 --to yamada --passphrase-file words --config broken.toml --print";
    let done = case.exits(0, back);
    assert!(done.stderr.contains("broken.toml, line 1"), "{}", done.stderr);
    let log = case.json(0, "log");
    assert_eq!(log["total"], 12);
}

#[test]
fn a_handover_prints_its_receipt() {
    let case = case();
    let stub = Stub::of_states(vec![job_in(9, "none")]);
    let given = "handover USB-0421 --from yamada --to sato --purpose 印刷 --passphrase-file words";
    let done = case.exits(0, &format!("{given} --print {}", stub.address));
    assert!(done.stderr.contains("SZ-2026-000002: printed"), "{}", done.stderr);
    let [request] = stub.requests(PRINT_JOB).try_into().expect("one job");
    case.ok("receipt SZ-2026-000002 --pdf again.pdf");
    assert!(request.document == case.read("again.pdf"), "another document arrived");
    // Later and on a roll, from the ledger.
    let sent = case.json(0, "print SZ-2026-000002 --printer /dev/null");
    let job = &sent["jobs"][0];
    assert_eq!((&job["standing"], &job["format"]), (&"sent".into(), &"esc-pos".into()));
    case.exits(1, "print SZ-2026-999999 --printer /dev/null");
}

#[test]
fn a_program_that_is_killed_while_printing_leaves_doubt() {
    let case = case();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("tcp://{}", listener.local_addr().expect("an address"));
    let big: Vec<u8> = b"\x1b@".iter().copied().chain((0..14 << 20).map(|at| at as u8)).collect();
    case.write("big.bin", big);
    let line = format!("print big.bin --printer {address}");
    let mut command = case.command();
    command.args(split(&line)).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("runs");
    // Connected, so some of it is on its way; never read, so it does not end.
    let (stream, _) = listener.accept().expect("a sender");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(case.json(0, "print --list")["jobs"][0]["standing"], "printing");
    child.kill().expect("killed");
    child.wait().expect("ended");
    drop(stream);
    assert_eq!(case.json(0, "print --list")["jobs"][0]["standing"], "may-have-been-printed");
    // By itself it is not sent again: nobody connects.
    listener.set_nonblocking(true).expect("set");
    let done = case.exits(1, "print --retry");
    assert!(done.stdout.contains("may have been printed"), "{}", done.stdout);
    assert!(listener.accept().is_err(), "it was sent again");
    // A person says so.
    case.ok("print --retry 1 --printer /dev/null");
}

#[test]
fn a_printer_that_hangs_does_not_hold_the_ledger() {
    let case = case();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("tcp://{}", listener.local_addr().expect("an address"));
    case.write("big.bin", [b"\x1b@".as_slice(), &vec![b'x'; 14 << 20]].concat());
    let mut command = case.command();
    command.args(split(&format!("print big.bin --printer {address}")));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("runs");
    let held = listener.accept().expect("a sender");
    let begun = Instant::now();
    case.ok("handover USB-0421 --from yamada --to sato --purpose 印刷 --passphrase-file words");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    child.kill().expect("killed");
    child.wait().expect("ended");
    drop(held);
}

#[test]
fn what_is_printed_where_is_configured_and_checked() {
    let case = case();
    case.write("c.toml", "# ours\n[default]\nreceipt = \"/dev/null\"\n");
    case.ok("printers add counter /dev/null --roll 80 --dpi 203 --config c.toml");
    case.ok("printers default thermal counter --config c.toml");
    let text = case.text("c.toml");
    assert!(
        text.starts_with("# ours\n[default]\nreceipt = \"/dev/null\"\nthermal = \"counter\"\n"),
        "{text}"
    );
    let listed = case.json(0, "printers --config c.toml");
    assert_eq!(listed["printers"][0]["roll"], 80);
    assert_eq!(listed["without_default"], serde_json::json!(["label", "sheet"]));
    assert_eq!(case.json(0, "print roll.bin --config c.toml")["jobs"][0]["standing"], "sent");
    let before = case.text("c.toml");
    for wrong in [
        "printers default thermal nowhere",
        "printers default letter counter",
        "printers add Big /dev/null",
        "printers add big ipps://printer/",
        "printers add big /dev/null --roll 8",
        "print roll.bin --printer nowhere",
        "print roll.bin --copies 99",
        "print roll.bin --kind letter",
        "print page.pdf --kind sheet",
    ] {
        case.exits(2, &format!("{wrong} --config c.toml"));
    }
    assert_eq!(case.text("c.toml"), before, "a refused change was written");
}
