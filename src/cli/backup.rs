//! `custody backup`

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::error::{EXIT_DISCREPANCY, EXIT_FINE};
use super::signing::Passphrases;
use crate::ops::backup::{Beside, back_up, stream};
use crate::ops::backup_daily::back_up_into;
use crate::ops::{Cost, OpsError};
use crate::render::text;

/// Write one file that the ledger can be brought back from, while others go on recording
#[derive(Debug, Args)]
#[command(after_help = "\
FILE is a tar archive with the SHA-256 of each member; docs/recovery.md lists them. It is
new, readable by you alone, and read back before this ends. - writes to standard output.
Without --with-keys it holds no private key. With it the log key goes in encrypted with
the passphrase asked for, and the keyring's keys as they are.
With --into, for a timer, the file gets the moment for its name, the oldest beyond --keep go
once it is whole, and a ledger that knows less than the newest backup there changes nothing
(exit code 4). A backup that is not made for three days is told like an overdue drive.
Examples:
  custody backup /mnt/backup/custody-2026-11-30.tar --with-keys
  custody backup --into /mnt/backup --keep 30
  custody backup - | ssh backup.example.jp 'cat > custody.tar'")]
pub(super) struct Backup {
    /// The file, which must not be there, or - for standard output
    #[arg(value_name = "FILE", required_unless_present = "into")]
    file: Option<PathBuf>,
    /// A folder of backups, to which one is added
    #[arg(long, value_name = "DIR", conflicts_with = "file")]
    into: Option<PathBuf>,
    /// How many backups that folder keeps, 2 to 1000
    #[arg(long, value_name = "N", default_value_t = 30, conflicts_with = "file")]
    #[arg(value_parser = clap::value_parser!(u32).range(2..=1000))]
    keep: u32,
    /// Private keys as well, encrypted
    #[arg(long)]
    with_keys: bool,
    /// The configuration as well
    #[arg(long)]
    with_config: bool,
    #[command(flatten)]
    passphrases: Passphrases,
}

impl Backup {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut ledger = global.open()?;
        let keyring = global.keyring()?;
        let configuration = global.configuration()?;
        let passphrase = if self.with_keys {
            let prompt = "New passphrase for the log key in the backup";
            Some(self.passphrases.fresh(ui, "backup", "log.pem", prompt)?)
        } else {
            None
        };
        let beside = Beside {
            configuration: self.with_config.then_some(configuration.as_path()),
            keys: passphrase.as_ref().map(|words| (&keyring, words)),
            cost: Cost::STANDARD,
        };
        let mut bar = ui.progress("backing up");
        let mut progress = |done, total| bar.at(done, total);
        let (into, file) = (self.into.as_deref(), self.file.clone().unwrap_or_default());
        if let Some(folder) = into {
            let keep = usize::try_from(self.keep).unwrap_or(usize::MAX);
            let report = back_up_into(&mut ledger, folder, keep, &beside, &mut progress)?;
            drop(passphrase);
            bar.end();
            ui.answer(&report, |style| text::backup(&report, style));
            return Ok(if report.damaged.is_empty() { EXIT_FINE } else { EXIT_DISCREPANCY });
        }
        if file.as_os_str() == "-" {
            let report = stream(&mut ledger, std::io::stdout().lock(), &beside, &mut progress)?;
            drop(passphrase);
            bar.end();
            ui.say(text::backup(&report, ui.style()).trim_end());
            return Ok(EXIT_FINE);
        }
        let report = back_up(&mut ledger, &file, &beside, &mut progress)?;
        // Whoever reads the answer may be slow, here and above.
        drop(passphrase);
        bar.end();
        ui.answer(&report, |style| text::backup(&report, style));
        Ok(EXIT_FINE)
    }
}
