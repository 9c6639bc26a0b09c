//! A log as static files (c2sp.org/tlog-tiles): a folder that any web server or share
//! hands out. Tiles are durable before the checkpoint is replaced, so whoever fetches the
//! checkpoint finds every tile it needs, also after a stop half way.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::StoreError;
use super::file::Options;
use super::io::{Access, Io, read_whole};
use super::{MAX_NOTE_BYTES, checkpoint};
use crate::proof::tiles::{TILE_WIDTH, TileKind, TilePath, decode_bundle};

/// The folder of one published log.
#[derive(Debug)]
pub struct Published {
    io: Arc<dyn Io>,
    folder: PathBuf,
    /// Folders with names that may not be durable yet.
    touched: BTreeSet<PathBuf>,
}

impl Published {
    /// The log in `folder`, which need not exist.
    pub fn at(folder: &Path, options: &Options) -> Self {
        let io = Arc::clone(&options.io);
        Published { io, folder: folder.to_owned(), touched: BTreeSet::new() }
    }

    /// The checkpoint's bytes; none where nothing has been published.
    ///
    /// # Errors
    /// What the file system says.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.folder.join(checkpoint::NAME);
        read_whole(&*self.io, &path, checkpoint::MAX_BYTES)
            .map_err(|source| StoreError::io("read", &path, source))
    }

    /// The bytes of a tile; of a partial one that is gone, since the full one is there,
    /// those that it had.
    ///
    /// # Errors
    /// What the file system says.
    pub fn tile(&self, tile: TilePath) -> Result<Option<Vec<u8>>, StoreError> {
        let whole = self.read(tile)?;
        if whole.is_some() || tile.width() == TILE_WIDTH {
            return Ok(whole);
        }
        let Ok(full) = TilePath::new(tile.kind(), tile.index(), TILE_WIDTH) else {
            return Ok(None);
        };
        let Some(mut bytes) = self.read(full)? else { return Ok(None) };
        let width = usize::from(tile.width());
        let length = match tile.kind() {
            TileKind::Hashes(_) => Some(width * 32),
            TileKind::Entries => decode_bundle(&bytes, TILE_WIDTH)
                .ok()
                .map(|entries| entries.iter().take(width).map(|entry| entry.len() + 2).sum()),
        };
        Ok(length.filter(|length| *length <= bytes.len()).map(|length| {
            bytes.truncate(length);
            bytes
        }))
    }

    fn read(&self, tile: TilePath) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.folder.join(tile.to_string());
        let entries = (MAX_NOTE_BYTES as u64 + 2) * u64::from(TILE_WIDTH);
        match read_whole(&*self.io, &path, entries) {
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
            read => read.map_err(|source| StoreError::io("read", &path, source)),
        }
    }

    /// Puts a tile in its place. Durable after [`Published::settle`].
    ///
    /// # Errors
    /// What the file system says.
    pub fn put(&mut self, tile: TilePath, bytes: &[u8]) -> Result<(), StoreError> {
        self.replace(&self.folder.join(tile.to_string()), bytes)
    }

    /// Makes every tile that was put durable, then replaces the checkpoint, durably.
    ///
    /// # Errors
    /// What the file system says.
    pub fn settle(&mut self, checkpoint: &[u8]) -> Result<(), StoreError> {
        self.sync_folders()?;
        self.replace(&self.folder.join(checkpoint::NAME), checkpoint)?;
        self.sync_folders()
    }

    /// Removes the partial tiles that came before a full one. Nobody needs them any
    /// more, so that it fails harms nobody.
    pub fn forget_partial(&self, full: TilePath) {
        let folder = self.folder.join(format!("{full}.p"));
        for name in self.io.list(&folder).unwrap_or_default() {
            let _ = self.io.remove(&folder.join(name));
        }
        let _ = std::fs::remove_dir(&folder);
    }

    fn replace(&mut self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let parent = path.parent().unwrap_or(&self.folder).to_owned();
        self.make_folder(&parent)?;
        let failed = |source| StoreError::io("write", path, source);
        // A name of its own, since two programs may publish into one folder at once.
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let fresh = parent.join(format!(".{name}.{}", std::process::id()));
        let file = self.io.open(&fresh, Access::Create).map_err(failed)?;
        file.truncate(0).map_err(failed)?;
        file.write_at(bytes, 0).map_err(failed)?;
        file.sync_data().map_err(failed)?;
        let before = self.io.open(path, Access::Read);
        self.io.rename(&fresh, path).map_err(failed)?;
        // What is published may lie on a stick with FAT: see `replace` in io.rs.
        file.sync_data().map_err(failed)?;
        drop(before);
        self.touched.insert(parent);
        Ok(())
    }

    /// Makes a folder below ours, and those it stands in.
    fn make_folder(&mut self, folder: &Path) -> Result<(), StoreError> {
        if self.touched.contains(folder) {
            return Ok(());
        }
        if folder != self.folder
            && let Some(parent) = folder.parent()
        {
            self.make_folder(parent)?;
            self.touched.insert(parent.to_owned());
        }
        self.io.create_dir(folder).map_err(|source| StoreError::io("create", folder, source))
    }

    fn sync_folders(&mut self) -> Result<(), StoreError> {
        for folder in std::mem::take(&mut self.touched) {
            match self.io.sync_dir(&folder) {
                // A share may know no such thing as a folder that is synced.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                    ) => {}
                synced => synced.map_err(|source| StoreError::io("sync", &folder, source))?,
            }
        }
        Ok(())
    }
}
