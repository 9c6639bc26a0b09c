//! What is known of this ledger elsewhere, in a published folder, a second copy or a
//! receipt, compared with what it holds.

use std::fs::{Metadata, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use super::cosigned::Cosigned;
use super::error::OpsError;
use super::gather::read_bounded;
use super::hearing;
use super::ledger::Ledger;
use super::share;
use crate::ledger::Refusal;
use crate::model::{Seen, VerifierKey};
use crate::proof::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::proof::log_keys::LogKeys;
use crate::proof::receipt::Receipt;
use crate::proof::tree::Frontier;
use crate::report::copies::Compared;
use crate::store::Store;

/// Why a checkpoint kept elsewhere and this ledger do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// It is signed by another log.
    #[error("{by} is not of this ledger: {why}")]
    OtherLedger {
        /// What was compared.
        by: String,
        /// What tells them apart.
        why: String,
    },
    /// More entries are known than are here: an older copy was put in the ledger's place.
    #[error("entries are missing: {by} knows of {known}, and the ledger holds {have}")]
    Behind {
        /// What was compared.
        by: String,
        /// How many entries it knows of.
        known: u64,
        /// How many there are.
        have: u64,
    },
    /// A checkpoint by a log key of this ledger's name that it does not know: the key was
    /// replaced by an entry that is not here.
    #[error(
        "{by} knows of {known} entries under a log key that this ledger does not know, and the \
         ledger holds {have}: this is a copy from before the log key was replaced, unless {by} \
         was tampered with"
    )]
    Succeeded {
        /// What was compared.
        by: String,
        /// How many entries it knows of.
        known: u64,
        /// How many there are.
        have: u64,
    },
    /// The same log key signed two histories.
    #[error("{by} states another history than the ledger's first {size} entries")]
    Forked {
        /// What was compared.
        by: String,
        /// At how many entries.
        size: u64,
    },
    /// Entries of the ledger do not verify, so nothing more is signed over them.
    #[error("the ledger does not verify: {}", .0.join("; "))]
    Unverified(Vec<String>),
    /// What was kept because it speaks against the ledger cannot be read.
    #[error("known-elsewhere, a checkpoint that speaks against this ledger, cannot be read: {why}")]
    KeptUnreadable {
        /// What is wrong with it.
        why: String,
    },
    /// The witnesses cannot be asked, for there is nothing to ask them about.
    #[error("no witness can be asked: the ledger has no checkpoint that its log key signed")]
    Unasked,
    /// A witness says so and shows nothing that the log signed. It is believed while it
    /// says so, and not remembered.
    #[error("{by} says that {says}; it shows no checkpoint that this log signed")]
    Said {
        /// Which witness.
        by: String,
        /// What it says.
        says: String,
    },
    /// It is no checkpoint.
    #[error("{by} cannot be read: {why}")]
    Unreadable {
        /// What was to be compared.
        by: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Opens a checkpoint that was kept elsewhere as one of `log`'s.
///
/// # Errors
/// [`HistoryError::OtherLedger`] or [`HistoryError::Unreadable`].
pub fn open_checkpoint(
    bytes: &[u8],
    log: &LogKeys,
    by: &str,
) -> Result<SignedCheckpoint, HistoryError> {
    log.open(bytes).map_err(|error| {
        let (by, why) = (by.to_owned(), error.to_string());
        match error {
            CheckpointError::OtherLog { .. }
            | CheckpointError::NotSigned(_)
            | CheckpointError::OtherKey { .. }
            | CheckpointError::Signature(_) => HistoryError::OtherLedger { by, why },
            _ => HistoryError::Unreadable { by, why },
        }
    })
}

/// As [`open_checkpoint`], of what this ledger alone writes. A later key cannot be verified
/// from here, so this says no more than that somebody has it; but who puts an old copy of the
/// ledger in its place must not be helped by a replacement of its key.
pub(super) fn open_own(
    bytes: &[u8],
    log: &LogKeys,
    by: &str,
    have: u64,
) -> Result<SignedCheckpoint, HistoryError> {
    open_checkpoint(bytes, log, by).map_err(|error| {
        let Ok(said) = SignedCheckpoint::parse(bytes) else { return error };
        let origin = said.checkpoint().origin();
        let ours = log.newest().is_some_and(|key| key.name().as_str() == origin);
        let mut signed = said.note().signatures().iter().filter(|line| line.name == origin);
        if ours && signed.all(|line| !log.signed(line)) {
            let known = said.checkpoint().size();
            return HistoryError::Succeeded { by: by.to_owned(), known, have };
        }
        error
    })
}

/// Compares an opened checkpoint with what the store holds.
///
/// # Errors
/// [`HistoryError::Behind`], [`HistoryError::Forked`]; a store that cannot be read.
pub fn compare(store: &dyn Store, said: &SignedCheckpoint, by: &str) -> Result<Seen, OpsError> {
    let said = Seen { size: said.checkpoint().size(), root: *said.checkpoint().root() };
    let have = store.head().size;
    if said.size > have {
        let (by, known) = (by.to_owned(), said.size);
        return Err(HistoryError::Behind { by, known, have }.into());
    }
    let root = Frontier::load(store, said.size)?.root();
    if root != said.root {
        return Err(HistoryError::Forked { by: by.to_owned(), size: said.size }.into());
    }
    Ok(said)
}

/// In the ledger's folder: a line with the path of the checkpoint's second copy.
pub(super) const COPY: &str = "second-copy";
/// In the ledger's folder: a checkpoint that was kept elsewhere and speaks against it.
pub(super) const AGAINST: &str = "known-elsewhere";

/// What stands against recording in a ledger that this process owns, and what its keeper
/// should hear.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Witnesses are to be asked before the first entry.
    pub unheard: bool,
    /// The second copy was not read when it was last asked; it is asked again before
    /// something is recorded.
    pub copy_away: bool,
    /// Why nothing may be signed.
    pub stopped: Option<HistoryError>,
    /// What guards less than it should.
    pub warnings: Vec<String>,
}

