//! What a reproducer needs and no command does: stored bytes damaged, clocks moved,
//! disks that fail. And the few errors that cannot be brought about here at all.

use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::sync::Arc;

use media_custody::cli::error::Failure;
use media_custody::keyring::load_log_key;
use media_custody::ledger::Policy;
use media_custody::model::key::KeyName;
use media_custody::model::{Hash, Statement, VerifierKey};
use media_custody::ops::alarms::{look, look_again};
use media_custody::ops::bus::BusChoice;
use media_custody::ops::handover::hand_over;
use media_custody::ops::ledger::{index_keys, options};
use media_custody::ops::{Draft, FixedClock, Ledger, OpsError, SystemClock, policy, receipt};
use media_custody::proof::tree::Nodes;
use media_custody::render::paper::pdf::pdf;
use media_custody::render::paper::typeface::Typefaces;
use media_custody::render::paper::{About, Page, Sheet};
use media_custody::store::{
    FileStore, Head, Key, MemoryStore, Progress, Store, StoreError, Visitor,
};
use media_custody::usb::Bus as _;
use media_custody::usb::sysfs::Sysfs;
use media_custody::wire::signature::{SignError, Signer, SigningKey};
use media_custody::wire::statement;

#[path = "../store/faults.rs"]
#[allow(dead_code)] // the store's own tests use the rest
mod faults;

use crate::office::{self, Case, at, of};

/// The only document in the ledger's folder.
fn attached(case: &Case) -> Result<std::path::PathBuf, String> {
    let mut files = fs::read_dir(case.path("ledger/attachments")).map_err(|e| e.to_string())?;
    let file = files.next().ok_or("no document")?.map_err(|e| e.to_string())?;
    Ok(file.path())
}

/// Brings the case about.
pub fn prepare(name: &str, case: &Case) -> Result<(), String> {
    match name {
        "an interrupted founding" => {
            let log = (case.read("ledger/log.pem"), case.read("ledger/log.vkey"));
            fs::remove_dir_all(case.path("ledger")).map_err(|e| e.to_string())?;
            let _quiet = office::quiet();
            FileStore::create(&case.path("ledger"), &options()).map_err(|e| e.to_string())?;
            case.write("ledger/log.pem", log.0);
            case.write("ledger/log.vkey", log.1);
        }
        "an entry appended a second time" => {
            let _quiet = office::quiet();
            let store = FileStore::open(&case.path("ledger"), &options(), &mut |_, _| {});
            let mut store = store.map_err(|e| e.to_string())?;
            let size = store.head().size;
            let again = store.read(size - 1..size).map_err(|e| e.to_string())?;
            store.append(size, &again).map_err(|e| e.to_string())?;
        }
        "an entry of 2099" => {
            let mut ledger = case.ledger();
            ledger.set_clock(Arc::new(FixedClock::at(at("2099-01-01T09:00:00+09:00"))));
            let draft = change_of_policy(&ledger, &case.keys());
            ledger.submit(&[draft]).map_err(|e| e.to_string())?;
        }
        "another process has the ledger" => {
            std::mem::forget(Ledger::open(&case.path("ledger"), &mut |_, _| {}));
        }
        "something that is no daemon answers" => {
            let listener = std::os::unix::net::UnixListener::bind(case.path("ledger/daemon.sock"));
            let listener = listener.map_err(|e| e.to_string())?;
            std::thread::spawn(move || {
                for mut stream in listener.incoming().flatten() {
                    let _ = std::io::Write::write_all(&mut stream, &[0, 0, 0, 1, 99]);
                    // It stays, so that what it said is read before it goes.
                    std::thread::sleep(std::time::Duration::from_secs(5));
                }
            });
        }
        "a witness that says it saw 99 entries" => {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
            let url = format!("http://{}", listener.local_addr().map_err(|e| e.to_string())?);
            let key = SigningKey::cosigner_from_seed(of("printer.example"), &[7; 32]);
            let policy = format!("witness printer {} {url}\nquorum printer\n", key.key());
            case.write("ledger/witnesses.policy", policy);
            std::thread::spawn(move || answer_99(&listener));
        }
        "the last entry cut off" => {
            let (file, frames) = journal(case);
            let (begin, end) = *frames.last().ok_or("no frame")?;
            file.write_all_at(&vec![0; end - begin], begin as u64).map_err(|e| e.to_string())?;
        }
        "a byte of the handover flipped" => {
            let (file, frames) = journal(case);
            let (begin, _) = *frames.last().ok_or("no frame")?;
            let mut byte = [0];
            file.read_exact_at(&mut byte, begin as u64 + 200).map_err(|e| e.to_string())?;
            file.write_all_at(&[byte[0] ^ 1], begin as u64 + 200).map_err(|e| e.to_string())?;
        }
        "a ledger one may only read" => only_readable(case)?,
        "the log key signs g.draft" => {
            let mut draft = Draft::parse(&case.read("g.draft")).map_err(|e| e.to_string())?;
            let named: VerifierKey = of(case.text("ledger/log.vkey").trim());
            let log = load_log_key(&case.path("ledger/log.pem"), &named);
            draft.sign(&log.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
            office::sign(&mut draft, &case.keys());
            case.write("g.draft", draft.to_bytes());
        }
        "a picture without a body" => case.write("photo.png", b"\x89PNG\r\n\x1a\n"),
        "a receipt cut short" => {
            let whole = case.text("held.receipt");
            let (kept, _) = whole.split_once("\n\nc2sp").ok_or("no proof")?;
            case.write("held.receipt", format!("{kept}\n"));
        }
        "a hundred drives" => hundred_drives(case),
        "the attached document removed" => {
            fs::remove_file(attached(case)?).map_err(|e| e.to_string())?;
        }
        "the attached document altered" => {
            fs::write(attached(case)?, b"%PDF-1.7 another").map_err(|e| e.to_string())?;
        }
        _ => return Err(format!("by_hand.rs has no '{name}'")),
    }
    Ok(())
}

/// Says to whoever asks that 99 entries were seen, and shows none.
fn answer_99(listener: &std::net::TcpListener) {
    use std::io::{Read as _, Write as _};
    for mut stream in listener.incoming().flatten() {
        let _ = stream.set_read_timeout(Some(std::time::Duration::from_millis(100)));
        let (mut asked, mut part) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = stream.read(&mut part) {
            asked.extend_from_slice(&part[..count]);
        }
        let status = if asked.starts_with(b"POST ") { "409 Conflict" } else { "404 Not Found" };
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: text/x.tlog.size\r\nContent-Length: 3\r\n\
             Connection: close\r\n\r\n99\n"
        );
    }
}

