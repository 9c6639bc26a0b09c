//! Mail against aiosmtpd and against servers that are worse.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use media_custody::notify::{Destination, SendError, Settings, Transport, Wires};

use crate::{certificate, impatient, message, python};

/// A server in a process of its own.
struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

impl Server {
    /// `None` where aiosmtpd is not installed.
    fn start(options: &[&str]) -> Option<Self> {
        let python = python("aiosmtpd")?;
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/notify/smtp_server.py");
        let mut options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        if options.iter().any(|option| option.starts_with("tls=")) {
            certificate(folder.path());
            for name in ["cert", "key"] {
                options.push(format!("{name}={}", folder.path().join(name).display()));
            }
        }
        let mut child = Command::new(python)
            .args([script, &port.to_string()])
            .arg(folder.path())
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut ready = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut ready).expect("read");
        assert_eq!(ready.trim(), "ready");
        Some(Server { child, port, folder })
    }

    fn settings(&self, more: &str) -> Settings {
        settings(self.folder.path(), self.port, more)
    }

    fn taken(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.path()).expect("a folder").flatten();
        let mut files: Vec<PathBuf> = files
            .map(|file| file.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
            .collect();
        files.sort();
        files.iter().map(|file| fs::read_to_string(file).expect("text")).collect()
    }
}

fn settings(folder: &Path, port: u16, more: &str) -> Settings {
    let text = format!(
        "{}[notify.mail]\nserver = \"localhost\"\nport = {port}\nfrom = \"custody@example.jp\"\n\
         {more}\n[notify.person.yamada]\nmail = \"yamada@example.jp\"\n",
        if folder.join("cert").exists() { "[notify]\nca-file = \"ca\"\n" } else { "" },
    );
    Settings::parse(&text, folder).unwrap_or_else(|faults| panic!("{faults:#?}")).expect("there")
}

fn send(settings: Settings) -> Result<(), SendError> {
    let to = Destination { channel: "mail".to_owned(), recipient: "yamada".to_owned() };
    let wires = Wires { settings, patience: impatient() };
    wires.send(&to, &message("USB-0421 が所在不明です。\nIt is missing.\n"))
}

fn secret(folder: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("password");
    fs::write(&path, format!("{text}\n")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("changed");
}

const PLAIN: &str = "security = \"plain\"";
const WITH_PASSWORD: &str = "user = \"custody\"\npassword-file = \"password\"";

#[test]
fn mail_arrives_as_it_was_written() {
    let Some(server) = Server::start(&[]) else { return };
    send(server.settings(PLAIN)).expect("sent");
    let [mail] = server.taken().try_into().expect("one message");
    assert!(mail.starts_with("yamada@example.jp\n"), "{mail}");
    for header in [
        "From: custody@example.jp",
        "To: yamada@example.jp",
        "Message-ID: <0123456789abcdef0123456789abcdef@example.jp>",
        "Auto-Submitted: auto-generated",
        "Date: ",
    ] {
        assert!(mail.lines().any(|line| line.starts_with(header)), "no {header} in {mail}");
    }
    // What it says is read by Python's parser and not by ours.
    let python = python("aiosmtpd").expect("there");
    let script = "import email, email.policy, sys\n\
                  text = sys.stdin.buffer.read().split(b'\\n', 1)[1]\n\
                  mail = email.message_from_bytes(text, policy=email.policy.default)\n\
                  print(mail['Subject']); print(mail.get_content(), end='')";
    let mut child = Command::new(python)
        .args(["-c", script])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("its input").write_all(mail.as_bytes()).expect("written");
    let said = child.wait_with_output().expect("it ends").stdout;
    let said = String::from_utf8(said).expect("text").replace("\r\n", "\n");
    let expected = message("USB-0421 が所在不明です。\nIt is missing.\n");
    assert_eq!(said, format!("{}\n{}", expected.subject, expected.text));
}

#[test]
fn starttls_and_a_password() {
    let Some(server) = Server::start(&["tls=starttls", "user=custody", "password=right"]) else {
        return;
    };
    secret(server.folder.path(), "right");
    send(server.settings(WITH_PASSWORD)).expect("sent");
    assert_eq!(server.taken().len(), 1);
    // The password is read when it is used.
    secret(server.folder.path(), "wrong");
    let refused = send(server.settings(WITH_PASSWORD)).expect_err("refused");
    let SendError::NotReached(why) = &refused else { panic!("{refused:?}") };
    assert!(why.contains("not logged in") && why.contains("535"), "{why}");
    assert!(!why.contains("wrong"), "the password is not shown: {why}");
    fs::remove_file(server.folder.path().join("password")).expect("removed");
    let refused = send(server.settings(WITH_PASSWORD)).expect_err("no password");
    assert!(matches!(refused, SendError::NotReached(_)), "{refused:?}");
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn a_password_that_everybody_may_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(server) = Server::start(&[]) else { return };
    secret(server.folder.path(), "right");
    let path = server.folder.path().join("password");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
    let refused =
        send(server.settings(&format!("{PLAIN}\n{WITH_PASSWORD}"))).expect_err("not used");
    assert!(refused.to_string().contains("chmod 600"), "{refused}");
}

#[test]
fn encrypted_from_the_first_byte() {
    let Some(server) = Server::start(&["tls=implicit"]) else { return };
    send(server.settings("security = \"tls\"")).expect("sent");
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn a_certificate_of_nobody_knows_whom_is_not_trusted() {
    for (tls, security) in [("tls=implicit", "tls"), ("tls=starttls", "starttls")] {
        let Some(server) = Server::start(&[tls]) else { return };
        let mut settings = server.settings(&format!("security = \"{security}\""));
        settings.ca_file = None;
        let refused = send(settings).expect_err("not trusted");
        assert!(matches!(refused, SendError::NotReached(_)), "{refused:?}");
        assert!(server.taken().is_empty());
    }
}

#[test]
fn without_starttls_nothing_is_sent() {
    let Some(server) = Server::start(&[]) else { return };
    let refused = send(server.settings("")).expect_err("not encrypted");
    assert!(refused.to_string().contains("STARTTLS"), "{refused}");
    assert!(server.taken().is_empty());
}

#[test]
fn what_a_server_refuses_is_known() {
    type Is = fn(&SendError) -> bool;
    let deferred: Is = |error| matches!(error, SendError::Deferred(_));
    let refused: Is = |error| matches!(error, SendError::Refused(_));
    for (option, is) in [
        ("rcpt=550_no_such_user", refused),
        ("rcpt=450_mailbox_busy", deferred),
        ("data=554_spam", refused),
        ("data=451_try_later", deferred),
    ] {
        let Some(server) = Server::start(&[option]) else { return };
        let error = send(server.settings(PLAIN)).expect_err("refused");
        assert!(is(&error), "{option}: {error:?}");
        assert!(error.to_string().contains(&option[5..8]), "{option}: {error}");
    }
}

#[test]
fn a_text_without_an_answer_may_have_arrived() {
    let Some(server) = Server::start(&["data=hang"]) else { return };
    let error = send(server.settings(PLAIN)).expect_err("no answer");
    assert!(matches!(error, SendError::Unclear(_)), "{error:?}");
    assert_eq!(server.taken().len(), 1, "it did arrive");
}

/// A server that says one thing to whatever it hears, and how often.
fn scripted(greeting: &'static [u8], pause: Option<Duration>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            for byte in greeting.chunks(if pause.is_some() { 1 } else { greeting.len().max(1) }) {
                if stream.write_all(byte).is_err() {
                    break;
                }
                pause.into_iter().for_each(std::thread::sleep);
            }
            let _ = stream.read(&mut [0; 100]);
        }
    });
    port
}

