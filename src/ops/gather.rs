//! What is given to be verified, whatever form it has: a receipt file, pictures, a PDF,
//! the text that a scanner types or a person pastes; one code at a time and in either
//! order.

use std::path::Path;

use super::error::OpsError;
use crate::picture::{self, Effort};
use crate::proof::receipt::{Receipt, ReceiptError};
use crate::proof::tlog_proof::TlogProof;
use crate::wire::note::Note;
use crate::wire::parts::{is_part, join};
use crate::wire::qr::{Payload, PayloadError, PayloadKind, decode};
use crate::wire::typed::{self, Begins, begins};

/// Largest file looked at, in bytes.
const FILE_MAX: u64 = 64 << 20;

/// Most bytes taken from a keyboard.
pub const TYPED_MAX: u64 = typed::TYPED_MAX as u64;

/// How many codes of receipts a typed line holds, without a word about what is wrong
/// with it.
pub fn receipt_codes_in(line: &str) -> usize {
    typed::codes(line).map_or(0, |codes| codes.len())
}

/// What was given to be verified.
pub enum Evidence {
    /// A receipt file, or both codes of one.
    Whole(Box<Receipt>),
    /// Only one of the two codes.
    Half(PayloadKind, Vec<u8>),
}

/// Reads evidence from whatever was given: files (receipt, PNG, JPEG, PDF, or text with
/// codes) or the text of codes; `typed` is what came from the keyboard, if anything did.
///
/// # Errors
/// What is wrong with the files, pictures or texts; all of it at once, where it is not
/// the kind that ends the matter.
pub fn gather(given: &[String], typed: Option<&str>) -> Result<Evidence, OpsError> {
    let mut codes = Codes::default();
    let mut pictures = Vec::new();
    if let Some(text) = typed {
        codes.read(text)?;
    }
    for item in given {
        let path = Path::new(item);
        if !path.exists() {
            match begins(item) {
                Begins::Receipt => {
                    codes.read(item)?;
                    continue;
                }
                Begins::Neither if is_part(item) => {
                    codes.read(item)?;
                    continue;
                }
                // Somebody scanned the drive where the sheet was meant.
                Begins::Label => return Err(PayloadError::LabelGiven.into()),
                Begins::Neither => {}
            }
        }
        let bytes = read_bounded(path)?;
        if picture::is_picture(&bytes) {
            pictures.push((item, bytes));
        } else if let Some(text) = as_codes(&bytes) {
            codes.read(&text)?;
        } else if given.len() > 1 && !codes.is_empty() {
            return Err(OpsError::input("FILE", "a receipt file is whole; give it alone"));
        } else {
            return Ok(Evidence::Whole(Box::new(Receipt::parse(&bytes)?)));
        }
    }
    look(&pictures, &mut codes)?;
    codes.join()
}

