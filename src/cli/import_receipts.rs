//! `custody import-receipts`

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::error::{EXIT_DISCREPANCY, EXIT_FINE, EXIT_UNVERIFIED};
use super::party::read_vkey;
use crate::ops::OpsError;
use crate::ops::import_receipts::import_receipts;
use crate::render::text;

/// After a total loss: verify every receipt people hold, and say what they prove
#[derive(Debug, Args)]
#[command(after_help = "\
Looks through DIR and the folders in it: .receipt files, PDFs, and pictures of both codes.
It needs no ledger. With --to it lays the entries out by their places, with a report as
text, JSON and CSV. Gaps are named; nothing says that this was all.
Exit code 3 when a file proves nothing, 4 when receipts contradict one another.
Example:
  custody import-receipts collected --log-key log.vkey --to what-is-proven")]
pub(super) struct ImportReceipts {
    /// The folder with what people handed in
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The lost ledger's public key, as text or as a file
    #[arg(long, value_name = "VKEY|FILE")]
    log_key: String,
    /// Where to lay out what is proven; made if missing
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

impl ImportReceipts {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let log_key = read_vkey(&self.log_key)?;
        let report = import_receipts(&self.folder, &log_key, self.to.as_deref())?;
        ui.answer(&report, |style| text::proven(&report, style));
        Ok(match (report.contradictions.is_empty(), report.left_out.is_empty()) {
            (false, _) => EXIT_UNVERIFIED,
            (true, false) => EXIT_DISCREPANCY,
            (true, true) => EXIT_FINE,
        })
    }
}
