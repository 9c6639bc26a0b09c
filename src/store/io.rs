//! The file system as the journal uses it, narrow enough that a test can record
//! it, fail it at any call, or show that a sync stands between a write and its
//! acknowledgement.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// For reading; it must exist.
    Read,
    /// For reading and writing; it must exist.
    Write,
    /// For reading and writing; made when missing, never emptied.
    Create,
}

/// A file system. Every method's error is what the system said.
#[allow(clippy::missing_errors_doc)]
pub trait Io: Send + Sync + fmt::Debug {
    /// Opens a file.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn IoFile>>;
    /// Moves a file over another, atomically.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes a folder; one that is there already is fine.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable (fsync of the folder).
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Names in a folder, in no order; names that are not UTF-8 are left out.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
}

/// An open file. Every method's error is what the system said.
#[allow(clippy::missing_errors_doc)]
pub trait IoFile: Send + Sync + fmt::Debug {
    /// Its length in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Reads until `buffer` is full or the file ends; returns how many bytes.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes all of `bytes`.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts or extends the file to `size` bytes.
    fn truncate(&self, size: u64) -> io::Result<()>;
    /// Reserves `length` bytes from `offset` on as zeros and extends the file over
    /// them. `Unsupported` where the file system cannot.
    fn allocate(&self, offset: u64, length: u64) -> io::Result<()>;
    /// fdatasync: the bytes, and what is needed to read them back, are durable.
    fn sync_data(&self) -> io::Result<()>;
}

/// The real file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealIo;

impl Io for RealIo {
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn IoFile>> {
        let mut options = OpenOptions::new();
        options.read(true);
        if access != Access::Read {
            options.write(true);
        }
        if access == Access::Create {
            options.create(true).truncate(false);
        }
        Ok(Box::new(RealFile(options.open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }
}

#[derive(Debug)]
struct RealFile(File);

impl IoFile for RealFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.0.read_at(rest, offset.saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn allocate(&self, offset: u64, length: u64) -> io::Result<()> {
        rustix::fs::fallocate(&self.0, rustix::fs::FallocateFlags::empty(), offset, length)
            .map_err(io::Error::from)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn allocate(&self, _offset: u64, _length: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Puts `bytes` in the place of the file `name`: whatever happens on the way, the old or
/// the new bytes are there, whole, and after Ok the new ones.
///
/// FAT has no journal, and keeps where a file begins in the file's line of its folder. A
/// rename changes that line in memory only, and a sync of the folder does not write it:
/// a sync of the file does. Without it the line goes on pointing at the old file's
/// clusters, which are free by then, and after a power cut the file is empty or another's.
pub(super) fn replace(io: &dyn Io, folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let (fresh, settled) = (folder.join(format!("{name}.new")), folder.join(name));
    // Held until its line points elsewhere, so that nothing frees its clusters before.
    let before = io.open(&settled, Access::Read);
    let file = io.open(&fresh, Access::Create)?;
    file.truncate(0)?;
    file.write_at(bytes, 0)?;
    // The bytes must be durable before the name points at them, and the name
    // before the caller is told.
    file.sync_data()?;
    io.rename(&fresh, &settled)?;
    io.sync_dir(folder)?;
    file.sync_data()?;
    drop(before);
    Ok(())
}

/// All bytes of a file, or None when it is not there. More than `limit` bytes are
/// an error, so that a hostile file cannot fill the memory.
pub(super) fn read_whole(io: &dyn Io, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match io.open(path, Access::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let size = file.size()?;
    if size > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than it may be"));
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
    let count = file.read_at(&mut bytes, 0)?;
    bytes.truncate(count);
    Ok(Some(bytes))
}
