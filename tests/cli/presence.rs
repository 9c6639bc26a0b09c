//! Bounds, rules, drawn checks and notes, by command.

use serde_json::Value;

use crate::office::{Case, HOME};

const WITH: &str = "--passphrase-file words";

/// The ledger is of January; today somebody looks.
fn looked() -> Case {
    let case = Case::new();
    let line = format!("check --place {HOME} --by sasaki {WITH}");
    let done = case.run(&line.split(' ').collect::<Vec<_>>());
    assert!(done.code == 0 || done.code == 3, "{}", done.stderr);
    case
}

#[test]
fn a_bound_follows_from_the_rules_and_a_look_moves_it() {
    let case = looked();
    let row = |case: &Case| case.json(0, "bound USB-0421")["rows"][0].clone();
    let before = row(&case);
    assert_eq!(before["terms"]["interval_days"], 30);
    assert_eq!(before["days_left"], 37);
    let rule = format!("home={HOME},interval-days=7,grace-days=2,checker=other-unit");
    case.ok(&format!("policy set --rule '{rule}' --by kato {WITH}"));
    let after = row(&case);
    assert_eq!(
        (&after["days_left"], &after["terms"]["checker"]),
        (&9.into(), &"other-unit".into())
    );
    let text = case.ok("policy show");
    assert!(text.contains(&format!("{HOME}: every 7 days, 2 days of grace")), "{text}");
    // One administrator alone cannot take it away again.
    let refused = case.exits(1, &format!("policy set --rule home={HOME} --by kato {WITH}"));
    assert!(refused.stderr.contains("a second administrator"), "{}", refused.stderr);
    case.exits(2, "policy set --rule shelf=A,interval-days=x --by kato");
    let text = case.ok("bound USB-0421");
    assert!(text.starts_with("Whichever of these drives disappears now, it is known by"), "{text}");
    let text = case.exits(3, "bound").stdout;
    assert!(text.starts_with("1 drive is past its bound already: look for it."), "{text}");
    case.exits(1, "bound USB-9999");
}

#[test]
fn a_calendar_moves_a_look_and_says_who_is_away() {
    let case = looked();
    let row = &case.json(0, "bound USB-0421")["rows"][0];
    let (due, by) =
        (row["check_due"].as_str().expect("a day"), row["noticed_by"].as_str().expect("a day"));
    case.write("ledger/calendar.txt", format!("{due} 点検休業\n{by} 棚卸\n"));
    let moved = &case.json(0, "bound USB-0421")["rows"][0];
    assert!(moved["check_due"].as_str().expect("a day") < due, "{moved}");
    let day = |key: &str| moved[key].as_str().expect("a day").to_owned();
    assert!(day("read_by") > day("noticed_by") && day("noticed_by") == by);
    assert_eq!(moved["closed"], "棚卸");
    let text = case.ok("bound USB-0421");
    assert!(text.contains("closed: 棚卸"), "{text}");
    case.write("ledger/calendar.txt", "weekend sat funday\n2026-99-01 x\n");
    let refused = case.exits(2, "bound");
    assert!(refused.stderr.contains("line 1") && refused.stderr.contains("line 2"));
    let japan = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/calendars/japan.txt");
    case.ok(&format!("bound USB-0421 --calendar {japan}"));
}

#[test]
fn a_drawn_check_takes_what_the_log_draws() {
    let case = Case::new();
    let drawn = case.json(0, &format!("check --place {HOME} --draw 50% --list"));
    let sample = drawn["media"].as_array().expect("a sample").clone();
    assert_eq!((sample.len(), &drawn["of"]), (1, &Value::from(1)));
    assert_eq!(drawn, case.json(0, &format!("check --place {HOME} --draw 50 --list")), "the same");
    let line = format!("check --place {HOME} --draw 50% --by sasaki {WITH}");
    let done = case.run(&format!("{line} --json").split(' ').collect::<Vec<_>>());
    assert!(done.code == 0 || done.code == 3, "{}", done.stderr);
    let done: Value = done.stdout.parse().expect("JSON");
    assert_eq!(done["check"]["draw"], drawn["line"]);
    let looked: Vec<&Value> = ["found", "missing"]
        .iter()
        .flat_map(|list| done["check"][list].as_array().expect("rows"))
        .map(|row| &row["medium"])
        .collect();
    assert!(looked.contains(&&sample[0]), "{done}");
    let text = done["text"].as_str().expect("a text");
    assert!(text.contains(&format!("draw: {}", drawn["line"].as_str().expect("a line"))), "{text}");
    assert_eq!(case.json(0, "verify")["verdict"], "passed");
    let next = case.json(0, &format!("check --place {HOME} --draw 50% --list"));
    assert_ne!(next["line"], drawn["line"]);
    case.exits(2, &format!("check --place {HOME} --draw 0% --list"));
}

#[test]
fn whoever_takes_note_sees_to_it() {
    let case = looked();
    let refused = case.exits(2, &format!("acknowledge USB-0421 --by kato {WITH}"));
    assert!(refused.stderr.contains("neither due nor missing"), "{}", refused.stderr);
    case.ok(&format!("missing USB-0421 --detail 引き出しが空 --by sasaki {WITH}"));
    case.ok(&format!("acknowledge USB-0421 --detail 支部に電話した --by kato {WITH}"));
    let text = case.ok("show USB-0421");
    assert!(text.contains("missing, taken note of") && text.contains("支部に電話した"), "{text}");
    assert_eq!(case.json(0, "show USB-0421")["status"]["standing"], "missing");
}

#[test]
fn a_drive_that_is_out_is_confirmed_by_whoever_does_not_hold_it() {
    let case = Case::new();
    case.ok(&format!(
        "handover USB-0421 --from yamada --to sato --purpose 印刷 --place 工場 {WITH}"
    ));
    let seen = |case: &Case| case.json(0, "show USB-0421")["status"].clone();
    let before = seen(&case);
    // The holder swears; the log has it and the bound stays.
    let done = case.exits(0, &format!("confirm USB-0421 --by sato {WITH}"));
    assert!(done.stderr.contains("the holder's own word"), "{}", done.stderr);
    assert_eq!(seen(&case)["last_seen"], before["last_seen"]);
    // It is plugged in, and somebody else confirms it.
    let answer = case.json(0, &format!("confirm USB-0421 --by sasaki {WITH}"));
    assert_eq!((&answer["grade"], &answer["counts"]), (&"profile".into(), &true.into()));
    let after = seen(&case);
    assert_ne!(after["last_seen"]["entry"], before["last_seen"]["entry"]);
    assert_eq!((&after["place"], &after["holder"]["id"]), (&"工場".into(), &"sato".into()));
    case.exits(2, &format!("confirm USB-0422 --label LABEL-OF-NOBODY --by sasaki {WITH}"));
    case.exits(1, &format!("confirm USB-9999 --by sasaki {WITH}"));
}
