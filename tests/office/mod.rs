//! A small ledger with its people and keys, made once in a test process and laid
//! out anew for each case, and the program run on it.
//!
//! kato administers, yamada is the custodian, sasaki is staff, audit audits, sato is
//! the contractor with a key and mori the one without. USB-0421 is in yamada's
//! custody, USB-0422 with sato since SZ-2026-000001. Entries 0 to 9, of January 2026.
#![allow(dead_code)] // each test file takes what it needs

pub mod drill;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use media_custody::ledger::Policy;
use media_custody::model::{Hash, PartyRef, Stamp};
use media_custody::ops::bus::BusChoice;
use media_custody::ops::found::{Founding, found};
use media_custody::ops::handover::{HandoverWish, hand_over};
use media_custody::ops::keys::Keyring;
use media_custody::ops::party::{Enrolment, enrol};
use media_custody::ops::register::{RegistrationWish, register};
use media_custody::ops::{Committed, Cost, Draft, FixedClock, Ledger, Passphrase, receipt};
use media_custody::wire::signature::{Signer, SigningKey};
use serde_json::Value;

pub const ORIGIN: &str = "custody.example.jp/shizuoka";
pub const HOME: &str = "静岡支部保管庫";
pub const WORDS: &str = "correct horse battery";
/// Monday, 5 January 2026, nine o'clock.
pub const BEGAN: &str = "2026-01-05T09:00:00+09:00";
/// A copy of the program that, where it stands in a case, runs as nobody: permissions
/// mean nothing to root.
pub const READER: &str = "custody-as-nobody";
pub const NOBODY: u32 = 65_534;
/// Everybody with a key, and two keys of nobody.
pub const KEYS: &[&str] = &["kato", "yamada", "sasaki", "audit", "sato", "spare", "other"];

pub fn at(text: &str) -> i64 {
    text.parse::<Stamp>().expect("a stamp").unix()
}

/// A value that stands in the tests and is sound.
pub fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

pub fn key_name(id: &str) -> String {
    format!("{id}.{ORIGIN}")
}

pub fn words() -> Passphrase {
    Passphrase::new(WORDS.to_owned()).expect("passphrase")
}

pub fn devices(file: &str) -> String {
    format!("{}/tests/devices/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// The files of the office, kept in memory so that nothing stays behind.
static OFFICE: OnceLock<Vec<(PathBuf, Vec<u8>)>> = OnceLock::new();

fn office() -> &'static [(PathBuf, Vec<u8>)] {
    OFFICE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        build(folder.path());
        let mut files = Vec::new();
        collect(folder.path(), folder.path(), &mut files);
        files
    })
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.file_name().is_none_or(|name| name != "ballast") {
            let name = path.strip_prefix(root).expect("below").to_owned();
            files.push((name, fs::read(&path).expect("a file")));
        }
    }
}

pub fn person(id: &str, name: &str, organisation: &str) -> PartyRef {
    PartyRef::new(of(id), of(name), Some(of(organisation))).expect("party")
}

