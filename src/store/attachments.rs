//! Documents beside the journal: `attachments/<sha-256>.<extension>`. The journal has
//! their hashes; here are their bytes. A file is written once, whole, before the entry
//! that names it, and never written over.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::StoreError;
use super::file::Options;
use super::io::{Io, read_whole, replace};
use crate::model::document::DOCUMENT_MAX;

/// The folder's name in the ledger's folder.
pub const FOLDER: &str = "attachments";

/// What keeping a document came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It was written.
    Written,
    /// These very bytes were there.
    AlreadyThere,
    /// Other bytes are there under its name. Nothing was changed.
    Differs,
}

/// The documents of one ledger. Whoever writes owns the ledger.
#[derive(Debug)]
pub struct Attachments {
    io: Arc<dyn Io>,
    ledger: PathBuf,
}

impl Attachments {
    /// Those of the ledger in `folder`.
    pub fn of(folder: &Path, options: &Options) -> Self {
        Attachments { io: Arc::clone(&options.io), ledger: folder.to_owned() }
    }

    fn folder(&self) -> PathBuf {
        self.ledger.join(FOLDER)
    }

    /// Keeps `bytes` as `name`. After Ok the file, its name and the folder's name are
    /// durable.
    ///
    /// # Errors
    /// What the file system says; then there may be a file `*.new`, which means nothing.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> Result<Kept, StoreError> {
        let folder = self.folder();
        let failed = |source| StoreError::io("write", &folder.join(name), source);
        self.io.create_dir(&folder).map_err(failed)?;
        self.io.sync_dir(&self.ledger).map_err(failed)?;
        match self.read(name) {
            Ok(None) => {}
            Ok(Some(there)) if there == bytes => return Ok(Kept::AlreadyThere),
            Ok(Some(_)) => return Ok(Kept::Differs),
            Err(StoreError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::FileTooLarge =>
            {
                return Ok(Kept::Differs);
            }
            Err(error) => return Err(error),
        }
        replace(&*self.io, &folder, name, bytes).map_err(failed)?;
        Ok(Kept::Written)
    }

    /// The bytes of `name`; none when there is no such file.
    ///
    /// # Errors
    /// What the file system says, and `FileTooLarge` for more than a document may have.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.folder().join(name);
        read_whole(&*self.io, &path, DOCUMENT_MAX)
            .map_err(|source| StoreError::io("read", &path, source))
    }

    /// The files that are there, in order; none where there is no folder.
    ///
    /// # Errors
    /// What the file system says.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        let folder = self.folder();
        let mut names = match self.io.list(&folder) {
            Ok(names) => names,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(StoreError::io("list", &folder, source)),
        };
        names.sort_unstable();
        Ok(names)
    }
}
