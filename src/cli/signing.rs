//! What every signing command shares: collecting signatures at this desk, or
//! writing a draft for the other one.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::Global;
use super::ui::Ui;
use crate::model::{ReceiptId, Statement, VerifierKey};
use crate::ops::keys::read_passphrase;
use crate::ops::paper::fonts;
use crate::ops::{Committed, Draft, Ledger, OpsError};
use crate::ops::{Passphrase, Signer};
use crate::render::text::statement_summary;

/// How the signatures come about.
#[derive(Debug, Clone, Args)]
pub(crate) struct SignArgs {
    /// Sign what this machine has keys for and write the rest as a draft
    #[arg(long, value_name = "FILE")]
    draft: Option<PathBuf>,
    #[command(flatten)]
    passphrases: Passphrases,
    /// Sign without showing the text and asking
    #[arg(long, short)]
    yes: bool,
}

impl SignArgs {
    /// Whether the entry is left to somebody else to append.
    pub fn is_draft(&self) -> bool {
        self.draft.is_some()
    }
}

/// Where passphrases come from when nobody types them.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Passphrases {
    /// A file whose first line is the passphrase; WHO is a party id or key name
    #[arg(long = "passphrase-file", value_name = "[WHO=]FILE")]
    files: Vec<String>,
}

impl Passphrases {
    /// One file for everybody.
    pub fn file(path: &Path) -> Self {
        Passphrases { files: vec![path.display().to_string()] }
    }

    /// The passphrase of `key`, held by `who`: from its own file, from the one
    /// common file, or typed. None when nobody can be asked and `optional`.
    pub fn of(
        &self,
        ui: Ui,
        who: &str,
        key: &str,
        prompt: &str,
    ) -> Result<Option<Passphrase>, OpsError> {
        let named = self.files.iter().filter_map(|file| file.split_once('='));
        let own =
            named.clone().find(|(name, _)| *name == who || *name == key).map(|(_, file)| file);
        let common = self.files.iter().find(|file| !file.contains('=')).map(String::as_str);
        match own.or(common) {
            Some(file) => read_passphrase(Path::new(file)).map(Some),
            None if ui.asks() => ui.passphrase(prompt).map(Some),
            None => Ok(None),
        }
    }

    /// A passphrase for a new key.
    pub fn fresh(
        &self,
        ui: Ui,
        who: &str,
        key: &str,
        prompt: &str,
    ) -> Result<Passphrase, OpsError> {
        if self.files.is_empty() && ui.asks() {
            return ui.new_passphrase(prompt);
        }
        self.of(ui, who, key, prompt)?.ok_or_else(|| {
            OpsError::input(
                "--passphrase-file",
                format!("the new key {key} needs a passphrase; name a file"),
            )
        })
    }
}

/// The party a statement names with this key, as a person would say it.
pub(crate) fn holder_of(statement: &Statement, key: &VerifierKey) -> (String, String) {
    let lines = statement.lines().0;
    let vkey = key.to_string();
    let at = lines.iter().position(|(_, value)| *value == vkey);
    let before = at.and_then(|at| at.checked_sub(1)).and_then(|at| lines.get(at));
    // The key line follows its party's line; an enrolment's roles stand between.
    let party = match before {
        Some((key, _)) if key == "role" => lines.iter().find(|(key, _)| key == "party"),
        other => other,
    };
    match party.map(|(_, value)| value.split_once(' ').unwrap_or((value, ""))) {
        Some((id, spoken)) => (id.to_owned(), spoken.to_owned()),
        None => (key.name().to_string(), String::new()),
    }
}

/// A signer with `key`, which `who` holds: the ssh-agent, or the key file and its passphrase.
/// None when nobody can be asked for that.
pub(crate) fn signer_of(
    global: &Global,
    passphrases: &Passphrases,
    (who, spoken): (&str, &str),
    key: &VerifierKey,
) -> Result<Option<Box<dyn Signer>>, OpsError> {
    let (ui, keyring, name) = (global.ui(), global.keyring()?, key.name());
    if keyring.is_in_agent(key)? {
        let signer = keyring.from_agent(key)?;
        ui.say(&format!(
            "The ssh-agent signs for {spoken} (key {name}); it may ask, or want a touch."
        ));
        return Ok(Some(Box::new(signer)));
    }
    let prompt = format!("Passphrase of {spoken} (key {name})");
    let Some(words) = passphrases.of(ui, who, name.as_str(), &prompt)? else { return Ok(None) };
    Ok(Some(Box::new(keyring.open(key, &words)?)))
}

/// Where a statement went.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Concluded {
    /// It is an entry.
    Appended {
        /// The entry's index.
        entry: u64,
        /// Its leaf hash.
        leaf: String,
        /// What kind of statement it is.
        kind: &'static str,
        /// What it says: the text that was signed.
        text: String,
        /// The receipt's number, of a handover.
        #[serde(skip)]
        receipt: Option<ReceiptId>,
    },
    /// It is a file that waits for signatures.
    Drafted {
        /// The file.
        file: PathBuf,
        /// Keys that have not signed.
        missing: Vec<String>,
    },
}