impl Standing {
    /// Refuses where signing was stopped: at opening, or since then by [`check`].
    pub(super) fn refuse_if_stopped(
        &mut self,
        folder: &Path,
        store: &dyn Store,
        log: &[(u64, VerifierKey)],
    ) -> Result<(), OpsError> {
        if store.owned_elsewhere() {
            return Ok(());
        }
        let against = folder.join(AGAINST).exists() || self.copy_away;
        if self.stopped.is_none() && against {
            let unheard = self.unheard;
            *self = Standing { unheard, ..standing(folder, store, log)? };
        }
        self.stopped.clone().map_or(Ok(()), |error| Err(error.into()))
    }

    /// As [`Standing::refuse_if_stopped`], and asks the witnesses once; what they say, and
    /// who of them was not reached, is in the warnings from then on.
    pub(super) fn refuse_to_record(
        &mut self,
        folder: &Path,
        store: &dyn Store,
        log: &[(u64, VerifierKey)],
    ) -> Result<(), OpsError> {
        self.refuse_if_stopped(folder, store, log)?;
        if std::mem::take(&mut self.unheard) {
            hearing::before_recording(self, folder, store, LogKeys::new(log).as_ref());
        }
        self.refuse_if_stopped(folder, store, log)
    }
}

/// Compares a ledger with the second copy of its checkpoint and with what
/// [`check`] kept. A copy that lags is brought up to date.
pub(super) fn standing(
    folder: &Path,
    store: &dyn Store,
    log: &[(u64, VerifierKey)],
) -> Result<Standing, OpsError> {
    let mut standing = Standing { unheard: true, ..Standing::default() };
    let Some(log) = LogKeys::new(log) else { return Ok(standing) };
    let mut places = Vec::new();
    if let Some(copy) = second_copy(folder)? {
        places.push((copy, "the second copy of the checkpoint".to_owned()));
    }
    let against = folder.join(AGAINST);
    if against.exists() {
        places.push((against.clone(), "a checkpoint kept elsewhere".to_owned()));
    }
    for (path, by) in places {
        let have = store.head().size;
        let heard = share::read(&path).map_err(|error| error.to_string());
        let heard = heard.and_then(|bytes| match open_own(&bytes, &log, &by, have) {
            Err(error @ HistoryError::Succeeded { .. }) => Ok(Err(OpsError::from(error))),
            // What it is of is said around this.
            Err(HistoryError::Unreadable { why, .. }) => Err(why),
            Err(error) => Err(error.to_string()),
            Ok(there) => Ok(Ok(there)),
        });
        let compared = heard.map(|heard| heard.and_then(|there| compare(store, &there, &by)));
        match compared {
            Ok(Ok(_)) => {}
            Ok(Err(OpsError::History(error))) => standing.stopped = Some(error),
            Ok(Err(error)) => return Err(error),
            // Somebody put it there because it speaks against the ledger. That it cannot be
            // read now is no reason to go on.
            Err(why) if path == against => {
                standing.stopped = Some(HistoryError::KeptUnreadable { why });
            }
            Err(why) => {
                standing.copy_away = true;
                standing.warnings.push(format!(
                    "{by} guards against nothing, an old copy of the ledger would not be noticed: \
                     {why}"
                ));
            }
        }
    }
    match against_by_witnesses(folder, store, &log) {
        Ok(found) => standing.stopped = standing.stopped.or(found),
        Err(error) => standing.warnings.push(format!("what witnesses cosigned: {error}")),
    }
    // One that cannot be read, or that the log key did not sign, must not take the place of
    // a good one.
    if standing.stopped.is_none()
        && let Ok(Some(newest)) = store.checkpoint()
        && log.open(&newest).is_ok()
        && let Err(error) = remember(folder, store, &log, &newest)
    {
        standing.warnings.push(format!("the second copy was not brought up to date: {error}"));
    }
    Ok(standing)
}

