//! People, organisations and stations: enrolling, renewing, revoking.

use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use crate::ledger::Intent;
use crate::model::vocabulary::{RevocationReason, Role};
use crate::model::{PartyId, PartyRef, Phrase, VerifierKey};

/// Whom to enrol, and as what.
pub struct Enrolment {
    /// Id, name, organisation.
    pub party: PartyRef,
    /// Roles, in any order.
    pub roles: Vec<Role>,
    /// Their key, if they have one.
    pub key: Option<VerifierKey>,
    /// Change an enrolment instead of making one.
    pub renew: bool,
    /// Who enrols them.
    pub by: PartyId,
}

/// Drafts an enrolment; the one who enrols signs, and the new key as well.
///
/// # Errors
/// Every reason against it.
pub fn enrol(ledger: &Ledger, mut wanted: Enrolment) -> Result<Draft, OpsError> {
    wanted.roles.sort();
    wanted.roles.dedup();
    let Enrolment { party, roles, key, renew, by } = wanted;
    ledger.draft(Intent::Enrol { party, roles, key, renew, by })
}

/// Drafts a revocation of the party's present key.
///
/// # Errors
/// Every reason against it.
pub fn revoke(
    ledger: &Ledger,
    party: PartyId,
    reason: RevocationReason,
    detail: Option<Phrase>,
    by: PartyId,
) -> Result<Draft, OpsError> {
    ledger.draft(Intent::Revoke { party, reason, detail, by })
}
