//! A ledger that cannot go on, since entries or its log key are lost, goes on as a new
//! one: with a log key of its own and an entry that names the old one and how far it got.

use std::path::Path;
use std::sync::Arc;

use super::audit::audit_store;
use super::clock::Clock;
use super::draft::Draft;
use super::error::OpsError;
use super::found::{Founding, found};
use super::known::HistoryError;
use super::ledger::{Committed, LOG_KEY_FILE, Ledger};
use crate::ledger::Refusal;
use crate::model::statement::Link;
use crate::model::vocabulary::{LinkRelation, Role};
use crate::model::{Origin, PartyId, ReceiptPrefix, Seen, Signatory, Statement, VerifierKey};
use crate::report::copies::Continuation;
use crate::store::Progress;
use crate::wire::signature::Signer;

/// How a ledger goes on.
pub struct Succession<'a> {
    /// The new ledger's origin.
    pub origin: Origin,
    /// Letters of its receipt numbers, which begin anew.
    pub receipt_prefix: ReceiptPrefix,
    /// Its folder.
    pub folder: &'a Path,
    /// An administrator of the old ledger, who administers the new one.
    pub by: PartyId,
    /// A custodian of the old ledger, and so of the new one.
    pub custodian: PartyId,
}

/// The keys that the two who found the new ledger have in the old one.
///
/// # Errors
/// Somebody who is not enrolled in it, has no key or another role.
pub fn founders(
    old: &Ledger,
    wish: &Succession<'_>,
) -> Result<(VerifierKey, VerifierKey), OpsError> {
    let key = |id: &PartyId, role: Role| {
        let party = old.state().parties.get(id);
        let party =
            party.ok_or_else(|| OpsError::refused(Refusal::UnknownParty { party: id.clone() }))?;
        let key = party.key.clone().filter(|_| party.has_any(&[role]));
        key.ok_or_else(|| {
            let problem = format!("{id} is no {role} with a key in the old ledger");
            OpsError::input(if role == Role::Custodian { "--custodian" } else { "--by" }, problem)
        })
    };
    Ok((key(&wish.by, Role::Administrator)?, key(&wish.custodian, Role::Custodian)?))
}

/// Founds the new ledger with the old one's policy and records what it continues; and in
/// the old one by what it is continued, where that still may sign.
///
/// # Errors
/// The old ledger does not verify; the new origin or prefix is the old one's; the new
/// folder is not empty.
pub fn continue_as(
    old: &mut Ledger,
    wish: &Succession<'_>,
    administrator: &dyn Signer,
    custodian: &dyn Signer,
    clock: Arc<dyn Clock>,
    progress: Progress<'_>,
) -> Result<Continuation, OpsError> {
    founders(old, wish)?;
    let state = old.state();
    let (Some(facts), Some(log_key)) = (state.facts.clone(), state.log_key().cloned()) else {
        return Err(OpsError::refused(Refusal::NotFounded));
    };
    if facts.origin == wish.origin {
        let problem = "a new log key needs a new name: receipts of both must not be mixed up";
        return Err(OpsError::input("NEW-ORIGIN", problem));
    }
    if facts.receipt_prefix == wish.receipt_prefix {
        let problem = "the old ledger's letters would give one number to two receipts";
        return Err(OpsError::input("--prefix", problem));
    }
    // What is named as the last good head must be good.
    let audit = audit_store(old.store(), Some(&log_key), progress)?;
    if !audit.is_green() {
        let said = audit.findings.iter().take(5).map(ToString::to_string).collect();
        return Err(HistoryError::Unverified(said).into());
    }
    let last = Seen { size: audit.entries, root: audit.root };
    let party = |id: &PartyId| state.parties.get(id).map(|party| party.party.clone());
    let (Some(by), Some(keeper)) = (party(&wish.by), party(&wish.custodian)) else {
        return Err(OpsError::refused(Refusal::UnknownParty { party: wish.by.clone() }));
    };
    let founding = Founding {
        origin: wish.origin.clone(),
        organisation: facts.organisation.clone(),
        site: facts.site.clone(),
        zone: facts.zone.clone(),
        receipt_prefix: wish.receipt_prefix.clone(),
        administrator: by.clone(),
        custodian: keeper,
        policy: state.policy.clone(),
    };
    let by = Signatory { party: by, key: administrator.key().clone() };
    let (mut fresh, _) = found(wish.folder, &founding, administrator, custodian, clock)?;
    let named = (facts.origin.clone(), log_key, last);
    let link = link(&mut fresh, named, LinkRelation::Continues, by.clone(), administrator)?;
    let closed = close(old, &fresh, by, administrator);
    let state = old.state();
    Ok(Continuation {
        ledger: wish.folder.to_owned(),
        origin: wish.origin.to_string(),
        log_key: fresh.state().log_key().map(ToString::to_string).unwrap_or_default(),
        continues: facts.origin.to_string(),
        entries: last.size,
        link: link.index,
        closed: closed.as_ref().ok().copied(),
        not_closed: closed.err().map(|error| error.to_string()),
        people: state.parties.len().saturating_sub(2) as u64,
        media: state.media.len() as u64,
    })
}

/// The last entry of the old ledger. One that lacks entries must not sign it, and one
/// without its log key cannot.
fn close(
    old: &mut Ledger,
    fresh: &Ledger,
    by: Signatory,
    administrator: &dyn Signer,
) -> Result<u64, OpsError> {
    old.ready()?;
    let (Some(facts), Some(key)) = (&fresh.state().facts, fresh.state().log_key()) else {
        return Err(OpsError::refused(Refusal::NotFounded));
    };
    let named = (facts.origin.clone(), key.clone(), fresh.newest_head());
    Ok(link(old, named, LinkRelation::ContinuedBy, by, administrator)?.index)
}

/// Records how another log stands to this one.
fn link(
    ledger: &mut Ledger,
    (other, other_key, other_seen): (Origin, VerifierKey, Seen),
    relation: LinkRelation,
    by: Signatory,
    administrator: &dyn Signer,
) -> Result<Committed, OpsError> {
    let frame = ledger.frame()?;
    let Some(facts) = &ledger.state().facts else {
        return Err(OpsError::refused(Refusal::NotFounded));
    };
    let said = Link {
        ledger: facts.origin.clone(),
        at: frame.at,
        seen: frame.seen,
        other,
        other_key,
        other_seen,
        relation,
        by,
        nonce: frame.nonce,
    };
    let mut draft = Draft::new(Statement::from(said));
    draft.sign(administrator)?;
    let committed = ledger.submit(&[draft])?.pop();
    committed.ok_or_else(|| OpsError::ReadBack(format!("{LOG_KEY_FILE} signed no entry")))
}
