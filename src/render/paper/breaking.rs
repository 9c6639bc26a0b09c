//! Where a line ends: Unicode Standard Annex 14, which keeps closing brackets, full
//! stops and small kana from the beginning of a line and opening brackets from its end
//! (kinsoku, JIS X 4051).

use unicode_linebreak::{BreakOpportunity, linebreaks};

use super::typeface::Typefaces;

/// The text in lines no wider than `width` at that size of type, in the same unit. A
/// piece that is wider than a line is broken where the line is full.
pub fn lines(faces: &Typefaces, text: &str, size: f32, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut start = 0;
    for (end, opportunity) in linebreaks(text) {
        let piece = text.get(start..end).unwrap_or_default();
        start = end;
        let joined = format!("{line}{piece}");
        if faces.width(joined.trim_end(), size) <= width {
            line = joined;
        } else {
            push(&mut lines, &line);
            line = full_lines(faces, piece, size, width, &mut lines);
        }
        if opportunity == BreakOpportunity::Mandatory {
            push(&mut lines, &std::mem::take(&mut line));
        }
    }
    push(&mut lines, &line);
    lines
}

fn push(lines: &mut Vec<String>, line: &str) {
    let line = line.trim_end();
    if !line.is_empty() {
        lines.push(line.to_owned());
    }
}

/// Fills lines with a piece that may be wider than one and gives back what is left.
fn full_lines(
    faces: &Typefaces,
    piece: &str,
    size: f32,
    width: f32,
    lines: &mut Vec<String>,
) -> String {
    let mut line = String::new();
    if faces.width(piece.trim_end(), size) <= width {
        return piece.to_owned();
    }
    for character in piece.chars() {
        line.push(character);
        if faces.width(&line, size) > width && line.chars().count() > 1 {
            line.pop();
            push(lines, &line);
            line = character.to_string();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str, ems: f32) -> Vec<String> {
        lines(&Typefaces::built_in().unwrap(), text, 1.0, ems + 0.01)
    }

    #[test]
    fn japanese_breaks_anywhere_but_where_it_must_not() {
        assert_eq!(broken("あいうえおかき", 3.0), ["あいう", "えおか", "き"]);
        assert_eq!(broken("あいう。えお", 3.0), ["あい", "う。え", "お"]);
        assert_eq!(broken("あい「うえ」お", 3.0), ["あい", "「う", "え」お"]);
        assert_eq!(broken("カナッコーヒ", 2.0), ["カ", "ナッ", "コー", "ヒ"]);
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(broken("the encrypted drive", 6.0), ["the", "encrypted", "drive"]);
        assert_eq!(broken("", 5.0), [""; 0]);
        let long = "4F9C980BDEF0145678904F9C980BDEF0";
        let parts = broken(long, 6.0);
        assert!(parts.len() > 2);
        assert_eq!(parts.concat(), long);
    }

    #[test]
    fn no_line_is_wider_than_allowed() {
        let faces = Typefaces::built_in().unwrap();
        let text = "静岡支部（第一保管庫）の USB-0421 encrypted, 氏名・住所、ﾃﾞｰﾀ 12,345件。";
        for tenths in 10..120u16 {
            let width = f32::from(tenths) / 10.0;
            let lines = lines(&faces, text, 1.0, width);
            for line in &lines {
                let single = line.chars().count() == 1;
                assert!(single || faces.width(line, 1.0) <= width + 1e-3, "{line} in {width}");
            }
            let squeezed = |text: &str| text.replace(' ', "");
            assert_eq!(squeezed(&lines.concat()), squeezed(text));
        }
    }
}
