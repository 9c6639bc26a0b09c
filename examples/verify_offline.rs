//! Verifies a receipt with nothing but the file and the ledger's public key: no
//! ledger, no network. It uses only the layers `model`, `wire` and `proof`, and is
//! meant to be read by whoever wants to write a verifier of their own.
//!
//! ```console
//! $ cargo run --example verify_offline -- SZ-2026-000123.receipt log.vkey
//! ```
//!
//! Exit codes: 0 it holds, 1 a file cannot be read, 2 usage, 4 it does not hold.

use std::process::ExitCode;

use media_custody::model::statement::Handover;
use media_custody::model::{Statement, VerifierKey};
use media_custody::proof::receipt::Receipt;
use media_custody::wire::{signature, statement};

/// What went wrong, with the exit code that says so.
type Failed = (u8, String);

fn main() -> ExitCode {
    match run() {
        Ok(words) => {
            println!("{words}");
            ExitCode::SUCCESS
        }
        Err((code, words)) => {
            eprintln!("{words}");
            ExitCode::from(code)
        }
    }
}

fn run() -> Result<String, Failed> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [file, key] = given.as_slice() else {
        return Err((
            2,
            "usage: verify_offline RECEIPT LOG-KEY (a vkey or a file with one)".into(),
        ));
    };
    let bytes = std::fs::read(file).map_err(|error| (1, format!("{file}: {error}")))?;
    // A verifier key is one line of text, so it may also come in a file.
    let key = std::fs::read_to_string(key).unwrap_or_else(|_| key.clone());
    let key: VerifierKey =
        key.trim().parse().map_err(|error| (2, format!("the log key: {error}")))?;
    verify(&bytes, &key).map_err(|why| (4, format!("NOT VERIFIED: {why}")))
}

/// The whole verification, step by step. The answer says what has been shown.
fn verify(bytes: &[u8], log_key: &VerifierKey) -> Result<String, String> {
    // 1. Bytes to a note and a proof. Each has one spelling only; nothing in them
    //    is believed yet.
    let receipt = Receipt::parse(bytes).map_err(|error| error.to_string())?;
    let note = receipt.note();
    let said = match statement::parse(note.text()).map_err(|error| error.to_string())? {
        Statement::Handover(said) => *said,
        other => return Err(format!("this is a statement of kind {}", other.kind())),
    };

    // 2. The text itself names who must have signed it. All of them, in that order,
    //    each strictly valid, and nobody else: a stripped line does not pass.
    let statement = Statement::from(said.clone());
    let required: Vec<VerifierKey> = statement.signers().into_iter().cloned().collect();
    let signatures = signature::verify_required(note, &required);

    // 3. A checkpoint under the log key covers a tree, and the hash path leads from
    //    this very note, signature lines included, to the root of that tree.
    let proof = receipt.proof().verify(&receipt.leaf(), log_key);

    // 4. The log key's name is the ledger's; a receipt of another ledger is another
    //    ledger's. And nobody can have seen more of the log than was before them.
    let mut problems: Vec<String> = Vec::new();
    problems.extend(signatures.err().map(|error| error.to_string()));
    if said.ledger.as_str() != log_key.name().as_str() {
        problems.push(format!(
            "it names the ledger {}, the key is of {}",
            said.ledger,
            log_key.name()
        ));
    }
    match proof {
        Err(error) => problems.push(error.to_string()),
        Ok(entry) if said.seen.size > entry.index => {
            problems.push(format!(
                "its signers saw {} entries, and it is entry {}",
                said.seen.size, entry.index
            ));
        }
        Ok(entry) if problems.is_empty() => {
            return Ok(shown(&said, entry.index, entry.size));
        }
        Ok(_) => {}
    }
    Err(problems.join("; "))
}

fn shown(said: &Handover, index: u64, size: u64) -> String {
    let mut lines = vec![format!("VERIFIED: receipt {} of {}", said.receipt, said.at)];
    for (role, side) in [("gave", &said.giver), ("received", &said.receiver)] {
        lines.push(match side.key() {
            Some(key) => format!("  {} {role}, signed with {}", side.party.spoken(), key.name()),
            None => {
                format!("  {} {role}, SEALED ON PAPER: not shown by this file", side.party.spoken())
            }
        });
    }
    if let Some(witness) = &said.witness {
        let (who, key) = (witness.party.spoken(), witness.key.name());
        lines.push(format!("  {who} stood by, signed with {key}"));
    }
    for medium in said.medium.iter() {
        lines.push(format!("  drive {} ({} {})", medium.id, medium.vid_pid, medium.serial));
    }
    lines.push(format!("  for: {}", said.purpose));
    lines.push(format!("It stands in {} as entry {index} of {size}.", said.ledger));
    lines.push(format!(
        "Its signers had seen {} entries: that history cannot be changed unnoticed either.",
        said.seen.size
    ));
    lines.push("Not shown here: that the keys are those people's. Compare their key ids.".into());
    lines.join("\n")
}
