//! Documents made from the ledger: the register, the list for a check, a history,
//! certificates, labels.

use std::ops::ControlFlow;

use super::error::OpsError;
use super::ledger::Ledger;
use super::status::history;
use crate::ledger::{Refusal, Refusals};
use crate::model::{MediumId, Name, Phrase, Seen, Statement};
use crate::proof::tree::{Frontier, leaf_hash};
use crate::report::certificate::{Behind, ErasureCertificate, RetirementCertificate};
use crate::report::receipt::Codes;
use crate::report::sheet::RoundView;
use crate::report::{CheckReport, CheckSheet, HistorySheet, LabelSheet, RegisterSheet};
use crate::wire::note::Note;
use crate::wire::qr::{PayloadKind, encode};
use crate::wire::round::Round;
use crate::wire::statement;

/// The head that a document is made from.
pub(super) fn head(ledger: &Ledger) -> Seen {
    let head = ledger.store().head();
    Seen { size: head.size, root: head.root }
}

/// Every medium.
///
/// # Errors
/// An impossible clock.
pub fn register(ledger: &Ledger) -> Result<RegisterSheet, OpsError> {
    Ok(RegisterSheet::new(ledger.state(), ledger.now()?, head(ledger)))
}

/// The list for a round at a place.
///
/// # Errors
/// A place that is no medium's home; an impossible clock.
pub fn check(ledger: &Ledger, place: &Name) -> Result<CheckSheet, OpsError> {
    super::check::known_place(ledger.state(), place)?;
    Ok(CheckSheet::new(ledger.state(), place, ledger.now()?, head(ledger)))
}

/// The round that was closed by an entry, or the newest one.
///
/// # Errors
/// No such entry, or it closes no round.
pub fn result(ledger: &Ledger, entry: Option<u64>) -> Result<CheckReport, OpsError> {
    let size = ledger.state().size;
    let none = |index: u64| OpsError::Unknown(format!("entry {index} is not a check"));
    let candidates: Vec<u64> = match entry {
        Some(index) if index >= size => {
            return Err(OpsError::refused(Refusal::UnknownEntry { index }));
        }
        Some(index) => vec![index],
        None => (0..size).rev().collect(),
    };
    for index in candidates {
        match statement_at(ledger, index)? {
            Some((Statement::Check(said), _)) => {
                return Ok(CheckReport::new(ledger.state(), &said, Some(index)));
            }
            _ if entry.is_some() => return Err(none(index)),
            _ => {}
        }
    }
    Err(OpsError::Unknown("no check has been recorded yet".to_owned()))
}

/// One medium's history.
///
/// # Errors
/// An unknown medium, or entries that cannot be read.
pub fn of_medium(ledger: &Ledger, id: &MediumId) -> Result<HistorySheet, OpsError> {
    known(ledger, std::slice::from_ref(id))?;
    let (when, told) = ((ledger.now()?, head(ledger)), history(ledger, id)?);
    HistorySheet::new(ledger.state(), id, when, &told)
        .ok_or_else(|| OpsError::refused(Refusal::UnknownMedium { medium: id.clone() }))
}

/// Labels of these media, or of all that are in use.
///
/// # Errors
/// Media that are not registered, all of them named.
pub fn labels(
    ledger: &Ledger,
    ids: &[MediumId],
    contact: Option<Phrase>,
) -> Result<LabelSheet, OpsError> {
    known(ledger, ids)?;
    let in_use = ledger.state().media.values().filter(|medium| medium.in_use());
    let all: Vec<MediumId> = match ids {
        [] => in_use.map(|medium| medium.line.id.clone()).collect(),
        some => some.to_vec(),
    };
    Ok(LabelSheet::new(ledger.state(), &all, contact))
}

fn known(ledger: &Ledger, ids: &[MediumId]) -> Result<(), OpsError> {
    let unknown = ids.iter().filter(|id| !ledger.state().media.contains_key(*id));
    let refused = unknown.map(|id| Refusal::UnknownMedium { medium: id.clone() }).collect();
    Ok(Refusals::into_result(refused)?)
}

