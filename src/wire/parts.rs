//! A receipt code in parts, for rolls too narrow for the whole: `CN1/2/3/7C0F:` and a
//! piece of the text behind `CN1:`. The numbers say which part of how many; the four
//! hexadecimal digits begin the SHA-256 of the whole text, so that parts of different
//! receipts are never joined. See FORMAT-proofs.md, "Codes in parts".
//!
//! QR's own structured append (ISO/IEC 18004, 8.2) would do the same, but telephones and
//! most libraries do not read it.

use crate::model::Hash;

/// Most parts of a code: more than anybody would scan one by one.
pub const PARTS_MAX: usize = 6;
/// Characters of the mark that parts of one code have in common.
const MARK: usize = 4;

/// Splits the text of a code into that many parts. No part ends with a space, which a
/// scanner or a person might drop (and no code does); `None` where that cannot be had, or the text
/// is no code.
pub fn split(text: &str, count: usize) -> Option<Vec<String>> {
    let (prefix, body) = text.split_once(':')?;
    if !(2..=PARTS_MAX).contains(&count) || !body.is_ascii() || body.len() < count * 2 {
        return None;
    }
    let mark = mark(text);
    let mut parts = Vec::new();
    let mut start = 0;
    for number in 1..=count {
        let mut end = if number == count { body.len() } else { body.len() * number / count };
        let bytes = body.as_bytes();
        while end < body.len() && bytes.get(end - 1) == Some(&b' ') {
            end += 1;
        }
        let piece = body.get(start..end).filter(|piece| !piece.is_empty())?;
        parts.push(format!("{prefix}/{number}/{count}/{mark}:{piece}"));
        start = end;
    }
    Some(parts)
}

fn mark(text: &str) -> String {
    let digits = data_encoding::HEXUPPER.encode(&Hash::of(&[text.as_bytes()]).0);
    digits.chars().take(MARK).collect()
}

/// One part as it was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Part<'a> {
    prefix: &'a str,
    mark: &'a str,
    count: usize,
    number: usize,
    piece: &'a str,
}

fn part(text: &str) -> Option<Part<'_>> {
    let (head, piece) = text.trim().split_once(':')?;
    let mut words = head.split('/');
    let prefix = words.next().filter(|prefix| matches!(*prefix, "CN1" | "CP1"))?;
    let digit = |word: &str| match word.as_bytes() {
        [digit @ b'1'..=b'9'] => Some(usize::from(digit - b'0')),
        _ => None,
    };
    let (number, count) = (digit(words.next()?)?, digit(words.next()?)?);
    let mark = words.next().filter(|mark| mark.len() == MARK)?;
    let sound = words.next().is_none() && count <= PARTS_MAX && number <= count;
    sound.then_some(Part { prefix, mark, count, number, piece })
}

/// Whether a text is a part of a code, however well it was read.
pub fn is_part(text: &str) -> bool {
    part(text).is_some()
}

/// What became of codes that were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Joined {
    /// Codes as they are, and those that were whole once their parts were joined.
    pub texts: Vec<String>,
    /// Parts that are missing, as a person is told: `CN1 2/3`.
    pub missing: Vec<String>,
}

/// Joins parts, in whatever order they come and however often each; other texts stay as
/// they are. Parts whose joint text does not have their mark are missing: one was misread.
pub fn join(texts: Vec<String>) -> Joined {
    let mut joined = Joined::default();
    let mut parts: Vec<Part<'_>> = texts.iter().filter_map(|text| part(text)).collect();
    parts.sort();
    parts.dedup();
    for group in parts.chunk_by(|a, b| (a.prefix, a.mark, a.count) == (b.prefix, b.mark, b.count)) {
        let Some(first) = group.first() else { continue };
        let whole = group.len() == first.count
            && group.iter().enumerate().all(|(at, part)| part.number == at + 1);
        let pieces: String = group.iter().map(|part| part.piece).collect();
        let text = format!("{}:{pieces}", first.prefix);
        if whole && mark(&text) == first.mark {
            joined.texts.push(text);
            continue;
        }
        let has = |number: usize| group.iter().any(|part| part.number == number);
        let absent = (1..=first.count).filter(|number| whole || !has(*number));
        let named = absent.map(|number| format!("{} {number}/{}", first.prefix, first.count));
        joined.missing.extend(named);
    }
    let whole = texts.iter().filter(|text| part(text).is_none());
    joined.texts.splice(0..0, whole.cloned());
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_say_what_they_are() {
        let parts = split("CN1:0123456789", 3).unwrap();
        assert_eq!(parts.len(), 3);
        assert!(parts[0].starts_with("CN1/1/3/") && parts[0].ends_with(":012"), "{}", parts[0]);
        assert_eq!(split("CN1:012", 3), None);
        assert_eq!(split("CN1:0123456789", 7), None);
        let joined = join(vec![parts[2].clone(), parts[0].clone(), "CP1:X".into()]);
        assert_eq!(joined.texts, ["CP1:X"]);
        assert_eq!(joined.missing, ["CN1 2/3"]);
        // One of another code does not fill the gap.
        let other = split("CN1:9876543210", 3).unwrap();
        let joined = join(vec![parts[0].clone(), other[1].clone(), parts[2].clone()]);
        assert_eq!(joined.texts, [""; 0]);
    }

    proptest! {
        #[test]
        fn what_was_split_is_joined(
            body in "[0-9A-Z $%*+./:-]{30,900}[0-9A-Z]",
            count in 2usize..=PARTS_MAX,
            turn in 0usize..6,
        ) {
            let text = format!("CP1:{body}");
            if let Some(mut parts) = split(&text, count) {
                for part in &parts {
                    prop_assert_eq!(part.trim_end(), part);
                }
                parts.rotate_left(turn % count);
                parts.push(parts[0].clone());
                prop_assert_eq!(join(parts).texts, vec![text]);
            }
        }

        #[test]
        fn no_text_panics(texts in prop::collection::vec("(CN1/[0-9]/[0-9]/[0-9A-F]{4}:)?\\PC{0,12}", 0..6)) {
            join(texts);
        }
    }
}
