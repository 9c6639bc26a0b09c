//! A ledger whose newest checkpoint was damaged gets another one, once everything else that
//! remembers its entries agrees.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::audit::audit_entries;
use super::error::OpsError;
use super::gather::read_bounded;
use super::hearing::hear;
use super::known::{self, HistoryError};
use super::ledger::{Ledger, options};
use crate::ledger::Refusal;
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::log_keys::LogKeys;
use crate::report::copies::{CheckpointBefore, CheckpointSigned};
use crate::store::{Options, Progress};

/// The checkpoint, in the ledger's folder.
const CHECKPOINT: &str = "checkpoint";
const BESIDE: &str = "the checkpoint beside the ledger";
/// What is kept of one that could not be read.
const DAMAGED: &str = "checkpoint.damaged";

/// Signs a checkpoint over the entries that are there, where the one beside them is gone or
/// is none that the log key signed. A checkpoint that the log key did sign is never replaced
/// by one that contradicts it: it is evidence, and so is what else is known of the ledger.
///
/// Every entry is verified first, and the head file, the second copy and `files` are
/// compared, since the damaged checkpoint may have been the only one to know of more. The
/// witnesses are asked with the new one, for they answer nothing else.
///
/// # Errors
/// Another process owns the ledger; an entry that does not verify; whatever knows of more
/// entries or of another history; the log key is not at hand.
pub fn sign_checkpoint(
    folder: &Path,
    files: &[PathBuf],
    progress: Progress<'_>,
) -> Result<CheckpointSigned, OpsError> {
    let options = Options { without_checkpoint: true, ..options() };
    let mut ledger = Ledger::own_with(folder, &options, progress)?;
    let logs = LogKeys::new(ledger.state().log_keys());
    let logs = logs.ok_or_else(|| OpsError::refused(Refusal::NotFounded))?;
    let path = folder.join(CHECKPOINT);
    let found = read_bounded(&path);
    let before = match &found {
        Ok(bytes) => match known::open_own(bytes, &logs, BESIDE, ledger.store().head().size) {
            Ok(there) => {
                known::compare(ledger.store(), &there, BESIDE)?;
                CheckpointBefore::Sound
            }
            // By a later log key: the entry that names it was here and is no more. Over
            // entries that are all here it is a line with a wrong key in it.
            Err(error @ HistoryError::Succeeded { .. }) if !is_held(&ledger, bytes) => {
                return Err(error.into());
            }
            Err(error) => CheckpointBefore::Damaged { why: error.to_string() },
        },
        Err(OpsError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
            CheckpointBefore::Missing
        }
        Err(error) => CheckpointBefore::Damaged { why: error.to_string() },
    };
    let compared = known::check(&mut ledger, files)?;
    let audit = audit_entries(ledger.store(), progress)?;
    if !audit.is_green() {
        let said = audit.findings.iter().take(5).map(ToString::to_string).collect();
        return Err(HistoryError::Unverified(said).into());
    }
    let mut kept = None;
    if let (CheckpointBefore::Damaged { .. }, Ok(bytes)) = (&before, &found) {
        let file = folder.join(DAMAGED);
        known::put(&file, bytes)?;
        kept = Some(file);
    }
    let signed = match before {
        CheckpointBefore::Sound => ledger.checkpoint()?,
        _ => ledger.renew_checkpoint()?,
    };
    // They are asked with it; one that knows of more stops the ledger from here on.
    let heard = hear(&mut ledger)?;
    if let Some(error) = heard.against {
        return Err(error.into());
    }
    Ok(CheckpointSigned {
        before,
        kept,
        entries: signed.checkpoint().size(),
        signatures: audit.signatures,
        compared,
        witnesses: heard.witnesses,
    })
}

/// Whether the ledger holds what these bytes state, whoever signed them.
fn is_held(ledger: &Ledger, bytes: &[u8]) -> bool {
    let stated = SignedCheckpoint::parse(bytes);
    stated.is_ok_and(|stated| known::compare(ledger.store(), &stated, BESIDE).is_ok())
}
