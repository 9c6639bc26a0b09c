//! `custody fsck`

use clap::Args;

use super::Global;
use super::error::{EXIT_FINE, EXIT_UNVERIFIED};
use crate::ops::{OpsError, fsck};
use crate::render::text;

/// Look at the stored files; --repair rebuilds what can be rebuilt
#[derive(Debug, Args)]
#[command(after_help = "\
--repair rebuilds the index and sets aside a write that was never acknowledged. Damage to
entries is named and never repaired: restore them from a backup.
Exit code 4 when entries are damaged or missing.
Example:
  custody fsck --repair")]
pub(super) struct Fsck {
    /// Rebuild what can be rebuilt
    #[arg(long)]
    repair: bool,
}

impl Fsck {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let folder = global.ledger_folder()?;
        let mut bar = ui.progress("reading every byte");
        let mut progress = |done, total| bar.at(done, total);
        let report = if self.repair {
            fsck::repair(&folder, &mut progress)?
        } else {
            fsck::look(&folder, &mut progress)?
        };
        bar.end();
        ui.answer(&report, |style| text::soundness(&report, style));
        Ok(if report.sound { EXIT_FINE } else { EXIT_UNVERIFIED })
    }
}
