//! Files and messages: the journal with what stands beside it, backups, open rounds, what
//! processes say to one another, key files, configurations.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use media_custody::keyring::{Passphrase, Unencrypted, open_pem};
use media_custody::ledger::calendar::Calendar;
use media_custody::model::{Hash, VerifierKey};
use media_custody::proof::tree::leaf_hash;
use media_custody::store::archive::{ArchiveReader, ArchiveWriter, MEMBER_MAX, is_name};
use media_custody::store::io::{Access, Io, IoFile};
use media_custody::store::remote::{Answer, REQUEST_MAX, Request, answer_read, receive, send};
use media_custody::store::{MemoryStore, chain_hash, fsck, rounds, salvage};
use media_custody::witness_http::head;

/// Files in memory, read only.
#[derive(Debug, Clone)]
struct Shelf(Arc<BTreeMap<String, Vec<u8>>>);

#[derive(Debug)]
struct Book(Arc<BTreeMap<String, Vec<u8>>>, String);

fn denied<T>() -> io::Result<T> {
    Err(io::ErrorKind::ReadOnlyFilesystem.into())
}

impl Io for Shelf {
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn IoFile>> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match (access, self.0.contains_key(&name)) {
            (Access::Read, true) => Ok(Box::new(Book(Arc::clone(&self.0), name))),
            (Access::Read, false) => Err(io::ErrorKind::NotFound.into()),
            _ => denied(),
        }
    }
    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        denied()
    }
    fn remove(&self, _: &Path) -> io::Result<()> {
        denied()
    }
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        denied()
    }
    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        denied()
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let journal = path.ends_with("journal");
        Ok(self.0.keys().filter(|name| name.ends_with(".seg") == journal).cloned().collect())
    }
}

impl Book {
    fn bytes(&self) -> &[u8] {
        self.0.get(&self.1).map_or(&[], Vec::as_slice)
    }
}

impl IoFile for Book {
    fn size(&self) -> io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.bytes().get(from..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
    fn write_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        denied()
    }
    fn truncate(&self, _: u64) -> io::Result<()> {
        denied()
    }
    fn allocate(&self, _: u64, _: u64) -> io::Result<()> {
        denied()
    }
    fn sync_data(&self) -> io::Result<()> {
        denied()
    }
}

/// Makes every check sum of a segment right, since no fuzzer comes by one; with `chains`
/// the chain hashes as well, as far as the frames follow one another.
fn seal(segment: &mut [u8], chains: bool) {
    let mut at = 0;
    let mut chain = Hash([0; 32]);
    while let Some(header) = segment.get(at..at + 56) {
        if !header.starts_with(&[0xFF, b'C', b'J', b'F']) {
            return;
        }
        let length = usize::from(u16::from_be_bytes([header[6], header[7]]));
        let index = u64::from_be_bytes(*header[8..].first_chunk().expect("eight bytes"));
        let Some(frame) = segment.get_mut(at..at + 92 + length) else { return };
        if chains {
            frame[24..56].copy_from_slice(&chain.0);
            chain = chain_hash(&chain, index, &leaf_hash(&frame[56..56 + length]));
            frame[56 + length..88 + length].copy_from_slice(&chain.0);
        }
        let (body, sum) = frame.split_last_chunk_mut::<4>().expect("longer than that");
        *sum = crc32c::crc32c(body).to_be_bytes();
        at += 92 + length;
    }
}

/// The folder that the lock is taken in; nothing else of it is read.
static FOLDER: LazyLock<(tempfile::TempDir, Mutex<()>)> =
    LazyLock::new(|| (tempfile::tempdir().expect("a folder"), Mutex::new(())));

