//! What the program prints: help with an example everywhere, JSON that parses and has
//! the keys others rely on, exit codes, and nothing that a hostile device says raw.

use serde_json::Value;

use crate::office::{Case, HOME, devices, split};

/// Every command there is, as the program's own help lists them.
fn commands(case: &Case) -> Vec<String> {
    let listed = |prefix: &str| {
        let help = case.ok(&format!("{prefix} --help"));
        let Some((_, list)) = help.split_once("Commands:\n") else { return Vec::new() };
        let list = list.split("\n\n").next().unwrap_or_default();
        let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
        names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect()
    };
    let mut found = Vec::new();
    for name in listed("") {
        let below = listed(&name);
        if below.is_empty() {
            found.push(name);
        } else {
            found.extend(below.into_iter().map(|sub| format!("{name} {sub}")));
        }
    }
    assert!(found.len() >= 40, "{found:?}");
    found
}

#[test]
fn every_command_has_help_with_an_example() {
    let case = Case::empty();
    for command in commands(&case) {
        let help = case.ok(&format!("{command} --help"));
        let example = help.contains("Example:\n") || help.contains("Examples:\n");
        assert!(example, "custody {command} --help shows no example:\n{help}");
        let shown = help.lines().any(|line| line.trim().starts_with(&format!("custody {command}")));
        assert!(shown, "the example of custody {command} is another command's:\n{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 110, "too wide: {line}");
        }
    }
    let help = case.ok("--help");
    assert!(help.contains("Exit codes: 0 fine, 1 error, 2 usage, 3"), "{help}");
}

