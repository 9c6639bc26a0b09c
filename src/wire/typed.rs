//! What a scanner types and a person pastes, made plain again. A scanner that acts
//! as a keyboard sends keystrokes; an input method, a wrong keyboard layout, a locked
//! shift key and a mail program each change them in a way that can mostly be undone.
//!
//! What is undone here is undone character by character, the same way everywhere,
//! and only where no other character of a label or of base45 could have been meant.
//! Where several readings of a whole code are possible (a line broken at a space, two
//! codes without anything between them), the check sum inside the code decides.

use super::qr::{PAYLOAD_MAX, Payload, PayloadError, decode};

/// Longest text looked at, in bytes: dozens of codes in full-width letters.
pub const TYPED_MAX: usize = 1_000_000;
/// Most characters of a line that [`plain`] looks at.
const LINE_MAX: usize = 1_000;
/// Most places at which one line may hold a further code.
const SEAMS_MAX: usize = 16;
/// Most codes of one text.
const CODES_MAX: usize = 64;
/// base45's characters, which are those of QR's alphanumeric mode.
const BASE45: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Undoes what an input method or a locked shift key makes of one keystroke.
pub(super) fn narrow(c: char) -> char {
    let narrow = match c {
        // Full-width forms of printable ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        // The hyphen key gives a long-vowel mark (full or half width), and
        // conversion may turn it into any dash or a minus sign.
        'ー' | 'ｰ' | '−' | '‐' | '\u{2011}' | '‒' | '–' | '—' | '―' | '⁃' | '﹘' | '﹣' | '─' => {
            '-'
        }
        // The keys of the full stop and the slash.
        '。' | '｡' => '.',
        '・' | '･' => '/',
        '\u{3000}' | '\u{a0}' => ' ',
        '‘' | '’' => '\'',
        '“' | '”' => '"',
        '〜' => '~',
        other => other,
    };
    narrow.to_ascii_uppercase()
}

/// Kana, and the punctuation that only comes with it once [`narrow`] is through.
pub(super) fn is_kana(c: char) -> bool {
    matches!(c, '\u{3001}' | '\u{300c}' | '\u{300d}' | '\u{3041}'..='\u{30ff}' | '\u{ff61}'..='\u{ff9f}')
}

/// `text` without what scanners put in front of a code: white space, a byte order
/// mark, and the AIM identifier of a QR code (`]Q` and a digit; ISO/IEC 15424).
pub(super) fn without_lead(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let rest =
        text.strip_prefix(['］', ']']).and_then(|rest| rest.strip_prefix(['Q', 'q', 'Ｑ', 'ｑ']));
    let rest = rest.and_then(|rest| rest.strip_prefix(|c: char| narrow(c).is_ascii_digit()));
    rest.unwrap_or(text)
}

/// A typed line as it was meant: narrow, in capitals, without what surrounds it.
#[must_use]
pub fn plain(text: &str) -> String {
    let start: String = without_lead(text).chars().take(LINE_MAX).map(narrow).collect();
    start.trim().to_owned()
}

/// What the beginning of a text says of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// A code of a receipt.
    Receipt,
    /// The label of a drive.
    Label,
    /// Neither.
    Neither,
}

/// What a text begins like, whether or not the rest holds what that promises.
pub fn begins(text: &str) -> Begins {
    let start: String = without_lead(text).chars().take(4).map(narrow).collect();
    match start.as_bytes() {
        [b'C', b'N' | b'P', b'1', mark] if Layout::of(*mark).is_some() => Begins::Receipt,
        b"CM1-" => Begins::Label,
        _ => Begins::Neither,
    }
}

/// Which keyboard a scanner believed to be, and the computer took it for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Both agree.
    Agreed,
    /// An American keyboard taken for a Japanese one.
    AmericanForJapanese,
    /// A Japanese keyboard taken for an American one.
    JapaneseForAmerican,
}

impl Layout {
    /// The colon behind `CN1` shows it, since the colon's key differs.
    fn of(mark: u8) -> Option<Self> {
        match mark {
            b':' => Some(Layout::Agreed),
            b'+' => Some(Layout::AmericanForJapanese),
            b'\'' => Some(Layout::JapaneseForAmerican),
            _ => None,
        }
    }

