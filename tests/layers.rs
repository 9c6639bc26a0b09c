//! Imports run downward only, and what decides, encodes or shows touches neither
//! clock nor chance nor the world. The rule is told in src/lib.rs.

#[path = "source/mod.rs"]
mod source;

use std::collections::BTreeSet;

use source::{Source, paths, sources, without_tests};

const PURE: &[&str] = &["model", "ledger", "wire", "proof", "audit", "report", "render"];
const ADAPTERS: &[&str] =
    &["store", "usb", "volume", "keyring", "picture", "printer", "notify", "witness_http"];
const ADAPTERS_SEE: &[&str] = &["model", "ledger", "wire", "proof"];

/// The layers a layer may import from; `None` for one this rule does not know.
fn below(layer: &str) -> Option<Vec<&'static str>> {
    let known: Vec<&[&str]> = match layer {
        "lib" => vec![PURE, ADAPTERS, &["ops", "daemon", "cli"]],
        "model" => vec![],
        "ledger" | "wire" => vec![&["model"]],
        "proof" => vec![&["model", "wire"]],
        "audit" => vec![&["model", "ledger", "wire", "proof"]],
        "report" => vec![&["model", "ledger", "wire", "proof", "audit"]],
        "render" => vec![&["model", "ledger", "wire", "proof", "audit", "report"]],
        "ops" => vec![PURE, ADAPTERS],
        "cli" => vec![&["daemon", "ops", "report", "render", "model", "ledger"]],
        "daemon" => vec![&["ops", "report", "render", "model", "ledger"]],
        adapter if ADAPTERS.contains(&adapter) => vec![ADAPTERS_SEE],
        _ => return None,
    };
    Some(known.concat())
}

/// What a pure layer names only if it looks at the world.
const WORLD: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::os",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "getrandom",
    "rand",
    "tempfile",
    "sled",
    "rusb",
    "rustix",
];

fn imports_upward(source: &Source) -> Vec<String> {
    let layer = source.layer();
    let Some(allowed) = below(layer) else {
        return vec![format!("{}: the layer '{layer}' is not in tests/layers.rs", source.path)];
    };
    let depth = source.module().len();
    let mut wrong = Vec::new();
    for path in paths(&without_tests(&source.code)) {
        let words: Vec<&str> = path.split("::").collect();
        let supers = words.iter().take_while(|word| **word == "super").count();
        let target = match words[0] {
            "crate" => words[1],
            "media_custody" if layer != "lib" => words[1],
            "super" if supers >= depth && depth > 0 => words[supers],
            _ => continue,
        };
        // Items of lib.rs itself begin with a capital or are macros.
        let module = target.starts_with(|c: char| c.is_ascii_lowercase());
        if module && target != layer && !allowed.contains(&target) {
            wrong.push(format!("{}: {layer} imports {target} ({path})", source.path));
        }
    }
    wrong
}

fn touches_the_world(source: &Source) -> Vec<String> {
    if !PURE.contains(&source.layer()) {
        return Vec::new();
    }
    let code = without_tests(&source.code);
    let mut wrong = BTreeSet::new();
    for path in paths(&code) {
        let world = WORLD.iter().any(|word| {
            path == *word
                || path.starts_with(&format!("{word}::"))
                || path.split("::").any(|part| part == *word)
                || path.ends_with(&format!("::{word}"))
        });
        // Bytes in memory, which a decompressor or a picture may need.
        let memory =
            ["std::io::Read", "std::io::Write", "std::io::Cursor"].contains(&path.as_str());
        let io = path.starts_with("std::io") && !memory;
        if world || io || path.ends_with("::now") {
            wrong.insert(format!("{}: {path}", source.path));
        }
    }
    for output in ["print!(", "println!(", "eprint!(", "eprintln!("] {
        if code.contains(output) {
            wrong.insert(format!("{}: {output}", source.path));
        }
    }
    wrong.into_iter().collect()
}

fn all(check: fn(&Source) -> Vec<String>) {
    let wrong: Vec<String> = sources().iter().flat_map(check).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn imports_run_downward() {
    all(imports_upward);
}

#[test]
fn the_pure_layers_touch_nothing() {
    all(touches_the_world);
}

/// The rules above are worth what they catch.
#[test]
fn each_way_round_the_rule_is_caught() {
    let upward = [
        ("model/x.rs", "use crate::wire::note;"),
        ("ledger/judge/x.rs", "use crate::{model::Day, wire::{note, Note as N}};"),
        ("ledger/judge/x.rs", "use super::super::super::wire::Note;"),
        ("wire/x.rs", "fn f() { crate :: proof::tree::leaf_hash(b\"\"); }"),
        ("audit/x.rs", "use crate::report::Row;"),
        ("report/x.rs", "use crate::render;\nuse crate::render::text;"),
        ("store/x.rs", "use crate::usb::Bus;"),
        ("keyring/x.rs", "use crate::store::Store;"),
        ("usb/x.rs", "use crate::ops::scan;"),
        ("ops/x.rs", "use crate::cli::ui;"),
        ("cli/x.rs", "use crate::store::*;"),
        ("cli/x.rs", "fn f() -> crate::usb::Device { todo() }"),
        ("cli/x.rs", "use crate::wire::Note;"),
        ("daemon/x.rs", "use crate::store::remote::Socket;"),
        ("ops/x.rs", "use crate::daemon;"),
        ("helpers/x.rs", ""),
    ];
    for (path, text) in upward {
        assert!(!imports_upward(&Source::new(path, text)).is_empty(), "{path}: {text}");
    }
    let downward = [
        ("ledger/judge/x.rs", "use crate::model::Day; use super::super::state::State;"),
        ("proof/x.rs", "use crate::wire::Note; // not crate::store::Store"),
        (
            "cli/x.rs",
            "use crate::ops::scan; use crate::cli::ui; const A: &str = \"crate::store::S\";",
        ),
        ("wire/x.rs", "#[cfg(test)]\nmod tests { use crate::proof::tree; }"),
    ];
    for (path, text) in downward {
        assert_eq!(imports_upward(&Source::new(path, text)), Vec::<String>::new(), "{path}");
    }
    let world = [
        "use std::fs;",
        "use std::{collections::BTreeMap, fs::File};",
        "use std::io;",
        "use std::io::{self, Read};",
        "fn f() { std::process::exit(1) }",
        "fn f() { std::env::var(\"X\"); }",
        "use std::time::SystemTime;\nfn f() { SystemTime::now(); }",
        "fn f() { jiff::Timestamp::now(); }",
        "fn f() { std::time::Instant::now(); }",
        "fn f() { getrandom::fill(&mut [0]); }",
        "use std::net::TcpStream;",
        "fn f() { println!(\"x\"); }",
        "fn f() { tempfile::tempdir(); }",
        "fn f(x: sled::Db) {}",
    ];
    for text in world {
        assert!(!touches_the_world(&Source::new("wire/x.rs", text)).is_empty(), "{text}");
        assert!(touches_the_world(&Source::new("store/x.rs", text)).is_empty(), "{text}");
    }
    let memory = Source::new("wire/x.rs", "use std::io::{Read, Write}; use std::time::Duration;");
    assert_eq!(touches_the_world(&memory), Vec::<String>::new());
}