#[test]
fn a_server_that_is_absent_or_talks_rubbish_gets_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let nobody = free_port();
    let rubbish: &[(&str, u16)] = &[
        ("nobody", nobody),
        ("closes", scripted(b"", None)),
        ("rubbish", scripted(b"HTTP/1.1 200 OK\r\n\r\n\x1b[2J", None)),
        ("no greeting", scripted(b"554 go away\r\n", None)),
        ("endless", scripted(&[b'2'; 1 << 20], None)),
    ];
    for (name, port) in rubbish {
        let error = send(settings(folder.path(), *port, PLAIN)).expect_err(name);
        assert!(matches!(error, SendError::NotReached(_)), "{name}: {error:?}");
        assert!(!error.to_string().contains('\u{1b}'), "{name}: {error:?}");
    }
}

#[test]
fn a_server_that_drips_is_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let slow: &'static [u8] = b"220-a very long greeting that takes longer than anybody waits\r\n";
    let port = scripted(slow, Some(Duration::from_millis(300)));
    let begun = Instant::now();
    let error = send(settings(folder.path(), port, PLAIN)).expect_err("slow");
    assert!(matches!(error, SendError::NotReached(_)), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

/// Kind until it has the text; then its answer takes longer than anybody waits, a byte
/// at a time.
fn dripping_after_the_text() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return };
        let mut lines = BufReader::new(stream.try_clone().expect("its other half")).lines();
        stream.write_all(b"220 ready\r\n").expect("written");
        while let Some(Ok(line)) = lines.next() {
            if line == "DATA" {
                stream.write_all(b"354 go on\r\n").expect("written");
                break;
            }
            stream.write_all(b"250 fine\r\n").expect("written");
        }
        while lines.next().is_some_and(|line| line.is_ok_and(|line| line != ".")) {}
        while stream.write_all(b"2").is_ok() {
            std::thread::sleep(Duration::from_millis(300));
        }
    });
    port
}

#[test]
fn a_text_that_is_answered_byte_by_byte_may_have_arrived() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = dripping_after_the_text();
    let error = send(settings(folder.path(), port, PLAIN)).expect_err("slow");
    assert!(matches!(error, SendError::Unclear(_)), "{error:?}");
}
