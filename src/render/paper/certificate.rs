//! Certificates of erasure (消去証明書) and retirement (廃棄証明書), with the fields of the
//! sample in NIST SP 800-88 Rev. 1, appendix G, and the entry's own codes.

use super::flow::{Flow, LEADING, Look, Style};
use super::receipt::{Format, Placed, SEAL};
use super::typeface::Typefaces;
use super::words::{Tongue, Words};
use super::{About, Mark, PaperError, Role, Sheet};
use crate::model::Name;
use crate::render::qr::Code;
use crate::report::certificate::{Certified, ErasureCertificate, RetirementCertificate};
use crate::report::receipt::Sealed;

/// The certificate of an erasure.
///
/// # Errors
/// [`PaperError`], where the words or the font are not sound.
pub fn erasure(
    report: &ErasureCertificate,
    tongue: Tongue,
    faces: &Typefaces,
) -> Result<Sheet, PaperError> {
    let words = Words::new(tongue)?;
    let certified = &report.certified;
    let mut flow = begin(certified, "erasure-title", &words, faces);
    let body = flow.body();
    flow.field(&words.label("media-type"), body, report.media_type.as_str());
    let strong = Look { size: body.size * 1.2, ..body };
    flow.field(&words.label("method"), strong, &words.pick(report.method_words));
    flow.field(&words.label("technique"), body, report.technique.as_str());
    flow.field(&words.label("tool"), body, report.tool.as_str());
    flow.field(&words.label("verification"), body, report.verification.as_str());
    let read = match &report.read_afterwards {
        Some(read) => words.pick(read.words()),
        None => words.lines("not-read-afterwards").join(" / "),
    };
    flow.field(&words.label("read-afterwards"), body, &read);
    for alarm in &report.alarms {
        flow.field(&words.label("alarm"), body, alarm);
    }
    optional(&mut flow, &words, "place", report.place.as_ref());
    optional(&mut flow, &words, "destination", report.destination.as_ref());
    if let Some(detail) = &report.detail {
        flow.field(&words.label("remark"), body, detail.as_str());
    }
    let people = [("performer", Some(&report.by)), ("verifier", Some(&report.verifier))];
    end(&mut flow, &words, certified, people);
    Ok(finish(flow, &words, "erasure-title", certified))
}

/// The certificate of a retirement.
///
/// # Errors
/// [`PaperError`], where the words or the font are not sound.
pub fn retirement(
    report: &RetirementCertificate,
    tongue: Tongue,
    faces: &Typefaces,
) -> Result<Sheet, PaperError> {
    let words = Words::new(tongue)?;
    let certified = &report.certified;
    let mut flow = begin(certified, "retirement-title", &words, faces);
    let body = flow.body();
    flow.field(&words.label("reason"), body, report.reason.as_str());
    optional(&mut flow, &words, "media-type", report.media_type.as_ref());
    if let Some(method) = report.method_words {
        let strong = Look { size: body.size * 1.2, ..body };
        flow.field(&words.label("method"), strong, &words.pick(method));
    }
    optional(&mut flow, &words, "technique", report.technique.as_ref());
    optional(&mut flow, &words, "tool", report.tool.as_ref());
    optional(&mut flow, &words, "verification", report.verification.as_ref());
    match &report.erasure {
        Some(earlier) => {
            let (entry, at) = (earlier.entry.to_string(), earlier.at.short());
            let with =
                [("entry", entry.as_str()), ("at", &at), ("how", earlier.technique.as_str())];
            let said = words.lines_of("erased-before", &with).join(" / ");
            flow.field(&words.label("erasure"), body, &said);
        }
        None if report.method.is_none() => {
            let said = words.lines("not-erased").join(" / ");
            flow.field(&words.label("erasure"), body, &said);
        }
        None => {}
    }
    optional(&mut flow, &words, "place", report.place.as_ref());
    optional(&mut flow, &words, "destination", report.destination.as_ref());
    if let Some(detail) = &report.detail {
        flow.field(&words.label("remark"), body, detail.as_str());
    }
    let people = [("performer", Some(&report.by)), ("verifier", report.verifier.as_ref())];
    end(&mut flow, &words, certified, people);
    Ok(finish(flow, &words, "retirement-title", certified))
}

fn optional(flow: &mut Flow<'_>, words: &Words, key: &str, value: Option<&Name>) {
    if let Some(value) = value {
        let body = flow.body();
        flow.field(&words.label(key), body, value.as_str());
    }
}

