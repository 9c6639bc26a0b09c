//! What stands beside the code is true: the licences and sources of every crate, the
//! two advisories that are put up with, and every path and link of the documents.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The quoted words of the list `key = [` in a section of deny.toml.
fn list(section: &str, key: &str) -> Vec<String> {
    let deny = file("deny.toml");
    let (_, rest) = deny.split_once(&format!("[{section}]\n")).expect("the section");
    let (_, rest) = rest.split_once(&format!("\n{key} = [\n")).expect("the list");
    let (body, _) = rest.split_once("\n]").expect("the end of the list");
    let lines = body.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned)).collect()
}

/// The packages that are built on this platform, as cargo knows them.
fn packages() -> Vec<Value> {
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        let output = command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        let output = output.expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let said = cargo(&[
        "metadata",
        "--format-version=1",
        "--locked",
        "--offline",
        "--filter-platform",
        host,
    ]);
    let known: Value = serde_json::from_str(&said).expect("JSON");
    known["packages"].as_array().expect("packages").clone()
}

/// Whether a licence expression can be satisfied with what is allowed.
fn permitted(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    any_of(&mut words, allowed)
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut fits = all_of(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        fits |= all_of(words, allowed);
    }
    fits
}

fn all_of(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut fits = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        fits &= one(words, allowed);
    }
    fits
}

fn one(words: &mut Words<'_>, allowed: &[String]) -> bool {
    match words.next() {
        Some("(") => {
            let fits = any_of(words, allowed);
            assert_eq!(words.next(), Some(")"));
            fits
        }
        Some(name) => {
            let mut name = name.to_owned();
            if words.next_if_eq(&"WITH").is_some() {
                name = format!("{name} WITH {}", words.next().unwrap_or_default());
            }
            allowed.contains(&name)
        }
        None => false,
    }
}

#[test]
fn every_licence_is_allowed() {
    let allowed = list("licenses", "allow");
    let mut wrong = Vec::new();
    for package in packages() {
        let licence = package["license"].as_str().unwrap_or("none");
        if !permitted(licence, &allowed) {
            wrong.push(format!("{} {}: {licence}", package["name"], package["version"]));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn licence_expressions_are_read_right() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned(), "A WITH b".to_owned()];
    for yes in ["MIT", "X OR MIT", "MIT/X", "MIT AND ISC", "(X OR MIT) AND ISC", "A WITH b OR X"] {
        assert!(permitted(yes, &allowed), "{yes}");
    }
    for no in ["", "X", "X AND MIT", "(MIT OR X) AND Y", "A", "A WITH c", "none"] {
        assert!(!permitted(no, &allowed), "{no}");
    }
}

#[test]
fn every_crate_comes_from_one_registry() {
    let lock = file("Cargo.lock");
    let sources: BTreeSet<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("source = ")).collect();
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(sources.iter().all(|source| source.starts_with("\"registry+")), "{sources:?}");
    let (crates, sums) =
        (lock.matches("\nsource = ").count(), lock.matches("\nchecksum = ").count());
    assert_eq!(crates, sums, "every crate has a check sum");
}

/// The advisories that are put up with concern crates that only sled brings.
#[test]
fn what_is_unmaintained_is_named_and_stays_under_sled() {
    let named: Vec<String> = list("advisories", "ignore")
        .into_iter()
        .filter(|word| word.starts_with("RUSTSEC"))
        .collect();
    assert_eq!(named, ["RUSTSEC-2024-0384", "RUSTSEC-2025-0057"]);
    let lock = file("Cargo.lock");
    let users = |wanted: &str| -> BTreeSet<String> {
        let users = lock.split("[[package]]").filter(|package| {
            let (_, needs) = package.split_once("dependencies = [").unwrap_or_default();
            needs.lines().any(|line| line.trim().trim_matches(['"', ',']) == wanted)
        });
        users.map(|package| package.split('"').nth(1).unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(users("fxhash"), BTreeSet::from(["sled".to_owned()]));
    // sled's own locks.
    let locks = ["parking_lot", "parking_lot_core"].map(str::to_owned);
    assert!(users("instant").is_subset(&BTreeSet::from(locks)), "{:?}", users("instant"));
    assert_eq!(users("parking_lot 0.11.2"), BTreeSet::from(["sled".to_owned()]));
}

/// Paths in backticks and targets of links, as far as they lie in this repository.
fn named_paths(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let roots = ["src/", "tests/", "docs/", "examples/", "benches/", "firmware-notes/", ".ci/"];
    let quoted = quoted.filter(|word| roots.iter().any(|root| word.starts_with(root)));
    // A command begins with its program, and a pattern is no path.
    let quoted = quoted.map(|word| word.split([' ', ':']).next().unwrap_or_default());
    let quoted = quoted.filter(|word| !word.contains(['*', '<', '{']));
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let sources = text.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let local = links.chain(sources).filter(|link| !link.contains("://") && !link.starts_with('#'));
    quoted
        .chain(local.map(|link| link.split('#').next().unwrap_or_default()))
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_the_documents_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for document in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        let paths = named_paths(&file(document));
        assert!(document == "CHANGELOG.md" || paths.len() > 5, "{document}: {paths:?}");
        let gone = paths.into_iter().filter(|path| !root.join(path).exists());
        wrong.extend(gone.map(|path| format!("{document}: {path}")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn paths_are_found_in_text() {
    let text = "see `src/lib.rs`, `tests/run fmt` and `src/*/x`; [a](docs/b.md#c) [d](https://e) \
                <img src=\"docs/f.png\">";
    assert_eq!(named_paths(text), ["src/lib.rs", "tests/run", "docs/b.md", "docs/f.png"]);
}