fn build(folder: &Path) {
    let _quiet = quiet();
    let keyring = Keyring::at(&folder.join("keys"));
    let keys: Vec<SigningKey> = KEYS
        .iter()
        .map(|id| keyring.create(of(&key_name(id)), &words(), Cost::INSECURE_QUICK).expect("key"))
        .collect();
    fs::write(folder.join("words"), format!("{WORDS}\n")).expect("written");
    let founding = Founding {
        origin: of(ORIGIN),
        organisation: of("静岡健保組合"),
        site: of("静岡支部"),
        zone: of("Asia/Tokyo"),
        receipt_prefix: of("SZ"),
        administrator: person("kato", "加藤 一", "静岡支部"),
        custodian: person("yamada", "山田 花子", "静岡支部"),
        policy: Policy::of_a_new_ledger(),
    };
    let clock = Arc::new(FixedClock::at(at(BEGAN)));
    let (mut ledger, _) =
        found(&folder.join("ledger"), &founding, &keys[0], &keys[1], clock.clone())
            .expect("founded");
    let people = [
        ("sato", "佐藤 一郎", "さくら印刷", "outside", "yamada"),
        ("sasaki", "佐々木 次郎", "静岡支部", "staff", "yamada"),
        ("mori", "森 次郎", "さくら印刷", "outside", "yamada"),
        ("audit", "監査 太郎", "静岡支部", "auditor", "kato"),
    ];
    for (id, name, organisation, role, by) in people {
        clock.set(ledger.now().expect("now").unix() + 60);
        let key = keys.iter().find(|key| key.key().name().as_str() == key_name(id));
        let wish = Enrolment {
            party: person(id, name, organisation),
            roles: vec![of(role)],
            key: key.map(|key| key.key().clone()),
            renew: false,
            by: of(by),
        };
        let draft = enrol(&ledger, wish).expect("enrolled");
        submit(&mut ledger, draft, &keys);
    }
    for (id, bus, device) in [
        ("USB-0421", "tour.json", None),
        ("USB-0422", "sandisk-pair.json", Some("4C530001230412115471")),
    ] {
        clock.set(ledger.now().expect("now").unix() + 60);
        let bus = devices(bus).parse::<BusChoice>().expect("a bus").open().expect("a bus");
        let draft =
            register(&ledger, bus.as_ref(), registration(id, device)).expect("registered").draft;
        submit(&mut ledger, draft, &keys);
    }
    clock.set(at("2026-01-06T10:00:00+09:00"));
    let mut wish = handover("USB-0422", "yamada", "sato");
    wish.due = Some(of("2026-01-20"));
    wish.persons = Some(3_775);
    let draft = hand_over(&ledger, wish).expect("handed over");
    let committed = submit(&mut ledger, draft, &keys);
    let issued = receipt::issue(&mut ledger, committed.index).expect("issued");
    fs::write(folder.join("held.receipt"), issued.receipt.to_bytes()).expect("written");
    ledger.keep_snapshot().expect("kept");
}

pub fn registration(id: &str, device: Option<&str>) -> RegistrationWish {
    RegistrationWish {
        id: of(id),
        device: device.map(str::to_owned),
        home: of(HOME),
        owner: None,
        class: of("被保険者台帳"),
        interval_days: None,
        weak: false,
        encryption: Some(of("luks2")),
        detail: None,
        by: of("yamada"),
    }
}

pub fn handover(medium: &str, giver: &str, receiver: &str) -> HandoverWish {
    HandoverWish {
        media: vec![of(medium)],
        giver: of(giver),
        receiver: of(receiver),
        witness: None,
        purpose: of("印刷・製本"),
        contents: None,
        persons: None,
        place: None,
        due: None,
        request: None,
        alarms: Vec::new(),
        news: Default::default(),
    }
}

/// Registers a hundred drives and names them. Their serials do not compress, so that
/// no QR code holds a receipt of them all.
pub fn hundred_drives(case: &Case) -> String {
    let mut ledger = case.ledger();
    let keys = case.keys();
    let text = fs::read_to_string(devices("tour.json")).expect("read");
    let ids: Vec<String> = (0..100).map(|number| format!("BOX-{number:03}")).collect();
    let mut drafts = Vec::new();
    for id in &ids {
        let serial = Hash::of(&[id.as_bytes()]).to_string();
        let serial: String = serial.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        case.write("one.json", text.replace("1C6F65D8ABCDE1234567", &serial));
        let bus = BusChoice::Recording(case.path("one.json"), None).open().expect("a bus");
        let wish = registration(id, None);
        let mut draft = register(&ledger, bus.as_ref(), wish).expect("decided").draft;
        sign(&mut draft, &keys);
        drafts.push(draft);
    }
    ledger.submit(&drafts).expect("appended");
    ids.join(" ")
}

/// Appends so many entries: people of the contractor, without keys.
pub fn more_entries(case: &Case, count: u32) {
    let mut ledger = case.ledger();
    let keys = case.keys();
    let first = ledger.state().size;
    let mut drafts = Vec::new();
    for number in first..first + u64::from(count) {
        let wish = Enrolment {
            party: person(&format!("p{number}"), "名無し", "さくら印刷"),
            roles: vec![of("outside")],
            key: None,
            renew: false,
            by: of("yamada"),
        };
        let mut draft = enrol(&ledger, wish).expect("enrolled");
        sign(&mut draft, &keys);
        drafts.push(draft);
    }
    ledger.submit(&drafts).expect("appended");
}

/// Signs with whichever of `keys` the draft asks for, and appends.
pub fn submit(ledger: &mut Ledger, mut draft: Draft, keys: &[SigningKey]) -> Committed {
    sign(&mut draft, keys);
    ledger.submit(&[draft]).expect("appended").remove(0)
}

pub fn sign(draft: &mut Draft, keys: &[SigningKey]) {
    let missing: Vec<_> = draft.missing().into_iter().cloned().collect();
    for key in keys.iter().filter(|key| missing.contains(key.key())) {
        draft.sign(key).expect("signed");
    }
}

