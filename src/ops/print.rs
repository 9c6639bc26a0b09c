//! Printing: a document becomes a job in the spool, and the job is sent until a printer
//! has it. Nothing here knows of a handover, and no failure here undoes one.

use std::path::{Path, PathBuf};

use super::clock::{Clock, SystemClock};
use super::error::OpsError;
use super::follow::Onlooker;
use super::ledger::Ledger;
use super::paper::{Look, fonts, pdf, receipt_sheet};
use super::printers::Chosen;
use super::receipt::{IssuedReceipt, receipt};
use crate::model::{DocumentKind, Format, ReceiptId, Stamp, Zone};
use crate::printer::spool::{Claim, Consent, Listed, Record, Spool, Stage, Step};
use crate::printer::{DOCUMENT_MAX, Delivery, Job, Outgoing, SendError, Transport, Wires};
use crate::render::paper::receipt::Format::A4;
use crate::render::paper::words::Tongue;
use crate::report::printing::{PrintJobView, PrintJobs, PrintStanding};

/// Why something is not printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// A receipt is neither a label nor a sheet.
    #[error("a receipt is not printed as a {kind}")]
    WrongKind {
        /// Which receipt.
        receipt: ReceiptId,
        /// As what.
        kind: DocumentKind,
    },
    /// The file is nothing that printers take.
    #[error("{} is nothing that is printed here: PDF, ESC/POS, ZPL or Brother QL", .0.display())]
    NotPrintable(PathBuf),
    /// It was tried and is kept in the spool.
    #[error("{printer} did not print {name}: {why}")]
    Kept {
        /// The job's number.
        job: u32,
        /// What was to be printed.
        name: String,
        /// The printer.
        printer: String,
        /// What went wrong.
        why: String,
        /// Whether it may be on paper all the same.
        doubtful: bool,
    },
}

/// A receipt ready for a printer: a PDF with original and copy, or both for the roll
/// that the printer is configured with (80 mm where nothing is said).
///
/// # Errors
/// No such receipt, or it cannot be made ready as this kind.
pub fn document(
    ledger: &mut Ledger,
    id: &ReceiptId,
    kind: DocumentKind,
    on: &Chosen,
) -> Result<Vec<u8>, OpsError> {
    let issued = receipt(ledger, id)?;
    let look = Look { tongue: Tongue::Both, format: A4, faces: fonts(None)? };
    match kind {
        DocumentKind::Receipt => pdf(&receipt_sheet(&issued, &look)?, &look),
        DocumentKind::Thermal => strips(&issued, on, &look),
        DocumentKind::Label | DocumentKind::Sheet => {
            Err(PrintError::WrongKind { receipt: id.clone(), kind }.into())
        }
    }
}

#[cfg(feature = "raster")]
fn strips(issued: &IssuedReceipt, on: &Chosen, look: &Look) -> Result<Vec<u8>, OpsError> {
    use crate::render::paper::thermal::Roll;
    let narrow = on.roll.is_some_and(|width| width < 80);
    super::paper::thermal(issued, if narrow { Roll::Mm58 } else { Roll::Mm80 }, look)
}

#[cfg(not(feature = "raster"))]
fn strips(_: &IssuedReceipt, _: &Chosen, _: &Look) -> Result<Vec<u8>, OpsError> {
    let problem = "this program was built without the feature 'raster'; print it as receipt";
    Err(OpsError::input("--kind", problem))
}

/// A document for a printer, and what it is.
///
/// # Errors
/// It is in none of the forms that printers take.
pub fn job(name: &str, kind: DocumentKind, copies: u8, bytes: Vec<u8>) -> Result<Job, OpsError> {
    let format = Format::of(&bytes).ok_or_else(|| PrintError::NotPrintable(name.into()))?;
    Ok(Job { kind, name: name.to_owned(), format, copies, bytes })
}

/// The document in a file. Its kind is the wished one, or what such a file usually is.
///
/// # Errors
/// It cannot be read, is too large, or in none of the forms that printers take.
pub fn file(path: &Path, kind: Option<DocumentKind>, copies: u8) -> Result<Job, OpsError> {
    use std::io::Read as _;
    let failed = |error| OpsError::file("cannot read", path, error);
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path).map_err(failed)?;
    opened.take(DOCUMENT_MAX as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    let usual = match Format::of(&bytes) {
        Some(Format::EscPos) => DocumentKind::Thermal,
        Some(Format::Zpl | Format::BrotherQl) => DocumentKind::Label,
        _ => DocumentKind::Receipt,
    };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let mut made = job(&path.to_string_lossy(), kind.unwrap_or(usual), copies, bytes)?;
    made.name = name.unwrap_or(made.name);
    Ok(made)
}

