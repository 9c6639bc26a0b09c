//! `custody probe`

use std::path::PathBuf;

use clap::Args;

use super::Global;
use crate::ops::{OpsError, probe};
use crate::render::text;

/// Say whether a device or an image is encrypted, and how that is known
#[derive(Debug, Args)]
#[command(after_help = "\
Reads some hundred kilobytes, at most 32 MiB, and writes nothing: no mounting, no
unlocking. Needs no ledger. A block device can usually be read by root only.
Examples:
  custody probe /dev/sdb
  custody probe --json stick.img")]
pub(super) struct Probe {
    /// A block device as a whole, not a partition of it; or an image file
    #[arg(value_name = "DEVICE-OR-IMAGE")]
    device: PathBuf,
}

impl Probe {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let report = probe::probe_path(&self.device)?;
        global.ui().answer(&report, |style| text::evidence(&report, style));
        Ok(0)
    }
}
