//! Where the log's private keys are: in a systemd credential, in files beside the ledger, or
//! in an ssh-agent. The key that the ledger names decides; which place has it does not.

use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::error::OpsError;
use super::ledger::{Committed, LOG_KEY_FILE, LOG_VKEY_FILE};
use crate::keyring::{self, Agent, KeyringError};
use crate::ledger::State;
use crate::model::{Day, Statement, VerifierKey};
use crate::proof::checkpoint::CheckpointError;
use crate::wire::signature::{Signer, SigningKey};

/// A replaced log key that signs on for a while.
pub const OLD_KEY_FILE: &str = "log.old.pem";
/// A log key that is to be the next one.
pub(super) const NEW_KEY_FILE: &str = "log.new.pem";
/// In place of the key file: the log key is in an ssh-agent.
pub(super) const AGENT_FILE: &str = "log.pub";
const NEW_AGENT_FILE: &str = "log.new.pub";
const OLD_AGENT_FILE: &str = "log.old.pub";
/// Where systemd puts what `LoadCredential=` and `LoadCredentialEncrypted=` name.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A signer that can wait in a ledger which threads share.
pub(super) type LogSigner = Box<dyn Signer + Send + Sync>;

/// Files that may hold a log key, in the order in which they are asked. A replacement that
/// was stopped half way leaves the key that counts in another one than it will be in.
fn files(folder: &Path) -> Vec<PathBuf> {
    let credentials = std::env::var_os(CREDENTIALS).map(PathBuf::from);
    let names = [LOG_KEY_FILE, NEW_KEY_FILE, OLD_KEY_FILE];
    let folders = credentials.into_iter().chain([folder.to_owned()]);
    folders.flat_map(|folder| names.map(|name| folder.join(name))).collect()
}

/// The private key of `named`, where it is in a file here; none where an agent has it.
///
/// # Errors
/// `LogKeyFile` with the first reason.
pub(super) fn secret(folder: &Path, named: &VerifierKey) -> Result<Option<SigningKey>, OpsError> {
    let mut first = None;
    for path in files(folder) {
        match keyring::load_log_key(&path, named) {
            Ok(key) => return Ok(Some(key)),
            Err(KeyringError::NotFound(_)) => {}
            Err(error) => {
                first.get_or_insert_with(|| unfit(&path, &error));
            }
        }
    }
    if in_agent(folder) {
        return Ok(None);
    }
    let path = folder.join(LOG_KEY_FILE);
    Err(first.unwrap_or_else(|| unfit(&path, &KeyringError::NotFound(path.clone()))))
}

/// Whether a file says that an ssh-agent has a log key.
fn in_agent(folder: &Path) -> bool {
    [AGENT_FILE, NEW_AGENT_FILE, OLD_AGENT_FILE].iter().any(|name| folder.join(name).exists())
}

/// A signer with the key `named`.
///
/// # Errors
/// `LogKeyFile` when nothing here has it; the agent that should have it does not answer.
pub(super) fn find(folder: &Path, named: &VerifierKey) -> Result<LogSigner, OpsError> {
    if let Some(key) = secret(folder, named)? {
        return Ok(Box::new(key));
    }
    let agent = Agent::of_session().map_err(KeyringError::from)?;
    Ok(Box::new(agent.signer(named).map_err(KeyringError::from)?))
}

/// What is wrong with the log key's file, for whoever keeps the ledger.
fn unfit(path: &Path, error: &KeyringError) -> OpsError {
    let why = match error {
        KeyringError::NotFound(_) => "the file is not there".to_owned(),
        KeyringError::Mismatch(_) => "it holds another key".to_owned(),
        other => other.to_string(),
    };
    OpsError::LogKeyFile { path: path.to_owned(), why }
}

/// Puts the files of a replacement where they belong, once `named` is the log key: the new
/// key under its lasting name, the one before it as the old one, the vkey for whoever
/// verifies. Each step is one rename, and all can be repeated.
///
/// # Errors
/// A file cannot be renamed or written.
pub(super) fn settle(folder: &Path, named: &VerifierKey) -> Result<(), OpsError> {
    let is_named = |path: &Path| keyring::load_log_key(path, named).is_ok();
    let (new, now) = (folder.join(NEW_KEY_FILE), folder.join(LOG_KEY_FILE));
    let rename = |from: &Path, to: &Path| {
        if from.exists() {
            std::fs::rename(from, to).map_err(|e| OpsError::file("cannot rename", from, e))?;
        }
        Ok::<(), OpsError>(())
    };
    let new_public = folder.join(NEW_AGENT_FILE);
    let new_in_agent = keyring::read_public(&new_public).is_ok_and(|key| key == *named.public());
    let new_in_file = is_named(&new);
    if new_in_file || new_in_agent {
        rename(&now, &folder.join(OLD_KEY_FILE))?;
        rename(&folder.join(AGENT_FILE), &folder.join(OLD_AGENT_FILE))?;
        // The other of the two may be left over from a try that came to nothing.
        if new_in_file {
            rename(&new, &now)?;
        } else {
            rename(&new_public, &folder.join(AGENT_FILE))?;
        }
    }
    let vkey = folder.join(LOG_VKEY_FILE);
    let line = format!("{named}\n");
    if std::fs::read_to_string(&vkey).is_ok_and(|there| there != line) {
        super::known::put(&vkey, line.as_bytes())?;
    }
    Ok(())
}

