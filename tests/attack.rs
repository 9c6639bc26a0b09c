//! The table of attacks: what somebody with the ledger's folder, its key or a receipt in
//! their hands can do, and what `custody verify` then names: the entry and the cause, with
//! exit code 4, in English and Japanese. What by its nature cannot be seen in the folder
//! alone names the second source it takes in its `verify` line.

mod office;

#[path = "attack/bits.rs"]
mod bits;
#[path = "attack/entries.rs"]
mod entries;
#[path = "attack/hands.rs"]
mod hands;
#[path = "attack/log.rs"]
mod log;
#[path = "attack/receipts.rs"]
mod receipts;

use std::path::Path;

use media_custody::ops::verify::verify_ledger;
use media_custody::report::words::wrong;
use office::{Case, of};

/// Verifying with the log key that was kept elsewhere.
const WITH_KEY: &str = "verify --log-key ledger/log.vkey";
/// As whoever never had another copy of the key verifies.
const ALONE: &str = "verify";

/// One row of the table.
struct Attack {
    /// What is done.
    title: &'static str,
    does: fn(&Case),
    /// How it is verified; what else is known stands here.
    verify: &'static str,
    names: Named,
}

/// What has to be named.
enum Named {
    /// A finding of the ledger's verification: the entry (none where the fault lies with no
    /// entry), the cause's name, and words of its message.
    Finding(Option<u64>, &'static str, &'static str),
    /// A check of a receipt that fails: the entry it claims to be, the check, and words.
    Check(Option<u64>, &'static str, &'static str),
    /// What was given is refused before there is anything to verify: kind and words.
    Refused(&'static str, &'static str),
    /// Nothing: it is no attack, and the row is there to show that.
    Nothing,
}

use Named::{Check, Finding, Nothing, Refused};

fn all() -> Vec<&'static Attack> {
    [entries::ATTACKS, log::ATTACKS, receipts::ATTACKS].into_iter().flatten().collect()
}

/// What is wrong with how the program names an attack.
fn complaint(case: &Case, attack: &Attack) -> Result<(), String> {
    let words = office::split(attack.verify);
    let done = case.run(&words);
    let code = if matches!(attack.names, Nothing) { 0 } else { 4 };
    if done.code != code {
        return Err(format!("exit {}\n{}{}", done.code, done.stdout, done.stderr));
    }
    let in_words = |entry: Option<u64>, name: &str| {
        let japanese = wrong(name).ok_or_else(|| format!("{name} has no Japanese words"))?;
        let place = entry.map_or(String::new(), |entry| format!("entry {entry}"));
        // Lines are broken where the column ends, and Japanese anywhere.
        let flat: String = done.stdout.split_whitespace().collect();
        let wanted = [place.replace(' ', ""), japanese.to_owned()];
        match wanted.iter().find(|text| !flat.contains(text.as_str())) {
            Some(text) => Err(format!("the text does not say {text:?}:\n{}", done.stdout)),
            None => Ok(()),
        }
    };
    let json = [words, vec!["--json".to_owned()]].concat();
    let json = case.run(&json);
    let whole = format!("{}{}", json.stdout, json.stderr);
    let found: serde_json::Value = serde_json::from_str(&whole).map_err(|_| whole.clone())?;
    let has = |list: &str, holds: &dyn Fn(&serde_json::Value) -> bool| {
        let among = found[list].as_array().is_some_and(|items| items.iter().any(holds));
        if among { Ok(()) } else { Err(format!("not among {list}: {found:#}")) }
    };
    match attack.names {
        Finding(entry, cause, says) => {
            has("findings", &|item| {
                let message = item["message"].as_str().unwrap_or_default();
                item["index"].as_u64() == entry && item["cause"] == cause && message.contains(says)
            })?;
            in_words(entry, cause)
        }
        Check(entry, name, says) => {
            has("checks", &|item| {
                let detail = item["detail"].as_str().unwrap_or_default();
                item["name"] == name && item["passed"] == false && detail.contains(says)
            })?;
            in_words(entry, name)
        }
        Refused(kind, says) => {
            let said = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            let named = whole.contains(&format!("\"{kind}\"")) && said.contains(says);
            if named { Ok(()) } else { Err(format!("{whole}\n{}", done.stderr)) }
        }
        Nothing => Ok(()),
    }
}

/// The library without the program around it, for rows that it alone can see.
fn library_agrees(case: &Case, attack: &Attack) -> Result<(), String> {
    let Finding(entry, cause, _) = attack.names else { return Ok(()) };
    if ![WITH_KEY, ALONE].contains(&attack.verify) {
        return Ok(());
    }
    let _quiet = office::quiet();
    let key = (attack.verify == WITH_KEY).then(|| of(case.text("ledger/log.vkey").trim()));
    let folder: &Path = &case.path("ledger");
    let report = verify_ledger(folder, key.as_ref(), &mut |_, _| {}).map_err(|e| e.to_string())?;
    let named = report.findings.iter().any(|item| item.index == entry && item.cause == cause);
    if named { Ok(()) } else { Err(format!("the library: {:?}", report.findings)) }
}

#[test]
fn each_attack_is_named() {
    let mut unnamed = Vec::new();
    for attack in all() {
        let case = Case::new();
        (attack.does)(&case);
        let named = complaint(&case, attack).and_then(|()| library_agrees(&case, attack));
        if let Err(complaint) = named {
            unnamed.push(format!("== {}\n{complaint}", attack.title));
        }
    }
    assert!(unnamed.is_empty(), "{} of {}\n{}", unnamed.len(), all().len(), unnamed.join("\n"));
}

#[test]
fn no_two_rows_have_one_title() {
    let mut titles: Vec<&str> = all().iter().map(|attack| attack.title).collect();
    let rows = titles.len();
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles.len(), rows);
}

#[test]
fn an_untouched_copy_is_green() {
    let case = Case::new();
    let notes = hands::notes(&case);
    case.ok(WITH_KEY);
    // Neither does rewriting it with these hands change a thing.
    hands::make_right(&case, &notes);
    case.ok(WITH_KEY);
}
