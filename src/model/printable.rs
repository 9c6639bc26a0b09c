//! Hostile text made fit for a terminal, a sheet of paper or a log line.
//!
//! Device strings, file names and recorded text come from outside. A control
//! character can move a terminal's cursor, a bidi override can make `exe.gpj`
//! read as a picture, and a zero-width character makes two different names
//! look alike. Everything shown to people passes through [`printable`].

/// Returns `text` with every character that hides, reorders or controls
/// written out as `\u{…}` (lower-case hexadecimal, no leading zeros), and at
/// most `cap` characters long.
///
/// A text that had to be cut ends in `…`, which counts towards `cap`; an
/// escape is never cut in half. The backslash itself stays as it is, so the
/// function is idempotent and may be applied again by a later layer; in
/// exchange the result is for eyes and is not meant to be parsed back. Where
/// the original must be recoverable use
/// [`Serial`](crate::model::hardware::Serial).
///
/// ```
/// use media_custody::model::printable::printable;
/// assert_eq!(printable("USB\u{1b}[2J disk", 40), r"USB\u{1b}[2J disk");
/// assert_eq!(printable("12345678", 5), "1234…");
/// ```
#[must_use]
pub fn printable(text: &str, cap: usize) -> String {
    bounded(text.chars().map(Piece::of), cap)
}

/// Like [`printable`], for text still in UTF-16 as a USB string descriptor
/// holds it (USB 2.0, 9.6.7). An unpaired surrogate, which no text can hold,
/// is written as `\u{d800}` and so on.
#[must_use]
pub fn printable_utf16(units: &[u16], cap: usize) -> String {
    let pieces = char::decode_utf16(units.iter().copied()).map(|unit| match unit {
        Ok(character) => Piece::of(character),
        Err(lone) => Piece::Escaped(u32::from(lone.unpaired_surrogate())),
    });
    bounded(pieces, cap)
}

/// Whether a character hides, reorders or controls, so that [`printable`]
/// writes it out.
///
/// The set: C0, DEL and C1 controls; bidi marks, embeddings, overrides and
/// isolates; zero-width and other invisible format characters; fillers that
/// look like nothing; line and paragraph separators; interlinear annotation,
/// tags and non-characters. Variation selectors are left alone, because
/// Japanese personal names are written with them; so is the ideographic space.
#[must_use]
pub fn must_be_escaped(character: char) -> bool {
    matches!(u32::from(character),
        0x00..=0x1f | 0x7f..=0x9f          // C0, DEL, C1
        | 0xad | 0x34f | 0x61c             // soft hyphen, joiner, Arabic letter mark
        | 0x115f | 0x1160 | 0x3164 | 0xffa0 // Hangul fillers
        | 0x17b4 | 0x17b5 | 0x180e
        | 0x200b..=0x200f | 0x2028..=0x202e // zero width, bidi, separators
        | 0x2060..=0x206f | 0xfeff
        | 0xfdd0..=0xfdef                  // non-characters
        | 0xfff0..=0xfffb                  // annotation
        | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
        | 0xe0000..=0xe00ff | 0xe01f0..=0xe0fff // tags
    ) || u32::from(character) & 0xfffe == 0xfffe
}

/// One input character and how it is shown.
enum Piece {
    Plain(char),
    Escaped(u32),
}

impl Piece {
    fn of(character: char) -> Self {
        if must_be_escaped(character) {
            Self::Escaped(u32::from(character))
        } else {
            Self::Plain(character)
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Plain(character) => character.to_string(),
            Self::Escaped(value) => format!("\\u{{{value:x}}}"),
        }
    }
}

/// Joins pieces up to `cap` characters. The last place is kept free until it
/// is known whether anything follows, so that `…` always fits.
fn bounded(pieces: impl Iterator<Item = Piece>, cap: usize) -> String {
    let mut shown = String::new();
    let mut used = 0_usize;
    // Where the text would end if the next piece did not fit.
    let mut cut = (0_usize, 0_usize);
    for piece in pieces {
        let text = piece.shown();
        let width = text.chars().count();
        if used.saturating_add(width) > cap {
            shown.truncate(cut.0);
            if cut.1 < cap {
                shown.push('…');
            }
            return shown;
        }
        shown.push_str(&text);
        used = used.saturating_add(width);
        if used < cap {
            cut = (shown.len(), used);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn controls_and_bidi_are_written_out() {
        let hostile = "a\u{1b}[31m\u{202e}b\u{200b}\u{9b}\u{fffe}\u{1ffff}\u{2028}";
        assert_eq!(
            printable(hostile, 200),
            r"a\u{1b}[31m\u{202e}b\u{200b}\u{9b}\u{fffe}\u{1ffff}\u{2028}"
        );
    }

    #[test]
    fn japanese_names_stay_readable() {
        let name = "葛\u{e0100}城　花子 𠮷田";
        assert_eq!(printable(name, 40), name);
    }

    #[test]
    fn an_escape_is_never_cut_in_half() {
        assert_eq!(printable("ab\u{202e}", 6), "ab…");
        assert_eq!(printable("ab\u{202e}", 10), r"ab\u{202e}");
        assert_eq!(printable("abc", 0), "");
        assert_eq!(printable("abc", 1), "…");
    }

    #[test]
    fn lone_surrogates_are_shown() {
        assert_eq!(printable_utf16(&[0x41, 0xd800, 0x42], 20), r"A\u{d800}B");
    }

    proptest! {
        #[test]
        fn bounded_idempotent_and_harmless(text in any::<String>(), cap in 0_usize..80) {
            let once = printable(&text, cap);
            prop_assert!(once.chars().count() <= cap);
            prop_assert!(!once.chars().any(must_be_escaped));
            prop_assert_eq!(printable(&once, cap), once);
        }
    }
}