/// The spool's folder of a ledger: beside it, so that the ledger's own folder holds
/// the ledger and nothing else.
pub fn spool_folder(ledger: &Path) -> PathBuf {
    let whole = std::fs::canonicalize(ledger).unwrap_or_else(|_| ledger.to_owned());
    whole.parent().unwrap_or(Path::new("")).join("spool")
}

/// How many print jobs wait beside this ledger.
pub fn waiting(ledger: &Path) -> usize {
    Spool::at(&spool_folder(ledger)).count()
}

/// Where jobs wait, and what sends them.
pub struct PrintRoom<T = Wires> {
    spool: Spool,
    transport: T,
    clock: Box<dyn Clock>,
    zone: Zone,
}

impl PrintRoom<Wires> {
    /// The one beside the ledger in `folder`. There need not be a ledger.
    pub fn beside(folder: &Path) -> Self {
        // Only for showing times: an office reads its own and not UTC.
        let zone = Onlooker::open(folder).ok().and_then(|mut onlooker| {
            let facts = onlooker.state().ok()?.facts.clone()?;
            Zone::named(facts.zone.as_str()).ok()
        });
        let clock = Box::new(SystemClock);
        let spool = Spool::at(&spool_folder(folder));
        let zone = zone.unwrap_or_else(Zone::utc);
        PrintRoom { spool, transport: Wires::default(), clock, zone }
    }
}

impl<T: Transport> PrintRoom<T> {
    /// One with a spool, a way to printers and a clock of one's own.
    pub fn with(spool: Spool, transport: T, clock: Box<dyn Clock>) -> Self {
        PrintRoom { spool, transport, clock, zone: Zone::utc() }
    }

    /// Puts a job into the spool; from then on it is not forgotten.
    ///
    /// # Errors
    /// The spool is full or cannot be written.
    pub fn take(&self, job: &Job, on: &Chosen) -> Result<u32, OpsError> {
        let mut random = [0; 6];
        getrandom::fill(&mut random).map_err(|error| OpsError::Random(error.to_string()))?;
        Ok(self.spool.add(job, &on.printer, random, self.clock.unix())?)
    }

    /// Does what can be done about a job: sends it, or asks the printer about it.
    ///
    /// # Errors
    /// The spool fails, or somebody else has the job in hand. What a printer does not
    /// do is no error but the standing of the job.
    pub fn attend(&self, id: u32, consent: Consent) -> Result<PrintJobView, OpsError> {
        let mut claim = self.spool.claim(id)?;
        if claim.record().stage == Stage::Sending {
            let doubted = claim.record().doubted("the program ended while it was printing this");
            claim.note(doubted)?;
        }
        let job = claim.job()?;
        loop {
            let before = claim.record().stage.clone();
            let Some(outcome) = self.once(&mut claim, &job, consent)? else { break };
            let sent = claim.record().stage == Stage::Sending;
            match claim.record().after(&outcome, self.clock.unix()) {
                None => {
                    let standing = match outcome {
                        Ok(Delivery::Sent) => PrintStanding::Sent,
                        _ => PrintStanding::Printed,
                    };
                    let view = self.view(claim.record(), standing);
                    claim.remove()?;
                    return Ok(view);
                }
                Some(next) => {
                    // The printer gave up what it had: it is sent once more, and once only.
                    let anew = !sent && next.stage == Stage::Waiting && before != Stage::Waiting;
                    claim.note(next)?;
                    if !anew {
                        break;
                    }
                }
            }
        }
        Ok(self.shown(claim.record(), false))
    }

    /// The next thing to do about a job; `None` if that is a person's to decide.
    fn once(
        &self,
        claim: &mut Claim,
        job: &Job,
        consent: Consent,
    ) -> Result<Option<Result<Delivery, SendError>>, OpsError> {
        let record = claim.record().clone();
        let to = record.to();
        let found = match record.step() {
            Step::Send => None,
            Step::Follow(number) => Some(self.transport.follow(&to, &number)),
            Step::Find => match self.transport.find(&to, &record.mark()) {
                Ok(None) | Err(SendError::GivenUp { .. }) if consent == Consent::Again => None,
                Ok(None) => return Ok(None),
                Ok(Some(delivery)) => Some(Ok(delivery)),
                // A printer that is not there cannot be asked; a person who says "print it
                // again" is told so when it is sent, and decides about nothing else here.
                Err(error) => Some(Err(error)),
            },
        };
        if found.is_some() {
            return Ok(found);
        }
        // Durable before the first byte goes out.
        claim.note(record.begun(self.clock.unix()))?;
        let mark = claim.record().mark();
        Ok(Some(self.transport.send(&to, Outgoing { job, mark: &mark })))
    }

