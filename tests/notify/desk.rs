//! Telling as people set it up: at the command line and from cron.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::office::{Case, split};
use crate::sink::{Reply, Sink};

/// A case with a channel of each of two kinds, and a heartbeat.
fn case(sink: &Sink) -> Case {
    let case = Case::new();
    case.write("secret", "of this test\n");
    fs::set_permissions(case.path("secret"), fs::Permissions::from_mode(0o600)).expect("changed");
    let config = format!(
        "[notify.channel.own]\nform = \"json\"\nurl = \"{}\"\nsecret-file = \"secret\"\n\
         [notify.channel.team]\nform = \"slack\"\nurl = \"{}\"\ntells = [\"missing\", \"overdue\"]\n\
         [notify.heartbeat]\nurl = \"{}\"\n",
        sink.url("own"),
        sink.url("team"),
        sink.url("ping"),
    );
    case.write("config.toml", config);
    case
}

fn with(line: &str) -> String {
    format!("{line} --config config.toml")
}

fn paths(sink: &Sink) -> Vec<String> {
    let lines = sink.seen().into_iter().map(|request| request.line);
    lines.map(|line| line.split(' ').nth(1).unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_is_due_is_shown_with_an_exit_code() {
    let case = Case::new();
    let shown = case.exits(3, "due");
    assert!(shown.stdout.contains("RETURN OVERDUE") && shown.stdout.contains("USB-0422"));
    let answer = case.json(3, "due");
    assert_eq!(answer["rows"][0]["matter"], "return-overdue");
    assert_eq!(answer["telling"], json!(null));
    let by = "--passphrase-file words";
    for medium in ["USB-0421", "USB-0422"] {
        case.ok(&format!("missing {medium} --detail 棚が空 --by sasaki {by}"));
    }
    assert_eq!(case.json(3, "due")["rows"][1]["matter"], "missing");
    for medium in ["USB-0421", "USB-0422"] {
        case.ok(&format!("lost {medium} --detail 見つからず --by kato {by}"));
    }
    let calm = case.exits(0, "due");
    assert!(calm.stdout.contains("Nothing is due"), "{}", calm.stdout);
}

#[test]
fn everybody_is_told_from_cron_and_once() {
    let sink = Sink::new(Reply::Status(200, "ok"));
    let case = case(&sink);
    let told = case.json(0, &with("due --notify --metrics custody.prom"));
    assert_eq!(told["telling"]["heartbeat"], "sent");
    assert_eq!(told["messages_in_trouble"], 0);
    let mut asked = paths(&sink);
    // Both are overdue by now: own is told that and the digest, team only that.
    assert_eq!(asked.pop().as_deref(), Some("/ping"));
    asked.sort();
    assert_eq!(asked, ["/own", "/own", "/team"]);
    case.exits(0, &with("due --notify"));
    assert_eq!(paths(&sink).len(), 5, "a second heartbeat and nothing else");
    let listed = case.json(0, &with("notices"));
    let all = listed["messages"].as_array().expect("messages");
    assert!(all.len() == 3 && all.iter().all(|one| one["standing"] == "sent"), "{listed}");
    // Only their owner may read them.
    let mode = fs::metadata(case.path("outbox")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_failed_delivery_shows_everywhere() {
    let sink = Sink::new(Reply::Status(500, "tomorrow"));
    let case = case(&sink);
    let failed = case.exits(1, &with("due --notify --metrics custody.prom"));
    assert!(failed.stdout.contains("500 tomorrow"), "{}", failed.stdout);
    assert!(failed.stdout.contains("heartbeat was withheld"), "{}", failed.stdout);
    assert!(!paths(&sink).contains(&"/ping".to_owned()));
    let status = case.exits(0, "status");
    assert!(status.stderr.contains("3 messages did not arrive"), "{}", status.stderr);
    let metrics = case.text("custody.prom");
    assert!(
        metrics
            .lines()
            .any(|line| line.starts_with("custody_notices_failed") && line.ends_with(" 3"))
    );
    let digest =
        sink.seen().into_iter().find(|request| request.body.contains("\"topic\":\"digest\""));
    // When the digest is written the two others have failed.
    assert_eq!(digest.expect("a digest").json()["digest"]["in_trouble"], 2);
    case.exits(1, &with("notices --retry"));
    sink.does(Reply::Status(200, ""));
    case.exits(0, &with("notices --retry"));
    assert_eq!(case.exits(0, "status").stderr, "");
    case.exits(0, &with("due --notify"));
    assert!(paths(&sink).contains(&"/ping".to_owned()));
}

#[test]
fn what_was_refused_can_be_dropped() {
    let sink = Sink::new(Reply::Status(404, ""));
    let case = case(&sink);
    case.exits(1, &with("due --notify"));
    for message in case.json(0, &with("notices"))["messages"].as_array().expect("messages") {
        assert_eq!(message["standing"], "failed");
        let id = message["id"].as_str().expect("an id");
        let dropped = case.json(0, &with(&format!("notices --drop {}", &id[..10])));
        assert_eq!(dropped["messages"][0]["standing"], "dropped");
    }
    case.exits(1, &with("notices --drop ffff0000"));
    assert_eq!(case.exits(0, "status").stderr, "");
}

/// Killed while the message is on its way: what cannot tell two from one gets no second.
#[test]
fn killed_between_attempting_and_sent() {
    let process = Arc::new(Mutex::new(None));
    let sink = Sink::new(Reply::Kill(process.clone()));
    let case = case(&sink);
    for kills in 1..=3 {
        *process.lock().expect("id") = None;
        let mut command = case.command();
        command.args(split(&with("due --notify"))).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("runs");
        *process.lock().expect("id") = Some(child.id());
        let ended = child.wait().expect("ends");
        assert_eq!(ended.code(), None, "killed");
        assert_eq!(sink.seen().len(), kills);
    }
    sink.does(Reply::Status(200, ""));
    case.exits(1, &with("due --notify"));
    // The webhook may not have seen its own again yet: a minute passes between attempts.
    case.exits(0, &with("notices --retry"));
    let seen = sink.seen();
    let team = seen.iter().filter(|request| request.line.contains("/team"));
    assert_eq!(team.count(), 1, "Slack would show it twice");
    let key = |topic: &str| -> Vec<String> {
        let own = seen.iter().filter(|request| request.line.contains("/own"));
        let of = own.filter(|request| request.body.contains(&format!("\"topic\":\"{topic}\"")));
        of.map(|request| request.header("idempotency-key").to_owned()).collect()
    };
    for topic in ["overdue", "digest"] {
        let keys = key(topic);
        assert!(keys.len() == 2 && keys[0] == keys[1], "{topic}: {keys:?}");
    }
    let listed = case.json(0, &with("notices"));
    assert_eq!(listed["in_trouble"], 1);
    let doubtful = listed["messages"].as_array().expect("messages");
    let doubtful = doubtful.iter().find(|one| one["channel"] == "team").expect("there");
    assert_eq!(doubtful["standing"], "may-have-been-sent");
}

#[test]
fn a_test_message_says_whether_the_way_is_open() {
    let sink = Sink::new(Reply::Status(200, ""));
    let case = case(&sink);
    for channel in ["own", "team", "heartbeat"] {
        case.ok(&with(&format!("notices --test {channel}")));
    }
    assert_eq!(paths(&sink), ["/own", "/team", "/ping"]);
    assert_eq!(case.json(0, &with("notices"))["messages"], json!([]));
    sink.does(Reply::Status(403, "no"));
    let failed = case.exits(1, &with("notices --test team"));
    assert!(failed.stderr.contains("403 no"), "{}", failed.stderr);
    let failed = case.exits(2, &with("notices --test mail:yamada"));
    assert!(failed.stderr.contains("own team heartbeat"), "{}", failed.stderr);
}

#[test]
fn telling_needs_no_free_ledger() {
    let sink = Sink::new(Reply::Status(200, ""));
    let case = case(&sink);
    let owner = case.ledger();
    let mut command = case.command();
    command.args(split(&with("due --notify"))).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let ended = command.status().expect("runs");
    assert!(begun.elapsed() < Duration::from_secs(20));
    drop(owner);
    assert_eq!(ended.code(), Some(0));
}

#[test]
fn an_outbox_that_cannot_be_used_is_no_silence() {
    let sink = Sink::new(Reply::Status(200, ""));
    let case = case(&sink);
    case.write("outbox", "no folder");
    let failed = case.exits(1, &with("due --notify --metrics custody.prom"));
    assert!(failed.stderr.contains("outbox"), "{}", failed.stderr);
    assert!(sink.seen().is_empty());
    // The metrics are written all the same, and say it.
    let failed = |line: &str| line.starts_with("custody_notices_failed") && line.ends_with(" 1");
    assert!(case.text("custody.prom").lines().any(failed));
    assert!(case.exits(0, "status").stderr.contains("1 message did not arrive"));
}
