//! A few sectors of an area, and what they look like.
//!
//! Good encryption is indistinguishable from random bytes, so a sector that is
//! plainly not random was not encrypted. The other direction does not hold:
//! random-looking bytes may be a compressed archive.

use std::ops::Range;

use super::disk::{Disk, read};

/// Bytes of one sample.
const SAMPLE: u64 = 4096;
/// Samples of one area.
const SAMPLES: u64 = 32;
/// An area up to this size is read as a whole.
const WHOLE: u64 = 256 * 1024;
/// Bytes judged at a time: what is written at once is no smaller.
const SECTOR: usize = 512;

/// What was seen in an area.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// Sectors of one repeated byte.
    pub blank: u32,
    /// Sectors that no cipher would leave.
    pub readable: u32,
    /// Sectors that could be random.
    pub random: u32,
    /// Samples that could not be read.
    pub failed: u32,
}

impl Look {
    /// Whether nothing is written there, as far as was seen.
    #[must_use]
    pub fn is_blank(self) -> bool {
        self.readable == 0 && self.random == 0 && self.failed == 0
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Look) -> Look {
        Look {
            blank: self.blank.saturating_add(other.blank),
            readable: self.readable.saturating_add(other.readable),
            random: self.random.saturating_add(other.random),
            failed: self.failed.saturating_add(other.failed),
        }
    }

    /// Looks at bytes that are at hand.
    #[must_use]
    pub fn at(bytes: &[u8]) -> Look {
        let mut look = Look::default();
        for sector in bytes.chunks(SECTOR) {
            let count = match sector_look(sector) {
                Sector::Blank => &mut look.blank,
                Sector::Readable => &mut look.readable,
                Sector::Random => &mut look.random,
            };
            *count = count.saturating_add(1);
        }
        look
    }
}

enum Sector {
    Blank,
    Readable,
    Random,
}

/// Chi-square over 256 byte values above which a sector is not random. For random
/// bytes it is 255 on average with a standard deviation of about 23, so that 600 is
/// out of reach; text, tables and programs give thousands.
const READABLE_FROM: u64 = 600;

fn sector_look(sector: &[u8]) -> Sector {
    // Most of a drive is blank, and telling so is cheaper than counting.
    if sector.first().is_none_or(|first| sector.iter().all(|byte| byte == first)) {
        return Sector::Blank;
    }
    // An odd end of an image, too short to say more of.
    if sector.len() < SECTOR / 2 {
        return Sector::Random;
    }
    let mut counts = [0_u64; 256];
    for byte in sector {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let length = sector.len() as u64;
    // With the expected count e = length / 256: sum (n - e)^2 / e = sum n^2 / e - length.
    let squares: u64 = counts.iter().map(|count| count * count).sum();
    let chi_square = (squares * 256 / length.max(1)).saturating_sub(length);
    if chi_square > READABLE_FROM { Sector::Readable } else { Sector::Random }
}

/// Samples of one area, in the order in which they lie; the first is its front.
#[derive(Debug, Default)]
pub struct Samples {
    /// What was read.
    pub parts: Vec<Vec<u8>>,
    /// How many could not be read.
    pub failed: u32,
}

impl Samples {
    /// What they look like.
    #[must_use]
    pub fn look(&self) -> Look {
        let seen = self.parts.iter().map(|part| Look::at(part)).fold(Look::default(), Look::and);
        Look { failed: self.failed, ..seen }
    }
}

/// Reads up to 32 samples spread evenly over an area, its first and last bytes among
/// them; all of a small one. The places are the same every time, so that two probes
/// of one medium can be compared.
#[must_use]
pub fn gather(disk: &dyn Disk, area: &Range<u64>) -> Samples {
    let end = area.end.min(disk.size());
    let length = end.saturating_sub(area.start);
    let small = length <= WHOLE;
    let count = if small { length.div_ceil(SAMPLE) } else { SAMPLES };
    let room = length.saturating_sub(SAMPLE);
    let mut samples = Samples::default();
    for number in 0..count {
        let spread = u128::from(room) * u128::from(number) / u128::from(count.max(2) - 1);
        let spread = u64::try_from(spread).unwrap_or(u64::MAX);
        // Where sectors begin, as far as the area itself begins at one.
        let sector = SECTOR as u64;
        let at = if small { number.saturating_mul(SAMPLE) } else { spread / sector * sector };
        let at = area.start.saturating_add(at);
        let wanted = usize::try_from(SAMPLE.min(end.saturating_sub(at))).unwrap_or(0);
        match read(disk, at, wanted) {
            Ok(bytes) => samples.parts.push(bytes),
            Err(_) => samples.failed = samples.failed.saturating_add(1),
        }
    }
    samples
}

/// What the samples of an area look like.
#[must_use]
pub fn look(disk: &dyn Disk, area: &Range<u64>) -> Look {
    gather(disk, area).look()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn random(length: usize, seed: u8) -> Vec<u8> {
        let blocks = (0..length.div_ceil(32))
            .map(|n| Sha256::digest([&[seed], &n.to_le_bytes()[..]].concat()));
        let mut bytes: Vec<u8> = blocks.flat_map(|block| block.to_vec()).collect();
        bytes.truncate(length);
        bytes
    }

    #[test]
    fn random_sectors_never_count_as_readable() {
        let look = Look::at(&random(8 << 20, 1));
        assert_eq!((look.readable, look.blank, look.random), (0, 0, 16_384));
    }

    #[test]
    fn text_tables_and_little_tails_are_readable() {
        let prose = "The drive is in the drawer of the second cabinet, said the clerk. ".repeat(8);
        let mut tail = random(64, 2);
        tail.resize(512, 0);
        let table: Vec<u8> = (0..128_u32).flat_map(|n| (n * 3 + 2).to_le_bytes()).collect();
        for bytes in [prose.as_bytes(), &tail, &table] {
            assert_eq!(Look::at(bytes).readable, 1);
        }
        let end = Look::at(&[&[0; 1024][..], b"the end"].concat());
        assert_eq!((end.blank, end.random), (2, 1));
        assert!(Look::at(&[0; 4096]).is_blank() && Look::at(&[0xFF; 4096]).is_blank());
    }

    #[test]
    fn a_large_area_is_seen_from_end_to_end() {
        let mut disk = vec![0_u8; 8 << 20];
        let area = 4096..(8 << 20);
        assert!(look(&disk, &area).is_blank());
        assert_eq!(look(&disk, &area).blank, 32 * 8);
        disk[(8 << 20) - 1] = 1;
        assert_eq!(look(&disk, &area).readable, 1);
        disk[4096] = 1;
        assert_eq!(look(&disk, &area).readable, 2);
        assert_eq!(look(&disk, &(0..u64::MAX)).readable, 1);
        assert_eq!(look(&disk, &(u64::MAX - 5..u64::MAX)), Look::default());
    }
}
