//! `custody sheet`

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Global;
use super::error::{EXIT_DISCREPANCY, EXIT_FINE};
use crate::model::{MediumId, Name, Phrase};
use crate::ops::{OpsError, sheet};
use crate::render::text::{self, Style};

/// Documents made from the ledger: register, check sheet, history, certificates, labels
#[derive(Debug, Subcommand)]
pub(super) enum Sheet {
    Register(Register),
    Check(Check),
    Result(Outcome),
    History(History),
    Erasure(Erasure),
    Retirement(Retirement),
    Labels(Labels),
    Read(Read),
}

/// The register of media (媒体管理台帳)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody sheet register")]
pub(super) struct Register {}

/// The list for a round of presence checks at a place (棚卸表), to be ticked by hand
#[derive(Debug, Args)]
#[command(after_help = "\
Its code says for which place, day and head of the log it was made: 'custody sheet read'.
Example:
  custody sheet check --place 静岡支部保管庫")]
pub(super) struct Check {
    /// The place
    #[arg(long)]
    place: Option<String>,
}

/// The result of a round (点検結果): the newest one, or that of an entry
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody sheet result 17")]
pub(super) struct Outcome {
    /// The entry of the check [default: the newest check]
    entry: Option<u64>,
}

/// What happened to a drive (媒体履歴)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody sheet history USB-0421")]
pub(super) struct History {
    /// Asset id of the drive
    medium: String,
}

/// The certificate of a drive's erasure (消去証明書)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody sheet erasure USB-0421")]
pub(super) struct Erasure {
    /// Asset id of the drive
    medium: String,
    /// The entry of the erasure [default: the last one]
    #[arg(long)]
    entry: Option<u64>,
}

/// The certificate of a drive's retirement (廃棄証明書)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody sheet retirement USB-0421")]
pub(super) struct Retirement {
    /// Asset id of the drive
    medium: String,
}

/// The words on labels: asset id, code, owner, and whom to call
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  custody sheet labels USB-0421 USB-0422 --contact '静岡支部 総務課 054-000-0000'")]
pub(super) struct Labels {
    /// Asset ids of the drives [default: all that are in use]
    #[arg(value_name = "MEDIUM")]
    media: Vec<String>,
    /// Whom to tell when a drive is found
    #[arg(long)]
    contact: Option<String>,
}

/// Say which check sheet a code was printed on
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code 3 when this ledger made no such sheet.
Example:\n  custody sheet read CR1-20261122-00010H-168MR5-T")]
pub(super) struct Read {
    /// The code, as a scanner or a person typed it
    code: String,
}

fn medium(text: &str) -> Result<MediumId, OpsError> {
    crate::model::text::tidy(text).parse().map_err(|error| OpsError::input("MEDIUM", error))
}

impl Sheet {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        match self {
            Sheet::Register(_) => show(global, &sheet::register(&global.open()?)?, text::register),
            Sheet::Check(command) => command.run(global)?,
            Sheet::Result(command) => {
                show(global, &sheet::result(&global.open()?, command.entry)?, text::check);
            }
            Sheet::History(command) => {
                let id = medium(&command.medium)?;
                show(global, &sheet::of_medium(&global.open()?, &id)?, text::history);
            }
            Sheet::Erasure(command) => {
                let id = medium(&command.medium)?;
                let certificate = sheet::erasure(&mut global.open()?, &id, command.entry)?;
                show(global, &certificate, text::erasure);
            }
            Sheet::Retirement(command) => {
                let id = medium(&command.medium)?;
                let certificate = sheet::retirement(&mut global.open()?, &id)?;
                show(global, &certificate, text::retirement);
            }
            Sheet::Labels(command) => command.run(global)?,
            Sheet::Read(command) => {
                let round = sheet::round(&global.open()?, &command.code)?;
                show(global, &round, text::round);
                return Ok(if round.place.is_some() { EXIT_FINE } else { EXIT_DISCREPANCY });
            }
        }
        Ok(0)
    }
}

fn show<T: Serialize>(global: &Global, value: &T, render: fn(&T, Style) -> String) {
    global.ui().answer(value, |style| render(value, style));
}

impl Check {
    fn run(self, global: &Global) -> Result<(), OpsError> {
        let mut asking = global.ui().asking();
        let place: Option<Name> =
            asking.need("--place", self.place.as_deref(), "Which place", None);
        asking.end()?;
        let place = place.ok_or_else(|| OpsError::input("--place", "an answer is missing"))?;
        show(global, &sheet::check(&global.open()?, &place)?, text::check_sheet);
        Ok(())
    }
}

impl Labels {
    fn run(self, global: &Global) -> Result<(), OpsError> {
        let mut asking = global.ui().asking();
        let media: Vec<MediumId> = asking.each("MEDIUM", &self.media);
        let contact: Option<Phrase> = asking.may("--contact", self.contact.as_deref());
        asking.end()?;
        show(global, &sheet::labels(&global.open()?, &media, contact)?, text::labels);
        Ok(())
    }
}
