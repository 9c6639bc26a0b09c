//! The folded state kept beside the index: a cache in a file of its own. sled
//! would put megabytes into a side file anyway, and hold them in memory.

use std::path::Path;

use super::error::StoreError;
use super::frame::field;
use super::io::{Io, read_whole, replace};
use crate::model::Hash;

const NAME: &str = "state";
const MAGIC: [u8; 8] = *b"CUSTSTAT";
const VERSION: u32 = 1;
const HEADER: usize = 52;
const MAX_BYTES: u64 = 1 << 30;

/// A folded state and what it was folded from.
#[derive(Debug)]
pub struct Folded {
    /// Entries folded.
    pub size: u64,
    /// Chain hash behind them.
    pub chain: Hash,
    /// The state, as whoever folded it has it.
    pub bytes: Vec<u8>,
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

/// What is in the file `state`; none where it is damaged or of another version.
pub fn decode(mut bytes: Vec<u8>) -> Option<Folded> {
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

/// Writes the state in place of the one before. What a power cut leaves is caught by the
/// checksum and can be folded again; it is synced for the sake of file systems without a
/// journal (see `replace`), which a file that lost its clusters makes unfit to write to.
pub(super) fn store(
    io: &dyn Io,
    folder: &Path,
    size: u64,
    chain: &Hash,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let mut whole = Vec::with_capacity(HEADER + bytes.len() + 4);
    whole.extend_from_slice(&MAGIC);
    whole.extend_from_slice(&VERSION.to_be_bytes());
    whole.extend_from_slice(&size.to_be_bytes());
    whole.extend_from_slice(&chain.0);
    whole.extend_from_slice(bytes);
    let crc = crc32c::crc32c(&whole);
    whole.extend_from_slice(&crc.to_be_bytes());
    replace(io, folder, NAME, &whole)
        .map_err(|source| StoreError::io("write", &folder.join(NAME), source))
}
