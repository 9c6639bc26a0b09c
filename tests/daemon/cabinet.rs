//! A cabinet that a recording plays: drives come, leave and return by its own clock, on
//! which ten seconds pass with each frame.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::office::{Case, HOME, devices};
use crate::running::{Running, wait_for};

const WITH: &str = "--passphrase-file words";

/// Enrols the station and configures the cabinet.
pub fn station(case: &Case) {
    case.ok(&format!(
        "party add spare --name 保管庫端末 --organisation 静岡支部 --role station --by kato --yes {WITH}"
    ));
    case.write(
        "config.toml",
        format!(
            "[cabinet.drawer]\nplace = \"{HOME}\"\nstation = \"spare\"\n\
             ports = [\"2-1\"]\npassphrase-file = \"words\"\nevery-minutes = 60\n\
             patience-minutes = 1\n"
        ),
    );
}

/// The same with a recording; frames say whether the drive is there.
fn cabinet(case: &Case, frames: &[bool]) {
    play(case, "tour.json", frames);
}

fn play(case: &Case, recording: &str, frames: &[bool]) {
    station(case);
    let recorded: Value =
        serde_json::from_slice(&std::fs::read(devices(recording)).expect("read")).expect("JSON");
    let device = &recorded["frames"][0]["devices"][0];
    let frames: Vec<Value> = frames
        .iter()
        .enumerate()
        .map(|(number, there)| {
            let devices = if *there { vec![device.clone()] } else { Vec::new() };
            json!({ "label": format!("{number}"), "devices": devices })
        })
        .collect();
    let bus = json!({ "format": recorded["format"], "origin": "played", "frames": frames });
    case.write("bus.json", bus.to_string());
}

fn start(case: &Case) -> Running {
    Running::start_with(case, |command| {
        command.args(["--config", "config.toml", "--bus", "bus.json"]);
    })
}

fn standing(case: &Case) -> Value {
    let status = case.json(0, "status");
    let rows = status["rows"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["medium"] == "USB-0421").expect("the drive");
    row["standing"].clone()
}

fn roll_calls(case: &Case) -> Vec<Value> {
    let log = case.json(0, "log");
    let rows = log["rows"].as_array().or(log["entries"].as_array()).expect("rows").clone();
    rows.into_iter().filter(|row| row["kind"] == "roll-call").collect()
}

#[test]
fn a_drive_that_leaves_without_a_handover_is_told_and_its_return_as_well() {
    let case = Case::new();
    let frames = [&[true; 3][..], &[false; 8], &[true; 8]].concat();
    cabinet(&case, &frames);
    let daemon = start(&case);
    daemon.says("USB-0421 is in its place");
    daemon.says("USB-0421 has left; awaiting its handover");
    daemon.says("USB-0421 LEFT WITHOUT A HANDOVER");
    // It came back, and the roll-call about that ends it.
    wait_for("three roll-calls", || roll_calls(&case).len() == 3);
    daemon.end();
    assert_eq!(standing(&case), "home");
    case.ok("verify --log-key ledger/log.vkey");
    let text = case.ok("status");
    assert!(text.contains(&format!("{HOME}: last roll-call")), "{text}");
    assert_eq!(case.json(0, "status")["stations"][0]["silent"], false);
    let text = case.ok("show USB-0421");
    assert!(text.contains("left-without-handover"), "{text}");
}

#[test]
fn a_drive_that_stays_away_waits_for_somebody() {
    let case = Case::new();
    cabinet(&case, &[&[true; 3][..], &[false; 9]].concat());
    let daemon = start(&case);
    daemon.says("LEFT WITHOUT A HANDOVER");
    wait_for("its standing", || standing(&case) == "left");
    let due = case.exits(3, "due").stdout;
    assert!(due.contains("LEFT WITHOUT A HANDOVER") && due.contains("USB-0421"), "{due}");
    let text = case.ok("status");
    assert!(text.contains("custody missing USB-0421"), "{text}");
    case.ok(&format!("acknowledge USB-0421 --by yamada --detail 確認中 --yes {WITH}"));
    // Killed and started again it says nothing twice: all of it stands in the ledger.
    let before = roll_calls(&case).len();
    daemon.kill();
    let again = start(&case);
    again.says("USB-0421 is in its place");
    again.end();
    assert!(roll_calls(&case).len() > before, "it came back in the recording");
    case.ok("verify --log-key ledger/log.vkey");
}

#[test]
fn a_handover_explains_a_departure() {
    let case = Case::new();
    cabinet(&case, &[&[true; 3][..], &[false; 9]].concat());
    // Handed over before it leaves the cabinet.
    case.ok(&format!(
        "handover USB-0421 --from yamada --to sato --purpose 印刷 --place 工場 --yes {WITH} --keep-tokens"
    ));
    let daemon = start(&case);
    daemon.says("USB-0421 has left, as recorded");
    let log = daemon.end();
    assert!(!log.contains("WITHOUT A HANDOVER"), "{log}");
    assert_eq!(standing(&case), "out");
}

#[test]
fn a_drive_that_may_not_be_read_is_said_to_be_and_counts_as_absent() {
    let case = Case::new();
    play(&case, "no-permission.json", &[true; 12]);
    let daemon = start(&case);
    daemon.says("its serial CANNOT BE READ");
    daemon.says("drawer: roll-call recorded");
    let log = daemon.end();
    assert!(log.contains("(0 there, 1 not, 0 unknown)"), "{log}");
    assert_eq!(log.matches("CANNOT BE READ").count(), 1, "{log}");
    assert_ne!(standing(&case), "home", "nobody has seen it");
}

/// Takes what is posted to it, answers that all is well, and keeps the texts.
fn sink() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&kept);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let mut text = Vec::new();
            let mut share = [0; 4096];
            // Up to the end of the body that its head promises.
            while let Ok(read @ 1..) = stream.read(&mut share) {
                text.extend_from_slice(&share[..read]);
                let whole = String::from_utf8_lossy(&text).into_owned();
                let Some((head, body)) = whole.split_once("\r\n\r\n") else { continue };
                let head = head.to_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0) {
                    break;
                }
            }
            all.lock().expect("kept").push(String::from_utf8_lossy(&text).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    (port, kept)
}

#[test]
fn people_are_told_of_it_at_once() {
    let case = Case::new();
    cabinet(&case, &[&[true; 3][..], &[false; 9]].concat());
    let (port, told) = sink();
    let tells = format!(
        "[daemon]\ntell-minutes = 1440\n[notify]\nlanguage = \"en\"\n[notify.channel.telephone]\n\
         form = \"ntfy\"\nurl = \"http://127.0.0.1:{port}/drawer\"\ntells = [\"missing\"]\n"
    );
    case.write("config.toml", case.text("config.toml") + &tells);
    let daemon = start(&case);
    let says = |text: &String| text.contains("USB-0421: left its place without a handover");
    wait_for("the message", || told.lock().expect("told").iter().any(says));
    daemon.end();
    assert_eq!(told.lock().expect("told").iter().filter(|text| says(text)).count(), 1, "once");
}
