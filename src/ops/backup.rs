//! One file that a ledger can be brought back from, written while others go on recording.
//!
//! It is a published log with what stands beside it: unpacked, it is a folder that
//! `custody verify --tiles` reads. docs/recovery.md lists its members.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use super::backup_daily;
use super::cosigned::{self, Cosigned, POLICY_FILE, log_keys};
use super::daily;
use super::error::OpsError;
use super::gather::read_bounded;
use super::keys::Keyring;
use super::known::{AGAINST, COPY};
use super::ledger::{LOG_KEY_FILE, LOG_VKEY_FILE, Ledger};
use super::log_signers::{self, OLD_KEY_FILE};
use super::publish::each_tile;
use crate::keyring::{Cost, Passphrase, seal_pem};
use crate::ledger::Refusal;
use crate::model::Day;
use crate::report::copies::Backup;
use crate::store::Progress;
use crate::store::archive::{ArchiveReader, ArchiveWriter, is_name};
use crate::wire::signature::SigningKey;

/// The first member: which form the backup has, and of what.
pub(super) const HEADING: &str = "custody-backup";
/// What its first line says.
pub(super) const FORM: &str = "custody-backup/2";
/// The form before: nothing of witnesses, no second copy.
pub(super) const FORM_BEFORE: &str = "custody-backup/1";
/// Folders in a ledger's folder whose files are part of it.
pub(super) const BESIDE: &[&str] = &["attachments", "drafts", "rounds"];
/// Files in a ledger's folder that others' words about it are in, or where they are, and
/// which copies of it are expected.
pub(super) const GUARDS: &[&str] = &[POLICY_FILE, COPY, AGAINST, daily::FILE];
/// Where keys stand in a backup.
pub(super) const KEYS: &str = "keys";
/// The configuration in a backup.
pub(super) const CONFIGURATION: &str = "config.toml";
/// How a private key begins that a passphrase protects.
const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n";

/// What goes into a backup beside the ledger.
#[derive(Default)]
pub struct Beside<'a> {
    /// The configuration.
    pub configuration: Option<&'a Path>,
    /// Private keys: the log's, encrypted with the passphrase, and those of the keyring,
    /// as they are.
    pub keys: Option<(&'a Keyring, &'a Passphrase)>,
    /// What deriving a key from the passphrase costs.
    pub cost: Cost,
}

