//! What a device or an image says of its own encryption.

use std::path::Path;

use super::error::OpsError;
use crate::model::printable::printable;
use crate::report::EvidenceReport;
use crate::volume::{FileDisk, probe};

/// Longest name of a device that is shown, in characters.
const NAME_MAX: usize = 300;

/// Probes a block device or an image file. Needs no ledger and writes nothing.
///
/// # Errors
/// When it cannot be opened, or is neither. What cannot be read once it is open is
/// part of the answer.
pub fn probe_path(path: &Path) -> Result<EvidenceReport, OpsError> {
    let disk = FileDisk::open(path).map_err(|error| OpsError::file("cannot read", path, error))?;
    let name = printable(&path.to_string_lossy(), NAME_MAX);
    Ok(EvidenceReport::new(name, probe(&disk)))
}
