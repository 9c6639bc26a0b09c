//! The ledger's log key: a PKCS#8 file without a passphrase.
//!
//! It vouches for the order of entries and never for anybody's agreement, and a
//! check at night must be able to use it; so it is kept like a host key, readable
//! by its owner alone. Who takes it can sign a second history but not a party's
//! consent, and every held receipt and witness shows the second history for what
//! it is.

use std::path::Path;

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::KeyringError;
use super::agent_message::{public_in, public_line};
use super::file::{read, write_new};
use super::pkcs8::{Unencrypted, name_seed, open_seed};
use crate::model::VerifierKey;
use crate::model::key::KeyName;
use crate::wire::signature::{Signer as _, SigningKey, on_wiped_stack};

/// DER of a PKCS#8 v1 Ed25519 private key up to its 32 bytes (RFC 8410, section 7).
const PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Writes a log key. The file is new and readable by its owner only.
///
/// # Errors
/// `Exists`, `Io`.
pub fn save_log_key(path: &Path, key: &SigningKey) -> Result<(), KeyringError> {
    let der = Zeroizing::new([PREFIX.as_slice(), key.seed()].concat());
    let body = Zeroizing::new(BASE64.encode(&der));
    // One text of the right length: one that grows leaves copies.
    let lines = ["-----BEGIN PRIVATE KEY-----", body.as_str(), "-----END PRIVATE KEY-----", ""];
    let pem = Zeroizing::new(lines.join("\n"));
    write_new(path, pem.as_bytes())
}

/// Reads the log key that belongs to `named`, or a witness's, which is kept alike.
///
/// # Errors
/// `NotFound`, `Mismatch` when the file holds another key, or what is wrong with it.
pub fn load_log_key(path: &Path, named: &VerifierKey) -> Result<SigningKey, KeyringError> {
    let pem = read(path)?.ok_or_else(|| KeyringError::NotFound(path.to_owned()))?;
    let key = on_wiped_stack(|| {
        let seed = open_seed(&pem, None, Unencrypted::Allow)?;
        Ok::<_, KeyringError>(name_seed(&seed, named.name().clone(), named.kind()))
    })?;
    if key.key() == named { Ok(key) } else { Err(KeyringError::Mismatch(named.clone())) }
}

/// Reads a log key, whichever it is, and gives it this name.
///
/// # Errors
/// `NotFound`, or what is wrong with the file.
pub fn load_any_log_key(path: &Path, name: &KeyName) -> Result<SigningKey, KeyringError> {
    let pem = read(path)?.ok_or_else(|| KeyringError::NotFound(path.to_owned()))?;
    on_wiped_stack(|| {
        let seed = open_seed(&pem, None, Unencrypted::Allow)?;
        Ok(SigningKey::from_seed(name.clone(), &seed))
    })
}

/// Reads the public key of a log key that an ssh-agent holds.
///
/// # Errors
/// `NotFound`, `Io`; `Damaged` when the line is none.
pub fn read_public(path: &Path) -> Result<[u8; 32], KeyringError> {
    let line = read(path)?.ok_or_else(|| KeyringError::NotFound(path.to_owned()))?;
    public_in(&line).ok_or_else(|| KeyringError::Damaged("it is no ssh-ed25519 key".to_owned()))
}

/// Notes that an ssh-agent holds this log key.
///
/// # Errors
/// `Exists` when the file names another key; `Io`.
pub fn save_public(path: &Path, key: &VerifierKey) -> Result<(), KeyringError> {
    match read_public(path) {
        Ok(there) if there == *key.public() => Ok(()),
        _ => write_new(path, public_line(key.public(), key.name().as_str()).as_bytes()),
    }
}
