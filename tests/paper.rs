//! Documents on paper: what stands on them, read back by programs that are not ours, and
//! by eye once (the golden pictures).
//!
//! `CUSTODY_BLESS=1` writes the golden pictures; look at them before committing.

#[path = "paper/documents.rs"]
mod documents;
#[path = "paper/tools.rs"]
mod tools;

use documents::{Wanted, receipt_view};
use media_custody::picture::read_codes;
use media_custody::render::paper::bitmap::{Bitmap, bitmap, module_dots};
use media_custody::render::paper::labels::{self, Grid, Label, LabelError, Size};
use media_custody::render::paper::pdf::pdf;
use media_custody::render::paper::receipt::{Format, MODULE_MIN, receipt};
use media_custody::render::paper::svg::svg;
use media_custody::render::paper::thermal::{DOTS_PER_MM, MODULE_DOTS, Roll, strips};
use media_custody::render::paper::typeface::Typefaces;
use media_custody::render::paper::words::{Tongue, Words};
use media_custody::render::paper::{Mark, Page, Role, Sheet};
use media_custody::render::qr::{Code, QUIET_ZONE};
use media_custody::wire::parts::join;
use proptest::prelude::*;

fn faces() -> Typefaces {
    Typefaces::built_in().expect("the font")
}

fn sheet(wanted: &Wanted, format: Format, tongue: Tongue) -> Sheet {
    let view = receipt_view(wanted);
    let file = view.entry.as_ref().map(|_| b"the receipt as a file\n".to_vec());
    receipt(&view, format, tongue, &faces(), file).expect("a sheet")
}

/// The receipts that everything below is tried on.
fn receipts() -> Vec<(&'static str, Wanted, Format, Tongue)> {
    let one = Wanted::default();
    vec![
        ("plain-a4", one.clone(), Format::A4, Tongue::Both),
        ("plain-a5", one.clone(), Format::A5, Tongue::Ja),
        ("english-a5", one.clone(), Format::A5, Tongue::En),
        ("old-log-a5", Wanted { entries: 10_000_000, ..one.clone() }, Format::A5, Tongue::Both),
        ("eight-a4", Wanted::eight(), Format::A4, Tongue::Both),
        ("eight-a5", Wanted::eight(), Format::A5, Tongue::Ja),
        ("paper-a4", Wanted { paper: true, ..one.clone() }, Format::A4, Tongue::Ja),
        ("long-a5", Wanted::long(), Format::A5, Tongue::Both),
        ("cosigned-a4", Wanted { cosigned: 2, ..one.clone() }, Format::A4, Tongue::Both),
        ("cosigned-a5", Wanted { cosigned: 3, ..one.clone() }, Format::A5, Tongue::Ja),
        ("draft-a4", Wanted { draft: true, ..one }, Format::A4, Tongue::Both),
    ]
}

fn texts(page: &Page) -> Vec<(f32, f32, f32, &str)> {
    let marks = page.blocks.iter().flat_map(|block| &block.marks);
    let text = |mark| match mark {
        &Mark::Text { x, y, size, ref text, .. } => Some((x, y, size, text.as_str())),
        _ => None,
    };
    marks.filter_map(text).collect()
}

fn codes(page: &Page) -> Vec<((f32, f32), f32, &Code)> {
    let marks = page.blocks.iter().flat_map(|block| &block.marks);
    let code = |mark| match mark {
        &Mark::Code { at, module, ref code } => Some((at, module, code)),
        _ => None,
    };
    marks.filter_map(code).collect()
}

