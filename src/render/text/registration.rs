//! A registration as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::report::RegistrationView;

const LABELS: usize = 14;

/// A registration as text, with the drawing of its label's code; empty where
/// none was drawn.
pub fn registration(report: &RegistrationView, code: &str, style: Style) -> String {
    let mut page = Page::new(style);
    page.put(0, Tone::Good, &format!("{} is registered", report.medium));
    let mut put = |label: &str, value: String| page.field(2, label, LABELS, &value);
    put("Home", report.home.to_string());
    put("Holder", format!("{} ({})", report.holder.spoken(), report.holder.id));
    put("Owner", report.owner.to_string());
    put("Data", report.class.to_string());
    put("Encryption", report.encryption.clone());
    put("USB", format!("{}  serial {}", report.vid_pid, report.serial));
    put("Serial grade", report.serial_grade.to_string());
    for reason in &report.grade_reasons {
        page.hang(2, "", LABELS, Tone::Warning, reason);
    }
    page.field(2, "Entry", LABELS, &format!("{}, {}", report.entry, report.at.short()));
    for alarm in &report.alarms {
        page.hang(2, "ALARM", LABELS, Tone::Alarm, alarm);
    }
    if report.weak {
        let words = "Weak identity: this serial names no single drive. Put the label on it; the \
                     label, scanned, is what tells it from others like it.";
        page.put(2, Tone::Warning, words);
    }
    page.blank();
    let bound = format!(
        "See it by {}. If it disappears now, this is known by {}.",
        report.check_due, report.noticed_by
    );
    page.put(0, Tone::Plain, &bound);
    page.blank();
    page.field(0, "Label", 7, &report.label);
    page.drawing(code);
    page.finish()
}
