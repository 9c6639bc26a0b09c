//! Documents made from the ledger.

use serde_json::Value;

use crate::office::{Case, HOME};

const WITH: &str = "--passphrase-file words";

fn ids(rows: &Value) -> Vec<&str> {
    let rows = rows.as_array().expect("rows").iter();
    rows.map(|row| row["medium"].as_str().expect("an id")).collect()
}

#[test]
fn the_register_has_every_drive_with_what_falls_due() {
    let case = Case::new();
    let register = case.json(0, "sheet register");
    assert_eq!(ids(&register["rows"]), ["USB-0421", "USB-0422"]);
    let (home, out) = (&register["rows"][0], &register["rows"][1]);
    assert_eq!(home["home"], HOME);
    assert_eq!(out["holder"]["id"], "sato");
    assert_eq!(out["receipt"], "SZ-2026-000001");
    let status = case.json(0, "status");
    for row in [home, out] {
        let same = status["rows"].as_array().expect("rows").iter();
        let same = same.clone().find(|other| other["medium"] == row["medium"]).expect("a row");
        let due = [&same["due"], &same["check_due"]].into_iter().filter_map(Value::as_str).min();
        assert_eq!(row["next_due"].as_str(), due);
        assert_eq!(row["last_seen"], same["last_seen"]);
    }
    case.ok(&format!("retire USB-0421 --reason 故障 --by kato {WITH}"));
    let register = case.json(0, "sheet register");
    assert_eq!(register["rows"][0]["next_due"], Value::Null, "nothing is due of a retired drive");
    assert!(case.ok("sheet register").contains("媒体管理台帳"));
}

#[test]
fn a_check_sheet_lists_what_should_be_there_and_knows_itself_again() {
    let case = Case::new();
    let sheet = case.json(0, &format!("sheet check --place {HOME}"));
    assert_eq!(ids(&sheet["rows"]), ["USB-0421"]);
    assert_eq!(ids(&sheet["away"]), ["USB-0422"]);
    let code = sheet["code"].as_str().expect("a code").to_owned();
    let text = case.ok(&format!("sheet check --place {HOME}"));
    assert!(text.contains(&code) && text.contains("[ ] USB-0421"), "{text}");
    // Its rows are those that a check expects, so ticking all of them is one.
    let label = sheet["rows"][0]["label"].as_str().expect("a label");
    let check = format!("check --place {HOME} --by sasaki --no-bus --label {label} {WITH}");
    case.ok(&check);
    let wide: String =
        code.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).expect("wide")).collect();
    for typed in [code.clone(), code.to_lowercase(), wide] {
        let read = case.json(0, &format!("sheet read {typed}"));
        assert_eq!(
            (&read["place"], &read["day"]),
            (&HOME.into(), &sheet["now"].as_str().expect("now")[..10].into())
        );
        assert_eq!((&read["entries"], &read["entries_since"]), (&10.into(), &1.into()));
    }
    // The round is told again from its entry.
    let result = case.json(0, "sheet result");
    assert_eq!(result, case.json(0, "sheet result 10"));
    assert_eq!((&result["expected"], &result["seen"]["entries"]), (&1.into(), &10.into()));
    assert_eq!(result["key"]["name"], "sasaki.custody.example.jp/shizuoka");
    case.exits(1, "sheet result 9");
    case.exits(1, "sheet result 99");
    case.exits(2, "sheet check --place どこにもない");
    case.exits(2, "sheet check");

    // Another ledger, founded like this one, made no such list.
    let other = Case::empty();
    other.write("words", "a passphrase for tests\n");
    other
        .ok("init --origin custody.example.jp/hamamatsu --organisation い --site ろ --admin kato \
         --admin-name 加藤 --custodian yamada --custodian-name 山田 --passphrase-file words");
    let line =
        format!("register USB-0421 --home {HOME} --class 一般 --by yamada --passphrase-file words");
    other.ok(&line);
    let foreign = other.json(0, &format!("sheet check --place {HOME}"))["code"].clone();
    let said = case.exits(3, &format!("sheet read {}", foreign.as_str().expect("a code")));
    assert!(said.stdout.contains("made no such list"), "{}", said.stdout);
}

#[test]
fn labels_say_whom_to_call() {
    let case = Case::new();
    let contact = "'静岡支部 総務課 054-000-0000'";
    let sheet = case.json(0, &format!("label USB-0422 USB-0421 --contact {contact}"));
    assert_eq!(ids(&sheet["rows"]), ["USB-0422", "USB-0421"], "in the order asked for");
    assert_eq!(sheet["rows"][1]["label"], case.json(0, "show USB-0421")["label"]);
    let text = case.ok(&format!("label --contact {contact}"));
    assert_eq!(text.matches("If found: 静岡支部 総務課 054-000-0000").count(), 2, "{text}");
    assert!(!case.ok("label").contains("If found"));
    let refused = case.exits(1, "label USB-9998 USB-0421 USB-9999").stderr;
    assert!(refused.contains("USB-9998") && refused.contains("USB-9999"), "{refused}");
    case.ok(&format!("retire USB-0421 --reason 故障 --by kato {WITH}"));
    assert_eq!(ids(&case.json(0, "label")["rows"]), ["USB-0422"]);
}
