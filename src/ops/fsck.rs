//! Looking at the stored files themselves, and rebuilding what can be rebuilt.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use super::error::OpsError;
use super::ledger::options;
use crate::model::document::file_name;
use crate::model::{Hash, Statement};
use crate::report::soundness::{Soundness, SoundnessFinding};
use crate::store::attachments::FOLDER;
use crate::store::fsck::{self, Finding, Repair, Report};
use crate::store::{Attachments, Notice, Progress, salvage};
use crate::wire::note::Note;
use crate::wire::statement;

/// Reads every stored byte and says what is wrong.
///
/// # Errors
/// No ledger there, or another process owns it.
pub fn look(folder: &Path, progress: Progress<'_>) -> Result<Soundness, OpsError> {
    let report = fsck::examine(folder, &options(), progress)?;
    with_documents(worded(&report, Vec::new()), folder)
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
    with_documents(worded(&after, done), folder)
}

/// Adds what is wrong with the documents beside the journal. Nothing rebuilds those:
/// only their hashes are in it.
fn with_documents(mut report: Soundness, folder: &Path) -> Result<Soundness, OpsError> {
    let mut named: BTreeMap<String, (u64, Hash)> = BTreeMap::new();
    let read = salvage(folder, &options(), &mut |index, note| {
        // Most entries are none of these, and a ledger may have a million.
        if note.starts_with(b"custody/attach/")
            && let Ok(note) = Note::parse(note)
            && let Ok(Statement::Attach(said)) = statement::parse(note.text())
        {
            let name = file_name(&said.sha256, said.media_type.as_str());
            named.entry(name).or_insert((index, said.sha256));
        }
        ControlFlow::Continue(())
    });
    // Of a journal that cannot be read enough has been said.
    if let Err(error) = read {
        return if report.sound { Err(error.into()) } else { Ok(report) };
    }
    let stored = Attachments::of(folder, &options());
    for (name, (entry, sha256)) in &named {
        let problem = match stored.read(name) {
            Ok(Some(bytes)) if Hash::of(&[&bytes]) == *sha256 => {
                report.attachments += 1;
                continue;
            }
            Ok(Some(_)) => "is not what was attached".to_owned(),
            Ok(None) => "is not there".to_owned(),
            Err(error) => format!("cannot be read: {error}"),
        };
        let file = format!("{FOLDER}/{name}");
        (report.sound, report.repairable) = (false, false);
        report.findings.push(SoundnessFinding {
            entry: Some(*entry),
            problem: format!("the document of entry {entry} {problem}: {file}"),
            attachment: Some(file),
            repair: None,
        });
    }
    let names = stored.names()?;
    let stray = names.into_iter().filter(|name| !named.contains_key(name));
    report.unreferenced = stray.map(|name| format!("{FOLDER}/{name}")).collect();
    Ok(report)
}

fn worded(report: &Report, repaired: Vec<String>) -> Soundness {
    let finding = |finding: &Finding| SoundnessFinding {
        entry: match finding {
            Finding::Damage(damage) => damage.entry,
            Finding::Missing { have, .. } => Some(*have),
            Finding::TornTail { entry, .. } => Some(*entry),
            Finding::HeadLags { .. } | Finding::HeadSlot { .. } | Finding::Index { .. } => None,
        },
        attachment: None,
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
        attachments: 0,
        unreferenced: Vec::new(),
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
