//! The spool: a folder in which each job lies until it is known to be printed.
//!
//! ```text
//! spool/
//!   LOCK            flock while a number is given; holds the last one
//!   job-7.bytes     the document; flock while the job is in somebody's hands
//!   job-7.json      the record, replaced in one step
//! ```
//!
//! A job exists once its record does, which is written after the bytes are durable. It
//! is marked as "being sent" before the first byte goes out, and that mark is durable
//! as well: a program that ends in between leaves a job that says of itself that it may
//! have been printed. Whoever has the flock on a job's bytes is the only one to touch
//! it, so two programs never print one job twice.

mod record;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

pub use record::{Consent, Record, Stage, Step};

use super::{COPIES_MAX, DOCUMENT_MAX, Job, Printer};
use crate::model::Hash;
use crate::model::printable::printable;

/// Most jobs that may wait. An office that has more has stopped looking.
pub const JOBS_MAX: usize = 100;
/// Most bytes of all jobs together.
pub const BYTES_MAX: u64 = 128 << 20;
const RECORD_MAX: u64 = 64 << 10;
const NAME_MAX: usize = 120;
const LOCK: &str = "LOCK";
/// How often, and how long after one another, a lock is asked for. It is held for
/// milliseconds while numbers are given; for a job in somebody's hands this is no wait.
const TRIES: u32 = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Why the spool does not do something.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// There are [`JOBS_MAX`] jobs, or [`BYTES_MAX`] bytes.
    #[error("the spool is full: {0} jobs wait")]
    Full(usize),
    /// The document is larger than [`DOCUMENT_MAX`], or empty.
    #[error("a document of {0} bytes is not printed; it may have 1 to 16777216")]
    Size(usize),
    /// No job of this number.
    #[error("no job {0} waits")]
    NoJob(u32),
    /// Another process has the job in its hands.
    #[error("job {0} is being printed by another process")]
    Busy(u32),
    /// What is stored of a job is not what was stored.
    #[error("what is stored of job {0} is damaged")]
    Damaged(u32),
    /// A file.
    #[error("{what} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A job as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// A job; the flag says that somebody has it in hands right now.
    Job(Box<Record>, bool),
    /// A record that cannot be read.
    Damaged(u32),
}

impl Listed {
    /// The job's number.
    pub fn id(&self) -> u32 {
        match self {
            Listed::Job(record, _) => record.id,
            Listed::Damaged(id) => *id,
        }
    }
}

/// A spool in a folder, which is made with the first job.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: PathBuf,
}

impl Spool {
    /// The spool in `folder`.
    pub fn at(folder: &Path) -> Self {
        Spool { folder: folder.to_owned() }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, id: u32, ending: &str) -> PathBuf {
        self.folder.join(format!("job-{id}.{ending}"))
    }

