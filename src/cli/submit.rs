//! `custody submit`

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::handover::show;
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
    /// For a handover: keep the receipt in this new file
    #[arg(long, value_name = "FILE")]
    receipt_file: Option<PathBuf>,
}

impl Submit {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let draft = read_draft(&self.file)?;
        refuse_taken(self.receipt_file.as_deref())?;
        let handover = matches!(draft.statement(), Statement::Handover(_));
        let mut ledger = global.open()?;
        let concluded = submit(&mut ledger, draft)?;
        if handover {
            return show(
                global,
                &mut ledger,
                (concluded, Vec::new()),
                self.receipt_file.as_deref(),
            );
        }
        global.ui().answer(&concluded, |_| concluded.words());
        Ok(0)
    }
}
