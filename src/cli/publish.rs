//! `custody publish`

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::error::EXIT_FINE;
use crate::ops::{OpsError, daily, publish};
use crate::render::text;
use crate::report::copies::DailyKind;

/// Publish the log as static files (c2sp.org/tlog-tiles) for a web server or a share
#[derive(Debug, Args)]
#[command(after_help = "\
Writes checkpoint, tile/ and tile/entries/ into DIR; only what is new since the last time,
and the checkpoint last, so that DIR can be handed out at any moment. Entries are whole:
names, organisations and purposes stand in them (docs/recovery.md, \"What an entry holds\").
Examples:
  custody publish /srv/www/custody
  custody verify --tiles /srv/www/custody --log-key log.vkey")]
pub(super) struct Publish {
    /// The folder; made if missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Write every file anew, also those that are there
    #[arg(long)]
    anew: bool,
    /// For a timer: expected every day from now on, and told where it is not made
    #[arg(long)]
    daily: bool,
}

impl Publish {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut ledger = global.open()?;
        let now = ledger.now()?;
        if self.daily {
            daily::expect(ledger.folder(), DailyKind::Publication, now)?;
        }
        let mut bar = ui.progress("publishing");
        let report = publish::publish(&mut ledger, &self.folder, self.anew, &mut |done, total| {
            bar.at(done, total);
        })?;
        if self.daily {
            daily::made(ledger.folder(), DailyKind::Publication, now, report.entries)?;
        }
        bar.end();
        ui.answer(&report, |style| text::publication(&report, style));
        Ok(EXIT_FINE)
    }
}
