//! Intents: what somebody wants to do, before the ledger's facts are filled in.

use crate::model::hardware::{Grade, HardwareIdentity};
use crate::model::statement::{self, REPEAT_MAX, Signs, Some1, Statement, TEXT_MAX};
use crate::model::vocabulary::{Concern, RevocationReason, Role, SightingGrade, Verdict};
use crate::model::{
    AlarmLine, Day, DrawLine, EncryptionLine, EntryRef, Hash, MarkLine, MediumId, MediumLine, Name,
    Nonce, Origin, PartyId, PartyRef, Phrase, ReceiptId, Seal, Seen, SequenceLine, Side, Signatory,
    Stamp, Token, VerifierKey,
};

mod cabinet;
mod lifecycle;
mod requests;

pub use cabinet::Called;
pub use lifecycle::{Attachment, Erasure, Find, Retirement};
pub use requests::Application;

use super::alarms::News;
use super::checks::Outcome;
use super::judge::judge;
use super::policy::Policy;
use super::refusal::{Refusal, Refusals};
use super::state::State;

/// What comes from outside the ledger's logic: clock, head of the log, randomness.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// The clock.
    pub at: Stamp,
    /// The newest checkpoint.
    pub seen: Seen,
    /// 16 random bytes.
    pub nonce: Nonce,
}

/// What a person, by command or desk, wants to become an entry.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // the fields are those of the statement each becomes
pub enum Intent {
    /// Enrol a party or renew one.
    Enrol { party: PartyRef, roles: Vec<Role>, key: Option<VerifierKey>, renew: bool, by: PartyId },
    /// Revoke the present key of a party.
    Revoke { party: PartyId, reason: RevocationReason, detail: Option<Phrase>, by: PartyId },
    /// Set the policy.
    SetPolicy { policy: Policy, reason: Option<Phrase>, by: PartyId, second: Option<PartyId> },
    /// Register a medium.
    Register(Box<Registration>),
    /// Ask for a take-out.
    Request(Box<Application>),
    /// Answer the request that is this entry.
    Answer { request: u64, verdict: Verdict, detail: Option<Phrase>, by: PartyId },
    /// Hand media over.
    HandOver(Box<HandOver>),
    /// Close a round.
    CloseCheck {
        place: Name,
        draw: Option<DrawLine>,
        outcome: Box<Outcome>,
        detail: Option<Phrase>,
        by: PartyId,
        second: Option<PartyId>,
    },
    /// Record what a station saw.
    CallRoll(Box<Called>),
    /// Record a sighting with the token file that was written on the medium.
    Sight(Box<Glimpse>),
    /// Let a medium change hands once in spite of these alarms.
    Override(Box<Lift>),
    /// Attach a document to a receipt.
    Attach(Box<Attachment>),
    /// Certify an erasure.
    Erase(Box<Erasure>),
    /// Take a medium out of use.
    Retire(Box<Retirement>),
    /// Say that a medium is missing.
    Miss { medium: MediumId, detail: Phrase, by: PartyId },
    /// Say that a missing medium was found.
    Find(Box<Find>),
    /// Decide that a missing medium is lost.
    Lose { medium: MediumId, detail: Phrase, by: PartyId },
    /// Say where a missing medium was looked for.
    Search { medium: MediumId, place: Name, detail: Option<Phrase>, by: PartyId },
    /// Take note of what a medium is due or missing for.
    Acknowledge { medium: MediumId, concern: Concern, detail: Option<Phrase>, by: PartyId },
    /// Correct an entry.
    Correct { entry: EntryRef, field: Token, correction: Phrase, reason: Phrase, by: PartyId },
}

/// What a registration says.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // see statement::Register
pub struct Registration {
    pub medium: MediumLine,
    pub grade: Grade,
    pub product: Option<Phrase>,
    pub capacity: Option<u64>,
    pub release: Option<Token>,
    pub configurations: Option<u32>,
    pub interfaces: Option<Phrase>,
    pub inquiry: Vec<Phrase>,
    pub mark: Vec<Phrase>,
    pub sequence: Vec<SequenceLine>,
    pub encryption: EncryptionLine,
    pub home: Name,
    pub owner: Name,
    pub class: Name,
    pub interval_days: Option<u32>,
    pub alarm: Vec<AlarmLine>,
    pub detail: Option<Phrase>,
    pub by: PartyId,
}

