//! Print jobs and printers as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::report::printing::{PrintJobView, PrintJobs, PrintStanding, PrinterView, PrintersView};

const LABELS: usize = 12;

/// Print jobs as text.
pub fn print_jobs(report: &PrintJobs, style: Style) -> String {
    let mut page = Page::new(style);
    if report.jobs.is_empty() {
        page.put(0, Tone::Good, "No print job waits.");
    }
    for job in &report.jobs {
        one(&mut page, job);
    }
    page.finish()
}

fn one(page: &mut Page, job: &PrintJobView) {
    let tone = match job.standing {
        PrintStanding::Printed | PrintStanding::Sent => Tone::Good,
        PrintStanding::Waiting | PrintStanding::MayHaveBeenPrinted | PrintStanding::Damaged => {
            Tone::Warning
        }
        _ => Tone::Plain,
    };
    page.put(0, tone, &format!("Job {}: {}, {}", job.job, job.name, job.standing.words()));
    let mut printer = job.printer.clone();
    if job.copies > 1 {
        printer.push_str(&format!(", {} copies", job.copies));
    }
    if job.standing != PrintStanding::Damaged {
        page.field(2, "Printer", LABELS, &printer);
    }
    if !job.says.is_empty() {
        page.hang(2, "It says", LABELS, Tone::Warning, &job.says.join(", "));
    }
    if let Some(error) = &job.error {
        page.hang(2, "Problem", LABELS, Tone::Warning, error);
    }
    if let (Some(added), false) = (&job.added, job.standing.is_delivered()) {
        let tried = match (&job.last, job.attempts) {
            (Some(last), 1) => format!(", tried once, {}", last.short()),
            (Some(last), times) if times > 1 => {
                format!(", tried {times} times, last {}", last.short())
            }
            _ => String::new(),
        };
        page.field(2, "Since", LABELS, &format!("{}{tried}", added.short()));
    }
    if let Some(next) = next(job) {
        page.put(2, Tone::Faint, &next);
    }
}

/// What to do about it.
fn next(job: &PrintJobView) -> Option<String> {
    let id = job.job;
    Some(match job.standing {
        PrintStanding::Waiting => format!(
            "'custody print --retry {id}' prints it, 'custody print --drop {id}' gives it up."
        ),
        PrintStanding::WithThePrinter => format!(
            "Once what is in the way is gone the printer goes on by itself; 'custody print --retry \
             {id}' asks it again."
        ),
        PrintStanding::MayHaveBeenPrinted => format!(
            "Look at the printer first. 'custody print --retry {id}' prints it again, 'custody print \
             --drop {id}' if it is there."
        ),
        PrintStanding::Damaged => {
            format!("Print it anew from the ledger; 'custody print --drop {id}' gives this up.")
        }
        _ => return None,
    })
}

/// Printers as text.
pub fn printers(report: &PrintersView, style: Style) -> String {
    let mut page = Page::new(style);
    if report.printers.is_empty() {
        page.put(0, Tone::Warning, "No printer is configured and none was found.");
    }
    for found in &report.printers {
        printer(&mut page, found);
    }
    page.blank();
    let missing: Vec<&str> = report.without_default.iter().map(|kind| kind.as_str()).collect();
    if !missing.is_empty() {
        page.put(0, Tone::Plain, &format!("No printer by default for: {}.", missing.join(", ")));
        page.put(
            0,
            Tone::Faint,
            "'custody printers add NAME ADDRESS' names one, 'custody printers default KIND NAME' \
             chooses it.",
        );
    }
    page.put(0, Tone::Faint, &format!("Configuration: {}", report.configuration));
    page.finish()
}

fn printer(page: &mut Page, printer: &PrinterView) {
    let name = printer.name.as_ref().unwrap_or(&printer.address);
    let (tone, answers) = match printer.answers {
        true => (Tone::Good, "answers"),
        false => (Tone::Warning, "does not answer"),
    };
    page.put(0, tone, &format!("{name}: {answers}"));
    let mut place = format!("{}, {}", printer.address, printer.known.words());
    if let Some(roll) = printer.roll {
        place.push_str(&format!(", {roll} mm"));
    }
    if let Some(dpi) = printer.dpi {
        place.push_str(&format!(", {dpi} dpi"));
    }
    page.field(2, "Where", LABELS, &place);
    if !printer.default_for.is_empty() {
        let kinds: Vec<&str> = printer.default_for.iter().map(|kind| kind.as_str()).collect();
        page.field(2, "Prints", LABELS, &format!("{} by default", kinds.join(", ")));
    }
    if !printer.says.is_empty() {
        page.field(2, "Says", LABELS, &printer.says.join("; "));
    }
}
