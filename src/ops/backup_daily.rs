//! Backups into one folder, for a timer: each a new file under the name of its moment, the
//! oldest let go once the new one is whole, and nothing let go for one that knows less.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::backup::{Beside, HEADING, back_up};
use super::cosigned::log_keys;
use super::daily;
use super::error::OpsError;
use super::known::{HistoryError, compare, keep_if_against, open_own};
use super::ledger::Ledger;
use crate::model::{Stamp, Zone};
use crate::report::copies::{Backup, DailyKind};
use crate::store::Progress;
use crate::store::archive::{ArchiveError, ArchiveReader};

/// A name begins and ends so; between them stands the moment in UTC, `20261130T103000Z`.
const BEGINS: &str = "custody-";
const ENDS: &str = ".tar";
/// How a backup is called that is being written; see [`back_up`].
pub(super) const PART: &str = ".custody-part-";
/// What is left of a backup that was stopped half way is removed after so long.
const LEFT: Duration = Duration::from_secs(24 * 3_600);

/// Writes a backup into `folder` and lets go of the oldest beyond `keep`. From the first
/// one on it is expected every day.
///
/// # Errors
/// As [`back_up`]; the newest backup that is there knows more entries than the ledger, or
/// another history. Then nothing is written and nothing let go.
pub fn back_up_into(
    ledger: &mut Ledger,
    folder: &Path,
    keep: usize,
    beside: &Beside<'_>,
    progress: Progress<'_>,
) -> Result<Backup, OpsError> {
    let now = ledger.now()?;
    daily::expect(ledger.folder(), DailyKind::Backup, now)?;
    remove_parts(folder)?;
    let mut kept = names(folder)?;
    let damaged = compare_with_newest(ledger, folder, &kept)?;
    let name = name(now)?;
    let mut report = back_up(ledger, &folder.join(&name), beside, progress)?;
    daily::made(ledger.folder(), DailyKind::Backup, now, report.entries)?;
    kept.push(name);
    // A damaged one is no copy, and counts as none; it is left for whoever looks into it.
    kept.retain(|name| !damaged.contains(name));
    for old in kept.iter().take(kept.len().saturating_sub(keep)) {
        let path = folder.join(old);
        std::fs::remove_file(&path).map_err(|e| OpsError::file("cannot remove", &path, e))?;
        report.removed.push(path);
    }
    report.damaged = damaged.into_iter().map(|name| folder.join(name)).collect();
    Ok(report)
}

fn name(now: Stamp) -> Result<String, OpsError> {
    let utc = Stamp::from_unix(now.unix(), &Zone::utc());
    let utc = utc.map_err(|error| OpsError::input("clock", error))?.to_string();
    let moment: String = utc.chars().take(19).filter(|c| *c != '-' && *c != ':').collect();
    Ok(format!("{BEGINS}{moment}Z{ENDS}"))
}

/// Whether a file is one of those that are made here, and so may be let go.
fn is_ours(name: &str) -> bool {
    let moment = name.strip_prefix(BEGINS).and_then(|rest| rest.strip_suffix(ENDS));
    let digit = |(at, byte): (usize, u8)| match at {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    moment.is_some_and(|moment| moment.len() == 16 && moment.bytes().enumerate().all(digit))
}

/// The backups in the folder, oldest first.
fn names(folder: &Path) -> Result<Vec<String>, OpsError> {
    let mut names = listed(folder)?;
    names.retain(|name| is_ours(name));
    names.sort_unstable();
    Ok(names)
}

fn listed(folder: &Path) -> Result<Vec<String>, OpsError> {
    let failed = |error| OpsError::file("cannot read", folder, error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        names.extend(entry.map_err(failed)?.file_name().into_string().ok());
    }
    Ok(names)
}

fn remove_parts(folder: &Path) -> Result<(), OpsError> {
    for name in listed(folder)?.into_iter().filter(|name| name.starts_with(PART)) {
        let path = folder.join(name);
        let age = path.metadata().and_then(|about| about.modified()).map(|at| at.elapsed());
        if age.is_ok_and(|age| age.is_ok_and(|age| age > LEFT)) {
            // Somebody else's removal is as good.
            let _ = std::fs::remove_file(&path);
        }
    }
    Ok(())
}

/// Compares the ledger with the newest backup that is whole, and with whichever says that it
/// has more entries than the ledger: the newest by its name is not the newest where a clock
/// was wrong. The names of those that are damaged. An old copy in the ledger's place would
/// otherwise, day by day, take the place of every backup that knows more.
fn compare_with_newest(
    ledger: &mut Ledger,
    folder: &Path,
    kept: &[String],
) -> Result<Vec<String>, OpsError> {
    ledger.catch_up()?;
    let log = log_keys(ledger)?;
    let mut damaged = Vec::new();
    let mut whole = false;
    for name in kept.iter().rev() {
        let path = folder.join(name);
        if whole && stated_entries(&path).is_none_or(|there| there <= ledger.store().head().size) {
            continue;
        }
        let Some(bytes) = checkpoint_in(&path)? else {
            damaged.push(name.clone());
            continue;
        };
        let by = path.display().to_string();
        let there = match open_own(&bytes, &log, &by, ledger.store().head().size) {
            // Whole by its sums, and no backup of this ledger's: whose folder is this?
            Err(HistoryError::Unreadable { .. }) => {
                damaged.push(name.clone());
                continue;
            }
            opened => opened?,
        };
        if let Err(error) = compare(ledger.store(), &there, &by) {
            let _ = keep_if_against(ledger, &there);
            return Err(error);
        }
        whole = true;
    }
    Ok(damaged)
}

/// How many entries a backup says it has, which stands in its first member.
fn stated_entries(path: &Path) -> Option<u64> {
    let mut reader = ArchiveReader::new(BufReader::new(File::open(path).ok()?));
    let heading = reader.next_member().ok()?.filter(|member| member.name == HEADING)?;
    let text = String::from_utf8(heading.bytes).ok()?;
    text.lines().find_map(|line| line.strip_prefix("entries: "))?.parse().ok()
}

/// The checkpoint in a backup, read from its first byte to its last; none where it is
/// damaged.
fn checkpoint_in(path: &PathBuf) -> Result<Option<Vec<u8>>, OpsError> {
    let failed = |error| OpsError::file("cannot read", path, error);
    let mut reader =
        ArchiveReader::new(BufReader::with_capacity(1 << 20, File::open(path).map_err(failed)?));
    let mut checkpoint = None;
    loop {
        match reader.next_member() {
            Ok(Some(member)) if member.name == "checkpoint" => checkpoint = Some(member.bytes),
            Ok(Some(_)) => {}
            Ok(None) => return Ok(checkpoint),
            Err(ArchiveError::Io(error)) => return Err(failed(error)),
            Err(_) => return Ok(None),
        }
    }
}
