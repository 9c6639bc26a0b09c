//! Registered media as rules for other programs.

use super::ledger::Ledger;
use crate::render;
use crate::report::export::ExportView;

/// Rules for USBGuard.
pub fn usbguard(ledger: &Ledger) -> ExportView {
    render::usbguard::usbguard(ledger.state())
}

/// Rules for udev.
pub fn udev(ledger: &Ledger) -> ExportView {
    render::udev::udev(ledger.state())
}
