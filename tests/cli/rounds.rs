//! Rounds of presence checks that go on: one drive after another, two people, pauses,
//! what kills a program, and what stands in a file that somebody changed.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use media_custody::store::rounds::Rounds;
use serde_json::Value;

use crate::office::{Case, HOME, devices, ran};

const WITH: &str = "--passphrase-file words";

/// The office with both drives at home, held by yamada.
fn both_home() -> Case {
    let case = Case::new();
    case.ok(&format!("return USB-0422 --to yamada {WITH}"));
    case
}

fn check(by: &str, rest: &str) -> String {
    format!("check --place {HOME} --by {by} {rest}")
}

fn ids(rows: &Value) -> Vec<String> {
    let rows = rows.as_array().expect("rows").iter();
    rows.map(|row| row["medium"].as_str().expect("an id").to_owned()).collect()
}

/// The file of the one open round.
fn file(case: &Case) -> Option<PathBuf> {
    files(case).into_iter().find(|file| file.extension().is_some_and(|end| end == "round"))
}

fn files(case: &Case) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(case.path("ledger/rounds")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn show(case: &Case) -> Value {
    case.json(0, &format!("check --place {HOME} --show"))
}

#[test]
fn a_round_goes_on_and_counts_each_drive_once() {
    let case = both_home();
    let pair = devices("sandisk-pair.json");
    let first = case.json(0, &check("sasaki", "--pause"));
    assert_eq!(ids(&first["found"]), ["USB-0421"]);
    assert_eq!(ids(&first["still_expected"]), ["USB-0422"]);
    // The same drive at another port, and after that the same label: still one.
    case.ok(&check("sasaki", &format!("--pause --bus {}", devices("tour.json#returned"))));
    let label = case.json(0, "show USB-0421")["label"].as_str().expect("a label").to_owned();
    let again = case.json(0, &check("sasaki", &format!("--pause --no-bus --label {label}")));
    assert_eq!(
        (ids(&again["found"]), &again["alarms"]),
        (vec!["USB-0421".into()], &Value::from(Vec::<Value>::new()))
    );
    assert!(case.ok("status").contains("Rounds not closed yet"));
    assert_eq!(case.json(0, "status")["rounds"][0]["observations"], 3);

    // The last look closes it: the first drive is pulled by now and counts all the same.
    let done = case.json(3, &check("sasaki", &format!("--bus {pair} {WITH}")));
    assert_eq!(ids(&done["check"]["found"]), ["USB-0421", "USB-0422"]);
    assert_eq!(done["check"]["missing"].as_array().expect("none").len(), 0);
    assert_eq!(done["check"]["unknown"].as_array().expect("one").len(), 1);
    assert_eq!(done["check"]["second"], Value::Null);
    let quarantine = done["offers"][0]["quarantine"].as_str().expect("a command");
    assert_eq!(files(&case), Vec::<PathBuf>::new(), "the round is over");
    case.exits(1, &format!("check --place {HOME} --show"));

    // What was offered can be typed.
    let line = quarantine
        .replace("custody ", "")
        .replace("NEW-ID", "USB-0999")
        .replace("sasaki", "yamada");
    case.ok(&format!("{line} --bus {pair} {WITH}"));
    let shown = case.json(0, "show USB-0999");
    assert!(case.ok("show USB-0999").contains(&format!("found unregistered: {HOME}")));
    assert_eq!(shown["status"]["home"], "隔離 quarantine");
    assert_eq!(case.json(0, "verify")["verdict"], "passed");
}

#[test]
fn two_people_check_one_another() {
    let case = both_home();
    case.ok(&format!(
        "handover USB-0422 --from yamada --to sasaki --place {HOME} --purpose 保管 {WITH}"
    ));
    // yamada holds USB-0421, sasaki USB-0422; neither can close the round alone.
    let pair = devices("sandisk-pair.json");
    for by in ["yamada", "sasaki"] {
        let refused = case.exits(1, &check(by, &format!("--no-bus {WITH}")));
        assert!(refused.stderr.contains("cannot check its presence"), "{}", refused.stderr);
    }
    case.ok(&check("yamada", &format!("--pause --bus {pair}")));
    let shown = show(&case);
    assert_eq!(shown["people"].as_array().expect("people").len(), 1);
    let done = case.json(3, &check("sasaki", WITH));
    let text = done["text"].as_str().expect("a text");
    for line in ["second: yamada", "second-saw: USB-0422\n", "found: USB-0421 profile\n"] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains("second-saw: USB-0421"), "{text}");
    assert_eq!(done["check"]["found"][1]["by"]["id"], "yamada", "{done}");
    assert_eq!(case.json(0, "verify")["verdict"], "passed");
    let seen =
        |id: &str| case.json(0, &format!("show {id}"))["status"]["last_seen"]["by"]["id"].clone();
    assert_eq!((seen("USB-0421"), seen("USB-0422")), ("sasaki".into(), "yamada".into()));
}

