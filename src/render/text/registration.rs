//! A registration as text.

use super::Style;
use crate::report::RegistrationView;

/// A registration as text, with its label's code where one was drawn.
pub fn registration(_report: &RegistrationView, _code: Option<&str>, _style: Style) -> String {
    String::new()
}