/// An error that no command can be brought to on a healthy machine.
pub fn error(name: &str, case: &Case) -> Result<Failure, String> {
    let error = match name {
        "a handover of nothing" => {
            let mut wish = office::handover("USB-0421", "yamada", "sasaki");
            wish.media.clear();
            hand_over(&case.ledger(), wish).err()
        }
        "a key that refuses" => {
            let mut draft = change_of_policy(&case.ledger(), &[]);
            let kato =
                case.keys().into_iter().find(|key| key.key().name().as_str().starts_with("kato"));
            draft.sign(&Refusing(kato.expect("a key").key().clone())).err()
        }
        "a disk that lies" => {
            let mut store = Lying(MemoryStore::new(index_keys));
            copy(case, &mut store.0);
            append(case, Box::new(store))
        }
        "the disk is full" => append(case, failing(case, 0, std::io::ErrorKind::StorageFull)),
        "the disk fills up before the receipt" => receipt_on_a_full_disk(case),
        "a write fails" => append(case, failing(case, 1, std::io::ErrorKind::Other)),
        "a receipt of the policy" => receipt::issue(&mut case.ledger(), 1).err(),
        "two statements with the same random bytes" => {
            let mut ledger = case.ledger();
            let first = change_of_policy(&ledger, &case.keys());
            let body = statement::to_text(first.statement());
            let other = body.replacen("interval-days: 14", "interval-days: 7", 1);
            let mut second = Draft::new(statement::parse(&other).expect("a statement"));
            office::sign(&mut second, &case.keys());
            ledger.submit(&[first, second]).err()
        }
        "an entry past the end" => case.ledger().note(99).err(),
        "a drive pulled while people sign" => changed_since(case, "tour.json#taken"),
        "a drive exchanged while people sign" => changed_since(case, "tour.json#reprogrammed"),
        "a page without a size" => {
            let page = Page { width: 0.0, height: 297.0, blocks: Vec::new() };
            let at = "2026-11-22T10:15:00+09:00".parse().expect("a time");
            let about =
                About { title: "x".into(), id: "x".into(), language: "ja", at, attachment: None };
            let faces = Typefaces::built_in().expect("the fonts");
            pdf(&Sheet { pages: vec![page], about }, &faces).err().map(OpsError::from)
        }
        "no random bytes" => Some(OpsError::Random("not seeded yet".to_owned())),
        "the index fails" => Some(StoreError::Index { cause: "checksum".to_owned() }.into()),
        "no bus" => Sysfs::at("sys/bus/usb/devices").list().err().map(OpsError::from),
        "a bus that cannot be read" => {
            Sysfs::at(case.path("words")).list().err().map(|error| match error {
                media_custody::usb::BusError::Read { source, .. } => {
                    media_custody::usb::BusError::Read { path: "sys/bus/usb".into(), source }.into()
                }
                other => other.into(),
            })
        }
        _ => return Err(format!("by_hand.rs has no '{name}'")),
    };
    error.map(|error| Failure::from(&error)).ok_or_else(|| format!("'{name}' is no error"))
}

