//! How often compressed, plain, encrypted and random bytes are taken for random: the
//! table of `docs/opaque.md`. It makes what it needs from this machine's own files
//! with tar, gzip, bzip2, zstd, xz, openssl, mke2fs and qemu-img; what is missing is
//! left out and said.
//!
//!     cargo run --release --example opaque_rates [FOLDER [AREAS]]
//!
//! FOLDER (default /usr) is what gets packed, AREAS (default 400) how often
//! each kind is sampled.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use media_custody::volume::randomness::{Measure, SAMPLE_BYTES, measure};

/// Bytes of plain files that are packed. xz takes about a second for a megabyte.
const PLAIN: u64 = 48 << 20;

/// Every kind: its name, and the shell line that makes it from `plain`, the packed
/// files, or from the `ext4` image.
const KINDS: &[(&str, &str)] = &[
    ("random (/dev/urandom)", "head -c 50331648 /dev/urandom"),
    ("AES-256-CTR by OpenSSL", "openssl enc -aes-256-ctr -pbkdf2 -nosalt -pass pass:x < plain"),
    ("ext4 image in AES-256-XTS by QEMU", "cat xts"),
    ("xz -6", "xz -6 -T1 < plain"),
    ("xz -6 of text", "xz -6 -T1 < text"),
    ("zstd -19", "zstd -q -19 -T1 < plain"),
    ("zstd -3", "zstd -q -3 < plain"),
    ("gzip -6 (deflate, as in zip)", "gzip -6 < plain"),
    ("gzip -6 of text", "gzip -6 < text"),
    ("bzip2 -9", "bzip2 -9 < plain"),
    ("lz4", "lz4 -q < plain"),
    ("JPEG", "cat jpeg"),
    ("ext4 image with files", "cat ext4"),
    ("plain files (tar)", "cat plain"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let from = arguments.first().map_or("/usr", String::as_str);
    let areas: u64 = arguments.get(1).map_or(Ok(400), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    prepare(folder.path(), from)?;
    println!("| what | bytes | areas | chi-square alone | all tests, 32 samples | 96 samples |");
    println!("|---|--:|--:|--:|--:|--:|");
    for (name, line) in KINDS {
        let path = folder.path().join("kind");
        if !shell(folder.path(), line, &path)? || fs::metadata(&path)?.len() < 400_000 {
            println!("| {name} | not made here | | | | |");
            continue;
        }
        let file = File::open(&path)?;
        let mut state = 1;
        let (mut chi, mut all, mut more) = (0_u64, 0_u64, 0_u64);
        for _ in 0..areas {
            let found = area(&file, 32, &mut state)?;
            chi += u64::from(found.deviations.bytes.abs() < 5.0);
            all += u64::from(found.looks_random);
            more += u64::from(area(&file, 96, &mut state)?.looks_random);
        }
        let [chi, all, more] = [chi, all, more].map(|count| 100.0 * count as f64 / areas as f64);
        let bytes = file.metadata()?.len();
        println!("| {name} | {bytes} | {areas} | {chi:.1} % | {all:.1} % | {more:.1} % |");
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// Samples of an area at random places. The very front is left out, for a format's
/// mark stands there: what is measured is the inside of a large archive.
fn area(file: &File, samples: usize, state: &mut u64) -> std::io::Result<Measure> {
    let places = file.metadata()?.len() / SAMPLE_BYTES as u64 - 1;
    // Without repetition, or a small file would seem to repeat itself.
    let mut chosen = std::collections::BTreeSet::new();
    while chosen.len() < samples {
        chosen.insert(1 + next(state) % (places - 1));
    }
    let mut taken = vec![vec![0; SAMPLE_BYTES]; samples];
    for (sample, place) in taken.iter_mut().zip(chosen) {
        file.read_exact_at(sample, place * SAMPLE_BYTES as u64)?;
    }
    Ok(measure(taken.iter().map(Vec::as_slice)))
}

/// SplitMix64: the same places every time.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

/// The packed files, their text alone, a file system with them, the same encrypted
/// without its header, and pictures.
fn prepare(folder: &Path, from: &str) -> Result<(), Box<dyn Error>> {
    let tar = format!("tar cf - {from} 2>/dev/null | head -c {PLAIN}");
    shell(folder, &tar, &folder.join("plain"))?;
    let texts = "-name '*.html' -o -name '*.txt' -o -name '*.xml' -o -name '*.svg' -o -name '*.py'";
    let text = format!("find {from} -type f \\( {texts} \\) -exec cat {{}} + | head -c {PLAIN}");
    shell(folder, &text, &folder.join("text"))?;
    let ext4 = "mkdir files && tar xf plain -C files 2>/dev/null; \
                mke2fs -q -t ext4 -b 4096 -d files ext4 160M && rm -r files";
    shell(folder, ext4, &folder.join("said"))?;
    // What lies behind the LUKS header is AES-256-XTS over each sector, as in a
    // VeraCrypt volume; the header is cut off.
    let luks = "qemu-img convert -q --object secret,id=s,data=x -f raw -O luks \
                -o key-secret=s,iter-time=10 ext4 luks && tail -c +4194305 luks > xts";
    shell(folder, luks, &folder.join("said"))?;
    let jpeg: Vec<u8> = (0..48).flat_map(picture).collect();
    fs::write(folder.join("jpeg"), jpeg)?;
    Ok(())
}

/// Runs a line of shell with its output in a file; whether it went well and gave any.
fn shell(folder: &Path, line: &str, output: &Path) -> std::io::Result<bool> {
    let status = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .stdout(File::create(output)?)
        .stderr(Stdio::null())
        .status()?;
    Ok(status.success())
}

/// A picture of waves and grain, about as hard to compress as a photograph.
fn picture(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let (width, height) = (1024, 768);
    let pixels = image::RgbImage::from_fn(width, height, |x, y| {
        let wave =
            |scale: f64| ((f64::from(x) * scale).sin() + (f64::from(y) * scale).cos()) * 50.0;
        let grain = (next(&mut state) % 24) as f64;
        let tone = |scale: f64| (128.0 + wave(scale) + grain).clamp(0.0, 255.0) as u8;
        let scale = 0.004 * (seed + 1) as f64;
        image::Rgb([tone(scale), tone(scale * 1.7), tone(scale * 0.6)])
    });
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 85);
    match pixels.write_with_encoder(encoder) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}
