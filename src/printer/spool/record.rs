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
    /// Whether an attempt before the present one may have printed it. That stays so,
    /// however surely a later one failed.
    pub(super) doubted_before: bool,
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
            doubted_before: self.doubted_before || self.stage == Stage::Doubtful,
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
            Err(error) if error.may_have_printed() || self.doubted_before => {
                (Stage::Doubtful, Some(error))
            }
            Err(error) => (Stage::Waiting, Some(error)),
        };
        let error = error.map(|error| printable(&error.to_string(), ERROR_MAX));
        Some(Record { stage, error, last: Some(now), ..self.clone() })
    }

    /// As it is when another printer is to print it. That one cannot be asked what
    /// became of it: what was not surely unprinted stays in doubt.
    #[must_use]
    pub fn readdressed(&self, to: &Printer) -> Record {
        let stage = match self.stage {
            Stage::Waiting => Stage::Waiting,
            _ => Stage::Doubtful,
        };
        let Printer { name, address, pdf } = to.clone();
        Record { printer: name, address, pdf, stage, ..self.clone() }
    }

    /// As it is once nobody knows whether it was printed.
    #[must_use]
    pub fn doubted(&self, why: &str) -> Record {
        let error = Some(printable(why, ERROR_MAX));
        Record { stage: Stage::Doubtful, error, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(stage: Stage) -> Record {
        Record {
            form: FORM.to_owned(),
            id: 1,
            kind: DocumentKind::Receipt,
            name: "SZ-2026-000001".to_owned(),
            format: Format::Pdf,
            copies: 1,
            size: 1,
            sha256: Hash::of(&[b"x"]),
            mark: "ab".to_owned(),
            printer: None,
            address: Address::Queue("a".to_owned()),
            pdf: false,
            added: 0,
            attempts: 0,
            last: None,
            error: None,
            doubted_before: false,
            stage,
        }
    }

    fn not_reached() -> Result<Delivery, SendError> {
        Err(SendError::NotReached { address: "a".to_owned(), why: "refused".to_owned() })
    }

    #[test]
    fn a_sure_failure_settles_no_earlier_doubt() {
        let first = record(Stage::Waiting).begun(1);
        let half = Err(SendError::Stalled { sent: 1, total: 2 });
        let doubtful = first.after(&half, 2).expect("kept");
        assert_eq!(doubtful.stage, Stage::Doubtful);
        let again = doubtful.begun(3).after(&not_reached(), 4).expect("kept");
        assert_eq!((again.stage.clone(), again.attempts), (Stage::Doubtful, 2));
        assert_eq!(again.begun(5).after(&Ok(Delivery::Printed), 6), None);
    }

    #[test]
    fn a_question_without_an_answer_changes_nothing_but_the_error() {
        let number = "42".to_owned();
        for stage in [Stage::Accepted { number, says: Vec::new() }, Stage::Doubtful] {
            let after = record(stage.clone()).after(&not_reached(), 9).expect("kept");
            assert_eq!(after.stage, stage);
            assert!(after.error.is_some());
        }
        // The same said of an attempt: nothing was sent.
        let sent = record(Stage::Waiting).begun(1).after(&not_reached(), 2).expect("kept");
        assert_eq!(sent.stage, Stage::Waiting);
    }
}
