//! Drafts between two machines.

use std::sync::Arc;

use media_custody::ops::{FixedClock, policy};

use crate::office::{Case, at, of, sign};

/// A second machine: the contractor's keyring and nothing else.
fn elsewhere(case: &Case) {
    std::fs::create_dir(case.path("theirs")).expect("a folder");
    for file in ["pem", "vkey"] {
        let name = format!("sato.custody.example.jp%2Fshizuoka.{file}");
        std::fs::rename(case.path(&format!("keys/{name}")), case.path(&format!("theirs/{name}")))
            .expect("moved");
    }
}

fn draft(case: &Case, file: &str) {
    case.ok(&format!(
        "handover USB-0421 --from yamada --to sato --purpose 印刷 --draft {file} --passphrase-file words"
    ));
}

const SIGN: &str = "--keys theirs --passphrase-file words";

#[test]
fn a_draft_says_who_is_missing_and_is_nothing_yet() {
    let case = Case::new();
    elsewhere(&case);
    let drafted = case.json(
        0,
        "handover USB-0421 --from yamada --to sato --purpose 印刷 --draft a.draft --passphrase-file words",
    );
    assert_eq!(drafted["outcome"], "drafted");
    assert_eq!(drafted["missing"][0], "sato.custody.example.jp/shizuoka");
    assert_eq!(case.json(0, "log")["total"], 10);
    let signed = case.json(0, &format!("sign a.draft {SIGN}"));
    assert_eq!(signed["missing"].as_array().expect("missing").len(), 0);
    // The file is the note itself: text, blank line, two signature lines.
    let note = case.text("a.draft");
    assert_eq!(note.lines().filter(|line| line.starts_with("— ")).count(), 2, "{note}");
    // A draft is not written over, and an empty desk draws no draft at all.
    case.exits(2, "handover USB-0421 --from yamada --to sasaki --purpose x --draft a.draft");
}

#[test]
fn a_draft_submitted_twice_is_one_entry() {
    let case = Case::new();
    elsewhere(&case);
    draft(&case, "a.draft");
    case.ok(&format!("sign a.draft {SIGN}"));
    let first = case.json(0, "submit a.draft");
    let second = case.json(0, "submit a.draft");
    assert_eq!(first["entry"], 10);
    assert_eq!((&first["entry"], &first["leaf"]), (&second["entry"], &second["leaf"]));
    assert_eq!(case.json(0, "log")["total"], 11);
    // And still, when others came behind it.
    case.ok("policy set --interval-days 14 --by kato --passphrase-file words");
    assert_eq!(case.json(0, "submit a.draft")["entry"], 10);
    case.ok("verify");
}

#[test]
fn drafts_under_way_together_get_different_numbers() {
    let case = Case::new();
    elsewhere(&case);
    draft(&case, "a.draft");
    case.ok("return USB-0422 --to yamada --draft b.draft --passphrase-file words");
    let number = |file: &str| {
        let text = case.text(file);
        text.lines()
            .find_map(|line| line.strip_prefix("receipt: ").map(str::to_owned))
            .expect("a number")
    };
    assert_ne!(number("a.draft"), number("b.draft"));
    // At the desk meanwhile, a third one.
    case.ok("policy set --interval-days 14 --by kato --passphrase-file words");
    for file in ["b.draft", "a.draft"] {
        case.ok(&format!("sign {file} {SIGN}"));
    }
    // The later number first: both are taken.
    let second = case.json(0, "submit b.draft");
    let first = case.json(0, "submit a.draft");
    assert_eq!(second["receipt"]["receipt"], number("b.draft"));
    assert_eq!(first["receipt"]["receipt"], number("a.draft"));
    assert_eq!(second["entry"], 11);
    assert_eq!(first["entry"], 12);
    case.ok("verify");
    case.ok(&format!("receipt {}", number("a.draft")));
}

#[test]
fn a_draft_is_judged_by_the_ledger_it_comes_back_to() {
    let case = Case::new();
    elsewhere(&case);
    draft(&case, "a.draft");
    case.ok(&format!("sign a.draft {SIGN}"));
    // Meanwhile the drive went to somebody else.
    case.ok("handover USB-0421 --from yamada --to sasaki --purpose 点検 --passphrase-file words");
    let refused = case.exits(1, "submit a.draft");
    assert!(
        refused.stderr.contains("yamada does not hold USB-0421; sasaki does"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_draft_older_than_the_policy_allows_is_refused_and_a_younger_one_is_not() {
    let case = Case::new();
    let keys = case.keys();
    let drafted = at("2026-01-07T10:00:00+09:00");
    let submitted = |hours: i64| {
        let mut ledger = case.ledger();
        let clock = Arc::new(FixedClock::at(drafted));
        ledger.set_clock(clock.clone());
        let wanted = ledger.state().policy.clone();
        let mut draft = policy::set(&ledger, wanted, None, of("kato"), None).expect("decided");
        sign(&mut draft, &keys);
        clock.set(drafted + hours * 3_600 + 1);
        ledger.submit(&[draft]).map(|_| ())
    };
    let refused = submitted(72).expect_err("too old").to_string();
    assert!(refused.contains("the policy gives a draft 72 hours"), "{refused}");
    submitted(71).expect("young enough");
}

#[test]
fn nothing_half_signed_is_appended() {
    let case = Case::new();
    elsewhere(&case);
    draft(&case, "a.draft");
    let refused = case.exits(1, "submit a.draft");
    assert!(refused.stderr.contains("still needs the signature of sato"), "{}", refused.stderr);
    // The contractor's line cut out of a finished one.
    case.ok(&format!("sign a.draft {SIGN}"));
    let whole = case.text("a.draft");
    let cut: String = whole
        .lines()
        .filter(|line| !line.starts_with("— sato"))
        .map(|line| format!("{line}\n"))
        .collect();
    case.write("cut.draft", cut);
    case.exits(1, "submit cut.draft");
    assert_eq!(case.json(0, "log")["total"], 10);
}