/// The certificate of a medium's last erasure, or of the one at `entry`.
///
/// # Errors
/// An unknown medium, or none recorded of it.
pub fn erasure(
    ledger: &mut Ledger,
    id: &MediumId,
    entry: Option<u64>,
) -> Result<ErasureCertificate, OpsError> {
    let told = told(ledger, id)?;
    let found = told.iter().rev().find_map(|(index, said)| match said {
        Statement::Erase(said) if entry.is_none_or(|wanted| wanted == *index) => {
            Some((*index, said.clone()))
        }
        _ => None,
    });
    let (index, said) = found.ok_or_else(|| nothing(id, "erasure", entry))?;
    let leaf = leaf_hash(&ledger.note(index)?.to_bytes());
    let behind = Behind { index, leaf, history: &told };
    let certificate = ErasureCertificate::new(ledger.state(), &said, behind);
    let (codes, size) = codes(ledger, index)?;
    Ok(certificate.with_codes(codes, size))
}

/// The certificate of a medium's retirement.
///
/// # Errors
/// An unknown medium, or one that is in use.
pub fn retirement(ledger: &mut Ledger, id: &MediumId) -> Result<RetirementCertificate, OpsError> {
    let told = told(ledger, id)?;
    let found = told.iter().rev().find_map(|(index, said)| match said {
        Statement::Retire(said) => Some((*index, said.clone())),
        _ => None,
    });
    let (index, said) = found.ok_or_else(|| nothing(id, "retirement", None))?;
    let leaf = leaf_hash(&ledger.note(index)?.to_bytes());
    let behind = Behind { index, leaf, history: &told };
    let certificate = RetirementCertificate::new(ledger.state(), &said, behind);
    let (codes, size) = codes(ledger, index)?;
    Ok(certificate.with_codes(codes, size))
}

fn nothing(id: &MediumId, what: &str, entry: Option<u64>) -> OpsError {
    let at = entry.map_or_else(String::new, |entry| format!(" by entry {entry}"));
    OpsError::Unknown(format!("no {what} of {id} is recorded{at}"))
}

/// A medium's history and every correction in the log: which entry a correction is
/// about stands in no index, and a certificate that was corrected must not look as if
/// it were not.
pub(super) fn told(ledger: &Ledger, id: &MediumId) -> Result<Vec<(u64, Statement)>, OpsError> {
    known(ledger, std::slice::from_ref(id))?;
    let mut told = history(ledger, id)?;
    let first = told.first().map_or(0, |(index, _)| *index);
    let mut corrections = Vec::new();
    ledger.store().visit(first..ledger.state().size, &mut |index, note| {
        if note.starts_with(b"custody/correct/")
            && let Ok(note) = Note::parse(note)
            && let Ok(said) = statement::parse(note.text())
        {
            corrections.push((index, said));
        }
        ControlFlow::Continue(())
    })?;
    told.extend(corrections);
    told.sort_by_key(|(index, _)| *index);
    Ok(told)
}

/// The two codes under which an entry verifies without the ledger, and the size of the
/// log that its proof leads to.
fn codes(ledger: &mut Ledger, index: u64) -> Result<(Codes, u64), OpsError> {
    let receipt = ledger.receipt_of(index)?;
    let note = encode(PayloadKind::Note, &receipt.note().to_bytes())?;
    let proof = encode(PayloadKind::Proof, &receipt.proof().to_bytes())?;
    Ok((Codes { note, proof }, receipt.proof().checkpoint().checkpoint().size()))
}

fn statement_at(ledger: &Ledger, index: u64) -> Result<Option<(Statement, u64)>, OpsError> {
    Ok(ledger.statements(&[index])?.pop().map(|(index, said)| (said, index)))
}

/// What the code of a printed check sheet says, held against the ledger.
///
/// # Errors
/// No such code, or a ledger that cannot be read.
pub fn round(ledger: &Ledger, code: &str) -> Result<RoundView, OpsError> {
    let code = Round::parse(code).map_err(|error| OpsError::input("CODE", error))?;
    let (state, size) = (ledger.state(), ledger.store().head().size);
    let mut place = None;
    if let (Some(facts), true) = (&state.facts, code.size() <= size) {
        let root = Frontier::load(ledger.store(), code.size())?.root();
        // A place stays one as long as any medium's home was ever called so.
        let mut homes = state.media.values().map(|medium| &medium.home);
        place = homes.find(|home| code.is_of(&facts.origin, home, root)).cloned();
    }
    Ok(RoundView {
        code: code.to_string(),
        day: code.day(),
        entries: code.size(),
        place,
        entries_since: size.saturating_sub(code.size()),
    })
}