#[test]
fn a_drive_seen_by_eye_is_neither_found_nor_missing_under_a_stricter_policy() {
    let case = Case::new();
    let before = case.json(0, "show USB-0421")["status"]["last_seen"].clone();
    let done = case.json(3, &check("sasaki", &format!("--no-bus --eye USB-0421 {WITH}")));
    assert_eq!(ids(&done["check"]["unverified"]), ["USB-0421"]);
    assert_eq!(done["check"]["missing"].as_array().expect("none").len(), 0);
    assert_eq!(case.json(0, "show USB-0421")["status"]["last_seen"], before, "the bound stays");
    assert!(case.ok("show USB-0421").contains("too weakly to count"));
    // Where the policy takes a person's word it is found.
    case.ok(&format!("party add audit --renew --role administrator --by kato {WITH}"));
    case.ok(&format!("policy set --grade attested --by kato --second audit {WITH}"));
    let done = case.json(0, &check("sasaki", &format!("--no-bus --eye USB-0421 {WITH}")));
    assert_eq!(done["check"]["found"][0]["grade"], "attested");
    let refused = case.exits(2, &check("sasaki", &format!("--no-bus --eye USB-9 {WITH}")));
    assert!(refused.stderr.contains("USB-9 is not registered here"), "{}", refused.stderr);
}

#[test]
fn the_same_identity_twice_at_once_is_odd_and_one_after_the_other_is_not() {
    let case = Case::new();
    case.ok(&check("sasaki", "--pause"));
    let once =
        case.json(0, &check("sasaki", &format!("--pause --bus {}", devices("tour.json#returned"))));
    assert_eq!(once["alarms"].as_array().expect("none").len(), 0);
    let twice =
        case.json(0, &check("sasaki", &format!("--pause --bus {}", devices("tour.json#cloned"))));
    assert_eq!(twice["alarms"][0]["alarm"], "identity-twice", "{twice}");
    let done =
        case.run(&crate::office::split(&check("sasaki", &format!("--no-bus {WITH} --json"))));
    assert!(done.stdout.contains("alarm: USB-0421 identity-twice"), "{}", done.stdout);
}

#[test]
fn a_round_that_is_given_up_is_kept() {
    let case = Case::new();
    case.ok(&check("sasaki", "--pause"));
    case.exits(2, &check("sasaki", "--discard"));
    let text = case.ok(&check("sasaki", "--discard --reason 停電"));
    assert!(text.contains("USB-0421") && text.contains("given-up-1"), "{text}");
    let kept = files(&case);
    assert!(kept.len() == 1 && file(&case).is_none(), "{kept:?}");
    assert!(std::fs::read_to_string(&kept[0]).expect("text").contains("停電"));
    case.exits(1, &check("sasaki", "--discard --reason x"));
    case.exits(1, &check("nobody", "--discard --reason x"));
}

/// Makes every line of the round as old as that.
fn aged(case: &Case, days: i64) {
    let file = file(case).expect("a round");
    let text = std::fs::read_to_string(&file).expect("text");
    let now = case.ledger().now().expect("now");
    let (today, then) = (now.day().to_string(), now.plus_seconds(-days * 86_400).day().to_string());
    std::fs::write(&file, text.replace(&format!("\"at\":\"{today}"), &format!("\"at\":\"{then}")))
        .expect("written");
}

