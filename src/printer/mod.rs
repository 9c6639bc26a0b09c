//! Printers: where they are, how a job gets there and what becomes of it, and the
//! spool in which a job waits until that is known. An adapter, which knows nothing of
//! receipts: it is given bytes and a format.
//!
//! Two questions decide every line here. *May it have been printed?* A job that surely
//! was not is sent again, one that may have been is not, before a person has looked.
//! *How long may it take?* A printer that hangs must not hang the desk, so every
//! connection, write and answer has its time and its size.
//!
//! What a printer or the network answers is hostile: it is cut, counted, and made
//! printable before anybody reads it.

pub mod address;
pub mod config;
mod ipp;
pub mod ipp_answer;
mod queue;
mod raw;
mod reasons;
pub mod spool;

use std::time::Duration;

pub use address::{Address, AddressError};

use crate::model::{DocumentKind, Format};

/// Most bytes of one document. A receipt has a tenth of a megabyte.
pub const DOCUMENT_MAX: usize = 16 << 20;
/// Most copies of one job.
pub const COPIES_MAX: u8 = 20;
/// Longest title of a job, in characters.
const TITLE_MAX: usize = 80;

/// One document to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// What it is.
    pub kind: DocumentKind,
    /// Its name for people, such as a receipt's number.
    pub name: String,
    /// What the bytes are.
    pub format: Format,
    /// How often it is printed, 1 to [`COPIES_MAX`].
    pub copies: u8,
    /// The document.
    pub bytes: Vec<u8>,
}

/// A printer as far as sending needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printer {
    /// Its name in the configuration; none for one that was given by its address.
    pub name: Option<String>,
    /// Where it is.
    pub address: Address,
    /// Whether it takes PDF although it takes raw bytes.
    pub pdf: bool,
}

impl Printer {
    /// How people know it.
    pub fn shown(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.address.to_string())
    }
}

/// A job on its way: the mark by which it is found again at the printer.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The job.
    pub job: &'a Job,
    /// Letters and digits that no other job has; part of its title at the printer.
    pub mark: &'a str,
}

impl Outgoing<'_> {
    /// The title under which the printer lists it.
    fn title(&self) -> String {
        let name = crate::model::printable::printable(&self.job.name, TITLE_MAX);
        format!("{name} (custody {})", self.mark)
    }
}

/// What became of a job that a printer took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The printer says that it is done.
    Printed,
    /// All bytes were taken. Such a printer does not say what it does with them.
    Sent,
    /// The printer or its queue has the job and is not done with it.
    Accepted {
        /// Its number there: digits for IPP, `QUEUE-17` for `lp`.
        number: String,
        /// What the printer says is in the way, in words.
        says: Vec<String>,
    },
}

/// Why a job was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Nothing is at that address.
    #[error("it does not answer: {why}")]
    NotReached {
        /// Where.
        address: String,
        /// What the system said.
        why: String,
    },
    /// The printer, its queue or the program for it refuses the job.
    #[error("{0}")]
    Refused(String),
    /// It prints other formats only.
    #[error("the printer does not take {}; it takes {takes}", .format.words())]
    Format {
        /// What it was given.
        format: Format,
        /// What it takes, in words.
        takes: String,
    },
    /// It stopped taking bytes.
    #[error(
        "the printer took {sent} of {total} bytes and no more: it may be out of paper, open or \
         switched off"
    )]
    Stalled {
        /// Bytes taken.
        sent: usize,
        /// Bytes there are.
        total: usize,
    },
    /// The connection broke.
    #[error("the connection broke after {sent} of {total} bytes: {why}")]
    Broken {
        /// Bytes sent.
        sent: usize,
        /// Bytes there are.
        total: usize,
        /// What the system said.
        why: String,
    },
    /// The job went out, and no answer came that can be understood.
    #[error("the printer got the job and gave no answer that can be understood: {0}")]
    Unanswered(String),
    /// The printer gave the job up.
    #[error("the printer gave the job up ({state}{})", said(.says))]
    GivenUp {
        /// `cancelled` or `aborted`.
        state: &'static str,
        /// Pages it had printed by then.
        pages: u32,
        /// Why, in words.
        says: Vec<String>,
    },
}

/// What the system said of a connection or a device, in words for people.
fn plainly(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let words = match error.kind() {
        ErrorKind::ConnectionRefused => "nothing there takes the connection",
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
            "the printer closed the connection"
        }
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "no way leads there",
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "no answer in time",
        ErrorKind::NotFound => "there is no such file or device",
        ErrorKind::PermissionDenied => "you may not write to it",
        ErrorKind::UnexpectedEof => "the answer ends too early",
        ErrorKind::StorageFull => "no space is left",
        _ => return crate::model::printable::printable(&error.to_string(), 120),
    };
    words.to_owned()
}

fn said(says: &[String]) -> String {
    if says.is_empty() { String::new() } else { format!(": {}", says.join(", ")) }
}

impl SendError {
    /// Whether some of the job may be on paper all the same.
    pub fn may_have_printed(&self) -> bool {
        match self {
            SendError::NotReached { .. } | SendError::Refused(_) | SendError::Format { .. } => {
                false
            }
            SendError::Stalled { sent, .. } | SendError::Broken { sent, .. } => *sent > 0,
            SendError::Unanswered(_) => true,
            SendError::GivenUp { pages, .. } => *pages > 0,
        }
    }
}

