//! A year of one drive, from founding to the check that misses it.

use crate::office::{Case, HOME, WORDS, devices};

/// A ledger founded by the program itself, with the contractor's key elsewhere.
fn founded() -> Case {
    let case = Case::empty();
    case.write("words", format!("{WORDS}\n"));
    case.ok(
        "init --origin custody.example.jp/shizuoka --organisation 静岡健保組合 --site 静岡支部 \
         --prefix SZ --admin kato --admin-name '加藤 一' --custodian yamada \
         --custodian-name '山田 花子' --passphrase-file words",
    );
    case
}

#[test]
fn from_founding_to_a_missing_drive() {
    let case = founded();
    // The contractor makes a key on their own machine and sends one line.
    let key = case.ok("key new sato.printer.example.jp --keys theirs --passphrase-file words");
    case.write("sato.vkey", &key);
    assert_eq!(key, case.ok("key show sato.printer.example.jp --keys theirs"));
    case.ok("party add sato --name '佐藤 一郎' --organisation さくら印刷 --role outside \
             --vkey sato.vkey --by yamada --draft sato.draft --passphrase-file words");
    case.ok("sign sato.draft --keys theirs --passphrase-file words");
    assert_eq!(case.json(0, "submit sato.draft")["entry"], 3);
    // A colleague is enrolled at the desk.
    case.ok("key new sasaki.custody.example.jp/shizuoka --passphrase-file words");
    case.ok("party add sasaki --name '佐々木 次郎' --organisation 静岡支部 --role staff \
             --by yamada --passphrase-file words");
    let parties = case.ok("party list");
    for name in ["加藤 一", "山田 花子", "佐藤 一郎", "佐々木 次郎"] {
        assert!(parties.contains(name), "{parties}");
    }

    let scan = case.ok("scan");
    assert!(scan.contains("0951:1666") && scan.contains("1C6F65D8ABCDE1234567"), "{scan}");
    let registered = case.ok(&format!(
        "register USB-0421 --home {HOME} --class 被保険者台帳 --by yamada --passphrase-file words"
    ));
    assert!(registered.contains("CM1-USB-0421-"), "{registered}");
    let known = case.json(0, "scan");
    assert_eq!(known["devices"][0]["known"]["medium"], "USB-0421");
    assert_eq!(known["devices"][0]["known"]["holder"]["id"], "yamada");

    // Out by draft, the contractor signing elsewhere; back at one desk.
    case.ok("handover USB-0421 --from yamada --to sato --purpose 印刷・製本 --persons 3775 \
             --contents 氏名,住所 --draft out.draft --passphrase-file words");
    assert_eq!(case.json(0, "status")["rows"][0]["holder"]["id"], "yamada");
    case.ok("sign out.draft --keys theirs --passphrase-file words");
    let receipt = case.ok("submit out.draft --receipt-file out.receipt");
    assert!(receipt.contains("受領書 Receipt") && receipt.contains('█'), "{receipt}");
    let status = case.ok("status");
    assert!(status.contains("佐藤 一郎"), "{status}");
    case.ok("verify out.receipt --log-key ledger/log.vkey");
    for file in ["pem", "vkey"] {
        let name = format!("sato.printer.example.jp.{file}");
        case.write(&format!("keys/{name}"), case.read(&format!("theirs/{name}")));
    }
    let back = case.json(0, "return USB-0421 --to yamada --passphrase-file words");
    assert_eq!(back["receipt"]["receiver"]["who"]["id"], "yamada");

    // A check finds it; the next one, after it was taken, does not.
    let check = format!("check --place {HOME} --by sasaki --passphrase-file words");
    case.ok(&check);
    let bus = devices("tour.json#taken");
    let missed = case.json(3, &format!("{check} --bus {bus}"));
    assert_eq!(missed["check"]["missing"][0]["medium"], "USB-0421", "{missed}");
    assert_eq!(case.json(0, "show USB-0421")["status"]["standing"], "missing");
    // Seeing it again ends that.
    case.ok(&check);
    assert_ne!(case.json(0, "show USB-0421")["status"]["standing"], "missing");

    let log = case.json(0, "log USB-0421");
    let kinds: Vec<&str> = log["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|e| e["kind"].as_str().expect("kind"))
        .collect();
    assert_eq!(kinds, ["register", "handover", "handover", "check", "check", "check"]);
    assert!(case.ok("log -n 2").lines().count() < case.ok("log").lines().count());
    let shown = case.ok("show USB-0421");
    assert!(shown.contains("1C6F65D8ABCDE1234567"), "{shown}");
    let whole = case.json(0, "verify --log-key ledger/log.vkey");
    assert_eq!((&whole["verdict"], &whole["entries"]), (&"passed".into(), &11.into()));
    assert_eq!(case.json(0, "fsck")["sound"], true);
    // What was accepted once is accepted whatever happened since.
    case.ok("verify out.receipt");
}

#[test]
fn a_recording_shows_what_the_bus_showed() {
    let case = Case::new();
    let bus = devices("sandisk-pair.json");
    let seen = case.json(0, &format!("scan --bus {bus} --record desk.json"));
    let again = case.json(0, "scan --bus desk.json");
    assert_eq!(seen["devices"], again["devices"]);
    assert_eq!(seen["devices"][0]["known"]["medium"], "USB-0422");
    case.exits(1, &format!("scan --bus {bus} --record desk.json"));
    // A look at what is plugged in needs no ledger.
    let without = Case::empty();
    let mut command = without.command();
    command.env_remove("CUSTODY_LEDGER").args(["scan", "--json", "--bus", &bus]);
    let done = crate::office::ran(&mut command);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.contains("\"known\": null"), "{}", done.stdout);
}

