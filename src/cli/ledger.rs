//! `custody ledger`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Global;
use super::error::EXIT_FINE;
use crate::ops::{OpsError, known};

/// The ledger as a whole: what guards it against an old copy of itself
#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    SecondCopy(SecondCopy),
    Check(Check),
}

/// Keep the newest checkpoint on another disk or a share as well
#[derive(Debug, Args)]
#[command(after_help = "\
A ledger that is put back from an old copy then notices that it lacks entries, and signs
nothing. FILE must be where the old copy would not reach: another disk, a mounted share.
When it cannot be reached the ledger goes on and says so.
Examples:
  custody ledger second-copy /mnt/share/custody.checkpoint
  custody ledger second-copy --none")]
pub(super) struct SecondCopy {
    /// The file; none shows which one it is
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Keep none any more
    #[arg(long, conflicts_with = "file")]
    none: bool,
}

/// Compare the ledger with what is kept elsewhere: checkpoints, receipts, published folders
#[derive(Debug, Args)]
#[command(after_help = "\
What knows of more entries, or of another history, stops the ledger from signing: exit
code 4. docs/recovery.md says how to go on.
Example:
  custody ledger check newest.receipt /srv/www/custody")]
pub(super) struct Check {
    /// Checkpoints, receipts, folders of published logs
    #[arg(value_name = "FILE|DIR", required = true)]
    files: Vec<PathBuf>,
}

/// Where the second copy is.
#[derive(Debug, Serialize)]
struct Kept {
    second_copy: Option<PathBuf>,
}

impl LedgerCommand {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        match self {
            LedgerCommand::SecondCopy(command) => command.run(global),
            LedgerCommand::Check(command) => command.run(global),
        }
    }
}

impl SecondCopy {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        if self.none || self.file.is_some() {
            known::set_second_copy(&mut global.open()?, self.file.as_deref())?;
        }
        let answer = Kept { second_copy: known::second_copy(&global.ledger_folder()?)? };
        global.ui().answer(&answer, |_| match &answer.second_copy {
            Some(file) => format!("The newest checkpoint is kept in {} as well.\n", file.display()),
            None => "The newest checkpoint is kept beside the ledger only.\n".to_owned(),
        });
        Ok(EXIT_FINE)
    }
}

impl Check {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut ledger = global.open()?;
        let compared = known::check(&mut ledger, &self.files)?;
        global.ui().answer(&compared, |_| {
            let line = |one: &crate::report::copies::Compared| {
                format!("{} knows of {} entries; they are here.\n", one.file.display(), one.entries)
            };
            compared.iter().map(line).collect()
        });
        Ok(EXIT_FINE)
    }
}