impl Concluded {
    fn appended(committed: Committed) -> Self {
        let (kind, text) = (committed.statement.kind(), committed.text());
        let (entry, leaf) = (committed.index, committed.leaf.to_string());
        let receipt = match committed.statement {
            Statement::Handover(said) => Some(said.receipt),
            _ => None,
        };
        Concluded::Appended { entry, leaf, kind, text, receipt }
    }

    /// The entry's index, if it became one.
    pub fn entry(&self) -> Option<u64> {
        match self {
            Concluded::Appended { entry, .. } => Some(*entry),
            Concluded::Drafted { .. } => None,
        }
    }

    /// The entry's index and the receipt's number, if it is a handover that became one.
    pub fn handover(&self) -> Option<(u64, ReceiptId)> {
        match self {
            Concluded::Appended { entry, receipt, .. } => Some((*entry, receipt.clone()?)),
            Concluded::Drafted { .. } => None,
        }
    }

    /// One or two lines for people.
    pub fn words(&self) -> String {
        match self {
            Concluded::Appended { entry, kind, .. } => {
                format!("Recorded as entry {entry} ({kind}).\n")
            }
            Concluded::Drafted { file, missing } => format!(
                "Draft written to {0}; still to sign: {1}.\n\
                 They run 'custody sign {0}' on their machine; then 'custody submit {0}' here.\n",
                file.display(),
                missing.join(", ")
            ),
        }
    }
}

/// Has the draft signed and appends it, or writes it for the others to sign.
pub(crate) fn conclude(
    global: &Global,
    ledger: &mut Ledger,
    draft: Draft,
    args: &SignArgs,
) -> Result<Concluded, OpsError> {
    conclude_if(global, ledger, draft, args, &|_| Ok(()))
}

/// As [`conclude`], if `still` says, once everybody has signed, that what was signed
/// holds: typing a passphrase takes time.
pub(crate) fn conclude_if(
    global: &Global,
    ledger: &mut Ledger,
    mut draft: Draft,
    args: &SignArgs,
    still: &dyn Fn(&Ledger) -> Result<(), OpsError>,
) -> Result<Concluded, OpsError> {
    let ui = global.ui();
    let keyring = global.keyring()?;
    ledger.ready()?;
    ui.say(&statement_summary(draft.statement(), ui.style()));
    warn_of_unprintable(ui, &draft);
    if !args.yes && !ui.confirm("Is this right?", true) {
        return Err(OpsError::Unknown("nothing was signed and nothing recorded".to_owned()));
    }
    if let Some(file) = &args.draft {
        refuse_existing(file)?;
    }
    let missing: Vec<VerifierKey> = draft.missing().into_iter().cloned().collect();
    for key in missing {
        if args.draft.is_some() && keyring.files_of(&key).is_err() {
            continue;
        }
        keyring.files_of(&key)?;
        let (who, spoken) = holder_of(draft.statement(), &key);
        match signer_of(global, &args.passphrases, (&who, &spoken), &key)? {
            Some(signer) => draft.sign(signer.as_ref())?,
            None if args.draft.is_some() => {}
            None => {
                let problem = format!("the passphrase of {who} is needed: {who}=FILE");
                return Err(OpsError::input("--passphrase-file", problem));
            }
        }
    }
    still(ledger)?;
    match &args.draft {
        Some(file) => write_draft(ledger, &draft, file),
        None => {
            let committed = ledger.submit(&[draft])?;
            let entry = committed.into_iter().next();
            entry
                .map(Concluded::appended)
                .ok_or_else(|| OpsError::Unknown("nothing was appended".to_owned()))
        }
    }
}

/// Said before anybody signs, while a name can still be spelled otherwise: what no font
/// has is missing on every paper about it.
fn warn_of_unprintable(ui: Ui, draft: &Draft) {
    let Ok(faces) = fonts(None) else { return };
    for (key, value) in draft.statement().lines().0 {
        let missing = faces.missing(&value);
        if !missing.is_empty() {
            let listed: Vec<String> =
                missing.iter().map(|one| format!("{one} (U+{:04X})", u32::from(*one))).collect();
            ui.warn(&format!(
                "{key}: no font here has {}; 〓 stands for it on paper",
                listed.join(", ")
            ));
        }
    }
}

fn refuse_existing(file: &Path) -> Result<(), OpsError> {
    if file.exists() {
        return Err(OpsError::input(
            "--draft",
            format!("{} exists; name a new file", file.display()),
        ));
    }
    Ok(())
}

fn write_draft(ledger: &Ledger, draft: &Draft, file: &Path) -> Result<Concluded, OpsError> {
    ledger.reserve(draft)?;
    std::fs::write(file, draft.to_bytes())
        .map_err(|error| OpsError::file("cannot write", file, error))?;
    let missing = draft.missing().iter().map(|key| key.name().to_string()).collect();
    Ok(Concluded::Drafted { file: file.to_owned(), missing })
}

/// Appends a finished draft.
pub(crate) fn submit(ledger: &mut Ledger, draft: Draft) -> Result<Concluded, OpsError> {
    let committed = ledger.submit(&[draft])?;
    let entry = committed.into_iter().next();
    entry
        .map(Concluded::appended)
        .ok_or_else(|| OpsError::Unknown("nothing was appended".to_owned()))
}
