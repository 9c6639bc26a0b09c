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

#[path = "../tests/paper/mod.rs"]
mod paper;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use media_custody::picture::read_codes;
use paper::{Scan, Sheet, Stain, codes, receipt};

/// Pictures by name: what happens to the page.
fn kinds() -> Vec<(&'static str, Scan)> {
    let mut all = Vec::new();
    for dpi in [300.0, 200.0] {
        let clean = Scan::at(dpi);
        let names: [&'static str; 11] = if dpi > 250.0 {
            [
                "300 dpi, clean",
                "300 dpi, turned up to 7°",
                "300 dpi, any angle",
                "300 dpi, turned, blur 0.1 mm, noise 12",
                "300 dpi, turned, blur 0.2 mm, noise 12",
                "300 dpi, turned, coffee over 5 %",
                "300 dpi, turned, 5 % hidden",
                "300 dpi, turned, shadow of 60 %",
                "300 dpi, turned, a quarter of the light, noise 8",
                "300 dpi, JPEG of quality 30",
                "photo, askew by 8 %, turned, JPEG 70",
            ]
        } else {
            [
                "200 dpi, clean",
                "200 dpi, turned up to 7°",
                "200 dpi, any angle",
                "200 dpi, turned, blur 0.1 mm, noise 12",
                "200 dpi, turned, blur 0.2 mm, noise 12",
                "200 dpi, turned, coffee over 5 %",
                "200 dpi, turned, 5 % hidden",
                "200 dpi, turned, shadow of 60 %",
                "200 dpi, turned, a quarter of the light, noise 8",
                "200 dpi, JPEG of quality 30",
                "150 dpi, turned up to 7°",
            ]
        };
        let turned = Scan { degrees: 7.0, blur: 0.06, noise: 6.0, ..clean };
        let last = if dpi > 250.0 {
            Scan { askew: 0.08, jpeg: Some(70), blur: 0.1, dpi: 250.0, ..turned }
        } else {
            Scan { dpi: 150.0, ..turned }
        };
        let scans = [
            clean,
            turned,
            Scan { degrees: 360.0, ..turned },
            Scan { blur: 0.1, noise: 12.0, ..turned },
            Scan { blur: 0.2, noise: 12.0, ..turned },
            Scan { stain: Some((Stain::Coffee, 0.05)), ..turned },
            Scan { stain: Some((Stain::Opaque, 0.05)), ..turned },
            Scan { shadow: 0.6, ..turned },
            Scan { exposure: 0.25, noise: 8.0, ..turned },
            Scan { jpeg: Some(30), ..turned },
            last,
        ];
        all.extend(names.into_iter().zip(scans));
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
        for size in [1_000, 100_000, 10_000_000] {
            let texts = codes(&receipt(size).0);
            row(name, kind, size, &texts, count, folder);
        }
    }
}

/// Reads `count` pictures of one kind; each has two codes.
fn row(name: &str, kind: Scan, size: u64, texts: &[String; 2], count: u64, folder: &Path) {
    let sheet = Sheet::new(texts);
    let (mut ours, mut zxing, mut zbar) = (0, Some(0), Some(0));
    let mut longest = 0.0f64;
    for seed in 0..count {
        let most = kind.degrees;
        let part = if count < 2 { 1.0 } else { seed as f64 / (count - 1) as f64 };
        let scan = Scan { degrees: (1.0 + (most - 1.0) * part).min(most), ..kind };
        let bytes = scan.file(&sheet, seed * 977 + size);
        let ending = if scan.jpeg.is_some() { "jpg" } else { "png" };
        let file = folder.join(format!("{}-{size}-{seed}.{ending}", name.replace([' ', ',', '%'], "")));
        std::fs::write(&file, &bytes).expect("a picture written");
        let begin = Instant::now();
        let found = read_codes(&bytes, 2).expect("a picture").texts;
        longest = longest.max(begin.elapsed().as_secs_f64());
        ours += texts.iter().filter(|text| found.contains(text)).count();
        let add = |sum: Option<usize>, more: Option<usize>| Some(sum? + more?);
        zxing = add(zxing, others("ZXingReader", &["-format", "QRCode"], &file, texts));
        zbar = add(zbar, others("zbarimg", &["-q", "--raw"], &file, texts));
        let _ = std::fs::remove_file(&file).ok().filter(|()| false);
    }
    let of = |read: Option<usize>| read.map_or("-".to_owned(), |read| format!("{} %", percent(read, count)));
    println!(
        "| {name} | {size} | {:.2} mm | {} % | {longest:.1} s | {} | {} |",
        sheet.module(),
        percent(ours, count),
        of(zxing),
        of(zbar)
    );
}

fn percent(read: usize, pictures: u64) -> u64 {
    read as u64 * 100 / (2 * pictures)
}
