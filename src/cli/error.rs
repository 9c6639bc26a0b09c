//! Every error as a person reads it: kind, cause, remedy, exit code, in one place.

mod agents;
mod configured;
mod copies;
mod printing;
mod telling;
mod witnessing;

use serde::Serialize;

use crate::ledger::{Refusal, Refusals};
use crate::ops::draft::DraftError;
use crate::ops::error::{AttachmentError, ChangedSince, DeviceChoice, Problem, TokenRefusal};
use crate::ops::{BusError, KeyringError, OpsError, StoreError};

/// Everything is fine.
pub(crate) const EXIT_FINE: i32 = 0;
/// Something failed.
pub(crate) const EXIT_ERROR: i32 = 1;
/// What was given cannot be understood.
pub(crate) const EXIT_USAGE: i32 = 2;
/// A check found a discrepancy.
pub(crate) const EXIT_DISCREPANCY: i32 = 3;
/// A verification failed.
pub(crate) const EXIT_UNVERIFIED: i32 = 4;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)+) => {
        /// What kind of failure, stable, for programs. The comment on each says when
        /// people meet it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $variant),+ }

        /// The names of all kinds. `tests/refusals` holds a reproducer for each.
        pub const KINDS: &[&str] = &[$($name),+];

        impl Kind {
            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name),+ }
            }
        }
    };
}