/// Nothing lies beyond the edges, and no two codes touch.
fn sound(sheet: &Sheet) {
    let faces = faces();
    for page in &sheet.pages {
        for (x, y, size, text) in texts(page) {
            let right = x + faces.width(text, size);
            assert!(x >= 0.0 && right <= page.width - 0.4, "{text} ends at {right}");
            assert!(y - size * 0.8 >= 0.0 && y <= page.height, "{text} stands at {y}");
        }
        let mut boxes: Vec<(f32, f32, f32)> = Vec::new();
        for ((x, y), module, code) in codes(page) {
            let side = module * code.full_width() as f32;
            assert!(module >= MODULE_MIN - 1e-4, "a module of {module} mm");
            assert!(x >= 0.0 && x + side <= page.width + 1e-3, "{x} + {side}");
            assert!(y >= 0.0 && y + side <= page.height + 1e-3, "{y} + {side}");
            for (left, top, other) in &boxes {
                let apart = x >= left + other - 1e-3 || y >= top + other - 1e-3;
                assert!(apart, "two codes overlap");
            }
            boxes.push((x, y, side));
        }
    }
}

#[test]
fn everything_stands_on_the_page() {
    for (name, wanted, format, tongue) in receipts() {
        let sheet = sheet(&wanted, format, tongue);
        sound(&sheet);
        // The two sides get the same number of pages, and each names its keeper.
        assert_eq!(sheet.pages.len() % 2, 0, "{name}");
        let half = sheet.pages.len() / 2;
        let words = |page: &Page| texts(page).iter().map(|text| text.3).collect::<String>();
        let (first, second) = (words(&sheet.pages[0]), words(&sheet.pages[half]));
        match tongue {
            Tongue::En => assert!(first.contains("Original") && second.contains("Copy")),
            _ => assert!(first.contains("原本") && second.contains("控"), "{first}"),
        }
        let title = &sheet.pages[0].blocks[0];
        assert_eq!(title.role, Role::Title, "{name}");
    }
}

#[test]
fn one_page_a_side_where_one_is_enough() {
    for entries in [1_000, 100_000, 10_000_000] {
        for (format, tongue) in [(Format::A5, Tongue::Both), (Format::A4, Tongue::Both)] {
            let sheet = sheet(&Wanted { entries, ..Wanted::default() }, format, tongue);
            assert_eq!(sheet.pages.len(), 2, "{entries} entries on {format:?}");
            assert_eq!(codes(&sheet.pages[0]).len(), 2);
        }
    }
    for cosigned in 1..=3 {
        for (format, tongue) in [(Format::A5, Tongue::En), (Format::A4, Tongue::Both)] {
            let sheet = sheet(&Wanted { cosigned, ..Wanted::default() }, format, tongue);
            assert_eq!(sheet.pages.len(), 2, "{cosigned} witnesses on {format:?}");
            let words: String = texts(&sheet.pages[1]).iter().map(|text| text.3).collect();
            assert!(words.contains("printer (2026-11-22)"), "{words}");
            let enough = if cosigned > 1 { "Cosignedby" } else { "fewerthan" };
            let words: String = words.split_whitespace().collect();
            assert!(words.contains(enough), "{words}");
            assert_eq!(words.contains("fewerthan"), cosigned == 1, "{words}");
        }
    }
    let many = sheet(&Wanted::eight(), Format::A5, Tongue::Both);
    assert!(many.pages.len() > 2);
    let last = &many.pages[many.pages.len() / 2 - 1];
    assert_eq!(codes(last).len(), 2, "the codes stand on the last page");
    // Each further page says whose it is.
    assert!(texts(last).iter().any(|text| text.3.contains("SZ-2026-000123")));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let faces = faces();
    for (name, wanted, format, tongue) in receipts().into_iter().take(3) {
        let made = || pdf(&sheet(&wanted, format, tongue), &faces).expect("a PDF");
        let (first, second) = (made(), made());
        assert!(first == second, "{name}");
        assert!(first.len() < 120_000, "{name} has {} bytes", first.len());
    }
}

