//! The answer of an IPP printer, read with suspicion: its size is capped before it is
//! read, its nesting before it is parsed, and nothing of it is believed but a few
//! numbers and words.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ipp::attribute::IppAttributeGroup;
use ipp::model::DelimiterTag;
use ipp::parser::IppParser;
use ipp::reader::IppReader;
use ipp::value::IppValue;

use crate::model::printable::printable;

/// Most bytes of an answer. Printers describe themselves in some tens of kilobytes.
pub(super) const ANSWER_MAX: u64 = 1 << 20;
/// Deepest nesting of collections; those of real printers go to three.
const DEPTH_MAX: usize = 8;
/// Most values of one attribute that are looked at.
const VALUES_MAX: usize = 64;
const TEXT_MAX: usize = 200;

/// Tags of RFC 8010, 3.5.2.
const BEGIN_COLLECTION: u8 = 0x34;
const END_COLLECTION: u8 = 0x37;
const END_OF_ATTRIBUTES: u8 = 0x03;

/// An answer of a printer.
pub struct Answer {
    status: u16,
    groups: Vec<IppAttributeGroup>,
}

impl Answer {
    /// Reads an answer; `None` for bytes that are none.
    pub fn parse(bytes: Vec<u8>) -> Option<Self> {
        if !is_flat(&bytes) {
            return None;
        }
        let parse = || IppParser::new(IppReader::new(Cursor::new(bytes))).parse().ok();
        // A parser that did not expect something must not end a program at the desk.
        let answer = catch_unwind(AssertUnwindSafe(parse)).ok()??;
        let status = u16::from_be_bytes(answer.header().operation_or_status.to_be_bytes());
        Some(Answer { status, groups: answer.attributes().groups().to_vec() })
    }

    /// Whether the printer did what it was asked: `successful-ok` and its two variants.
    pub fn is_fine(&self) -> bool {
        self.status < 0x0100
    }

    /// The first group of job attributes.
    pub fn job(&self) -> Option<&IppAttributeGroup> {
        self.jobs().next()
    }

    /// The groups of job attributes, a job each.
    pub fn jobs(&self) -> impl Iterator<Item = &IppAttributeGroup> {
        self.groups.iter().filter(|group| group.tag() == DelimiterTag::JobAttributes)
    }

    /// The groups of printer attributes, a printer each.
    pub fn printers(&self) -> impl Iterator<Item = &IppAttributeGroup> {
        self.groups.iter().filter(|group| group.tag() == DelimiterTag::PrinterAttributes)
    }

    /// What the printer says about this answer, with the name of its status.
    pub fn words(&self) -> String {
        let operation =
            |group: &&IppAttributeGroup| group.tag() == DelimiterTag::OperationAttributes;
        let said =
            self.groups.iter().find(operation).and_then(|group| text(group, "status-message"));
        let name = status_words(self.status);
        match said.filter(|said| !said.is_empty()) {
            Some(said) => format!("{name} ({said})"),
            None => name,
        }
    }
}

fn status_words(status: u16) -> String {
    let words = match status {
        0x0400 => "it does not understand the request",
        0x0401..=0x0403 => "printing is not permitted to this user",
        0x0404 => "the job cannot be done as it is",
        0x0406 => "it does not know that printer or job",
        0x0407 => "it no longer knows that job",
        0x0408 => "the document is too large for it",
        0x040a => "it does not take this format",
        0x040b => "it does not take the job as it is",
        0x0500 => "it has an error of its own",
        0x0501 => "it cannot do this",
        0x0502 => "it is not available",
        0x0504 => "it is broken",
        0x0505 => "it is out of memory",
        0x0506 => "it takes no jobs at present",
        0x0507 => "it is busy",
        _ => return format!("status {status:#06x}"),
    };
    words.to_owned()
}

/// Whether the attributes are well framed and not nested deeper than [`DEPTH_MAX`].
/// The parser builds a tree of collections, and a tree a hundred thousand levels deep
/// ends the program when it is taken down.
fn is_flat(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(8..).unwrap_or_default();
    let mut depth = 0_usize;
    let take = |rest: &mut &[u8], count: usize| -> Option<()> {
        *rest = rest.get(count..)?;
        Some(())
    };
    let length = |rest: &[u8]| rest.first_chunk::<2>().map(|two| u16::from_be_bytes(*two).into());
    while let Some(&tag) = rest.first() {
        rest = rest.get(1..).unwrap_or_default();
        if tag == END_OF_ATTRIBUTES {
            return depth == 0;
        }
        if tag < 0x10 {
            continue;
        }
        for _name_then_value in 0..2 {
            let framed = length(rest).and_then(|count: usize| take(&mut rest, count + 2));
            if framed.is_none() {
                return false;
            }
        }
        match tag {
            BEGIN_COLLECTION => depth += 1,
            END_COLLECTION => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return false;
        }
    }
    false
}

