//! Where the index keeps its rows: sled in a generation folder, or memory when
//! nothing can be written.
//!
//! sled 0.34.7 is fast and does not keep its promises: it loses what it flushed in
//! a power cut, erases it on opening, and panics on flipped bits. So nothing here
//! is trusted: every call is fenced, a folder not closed cleanly is copied before
//! it is opened, and one that was open for writing in an earlier boot is not
//! opened at all but built anew.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use super::io::{Access, Io, read_whole, replace};

/// What a row holds.
pub(super) type Row = Vec<u8>;

/// The index failed, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct ShelfError(pub(super) String);

/// One generation's folder and how to treat it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) io: Arc<dyn Io>,
    pub(super) ledger: PathBuf,
    pub(super) generation: u64,
    pub(super) cache_bytes: u64,
    /// Names this run of the kernel.
    pub(super) boot: String,
}

/// How a generation was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Closed properly, or never written to.
    Clean,
    /// Its process was killed; the kernel's pages are all there.
    Killed,
    /// The power may have gone: sled's file cannot be trusted.
    Cut,
    /// A call failed or panicked.
    Broken,
}

const DIRTY: &str = "dirty";
const BROKEN: &str = "broken";
/// A folder larger than this is not copied before it is opened.
const COPY_LIMIT: u64 = 64 << 20;

impl Place {
    /// The generation's folder.
    pub(super) fn folder(&self) -> PathBuf {
        self.ledger.join(folder_name(self.generation))
    }

    fn sled(&self) -> PathBuf {
        self.folder().join("sled")
    }

    /// How its last owner left it.
    pub(super) fn left(&self) -> Left {
        let read = |name| read_whole(&*self.io, &self.folder().join(name), 4096);
        match (read(BROKEN), read(DIRTY)) {
            (Ok(None), Ok(None)) => Left::Clean,
            (Ok(None), Ok(Some(boot))) if boot == self.boot.as_bytes() => Left::Killed,
            (Ok(None), Ok(Some(_))) => Left::Cut,
            _ => Left::Broken,
        }
    }

    /// Remembers that this generation is not to be opened again.
    pub(super) fn mark_broken(&self, why: &str) {
        let _ = replace(&*self.io, &self.folder(), BROKEN, why.as_bytes());
    }

    /// Copies the folder aside before it is opened, over an older such copy. Opening
    /// erases what sled thinks torn, and with it the evidence.
    pub(super) fn copy_aside(&self) -> io::Result<Option<PathBuf>> {
        let from = self.sled();
        let into = self.ledger.join("index.copy");
        if !from.is_dir() || tree_bytes(&from)? > COPY_LIMIT {
            return Ok(None);
        }
        if into.exists() {
            fs::remove_dir_all(&into)?;
        }
        copy_tree(&from, &into)?;
        Ok(Some(into))
    }

    /// Marks the folder as being written to, durably, before sled writes to it.
    fn mark_dirty(&self) -> io::Result<()> {
        let folder = self.folder();
        self.io.create_dir(&folder)?;
        replace(&*self.io, &folder, DIRTY, self.boot.as_bytes())?;
        self.io.sync_dir(&self.ledger)
    }

    fn mark_clean(&self) -> io::Result<()> {
        let (folder, mark) = (self.folder(), self.folder().join(DIRTY));
        // Held until its name is gone for good: see `replace`.
        let held = self.io.open(&mark, Access::Read);
        self.io.remove(&mark)?;
        self.io.sync_dir(&folder)?;
        drop(held);
        Ok(())
    }
}

/// `index.<generation>`.
pub(super) fn folder_name(generation: u64) -> String {
    format!("index.{generation}")
}

/// The generations in a ledger's folder, ascending.
pub(super) fn generations(io: &dyn Io, ledger: &Path) -> io::Result<Vec<u64>> {
    let names = io.list(ledger)?;
    let mut found: Vec<u64> = names
        .iter()
        .filter_map(|name| name.strip_prefix("index."))
        .filter(|digits| !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()))
        .filter_map(|digits| digits.parse().ok())
        .collect();
    found.sort_unstable();
    Ok(found)
}

/// Rows by key.
#[derive(Debug)]
pub(super) enum Shelf {
    /// Nothing written yet; the first rows make the folder.
    Fresh(Place),
    /// An open sled; None after it failed.
    Sled { place: Place, db: Option<sled::Db>, dirty: bool },
    /// In memory only.
    Memory(BTreeMap<Row, Row>),
}

impl Shelf {
    /// Opens a generation, which is made by the first write when it is not there.
    pub(super) fn open(place: Place) -> Result<Self, ShelfError> {
        if !place.sled().is_dir() {
            return Ok(Shelf::Fresh(place));
        }
        let dirty = place.left() != Left::Clean;
        let db = open_sled(&place)?;
        Ok(Shelf::Sled { place, db: Some(db), dirty })
    }

    /// The generation, when it is on disk.
    pub(super) fn place(&self) -> Option<&Place> {
        match self {
            Shelf::Fresh(place) | Shelf::Sled { place, .. } => Some(place),
            Shelf::Memory(_) => None,
        }
    }