#[test]
fn what_was_seen_a_week_ago_is_looked_at_again() {
    let case = both_home();
    case.ok(&check("sasaki", "--pause"));
    // A drive counts from its last handover on, so that lies behind the week as well.
    aged(&case, 8);
    let shown = show(&case);
    assert_eq!(shown["look_again"][0]["what"], "USB-0421", "{shown}");
    assert!(case.ok("status").contains("has to be looked at again"));
    let pair = devices("sandisk-pair.json");
    let refused = case.exits(1, &check("sasaki", &format!("--bus {pair} {WITH}")));
    assert!(refused.stderr.contains("to be looked at again: USB-0421"), "{}", refused.stderr);
    // Seen again it counts, and the round can be closed.
    let again = case.json(0, &check("sasaki", "--pause"));
    assert_eq!(again["look_again"].as_array().expect("none").len(), 0);
    aged(&case, 8);
    // Or it is gone: then it is missing, and what was left out is kept.
    let done = case.json(3, &check("sasaki", &format!("--bus {pair} --leave-out-old {WITH}")));
    assert_eq!(ids(&done["check"]["missing"]), ["USB-0421"]);
    let kept = files(&case);
    assert!(kept.len() == 1 && kept[0].to_string_lossy().contains("closed-1"), "{kept:?}");
}

#[test]
fn a_drive_that_changed_hands_since_is_looked_at_again() {
    let case = Case::new();
    case.ok(&check("sasaki", "--pause"));
    case.ok(&format!(
        "handover USB-0421 --from yamada --to sato --purpose 印刷 --place 工場 {WITH}"
    ));
    case.ok(&format!("return USB-0421 --to yamada {WITH}"));
    aged(&case, 1);
    assert_eq!(show(&case)["look_again"][0]["why"], "moved");
    case.exits(1, &check("sasaki", &format!("--no-bus {WITH}")));
    assert!(file(&case).is_some(), "nothing is lost");
    case.ok(&check("sasaki", WITH));
}

#[test]
fn a_hostile_or_torn_file_is_said_and_put_aside() {
    let case = Case::new();
    case.ok(&check("sasaki", "--pause"));
    let path = file(&case).expect("a round");
    let sound = std::fs::read(&path).expect("bytes");
    // Cut anywhere in its last line: what stands before it counts.
    let half = [&sound[..], b"{\"at\":\"2026-01-"].concat();
    std::fs::write(&path, &half).expect("written");
    let shown = show(&case);
    assert_eq!((&shown["torn"], ids(&shown["found"])), (&true.into(), vec!["USB-0421".into()]));
    case.ok(&check("sasaki", "--pause --no-bus --eye USB-0422"));
    assert_eq!(show(&case)["torn"], false);
    let torn = files(&case).into_iter().find(|file| file.to_string_lossy().contains("torn-1"));
    assert_eq!(std::fs::read(torn.expect("kept")).expect("bytes"), b"{\"at\":\"2026-01-");

    let label = "{\"at\":\"2026-01-07T09:00:00+09:00\",\"by\":\"sasaki\",\"what\":{\"label\":\"USB-0421\"}}\n";
    for line in [
        "garbage\n",
        "\n",
        "{\"at\":\"now\",\"by\":\"sasaki\",\"what\":{\"label\":\"USB-0421\"}}\n",
        &label.replace("USB-0421", "\\u001b[2J"),
        &label.replace("}}", "},\"more\":1}"),
        &label.replace("label", "magic"),
        &format!("{}\n", "x".repeat(70_000)),
    ] {
        std::fs::write(&path, [&sound[..], line.as_bytes(), label.as_bytes()].concat())
            .expect("written");
        let refused = case.exits(1, &format!("check --place {HOME} --show"));
        assert!(
            refused.stderr.contains("is no round file: line 3"),
            "{line:.80} {}",
            refused.stderr
        );
        assert!(!refused.stderr.contains('\u{1b}'), "{}", refused.stderr);
    }
    case.exits(1, &check("sasaki", WITH));
    assert!(case.ok("status").contains("is no round file"));
    let text = case.ok(&check("sasaki", "--discard --reason 壊れた"));
    assert!(text.contains("given-up-1"), "{text}");
    case.ok(&check("sasaki", WITH));
    // A link to elsewhere, and a folder, are no round either.
    std::os::unix::fs::symlink(case.path("words"), &path).expect("a link");
    case.exits(1, &check("sasaki", "--pause"));
    assert_eq!(case.text("words").lines().count(), 1);
    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("a folder");
    case.exits(1, &check("sasaki", "--pause"));
}