/// What is to be done, a head slot's 88 bytes, the length of a checkpoint, the checkpoint, a segment.
pub fn journal(bytes: &[u8]) {
    let [ways, rest @ ..] = bytes else { return };
    let Some((slot, rest)) = rest.split_first_chunk::<88>() else { return };
    let Some((length, rest)) = rest.split_first_chunk::<2>() else { return };
    let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
    let (checkpoint, segment) = rest.split_at(length);
    let (mut slot, mut segment) = (slot.to_vec(), segment.to_vec());
    if ways & 1 == 0 {
        seal(&mut segment, ways & 2 == 0);
        let sum = crc32c::crc32c(&slot[..84]).to_be_bytes();
        slot[84..].copy_from_slice(&sum);
    }
    slot.resize(4096, 0);
    let mut files = BTreeMap::from([
        ("FORMAT".to_owned(), b"custody-ledger/1\n".to_vec()),
        ("head".to_owned(), slot.repeat(2)),
        ("00000000000000000000.seg".to_owned(), segment.clone()),
    ]);
    if !checkpoint.is_empty() {
        files.insert("checkpoint".to_owned(), checkpoint.to_vec());
    }
    let mut options = media_custody::ops::ledger::options();
    options.io = Arc::new(Shelf(Arc::new(files)));
    let (folder, one) = &*FOLDER;
    let _one = one.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut at = 0;
    let shown = salvage(folder.path(), &options, &mut |index, note| {
        // What is given out stands in the file at this very place, under its number.
        assert_eq!(&segment[at + 8..at + 16], index.to_be_bytes());
        assert_eq!(&segment[at + 56..at + 56 + note.len()], note);
        at += 92 + note.len();
        ControlFlow::Continue(())
    });
    assert!(shown.is_ok(), "{shown:?}");
    let report = fsck::examine(folder.path(), &options, &mut |_, _| {}).expect("a report");
    assert!(report.entries * 93 <= segment.len() as u64);
    assert!(report.entries * 93 <= at as u64, "more is called sound than can be shown");
}

/// A backup: what is read to its end is written again as it was.
pub fn archive(bytes: &[u8]) {
    let mut sealed = bytes.to_vec();
    if let Some((0, rest)) = bytes.split_first().map(|(first, rest)| (*first, rest)) {
        sealed = summed(rest);
    }
    let mut reader = ArchiveReader::new(&sealed[..]);
    let mut members = Vec::new();
    loop {
        match reader.next_member() {
            Ok(Some(member)) => members.push(member),
            Ok(None) => break,
            Err(_) => return,
        }
    }
    let mut writer = ArchiveWriter::new(Vec::new());
    for member in &members {
        assert!(is_name(&member.name) && !member.name.split('/').any(|part| part.starts_with('.')));
        assert!(member.bytes.len() as u64 <= MEMBER_MAX);
        writer.add(&member.name, &member.bytes).expect("written");
    }
    assert_eq!(writer.finish().expect("written").1, sealed);
}

/// The members of an archive that is cut or altered, with headers and sums made right: the
/// fuzzer chooses names and contents, `name LF length(2) bytes`.
fn summed(mut rest: &[u8]) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Vec::new());
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let name = String::from_utf8_lossy(&rest[..end]).into_owned();
        let Some((length, body)) = rest[end + 1..].split_first_chunk::<2>() else { break };
        let length = usize::from(u16::from_be_bytes(*length)).min(body.len());
        if writer.add(&name, &body[..length]).is_err() {
            break;
        }
        rest = &body[length..];
    }
    writer.finish().map(|(_, bytes)| bytes).unwrap_or_default()
}

/// An open round: its lines are written again and read as they were.
pub fn round(bytes: &[u8]) {
    let Ok(Some(record)) = rounds::parse(bytes, 65_536) else { return };
    let mut again = rounds::spelled_out(&record.opening).expect("spelled");
    for line in &record.lines {
        again.extend(rounds::spelled_out(line).expect("spelled"));
    }
    let read = rounds::parse(&again, usize::MAX).expect("reads back").expect("has a first line");
    assert_eq!((read.opening, read.lines, read.torn), (record.opening, record.lines, 0));
}