/// Reads the pictures until both codes are there. Of several, each mostly shows one
/// code, so all of them are first looked at quickly, and what that did not find is
/// searched for at leisure.
fn look(pictures: &[(&String, Vec<u8>)], codes: &mut Codes) -> Result<(), OpsError> {
    let (mut seen, mut others) = (Vec::new(), Vec::new());
    for effort in [Effort::Quick, Effort::Thorough] {
        for (at, (_, bytes)) in pictures.iter().enumerate() {
            let alone = pictures.len() == 1;
            if codes.is_whole() || (effort == Effort::Quick && alone) {
                continue;
            }
            let enough = |texts: &[String]| {
                let whole = join(texts.to_vec()).texts;
                let kinds = whole.iter().filter(|text| begins(text) == Begins::Receipt).count();
                kinds >= 2 || (!alone && effort == Effort::Quick && kinds == 1)
            };
            for text in picture::search_codes(bytes, effort, &enough)?.texts {
                seen.push(at);
                if is_part(&text) {
                    codes.take_part(text)?;
                    continue;
                }
                // Nothing is undone here: what was photographed was never typed.
                match decode(&text) {
                    Ok(payload) => codes.add(vec![payload])?,
                    Err(error) => others.push(error),
                }
            }
        }
    }
    // Another code beside those of a receipt is nobody's mistake; alone it is.
    if let Some(error) = others.into_iter().next().filter(|_| codes.is_empty()) {
        return Err(error.into());
    }
    let blind =
        pictures.iter().enumerate().filter(|(at, _)| !codes.is_whole() && !seen.contains(at));
    let problems: Vec<_> = blind
        .map(|(_, (name, _))| {
            let problem = format!(
                "no QR code could be read in {name}; take the picture closer, straighter, in \
                 better light"
            );
            super::error::Problem::new("FILE", problem)
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(OpsError::Input(problems)) }
}

/// The codes read so far.
#[derive(Default)]
struct Codes {
    note: Option<Vec<u8>>,
    proof: Option<Vec<u8>>,
    /// Parts of codes, which may be of the two above.
    parts: Vec<String>,
}

impl Codes {
    fn is_whole(&self) -> bool {
        self.note.is_some() && self.proof.is_some()
    }

    fn is_empty(&self) -> bool {
        self.note.is_none() && self.proof.is_none() && self.parts.is_empty()
    }

    /// Takes what was typed: codes, and parts of codes, each of these on a line of its own.
    fn read(&mut self, text: &str) -> Result<(), OpsError> {
        let (parts, rest): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| is_part(line));
        for part in &parts {
            self.take_part((*part).to_owned())?;
        }
        if parts.is_empty() || rest.iter().any(|line| !line.trim().is_empty()) {
            self.add(typed::codes(&rest.join("\n"))?)?;
        }
        Ok(())
    }

    /// Keeps a part until the others are there.
    fn take_part(&mut self, part: String) -> Result<(), OpsError> {
        self.parts.push(part);
        for text in join(self.parts.clone()).texts {
            self.add(vec![decode(&text)?])?;
        }
        Ok(())
    }

    /// Takes codes in any order; the same one twice is no matter.
    fn add(&mut self, payloads: Vec<Payload>) -> Result<(), OpsError> {
        for Payload { kind, bytes } in payloads {
            let slot = if kind == PayloadKind::Note { &mut self.note } else { &mut self.proof };
            match slot {
                Some(earlier) if *earlier != bytes => {
                    return Err(OpsError::input("FILE", mixed(kind, earlier, &bytes)));
                }
                _ => *slot = Some(bytes),
            }
        }
        Ok(())
    }

    fn join(self) -> Result<Evidence, OpsError> {
        let missing = join(self.parts).missing;
        if !missing.is_empty() {
            let problem = format!(
                "of a code in parts {} is missing or was misread: scan it as well \
                 (分割されたQRコードの一部が足りません)",
                missing.join(", ")
            );
            return Err(OpsError::input("FILE", problem));
        }
        match (self.note, self.proof) {
            (Some(note), Some(proof)) => {
                let note = Note::parse(&note).map_err(ReceiptError::from)?;
                let proof = TlogProof::parse(&proof).map_err(ReceiptError::from)?;
                Ok(Evidence::Whole(Box::new(Receipt::new(note, proof)?)))
            }
            (Some(note), None) => Ok(Evidence::Half(PayloadKind::Note, note)),
            (None, Some(proof)) => Ok(Evidence::Half(PayloadKind::Proof, proof)),
            (None, None) => Err(OpsError::input("FILE", "nothing to verify was given")),
        }
    }
}

/// Codes of two receipts, named as far as they name themselves.
fn mixed(kind: PayloadKind, one: &[u8], other: &[u8]) -> String {
    let named = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mark = if kind == PayloadKind::Note { "receipt: " } else { "index " };
        text.lines().find_map(|line| line.strip_prefix(mark)).map(|name| format!("{mark}{name}"))
    };
    let (one, other) = (named(one), named(other));
    let names = match (one, other) {
        (Some(one), Some(other)) if one != other => format!(" ({one}; {other})"),
        _ => String::new(),
    };
    format!(
        "these are codes of two different receipts{names}: verify one receipt at a time \
         (二枚の受領書のコードが混ざっています)"
    )
}

pub(super) fn read_bounded(path: &Path) -> Result<Vec<u8>, OpsError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| OpsError::file("cannot read", path, e))?;
    file.take(FILE_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| OpsError::file("cannot read", path, e))?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(OpsError::input("FILE", format!("{} is larger than 64 MiB", path.display())));
    }
    Ok(bytes)
}

/// The text of a file that begins as a scanner's text does.
fn as_codes(bytes: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(bytes.get(..bytes.len().min(256))?);
    (begins(&start) != Begins::Neither).then(|| String::from_utf8_lossy(bytes).into_owned())
}