#[test]
fn an_entry_signed_elsewhere_ends_its_round() {
    let case = both_home();
    case.ok(&check("sasaki", "--pause"));
    std::fs::create_dir(case.path("theirs")).expect("a folder");
    let line = check("sasaki", &format!("--no-bus --draft a.draft {WITH}"));
    let done = case.exits(3, &line);
    assert!(done.stderr.contains("The round stays open"), "{}", done.stderr);
    assert_eq!(show(&case)["closing"], true);
    // Seen after it was signed: in no entry, so the round goes on with it.
    case.ok(&check("sasaki", &format!("--pause --bus {}", devices("sandisk-pair.json"))));
    case.ok("submit a.draft");
    let went_on = case.exits(0, &check("sasaki", "--pause --no-bus"));
    assert!(went_on.stderr.contains("was closed by entry"), "{}", went_on.stderr);
    let shown = show(&case);
    assert_eq!(
        (ids(&shown["found"]), ids(&shown["still_expected"])),
        (vec!["USB-0422".into()], vec!["USB-0421".into()])
    );
    assert!(files(&case).iter().any(|file| file.to_string_lossy().contains("closed-1")));
    case.exits(3, &check("sasaki", WITH));
}

#[test]
fn a_round_whose_entry_was_written_before_the_power_went_is_over() {
    let case = Case::new();
    case.ok(&check("sasaki", "--pause"));
    let file = file(&case).expect("a round");
    case.ok(&check("sasaki", &format!("--draft a.draft {WITH}")));
    let bytes = std::fs::read(&file).expect("bytes");
    case.ok("submit a.draft");
    std::fs::write(&file, bytes).expect("as the power cut left it");
    let entries = case.ok("log -n 100").lines().count();
    let done = case.exits(0, &check("sasaki", "--pause --no-bus"));
    assert!(done.stderr.contains("was closed by entry"), "{}", done.stderr);
    assert_eq!(show(&case)["observations"], 0, "a new round");
    assert_eq!(case.ok("log -n 100").lines().count(), entries);
}

#[test]
fn many_processes_add_to_one_round() {
    let case = both_home();
    // Begun by all of them at once, too.
    let buses = [
        devices("tour.json"),
        devices("sandisk-pair.json"),
        devices("twins.json"),
        devices("zero-serial.json"),
    ];
    std::thread::scope(|scope| {
        for number in 0..12 {
            let (case, bus) = (&case, &buses[number % 4]);
            let by = if number % 2 == 0 { "sasaki" } else { "audit" };
            scope.spawn(move || case.ok(&check(by, &format!("--pause --bus {bus}"))));
        }
    });
    let shown = show(&case);
    assert_eq!(ids(&shown["found"]), ["USB-0421", "USB-0422"]);
    let text = std::fs::read_to_string(file(&case).expect("a round")).expect("text");
    assert!(text.ends_with('\n') && text.lines().all(|line| line.starts_with("{\"")), "{text}");
    assert_eq!(shown["people"].as_array().expect("two").len(), 2);
}

#[test]
fn whoever_adds_waits_for_whoever_closes() {
    let case = Case::new();
    case.ok(&check("sasaki", "--pause --no-bus"));
    let rounds = Rounds::of(&case.path("ledger"));
    let held = rounds.hold(&HOME.parse().expect("a place")).expect("held").expect("a round");
    let line = crate::office::split(&check("sasaki", "--pause"));
    let mut other = case.command().args(line).stdout(Stdio::null()).spawn().expect("runs");
    std::thread::sleep(Duration::from_millis(700));
    assert!(other.try_wait().expect("asked").is_none(), "it did not wait");
    // The round is closed under its eyes: what it saw begins another one.
    held.end().expect("ended");
    assert!(other.wait().expect("ends").success());
    assert_eq!(ids(&show(&case)["found"]), ["USB-0421"]);
}

#[test]
fn a_holder_does_not_close_and_the_round_stays() {
    let case = Case::new();
    case.ok(&check("yamada", "--pause"));
    let refused = case.exits(1, &check("yamada", WITH));
    assert!(refused.stderr.contains("yamada holds USB-0421"), "{}", refused.stderr);
    assert!(file(&case).is_some());
    // Somebody else goes on; what only the holder saw is seen again.
    case.ok(&check("sasaki", WITH));
    assert!(file(&case).is_none());
    let place = case.exits(2, &format!("check --place 倉庫 --by sasaki --pause {WITH}"));
    assert!(place.stderr.contains("no drive's home is '倉庫'"), "{}", place.stderr);
    assert_eq!(files(&case), Vec::<PathBuf>::new(), "and no round is begun there");
}