/// What the second copy and what [`check`] kept say against a ledger that is verified.
/// Nothing is written, and what cannot be read says nothing.
///
/// # Errors
/// The ledger cannot be read.
pub(super) fn against(
    folder: &Path,
    store: &dyn Store,
    logs: &LogKeys,
) -> Result<Vec<HistoryError>, OpsError> {
    let copy = second_copy(folder)?.map(|path| (path, "the second copy of the checkpoint"));
    let kept = (folder.join(AGAINST), "a checkpoint kept elsewhere");
    let mut found = Vec::new();
    for (path, by) in copy.into_iter().chain([kept]) {
        let Ok(bytes) = share::read(&path) else { continue };
        let there = match open_own(&bytes, logs, by, store.head().size) {
            Ok(there) => there,
            Err(error) => {
                found.extend(Some(error).filter(|it| matches!(it, HistoryError::Succeeded { .. })));
                continue;
            }
        };
        match compare(store, &there, by) {
            Ok(_) => {}
            Err(OpsError::History(error)) => found.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// A cosigned checkpoint beside the ledger that the ledger does not hold: its witnesses saw
/// what is not here.
///
/// # Errors
/// The ledger or the folder cannot be read.
pub(super) fn against_by_witnesses(
    folder: &Path,
    store: &dyn Store,
    log: &LogKeys,
) -> Result<Option<HistoryError>, OpsError> {
    for cosigned in Cosigned::of(folder, log).all()?.iter().rev() {
        match compare(store, cosigned, "a checkpoint that witnesses cosigned") {
            Ok(_) => {}
            Err(OpsError::History(error)) => return Ok(Some(error)),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// What a second copy says of a store.
pub(super) enum CopySays {
    /// What it knows is there.
    Agrees,
    /// It speaks against the store, by these bytes.
    Against(HistoryError, Vec<u8>),
    /// Nothing, and why.
    Nothing(String),
}

/// Asks a second copy and writes nothing.
///
/// # Errors
/// The store cannot be read.
pub(super) fn ask_copy(
    copy: &Path,
    store: &dyn Store,
    log: &LogKeys,
) -> Result<CopySays, OpsError> {
    let by = "the second copy of the checkpoint";
    let bytes = match share::read(copy) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(CopySays::Nothing(error.to_string())),
    };
    let there = match open_own(&bytes, log, by, store.head().size) {
        Ok(there) => there,
        Err(error @ HistoryError::Succeeded { .. }) => return Ok(CopySays::Against(error, bytes)),
        Err(error) => return Ok(CopySays::Nothing(error.to_string())),
    };
    match compare(store, &there, by) {
        Ok(_) => Ok(CopySays::Agrees),
        Err(OpsError::History(error)) => Ok(CopySays::Against(error, bytes)),
        Err(error) => Err(error),
    }
}

/// Where the second copy of the checkpoint is kept, if anywhere.
///
/// # Errors
/// The file that names it cannot be read.
pub fn second_copy(folder: &Path) -> Result<Option<PathBuf>, OpsError> {
    let path = folder.join(COPY);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(PathBuf::from(text.trim_end_matches('\n')))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OpsError::file("cannot read", &path, error)),
    }
}

/// Keeps a second copy of the checkpoint in `file` from now on, on another disk or a
/// share; none ends that and leaves the file.
///
/// # Errors
/// The file is of another ledger or knows better than this one; it cannot be written.
pub fn set_second_copy(ledger: &mut Ledger, file: Option<&Path>) -> Result<(), OpsError> {
    let name = ledger.folder().join(COPY);
    let Some(file) = file else {
        return match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(OpsError::file("cannot remove", &name, error))
            }
            _ => Ok(()),
        };
    };
    let file = std::path::absolute(file).map_err(|e| OpsError::file("cannot find", file, e))?;
    let Some(text) = file.to_str().filter(|text| !text.contains('\n')) else {
        return Err(OpsError::input("FILE", "the path is no line of text"));
    };
    let newest = ledger.checkpoint()?.to_bytes();
    if file.exists() {
        let log = LogKeys::new(ledger.state().log_keys());
        let log = log.ok_or_else(|| OpsError::refused(Refusal::NotFounded))?;
        let by = file.display().to_string();
        compare(ledger.store(), &open_checkpoint(&read_bounded(&file)?, &log, &by)?, &by)?;
    }
    put(&file, &newest)?;
    put(&name, format!("{text}\n").as_bytes())
}

/// Brings the second copy up to date. It must be there: an empty folder where a share
/// should be mounted is no second copy. What is there is compared first, since the share may
/// have been away when the ledger was opened: one that knows of more is kept and stops the
/// ledger, and one of another ledger is left alone. What is no checkpoint at all, cut to
/// nothing by a file system's repair for example, says nothing and is replaced.
///
/// # Errors
/// It is not there, is another ledger's, or cannot be written; it speaks against this ledger.
pub(super) fn remember(
    folder: &Path,
    store: &dyn Store,
    log: &LogKeys,
    checkpoint: &[u8],
) -> Result<(), OpsError> {
    let Some(copy) = second_copy(folder)? else { return Ok(()) };
    let there = share::read(&copy)?;
    if there == checkpoint {
        return Ok(());
    }
    if SignedCheckpoint::parse(&there).is_ok() {
        let by = "the second copy of the checkpoint";
        let compared = open_own(&there, log, by, store.head().size)
            .map_err(OpsError::from)
            .and_then(|said| compare(store, &said, by));
        if let Err(error) = compared {
            if !matches!(error, OpsError::History(HistoryError::OtherLedger { .. })) {
                put(&folder.join(AGAINST), &there)?;
            }
            return Err(error);
        }
    }
    share::replace(&copy, checkpoint)
}

/// Compares the ledger with what was kept elsewhere: checkpoints, receipts, published
/// folders. What speaks against it is kept, and nothing is signed from then on.
///
/// # Errors
/// The first that speaks against it, the second copy and what was kept before included; what
/// is of another ledger or unreadable.
pub fn check(ledger: &mut Ledger, files: &[PathBuf]) -> Result<Vec<Compared>, OpsError> {
    ledger.catch_up()?;
    let log = LogKeys::new(ledger.state().log_keys());
    let log = log.ok_or_else(|| OpsError::refused(Refusal::NotFounded))?;
    let mut compared = Vec::new();
    for file in files {
        let by = file.display().to_string();
        let path = if file.is_dir() { file.join("checkpoint") } else { file.clone() };
        let bytes = read_bounded(&path)?;
        let bytes = match Receipt::parse(&bytes) {
            Ok(receipt) => receipt.proof().checkpoint().to_bytes(),
            Err(_) => bytes,
        };
        // One by a later log key tells of an old copy and cannot be verified here, so it is
        // named and not kept.
        let there = open_own(&bytes, &log, &by, ledger.store().head().size)?;
        match compare(ledger.store(), &there, &by) {
            Ok(said) => compared.push(Compared { file: file.clone(), entries: said.size }),
            Err(error) => {
                // What it says counts for more than that it could not be kept.
                if let OpsError::History(_) = error {
                    let _ = put(&ledger.folder().join(AGAINST), &bytes);
                }
                return Err(error);
            }
        }
    }
    if let Some(error) = against(ledger.folder(), ledger.store(), &log)?.into_iter().next() {
        return Err(error.into());
    }
    if let Some(error) = against_by_witnesses(ledger.folder(), ledger.store(), &log)? {
        return Err(error.into());
    }
    if let Some(file) = second_copy(ledger.folder())?
        && let Ok(there) = share::read(&file)
        && let Ok(there) = open_checkpoint(&there, &log, "the second copy")
    {
        compared.push(Compared { file, entries: there.checkpoint().size() });
    }
    Ok(compared)
}

/// Keeps a checkpoint that this log signed, where it speaks against the ledger; nothing is
/// signed from then on.
///
/// # Errors
/// It cannot be kept, or the ledger cannot be read.
pub fn keep_if_against(ledger: &Ledger, said: &SignedCheckpoint) -> Result<(), OpsError> {
    match compare(ledger.store(), said, "what a witness saw") {
        Ok(_) => Ok(()),
        Err(OpsError::History(_)) => put(&ledger.folder().join(AGAINST), &said.to_bytes()),
        Err(error) => Err(error),
    }
}

/// Replaces a small file in one step, durably.
pub(super) fn put(path: &Path, bytes: &[u8]) -> Result<(), OpsError> {
    let failed = |error| OpsError::file("cannot write", path, error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut draft = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    draft.write_all(bytes).map_err(failed)?;
    let before = std::fs::metadata(path).ok();
    give(draft.as_file(), before.as_ref(), folder);
    draft.as_file().sync_all().map_err(failed)?;
    // On FAT the old file's clusters must not be free while a line still points at them.
    let before = std::fs::File::open(path);
    let kept = draft.persist(path).map_err(|refused| failed(refused.error))?;
    // A share may not know how to sync a folder; the file itself is durable.
    let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    kept.sync_all().map_err(failed)?;
    drop(before);
    Ok(())
}

/// Lets those read a file who read the one before it, or who read the folder: root's commands
/// write for a daemon that is another user, and the ledger's group asks what stands. A file
/// system that knows no owners has none to be given.
fn give(draft: &std::fs::File, before: Option<&Metadata>, folder: &Path) {
    let Ok(about) = std::fs::metadata(folder) else { return };
    let (owner, mode) = match before {
        Some(before) => (before, before.mode() & 0o666),
        None => (&about, 0o640),
    };
    if rustix::process::geteuid().is_root() {
        let _ = fchown(draft, Some(owner.uid()), Some(owner.gid()));
    }
    let _ = draft.set_permissions(Permissions::from_mode(mode));
}
