//! The words on drive labels.

use super::Style;
use super::layout::{Page, Tone};
use crate::report::LabelSheet;

/// Labels as text: what each will say.
pub fn labels(report: &LabelSheet, style: Style) -> String {
    let mut page = Page::new(style);
    if report.rows.is_empty() {
        page.put(0, Tone::Plain, "貼るラベルはありません No drive is in use.");
    }
    for (at, row) in report.rows.iter().enumerate() {
        if at > 0 {
            page.blank();
        }
        page.put(0, Tone::Strong, row.medium.as_str());
        page.put(0, Tone::Plain, &row.label);
        page.put(0, Tone::Plain, row.owner.as_str());
        if let Some(contact) = &report.contact {
            page.put(0, Tone::Plain, &format!("拾得時の連絡先 If found: {contact}"));
        }
    }
    page.finish()
}
