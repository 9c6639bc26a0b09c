//! The head file: how many entries were acknowledged, in two slots written in
//! turn, so that a torn write spoils the older one only.

use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::frame::{CHAIN_START, field};
use super::io::{Access, Io, IoFile};
use crate::model::Hash;
use crate::proof::tree::empty_root;

/// The file's name in the ledger's folder.
pub(super) const NAME: &str = "head";
/// Slots lie this far apart: no sector and no page holds both.
const STRIDE: u64 = 4096;
const MAGIC: [u8; 8] = *b"CUSTHEAD";
const VERSION: u32 = 1;
const SLOT_BYTES: usize = 88;

/// What one slot states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) size: u64,
    pub(super) chain: Hash,
    pub(super) root: Hash,
}

impl Slot {
    /// The head of a ledger without entries.
    pub(super) fn empty() -> Self {
        Slot { size: 0, chain: CHAIN_START, root: empty_root() }
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(SLOT_BYTES);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&self.size.to_be_bytes());
        out.extend_from_slice(&self.chain.0);
        out.extend_from_slice(&self.root.0);
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_be_bytes());
        out
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, crc) = bytes.get(..SLOT_BYTES)?.split_last_chunk::<4>()?;
        let sound = body.starts_with(&MAGIC)
            && field(body, 8) == Some(VERSION.to_be_bytes())
            && crc32c::crc32c(body) == u32::from_be_bytes(*crc);
        if !sound {
            return None;
        }
        Some(Slot {
            size: u64::from_be_bytes(field(body, 12)?),
            chain: Hash(field(body, 20)?),
            root: Hash(field(body, 52)?),
        })
    }
}

/// An open head file.
#[derive(Debug)]
pub(super) struct HeadFile {
    path: PathBuf,
    file: Box<dyn IoFile>,
    slots: [Option<Slot>; 2],
}

impl HeadFile {
    /// Makes the file, or makes it anew, with both slots stating `slot`, durable
    /// but for its name in the folder.
    pub(super) fn create(io: &dyn Io, path: &Path, slot: Slot) -> Result<Self, StoreError> {
        let failed = |source| StoreError::io("create", path, source);
        let file = io.open(path, Access::Create).map_err(failed)?;
        let mut bytes = slot.encode();
        bytes.resize(STRIDE as usize, 0);
        let twice = bytes.repeat(2);
        file.write_at(&twice, 0).map_err(failed)?;
        file.sync_data().map_err(failed)?;
        Ok(HeadFile { path: path.to_owned(), file, slots: [Some(slot); 2] })
    }

    /// Opens the file; None when it is not there. Slots that cannot be read are
    /// None in [`HeadFile::slots`].
    pub(super) fn open(
        io: &dyn Io,
        path: &Path,
        access: Access,
    ) -> Result<Option<Self>, StoreError> {
        let failed = |source| StoreError::io("read", path, source);
        let file = match io.open(path, access) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = [0; STRIDE as usize + SLOT_BYTES];
        let count = file.read_at(&mut bytes, 0).map_err(failed)?;
        let bytes = bytes.get(..count).unwrap_or_default();
        let second = bytes.get(STRIDE as usize..).unwrap_or_default();
        let slots = [Slot::decode(bytes), Slot::decode(second)];
        Ok(Some(HeadFile { path: path.to_owned(), file, slots }))
    }

    /// The slots as they can be read.
    pub(super) fn slots(&self) -> [Option<Slot>; 2] {
        self.slots
    }

    /// The slot that states more entries.
    pub(super) fn newest(&self) -> Option<Slot> {
        self.slots.into_iter().flatten().max_by_key(|slot| slot.size)
    }

    /// Writes `slot` over the older or unreadable one. Durable after Ok. After an
    /// error the file must be opened again before the next write.
    pub(super) fn write(&mut self, slot: Slot) -> std::io::Result<()> {
        let [first, second] = self.slots;
        let into_second = match (first, second) {
            (None, _) => false,
            (_, None) => true,
            (Some(first), Some(second)) => second.size <= first.size,
        };
        let offset = if into_second { STRIDE } else { 0 };
        self.file.write_at(&slot.encode(), offset)?;
        self.file.sync_data()?;
        self.slots = if into_second { [first, Some(slot)] } else { [Some(slot), second] };
        Ok(())
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_of_a_slot_shows() {
        let slot = Slot { size: 7, chain: Hash([1; 32]), root: Hash([2; 32]) };
        let bytes = slot.encode();
        assert_eq!(bytes.len(), SLOT_BYTES);
        assert_eq!(Slot::decode(&bytes), Some(slot));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Slot::decode(&flipped), None, "bit {bit}");
        }
    }
}
