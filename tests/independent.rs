//! Software that is not ours reads what we write: Go's sumdb packages verify
//! receipts and consistency, OpenSSL alone verifies the parties' signatures and
//! opens the key files. Where a tool is missing its test says so and passes;
//! with CUSTODY_REQUIRE_TOOLS=1 it fails.

mod desk;
mod office;
#[path = "independent/sigsum.rs"]
mod sigsum;
#[path = "independent/witnessed.rs"]
mod witnessed;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use desk::{Desk, ORIGIN};
use media_custody::keyring::{Cost, KeyFiles, Passphrase, Unencrypted, generate};
use media_custody::proof::consistency::prove_consistency;
use media_custody::wire::signature::Signer;
use tempfile::TempDir;

/// Says on the terminal, past the test harness's capture, that a test could not
/// run; fails instead where the environment demands the tools.
fn skip(tool: &str) {
    let demanded = std::env::var("CUSTODY_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(!demanded, "CUSTODY_REQUIRE_TOOLS=1, and {tool} is missing");
    let text = format!("SKIPPED: {tool} is missing, so nothing independent was checked with it\n");
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent").join(path)
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

/// Builds the Go verifier from Debian's packages alone, or says why not.
/// CUSTODY_GOPATH names another place than Debian's.
fn go_verifier(folder: &Path) -> Option<PathBuf> {
    let gopath = std::env::var_os("CUSTODY_GOPATH").unwrap_or("/usr/share/gocode".into());
    let library = Path::new(&gopath).join("src/golang.org/x/mod/sumdb/tlog/tlog.go");
    if Command::new("go").arg("version").output().is_err() || !library.exists() {
        skip("Go (golang-go and golang-golang-x-mod-dev)");
        return None;
    }
    let program = folder.join("verify");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(here("verify.go"))
        .envs([("GO111MODULE", "off"), ("GOFLAGS", "")])
        .env("GOPATH", gopath)
        .env("GOCACHE", std::env::temp_dir().join("custody-go-cache"))
        .output()
        .expect("go runs");
    assert!(built.status.success(), "the Go verifier does not build: {}", said(&built));
    Some(program)
}

fn openssl() -> bool {
    let version = Command::new("openssl").arg("version").output();
    let found = version.is_ok_and(|v| String::from_utf8_lossy(&v.stdout).starts_with("OpenSSL 3"));
    if !found {
        skip("OpenSSL 3");
    }
    found
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("written");
    path
}

/// Runs a verifier on a receipt and demands a verdict: 0 accepts, 1 refuses.
/// Anything else (a crash, a usage error) is no verdict.
fn verdict(command: &mut Command) -> (bool, String) {
    let output = command.output().expect("the verifier runs");
    let text = said(&output);
    match output.status.code() {
        Some(0) => (true, text),
        Some(1) => (false, text),
        other => panic!("no verdict ({other:?}): {text}"),
    }
}

/// Receipts of ledgers of many sizes, each with the same alterations.
#[test]
fn go_accepts_our_receipts_and_refuses_altered_ones() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(program) = go_verifier(folder.path()) else { return };
    let desk = Desk::new();
    let log = desk.log.key().to_string();
    let (notes, tree) = desk.ledger(20);
    let check = |bytes: &[u8]| {
        let path = write(&folder, "receipt", bytes);
        verdict(Command::new(&program).arg("receipt").arg(path).arg(&log))
    };
    for size in 1..=20u64 {
        for index in [0, size / 2, size - 1] {
            let receipt = desk.receipt(&notes, &tree, index, size);
            let (accepted, text) = check(&receipt.to_bytes());
            assert!(accepted, "entry {index} of {size}: {text}");
            assert!(text.contains("signed by sato.printer.example.jp"), "{text}");
        }
    }
    let bytes = desk.receipt(&notes, &tree, 11, 19).to_bytes();
    let text = String::from_utf8(bytes.clone()).expect("text");
    for (altered, what) in alterations(&text) {
        let (accepted, said) = check(altered.as_bytes());
        assert!(!accepted, "{what} went through: {said}");
    }
    for (at, bit) in flips(&bytes) {
        let mut altered = bytes.clone();
        altered[at] ^= 1 << bit;
        let (accepted, said) = check(&altered);
        assert!(!accepted, "byte {at} bit {bit} went through: {said}");
    }
    let cosigned = media_custody::proof::cosignature::cosign(
        &desk.checkpoint(&tree, 20),
        1_790_000_000,
        &desk.witness,
    );
    let line = cosigned.expect("cosigns").to_line();
    let (accepted, said) = check(format!("{text}{line}").as_bytes());
    assert!(accepted, "an unknown cosigner's line is ignored: {said}");
}

/// What a forger would try, none of it with a key.
fn alterations(text: &str) -> Vec<(String, &'static str)> {
    let line = |name: &str| {
        let mark = format!("— {name} ");
        let found = text.lines().find(|line| line.starts_with(&mark));
        format!("{}\n", found.expect("a signature line"))
    };
    let (giver, receiver) = (line("yamada.shizuoka.example.jp"), line("sato.printer.example.jp"));
    let swapped = format!("{receiver}{giver}");
    vec![
        (text.replacen("3775", "3776", 1), "a changed number of persons"),
        (text.replacen(&receiver, "", 1), "a stripped signature"),
        (text.replacen(&format!("{giver}{receiver}"), &swapped, 1), "swapped signatures"),
        (text.replacen(&receiver, &format!("{receiver}{receiver}"), 1), "a doubled signature"),
        (text.replacen("index 11", "index 12", 1), "another index"),
        (text.replacen("\n19\n", "\n18\n", 1), "another tree size"),
        (text.replacen(&format!("\n\n{ORIGIN}\n"), "\n\nelsewhere.example\n", 1), "another log"),
    ]
}

/// One bit in every 37th byte of a file.
fn flips(bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    (0..bytes.len()).step_by(37).map(|at| (at, at % 7))
}

#[test]
fn go_accepts_our_consistency_proofs_and_refuses_forged_history() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(program) = go_verifier(folder.path()) else { return };
    let desk = Desk::new();
    let log = desk.log.key().to_string();
    let (_, tree) = desk.ledger(24);
    let (_, mut forged) = desk.ledger(3);
    forged.push(media_custody::proof::tree::leaf_hash(b"an entry put in later"));
    (5..=24).for_each(|at| forged.push(tree_leaf(&tree, at - 1)));
    let check = |old: &[u8], new: &[u8], proof: &[media_custody::model::Hash]| {
        let text: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
        let (old, new) = (write(&folder, "old", old), write(&folder, "new", new));
        let proof = write(&folder, "proof", text.as_bytes());
        let mut command = Command::new(&program);
        verdict(command.arg("consistency").args([old, new, proof]).arg(&log))
    };
    for (first, second) in [(1, 2), (3, 7), (4, 24), (6, 8), (8, 23), (23, 24), (16, 17)] {
        let old = desk.checkpoint(&tree, first).to_bytes();
        let new = desk.checkpoint(&tree, second).to_bytes();
        let mut proof = prove_consistency(&tree, first, second).expect("proof");
        let (accepted, text) = check(&old, &new, &proof);
        assert!(accepted, "{first} to {second}: {text}");
        proof[0].0[31] ^= 1;
        assert!(!check(&old, &new, &proof).0, "{first} to {second}: altered proof");
    }
    let old = desk.checkpoint(&tree, 6).to_bytes();
    let new = desk.checkpoint(&forged, 24).to_bytes();
    let proof = prove_consistency(&forged, 6, 24).expect("proof");
    assert!(!check(&old, &new, &proof).0, "a rewritten entry before the older checkpoint");
}