/// Writes a backup into a new file, reads it back and compares.
///
/// # Errors
/// The file is there already or cannot be written; the ledger cannot be read.
pub fn back_up(
    ledger: &mut Ledger,
    file: &Path,
    beside: &Beside<'_>,
    progress: Progress<'_>,
) -> Result<Backup, OpsError> {
    let failed = |error| OpsError::file("cannot write", file, error);
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if file.exists() {
        return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
    }
    let mut draft =
        tempfile::Builder::new().prefix(backup_daily::PART).tempfile_in(folder).map_err(failed)?;
    let out = BufWriter::with_capacity(1 << 20, draft.as_file_mut());
    let mut report = stream(ledger, out, beside, progress)?;
    draft.as_file().sync_all().map_err(failed)?;
    let written = File::open(draft.path()).map_err(failed)?;
    let mut reader = ArchiveReader::new(BufReader::with_capacity(1 << 20, written));
    let read_back = |error: &dyn std::fmt::Display| OpsError::ReadBack(error.to_string());
    while reader.next_member().map_err(|error| read_back(&error))?.is_some() {}
    let kept = draft.persist_noclobber(file).map_err(|refused| failed(refused.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    // On FAT, which is what sticks have, the file's line in its folder is written only now.
    kept.sync_all().map_err(failed)?;
    (report.file, report.read_back) = (Some(file.to_owned()), true);
    Ok(report)
}

/// Writes a backup to whatever takes bytes.
///
/// # Errors
/// As [`back_up`].
pub fn stream(
    ledger: &mut Ledger,
    out: impl Write,
    beside: &Beside<'_>,
    progress: Progress<'_>,
) -> Result<Backup, OpsError> {
    // Entries under a signed checkpoint never change: what is read below is one state,
    // whoever appends meanwhile.
    let checkpoint = ledger.checkpoint()?;
    ledger.catch_up()?;
    let (origin, entries) =
        (checkpoint.checkpoint().origin().to_owned(), checkpoint.checkpoint().size());
    let log_key = ledger.state().log_key().cloned();
    let log_key = log_key.ok_or_else(|| OpsError::refused(Refusal::NotFounded))?;
    let mut saving = Saving { archive: ArchiveWriter::new(out), files: 0, left_out: Vec::new() };
    let now = ledger.now()?;
    let heading = format!("{FORM}\norigin: {origin}\nentries: {entries}\nmade: {now}\n");
    saving.add(HEADING, heading.as_bytes())?;
    saving.add(LOG_VKEY_FILE, format!("{log_key}\n").as_bytes())?;
    each_tile(ledger.store(), 0, &checkpoint, progress, &mut |tile| {
        saving.add(&tile.path.to_string(), &tile.bytes)
    })?;
    saving.add("checkpoint", &checkpoint.to_bytes())?;
    for folder in BESIDE {
        saving.folder(ledger.folder(), folder)?;
    }
    // Of what others say the part that is about this state; a witness that is ahead of it
    // will say so itself.
    for cosigned in Cosigned::of(ledger.folder(), &log_keys(ledger)?).all()? {
        let size = cosigned.checkpoint().size();
        if size <= entries {
            saving.beside(&cosigned::member(size), &cosigned.to_bytes())?;
        }
    }
    for name in GUARDS {
        saving.file(&ledger.folder().join(name), name)?;
    }
    if let Some(file) = beside.configuration {
        saving.beside(CONFIGURATION, &read_bounded(file)?)?;
    }
    let mut keys = 0;
    if let Some((keyring, passphrase)) = beside.keys {
        match log_signers::secret(ledger.folder(), &log_key)? {
            Some(signer) => {
                saving.log_key(&signer, passphrase, beside.cost)?;
                keys += 1;
            }
            None => saving.left_out.push("the log key, which an ssh-agent holds".to_owned()),
        }
        keys += saving.old_log_key(ledger, now.day(), passphrase, beside.cost)?;
        keys += saving.keyring(keyring)?;
    }
    let Saving { archive, files, left_out } = saving;
    let (bytes, _) = archive.finish().map_err(unwritten)?;
    Ok(Backup {
        file: None,
        origin,
        entries,
        files,
        keys,
        bytes,
        read_back: false,
        left_out,
        removed: Vec::new(),
        damaged: Vec::new(),
    })
}

/// A backup being written.
struct Saving<W> {
    archive: ArchiveWriter<W>,
    files: u64,
    left_out: Vec<String>,
}

impl<W: Write> Saving<W> {
    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), OpsError> {
        self.archive.add(name, bytes).map_err(unwritten)
    }

    fn beside(&mut self, name: &str, bytes: &[u8]) -> Result<(), OpsError> {
        self.files += 1;
        self.add(name, bytes)
    }

    /// The files of a folder beside the journal, in order.
    fn folder(&mut self, ledger: &Path, folder: &str) -> Result<(), OpsError> {
        for name in names_in(&ledger.join(folder))? {
            let path = ledger.join(folder).join(&name);
            let member = format!("{folder}/{name}");
            // What is half written has another name; a draft may go while it is read.
            if name.ends_with(".new") || !is_name(&member) {
                self.left_out.push(member);
                continue;
            }
            self.file(&path, &member)?;
        }
        Ok(())
    }

    /// A file, where there is one.
    fn file(&mut self, path: &Path, member: &str) -> Result<(), OpsError> {
        match read_bounded(path) {
            Ok(bytes) => self.beside(member, &bytes),
            Err(OpsError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The log key that was replaced, as long as it signs on; how many.
    fn old_log_key(
        &mut self,
        ledger: &Ledger,
        today: Day,
        passphrase: &Passphrase,
        cost: Cost,
    ) -> Result<u64, OpsError> {
        let there = ledger.folder().join(OLD_KEY_FILE).exists();
        let Some(old) = ledger.state().overlapping_log_key(today) else {
            if there {
                let words = "which was replaced and signs nothing more: destroy it";
                self.left_out.push(format!("{OLD_KEY_FILE}, {words}"));
            }
            return Ok(0);
        };
        match log_signers::secret(ledger.folder(), old) {
            Ok(Some(signer)) => {
                let sealed = seal_pem(&signer, passphrase, cost)?;
                self.beside(&format!("{KEYS}/{OLD_KEY_FILE}"), sealed.as_bytes())?;
                Ok(1)
            }
            Ok(None) | Err(OpsError::LogKeyFile { .. }) => {
                let words = "the replaced log key, which signs on and is in no file here";
                self.left_out.push(words.to_owned());
                Ok(0)
            }
            Err(error) => Err(error),
        }
    }

    fn log_key(
        &mut self,
        signer: &SigningKey,
        passphrase: &Passphrase,
        cost: Cost,
    ) -> Result<(), OpsError> {
        let sealed = seal_pem(signer, passphrase, cost)?;
        self.beside(&format!("{KEYS}/{LOG_KEY_FILE}"), sealed.as_bytes())
    }

    /// The keys of a keyring that a passphrase protects; how many.
    fn keyring(&mut self, keyring: &Keyring) -> Result<u64, OpsError> {
        let mut keys = 0;
        for name in names_in(keyring.folder())? {
            if let Some(stem) = name.strip_suffix(".pub")
                && !keyring.folder().join(format!("{stem}.pem")).exists()
            {
                self.left_out.push(format!("{name}, whose private key an ssh-agent holds"));
            }
            let Some(stem) = name.strip_suffix(".pem") else { continue };
            let pem = read_bounded(&keyring.folder().join(&name))?;
            let member = format!("{KEYS}/ring/{name}");
            let vkey = format!("{stem}.vkey");
            let public = format!("{KEYS}/ring/{vkey}");
            if !pem.starts_with(ENCRYPTED.as_bytes()) {
                self.left_out.push(format!("{name}, which no passphrase protects"));
                continue;
            }
            if !is_name(&member) || !is_name(&public) {
                self.left_out.push(format!("{name}, whose name is too long"));
                continue;
            }
            self.beside(&member, &pem)?;
            self.beside(&public, &read_bounded(&keyring.folder().join(&vkey))?)?;
            keys += 1;
        }
        Ok(keys)
    }
}

/// Names of the files in a folder, in order; none where there is no folder.
fn names_in(folder: &Path) -> Result<Vec<String>, OpsError> {
    let failed = |error| OpsError::file("cannot read", folder, error);
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn unwritten(error: std::io::Error) -> OpsError {
    OpsError::file("cannot write", Path::new("the backup"), error)
}
