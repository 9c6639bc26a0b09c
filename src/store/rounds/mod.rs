//! Rounds that are open: `rounds/<hash of the place>.round`, beside the journal. Two
//! people, or two programs, may add to one at once; each line is durable before it is
//! shown to anybody. No ledger has to be owned for that. FORMAT-journal.md has the form.

mod record;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

pub use record::{FORM, Flaw, Line, Opening, Record, SeenDevice, What, parse, spelled_out};

use crate::model::{Hash, Name};

/// The folder's name in the ledger's folder.
pub const FOLDER: &str = "rounds";
/// Most bytes of a line.
pub const LINE_MAX: usize = 64 * 1024;
/// Most bytes of a round file.
pub const BYTES_MAX: u64 = 16 << 20;
/// The name of an open round's file ends so.
const OPEN: &str = "round";

/// Why a round file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The file system failed.
    #[error("cannot {what} {}: {source}", .path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not what this program writes.
    #[error("{} is no round file: {flaw}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// It holds as much as it may.
    #[error("{} has as many observations as a round may", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
}

/// The rounds of one ledger.
#[derive(Debug, Clone)]
pub struct Rounds {
    ledger: PathBuf,
}

impl Rounds {
    /// Those of the ledger in `folder`.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        Rounds { ledger: folder.to_owned() }
    }

    fn folder(&self) -> PathBuf {
        self.ledger.join(FOLDER)
    }

    /// The file of the open round at `place`, whether there is one or not.
    #[must_use]
    pub fn path(&self, place: &Name) -> PathBuf {
        let hash = Hash::of(&[b"custody/round/v1\n", place.as_str().as_bytes()]);
        let start = hash.as_bytes().get(..16).unwrap_or_default();
        let name = data_encoding::HEXLOWER.encode(start);
        self.folder().join(name).with_extension(OPEN)
    }

    /// How large the file at `place` is, which grows with every line; none without one.
    #[must_use]
    pub fn size(&self, place: &Name) -> Option<u64> {
        fs::symlink_metadata(self.path(place)).ok().map(|about| about.len())
    }

    /// The files of all open rounds, in order of name; none where there is no folder.
    ///
    /// # Errors
    /// What the file system says.
    pub fn files(&self) -> Result<Vec<PathBuf>, RoundError> {
        let folder = self.folder();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(RoundError::Io { what: "list", path: folder, source }),
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut files: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|end| end == OPEN)).collect();
        files.sort();
        Ok(files)
    }

    /// The round of a file.
    ///
    /// # Errors
    /// A file that cannot be read or is no round's.
    pub fn read(path: &Path) -> Result<Option<Record>, RoundError> {
        Ok(Self::locked(path, FlockOperation::LockShared, false)?.and_then(|held| held.record))
    }

    /// The open round at `place`, which nobody else adds to as long as it is held.
    ///
    /// # Errors
    /// As [`Rounds::read`].
    pub fn hold(&self, place: &Name) -> Result<Option<Held>, RoundError> {
        let held = Self::locked(&self.path(place), FlockOperation::LockExclusive, false)?;
        let held = held.filter(|held| held.record.is_some());
        held.map(|held| held.at(place)).transpose()
    }

    /// The same; begun as `opening` says where there is none.
    ///
    /// # Errors
    /// As [`Rounds::read`], and when it cannot be written.
    pub fn open(&self, opening: &Opening) -> Result<Held, RoundError> {
        let (folder, path) = (self.folder(), self.path(&opening.place));
        let failed = |source| RoundError::Io { what: "write", path: path.clone(), source };
        match fs::create_dir(&folder) {
            Ok(()) => File::open(&self.ledger).and_then(|at| at.sync_all()).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(failed(source)),
        }
        let gone = || failed(io::ErrorKind::NotFound.into());
        let held = Self::locked(&path, FlockOperation::LockExclusive, true)?;
        let mut held = held.ok_or_else(gone)?;
        if held.record.is_none() {
            held.begin(opening)?;
            File::open(&folder).and_then(|at| at.sync_all()).map_err(failed)?;
        }
        held.at(&opening.place)
    }

    /// Opens and locks the file that has this name once the lock is there: whoever held
    /// it may have ended the round.
    fn locked(path: &Path, lock: FlockOperation, create: bool) -> Result<Option<Held>, RoundError> {
        let failed = |source| RoundError::Io { what: "read", path: path.to_owned(), source };
        // No link to elsewhere, and nothing that blocks.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        let write = lock == FlockOperation::LockExclusive;
        loop {
            let mut options = OpenOptions::new();
            options.read(true).append(write).create(create).custom_flags(flags).mode(0o600);
            let mut file = match options.open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(source) => return Err(failed(source)),
            };
            if !file.metadata().map_err(failed)?.is_file() {
                return Err(failed(io::ErrorKind::InvalidInput.into()));
            }
            while let Err(errno) = flock(&file, lock) {
                if errno != Errno::INTR {
                    return Err(failed(errno.into()));
                }
            }
            let opened = file.metadata().map_err(failed)?;
            let named = fs::symlink_metadata(path).ok();
            if named.is_none_or(|named| (named.dev(), named.ino()) != (opened.dev(), opened.ino()))
            {
                continue;
            }
            if opened.len() > BYTES_MAX {
                return Err(RoundError::Full { path: path.to_owned() });
            }
            let mut bytes = Vec::new();
            (&mut file).take(BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
            let record = parse(&bytes, LINE_MAX)
                .map_err(|flaw| RoundError::Damaged { path: path.to_owned(), flaw })?;
            return Ok(Some(Held { file, path: path.to_owned(), record }));
        }
    }

    /// Takes the file of a round out of the way, whatever it holds, and says under which
    /// name it is kept. None when there is none.
    ///
    /// # Errors
    /// What the file system says.
    pub fn put_aside(&self, place: &Name, why: &str) -> Result<Option<PathBuf>, RoundError> {
        let path = self.path(place);
        match fs::symlink_metadata(&path) {
            Ok(_) => set_aside(&path, why).map(Some),
            Err(_) => Ok(None),
        }
    }
}

