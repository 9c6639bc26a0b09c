//! Images of drives, made by the tools people make them with.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use media_custody::model::evidence::{Evidence, Reason};
use media_custody::model::vocabulary::EncryptionGrade;
use media_custody::volume::probe;

pub const MIB: usize = 1 << 20;

/// Says on the terminal, past the test harness's capture, that a test could not
/// run; fails instead where the environment demands the tools.
fn skip(tool: &str) {
    let demanded = std::env::var("CUSTODY_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(!demanded, "CUSTODY_REQUIRE_TOOLS=1, and {tool} is missing");
    let text = format!("SKIPPED: {tool} is missing, so no image was made with it\n");
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// The program, where there is one. Debian keeps most of these outside the path of
/// ordinary users.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders.into_iter().map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Whether all of these are there; says which is not.
pub fn have(tools: &[&str]) -> bool {
    let missing = tools.iter().find(|tool| program(tool).is_none());
    missing.inspect(|tool| skip(tool)).is_none()
}

/// Runs a tool on `input`; any exit code is an answer.
pub fn ask(tool: &str, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program(tool).expect("a tool that is there"))
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool runs");
    // A tool that reads nothing may have ended already.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("an answer")
}

/// Runs a tool that has to succeed; what it said.
pub fn run(tool: &str, arguments: &[&str], input: &str) -> String {
    let output = ask(tool, arguments, input);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{tool} {arguments:?}: {err}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What `make` leaves in a file of `size` zero bytes.
pub fn image(size: usize, make: impl FnOnce(&str)) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("image");
    let file = std::fs::File::create(&path).expect("a file");
    file.set_len(size as u64).expect("a length");
    drop(file);
    make(path.to_str().expect("a path in UTF-8"));
    std::fs::read(&path).expect("an image")
}

/// Writes bytes to a file and lets `look` have its name.
pub fn with_file<T>(bytes: &[u8], look: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("image");
    std::fs::write(&path, bytes).expect("a file");
    look(&path)
}

/// A LUKS volume of that type and size with further options for cryptsetup. A key
/// is derived quickly, since nothing here is secret.
pub fn luks(kind: &str, size: usize, more: &[&str]) -> Vec<u8> {
    let mut arguments = vec!["luksFormat", "--batch-mode", "--type", kind];
    if kind == "luks2" {
        arguments.extend(["--luks2-metadata-size", "16k", "--luks2-keyslots-size", "512k"]);
    }
    arguments.extend(["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"]);
    arguments.extend(["--key-file", "-"]);
    arguments.extend(more);
    image(size, |path| {
        run("cryptsetup", &[arguments.as_slice(), &[path]].concat(), "passphrase");
    })
}

/// A FAT file system with something in it.
pub fn fat(size: usize) -> Vec<u8> {
    image(size, |path| drop(run("mkfs.vfat", &["-n", "DATA", path], "")))
}

/// Random bytes that are the same every time (SplitMix64).
pub fn random(length: usize) -> Vec<u8> {
    let mut state = 0x0123_4567_89AB_CDEF_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bytes.extend_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Something that anyone can read.
pub fn prose(length: usize) -> Vec<u8> {
    b"The insured persons' names, addresses and dates of birth. ".repeat(length / 50 + 1)[..length]
        .to_vec()
}

/// A GPT of `size` bytes with partitions of whole MiB (first, length), made by sgdisk.
pub fn gpt(size: usize, partitions: &[(usize, usize)]) -> Vec<u8> {
    let mut arguments = Vec::new();
    for (number, (first, length)) in (1..).zip(partitions) {
        let (first, last) = (first * 2048, (first + length) * 2048 - 1);
        arguments.push(format!("--new={number}:{first}:{last}"));
    }
    image(size, |path| {
        let mut words: Vec<&str> = vec!["--clear"];
        words.extend(arguments.iter().map(String::as_str));
        words.push(path);
        run("sgdisk", &words, "");
    })
}

/// Puts bytes into an image.
pub fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    image[at..at + bytes.len()].copy_from_slice(bytes);
}

/// The verdict over an image, with its reasons and those of its volumes.
pub fn verdict(image: &[u8]) -> (EncryptionGrade, Vec<Reason>) {
    let evidence = probe(&image);
    let mut reasons = evidence.reasons.clone();
    reasons.extend(evidence.volumes.iter().flat_map(|volume| volume.reasons.clone()));
    (evidence.grade, reasons)
}

/// Demands a grade, and that each of these reasons is given.
#[track_caller]
pub fn expect(image: &[u8], grade: EncryptionGrade, reasons: &[Reason]) -> Evidence {
    let evidence = probe(&image);
    let (_, given) = verdict(image);
    assert_eq!(evidence.grade, grade, "{evidence:#?}");
    for reason in reasons {
        assert!(given.contains(reason), "{reason} is not among {given:?}: {evidence:#?}");
    }
    evidence
}