/// What a sighting says.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // see statement::Sighting
pub struct Glimpse {
    pub medium: MediumId,
    pub grade: SightingGrade,
    pub place: Name,
    pub token: Option<Hash>,
    pub alarm: Vec<AlarmLine>,
    pub detail: Option<Phrase>,
    pub by: PartyId,
}

/// What an override says.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // see statement::Override
pub struct Lift {
    pub medium: MediumId,
    pub alarms: Vec<Token>,
    pub marks: Vec<MarkLine>,
    pub sequences: Vec<SequenceLine>,
    pub reason: Phrase,
    pub by: PartyId,
    pub second: PartyId,
}

/// What a handover says.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // see statement::Handover
pub struct HandOver {
    pub receipt: ReceiptId,
    pub media: Vec<MediumId>,
    pub giver: PartyId,
    pub receiver: PartyId,
    pub witness: Option<PartyId>,
    pub purpose: Phrase,
    pub contents: Option<Phrase>,
    pub persons: Option<u64>,
    pub place: Name,
    pub due: Option<Day>,
    pub request: Option<EntryRef>,
    /// What was read of the media now; the rest is as the ledger has it.
    pub news: News,
    pub alarm: Vec<AlarmLine>,
}

/// Decides whether the intent may become an entry, and if so, as which statement.
///
/// # Errors
/// Every reason against it, in order of precedence. A party or medium nobody
/// knows leaves no statement to judge further; what can be said without it
/// (the due date, say) is still said.
pub fn decide(state: &State, intent: Intent, frame: Frame) -> Result<Statement, Refusals> {
    let Some(facts) = &state.facts else { return Err(Refusals(vec![Refusal::NotFounded])) };
    let mut filling = Filling { state, ledger: facts.origin.clone(), frame, found: Vec::new() };
    let statement = filling.fill(intent);
    let verdict = statement.as_ref().map(|statement| judge(state, statement, frame.at));
    if let Some(Err(Refusals(more))) = verdict {
        filling.found.extend(more);
    }
    filling.found.extend(statement.as_ref().and_then(too_large));
    Refusals::into_result(filling.found)?;
    statement.ok_or(Refusals(vec![Refusal::NotFounded]))
}

/// What is decided must be readable again. A statement that already exists has
/// been read, so this is asked here and not of the judge.
fn too_large(statement: &Statement) -> Option<Refusal> {
    let lines = statement.lines();
    let (bytes, lines) = (lines.text_len(statement.kind()), lines.most_repeated());
    (bytes > TEXT_MAX || lines > REPEAT_MAX).then_some(Refusal::TooLarge { lines, bytes })
}

/// The statement while the ledger's facts are put in.
struct Filling<'a> {
    state: &'a State,
    ledger: Origin,
    frame: Frame,
    found: Vec<Refusal>,
}