fn tree_leaf(
    tree: &media_custody::proof::memory::MemoryTree,
    index: u64,
) -> media_custody::model::Hash {
    use media_custody::proof::tree::Nodes as _;
    tree.node(0, index).expect("leaf")
}

/// A ledger of more than one tile, published by the program in two steps.
#[test]
fn go_reads_a_published_log_and_refuses_an_altered_one() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(program) = go_verifier(folder.path()) else { return };
    let case = office::Case::new();
    let log = case.text("ledger/log.vkey");
    let check = || {
        let mut command = Command::new(&program);
        verdict(command.arg("tiles").arg(case.path("www")).arg(log.trim()))
    };
    for more in [0, 250, 290] {
        office::more_entries(&case, more);
        case.ok("publish www");
        let (accepted, text) = check();
        assert!(accepted, "{text}");
    }
    assert!(check().1.contains("550 entries published by"), "{}", check().1);
    for file in
        ["tile/0/001", "tile/0/002.p/38", "tile/1/000.p/2", "tile/entries/000", "checkpoint"]
    {
        let name = format!("www/{file}");
        let sound = case.read(&name);
        let mut altered = sound.clone();
        altered[40] ^= 1;
        case.write(&name, altered);
        assert!(!check().0, "{file} altered, and Go takes it");
        case.write(&name, sound);
    }
    assert!(check().0);
}

