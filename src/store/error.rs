//! What a store says when it cannot.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::frame::Flaw;

/// Why a store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process owns the ledger. Never waited for.
    #[error("the ledger is in use by {}", owner(*.pid, .command.as_deref()))]
    Locked {
        /// The owner's process id, when it could be read.
        pid: Option<u32>,
        /// The owner's command line, control characters replaced.
        command: Option<String>,
    },
    /// The folder holds no ledger.
    #[error("{} is not a ledger: it has no FORMAT file", .path.display())]
    NotALedger {
        /// The folder.
        path: PathBuf,
    },
    /// A ledger, or what is left of one, is already there.
    #[error("{} already holds a ledger or is not empty", .path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The ledger can be read and not appended to.
    #[error("the ledger can only be read: {why}")]
    ReadOnly {
        /// What stands in the way.
        why: String,
    },
    /// The ledger was written by a newer program.
    #[error("the ledger has format {found}, and this program knows up to {known}")]
    NewerFormat {
        /// The ledger's format version.
        found: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// Somebody appended in between, or the caller counted wrong.
    #[error("the ledger has {actual} entries where {expected} were expected")]
    Conflict {
        /// The size the caller expected.
        expected: u64,
        /// The size there is.
        actual: u64,
    },
    /// Bytes that were acknowledged are not what they were.
    #[error("the ledger is damaged: {}", list(.0))]
    Damaged(Vec<Damage>),
    /// Fewer entries than were acknowledged: a cut file or an old backup.
    #[error("recorded entries are missing: the journal holds {have}, and {by} knows of {known}")]
    AcknowledgedMissing {
        /// Entries the journal holds.
        have: u64,
        /// Entries that were acknowledged.
        known: u64,
        /// What remembers them.
        by: Witness,
    },
    /// No space left; nothing was appended.
    #[error("the disk is full")]
    DiskFull,
    /// The file system failed.
    #[error("cannot {what} {}: {source}", .path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A write or sync failed in the middle of an append: the entries may be there.
    #[error("writing failed, and whether the entry was kept is not known yet: {source}")]
    Unknown {
        /// What the system said.
        source: io::Error,
    },
    /// A write failed before; the ledger must be opened again before the next.
    #[error("an earlier write failed, and whether its entry was kept is not known yet")]
    Poisoned,
    /// A note or a batch is over its limit.
    #[error("{bytes} bytes are more than the {limit} a ledger takes at once")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A note without a byte.
    #[error("an entry cannot be empty")]
    EmptyNote,
    /// No such entry or subtree.
    #[error("entry {asked} is past the end of a ledger of {size}")]
    OutOfRange {
        /// What was asked for.
        asked: u64,
        /// How many entries there are.
        size: u64,
    },
    /// The process that owns the ledger does not answer, or not as it should.
    #[error("the process that owns the ledger cannot be asked: {source}")]
    Owner {
        /// What happened.
        source: io::Error,
    },
    /// The process that owns the ledger judged an entry and refused it.
    #[error("the ledger refuses it: {why}")]
    OwnerRefused {
        /// Its reasons.
        why: String,
    },
    /// The index failed. It is rebuilt when the ledger is opened next.
    #[error("the index cannot be read ({cause}); it is rebuilt when the ledger is opened next")]
    Index {
        /// What happened.
        cause: String,
    },
}

impl StoreError {
    /// Names a failed file system call; a full disk gets its own variant.
    pub(super) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        if is_full(&source) {
            return StoreError::DiskFull;
        }
        StoreError::Io { what, path: path.to_owned(), source }
    }

    /// Whether nothing but the checkpoint beside the journal is damaged, which can be signed
    /// anew.
    pub fn is_of_the_checkpoint_alone(&self) -> bool {
        let StoreError::Damaged(damages) = self else { return false };
        damages.iter().all(|damage| damage.cause == Cause::Checkpoint)
    }

    /// One damage.
    pub(super) fn damaged(entry: Option<u64>, file: &str, cause: Cause) -> Self {
        StoreError::Damaged(vec![Damage { entry, file: file.to_owned(), cause }])
    }
}

/// Whether the system said that no space (or quota) is left.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Whether the system said that this place cannot be written to.
pub(super) fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}

/// What remembers how many entries were acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// A slot of the `head` file.
    Head,
    /// A slot of the second copy of the `head` file.
    HeadCopy,
    /// The newest signed checkpoint.
    Checkpoint,
    /// The index.
    Index,
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Witness::Head => "the head file",
            Witness::HeadCopy => "the second copy of the head file",
            Witness::Checkpoint => "the newest checkpoint",
            Witness::Index => "the index",
        })
    }
}

/// One place that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The entry's index, where one can be named.
    pub entry: Option<u64>,
    /// The file, relative to the ledger's folder.
    pub file: String,
    /// What is wrong with it.
    pub cause: Cause,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry {
            Some(entry) => write!(f, "entry {entry} in {}: {}", self.file, self.cause),
            None => write!(f, "{}: {}", self.file, self.cause),
        }
    }
}

/// What is wrong with a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The journal frame that holds the entry.
    #[error("{0}")]
    Frame(Flaw),
    /// The entry behind was written after different bytes than stand here.
    #[error("the next entry was written after other bytes than these")]
    Link,
    /// The leaf hash kept when the entry was appended is another.
    #[error("its leaf hash is not the one kept when it was appended")]
    Leaf,
    /// Entries between two segments are not there.
    #[error("the journal has no entry here but has later ones")]
    Gap,
    /// Two segments claim the same entries, or a name is not a segment's.
    #[error("the segment does not fit behind the one before it")]
    Segment,
    /// The head file has no readable slot.
    #[error("no slot of the head file can be read")]
    HeadUnreadable,
    /// A head slot is unreadable while the journal ends in an unfinished frame.
    #[error(
        "one head slot cannot be read and the journal ends in a bad frame: either may hide an acknowledged entry"
    )]
    HeadDoubtful,
    /// A head slot states another chain or root than the journal's.
    #[error("it states another history than the journal's first {size} entries")]
    History {
        /// At how many entries.
        size: u64,
    },
    /// The checkpoint's first three lines cannot be read.
    #[error("it does not begin with origin, size and root")]
    Checkpoint,
    /// What the process that owns the ledger says of it.
    #[error("{0}")]
    Told(String),
    /// The FORMAT file is not readable.
    #[error("it is not a format marker")]
    Format,
}

fn owner(pid: Option<u32>, command: Option<&str>) -> String {
    match (pid, command) {
        (Some(pid), Some(command)) => format!("process {pid} ({command})"),
        (Some(pid), None) => format!("process {pid}"),
        _ => "another process".to_owned(),
    }
}

fn list(damages: &[Damage]) -> String {
    let shown: Vec<String> = damages.iter().take(8).map(Damage::to_string).collect();
    let more = damages.len().saturating_sub(shown.len());
    let tail = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{tail}", shown.join("; "))
}
