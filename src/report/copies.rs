//! Copies of a ledger: what was published, saved and brought back.

use std::path::PathBuf;

use serde::Serialize;

/// A log published as static files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Publication {
    /// The folder.
    pub folder: PathBuf,
    /// The ledger's origin.
    pub origin: String,
    /// Entries published now.
    pub entries: u64,
    /// Entries that had been published before; none for a new folder.
    pub published_before: Option<u64>,
    /// Hash tiles written.
    pub tiles: u64,
    /// Entry bundles written.
    pub bundles: u64,
    /// Bytes of both.
    pub bytes: u64,
}

/// A backup that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// The file; none where it went to standard output.
    pub file: Option<PathBuf>,
    /// The ledger's origin.
    pub origin: String,
    /// Entries in it.
    pub entries: u64,
    /// Files beside them: documents, drafts, the configuration, keys.
    pub files: u64,
    /// Private keys among these, each encrypted.
    pub keys: u64,
    /// Bytes of the whole.
    pub bytes: u64,
    /// Whether the file was read back and compared.
    pub read_back: bool,
    /// What was left out, in words.
    pub left_out: Vec<String>,
}

/// A ledger that was brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restoration {
    /// Its folder.
    pub ledger: PathBuf,
    /// Its origin.
    pub origin: String,
    /// Entries in it, each verified.
    pub entries: u64,
    /// Signatures that were verified.
    pub signatures: u64,
    /// Whether the log key is there, so that something can be recorded.
    pub log_key: bool,
    /// Files beside the entries that were brought back.
    pub files: u64,
    /// What is not there, or was not brought back, in words.
    pub missing: Vec<String>,
}

/// Something kept elsewhere that agrees with the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Where it is kept.
    pub file: PathBuf,
    /// How many entries it knows of.
    pub entries: u64,
}

/// A ledger that goes on from another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Continuation {
    /// The new ledger's folder.
    pub ledger: PathBuf,
    /// Its origin.
    pub origin: String,
    /// Its log key, for whoever verifies its receipts.
    pub log_key: String,
    /// The old ledger's origin.
    pub continues: String,
    /// Entries of the old ledger that are known.
    pub entries: u64,
    /// The entry of the new ledger that names the old one.
    pub link: u64,
    /// The entry of the old ledger that names the new one.
    pub closed: Option<u64>,
    /// Why there is none.
    pub not_closed: Option<String>,
    /// People of the old ledger who have to be enrolled in the new one.
    pub people: u64,
    /// Media of the old ledger that have to be registered in the new one.
    pub media: u64,
}

/// A checkpoint that was signed anew, or was in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckpointSigned {
    /// How the one beside the ledger was found.
    pub before: CheckpointBefore,
    /// Where what was left of it is kept.
    pub kept: Option<PathBuf>,
    /// Entries under the checkpoint now.
    pub entries: u64,
    /// Signatures that were verified.
    pub signatures: u64,
    /// What was kept elsewhere and agrees.
    pub compared: Vec<Compared>,
}

/// How a checkpoint was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "found", rename_all = "kebab-case")]
pub enum CheckpointBefore {
    /// In order.
    Sound,
    /// Not there.
    Missing,
    /// It cannot be read, or the log key did not sign it.
    Damaged {
        /// What is wrong with it.
        why: String,
    },
}
