//! The outbox: a folder in which each message lies from before it is sent until some
//! days after.
//!
//! ```text
//! outbox/
//!   LOCK            flock of the one process that sends
//!   ID.json         a message with its record, replaced in one step
//! ```
//!
//! Every change is durable when it returns. A message is marked as "attempting" before
//! its first byte goes out, so a program that ends in between leaves one that says of
//! itself that it may have been sent. Those that were sent stay until their day is long
//! over, since they are what keeps a notice from being sent twice.

mod record;

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

pub use record::{Record, Stage};

use crate::model::Day;

/// Most messages kept, those that were sent included.
pub const MESSAGES_MAX: usize = 10_000;
const RECORD_MAX: u64 = 4 << 20;
/// So long is a message kept that is over.
const KEPT: i64 = 14 * 86_400;
const LOCK: &str = "LOCK";
const ID_LENGTH: usize = 32;
const TRIES: u32 = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Why the outbox does not do something.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// There are [`MESSAGES_MAX`] messages.
    #[error("the outbox is full: it holds {0} messages")]
    Full(usize),
    /// No message of this id, or several that begin like it.
    #[error("there is no message '{0}'")]
    NoMessage(String),
    /// Another process sends.
    #[error("another process is sending")]
    Busy,
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

/// A message as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// A message.
    Message(Box<Record>),
    /// A record that cannot be read, by its id.
    Damaged(String),
}

impl Listed {
    /// The message's id.
    pub fn id(&self) -> &str {
        match self {
            Listed::Message(record) => &record.message.id,
            Listed::Damaged(id) => id,
        }
    }
}

/// An outbox in a folder, which is made with the first message.
#[derive(Debug, Clone)]
pub struct Outbox {
    folder: PathBuf,
}

impl Outbox {
    /// The outbox in `folder`.
    pub fn at(folder: &Path) -> Self {
        Outbox { folder: folder.to_owned() }
    }

    /// The messages, oldest first.
    ///
    /// # Errors
    /// The folder is there and cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, OutboxError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("cannot read", &self.folder)(error)),
        };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let ids = names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned));
        let ids = ids.filter(|id| is_id(id)).take(MESSAGES_MAX * 2);
        let mut listed: Vec<Listed> = ids.filter_map(|id| self.read(id)).collect();
        listed.sort_by(|a, b| {
            let added = |listed: &Listed| match listed {
                Listed::Message(record) => record.added,
                Listed::Damaged(_) => i64::MAX,
            };
            (added(a), a.id()).cmp(&(added(b), b.id()))
        });
        Ok(listed)
    }

    /// How many messages are in trouble; for the line under other commands, which must
    /// not fail because of it.
    pub fn in_trouble(&self) -> usize {
        let trouble = |listed: &Listed| match listed {
            Listed::Message(record) => record.is_trouble(),
            Listed::Damaged(_) => true,
        };
        // An outbox that cannot be read may hold anything.
        self.list().map_or(1, |all| all.iter().filter(|listed| trouble(listed)).count())
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    fn read(&self, id: String) -> Option<Listed> {
        let bytes = match read_bounded(&self.path(&id)) {
            Ok(bytes) => bytes,
            // Removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(_) => return Some(Listed::Damaged(id)),
        };
        match serde_json::from_slice::<Record>(&bytes) {
            Ok(record) if record.form == record::FORM && record.message.id == id => {
                Some(Listed::Message(Box::new(record)))
            }
            _ => Some(Listed::Damaged(id)),
        }
    }

    /// Takes the outbox into one's hands: only whoever has it adds, sends and changes.
    ///
    /// # Errors
    /// Another process has it, or the folder cannot be made or read.
    pub fn claim(&self) -> Result<Claim, OutboxError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(failed("cannot make", &self.folder))?;
        let path = self.folder.join(LOCK);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(failed("cannot open", &path))?;
        for _ in 0..TRIES {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {
                    let listed = self.list()?;
                    return Ok(Claim { outbox: self.clone(), listed, _lock: Locked(file) });
                }
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {
                    std::thread::sleep(BETWEEN_TRIES);
                }
                Err(errno) => return Err(failed("cannot lock", &path)(errno.into())),
            }
        }
        Err(OutboxError::Busy)
    }
}

