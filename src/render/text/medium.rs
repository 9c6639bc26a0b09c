//! One medium and its timeline as text.

use super::Style;
use crate::report::MediumView;

/// One medium and its timeline as text.
pub fn medium(_report: &MediumView, _style: Style) -> String {
    String::new()
}
