//! A probe's answer as text.

use super::Style;
use super::layout::{Page, Tone};
use super::medium::bytes;
use crate::model::Token;
use crate::model::evidence::{Place, VolumeFinding};
use crate::model::vocabulary::EncryptionGrade;
use crate::report::EvidenceReport;
use crate::report::evidence::Bearing;

const LABELS: usize = 12;

/// A probe's answer: the verdict, why, and what was found where.
pub fn evidence(report: &EvidenceReport, style: Style) -> String {
    let mut page = Page::new(style);
    let found = &report.evidence;
    page.put(0, Tone::Strong, &report.device);
    page.put(0, tone(found.grade), report.verdict.en);
    page.put(0, tone(found.grade), report.verdict.ja);
    page.blank();
    let method = joined([&found.scheme, &found.cipher]);
    page.field(2, "Grade", LABELS, found.grade.as_str());
    if !method.is_empty() {
        page.field(2, "Method", LABELS, &method);
    }
    for mark in &found.marks {
        page.field(2, "Mark", LABELS, &mark.to_string());
    }
    if let Some(sequence) = found.luks_sequence {
        page.field(2, "Header no.", LABELS, &sequence.to_string());
    }
    let read = &found.read;
    // What is sampled of something small is read more than once.
    let overlap = if read.bytes > read.of { " that overlap" } else { "" };
    let (amount, whole) = (bytes(read.bytes), bytes(read.of));
    let words = format!("{amount} of {whole} in {} reads{overlap}", read.reads);
    page.field(2, "Read", LABELS, &words);
    if !found.volumes.is_empty() {
        page.blank();
        page.put(0, Tone::Strong, "Found");
    }
    for volume in &found.volumes {
        one(&mut page, volume);
    }
    if !report.explained.is_empty() {
        page.blank();
        page.put(0, Tone::Strong, "Why");
    }
    for told in &report.explained {
        let tone = match told.bearing {
            Bearing::Good => Tone::Good,
            Bearing::Note => Tone::Plain,
            Bearing::Bad => Tone::Alarm,
        };
        page.put(2, tone, told.reason.as_str());
        page.put(4, Tone::Plain, told.words.en);
        page.put(4, Tone::Plain, told.words.ja);
    }
    page.finish()
}

fn tone(grade: EncryptionGrade) -> Tone {
    match grade {
        EncryptionGrade::Verified => Tone::Good,
        EncryptionGrade::Claimed | EncryptionGrade::Opaque | EncryptionGrade::Stated => {
            Tone::Warning
        }
        _ => Tone::Alarm,
    }
}

fn joined<const N: usize>(words: [&Option<Token>; N]) -> String {
    let words: Vec<&str> = words.into_iter().flatten().map(Token::as_str).collect();
    words.join(" ")
}

fn one(page: &mut Page, volume: &VolumeFinding) {
    let place = match volume.place {
        Place::Whole => "Whole medium".to_owned(),
        Place::Partition(number) => format!("Partition {number}"),
        Place::Gap => "Outside".to_owned(),
    };
    let mut words = joined([&volume.scheme, &volume.cipher, &volume.content]);
    if let Some(bits) = volume.key_bits {
        words.push_str(&format!(" {bits}-bit key"));
    }
    if let Some(label) = &volume.label {
        words.push_str(&format!(" \"{label}\""));
    }
    let known = if volume.blank { "blank" } else { volume.grade.as_str() };
    let named = [words.trim(), known].into_iter().filter(|part| !part.is_empty());
    let named: Vec<&str> = named.collect();
    page.put(2, Tone::Plain, &format!("{place}: {}", named.join(", ")));
    let size = format!("{} at byte {}", bytes(volume.length), volume.start);
    page.field(4, "Where", LABELS, &size);
    for slot in &volume.keyslots {
        let numbers =
            [(slot.iterations, "rounds"), (slot.memory_kib, "KiB"), (slot.lanes, "lanes")];
        let numbers = numbers
            .iter()
            .filter_map(|(number, unit)| number.map(|number| format!("{number} {unit}")));
        let kdf = slot.kdf.as_ref().map_or("unknown", Token::as_str).to_owned();
        let words: Vec<String> = std::iter::once(kdf).chain(numbers).collect();
        page.field(4, &format!("Slot {}", slot.number), LABELS, &words.join(", "));
    }
    if !volume.reasons.is_empty() {
        let reasons: Vec<&str> = volume.reasons.iter().map(|reason| reason.as_str()).collect();
        page.field(4, "Because", LABELS, &reasons.join(", "));
    }
}
