//! `custody report`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Global;
use super::paper::SheetOut;
use super::receipt::save_receipt;
use crate::model::{Day, MediumId};
use crate::ops::error::Problem;
use crate::ops::paper::Look;
use crate::ops::{OpsError, report, sheet};
use crate::render::csv;
use crate::render::paper::{PaperError, Sheet, sheets, workbook};
use crate::render::text::{self, Style};
use crate::report::Month;
use crate::report::workbook::Workbook;

/// Reports for the office and the auditor, as text, spreadsheet, CSV, PDF or JSON
#[derive(Debug, Subcommand)]
pub(super) enum Report {
    Register(Register),
    History(History),
    Due(Due),
    Reconcile(Reconcile),
    Monthly(Monthly),
}

/// Where a report goes.
#[derive(Debug, Clone, Args)]
pub(super) struct ReportOut {
    /// Write it as a spreadsheet
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
    /// Write it as comma-separated values, UTF-8 with a byte order mark
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    paper: SheetOut,
}

/// The register of media (媒体管理台帳)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody report register --xlsx 媒体管理台帳.xlsx")]
pub(super) struct Register {
    #[command(flatten)]
    out: ReportOut,
}

/// What happened to a drive (媒体履歴)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody report history USB-0421 --xlsx history.xlsx")]
pub(super) struct History {
    /// Asset id of the drive
    medium: String,
    #[command(flatten)]
    out: ReportOut,
}

/// What falls due: returns, checks, searches, answers, sheets (期限一覧)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody report due --csv due.csv")]
pub(super) struct Due {
    #[command(flatten)]
    out: ReportOut,
}

/// Requests, answers, handovers, sightings and departures side by side (照合表)
#[derive(Debug, Args)]
#[command(after_help = "\
Lists what has no partner: a request without an answer, an approval without a handover, a
take-out without a request or past its return, a drive seen elsewhere than custody says, one
that left its cabinet without a handover, and the reverse of each.
Example:
  custody report reconcile --since 2026-10-01 --xlsx reconcile.xlsx")]
pub(super) struct Reconcile {
    /// Leave out what was settled before that day
    #[arg(long, value_name = "DAY")]
    since: Option<String>,
    #[command(flatten)]
    out: ReportOut,
}

/// A month for the auditor: counts, lists, how each drive stood at its end (月次報告)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody report monthly 2026-10 --xlsx 2026-10.xlsx")]
pub(super) struct Monthly {
    /// The month, as 2026-10 [default: the last one that is over]
    month: Option<String>,
    #[command(flatten)]
    out: ReportOut,
}

impl Report {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut asking = global.ui().asking();
        match self {
            Report::Register(command) => {
                command.out.refuse_taken()?;
                let value = sheet::register(&global.open()?)?;
                let draw = |look: &Look| sheets::register(&value, look.tongue, &look.faces);
                command.out.show(global, &value, &value.workbook(), text::register, draw)?;
            }
            Report::History(command) => {
                let id: Option<MediumId> =
                    asking.need("MEDIUM", Some(&command.medium), "Which drive", None);
                asking.end()?;
                command.out.refuse_taken()?;
                let id = id.ok_or_else(|| OpsError::input("MEDIUM", "an answer is missing"))?;
                let value = sheet::of_medium(&global.open()?, &id)?;
                let draw = |look: &Look| sheets::history(&value, look.tongue, &look.faces);
                command.out.show(global, &value, &value.workbook(), text::history, draw)?;
            }
            Report::Due(command) => {
                command.out.refuse_taken()?;
                let value = report::due(&global.open()?)?;
                command.out.show_tables(global, &value, &value.workbook())?;
            }
            Report::Reconcile(command) => {
                let since: Option<Day> = asking.may("--since", command.since.as_deref());
                asking.end()?;
                command.out.refuse_taken()?;
                let value = report::reconcile(&global.open()?, since)?;
                command.out.show_tables(global, &value, &value.workbook())?;
            }
            Report::Monthly(command) => {
                let month: Option<Month> = asking.may("MONTH", command.month.as_deref());
                asking.end()?;
                command.out.refuse_taken()?;
                let value = report::monthly(&global.open()?, month)?;
                command.out.show_tables(global, &value, &value.workbook())?;
            }
        }
        Ok(0)
    }
}

impl ReportOut {
    /// Says before anything is read which of the files could not be kept there.
    fn refuse_taken(&self) -> Result<(), OpsError> {
        let files = [("--xlsx", self.xlsx.as_deref()), ("--csv", self.csv.as_deref())];
        let files = files.into_iter().chain([("--pdf", self.paper.file())]);
        let taken = |(flag, file): (&'static str, Option<&Path>)| {
            let file = file.filter(|file| file.exists())?;
            Some(Problem::new(flag, format!("{} exists; name a new file", file.display())))
        };
        let problems: Vec<Problem> = files.filter_map(taken).collect();
        if problems.is_empty() { Ok(()) } else { Err(OpsError::Input(problems)) }
    }

    fn show_tables<T: Serialize>(
        &self,
        global: &Global,
        value: &T,
        book: &Workbook,
    ) -> Result<(), OpsError> {
        let draw = |look: &Look| workbook::workbook(book, look.tongue, &look.faces);
        self.show(global, value, book, |_, style| text::workbook(book, style), draw)
    }

    /// Writes what was asked for; shows it where that is nothing, or JSON.
    fn show<T: Serialize>(
        &self,
        global: &Global,
        value: &T,
        book: &Workbook,
        render: impl FnOnce(&T, Style) -> String,
        draw: impl FnOnce(&Look) -> Result<Sheet, PaperError>,
    ) -> Result<(), OpsError> {
        let ui = global.ui();
        let mut written = self.paper.write(ui, draw)?;
        if let Some(file) = &self.xlsx {
            save_receipt(&report::spreadsheet(book)?, file)?;
            ui.say(&format!("Wrote {}.", file.display()));
            written = true;
        }
        if let Some(file) = &self.csv {
            save_receipt(&csv::tables(book), file)?;
            ui.say(&format!("Wrote {}.", file.display()));
            written = true;
        }
        if !written || ui.is_json() {
            ui.answer(value, |style| render(value, style));
        }
        Ok(())
    }
}
