//! Whether bytes look random.
//!
//! Encryption without a header (VeraCrypt, dm-crypt's plain mode) cannot be told from
//! random bytes: that is its purpose. So "looks random" means *opaque, not proven
//! encrypted*, and a drive that was overwritten with random bytes looks the same.
//!
//! What can be told apart is most of what is merely compressed. Chi-square on bytes
//! alone passes much of it; the other tests look where Huffman codes and block
//! headers leave traces. LZMA (xz, 7z) leaves none and passes all of them.
//! `docs/opaque.md` has the measured rates and the command that measures them.

use std::collections::HashSet;

/// Bytes that one sample should have. Others are taken as well.
pub const SAMPLE_BYTES: usize = 4096;

/// Fewer bytes than this say nothing.
pub const MIN_BYTES: u64 = 64 << 10;

/// How far a test may be off, in standard deviations. By the normal approximation
/// random bytes are further off in one of 300,000 areas, all five tests together; the
/// tails are not quite normal, and `docs/opaque.md` says in how many none was.
const FAR: f64 = 5.0;

/// Bits in a window, and bytes in a piece: long enough to see codes of several bits,
/// short enough that the samples fill every count.
const WINDOW: u32 = 12;
const PIECE: usize = 64;

/// What was measured on the samples of one area. Samples of one byte value throughout
/// are counted and take no part in the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Bytes measured.
    pub bytes: u64,
    /// Samples measured.
    pub samples: u32,
    /// Samples that are one byte value throughout: space that was never written, or
    /// erased or trimmed since.
    pub constant_samples: u32,
    /// Chi-square of the byte values, with 255 degrees of freedom: about 255 for
    /// random bytes. 0 without bytes.
    pub chi_square: f64,
    /// Bits of entropy in a byte value, 0 to 8.
    pub entropy: f64,
    /// How far each test is from what random bytes have.
    pub deviations: Deviations,
    /// 16-byte blocks at multiples of 16 that occurred before. Random bytes have none
    /// and neither has a sound mode; AES without chaining or tweak has.
    pub repeated_blocks: u64,
    /// The file format whose mark stands at the very front.
    pub format: Option<&'static str>,
    /// Every sample holds something, all tests agree with random bytes, and no known
    /// format begins here. False where there are fewer than [`MIN_BYTES`] bytes.
    pub looks_random: bool,
    /// The same but for constant samples, of which there are some. So looks an
    /// encrypted drive whose free space was not filled with random bytes.
    pub random_where_written: bool,
}

/// Distances from what random bytes have, in standard deviations. Either sign counts:
/// bytes that are more even than chance are not random either.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Deviations {
    /// Chi-square of the byte values.
    pub bytes: f64,
    /// Serial correlation of neighbouring bytes.
    pub serial: f64,
    /// Windows of 12 bits beginning at every bit, the lowest bit of a byte first, as
    /// in deflate.
    pub low_bit_first: f64,
    /// The same with the highest bit first, as in JPEG and bzip2.
    pub high_bit_first: f64,
    /// How unevenly ones are spread over pieces of 64 bytes.
    pub pieces: f64,
}

impl Deviations {
    /// All of them, in the order of the fields.
    #[must_use]
    pub fn all(&self) -> [f64; 5] {
        [self.bytes, self.serial, self.low_bit_first, self.high_bit_first, self.pieces]
    }
}

/// Measures the samples of one area, in the order in which they lie. The first one is
/// its front. They should not overlap.
#[must_use]
pub fn measure<'a>(samples: impl IntoIterator<Item = &'a [u8]>) -> Measure {
    let mut counts = Counts::default();
    let mut format = None;
    let mut constant_samples = 0_u32;
    for (number, sample) in samples.into_iter().enumerate() {
        if number == 0 {
            format = known_format(sample);
        }
        if sample.windows(2).all(|pair| matches!(pair, [a, b] if a == b)) {
            constant_samples = constant_samples.saturating_add(u32::from(!sample.is_empty()));
        } else {
            counts.add(sample);
        }
    }
    let deviations = counts.deviations();
    let enough = counts.total() >= MIN_BYTES;
    let random = enough
        && format.is_none()
        && counts.repeated == 0
        && deviations.all().iter().all(|distance| distance.abs() < FAR);
    Measure {
        bytes: counts.total(),
        samples: counts.samples,
        constant_samples,
        chi_square: chi_square(&counts.values),
        entropy: entropy(&counts.values),
        deviations,
        repeated_blocks: counts.repeated,
        format,
        looks_random: random && constant_samples == 0,
        random_where_written: random && constant_samples > 0,
    }
}

