//! Where a missing drive was looked for, as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::report::searches::SearchLog;
use crate::report::who::Who;
use crate::report::words;

/// The search for a drive.
pub fn searches(log: &SearchLog, style: Style) -> String {
    let mut page = Page::new(style);
    let standing = format!("{} {}", log.standing.ja, log.standing.en);
    page.put(0, Tone::Strong, &format!("捜索記録 Search for {}  {standing}", log.medium));
    match &log.known {
        Some(known) => {
            let by: Vec<String> = known.by.iter().map(Who::spoken).collect();
            let told =
                format!("{}  by {}  (entry {})", known.at.short(), by.join(", "), known.entry);
            page.field(0, "把握 Missed", 16, &told);
        }
        None => page.put(0, Tone::Plain, "所在不明の記録なし It was never recorded as missing."),
    }
    if log.searches.is_empty() {
        page.put(0, Tone::Plain, "捜索の記録なし No search is recorded.");
    }
    for one in &log.searches {
        let kind = words::kind(one.kind);
        let told = format!(
            "{}  {} {}  by {}  (entry {})",
            one.place,
            kind.ja,
            kind.en,
            one.by.spoken(),
            one.entry
        );
        page.field(0, &one.at.short(), 18, &told);
        if let Some(detail) = &one.detail {
            page.field(0, "", 18, detail.as_str());
        }
    }
    page.finish()
}
