//! `custody restore`

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::error::EXIT_FINE;
use super::party::read_vkey;
use super::signing::Passphrases;
use crate::ops::OpsError;
use crate::ops::error::NEEDED;
use crate::ops::restore::{Restoring, Source, restore};
use crate::render::text;

/// Bring the ledger back from a backup, or from what was published
#[derive(Debug, Args)]
#[command(after_help = "\
The ledger's folder (--ledger) must not be there or be empty. Every entry is verified
before it gets its name; what does not verify leaves nothing behind. Give the log key
you keep elsewhere with --log-key, or anybody's whole ledger would do.
Exit code 4 when the backup is damaged or does not verify.
Examples:
  custody restore custody-2026-11-30.tar --with-keys --log-key log.vkey
  custody restore --from-tiles /srv/www/custody --log-key log.vkey")]
pub(super) struct Restore {
    /// What 'custody backup' wrote
    #[arg(value_name = "FILE", required_unless_present = "from_tiles")]
    file: Option<PathBuf>,
    /// A folder with a published log, or a copy of it
    #[arg(long, value_name = "DIR", conflicts_with_all = ["file", "with_keys"])]
    from_tiles: Option<PathBuf>,
    /// The ledger's public key, as text or as a file
    #[arg(long, value_name = "VKEY|FILE")]
    log_key: Option<String>,
    /// The private keys in the backup as well
    #[arg(long)]
    with_keys: bool,
    #[command(flatten)]
    passphrases: Passphrases,
}

impl Restore {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let folder = global.ledger_folder()?;
        let trusted = self.log_key.as_deref().map(read_vkey).transpose()?;
        let source = match (&self.from_tiles, &self.file) {
            (Some(tiles), _) => Source::Tiles(tiles),
            (None, Some(file)) => Source::Backup(file),
            (None, None) => return Err(OpsError::input("FILE", NEEDED)),
        };
        let (passphrase, keyring) = if self.with_keys {
            let prompt = "Passphrase of the log key in the backup";
            let words = self.passphrases.of(ui, "backup", "log.pem", prompt)?;
            let words = words.ok_or_else(|| OpsError::input("--passphrase-file", NEEDED))?;
            (Some(words), Some(global.keyring()?))
        } else {
            (None, None)
        };
        let how = Restoring {
            trusted: trusted.as_ref(),
            passphrase: passphrase.as_ref(),
            keyring: keyring.as_ref(),
        };
        let mut bar = ui.progress("restoring");
        let report = restore(source, &folder, &how, &mut |done, total| bar.at(done, total))?;
        drop(passphrase);
        bar.end();
        ui.answer(&report, |style| text::restoration(&report, style));
        Ok(EXIT_FINE)
    }
}
