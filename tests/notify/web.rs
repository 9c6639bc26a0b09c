//! Webhooks and the heartbeat against a sink that is kind, slow or hostile.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use media_custody::notify::{Destination, SendError, Settings, Transport, Wires};

use crate::sink::{Reply, Sink};
use crate::{certificate, impatient, message, settings};

const SECRET: &str = "shared secret of this test";

fn channel(form: &str, url: &str, folder: &Path) -> Settings {
    let more = if form == "json" { "secret-file = \"secret\"\n" } else { "" };
    let path = folder.join("secret");
    fs::write(&path, format!("{SECRET}\n")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("changed");
    let text = format!("[notify.channel.team]\nform = \"{form}\"\nurl = \"{url}\"\n{more}");
    Settings::parse(&text, folder).unwrap_or_else(|faults| panic!("{faults:#?}")).expect("there")
}

fn send(form: &str, url: &str) -> Result<(), SendError> {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = channel(form, url, folder.path());
    let to = Destination { channel: "team".to_owned(), recipient: "team".to_owned() };
    let text = "USB-0421 が所在不明です。\n\n<b> & *c*\n";
    Wires { settings, patience: impatient() }.send(&to, &message(text))
}

#[test]
fn a_signed_webhook_is_verified_by_openssl() {
    let sink = Sink::new(Reply::Status(204, ""));
    send("json", &sink.url("hook?x=1")).expect("sent");
    let [request] = sink.seen().try_into().expect("one request");
    assert_eq!(request.line.trim(), "POST /hook?x=1 HTTP/1.1");
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.header("idempotency-key"), message("").id);
    assert_eq!(request.body, message("").json);
    let signed = request.header("custody-signature");
    let (time, mac) = signed.split_once(",v1=").expect("two parts");
    let time = time.strip_prefix("t=").expect("a time");
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", SECRET, "-r"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl runs");
    use std::io::Write as _;
    let mut input = child.stdin.take().expect("its input");
    write!(input, "{time}.{}", request.body).expect("written");
    drop(input);
    let said = String::from_utf8(child.wait_with_output().expect("ends").stdout).expect("text");
    assert_eq!(said.split_whitespace().next(), Some(mac));
}

#[test]
fn each_service_gets_what_it_reads() {
    let sink = Sink::new(Reply::Status(200, "ok"));
    for form in ["slack", "teams", "ntfy"] {
        send(form, &sink.url("hooks/our-topic")).expect("sent");
    }
    let [slack, teams, ntfy] = sink.seen().try_into().expect("three requests");
    let text = slack.json()["text"].as_str().expect("text").to_owned();
    assert!(text.starts_with("*[custody] 所在不明") && text.contains("&lt;b&gt; &amp;"), "{text}");
    let card = &teams.json()["attachments"][0];
    assert_eq!(card["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!(card["content"]["type"], "AdaptiveCard");
    let blocks = card["content"]["body"].as_array().expect("blocks");
    assert!(blocks.len() == 3 && blocks.iter().all(|block| block["wrap"] == true), "{blocks:?}");
    assert_eq!(ntfy.line.trim(), "POST /hooks/ HTTP/1.1");
    assert_eq!((&ntfy.json()["topic"], &ntfy.json()["priority"]), (&"our-topic".into(), &5.into()));
    assert_eq!(ntfy.header("custody-signature"), "");
}

#[test]
fn what_a_server_answers_is_told_apart() {
    type Is = fn(&SendError) -> bool;
    let deferred: Is = |error| matches!(error, SendError::Deferred(_));
    let refused: Is = |error| matches!(error, SendError::Refused(_));
    let unclear: Is = |error| matches!(error, SendError::Unclear(_));
    let sink = Sink::new(Reply::Close);
    let other = Sink::new(Reply::Status(200, ""));
    for (reply, is, words) in [
        (Reply::Status(400, "no \u{1b}[2J such thing\nsecond"), refused, "400 no \\u{1b}[2J such"),
        (Reply::Status(404, ""), refused, "404"),
        (Reply::Status(410, "gone"), refused, "gone"),
        (Reply::Status(429, ""), deferred, "429"),
        (Reply::Status(500, ""), deferred, "500"),
        (Reply::Status(503, "later"), deferred, "later"),
        (Reply::Status(504, ""), unclear, "504"),
        (Reply::Redirect(other.url("x")), refused, "not followed"),
        (Reply::Raw(b"220 smtp ready\r\n"), unclear, ""),
        (Reply::Endless, refused, "400"),
        (Reply::Silence(Duration::from_secs(3)), unclear, "no answer"),
        (Reply::Close, unclear, ""),
    ] {
        sink.does(reply.clone());
        let begun = Instant::now();
        let error = send("slack", &sink.url("x")).expect_err("not taken");
        assert!(is(&error), "{reply:?}: {error:?}");
        assert!(error.to_string().contains(words), "{reply:?}: {error}");
        assert!(!error.to_string().contains('\u{1b}') && error.to_string().len() < 400);
        assert!(begun.elapsed() < Duration::from_secs(4), "{reply:?}: {:?}", begun.elapsed());
    }
    assert!(other.seen().is_empty(), "a message went where nobody named");
}

#[test]
fn a_server_that_is_absent_got_nothing() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    for url in [format!("http://127.0.0.1:{port}/x"), "https://nowhere.invalid/x".to_owned()] {
        let error = send("json", &url).expect_err("nobody there");
        assert!(matches!(error, SendError::NotReached(_)), "{url}: {error:?}");
    }
}

#[test]
fn the_heartbeat_is_a_plain_get() {
    let sink = Sink::new(Reply::Status(200, ""));
    let beats = settings(&format!("[notify.heartbeat]\nurl = \"{}\"\n", sink.url("ping/1")));
    let wires = Wires { settings: beats, patience: impatient() };
    wires.ping().expect("taken");
    assert_eq!(sink.seen()[0].line.trim(), "GET /ping/1 HTTP/1.1");
    sink.does(Reply::Status(500, ""));
    assert!(wires.ping().is_err());
}

#[test]
fn https_trusts_the_named_authority_and_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    certificate(folder.path());
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let mut server = Command::new("openssl")
        .args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-cert", "cert"])
        .args(["-key", "key", "-www", "-quiet"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl runs");
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let text = format!(
        "[notify]\nca-file = \"ca\"\n[notify.heartbeat]\nurl = \"https://localhost:{port}/\"\n"
    );
    let mut read = Settings::parse(&text, folder.path()).expect("sound").expect("there");
    let trusted = Wires { settings: read.clone(), patience: impatient() }.ping();
    read.ca_file = None;
    let not = Wires { settings: read.clone(), patience: impatient() }.ping();
    // The name has to be right as well.
    let other = text.replace("localhost", "127.0.0.1");
    let other = Settings::parse(&other, folder.path()).expect("sound").expect("there");
    let misnamed = Wires { settings: other, patience: impatient() }.ping();
    let _ = server.kill();
    let _ = server.wait();
    assert_eq!(trusted, Ok(()));
    assert!(matches!(not, Err(SendError::NotReached(_))), "{not:?}");
    assert!(matches!(misnamed, Err(SendError::NotReached(_))), "{misnamed:?}");
}

#[test]
fn a_channel_that_left_the_configuration_is_refused() {
    let wires = Wires { settings: settings("[notify]\n"), patience: impatient() };
    for channel in ["mail", "team"] {
        let to = Destination { channel: channel.to_owned(), recipient: "yamada".to_owned() };
        let error = wires.send(&to, &message("x")).expect_err("gone");
        assert!(matches!(error, SendError::Refused(_)), "{error:?}");
    }
}
