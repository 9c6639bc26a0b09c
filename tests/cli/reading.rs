//! What is given to `verify` and `check` by scanners, keyboards and people who scan the
//! wrong thing.

use serde_json::Value;

use crate::office::Case;

const KEY: &str = "--log-key ledger/log.vkey";

fn codes(case: &Case, number: &str) -> [String; 2] {
    let codes = case.json(0, &format!("receipt {number}"))["codes"].clone();
    ["note", "proof"].map(|name| codes[name].as_str().expect("a code").to_owned())
}

/// As an input method types it.
fn full_width(text: &str) -> String {
    let wide = |c: char| match c {
        ' ' => '\u{3000}',
        '-' => 'ー',
        '/' => '・',
        c => char::from_u32(u32::from(c.to_ascii_lowercase()) + 0xfee0).expect("a character"),
    };
    text.chars().map(wide).collect()
}

/// What `verify -` answers to keystrokes.
fn typed(case: &Case, keystrokes: &str) -> (i32, Value) {
    case.write("keystrokes", keystrokes);
    let file = std::fs::File::open(case.path("keystrokes")).expect("a file");
    let args = ["verify", "-", "--log-key", "ledger/log.vkey", "--json"];
    let done = case.command().args(args).stdin(file).output().expect("runs");
    let said = if done.stdout.is_empty() { &done.stderr } else { &done.stdout };
    (done.status.code().expect("a code"), serde_json::from_slice(said).expect("JSON"))
}

#[test]
fn a_handheld_scanner_types_both_codes() {
    let case = Case::new();
    let [note, proof] = codes(&case, "SZ-2026-000001");
    for keystrokes in [
        format!("{note}\n{proof}\n"),
        format!("{proof}\r\n{note}\r\n"),
        format!("{note}{proof}"),
        format!("{}\n{}\n", full_width(&note), full_width(&proof)),
    ] {
        let (code, said) = typed(&case, &keystrokes);
        assert_eq!((code, &said["verdict"]), (0, &Value::from("passed")), "{keystrokes:?}: {said}");
    }
    let (code, said) = typed(&case, " \n");
    assert_eq!((code, &said["problems"][0]["name"]), (2, &Value::from("-")), "{said}");
    let (code, said) = typed(&case, "CN1:ぬぬ\n");
    assert_eq!((code, &said["kind"]), (4, &Value::from("qr-text")), "{said}");
}

#[test]
fn each_code_alone_is_told_what_it_proves() {
    let case = Case::new();
    let [note, proof] = codes(&case, "SZ-2026-000001");
    let found = case.json(4, &format!("verify '{note}' {KEY}"));
    assert_eq!(found["codes"], serde_json::json!({"note": true, "proof": false}));
    assert!(found["shown"].to_string().contains("signed this text"), "{found}");
    assert!(found["not_shown"].to_string().contains("second code (CP1)"), "{found}");
    let text = case.exits(4, &format!("verify '{note}' {KEY}")).stdout;
    for words in ["INCOMPLETE", "署名は有効です", "台帳への登録は確認できません"]
    {
        // Whatever the width of the terminal.
        let squeezed: String = text.split_whitespace().collect();
        assert!(squeezed.contains(words), "{words}: {text}");
    }
    let found = case.json(4, &format!("verify '{proof}' {KEY}"));
    assert_eq!(found["verdict"], "incomplete");
    assert_eq!(found["checks"][0]["name"], "checkpoint");
    assert_eq!(found["shown"], serde_json::json!([]), "{found}");
    let text = case.exits(4, &format!("verify '{proof}' {KEY}")).stdout;
    let squeezed: String = text.split_whitespace().collect();
    let said =
        squeezed.contains("provesnothing") && squeezed.contains("これだけでは何も証明しません");
    assert!(said, "{text}");
    // A proof of another log is not even half a proof.
    let spare = "--log-key keys/spare.custody.example.jp%2Fshizuoka.vkey";
    assert_eq!(case.json(4, &format!("verify '{proof}' {spare}"))["verdict"], "failed");
}

#[test]
fn codes_of_two_receipts_are_called_that() {
    let case = Case::new();
    let line = "return USB-0422 --to yamada --passphrase-file words";
    case.ok(line);
    let [note, proof] = codes(&case, "SZ-2026-000001");
    let [other_note, other_proof] = codes(&case, "SZ-2026-000002");
    let text = case.exits(4, &format!("verify '{note}' '{other_proof}' {KEY}")).stdout;
    let said = text.contains("FAILED") && text.contains("two different receipts");
    assert!(said && text.contains("別々の受領書"), "{text}");
    assert_eq!(
        case.json(0, &format!("verify '{other_note}' '{other_proof}' {KEY}"))["number"],
        "SZ-2026-000002"
    );
    let said = case.exits(2, &format!("verify '{note}' '{proof}' '{other_note}' {KEY}")).stderr;
    assert!(said.contains("SZ-2026-000001") && said.contains("SZ-2026-000002"), "{said}");
}

#[test]
fn a_label_is_no_receipt_and_a_receipt_no_label() {
    let case = Case::new();
    let [note, _] = codes(&case, "SZ-2026-000001");
    for label in ["CM1-USB-0421-AAAAAA-1", "ｃｍ１ーｕｓｂー０４２１", "]Q1CM1-USB-0421-AAAAAA-1"]
    {
        let said = case.exits(4, &format!("verify {label} {KEY}")).stderr;
        assert!(said.contains("the label of a drive"), "{label}: {said}");
    }
    let check = ["check", "--place", "静岡支部保管庫", "--by", "sasaki", "--no-bus", "--label"];
    for code in [note.clone(), full_width(&note), format!("]Q1{note}")] {
        let done = case.run(&[&check[..], &[code.as_str()]].concat());
        assert_eq!(done.code, 2, "{}", done.stderr);
        assert!(done.stderr.contains("scan the label on the drive itself"), "{}", done.stderr);
    }
}
