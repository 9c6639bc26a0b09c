//! Reports over the whole log: what falls due, what has no partner, a month.

use std::ops::ControlFlow;

use super::error::OpsError;
use super::ledger::Ledger;
use super::sheet::head;
use crate::model::{Day, Statement};
use crate::proof::log_keys::LogKeys;
use crate::proof::tree::{Frontier, leaf_hash};
use crate::render::xlsx;
use crate::report::receipt::Head;
use crate::report::workbook::Workbook;
use crate::report::{DueReport, Month, MonthFold, MonthlyReport, Reconciler, Reconciliation};
use crate::wire::note::Note;
use crate::wire::statement;

/// What falls due.
///
/// # Errors
/// An impossible clock, or entries that cannot be read.
pub fn due(ledger: &Ledger) -> Result<DueReport, OpsError> {
    let open: Vec<u64> = ledger.state().requests.keys().copied().collect();
    let requests = ledger.statements(&open)?;
    Ok(DueReport::new(ledger.state(), ledger.now()?, head(ledger), &requests))
}

/// Requests, answers, handovers and sightings side by side, from that day on.
///
/// # Errors
/// As [`due`].
pub fn reconcile(ledger: &Ledger, since: Option<Day>) -> Result<Reconciliation, OpsError> {
    let mut accounts = Reconciler::new(since);
    each(ledger, &mut |index, _, said| {
        if let Some(said) = said {
            accounts.take(index, &said);
        }
    })?;
    Ok(accounts.finish(ledger.state(), ledger.now()?, head(ledger)))
}

/// A month; the one before the present where none is named.
///
/// # Errors
/// A month in the future, and as [`due`].
pub fn monthly(ledger: &Ledger, month: Option<Month>) -> Result<MonthlyReport, OpsError> {
    let now = ledger.now()?;
    let wrong = |problem: String| OpsError::input("MONTH", problem);
    let present = Month::of(now).map_err(|error| wrong(error.to_string()))?;
    let before = || present.before().map_err(|error| wrong(error.to_string()));
    let month = month.map_or_else(before, Ok)?;
    if month > present {
        return Err(wrong(format!("{month} has not begun")));
    }
    let mut fold = MonthFold::new(month);
    each(ledger, &mut |_, note, said| fold.take(leaf_hash(note), said.as_ref()))?;
    let size = fold.size_at_end();
    let root = Frontier::load(ledger.store(), size)?.root();
    let at_end = (size > 0).then_some(Head { entries: size, root });
    Ok(fold.finish(ledger.state(), (now, head(ledger)), at_end, signed(ledger)?))
}

/// The newest checkpoint, as far as it opens under the log's key.
fn signed(ledger: &Ledger) -> Result<Option<Head>, OpsError> {
    let bytes = ledger.store().checkpoint()?;
    let opened = bytes
        .zip(LogKeys::new(ledger.state().log_keys()))
        .and_then(|(bytes, keys)| keys.open(&bytes).ok());
    Ok(opened.map(|signed| {
        let checkpoint = signed.checkpoint();
        Head { entries: checkpoint.size(), root: *checkpoint.root() }
    }))
}

/// What takes each entry's index, note and statement.
type Taker<'a> = &'a mut dyn FnMut(u64, &[u8], Option<Statement>);

/// Shows every entry: its index, its note, and what it says, where that can be read.
pub(super) fn each(ledger: &Ledger, take: Taker<'_>) -> Result<(), OpsError> {
    ledger.store().visit(0..ledger.store().head().size, &mut |index, bytes| {
        let note = Note::parse(bytes).ok();
        take(index, bytes, note.and_then(|note| statement::parse(note.text()).ok()));
        ControlFlow::Continue(())
    })?;
    Ok(())
}

/// A report as a spreadsheet.
///
/// # Errors
/// A table of more rows than a sheet takes.
pub fn spreadsheet(book: &Workbook) -> Result<Vec<u8>, OpsError> {
    xlsx::xlsx(book).map_err(|error| OpsError::input("--xlsx", error))
}