/// The second look of a handover, at another frame than the first.
fn changed_since(case: &Case, frame: &str) -> Option<OpsError> {
    let bus = |frame: &str| office::devices(frame).parse::<BusChoice>().expect("a bus").open();
    let (ledger, media) = (case.ledger(), [of("USB-0421")]);
    let before = look(&ledger, bus("tour.json").expect("a bus").as_ref(), &media).expect("seen");
    look_again(&ledger, bus(frame).expect("a bus").as_ref(), &media, &before).err()
}

fn change_of_policy(ledger: &Ledger, keys: &[SigningKey]) -> Draft {
    let wanted = Policy { interval_days: 14, ..Policy::of_a_new_ledger() };
    let mut draft = policy::set(ledger, wanted, None, of("kato"), None).expect("decided");
    office::sign(&mut draft, keys);
    draft
}

/// Frames of the only segment: where each begins and ends. Layout: magic, version,
/// the note's length at byte 6, the note from byte 56, 36 bytes behind it.
fn journal(case: &Case) -> (fs::File, Vec<(usize, usize)>) {
    let folder = fs::read_dir(case.path("ledger/journal")).expect("journal");
    let path = folder.map(|file| file.expect("a file").path()).next().expect("a segment");
    let bytes = fs::read(&path).expect("read");
    let mut frames = Vec::new();
    let mut begin = 0;
    while bytes[begin..].starts_with(&[0xFF, b'C', b'J', b'F']) {
        let length = u16::from_be_bytes([bytes[begin + 6], bytes[begin + 7]]);
        let end = begin + 56 + usize::from(length) + 36;
        frames.push((begin, end));
        begin = end;
    }
    let file = fs::OpenOptions::new().read(true).write(true).open(path).expect("opened");
    (file, frames)
}

/// Takes away the right to write; as root, which has all rights, by running the
/// program as nobody.
fn only_readable(case: &Case) -> Result<(), String> {
    let mode = |path: &std::path::Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|e| e.to_string())
    };
    let mut folders = vec![case.path("ledger"), case.path("keys")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|e| e.to_string())? {
            let path = entry.map_err(|e| e.to_string())?.path();
            if path.is_dir() { folders.push(path) } else { mode(&path, 0o444)? }
        }
        mode(&folder, 0o555)?;
    }
    let root =
        case.path("words").metadata().is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    if root {
        mode(&case.path("."), 0o755)?;
        case.write(office::READER, fs::read(env!("CARGO_BIN_EXE_custody")).expect("read"));
        mode(&case.path(office::READER), 0o755)?;
        let _quiet = office::quiet();
        if let Err(error) = case.command().arg("--version").output() {
            return Err(format!("skipped: as root, and nobody may not be: {error}"));
        }
    }
    Ok(())
}

/// A receipt that no QR code holds.
fn hundred_drives(case: &Case) {
    let drives = office::hundred_drives(case);
    let mut ledger = case.ledger();
    let mut wish = office::handover("USB-0421", "yamada", "sato");
    wish.media = drives.split(' ').map(of).collect();
    let draft = hand_over(&ledger, wish).expect("decided");
    let committed = office::submit(&mut ledger, draft, &case.keys());
    let issued = receipt::issue(&mut ledger, committed.index).expect("issued");
    case.write("number", issued.view.receipt.to_string());
}