/// Programs that are not ours find no fault, and read from the PDF what was meant.
#[test]
fn other_programs_read_the_pdf() {
    if !tools::there(&["qpdf", "pdftotext", "pdftoppm", "pdfdetach", "zbarimg"]) {
        return;
    }
    for (name, wanted, format, tongue) in receipts() {
        let view = receipt_view(&wanted);
        let made = sheet(&wanted, format, tongue);
        let file = tools::File::new(&pdf(&made, &faces()).expect("a PDF"));
        let checked = file.run("qpdf", &["--check"], &[]);
        assert!(checked.contains("No syntax or stream encoding errors"), "{name}: {checked}");
        let text = file.run("pdftotext", &["-layout"], &["-"]);
        for medium in &view.media {
            assert!(text.contains(medium.medium.as_str()), "{name}: {}", medium.medium);
            assert!(text.contains(&medium.serial), "{name}: {}", medium.serial);
        }
        let squeezed: String = text.split_whitespace().collect();
        let number = view.receipt.to_string();
        for words in [view.purpose.as_str(), &number, &view.giver.who.spoken().replace(", ", "")] {
            let words: String = words.split_whitespace().collect();
            // Long names are broken into lines between which other text may stand.
            let known = wanted.is_long() || squeezed.contains(&words) || words.contains("静岡");
            assert!(known, "{name}: {words}\n{text}");
        }
        assert!(tools::is_pdf_a(&file), "{name}: no PDF/A");
        match &view.codes {
            Some(codes) => {
                assert_eq!(file.attached(), b"the receipt as a file\n");
                // Reading takes seconds in a debug build; four shapes show all there is.
                if matches!(name, "plain-a5" | "old-log-a5" | "eight-a4" | "long-a5") {
                    let with = made.pages.iter().map(|page| !self::codes(page).is_empty());
                    let with: Vec<bool> = with.collect();
                    read_by_two(name, &file, &with, &[&codes.note, &codes.proof]);
                }
            }
            None => assert!(text.contains("台帳に未登録"), "{name}"),
        }
    }
}

/// Our own reader, and one that is not ours.
fn read_by_two(name: &str, file: &tools::File, with: &[bool], wanted: &[&String]) {
    let pages = file.pages(200);
    let pages: Vec<_> = pages.into_iter().zip(with).filter(|(_, with)| **with).collect();
    let pages: Vec<Vec<u8>> = pages.into_iter().map(|(page, _)| page).collect();
    assert_eq!(pages.len(), 2, "{name}");
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for page in &pages {
        ours.extend(read_codes(page, 2).expect("a picture").texts);
        theirs.extend(tools::zbar(page));
    }
    for text in wanted {
        let found = ours.iter().filter(|read| read == text).count();
        assert_eq!(found, 2, "{name}: {found} of 2 {} read by our reader", &text[..4]);
        let found = theirs.iter().filter(|read| read == text).count();
        assert_eq!(found, 2, "{name}: {found} of 2 {} read by zbar", &text[..4]);
    }
}

/// Dark and light dots of a code: each module the same whole number of them.
fn dots_of(bitmap: &Bitmap, at: (usize, usize), dots: usize, code: &Code) {
    let side = code.full_width() * dots;
    for row in 0..side {
        for column in 0..side {
            let dark = code.is_dark(column / dots, row / dots);
            assert_eq!(bitmap.is_dark(at.0 + column, at.1 + row), dark, "at {column}, {row}");
        }
    }
}

fn on_dots(page: &Page, per_mm: f32, least: usize) -> Vec<String> {
    let drawn = bitmap(page, per_mm, &faces()).expect("dots");
    for (at, module, code) in codes(page) {
        let dots = module_dots(module, per_mm);
        assert!(dots >= least, "{dots} dots a module");
        let off = (module * per_mm - dots as f32).abs();
        assert!(off < 0.03, "a module of {} dots", module * per_mm);
        let corner = |length: f32| (length * per_mm).round() as usize;
        // Quiet zone included: nothing else may stand in it.
        assert_eq!(code.full_width(), code.width() + 2 * QUIET_ZONE);
        dots_of(&drawn, (corner(at.0), corner(at.1)), dots, code);
    }
    let png = drawn.to_png().expect("a picture");
    read_codes(&png, codes(page).len()).expect("a picture").texts
}

