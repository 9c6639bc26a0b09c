//! src/wire/FORMAT.md is what other implementations are written from. Its tables of
//! kinds, values, signers, refusals, code points and examples are held to the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use media_custody::ledger::Refusal;
use media_custody::model::Statement;
use media_custody::model::hardware::{HardwareIdentity, Serial};
use media_custody::model::statement::{REPEAT_MAX, TEXT_MAX};
use media_custody::model::text::check_line;
use media_custody::model::vocabulary::*;
use media_custody::wire::statement;

/// What each type of the program is called in the document.
const VALUES: &[(&str, &str)] = &[
    ("Origin", "origin"),
    ("Stamp", "time"),
    ("Day", "day"),
    ("u32", "number32"),
    ("u64", "number64"),
    ("Name", "name"),
    ("Phrase", "phrase"),
    ("Token", "word"),
    ("ReceiptPrefix", "prefix"),
    ("ReceiptId", "receipt number"),
    ("MediumId", "asset id"),
    ("PartyRef", "party"),
    ("VerifierKey", "vkey"),
    ("Signs", "signing key"),
    ("Signatory", "signatory"),
    ("Side", "side"),
    ("Hash", "hash"),
    ("Nonce", "nonce"),
    ("Seen", "head"),
    ("EntryRef", "entry"),
    ("MediumLine", "medium"),
    ("UnknownLine", "unknown device"),
    ("HardwareIdentity", "hw"),
    ("EncryptionLine", "encryption"),
    ("SeenLine", "seen medium"),
    ("AlarmLine", "alarm"),
    ("MarkLine", "content mark"),
    ("SequenceLine", "sequence id"),
    ("TokenLine", "token file"),
    ("RuleLine", "rule"),
    ("DrawLine", "draw"),
    ("Grade", "serial grade"),
    ("Role", "role"),
    ("SightingGrade", "sighting grade"),
    ("CheckerRule", "checker rule"),
    ("Concern", "concern"),
    ("LooseningRule", "loosening rule"),
    ("WitnessRule", "witness rule"),
    ("PaperRule", "paper rule"),
    ("RevocationReason", "revocation reason"),
    ("Verdict", "verdict"),
    ("ErasureMethod", "erasure method"),
    ("LinkRelation", "link relation"),
];

fn document() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join("src/wire/FORMAT.md")).expect("src/wire/FORMAT.md")
}

/// The text between a heading and the next one of its level or a higher one.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let level = heading.chars().take_while(|c| *c == '#').count();
    let from = document.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let rest = &document[from + heading.len() + 2..];
    let next = |line: &str| {
        let marks = line.chars().take_while(|c| *c == '#').count();
        (1..=level).contains(&marks) && line[marks..].starts_with(' ')
    };
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        if next(line) {
            break;
        }
        end += line.len();
    }
    &rest[..end]
}

