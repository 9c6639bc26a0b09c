//! `custody backup`

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::error::EXIT_FINE;
use super::signing::Passphrases;
use crate::ops::backup::{Beside, back_up, stream};
use crate::ops::{Cost, OpsError};
use crate::render::text;

/// Write one file that the ledger can be brought back from, while others go on recording
#[derive(Debug, Args)]
#[command(after_help = "\
FILE is a tar archive with the SHA-256 of each member; docs/recovery.md lists them. It is
new, readable by you alone, and read back before this ends. - writes to standard output.
Without --with-keys it holds no private key. With it the log key goes in encrypted with
the passphrase asked for, and the keyring's keys as they are.
Examples:
  custody backup /mnt/backup/custody-2026-11-30.tar --with-keys
  custody backup - | ssh backup.example.jp 'cat > custody.tar'")]
pub(super) struct Backup {
    /// The file, which must not be there, or - for standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
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
        if self.file.as_os_str() == "-" {
            let report = stream(&mut ledger, std::io::stdout().lock(), &beside, &mut progress)?;
            bar.end();
            ui.say(text::backup(&report, ui.style()).trim_end());
            return Ok(EXIT_FINE);
        }
        let report = back_up(&mut ledger, &self.file, &beside, &mut progress)?;
        // Whoever reads the answer may be slow.
        drop(passphrase);
        bar.end();
        ui.answer(&report, |style| text::backup(&report, style));
        Ok(EXIT_FINE)
    }
}