/// Title, whose it is, and the medium.
fn begin<'f>(certified: &Certified, title: &str, words: &Words, faces: &'f Typefaces) -> Flow<'f> {
    let style: Style = Format::A4.style();
    let id = certified.medium.medium.as_str();
    let mut flow = Flow::new(style, faces, format!("{} {id}", words.label(title)));
    let large = Look { size: style.title, grey: false };
    let edges = (style.margin, style.width - style.margin);
    let mark = flow.text_between(edges, flow.base(large), large, &words.label(title));
    flow.push(Role::Title, vec![mark]);
    flow.skip(style.title * LEADING + 1.0);
    let body = flow.body();
    let names = [certified.organisation.as_ref(), certified.site.as_ref()];
    let whose: Vec<&str> = names.into_iter().flatten().map(|name| name.as_str()).collect();
    if !whose.is_empty() {
        let mark = flow.text_between(edges, flow.base(body), body, &whose.join("  "));
        flow.push(Role::Text, vec![mark]);
        flow.skip(body.size * LEADING);
    }
    flow.rule();
    let strong = Look { size: body.size * 1.25, ..body };
    flow.field(&words.label("done-at"), body, &certified.at.short());
    flow.field(&words.label("drive"), strong, id);
    let medium = &certified.medium;
    let model = medium.product.as_ref().map_or("", |product| product.as_str());
    flow.field(&words.label("model"), body, format!("{model} ({})", medium.vid_pid).trim());
    flow.field(&words.label("serial"), body, &medium.serial);
    if let Some(bytes) = medium.capacity {
        flow.field(&words.label("capacity"), body, &super::receipt::grouped(bytes));
    }
    optional(&mut flow, words, "owner", medium.owner.as_ref());
    optional(&mut flow, words, "class", medium.class.as_ref());
    if let Some(receipt) = &medium.receipt {
        flow.field(&words.label("last-receipt"), body, &receipt.to_string());
    }
    flow.rule();
    flow
}

/// Who did it and who saw it, where it stands in the ledger, corrections, codes.
fn end(
    flow: &mut Flow<'_>,
    words: &Words,
    certified: &Certified,
    people: [(&str, Option<&Sealed>); 2],
) {
    flow.rule();
    let small = flow.small();
    for correction in &certified.corrections {
        let entry = correction.entry.to_string();
        let with = [
            ("entry", entry.as_str()),
            ("field", correction.field.as_str()),
            ("correction", correction.correction.as_str()),
            ("reason", correction.reason.as_str()),
        ];
        flow.field(
            &words.label("corrected"),
            small,
            &words.lines_of("corrected-by", &with).join(" / "),
        );
    }
    let (left, measure) = (flow.style.margin, flow.measure());
    let width = (measure - 3.0) / 2.0;
    let height = SEAL + 10.0;
    flow.need(height + 2.0);
    let top = flow.y() + 1.0;
    for ((key, side), x) in people.into_iter().zip([left, left + width + 3.0]) {
        if let Some(side) = side {
            person(flow, words, (key, side), (x, top), (width, height));
        }
    }
    flow.go_to(top + height + 2.0);
    flow.field(&words.label("ledger"), small, certified.ledger.as_str());
    let index = certified.entry.index.to_string();
    let size = certified.entry.tree_size.unwrap_or(certified.seen.entries).to_string();
    let with = [("index", index.as_str()), ("size", size.as_str())];
    flow.field(&words.label("entry"), small, &words.label_of("entry-of", &with));
    codes(flow, words, certified);
}

fn person(
    flow: &mut Flow<'_>,
    words: &Words,
    (key, side): (&str, &Sealed),
    at: (f32, f32),
    size: (f32, f32),
) {
    flow.frame(at, size, "");
    let (label, body, small) = (flow.label(), flow.body(), flow.small());
    let mut base = at.1 + 0.8 + label.size * 1.16;
    let mut marks = vec![flow.text_at(at.0 + 1.5, base, label, &words.label(key))];
    base += 1.0;
    let name = side.who.name.as_ref().map_or(side.who.id.as_str(), |name| name.as_str());
    let organisation = side.who.organisation.as_ref().map_or("", |name| name.as_str());
    let print = side.key.as_ref().map(|key| key.fingerprint.to_uppercase()).unwrap_or_default();
    for (look, text) in [(body, name), (small, organisation), (small, print.as_str())] {
        for line in flow.lines_of(size.0 - SEAL - 4.0, look, text) {
            base += look.size * LEADING;
            marks.push(flow.text_at(at.0 + 1.5, base, look, &line));
        }
    }
    flow.push(Role::Text, marks);
    let seal = (at.0 + size.0 - SEAL - 1.0, at.1 + 1.0);
    let middle = seal.1 + SEAL / 2.0;
    let marks = vec![
        Mark::Frame { at: seal, size: (SEAL, SEAL), width: 0.15, dashed: true },
        flow.text_between((seal.0, seal.0 + SEAL), middle, label, &words.label("seal")),
    ];
    flow.push(Role::Ornament, marks);
}

/// The codes of the entry and its proof, as on a receipt.
fn codes(flow: &mut Flow<'_>, words: &Words, certified: &Certified) {
    let Some(texts) = &certified.codes else { return };
    let (Ok(note), Ok(proof)) = (Code::receipt(&texts.note), Code::receipt(&texts.proof)) else {
        for line in words.lines("codes-too-long") {
            flow.paragraph(flow.small(), &line);
        }
        return;
    };
    let codes = [note, proof];
    let captions = ["certificate-note", "code-proof"];
    Placed::draw(flow, words, &codes, captions);
}

fn finish(flow: Flow<'_>, words: &Words, title: &str, certified: &Certified) -> Sheet {
    let id = certified.medium.medium.to_string();
    let about = About {
        title: format!("{} {id}", words.label(title)),
        id: format!("{id} {}", certified.entry.index),
        language: words.language(),
        at: certified.at,
        attachment: None,
    };
    Sheet { pages: flow.finish(true), about }
}
