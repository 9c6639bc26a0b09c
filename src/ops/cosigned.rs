//! Witnesses of this ledger: asking them, and keeping what they cosigned beside the
//! checkpoint, in `cosigned/<size>.checkpoint`. A checkpoint is let go once a newer one
//! has all its witnesses.

use std::path::{Path, PathBuf};

use super::error::OpsError;
use super::gather::read_bounded;
use super::known::keep_if_against;
use super::ledger::{Ledger, options};
use super::witness::WitnessError;
use crate::ledger::Refusal;
use crate::model::VerifierKey;
use crate::proof::checkpoint::{SignedCheckpoint, decimal};
use crate::proof::consistency::prove_consistency;
use crate::proof::log_keys::LogKeys;
use crate::proof::quorum::{POLICY_MAX, Vouched, WitnessPolicy};
use crate::proof::tree::Frontier;
use crate::proof::witness::AddCheckpoint;
use crate::store::SmallFiles;
use crate::wire::note::{NOTE_MAX, SignatureLine};
use crate::wire::signature::is_by;

/// The folder of cosigned checkpoints in the ledger's.
pub const FOLDER: &str = "cosigned";
/// The policy beside the ledger: who counts as a witness and how many are needed.
pub const POLICY_FILE: &str = "witnesses.policy";
const EXTENSION: &str = ".checkpoint";
/// Most checkpoints kept; more come together only where witnesses stop answering.
const KEPT_MAX: usize = 16;

/// Reads a policy.
///
/// # Errors
/// The file cannot be read, or is not sound.
pub fn read_policy(path: &Path) -> Result<WitnessPolicy, OpsError> {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let folder = path.parent().unwrap_or(Path::new(""));
    let bytes = SmallFiles::of(folder, &options()).read(&file.unwrap_or_default(), POLICY_MAX)?;
    let bytes = bytes.ok_or_else(|| WitnessError::NoPolicy(path.to_owned()))?;
    WitnessPolicy::parse(&bytes)
        .map_err(|error| WitnessError::Policy { path: path.to_owned(), error }.into())
}

/// The policy beside a ledger, where there is one.
///
/// # Errors
/// As [`read_policy`].
pub fn policy_beside(folder: &Path) -> Result<Option<WitnessPolicy>, OpsError> {
    match read_policy(&folder.join(POLICY_FILE)) {
        Err(OpsError::Witness(WitnessError::NoPolicy(_))) => Ok(None),
        other => other.map(Some),
    }
}

/// Where the cosigned checkpoint of `size` entries is, in the ledger's folder.
pub(super) fn member(size: u64) -> String {
    format!("{FOLDER}/{size}{EXTENSION}")
}

/// Whether that is the name of one.
pub(super) fn is_member(name: &str) -> bool {
    let size = name.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/'));
    let size = size.and_then(|rest| rest.strip_suffix(EXTENSION)).and_then(decimal);
    size.is_some_and(|size| member(size) == name)
}

/// The cosigned checkpoints of one ledger.
pub struct Cosigned {
    files: SmallFiles,
    log: LogKeys,
}

impl Cosigned {
    /// Those of the ledger in `folder`, whose log keys are `log`.
    pub fn of(folder: &Path, log: &LogKeys) -> Self {
        Cosigned { files: SmallFiles::of(&folder.join(FOLDER), &options()), log: log.clone() }
    }

