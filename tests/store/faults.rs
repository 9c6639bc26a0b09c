//! A file system that records what is asked of it and fails where it is told.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use media_custody::store::io::{Access, Io, IoFile, RealIo};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Failed,
    FailedButPersisted,
}

/// One call that changes something, with the file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub what: &'static str,
    pub name: String,
}

#[derive(Debug, Default)]
struct Plan {
    calls: Vec<Call>,
    fault: Option<(usize, Fault, io::ErrorKind)>,
    /// After the fault every further change fails, as on a dead disk.
    dead: bool,
    die: bool,
    /// Every change of a file whose name begins so fails, for as long as it stands here.
    barred: Option<(&'static str, io::ErrorKind)>,
}

/// The real file system with a recorder before it.
#[derive(Debug, Clone, Default)]
pub struct FaultyIo(Arc<Mutex<Plan>>);

impl FaultyIo {
    pub fn failing(at: usize, fault: Fault, die: bool) -> Self {
        let io = FaultyIo::default();
        let mut plan = io.0.lock().unwrap();
        plan.fault = Some((at, fault, io::ErrorKind::Other));
        plan.die = die;
        drop(plan);
        io
    }

    pub fn calls(&self) -> Vec<Call> {
        self.0.lock().unwrap().calls.clone()
    }

    pub fn fail_next(&self, kind: io::ErrorKind) {
        self.fail_after(0, kind);
    }

    /// Lets `good` further changes through and fails the one behind them.
    pub fn fail_after(&self, good: usize, kind: io::ErrorKind) {
        let mut plan = self.0.lock().unwrap();
        plan.fault = Some((plan.calls.len() + good, Fault::Failed, kind));
    }

    /// From now on every change of a file whose name begins so fails; None lets them through.
    pub fn bar(&self, barred: Option<(&'static str, io::ErrorKind)>) {
        self.0.lock().unwrap().barred = barred;
    }

    fn change<T>(
        &self,
        what: &'static str,
        path: &Path,
        call: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let mut plan = self.0.lock().unwrap();
        if plan.dead {
            return Err(io::Error::other("the disk is gone"));
        }
        let number = plan.calls.len();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let barred = plan.barred.filter(|(begins, _)| name.starts_with(begins));
        plan.calls.push(Call { what, name });
        if let Some((_, kind)) = barred {
            return Err(io::Error::new(kind, "injected fault"));
        }
        match plan.fault {
            Some((at, fault, kind)) if at == number => {
                plan.dead = plan.die;
                if fault == Fault::FailedButPersisted {
                    call()?;
                }
                Err(io::Error::new(kind, "injected fault"))
            }
            _ => call(),
        }
    }
}

impl Io for FaultyIo {
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn IoFile>> {
        let inner = if access == Access::Create && !path.exists() {
            self.change("create", path, || RealIo.open(path, access))?
        } else {
            RealIo.open(path, access)?
        };
        Ok(Box::new(FaultyFile { inner, io: self.clone(), path: path.to_owned() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change("rename", to, || RealIo.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change("remove", path, || RealIo.remove(path))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.change("create_dir", path, || RealIo.create_dir(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.change("sync_dir", path, || RealIo.sync_dir(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        RealIo.list(path)
    }
}

#[derive(Debug)]
struct FaultyFile {
    inner: Box<dyn IoFile>,
    io: FaultyIo,
    path: std::path::PathBuf,
}

impl IoFile for FaultyFile {
    fn size(&self) -> io::Result<u64> {
        self.inner.size()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.io.change("write", &self.path, || self.inner.write_at(bytes, offset))
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        self.io.change("truncate", &self.path, || self.inner.truncate(size))
    }

    fn allocate(&self, offset: u64, length: u64) -> io::Result<()> {
        self.io.change("allocate", &self.path, || self.inner.allocate(offset, length))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.io.change("sync_data", &self.path, || self.inner.sync_data())
    }
}
