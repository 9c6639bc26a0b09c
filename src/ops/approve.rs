//! The answer to a request.

use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use crate::ledger::Intent;
use crate::model::vocabulary::Verdict;
use crate::model::{PartyId, Phrase};

/// Drafts the answer to the request that is entry `index`.
///
/// # Errors
/// Every reason against it.
pub fn approve(
    ledger: &Ledger,
    index: u64,
    verdict: Verdict,
    detail: Option<Phrase>,
    by: PartyId,
) -> Result<Draft, OpsError> {
    ledger.draft(Intent::Answer { request: index, verdict, detail, by })
}