    /// All that hold, smallest first. One that does not is left out: it is evidence
    /// that can be asked for again.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn all(&self) -> Result<Vec<SignedCheckpoint>, OpsError> {
        let mut found = Vec::new();
        for name in self.files.names()? {
            let bytes = self.files.read(&name, NOTE_MAX)?.unwrap_or_default();
            found.extend(self.log.open(&bytes).ok());
        }
        found.sort_by_key(|checkpoint| checkpoint.checkpoint().size());
        Ok(found)
    }

    /// Entries of the newest checkpoint that this witness cosigned; 0 for none.
    ///
    /// # Errors
    /// As [`Cosigned::all`].
    pub fn newest_by(&self, witness: &VerifierKey) -> Result<u64, OpsError> {
        let by = |checkpoint: &&SignedCheckpoint| signed_by(checkpoint, witness);
        let newest = self.all()?.iter().rev().find(by).map(|newest| newest.checkpoint().size());
        Ok(newest.unwrap_or(0))
    }

    /// Keeps a checkpoint with these lines of its witnesses, beside those it has.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn keep(
        &self,
        checkpoint: &SignedCheckpoint,
        lines: &[(VerifierKey, SignatureLine)],
    ) -> Result<(), OpsError> {
        self.files.create()?;
        let _held = self.files.hold()?;
        let size = checkpoint.checkpoint().size();
        let same =
            self.all()?.into_iter().find(|kept| kept.checkpoint() == checkpoint.checkpoint());
        let base = same.as_ref().unwrap_or(checkpoint).note().signatures();
        // Of each witness the newest line, behind the log's own.
        let stale = |line: &SignatureLine| lines.iter().any(|(key, _)| is_by(line, key));
        let mut merged: Vec<_> = base.iter().filter(|line| !stale(line)).cloned().collect();
        merged.extend(lines.iter().map(|(_, line)| line.clone()));
        let merged = checkpoint.only(merged);
        let merged = merged.map_err(|error| OpsError::Unknown(error.to_string()))?;
        self.files.replace(&format!("{size}{EXTENSION}"), &merged.to_bytes())?;
        self.let_go()
    }

    fn let_go(&self) -> Result<(), OpsError> {
        let all = self.all()?;
        let witnesses = |checkpoint: &SignedCheckpoint| -> Vec<(String, [u8; 4])> {
            let lines = checkpoint.note().signatures().iter();
            lines.filter(|line| !self.log.signed(line)).map(|l| (l.name.clone(), l.id)).collect()
        };
        let excess = all.len().saturating_sub(KEPT_MAX);
        for (at, old) in all.iter().enumerate() {
            let had = witnesses(old);
            let newer = all.get(at + 1..).unwrap_or_default();
            let covered = newer.iter().any(|newer| {
                let has = witnesses(newer);
                had.iter().all(|witness| has.contains(witness))
            });
            if covered || at < excess {
                self.files.remove(&format!("{}{EXTENSION}", old.checkpoint().size()))?;
            }
        }
        Ok(())
    }
}

fn signed_by(checkpoint: &SignedCheckpoint, key: &VerifierKey) -> bool {
    checkpoint.note().signatures().iter().any(|line| is_by(line, key))
}

/// The keys of this ledger's log, present and past.
///
/// # Errors
/// `NotFounded`.
pub fn log_keys(ledger: &Ledger) -> Result<LogKeys, OpsError> {
    LogKeys::new(ledger.state().log_keys()).ok_or_else(|| OpsError::refused(Refusal::NotFounded))
}

/// Asks a witness that stands at `old` entries to vouch for the newest checkpoint.
///
/// # Errors
/// The ledger cannot be read, or has fewer entries.
pub fn request(ledger: &mut Ledger, old: u64) -> Result<AddCheckpoint, OpsError> {
    let checkpoint = ledger.checkpoint()?;
    ledger.catch_up()?;
    let size = checkpoint.checkpoint().size();
    if old > size {
        return Err(WitnessError::Ahead { seen: old, have: size }.into());
    }
    let proof = prove_consistency(ledger.store(), old, size)
        .map_err(|error| OpsError::ReadBack(error.to_string()))?;
    Ok(AddCheckpoint::new(old, proof, checkpoint))
}

/// What a witness vouched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Entries of the checkpoint.
    pub size: u64,
    /// Who vouches, and whether they are enough.
    pub vouched: Vouched,
    /// Entries there are now.
    pub entries: u64,
}

