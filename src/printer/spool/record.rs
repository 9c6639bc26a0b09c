//! What the spool knows of a job, and how that changes. Pure: what was done and what
//! came of it go in, the next record comes out.

use serde::{Deserialize, Serialize};

use crate::model::printable::printable;
use crate::model::{DocumentKind, Format, Hash};
use crate::printer::{Address, Delivery, Printer, SendError};

/// The form of a record, raised with every change of it.
pub(super) const FORM: &str = "custody-spool/1";
const ERROR_MAX: usize = 400;

/// A job in the spool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`FORM`].
    pub(super) form: String,
    /// Its number in this spool; never given twice.
    pub id: u32,
    /// What is printed.
    pub kind: DocumentKind,
    /// Its name, such as a receipt's number.
    pub name: String,
    /// What the bytes are.
    pub format: Format,
    /// How many copies.
    pub copies: u8,
    /// How many bytes.
    pub size: u64,
    /// Their hash.
    pub(super) sha256: Hash,
    /// What begins the marks by which its attempts are found at the printer.
    pub(super) mark: String,
    /// The printer's name in the configuration.
    pub printer: Option<String>,
    /// The printer's address when the job was made.
    pub address: Address,
    /// Whether that printer takes PDF although it takes raw bytes.
    pub pdf: bool,
    /// When it was made, in seconds since 1970.
    pub added: i64,
    /// How often it was sent, or tried to be.
    pub attempts: u32,
    /// When that was tried last, in seconds since 1970.
    pub last: Option<i64>,
    /// What went wrong then.
    pub error: Option<String>,
    /// Where it stands.
    pub stage: Stage,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Stage {
    /// Surely not printed; it can be sent.
    Waiting,
    /// Being sent. Nobody is sending it, when nobody holds its lock: then the program
    /// ended in between, and it may have been printed.
    Sending,
    /// The printer has it and was not done when it was last asked.
    Accepted {
        /// Its number there.
        number: String,
        /// What is in the way, in words.
        says: Vec<String>,
    },
    /// It may have been printed.
    Doubtful,
}

/// How much a person agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Send what was surely not printed; look after the others.
    Careful,
    /// Print this one, although it may have been printed before.
    Again,
}

/// What to do about a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send it.
    Send,
    /// Ask the printer about the job of this number.
    Follow(String),
    /// Ask the printer whether it ever had the job.
    Find,
}

impl Record {
    /// The printer that it is for.
    pub fn to(&self) -> Printer {
        Printer { name: self.printer.clone(), address: self.address.clone(), pdf: self.pdf }
    }

    /// The mark of the present attempt: one that the printer gave up is not taken for
    /// the one after it.
    pub fn mark(&self) -> String {
        format!("{}-{}", self.mark, self.attempts)
    }

    /// What to do, by whoever holds the job's lock.
    pub fn step(&self) -> Step {
        match &self.stage {
            Stage::Waiting => Step::Send,
            Stage::Accepted { number, .. } => Step::Follow(number.clone()),
            Stage::Sending | Stage::Doubtful => Step::Find,
        }
    }

    /// The record to be made durable before the first byte goes out.
    #[must_use]
    pub fn begun(&self, now: i64) -> Record {
        Record {
            stage: Stage::Sending,
            attempts: self.attempts.saturating_add(1),
            last: Some(now),
            error: None,
            ..self.clone()
        }
    }

    /// What follows from an attempt to send it or to learn about it; `None` once there
    /// is nothing more to know.
    pub fn after(&self, outcome: &Result<Delivery, SendError>, now: i64) -> Option<Record> {
        let (stage, error) = match outcome {
            Ok(Delivery::Printed | Delivery::Sent) => return None,
            Ok(Delivery::Accepted { number, says }) => {
                (Stage::Accepted { number: number.clone(), says: says.clone() }, None)
            }
            // Not reached when it was only asked: what is known stays.
            Err(error @ (SendError::NotReached { .. } | SendError::Refused(_)))
                if self.stage != Stage::Sending =>
            {
                (self.stage.clone(), Some(error))
            }
            Err(error) if error.may_have_printed() => (Stage::Doubtful, Some(error)),
            Err(error) => (Stage::Waiting, Some(error)),
        };
        let error = error.map(|error| printable(&error.to_string(), ERROR_MAX));
        Some(Record { stage, error, last: Some(now), ..self.clone() })
    }

    /// As it is once nobody knows whether it was printed.
    #[must_use]
    pub fn doubted(&self, why: &str) -> Record {
        let error = Some(printable(why, ERROR_MAX));
        Record { stage: Stage::Doubtful, error, ..self.clone() }
    }
}
