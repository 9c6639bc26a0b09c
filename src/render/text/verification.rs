//! Verifications as text.

use super::Style;
use crate::report::{LedgerVerification, ReceiptVerification};

/// The verification of a ledger as text.
pub fn ledger_verification(_report: &LedgerVerification, _style: Style) -> String {
    String::new()
}

/// The verification of a receipt as text.
pub fn receipt_verification(_report: &ReceiptVerification, _style: Style) -> String {
    String::new()
}
