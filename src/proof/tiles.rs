//! Static export of a log (c2sp.org/tlog-tiles): resource paths, hash tiles and
//! entry bundles, as pure functions.

use std::fmt;
use std::str::FromStr;

use crate::model::Hash;
use crate::proof::checkpoint::{SIZE_MAX, decimal};

/// Hashes or entries in a full tile.
pub const TILE_WIDTH: u16 = 256;
/// Largest entry in bytes: its length is written in 16 bits.
pub const ENTRY_MAX: usize = 65_535;
/// Bytes of one hash.
const HASH_LEN: usize = 32;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of the tree at level 0 (leaf hashes) to 63.
    Hashes(u8),
    /// The log entries under the level 0 tile of the same index.
    Entries,
}

/// The name of one tile: kind, index within its level, and width (1 to 256; less
/// than 256 is a partial tile). Written as `tile/0/x001/067` or
/// `tile/entries/000.p/5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u16,
}

/// Why a text or values name no tile, or bytes are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// The path is not a canonical tile path.
    #[error("not a tile path such as tile/0/x001/067 or tile/entries/000.p/5")]
    Path,
    /// The level is above 63.
    #[error("a tile's level is 0 to 63, not {0}")]
    Level(u8),
    /// The index is above 2^63 - 1.
    #[error("a tile's index is at most 2^63 - 1, not {0}")]
    Index(u64),
    /// The width is not 1 to 256.
    #[error("a tile is 1 to 256 wide, not {0}")]
    Width(u16),
    /// The bytes are not as many as the width says.
    #[error("the tile's bytes end at {found}, {expected} were expected")]
    Length {
        /// Bytes expected.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// An entry is larger than [`ENTRY_MAX`].
    #[error("entry {at} of the bundle has {len} bytes; at most 65535 fit")]
    EntryTooLarge {
        /// Position in the bundle.
        at: usize,
        /// Its length in bytes.
        len: usize,
    },
    /// A bundle ends inside an entry or holds fewer entries than its width.
    #[error("the bundle is cut short in entry {0}")]
    Cut(usize),
    /// Bytes behind the last entry of a bundle.
    #[error("the bundle has {0} bytes behind its last entry")]
    Trailing(usize),
}

impl TilePath {
    /// Names a tile.
    ///
    /// # Errors
    /// [`TileError::Level`], [`TileError::Index`] or [`TileError::Width`].
    pub fn new(kind: TileKind, index: u64, width: u16) -> Result<Self, TileError> {
        match kind {
            TileKind::Hashes(level) if level > 63 => Err(TileError::Level(level)),
            _ if index > SIZE_MAX => Err(TileError::Index(index)),
            _ if width == 0 || width > TILE_WIDTH => Err(TileError::Width(width)),
            _ => Ok(TilePath { kind, index, width }),
        }
    }

    /// What the tile holds.
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// Its index within its level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut power: u64 = 1;
        while self.index / power >= 1000 {
            power *= 1000;
        }
        while power > 1 {
            write!(f, "x{:03}/", self.index / power % 1000)?;
            power /= 1000;
        }
        write!(f, "{:03}", self.index % 1000)?;
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for TilePath {
    type Err = TileError;

    fn from_str(text: &str) -> Result<Self, TileError> {
        let parsed = parse_path(text).ok_or(TileError::Path)?;
        // Printing again is the test for leading `x000` groups and the like.
        if parsed.to_string() == text { Ok(parsed) } else { Err(TileError::Path) }
    }
}

fn parse_path(text: &str) -> Option<TilePath> {
    let (kind, rest) = text.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        level => TileKind::Hashes(u8::try_from(decimal(level)?).ok()?),
    };
    let (number, width) = match rest.split_once(".p/") {
        Some((number, width)) => (number, u16::try_from(decimal(width)?).ok()?),
        None => (rest, TILE_WIDTH),
    };
    let mut index: u64 = 0;
    for group in number.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    TilePath::new(kind, index, width).ok()
}