#[test]
fn openssl_alone_accepts_our_signatures_and_refuses_altered_ones() {
    if !openssl() {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let desk = Desk::new();
    let (notes, tree) = desk.ledger(4);
    let check = |bytes: &[u8]| {
        let path = write(&folder, "receipt", bytes);
        verdict(Command::new(here("openssl-verify.sh")).arg(path))
    };
    let receipt = desk.receipt(&notes, &tree, 2, 4);
    let (accepted, text) = check(&receipt.to_bytes());
    assert!(accepted, "{text}");
    assert_eq!(text.matches("signed by").count(), 2, "{text}");
    let (accepted, text) = check(&receipt.note().to_bytes());
    assert!(accepted, "a bare statement: {text}");
    let whole = String::from_utf8(receipt.to_bytes()).expect("text");
    // The last three alter the proof, which OpenSSL is not asked about.
    for (altered, what) in alterations(&whole).into_iter().take(4) {
        let (accepted, said) = check(altered.as_bytes());
        assert!(!accepted, "{what} went through: {said}");
    }
    let note = receipt.note().to_bytes();
    for (at, bit) in flips(&note) {
        let mut altered = note.clone();
        altered[at] ^= 1 << bit;
        let (accepted, said) = check(&altered);
        assert!(!accepted, "byte {at} bit {bit} went through: {said}");
    }
}

#[test]
fn openssl_opens_our_key_files_and_we_open_its() {
    if !openssl() {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let words = Passphrase::new("correct horse 合言葉".into()).expect("passphrase");
    write(&folder, "words", "correct horse 合言葉\n".as_bytes());
    let key = generate("yamada.example.jp".parse().expect("name")).expect("key");
    let files = KeyFiles::of(folder.path(), key.key().name());
    files.create(&key, &words, Cost::STANDARD).expect("created");
    let run = |args: &[&str]| {
        Command::new("openssl").args(args).current_dir(folder.path()).output().expect("runs")
    };
    let pem = files.pem().to_str().expect("path");
    let shown = run(&["pkey", "-in", pem, "-passin", "file:words", "-text", "-noout"]);
    assert!(shown.status.success(), "{}", said(&shown));
    assert!(said(&shown).contains("ED25519 Private-Key"), "{}", said(&shown));
    let public = run(&["pkey", "-in", pem, "-passin", "file:words", "-pubout", "-outform", "DER"]);
    assert!(public.stdout.ends_with(key.key().public()), "the same public key");
    let wrong = run(&["pkey", "-in", pem, "-passin", "pass:wrong", "-noout"]);
    assert!(!wrong.status.success());

    assert!(run(&["genpkey", "-algorithm", "ED25519", "-out", "plain.pem"]).status.success());
    let base = ["pkcs8", "-topk8", "-in", "plain.pem", "-passout", "file:words", "-out"];
    let kinds: [(&str, &[&str]); 2] =
        [("pbkdf2.pem", &["-v2", "aes-256-cbc"]), ("scrypt.pem", &["-scrypt"])];
    let plain = folder.path().join("plain.pem");
    let name = || "theirs".parse().expect("name");
    let expected = KeyFiles::import(&plain, name(), None, Unencrypted::Allow).expect("plain key");
    assert!(KeyFiles::import(&plain, name(), None, Unencrypted::Refuse).is_err());
    for (file, options) in kinds {
        let made = run(&[&base[..], &[file], options].concat());
        assert!(made.status.success(), "{}", said(&made));
        let path = folder.path().join(file);
        let opened = KeyFiles::import(&path, name(), Some(&words), Unencrypted::Refuse);
        assert_eq!(opened.expect(file).seed(), expected.seed(), "{file}");
    }
}

/// The receipts a person gets from the program itself, not from a test's desk:
/// the tour makes two, and neither verifier knows anything of custody.
#[test]
fn the_tours_receipts_are_accepted_by_both() {
    let folder = tempfile::tempdir().expect("folder");
    let tour = folder.path().join("tour");
    let ran = Command::new(env!("CARGO_BIN_EXE_custody"))
        .args(["tour", "--json", "--folder"])
        .arg(&tour)
        .output()
        .expect("the tour runs");
    assert!(ran.status.success(), "{}", said(&ran));
    let log = fs::read_to_string(tour.join("ledger/log.vkey")).expect("log key");
    let go = go_verifier(folder.path());
    let openssl = openssl();
    let receipts = fs::read_dir(tour.join("receipts")).expect("receipts").filter_map(Result::ok);
    let receipts: Vec<PathBuf> = receipts
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "receipt"))
        .collect();
    assert_eq!(receipts.len(), 2);
    for receipt in receipts {
        let altered = write(
            &folder,
            "altered",
            fs::read_to_string(&receipt)
                .expect("text")
                .replacen("purpose: ", "purpose: x", 1)
                .as_bytes(),
        );
        if let Some(go) = &go {
            let check =
                |path: &Path| verdict(Command::new(go).arg("receipt").arg(path).arg(log.trim()));
            let (accepted, text) = check(&receipt);
            assert!(accepted, "{text}");
            assert!(!check(&altered).0, "Go takes an altered receipt");
        }
        if openssl {
            let check = |path: &Path| verdict(Command::new(here("openssl-verify.sh")).arg(path));
            let (accepted, text) = check(&receipt);
            assert!(accepted, "{text}");
            assert!(!check(&altered).0, "OpenSSL takes an altered receipt");
        }
    }
}