#[test]
fn codes_on_a_roll_stand_on_whole_dots_and_are_read() {
    for roll in [Roll::Mm80, Roll::Mm58] {
        for wanted in [Wanted::default(), Wanted { entries: 10_000_000, ..Wanted::default() }] {
            let view = receipt_view(&wanted);
            let codes = view.codes.clone().expect("codes");
            let pages = strips(&view, roll, Tongue::Ja, &faces()).expect("strips");
            assert_eq!(pages.len(), 2);
            for page in &pages {
                assert_eq!(page.width * DOTS_PER_MM, f32::from(roll.dots()));
                let read = on_dots(page, DOTS_PER_MM, usize::from(MODULE_DOTS));
                let joined = join(read).texts;
                for text in [&codes.note, &codes.proof] {
                    assert!(joined.contains(text), "{roll:?} {}: {joined:?}", &text[..4]);
                }
            }
            let sheet = Sheet { pages, about: sheet(&wanted, Format::A4, Tongue::Ja).about };
            let within = Sheet { pages: sheet.pages.clone(), ..sheet };
            let faces = faces();
            for page in &within.pages {
                for (x, _, size, text) in texts(page) {
                    assert!(x + faces.width(text, size) <= page.width, "{text}");
                }
            }
        }
    }
}

#[test]
fn a_code_too_large_for_the_roll_is_left_out_and_said() {
    let many = Wanted { drives: 150, ..Wanted::default() };
    let view = receipt_view(&many);
    let pages = strips(&view, Roll::Mm58, Tongue::En, &faces()).expect("strips");
    let words: Vec<&str> = pages.iter().flat_map(texts).map(|text| text.3).collect();
    let words = words.join(" ");
    assert!(words.contains("does not fit the roll"), "{words}");
    // The proof's still does, in parts.
    assert!(pages.iter().map(|page| codes(page).len()).sum::<usize>() >= 4);
    for page in &pages {
        assert!(page.height <= 1_500.0);
        for ((_, y), module, code) in codes(page) {
            assert!(module_dots(module, DOTS_PER_MM) >= usize::from(MODULE_DOTS));
            assert!(y + module * code.full_width() as f32 <= page.height);
        }
    }
}

fn label(medium: &str) -> Label {
    Label {
        medium: medium.into(),
        code: "CM1-USB-0421-MPJTB9-5".into(),
        owner: "静岡健保組合".into(),
        contact: Some("054-000-0000".into()),
    }
}

#[test]
fn a_label_has_its_quiet_zone_and_whole_dots() {
    let (words, faces) = (Words::new(Tongue::Ja).expect("words"), faces());
    let at = receipt_view(&Wanted::default()).at;
    for (dpi, width, height) in
        [(203.0, 50.0, 25.0), (300.0, 29.0, 90.0), (300.0, 60.0, 15.0), (600.0, 40.0, 12.5)]
    {
        let dots = dpi / 25.4;
        let size = Size { width, height };
        let made = labels::single(&[label("USB-0421")], size, Some(dots), &words, &faces, at)
            .expect("one");
        let read = on_dots(&made.pages[0], dots, 3);
        assert_eq!(read, ["CM1-USB-0421-MPJTB9-5"], "{width} x {height} at {dpi}");
        let (at, module, code) = codes(&made.pages[0])[0];
        assert_eq!((code.version(), code.full_width()), (2, 33));
        // No letter stands in the quiet zone.
        let side = module * 33.0;
        for (x, y, size, text) in texts(&made.pages[0]) {
            let beside = x >= at.0 + side - 1e-3;
            assert!(beside || y - size >= at.1 + side - size * 0.3, "{text} at {x}, {y}");
        }
        sound(&Sheet { pages: Vec::new(), ..made.clone() });
    }
    let tiny = Size { width: 30.0, height: 9.0 };
    let refused = labels::single(&[label("USB-0421")], tiny, None, &words, &faces, at);
    assert!(matches!(refused, Err(LabelError::TooSmall { .. })));
}