/// One case: a folder of its own with `ledger`, `keys`, `words` (the passphrase of
/// every key) and `held.receipt`.
pub struct Case {
    folder: tempfile::TempDir,
}

/// What a run of the program left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Case {
    /// The office, laid out anew.
    pub fn new() -> Self {
        let case = Case::empty();
        for (name, bytes) in office() {
            let path = case.path(&name.to_string_lossy());
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, bytes).expect("written");
        }
        case
    }

    /// An empty folder.
    pub fn empty() -> Self {
        Case { folder: tempfile::tempdir().expect("a folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("text")
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("written");
    }

    /// The ledger, opened in this process. Let go of it before the program runs.
    pub fn ledger(&self) -> Opened {
        let quiet = quiet();
        let ledger = Ledger::open(&self.path("ledger"), &mut |_, _| {}).expect("opened");
        Opened { ledger, _quiet: quiet }
    }

    /// Every private key of the office.
    pub fn keys(&self) -> Vec<SigningKey> {
        let keyring = Keyring::at(&self.path("keys"));
        keyring.list().iter().map(|key| keyring.open(key, &words()).expect("opens")).collect()
    }

    /// The program, in this folder, with nothing of the surroundings but what it needs.
    pub fn command(&self) -> Command {
        let mut command = match self.path(READER) {
            reader if reader.exists() => {
                use std::os::unix::process::CommandExt as _;
                let mut command = Command::new(reader);
                command.uid(NOBODY).gid(NOBODY);
                command
            }
            _ => Command::new(program()),
        };
        command.current_dir(self.folder.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CUSTODY_") {
                command.env_remove(name);
            }
        }
        command
            .env("HOME", self.folder.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_DATA_HOME")
            .env_remove("SSH_AUTH_SOCK")
            .env_remove("CREDENTIALS_DIRECTORY")
            .env("CUSTODY_LEDGER", "ledger")
            .env("CUSTODY_KEYS", "keys")
            .env("CUSTODY_BUS", devices("tour.json"))
            .stdin(Stdio::null());
        command
    }

    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Ran {
        ran(self.command().args(args))
    }

    /// Runs a command line that must succeed; its standard output is given back.
    pub fn ok(&self, line: &str) -> String {
        let done = self.run(&split(line));
        assert_eq!(done.code, 0, "custody {line}\n{}{}", done.stdout, done.stderr);
        done.stdout
    }

    /// Runs a command line that must end with this exit code.
    pub fn exits(&self, code: i32, line: &str) -> Ran {
        let done = self.run(&split(line));
        assert_eq!(done.code, code, "custody {line}\n{}{}", done.stdout, done.stderr);
        done
    }

    /// The JSON answer of a command line that must end with this exit code.
    pub fn json(&self, code: i32, line: &str) -> Value {
        let done = self.exits(code, &format!("{line} --json"));
        serde_json::from_str(&done.stdout)
            .unwrap_or_else(|error| panic!("custody {line}: {error}\n{}", done.stdout))
    }
}

/// The program under test: cargo's, or the one that `CUSTODY_TEST_BINARY` names, such as one
/// of the release profile.
pub fn program() -> PathBuf {
    let named = std::env::var_os("CUSTODY_TEST_BINARY").map(PathBuf::from);
    named.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_custody")))
}

/// A ledger open in this process, while no other test of it starts a process.
pub struct Opened {
    ledger: Ledger,
    _quiet: RwLockReadGuard<'static, ()>,
}

impl std::ops::Deref for Opened {
    type Target = Ledger;
    fn deref(&self) -> &Ledger {
        &self.ledger
    }
}

impl std::ops::DerefMut for Opened {
    fn deref_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }
}

/// A process that is being started holds, for a moment, every file its parent has
/// open, and so the lock of a ledger which that parent closes meanwhile.
static STARTING: RwLock<()> = RwLock::new(());

/// While this is held no process is being started.
pub fn quiet() -> RwLockReadGuard<'static, ()> {
    STARTING.read().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the program and does not wait for it.
pub fn started(command: &mut Command) -> std::process::Child {
    let _starting = STARTING.write().unwrap_or_else(PoisonError::into_inner);
    command.spawn().expect("custody runs")
}

pub fn ran(command: &mut Command) -> Ran {
    let child = started(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let output = child.wait_with_output().expect("custody ends");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Words of a command line; `'...'` keeps spaces together.
pub fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