#[test]
fn every_command_answers_in_json_with_its_keys() {
    let case = Case::new();
    let bus = devices("uas-ssd.json");
    let with = "--passphrase-file words";
    case.write("roll.bin", b"\x1b@hello");
    let draft = "handover USB-0421 --from yamada --to sato --purpose 印刷 --draft a.draft --passphrase-file yamada=words".to_owned();
    let appended = "outcome entry leaf kind text";
    let lines = [
        (0, "key new new.example.jp --passphrase-file words".to_owned(), "keys"),
        (0, "key show".to_owned(), "keys"),
        (
            0,
            "key import old.example.jp --from ledger/log.pem --unencrypted --passphrase-file words"
                .to_owned(),
            "keys",
        ),
        (0, "party list".to_owned(), "parties"),
        (0, "party show sato".to_owned(), "who roles key entry since revoked holds"),
        (
            0,
            format!("party add tanaka --name 田中 --role outside --no-key --by yamada {with}"),
            appended,
        ),
        (
            0,
            "policy show".to_owned(),
            "draft_hours interval_days grace_days loan_days grade checker witness paper",
        ),
        (0, format!("policy set --interval-days 14 --by kato {with}"), appended),
        (0, "scan".to_owned(), "bus devices notices"),
        (
            0,
            "watch".to_owned(),
            "event at bus position device arrival_to_identified_ms unread notices",
        ),
        (
            0,
            "probe held.receipt".to_owned(),
            "device grade scheme cipher volumes marks luks_sequence luks_sequences read reasons verdict explained",
        ),
        (
            0,
            format!("register USB-0423 --bus {bus} --home {HOME} --class 一般 --by yamada {with}"),
            "outcome entry leaf kind text registration",
        ),
        (0, draft, "outcome file missing receipt"),
        (
            0,
            "sign a.draft --key sato.custody.example.jp/shizuoka --passphrase-file words"
                .to_owned(),
            "file signed_by missing",
        ),
        (0, "submit a.draft".to_owned(), "outcome entry leaf kind text receipt"),
        (0, format!("return USB-0421 --to yamada {with}"), "outcome entry leaf kind text receipt"),
        (
            0,
            "receipt SZ-2026-000001".to_owned(),
            "ledger receipt at media giver receiver witness purpose contents persons place due request seen sheet attachments entry codes",
        ),
        (
            0,
            format!("attach SZ-2026-000001 scan.pdf --by yamada {with}"),
            "outcome entry leaf kind text receipt sheet attachments",
        ),
        (
            0,
            "verify".to_owned(),
            "verdict ledger entries signatures sheets_awaited root checkpoint log_key_given findings findings_total not_shown",
        ),
        (
            0,
            "verify held.receipt".to_owned(),
            "verdict judged_by ledger number at parties entry receipt checks shown not_shown",
        ),
        (
            0,
            format!("request USB-0421 --receiver sato --purpose 印刷 --by sasaki {with}"),
            appended,
        ),
        (0, "request --list".to_owned(), "ledger now rows"),
        (0, format!("approve 16 --decline --by yamada {with}"), appended),
        (
            3,
            format!("check --place {HOME} --by sasaki {with}"),
            "outcome entry leaf kind text check",
        ),
        (0, "status".to_owned(), "ledger organisation site now entries counts rows sheets_awaited"),
        (
            0,
            format!("confirm USB-0421 --by sasaki {with}"),
            "outcome entry leaf kind text grade counts",
        ),
        (3, "bound".to_owned(), "ledger now noticed_by rows"),
        (
            3,
            "due --ics duties.ics --metrics custody.prom".to_owned(),
            "ledger now entries counts rows next digest_to messages_in_trouble telling files",
        ),
        (0, "notices".to_owned(), "messages in_trouble"),
        (0, "log".to_owned(), "entries total"),
        (
            0,
            "show USB-0421".to_owned(),
            "status vid_pid serial serial_grade hardware look_alikes label entry registered_at timeline owner class",
        ),
        (
            0,
            format!("correct 9 --field persons --to 3757 --reason 転記誤り --by yamada {with}"),
            appended,
        ),
        (
            0,
            format!(
                "override USB-0421 --alarm release-drift --reason 確認済み --by yamada \
                 --second sasaki {with}"
            ),
            appended,
        ),
        (0, format!("missing USB-0422 --detail 棚が空 --by sasaki {with}"), appended),
        (0, format!("acknowledge USB-0422 --by kato {with}"), appended),
        (0, "search-log USB-0422".to_owned(), "medium standing known gone_since searches"),
        (
            0,
            "incident USB-0422".to_owned(),
            "draft medium label known decided ended deadlines source days last_sighting \
             days_unseen promised_by weaker_sightings holders contents searches exemption items privacy_officers \
             timeline cannot_tell",
        ),
        (0, format!("lost USB-0422 --detail 見つからず --by kato {with}"), appended),
        (0, format!("found USB-0422 --place 会議室 --by kato {with}"), appended),
        (
            0,
            format!(
                "erase USB-0421 --method purge --technique 暗号化消去 --tool cryptsetup \
                 --verification 全読取 --by yamada --verifier sasaki {with}"
            ),
            "outcome entry leaf kind text certificate",
        ),
        (
            0,
            format!("retire USB-0421 --reason 耐用年数 --by kato --verifier sasaki {with}"),
            "outcome entry leaf kind text certificate",
        ),
        (0, "report register".to_owned(), "ledger organisation site now seen rows sheets_awaited"),
        (0, "report history USB-0421".to_owned(), "ledger organisation site now seen medium"),
        (0, "report due".to_owned(), "ledger organisation site now seen overdue rows"),
        (
            0,
            "report reconcile".to_owned(),
            "ledger organisation site now seen since requests_used unmatched take_outs",
        ),
        (
            0,
            "report monthly 2026-01".to_owned(),
            "ledger organisation site now seen month from until complete stood_at counts handovers \
             places drawn to_draw fates alarms overrides people rules drives overdue log",
        ),
        (0, "sheet register".to_owned(), "ledger organisation site now seen rows sheets_awaited"),
        (
            0,
            format!("sheet check --place {HOME}"),
            "ledger organisation site place now seen code rows away",
        ),
        (0, "sheet result".to_owned(), "ledger organisation site place at by key seen expected"),
        (0, "sheet history USB-0421".to_owned(), "ledger organisation site now seen medium"),
        (
            0,
            "sheet erasure USB-0421".to_owned(),
            "ledger at medium entry seen corrections codes media_type method method_words \
             technique tool verification read_afterwards place destination by verifier",
        ),
        (
            0,
            "sheet retirement USB-0421".to_owned(),
            "ledger at medium entry seen corrections codes reason method erasure by verifier",
        ),
        (0, "label --contact 総務課".to_owned(), "ledger organisation contact rows files"),
        (
            3,
            "sheet read CR1-20261122-000000-000000-A".to_owned(),
            "code day entries place entries_since",
        ),
        (0, format!("party revoke sasaki --reason left --by kato {with}"), appended),
        (0, "print roll.bin --printer /dev/null".to_owned(), "jobs waiting"),
        (0, "printers".to_owned(), "configuration printers without_default"),
        (
            0,
            "printers add counter /dev/null --roll 80".to_owned(),
            "configuration printers without_default",
        ),
        (
            0,
            "printers default thermal counter".to_owned(),
            "configuration printers without_default",
        ),
        (0, "simulate --losses 20".to_owned(), "seed losses rows"),
        (0, "export usbguard".to_owned(), "media left_out file"),
        (0, "export udev".to_owned(), "media left_out file"),
        (0, "export csv".to_owned(), "media left_out file"),
        (0, "witness init w.example --folder w".to_owned(), "folder vkey"),
        (0, "witness trust ledger/log.vkey --folder w".to_owned(), "origin new"),
        (0, "witness request a.request".to_owned(), "file old entries"),
        (0, "witness sign a.request --folder w".to_owned(), "file entries vouched"),
        (0, "witness list --folder w".to_owned(), "vkey logs"),
        (0, "witness import a.request.cosigned --policy w.policy".to_owned(), "witnesses entries"),
        (
            1,
            "witness ask http://127.0.0.1:9 http://127.0.0.1:9 --policy w.policy".to_owned(),
            "witnesses failed",
        ),
        (0, "compare held.receipt ledger".to_owned(), "origin history compared fork undecided"),
        (
            0,
            "fsck".to_owned(),
            "sound repairable entries attachments unreferenced findings repaired",
        ),
        (0, "publish www".to_owned(), "folder origin entries published_before tiles bundles bytes"),
        (0, "backup it.tar".to_owned(), "file origin entries files keys bytes read_back left_out"),
        (
            0,
            "restore it.tar --ledger back".to_owned(),
            "ledger origin entries signatures log_key files missing",
        ),
        (
            0,
            "import-receipts handed-in --log-key ledger/log.vkey".to_owned(),
            "ledger log_key known entries gaps contradictions left_out not_shown",
        ),
        (0, "ledger second-copy copy".to_owned(), "second_copy"),
        (0, "ledger check held.receipt www".to_owned(), "compared witnesses against"),
        (
            0,
            "ledger sign-checkpoint held.receipt".to_owned(),
            "before kept entries signatures compared witnesses",
        ),
        (0, format!("ledger replace-key --by kato {with}"), appended),
        (
            0,
            format!(
                "ledger continue-as c.example/d --to onward --prefix CD --by kato \
                 --custodian yamada {with}"
            ),
            "ledger origin log_key continues entries link closed not_closed people media",
        ),
        (
            0,
            format!(
                "init --ledger new --keys new-keys --origin a.example/b --organisation あ --site い --admin kato \
                     --admin-name 加藤 --custodian yamada --custodian-name 山田 {with}"
            ),
            "ledger origin log_key administrator_key custodian_key entries",
        ),
        (
            0,
            "tour --folder tour".to_owned(),
            "folder receipts verified edited_file_named rewrite_named",
        ),
    ];
    case.write("scan.pdf", "%PDF-1.7 sealed");
    std::fs::create_dir(case.path("handed-in")).expect("made");
    case.write("handed-in/one.receipt", case.read("held.receipt"));
    let mut seen: Vec<String> = Vec::new();
    for (code, line, keys) in lines {
        // A watch answers with one object a line; all have the same keys.
        let answer = match line.as_str() {
            line if line.starts_with("witness import") => {
                let key = case.text("w/witness.vkey");
                case.write("w.policy", format!("witness w {}\nquorum w\n", key.trim()));
                Some(case.json(code, line))
            }
            "watch" => case.ok("watch --json").lines().nth(1).and_then(|event| event.parse().ok()),
            _ => Some(case.json(code, &line)),
        };
        let answer = answer.expect("JSON");
        let has: Vec<&str> =
            answer.as_object().expect("an object").keys().map(String::as_str).collect();
        for key in keys.split(' ') {
            assert!(has.contains(&key), "custody {line}: no {key} in {has:?}");
        }
        no_bare_bytes(&line, &answer);
        seen.push(line);
    }
    // Writes on a mounted drive, which only the lab has: tests/lab/scenarios/token.sh.
    seen.push("token write".to_owned());
    // Needs an ssh-agent: tests/agent.rs.
    seen.push("key agent".to_owned());
    // Both run until they are ended: tests/daemon.rs, tests/witness.rs.
    seen.extend(["daemon".to_owned(), "witness serve".to_owned()]);
    for command in commands(&case) {
        let tried =
            seen.iter().any(|line| line == &command || line.starts_with(&format!("{command} ")));
        assert!(tried, "custody {command} --json is not tried here");
    }
}