/// The rows of the tables in a text, cells trimmed, heads left out.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let row = |line: &&str| line.starts_with('|') && !line.starts_with("|---");
    let head = |at: usize| lines.get(at + 1).is_some_and(|next| next.starts_with("|---"));
    let table = lines.iter().enumerate().filter(|(at, line)| row(line) && !head(*at));
    table
        .map(|(_, line)| {
            line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

fn ticked(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// `Option<Phrase>` without its frame.
fn inner(rust: &str) -> String {
    let plain: String = rust.chars().filter(|c| !c.is_whitespace()).collect();
    plain.split('<').next_back().expect("a type").trim_end_matches('>').to_owned()
}

#[test]
fn the_kinds_are_those_of_the_code() {
    let document = document();
    let values: BTreeMap<&str, &str> = VALUES.iter().copied().collect();
    let headings: Vec<&str> = section(&document, "## Kinds")
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let kinds: Vec<&str> = Statement::KINDS.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(headings, kinds, "the kinds and their order");
    for (kind, fields) in Statement::KINDS {
        let text = section(&document, &format!("### {kind}"));
        let written: Vec<(String, String, String)> = rows(text)
            .into_iter()
            .map(|row| (row[0].trim_matches('`').to_owned(), row[1].clone(), row[2].clone()))
            .collect();
        let meant: Vec<(String, String, String)> = fields
            .iter()
            .map(|field| {
                let value = values[inner(field.rust).as_str()];
                (field.key.to_owned(), field.occurs.to_owned(), value.to_owned())
            })
            .collect();
        assert_eq!(written, meant, "the table of {kind}");
        let signed = text.lines().find_map(|line| line.strip_prefix("Signed by: "));
        let signs = |rust: &str| ["Signs", "Signatory", "Side"].contains(&inner(rust).as_str());
        let signers: Vec<&str> =
            fields.iter().filter(|field| signs(field.rust)).map(|field| field.key).collect();
        assert_eq!(ticked(signed.unwrap_or_default()), signers, "who signs {kind}");
        assert!(text.contains("\nJudged: "), "what is asked of {kind}");
    }
}

#[test]
fn the_examples_are_the_frozen_ones() {
    let document = document();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v1/statements");
    for (kind, _) in Statement::KINDS {
        let text = section(&document, &format!("### {kind}"));
        let example = text.split("```text\n").nth(1).and_then(|rest| rest.split("```").next());
        let example = example.unwrap_or_else(|| panic!("no example of {kind}"));
        let note = fs::read_to_string(vectors.join(format!("{kind}.note"))).expect("a vector");
        let signed = format!("{example}\n\u{2014} ");
        assert!(note == example || note.starts_with(&signed), "the example of {kind}");
        let text = example
            .split_once("\n\n")
            .map_or(example.to_owned(), |(text, _)| text.to_owned() + "\n");
        let parsed = statement::parse(&text);
        assert_eq!(parsed.map(|statement| statement.kind()), Ok(*kind));
    }
}

#[test]
fn the_values_are_those_of_the_code() {
    let document = document();
    let rows = rows(section(&document, "## Values"));
    let of = |name: &str| {
        let row = rows.iter().find(|row| row[0] == name);
        row.unwrap_or_else(|| panic!("no value '{name}'"))[2].clone()
    };
    for (_, value) in VALUES {
        of(value);
    }
    let words = |name: &str, all: Vec<&str>| {
        let written = of(name);
        assert_eq!(ticked(&written), all, "{name}");
    };
    words("role", Role::ALL.iter().map(|w| w.as_str()).collect());
    words("sighting grade", SightingGrade::ALL.iter().map(|w| w.as_str()).collect());
    words("encryption grade", EncryptionGrade::ALL.iter().map(|w| w.as_str()).collect());
    words("checker rule", CheckerRule::ALL.iter().map(|w| w.as_str()).collect());
    words("witness rule", WitnessRule::ALL.iter().map(|w| w.as_str()).collect());
    words("paper rule", PaperRule::ALL.iter().map(|w| w.as_str()).collect());
    words("revocation reason", RevocationReason::ALL.iter().map(|w| w.as_str()).collect());
    words("verdict", Verdict::ALL.iter().map(|w| w.as_str()).collect());
    words("erasure method", ErasureMethod::ALL.iter().map(|w| w.as_str()).collect());
    words("link relation", LinkRelation::ALL.iter().map(|w| w.as_str()).collect());
    let grouped = |number: usize| format!("{},{:03}", number / 1000, number % 1000);
    assert!(document.contains(&format!("at most {} times", grouped(REPEAT_MAX))));
    assert!(document.contains(&format!("at most {} bytes", grouped(TEXT_MAX))));
}

/// Every refusal is explained, and nothing is that does not exist.
#[test]
fn the_refusals_are_those_of_the_code() {
    let document = document();
    let text: String = document.split("```").step_by(2).collect();
    let written: BTreeSet<&str> = ticked(&text).into_iter().collect();
    let unexplained: Vec<&&str> =
        Refusal::NAMES.iter().filter(|name| !written.contains(**name)).collect();
    assert!(unexplained.is_empty(), "FORMAT.md does not say when: {unexplained:?}");
}

/// Every code point, against the lists in the document.
#[test]
fn the_refused_code_points_are_those_of_the_code() {
    let document = document();
    let mut refused = BTreeSet::new();
    for row in rows(section(&document, "### Lines of text")) {
        for range in row[0].split_whitespace().filter_map(|word| word.strip_prefix("U+")) {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let code = |text: &str| u32::from_str_radix(text, 16).expect("a code point");
            refused.extend(code(first)..=code(last));
        }
    }
    refused
        .extend((0..=16).flat_map(|plane| [plane * 0x1_0000 + 0xFFFE, plane * 0x1_0000 + 0xFFFF]));
    for code in (0..=0x10_FFFF).filter_map(char::from_u32) {
        let lets_in = !matches!(
            check_line(&format!("a{code}b"), 100),
            Err(media_custody::model::text::TextError::Control(_)
                | media_custody::model::text::TextError::Invisible(_)
                | media_custody::model::text::TextError::NoShape(_))
        );
        assert_eq!(!lets_in, refused.contains(&u32::from(code)), "U+{:04X}", u32::from(code));
    }
}

/// The bytes under "Hardware identity" are hashed as they stand there.
#[test]
fn the_bytes_of_a_hardware_identity() {
    let document = document();
    let text = section(&document, "### Hardware identity");
    let block = text.split("```text\n").nth(1).and_then(|rest| rest.split("```").next());
    let mut bytes = Vec::new();
    let mut hw = "";
    for line in block.expect("the bytes").lines() {
        match line.strip_prefix("hw") {
            Some(rest) => hw = rest.trim(),
            None => {
                let hex: String = line[..54].split_whitespace().collect();
                bytes.extend(data_encoding::HEXLOWER.decode(hex.as_bytes()).expect("hexadecimal"));
            }
        }
    }
    let found = media_custody::model::Hash::of(&[&bytes]);
    assert_eq!(data_encoding::HEXLOWER.encode(found.as_bytes()), hw);
    let serial: Serial = "1C6F65D8ABCDE1234567".parse().expect("serial");
    let id = "0951:1666".parse().expect("vid:pid");
    assert_eq!(HardwareIdentity::of(id, &serial).to_string(), hw);
}
