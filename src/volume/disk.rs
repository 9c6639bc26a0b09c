//! Bytes at an offset, and how many of them were read.
//!
//! Nothing here can write: the trait has no such call, and a device is opened
//! read-only.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Advice, Mode, OFlags};

/// Something that can be read at an offset: a block device, an image, bytes in a test.
pub trait Disk {
    /// Length in bytes.
    fn size(&self) -> u64;

    /// Fills as much of `buffer` as there is from `offset` on; the number of bytes read.
    ///
    /// # Errors
    /// What the device or the system says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Bytes of one logical sector, in which an MBR counts. An image does not say, and
    /// almost all have 512.
    fn sector_size(&self) -> u64 {
        512
    }
}

impl<D: Disk + ?Sized> Disk for &D {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        (**self).read_at(offset, buffer)
    }

    fn sector_size(&self) -> u64 {
        (**self).sector_size()
    }
}

impl Disk for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(count)
    }
}

impl Disk for Vec<u8> {
    fn size(&self) -> u64 {
        self.as_slice().size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, buffer)
    }
}

/// At most `length` bytes from `offset` on; fewer only where the disk ends.
///
/// # Errors
/// What [`Disk::read_at`] says. `length` is the caller's own cap: it is allocated
/// before anything is read, though never more than the disk has.
pub fn read(disk: &dyn Disk, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let left = disk.size().saturating_sub(offset);
    let length = length.min(usize::try_from(left).unwrap_or(usize::MAX));
    let mut bytes = vec![0; length];
    let count = disk.read_at(offset, &mut bytes)?;
    bytes.truncate(count);
    Ok(bytes)
}

/// A stretch of a disk as a disk of its own: a partition.
#[derive(Clone, Copy)]
pub struct Region<'a> {
    disk: &'a dyn Disk,
    start: u64,
    length: u64,
}

impl<'a> Region<'a> {
    /// `length` bytes from `start` on; what lies behind the disk's end is cut off.
    #[must_use]
    pub fn new(disk: &'a dyn Disk, start: u64, length: u64) -> Self {
        let length = length.min(disk.size().saturating_sub(start));
        Region { disk, start, length }
    }
}

impl Disk for Region<'_> {
    fn size(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = left.min(buffer.len());
        match (self.start.checked_add(offset), buffer.get_mut(..count)) {
            (Some(at), Some(part)) if count > 0 => self.disk.read_at(at, part),
            _ => Ok(0),
        }
    }
}

/// A read that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadFailure {
    /// Where it began, in bytes.
    pub offset: u64,
    /// How much was wanted, in bytes.
    pub length: u64,
    /// What the system said; `UnexpectedEof` for a device that gave less than it
    /// claims to have.
    pub kind: io::ErrorKind,
}

/// Failures that are kept; the rest is only counted.
const FAILURES_KEPT: usize = 16;

/// How long a failing disk is asked further. The kernel tries a bad sector for half
/// a minute, and a round of checks must not wait that long for each sample.
const PATIENCE: Duration = Duration::from_secs(20);

/// A disk whose reading is counted and bounded, and that remembers what failed.
///
/// Parsers follow pointers that an attacker wrote. The budget is what keeps the
/// sum of all of them small, whatever a single parser's caps are.
pub struct Metered<'a> {
    disk: &'a dyn Disk,
    budget: u64,
    began: Instant,
    patience: Duration,
    bytes: Cell<u64>,
    reads: Cell<u64>,
    failed: Cell<u64>,
    failures: RefCell<Vec<ReadFailure>>,
    exhausted: Cell<bool>,
}

impl<'a> Metered<'a> {
    /// Allows `budget` bytes to be read in all.
    #[must_use]
    pub fn new(disk: &'a dyn Disk, budget: u64) -> Self {
        Metered {
            disk,
            budget,
            began: Instant::now(),
            patience: PATIENCE,
            bytes: Cell::new(0),
            reads: Cell::new(0),
            failed: Cell::new(0),
            failures: RefCell::new(Vec::new()),
            exhausted: Cell::new(false),
        }
    }

