//! Cosignatures and fork proofs by Go, and all of it by Python: `aics-tlog` from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;

use media_custody::proof::consistency::prove_consistency;
use media_custody::proof::cosignature::cosign;
use media_custody::proof::fork::{Beginning, ForkProof};
use media_custody::proof::memory::MemoryTree;
use media_custody::proof::tree::leaf_hash;
use media_custody::wire::signature::Signer as _;
use tempfile::TempDir;

use crate::desk::Desk;
use crate::{flips, go_verifier, here, office, verdict, write};

/// A checkpoint of twenty entries with the witness's line.
fn cosigned(desk: &Desk) -> Vec<u8> {
    let (_, tree) = desk.ledger(20);
    let checkpoint = desk.checkpoint(&tree, 20);
    let line = cosign(&checkpoint, 1_790_000_000, &desk.witness).expect("cosigns");
    checkpoint.with_line(line).expect("fits").to_bytes()
}

/// Two histories that part behind entry 6, and the same proof for one history.
fn forks(desk: &Desk, size: u64) -> [Vec<u8>; 2] {
    let leaf = |at: u64, side: u8| leaf_hash(&[if at < 7 { 0 } else { side }, at as u8]);
    let grown = |side, size| (0..size).map(|at| leaf(at, side)).collect::<MemoryTree>();
    let (newer, other) = (grown(1, 24), grown(2, size));
    let beginning = || Beginning::of(&newer, size, 24).expect("a proof");
    let made = |older| {
        let newer = desk.checkpoint(&newer, 24);
        ForkProof::new(desk.checkpoint(older, size), newer, beginning()).to_bytes()
    };
    [made(&other), made(&newer)]
}

/// A verifier that is asked as `PROGRAM COMMAND FILE KEY...`.
fn cosignatures_are_checked(program: &dyn Fn() -> Command, command: &str) {
    let folder = tempfile::tempdir().expect("folder");
    let desk = Desk::new();
    let keys = [desk.log.key(), desk.witness.key()].map(ToString::to_string);
    let check = |bytes: &[u8]| {
        let path = write(&folder, "checkpoint", bytes);
        verdict(program().arg(command).arg(path).args(&keys))
    };
    let sound = cosigned(&desk);
    let (accepted, said) = check(&sound);
    assert!(accepted, "{said}");
    for (at, bit) in flips(&sound) {
        let mut altered = sound.clone();
        altered[at] ^= 1 << bit;
        assert!(!check(&altered).0, "byte {at} bit {bit} went through");
    }
    let text = String::from_utf8(sound).expect("text");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for left_out in [lines.len() - 2, lines.len() - 1] {
        let mut without = lines.clone();
        without.remove(left_out);
        assert!(!check(without.concat().as_bytes()).0, "without line {left_out}");
    }
}

fn forks_are_checked(program: &dyn Fn() -> Command) {
    let folder = tempfile::tempdir().expect("folder");
    let desk = Desk::new();
    let log = desk.log.key().to_string();
    let check = |bytes: &[u8]| {
        let path = write(&folder, "fork.proof", bytes);
        verdict(program().arg("fork").arg(path).arg(&log))
    };
    for size in [8, 9, 16, 23, 24] {
        let [forked, one] = forks(&desk, size);
        assert_eq!(ForkProof::parse(&forked).expect("reads").verify(desk.log.key()), Ok(()));
        let (accepted, said) = check(&forked);
        assert!(accepted, "{size}: {said}");
        assert!(!check(&one).0, "{size}: one history is taken for two");
        let text = String::from_utf8(forked).expect("text");
        for (from, to) in [("\nroot ", "\nroot A"), ("\nproof ", "\nproof A"), ("\n24\n", "\n25\n")]
        {
            let altered = text.replacen(from, to, 1);
            assert!(altered == text || !check(altered.as_bytes()).0, "{size}: {from:?} altered");
        }
    }
}