/// What appending a change of policy to this store comes to.
fn append(case: &Case, store: Box<dyn Store>) -> Option<OpsError> {
    let mut ledger = Ledger::over(store, Arc::new(SystemClock)).expect("opened");
    let named: VerifierKey = of(case.text("ledger/log.vkey").trim());
    ledger.set_log_signer(load_log_key(&case.path("ledger/log.pem"), &named).expect("log key"));
    let draft = change_of_policy(&ledger, &case.keys());
    ledger.submit(&[draft]).err()
}

/// A handover that the disk still takes, and no checkpoint after it.
fn receipt_on_a_full_disk(case: &Case) -> Option<OpsError> {
    let (io, mut options) = (faults::FaultyIo::default(), options());
    options.io = Arc::new(io.clone());
    let progress: Progress<'_> = &mut |_, _| {};
    let store = FileStore::open(&case.path("ledger"), &options, progress).expect("opened");
    let mut ledger = Ledger::over(Box::new(store), Arc::new(SystemClock)).expect("opened");
    let named: VerifierKey = of(case.text("ledger/log.vkey").trim());
    ledger.set_log_signer(load_log_key(&case.path("ledger/log.pem"), &named).expect("log key"));
    let draft =
        hand_over(&ledger, office::handover("USB-0421", "yamada", "sato")).expect("decided");
    io.bar(Some(("checkpoint", std::io::ErrorKind::StorageFull)));
    let committed = office::submit(&mut ledger, draft, &case.keys());
    let Statement::Handover(said) = &committed.statement else { return None };
    let error = receipt::of_recorded(&mut ledger, committed.index, &said.receipt).err();
    io.bar(None);
    receipt::of_recorded(&mut ledger, committed.index, &said.receipt).expect("made when mended");
    error
}

/// The ledger on a file system whose change number `skip` from now fails.
fn failing(case: &Case, skip: usize, kind: std::io::ErrorKind) -> Box<dyn Store> {
    let io = faults::FaultyIo::default();
    let mut options = options();
    options.io = Arc::new(io.clone());
    if kind == std::io::ErrorKind::StorageFull {
        // The next entry begins a segment, which is where a full disk is met.
        options.segment_bytes = 1;
    }
    let progress: Progress<'_> = &mut |_, _| {};
    let store = FileStore::open(&case.path("ledger"), &options, progress).expect("opened");
    io.fail_after(skip, kind);
    Box::new(store)
}

fn copy(case: &Case, store: &mut MemoryStore) {
    let ledger = case.ledger();
    let notes = ledger.store().read(0..ledger.store().head().size).expect("read");
    store.append(0, &notes).expect("appended");
}

/// Somebody who holds a key and does not sign.
struct Refusing(VerifierKey);

impl Signer for Refusing {
    fn key(&self) -> &VerifierKey {
        &self.0
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        let name: KeyName = self.0.name().clone();
        Err(SignError::Holder { name, reason: "the card was taken out".to_owned() })
    }
}

/// A store that gives back other bytes than it was given.
struct Lying(MemoryStore);

impl Nodes for Lying {
    type Error = StoreError;
    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        self.0.node(level, index)
    }
}

impl Store for Lying {
    fn head(&self) -> Head {
        self.0.head()
    }
    fn append(&mut self, expected: u64, notes: &[Vec<u8>]) -> Result<Head, StoreError> {
        self.0.append(expected, notes)
    }
    fn read(&self, range: std::ops::Range<u64>) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut notes = self.0.read(range)?;
        notes.iter_mut().for_each(|note| note[0] ^= 1);
        Ok(notes)
    }
    fn visit(&self, range: std::ops::Range<u64>, each: Visitor<'_>) -> Result<(), StoreError> {
        self.0.visit(range, each)
    }
    fn find(&self, key: &Key) -> Result<Vec<u64>, StoreError> {
        self.0.find(key)
    }
    fn find_leaf(&self, leaf: &Hash) -> Result<Option<u64>, StoreError> {
        self.0.find_leaf(leaf)
    }
    fn snapshot(&self) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        self.0.snapshot()
    }
    fn put_snapshot(&mut self, size: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.0.put_snapshot(size, bytes)
    }
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.checkpoint()
    }
    fn put_checkpoint(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.0.put_checkpoint(bytes)
    }
}
