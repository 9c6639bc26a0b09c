//! Every error as a person reads it: kind, cause, remedy, exit code, in one place.

use serde::Serialize;

use crate::ops::draft::DraftError;
use crate::ops::error::DeviceChoice;
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

/// A failure in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What kind, stable, for programs.
    pub kind: String,
    /// Each thing that is wrong, with what to do about it.
    pub problems: Vec<Worded>,
    /// The exit code.
    #[serde(skip)]
    pub exit_code: i32,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worded {
    /// Its name, stable: a refusal's or an error's.
    pub name: String,
    /// What is wrong.
    pub cause: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Failure {
    fn one(kind: &str, cause: impl ToString, remedy: impl Into<Option<String>>) -> Self {
        let problem =
            Worded { name: kind.to_owned(), cause: cause.to_string(), remedy: remedy.into() };
        Failure { kind: kind.to_owned(), problems: vec![problem], exit_code: EXIT_ERROR }
    }

    fn exiting(self, exit_code: i32) -> Self {
        Failure { exit_code, ..self }
    }

    /// The text for a terminal: causes first, each followed by its remedy.
    pub fn words(&self) -> String {
        let mut out = String::new();
        for problem in &self.problems {
            out.push_str(&format!("custody: {}\n", problem.cause));
            if let Some(remedy) = &problem.remedy {
                out.push_str(&format!("  {remedy}\n"));
            }
        }
        out
    }
}

fn hint(text: &str) -> Option<String> {
    Some(text.to_owned())
}

impl From<&OpsError> for Failure {
    fn from(error: &OpsError) -> Self {
        match error {
            OpsError::Refused(refusals) => Failure {
                kind: "refused".to_owned(),
                problems: refusals
                    .0
                    .iter()
                    .map(|refusal| Worded {
                        name: refusal.name().to_owned(),
                        cause: refusal.message(),
                        remedy: Some(refusal.remedy()),
                    })
                    .collect(),
                exit_code: EXIT_ERROR,
            },
            OpsError::Input(problems) => Failure {
                kind: "input".to_owned(),
                problems: problems
                    .iter()
                    .map(|problem| Worded {
                        name: problem.field.clone(),
                        cause: problem.to_string(),
                        remedy: None,
                    })
                    .collect(),
                exit_code: EXIT_USAGE,
            },
            OpsError::Store(error) => store(error),
            OpsError::Keyring(error) => keyring(error),
            OpsError::Bus(error) => bus(error),
            OpsError::Draft(error) => draft(error),
            OpsError::Device(choice) => device(choice),
            OpsError::Sign(error) => Failure::one("signing", error, None),
            OpsError::Code(error) => Failure::one("code", error, None),
            OpsError::Picture(error) => Failure::one("picture", error, hint("Give a PNG or JPEG picture of the codes.")),
            OpsError::Payload(error) => Failure::one("qr-text", error, None).exiting(EXIT_UNVERIFIED),
            OpsError::Label(error) => Failure::one("label", error, None),
            OpsError::Receipt(error) => Failure::one(
                "receipt",
                error,
                hint("Ask the other party for their copy of the receipt; a receipt is never repaired."),
            )
            .exiting(EXIT_UNVERIFIED),
            OpsError::NoPrivateKey { .. } => Failure::one(
                "no-private-key",
                error,
                hint("Use --keys for another folder, make a key with 'custody key new', or let them sign elsewhere with --draft FILE."),
            ),
            OpsError::LogKeyDiffers { .. } => Failure::one(
                "log-key-differs",
                error,
                hint("Put the ledger's own log.pem back from your backup; without it no checkpoint can be signed."),
            ),
            OpsError::ReadBack(_) => Failure::one(
                "read-back",
                error,
                hint("Do not go on writing: run 'custody fsck' and check the disk."),
            ),
            OpsError::File { .. } => Failure::one("file", error, None),
            OpsError::Unknown(_) => Failure::one("not-done", error, None),
            OpsError::Random(_) => Failure::one("random", error, None),
        }
    }
}

fn store(error: &StoreError) -> Failure {
    let (kind, remedy, code) = match error {
        StoreError::Locked { .. } => (
            "ledger-in-use",
            "Wait until it has ended, or end it; one process owns a ledger at a time.",
            EXIT_ERROR,
        ),
        StoreError::NotALedger { .. } => (
            "not-a-ledger",
            "Name the ledger's folder with --ledger or CUSTODY_LEDGER, or found one with 'custody init'.",
            EXIT_ERROR,
        ),
        StoreError::NotEmpty { .. } => {
            ("not-empty", "Found the new ledger in an empty folder with --ledger.", EXIT_ERROR)
        }
        StoreError::ReadOnly { .. } => (
            "read-only",
            "Reading goes on. To record something, make the folder writable for you or free the disk.",
            EXIT_ERROR,
        ),
        StoreError::NewerFormat { .. } => {
            ("newer-format", "Update custody; nothing was changed.", EXIT_ERROR)
        }
        StoreError::Damaged(_) => (
            "damaged",
            "Nothing was changed. Run 'custody fsck', and restore the named files from your backup.",
            EXIT_UNVERIFIED,
        ),
        StoreError::AcknowledgedMissing { .. } => (
            "entries-missing",
            "Nothing was changed. Restore the newest backup of the ledger's folder; do not go on with this one.",
            EXIT_UNVERIFIED,
        ),
        StoreError::DiskFull => {
            ("disk-full", "Nothing was recorded. Free some space and do it again.", EXIT_ERROR)
        }
        StoreError::Unknown { .. } | StoreError::Poisoned => (
            "unknown-outcome",
            "Check the disk, then submit the same draft again: an entry that was kept is not recorded twice.",
            EXIT_ERROR,
        ),
        StoreError::Index { .. } => {
            ("index", "Run the command again; the index is rebuilt.", EXIT_ERROR)
        }
        StoreError::Io { .. } => {
            ("file", "Check the folder's permissions and the disk.", EXIT_ERROR)
        }
        _ => ("store", "Run 'custody fsck'.", EXIT_ERROR),
    };
    Failure::one(kind, error, hint(remedy)).exiting(code)
}

fn keyring(error: &KeyringError) -> Failure {
    let (kind, remedy) = match error {
        KeyringError::WrongPassphrase => {
            ("wrong-passphrase", Some("Try again; nothing was signed."))
        }
        KeyringError::Exists(_) => {
            ("key-exists", Some("Choose another name, or use the key that is there."))
        }
        KeyringError::NotFound(_) => ("no-key-file", Some("Check --keys and --from.")),
        KeyringError::Unencrypted => ("key-unencrypted", Some("Import it with --unencrypted.")),
        _ => ("key-file", None),
    };
    Failure::one(kind, error, remedy.map(str::to_owned))
}

fn bus(error: &BusError) -> Failure {
    let kind = match error {
        BusError::NoBus { .. } => "no-bus",
        BusError::Recording(_) => "recording",
        _ => "bus",
    };
    let remedy = match error {
        // Its sentence names the remedy already.
        BusError::NoBus { .. } => None,
        other => Some(capitalised(other.remedy())),
    };
    Failure::one(kind, error, remedy)
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

fn draft(error: &DraftError) -> Failure {
    let (kind, remedy) = match error {
        DraftError::Altered { .. } => (
            "draft-altered",
            "Make a new draft and have everybody sign that; keep this file, it shows the alteration.",
        ),
        DraftError::Stranger { .. } => {
            ("draft-stranger", "Make a new draft and have it signed by the people it names.")
        }
        DraftError::WrongSigner { .. } => {
            ("draft-wrong-signer", "Sign with one of the keys it asks for.")
        }
        DraftError::SignedTwice { .. } => {
            ("draft-signed-twice", "Pass it on to the next signer, or submit it.")
        }
        DraftError::Incomplete { .. } => {
            ("draft-incomplete", "Have them run 'custody sign' on it.")
        }
        DraftError::Statement(_) | DraftError::Note(_) | DraftError::NotADraft(_) => {
            ("draft-malformed", "Make a new draft; a draft is not edited by hand.")
        }
    };
    Failure::one(kind, error, hint(remedy))
}

fn device(choice: &DeviceChoice) -> Failure {
    let (kind, remedy) = match choice {
        DeviceChoice::None => ("no-drive", "Plug the drive in and run the command again."),
        DeviceChoice::NoMatch(_) => ("no-such-drive", "See 'custody scan' for what is plugged in."),
        DeviceChoice::Several(_) => {
            ("several-drives", "Unplug the others, or say which with --device.")
        }
        DeviceChoice::IdentityTwice { .. } => (
            "identity-twice",
            "One may be a copy of the other. Set both aside; if both are genuine, register each alone with --weak.",
        ),
        DeviceChoice::SerialUnread(_) => (
            "serial-unread",
            "A drive without a readable serial cannot be told apart; try another port or give yourself permission.",
        ),
    };
    Failure::one(kind, choice, hint(remedy))
}
