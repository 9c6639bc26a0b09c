//! What somebody is about to sign, as text.

use super::Style;
use super::layout::{Page, Tone};
use super::medium::bytes;
use super::receipt::receipt;
use crate::model::Statement;
use crate::report::ReceiptView;

/// Lines that say nothing to the one who signs.
const LEFT_OUT: [&str; 5] = ["ledger", "seen", "nonce", "hw", "inquiry"];
const LABELS: usize = 18;

/// A statement before it is signed: a handover as the draft of its receipt, any
/// other kind as its lines, keys shortened to their names.
pub fn statement_summary(said: &Statement, style: Style) -> String {
    if let Statement::Handover(said) = said {
        return receipt(&ReceiptView::new(said, None), None, style);
    }
    let mut page = Page::new(style);
    page.put(0, Tone::Strong, &format!("To be signed: {}", said.kind()));
    for (key, value) in said.lines().0 {
        if LEFT_OUT.contains(&key.as_str()) {
            continue;
        }
        let value = match key.as_str() {
            key if key.ends_with("key") => value.split('+').next().unwrap_or(&value).to_owned(),
            "at" => said.at().short(),
            "capacity" => value.parse().map_or(value, bytes),
            _ => value,
        };
        page.field(2, &key, LABELS, &value);
    }
    page.finish()
}
