//! The functional core as a table. Each file in `tests/decide/` holds cases; a case
//! is a list of lines, each of which somebody does, and what comes of it: nothing
//! behind the line when it becomes an entry, `=> names` when it is refused, all
//! reasons in order of precedence. The grammar stands in `tests/decide/README.md`.

mod fixture;

#[path = "decide/script.rs"]
mod script;

use std::collections::BTreeSet;

use media_custody::ledger::Refusal;

const TABLES: &[(&str, &str)] = &[
    ("frame.table", include_str!("decide/frame.table")),
    ("people.table", include_str!("decide/people.table")),
    ("media.table", include_str!("decide/media.table")),
    ("custody.table", include_str!("decide/custody.table")),
    ("presence.table", include_str!("decide/presence.table")),
];

/// Refusals that take the tree or the store, and so are not the core's.
const ELSEWHERE: &[&str] = &["seen-elsewhere", "repeated"];

#[test]
fn every_line_of_every_table() {
    let mut covered = BTreeSet::new();
    let mut wrong = Vec::new();
    for (name, table) in TABLES {
        script::run(name, table, &mut covered, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} lines differ:\n{}", wrong.len(), wrong.join("\n"));
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().copied().collect();
    assert!(covered.is_disjoint(&elsewhere), "the core refuses what ELSEWHERE says it cannot");
    let known = |name: &&&str| !covered.contains(**name) && !elsewhere.contains(**name);
    let missing: Vec<&&str> = Refusal::NAMES.iter().filter(known).collect();
    assert!(missing.is_empty(), "no line of any table is refused for: {missing:?}");
}

#[test]
fn every_refusal_says_what_and_what_to_do() {
    let names: BTreeSet<&str> = Refusal::NAMES.iter().copied().collect();
    assert_eq!(names.len(), Refusal::NAMES.len(), "a name stands twice");
    for name in names {
        let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        assert!(plain && name.len() <= 24, "{name}");
    }
}
