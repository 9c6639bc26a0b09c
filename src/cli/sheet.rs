//! `custody sheet`

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Global;
use super::error::{EXIT_DISCREPANCY, EXIT_FINE};
use super::paper::SheetOut;
use crate::model::{MediumId, Name};
use crate::ops::paper::Look;
use crate::ops::{OpsError, sheet};
use crate::render::paper::{certificate, sheets};
use crate::render::text::{self, Style};

/// Documents made from the ledger: register, check sheet, history, certificates
#[derive(Debug, Subcommand)]
pub(super) enum Sheet {
    Register(Register),
    Check(Check),
    Result(Outcome),
    History(History),
    Erasure(Erasure),
    Retirement(Retirement),
    Read(Read),
}

/// The register of media (媒体管理台帳)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody sheet register --pdf register.pdf")]
pub(super) struct Register {
    #[command(flatten)]
    out: SheetOut,
}

/// The list for a round of presence checks at a place (棚卸表), to be ticked by hand
#[derive(Debug, Args)]
#[command(after_help = "\
Its code says for which place, day and head of the log it was made: 'custody sheet read'.
Example:
  custody sheet check --place 静岡支部保管庫 --pdf check.pdf")]
pub(super) struct Check {
    /// The place
    #[arg(long)]
    place: Option<String>,
    #[command(flatten)]
    out: SheetOut,
}

/// The result of a round (点検結果): the newest one, or that of an entry
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody sheet result 17")]
pub(super) struct Outcome {
    /// The entry of the check [default: the newest check]
    entry: Option<u64>,
    #[command(flatten)]
    out: SheetOut,
}

/// What happened to a drive (媒体履歴)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody sheet history USB-0421")]
pub(super) struct History {
    /// Asset id of the drive
    medium: String,
    #[command(flatten)]
    out: SheetOut,
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
    #[command(flatten)]
    out: SheetOut,
}

/// The certificate of a drive's retirement (廃棄証明書)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody sheet retirement USB-0421")]
pub(super) struct Retirement {
    /// Asset id of the drive
    medium: String,
    #[command(flatten)]
    out: SheetOut,
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
            Sheet::Register(command) => {
                let report = sheet::register(&global.open()?)?;
                let draw = |look: &Look| sheets::register(&report, look.tongue, &look.faces);
                let written = command.out.write(global.ui(), draw)?;
                show(global, &report, text::register, written);
            }
            Sheet::Check(command) => command.run(global)?,
            Sheet::Result(command) => {
                let report = sheet::result(&global.open()?, command.entry)?;
                let draw = |look: &Look| sheets::check_result(&report, look.tongue, &look.faces);
                let written = command.out.write(global.ui(), draw)?;
                show(global, &report, text::check, written);
            }
            Sheet::History(command) => {
                let id = medium(&command.medium)?;
                let report = sheet::of_medium(&global.open()?, &id)?;
                let draw = |look: &Look| sheets::history(&report, look.tongue, &look.faces);
                let written = command.out.write(global.ui(), draw)?;
                show(global, &report, text::history, written);
            }
            Sheet::Erasure(command) => {
                let id = medium(&command.medium)?;
                let report = sheet::erasure(&mut global.open()?, &id, command.entry)?;
                let draw = |look: &Look| certificate::erasure(&report, look.tongue, &look.faces);
                let written = command.out.write(global.ui(), draw)?;
                show(global, &report, text::erasure, written);
            }
            Sheet::Retirement(command) => {
                let id = medium(&command.medium)?;
                let report = sheet::retirement(&mut global.open()?, &id)?;
                let draw = |look: &Look| certificate::retirement(&report, look.tongue, &look.faces);
                let written = command.out.write(global.ui(), draw)?;
                show(global, &report, text::retirement, written);
            }
            Sheet::Read(command) => {
                let round = sheet::round(&global.open()?, &command.code)?;
                show(global, &round, text::round, false);
                return Ok(if round.place.is_some() { EXIT_FINE } else { EXIT_DISCREPANCY });
            }
        }
        Ok(0)
    }
}

/// Shows it, unless it was written to a file and nobody asked for JSON.
fn show<T: Serialize>(global: &Global, value: &T, render: fn(&T, Style) -> String, written: bool) {
    let ui = global.ui();
    if !written || ui.is_json() {
        ui.answer(value, |style| render(value, style));
    }
}

impl Check {
    fn run(self, global: &Global) -> Result<(), OpsError> {
        let mut asking = global.ui().asking();
        let place: Option<Name> =
            asking.need("--place", self.place.as_deref(), "Which place", None);
        asking.end()?;
        let place = place.ok_or_else(|| OpsError::input("--place", "an answer is missing"))?;
        let report = sheet::check(&global.open()?, &place)?;
        let draw = |look: &Look| sheets::check_sheet(&report, look.tongue, &look.faces);
        let written = self.out.write(global.ui(), draw)?;
        show(global, &report, text::check_sheet, written);
        Ok(())
    }
}
