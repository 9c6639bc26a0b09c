//! Looking at the stored files themselves, and rebuilding what can be rebuilt.

use std::path::Path;

use super::error::OpsError;
use super::ledger::options;
use crate::report::soundness::{Soundness, SoundnessFinding};
use crate::store::fsck::{self, Finding, Repair, Report};
use crate::store::{Notice, Progress};

/// Reads every stored byte and says what is wrong.
///
/// # Errors
/// No ledger there, or another process owns it.
pub fn look(folder: &Path, progress: Progress<'_>) -> Result<Soundness, OpsError> {
    Ok(worded(&fsck::examine(folder, &options(), progress)?, Vec::new()))
}

/// Repairs only what can be rebuilt: the index, the head file, a torn tail that
/// nobody was ever told of. The answer is what was found, what was done, and
/// whether the ledger is sound now.
///
/// # Errors
/// As [`look`], and when a repair cannot be written.
pub fn repair(folder: &Path, progress: Progress<'_>) -> Result<Soundness, OpsError> {
    let before = fsck::examine(folder, &options(), progress)?;
    let (after, notices) = fsck::repair(folder, &options(), progress)?;
    let mut done: Vec<String> = notices.iter().map(notice_words).collect();
    if after.is_healthy() && done.is_empty() {
        done.extend(before.findings.iter().map(ToString::to_string));
    }
    Ok(worded(&after, done))
}

fn worded(report: &Report, repaired: Vec<String>) -> Soundness {
    let finding = |finding: &Finding| SoundnessFinding {
        entry: match finding {
            Finding::Damage(damage) => damage.entry,
            Finding::Missing { have, .. } => Some(*have),
            Finding::TornTail { entry, .. } => Some(*entry),
            Finding::HeadLags { .. } | Finding::HeadSlot { .. } | Finding::Index { .. } => None,
        },
        problem: finding.to_string(),
        repair: finding.repair().map(|repair| match repair {
            Repair::CutTail => {
                "--repair sets these bytes aside; nobody was ever told of that entry"
            }
            Repair::WriteHead => "--repair writes it from the journal, which is whole",
            Repair::RebuildIndex => "--repair builds it anew from the journal",
        }),
    };
    Soundness {
        sound: report.is_healthy(),
        repairable: report.is_repairable(),
        entries: report.entries,
        findings: report.findings.iter().map(finding).collect(),
        repaired,
    }
}

/// What opening or repairing a ledger found and did, in words.
pub fn notice_words(notice: &Notice) -> String {
    match notice {
        Notice::TornTail { entry, bytes, kept } => format!(
            "an interrupted write of entry {entry} ({bytes} bytes, never acknowledged) was set aside in {}",
            kept.display()
        ),
        Notice::Unacknowledged { from, to } => {
            format!(
                "entries {from} to {} were written before a stop and are kept",
                to.saturating_sub(1)
            )
        }
        Notice::HeadSlot { file } => {
            format!("{} was damaged and has been written anew", file.display())
        }
        Notice::IndexRebuilt { cause } => format!("the index was rebuilt: {cause}"),
        Notice::IndexCopied { copy } => {
            format!("the last run did not end properly; its index was copied to {}", copy.display())
        }
        Notice::ReadOnly { why } => format!("the ledger can only be read: {why}"),
    }
}
