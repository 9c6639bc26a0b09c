//! The log as text.

use super::Style;
use crate::report::LogView;

/// The log as text.
pub fn log(_report: &LogView, _style: Style) -> String {
    String::new()
}