/// As [`settle`], behind entries that replaced the log key. They are recorded whatever comes
/// of it, and the next opening tries again.
pub(super) fn settle_if_replaced(folder: &Path, committed: &[Committed]) {
    for entry in committed {
        if let Statement::LogKey(said) = &entry.statement {
            let _ = settle(folder, &said.new_key.0);
        }
    }
}

/// What is owed to the log's keys when a ledger is opened by its owner: a replacement that
/// was stopped half way, and words about an overlap.
pub(super) fn at_opening(
    folder: &Path,
    state: &State,
    today: Option<Day>,
    warnings: &mut Vec<String>,
) {
    let (Some(named), Some(facts)) = (state.log_key(), &state.facts) else { return };
    let half_way = [NEW_KEY_FILE, NEW_AGENT_FILE].iter().any(|name| folder.join(name).exists());
    if half_way && let Err(error) = settle(folder, named) {
        warnings.push(format!("the files of the log key are not in order: {error}"));
    }
    let Some(today) = today else { return };
    match (state.overlapping_log_key(today), facts.overlap_until) {
        (Some(old), Some(until)) if find(folder, old).is_err() => warnings.push(format!(
            "the replaced log key is not at hand, and who knows no other verifies nothing new \
             with it, although it was to sign until {until}"
        )),
        _ => warnings.extend(left_over(folder, state, today)),
    }
}

/// Words about each file that still names a log key which signs nothing any more. Whoever
/// goes through an owner elsewhere is told as well: that one may run for years.
pub(super) fn left_over(folder: &Path, state: &State, today: Day) -> Vec<String> {
    if state.log_key().is_none() || state.overlapping_log_key(today).is_some() {
        return Vec::new();
    }
    let left = [OLD_KEY_FILE, OLD_AGENT_FILE].into_iter();
    let left = left.filter(|name| folder.join(name).exists());
    let words =
        |name| format!("{name} names a log key that was replaced and signs nothing: destroy it");
    left.map(words).collect()
}

/// A checkpoint that was not signed: the entries under it are recorded, and the next command
/// signs it.
pub(super) fn unsigned(error: CheckpointError) -> OpsError {
    match error {
        CheckpointError::Sign(error) => OpsError::LogKeyAway(error),
        other => OpsError::ReadBack(other.to_string()),
    }
}

/// Makes the next log key under the log's name: in a file, or the one of the ssh-agent that
/// `which` names. One that was made before and not used is used now.
///
/// # Errors
/// It cannot be written; the agent does not have it.
pub(super) fn next(
    folder: &Path,
    named: &VerifierKey,
    in_agent: Option<Option<&str>>,
) -> Result<LogSigner, OpsError> {
    let Some(which) = in_agent else {
        let path = folder.join(NEW_KEY_FILE);
        if let Ok(key) = keyring::load_any_log_key(&path, named.name()) {
            give_to_owner(folder, &path)?;
            return Ok(Box::new(key));
        }
        let key = keyring::generate(named.name().clone())?;
        keyring::save_log_key(&path, &key)?;
        give_to_owner(folder, &path)?;
        return Ok(Box::new(key));
    };
    let agent = Agent::of_session().map_err(KeyringError::from)?;
    let public = agent.choose(which).map_err(KeyringError::from)?;
    let key = VerifierKey::new(named.name().clone(), public);
    let signer = agent.signer(&key).map_err(KeyringError::from)?;
    let path = folder.join(NEW_AGENT_FILE);
    if !keyring::read_public(&path).is_ok_and(|there| there == public) {
        // Of a try that came to nothing, with another key. It was public.
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                return Err(OpsError::file("cannot remove", &path, e));
            }
            _ => keyring::save_public(&path, &key)?,
        }
    }
    give_to_owner(folder, &path)?;
    Ok(Box::new(signer))
}

/// A key file that root made belongs to the owner of the ledger's folder, whose daemon is to
/// sign with it. That owner may put anything in the file's place meanwhile, and must not be
/// given what is not theirs: no link is followed, and only a file that is in one place alone
/// is given away.
fn give_to_owner(folder: &Path, path: &Path) -> Result<(), OpsError> {
    let given = std::fs::metadata(folder).and_then(|folder| {
        let how = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = std::fs::File::from(rustix::fs::open(path, how, Mode::empty())?);
        let about = file.metadata()?;
        if about.uid() == folder.uid() {
            return Ok(());
        }
        if !about.is_file() || about.nlink() != 1 {
            return Err(std::io::Error::other("it is a link, or no file"));
        }
        fchown(&file, Some(folder.uid()), Some(folder.gid()))
    });
    given.map_err(|e| OpsError::file("cannot give to the ledger's owner", path, e))
}
