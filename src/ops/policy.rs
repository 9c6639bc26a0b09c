//! The rules: setting them is an entry like all else.

use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use crate::ledger::{Intent, Policy};
use crate::model::{PartyId, Phrase};

/// Drafts a change of policy.
///
/// # Errors
/// Every reason against it.
pub fn set(
    ledger: &Ledger,
    policy: Policy,
    reason: Option<Phrase>,
    by: PartyId,
    second: Option<PartyId>,
) -> Result<Draft, OpsError> {
    ledger.draft(Intent::SetPolicy { policy, reason, by, second })
}