kinds! {
    /// The ledger's rules are against it; the problems bear the refusals' names.
    Refused = "refused";
    /// What was given cannot be understood; the problems bear the options' names.
    Input = "input";
    /// A key did not sign.
    Signing = "signing";
    /// Something is too large for a QR code.
    Code = "code";
    /// A document cannot be written.
    Paper = "paper";
    /// A file given as a picture is none.
    Picture = "picture";
    /// The text of a QR code is not a receipt's, or was misread.
    QrText = "qr-text";
    /// A file is no receipt.
    Receipt = "receipt";
    /// A handover is recorded and its receipt could not be made.
    NoReceipt = "no-receipt";
    /// Nobody here can sign for that person.
    NoPrivateKey = "no-private-key";
    /// A passphrase does not open a key.
    WrongPassphrase = "wrong-passphrase";
    /// A key would overwrite another.
    KeyExists = "key-exists";
    /// A key file to be imported is not there.
    NoKeyFile = "no-key-file";
    /// A key file to be imported has no passphrase.
    KeyUnencrypted = "key-unencrypted";
    /// A key file cannot be used.
    KeyFile = "key-file";
    /// The ssh-agent that holds a key does not sign with it.
    Agent = "agent";
    /// The log key beside the ledger is missing or is not the ledger's.
    LogKeyFile = "log-key-file";
    /// What was written does not read back.
    ReadBack = "read-back";
    /// A file or folder cannot be read or written.
    File = "file";
    /// Nothing was done.
    NotDone = "not-done";
    /// The system gave no random bytes.
    Random = "random";
    /// Another process owns the ledger.
    LedgerInUse = "ledger-in-use";
    /// The daemon that owns the ledger does not answer.
    LedgerOwner = "ledger-owner";
    /// There is no ledger in that folder.
    NotALedger = "not-a-ledger";
    /// A ledger was to be founded where something is.
    NotEmpty = "not-empty";
    /// The ledger can be read and not written.
    ReadOnly = "read-only";
    /// A later version of the program made the ledger.
    NewerFormat = "newer-format";
    /// Stored bytes are not what they were.
    Damaged = "damaged";
    /// Entries that were recorded are no longer there.
    EntriesMissing = "entries-missing";
    /// No space is left.
    DiskFull = "disk-full";
    /// Writing failed half way.
    UnknownOutcome = "unknown-outcome";
    /// The index failed.
    Index = "index";
    /// The store was asked for what it cannot do.
    Store = "store";
    /// There is no USB here.
    NoBus = "no-bus";
    /// A recording of a bus cannot be used.
    Recording = "recording";
    /// The bus cannot be read.
    Bus = "bus";
    /// A draft was changed after somebody signed it.
    DraftAltered = "draft-altered";
    /// A draft bears a signature it does not ask for.
    DraftStranger = "draft-stranger";
    /// Somebody would sign a draft that does not ask for them.
    DraftWrongSigner = "draft-wrong-signer";
    /// A key signed, or would sign, a draft twice.
    DraftSignedTwice = "draft-signed-twice";
    /// A draft was submitted too early.
    DraftIncomplete = "draft-incomplete";
    /// A file is no draft.
    DraftMalformed = "draft-malformed";
    /// No drive is plugged in.
    NoDrive = "no-drive";
    /// The drive asked for is not plugged in.
    NoSuchDrive = "no-such-drive";
    /// Several drives are plugged in.
    SeveralDrives = "several-drives";
    /// Two drives answer to one identity.
    IdentityTwice = "identity-twice";
    /// A drive's serial cannot be read.
    SerialUnread = "serial-unread";
    /// A drive left while people were signing.
    DriveLeft = "drive-left";
    /// What is plugged in changed while people were signing.
    DriveChanged = "drive-changed";
    /// A round that is open cannot go on or be closed.
    Round = "round";
    /// No token is written there.
    Token = "token";
    /// A document attached to a receipt is gone or altered.
    Attachment = "attachment";
    /// A printer did not print; the job is kept.
    NotPrinted = "not-printed";
    /// Something is nothing that can be printed.
    NotPrintable = "not-printable";
    /// The spool of print jobs cannot do it.
    Spool = "spool";
    /// A message was not taken.
    NotDelivered = "not-delivered";
    /// The outbox of messages does not do what was asked.
    Outbox = "outbox";
    /// The configuration is not sound.
    Configuration = "configuration";
    /// A checkpoint kept elsewhere is of another ledger.
    OtherLedger = "other-ledger";
    /// More entries are known elsewhere than the ledger holds.
    LedgerBehind = "ledger-behind";
    /// Elsewhere another history of this ledger is known.
    LedgerForked = "ledger-forked";
    /// What was given as a checkpoint is none.
    NoCheckpoint = "no-checkpoint";
    /// Entries of a ledger do not verify.
    LedgerUnverified = "ledger-unverified";
    /// A backup is damaged or none.
    BackupDamaged = "backup-damaged";
    /// What was to be restored does not verify.
    NotRestored = "not-restored";
    /// A restoration was stopped and left something.
    RestoreLeftover = "restore-leftover";
    /// A witness, or asking one, is not set up or does not work.
    Witness = "witness";
    /// A witness does not vouch.
    Declined = "declined";
    /// There is a second history of a ledger.
    Fork = "fork";
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A failure in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What kind.
    pub kind: Kind,
    /// Each thing that is wrong, with what to do about it.
    pub problems: Vec<Worded>,
    /// The exit code.
    #[serde(skip)]
    pub exit_code: i32,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worded {
    /// Its name, stable: a refusal's, an option's or the kind's.
    pub name: String,
    /// What is wrong.
    pub cause: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Failure {
    fn one<'a>(kind: Kind, cause: impl ToString, remedy: impl Into<Option<&'a str>>) -> Self {
        let remedy = remedy.into().map(str::to_owned);
        let problem = Worded { name: kind.name().to_owned(), cause: cause.to_string(), remedy };
        Failure { kind, problems: vec![problem], exit_code: EXIT_ERROR }
    }

    fn exiting(self, exit_code: i32) -> Self {
        Failure { exit_code, ..self }
    }

    /// The text for a terminal: causes first, each followed by its remedy. Files,
    /// drafts and devices have their say in causes, so nothing of them reaches the
    /// terminal raw.
    pub fn words(&self) -> String {
        let mut out = String::new();
        for problem in &self.problems {
            out.push_str(&format!("custody: {}\n", without_controls(&problem.cause)));
            if let Some(remedy) = &problem.remedy {
                out.push_str(&format!("  {}\n", without_controls(remedy)));
            }
        }
        out
    }
}

fn without_controls(text: &str) -> String {
    crate::model::printable::printable(text, usize::MAX)
}

impl From<&OpsError> for Failure {
    fn from(error: &OpsError) -> Self {
        match error {
            OpsError::Refused(refusals) => refused(refusals),
            OpsError::Input(problems) => input(problems),
            OpsError::Store(error) => store(error),
            OpsError::Keyring(error) => keyring(error),
            OpsError::Bus(error) => bus(error),
            OpsError::Draft(error) => draft(error),
            OpsError::Device(choice) => device(choice),
            OpsError::Since(change) => since(change),
            OpsError::Round(problem) => telling::round(problem),
            OpsError::Token(refusal) => token(refusal),
            OpsError::Attachment(error) => attachment(error),
            OpsError::Print(error) => printing::print(error),
            OpsError::Spool(error) => printing::spool(error),
            OpsError::Tell(error) => telling::tell(error),
            OpsError::Outbox(error) => telling::outbox(error),
            OpsError::History(error) => copies::history(error),
            OpsError::Restore(error) => copies::restoring(error),
            OpsError::Witness(error) => witnessing::witness(error),
            OpsError::Configuration { path, source } => configured::configuration(path, source),
            other => {
                let (kind, remedy, code) = plain(other);
                Failure::one(kind, other, remedy).exiting(code)
            }
        }
    }
}

fn refused(refusals: &Refusals) -> Failure {
    let worded = |refusal: &Refusal| Worded {
        name: refusal.name().to_owned(),
        cause: refusal.message(),
        remedy: Some(refusal.remedy()),
    };
    let problems = refusals.0.iter().map(worded).collect();
    Failure { kind: Kind::Refused, problems, exit_code: EXIT_ERROR }
}

/// One remedy for all: each problem names its option, and the help says what that takes.
fn input(problems: &[Problem]) -> Failure {
    let mut problems: Vec<Worded> = problems
        .iter()
        .map(|problem| Worded {
            name: problem.field.clone(),
            cause: problem.to_string(),
            remedy: None,
        })
        .collect();
    if let Some(last) = problems.last_mut() {
        last.remedy = Some("Nothing was done. The command's --help says what it takes.".to_owned());
    }
    Failure { kind: Kind::Input, problems, exit_code: EXIT_USAGE }
}

/// The errors that are one sentence: kind, remedy, exit code.
fn plain(error: &OpsError) -> (Kind, &'static str, i32) {
    let (kind, remedy) = match error {
        OpsError::Picture(_) => (
            Kind::Picture,
            "Give a PNG or JPEG picture of the codes, a .receipt file, or the text of the codes.",
        ),
        OpsError::Payload(_) => {
            let remedy = "Scan the code again, or ask for the .receipt file.";
            return (Kind::QrText, remedy, EXIT_UNVERIFIED);
        }
        OpsError::Receipt(_) | OpsError::ReceiptText(_) => {
            let remedy = "It proves nothing. Ask the other party for their copy, or print it again \
                          with 'custody receipt'.";
            return (Kind::Receipt, remedy, EXIT_UNVERIFIED);
        }
        OpsError::NoReceipt { .. } => (
            Kind::NoReceipt,
            "Do not record it again. When what keeps the receipt from being made is mended, \
             'custody receipt' with its number makes it.",
        ),
        OpsError::NoPrivateKey { .. } => (
            Kind::NoPrivateKey,
            "Name another folder with --keys, make the key with 'custody key new', or let them sign \
             on their own machine with --draft FILE.",
        ),
        OpsError::WrongPassphrase { .. } => {
            (Kind::WrongPassphrase, "Nothing was signed. Try again.")
        }
        OpsError::LogKeyFile { .. } => (
            Kind::LogKeyFile,
            "Nothing was recorded: without the log key no checkpoint can be signed. Put the \
             ledger's own log.pem back from your backup, or be the user who may read it; where \
             systemd keeps it (LoadCredential), start the daemon and try again.",
        ),
        OpsError::LogKeyAway(_) => (
            Kind::LogKeyFile,
            "See 'custody log': the entry is there. The next command signs the checkpoint, once \
             whatever holds the log key answers.",
        ),
        OpsError::ReadBack(_) => {
            (Kind::ReadBack, "Record nothing more: check the disk and run 'custody fsck'.")
        }
        OpsError::File { .. } => {
            (Kind::File, "Check the name, the folder and what you may read and write there.")
        }
        OpsError::Sign(_) => (
            Kind::Signing,
            "Nothing was recorded. Check the key's files, or the device that holds it.",
        ),
        OpsError::Paper(_) => {
            (Kind::Paper, "Nothing is lost; the receipt as a file (--file) proves the same.")
        }
        OpsError::Code(_) => (Kind::Code, "Write it with --file; the file proves the same."),
        OpsError::Random(_) => (Kind::Random, "Nothing was recorded. Restart the computer."),
        _ => (Kind::NotDone, "Nothing was changed; 'custody log' shows what is recorded."),
    };
    (kind, remedy, EXIT_ERROR)
}

fn store(error: &StoreError) -> Failure {
    let (kind, remedy) = match error {
        StoreError::Locked { .. } => {
            (Kind::LedgerInUse, "Wait until it has ended; one process owns a ledger at a time.")
        }
        StoreError::NotALedger { .. } => (
            Kind::NotALedger,
            "Name the ledger's folder with --ledger or CUSTODY_LEDGER, or found one with 'custody init'.",
        ),
        StoreError::NotEmpty { .. } => {
            (Kind::NotEmpty, "Found the new ledger in an empty folder, named with --ledger.")
        }
        StoreError::ReadOnly { .. } => (
            Kind::ReadOnly,
            "Nothing was recorded; reading goes on. Make the folder writable for you.",
        ),
        StoreError::NewerFormat { .. } => {
            (Kind::NewerFormat, "Nothing was changed. Use a newer custody.")
        }
        _ if error.is_of_the_checkpoint_alone() => (
            Kind::Damaged,
            "Nothing was changed, and no entry is damaged. Sign another one with 'custody ledger \
             sign-checkpoint', which first compares what else is known of the ledger.",
        ),
        StoreError::Damaged(_) => (
            Kind::Damaged,
            "Nothing was changed. Run 'custody fsck', and restore the named files from your backup.",
        ),
        StoreError::AcknowledgedMissing { .. } => (
            Kind::EntriesMissing,
            "Nothing was changed. Restore the newest backup of the ledger's folder, and record \
             nothing in this one.",
        ),
        StoreError::DiskFull => {
            (Kind::DiskFull, "Nothing was recorded. Free some space and do it again.")
        }
        StoreError::Unknown { .. } | StoreError::Poisoned => (
            Kind::UnknownOutcome,
            "Check the disk, then see 'custody log' before you do it again; the same draft \
             submitted again is never recorded twice.",
        ),
        StoreError::Owner { .. } => (
            Kind::LedgerOwner,
            "Nothing was recorded. See 'systemctl status custody' and the daemon's log, and run the \
             command again.",
        ),
        StoreError::OwnerRefused { .. } => {
            (Kind::Refused, "Nothing was recorded. Run the command again.")
        }
        StoreError::Index { .. } => (Kind::Index, "Nothing is lost. Run the command again."),
        StoreError::Io { .. } => {
            (Kind::File, "Check the disk and what you may read and write there.")
        }
        StoreError::Conflict { .. }
        | StoreError::TooLarge { .. }
        | StoreError::EmptyNote
        | StoreError::OutOfRange { .. } => {
            (Kind::Store, "Nothing was recorded. See 'custody log'.")
        }
    };
    let damaged = matches!(kind, Kind::Damaged | Kind::EntriesMissing);
    Failure::one(kind, error, remedy).exiting(if damaged { EXIT_UNVERIFIED } else { EXIT_ERROR })
}

fn keyring(error: &KeyringError) -> Failure {
    let (kind, remedy) = match error {
        KeyringError::WrongPassphrase => (Kind::WrongPassphrase, "Nothing was signed. Try again."),
        KeyringError::Exists(_) => {
            (Kind::KeyExists, "Choose another name, or use the key that is there.")
        }
        KeyringError::NotFound(_) => (Kind::NoKeyFile, "Check the name given with --from."),
        KeyringError::Unencrypted => (
            Kind::KeyUnencrypted,
            "Import it with --unencrypted, which encrypts it here, and destroy the original.",
        ),
        KeyringError::Random(_) => (Kind::Random, "Nothing was written. Restart the computer."),
        KeyringError::Passphrase(_) => (Kind::KeyFile, "Nothing was written. Choose another one."),
        KeyringError::PassphraseNeeded => (Kind::KeyFile, "Name it with --old-passphrase-file."),
        KeyringError::Label(_)
        | KeyringError::Damaged(_)
        | KeyringError::NotEd25519
        | KeyringError::Unsupported(_)
        | KeyringError::Cost
        | KeyringError::TooLarge(_) => (
            Kind::KeyFile,
            "Nothing was changed. A key file is an Ed25519 key in PKCS#8 PEM, as 'custody key new' \
             and 'openssl genpkey -algorithm ed25519' make them.",
        ),
        KeyringError::Agent(error) => (Kind::Agent, agents::remedy(error)),
        KeyringError::NoVkey(_)
        | KeyringError::Vkey { .. }
        | KeyringError::Mismatch(_)
        | KeyringError::Io { .. } => (
            Kind::KeyFile,
            "Nothing was changed. Put the key's .pem and .vkey files back from your backup.",
        ),
    };
    Failure::one(kind, error, remedy)
}

fn bus(error: &BusError) -> Failure {
    let kind = match error {
        BusError::NoBus { .. } => Kind::NoBus,
        BusError::Recording(_) => Kind::Recording,
        BusError::Read { .. } | BusError::Libusb { .. } => Kind::Bus,
    };
    // Where the system or the reader of the format said more, that is shown too.
    let mut cause = error.to_string();
    let mut deeper = std::error::Error::source(error);
    while let Some(reason) = deeper {
        cause.push_str(&format!(": {reason}"));
        deeper = reason.source();
    }
    Failure::one(kind, cause, capitalised(error.remedy()).as_str())
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

fn draft(error: &DraftError) -> Failure {
    let (kind, remedy) = match error {
        DraftError::Altered { .. } => (
            Kind::DraftAltered,
            "Make a new draft and have everybody sign that; keep this file, it shows the alteration.",
        ),
        DraftError::Stranger { .. } => {
            (Kind::DraftStranger, "Make a new draft and have it signed by the people it names.")
        }
        DraftError::WrongSigner { .. } => {
            (Kind::DraftWrongSigner, "Sign with one of the keys it asks for.")
        }
        DraftError::SignedTwice { .. } => {
            (Kind::DraftSignedTwice, "Pass it on to the next signer, or submit it.")
        }
        DraftError::Incomplete { .. } => (
            Kind::DraftIncomplete,
            "Nothing was recorded. Have them run 'custody sign' on it first.",
        ),
        DraftError::Statement(_) | DraftError::Note(_) | DraftError::NotADraft(_) => {
            (Kind::DraftMalformed, "Make a new draft; a draft is not edited by hand.")
        }
    };
    Failure::one(kind, error, remedy)
}

fn device(choice: &DeviceChoice) -> Failure {
    let (kind, remedy) = match choice {
        DeviceChoice::None => (Kind::NoDrive, "Plug the drive in and run the command again."),
        DeviceChoice::NoMatch(_) => {
            (Kind::NoSuchDrive, "See 'custody scan' for what is plugged in.")
        }
        DeviceChoice::Several(_) => {
            (Kind::SeveralDrives, "Unplug the others, or say which with --device.")
        }
        DeviceChoice::IdentityTwice { .. } => (
            Kind::IdentityTwice,
            "One may be a copy of the other: set both aside. If both are genuine, register each \
             alone with --weak.",
        ),
        DeviceChoice::SerialUnread(_) => (
            Kind::SerialUnread,
            "Without its serial a drive cannot be told from another. Try another port, or run this \
             where the device may be read.",
        ),
    };
    Failure::one(kind, choice, remedy)
}

fn attachment(error: &AttachmentError) -> Failure {
    let remedy = match error {
        AttachmentError::Missing { .. } => {
            "Put it back from your backup, or attach the same document again with 'custody attach'."
        }
        AttachmentError::Altered { .. } => {
            "Keep it as it is, it shows the alteration; the original is in your backup."
        }
        AttachmentError::NameTaken(_) => {
            "Nothing was recorded. Run 'custody fsck', and put the file back from your backup."
        }
    };
    Failure::one(Kind::Attachment, error, remedy).exiting(EXIT_UNVERIFIED)
}

fn since(change: &ChangedSince) -> Failure {
    let (kind, remedy) = match change {
        ChangedSince::Gone(_) => (
            Kind::DriveLeft,
            "Nothing was recorded. Leave the drives plugged in until it is done, and begin again.",
        ),
        ChangedSince::Other(_) => {
            (Kind::DriveChanged, "Nothing was recorded. Look at the drives, and begin again.")
        }
    };
    Failure::one(kind, change, remedy)
}

fn token(refusal: &TokenRefusal) -> Failure {
    let remedy = match refusal {
        TokenRefusal::NotAttached(_) => {
            "Nothing was written. A token is written on this computer only, on a drive that is \
             plugged in."
        }
        TokenRefusal::Several(_) => {
            "Nothing was written. Leave one of them plugged in: the one with the label."
        }
        TokenRefusal::NotMounted { .. } => {
            "Nothing was written. Unlock and mount the drive as usual, and give the folder where \
             it is mounted; 'findmnt' lists them."
        }
        TokenRefusal::ReadOnly(_) => {
            "Nothing was written. Mount it so that it can be written, or leave it without a token."
        }
        TokenRefusal::Doubtful { .. } => {
            "Nothing was written. Find out which drive is the registered one; then two people can \
             let it pass with 'custody override', and a fresh token can be written."
        }
    };
    Failure::one(Kind::Token, refusal, remedy)
}
