//! `custody print`

use std::path::Path;

use clap::Args;

use super::Global;
use super::error::{EXIT_ERROR, EXIT_FINE, Failure};
use super::ui::Ui;
use crate::model::{DocumentKind, ReceiptId};
use crate::ops::print::{self, PrintRoom, taken_over};
use crate::ops::printers::{Chosen, Printers};
use crate::ops::{COPIES_MAX, Consent, Ledger, OpsError};
use crate::render::text;
use crate::report::printing::{PrintJobView, PrintJobs, PrintStanding};

/// Print a receipt or a file; see to jobs that wait
#[derive(Debug, Args)]
#[command(after_help = "\
A job that a printer does not take is kept and offered again; nothing recorded depends on it.
Examples:
  custody print SZ-2026-000123 --printer office
  custody print sheet.pdf --kind sheet
  custody print --list
  custody print --retry 7 --printer lp:Office_2")]
pub(super) struct Print {
    /// A receipt's number, or a file: PDF, ESC/POS, ZPL, Brother QL
    #[arg(value_name = "RECEIPT")]
    what: Option<String>,
    /// Its name, its address or its queue [default: the kind's printer in the configuration]
    #[arg(long, value_name = "NAME")]
    printer: Option<String>,
    /// receipt, thermal, label or sheet [default: what the document and the printer are]
    #[arg(long)]
    kind: Option<String>,
    /// How often, 1 to 20 [default: 1]
    #[arg(long, value_name = "COUNT")]
    copies: Option<String>,
    /// Show the jobs that wait
    #[arg(long, conflicts_with_all = ["what", "retry", "drop"])]
    list: bool,
    /// Print what waits; with a job's number also one that may have been printed
    #[arg(long, value_name = "JOB", num_args = 0..=1, conflicts_with_all = ["what", "drop"])]
    retry: Option<Option<u32>>,
    /// Give a job up
    #[arg(long, value_name = "JOB", conflicts_with = "what")]
    drop: Option<u32>,
}

impl Print {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        match (self.list, self.retry, self.drop) {
            (true, ..) => {
                let jobs = PrintRoom::beside(&global.ledger_folder()?).list()?;
                show(global.ui(), &jobs);
                Ok(EXIT_FINE)
            }
            (_, Some(Some(job)), _) => self.retry_one(global, job),
            (_, Some(None), _) => {
                let jobs = PrintRoom::beside(&global.ledger_folder()?).attend_all()?;
                show(global.ui(), &jobs);
                let left = jobs.jobs.iter().any(|job| job.standing.needs_somebody());
                Ok(if left { EXIT_ERROR } else { EXIT_FINE })
            }
            (_, _, Some(job)) => {
                let room = PrintRoom::beside(&global.ledger_folder()?);
                let dropped = room.drop_job(job)?;
                answer(global, vec![dropped])?;
                Ok(EXIT_FINE)
            }
            _ => self.print(global),
        }
    }

    fn retry_one(&self, global: &Global, job: u32) -> Result<i32, OpsError> {
        let ui = global.ui();
        let room = PrintRoom::beside(&global.ledger_folder()?);
        let doubtful = |view: &PrintJobView| {
            view.job == job && view.standing == PrintStanding::MayHaveBeenPrinted
        };
        let question = "It may have been printed. Print it again?";
        if room.list()?.jobs.iter().any(doubtful) && !ui.confirm(question, true) {
            return Err(OpsError::input("--retry", "left as it is"));
        }
        if self.printer.is_some() {
            let printers = Printers::open(&global.configuration()?)?;
            if let Some(on) = printers.choose(self.printer.as_deref(), DocumentKind::Receipt)? {
                room.readdress(job, &on)?;
            }
        }
        finish(global, room.attend(job, Consent::Again)?)
    }

    fn print(&self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut asking = ui.asking();
        let what: Option<String> =
            asking.need("RECEIPT", self.what.as_deref(), "Which receipt (number) or file", None);
        let kind: Option<DocumentKind> = asking.may("--kind", self.kind.as_deref());
        let copies: u8 = asking.number("--copies", self.copies.as_deref()).unwrap_or(1);
        asking.end()?;
        if !(1..=COPIES_MAX).contains(&copies) {
            return Err(OpsError::input("--copies", format!("1 to {COPIES_MAX} are printed")));
        }
        let what = what.unwrap_or_default();
        let printers = Printers::open(&global.configuration()?)?;
        let given = self.printer.as_deref();
        let (job, on) = match what.parse::<ReceiptId>() {
            Ok(id) => {
                let kind = kind.map_or_else(|| printers.receipt_kind(given), Ok)?;
                let on = chosen(ui, &printers, given, kind)?;
                // The ledger is given back before anything is sent: a slow printer must
                // not keep anybody from a handover.
                let mut ledger = global.open()?;
                let bytes = print::document(&mut ledger, &id, kind, &on)?;
                (print::job(&id.to_string(), kind, copies, bytes)?, on)
            }
            Err(_) => {
                let job = print::file(Path::new(&what), kind, copies)?;
                let on = chosen(ui, &printers, given, job.kind)?;
                (job, on)
            }
        };
        let room = PrintRoom::beside(&global.ledger_folder()?);
        let id = room.take(&job, &on)?;
        let view = room.attend(id, Consent::Careful)?;
        finish(global, view)
    }
}