fn value<'a>(group: &'a IppAttributeGroup, name: &str) -> Option<&'a IppValue> {
    let found = group.attributes().iter().find(|attribute| attribute.name().as_str() == name);
    found.map(|attribute| attribute.value())
}

/// A number.
pub(super) fn number(group: &IppAttributeGroup, name: &str) -> Option<i32> {
    match value(group, name)? {
        IppValue::Integer(number) | IppValue::Enum(number) => Some(*number),
        _ => None,
    }
}

/// A yes or no.
pub(super) fn yes(group: &IppAttributeGroup, name: &str) -> Option<bool> {
    match value(group, name)? {
        IppValue::Boolean(yes) => Some(*yes),
        _ => None,
    }
}

/// A text, fit to be shown.
pub(super) fn text(group: &IppAttributeGroup, name: &str) -> Option<String> {
    texts(group, name).into_iter().next()
}

/// All texts of an attribute, fit to be shown.
pub(super) fn texts(group: &IppAttributeGroup, name: &str) -> Vec<String> {
    let values = match value(group, name) {
        Some(IppValue::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    values.iter().take(VALUES_MAX).filter_map(one_text).collect()
}

fn one_text(value: &IppValue) -> Option<String> {
    // The text of each kind is its own type with a length of its own; all are shown so.
    let shown = match value {
        IppValue::Keyword(_)
        | IppValue::NameWithoutLanguage(_)
        | IppValue::TextWithoutLanguage(_)
        | IppValue::Uri(_)
        | IppValue::MimeMediaType(_) => value.to_string(),
        IppValue::TextWithLanguage { text, .. } => text.to_string(),
        IppValue::NameWithLanguage { name, .. } => name.to_string(),
        _ => return None,
    };
    Some(printable(&shown, TEXT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(tag: u8, name: &[u8], value: &[u8]) -> Vec<u8> {
        let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [&[tag], length(name).as_slice(), name, &length(value), value].concat()
    }

    fn answer(attributes: &[Vec<u8>]) -> Vec<u8> {
        [&[1, 1, 0, 0, 0, 0, 0, 1, 4], attributes.concat().as_slice(), &[3]].concat()
    }

    #[test]
    fn a_nested_answer_is_refused_before_it_is_parsed() {
        let nested = |depth: usize| {
            let begin = attribute(BEGIN_COLLECTION, b"", b"");
            let member = attribute(0x4a, b"", b"m");
            let end = attribute(END_COLLECTION, b"", b"");
            let inner = [begin, member].concat().repeat(depth);
            answer(&[attribute(0x21, b"x", &[0; 4]), inner, end.repeat(depth)])
        };
        assert!(Answer::parse(nested(DEPTH_MAX)).is_some());
        assert!(Answer::parse(nested(DEPTH_MAX + 1)).is_none());
        // As deep as fits; without the check this one overflows the stack.
        assert!(Answer::parse(nested(60_000)).is_none());
    }

    #[test]
    fn only_whole_answers_are_read() {
        let whole = answer(&[
            attribute(0x44, b"printer-state-reasons", b"media-empty-error"),
            attribute(0x44, b"", b"cover-open"),
            attribute(0x23, b"printer-state", &[0, 0, 0, 5]),
            attribute(0x22, b"printer-is-accepting-jobs", &[1]),
            attribute(0x41, b"printer-info", b"a\x1b[2Jb"),
        ]);
        let read = Answer::parse(whole.clone()).expect("an answer");
        let group = read.printers().next().expect("a printer");
        assert_eq!(texts(group, "printer-state-reasons"), ["media-empty-error", "cover-open"]);
        assert_eq!(number(group, "printer-state"), Some(5));
        assert_eq!(number(group, "printer-info"), None);
        assert_eq!(yes(group, "printer-is-accepting-jobs"), Some(true));
        assert_eq!(text(group, "printer-info").as_deref(), Some("a\\u{1b}[2Jb"));
        for cut in 0..whole.len() {
            assert!(Answer::parse(whole[..cut].to_vec()).is_none(), "cut at {cut}");
        }
    }
}