/// Keys, hashes and times are text in JSON, as they are everywhere else.
fn no_bare_bytes(line: &str, value: &Value) {
    match value {
        Value::Array(items) => {
            let numbers = items.len() > 8 && items.iter().all(Value::is_number);
            assert!(!numbers, "custody {line} --json shows bytes as numbers: {value}");
            items.iter().for_each(|item| no_bare_bytes(line, item));
        }
        Value::Object(fields) => fields.values().for_each(|item| no_bare_bytes(line, item)),
        _ => {}
    }
}

#[test]
fn errors_are_json_as_well() {
    let case = Case::new();
    let done = case.exits(1, "show USB-9999 --json");
    assert_eq!(done.stdout, "");
    let answer: Value = serde_json::from_str(&done.stderr).expect("JSON");
    assert_eq!(answer["kind"], "refused");
    let problem = &answer["problems"][0];
    assert_eq!(problem["name"], "unknown-medium");
    assert!(problem["cause"].is_string() && problem["remedy"].is_string(), "{answer}");
}

#[test]
fn exit_codes_are_as_documented() {
    let case = Case::new();
    for (code, line) in [
        (0, "status"),
        (0, "--version"),
        (1, "show USB-9999"),
        (1, "status --ledger nowhere"),
        (2, "show"),
        (2, "frobnicate"),
        (2, "handover --from yamada"),
        (2, "party add x --role king --name X --by yamada"),
        (3, "check --place 静岡支部保管庫 --by sasaki --no-bus --passphrase-file words"),
        (4, "verify words --log-key ledger/log.vkey"),
    ] {
        case.exits(code, line);
    }
    // A reader that goes away, as in `custody log | head`, is no error.
    let mut command = case.command();
    command.args(split("log"));
    command.stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("runs");
    drop(child.stdout.take());
    assert!(child.wait().expect("ends").success());
}

