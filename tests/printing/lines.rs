//! Printers that take bytes: a port that reads, one that never does, one that breaks;
//! devices that are printers, and things that are not.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use media_custody::model::Format;
use media_custody::printer::{Delivery, Job, Outgoing, SendError, Transport as _};

use crate::{job, office, printer, wires};

fn send(address: &str, job: &Job) -> Result<Delivery, SendError> {
    wires().send(&printer(address), Outgoing { job, mark: "a-1" })
}

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("tcp://{}", listener.local_addr().expect("an address"));
    (listener, address)
}

#[test]
fn a_port_gets_every_byte_of_every_copy() {
    let (listener, address) = listen();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        listener.accept().expect("a sender").0.read_to_end(&mut bytes).expect("read");
        bytes
    });
    let mut job = job(Format::EscPos, 300_001);
    job.copies = 3;
    assert_eq!(send(&address, &job), Ok(Delivery::Sent));
    assert!(reader.join().expect("read") == job.bytes.repeat(3), "other bytes arrived");
}

#[test]
fn a_port_that_never_reads_does_not_hang_the_desk() {
    let (listener, address) = listen();
    let held = std::thread::spawn(move || {
        let stream = listener.accept().expect("a sender");
        std::thread::sleep(Duration::from_secs(4));
        drop(stream);
    });
    let begun = Instant::now();
    let error = send(&address, &job(Format::EscPos, 12 << 20)).expect_err("stalled");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(matches!(error, SendError::Stalled { sent, .. } if sent > 0), "{error}");
    assert!(error.may_have_printed());
    held.join().expect("held");
}

#[test]
fn a_connection_that_breaks_leaves_doubt() {
    let (listener, address) = listen();
    let reset = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a sender");
        // Closed with bytes unread: the kernel resets the connection.
        let _ = stream.read_exact(&mut [0; 100]);
    });
    let error = send(&address, &job(Format::EscPos, 8 << 20)).expect_err("broken");
    assert!(matches!(error, SendError::Broken { sent, .. } if sent > 0), "{error}");
    assert!(error.may_have_printed());
    reset.join().expect("reset");
    let (listener, closed) = listen();
    drop(listener);
    let error = send(&closed, &job(Format::EscPos, 10)).expect_err("nobody");
    assert!(matches!(error, SendError::NotReached { .. }), "{error}");
}

#[test]
fn a_receipt_printer_is_given_no_pdf() {
    let (_listener, address) = listen();
    let error = send(&address, &job(Format::Pdf, 1000)).expect_err("no PDF");
    assert!(matches!(error, SendError::Format { .. }), "{error}");
    assert!(!error.may_have_printed());
    let mut wanted = printer("/dev/null");
    wanted.pdf = true;
    let pdf = job(Format::Pdf, 1000);
    let sent = wires().send(&wanted, Outgoing { job: &pdf, mark: "a-1" });
    assert_eq!(sent, Ok(Delivery::Sent));
}

#[test]
fn only_printers_are_written_to() {
    let small = job(Format::EscPos, 4000);
    assert_eq!(send("/dev/null", &small), Ok(Delivery::Sent));
    let error = send("/dev/full", &small).expect_err("full");
    assert!(matches!(error, SendError::Broken { sent: 0, .. }), "{error}");
    let error = send("/dev/usb/no-such-printer", &small).expect_err("nothing there");
    assert!(matches!(error, SendError::NotReached { .. }), "{error}");
    // A character device that is no printer (drives have such nodes too, /dev/sg0), a
    // folder, and a regular file below /dev.
    let mut others = vec!["/dev/zero".to_owned(), "/dev/shm".to_owned()];
    let file = tempfile::NamedTempFile::new_in("/dev/shm").expect("a file below /dev");
    others.push(file.path().to_string_lossy().into_owned());
    for other in others {
        let error = send(&other, &small).expect_err("no printer");
        assert!(matches!(error, SendError::Refused(_)), "{other}: {error}");
    }
    assert_eq!(file.as_file().metadata().expect("there").len(), 0);
}

/// The far end of a terminal that nobody reads takes some bytes and then none, as a
/// printer does that has run out of paper.
#[test]
fn a_device_that_stops_taking_bytes_does_not_hang_the_desk() {
    let held = "import os,pty,sys,termios,tty\nm,s=pty.openpty()\ntty.setraw(s)\n\
                print(os.ttyname(s),flush=True)\nsys.stdin.read()\n";
    let mut python = Command::new("python3");
    python.args(["-c", held]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let _quiet = office::quiet();
    let Ok(mut child) = python.spawn() else {
        assert_ne!(
            std::env::var("CUSTODY_REQUIRE_TOOLS").as_deref(),
            Ok("1"),
            "python3 is missing"
        );
        return eprintln!("skipped: python3 is missing");
    };
    let mut name = String::new();
    let mut said = std::io::BufReader::new(child.stdout.take().expect("piped"));
    std::io::BufRead::read_line(&mut said, &mut name).expect("a name");
    let begun = Instant::now();
    let error = send(name.trim(), &job(Format::EscPos, 4 << 20)).expect_err("stalled");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(matches!(error, SendError::Stalled { sent, .. } if sent > 0), "{error}");
    drop(child.stdin.take());
    child.wait().expect("ended");
}

#[test]
fn a_file_is_for_tests_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("file:{}", folder.path().join("out").display());
    let small = job(Format::Pdf, 4000);
    assert_eq!(send(&address, &small), Ok(Delivery::Printed));
    assert_eq!(send(&address, &small), Ok(Delivery::Printed));
    let written = std::fs::read(folder.path().join("out")).expect("written");
    assert!(written == small.bytes.repeat(2));
    let error = send(&format!("file:{}", folder.path().display()), &small).expect_err("a folder");
    assert!(!error.may_have_printed(), "{error}");
}
