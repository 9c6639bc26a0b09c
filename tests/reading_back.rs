//! What comes back from paper, and what hostile pictures and documents cannot do. The
//! pages are printed and scanned by computation (`tests/scanned`); the same chain in more
//! variants makes the table of docs/reading-back.md.

mod scanned;

use std::process::Command;
use std::time::{Duration, Instant};

use media_custody::ops::gather::{Evidence, gather};
use media_custody::ops::verify::{Judge, verify_evidence};
use media_custody::picture::read_codes;
use scanned::{Chance, Scan, Sheet, Stain, codes, receipt};

fn both_come_back(what: &str, scan: Scan, size: u64) -> Vec<u8> {
    let texts = codes(&receipt(size).0);
    let bytes = scan.file(&Sheet::foot(&texts), size + 3);
    let found = read_codes(&bytes, 2).expect("a picture").texts;
    for (text, name) in texts.iter().zip(["the note", "the proof"]) {
        assert!(found.contains(text), "{what}, log of {size}: {name} was not read");
    }
    bytes
}

/// What an office scanner does on a good and on a bad day.
fn turned(degrees: f64) -> Scan {
    Scan { degrees, blur: 0.08, noise: 8.0, ..Scan::at(300.0) }
}

#[test]
fn a_scan_at_300_dpi_is_read_however_it_lies() {
    for (degrees, size) in [(1.0, 1_000), (7.0, 100_000), (-4.0, 10_000_000), (187.0, 1_000)] {
        both_come_back("turned", turned(degrees), size);
    }
    both_come_back("mirrored", Scan { mirrored: true, ..turned(3.0) }, 1_000);
}

#[test]
fn a_stain_over_a_twentieth_of_each_code_is_read() {
    for size in [1_000, 10_000_000] {
        both_come_back("coffee", Scan { stain: Some((Stain::Coffee, 0.05)), ..turned(5.0) }, size);
        both_come_back("hidden", Scan { stain: Some((Stain::Opaque, 0.05)), ..turned(2.0) }, size);
    }
}

#[test]
fn bad_light_and_small_files_are_read() {
    both_come_back("a shadow", Scan { shadow: 0.6, ..turned(2.0) }, 100_000);
    both_come_back("dim", Scan { exposure: 0.25, ..turned(-3.0) }, 100_000);
    both_come_back("JPEG", Scan { jpeg: Some(30), ..turned(6.0) }, 100_000);
    let askew = Scan { askew: 0.15, jpeg: Some(70), ..turned(4.0) };
    both_come_back("a photograph held askew", askew, 1_000);
    both_come_back("200 dpi", Scan { dpi: 200.0, ..turned(4.0) }, 1_000);
}

