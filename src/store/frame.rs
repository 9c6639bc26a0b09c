//! One journal frame: the bytes an entry has on disk. `FORMAT-journal.md` is the
//! normative layout.

use crate::model::Hash;
use crate::proof::tree::leaf_hash;

/// 0xFF never occurs in UTF-8, so no note of text can contain what looks like a
/// frame, and the search for frames behind a bad one cannot be misled by one.
pub(super) const MAGIC: [u8; 4] = [0xFF, b'C', b'J', b'F'];
/// The newest frame version known.
pub(super) const VERSION: u16 = 1;
/// Bytes before the note.
pub(super) const HEADER: usize = 56;
/// Bytes behind the note.
pub(super) const TRAILER: usize = 36;
/// The chain hash of the empty ledger.
pub(super) const CHAIN_START: Hash = Hash([0; 32]);

const DOMAIN: &[u8] = b"custody/chain/v1\n";

/// The chain hash behind entry `seq`: SHA-256 over `custody/chain/v1` and a line
/// feed, the chain hash before it (32 bytes; zeros for entry 0), the index (8
/// bytes, big-endian) and the entry's leaf hash. Over the leaf and not the note
/// again: who reads or writes an entry needs its leaf as well.
pub fn chain_hash(previous: &Hash, seq: u64, leaf: &Hash) -> Hash {
    Hash::of(&[DOMAIN, &previous.0, &seq.to_be_bytes(), &leaf.0])
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The file ends, or only zeros follow, where a frame should be.
    #[error("there is no frame where one should begin")]
    Absent,
    /// The frame goes on past the end of the file.
    #[error("its frame is cut off")]
    Cut,
    /// It does not begin with a frame's magic.
    #[error("its frame does not begin like one")]
    Magic,
    /// A frame version this program does not know.
    #[error("its frame has version {0}, which this program does not know")]
    Version(u16),
    /// A note of no bytes.
    #[error("its frame states a length of 0")]
    Length,
    /// The CRC does not fit.
    #[error("its frame's checksum is wrong")]
    Checksum,
    /// The checksum fits and the chain hash does not: not decay, a change.
    #[error("its chain hash does not follow from its bytes: they were changed")]
    Chain,
    /// The frame holds another entry.
    #[error("its frame holds entry {0}")]
    Sequence(u64),
    /// The frame was written after another history.
    #[error("its frame was written after other bytes than stand before it")]
    Link,
}

/// A frame that was read and whose checksum and chain hash fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    /// The entry's index.
    pub(super) seq: u64,
    /// The first index of the commit that wrote it.
    pub(super) start: u64,
    /// Chain hash before this entry.
    pub(super) previous: Hash,
    /// The entry.
    pub(super) note: &'a [u8],
    /// Chain hash behind this entry.
    pub(super) chain: Hash,
}

impl Frame<'_> {
    /// Bytes it takes in the segment.
    pub(super) fn extent(&self) -> u64 {
        extent_of(self.note.len())
    }
}

/// Bytes a frame around a note of `length` bytes takes.
pub(super) fn extent_of(length: usize) -> u64 {
    (HEADER + length + TRAILER) as u64
}

/// Writes the frame of entry `seq` to the end of `out` and returns the chain hash
/// behind it. The caller has checked the note's length.
pub(super) fn encode(
    out: &mut Vec<u8>,
    seq: u64,
    start: u64,
    previous: &Hash,
    note: &[u8],
    leaf: &Hash,
) -> Hash {
    let begin = out.len();
    let length = u16::try_from(note.len()).unwrap_or(u16::MAX);
    let chain = chain_hash(previous, seq, leaf);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&seq.to_be_bytes());
    out.extend_from_slice(&start.to_be_bytes());
    out.extend_from_slice(&previous.0);
    out.extend_from_slice(note);
    out.extend_from_slice(&chain.0);
    let crc = crc32c::crc32c(out.get(begin..).unwrap_or_default());
    out.extend_from_slice(&crc.to_be_bytes());
    chain
}

/// `N` bytes at `at`, if there are that many.
pub(super) fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

/// How many bytes the frame at the beginning of `bytes` says it takes; None when
/// the header is not all there or is no frame's.
pub(super) fn stated_extent(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(&MAGIC) {
        return None;
    }
    let length = u16::from_be_bytes(field(bytes, 6)?);
    Some(HEADER + usize::from(length) + TRAILER)
}

/// Reads the frame at the beginning of `bytes`, which may go on behind it.
pub(super) fn decode(bytes: &[u8]) -> Result<Frame<'_>, Flaw> {
    let magic = bytes.get(..4).ok_or(Flaw::Cut)?;
    if magic != MAGIC {
        return Err(Flaw::Magic);
    }
    let extent = stated_extent(bytes).ok_or(Flaw::Cut)?;
    let whole = bytes.get(..extent).ok_or(Flaw::Cut)?;
    let (body, crc) = whole.split_last_chunk::<4>().ok_or(Flaw::Cut)?;
    if crc32c::crc32c(body) != u32::from_be_bytes(*crc) {
        return Err(Flaw::Checksum);
    }
    let version = u16::from_be_bytes(field(body, 4).ok_or(Flaw::Cut)?);
    if version != VERSION {
        return Err(Flaw::Version(version));
    }
    let seq = u64::from_be_bytes(field(body, 8).ok_or(Flaw::Cut)?);
    let start = u64::from_be_bytes(field(body, 16).ok_or(Flaw::Cut)?);
    let previous = Hash(field(body, 24).ok_or(Flaw::Cut)?);
    let (front, chain) = body.split_last_chunk::<32>().ok_or(Flaw::Cut)?;
    let note = front.get(HEADER..).ok_or(Flaw::Cut)?;
    if note.is_empty() {
        return Err(Flaw::Length);
    }
    let chain = Hash(*chain);
    if chain_hash(&previous, seq, &leaf_hash(note)) != chain {
        return Err(Flaw::Chain);
    }
    Ok(Frame { seq, start, previous, note, chain })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_and_every_flipped_bit_shows() {
        let mut bytes = Vec::new();
        let chain = encode(&mut bytes, 7, 5, &Hash([9; 32]), b"a note", &leaf_hash(b"a note"));
        assert_eq!(bytes.len() as u64, extent_of(6));
        let frame = decode(&bytes).unwrap();
        assert_eq!(
            (frame.seq, frame.start, frame.note, frame.chain),
            (7, 5, &b"a note"[..], chain)
        );
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&flipped).is_err(), "bit {bit}");
        }
        for cut in 0..bytes.len() {
            assert!(decode(&bytes[..cut]).is_err());
        }
    }

    #[test]
    fn a_changed_note_under_a_new_checksum_is_a_change_not_decay() {
        let mut bytes = Vec::new();
        encode(&mut bytes, 0, 0, &CHAIN_START, b"a note", &leaf_hash(b"a note"));
        bytes[HEADER] ^= 1;
        let body = bytes.len() - 4;
        let crc = crc32c::crc32c(&bytes[..body]);
        bytes[body..].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(decode(&bytes).unwrap_err(), Flaw::Chain);
    }
}
