//! Copies that a timer makes every day. What was asked for once is expected from then on,
//! and one that is not made is told to people: a timer that fails at night is seen by
//! nobody.

use std::path::Path;

use super::error::OpsError;
use super::known::put;
use crate::model::Stamp;
use crate::report::copies::{DailyCopy, DailyKind};

/// In the ledger's folder: a line for each kind, `<kind> <when> <entries, or - for none yet>`.
pub(super) const FILE: &str = "copies";

type Line = (DailyKind, Stamp, Option<u64>);

/// Expects a copy of this kind every day, beginning now, if it is not expected already.
///
/// # Errors
/// That cannot be noted.
pub fn expect(folder: &Path, kind: DailyKind, now: Stamp) -> Result<(), OpsError> {
    if lines(folder).iter().any(|(known, ..)| *known == kind) {
        return Ok(());
    }
    note(folder, (kind, now, None))
}

/// Notes that one of so many entries was made.
///
/// # Errors
/// As [`expect`].
pub fn made(folder: &Path, kind: DailyKind, now: Stamp, entries: u64) -> Result<(), OpsError> {
    note(folder, (kind, now, Some(entries)))
}

/// The copies that are expected, and how they stand at `now`.
pub fn expected(folder: &Path, now: Stamp) -> Vec<DailyCopy> {
    let copies = lines(folder).into_iter();
    copies.map(|(kind, at, entries)| DailyCopy::new(kind, at, entries, now)).collect()
}

fn note(folder: &Path, line: Line) -> Result<(), OpsError> {
    let mut all = lines(folder);
    all.retain(|(kind, ..)| *kind != line.0);
    all.push(line);
    all.sort_unstable_by_key(|(kind, ..)| *kind);
    let text: String = all
        .into_iter()
        .map(|(kind, at, entries)| {
            let entries = entries.map_or_else(|| "-".to_owned(), |entries| entries.to_string());
            format!("{} {at} {entries}\n", kind.as_str())
        })
        .collect();
    put(&folder.join(FILE), text.as_bytes())
}

fn lines(folder: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(folder.join(FILE)).unwrap_or_default();
    let line = |line: &str| {
        let mut words = line.split(' ');
        let kind = DailyKind::named(words.next()?)?;
        Some((kind, words.next()?.parse().ok()?, words.next()?.parse().ok()))
    };
    text.lines().filter_map(line).collect()
}
