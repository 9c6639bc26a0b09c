//! Requests for take-outs, their answers, and the handovers that follow from them.

use serde_json::Value;

use crate::office::Case;

const WITH: &str = "--passphrase-file words";
const DUE: &str = "2099-01-01";

/// sasaki asks for USB-0421 to go to sato; the request's entry.
fn asked(case: &Case) -> u64 {
    // Due within the longest loan from whatever today is.
    let line = format!(
        "request USB-0421 --receiver sato --purpose 印刷・製本 --contents 氏名,住所 \
         --persons 3775 --place 'さくら印刷 第二工場' --by sasaki {WITH}"
    );
    let answer = case.json(0, &line);
    assert_eq!((&answer["outcome"], &answer["kind"]), (&"appended".into(), &"request".into()));
    answer["entry"].as_u64().expect("an entry")
}

fn open(case: &Case) -> Vec<Value> {
    case.json(0, "request --list")["rows"].as_array().expect("rows").clone()
}

#[test]
fn what_was_approved_is_handed_over_as_it_was_asked_for() {
    let case = Case::new();
    assert_eq!(open(&case), [Value::Null; 0]);
    assert!(case.ok("request --list").contains("No request is open."));
    let entry = asked(&case);
    let rows = open(&case);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((&row["entry"], &row["age_days"]), (&entry.into(), &0.into()));
    assert_eq!((&row["verdict"], &row["outdated"]), (&Value::Null, &false.into()));
    assert_eq!((&row["by"]["id"], &row["receiver"]["id"]), (&"sasaki".into(), &"sato".into()));
    let text = case.ok("request --list");
    assert!(text.contains("waits for an answer") && text.contains("佐々木 次郎"), "{text}");
    // Not before it is approved.
    let handover = format!("handover --request {entry} --from yamada {WITH}");
    let refused = case.exits(1, &handover);
    assert!(refused.stderr.contains("it is not approved"), "{}", refused.stderr);
    let answered = case.exits(0, &format!("approve {entry} --by yamada {WITH}"));
    // Whoever answers reads what is asked for, and not only a hash.
    for shown in ["USB-0421", "さくら印刷 第二工場", "氏名,住所", "3775"] {
        assert!(answered.stderr.contains(shown), "{}", answered.stderr);
    }
    assert_eq!(open(&case)[0]["verdict"], "approved");
    assert!(case.ok("request --list").contains("approved, not handed over"));
    let done = case.json(0, &handover);
    let receipt = &done["receipt"];
    assert_eq!(receipt["media"][0]["medium"], "USB-0421", "{receipt}");
    assert_eq!(receipt["receiver"]["who"]["id"], "sato");
    assert_eq!(receipt["purpose"], "印刷・製本");
    assert_eq!((&receipt["contents"], &receipt["persons"]), (&"氏名,住所".into(), &3775.into()));
    assert_eq!(receipt["place"], "さくら印刷 第二工場");
    assert_eq!(receipt["request"].as_u64(), Some(entry), "{receipt}");
    // It is used up.
    assert_eq!(open(&case), [Value::Null; 0]);
    let refused = case.exits(1, &handover);
    assert!(refused.stderr.contains("it is no open request"), "{}", refused.stderr);
    case.ok("verify");
}

#[test]
fn what_is_given_with_the_handover_comes_first() {
    let case = Case::new();
    let entry = asked(&case);
    case.ok(&format!("approve {entry} --detail 例年どおり --by kato {WITH}"));
    let line = format!(
        "handover USB-0421 --request {entry} --from yamada --purpose 製本のみ --persons 12 \
         --place 第一工場 {WITH}"
    );
    let receipt = case.json(0, &line)["receipt"].clone();
    assert_eq!((&receipt["purpose"], &receipt["persons"]), (&"製本のみ".into(), &12.into()));
    assert_eq!(
        (&receipt["place"], &receipt["contents"]),
        (&"第一工場".into(), &"氏名,住所".into())
    );
}

#[test]
fn another_receiver_or_drive_is_not_covered() {
    let case = Case::new();
    let entry = asked(&case);
    case.ok(&format!("approve {entry} --by yamada {WITH}"));
    let to = format!("handover --request {entry} --from yamada --to sasaki {WITH}");
    let refused = case.exits(1, &to);
    assert!(refused.stderr.contains("it names another receiver"), "{}", refused.stderr);
    let what = format!("handover USB-0422 --request {entry} --from sato --to yamada {WITH}");
    let refused = case.exits(1, &what);
    assert!(refused.stderr.contains("it names other drives"), "{}", refused.stderr);
    assert_eq!(open(&case).len(), 1);
}