/// Every hash tile and entry bundle that a log of `size` entries publishes,
/// lowest level first, the partial ones last in their level, then the bundles.
pub fn tiles_of(size: u64) -> impl Iterator<Item = TilePath> {
    let levels = (0..8u8).map(move |level| (TileKind::Hashes(level), size >> (8 * level)));
    levels.chain([(TileKind::Entries, size)]).flat_map(|(kind, hashes)| {
        let full = (0..hashes >> 8).map(move |index| TilePath { kind, index, width: TILE_WIDTH });
        let rest = u16::try_from(hashes & 0xff).unwrap_or(0);
        let partial = TilePath { kind, index: hashes >> 8, width: rest };
        full.chain((rest > 0).then_some(partial))
    })
}

/// The bytes of a hash tile: its hashes one after the other.
///
/// # Errors
/// [`TileError::Width`] unless there are 1 to 256 hashes.
pub fn encode_tile(hashes: &[Hash]) -> Result<Vec<u8>, TileError> {
    check_width(hashes.len())?;
    Ok(hashes.iter().flat_map(|hash| hash.0).collect())
}

/// The hashes in the bytes of a tile of `width`.
///
/// # Errors
/// [`TileError::Length`] when the bytes are not exactly `width` hashes.
pub fn decode_tile(bytes: &[u8], width: u16) -> Result<Vec<Hash>, TileError> {
    let expected = usize::from(width) * HASH_LEN;
    if bytes.len() != expected {
        return Err(TileError::Length { expected, found: bytes.len() });
    }
    let (hashes, _) = bytes.as_chunks::<HASH_LEN>();
    Ok(hashes.iter().copied().map(Hash).collect())
}

