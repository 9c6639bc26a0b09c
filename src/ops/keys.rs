//! The keyring folder: one pair of files a key, found by the verifier key that a
//! statement names.

use std::path::{Path, PathBuf};

use super::error::OpsError;
use crate::keyring::{
    Agent, AgentSigner, Cost, KeptBy, KeyFiles, KeyringError, Passphrase, Unencrypted, generate,
    read_secret,
};
use crate::model::VerifierKey;
use crate::model::key::KeyName;
use crate::wire::signature::{Signer, SigningKey, sign_line};

/// A folder of key files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyring {
    folder: PathBuf,
}

/// Reads a passphrase from the one line of a file.
///
/// # Errors
/// The file cannot be read; what is in it is no passphrase.
pub fn read_passphrase(path: &Path) -> Result<Passphrase, OpsError> {
    let content = read_secret(path).map_err(|error| OpsError::file("cannot read", path, error))?;
    Ok(Passphrase::from_file(content).map_err(KeyringError::from)?)
}

impl Keyring {
    /// The keyring in this folder, which need not exist yet.
    pub fn at(folder: &Path) -> Self {
        Keyring { folder: folder.to_owned() }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a new key under `name`.
    ///
    /// # Errors
    /// A key of that name exists, the passphrase is too short, or the folder
    /// cannot be written.
    pub fn create(
        &self,
        name: KeyName,
        passphrase: &Passphrase,
        cost: Cost,
    ) -> Result<SigningKey, OpsError> {
        passphrase.check_new().map_err(KeyringError::from)?;
        self.make_folder()?;
        let key = generate(name.clone())?;
        KeyFiles::of(&self.folder, &name).create(&key, passphrase, cost)?;
        Ok(key)
    }

    /// Takes a key from another PKCS#8 PEM file and keeps it under `name`,
    /// encrypted with `new`.
    ///
    /// # Errors
    /// The file holds no Ed25519 key, `old` does not open it, or as [`Keyring::create`].
    pub fn import(
        &self,
        from: &Path,
        name: KeyName,
        old: Option<&Passphrase>,
        unencrypted: Unencrypted,
        new: &Passphrase,
        cost: Cost,
    ) -> Result<SigningKey, OpsError> {
        new.check_new().map_err(KeyringError::from)?;
        self.make_folder()?;
        let key = KeyFiles::import(from, name.clone(), old, unencrypted)?;
        KeyFiles::of(&self.folder, &name).create(&key, new, cost)?;
        Ok(key)
    }

    /// Notes under `name` that the ssh-agent of this session holds the key: the one that
    /// `which` names by its fingerprint or its `.pub` file, else the only one that fits. It
    /// has to sign once, so that a key that does not is noticed before anybody is enrolled
    /// with it.
    ///
    /// # Errors
    /// The agent does not answer, has no such key or does not sign; or as [`Keyring::create`].
    pub fn take_from_agent(
        &self,
        name: KeyName,
        which: Option<&str>,
    ) -> Result<VerifierKey, OpsError> {
        let agent = Agent::of_session().map_err(KeyringError::from)?;
        let public = agent.choose(which).map_err(KeyringError::from)?;
        let key = VerifierKey::new(name.clone(), public);
        // Begins with no kind of statement, so it can never stand for one.
        let text = format!("custody/agent-key/v1\nkey: {key}\n");
        sign_line(&agent.signer(&key).map_err(KeyringError::from)?, &text)?;
        self.make_folder()?;
        KeyFiles::of(&self.folder, &name).create_in_agent(&key)?;
        Ok(key)
    }

    /// Puts a key file back under its name; false where another file has that name, which
    /// then stays as it is.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn put_back(&self, name: &str, bytes: &[u8]) -> Result<bool, OpsError> {
        self.make_folder()?;
        let path = self.folder.join(name);
        match crate::keyring::put_back(&path, bytes) {
            Ok(()) => Ok(true),
            Err(KeyringError::Exists(_)) => {
                let there = std::fs::read(&path);
                Ok(there.map_err(|e| OpsError::file("cannot read", &path, e))? == bytes)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn make_folder(&self) -> Result<(), OpsError> {
        let folder = &self.folder;
        std::fs::create_dir_all(folder)
            .map_err(|e| OpsError::file("cannot make the folder", folder, e))
    }

    /// Every verifier key in the folder, by name. A file that is no key is left out.
    pub fn list(&self) -> Vec<VerifierKey> {
        let Ok(folder) = std::fs::read_dir(&self.folder) else { return Vec::new() };
        let paths = folder.filter_map(Result::ok).map(|entry| entry.path());
        let ours = paths.filter(|path| {
            path.extension().is_some_and(|extension| extension == "pem" || extension == "pub")
        });
        let mut keys: Vec<_> =
            ours.filter_map(|path| KeyFiles::at(&path).read_vkey().ok()).collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// The key files of a verifier key.
    ///
    /// # Errors
    /// `NoPrivateKey` when the folder has none.
    pub fn files_of(&self, key: &VerifierKey) -> Result<KeyFiles, OpsError> {
        let files = KeyFiles::of(&self.folder, key.name());
        match files.read_vkey() {
            Ok(found) if found == *key && files.kept_by().is_some() => Ok(files),
            _ => Err(OpsError::NoPrivateKey {
                key: key.name().clone(),
                keyring: self.folder.clone(),
            }),
        }
    }

    /// Whether an ssh-agent signs for `key`, so that no passphrase is asked for here.
    ///
    /// # Errors
    /// `NoPrivateKey` when the folder does not know the key.
    pub fn is_in_agent(&self, key: &VerifierKey) -> Result<bool, OpsError> {
        Ok(self.files_of(key)?.kept_by() == Some(KeptBy::Agent))
    }

    /// A signer with a key that the ssh-agent of this session holds.
    ///
    /// # Errors
    /// `NoPrivateKey`; the agent does not answer or does not hold the key; files that were
    /// mixed up.
    pub fn from_agent(&self, key: &VerifierKey) -> Result<AgentSigner, OpsError> {
        self.files_of(key)?.read_in_agent()?;
        let agent = Agent::of_session().map_err(KeyringError::from)?;
        Ok(agent.signer(key).map_err(KeyringError::from)?)
    }

    /// Opens the private key of `key`.
    ///
    /// # Errors
    /// `NoPrivateKey`, a wrong passphrase, or files that were mixed up.
    pub fn open(&self, key: &VerifierKey, passphrase: &Passphrase) -> Result<SigningKey, OpsError> {
        let opened = self.files_of(key)?.load(passphrase).map_err(|error| match error {
            KeyringError::WrongPassphrase => OpsError::WrongPassphrase { key: key.name().clone() },
            other => other.into(),
        })?;
        if opened.key() == key {
            Ok(opened)
        } else {
            Err(KeyringError::Mismatch(key.clone()).into())
        }
    }
}