/// Takes a cosigned checkpoint: it must be of this very history, and a witness of the
/// policy must vouch for it.
///
/// # Errors
/// [`WitnessError`]; one that [is a fork](WitnessError::is_fork) is evidence.
pub fn take(
    ledger: &mut Ledger,
    cosigned: &SignedCheckpoint,
    policy: &WitnessPolicy,
    from: &str,
) -> Result<Taken, OpsError> {
    let log = log_keys(ledger)?;
    log.verify(cosigned).map_err(|error| OpsError::input(from, error))?;
    if let Err(error) = same_history(ledger, cosigned) {
        keep_if_against(ledger, cosigned)?;
        return Err(error);
    }
    let vouched = policy.judge(cosigned).map_err(|error| OpsError::input(from, error))?;
    if vouched.by.is_empty() {
        return Err(WitnessError::Nobody(from.to_owned()).into());
    }
    let by = |key: &VerifierKey| {
        let line = cosigned.note().signatures().iter().find(|line| is_by(line, key));
        line.map(|line| (key.clone(), line.clone()))
    };
    let lines: Vec<_> = vouched.by.iter().filter_map(|(_, line)| by(&line.key)).collect();
    let own = cosigned.note().signatures().iter().filter(|line| log.signed(line)).cloned();
    let plain = cosigned.only(own.collect());
    let plain = plain.map_err(|error| OpsError::input(from, error))?;
    let kept = Cosigned::of(ledger.folder(), &log);
    kept.keep(&plain, &lines)?;
    let size = cosigned.checkpoint().size();
    // What others said of the same checkpoint before counts as well.
    let all = kept.all()?;
    let merged = all.iter().find(|kept| kept.checkpoint() == cosigned.checkpoint());
    let vouched = merged.and_then(|merged| policy.judge(merged).ok()).unwrap_or(vouched);
    Ok(Taken { size, vouched, entries: ledger.store().head().size })
}

/// Takes a cosigned checkpoint out of a file.
///
/// # Errors
/// As [`take`]; the file cannot be read.
pub fn import(ledger: &mut Ledger, file: &Path, policy: &WitnessPolicy) -> Result<Taken, OpsError> {
    let from = file.display().to_string();
    let cosigned = SignedCheckpoint::parse(&read_bounded(file)?);
    let cosigned = cosigned.map_err(|error| OpsError::input(&from, error))?;
    take(ledger, &cosigned, policy, &from)
}

/// Whether a checkpoint that the log signed is of the history that is here.
fn same_history(ledger: &mut Ledger, signed: &SignedCheckpoint) -> Result<(), OpsError> {
    ledger.catch_up()?;
    let (said, have) = (signed.checkpoint(), ledger.store().head().size);
    if said.size() > have {
        return Err(WitnessError::Ahead { seen: said.size(), have }.into());
    }
    if Frontier::load(ledger.store(), said.size())?.root() == *said.root() {
        Ok(())
    } else {
        Err(WitnessError::OtherHistory { seen: said.size() }.into())
    }
}

/// The checkpoint a receipt of the entry at `index` is proven under: the newest that
/// enough witnesses vouch for, else the one with most witnesses. None where no cosigned
/// checkpoint has the entry.
///
/// # Errors
/// The ledger cannot be read.
pub fn best_for(ledger: &mut Ledger, index: u64) -> Result<Option<SignedCheckpoint>, OpsError> {
    let kept = Cosigned::of(ledger.folder(), &log_keys(ledger)?);
    // A policy that cannot be read is said by whatever judges by it.
    let policy = policy_beside(ledger.folder()).unwrap_or_default();
    let mut best: Option<((bool, usize, u64), SignedCheckpoint)> = None;
    for checkpoint in kept.all()? {
        let size = checkpoint.checkpoint().size();
        if size <= index || same_history(ledger, &checkpoint).is_err() {
            continue;
        }
        let judged = policy.as_ref().and_then(|policy| policy.judge(&checkpoint).ok());
        let enough = judged.is_some_and(|judged| judged.enough);
        let lines = if enough { 0 } else { checkpoint.note().signatures().len() };
        let rank = (enough, lines, size);
        if best.as_ref().is_none_or(|(other, _)| *other <= rank) {
            best = Some((rank, checkpoint));
        }
    }
    Ok(best.map(|(_, checkpoint)| checkpoint))
}

/// The policy to go by: the one named, else the one beside the ledger.
///
/// # Errors
/// As [`read_policy`].
pub fn policy_of(ledger: &Path, named: Option<&PathBuf>) -> Result<WitnessPolicy, OpsError> {
    match named {
        Some(path) => read_policy(path),
        None => read_policy(&ledger.join(POLICY_FILE)),
    }
}