/// The bytes of an entry bundle: each entry behind its big-endian 16-bit length.
///
/// # Errors
/// [`TileError::Width`] unless there are 1 to 256 entries;
/// [`TileError::EntryTooLarge`].
pub fn encode_bundle(entries: &[&[u8]]) -> Result<Vec<u8>, TileError> {
    check_width(entries.len())?;
    let mut bytes = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let len = u16::try_from(entry.len())
            .map_err(|_| TileError::EntryTooLarge { at, len: entry.len() })?;
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// The entries in the bytes of a bundle of `width`.
///
/// # Errors
/// [`TileError::Cut`] or [`TileError::Trailing`].
pub fn decode_bundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, TileError> {
    let mut rest = bytes;
    let mut entries = Vec::with_capacity(usize::from(width.min(TILE_WIDTH)));
    for at in 0..usize::from(width) {
        let (len, behind) = rest.split_first_chunk::<2>().ok_or(TileError::Cut(at))?;
        let len = usize::from(u16::from_be_bytes(*len));
        let (entry, behind) = behind.split_at_checked(len).ok_or(TileError::Cut(at))?;
        entries.push(entry);
        rest = behind;
    }
    if rest.is_empty() { Ok(entries) } else { Err(TileError::Trailing(rest.len())) }
}

fn check_width(len: usize) -> Result<(), TileError> {
    match u16::try_from(len) {
        Ok(width) if (1..=TILE_WIDTH).contains(&width) => Ok(()),
        Ok(width) => Err(TileError::Width(width)),
        Err(_) => Err(TileError::Width(u16::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(kind: TileKind, index: u64, width: u16) -> String {
        TilePath::new(kind, index, width).expect("tile").to_string()
    }

    #[test]
    fn paths_of_the_specification() {
        assert_eq!(path(TileKind::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(TileKind::Hashes(0), 1067, 5), "tile/0/x001/067.p/5");
        assert_eq!(path(TileKind::Hashes(63), 0, 256), "tile/63/000");
        assert_eq!(path(TileKind::Entries, 999, 1), "tile/entries/999.p/1");
        let most = path(TileKind::Hashes(0), SIZE_MAX, 256);
        assert_eq!(most, "tile/0/x009/x223/x372/x036/x854/x775/807");
        assert_eq!(most.parse::<TilePath>().expect("parses").index(), SIZE_MAX);
    }

    #[test]
    fn second_spellings_of_a_path_are_refused() {
        for text in [
            "tile/0/x000/067",
            "tile/00/067",
            "tile/64/067",
            "tile/0/67",
            "tile/0/1067",
            "tile/0/001/067",
            "tile/0/x067",
            "tile/0/067.p/256",
            "tile/0/067.p/0",
            "tile/0/067.p/05",
            "/tile/0/067",
            "tile/0/067/",
            "tile/entry/067",
            "tile/0/",
            "tile/0/x009/x223/x372/x036/x854/x775/808",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(text.parse::<TilePath>(), Err(TileError::Path), "{text}");
        }
        assert_eq!(TilePath::new(TileKind::Hashes(64), 0, 1), Err(TileError::Level(64)));
        assert_eq!(TilePath::new(TileKind::Entries, 0, 0), Err(TileError::Width(0)));
        assert_eq!(TilePath::new(TileKind::Entries, 0, 257), Err(TileError::Width(257)));
        assert_eq!(TilePath::new(TileKind::Entries, u64::MAX, 1), Err(TileError::Index(u64::MAX)));
    }

    #[test]
    fn the_specifications_log_of_70_000_entries() {
        let hashes = |level| {
            let of_level = tiles_of(70_000).filter(move |t| t.kind() == TileKind::Hashes(level));
            let widths: Vec<u16> = of_level.map(|t| t.width()).collect();
            (widths.len(), widths.last().copied())
        };
        assert_eq!(hashes(0), (274, Some(112)));
        assert_eq!(hashes(1), (2, Some(17)));
        assert_eq!(hashes(2), (1, Some(1)));
        assert_eq!(hashes(3), (0, None));
        let bundles: Vec<TilePath> =
            tiles_of(70_000).filter(|t| t.kind() == TileKind::Entries).collect();
        assert_eq!(bundles.len(), 274);
        assert_eq!(
            tiles_of(256).map(|t| t.to_string()).collect::<Vec<_>>(),
            ["tile/0/000", "tile/1/000.p/1", "tile/entries/000",]
        );
        assert_eq!(tiles_of(0).count(), 0);
    }

    #[test]
    fn bundles_that_do_not_add_up_are_refused() {
        let bytes = encode_bundle(&[b"one", b"", b"three"]).expect("bundle");
        assert_eq!(bytes, b"\0\x03one\0\0\0\x05three");
        let entries: Vec<&[u8]> = vec![b"one", b"", b"three"];
        assert_eq!(decode_bundle(&bytes, 3), Ok(entries));
        assert_eq!(decode_bundle(&bytes, 4), Err(TileError::Cut(3)));
        assert_eq!(decode_bundle(&bytes[..9], 3), Err(TileError::Cut(2)));
        assert_eq!(decode_bundle(&bytes, 2), Err(TileError::Trailing(7)));
        let large = vec![0; ENTRY_MAX + 1];
        let refused = TileError::EntryTooLarge { at: 0, len: ENTRY_MAX + 1 };
        assert_eq!(encode_bundle(&[&large]), Err(refused));
        assert!(encode_bundle(&[&large[1..]]).is_ok());
        assert_eq!(encode_bundle(&[]), Err(TileError::Width(0)));
        let tile = encode_tile(&[Hash([7; 32]); 256]).expect("tile");
        assert_eq!(tile.len(), 8192);
        assert_eq!(decode_tile(&tile, 256), Ok(vec![Hash([7; 32]); 256]));
        let short = TileError::Length { expected: 8192, found: 8191 };
        assert_eq!(decode_tile(&tile[1..], 256), Err(short));
        assert_eq!(encode_tile(&[Hash([7; 32]); 257]), Err(TileError::Width(257)));
    }

    proptest! {
        #[test]
        fn paths_round_trip(level in 0u8..64, index in 0..=SIZE_MAX, width in 1u16..=256) {
            for kind in [TileKind::Hashes(level), TileKind::Entries] {
                let tile = TilePath::new(kind, index, width).expect("tile");
                prop_assert_eq!(tile.to_string().parse(), Ok(tile));
            }
        }

        #[test]
        fn bundles_round_trip(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..20)) {
            let slices: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
            let bytes = encode_bundle(&slices).expect("bundle");
            prop_assert_eq!(decode_bundle(&bytes, u16::try_from(slices.len()).expect("small")), Ok(slices));
        }
    }
}