    /// Of base45's characters three stand elsewhere, and where they come out no
    /// other of its characters does.
    fn undo(self, c: char) -> char {
        match (self, c) {
            (Layout::AmericanForJapanese, '+') => ':',
            (Layout::AmericanForJapanese, '~') => '+',
            (Layout::AmericanForJapanese, '(') => '*',
            (Layout::JapaneseForAmerican, '\'') => ':',
            (Layout::JapaneseForAmerican, ':') => '+',
            (Layout::JapaneseForAmerican, '"') => '*',
            _ => c,
        }
    }
}

/// The codes of receipts in a typed or pasted text, one or several, each on lines of
/// its own or right behind one another.
///
/// # Errors
/// What is wrong with the first code that cannot be read.
pub fn codes(text: &str) -> Result<Vec<Payload>, PayloadError> {
    if text.len() > TYPED_MAX {
        return Err(PayloadError::TooLong(text.chars().count()));
    }
    let mut groups: Vec<Vec<&str>> = Vec::new();
    for line in text.split(['\n', '\r', '\t', '\u{b}', '\u{c}', '\u{2028}', '\u{2029}']) {
        if line.trim().is_empty() {
            continue;
        }
        match groups.last_mut() {
            // A line that begins like no code goes on with the one before.
            Some(group) if begins(line) == Begins::Neither => group.push(line),
            _ => groups.push(vec![line]),
        }
    }
    if groups.is_empty() {
        return Err(PayloadError::Prefix);
    }
    let mut found = Vec::new();
    for group in groups {
        found.extend(code_of(&group)?);
        if found.len() > CODES_MAX {
            return Err(PayloadError::TooLong(text.chars().count()));
        }
    }
    Ok(found)
}