/// The printer meant, asked for where somebody can answer.
fn chosen(
    ui: Ui,
    printers: &Printers,
    given: Option<&str>,
    kind: DocumentKind,
) -> Result<Chosen, OpsError> {
    if let Some(chosen) = printers.choose(given, kind)? {
        return Ok(chosen);
    }
    let mut asking = ui.asking();
    let question = "On which printer (name or address; 'custody printers' lists them)";
    let name: Option<String> = asking.need("--printer", None, question, None);
    asking.end()?;
    let chosen = printers.choose(name.as_deref(), kind)?;
    chosen.ok_or_else(|| OpsError::input("--printer", "an answer is missing"))
}

/// Shows a job that the printer took over, or says why it did not.
fn finish(global: &Global, view: PrintJobView) -> Result<i32, OpsError> {
    taken_over(&view)?;
    answer(global, vec![view])?;
    Ok(EXIT_FINE)
}

fn answer(global: &Global, jobs: Vec<PrintJobView>) -> Result<(), OpsError> {
    let folder = global.ledger_folder()?;
    let jobs = PrintJobs { jobs, waiting: print::waiting(&folder) };
    show(global.ui(), &jobs);
    let kept = |job: &PrintJobView| job.standing == PrintStanding::WithThePrinter;
    remind_beyond(global, jobs.jobs.iter().filter(|job| kept(job)).count());
    Ok(())
}

fn show(ui: Ui, jobs: &PrintJobs) {
    ui.answer(jobs, |style| text::print_jobs(jobs, style));
}

/// One line about jobs that wait, below the answer of other commands.
pub(super) fn remind(global: &Global) {
    remind_beyond(global, 0);
}

fn remind_beyond(global: &Global, told: usize) {
    let Ok(folder) = global.ledger_folder() else { return };
    match print::waiting(&folder).saturating_sub(told) {
        0 => {}
        1 => global.ui().warn("1 print job waits; 'custody print --list' shows it"),
        many => {
            global.ui().warn(&format!("{many} print jobs wait; 'custody print --list' shows them"))
        }
    }
}

/// A receipt that is to be printed once the ledger is closed: the number of its job.
#[derive(Debug)]
pub(super) struct Printing(u32);

/// Puts the receipt of a recorded handover into the spool. Whatever fails is a note:
/// the handover stands.
pub(super) fn spool_receipt(
    global: &Global,
    ledger: &mut Ledger,
    id: &ReceiptId,
    printer: &str,
) -> Option<Printing> {
    let given = Some(printer).filter(|name| !name.is_empty());
    let mut spooled = || {
        let printers = Printers::open(&global.configuration()?)?;
        let kind = printers.receipt_kind(given)?;
        let on = printers.choose(given, kind)?.ok_or_else(|| {
            OpsError::input("--print", "no printer is named and none is the default")
        })?;
        let bytes = print::document(ledger, id, kind, &on)?;
        let job = print::job(&id.to_string(), kind, 1, bytes)?;
        PrintRoom::beside(&global.ledger_folder()?).take(&job, &on)
    };
    match spooled() {
        Ok(job) => Some(Printing(job)),
        Err(error) => {
            note(global, &id.to_string(), &error);
            None
        }
    }
}

fn note(global: &Global, what: &str, error: &OpsError) {
    let causes = Failure::from(error).problems.into_iter().map(|problem| problem.cause);
    let causes = causes.collect::<Vec<_>>().join("; ");
    let causes = crate::model::printable::printable(&causes, 400);
    let again = format!("'custody print {what}' prints it");
    global.ui().warn(&format!("{what} is recorded and was not printed: {causes}; {again}"));
}

impl Printing {
    /// Sends it; the ledger is closed by now. A failure is a note.
    pub fn send(self, global: &Global) {
        let sent = global
            .ledger_folder()
            .and_then(|folder| PrintRoom::beside(&folder).attend(self.0, Consent::Careful));
        match sent {
            Ok(view) if view.standing.is_delivered() => {
                let (name, standing) = (&view.name, view.standing.words());
                let says = match view.says.is_empty() {
                    true => String::new(),
                    false => format!(", which says: {}", view.says.join(", ")),
                };
                global.ui().say(&format!("{name}: {standing} ({}){says}.", view.printer));
            }
            Ok(view) => {
                let why = view.error.unwrap_or_else(|| view.standing.words().to_owned());
                global.ui().warn(&format!(
                    "{} is recorded and its printing waits as job {}: {why}; 'custody print --list' \
                     shows it",
                    view.name, view.job
                ));
            }
            Err(error) => {
                let cause = Failure::from(&error).problems.into_iter().map(|problem| problem.cause);
                let cause = cause.collect::<Vec<_>>().join("; ");
                global.ui().warn(&format!("printing waits as job {}: {cause}", self.0));
            }
        }
    }
}