#[test]
fn a_declined_request_is_done_with() {
    let case = Case::new();
    let entry = asked(&case);
    let refused = case.exits(1, &format!("approve {entry} --by sasaki {WITH}"));
    assert!(refused.stderr.contains("two different people"), "{}", refused.stderr);
    let line = format!("approve {entry} --decline --detail 前回分が未返却 --by yamada {WITH}");
    let answer = case.json(0, &line);
    assert!(answer["text"].as_str().expect("text").contains("verdict: declined"), "{answer}");
    assert_eq!(open(&case), [Value::Null; 0]);
    case.exits(1, &format!("approve {entry} --by yamada {WITH}"));
    case.exits(1, &format!("handover --request {entry} --from yamada {WITH}"));
    case.exits(2, "approve --by yamada");
    case.exits(2, "request --list USB-0421");
    case.exits(2, "request --list --by sasaki");
}

#[test]
fn a_request_is_signed_elsewhere() {
    let case = Case::new();
    let line = "request USB-0421 --receiver sato --purpose 印刷 --by sasaki --draft r.draft \
                --no-input";
    let drafted = case.json(0, line);
    assert_eq!(drafted["outcome"], "drafted");
    assert_eq!(open(&case), [Value::Null; 0]);
    case.ok("sign r.draft --key sasaki.custody.example.jp/shizuoka --passphrase-file words");
    case.ok("submit r.draft");
    let rows = open(&case);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    // Where nobody says, it goes to the receiver's organisation.
    assert_eq!(row["place"], "さくら印刷");
}

#[test]
fn all_problems_of_a_request_are_told_at_once() {
    let case = Case::new();
    let line = format!("request USB-9999 --receiver nobody --purpose 印刷 --due {DUE} --by audit");
    let refused = case.exits(1, &format!("{line} {WITH}"));
    for name in ["nobody with the id nobody", "USB-9999", "the longest the policy allows"] {
        assert!(refused.stderr.contains(name), "{name}: {}", refused.stderr);
    }
    let refused = case.exits(2, "request usb --receiver A --persons many --due soon --by sasaki");
    for flag in ["MEDIUM", "--receiver", "--persons", "--due", "--purpose"] {
        assert!(refused.stderr.contains(flag), "{flag}: {}", refused.stderr);
    }
}

/// Purposes are people's words: what is hidden in them never gets so far.
#[test]
fn no_escape_reaches_whoever_answers() {
    let case = Case::new();
    for hostile in ["印刷\u{1b}[2J", "印刷\u{202e}", "a\nb"] {
        let args =
            ["request", "USB-0421", "--receiver", "sato", "--purpose", hostile, "--by", "sasaki"];
        let refused = case.run(&args);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        assert!(!refused.stderr.contains(['\u{1b}', '\u{202e}']), "{}", refused.stderr);
    }
}

#[test]
fn a_loss_is_the_privacy_officers_to_decide() {
    let case = Case::new();
    case.ok(&format!("key new oda.custody.example.jp/shizuoka {WITH}"));
    let refused = case.exits(
        1,
        &format!(
            "party add oda --name '小田 京子' --role privacy-officer --role staff --by kato {WITH}"
        ),
    );
    assert!(refused.stderr.contains("neither custodian, staff nor auditor"), "{}", refused.stderr);
    case.ok(&format!("missing USB-0421 --detail 引き出しが空 --by sasaki {WITH}"));
    let told = case.ok("incident USB-0421");
    assert!(told.contains("none enrolled; administrators decide"), "{told}");
    case.ok(&format!(
        "party add oda --name '小田 京子' --organisation 総務部 --role privacy-officer --by kato \
         {WITH}"
    ));
    assert!(case.ok("party list").contains("privacy officer"));
    assert_eq!(case.json(0, "party show oda")["roles"][0], "privacy-officer");
    let refused = case.exits(1, &format!("lost USB-0421 --detail 見つからず --by kato {WITH}"));
    assert!(refused.stderr.contains("privacy-officer"), "{}", refused.stderr);
    case.ok(&format!("search-log USB-0421 --place 会議室 --by oda {WITH}"));
    case.ok(&format!("acknowledge USB-0421 --detail 総務で対応 --by oda {WITH}"));
    case.ok(&format!("lost USB-0421 --detail 見つからず --by oda {WITH}"));
    let told = case.json(0, "incident USB-0421");
    assert_eq!(told["privacy_officers"][0]["id"], "oda", "{told}");
    let text = case.ok("incident USB-0421");
    assert!(text.contains("小田 京子, 総務部"), "{text}");
    case.ok("verify");
}
