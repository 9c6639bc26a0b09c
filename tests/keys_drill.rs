//! The drill of docs/keys.md as it stands there, and what must hold behind it.

mod office;

use std::fs;
use std::path::Path;
use std::process::Command;

use office::Case;

/// The commands of the drill, block by block.
fn blocks() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/keys.md");
    let text = fs::read_to_string(path).expect("the document");
    let parts = text.split("```sh\n").skip(1);
    parts.map(|part| part.split("```").next().expect("an end").to_owned()).collect()
}

/// Runs a block as a person would, with the program on the path.
fn sh(case: &Case, block: &str) -> (bool, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_custody"));
    let mut path = program.parent().expect("a folder").as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    command.args(["-e", "-c", block]).current_dir(case.path("")).env("PATH", path);
    for (name, value) in case.command().get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let done = office::ran(&mut command);
    (done.code == 0, format!("{}{}", done.stdout, done.stderr))
}

#[test]
fn a_stolen_key_is_revoked_listed_and_replaced_as_it_is_written() {
    let case = Case::new();
    let with = "--yes --keep-tokens --passphrase-file words";
    let before = "handover USB-0421 --from yamada --to sasaki --purpose 点検";
    case.ok(&format!("{before} --receipt-file before.receipt {with}"));
    let blocks = blocks();
    assert_eq!(blocks.len(), 5, "five steps");
    for (step, block) in blocks.iter().enumerate() {
        let (fine, said) = sh(&case, block);
        assert!(fine, "{block}\n{said}");
        if step == 0 {
            // The thief has the old key and its passphrase.
            let stolen = format!("return USB-0421 --to yamada {with}");
            let refused = case.exits(1, &stolen);
            assert!(refused.stderr.contains("was revoked by entry 11"), "{}", refused.stderr);
        }
        if step == 1 {
            assert!(said.contains("compromised"), "{said}");
            assert!(said.contains("SZ-2026-000002") && said.contains("USB-0421"), "{said}");
            assert!(!said.contains("USB-0422"), "of others nothing is listed: {said}");
        }
    }
    case.ok("verify before.receipt --log-key ledger/log.vkey");
    case.ok(&format!("return USB-0421 --to yamada {with}"));
    case.ok("verify");
}
