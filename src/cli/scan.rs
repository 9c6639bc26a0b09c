//! `custody scan`

use std::path::PathBuf;

use clap::Args;

use super::{BusArg, Global};
use crate::ops::{OpsError, bus, scan};
use crate::render::text;

/// List attached drives and what the ledger says of each
#[derive(Debug, Args)]
#[command(after_help = "\
Reads sysfs on Linux: no root, no device is opened. Works without a ledger as well.
With --probe the drives that this user may open are read too, a few hundred kilobytes each:
how they are encrypted, and whether their content is what it was.
Examples:
  custody scan
  custody scan --probe
  custody scan --record desk.json      then anywhere: custody scan --bus desk.json")]
pub(super) struct Scan {
    #[command(flatten)]
    bus: BusArg,
    /// Read the drives themselves as well, where this user may; nothing is written
    #[arg(long)]
    probe: bool,
    /// Write what the bus shows to a new file, for --bus
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

impl Scan {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let founded = global.ledger_folder().is_ok_and(|folder| folder.join("FORMAT").exists());
        let ledger = if founded || global.ledger.is_some() { Some(global.open()?) } else { None };
        let choice = self.bus.choice();
        let (report, devices) = scan::scan(&choice, ledger.as_ref(), self.probe)?;
        if let Some(file) = &self.record {
            bus::record(&devices, &format!("custody scan --record, {}", report.bus), file)?;
            ui.say(&format!("Recorded {} devices in {}.", devices.len(), file.display()));
        }
        ui.answer(&report, |style| text::scan(&report, style));
        Ok(0)
    }
}