#[test]
fn what_a_hostile_device_says_reaches_nobody_raw() {
    let case = Case::new();
    let bus = devices("hostile-strings.json");
    let with = "--passphrase-file words";
    let mut said = Vec::new();
    for line in [
        format!("scan --bus {bus}"),
        format!("scan --bus {bus} --json"),
        format!("register USB-0666 --bus {bus} --home {HOME} --class 一般 --by yamada"),
        format!(
            "register USB-0666 --bus {bus} --device 1-1 --home {HOME} --class 一般 --by yamada {with}"
        ),
        "show USB-0666".to_owned(),
        "status".to_owned(),
        "log".to_owned(),
        "log --json".to_owned(),
        format!("handover USB-0666 --from yamada --to sato --purpose 印刷 {with}"),
        format!("check --bus {bus} --place {HOME} --by sasaki {with}"),
        "verify".to_owned(),
        "verify ledger/journal/00000000000000000000.seg".to_owned(),
        format!("scan --bus {bus}#[ESC]").replace("[ESC]", "\u{1b}]0;owned\u{7}"),
        "submit \u{1b}[2J".to_owned(),
        "submit tfard.\u{202e}draft".to_owned(),
    ] {
        let done = case.run(&split(&line));
        assert!([0, 1, 2, 3, 4].contains(&done.code), "{line}: {}", done.stderr);
        for text in [&done.stdout, &done.stderr] {
            let raw = text
                .chars()
                .find(|c| (c.is_control() && *c != '\n') || "\u{202e}\u{200b}".contains(*c));
            assert_eq!(raw, None, "custody {line:?} prints {raw:?}:\n{text:?}");
        }
        // Without a terminal escapes are stripped; on one they must have been written out.
        if line.starts_with("submit ") {
            assert!(done.stderr.contains("\\u{"), "{}", done.stderr);
        }
        said.push(done.stdout);
    }
    assert!(said[0].contains("\\u{1b}"), "the scan shows what was escaped: {}", said[0]);
}
