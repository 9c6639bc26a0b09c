//! A sheet as one SVG picture (SVG 1.1) for a browser or a word processor: its pages,
//! one below the other, in millimetres. Text stays text; each line is as wide as the
//! layout measured it, whatever font the reader has. The same sheet gives the same bytes.

use std::fmt::Write as _;

use super::typeface::Typefaces;
use super::{Mark, Page, Sheet};

/// White between two pages, in millimetres.
const GAP: f32 = 6.0;
/// The fonts that come with the program, and what else a reader may have for Japanese.
const FONTS: &str = "Noto Sans JP, Noto Sans CJK JP, Noto Sans, Hiragino Sans, Yu Gothic, \
                     Meiryo, sans-serif";

/// The sheet's pages in one picture.
pub fn svg(sheet: &Sheet, faces: &Typefaces) -> String {
    let width = sheet.pages.iter().map(|page| page.width).fold(0.0, f32::max);
    let gaps = GAP * sheet.pages.windows(2).map(|_| 1.0).sum::<f32>();
    let height = sheet.pages.iter().map(|page| page.height).sum::<f32>() + gaps;
    // Writing to a String cannot fail, here and below.
    let mut picture = String::new();
    let _ = writeln!(
        picture,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" \
         viewBox=\"0 0 {width} {height}\" xml:lang=\"{}\" font-family=\"{FONTS}\">\n\
         <title>{}</title>",
        escaped(sheet.about.language),
        escaped(&sheet.about.title)
    );
    let mut top = 0.0;
    for page in &sheet.pages {
        let _ = writeln!(
            picture,
            "<g transform=\"translate(0 {top})\">\n\
             <rect width=\"{}\" height=\"{}\" fill=\"#fff\"/>",
            page.width, page.height
        );
        draw(&mut picture, page, faces);
        picture.push_str("</g>\n");
        top += page.height + GAP;
    }
    picture.push_str("</svg>\n");
    picture
}

fn draw(picture: &mut String, page: &Page, faces: &Typefaces) {
    for mark in page.blocks.iter().flat_map(|block| &block.marks) {
        let _ = match mark {
            Mark::Text { x, y, size, grey, text } => writeln!(
                picture,
                "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size:.2}\" textLength=\"{:.2}\" \
                 lengthAdjust=\"spacingAndGlyphs\"{} xml:space=\"preserve\">{}</text>",
                faces.width(text, *size),
                if *grey { " fill=\"#464646\"" } else { "" },
                escaped(text)
            ),
            Mark::Rule { from, to, width } => writeln!(
                picture,
                "<path d=\"M{:.2} {:.2}L{:.2} {:.2}\" stroke=\"#000\" stroke-width=\"{width}\"/>",
                from.0, from.1, to.0, to.1
            ),
            Mark::Frame { at, size, width, dashed } => writeln!(
                picture,
                "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"none\" \
                 stroke=\"#000\" stroke-width=\"{width}\"{}/>",
                at.0,
                at.1,
                size.0,
                size.1,
                if *dashed { " stroke-dasharray=\"1 1\"" } else { "" }
            ),
            Mark::Code { at, module, code } => writeln!(
                picture,
                "<path transform=\"translate({:.2} {:.2}) scale({module})\" d=\"{}\" \
                 shape-rendering=\"crispEdges\"/>",
                at.0,
                at.1,
                code.to_svg_path(0, 0)
            ),
        };
    }
}

/// Words that came from people and devices, which must never become markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