/// What comes over the daemon's socket: several messages, each answered from a store.
pub fn socket(bytes: &[u8]) {
    let mut from = bytes;
    let store = MemoryStore::new(media_custody::ops::ledger::options().derive);
    while let Ok(Some(request)) = receive::<Request>(&mut from, REQUEST_MAX) {
        let mut wire = Vec::new();
        send(&mut wire, &request).expect("sent");
        assert_eq!(
            receive::<Request>(&mut &wire[..], REQUEST_MAX).expect("reads"),
            Some(request.clone())
        );
        if let Ok(answer) = answer_read(&store, request) {
            let mut wire = Vec::new();
            send(&mut wire, &answer).expect("sent");
            assert_eq!(
                receive::<Answer>(&mut &wire[..], REQUEST_MAX).expect("reads"),
                Some(answer)
            );
        }
    }
    let mut from = bytes;
    while let Ok(Some(answer)) = receive::<Answer>(&mut from, 1 << 20) {
        let mut wire = Vec::new();
        send(&mut wire, &answer).expect("sent");
    }
}

/// The head of a request to a witness.
pub fn http(bytes: &[u8]) {
    match head::read(bytes, 1 << 16) {
        Ok(Some(read)) => {
            assert!(read.bytes <= bytes.len() && read.length <= 1 << 16);
            assert!(!read.method.contains(char::is_whitespace));
            assert!(!read.target.contains(['\r', '\n', ' ']));
            // One reading: bytes that come behind the head change nothing of it.
            let more = [&bytes[..read.bytes], b"GET / HTTP/1.1\r\n\r\n"].concat();
            assert_eq!(head::read(&more, 1 << 16), Ok(Some(read)));
        }
        Ok(None) => assert!(bytes.len() < head::HEAD_MAX),
        Err(answer) => assert!((400..500).contains(&answer.status)),
    }
}

/// The passphrase of the seed, of `tests/vectors/v1`.
static WORDS: LazyLock<(Passphrase, VerifierKey)> = LazyLock::new(|| {
    let words = include_bytes!("../vectors/v1/key.passphrase").to_vec();
    let key = include_str!("../vectors/v1/key.vkey").trim();
    (Passphrase::from_file(words).expect("a passphrase"), key.parse().expect("a vkey"))
});

/// A key file, as PEM or (behind a zero byte) as DER. Only costs as cheap as the seeds'
/// are paid: a mutated number may ask for the quarter of a gigabyte that is allowed.
pub fn key_file(bytes: &[u8]) {
    let text = match bytes.split_first() {
        Some((0, der)) => {
            let label = "ENCRYPTED PRIVATE KEY";
            let body = data_encoding::BASE64.encode(der);
            let lines: Vec<&str> = body
                .as_bytes()
                .chunks(64)
                .map(|line| std::str::from_utf8(line).expect("ASCII"))
                .collect();
            format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    let (words, key) = &*WORDS;
    for unencrypted in [Unencrypted::Allow, Unencrypted::Refuse] {
        if let Ok(opened) = open_pem(&text, key, None, unencrypted) {
            use media_custody::wire::signature::Signer as _;
            assert_eq!(opened.key(), key);
        }
    }
    // INTEGER 16, INTEGER 8, INTEGER 1: the costs of the quick seed.
    let der = bytes.get(1..).unwrap_or_default();
    let cheap = der.windows(9).any(|at| at == [2, 1, 16, 2, 1, 8, 2, 1, 1]);
    if bytes.first() == Some(&0) && cheap {
        let _ = open_pem(&text, key, Some(words), Unencrypted::Refuse);
    }
}

/// A configuration, by each of those who read it, and a calendar.
pub fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let folder = Path::new("/nowhere");
    let faults = media_custody::notify::config::Settings::parse(text, folder).err().into_iter();
    let faults = faults.chain(media_custody::ops::cabinets::parse(text, folder).err());
    for fault in faults.flatten() {
        let said = fault.what;
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    }
    if let Err(error) = media_custody::printer::config::Configuration::parse(text) {
        let said = error.to_string();
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    }
    let _ = Calendar::parse(text);
}
