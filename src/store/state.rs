//! The folded state kept beside the index: a cache in a file of its own. sled
//! would put megabytes into a side file anyway, and hold them in memory.

use std::path::Path;

use super::error::StoreError;
use super::frame::field;
use super::io::{Access, Io, read_whole};
use crate::model::Hash;

const NAME: &str = "state";
const MAGIC: [u8; 8] = *b"CUSTSTAT";
const VERSION: u32 = 1;
const HEADER: usize = 52;
const MAX_BYTES: u64 = 1 << 30;

/// A folded state and what it was folded from.
#[derive(Debug)]
pub(super) struct Folded {
    /// Entries folded.
    pub(super) size: u64,
    /// Chain hash behind them.
    pub(super) chain: Hash,
    /// The state.
    pub(super) bytes: Vec<u8>,
}

/// Reads the state; None when there is none or it is damaged.
pub(super) fn load(io: &dyn Io, folder: &Path) -> Result<Option<Folded>, StoreError> {
    let path = folder.join(NAME);
    match read_whole(io, &path, MAX_BYTES) {
        Ok(bytes) => Ok(bytes.and_then(decode)),
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => Ok(None),
        Err(error) => Err(StoreError::io("read", &path, error)),
    }
}

fn decode(mut bytes: Vec<u8>) -> Option<Folded> {
    let (body, crc) = bytes.split_last_chunk::<4>()?;
    let sound = body.len() >= HEADER
        && body.starts_with(&MAGIC)
        && field(body, 8) == Some(VERSION.to_be_bytes())
        && crc32c::crc32c(body) == u32::from_be_bytes(*crc);
    if !sound {
        return None;
    }
    let size = u64::from_be_bytes(field(body, 12)?);
    let chain = Hash(field(body, 20)?);
    let end = body.len();
    bytes.truncate(end);
    bytes.drain(..HEADER);
    Some(Folded { size, chain, bytes })
}

/// Writes the state in place of the one before. Whole or not, but not synced: what
/// a power cut leaves is caught by the checksum, and can be folded again.
pub(super) fn store(
    io: &dyn Io,
    folder: &Path,
    size: u64,
    chain: &Hash,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let path = folder.join(NAME);
    let failed = |source| StoreError::io("write", &path, source);
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(&MAGIC);
    header.extend_from_slice(&VERSION.to_be_bytes());
    header.extend_from_slice(&size.to_be_bytes());
    header.extend_from_slice(&chain.0);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&header), bytes);
    let fresh = folder.join("state.new");
    let file = io.open(&fresh, Access::Create).map_err(failed)?;
    file.truncate(0).map_err(failed)?;
    file.write_at(&header, 0).map_err(failed)?;
    file.write_at(bytes, HEADER as u64).map_err(failed)?;
    file.write_at(&crc.to_be_bytes(), (HEADER + bytes.len()) as u64).map_err(failed)?;
    io.rename(&fresh, &path).map_err(failed)
}
