//! The verdict over one statement against the state before it.

mod check;
mod custody;
mod media;
mod people;

use super::refusal::{Refusal, Refusals, any_of};
use super::state::State;
use crate::model::statement::Statement;
use crate::model::vocabulary::Role;
use crate::model::{PartyId, PartyRef, Signatory, Stamp, VerifierKey};

/// How far two clocks may differ, in seconds: a statement's time may be so far
/// ahead of the computer that appends it, and so the log's newest time, too.
pub const CLOCK_TOLERANCE: i64 = 300;

/// The reasons found so far.
pub(super) struct Verdict<'a> {
    pub state: &'a State,
    pub found: Vec<Refusal>,
}

impl Verdict<'_> {
    pub fn refuse(&mut self, refusal: Refusal) {
        self.found.push(refusal);
    }

    pub fn refuse_if(&mut self, wrong: bool, refusal: impl FnOnce() -> Refusal) {
        if wrong {
            self.found.push(refusal());
        }
    }
}

/// Says whether `said` may be the next entry. `now` is the time of appending; a
/// replay gives [`replay_time`], under which no entry is refused that was
/// accepted when it was made.
///
/// # Errors
/// Every reason against it, in order of precedence.
pub fn judge(state: &State, said: &Statement, now: Stamp) -> Result<(), Refusals> {
    let mut verdict = Verdict { state, found: Vec::new() };
    frame(&mut verdict, said, now);
    match said {
        Statement::Genesis(said) => people::genesis(&mut verdict, said),
        Statement::Party(said) => people::party(&mut verdict, said),
        Statement::KeyRevoke(said) => people::revoke(&mut verdict, said),
        Statement::Policy(said) => people::policy(&mut verdict, said),
        Statement::LogKey(said) => people::log_key(&mut verdict, said),
        Statement::Link(said) => {
            signatory(&mut verdict, &said.by, &[Role::Administrator]);
        }
        Statement::Register(said) => media::register(&mut verdict, said),
        Statement::Override(said) => media::lift(&mut verdict, said),
        Statement::Erase(said) => media::erase(&mut verdict, said),
        Statement::Retire(said) => media::retire(&mut verdict, said),
        Statement::Correct(said) => media::correct(&mut verdict, said),
        Statement::Request(said) => custody::request(&mut verdict, said),
        Statement::Approve(said) => custody::approve(&mut verdict, said),
        Statement::Handover(said) => custody::handover(&mut verdict, said),
        Statement::Attach(said) => custody::attach(&mut verdict, said),
        Statement::Sighting(said) => check::sighting(&mut verdict, said),
        Statement::RollCall(said) => check::roll_call(&mut verdict, said),
        Statement::Check(said) => check::check(&mut verdict, said),
        Statement::Missing(said) => check::missing(&mut verdict, said),
        Statement::Found(said) => check::found(&mut verdict, said),
        Statement::Lost(said) => check::lost(&mut verdict, said),
        Statement::Search(said) => check::search(&mut verdict, said),
        Statement::Acknowledge(said) => check::acknowledge(&mut verdict, said),
    }
    Refusals::into_result(verdict.found)
}

/// The time under which a stored entry is judged again: the earliest at which it
/// can have been appended. The clock that appended it was at least at the newest
/// entry's time, less the tolerance; for a restart of the log's clock it was not.
pub fn replay_time(state: &State, said: &Statement) -> Stamp {
    match state.newest.map(|newest| newest.plus_seconds(-CLOCK_TOLERANCE)) {
        Some(earliest) if earliest > said.at() && !restarts_clock(said) => earliest,
        _ => said.at(),
    }
}

/// A correction of an entry's `at`: the way out when the log's newest time is the
/// one that is wrong. It alone may be made under a clock behind the log.
pub(super) fn restarts_clock(said: &Statement) -> bool {
    matches!(said, Statement::Correct(correct) if correct.field.as_str() == "at")
}

