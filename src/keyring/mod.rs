//! Private keys on disk: Ed25519 in encrypted PKCS#8 PEM files that OpenSSL 3
//! opens, each with its verifier key in a `.vkey` file beside it.
//!
//! The PEM file holds the key and nothing else, so that any tool reads it; the
//! key's name, which PKCS#8 has no place for, stands in the `.vkey` file, which
//! is also what its owner hands out. No prompt and no policy here: passphrases
//! arrive as values, and where they come from is the command line's concern.
//!
//! A key that an ssh-agent holds has a `.pub` file in place of the PEM file, as OpenSSH
//! has it: the public key alone says that the private one is with the agent.

mod agent;
pub mod agent_message;
mod file;
mod log_key;
mod memory;
mod passphrase;
mod pkcs8;

pub use agent::{Agent, AgentError, AgentSigner};
pub use agent_message::Identity;
pub use file::{KeptBy, KeyFiles, file_stem, put_back, read_secret};
pub use log_key::{load_any_log_key, load_log_key, read_public, save_log_key, save_public};
pub use memory::keep_out_of_dumps;
pub use passphrase::{PASSPHRASE_MAX, PASSPHRASE_MIN, Passphrase, PassphraseError};
pub use pkcs8::{Cost, Unencrypted, generate, open_pem, seal_pem};

use std::path::PathBuf;

/// Why a key was not written or not opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// A file of that name exists. Private keys are never overwritten.
    #[error("{} exists already; a key file is never overwritten", .0.display())]
    Exists(PathBuf),
    /// The key file does not exist.
    #[error("there is no key file {}", .0.display())]
    NotFound(PathBuf),
    /// The `.vkey` file beside the key is missing.
    #[error(
        "{} is missing: it names the key beside it; restore it, or import the key under its name",
        .0.display()
    )]
    NoVkey(PathBuf),
    /// The `.vkey` file holds no verifier key.
    #[error("{} holds no verifier key: {error}", .path.display())]
    Vkey {
        /// The file.
        path: PathBuf,
        /// What is wrong with its text.
        error: crate::model::key::KeyError,
    },
    /// The private key does not belong to the verifier key beside it.
    #[error("the private key does not belong to {0}: the two files were mixed up")]
    Mismatch(crate::model::VerifierKey),
    /// The passphrase does not open the key.
    #[error("wrong passphrase (or the key file is damaged, which looks the same)")]
    WrongPassphrase,
    /// The key file is encrypted and no passphrase was given.
    #[error("the key file is encrypted: a passphrase is needed")]
    PassphraseNeeded,
    /// A new key with a passphrase that is too short.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// The key file is not encrypted.
    #[error("the key file is not encrypted: whoever reads it can sign")]
    Unencrypted,
    /// Another kind of PEM block, named.
    #[error("a PKCS#8 key is expected (PRIVATE KEY), this is {0:?}; openssl pkcs8 -topk8 converts")]
    Label(String),
    /// Not PEM, or damaged.
    #[error("the key file is damaged or is no PEM file")]
    Damaged(String),
    /// A key that is not Ed25519.
    #[error("the key in the file is not an Ed25519 key")]
    NotEd25519,
    /// Encryption this product does not open, named.
    #[error("the key file is encrypted in a way that is not supported: {0}")]
    Unsupported(String),
    /// Derivation parameters that would exhaust memory or time.
    #[error(
        "the key file demands a key derivation of impossible or excessive cost; it is damaged or \
         hostile"
    )]
    Cost,
    /// The file is larger than a key file can be.
    #[error("{} is too large for a key file", .0.display())]
    TooLarge(PathBuf),
    /// Reading or writing failed.
    #[error("{}: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// The ssh-agent that holds a key.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The operating system gave no random numbers.
    #[error("the operating system gave no random numbers: {0}")]
    Random(String),
}
