//! Bringing a ledger back, from a backup or from what was published. It is laid out
//! beside its place, verified from the first entry on, and moved there only then.

use std::collections::VecDeque;
use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::backup::{BESIDE, CONFIGURATION, FORM, FORM_BEFORE, GUARDS, HEADING, KEYS};
use super::cosigned;
use super::error::OpsError;
use super::fsck;
use super::keys::Keyring;
use super::known::{self, COPY, CopySays};
use super::ledger::{LOG_KEY_FILE, LOG_VKEY_FILE, options};
use super::log_signers::OLD_KEY_FILE;
use super::published::{bundle, newest};
use super::verify::verify_ledger;
use crate::keyring::{Passphrase, Unencrypted, open_pem, save_log_key};
use crate::model::{Statement, VerifierKey};
use crate::proof::log_keys::LogKeys;
use crate::proof::tiles::{TileKind, TilePath, decode_bundle};
use crate::proof::tiling::{Tile, Tiling};
use crate::report::Verdict;
use crate::report::copies::Restoration;
use crate::report::verification::LedgerVerification;
use crate::store::archive::{ArchiveError, ArchiveReader, Member};
use crate::store::{FileStore, Progress, Published, Store as _, StoreError};
use crate::wire::note::Note;
use crate::wire::statement;

/// Why a ledger is not brought back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup's file is damaged.
    #[error("the backup {} cannot be used: {error}", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        error: ArchiveError,
    },
    /// It holds something else than a backup would.
    #[error("{source_of} cannot be used: {why}")]
    Content {
        /// Where it comes from.
        source_of: String,
        /// What is wrong.
        why: String,
    },
    /// It was read whole and does not verify.
    #[error("it does not verify: {}", .0.join("; "))]
    Unverified(Vec<String>),
    /// An earlier restoration was stopped half way.
    #[error("{} is left from a restoration that was stopped", .0.display())]
    Leftover(PathBuf),
}

/// What a ledger is brought back from.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// A file that `custody backup` wrote.
    Backup(&'a Path),
    /// A folder that `custody publish` wrote, or a copy of it.
    Tiles(&'a Path),
}

/// How it is brought back.
#[derive(Default)]
pub struct Restoring<'a> {
    /// The log key that whoever restores knows from elsewhere.
    pub trusted: Option<&'a VerifierKey>,
    /// Opens the log key in a backup.
    pub passphrase: Option<&'a Passphrase>,
    /// Where the keyring's keys go; none leaves them in the backup.
    pub keyring: Option<&'a Keyring>,
}

/// Brings a ledger back into `folder`, which must not be there or be empty.
///
/// # Errors
/// The folder is not empty; the source is damaged, of another ledger than the one
/// trusted, or does not verify. Then nothing is left of it.
pub fn restore(
    source: Source<'_>,
    folder: &Path,
    how: &Restoring<'_>,
    progress: Progress<'_>,
) -> Result<Restoration, OpsError> {
    refuse_unless_vacant(folder)?;
    let part = Part::make(folder)?;
    let mut laid_out = LaidOut::begin(&part.0)?;
    match source {
        Source::Backup(file) => laid_out.take_backup(file, how, progress)?,
        Source::Tiles(tiles) => laid_out.take_tiles(tiles, progress)?,
    }
    let keys = laid_out.named_keys()?;
    let LaidOut { store, files, mut missing, log_key, guards, .. } = laid_out;
    store.close()?;
    let verified = verify_ledger(&part.0, how.trusted, progress)?;
    if verified.verdict != Verdict::Passed {
        return Err(RestoreError::Unverified(said(&verified)).into());
    }
    let soundness = fsck::look(&part.0, &mut |_, _| {})?;
    missing.extend(soundness.findings.into_iter().map(|finding| finding.problem));
    missing.extend(put_back_guards(&part.0, guards, &keys)?);
    part.keep(folder)?;
    Ok(Restoration {
        ledger: folder.to_owned(),
        origin: verified.ledger.map(|origin| origin.to_string()).unwrap_or_default(),
        entries: verified.entries,
        signatures: verified.signatures,
        log_key,
        files,
        missing,
    })
}

