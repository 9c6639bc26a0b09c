//! What comes back from paper: pages with both codes of a receipt, printed, soiled,
//! turned, scanned or photographed by computation, and read by our own reader and by
//! those that are not ours, as far as they are installed: `ZXingReader` (Debian's
//! zxing-cpp-tools) and `zbarimg` (zbar-tools). Makes the table of
//! `docs/reading-back.md`.
//!
//! ```console
//! $ cargo run --release --example print_and_scan
//! $ cargo run --release --example print_and_scan -- 10 folder-for-the-pictures
//! ```
//!
//! The first number says how many pictures of each kind are made.

#[path = "../tests/scanned/mod.rs"]
mod scanned;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use media_custody::picture::read_codes;
use scanned::{Scan, Sheet, Stain, codes, receipt};

/// What happens to the page, by name. `degrees` is the most of a row.
fn kinds() -> Vec<(String, Scan)> {
    let mut all = Vec::new();
    for dpi in [300.0, 200.0] {
        let clean = Scan::at(dpi);
        let turned = Scan { degrees: 7.0, blur: 0.06, noise: 6.0, ..clean };
        let kinds = [
            ("clean", clean),
            ("turned 1 to 7°", turned),
            ("turned up to 360°", Scan { degrees: 360.0, ..turned }),
            ("turned, blur 0.1 mm, noise 12", Scan { blur: 0.1, noise: 12.0, ..turned }),
            ("turned, blur 0.2 mm, noise 12", Scan { blur: 0.2, noise: 12.0, ..turned }),
            ("turned, coffee over 5 %", Scan { stain: Some((Stain::Coffee, 0.05)), ..turned }),
            ("turned, 5 % hidden", Scan { stain: Some((Stain::Opaque, 0.05)), ..turned }),
            ("turned, shadow of 60 %", Scan { shadow: 0.6, ..turned }),
            ("turned, a quarter of the light", Scan { exposure: 0.25, noise: 8.0, ..turned }),
            ("turned, JPEG of quality 30", Scan { jpeg: Some(30), ..turned }),
            ("askew by 15 %, JPEG 70", Scan { askew: 0.15, jpeg: Some(70), blur: 0.1, ..turned }),
            ("mirrored", Scan { mirrored: true, ..turned }),
        ];
        all.extend(kinds.map(|(name, scan)| (format!("{dpi} dpi, {name}"), scan)));
    }
    all.extend(limits());
    all
}

/// Where reading ends: what the page says under "What fails" is taken from these rows.
fn limits() -> Vec<(String, Scan)> {
    let at = |dpi| Scan { degrees: 7.0, blur: 0.06, noise: 6.0, ..Scan::at(dpi) };
    let mut all = Vec::new();
    for blur in [0.25, 0.3, 0.35] {
        let kind = Scan { blur, noise: 12.0, ..at(300.0) };
        all.push((format!("300 dpi, turned, blur {blur} mm, noise 12"), kind));
    }
    for part in [0.1, 0.15, 0.2] {
        let kind = Scan { stain: Some((Stain::Opaque, part)), ..at(300.0) };
        all.push((format!("300 dpi, turned, {} % hidden", part * 100.0), kind));
    }
    for dpi in [150.0, 120.0, 100.0] {
        all.push((format!("{dpi} dpi, turned 1 to 7°"), at(dpi)));
    }
    all
}

/// How many of the wanted texts a program that is not ours prints.
fn others(program: &str, given: &[&str], file: &Path, wanted: &[String; 2]) -> Option<usize> {
    let output = Command::new(program).args(given).arg(file).output().ok()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(wanted.iter().filter(|text| printed.contains(text.as_str())).count())
}

fn main() {
    let mut given = std::env::args().skip(1);
    let count: u64 = given.next().and_then(|text| text.parse().ok()).unwrap_or(10);
    let kept = given.next().map(PathBuf::from);
    let folder = tempfile::tempdir().expect("a folder for the pictures");
    let folder = kept.as_deref().unwrap_or(folder.path());
    std::fs::create_dir_all(folder).expect("a folder for the pictures");
    println!("| picture | entries | module | custody | longest | ZXing | zbar |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (name, kind) in kinds() {
        // One on each core: the times are those of a busy machine.
        let rows = std::thread::scope(|scope| {
            let name = name.as_str();
            let keep = kept.is_some();
            let one = |size| scope.spawn(move || row(name, kind, size, count, (folder, keep)));
            [1_000, 10_000_000].map(one).map(|row| row.join().expect("a row"))
        });
        for row in rows {
            println!("{row}");
        }
    }
}

/// Reads `count` pictures of one kind; each has two codes.
fn row(name: &str, kind: Scan, size: u64, count: u64, folder: (&Path, bool)) -> String {
    let texts = &codes(&receipt(size).0);
    let (sheet, (folder, keep)) = (Sheet::new(texts), folder);
    let (mut ours, mut zxing, mut zbar) = (0, Some(0), Some(0));
    let mut longest = 0.0f64;
    for seed in 0..count {
        let most = kind.degrees;
        let part = if count < 2 { 1.0 } else { seed as f64 / (count - 1) as f64 };
        let scan = Scan { degrees: (1.0 + (most - 1.0) * part).min(most), ..kind };
        let bytes = scan.file(&sheet, seed * 977 + size);
        let ending = if scan.jpeg.is_some() { "jpg" } else { "png" };
        let file =
            folder.join(format!("{}-{size}-{seed}.{ending}", name.replace([' ', ',', '%'], "")));
        std::fs::write(&file, &bytes).expect("a picture written");
        let begin = Instant::now();
        let found = read_codes(&bytes, 2).expect("a picture").texts;
        longest = longest.max(begin.elapsed().as_secs_f64());
        ours += texts.iter().filter(|text| found.contains(text)).count();
        let add = |sum: Option<usize>, more: Option<usize>| Some(sum? + more?);
        zxing = add(zxing, others("ZXingReader", &["-format", "QRCode"], &file, texts));
        zbar = add(zbar, others("zbarimg", &["-q", "--raw"], &file, texts));
        if !keep {
            std::fs::remove_file(&file).expect("a picture removed");
        }
    }
    let of = |read: Option<usize>| {
        read.map_or("-".to_owned(), |read| format!("{} %", percent(read, count)))
    };
    format!(
        "| {name} | {size} | {:.2} mm | {} % | {longest:.1} s | {} | {} |",
        sheet.module(),
        percent(ours, count),
        of(zxing),
        of(zbar)
    )
}

fn percent(read: usize, pictures: u64) -> u64 {
    read as u64 * 100 / (2 * pictures)
}
