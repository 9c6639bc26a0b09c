//! Secrets do not outlive their use: the memory of a program that has signed and is still
//! there is read and searched, and a crash leaves no core file.

mod office;

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use media_custody::wire::signature::Signer as _;
use office::{Case, WORDS, key_name, split, started};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A pipe so full that whoever writes into it waits.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    rustix::io::ioctl_fionbio(&writer, true).expect("not waiting");
    while writer.write(&[b'.'; 4096]).is_ok() {}
    while writer.write(b".").is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).expect("waiting");
    (reader, writer)
}

/// The program, stopped at its answer: everything is signed, nothing is given back yet.
fn stopped_at_its_answer(
    case: &Case,
    line: &str,
    done: &dyn Fn() -> bool,
) -> (Child, std::io::PipeReader) {
    let (reader, writer) = full_pipe();
    let mut command = case.command();
    command.args(split(line)).stdout(writer).stderr(Stdio::null());
    let mut child = started(&mut command);
    drop(command);
    let begun = Instant::now();
    while !done() {
        assert!(child.try_wait().expect("asked").is_none(), "custody {line} ended");
        assert!(begun.elapsed() < Duration::from_secs(60), "custody {line} does not come to it");
        std::thread::sleep(Duration::from_millis(20));
    }
    // In the call that writes the answer, and going nowhere.
    let waits = || fs::read_to_string(format!("/proc/{}/wchan", child.id())).unwrap_or_default();
    while !waits().contains("pipe_write") && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    (child, reader)
}

/// `custody sign` of a draft that waits for one more signature, stopped when it is there.
fn stopped_after_signing(case: &Case) -> (Child, std::io::PipeReader) {
    case.ok("handover USB-0421 --from yamada --to sasaki --purpose 点検 --draft a.draft --yes \
             --keep-tokens --passphrase-file yamada=words");
    let before = case.read("a.draft");
    let line = "sign a.draft --yes --json --passphrase-file words";
    let signed = || fs::read(case.path("a.draft")).is_ok_and(|now| now != before);
    stopped_at_its_answer(case, line, &signed)
}

/// What a process can write in its memory, part by part as /proc lists it.
fn memory(pid: u32) -> Vec<(String, Vec<u8>)> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("maps");
    let mut file = File::open(format!("/proc/{pid}/mem")).expect("memory, which root may read");
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').expect("a range");
        let number = |text| u64::from_str_radix(text, 16).expect("a number");
        let mut part = vec![0; usize::try_from(number(to) - number(from)).expect("a size")];
        if file.seek(SeekFrom::Start(number(from))).is_ok() && file.read_exact(&mut part).is_ok() {
            all.push((line.to_owned(), part));
        }
    }
    all
}

fn root() -> bool {
    if rustix::process::geteuid().is_root() {
        return true;
    }
    let required = std::env::var("CUSTODY_REQUIRE_ROOT_TESTS").is_ok_and(|word| word == "1");
    assert!(!required, "reading another process's memory takes root");
    eprintln!("skipped: reading another process's memory takes root");
    false
}

/// Where a secret stands, and how far from the end of that part.
fn found(memory: &[(String, Vec<u8>)], secret: &[u8]) -> Vec<String> {
    let mut places = Vec::new();
    for (name, part) in memory {
        for (at, window) in part.windows(secret.len()).enumerate() {
            if window == secret {
                places.push(format!("{name}: {} before its end", part.len() - at));
            }
        }
    }
    places
}

#[test]
fn after_signing_neither_seed_nor_passphrase_is_in_memory() {
    if !root() {
        return;
    }
    let case = Case::new();
    let (mut child, reader) = stopped_after_signing(&case);
    let memory = memory(child.id());
    child.kill().expect("ended");
    child.wait().expect("ended");
    drop(reader);
    let key = case.keys().into_iter().find(|key| key.key().name().as_str() == key_name("sasaki"));
    let key = key.expect("the key");
    // The public key shows that it is the right memory that was searched.
    assert!(!found(&memory, key_name("sasaki").as_bytes()).is_empty(), "another's memory");
    assert_eq!(found(&memory, WORDS.as_bytes()), [""; 0], "the passphrase");
    assert_eq!(found(&memory, key.seed()), [""; 0], "the seed");
}

#[test]
fn a_crash_leaves_no_core() {
    // Whatever the surroundings allow, a program started from here may dump its core.
    let most = Rlimit { current: None, maximum: None };
    if setrlimit(Resource::Core, most).is_err() {
        let may = getrlimit(Resource::Core);
        setrlimit(Resource::Core, Rlimit { current: may.maximum, ..may }).expect("raised");
    }
    let case = Case::new();
    let (mut child, reader) = stopped_after_signing(&case);
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    // A signal that dumps the core of other programs. (One of SIGSEGV that no fault caused is
    // taken by the handler that Rust has for overflows of the stack.)
    let killed = Command::new("kill").args(["-ABRT", &child.id().to_string()]).status();
    assert!(killed.expect("kill runs").success());
    let status = child.wait().expect("ended");
    drop(reader);
    assert_eq!(status.signal(), Some(6));
    assert!(!status.core_dumped());
}
