//! The checkpoints of an open ledger, the keys that sign them, and the receipts under them.

use super::{Committed, Ledger};
use crate::ledger::Refusal;
use crate::model::Statement;
use crate::ops::error::OpsError;
use crate::ops::log_signers::{self, LogSigner};
use crate::ops::{cosigned, known};
use crate::proof::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::proof::inclusion::prove_inclusion;
use crate::proof::log_keys::LogKeys;
use crate::proof::receipt::Receipt;
use crate::proof::tlog_proof::TlogProof;
use crate::wire::signature::sign_line;

impl Ledger {
    /// The newest signed checkpoint, brought up to date where a stop came between
    /// an entry and its checkpoint.
    ///
    /// # Errors
    /// When it is missing or does not open and cannot be signed anew.
    pub fn checkpoint(&mut self) -> Result<SignedCheckpoint, OpsError> {
        let bytes = self.store.checkpoint()?;
        let key =
            self.state.log_key().cloned().ok_or_else(|| OpsError::refused(Refusal::NotFounded))?;
        let opened = bytes.and_then(|bytes| SignedCheckpoint::open(&bytes, &key).ok());
        // Behind an owner of its own a checkpoint may be newer than what was read here.
        let (size, elsewhere) = (self.store.head().size, self.store.owned_elsewhere());
        let fits = |there: u64| there == size || (elsewhere && there > size);
        if let Some(checkpoint) = opened.filter(|it| fits(it.checkpoint().size())) {
            return Ok(checkpoint);
        }
        if elsewhere {
            return Err(OpsError::ReadBack("the newest checkpoint".to_owned()));
        }
        self.renew_checkpoint()
    }

    /// Signs a checkpoint whatever is in its place, which the caller has looked at.
    pub(in crate::ops) fn renew_checkpoint(&mut self) -> Result<SignedCheckpoint, OpsError> {
        self.load_log_signer(&[])?;
        let key =
            self.state.log_key().cloned().ok_or_else(|| OpsError::refused(Refusal::NotFounded))?;
        self.sign_checkpoint()?;
        let bytes = self.store.checkpoint()?.unwrap_or_default();
        SignedCheckpoint::open(&bytes, &key).map_err(|error| OpsError::ReadBack(error.to_string()))
    }

    /// The receipt of one entry: its note and the proof that it stands in the log.
    ///
    /// # Errors
    /// When there is no such entry or it cannot be read.
    pub fn receipt_of(&mut self, index: u64) -> Result<Receipt, OpsError> {
        let checkpoint = match cosigned::best_for(self, index)? {
            Some(cosigned) => cosigned,
            None => self.checkpoint()?,
        };
        let (note, size) = (self.note(index)?, checkpoint.checkpoint().size());
        self.catch_up()?;
        let path = prove_inclusion(self.store.as_ref(), index, size)
            .map_err(|error| OpsError::Unknown(format!("entry {index}: {error}")))?;
        Ok(Receipt::new(note, TlogProof::new(index, path, checkpoint))?)
    }

    pub(super) fn sign_checkpoint(&mut self) -> Result<(), OpsError> {
        self.refuse_if_stopped()?;
        let head = self.store.head();
        let (Some(facts), Some(signer)) = (&self.state.facts, &self.log_signer) else {
            return Err(OpsError::refused(Refusal::NotFounded));
        };
        let checkpoint = Checkpoint::new(facts.origin.as_str(), head.size, head.root)
            .and_then(|checkpoint| checkpoint.sign(signer.as_ref()))
            .map_err(log_signers::unsigned)?;
        let bytes = self.with_old_key(checkpoint)?.to_bytes();
        self.store.put_checkpoint(&bytes)?;
        // The entries are kept whatever comes of it, and the next to record is told.
        if let Some(log) = LogKeys::new(self.state.log_keys()) {
            let store = self.store.as_ref();
            let remembered = known::remember(&self.folder, store, &log, &bytes);
            self.standing.copy_away |= remembered.is_err();
        }
        Ok(())
    }

    /// While two log keys overlap, the replaced one signs as well, for those who know no
    /// other. One that is not at hand is in nobody's way.
    fn with_old_key(&self, new: SignedCheckpoint) -> Result<SignedCheckpoint, OpsError> {
        let Some(old) = self.state.overlapping_log_key(self.now()?.day()) else { return Ok(new) };
        let line = log_signers::find(&self.folder, old).ok();
        let line = line.and_then(|old| sign_line(old.as_ref(), new.note().text()).ok());
        Ok(line.and_then(|line| new.with_line(line).ok()).unwrap_or(new))
    }

    /// The key that the ledger will name behind what is coming must be at hand.
    pub(super) fn load_log_signer(&mut self, coming: &[Committed]) -> Result<(), OpsError> {
        let coming = coming.iter().rev().find_map(|entry| match &entry.statement {
            Statement::Genesis(said) => Some(said.log_key.0.clone()),
            Statement::LogKey(said) => Some(said.new_key.0.clone()),
            _ => None,
        });
        let Some(named) = coming.or_else(|| self.state.log_key().cloned()) else {
            return Err(OpsError::refused(Refusal::NotFounded));
        };
        let usable = |signer: &LogSigner| *signer.key() == named && signer.is_at_hand();
        if !self.log_signer.as_ref().is_some_and(usable) {
            self.log_signer = Some(log_signers::find(&self.folder, &named)?);
        }
        Ok(())
    }
}