    /// Puts a job into the spool; durable when this returns. `random` makes the mark
    /// by which the job is found again at a printer, `now` is in seconds since 1970.
    ///
    /// # Errors
    /// The spool is full, the document too large, or a file cannot be written.
    pub fn add(
        &self,
        job: &Job,
        to: &Printer,
        random: [u8; 6],
        now: i64,
    ) -> Result<u32, SpoolError> {
        if job.bytes.is_empty() || job.bytes.len() > DOCUMENT_MAX {
            return Err(SpoolError::Size(job.bytes.len()));
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(failed("cannot make", &self.folder))?;
        let lock = self.folder.join(LOCK);
        let mut numbers = Locked::open(&lock, true)?
            .ok_or_else(|| failed("cannot lock", &lock)(io::ErrorKind::WouldBlock.into()))?;
        let there = self.list()?;
        let bytes: u64 = there.iter().map(bytes_of).sum();
        if there.len() >= JOBS_MAX || bytes.saturating_add(job.bytes.len() as u64) > BYTES_MAX {
            return Err(SpoolError::Full(there.len()));
        }
        let highest = there.iter().map(Listed::id).max().unwrap_or(0);
        let id = numbers.last_number().max(highest).saturating_add(1);
        numbers.keep_number(id).map_err(failed("cannot write", &lock))?;
        self.clear_leftovers(&there);
        let path = self.path(id, "bytes");
        write_new(&path, &job.bytes).map_err(failed("cannot write", &path))?;
        let record = Record {
            form: record::FORM.to_owned(),
            id,
            kind: job.kind,
            name: printable(&job.name, NAME_MAX),
            format: job.format,
            copies: job.copies.clamp(1, COPIES_MAX),
            size: job.bytes.len() as u64,
            sha256: Hash::of(&[&job.bytes]),
            mark: random.iter().map(|byte| format!("{byte:02x}")).collect(),
            printer: to.name.clone(),
            address: to.address.clone(),
            pdf: to.pdf,
            added: now,
            attempts: 0,
            last: None,
            error: None,
            doubted_before: false,
            stage: Stage::Waiting,
        };
        self.keep(&record)?;
        Ok(id)
    }

    /// Takes away documents without a record: of an `add` or a removal that was cut
    /// short. Under the lock, so that none of them is being added now.
    fn clear_leftovers(&self, there: &[Listed]) {
        for name in self.names() {
            let id = name.strip_prefix("job-").and_then(|rest| rest.strip_suffix(".bytes"));
            let Some(id) = id.and_then(|digits| digits.parse::<u32>().ok()) else { continue };
            if !there.iter().any(|listed| listed.id() == id) {
                let _ = fs::remove_file(self.path(id, "bytes"));
            }
        }
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        // Whoever fills the folder must not fill the memory.
        entries
            .take(JOBS_MAX * 10)
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect()
    }

    /// The jobs, by number.
    ///
    /// # Errors
    /// The folder is there and cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, SpoolError> {
        match fs::read_dir(&self.folder) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("cannot read", &self.folder)(error)),
        }
        let ids = self.names().into_iter().filter_map(|name| {
            let digits = name.strip_prefix("job-")?.strip_suffix(".json")?.to_owned();
            digits.parse::<u32>().ok().filter(|id| id.to_string() == digits)
        });
        let mut ids: Vec<u32> = ids.collect();
        ids.sort_unstable();
        let mut listed = Vec::new();
        for id in ids {
            match self.record(id) {
                Ok(record) => {
                    let sending = record.stage == Stage::Sending;
                    let busy = sending && matches!(self.claim(id), Err(SpoolError::Busy(_)));
                    listed.push(Listed::Job(Box::new(record), busy));
                }
                // Printed meanwhile.
                Err(SpoolError::NoJob(_)) => {}
                Err(_) => listed.push(Listed::Damaged(id)),
            }
        }
        Ok(listed)
    }

    /// How many jobs there are; for the line under other commands, which must not fail
    /// because of it.
    pub fn count(&self) -> usize {
        self.names()
            .iter()
            .filter(|name| name.starts_with("job-") && name.ends_with(".json"))
            .count()
    }

    fn record(&self, id: u32) -> Result<Record, SpoolError> {
        let path = self.path(id, "json");
        let bytes = read_bounded(&path, RECORD_MAX).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SpoolError::NoJob(id),
            io::ErrorKind::FileTooLarge => SpoolError::Damaged(id),
            _ => failed("cannot read", &path)(error),
        })?;
        let record: Option<Record> = serde_json::from_slice(&bytes).ok();
        let sound = |record: &Record| {
            record.form == record::FORM
                && record.id == id
                && (1..=COPIES_MAX).contains(&record.copies)
        };
        record.filter(sound).ok_or(SpoolError::Damaged(id))
    }

    fn keep(&self, record: &Record) -> Result<(), SpoolError> {
        let path = self.path(record.id, "json");
        let write = || -> io::Result<()> {
            let bytes = serde_json::to_vec_pretty(record).map_err(io::Error::other)?;
            let fresh = self.path(record.id, "json.new");
            let _ = fs::remove_file(&fresh);
            write_new(&fresh, &bytes)?;
            // On FAT the file's line in its folder is written by the last sync only, and the
            // old file's clusters are free as soon as nobody holds it.
            let (before, file) = (File::open(&path), File::open(&fresh)?);
            fs::rename(&fresh, &path)?;
            File::open(&self.folder)?.sync_all()?;
            file.sync_all()?;
            drop(before);
            Ok(())
        };
        write().map_err(failed("cannot write", &path))
    }

    /// Takes a job into one's hands.
    ///
    /// # Errors
    /// Another process has it, there is none, or it is damaged.
    pub fn claim(&self, id: u32) -> Result<Claim, SpoolError> {
        let path = self.path(id, "bytes");
        let lock = match Locked::open(&path, false) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Err(SpoolError::Busy(id)),
            Err(SpoolError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                // A record without its document is damage; without both there is no job.
                return Err(self.record(id).err().unwrap_or(SpoolError::Damaged(id)));
            }
            Err(error) => return Err(error),
        };
        // Whoever had it before may have finished it: what counts is what stands now.
        let record = self.record(id)?;
        Ok(Claim { spool: self.clone(), record, lock })
    }

    /// Gives a job up, printed or not. One that is damaged can be given up as well.
    ///
    /// # Errors
    /// Another process has it, there is none, or it cannot be removed.
    pub fn drop_job(&self, id: u32) -> Result<(), SpoolError> {
        match self.claim(id) {
            Ok(claim) => claim.remove(),
            Err(SpoolError::Damaged(_)) => self.remove(id),
            Err(error) => Err(error),
        }
    }

    fn remove(&self, id: u32) -> Result<(), SpoolError> {
        let path = self.path(id, "json");
        let remove = || -> io::Result<()> {
            fs::remove_file(&path)?;
            // The record first and durably: a document alone is no job.
            File::open(&self.folder)?.sync_all()?;
            let _ = fs::remove_file(self.path(id, "bytes"));
            Ok(())
        };
        remove().map_err(failed("cannot remove", &path))
    }
}