/// Puts back what witnesses and others said of the ledger, once its entries are verified on
/// their own, and tells what of it speaks against them: the backup is too old then, and may
/// be all that is left. The second copy is asked and not taken up again: this may be a
/// drill beside a ledger that goes on, and two ledgers with one second copy stop each other.
fn put_back_guards(
    folder: &Path,
    guards: Vec<Member>,
    keys: &[(u64, VerifierKey)],
) -> Result<Vec<String>, OpsError> {
    let Some(log) = LogKeys::new(keys) else { return Ok(Vec::new()) };
    let store = FileStore::open(folder, &options(), &mut |_, _| {})?;
    let mut said = Vec::new();
    // The second copy last: what it shows takes the place of what stopped the ledger before.
    let (copies, others): (Vec<Member>, Vec<Member>) =
        guards.into_iter().partition(|member| member.name == COPY);
    for Member { name, bytes } in others {
        write(folder, &name, &bytes)?;
    }
    let mut against = Vec::from_iter(known::against(folder, &store, &log)?);
    against.extend(known::against_by_witnesses(folder, &store, &log)?);
    said.extend(against.iter().map(|error| format!("{error}: nothing is signed.")));
    for Member { bytes, .. } in copies {
        let copy = String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned();
        match known::ask_copy(Path::new(&copy), &store, &log)? {
            CopySays::Against(error, there) => {
                known::put(&folder.join(known::AGAINST), &there)?;
                said.push(format!("{error}: nothing is signed before a newer copy is restored."));
            }
            CopySays::Agrees => said.push(format!(
                "The second copy of the checkpoint is not taken up again: where this is the \
                 ledger from now on, run 'custody ledger second-copy {copy}'."
            )),
            CopySays::Nothing(why) => said.push(format!(
                "The second copy of the checkpoint was in {copy} and was not asked: {why}"
            )),
        }
    }
    store.close()?;
    Ok(said)
}

/// What is wrong, as much of it as a person reads.
fn said(verified: &LedgerVerification) -> Vec<String> {
    let shown = verified.findings.iter().take(5).map(|finding| match finding.index {
        Some(index) => format!("entry {index}: {}", finding.message),
        None => finding.message.clone(),
    });
    let mut said: Vec<String> = shown.collect();
    let more = verified.findings_total.saturating_sub(said.len() as u64);
    if more > 0 {
        said.push(format!("and {more} more"));
    }
    said
}

fn refuse_unless_vacant(folder: &Path) -> Result<(), OpsError> {
    let vacant = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(OpsError::file("cannot read", folder, error)),
        Ok(mut entries) => entries.next().is_none(),
    };
    if vacant { Ok(()) } else { Err(StoreError::NotEmpty { path: folder.to_owned() }.into()) }
}

/// The folder in which a ledger is laid out; gone when it is not kept.
struct Part(PathBuf);

impl Part {
    fn make(folder: &Path) -> Result<Self, OpsError> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let part = folder.with_file_name(format!("{name}.part"));
        if part.exists() {
            return Err(RestoreError::Leftover(part).into());
        }
        if let Some(parent) = part.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent)
                .map_err(|error| OpsError::file("cannot make the folder", parent, error))?;
        }
        FileStore::create(&part, &options())?;
        Ok(Part(part))
    }

    /// Moves it into its place, durably.
    fn keep(mut self, folder: &Path) -> Result<(), OpsError> {
        let failed = |error| OpsError::file("cannot move into", folder, error);
        std::fs::rename(&self.0, folder).map_err(failed)?;
        self.0 = PathBuf::new();
        let parent = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // Made above and by nobody else; the source still has all of it.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// A ledger that is being laid out.
struct LaidOut<'a> {
    folder: &'a Path,
    store: FileStore,
    tiling: Tiling,
    /// Tiles that must come next in a backup, since the entries before them say so.
    expected: VecDeque<Tile>,
    vkey: Option<VerifierKey>,
    log_key: bool,
    files: u64,
    missing: Vec<String>,
    /// What others said of the ledger; it waits until the entries are verified.
    guards: Vec<Member>,
}

impl<'a> LaidOut<'a> {
    fn begin(folder: &'a Path) -> Result<Self, OpsError> {
        Ok(LaidOut {
            folder,
            store: FileStore::open(folder, &options(), &mut |_, _| {})?,
            tiling: Tiling::new(),
            expected: VecDeque::new(),
            vkey: None,
            log_key: false,
            files: 0,
            missing: Vec::new(),
            guards: Vec::new(),
        })
    }

    fn take_tiles(&mut self, tiles: &Path, progress: Progress<'_>) -> Result<(), OpsError> {
        let published = Published::at(tiles, &options());
        let (checkpoint, size) = newest(&published, tiles)?;
        let unfit = |why| RestoreError::Content { source_of: tiles.display().to_string(), why };
        while self.store.head().size < size {
            let at = self.store.head().size;
            let notes = bundle(&published, at, size)?.map_err(unfit)?;
            self.append(&notes, &unfit)?;
            progress(self.store.head().size, size);
        }
        self.checkpoint(&checkpoint, &unfit)?;
        self.missing.push(
            "What was published has no attached documents, no drafts and no keys.".to_owned(),
        );
        self.keep_vkey()
    }

