//! A comparison as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::report::comparison::{Comparison, History};

const COLUMN: usize = 12;
/// Pairs that are named one by one.
const PAIRS_SHOWN: usize = 5;

/// A comparison as text.
pub fn comparison(report: &Comparison, style: Style) -> String {
    let mut page = Page::new(style);
    let origin = &report.origin;
    match report.history {
        History::One => page.put(0, Tone::Good, &format!("ONE HISTORY of {origin}")),
        History::Forked => page.put(0, Tone::Alarm, &format!("FORK: two histories of {origin}")),
        History::Undecided => {
            page.put(0, Tone::Warning, &format!("UNDECIDED: no fork of {origin} was found"));
        }
    }
    for item in &report.compared {
        page.hang(2, &format!("{} entries", item.entries), COLUMN, Tone::Plain, &item.name);
    }
    if let Some(fork) = &report.fork {
        page.blank();
        let words = format!("No one history has both {} and {}.", fork.first, fork.second);
        page.put(0, Tone::Alarm, &words);
        if !fork.proven {
            page.put(
                0,
                Tone::Plain,
                "Keep both: together with the log's key they are the evidence, since they tell \
                 two hashes of the same entries.",
            );
        }
    }
    if !report.undecided.is_empty() {
        page.blank();
        for (first, second) in report.undecided.iter().take(PAIRS_SHOWN) {
            let words = format!("Nothing here says that {second} continues {first}.");
            page.put(0, Tone::Plain, &words);
        }
        page.put(0, Tone::Plain, "Give the ledger as well, its folder or what it publishes.");
    }
    page.finish()
}
