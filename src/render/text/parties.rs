//! Parties as text.

use super::Style;
use super::layout::{Column, Page, Tone};
use crate::report::{PartyList, PartyView, words};

/// Every party as text.
pub fn parties(report: &PartyList, style: Style) -> String {
    let mut page = Page::new(style);
    let rows: Vec<Vec<String>> = report
        .parties
        .iter()
        .map(|party| {
            let key = match &party.key {
                Some(valid) => valid.key.fingerprint.clone(),
                None if party.revoked.is_empty() => "no key".to_owned(),
                None => "REVOKED".to_owned(),
            };
            vec![party.who.id.to_string(), party.who.spoken(), roles(party), key]
        })
        .collect();
    let columns = [
        Column::fixed("Id"),
        Column::flexible("Name"),
        Column::fixed("Roles"),
        Column::fixed("Key"),
    ];
    page.table(0, &columns, &rows);
    page.finish()
}

fn roles(party: &PartyView) -> String {
    party.roles.iter().map(|role| words::role(*role)).collect::<Vec<_>>().join(", ")
}

const LABELS: usize = 14;

/// One party as text.
pub fn party(report: &PartyView, style: Style) -> String {
    let mut page = Page::new(style);
    page.put(0, Tone::Strong, &format!("{}  {}", report.who.id, report.who.spoken()));
    page.field(2, "Roles", LABELS, &roles(report));
    let since = format!("{}, entry {}", report.since.short(), report.entry);
    page.field(2, "Enrolled", LABELS, &since);
    match &report.key {
        Some(valid) => {
            let key = &valid.key;
            page.field(2, "Key", LABELS, &format!("{}, from entry {}", key.name, valid.from));
            page.hang(2, "Fingerprint", LABELS, Tone::Strong, &key.fingerprint);
            page.field(2, "For others", LABELS, &key.vkey);
        }
        None => page.hang(2, "Key", LABELS, Tone::Warning, "none: seals on paper, or not at all"),
    }
    for old in &report.revoked {
        let words = format!(
            "{}, {}: entries {} to {}, then {}",
            old.key.name, old.key.fingerprint, old.from, old.until, old.reason
        );
        page.hang(2, "Old key", LABELS, Tone::Faint, &words);
    }
    let held: Vec<&str> = report.holds.iter().map(|id| id.as_str()).collect();
    page.field(
        2,
        "Holds",
        LABELS,
        &if held.is_empty() { "nothing".to_owned() } else { held.join(", ") },
    );
    page.finish()
}
