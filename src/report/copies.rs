//! Copies of a ledger: what was published, saved and brought back.

use std::path::PathBuf;

use serde::Serialize;

use super::text;
use super::witnesses::WitnessHeard;
use crate::model::Stamp;

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
    /// Older backups that were let go for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<PathBuf>,
    /// Older backups that were found damaged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<PathBuf>,
}

/// A copy that a timer makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DailyKind {
    /// By `custody backup --into`.
    Backup,
    /// By `custody publish --daily`.
    Publication,
}

impl DailyKind {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            DailyKind::Backup => "backup",
            DailyKind::Publication => "publication",
        }
    }

    /// The kind of this word.
    pub fn named(word: &str) -> Option<Self> {
        [DailyKind::Backup, DailyKind::Publication].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A copy that is expected every day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DailyCopy {
    /// Which.
    pub kind: DailyKind,
    /// When the newest was made, or, while there is none, since when it is expected.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Entries in it; none while there is none.
    pub entries: Option<u64>,
    /// Whether it is too old.
    pub late: bool,
}

/// A copy that is older counts as not made: a weekend, and a morning to start the computer.
const LATE_SECONDS: i64 = 3 * 86_400;
/// And one that claims to be so much newer than now.
const AHEAD_SECONDS: i64 = 86_400;

impl DailyCopy {
    /// A copy as it stands at `now`.
    pub fn new(kind: DailyKind, at: Stamp, entries: Option<u64>, now: Stamp) -> Self {
        // One from tomorrow or later was made under a wrong clock, and says nothing of today.
        let age = now.unix().saturating_sub(at.unix());
        let late = !(-AHEAD_SECONDS..=LATE_SECONDS).contains(&age);
        DailyCopy { kind, at, entries, late }
    }

    /// That it is late, as a sentence in both languages.
    pub fn words(&self) -> String {
        let at = self.at.short();
        let (ja, en) = match self.kind {
            DailyKind::Backup => ("バックアップ", "backup"),
            DailyKind::Publication => ("公開用の写し", "published copy"),
        };
        match self.entries {
            Some(_) => format!(
                "{ja}が {at} から作成されていません。 No {en} has been made since {at}: see why \
                 the timer fails."
            ),
            None => format!(
                "{ja}が一度も作成されていません（{at} 開始）。 No {en} has been made at all, \
                 expected since {at}: see why the timer fails."
            ),
        }
    }
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
    /// The witnesses that have an address, and what each said of it.
    pub witnesses: Vec<WitnessHeard>,
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
