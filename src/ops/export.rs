//! Registered media for other programs.

use super::error::OpsError;
use super::ledger::Ledger;
use crate::render;
use crate::report::export::ExportView;

/// Rules for USBGuard.
pub fn usbguard(ledger: &Ledger) -> ExportView {
    render::usbguard::usbguard(ledger.state())
}

/// The register as a table for a spreadsheet, as of now.
///
/// # Errors
/// When the clock cannot be read.
pub fn csv(ledger: &Ledger) -> Result<ExportView, OpsError> {
    Ok(render::csv::csv(ledger.state(), ledger.now()?))
}

/// Rules for udev.
pub fn udev(ledger: &Ledger) -> ExportView {
    render::udev::udev(ledger.state())
}
