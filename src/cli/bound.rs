//! `custody bound`

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::error::{EXIT_DISCREPANCY, EXIT_FINE};
use crate::model::MediumId;
use crate::ops::{OpsError, bound};
use crate::render::text;

/// Until when the loss of a drive can go unnoticed; exit code 3 where that day has come
#[derive(Debug, Args)]
#[command(after_help = "\
The day follows from the last time somebody saw the drive and from the policy: no program has
to run for it. Weekends and holidays stand in calendar.txt in the ledger's folder; they move a
look to the day before, and the bound to the day on which somebody reads of it.
Example:
  custody bound USB-0421")]
pub(super) struct BoundCommand {
    /// Asset ids of the drives [default: all that are there]
    #[arg(value_name = "MEDIUM")]
    media: Vec<String>,
    /// Weekends and holidays [default: calendar.txt in the ledger's folder]
    #[arg(long, value_name = "FILE")]
    calendar: Option<PathBuf>,
}

impl BoundCommand {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut asking = ui.asking();
        let media: Vec<MediumId> = asking.each("MEDIUM", &self.media);
        asking.end()?;
        let bounds = bound::bounds(&global.open()?, self.calendar.as_deref(), &media)?;
        ui.answer(&bounds, |style| text::bounds(&bounds, style));
        Ok(if bounds.any_reached() { EXIT_DISCREPANCY } else { EXIT_FINE })
    }
}
