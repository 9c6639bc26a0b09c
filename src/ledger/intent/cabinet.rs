//! What a station saw in one interval.

use super::{Filling, Frame};
use crate::ledger::roll_call::RollCallRecord;
use crate::model::statement::{self, Statement};
use crate::model::{AlarmLine, MediumId, Name, PartyId, SeenLine, UnknownLine};

/// A station says its whole list at least once in so many calls, though more would be
/// accepted: who reads one entry then finds the list not far before it.
const WHOLE_EVERY: u32 = 24;

/// What a roll-call says, its list whole.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // see statement::RollCall
pub struct Called {
    pub place: Name,
    pub present: Vec<SeenLine>,
    pub absent: Vec<MediumId>,
    pub unknown: Vec<UnknownLine>,
    pub alarm: Vec<AlarmLine>,
    pub by: PartyId,
}

impl Filling<'_> {
    /// Where the station's last roll-call is not too far from a whole list, only what has
    /// changed since is said.
    pub(super) fn call_roll(&mut self, wanted: Called) -> Option<Statement> {
        let (ledger, Frame { at, seen, nonce }) = (self.ledger.clone(), self.frame);
        let by = self.signatory(&wanted.by)?;
        let Called { place, present, absent, unknown, alarm, .. } = wanted;
        let own = |last: &&RollCallRecord| last.by == by.party.id && last.changes + 1 < WHOLE_EVERY;
        let last = self.state.roll_calls.at(&place).filter(own);
        let (present, absent) = match last {
            Some(last) => last.changes_to(&present, &absent),
            None => (present, absent),
        };
        let as_in = last.map(|last| last.entry);
        let body = statement::RollCall {
            ledger,
            at,
            seen,
            place,
            as_in,
            present,
            absent,
            unknown,
            alarm,
            by,
            nonce,
        };
        Some(body.into())
    }
}
