//! Looking at the stored files themselves, and rebuilding what can be rebuilt.

use std::path::Path;

use super::error::OpsError;
use super::ledger::options;
use crate::store::Progress;
use crate::store::fsck::{self, Report};

/// Reads every stored byte and says what is wrong.
///
/// # Errors
/// No ledger there, or another process owns it.
pub fn look(folder: &Path, progress: Progress<'_>) -> Result<Report, OpsError> {
    Ok(fsck::check(folder, &options(), progress)?)
}

/// Repairs only what can be rebuilt: the index, an unacknowledged torn tail.
///
/// # Errors
/// As [`look`], and when a repair cannot be written.
pub fn repair(folder: &Path, progress: Progress<'_>) -> Result<Report, OpsError> {
    Ok(fsck::repair(folder, &options(), progress)?)
}
