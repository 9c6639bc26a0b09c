//! Replacing the key that signs checkpoints. Both keys and an administrator sign the entry,
//! so whoever trusts the old key is led to the new one; for as long as they overlap, the old
//! key signs checkpoints as well.

use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use super::log_signers;
use crate::ledger::Refusal;
use crate::ledger::judge::judge;
use crate::model::statement::{LogKey, Signs};
use crate::model::vocabulary::RevocationReason;
use crate::model::{PartyId, Signatory, Statement};

/// How the log key is replaced.
pub struct Replacement {
    /// The administrator who does it.
    pub by: PartyId,
    /// Why.
    pub reason: RevocationReason,
    /// For how many days the old key signs as well; none for not at all.
    pub overlap_days: Option<u32>,
    /// The new key is the one in the ssh-agent, of several the one named; none for a new
    /// file.
    pub in_agent: Option<Option<String>>,
}

/// A draft of the entry, signed by both log keys; the administrator's signature is missing.
/// The new key is durable before this returns.
///
/// # Errors
/// Every reason against it; a log key that is not at hand or cannot be written.
pub fn draft(ledger: &mut Ledger, wish: &Replacement) -> Result<Draft, OpsError> {
    let old = ledger.state().log_key().cloned();
    let old = old.ok_or_else(|| OpsError::refused(Refusal::NotFounded))?;
    let old = log_signers::find(ledger.folder(), &old)?;
    let party = ledger.state().parties.get(&wish.by).cloned();
    let unknown = || OpsError::refused(Refusal::UnknownParty { party: wish.by.clone() });
    let party = party.ok_or_else(unknown)?;
    let key = party.key.clone();
    let key = key.ok_or_else(|| OpsError::refused(Refusal::NoKey { party: wish.by.clone() }))?;
    let Some(facts) = ledger.state().facts.clone() else {
        return Err(OpsError::refused(Refusal::NotFounded));
    };
    let which = wish.in_agent.as_ref().map(Option::as_deref);
    let new = log_signers::next(ledger.folder(), old.key(), which)?;
    let frame = ledger.frame()?;
    let said = Statement::from(LogKey {
        ledger: facts.origin,
        at: frame.at,
        seen: frame.seen,
        old_key: Signs(old.key().clone()),
        new_key: Signs(new.key().clone()),
        reason: wish.reason,
        overlap_until: wish.overlap_days.map(|days| frame.at.day().plus(days)),
        by: Signatory { party: party.party, key },
        nonce: frame.nonce,
    });
    judge(ledger.state(), &said, frame.at)?;
    let mut draft = Draft::new(said);
    draft.sign(old.as_ref())?;
    draft.sign(new.as_ref())?;
    Ok(draft)
}
