//! Breaking text into lines, a Japanese character counting two columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Characters that may not begin a line in Japanese; the line before takes them
/// along where it would otherwise end just before one.
const NOT_FIRST: &str = "、。，．・：；？！」』）】〕｝ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ";

/// Breaks a text into lines of at most `columns`: at spaces, between Japanese
/// characters, and within a word only where it is longer than a line.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        let piece_width = width(piece.trim_end());
        if !line.is_empty() && width(&line) + piece_width > columns {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        if piece_width <= columns {
            line.push_str(piece);
            continue;
        }
        for character in piece.chars() {
            if width(&line) + character.width().unwrap_or(0) > columns {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// Cuts a text where a line may be broken: behind a space and between wide
/// characters, unless the next one may not begin a line.
fn pieces(text: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let mut before: Option<char> = None;
    for (at, character) in text.char_indices() {
        let wide = |c: char| c.width().unwrap_or(0) == 2;
        let breaks = before.is_some_and(|before| {
            (before == ' ' && character != ' ') || wide(before) || wide(character)
        });
        // A zero-width character belongs to the one before it.
        if breaks && character.width() != Some(0) && !NOT_FIRST.contains(character) {
            cuts.push(at);
        }
        before = Some(character);
    }
    cuts.push(text.len());
    cuts.windows(2).filter_map(|pair| text.get(pair[0]..pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_break_at_spaces_and_between_japanese_characters() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("被保険者台帳の印刷", 8), ["被保険者", "台帳の印", "刷"]);
        assert_eq!(wrap("氏名、住所、生年月日", 10), ["氏名、住", "所、生年月", "日"]);
        assert_eq!(wrap("ABCDEFGHIJ", 4), ["ABCD", "EFGH", "IJ"]);
        assert_eq!(wrap("", 4), [""]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_is_lost(text in "[ -~ぁ-ん一-龠、。]{0,200}", columns in 4_usize..90) {
            let lines = wrap(&text, columns);
            prop_assert!(lines.iter().all(|line| width(line) <= columns));
            let letters = |s: &str| s.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
