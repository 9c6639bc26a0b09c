//! Secrets do not outlive their use: the memory of a program that has signed and is still
//! there is read and searched, a crash leaves no core file, and nothing secret is printed,
//! logged or sent.

mod office;

#[path = "secrets/log_key.rs"]
mod log_key;
#[path = "secrets/memory.rs"]
mod memory;
#[path = "daemon/running.rs"]
#[allow(dead_code)] // the daemon's own tests use the rest
mod running;
#[path = "secrets/said.rs"]
mod said;
#[path = "secrets/terminal.rs"]
mod terminal;
#[path = "paper/tools.rs"]
mod tools;

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use media_custody::keyring::{Cost, seal_pem};
use media_custody::ops::Passphrase;
use media_custody::wire::signature::{Signer as _, SigningKey};
use memory::{Memory, root};
use office::{Case, key_name, split, started};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A passphrase of which no part stands in the program, longer than what buffers begin with.
const LONG: &str = "marrow-Tq83Zlantern-Vz51K月夜のorbit-Hd07Yquarry-Nf62Bsaffron-Jw94Gthistle";
const HANDOVER: &str = "handover USB-0421 --from yamada --to sasaki --purpose 点検 --keep-tokens";

/// The key of somebody in the office.
fn key_of(case: &Case, who: &str) -> SigningKey {
    let mut keys = case.keys().into_iter();
    keys.find(|key| key.key().name().as_str() == key_name(who)).expect("the key")
}

/// Gives somebody's key file the long passphrase, which is in `long`.
fn sealed_anew(case: &Case, who: &str) -> SigningKey {
    let key = key_of(case, who);
    let words = Passphrase::new(LONG.to_owned()).expect("passphrase");
    let pem = seal_pem(&key, &words, Cost::INSECURE_QUICK).expect("sealed");
    case.write(&format!("keys/{}.pem", media_custody::keyring::file_stem(key.key().name())), pem);
    case.write("long", format!("{LONG}\n"));
    key
}

/// Writes into a pipe until whoever writes into it next waits.
fn fill(pipe: &mut (impl std::io::Write + std::os::fd::AsFd)) {
    rustix::io::ioctl_fionbio(&*pipe, true).expect("not waiting");
    while pipe.write(&[b'.'; 4096]).is_ok() {}
    while pipe.write(b".").is_ok() {}
    rustix::io::ioctl_fionbio(&*pipe, false).expect("waiting");
}

/// Waits until the process is in the call that writes its answer, and going nowhere.
fn await_answer(pid: u32, line: &str) {
    let begun = Instant::now();
    let waits = || fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
    while !waits().contains("pipe_write") {
        // Some systems tell nobody in which call another process is.
        if matches!(waits().trim(), "" | "0") && begun.elapsed() > Duration::from_secs(10) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "custody {line} is in {}", waits());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The program, stopped at its answer: everything is signed, nothing is given back yet.
fn stopped_at_its_answer(
    case: &Case,
    line: &str,
    done: &dyn Fn() -> bool,
) -> (Child, std::io::PipeReader) {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    fill(&mut writer);
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
    await_answer(child.id(), line);
    (child, reader)
}

/// A draft that waits for one more signature, and whether it has it.
fn draft_for_sasaki(case: &Case) -> impl Fn() -> bool {
    case.ok(&format!("{HANDOVER} --draft a.draft --yes --passphrase-file yamada=words"));
    let (path, before) = (case.path("a.draft"), case.read("a.draft"));
    move || fs::read(&path).is_ok_and(|now| now != before)
}

/// `custody sign` of a draft that waits for one more signature, stopped when it is there.
fn stopped_after_signing(case: &Case) -> (Child, std::io::PipeReader) {
    let signed = draft_for_sasaki(case);
    let line = "sign a.draft --yes --json --passphrase-file long";
    stopped_at_its_answer(case, line, &signed)
}

/// The memory of a program stopped so, which is ended.
fn memory_of((mut child, reader): (Child, std::io::PipeReader)) -> Memory {
    let memory = Memory::of(child.id());
    child.kill().expect("ended");
    child.wait().expect("ended");
    drop(reader);
    memory
}

#[test]
fn after_signing_nothing_of_the_key_or_its_passphrase_is_in_memory() {
    if !root() {
        return;
    }
    let case = Case::new();
    let key = sealed_anew(&case, "sasaki");
    let memory = memory_of(stopped_after_signing(&case));
    // The public name shows that it is the right memory that was searched.
    assert!(!memory.places(key_name("sasaki").as_bytes()).is_empty(), "another's memory");
    assert_eq!(memory.traces("the passphrase", LONG.as_bytes()), [""; 0]);
    memory.lacks(&key);
}

#[test]
fn a_passphrase_that_comes_through_a_pipe_stays_nowhere() {
    if !root() {
        return;
    }
    let case = Case::new();
    let key = sealed_anew(&case, "sasaki");
    let signed = draft_for_sasaki(&case);
    // A pipe has no size to go by.
    rustix::fs::mknodat(
        rustix::fs::CWD,
        case.path("words.fifo"),
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .expect("made");
    let path = case.path("words.fifo");
    let writes = std::thread::spawn(move || fs::write(path, format!("{LONG}\n")));
    let line = "sign a.draft --yes --json --passphrase-file words.fifo";
    let memory = memory_of(stopped_at_its_answer(&case, line, &signed));
    writes.join().expect("written").expect("written");
    assert_eq!(memory.traces("the passphrase", LONG.as_bytes()), [""; 0]);
    memory.lacks(&key);
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
    sealed_anew(&case, "sasaki");
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

/// A cabinet whose station is spare, with the long passphrase.
fn cabinet_of_spare(case: &Case) {
    case.ok(
        "party add spare --name 保管庫端末 --organisation 静岡支部 --role station --by kato --yes \
         --passphrase-file words --passphrase-file spare=long",
    );
    case.write(
        "config.toml",
        format!(
            "[cabinet.drawer]\nplace = \"{}\"\nstation = \"spare\"\nports = [\"2-1\"]\n\
             passphrase-file = \"long\"\nevery-minutes = 60\npatience-minutes = 1\n",
            office::HOME
        ),
    );
}
