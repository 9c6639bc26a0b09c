//! A report as JSON, for programs.

use serde::Serialize;

/// Pretty JSON with a newline at its end.
pub fn to_json(report: &impl Serialize) -> String {
    let mut json = serde_json::to_string_pretty(report).unwrap_or_default();
    json.push('\n');
    json
}
