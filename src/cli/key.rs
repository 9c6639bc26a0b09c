//! `custody key`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Global;
use super::signing::Passphrases;
use crate::model::VerifierKey;
use crate::model::key::KeyName;
use crate::ops::OpsError;
use crate::ops::Signer as _;
use crate::ops::ledger::LOG_VKEY_FILE;
use crate::ops::{Cost, Unencrypted};
use crate::report::who::KeyView;

/// Private keys on this machine
#[derive(Debug, Subcommand)]
pub(super) enum Key {
    New(New),
    Show(ShowKey),
    Import(Import),
    Agent(InAgent),
}

/// Make a key; give its verifier key (one line) to whoever enrols you
#[derive(Debug, Args)]
#[command(after_help = "\
The private key is an encrypted PKCS#8 PEM file that OpenSSL opens as well.
Example:
  custody key new sato.printer.example.jp")]
pub(super) struct New {
    /// Name of the key: best a host name of yours, no spaces, no '+'
    name: String,
    #[command(flatten)]
    passphrases: Passphrases,
}

/// Show verifier keys: all on this machine, one of them, or the ledger's log key
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  custody key show sato.printer.example.jp > sato.vkey
  custody key show --log")]
pub(super) struct ShowKey {
    /// Name of the key
    name: Option<String>,
    /// The log key, with which receipts are verified
    #[arg(long, conflicts_with = "name")]
    log: bool,
}

/// Take an Ed25519 key from a PKCS#8 PEM file
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody key import sato.printer.example.jp --from old.pem")]
pub(super) struct Import {
    /// Name the key gets
    name: String,
    /// The PEM file
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The file is not encrypted; it will be, here
    #[arg(long)]
    unencrypted: bool,
    /// A file with the old passphrase
    #[arg(long, value_name = "FILE")]
    old_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    passphrases: Passphrases,
}

/// Sign with a key that the ssh-agent holds: a keyring, a smart card, a hardware token
#[derive(Debug, Args)]
#[command(after_help = "\
The key must be an ssh-ed25519 one. Its private half stays where it is; what is kept here
is its name and its public half. sk-ssh-ed25519 keys of FIDO tokens cannot sign notes.
docs/keys.md says more.
Examples:
  custody key agent sato.printer.example.jp
  custody key agent sato.printer.example.jp --which ~/.ssh/custody.pub")]
pub(super) struct InAgent {
    /// Name the key gets
    name: String,
    /// Which of the agent's keys: a fingerprint as 'ssh-add -l' shows it, or a .pub file
    #[arg(long, value_name = "SHA256:...|FILE")]
    which: Option<String>,
}

/// Keys as `key` answers with them.
#[derive(Debug, Serialize)]
struct Keys {
    keys: Vec<KeyView>,
}

impl Keys {
    fn of(keys: &[VerifierKey]) -> Self {
        Keys { keys: keys.iter().map(KeyView::from).collect() }
    }

    /// The vkey alone on its line, so that it can be piped into a file.
    fn words(&self) -> String {
        self.keys.iter().map(|key| format!("{}\n", key.vkey)).collect()
    }
}

fn parse_name(text: &str) -> Result<KeyName, OpsError> {
    text.parse().map_err(|error| OpsError::input("NAME", error))
}

impl Key {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let keys = match self {
            Key::New(new) => {
                let name = parse_name(&new.name)?;
                let prompt = format!("New passphrase for {name}");
                let words = new.passphrases.fresh(ui, name.as_str(), name.as_str(), &prompt)?;
                let key = global.keyring()?.create(name, &words, Cost::STANDARD)?;
                ui.say(&format!("Key kept in {}.", global.keyring()?.folder().display()));
                Keys::of(&[key.key().clone()])
            }
            Key::Import(import) => Keys::of(&[import.run(global)?]),
            Key::Agent(agent) => {
                let name = parse_name(&agent.name)?;
                let key = global.keyring()?.take_from_agent(name, agent.which.as_deref())?;
                ui.say("The ssh-agent signed with it; the private key stays there.");
                Keys::of(&[key])
            }
            Key::Show(show) => show.keys(global)?,
        };
        ui.answer(&keys, |_| keys.words());
        Ok(0)
    }
}

impl ShowKey {
    fn keys(self, global: &Global) -> Result<Keys, OpsError> {
        if self.log {
            // Read beside the ledger, not through it: it is public, and a ledger in
            // use by another process should not be in the way.
            let path = global.ledger_folder()?.join(LOG_VKEY_FILE);
            let text = std::fs::read_to_string(&path)
                .map_err(|e| OpsError::file("cannot read", &path, e))?;
            let key: VerifierKey =
                text.trim().parse().map_err(|error| OpsError::input("log.vkey", error))?;
            return Ok(Keys::of(&[key]));
        }
        let keyring = global.keyring()?;
        let all = keyring.list();
        match self.name {
            None => Ok(Keys::of(&all)),
            Some(name) => {
                let name = parse_name(&name)?;
                let found: Vec<_> = all.into_iter().filter(|key| *key.name() == name).collect();
                if found.is_empty() {
                    return Err(OpsError::NoPrivateKey {
                        key: name,
                        keyring: keyring.folder().to_owned(),
                    });
                }
                Ok(Keys::of(&found))
            }
        }
    }
}

impl Import {
    fn run(self, global: &Global) -> Result<VerifierKey, OpsError> {
        let ui = global.ui();
        let name = parse_name(&self.name)?;
        let old = match (&self.old_passphrase_file, self.unencrypted) {
            (_, true) => None,
            (Some(file), false) => {
                let only = Passphrases::file(file);
                only.of(ui, name.as_str(), name.as_str(), "Old passphrase")?
            }
            (None, false) if ui.asks() => Some(ui.passphrase("Passphrase of the file")?),
            (None, false) => None,
        };
        let allow = if self.unencrypted { Unencrypted::Allow } else { Unencrypted::Refuse };
        let prompt = format!("New passphrase for {name}");
        let new = self.passphrases.fresh(ui, name.as_str(), name.as_str(), &prompt)?;
        let key = global.keyring()?.import(
            &self.from,
            name,
            old.as_ref(),
            allow,
            &new,
            Cost::STANDARD,
        )?;
        Ok(key.key().clone())
    }
}