    /// Waits no longer than this for a disk of which reads have failed.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Bytes read so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// Reads that gave bytes.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.reads.get()
    }

    /// Reads that failed, all of them.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed.get()
    }

    /// The first failures.
    #[must_use]
    pub fn failures(&self) -> Vec<ReadFailure> {
        self.failures.borrow().clone()
    }

    /// Whether something was not read because the budget was used up.
    #[must_use]
    pub fn exhausted(&self) -> bool {
        self.exhausted.get()
    }

    fn fail(&self, offset: u64, length: usize, kind: io::ErrorKind) {
        self.failed.set(self.failed.get().saturating_add(1));
        let mut failures = self.failures.borrow_mut();
        if failures.len() < FAILURES_KEPT {
            failures.push(ReadFailure { offset, length: length as u64, kind });
        }
    }
}

impl Disk for Metered<'_> {
    fn size(&self) -> u64 {
        self.disk.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size().saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let Some(part) = buffer.get_mut(..wanted).filter(|part| !part.is_empty()) else {
            return Ok(0);
        };
        if self.failed.get() > 0 && self.began.elapsed() > self.patience {
            self.exhausted.set(true);
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the disk has failed for too long",
            ));
        }
        if self.bytes.get().saturating_add(wanted as u64) > self.budget {
            self.exhausted.set(true);
            return Err(io::Error::other("more was to be read than this probe allows itself"));
        }
        match self.disk.read_at(offset, part) {
            Ok(count) => {
                let count = count.min(wanted);
                self.bytes.set(self.bytes.get().saturating_add(count as u64));
                self.reads.set(self.reads.get().saturating_add(1));
                if count < wanted {
                    self.fail(offset, wanted, io::ErrorKind::UnexpectedEof);
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(count)
            }
            Err(error) => {
                self.fail(offset, wanted, error.kind());
                Err(error)
            }
        }
    }

    fn sector_size(&self) -> u64 {
        self.disk.sector_size()
    }
}

/// A block device or an image file, opened for reading and nothing else.
#[derive(Debug)]
pub struct FileDisk {
    file: File,
    size: u64,
    sector_size: u64,
}

impl FileDisk {
    /// Opens a block device, and only the one of this major and minor number: its
    /// name may have passed to another drive since it was listed.
    ///
    /// # Errors
    /// As [`FileDisk::open`]; `NotFound` for another device or none.
    pub fn open_device(path: &Path, number: (u32, u32)) -> io::Result<Self> {
        let disk = Self::open(path)?;
        let meta = disk.file.metadata()?;
        let device = meta.rdev();
        let opened = (rustix::fs::major(device), rustix::fs::minor(device));
        if meta.file_type().is_block_device() && opened == number {
            return Ok(disk);
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "it is another device by now"))
    }

    /// Opens without waiting for a medium and without any right to write. The
    /// kernel is asked not to read ahead, so that what is counted is about what
    /// the device is asked for.
    ///
    /// # Errors
    /// What the system says; `InvalidInput` for what is neither a block device
    /// nor a regular file, since reading a terminal or a pipe changes it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let mut file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        let meta = file.metadata()?;
        let (size, sector_size) = if meta.file_type().is_block_device() {
            // Both ask the kernel and not the device.
            let sector_size = rustix::fs::ioctl_blksszget(&file).map_or(512, u64::from);
            (file.seek(SeekFrom::End(0))?, sector_size)
        } else if meta.is_file() {
            (meta.len(), 512)
        } else {
            let text = "it is neither a block device nor an image file";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        };
        // Only advice: where it is refused, reading works all the same.
        let _ = rustix::fs::fadvise(&file, 0, None, Advice::Random);
        Ok(FileDisk { file, size, sector_size })
    }
}

