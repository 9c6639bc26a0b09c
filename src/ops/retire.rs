//! Taking a medium out of use for good.

use super::draft::Draft;
use super::error::{OpsError, Problem};
use super::ledger::Ledger;
use super::status::history;
use crate::ledger::Intent;
use crate::ledger::intent::Retirement;
use crate::model::MediumId;
use crate::report::certificate::{EarlierErasure, last_erasure};

/// Drafts a retirement.
///
/// # Errors
/// How or with what it was done without by which method; every reason against it.
pub fn retire(ledger: &Ledger, wish: Retirement) -> Result<Draft, OpsError> {
    if wish.method.is_none() {
        let said = [
            ("--technique", wish.technique.is_some()),
            ("--tool", wish.tool.is_some()),
            ("--verification", wish.verification.is_some()),
        ];
        let said = said.iter().filter(|(_, said)| *said);
        let problem = |(flag, _): &(&str, bool)| {
            Problem::new(flag, "say by which method as well, with --method")
        };
        let problems: Vec<Problem> = said.map(problem).collect();
        if !problems.is_empty() {
            return Err(OpsError::Input(problems));
        }
    }
    ledger.draft(Intent::Retire(Box::new(wish)))
}

/// The last erasure of a medium since it last changed hands; none when nobody recorded
/// one.
///
/// # Errors
/// Entries that cannot be read.
pub fn erased(ledger: &Ledger, medium: &MediumId) -> Result<Option<EarlierErasure>, OpsError> {
    Ok(last_erasure(medium, u64::MAX, &history(ledger, medium)?))
}
