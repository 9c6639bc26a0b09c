//! Print jobs and printers, as they are listed.

use serde::Serialize;

use crate::model::{DocumentKind, Format, Stamp};

/// Jobs: those that wait, or those that something was just done about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrintJobs {
    /// The jobs, oldest first.
    pub jobs: Vec<PrintJobView>,
    /// How many jobs are in the spool now.
    pub waiting: usize,
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrintJobView {
    /// Its number in the spool.
    pub job: u32,
    /// What is printed, such as a receipt's number.
    pub name: String,
    /// What kind of document that is; none where the record is damaged.
    pub kind: Option<DocumentKind>,
    /// What the bytes are.
    pub format: Option<Format>,
    /// How many copies.
    pub copies: u8,
    /// The printer, by its name or else its address.
    pub printer: String,
    /// Where it stands.
    pub standing: PrintStanding,
    /// What the printer says is in the way.
    pub says: Vec<String>,
    /// What went wrong when it was last tried.
    pub error: Option<String>,
    /// When it was made.
    pub added: Option<Stamp>,
    /// When it was last sent or asked about.
    pub last: Option<Stamp>,
    /// How often it was sent, or tried to be.
    pub attempts: u32,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrintStanding {
    /// The printer says that it is printed. It has left the spool.
    Printed,
    /// The printer took it all and does not say more. It has left the spool.
    Sent,
    /// Surely not printed.
    Waiting,
    /// Another process is printing it.
    Printing,
    /// The printer has it and is not done.
    WithThePrinter,
    /// Nobody can tell.
    MayHaveBeenPrinted,
    /// What is stored of it cannot be read.
    Damaged,
    /// It was given up by a person. It has left the spool.
    Dropped,
}

impl PrintStanding {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            PrintStanding::Printed => "printed",
            PrintStanding::Sent => "sent to the printer",
            PrintStanding::Waiting => "not printed",
            PrintStanding::Printing => "being printed",
            PrintStanding::WithThePrinter => "with the printer",
            PrintStanding::MayHaveBeenPrinted => "may have been printed",
            PrintStanding::Damaged => "damaged",
            PrintStanding::Dropped => "given up",
        }
    }

    /// Whether a person has to see to it.
    pub fn needs_somebody(self) -> bool {
        matches!(self, Self::Waiting | Self::MayHaveBeenPrinted | Self::Damaged)
    }

    /// Whether the printer took over: nothing is left to do here.
    pub fn is_delivered(self) -> bool {
        matches!(self, Self::Printed | Self::Sent | Self::WithThePrinter)
    }
}

/// Printers, found and configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrintersView {
    /// The configuration's file.
    pub configuration: String,
    /// The printers: the configured ones first.
    pub printers: Vec<PrinterView>,
    /// Kinds of documents that have no printer by default.
    pub without_default: Vec<DocumentKind>,
}

/// One printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrinterView {
    /// Its name in the configuration.
    pub name: Option<String>,
    /// Its address.
    pub address: String,
    /// How it is known.
    pub known: KnownBy,
    /// Width of its roll in millimetres.
    pub roll: Option<u16>,
    /// Its dots per inch.
    pub dpi: Option<u16>,
    /// What it prints by default.
    pub default_for: Vec<DocumentKind>,
    /// Whether it answers.
    pub answers: bool,
    /// What it says of itself, or why it does not answer.
    pub says: Vec<String>,
}

/// How a printer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownBy {
    /// It stands in the configuration.
    Configuration,
    /// CUPS on this computer has a queue for it.
    Cups,
    /// It has a device on this computer.
    Device,
}

impl KnownBy {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            KnownBy::Configuration => "configured",
            KnownBy::Cups => "queue of CUPS",
            KnownBy::Device => "plugged in here",
        }
    }
}