#[test]
fn several_drives_and_a_witness_at_one_desk() {
    let case = Case::new();
    case.ok("return USB-0422 --to yamada --passphrase-file words");
    let line = "handover USB-0421 USB-0422 --from yamada --to sato --witness sasaki --purpose 印刷 \
                --due [DUE] --passphrase-file words --receipt-file both.receipt";
    let due = case.ledger().now().expect("now").day().plus(21);
    let answer = case.json(0, &line.replace("[DUE]", &due.to_string()));
    let receipt = &answer["receipt"];
    assert_eq!(receipt["media"].as_array().expect("media").len(), 2);
    assert_eq!(receipt["witness"]["who"]["id"], "sasaki");
    assert_eq!(receipt["due"], due.to_string());
    let verified = case.json(0, "verify both.receipt --log-key ledger/log.vkey");
    assert_eq!(verified["parties"].as_array().expect("parties").len(), 3);
    let text = case.ok(&format!("receipt {}", receipt["receipt"].as_str().expect("number")));
    for word in ["USB-0421", "USB-0422", "佐々木 次郎", "印刷"] {
        assert!(text.contains(word), "{text}");
    }
    // They come back to one home from one holder, so together.
    case.ok("return USB-0421 USB-0422 --to yamada --passphrase-file words");
}

#[test]
fn a_label_is_read_as_a_japanese_keyboard_types_it() {
    let case = Case::new();
    let label = case.json(0, "show USB-0421")["label"].as_str().expect("a label").to_owned();
    let wide: String = label
        .chars()
        .map(|c| {
            char::from_u32(u32::from(c) + 0xFEE0).filter(|_| c.is_ascii_graphic()).unwrap_or(c)
        })
        .collect();
    assert_ne!(wide, label);
    for typed in [label.clone(), wide, label.to_lowercase()] {
        let line = format!(
            "check --place {HOME} --by sasaki --no-bus --label '{typed}' --passphrase-file words"
        );
        let found = case.json(0, &line);
        assert_eq!(found["check"]["found"][0]["medium"], "USB-0421", "{typed}");
        assert_eq!(found["check"]["found"][0]["grade"], "label");
    }
}

#[test]
fn a_check_says_what_does_not_belong() {
    let case = Case::new();
    let check = format!("check --place {HOME} --by sasaki --passphrase-file words");
    // Beside USB-0421 lies the drive that is with the contractor, and a stranger.
    let pair = devices("sandisk-pair.json");
    let report = case.json(3, &format!("{check} --bus {pair}"))["check"].clone();
    assert_eq!(report["missing"][0]["medium"], "USB-0421", "{report}");
    assert_eq!(report["unexpected"][0]["medium"], "USB-0422");
    assert_eq!(report["unknown"].as_array().expect("unknown").len(), 1);
    let text = case.exits(3, &format!("{check} --bus {pair}"));
    assert!(
        text.stderr.contains("USB-0421") && text.stderr.contains("USB-0422"),
        "{}",
        text.stderr
    );
}

#[test]
fn one_process_owns_a_ledger_and_is_named() {
    let case = Case::new();
    // It has opened the ledger when it opens the passphrase file, and waits there.
    let made = std::process::Command::new("mkfifo").arg(case.path("pipe")).status();
    assert!(made.expect("mkfifo runs").success());
    let owner = "policy set --interval-days 14 --by kato --passphrase-file pipe";
    let mut owner = case.command().args(owner.split(' ')).spawn().expect("custody runs");
    let pipe = std::fs::OpenOptions::new().write(true).open(case.path("pipe"));
    let mut pipe = pipe.expect("the pipe");
    let began = std::time::Instant::now();
    let refused = case.exits(1, "status");
    let named = format!("in use by process {} (", owner.id());
    assert!(refused.stderr.contains(&named), "{}", refused.stderr);
    assert!(refused.stderr.contains("custody policy set --interval-days 14"), "{}", refused.stderr);
    assert!(began.elapsed().as_secs() < 20, "it waited");
    // What is public stands beside the ledger and can be read meanwhile.
    case.ok("key show --log");
    case.ok("verify held.receipt --log-key ledger/log.vkey");
    std::io::Write::write_all(&mut pipe, WORDS.as_bytes()).expect("written");
    drop(pipe);
    assert!(owner.wait().expect("ended").success());
    assert_eq!(case.json(0, "policy show")["interval_days"], 14);
}
