//! CUPS's emulated printer is given a real PDF and has to have received the same bytes.
//! It announces itself on the network and does not start where it cannot: on a machine
//! without Avahi one is started beside it, on a bus of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use media_custody::model::Format;
use media_custody::printer::{Delivery, Job, Outgoing, Transport as _, Wires};

use crate::{job, office, printer, wires};

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(folder: &Path, program: &str, arguments: &[&str]) -> Option<Running> {
    let log = std::fs::File::create(folder.join(format!("{program}.log"))).expect("a log");
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone().expect("a log"));
    let bus = format!("unix:path={}", folder.join("bus").display());
    if folder.join("bus").exists() {
        command.env("DBUS_SYSTEM_BUS_ADDRESS", &bus);
    }
    command.stderr(log);
    let _quiet = office::quiet();
    command.spawn().ok().map(Running)
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// The printer, once it answers.
fn emulated(folder: &Path, port: u16) -> Option<Running> {
    let spool = folder.join("received");
    std::fs::create_dir_all(&spool).expect("a folder");
    let (port, received) = (port.to_string(), spool.to_string_lossy().into_owned());
    let arguments =
        ["-p", &port, "-d", &received, "-k", "-f", "application/pdf", "-r", "off", "test"];
    let mut running = start(folder, "ippeveprinter", &arguments)?;
    let begun = Instant::now();
    let address = format!("ipp://127.0.0.1:{port}/ipp/print");
    while begun.elapsed() < Duration::from_secs(15) {
        if wires().look(&printer(&address).address).answers {
            return Some(running);
        }
        if running.0.try_wait().expect("asked").is_some() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    None
}

/// A bus and an Avahi of our own.
fn avahi(folder: &Path) -> Option<[Running; 2]> {
    let address = format!("--address=unix:path={}", folder.join("bus").display());
    let bus = start(folder, "dbus-daemon", &["--session", "--nofork", "--nopidfile", &address])?;
    let begun = Instant::now();
    while !folder.join("bus").exists() {
        if begun.elapsed() > Duration::from_secs(10) {
            return None;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let avahi = start(folder, "avahi-daemon", &["--no-chroot", "--no-drop-root", "--no-rlimits"])?;
    std::thread::sleep(Duration::from_millis(1500));
    Some([bus, avahi])
}

#[test]
fn a_printer_that_is_not_ours_receives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let mut beside = None;
    let running = emulated(folder.path(), port).or_else(|| {
        beside = avahi(folder.path());
        emulated(folder.path(), port)
    });
    if running.is_none() {
        let required = std::env::var("CUSTODY_REQUIRE_TOOLS").as_deref() == Ok("1")
            && std::env::var("CUSTODY_REQUIRE_ROOT_TESTS").as_deref() == Ok("1");
        let log =
            |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        let said = log("ippeveprinter.log") + &log("avahi-daemon.log");
        assert!(!required, "ippeveprinter does not run: {said}");
        return eprintln!("skipped: ippeveprinter does not run");
    }
    let wires = Wires { patience: media_custody::printer::Patience::default() };
    let to = printer(&format!("ipp://127.0.0.1:{port}/ipp/print"));
    let pdf = Job { bytes: pdf(), ..job(Format::Pdf, 10) };
    let sent = wires.send(&to, Outgoing { job: &pdf, mark: "0123456789ab-1" });
    assert_eq!(sent, Ok(Delivery::Printed));
    let received: Vec<Vec<u8>> = std::fs::read_dir(folder.path().join("received"))
        .expect("a folder")
        .map(|file| std::fs::read(file.expect("a file").path()).expect("read"))
        .filter(|bytes| bytes.starts_with(b"%PDF-"))
        .collect();
    assert_eq!(received.len(), 1);
    assert!(received[0] == pdf.bytes, "other bytes arrived");
    // It knows the job by its mark, and no other.
    assert_eq!(wires.find(&to, "0123456789ab-1"), Ok(Some(Delivery::Printed)));
    assert_eq!(wires.find(&to, "0123456789ab-2"), Ok(None));
    // Bytes in a language it does not speak are not even sent.
    let label = job(Format::Zpl, 100);
    let error = wires.send(&to, Outgoing { job: &label, mark: "0123456789ab-3" });
    assert!(!error.expect_err("refused").may_have_printed());
}

/// A page with a line of text, as small as a PDF can be.
fn pdf() -> Vec<u8> {
    let content = "BT /F1 24 Tf 72 720 Td (SZ-2026-000001) Tj ET";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font \
         << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut text = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(text.len());
        text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", number + 1));
    }
    let table = text.len();
    text.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    for place in places {
        text.push_str(&format!("{place:010} 00000 n \n"));
    }
    text.push_str(&format!(
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    ));
    text.into_bytes()
}