    /// Sends what was surely not printed and asks about the rest. A job that somebody
    /// else has in hand is left to them.
    ///
    /// # Errors
    /// The spool fails.
    pub fn attend_all(&self) -> Result<PrintJobs, OpsError> {
        let mut jobs = Vec::new();
        for listed in self.spool.list()? {
            match (self.attend(listed.id(), Consent::Careful), &listed) {
                (Ok(view), _) => jobs.push(view),
                (Err(OpsError::Spool(_)), listed) => jobs.push(self.listed(listed)),
                (Err(error), _) => return Err(error),
            }
        }
        Ok(PrintJobs { jobs, waiting: self.spool.count() })
    }

    /// Has a job printed elsewhere, from its next attempt on.
    ///
    /// # Errors
    /// The spool fails, or somebody else has the job in hand.
    pub fn readdress(&self, id: u32, on: &Chosen) -> Result<(), OpsError> {
        let mut claim = self.spool.claim(id)?;
        let elsewhere = claim.record().readdressed(&on.printer);
        Ok(claim.note(elsewhere)?)
    }

    /// What is in the spool.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub fn list(&self) -> Result<PrintJobs, OpsError> {
        let jobs: Vec<PrintJobView> =
            self.spool.list()?.iter().map(|listed| self.listed(listed)).collect();
        Ok(PrintJobs { waiting: jobs.len(), jobs })
    }

    /// Gives a job up, whatever its standing.
    ///
    /// # Errors
    /// There is none, or somebody else has it in hand.
    pub fn drop_job(&self, id: u32) -> Result<PrintJobView, OpsError> {
        let listed = self.spool.list()?.into_iter().find(|listed| listed.id() == id);
        self.spool.drop_job(id)?;
        let view = listed.map(|listed| self.listed(&listed));
        let mut view = view.unwrap_or_else(|| self.listed(&Listed::Damaged(id)));
        view.standing = PrintStanding::Dropped;
        Ok(view)
    }

    fn listed(&self, listed: &Listed) -> PrintJobView {
        match listed {
            Listed::Job(record, busy) => self.shown(record, *busy),
            Listed::Damaged(id) => PrintJobView {
                job: *id,
                name: "unknown".to_owned(),
                kind: None,
                format: None,
                copies: 0,
                printer: String::new(),
                standing: PrintStanding::Damaged,
                says: Vec::new(),
                error: None,
                added: None,
                last: None,
                attempts: 0,
            },
        }
    }

    fn shown(&self, record: &Record, busy: bool) -> PrintJobView {
        let standing = match (&record.stage, busy) {
            (_, true) => PrintStanding::Printing,
            (Stage::Waiting, _) => PrintStanding::Waiting,
            (Stage::Accepted { .. }, _) => PrintStanding::WithThePrinter,
            (Stage::Sending | Stage::Doubtful, _) => PrintStanding::MayHaveBeenPrinted,
        };
        self.view(record, standing)
    }

    fn view(&self, record: &Record, standing: PrintStanding) -> PrintJobView {
        let stamp = |unix: i64| Stamp::from_unix(unix, &self.zone).ok();
        let says = match &record.stage {
            Stage::Accepted { says, .. } => says.clone(),
            _ => Vec::new(),
        };
        PrintJobView {
            job: record.id,
            name: record.name.clone(),
            kind: Some(record.kind),
            format: Some(record.format),
            copies: record.copies,
            printer: record.to().shown(),
            standing,
            says,
            error: record.error.clone(),
            added: stamp(record.added),
            last: record.last.and_then(stamp),
            attempts: record.attempts,
        }
    }
}

/// A job that was just tried: an error unless the printer took over.
///
/// # Errors
/// [`PrintError::Kept`].
pub fn taken_over(view: &PrintJobView) -> Result<(), OpsError> {
    if view.standing.is_delivered() {
        return Ok(());
    }
    let doubtful = view.standing == PrintStanding::MayHaveBeenPrinted;
    let (name, printer) = (view.name.clone(), view.printer.clone());
    let why = view.error.clone().unwrap_or_else(|| view.standing.words().to_owned());
    Err(PrintError::Kept { job: view.job, name, printer, why, doubtful }.into())
}
