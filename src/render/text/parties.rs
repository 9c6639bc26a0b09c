//! Parties as text.

use super::Style;
use crate::report::{PartyList, PartyView};

/// Every party as text.
pub fn parties(_report: &PartyList, _style: Style) -> String {
    String::new()
}

/// One party as text.
pub fn party(_report: &PartyView, _style: Style) -> String {
    String::new()
}
