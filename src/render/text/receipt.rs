//! A receipt as text.

use super::Style;
use crate::report::ReceiptView;

/// A receipt as text, in Japanese and English, with the drawings of its two QR
/// codes (note, proof) where there are any.
pub fn receipt(_report: &ReceiptView, _codes: Option<(&str, &str)>, _style: Style) -> String {
    String::new()
}
