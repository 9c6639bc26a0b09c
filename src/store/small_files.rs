//! Small files in a folder, each replaced whole: what a witness keeps of each log, and
//! the cosignatures beside a ledger.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::StoreError;
use super::file::Options;
use super::io::{Io, read_whole, replace};
use super::lock::{self, Lock};

/// What a file that is being written ends with.
const UNFINISHED: &str = ".new";
/// How long another holder is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(5);

/// The files of one folder.
#[derive(Debug, Clone)]
pub struct SmallFiles {
    io: Arc<dyn Io>,
    folder: PathBuf,
}

/// The folder, held by one at a time; given back when dropped.
#[derive(Debug)]
pub struct Held {
    _lock: Lock,
}

impl SmallFiles {
    /// Those in `folder`, which need not be there.
    pub fn of(folder: &Path, options: &Options) -> Self {
        SmallFiles { io: Arc::clone(&options.io), folder: folder.to_owned() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder, and its name durable.
    ///
    /// # Errors
    /// What the file system says.
    pub fn create(&self) -> Result<(), StoreError> {
        let failed = |source| StoreError::io("create", &self.folder, source);
        self.io.create_dir(&self.folder).map_err(failed)?;
        match self.folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => self.io.sync_dir(parent).map_err(failed),
            None => Ok(()),
        }
    }

    /// Holds the folder against every other thread and process that asks; who comes
    /// second waits for a while.
    ///
    /// # Errors
    /// `Locked` when the wait was too long; what the file system says.
    pub fn hold(&self) -> Result<Held, StoreError> {
        let since = Instant::now();
        loop {
            match Lock::acquire(&self.folder) {
                Ok(lock) => return Ok(Held { _lock: lock }),
                Err(StoreError::Locked { .. }) if since.elapsed() < PATIENCE => {
                    std::thread::sleep(AGAIN);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The bytes of `name`; none when there is no such file.
    ///
    /// # Errors
    /// What the file system says, and `FileTooLarge` beyond `limit` bytes.
    pub fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.folder.join(name);
        read_whole(&*self.io, &path, limit as u64)
            .map_err(|source| StoreError::io("read", &path, source))
    }

    /// Puts `bytes` in the place of `name`. After Ok they survive a power cut; after an
    /// error the old or the new ones are there, whole.
    ///
    /// # Errors
    /// What the file system says.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        replace(&*self.io, &self.folder, name, bytes)
            .map_err(|source| StoreError::io("write", &self.folder.join(name), source))
    }

    /// Removes a file. That it is there again after a power cut is for the caller to
    /// put up with.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.folder.join(name);
        self.io.remove(&path).map_err(|source| StoreError::io("remove", &path, source))
    }

    /// The files that are there, in order; none where there is no folder.
    ///
    /// # Errors
    /// What the file system says.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        let mut names = match self.io.list(&self.folder) {
            Ok(names) => names,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(StoreError::io("list", &self.folder, source)),
        };
        names.retain(|name| name != lock::NAME && !name.ends_with(UNFINISHED));
        names.sort_unstable();
        Ok(names)
    }
}
