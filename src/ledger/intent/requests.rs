//! Take-outs that are asked for before they happen, and the answers.

use super::{Filling, Frame};
use crate::ledger::judge::due_refusals;
use crate::ledger::refusal::{NO_OPEN_REQUEST, Refusal};
use crate::model::statement::{self, Some1, Statement};
use crate::model::vocabulary::Verdict;
use crate::model::{Day, EntryRef, MediumId, Name, PartyId, Phrase};

/// What a request says.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // see statement::Request
pub struct Application {
    pub media: Vec<MediumId>,
    pub receiver: PartyId,
    pub purpose: Phrase,
    pub contents: Option<Phrase>,
    pub persons: Option<u64>,
    pub place: Name,
    pub due: Option<Day>,
    pub by: PartyId,
}

impl Filling<'_> {
    pub(super) fn request(&mut self, wanted: Application) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        if wanted.media.is_empty() {
            self.found.push(Refusal::NoMedium);
        }
        let media = self.media(&wanted.media);
        let (receiver, by) = (self.party(&wanted.receiver), self.signatory(&wanted.by));
        let (Some(receiver), Some(by), false) = (receiver, by, media.is_empty()) else {
            self.found.extend(due_refusals(self.state, wanted.due, at));
            return None;
        };
        let Application { purpose, contents, persons, place, due, .. } = wanted;
        let body = statement::Request {
            ledger,
            at,
            seen,
            medium: Some1(media),
            receiver,
            purpose,
            contents,
            persons,
            place,
            due,
            by,
            nonce,
        };
        Some(body.into())
    }

    pub(super) fn answer(
        &mut self,
        index: u64,
        verdict: Verdict,
        detail: Option<Phrase>,
        by: &PartyId,
    ) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let request = self.state.requests.get(&index);
        let request = request.map(|record| EntryRef { index, leaf: record.leaf });
        if request.is_none() {
            self.found.push(Refusal::RequestUnfit { index, problem: NO_OPEN_REQUEST });
        }
        let by = self.signatory(by);
        let (request, by) = (request?, by?);
        let body = statement::Approve { ledger, at, seen, request, verdict, detail, by, nonce };
        Some(body.into())
    }
}
