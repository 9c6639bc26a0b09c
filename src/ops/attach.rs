//! Documents that belong to a receipt: the scan of a sheet that was sealed on paper.

use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::error::{AttachmentError, OpsError};
use super::gather::read_bounded;
use super::ledger::{Ledger, options};
use crate::ledger::intent::Attachment;
use crate::ledger::{Intent, Refusal};
use crate::model::document::{DocumentType, file_name};
use crate::model::statement::Handover;
use crate::model::{Hash, PartyId, ReceiptId, Statement};
use crate::report::attachment::AttachmentView;
use crate::store::attachments::FOLDER;
use crate::store::{Attachments, Kept, Key};

/// A document as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    bytes: Vec<u8>,
    kind: DocumentType,
    sha256: Hash,
}

impl Scan {
    /// Reads a document and tells its kind by its first bytes.
    ///
    /// # Errors
    /// A file that cannot be read, is larger than 64 MiB, or is no document.
    pub fn read(path: &Path) -> Result<Self, OpsError> {
        let bytes = read_bounded(path)?;
        let Some(kind) = DocumentType::of(&bytes) else {
            let problem =
                format!("{} is no scan: a PDF, PNG, JPEG or TIFF file is expected", path.display());
            return Err(OpsError::input("FILE", problem));
        };
        let sha256 = Hash::of(&[&bytes]);
        Ok(Scan { bytes, kind, sha256 })
    }

    /// Its name in the ledger's folder.
    fn name(&self) -> String {
        file_name(&self.sha256, self.kind.media_type())
    }
}

fn stored(ledger: &Ledger) -> Attachments {
    Attachments::of(ledger.folder(), &options())
}

/// Drafts the entry that attaches a document to a receipt. The document itself is kept
/// by [`keep`], before the entry is appended.
///
/// # Errors
/// No such receipt; a document that is attached to it already and whole; every other
/// reason against it.
pub fn attach(
    ledger: &Ledger,
    receipt: &ReceiptId,
    scan: &Scan,
    by: PartyId,
) -> Result<Draft, OpsError> {
    handover_of(ledger, receipt)?;
    let before = attachments(ledger, receipt)?;
    if let Some(same) = before.iter().find(|one| one.sha256 == scan.sha256) {
        // Attaching it once more is the way to bring back a file that is gone.
        if stored(ledger).read(&scan.name())?.as_ref() == Some(&scan.bytes) {
            let problem =
                format!("this document is attached to {receipt} already, by entry {}", same.entry);
            return Err(OpsError::input("FILE", problem));
        }
    }
    // Every media type of ours is a name.
    let media_type = scan.kind.media_type().parse().map_err(|e| OpsError::input("FILE", e))?;
    ledger.draft(Intent::Attach(Box::new(Attachment {
        receipt: receipt.clone(),
        sha256: scan.sha256,
        length: scan.bytes.len() as u64,
        media_type,
        by,
    })))
}

/// Keeps a document in the ledger's folder, durably, and reads it back. An entry that
/// names it may follow; a document without an entry is found by `fsck` and harms
/// nobody.
///
/// # Errors
/// A file that cannot be written or does not read back; other bytes under its name.
pub fn keep(ledger: &Ledger, scan: &Scan) -> Result<(), OpsError> {
    let (stored, name) = (stored(ledger), scan.name());
    if stored.keep(&name, &scan.bytes)? == Kept::Differs {
        return Err(AttachmentError::NameTaken(shown(&name)).into());
    }
    match stored.read(&name)? {
        Some(read) if read == scan.bytes => Ok(()),
        _ => Err(OpsError::ReadBack(shown(&name))),
    }
}

/// A document's file as people are told of it.
fn shown(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

/// The handover behind a receipt, and its entry.
///
/// # Errors
/// No such receipt, or entries that cannot be read.
pub fn handover_of(ledger: &Ledger, receipt: &ReceiptId) -> Result<(u64, Handover), OpsError> {
    let indices = ledger.store().find(&Key::Receipt(receipt.to_string()))?;
    // Attachments name the receipt as well; the handover is the receipt.
    let handover = ledger.statements(&indices)?.into_iter().find_map(|(index, said)| match said {
        Statement::Handover(said) => Some((index, *said)),
        _ => None,
    });
    handover.ok_or_else(|| OpsError::refused(Refusal::UnknownReceipt { receipt: receipt.clone() }))
}

/// The documents attached to a receipt, oldest first.
///
/// # Errors
/// Entries that cannot be read.
pub fn attachments(ledger: &Ledger, receipt: &ReceiptId) -> Result<Vec<AttachmentView>, OpsError> {
    let indices = ledger.store().find(&Key::Receipt(receipt.to_string()))?;
    let statements = ledger.statements(&indices)?;
    let attached = statements.iter().filter_map(|(index, said)| match said {
        Statement::Attach(said) => Some(AttachmentView::new(*index, said)),
        _ => None,
    });
    Ok(attached.collect())
}

/// Writes the documents of a receipt into a folder, each compared with its entry
/// first: `SZ-2026-000123-entry17.pdf`. No file is written over.
///
/// # Errors
/// A document that is missing or altered, or a file that cannot be written.
pub fn export(
    ledger: &Ledger,
    receipt: &ReceiptId,
    folder: &Path,
) -> Result<Vec<PathBuf>, OpsError> {
    let stored = stored(ledger);
    let mut whole = Vec::new();
    for one in attachments(ledger, receipt)? {
        let (entry, file) = (one.entry, one.file.clone());
        let name = file_name(&one.sha256, one.media_type.as_str());
        let Some(bytes) = stored.read(&name)? else {
            return Err(AttachmentError::Missing { entry, file }.into());
        };
        if Hash::of(&[&bytes]) != one.sha256 {
            return Err(AttachmentError::Altered { entry, file }.into());
        }
        let end = crate::model::document::extension(one.media_type.as_str());
        whole.push((folder.join(format!("{receipt}-entry{entry}.{end}")), bytes));
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| OpsError::file("cannot make the folder", folder, error))?;
    let mut written = Vec::new();
    for (path, bytes) in whole {
        write_new(&path, &bytes)?;
        written.push(path);
    }
    Ok(written)
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), OpsError> {
    use std::io::Write as _;
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    made.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(|error| OpsError::file("cannot write", path, error))
}
