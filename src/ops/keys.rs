//! The keyring folder: one pair of files a key, found by the verifier key that a
//! statement names.

use std::path::{Path, PathBuf};

use super::error::OpsError;
use crate::keyring::{Cost, KeyFiles, KeyringError, Passphrase, Unencrypted, generate};
use crate::model::VerifierKey;
use crate::model::key::KeyName;
use crate::wire::signature::{Signer as _, SigningKey};

/// A folder of key files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyring {
    folder: PathBuf,
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
        let pems = folder.filter_map(Result::ok).map(|entry| entry.path());
        let pems = pems.filter(|path| path.extension().is_some_and(|extension| extension == "pem"));
        let mut keys: Vec<_> = pems.filter_map(|pem| KeyFiles::at(&pem).read_vkey().ok()).collect();
        keys.sort();
        keys
    }

    /// The key files of a verifier key.
    ///
    /// # Errors
    /// `NoPrivateKey` when the folder has none.
    pub fn files_of(&self, key: &VerifierKey) -> Result<KeyFiles, OpsError> {
        let files = KeyFiles::of(&self.folder, key.name());
        match files.read_vkey() {
            Ok(found) if found == *key && files.pem().exists() => Ok(files),
            _ => Err(OpsError::NoPrivateKey {
                key: key.name().clone(),
                keyring: self.folder.clone(),
            }),
        }
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
