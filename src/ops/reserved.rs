//! Receipt numbers of drafts that are out for signature: each is kept beside the ledger, and
//! its file's name reserves its number.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use crate::model::{ReceiptId, Statement};

/// The folder of the drafts.
const DRAFTS: &str = "drafts";

impl Ledger {
    /// Receipt numbers of drafts that are out for signature.
    pub fn reserved(&self) -> BTreeSet<ReceiptId> {
        let Ok(folder) = std::fs::read_dir(self.folder().join(DRAFTS)) else {
            return BTreeSet::new();
        };
        let names =
            folder.filter_map(Result::ok).filter_map(|file| file.file_name().into_string().ok());
        names.filter_map(|name| name.strip_suffix(".draft")?.parse().ok()).collect()
    }

    /// Keeps a copy of a handover's draft, so that its receipt number is not given
    /// to another one meanwhile.
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub fn reserve(&self, draft: &Draft) -> Result<(), OpsError> {
        let Statement::Handover(said) = draft.statement() else { return Ok(()) };
        let path = self.reservation(&said.receipt);
        let folder = self.folder().join(DRAFTS);
        std::fs::create_dir_all(&folder)
            .map_err(|e| OpsError::file("cannot make the folder", &folder, e))?;
        std::fs::write(&path, draft.to_bytes())
            .map_err(|e| OpsError::file("cannot write", &path, e))
    }

    /// Lets go of a number that is used now. One that stays behind only skips a number.
    pub(super) fn release(&self, receipt: &ReceiptId) {
        let _ = std::fs::remove_file(self.reservation(receipt));
    }

    fn reservation(&self, receipt: &ReceiptId) -> PathBuf {
        self.folder().join(DRAFTS).join(format!("{receipt}.draft"))
    }
}
