//! `custody submit`

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::handover::{ReceiptOut, show};
use super::receipt::refuse_taken;
use super::sign::read_draft;
use super::signing::submit;
use crate::model::Statement;
use crate::ops::OpsError;

/// Append a draft that has all its signatures
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  custody submit handover.draft --receipt-file SZ-2026-000123.receipt"
)]
pub(super) struct Submit {
    /// The draft
    file: PathBuf,
    #[command(flatten)]
    out: ReceiptOut,
}

impl Submit {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let draft = read_draft(&self.file)?;
        refuse_taken(self.out.file.as_deref())?;
        let handover = matches!(draft.statement(), Statement::Handover(_));
        let mut ledger = global.open()?;
        let concluded = submit(&mut ledger, draft)?;
        if handover {
            let shown = show(global, &mut ledger, (concluded, Vec::new()), &self.out)?;
            drop(ledger);
            return Ok(shown.print(global));
        }
        global.ui().answer(&concluded, |_| concluded.words());
        Ok(0)
    }
}