    fn take_backup(
        &mut self,
        file: &Path,
        how: &Restoring<'_>,
        progress: Progress<'_>,
    ) -> Result<(), OpsError> {
        let unfit = |why| RestoreError::Content { source_of: file.display().to_string(), why };
        let opened = File::open(file).map_err(|e| OpsError::file("cannot read", file, e))?;
        let length = opened.metadata().map(|it| it.len()).unwrap_or_default();
        let mut reader = ArchiveReader::new(BufReader::with_capacity(1 << 20, opened));
        let (mut first, mut read) = (true, 0);
        loop {
            let member = reader.next_member();
            let member =
                member.map_err(|error| RestoreError::Damaged { file: file.to_owned(), error })?;
            let Some(member) = member else { break };
            read += member.bytes.len() as u64;
            progress(read, length);
            if first != (member.name == HEADING) {
                return Err(unfit(format!("{} stands where it should not", member.name)).into());
            }
            first = false;
            self.member(member, how, &unfit)?;
        }
        if let Some(tile) = self.expected.front() {
            return Err(unfit(format!("{} is not there", tile.path)).into());
        }
        self.keep_vkey()
    }

    fn member(
        &mut self,
        member: Member,
        how: &Restoring<'_>,
        unfit: &dyn Fn(String) -> RestoreError,
    ) -> Result<(), OpsError> {
        let Member { name, bytes } = member;
        if name == HEADING {
            let begins = |form| bytes.starts_with(format!("{form}\n").as_bytes());
            let sound = begins(FORM) || begins(FORM_BEFORE);
            return if sound {
                Ok(())
            } else {
                Err(unfit("a newer program wrote it".to_owned()).into())
            };
        }
        if name.starts_with("tile/") {
            return self.tile(&name, bytes, unfit);
        }
        if GUARDS.contains(&name.as_str()) || cosigned::is_member(&name) {
            self.files += 1;
            self.guards.push(Member { name, bytes });
            return Ok(());
        }
        match name.split_once('/') {
            None if name == "checkpoint" => self.checkpoint(&bytes, unfit),
            None if name == LOG_VKEY_FILE => {
                let text = String::from_utf8_lossy(&bytes);
                let key = text.trim().parse().map_err(|e| unfit(format!("{name}: {e}")))?;
                self.vkey = Some(key);
                Ok(())
            }
            None if name == CONFIGURATION => {
                self.files += 1;
                let shown = format!("{CONFIGURATION} is in the ledger's folder: move it");
                self.missing.push(shown);
                self.write(&name, &bytes)
            }
            Some((folder, file)) if BESIDE.contains(&folder) && !file.contains('/') => {
                self.files += 1;
                self.write(&name, &bytes)
            }
            Some((KEYS, file)) => self.key(file, &bytes, how, unfit),
            _ => Err(unfit(format!("it holds {name}, which no backup has")).into()),
        }
    }

    /// A bundle is appended; a hash tile is the one that follows from the entries.
    fn tile(
        &mut self,
        name: &str,
        bytes: Vec<u8>,
        unfit: &dyn Fn(String) -> RestoreError,
    ) -> Result<(), OpsError> {
        let path: TilePath = name.parse().map_err(|e| unfit(format!("{name}: {e}")))?;
        if path.kind() == TileKind::Entries && self.expected.is_empty() {
            let notes = decode_bundle(&bytes, path.width());
            let notes = notes.map_err(|e| unfit(format!("{name}: {e}")))?;
            let notes: Vec<Vec<u8>> = notes.into_iter().map(<[u8]>::to_vec).collect();
            self.append(&notes, unfit)?;
        }
        if self.expected.is_empty() {
            self.expected.extend(self.tiling.rest().map_err(|e| unfit(e.to_string()))?);
        }
        let tile = Tile { path, bytes };
        match self.expected.pop_front() {
            Some(expected) if expected == tile => Ok(()),
            _ => Err(unfit(format!("{name} does not follow from the entries")).into()),
        }
    }

    fn append(
        &mut self,
        notes: &[Vec<u8>],
        unfit: &dyn Fn(String) -> RestoreError,
    ) -> Result<(), OpsError> {
        for note in notes {
            let full = self.tiling.push(note).map_err(|error| unfit(error.to_string()))?;
            self.expected.extend(full);
        }
        match self.store.append(self.store.head().size, notes) {
            Err(error @ StoreError::EmptyNote) => Err(unfit(error.to_string()).into()),
            appended => Ok(appended.map(|_| ())?),
        }
    }