impl Disk for FileDisk {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let Some(at) = offset.checked_add(done as u64) else { break };
            match self.file.read_at(rest, at) {
                Ok(0) => break,
                Ok(count) => done = done.saturating_add(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn sector_size(&self) -> u64 {
        self.sector_size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing;

    impl Disk for Failing {
        fn size(&self) -> u64 {
            1 << 20
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            match offset {
                0 => Ok(buffer.len()),
                4096 => Ok(7),
                _ => Err(io::Error::from_raw_os_error(5)),
            }
        }
    }

    #[test]
    fn reading_is_counted_and_bounded() {
        let bytes = vec![7_u8; 1000];
        let metered = Metered::new(&bytes, 700);
        assert_eq!(read(&metered, 400, 600).unwrap(), vec![7; 600]);
        assert_eq!(read(&metered, 990, 100).unwrap().len(), 10);
        assert_eq!(read(&metered, 5000, 100).unwrap().len(), 0);
        assert!(!metered.exhausted());
        assert!(read(&metered, 0, 100).is_err());
        assert_eq!((metered.bytes(), metered.reads(), metered.failed()), (610, 2, 0));
        assert!(metered.exhausted());
    }

    #[test]
    fn what_fails_and_what_is_short_is_remembered() {
        let metered = Metered::new(&Failing, 1 << 30);
        assert!(read(&metered, 0, 512).is_ok());
        assert!(read(&metered, 4096, 512).is_err());
        assert!(read(&metered, 8192, 512).is_err());
        assert_eq!(metered.failed(), 2);
        let kinds: Vec<u64> = metered.failures().iter().map(|failure| failure.offset).collect();
        assert_eq!(kinds, [4096, 8192]);
    }

    #[test]
    fn a_failing_disk_is_not_waited_for() {
        let metered = Metered::new(&Failing, 1 << 30).with_patience(Duration::ZERO);
        assert!(read(&metered, 0, 512).is_ok(), "a slow disk is waited for");
        assert!(read(&metered, 8192, 512).is_err());
        let error = read(&metered, 0, 512).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(metered.failed(), 1, "what was not tried did not fail");
        let patient = Metered::new(&Failing, 1 << 30);
        assert!(read(&patient, 8192, 512).is_err());
        assert!(read(&patient, 0, 512).is_ok());
    }

    #[test]
    fn only_the_device_that_was_meant_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        std::fs::write(&path, b"0123456789").unwrap();
        let error = FileDisk::open_device(&path, (8, 0)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        // Where the test machine shows block devices, another number is refused too.
        let blocks = ["/dev/loop0", "/dev/sda", "/dev/vda", "/dev/nvme0n1"].map(Path::new);
        for path in blocks.into_iter().filter(|path| path.exists()) {
            assert!(FileDisk::open_device(path, (0, 77)).is_err(), "{}", path.display());
        }
    }

    #[test]
    fn a_region_ends_where_it_ends() {
        let bytes: Vec<u8> = (0..=255).collect();
        let region = Region::new(&bytes, 16, 32);
        assert_eq!(read(&region, 30, 100).unwrap(), [46, 47]);
        assert!(read(&region, u64::MAX, 100).unwrap().is_empty());
        assert_eq!(Region::new(&bytes, 250, 100).size(), 6);
        assert_eq!(Region::new(&bytes, 300, 100).size(), 0);
    }

    #[test]
    fn a_file_is_read_and_a_pipe_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        std::fs::write(&path, b"0123456789").unwrap();
        let disk = FileDisk::open(&path).unwrap();
        assert_eq!((disk.size(), read(&disk, 8, 9).unwrap()), (10, b"89".to_vec()));
        // Not even by mistake could anything be written through it.
        let flags = rustix::fs::fcntl_getfl(&disk.file).unwrap();
        assert_eq!(flags & OFlags::RWMODE, OFlags::RDONLY);
        assert!(FileDisk::open(folder.path()).is_err());
        assert!(FileDisk::open(Path::new("/dev/null")).is_err());
    }
}
