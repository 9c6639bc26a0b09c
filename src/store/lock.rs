//! One process owns a ledger: an flock on `LOCK`, which the kernel gives back
//! when the owner ends in whatever way. The text in the file only names the
//! owner; text without the lock means nothing.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error::{StoreError, is_read_only};

/// The file's name in the ledger's folder.
pub(super) const NAME: &str = "LOCK";
const MAX_TEXT: usize = 2048;

/// Ownership of a ledger, given back when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: Option<File>,
}

impl Lock {
    /// Takes the ledger in `folder` or says at once who has it.
    pub(super) fn acquire(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(NAME);
        let failed = |source| StoreError::Io { what: "lock", path: path.clone(), source };
        let (file, writable) = match open(&path) {
            Ok(found) => found,
            // A read-only medium without a LOCK file has no writer to collide with.
            Err(error) if is_read_only(&error) => return Ok(Lock { file: None }),
            Err(error) => return Err(failed(error)),
        };
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) => return Err(owner(&file)),
                Err(errno) => return Err(failed(errno.into())),
            }
        }
        if writable {
            // Informative only, so a full disk must not keep anybody out.
            let _ = file.write_all_at(&padded(&text()), 0);
        }
        Ok(Lock { file: Some(file) })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // Before the lock goes, so that nobody reads an old owner's name. What was
            // never written to is left alone.
            if file.metadata().is_ok_and(|about| about.len() > 0) {
                let _ = file.write_all_at(&padded(""), 0);
            }
            // Said, not left to closing: a child that this process is just starting
            // holds a copy of the descriptor until its exec, and with it the lock.
            let _ = flock(file, FlockOperation::Unlock);
        }
    }
}

/// Opens LOCK for writing, or for reading where writing is not allowed.
fn open(path: &Path) -> io::Result<(File, bool)> {
    let write = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    match write {
        Ok(file) => Ok((file, true)),
        Err(error) if is_read_only(&error) => match File::open(path) {
            Ok(file) => Ok((file, false)),
            Err(_) => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// The text in a file that keeps its length: cutting it would free its cluster, and on a
/// file system without a journal a power cut may then leave it with a cluster that is free.
fn padded(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(MAX_TEXT, b'\n');
    bytes
}

fn text() -> String {
    let command: Vec<String> =
        std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut command: String =
        command.join(" ").chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    while command.len() > MAX_TEXT - 32 {
        command.pop();
    }
    format!("{}\n{command}\n", std::process::id())
}

fn owner(file: &File) -> StoreError {
    let mut bytes = [0; MAX_TEXT];
    let count = file.read_at(&mut bytes, 0).unwrap_or(0);
    let text = String::from_utf8_lossy(bytes.get(..count).unwrap_or_default());
    let mut lines = text.lines();
    let pid = lines.next().and_then(|line| line.parse().ok());
    // The file may have been written by anybody: nothing of it reaches a terminal raw.
    let command = lines
        .next()
        .map(|line| line.chars().map(|c| if c.is_control() { '?' } else { c }).collect())
        .filter(|line: &String| !line.is_empty());
    StoreError::Locked { pid, command }
}