    fn checkpoint(
        &mut self,
        bytes: &[u8],
        unfit: &dyn Fn(String) -> RestoreError,
    ) -> Result<(), OpsError> {
        match self.store.put_checkpoint(bytes) {
            Err(error @ (StoreError::Damaged(_) | StoreError::OutOfRange { .. })) => {
                Err(unfit(format!("its checkpoint does not fit: {error}")).into())
            }
            put => Ok(put?),
        }
    }

    /// The log key is put back; the keyring's are handed to the keyring.
    fn key(
        &mut self,
        name: &str,
        bytes: &[u8],
        how: &Restoring<'_>,
        unfit: &dyn Fn(String) -> RestoreError,
    ) -> Result<(), OpsError> {
        if name == OLD_KEY_FILE {
            return self.old_log_key(bytes, how, unfit);
        }
        if name == LOG_KEY_FILE {
            let Some(passphrase) = how.passphrase else {
                self.missing.push("The log key in the backup was not asked for.".to_owned());
                return Ok(());
            };
            let vkey = self.vkey.clone();
            let vkey = vkey.ok_or_else(|| unfit(format!("{LOG_VKEY_FILE} is not there")))?;
            let pem = String::from_utf8_lossy(bytes);
            let key = open_pem(&pem, &vkey, Some(passphrase), Unencrypted::Refuse)?;
            save_log_key(&self.folder.join(LOG_KEY_FILE), &key)?;
            (self.log_key, self.files) = (true, self.files + 1);
            return Ok(());
        }
        let Some(file) = name.strip_prefix("ring/").filter(|file| !file.contains('/')) else {
            return Err(unfit(format!("it holds {KEYS}/{name}, which no backup has")).into());
        };
        match how.keyring {
            Some(keyring) => {
                if keyring.put_back(file, bytes)? {
                    self.files += 1;
                } else {
                    let there = keyring.folder().join(file);
                    self.missing.push(format!(
                        "{} is another file than the backup's, and was left as it is.",
                        there.display()
                    ));
                }
            }
            None => self.missing.push(format!("The key {file} in the backup was not asked for.")),
        }
        Ok(())
    }

    /// The log key that was replaced and signs on is the one named before the newest.
    fn old_log_key(
        &self,
        bytes: &[u8],
        how: &Restoring<'_>,
        unfit: &dyn Fn(String) -> RestoreError,
    ) -> Result<(), OpsError> {
        let Some(passphrase) = how.passphrase else { return Ok(()) };
        let named = self.named_keys()?;
        let old = named.iter().rev().nth(1).map(|(_, key)| key);
        let old = old.ok_or_else(|| unfit(format!("{OLD_KEY_FILE} is a key of no entry")))?;
        let pem = String::from_utf8_lossy(bytes);
        let key = open_pem(&pem, old, Some(passphrase), Unencrypted::Refuse)?;
        Ok(save_log_key(&self.folder.join(OLD_KEY_FILE), &key)?)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), OpsError> {
        write(self.folder, name, bytes)
    }

    /// The log keys that entries name, each with the entry.
    fn named_keys(&self) -> Result<Vec<(u64, VerifierKey)>, OpsError> {
        let mut named = Vec::new();
        self.store.visit(0..self.store.head().size, &mut |index, note| {
            named.extend(log_key_in(note).map(|key| (index, key)));
            ControlFlow::Continue(())
        })?;
        Ok(named)
    }

    /// The log's public key beside the ledger is the one that the newest entry of those that
    /// name one names.
    fn keep_vkey(&self) -> Result<(), OpsError> {
        let named = self.named_keys()?.pop().map(|(_, key)| key);
        let Some(named) = named.or_else(|| self.vkey.clone()) else { return Ok(()) };
        self.write(LOG_VKEY_FILE, format!("{named}\n").as_bytes())
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), OpsError> {
    let path = folder.join(name);
    let failed = |error| OpsError::file("cannot write", &path, error);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    std::fs::write(&path, bytes).map_err(failed)?;
    File::open(&path).and_then(|file| file.sync_all()).map_err(failed)
}

/// The log key that an entry names, if it is of a kind that does.
fn log_key_in(note: &[u8]) -> Option<VerifierKey> {
    let kinds = [&b"custody/genesis/v1\n"[..], b"custody/log-key/v1\n"];
    if !kinds.iter().any(|kind| note.starts_with(kind)) {
        return None;
    }
    let note = Note::parse(note).ok()?;
    match statement::parse(note.text()).ok()? {
        Statement::Genesis(said) => Some(said.log_key.0),
        Statement::LogKey(said) => Some(said.new_key.0),
        _ => None,
    }
}