/// The compressed format that an area beginning like this holds, as far as its mark
/// is of at least three bytes: shorter ones stand at the front of many a random area.
/// Files of encryption programs are not among them, for they are no plain text.
#[must_use]
pub fn known_format(front: &[u8]) -> Option<&'static str> {
    const MARKS: &[(usize, &[u8], &str)] = &[
        (0, b"\xFD7zXZ\0", "xz"),
        (0, b"7z\xBC\xAF\x27\x1C", "7z"),
        (0, b"LZIP\x01", "lzip"),
        (0, b"\x1F\x8B\x08", "gzip"),
        (0, b"\x28\xB5\x2F\xFD", "zstd"),
        (0, b"\x04\x22\x4D\x18", "lz4"),
        (0, b"BZh", "bzip2"),
        (0, b"PK\x03\x04", "zip"),
        (0, b"Rar!\x1A\x07", "rar"),
        (0, b"\xFF\xD8\xFF", "jpeg"),
        (0, b"\x89PNG\r\n", "png"),
        (4, b"ftyp", "mp4"),
        (0, b"\x1A\x45\xDF\xA3", "matroska"),
        (0, b"%PDF-", "pdf"),
        (0, b"hsqs", "squashfs"),
    ];
    let begins =
        |at: usize, mark: &[u8]| front.get(at..).is_some_and(|rest| rest.starts_with(mark));
    MARKS.iter().find(|(at, mark, _)| begins(*at, mark)).map(|(_, _, name)| *name)
}

/// Everything that is counted while samples go by.
struct Counts {
    samples: u32,
    values: Vec<u64>,
    low_first: Vec<u64>,
    high_first: Vec<u64>,
    /// Sums over pairs of neighbours, of products and of pairs.
    products: f64,
    pairs: f64,
    /// Sum over pieces of the squared distance from as many ones as zeros, in
    /// variances, and the number of pieces.
    unevenness: f64,
    pieces: f64,
    blocks: HashSet<[u8; 16]>,
    repeated: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Counts {
            samples: 0,
            values: vec![0; 256],
            low_first: vec![0; 1 << WINDOW],
            high_first: vec![0; 1 << WINDOW],
            products: 0.0,
            pairs: 0.0,
            unevenness: 0.0,
            pieces: 0.0,
            blocks: HashSet::new(),
            repeated: 0,
        }
    }
}

impl Counts {
    fn total(&self) -> u64 {
        self.values.iter().sum()
    }

    fn add(&mut self, sample: &[u8]) {
        self.samples = self.samples.saturating_add(1);
        for byte in sample {
            count(&mut self.values, usize::from(*byte));
        }
        for pair in sample.windows(2) {
            if let [a, b] = pair {
                self.products += (f64::from(*a) - 127.5) * (f64::from(*b) - 127.5);
                self.pairs += 1.0;
            }
        }
        windows(sample.iter().map(|byte| byte.reverse_bits()), &mut self.low_first);
        windows(sample.iter().copied(), &mut self.high_first);
        for piece in sample.chunks_exact(PIECE) {
            let ones: u32 = piece.iter().map(|byte| byte.count_ones()).sum();
            let bits = 8.0 * PIECE as f64;
            self.unevenness += (f64::from(ones) - bits / 2.0).powi(2) / (bits / 4.0);
            self.pieces += 1.0;
        }
        for block in sample.chunks_exact(16).filter_map(<[u8]>::first_chunk) {
            self.repeated += u64::from(!self.blocks.insert(*block));
        }
    }

    fn deviations(&self) -> Deviations {
        if self.samples == 0 {
            return Deviations::default();
        }
        // The variance of an even choice among 256 values, 127.5 in the middle.
        let variance = (256.0 * 256.0 - 1.0) / 12.0;
        Deviations {
            bytes: standardised(chi_square(&self.values), 255.0),
            serial: self.products / (variance * self.pairs.max(1.0).sqrt()),
            low_bit_first: window_deviation(&self.low_first),
            high_bit_first: window_deviation(&self.high_first),
            pieces: standardised(self.unevenness, self.pieces),
        }
    }
}

fn count(counts: &mut [u64], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}

/// Counts the windows of a stream of bits, the highest bit of a byte first.
fn windows(bytes: impl Iterator<Item = u8>, counts: &mut [u64]) {
    let mask = (1_usize << WINDOW) - 1;
    let mut window = 0_usize;
    let mut bits = 0_u32;
    for byte in bytes {
        for bit in (0..8).rev() {
            window = (window << 1 | usize::from(byte >> bit & 1)) & mask;
            bits = bits.saturating_add(1);
            if bits >= WINDOW {
                count(counts, window);
            }
        }
    }
}

/// Overlapping windows are not independent; the difference to windows of one bit less
/// is chi-square again (NIST SP 800-22, 2.11, "Serial test").
fn window_deviation(counts: &[u64]) -> f64 {
    let shorter: Vec<u64> = counts.chunks(2).map(|pair| pair.iter().sum()).collect();
    let difference = chi_square(counts) - chi_square(&shorter);
    standardised(difference.max(0.0), (counts.len() - shorter.len()) as f64)
}

