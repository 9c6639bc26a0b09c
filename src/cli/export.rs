//! `custody export`

use clap::{Args, Subcommand};

use super::Global;
use crate::ops::{OpsError, export};

/// Registered media for other programs: rules, or a table
#[derive(Debug, Subcommand)]
pub(super) enum Export {
    Csv(Csv),
    Usbguard(Usbguard),
    Udev(Udev),
}

/// The register of media as a table for a spreadsheet
#[derive(Debug, Args)]
#[command(after_help = "\
A cell that would begin like a formula gets an apostrophe in front. A spreadsheet may
take a serial number of digits for a number and round it: import that column as text.
Example:
  custody export csv > 媒体管理台帳.csv")]
pub(super) struct Csv {}

/// Rules for USBGuard: registered media are allowed, other storage is rejected
#[derive(Debug, Args)]
#[command(after_help = "\
Weak and retired media have no rule; a comment in the file says so. The rules speak of
storage only: keep those for keyboard, mouse and hubs before them.
Example:
  custody export usbguard > 50-custody.conf      for /etc/usbguard/rules.d")]
pub(super) struct Usbguard {}

/// Rules for udev: a registered medium's nodes get the property CUSTODY_MEDIUM
#[derive(Debug, Args)]
#[command(after_help = "\
Weak and retired media have no rule; a comment in the file says so.
Example:
  custody export udev > 71-custody-media.rules      for /etc/udev/rules.d")]
pub(super) struct Udev {}

impl Export {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ledger = global.open()?;
        let view = match self {
            Export::Csv(_) => export::csv(&ledger)?,
            Export::Usbguard(_) => export::usbguard(&ledger),
            Export::Udev(_) => export::udev(&ledger),
        };
        global.ui().answer(&view, |_| view.file.clone());
        Ok(0)
    }
}