/// Readers that are not ours read the same pictures, or the pictures would be made for
/// ours.
#[test]
fn zxing_reads_the_same_pictures() {
    if Command::new("ZXingReader").output().is_err() {
        let demanded = std::env::var("CUSTODY_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
        assert!(!demanded, "CUSTODY_REQUIRE_TOOLS=1, and ZXingReader (zxing-cpp-tools) is missing");
        eprintln!("SKIPPED: ZXingReader is missing");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("scan.png");
    std::fs::write(&file, both_come_back("turned", turned(5.0), 100_000)).expect("written");
    let output = Command::new("ZXingReader").args(["-format", "QRCode"]).arg(&file).output();
    let printed = String::from_utf8_lossy(&output.expect("runs").stdout).into_owned();
    for text in codes(&receipt(100_000).0) {
        assert!(printed.contains(&text), "{printed:.200}");
    }
}

#[test]
fn a_photograph_of_each_code_makes_one_receipt() {
    let (receipt, key) = receipt(100_000);
    let sheet = Sheet::foot(&codes(&receipt));
    let whole = turned(0.0).picture(&sheet, 1);
    let folder = tempfile::tempdir().expect("a folder");
    let mut names = Vec::new();
    let half = whole.width() / 2;
    // The proof first: the order is nobody's business.
    for (name, left) in [("proof.png", half), ("note.png", 0)] {
        let cut = image::imageops::crop_imm(&whole, left, 0, half, whole.height()).to_image();
        let path = folder.path().join(name);
        cut.save(&path).expect("saved");
        names.push(path.display().to_string());
    }
    let evidence = gather(&names, None).expect("both codes");
    let report = verify_evidence(&evidence, &Judge::LogKey(&key)).expect("a verdict");
    assert!(report.passed(), "{report:?}");
    let alone = gather(&names[1..], None).expect("the note");
    assert!(matches!(alone, Evidence::Half(..)));
}

/// Thousands of corner patterns: whoever tries every three of them never ends.
#[test]
fn a_picture_full_of_corners_ends() {
    let mut picture = image::GrayImage::from_pixel(2_400, 2_400, image::Luma([255]));
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let (x, y) = ((x % 24) / 2, (y % 24) / 2);
        if x < 7 && y < 7 {
            let away = x.abs_diff(3).max(y.abs_diff(3));
            pixel.0[0] = if away == 2 { 255 } else { 0 };
        }
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a PNG");
    let begin = Instant::now();
    let found = read_codes(&bytes.into_inner(), 2).expect("a picture");
    assert_eq!(found.texts, Vec::<String>::new());
    assert!(begin.elapsed() < Duration::from_secs(120), "{:?}", begin.elapsed());
}

#[cfg(feature = "raster")]
mod documents {
    use super::*;
    use krilla::Document;
    use krilla::color::luma;
    use krilla::geom::{PathBuilder, Rect};
    use krilla::page::PageSettings;
    use krilla::paint::Fill;
    use media_custody::picture::{Effort, PictureError, search_codes};
    use media_custody::render::qr::Code;

    /// An A5 page with the codes as rectangles, and an empty one before it.
    fn document(texts: &[String]) -> Vec<u8> {
        let mut document = Document::new();
        let size = || PageSettings::from_wh(419.5, 595.3).expect("A5");
        document.start_page_with(size()).finish();
        let mut page = document.start_page_with(size());
        let mut surface = page.surface();
        surface.set_fill(Some(Fill { paint: luma::Color::black().into(), ..Fill::default() }));
        for (text, left) in texts.iter().zip([28.0, 212.0]) {
            let code = Code::receipt(text).expect("a code");
            let module = 180.0 / code.full_width() as f32;
            let mut path = PathBuilder::new();
            for (row, column) in (0..code.full_width())
                .flat_map(|row| (0..code.full_width()).map(move |column| (row, column)))
                .filter(|(row, column)| code.is_dark(*column, *row))
            {
                let (x, y) = (left + column as f32 * module, 380.0 + row as f32 * module);
                path.push_rect(Rect::from_xywh(x, y, module, module).expect("a module"));
            }
            surface.draw_path(&path.finish().expect("a path"));
        }
        surface.finish();
        page.finish();
        document.finish().expect("a PDF")
    }

    fn read(bytes: &[u8]) -> Result<Vec<String>, PictureError> {
        read_codes(bytes, 2).map(|found| found.texts)
    }

    #[test]
    fn a_document_of_ours_is_read() {
        let texts = codes(&receipt(10_000_000).0);
        let mut found = read(&document(&texts)).expect("read");
        found.sort();
        assert_eq!(found, texts);
    }

    #[test]
    fn damaged_documents_neither_panic_nor_hang() {
        let whole = document(&[String::from("CN1:ABC")]);
        // What matters is the drawing; looking at blank pages for long shows nothing.
        let quick = |bytes: &[u8]| search_codes(bytes, Effort::Quick, &|texts| !texts.is_empty());
        let mut chance = Chance::new(5);
        for _ in 0..8 {
            let cut = (chance.part() * whole.len() as f64) as usize;
            let _ = quick(&whole[..cut]);
            let mut altered = whole.clone();
            for _ in 0..6 {
                let at = (chance.part() * altered.len() as f64) as usize;
                altered[at] ^= 1 << (chance.part() * 8.0) as u32;
            }
            let _ = quick(&altered);
        }
        assert!(matches!(read(b"%PDF-1.7\n"), Err(PictureError::Document(_))));
    }

    #[test]
    fn a_picture_inside_of_an_absurd_size_is_refused() {
        let mut file = b"%PDF-1.7\n1 0 obj<</Subtype/Image/Width 60000/Height 60000".to_vec();
        file.extend(b"/BitsPerComponent 8/Length 1>>stream\nx\nendstream endobj");
        let Err(PictureError::Document(said)) = read(&file) else { panic!("it was read") };
        assert!(said.contains("unpacks"), "{said}");
    }

    /// A stream of 200 MB of zeros in 200 KB, and one inside another.
    #[test]
    fn a_bomb_is_refused_before_it_is_drawn() {
        use flate2::{Compression, write::ZlibEncoder};
        use std::io::Write as _;
        let pack = |bytes: &[u8]| {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(bytes).expect("packs");
            encoder.finish().expect("packs")
        };
        let bomb = pack(&vec![0; 200_000_000]);
        for packed in [bomb.clone(), pack(&bomb)] {
            let mut file = b"%PDF-1.7\n1 0 obj<</Filter/FlateDecode>>stream\n".to_vec();
            file.extend(packed);
            file.extend(b"\nendstream endobj");
            let Err(PictureError::Document(said)) = read(&file) else { panic!("it was read") };
            assert!(said.contains("unpacks"), "{said}");
        }
    }
}
