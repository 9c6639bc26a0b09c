//! What ends a medium's life or a gap in its record: erasure, retirement, loss, the
//! scan of a sheet that was sealed on paper.

use super::{Filling, Frame};
use crate::ledger::alarms::Content;
use crate::model::statement::{self, Statement};
use crate::model::vocabulary::{Concern, ErasureMethod, SightingGrade};
use crate::model::{
    AlarmLine, EncryptionLine, Hash, MediumId, MediumLine, Name, PartyId, Phrase, ReceiptId,
};

/// What an attachment says.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // see statement::Attach
pub struct Attachment {
    pub receipt: ReceiptId,
    pub sha256: Hash,
    pub length: u64,
    pub media_type: Name,
    pub by: PartyId,
}

/// What an erasure says.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // see statement::Erase
pub struct Erasure {
    pub medium: MediumId,
    pub media_type: Name,
    pub method: ErasureMethod,
    pub technique: Name,
    pub tool: Name,
    pub verification: Name,
    pub destination: Option<Name>,
    pub place: Option<Name>,
    /// What was read of the drive now; none where it was not read.
    pub content: Option<Content>,
    pub alarm: Vec<AlarmLine>,
    pub detail: Option<Phrase>,
    pub by: PartyId,
    pub verifier: PartyId,
}

/// What a retirement says.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // see statement::Retire
pub struct Retirement {
    pub medium: MediumId,
    pub reason: Phrase,
    pub method: Option<ErasureMethod>,
    pub media_type: Option<Name>,
    pub technique: Option<Name>,
    pub tool: Option<Name>,
    pub verification: Option<Name>,
    pub destination: Option<Name>,
    pub place: Option<Name>,
    pub detail: Option<Phrase>,
    pub by: PartyId,
    pub verifier: Option<PartyId>,
}

/// What a find says.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // see statement::Found
pub struct Find {
    pub medium: MediumId,
    pub grade: SightingGrade,
    pub place: Name,
    pub alarm: Vec<AlarmLine>,
    pub detail: Option<Phrase>,
    pub by: PartyId,
}

impl Filling<'_> {
    fn medium(&mut self, id: &MediumId) -> Option<MediumLine> {
        self.media(std::slice::from_ref(id)).pop()
    }

    pub(super) fn attach(&mut self, wanted: Attachment) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let by = self.signatory(&wanted.by)?;
        let Attachment { receipt, sha256, length, media_type, .. } = wanted;
        let body =
            statement::Attach { ledger, at, seen, receipt, sha256, length, media_type, by, nonce };
        Some(body.into())
    }

    pub(super) fn erase(&mut self, wanted: Erasure) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let medium = self.medium(&wanted.medium);
        let (by, verifier) = (self.signatory(&wanted.by), self.signatory(&wanted.verifier));
        let (medium, by, verifier) = (medium?, by?, verifier?);
        // What was read stands by itself: an erasure leaves nothing of what was known,
        // so no person's word is carried over to what looks random now.
        let read = wanted.content.filter(|content| content.read);
        let encryption = read.as_ref().map(|content| EncryptionLine {
            id: medium.id.clone(),
            scheme: content.scheme.clone(),
            cipher: content.cipher.clone(),
            grade: content.grade,
        });
        let mark = read.as_ref().map_or_else(Vec::new, |content| content.mark_lines(&medium.id));
        let sequence =
            read.as_ref().map_or_else(Vec::new, |content| content.sequence_lines(&medium.id));
        let body = statement::Erase {
            ledger,
            at,
            seen,
            medium,
            media_type: wanted.media_type,
            method: wanted.method,
            technique: wanted.technique,
            tool: wanted.tool,
            verification: wanted.verification,
            destination: wanted.destination,
            place: wanted.place,
            encryption,
            mark,
            sequence,
            alarm: wanted.alarm,
            detail: wanted.detail,
            by,
            verifier,
            nonce,
        };
        Some(body.into())
    }

    pub(super) fn retire(&mut self, wanted: Retirement) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let (medium, by) = (self.medium(&wanted.medium), self.signatory(&wanted.by));
        let verifier = match &wanted.verifier {
            Some(id) => self.signatory(id).map(Some),
            None => Some(None),
        };
        let (medium, by, verifier) = (medium?, by?, verifier?);
        let body = statement::Retire {
            ledger,
            at,
            seen,
            medium,
            reason: wanted.reason,
            method: wanted.method,
            media_type: wanted.media_type,
            technique: wanted.technique,
            tool: wanted.tool,
            verification: wanted.verification,
            destination: wanted.destination,
            place: wanted.place,
            detail: wanted.detail,
            by,
            verifier,
            nonce,
        };
        Some(body.into())
    }

    pub(super) fn miss(
        &mut self,
        id: &MediumId,
        detail: Phrase,
        by: &PartyId,
    ) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let (medium, by) = (self.medium(id), self.signatory(by));
        let (medium, by) = (medium?, by?);
        Some(statement::Missing { ledger, at, seen, medium, detail, by, nonce }.into())
    }

    pub(super) fn find(&mut self, wanted: Find) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let (medium, by) = (self.medium(&wanted.medium), self.signatory(&wanted.by));
        let (medium, by) = (medium?, by?);
        let Find { grade, place, alarm, detail, .. } = wanted;
        let body =
            statement::Found { ledger, at, seen, medium, grade, place, alarm, detail, by, nonce };
        Some(body.into())
    }

    pub(super) fn lose(
        &mut self,
        id: &MediumId,
        detail: Phrase,
        by: &PartyId,
    ) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let (medium, by) = (self.medium(id), self.signatory(by));
        let (medium, by) = (medium?, by?);
        Some(statement::Lost { ledger, at, seen, medium, detail, by, nonce }.into())
    }

    pub(super) fn search(
        &mut self,
        id: &MediumId,
        place: Name,
        detail: Option<Phrase>,
        by: &PartyId,
    ) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let (medium, by) = (self.medium(id), self.signatory(by));
        let (medium, by) = (medium?, by?);
        Some(statement::Search { ledger, at, seen, medium, place, detail, by, nonce }.into())
    }

    pub(super) fn acknowledge(
        &mut self,
        id: &MediumId,
        concern: Concern,
        detail: Option<Phrase>,
        by: &PartyId,
    ) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let (medium, by) = (self.medium(id), self.signatory(by));
        let (medium, by) = (medium?, by?);
        let body = statement::Acknowledge { ledger, at, seen, medium, concern, detail, by, nonce };
        Some(body.into())
    }
}
