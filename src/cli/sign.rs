//! `custody sign`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Global;
use super::signing::{Passphrases, holder_of, signer_of};
use crate::model::VerifierKey;
use crate::model::key::KeyName;
use crate::ops::{Draft, OpsError};
use crate::render::text::statement_summary;

/// Sign a draft on this machine; needs no ledger
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody sign handover.draft --key sato.printer.example.jp")]
pub(super) struct Sign {
    /// The draft; the signature is added to it
    file: PathBuf,
    /// The key to sign with [default: the one key here that the draft asks for]
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    #[command(flatten)]
    passphrases: Passphrases,
    /// Sign without showing the text and asking
    #[arg(long, short)]
    yes: bool,
}

/// What `sign` answers.
#[derive(Debug, Serialize)]
struct Signed {
    file: PathBuf,
    signed_by: String,
    missing: Vec<String>,
}

impl Sign {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let keyring = global.keyring()?;
        let mut draft = read_draft(&self.file)?;
        ui.say(&statement_summary(draft.statement(), ui.style()));
        let key = self.choose(&draft, &keyring.list(), global)?;
        if !self.yes && !ui.confirm(&format!("Sign this with {}?", key.name()), true) {
            return Err(OpsError::Unknown("nothing was signed".to_owned()));
        }
        let (who, spoken) = holder_of(draft.statement(), &key);
        let signer = signer_of(global, &self.passphrases, (&who, &spoken), &key)?;
        let signer = signer.ok_or_else(|| {
            OpsError::input("--passphrase-file", format!("the passphrase of {who} is needed"))
        })?;
        draft.sign(signer.as_ref())?;
        drop(signer);
        replace(&self.file, &draft.to_bytes())?;
        let missing = draft.missing().iter().map(|key| key.name().to_string()).collect();
        let answer = Signed { file: self.file, signed_by: key.name().to_string(), missing };
        ui.answer(&answer, |_| match answer.missing.as_slice() {
            [] => format!(
                "Signed by {}. It is complete: 'custody submit {}' beside the ledger.\n",
                answer.signed_by,
                answer.file.display()
            ),
            missing => {
                format!("Signed by {}; still to sign: {}.\n", answer.signed_by, missing.join(", "))
            }
        });
        Ok(0)
    }

    /// The key to sign with. A named key is taken as named, so that signing with
    /// one the draft does not ask for says so.
    fn choose(
        &self,
        draft: &Draft,
        own: &[VerifierKey],
        global: &Global,
    ) -> Result<VerifierKey, OpsError> {
        let folder = global.keyring()?.folder().to_owned();
        if let Some(name) = &self.key {
            let name: KeyName = name.parse().map_err(|error| OpsError::input("--key", error))?;
            let found = own.iter().find(|key| *key.name() == name).cloned();
            return found.ok_or(OpsError::NoPrivateKey { key: name, keyring: folder });
        }
        let missing = draft.missing();
        let here: Vec<&VerifierKey> =
            missing.iter().copied().filter(|key| own.contains(key)).collect();
        match (here.as_slice(), missing.first()) {
            ([key], _) => Ok((*key).clone()),
            ([], None) => {
                Err(OpsError::input("FILE", "the draft has all its signatures; submit it"))
            }
            ([], Some(first)) => {
                Err(OpsError::NoPrivateKey { key: first.name().clone(), keyring: folder })
            }
            (several, _) => {
                let names: Vec<&str> = several.iter().map(|key| key.name().as_str()).collect();
                Err(OpsError::input("--key", format!("say which of {}", names.join(", "))))
            }
        }
    }
}

/// Reads a draft file.
pub(super) fn read_draft(file: &std::path::Path) -> Result<Draft, OpsError> {
    let bytes = std::fs::read(file).map_err(|error| OpsError::file("cannot read", file, error))?;
    Ok(Draft::parse(&bytes)?)
}

/// The draft is replaced in one step: a signature is never half written.
fn replace(file: &std::path::Path, bytes: &[u8]) -> Result<(), OpsError> {
    use std::io::Write as _;
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(std::path::Path::new("."));
    let write = || {
        let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
        fresh.write_all(bytes)?;
        fresh.as_file().sync_all()?;
        // Drafts travel on sticks with FAT, whose line for the file is written by this sync.
        fresh.persist(file).map_err(|error| error.error)?.sync_all()
    };
    write().map_err(|error| OpsError::file("cannot write", file, error))
}