/// The program at a terminal that `script` makes; what is typed is written to it.
fn at_a_terminal(case: &Case, line: &str) -> Child {
    let custody = env!("CARGO_BIN_EXE_custody");
    let mut command = case.command();
    let environment: Vec<(String, String)> = command
        .get_envs()
        .filter_map(|(key, value)| Some((key.to_str()?.to_owned(), value?.to_str()?.to_owned())))
        .collect();
    let folder = command.get_current_dir().expect("a folder").to_owned();
    command = std::process::Command::new("script");
    command.current_dir(folder).envs(environment).env("NO_COLOR", "1").env_remove("CUSTODY_CONFIG");
    command.args(["-q", "-e", "-f", "-c", &format!("exec {custody} {line}"), "typescript"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("script runs")
}

/// Waits until the round's file says so.
fn until(case: &Case, what: &str) {
    let began = Instant::now();
    loop {
        let text = file(case).and_then(|file| std::fs::read_to_string(file).ok());
        if text.is_some_and(|text| text.contains(what)) {
            return;
        }
        let screen = std::fs::read_to_string(case.path("typescript")).unwrap_or_default();
        assert!(began.elapsed() < Duration::from_secs(30), "no {what}:\n{screen}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A recording in which drives are plugged in one after another.
fn one_after_another(case: &Case) -> String {
    let read = |name: &str| -> Value {
        std::fs::read_to_string(devices(name)).expect("read").parse().expect("JSON")
    };
    let (tour, pair) = (read("tour.json"), read("sandisk-pair.json"));
    let mut recording = tour.clone();
    let none: Vec<Value> = Vec::new();
    recording["frames"] = serde_json::json!([
        {"label": "empty", "devices": none},
        {"label": "first", "devices": tour["frames"][0]["devices"]},
        {"label": "between", "devices": none},
        {"label": "pair", "devices": pair["frames"][0]["devices"]},
    ]);
    case.write("desk.json", recording.to_string());
    "desk.json".to_owned()
}

#[test]
fn at_a_terminal_a_round_is_live() {
    let case = both_home();
    let bus = one_after_another(&case);
    let label = case.json(0, "show USB-0421")["label"].as_str().expect("a label").to_owned();
    let mut child = at_a_terminal(&case, &check("sasaki", &format!("--bus {bus} --yes {WITH}")));
    let mut keys = child.stdin.take().expect("a keyboard");
    until(&case, "4C530000060829101234");
    for line in [
        "?",
        "nonsense",
        &label,
        "目視 USB-0422",
        "list",
        "by nobody",
        "by audit",
        "eye USB-0421",
        "close",
    ] {
        writeln!(keys, "{line}").expect("typed");
    }
    let done = child.wait_with_output().expect("ends");
    let screen = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(3), "{screen}");
    for said in [
        "USB-0421, plugged in at 2-1: found (device seen)",
        "plugged in at 1-4: NOT REGISTERED",
        "'NONSENSE' is no label and no word",
        "nobody with the id nobody",
        "audit goes on",
        "Recorded as entry",
        "--quarantine",
    ] {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
    assert!(file(&case).is_none());
    assert_eq!(case.json(0, "verify")["verdict"], "passed");
}

#[test]
fn killed_in_the_middle_nothing_that_was_shown_is_lost() {
    let case = both_home();
    let bus = one_after_another(&case);
    let mut child = at_a_terminal(&case, &check("sasaki", &format!("--bus {bus} {WITH}")));
    let mut keys = child.stdin.take().expect("a keyboard");
    until(&case, "4C530000060829101234");
    writeln!(keys, "eye USB-0421").expect("typed");
    until(&case, "{\"eye\":\"USB-0421\"}");
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let custody = std::fs::read_to_string(children).expect("its child");
    let custody: i32 =
        custody.split_whitespace().next().expect("a process").parse().expect("an id");
    let pid = rustix::process::Pid::from_raw(custody).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
    child.wait_with_output().expect("ends");
    let shown = show(&case);
    assert_eq!(ids(&shown["found"]), ["USB-0421", "USB-0422"]);
    // The ledger is nobody's, and the round goes on; a pause by the word leaves it open.
    let mut child = at_a_terminal(&case, &check("sasaki", "--no-bus"));
    writeln!(child.stdin.take().expect("a keyboard"), "中断").expect("typed");
    let done = child.wait_with_output().expect("ends");
    let screen = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && screen.contains("It goes on.") && screen.contains("Paused"),
        "{screen}"
    );
    let done = ran(case
        .command()
        .args(crate::office::split(&check("sasaki", &format!("--no-bus {WITH} --json")))));
    assert_eq!(done.code, 3, "{}", done.stderr);
}
