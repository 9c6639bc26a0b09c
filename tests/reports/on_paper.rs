//! The same tables, and a dossier, on paper: nothing beyond the page, nothing lost.

use media_custody::render::paper::typeface::Typefaces;
use media_custody::render::paper::words::Tongue;
use media_custody::render::paper::{Mark, Sheet, dossier, pdf, workbook};

use crate::spreadsheet::{books, hostile};
use crate::told::Told;

/// A drive that was missed, with a long name of a place.
fn incident() -> media_custody::report::Incident {
    let mut told: Told = hostile();
    let place = "とても長い名前の会議室".repeat(3);
    told.say("missing", "suzuki", &[("medium", "@USB-3"), ("detail", "引き出しが空")]);
    told.say("search", "suzuki", &[("medium", "@USB-3"), ("place", place.as_str())]);
    told.incident("USB-3").expect("a loss")
}

fn sound(sheet: &Sheet, faces: &Typefaces, name: &str) {
    assert!(sheet.missing(faces).is_empty(), "{name}: {:?}", sheet.missing(faces));
    for page in &sheet.pages {
        for mark in page.blocks.iter().flat_map(|block| &block.marks) {
            if let Mark::Text { x, y, size, text, .. } = mark {
                let right = x + faces.width(text, *size);
                assert!(*x > 0.0 && right < page.width, "{name}: {text} ends at {right}");
                assert!(*y > 0.0 && *y < page.height, "{name}: {text} stands at {y}");
            }
        }
    }
}

#[test]
fn every_report_stands_on_its_pages_in_every_language() {
    let faces = Typefaces::built_in().expect("fonts");
    for tongue in [Tongue::Ja, Tongue::En, Tongue::Both] {
        for book in books(&hostile()) {
            let sheet = workbook::workbook(&book, tongue, &faces).expect("drawn");
            sound(&sheet, &faces, book.title.en);
        }
        let sheet = dossier::incident(&incident(), tongue, &faces).expect("drawn");
        sound(&sheet, &faces, "dossier");
        let words: String = sheet
            .pages
            .iter()
            .flat_map(|page| &page.blocks)
            .filter_map(media_custody::render::paper::Block::words)
            .collect();
        assert!(words.contains("USB-3") && words.contains("とても長い名前"), "{words}");
        let once = pdf::pdf(&sheet, &faces).expect("a PDF");
        let again = dossier::incident(&incident(), tongue, &faces).expect("drawn");
        assert!(once == pdf::pdf(&again, &faces).expect("a PDF"), "the same bytes");
    }
}