/// A printer as it answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Whether it is there.
    pub answers: bool,
    /// What it is or what is in the way, in words.
    pub says: Vec<String>,
}

/// How long a printer may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until a connection stands.
    pub connect: Duration,
    /// Until it takes further bytes.
    pub idle: Duration,
    /// Until a question is answered.
    pub answer: Duration,
    /// Until a job that it took is done; after that the job is only "with the printer".
    pub finish: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            connect: Duration::from_secs(4),
            idle: Duration::from_secs(15),
            answer: Duration::from_secs(20),
            finish: Duration::from_secs(20),
        }
    }
}

/// How jobs get to printers. A trait, so that the spool is tested without any.
pub trait Transport {
    /// Sends a job.
    ///
    /// # Errors
    /// [`SendError`]; its `may_have_printed` says whether it can be sent again.
    fn send(&self, printer: &Printer, job: Outgoing<'_>) -> Result<Delivery, SendError>;

    /// What became of a job that the printer accepted under `number`.
    ///
    /// # Errors
    /// The printer does not answer, gave the job up, or no longer knows it.
    fn follow(&self, printer: &Printer, number: &str) -> Result<Delivery, SendError>;

    /// Whether the printer has or had a job with this mark. `None`: it does not, or is
    /// of a kind that cannot say.
    ///
    /// # Errors
    /// The printer does not answer, or gave the job up.
    fn find(&self, printer: &Printer, mark: &str) -> Result<Option<Delivery>, SendError>;
}

/// The real ways: IPP, `lp`, a device, a TCP port, a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wires {
    /// How long each may take.
    pub patience: Patience,
}

impl Transport for Wires {
    fn send(&self, printer: &Printer, job: Outgoing<'_>) -> Result<Delivery, SendError> {
        let format = job.job.format;
        if !format.is_raw() && printer.address.is_raw() && !printer.pdf {
            let takes =
                "raw bytes only (if it does print PDF, say 'pdf = true' in the configuration)";
            return Err(SendError::Format { format, takes: takes.to_owned() });
        }
        let patience = self.patience;
        match &printer.address {
            Address::Ipp(at) => match ipp::send(at, job, patience) {
                // Where cupsd does not listen, its command line may still know the way.
                Err(SendError::NotReached { .. }) if at.queue().is_some() && queue::is_here() => {
                    queue::send(at.queue().unwrap_or_default(), job, patience)
                }
                done => done,
            },
            Address::Queue(name) => {
                match ipp::send(&address::IppAddress::of_queue(name), job, patience) {
                    Err(SendError::NotReached { .. }) => queue::send(name, job, patience),
                    done => done,
                }
            }
            Address::Tcp(at) => raw::tcp(at, job.job, patience),
            Address::Device(path) => raw::device(path, job.job, patience),
            Address::File(path) => raw::file(path, job.job),
        }
    }

    fn follow(&self, printer: &Printer, number: &str) -> Result<Delivery, SendError> {
        match (&printer.address, number.parse::<i32>()) {
            (Address::Ipp(at), Ok(number)) => ipp::follow(at, number, self.patience),
            (Address::Queue(name), Ok(number)) => {
                ipp::follow(&address::IppAddress::of_queue(name), number, self.patience)
            }
            (Address::Ipp(_) | Address::Queue(_), Err(_)) => queue::follow(number, self.patience),
            // These never accept: their jobs are sent or not.
            _ => Err(SendError::Unanswered("such a printer keeps no jobs".to_owned())),
        }
    }

    fn find(&self, printer: &Printer, mark: &str) -> Result<Option<Delivery>, SendError> {
        let (found, is_queue) = match &printer.address {
            Address::Ipp(at) => (ipp::find(at, mark, self.patience), at.queue().is_some()),
            Address::Queue(name) => {
                (ipp::find(&address::IppAddress::of_queue(name), mark, self.patience), true)
            }
            _ => return Ok(None),
        };
        match found {
            // Only its command line knows this queue, and that cannot say.
            Err(SendError::NotReached { .. }) if is_queue => Ok(None),
            found => found,
        }
    }
}

impl Wires {
    /// Whether a printer is there, and what it says. Nothing is printed.
    pub fn look(&self, address: &Address) -> Look {
        match address {
            Address::Ipp(at) => ipp::look(at, self.patience),
            Address::Queue(name) => {
                let look = ipp::look(&address::IppAddress::of_queue(name), self.patience);
                if look.answers { look } else { queue::look(name, self.patience) }
            }
            Address::Tcp(at) => raw::look_tcp(at, self.patience),
            Address::Device(path) => raw::look_device(path),
            Address::File(_) => Look { answers: true, says: vec!["a file, for tests".to_owned()] },
        }
    }

    /// The queues that CUPS on this computer has: by IPP, else by `lpstat`.
    pub fn queues(&self) -> Vec<String> {
        ipp::queues(self.patience).unwrap_or_else(|_| queue::queues(self.patience))
    }

    /// The USB printer devices of this computer.
    pub fn devices(&self) -> Vec<Address> {
        raw::devices()
    }
}