/// The code, or codes without a seam, of lines that belong together.
fn code_of(lines: &[&str]) -> Result<Vec<Payload>, PayloadError> {
    let Some((first, rest)) = lines.split_first() else { return Ok(Vec::new()) };
    let first = without_lead(first);
    match begins(first) {
        Begins::Receipt => {}
        Begins::Label => return Err(PayloadError::LabelGiven),
        Begins::Neither if first.chars().map(narrow).any(is_kana) => {
            return Err(PayloadError::Kana);
        }
        Begins::Neither => return Err(PayloadError::Prefix),
    }
    let mark = first.chars().map(narrow).nth(3).and_then(|c| u8::try_from(c).ok());
    let layout = mark.and_then(Layout::of).unwrap_or(Layout::Agreed);
    let plain = |line: &str| line.chars().map(|c| layout.undo(narrow(c))).collect::<String>();
    let lines: Vec<String> = std::iter::once(&first).chain(rest).map(|line| plain(line)).collect();
    // As it came; with the spaces a mail program added at line ends taken away; with
    // the space at which it broke the line put back.
    let trimmed: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    let mut readings = vec![lines.concat(), trimmed.concat(), trimmed.join(" ")];
    readings.dedup();
    let mut refused = None;
    for reading in &readings {
        match apart(reading.trim()) {
            Ok(found) => return Ok(found),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or(PayloadError::Prefix))
}

/// One code, or several without anything between them. `CN1:` may also stand inside
/// a code by chance, so a seam is one only if what stands on both sides decompresses.
fn apart(text: &str) -> Result<Vec<Payload>, PayloadError> {
    if text.len() > CODES_MAX * PAYLOAD_MAX / SEAMS_MAX {
        return Err(PayloadError::TooLong(text.chars().count()));
    }
    let whole = match decode(text) {
        Ok(payload) => return Ok(vec![payload]),
        Err(error) => error,
    };
    let mut seams: Vec<usize> = ["CN1:", "CP1:"]
        .iter()
        .flat_map(|mark| text.match_indices(mark).map(|(at, _)| at))
        .filter(|at| *at > 0)
        .collect();
    seams.sort_unstable();
    let few = !seams.is_empty() && seams.len() <= SEAMS_MAX;
    if let Some(found) = few.then(|| parts(text, 0, &seams)).flatten() {
        return Ok(found);
    }
    Err(explained(text, whole))
}

/// The codes from `from` on, each ending at one of the seams or at the end.
fn parts(text: &str, from: usize, seams: &[usize]) -> Option<Vec<Payload>> {
    // The first seam at which a code ends is right: its check sum says so.
    let ends = seams.iter().copied().filter(|seam| *seam > from).chain([text.len()]);
    for end in ends {
        let Some(piece) = text.get(from..end) else { continue };
        if let Ok(payload) = decode(piece) {
            let mut found = vec![payload];
            if end < text.len() {
                found.extend(parts(text, end, seams)?);
            }
            return Some(found);
        }
    }
    None
}

/// A character that base45 does not have explains more than that it is not base45.
fn explained(text: &str, error: PayloadError) -> PayloadError {
    if error != PayloadError::Base45 {
        return error;
    }
    match text.chars().find(|c| !BASE45.contains(*c)) {
        Some(c) if is_kana(c) => PayloadError::Kana,
        Some(c) => PayloadError::Character(c),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::super::qr::{PayloadKind, encode};
    use super::*;
    use proptest::prelude::*;

    /// Bytes of a note and of a proof with a code that has a space somewhere.
    fn two() -> [(String, Payload); 2] {
        [PayloadKind::Note, PayloadKind::Proof].map(|kind| {
            let mut bytes = format!("{kind:?}: 受領書").into_bytes();
            while !encode(kind, &bytes).expect("a code").contains(' ') {
                bytes.push(b'x');
            }
            (encode(kind, &bytes).expect("a code"), Payload { kind, bytes })
        })
    }

    fn full_width(text: &str) -> String {
        let wide = |c: char| match c {
            ' ' => '\u{3000}',
            '/' => '・',
            '.' => '。',
            '-' => 'ー',
            c => char::from_u32(u32::from(c) + 0xfee0).expect("a character"),
        };
        text.chars().map(wide).collect()
    }

    #[test]
    fn codes_come_one_after_another_in_any_order() {
        let [(note, first), (proof, second)] = two();
        for (text, order) in [
            (format!("{note}\r\n{proof}\r\n"), [&first, &second]),
            (format!("\u{feff} {proof}\t{note}"), [&second, &first]),
            (format!("\n\n{proof}{note}\n\n"), [&second, &first]),
            (format!("]Q1{note}\r]Q1{proof}\r"), [&first, &second]),
            (format!("{note}   \n   {proof}  "), [&first, &second]),
        ] {
            let found = codes(&text).expect("both");
            assert_eq!(found.iter().collect::<Vec<_>>(), order, "{text:?}");
        }
    }

    #[test]
    fn input_methods_and_keyboards_are_undone() {
        let [(note, payload), _] = two();
        let keyboard = |from: &str, to: &str| {
            let place = |c| from.chars().position(|known| known == c);
            let typed = |c| place(c).and_then(|at| to.chars().nth(at)).unwrap_or(c);
            note.chars().map(typed).collect::<String>()
        };
        for text in [
            note.to_lowercase(),
            full_width(&note),
            full_width(&note.to_lowercase()),
            keyboard(":+*", "+~("),
            keyboard(":+*", "':\""),
            full_width(&note).replace('ー', "−"),
        ] {
            assert_eq!(codes(&text), Ok(vec![payload.clone()]), "{text}");
        }
    }

    #[test]
    fn lines_that_were_broken_are_joined() {
        let [(note, payload), _] = two();
        let space = note.find(' ').expect("a space");
        for broken in [
            format!("{}\r\n{}", &note[..space], &note[space + 1..]),
            format!("{}\n{}", &note[..=space], &note[space + 1..]),
            format!("{}  \n  {}", &note[..space - 1], &note[space - 1..]),
        ] {
            assert_eq!(codes(&broken), Ok(vec![payload.clone()]), "{broken:?}");
        }
    }

    #[test]
    fn what_cannot_be_undone_is_named() {
        assert_eq!(codes("CN1:ソコ"), Err(PayloadError::Kana));
        assert_eq!(codes("そみぬ"), Err(PayloadError::Kana));
        assert_eq!(codes("CN1:AB#"), Err(PayloadError::Character('#')));
        assert_eq!(codes("ｃｍ１ーＵＳＢ"), Err(PayloadError::LabelGiven));
        assert_eq!(codes("  \n"), Err(PayloadError::Prefix));
        assert_eq!(codes("hello"), Err(PayloadError::Prefix));
        let [(note, _), (proof, _)] = two();
        assert_eq!(codes(&format!("{note}\nCM1-USB-1")), Err(PayloadError::LabelGiven));
        assert!(codes(&format!("{note}{}", &proof[..proof.len() - 3])).is_err());
        assert!(matches!(codes(&"CN1:".repeat(300_000)), Err(PayloadError::TooLong(_))));
        assert!(codes(&"CN1:A".repeat(20_000)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[CNPM1:+'\\]Qa-zぁ-んＡ-ｚ \n-]{0,80}") {
            let _ = codes(&text);
            let _ = begins(&text);
        }
    }
}
