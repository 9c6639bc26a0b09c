//! Everything a use case can fail with, still typed. The words a person reads are
//! in `cli::error`.

use std::path::{Path, PathBuf};

use crate::keyring::KeyringError;
use crate::ledger::{Refusal, Refusals};
use crate::model::key::KeyName;
use crate::model::{MediumId, Name, PartyId, ReceiptId};
use crate::notify::outbox::OutboxError;
use crate::picture::PictureError;
use crate::printer::config::ConfigurationError;
use crate::printer::spool::SpoolError;
use crate::proof::receipt::ReceiptError;
use crate::render::paper::PaperError;
use crate::render::qr::QrError;
use crate::store::StoreError;
use crate::store::rounds::RoundError;
use crate::usb::BusError;
use crate::wire::qr::PayloadError;
use crate::wire::signature::SignError;
use crate::wire::statement::StatementError;

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    /// The ledger's rules refuse it.
    #[error(transparent)]
    Refused(#[from] Refusals),
    /// The store failed or is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key file.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The bus.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// A draft.
    #[error(transparent)]
    Draft(#[from] super::draft::DraftError),
    /// A signature could not be made.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A code is too large to draw.
    #[error(transparent)]
    Code(#[from] QrError),
    /// A document cannot be written.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// A picture holds no code, or is none.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// A QR text.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A receipt file.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// The text of a receipt.
    #[error("the text of the receipt: {0}")]
    ReceiptText(#[source] StatementError),
    /// What was given is not as it should be; all problems at once.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Input(Vec<Problem>),
    /// No private key at hand for a signer.
    #[error("no private key for {key} was found in {}", .keyring.display())]
    NoPrivateKey {
        /// The key that must sign.
        key: KeyName,
        /// Where it was looked for.
        keyring: PathBuf,
    },
    /// The passphrase given does not open this key.
    #[error("that is not the passphrase of {key}, or its file is damaged")]
    WrongPassphrase {
        /// The key that must sign.
        key: KeyName,
    },
    /// The log key is not beside the ledger, or another key is there in its place.
    #[error("{} does not hold the log key of this ledger: {why}", .path.display())]
    LogKeyFile {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The log key did not sign the newest checkpoint.
    #[error("what was recorded is kept, but the newest checkpoint is not signed: {0}")]
    LogKeyAway(#[source] SignError),
    /// The stored state of the ledger disagrees with what is about to be signed.
    #[error("what was stored does not read back as written: {0}")]
    ReadBack(String),
    /// A handover is recorded, and its receipt is not made.
    #[error(
        "the handover is recorded as entry {entry}, and its receipt {receipt} is not made: {source}"
    )]
    NoReceipt {
        /// The entry.
        entry: u64,
        /// The receipt's number.
        receipt: ReceiptId,
        /// Why not.
        source: Box<OpsError>,
    },
    /// A file or folder.
    #[error("{what} {}: {source}", .path.display())]
    File {
        /// What was tried, as in "cannot read".
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The attached devices do not single out one drive.
    #[error(transparent)]
    Device(#[from] DeviceChoice),
    /// What is plugged in is no longer what was looked at.
    #[error(transparent)]
    Since(#[from] ChangedSince),
    /// An open round.
    #[error(transparent)]
    Round(#[from] RoundProblem),
    /// No token is written there.
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    /// A document beside the ledger.
    #[error(transparent)]
    Attachment(#[from] AttachmentError),
    /// Something is not printed.
    #[error(transparent)]
    Print(#[from] super::print::PrintError),
    /// The spool of print jobs.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// People are not told.
    #[error(transparent)]
    Tell(#[from] super::tell::TellError),
    /// The outbox of messages.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The configuration is not sound.
    #[error("{}: {source}", .path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ConfigurationError,
    },
    /// A ledger is not brought back.
    #[error(transparent)]
    Restore(#[from] super::restore::RestoreError),
    /// Something kept elsewhere speaks against this ledger.
    #[error(transparent)]
    History(#[from] super::known::HistoryError),
    /// A witness, or a ledger before its witnesses.
    #[error(transparent)]
    Witness(#[from] super::witness::WitnessError),
    /// The ledger does not hold what was asked for.
    #[error("{0}")]
    Unknown(String),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(String),
}

impl OpsError {
    /// Whether an entry may have been appended in spite of this.
    pub fn may_be_recorded(&self) -> bool {
        matches!(self, OpsError::Store(StoreError::Unknown { .. } | StoreError::Poisoned))
    }

    /// A failed file operation.
    pub fn file(what: &'static str, path: &Path, source: std::io::Error) -> Self {
        OpsError::File { what, path: path.to_owned(), source }
    }

    /// One refusal.
    pub fn refused(refusal: Refusal) -> Self {
        OpsError::Refused(Refusals(vec![refusal]))
    }

    /// One problem of the input.
    pub fn input(field: &str, problem: impl ToString) -> Self {
        OpsError::Input(vec![Problem::new(field, problem)])
    }
}

/// One thing wrong with what was given.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The flag or field.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Problem {
    /// Names field and problem.
    pub fn new(field: &str, problem: impl ToString) -> Self {
        Problem { field: field.to_owned(), problem: problem.to_string() }
    }
}

/// The problem of an answer that was not given.
pub const NEEDED: &str = "is needed";

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let colon = if self.problem == NEEDED { "" } else { ":" };
        write!(f, "{}{colon} {}", self.field, self.problem)
    }
}

/// Why the attached devices do not single out one drive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceChoice {
    /// Nothing that stores is plugged in.
    #[error("no removable drive is plugged in")]
    None,
    /// The one asked for is not there.
    #[error("no attached drive matches '{0}'")]
    NoMatch(String),
    /// Several are there and none was named.
    #[error("{} drives are plugged in: {}", .0.len(), .0.join(", "))]
    Several(Vec<String>),
    /// Two devices answer to one identity.
    #[error("two devices answer to one identity, {identity}, at {}", .positions.join(" and "))]
    IdentityTwice {
        /// VID:PID and serial.
        identity: String,
        /// Where both are plugged in.
        positions: Vec<String>,
    },
    /// The serial could not be read.
    #[error("the serial of the drive at {0} could not be read")]
    SerialUnread(String),
}

/// Why no token is written on a drive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// The drive is not plugged in here.
    #[error("{0} is not plugged in here")]
    NotAttached(MediumId),
    /// Several drives answer to its identity.
    #[error("several drives here answer to the identity of {0}")]
    Several(MediumId),
    /// The folder is not where a volume of the drive is mounted.
    #[error("no volume of {medium} is mounted at {}", .point.display())]
    NotMounted {
        /// Which drive.
        medium: MediumId,
        /// The folder.
        point: PathBuf,
    },
    /// The volume is mounted for reading.
    #[error("the volume at {} is mounted for reading only", .0.display())]
    ReadOnly(PathBuf),
    /// The token that is there is not the last one.
    #[error("{medium} raises the alarm {alarm}: it may be a copy")]
    Doubtful {
        /// Which drive.
        medium: MediumId,
        /// The alarm.
        alarm: &'static str,
    },
}

/// What is wrong with a document that an entry names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentError {
    /// Its file is not there.
    #[error("the document of entry {entry} is not there: {file}")]
    Missing {
        /// The entry that attached it.
        entry: u64,
        /// The file, in the ledger's folder.
        file: String,
    },
    /// Its file holds other bytes.
    #[error("the document of entry {entry} is not what was attached: {file}")]
    Altered {
        /// The entry that attached it.
        entry: u64,
        /// The file, in the ledger's folder.
        file: String,
    },
    /// A file stands under the name of another content.
    #[error("{0} holds other bytes than its name says, and is not written over")]
    NameTaken(String),
}

/// What changed at the ports between the look and the signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangedSince {
    /// Drives that were looked at are gone.
    #[error("{} left between the look and the signature", .0.join(", "))]
    Gone(Vec<String>),
    /// They are there and say something else, or something came.
    #[error("what is plugged in changed between the look and the signature: {}", .0.join(", "))]
    Other(Vec<String>),
}

/// Why a round does not go on, or cannot be closed.
#[derive(Debug, thiserror::Error)]
pub enum RoundProblem {
    /// Its file.
    #[error(transparent)]
    File(#[from] RoundError),
    /// There is none, or it was closed meanwhile.
    #[error("no round is open at {0}")]
    NotOpen(Name),
    /// One entry bears two people at most.
    #[error("{} are on this round already, and {third} would be the third", .people.join(" and "))]
    Third {
        /// Who is on it.
        people: Vec<String>,
        /// Who would join.
        third: PartyId,
    },
    /// What was seen too long ago, or before the drive changed hands, is no sighting now.
    #[error("to be looked at again: {}", .0.join(", "))]
    Stale(Vec<String>),
    /// A sample is drawn when a round begins.
    #[error("the round at {0} is open already, and no sample can be drawn for it now")]
    Drawn(Name),
}