fn bytes_of(listed: &Listed) -> u64 {
    match listed {
        Listed::Job(record, _) => record.size,
        Listed::Damaged(_) => 0,
    }
}

/// A job in one's hands.
#[derive(Debug)]
pub struct Claim {
    spool: Spool,
    record: Record,
    lock: Locked,
}

impl Claim {
    /// What is known of it.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The job itself.
    ///
    /// # Errors
    /// Its bytes are not those that were stored.
    pub fn job(&mut self) -> Result<Job, SpoolError> {
        let damaged = || SpoolError::Damaged(self.record.id);
        let mut bytes = Vec::new();
        let file = &mut self.lock.file;
        let read =
            file.rewind().and_then(|()| file.take(DOCUMENT_MAX as u64 + 1).read_to_end(&mut bytes));
        if read.is_err() || Hash::of(&[&bytes]) != self.record.sha256 {
            return Err(damaged());
        }
        let Record { kind, name, format, copies, .. } = self.record.clone();
        Ok(Job { kind, name, format, copies, bytes })
    }

    /// Replaces what is known of it; durable when this returns.
    ///
    /// # Errors
    /// The record cannot be written; the old one stands.
    pub fn note(&mut self, record: Record) -> Result<(), SpoolError> {
        self.spool.keep(&record)?;
        self.record = record;
        Ok(())
    }

    /// Takes the job out of the spool.
    ///
    /// # Errors
    /// It cannot be removed, and stays as it is.
    pub fn remove(self) -> Result<(), SpoolError> {
        self.spool.remove(self.record.id)
    }
}

/// A file with an flock on it.
#[derive(Debug)]
struct Locked {
    file: File,
}

impl Locked {
    /// Opens and locks; `None` where somebody else has the lock.
    fn open(path: &Path, create: bool) -> Result<Option<Self>, SpoolError> {
        let mut options = OpenOptions::new();
        options.read(true).mode(0o600);
        if create {
            options.write(true).create(true).truncate(false);
        }
        let file = options.open(path).map_err(failed("cannot open", path))?;
        for _ in 0..TRIES {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) if still_there(&file, path) => return Ok(Some(Locked { file })),
                // Finished and removed while this process asked for the lock.
                Ok(()) => {
                    let gone = io::ErrorKind::NotFound.into();
                    return Err(failed("cannot open", path)(gone));
                }
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {
                    std::thread::sleep(BETWEEN_TRIES);
                }
                Err(errno) => return Err(failed("cannot lock", path)(errno.into())),
            }
        }
        Ok(None)
    }

    /// The last number given, as far as it can be read.
    fn last_number(&mut self) -> u32 {
        let mut text = String::new();
        let file = &mut self.file;
        let read = file.rewind().and_then(|()| file.take(16).read_to_string(&mut text));
        read.ok().and_then(|_| text.trim().parse().ok()).unwrap_or(0)
    }

    fn keep_number(&mut self, number: u32) -> io::Result<()> {
        self.file.rewind()?;
        self.file.set_len(0)?;
        writeln!(self.file, "{number}")?;
        self.file.sync_all()
    }
}

/// Whether the locked file is the one that bears the name. A lock on a file that was
/// removed meanwhile keeps nobody out.
fn still_there(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Said, and not left to closing: a child that is just being started holds a
        // copy of the descriptor until its exec.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

fn failed(what: &'static str, path: &Path) -> impl Fn(io::Error) -> SpoolError + use<> {
    let path = path.to_owned();
    move |source| SpoolError::Io { what, path: path.clone(), source }
}

/// A document names people: nobody else may read it.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than it may be"));
    }
    Ok(bytes)
}