#[test]
fn go_checks_our_cosignatures_and_fork_proofs() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(program) = go_verifier(folder.path()) else { return };
    cosignatures_are_checked(&|| Command::new(&program), "cosigned");
    forks_are_checked(&|| Command::new(&program));
}

/// Python with aics-tlog, as `tests/run prepare` lays it out, or as CUSTODY_AICS_PYTHON
/// names it. It needs Python 3.12; where there is none this is skipped, and says so.
fn aics() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    let named = std::env::var_os("CUSTODY_AICS_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| target.join("aics/bin/python"));
    let found = Command::new(&python).args(["-c", "import aics_tlog"]).output();
    if found.is_ok_and(|done| done.status.success()) {
        return Some(python);
    }
    use std::io::Write as _;
    let text = "SKIPPED: no Python of 3.12 or newer with aics-tlog, so Python checked nothing\n";
    let _ = std::io::stderr().write_all(text.as_bytes());
    None
}

#[test]
fn python_checks_all_that_is_handed_out() {
    let Some(python) = aics() else { return };
    let program = || {
        let mut command = Command::new(&python);
        command.arg(here("aics.py"));
        command
    };
    cosignatures_are_checked(&program, "checkpoint");
    forks_are_checked(&program);
    let folder = tempfile::tempdir().expect("folder");
    let desk = Desk::new();
    let log = desk.log.key().to_string();
    receipts(&folder, &desk, &log, &program);
    consistency(&folder, &desk, &log, &program);
    let case = office::Case::new();
    office::more_entries(&case, 290);
    case.ok("publish www");
    let log = case.text("ledger/log.vkey");
    let check = || verdict(program().arg("tiles").arg(case.path("www")).arg(log.trim()));
    let (accepted, said) = check();
    assert!(accepted, "{said}");
    for file in ["tile/0/000", "tile/0/001.p/44", "tile/entries/000", "checkpoint"] {
        let name = format!("www/{file}");
        let sound = case.read(&name);
        let mut altered = sound.clone();
        altered[40] ^= 1;
        case.write(&name, altered);
        assert!(!check().0, "{file} altered, and Python takes it");
        case.write(&name, sound);
    }
}

fn receipts(folder: &TempDir, desk: &Desk, log: &str, program: &dyn Fn() -> Command) {
    let (notes, tree) = desk.ledger(20);
    let check = |bytes: &[u8]| {
        let path = write(folder, "receipt", bytes);
        verdict(program().arg("receipt").arg(path).arg(log))
    };
    for (index, size) in [(0, 1), (11, 19), (19, 20)] {
        let (accepted, said) = check(&desk.receipt(&notes, &tree, index, size).to_bytes());
        assert!(accepted, "entry {index} of {size}: {said}");
    }
    let sound = desk.receipt(&notes, &tree, 11, 19).to_bytes();
    for (at, bit) in flips(&sound).step_by(3) {
        let mut altered = sound.clone();
        altered[at] ^= 1 << bit;
        assert!(!check(&altered).0, "byte {at} bit {bit} went through");
    }
}

fn consistency(folder: &TempDir, desk: &Desk, log: &str, program: &dyn Fn() -> Command) {
    let (_, tree) = desk.ledger(24);
    for (first, second) in [(1, 2), (3, 7), (8, 23), (16, 24)] {
        let old = write(folder, "old", &desk.checkpoint(&tree, first).to_bytes());
        let new = write(folder, "new", &desk.checkpoint(&tree, second).to_bytes());
        let mut proof = prove_consistency(&tree, first, second).expect("proof");
        let check = |proof: &[media_custody::model::Hash]| {
            let text: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
            let proof = write(folder, "proof", text.as_bytes());
            verdict(program().arg("consistency").args([&old, &new, &proof]).arg(log))
        };
        let (accepted, said) = check(&proof);
        assert!(accepted, "{first} to {second}: {said}");
        proof[0].0[31] ^= 1;
        assert!(!check(&proof).0, "{first} to {second}: altered proof");
    }
}
