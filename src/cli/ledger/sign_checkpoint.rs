//! `custody ledger sign-checkpoint`

use std::path::PathBuf;

use clap::Args;

use crate::cli::Global;
use crate::cli::error::EXIT_FINE;
use crate::ops::{OpsError, sign_checkpoint};
use crate::render::text;

/// Sign a new checkpoint where the one beside the ledger was damaged or lost
#[derive(Debug, Args)]
#[command(after_help = "\
Every entry is verified first, and what else remembers the ledger is compared: the head file,
the second copy, and the FILEs. If one of them knows of more entries, nothing is signed: exit
code 4. The witnesses that have an address are asked with the new one. A checkpoint that is in order stays as it is. A daemon must not be running.
Example:
  custody ledger sign-checkpoint newest.receipt")]
pub(crate) struct SignCheckpoint {
    /// Checkpoints, receipts, folders of published logs
    #[arg(value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
}

impl SignCheckpoint {
    pub(super) fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let folder = global.ledger_folder()?;
        let mut bar = ui.progress("verifying");
        let mut progress = |done, total| bar.at(done, total);
        let report = sign_checkpoint::sign_checkpoint(&folder, &self.files, &mut progress)?;
        bar.end();
        ui.answer(&report, |style| text::checkpoint_signed(&report, style));
        Ok(EXIT_FINE)
    }
}