/// A round that nobody else adds to meanwhile.
#[derive(Debug)]
pub struct Held {
    file: File,
    path: PathBuf,
    record: Option<Record>,
}

impl Held {
    /// What it says. None only while it is being begun.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// A file under another place's name is nobody's round.
    fn at(self, place: &Name) -> Result<Self, RoundError> {
        match self.record.as_ref().is_some_and(|record| record.opening.place == *place) {
            true => Ok(self),
            false => Err(RoundError::Damaged {
                path: self.path,
                flaw: Flaw { line: 1, why: "it is the round of another place".to_owned() },
            }),
        }
    }

    fn failed(&self, what: &'static str, source: io::Error) -> RoundError {
        RoundError::Io { what, path: self.path.clone(), source }
    }

    fn begin(&mut self, opening: &Opening) -> Result<(), RoundError> {
        self.keep_torn(0)?;
        self.append(opening)?;
        self.record = Some(Record { opening: opening.clone(), lines: Vec::new(), torn: 0 });
        Ok(())
    }

    /// Adds a line; when this returns, it survives a power cut.
    ///
    /// # Errors
    /// When it cannot be written, or the file holds as much as it may.
    pub fn add(&mut self, line: Line) -> Result<(), RoundError> {
        self.mend()?;
        self.append(&line)?;
        if let Some(record) = &mut self.record {
            record.lines.push(line);
        }
        Ok(())
    }

    /// Ends a last line that was not ended, or takes it out of the way: nobody was ever
    /// shown what it would have said.
    fn mend(&mut self) -> Result<(), RoundError> {
        let size = self.size()?;
        let torn = self.record.as_ref().map_or(0, |record| record.torn);
        if torn > 0 {
            self.keep_torn(size.saturating_sub(torn as u64))?;
            self.record.iter_mut().for_each(|record| record.torn = 0);
            return Ok(());
        }
        let mut last = [b'\n'];
        let read = self.file.seek(SeekFrom::End(-1)).and_then(|_| self.file.read_exact(&mut last));
        read.map_err(|source| self.failed("read", source))?;
        if last != *b"\n" {
            self.file.write_all(b"\n").map_err(|source| self.failed("write", source))?;
        }
        Ok(())
    }

    /// Moves what stands from `from` on into a file of its own.
    fn keep_torn(&mut self, from: u64) -> Result<(), RoundError> {
        if self.size()? <= from {
            return Ok(());
        }
        let mut bytes = Vec::new();
        let kept = free_name(&self.path, "torn")?;
        let mut fresh = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&kept)
            .map_err(|source| self.failed("mend", source))?;
        let moved = self
            .file
            .seek(SeekFrom::Start(from))
            .and_then(|_| (&mut self.file).take(BYTES_MAX).read_to_end(&mut bytes))
            .and_then(|_| fresh.write_all(&bytes))
            .and_then(|()| fresh.sync_all())
            .and_then(|()| self.file.set_len(from));
        moved.map_err(|source| self.failed("mend", source))
    }

    fn size(&self) -> Result<u64, RoundError> {
        let size = self.file.metadata().map(|about| about.len());
        size.map_err(|source| self.failed("read", source))
    }

    fn append<T: serde::Serialize>(&mut self, value: &T) -> Result<(), RoundError> {
        let line = record::spelled_out(value)
            .map_err(|error| self.failed("write", io::Error::other(error)))?;
        let full = self.size()?.saturating_add(line.len() as u64) > BYTES_MAX;
        if full || line.len() > LINE_MAX {
            return Err(RoundError::Full { path: self.path.clone() });
        }
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        written.map_err(|source| self.failed("write", source))
    }

    /// Ends the round: its entry stands in the ledger.
    ///
    /// # Errors
    /// What the file system says.
    pub fn end(self) -> Result<(), RoundError> {
        let removed = fs::remove_file(&self.path).and_then(|()| sync_folder(&self.path));
        removed.map_err(|source| self.failed("remove", source))
    }

    /// Ends the round and keeps its file under another name, which is given back.
    ///
    /// # Errors
    /// What the file system says.
    pub fn put_aside(self, why: &str) -> Result<PathBuf, RoundError> {
        set_aside(&self.path, why)
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn set_aside(path: &Path, why: &str) -> Result<PathBuf, RoundError> {
    let kept = free_name(path, why)?;
    fs::rename(path, &kept).and_then(|()| sync_folder(path)).map_err(|source| RoundError::Io {
        what: "rename",
        path: path.to_owned(),
        source,
    })?;
    Ok(kept)
}

/// The first free of the names `<hash>.<why>-1`, `-2` and so on.
fn free_name(path: &Path, why: &str) -> Result<PathBuf, RoundError> {
    let mut names = (1..10_000_u32).map(|number| path.with_extension(format!("{why}-{number}")));
    let free = names.find(|name| fs::symlink_metadata(name).is_err());
    free.ok_or_else(|| RoundError::Io {
        what: "rename",
        path: path.to_owned(),
        source: io::ErrorKind::AlreadyExists.into(),
    })
}