fn chi_square(counts: &[u64]) -> f64 {
    let total = counts.iter().sum::<u64>() as f64;
    if total == 0.0 {
        return 0.0;
    }
    let expected = total / counts.len() as f64;
    counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum()
}

/// Chi-square as a distance in standard deviations (Wilson and Hilferty 1931: its
/// cube root is nearly normal).
fn standardised(chi_square: f64, freedom: f64) -> f64 {
    if freedom < 1.0 {
        return 0.0;
    }
    let spread = 2.0 / (9.0 * freedom);
    ((chi_square / freedom).cbrt() - (1.0 - spread)) / spread.sqrt()
}

fn entropy(counts: &[u64]) -> f64 {
    let total = counts.iter().sum::<u64>() as f64;
    let shares = counts.iter().filter(|count| **count > 0).map(|count| *count as f64 / total);
    shares.map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64: its bytes pass every test there is here, and are the same each time.
    fn noise(seed: u64, length: usize) -> Vec<u8> {
        let mut state = seed;
        let mut word = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ z >> 31
        };
        (0..length / 8).flat_map(|_| word().to_le_bytes()).collect()
    }

    fn of(bytes: &[u8]) -> Measure {
        measure(bytes.chunks(SAMPLE_BYTES))
    }

    #[test]
    fn noise_looks_random() {
        let found = of(&noise(1, 48 * SAMPLE_BYTES));
        assert!(found.looks_random && !found.random_where_written, "{found:?}");
        assert_eq!((found.samples, found.constant_samples, found.repeated_blocks), (48, 0, 0));
        assert!((150.0..360.0).contains(&found.chi_square) && found.entropy > 7.99, "{found:?}");
    }

    #[test]
    fn each_test_has_what_only_it_needs() {
        // Every byte as often as any other, in order: chi-square is too good.
        let even: Vec<u8> = (0..48 * SAMPLE_BYTES).map(|at| at as u8).collect();
        assert!(of(&even).deviations.bytes < -FAR);
        let mut bytes = noise(2, 48 * SAMPLE_BYTES);
        // Each second byte is its neighbour's: the values stay even.
        let pairs: Vec<u8> = bytes.chunks(2).flat_map(|pair| [pair[0], pair[0]]).collect();
        let found = of(&pairs);
        assert!(found.deviations.bytes.abs() < 40.0 && found.deviations.serial > 100.0);
        // Whole pieces inverted so that ones prevail by turns.
        for (at, piece) in bytes.chunks_mut(PIECE).enumerate() {
            for byte in piece.iter_mut().step_by(4) {
                *byte = if at % 2 == 0 { *byte | 1 } else { *byte & !1 };
            }
        }
        let found = of(&bytes);
        assert!(found.deviations.bytes.abs() < FAR && found.deviations.pieces > FAR, "{found:?}");
        assert!(!found.looks_random);
    }

    #[test]
    fn a_block_that_repeats_is_not_random() {
        let mut bytes = noise(3, 48 * SAMPLE_BYTES);
        bytes.copy_within(0..16, 40 * SAMPLE_BYTES);
        let found = of(&bytes);
        assert_eq!(found.repeated_blocks, 1);
        assert!(!found.looks_random && found.deviations.all().iter().all(|d| d.abs() < FAR));
    }

    #[test]
    fn unwritten_space_is_set_apart() {
        let mut bytes = noise(4, 48 * SAMPLE_BYTES);
        bytes[20 * SAMPLE_BYTES..22 * SAMPLE_BYTES].fill(0xFF);
        let found = of(&bytes);
        assert_eq!((found.samples, found.constant_samples), (46, 2));
        assert!(!found.looks_random && found.random_where_written);
        let nothing = of(&[0; 48 * SAMPLE_BYTES]);
        assert_eq!((nothing.bytes, nothing.constant_samples), (0, 48));
        assert!(!nothing.looks_random && !nothing.random_where_written);
    }

    #[test]
    fn too_little_says_nothing() {
        assert!(!of(&noise(5, 15 * SAMPLE_BYTES)).looks_random);
        assert!(of(&noise(5, 16 * SAMPLE_BYTES)).looks_random);
        assert!(!of(&[]).looks_random);
        assert!(!measure([&[][..], &[7][..], &[1, 2, 3][..]]).looks_random);
    }

    #[test]
    fn a_format_at_the_front_is_named() {
        let mut bytes = noise(6, 48 * SAMPLE_BYTES);
        bytes[..6].copy_from_slice(b"\xFD7zXZ\0");
        let found = of(&bytes);
        assert_eq!((found.format, found.looks_random), (Some("xz"), false));
        assert_eq!(known_format(b"\0\0\0\x20ftypisom"), Some("mp4"));
        assert_eq!(known_format(b"BZ"), None);
    }
}