/// Letters of an id: the first half of a SHA-256 in hexadecimal.
fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The outbox in one's hands.
#[derive(Debug)]
pub struct Claim {
    outbox: Outbox,
    listed: Vec<Listed>,
    _lock: Locked,
}

impl Claim {
    /// The messages.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.listed.iter().filter_map(|listed| match listed {
            Listed::Message(record) => Some(record.as_ref()),
            Listed::Damaged(_) => None,
        })
    }

    /// All that is listed, damaged ones included.
    pub fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// What was told already on that day, by the keys of notices; whatever became of it.
    pub fn told(&self, day: Day) -> HashSet<String> {
        let today = self.records().filter(|record| record.day == day);
        today.flat_map(|record| record.keys.iter().cloned()).collect()
    }

    /// The message that this is the beginning of the id of.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn find(&self, begin: &str) -> Result<Listed, OutboxError> {
        let mut found = self.listed.iter().filter(|listed| listed.id().starts_with(begin));
        match (found.next(), found.next()) {
            (Some(one), None) if begin.len() >= 4 => Ok(one.clone()),
            _ => {
                let shown = crate::model::printable::printable(begin, ID_LENGTH);
                Err(OutboxError::NoMessage(shown))
            }
        }
    }

    /// Adds or replaces a message; durable when this returns.
    ///
    /// # Errors
    /// The outbox is full, or the record cannot be written; the old one stands.
    pub fn keep(&mut self, record: Record) -> Result<(), OutboxError> {
        let known = self.listed.iter().position(|listed| listed.id() == record.message.id);
        if known.is_none() && self.listed.len() >= MESSAGES_MAX {
            return Err(OutboxError::Full(self.listed.len()));
        }
        let path = self.outbox.path(&record.message.id);
        let write = || -> io::Result<()> {
            let bytes = serde_json::to_vec_pretty(&record).map_err(io::Error::other)?;
            let fresh = path.with_extension("new");
            let _ = fs::remove_file(&fresh);
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(0o600).open(&fresh)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            // On FAT the file's line in its folder is written by the last sync only, and the
            // old file's clusters are free as soon as nobody holds it.
            let before = File::open(&path);
            fs::rename(&fresh, &path)?;
            File::open(&self.outbox.folder)?.sync_all()?;
            file.sync_all()?;
            drop(before);
            Ok(())
        };
        write().map_err(failed("cannot write", &path))?;
        let listed = Listed::Message(Box::new(record));
        match known {
            Some(at) => self.listed[at] = listed,
            None => self.listed.push(listed),
        }
        Ok(())
    }

    /// Takes a message out of the outbox.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&mut self, id: &str) -> Result<(), OutboxError> {
        let path = self.outbox.path(id);
        let removed =
            fs::remove_file(&path).and_then(|()| File::open(&self.outbox.folder)?.sync_all());
        removed.map_err(failed("cannot remove", &path))?;
        self.listed.retain(|listed| listed.id() != id);
        Ok(())
    }

    /// Takes out what has been over for long.
    ///
    /// # Errors
    /// As [`Claim::remove`].
    pub fn clear(&mut self, now: i64) -> Result<(), OutboxError> {
        let over = |record: &&Record| {
            let ended = matches!(record.stage, Stage::Sent | Stage::Replaced | Stage::Dropped);
            ended && now.saturating_sub(record.last.unwrap_or(record.added)) > KEPT
        };
        let ids: Vec<String> =
            self.records().filter(over).map(|record| record.message.id.clone()).collect();
        ids.iter().try_for_each(|id| self.remove(id))
    }
}

#[derive(Debug)]
struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

fn failed(what: &'static str, path: &Path) -> impl Fn(io::Error) -> OutboxError + use<> {
    let path = path.to_owned();
    move |source| OutboxError::Io { what, path: path.clone(), source }
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(RECORD_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > RECORD_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}