impl Filling<'_> {
    fn party(&mut self, id: &PartyId) -> Option<PartyRef> {
        let known = self.state.parties.get(id).map(|party| party.party.clone());
        if known.is_none() {
            self.found.push(Refusal::UnknownParty { party: id.clone() });
        }
        known
    }

    fn signatory(&mut self, id: &PartyId) -> Option<Signatory> {
        let party = self.party(id)?;
        let key = self.state.parties.get(id).and_then(|party| party.key.clone());
        if key.is_none() {
            self.found.push(self.without_key(id));
        }
        Some(Signatory { party, key: key? })
    }

    /// No key now: it was revoked, and that entry is named, or there never was one.
    fn without_key(&self, id: &PartyId) -> Refusal {
        let ended = self.state.keys.values().filter(|record| record.party == *id);
        let newest =
            ended.filter_map(|r| r.until.map(|(index, _)| (index, &r.key))).max_by_key(|(i, _)| *i);
        match newest {
            Some((index, key)) => {
                Refusal::RevokedKey { party: id.clone(), key: key.name().to_string(), index }
            }
            None => Refusal::NoKey { party: id.clone() },
        }
    }

    /// A side seals with its key; an outside party without one, on paper.
    fn side(&mut self, id: &PartyId) -> Option<Side> {
        let party = self.party(id)?;
        let known = self.state.parties.get(id)?;
        let seal = match &known.key {
            Some(key) => Seal::Key(key.clone()),
            None if known.has_any(&[Role::Outside]) => Seal::Paper,
            None => {
                self.found.push(self.without_key(id));
                return None;
            }
        };
        Some(Side { party, seal })
    }

    fn media(&mut self, ids: &[MediumId]) -> Vec<MediumLine> {
        let mut lines = Vec::new();
        for id in ids {
            match self.state.media.get(id) {
                Some(medium) => lines.push(medium.line.clone()),
                None => self.found.push(Refusal::UnknownMedium { medium: id.clone() }),
            }
        }
        lines
    }

    fn fill(&mut self, intent: Intent) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        Some(match intent {
            Intent::Enrol { party, roles, key, renew, by } => {
                if self.state.parties.contains_key(&party.id) && !renew {
                    self.found.push(Refusal::PartyExists { party: party.id.clone() });
                }
                if !self.state.parties.contains_key(&party.id) && renew {
                    self.found.push(Refusal::UnknownParty { party: party.id.clone() });
                }
                let by = self.signatory(&by)?;
                let key = key.map(Signs);
                statement::Party { ledger, at, seen, party, roles: Some1(roles), key, by, nonce }
                    .into()
            }
            Intent::Revoke { party, reason, detail, by } => {
                self.revoke(&party, reason, detail, &by)?
            }
            Intent::SetPolicy { policy, reason, by, second } => {
                self.set_policy(policy, reason, &by, second.as_ref())?
            }
            Intent::Register(wanted) => self.register(*wanted)?,
            Intent::Request(wanted) => self.request(*wanted)?,
            Intent::Answer { request, verdict, detail, by } => {
                self.answer(request, verdict, detail, &by)?
            }
            Intent::HandOver(wanted) => self.hand_over(*wanted)?,
            Intent::CloseCheck { place, draw, outcome, detail, by, second } => {
                self.close_check((place, draw), *outcome, detail, (&by, second.as_ref()))?
            }
            Intent::CallRoll(wanted) => self.call_roll(*wanted)?,
            Intent::Attach(wanted) => self.attach(*wanted)?,
            Intent::Erase(wanted) => self.erase(*wanted)?,
            Intent::Retire(wanted) => self.retire(*wanted)?,
            Intent::Miss { medium, detail, by } => self.miss(&medium, detail, &by)?,
            Intent::Find(wanted) => self.find(*wanted)?,
            Intent::Lose { medium, detail, by } => self.lose(&medium, detail, &by)?,
            Intent::Search { medium, place, detail, by } => {
                self.search(&medium, place, detail, &by)?
            }
            Intent::Acknowledge { medium, concern, detail, by } => {
                self.acknowledge(&medium, concern, detail, &by)?
            }
            Intent::Sight(wanted) => self.sight(*wanted)?,
            Intent::Override(wanted) => self.lift(*wanted)?,
            Intent::Correct { entry, field, correction, reason, by } => {
                let by = self.signatory(&by)?;
                statement::Correct { ledger, at, seen, entry, field, correction, reason, by, nonce }
                    .into()
            }
        })
    }

    fn revoke(
        &mut self,
        whose: &PartyId,
        reason: RevocationReason,
        detail: Option<Phrase>,
        by: &PartyId,
    ) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let key = self.state.parties.get(whose).and_then(|known| known.key.clone());
        let (party, by) = (self.party(whose), self.signatory(by));
        let (party, by) = (party?, by?);
        if key.is_none() {
            self.found.push(self.without_key(whose));
        }
        let key = key?;
        let body = statement::KeyRevoke { ledger, at, seen, party, key, reason, detail, by, nonce };
        Some(body.into())
    }

    fn close_check(
        &mut self,
        (place, draw): (Name, Option<DrawLine>),
        outcome: Outcome,
        detail: Option<Phrase>,
        (by, second): (&PartyId, Option<&PartyId>),
    ) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let (by, second) = (self.signatory(by), second.map(|second| self.signatory(second)));
        let (by, second) = (by?, second.map_or(Some(None), |second| second.map(Some))?);
        let Outcome { found, missing, unverified, unexpected, unknown, .. } = outcome;
        let Outcome { alarms: alarm, news, second_saw, .. } = outcome;
        let News { encryption, marks: mark, sequences: sequence, tokens: token } = news;
        let body = statement::Check {
            ledger,
            at,
            seen,
            place,
            draw,
            found,
            missing,
            unverified,
            unexpected,
            unknown,
            encryption,
            mark,
            sequence,
            token,
            alarm,
            detail,
            by,
            second,
            second_saw,
            nonce,
        };
        Some(body.into())
    }

    fn sight(&mut self, wanted: Glimpse) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let medium = self.media(std::slice::from_ref(&wanted.medium)).pop();
        let (medium, by) = (medium, self.signatory(&wanted.by));
        let (medium, by) = (medium?, by?);
        let Glimpse { grade, place, token, alarm, detail, .. } = wanted;
        let body = statement::Sighting {
            ledger,
            at,
            seen,
            medium,
            grade,
            place,
            token,
            alarm,
            detail,
            by,
            nonce,
        };
        Some(body.into())
    }

    fn lift(&mut self, wanted: Lift) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let medium = self.media(std::slice::from_ref(&wanted.medium)).pop();
        let (by, second) = (self.signatory(&wanted.by), self.signatory(&wanted.second));
        let (medium, by, second) = (medium?, by?, second?);
        let id = &medium.id;
        let line = |alarm| AlarmLine { id: id.clone(), alarm };
        let alarm = Some1(wanted.alarms.into_iter().map(line).collect());
        let (mark, sequence, reason) = (wanted.marks, wanted.sequences, wanted.reason);
        let body = statement::Override {
            ledger,
            at,
            seen,
            medium,
            alarm,
            mark,
            sequence,
            reason,
            by,
            second,
            nonce,
        };
        Some(body.into())
    }

    fn set_policy(
        &mut self,
        policy: Policy,
        reason: Option<Phrase>,
        by: &PartyId,
        second: Option<&PartyId>,
    ) -> Option<Statement> {
        let by = self.signatory(by)?;
        let second = match second {
            Some(second) => Some(self.signatory(second)?),
            None => None,
        };
        Some(policy.statement(self.ledger.clone(), self.frame, reason, by, second).into())
    }

    fn register(&mut self, wanted: Registration) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let by = self.signatory(&wanted.by)?;
        let hardware: HardwareIdentity = wanted.medium.hardware();
        let body = statement::Register {
            ledger,
            at,
            seen,
            medium: wanted.medium,
            hardware,
            serial_grade: wanted.grade,
            product: wanted.product,
            capacity: wanted.capacity,
            release: wanted.release,
            configurations: wanted.configurations,
            interfaces: wanted.interfaces,
            inquiry: wanted.inquiry,
            mark: wanted.mark,
            sequence: wanted.sequence,
            encryption: wanted.encryption,
            home: wanted.home,
            owner: wanted.owner,
            class: wanted.class,
            interval_days: wanted.interval_days,
            alarm: wanted.alarm,
            detail: wanted.detail,
            by,
            nonce,
        };
        Some(body.into())
    }

    fn hand_over(&mut self, wanted: HandOver) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        if wanted.media.is_empty() {
            self.found.push(Refusal::NoMedium);
        }
        let media = self.media(&wanted.media);
        let (giver, receiver) = (self.side(&wanted.giver), self.side(&wanted.receiver));
        let witness = match &wanted.witness {
            Some(id) => self.signatory(id).map(Some),
            None => Some(None),
        };
        let parts = (giver, receiver, witness);
        let (Some(giver), Some(receiver), Some(witness), false) =
            (parts.0, parts.1, parts.2, media.is_empty())
        else {
            self.found.extend(super::judge::due_refusals(self.state, wanted.due, at));
            return None;
        };
        let News { encryption: read, marks: mark, sequences: sequence, tokens: token } =
            wanted.news;
        let encryption = media.iter().filter_map(|line| {
            let read = read.iter().find(|read| read.id == line.id);
            read.or(self.state.media.get(&line.id).map(|known| &known.encryption)).cloned()
        });
        let body = statement::Handover {
            ledger,
            receipt: wanted.receipt,
            at,
            seen,
            encryption: encryption.collect(),
            mark,
            sequence,
            token,
            medium: Some1(media),
            giver,
            receiver,
            witness,
            purpose: wanted.purpose,
            contents: wanted.contents,
            persons: wanted.persons,
            place: wanted.place,
            due: wanted.due,
            request: wanted.request,
            alarm: wanted.alarm,
            nonce,
        };
        Some(body.into())
    }
}