/// What holds for every kind: right ledger, sound clock, no future checkpoint.
fn frame(verdict: &mut Verdict<'_>, said: &Statement, now: Stamp) {
    let state = verdict.state;
    let genesis = matches!(said, Statement::Genesis(_));
    match &state.facts {
        Some(facts) => {
            verdict.refuse_if(genesis, || Refusal::AlreadyFounded);
            verdict.refuse_if(*said.ledger() != facts.origin, || Refusal::WrongLedger {
                statement: said.ledger().clone(),
                ledger: facts.origin.clone(),
            });
        }
        None => verdict.refuse_if(!genesis, || Refusal::NotFounded),
    }
    // Nothing stands behind the last entry, or nobody could say what the other goes on from.
    if let Some((index, other)) = &state.continued_by {
        verdict.refuse(Refusal::Continued { index: *index, other: other.clone() });
    }
    let latest = now.plus_seconds(CLOCK_TOLERANCE);
    if let Some(newest) = state.newest.filter(|newest| latest < *newest && !restarts_clock(said)) {
        verdict.refuse(Refusal::ClockBehind { now, newest });
    }
    if said.at() > latest {
        verdict.refuse(Refusal::ClockAhead { at: said.at(), now });
    }
    let hours = state.policy.draft_hours;
    let age = now.unix().saturating_sub(said.at().unix());
    verdict.refuse_if(age > i64::from(hours) * 3_600, || Refusal::DraftTooOld {
        at: said.at(),
        hours,
    });
    let (seen, size) = (said.seen().size, state.size);
    verdict.refuse_if(seen > size, || Refusal::SeenAhead { seen, size });
}

/// A party must be enrolled, and named as the ledger names it.
fn named(verdict: &mut Verdict<'_>, who: &PartyRef) -> bool {
    let state = verdict.state;
    let Some(party) = state.parties.get(&who.id) else {
        verdict.refuse(Refusal::UnknownParty { party: who.id.clone() });
        return false;
    };
    verdict.refuse_if(party.party != *who, || Refusal::PartyDiffers {
        party: who.id.clone(),
        ledger: party.party.spoken(),
    });
    true
}

/// The key must be the party's present one; says whether it was revoked or never known.
fn key_of(verdict: &mut Verdict<'_>, who: &PartyRef, key: &VerifierKey) {
    let state = verdict.state;
    let Some(party) = state.parties.get(&who.id) else { return };
    if party.key.as_ref() == Some(key) {
        return;
    }
    let ended =
        state.keys.get(key.public()).filter(|record| record.party == who.id && record.key == *key);
    verdict.refuse(match ended.and_then(|record| record.until) {
        Some((index, _)) => {
            Refusal::RevokedKey { party: who.id.clone(), key: key.name().to_string(), index }
        }
        None => Refusal::UnknownKey { party: who.id.clone(), key: key.name().to_string() },
    });
}

fn role(verdict: &mut Verdict<'_>, who: &PartyRef, roles: &[Role]) {
    let Some(party) = verdict.state.parties.get(&who.id) else { return };
    verdict.refuse_if(!party.has_any(roles), || Refusal::RoleMissing {
        party: who.id.clone(),
        needed: any_of(roles),
    });
}

/// A signer: enrolled, with this key, in one of these roles.
fn signatory(verdict: &mut Verdict<'_>, by: &Signatory, roles: &[Role]) {
    if named(verdict, &by.party) {
        key_of(verdict, &by.party, &by.key);
        role(verdict, &by.party, roles);
    }
}

/// Roles that keep media in order.
const KEEPERS: &[Role] = &[Role::Custodian, Role::Administrator];
/// Whether a party is one of those who keep media in order.
pub fn keeps_media(state: &State, id: &PartyId) -> bool {
    state.parties.get(id).is_some_and(|party| party.has_any(KEEPERS))
}

/// Roles that may have a medium in their hands.
const HOLDERS: &[Role] = &[Role::Custodian, Role::Administrator, Role::Staff, Role::Outside];
/// Roles of our own organisation that may observe media.
const OBSERVERS: &[Role] = &[
    Role::Custodian,
    Role::Administrator,
    Role::Staff,
    Role::Auditor,
    Role::PrivacyOfficer,
    Role::Station,
];
/// People of our own organisation: a second pair of eyes that no program has.
const COLLEAGUES: &[Role] =
    &[Role::Custodian, Role::Administrator, Role::Staff, Role::Auditor, Role::PrivacyOfficer];
/// Everybody.
const ANYONE: &[Role] = Role::ALL;

/// The refusals over a due date alone, for an intent that cannot be filled in.
pub(super) fn due_refusals(
    state: &State,
    due: Option<crate::model::Day>,
    at: Stamp,
) -> Vec<Refusal> {
    let mut verdict = Verdict { state, found: Vec::new() };
    custody::due(&mut verdict, due, at);
    verdict.found
}
