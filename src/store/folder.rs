//! The ledger's folder: what makes it one, and the ballast that leaves room to
//! close properly when the disk is full.

use std::io;
use std::path::Path;

use super::error::{Cause, StoreError};
use super::head::{self, HeadFile, Slot};
use super::io::{Access, Io, IoFile, read_whole, replace};
use super::{checkpoint, journal, lock};

/// The format marker's name.
pub(super) const FORMAT: &str = "FORMAT";
/// The newest ledger format known.
pub(super) const KNOWN_FORMAT: u32 = 1;
/// Where bytes cut off a torn tail go.
pub(super) const QUARANTINE: &str = "quarantine";
const BALLAST: &str = "ballast";
const MARKER: &str = "custody-ledger/";

/// Refuses a folder that is no ledger, or a newer one.
pub(super) fn check_format(io: &dyn Io, folder: &Path) -> Result<(), StoreError> {
    let path = folder.join(FORMAT);
    let bytes = read_whole(io, &path, 64).map_err(|error| match error.kind() {
        // `folder` itself is a file.
        io::ErrorKind::NotADirectory => StoreError::NotALedger { path: folder.to_owned() },
        io::ErrorKind::FileTooLarge => StoreError::damaged(None, FORMAT, Cause::Format),
        _ => StoreError::io("read", &path, error),
    })?;
    let Some(bytes) = bytes else {
        return Err(StoreError::NotALedger { path: folder.to_owned() });
    };
    let version = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| text.strip_prefix(MARKER)?.strip_suffix('\n'))
        .filter(|digits| !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|digits| digits.parse::<u32>().ok());
    match version {
        Some(KNOWN_FORMAT) => Ok(()),
        Some(found) => Err(StoreError::NewerFormat { found, known: KNOWN_FORMAT }),
        None => Err(StoreError::damaged(None, FORMAT, Cause::Format)),
    }
}

/// Lays out an empty ledger in `folder`, which must be missing, empty, or hold
/// what an interrupted creation left. The marker is written last: a folder is a
/// ledger only once all the rest is durable.
pub(super) fn create(io: &dyn Io, folder: &Path, ballast: u64) -> Result<(), StoreError> {
    let failed = |source| StoreError::io("create", folder, source);
    io.create_dir(folder).map_err(failed)?;
    let _lock = lock::Lock::acquire(folder)?;
    if !is_vacant(io, folder)? {
        return Err(StoreError::NotEmpty { path: folder.to_owned() });
    }
    let segments = folder.join(journal::FOLDER);
    io.create_dir(&segments).map_err(failed)?;
    HeadFile::create(io, &folder.join(head::NAME), Slot::empty())?;
    // A ledger without ballast still works, so a failure here is none.
    let _ = Ballast::open(io, folder, ballast);
    io.sync_dir(&segments).map_err(failed)?;
    io.sync_dir(folder).map_err(failed)?;
    let marker = format!("{MARKER}{KNOWN_FORMAT}\n");
    replace(io, folder, FORMAT, marker.as_bytes()).map_err(failed)?;
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        io.sync_dir(parent).map_err(failed)?;
    }
    Ok(())
}

fn is_vacant(io: &dyn Io, folder: &Path) -> Result<bool, StoreError> {
    let failed = |source| StoreError::io("list", folder, source);
    let ours = [lock::NAME, journal::FOLDER, head::NAME, BALLAST, "FORMAT.new"];
    let names = io.list(folder).map_err(failed)?;
    if !names.iter().all(|name| ours.contains(&name.as_str()))
        || names.contains(&checkpoint::NAME.to_owned())
    {
        return Ok(false);
    }
    if names.iter().any(|name| name == journal::FOLDER) {
        // An interrupted creation never got as far as a segment.
        return Ok(io.list(&folder.join(journal::FOLDER)).map_err(failed)?.is_empty());
    }
    Ok(true)
}

/// Space set aside so that the checkpoint can still be written, and the ledger
/// closed, on a full disk.
#[derive(Debug)]
pub(super) struct Ballast {
    bytes: u64,
    held: bool,
}

impl Ballast {
    /// Sets `bytes` aside in `folder` if they are not already.
    pub(super) fn open(io: &dyn Io, folder: &Path, bytes: u64) -> Self {
        let mut ballast = Ballast { bytes, held: false };
        ballast.hold(io, folder);
        ballast
    }

    /// None at all, for a ledger that is only read.
    pub(super) fn none() -> Self {
        Ballast { bytes: 0, held: false }
    }

    /// Sets the space aside again; false when there is none.
    pub(super) fn hold(&mut self, io: &dyn Io, folder: &Path) -> bool {
        if self.held || self.bytes == 0 {
            return true;
        }
        let path = folder.join(BALLAST);
        let reserved = io.open(&path, Access::Create).and_then(|file| fill(&*file, self.bytes));
        if reserved.is_err() {
            let _ = io.remove(&path);
        }
        self.held = reserved.is_ok();
        self.held
    }

    /// Gives the space back to the file system.
    pub(super) fn release(&mut self, io: &dyn Io, folder: &Path) {
        if self.held {
            let _ = io.remove(&folder.join(BALLAST));
            self.held = false;
        }
    }
}

fn fill(file: &dyn IoFile, bytes: u64) -> io::Result<()> {
    if file.size()? >= bytes {
        return Ok(());
    }
    match file.allocate(0, bytes) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            let zeros = vec![0; 64 << 10];
            let mut offset = 0;
            while offset < bytes {
                file.write_at(&zeros, offset)?;
                offset += zeros.len() as u64;
            }
            Ok(())
        }
        other => other,
    }
}
