//! What a device or an image says of its own encryption.

use std::path::Path;

use rustix::io::Errno;

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
    let name = printable(&path.to_string_lossy(), NAME_MAX);
    let evidence = match FileDisk::open(path) {
        Ok(disk) => probe(&disk),
        // An empty slot, or a drive that is locked: the device is there, and nothing in it.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::NOMEDIUM) => {
            probe(&[].as_slice())
        }
        Err(error) => return Err(OpsError::file("cannot read", path, error)),
    };
    Ok(EvidenceReport::new(name, evidence))
}