    /// One row.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Row>, ShelfError> {
        match self {
            Shelf::Fresh(_) => Ok(None),
            Shelf::Memory(rows) => Ok(rows.get(key).cloned()),
            Shelf::Sled { db, .. } => {
                let db = living(db.as_ref())?;
                fenced(|| Ok(db.get(key)?.map(|row| row.to_vec())))
            }
        }
    }

    /// The rows whose key begins with `prefix`, ascending, to `each`; or from the
    /// end and at most one when `last`.
    pub(super) fn scan(
        &self,
        prefix: &[u8],
        last: bool,
        each: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<(), ShelfError> {
        match self {
            Shelf::Fresh(_) => Ok(()),
            Shelf::Memory(rows) => {
                let within = rows.range(prefix.to_vec()..);
                let mut within = within.take_while(|(key, _)| key.starts_with(prefix));
                if last {
                    within.last().into_iter().for_each(|(key, row)| each(key, row));
                } else {
                    within.by_ref().for_each(|(key, row)| each(key, row));
                }
                Ok(())
            }
            Shelf::Sled { db, .. } => {
                let db = living(db.as_ref())?;
                fenced(|| {
                    let mut rows = db.scan_prefix(prefix);
                    while let Some(found) = if last { rows.next_back() } else { rows.next() } {
                        let (key, row) = found?;
                        each(&key, &row);
                        if last {
                            break;
                        }
                    }
                    Ok(())
                })
            }
        }
    }

    /// Sets all rows, or none.
    pub(super) fn apply(&mut self, rows: BTreeMap<Row, Row>) -> Result<(), ShelfError> {
        if let Shelf::Fresh(place) = self {
            let place = place.clone();
            place.mark_dirty().map_err(|error| ShelfError(error.to_string()))?;
            let db = open_sled(&place)?;
            *self = Shelf::Sled { place, db: Some(db), dirty: true };
        }
        match self {
            Shelf::Fresh(_) => Err(ShelfError("not open".to_owned())),
            Shelf::Memory(held) => {
                held.extend(rows);
                Ok(())
            }
            Shelf::Sled { place, db, dirty } => {
                if !*dirty {
                    place.mark_dirty().map_err(|error| ShelfError(error.to_string()))?;
                    *dirty = true;
                }
                let alive = living(db.as_ref())?;
                let applied = fenced(|| {
                    let mut batch = sled::Batch::default();
                    for (key, row) in rows {
                        batch.insert(key, row);
                    }
                    alive.apply_batch(batch)
                });
                if applied.is_err() {
                    give_up(place, db);
                }
                applied
            }
        }
    }

    /// Hands everything to the kernel and syncs it.
    pub(super) fn flush(&mut self) -> Result<(), ShelfError> {
        let Shelf::Sled { place, db, .. } = self else { return Ok(()) };
        let alive = living(db.as_ref())?;
        let flushed = fenced(|| alive.flush().map(|_| ())).and_then(|()| {
            // sled's own flush never syncs its file.
            let path = place.sled().join("db");
            let synced = place.io.open(&path, Access::Write).and_then(|file| file.sync_data());
            synced.map_err(|error| ShelfError(error.to_string()))
        });
        if flushed.is_err() {
            give_up(place, db);
        }
        flushed
    }

    /// Closes it so that its next opener can trust it.
    pub(super) fn close(&mut self) -> Result<(), ShelfError> {
        let Shelf::Sled { dirty, .. } = self else { return Ok(()) };
        if !*dirty {
            return Ok(());
        }
        self.flush()?;
        let Shelf::Sled { place, db, .. } = self else { return Ok(()) };
        let closing = db.take();
        fenced(|| {
            drop(closing);
            Ok(())
        })?;
        let place = place.clone();
        let said = |error: io::Error| ShelfError(error.to_string());
        // Dropping sled writes once more.
        let path = place.sled().join("db");
        place.io.open(&path, Access::Write).and_then(|file| file.sync_data()).map_err(said)?;
        place.io.sync_dir(&place.sled()).map_err(said)?;
        place.mark_clean().map_err(said)
    }
}

/// A sled that failed is neither used nor dropped: dropping writes.
fn give_up(place: &Place, db: &mut Option<sled::Db>) {
    place.mark_broken("a write to sled failed\n");
    std::mem::forget(db.take());
}

fn living(db: Option<&sled::Db>) -> Result<&sled::Db, ShelfError> {
    db.ok_or_else(|| ShelfError("it failed before".to_owned()))
}

/// How long sled's own lock is waited for. The ledger's lock is ours by now, so it can
/// only be a handle of this very process that its last worker has not let go of yet:
/// sled answers a close before that.
const LINGERING: Duration = Duration::from_secs(5);

fn open_sled(place: &Place) -> Result<sled::Db, ShelfError> {
    let until = Instant::now() + LINGERING;
    loop {
        let opened = fenced(|| {
            sled::Config::new()
                .path(place.sled())
                .cache_capacity(place.cache_bytes)
                .flush_every_ms(None)
                .mode(sled::Mode::HighThroughput)
                .open()
        });
        match opened {
            // sled says so in words alone.
            Err(error) if error.0.contains("could not acquire lock") && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => return other,
        }
    }
}

thread_local! {
    static FENCED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a call into sled so that a panic is an error like another, and silent: a
/// broken index is rebuilt, which is no reason to show a user a stack trace.
fn fenced<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, ShelfError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !FENCED.get() {
                before(info);
            }
        }));
    });
    FENCED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(call));
    FENCED.set(false);
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(ShelfError(format!("sled: {error}"))),
        Err(_) => Err(ShelfError("sled panicked".to_owned())),
    }
}

fn tree_bytes(folder: &Path) -> io::Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        total += if kind.is_dir() { tree_bytes(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(total)
}

fn copy_tree(from: &Path, into: &Path) -> io::Result<()> {
    fs::create_dir(into)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = into.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::io::RealIo;

    #[test]
    fn a_handle_that_lingers_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            io: Arc::new(RealIo),
            ledger: folder.path().to_owned(),
            generation: 1,
            cache_bytes: 1 << 20,
            boot: "a boot".to_owned(),
        };
        let lingering = open_sled(&place).unwrap();
        let letting_go = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            drop(lingering);
        });
        assert!(open_sled(&place).is_ok());
        letting_go.join().unwrap();
    }
}
