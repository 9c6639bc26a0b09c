//! Take-outs that are asked for before they happen, and which of them are open.

use super::draft::Draft;
use super::error::OpsError;
use super::handover::place_of;
use super::ledger::Ledger;
use crate::ledger::intent::Application;
use crate::ledger::refusal::NO_OPEN_REQUEST;
use crate::ledger::{Intent, Refusal};
use crate::model::{Day, EntryRef, MediumId, Name, PartyId, Phrase, Statement, statement};
use crate::report::OpenRequests;

/// What a person says about a take-out they ask for.
#[derive(Debug, Clone)]
pub struct RequestWish {
    /// The drives.
    pub media: Vec<MediumId>,
    /// Who is to receive them.
    pub receiver: PartyId,
    /// What for.
    pub purpose: Phrase,
    /// What will be on them.
    pub contents: Option<Phrase>,
    /// Of how many persons.
    pub persons: Option<u64>,
    /// Where to; the receiver's organisation when not said.
    pub place: Option<Name>,
    /// Back by.
    pub due: Option<Day>,
    /// Who asks.
    pub by: PartyId,
}

/// Drafts the request.
///
/// # Errors
/// Every reason against it.
pub fn request(ledger: &Ledger, wish: RequestWish) -> Result<Draft, OpsError> {
    let place = match wish.place {
        Some(place) => place,
        None => place_of(ledger.state(), &wish.receiver)?,
    };
    let RequestWish { media, receiver, purpose, contents, persons, due, by, .. } = wish;
    ledger.draft(Intent::Request(Box::new(Application {
        media,
        receiver,
        purpose,
        contents,
        persons,
        place,
        due,
        by,
    })))
}

/// The requests that wait for an answer or for their handover.
///
/// # Errors
/// An impossible clock, or entries that cannot be read.
pub fn open(ledger: &Ledger) -> Result<OpenRequests, OpsError> {
    let open: Vec<u64> = ledger.state().requests.keys().copied().collect();
    Ok(OpenRequests::new(ledger.state(), ledger.now()?, &ledger.statements(&open)?))
}

/// An open request, by the index of its entry.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its entry.
    pub entry: EntryRef,
    /// What it says.
    pub said: statement::Request,
}

/// The open request that is entry `index`.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn asked(ledger: &Ledger, index: u64) -> Result<Asked, OpsError> {
    let none = || OpsError::refused(Refusal::RequestUnfit { index, problem: NO_OPEN_REQUEST });
    let record = ledger.state().requests.get(&index).ok_or_else(none)?;
    let entry = EntryRef { index, leaf: record.leaf };
    match ledger.statements(&[index])?.pop() {
        Some((_, Statement::Request(said))) => Ok(Asked { entry, said: *said }),
        _ => Err(none()),
    }
}
