//! What the ledger says: standing, one medium, the entries, the people.

use super::error::OpsError;
use super::ledger::Ledger;
use crate::ledger::Refusal;
use crate::model::{MediumId, PartyId, Statement};
use crate::report::log::LogView;
use crate::report::medium::MediumView;
use crate::report::parties::{PartyList, PartyView};
use crate::report::status::Status;
use crate::store::Key;

/// Who holds what, overdue first.
///
/// # Errors
/// An impossible clock.
pub fn status(ledger: &Ledger) -> Result<Status, OpsError> {
    let now = ledger.now()?;
    let copies = super::daily::expected(ledger.folder(), now);
    let rounds = super::round::listed(ledger, now)?;
    Ok(Status { rounds, copies, ..Status::new(ledger.state(), now) })
}

/// One medium with its history.
///
/// # Errors
/// An unknown medium, or entries that cannot be read.
pub fn show(ledger: &Ledger, id: &MediumId) -> Result<MediumView, OpsError> {
    let unknown = || OpsError::refused(Refusal::UnknownMedium { medium: id.clone() });
    if !ledger.state().media.contains_key(id) {
        return Err(unknown());
    }
    let history = history(ledger, id)?;
    MediumView::new(ledger.state(), id, ledger.now()?, &history).ok_or_else(unknown)
}

/// The entries that name a medium, and the documents attached to its receipts.
///
/// # Errors
/// Entries that cannot be read.
pub fn history(ledger: &Ledger, id: &MediumId) -> Result<Vec<(u64, Statement)>, OpsError> {
    let indices = ledger.store().find(&Key::Medium(id.to_string()))?;
    let mut history = ledger.statements(&indices)?;
    let mut beside = Vec::new();
    for (_, said) in &history {
        if let Statement::Handover(said) = said {
            beside.extend(ledger.store().find(&Key::Receipt(said.receipt.to_string()))?);
        }
    }
    beside.retain(|index| !indices.contains(index));
    history.extend(ledger.statements(&beside)?);
    history.sort_by_key(|(index, _)| *index);
    Ok(history)
}

/// The entries, or those of one medium; the newest `limit` of them.
///
/// # Errors
/// An unknown medium, or entries that cannot be read.
pub fn log(ledger: &Ledger, medium: Option<&MediumId>, limit: usize) -> Result<LogView, OpsError> {
    let indices: Vec<u64> = match medium {
        Some(id) if !ledger.state().media.contains_key(id) => {
            return Err(OpsError::refused(Refusal::UnknownMedium { medium: id.clone() }));
        }
        Some(id) => {
            let all = ledger.store().find(&Key::Medium(id.to_string()))?;
            all[all.len().saturating_sub(limit)..].to_vec()
        }
        None => {
            let size = ledger.state().size;
            (size.saturating_sub(limit as u64)..size).collect()
        }
    };
    Ok(LogView::new(&ledger.statements(&indices)?, ledger.state()))
}

/// The newest entries that name a party, in whatever part.
///
/// # Errors
/// Nobody of that id; when the store cannot read.
pub fn log_of_party(ledger: &Ledger, id: &PartyId, limit: usize) -> Result<LogView, OpsError> {
    if !ledger.state().parties.contains_key(id) {
        return Err(OpsError::refused(Refusal::UnknownParty { party: id.clone() }));
    }
    let all = ledger.store().find(&Key::Party(id.to_string()))?;
    let newest = all.get(all.len().saturating_sub(limit)..).unwrap_or_default();
    Ok(LogView::new(&ledger.statements(newest)?, ledger.state()))
}

/// Everybody enrolled.
pub fn parties(ledger: &Ledger) -> PartyList {
    PartyList::new(ledger.state())
}

/// One party, with every key they ever had.
///
/// # Errors
/// An unknown party.
pub fn party(ledger: &Ledger, id: &PartyId) -> Result<PartyView, OpsError> {
    PartyView::new(ledger.state(), id)
        .ok_or_else(|| OpsError::refused(Refusal::UnknownParty { party: id.clone() }))
}