#[test]
fn a_sheet_that_was_begun_is_used_up() {
    let (words, faces) = (Words::new(Tongue::Both).expect("words"), faces());
    let at = receipt_view(&Wanted::default()).at;
    let many: Vec<Label> = (0..50).map(|n| label(&format!("USB-{n:04}"))).collect();
    let grid = Grid::default();
    let made = labels::sheets(&many, grid, 6, &words, &faces, at).expect("sheets");
    let counts: Vec<usize> = made.pages.iter().map(|page| codes(page).len()).collect();
    assert_eq!(counts, [39, 11]);
    let (first, ..) = codes(&made.pages[0])[0];
    // Position 6 is the second of the second row.
    assert!(first.0 > 8.4 + 48.3 && first.0 < 8.4 + 2.0 * 48.3, "{first:?}");
    assert!(first.1 > 8.8 + 25.4 && first.1 < 8.8 + 2.0 * 25.4, "{first:?}");
    let all = |start| labels::sheets(&many, grid, start, &words, &faces, at);
    assert!(matches!(all(0), Err(LabelError::Start(44))));
    assert!(matches!(all(45), Err(LabelError::Start(44))));
    let wide = Grid { columns: 5, ..grid };
    let refused = labels::sheets(&many, wide, 1, &words, &faces, at);
    assert_eq!(refused.err(), Some(LabelError::Grid));
}

/// Pictures of the first pages, against what somebody looked at.
#[test]
fn pages_look_as_they_did() {
    let mut differences = Vec::new();
    for (name, wanted, format, tongue) in receipts() {
        let page = sheet(&wanted, format, tongue).pages.swap_remove(0);
        differences.extend(tools::golden(name, &bitmap(&page, 4.0, &faces()).expect("dots")));
    }
    let roll = strips(&receipt_view(&Wanted::default()), Roll::Mm58, Tongue::Ja, &faces());
    let strip = bitmap(&roll.expect("strips")[0], DOTS_PER_MM, &faces()).expect("dots");
    differences.extend(tools::golden("roll-58", &strip));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever names and purposes are, nothing leaves the page and no text is lost.
    #[test]
    fn any_names_fit(
        name in "[\u{20}-\u{7e}一-龠ぁ-んァ-ヶー]{1,120}",
        purpose in "[\u{20}-\u{7e}一-龠、。（）]{1,400}",
        drives in 1usize..12,
        a5 in any::<bool>(),
    ) {
        let wanted = Wanted { name, purpose, drives, ..Wanted::default() };
        if wanted.parses() {
            let format = if a5 { Format::A5 } else { Format::A4 };
            sound(&sheet(&wanted, format, Tongue::Both));
        }
    }
}

#[test]
fn the_picture_for_a_browser_holds_what_the_pages_hold_and_no_markup_of_others() {
    let purpose = "</text><script>\"&'".to_owned();
    let sheet =
        sheet(&Wanted { purpose, witness: true, ..Wanted::default() }, Format::A5, Tongue::En);
    let picture = svg(&sheet, &faces());
    assert_eq!(picture, svg(&sheet, &faces()));
    assert!(picture.contains("&lt;/text&gt;&lt;script&gt;&quot;&amp;'</text>"), "{picture:.900}");
    assert!(!picture.contains("<script"));
    let said: usize = sheet.pages.iter().map(|page| texts(page).len()).sum();
    assert_eq!(picture.matches("<text ").count(), said);
    assert_eq!(picture.matches("</text>").count(), said);
    let height = format!("height=\"{}mm\"", 210 * sheet.pages.len() + 6 * (sheet.pages.len() - 1));
    assert!(picture.contains(&height), "{picture:.200}");
    // Drawn by a program that is not ours, its codes are those of the pages.
    if !tools::there(&["rsvg-convert"]) {
        return;
    }
    let drawn = tools::drawn_svg(&picture);
    let mut found = read_codes(&drawn, 4).expect("a picture").texts;
    found.sort();
    found.dedup();
    assert!(found.len() == 2 && found[0].starts_with("CN1:") && found[1].starts_with("CP1:"));
}
