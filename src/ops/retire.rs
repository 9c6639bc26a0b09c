//! Taking a medium out of use for good.

use super::draft::Draft;
use super::error::{OpsError, Problem};
use super::ledger::Ledger;
use crate::ledger::Intent;
use crate::ledger::intent::Retirement;
use crate::model::{MediumId, Stamp, Statement};
use crate::store::Key;

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

/// The last erasure of a medium since it last changed hands: entry and time. None when
/// somebody has had it since, and could have filled it again.
///
/// # Errors
/// Entries that cannot be read.
pub fn erased(ledger: &Ledger, medium: &MediumId) -> Result<Option<(u64, Stamp)>, OpsError> {
    let indices = ledger.store().find(&Key::Medium(medium.to_string()))?;
    let mut last = None;
    for (index, said) in ledger.statements(&indices)? {
        match said {
            Statement::Erase(said) => last = Some((index, said.at)),
            Statement::Handover(_) => last = None,
            _ => {}
        }
    }
    Ok(last)
}
