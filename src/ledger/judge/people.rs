//! Founding, people, keys and policy.

use super::{HOLDERS, KEEPERS, Verdict, key_of, named, role, signatory};
use crate::ledger::policy::Policy;
use crate::ledger::refusal::Refusal;
use crate::ledger::state::{Medium, State};
use crate::model::statement;
use crate::model::vocabulary::{RevocationReason, Role};
use crate::model::{Day, Hash, VerifierKey};

pub(super) fn genesis(verdict: &mut Verdict<'_>, said: &statement::Genesis) {
    let log_key = &said.log_key.0;
    let unsound = |problem| move || Refusal::GenesisUnsound { problem };
    verdict.refuse_if(
        log_key.name().as_str() != said.ledger.as_str(),
        unsound("the log key's name is not the ledger's origin"),
    );
    let empty = said.seen.size == 0 && said.seen.root == Hash::of(&[]);
    verdict.refuse_if(!empty, unsound("it names a checkpoint before itself"));
    verdict.refuse_if(
        crate::model::Zone::named(said.zone.as_str()).is_err(),
        unsound("the time zone is unknown"),
    );
    verdict.refuse_if(
        log_key.public() == said.administrator.key.public(),
        unsound("the administrator's key is the log key"),
    );
    verdict.refuse_if(
        log_key.name() == said.administrator.key.name(),
        unsound("the administrator's key bears the log key's name"),
    );
}

pub(super) fn party(verdict: &mut Verdict<'_>, said: &statement::Party) {
    let known = verdict.state.parties.get(&said.party.id);
    let sensitive =
        |roles: &[Role]| roles.iter().any(|role| !matches!(role, Role::Staff | Role::Outside));
    let touches_trust =
        sensitive(&said.roles) || known.is_some_and(|party| sensitive(&party.roles));
    // One's own key may be renewed with the old one, as long as nothing else changes.
    let own = said.by.party.id == said.party.id;
    let renewal = own
        && known.is_some_and(|party| party.roles == said.roles.0 && party.party == said.party)
        && said.key.is_some();
    // Whoever replaces somebody's valid key, or takes it away, can act in their
    // name from then on. A custodian could so sign for both sides of a handover.
    let takes_key = known
        .and_then(|party| party.key.as_ref())
        .is_some_and(|key| said.key.as_ref().is_none_or(|new| new.0 != *key));
    if renewal {
        signatory(verdict, &said.by, Role::ALL);
    } else {
        verdict.refuse_if(own, || Refusal::SecondPersonNeeded { party: said.party.id.clone() });
        let by_administrator = touches_trust || takes_key;
        signatory(
            verdict,
            &said.by,
            if by_administrator { &[Role::Administrator] } else { KEEPERS },
        );
    }
    roles_sound(verdict, said);
    if let Some(key) = &said.key {
        key_free(verdict, said, &key.0);
    }
    let still_administers = said.roles.contains(&Role::Administrator) && said.key.is_some();
    if known.is_some() && !still_administers {
        last_administrator(verdict, said.party.id.clone());
    }
}

fn roles_sound(verdict: &mut Verdict<'_>, said: &statement::Party) {
    let roles = &said.roles.0;
    let unsound = |problem| move || Refusal::RolesUnsound { problem };
    verdict.refuse_if(
        !roles.windows(2).all(|pair| pair[0] < pair[1]),
        unsound("each role once, in the order of the list"),
    );
    let alone = [Role::Outside, Role::Station];
    verdict.refuse_if(
        roles.len() > 1 && roles.iter().any(|role| alone.contains(role)),
        unsound("an outside party or a station has no other role"),
    );
    verdict.refuse_if(roles.is_empty(), unsound("at least one role"));
    let custody = |medium: &Medium| medium.in_use() && medium.custody.holder == said.party.id;
    verdict.refuse_if(
        !roles.iter().any(|role| HOLDERS.contains(role))
            && verdict.state.media.values().any(custody),
        unsound("they hold media and could not hand them over; have that done first"),
    );
    let holds = roles.iter().any(|role| matches!(role, Role::Custodian | Role::Staff));
    verdict.refuse_if(
        holds && roles.contains(&Role::Auditor),
        unsound("an auditor holds no media, so is neither custodian nor staff"),
    );
    // Whoever decides about losses neither keeps the media nor audits the decisions.
    verdict.refuse_if(
        (holds || roles.contains(&Role::Auditor)) && roles.contains(&Role::PrivacyOfficer),
        unsound("a privacy officer is neither custodian, staff nor auditor"),
    );
    verdict.refuse_if(
        said.key.is_none() && !roles.contains(&Role::Outside),
        unsound("only an outside party may do without a key"),
    );
}

/// A key belongs to one party, once: a revoked key never comes back, and the same
/// name with other bytes would look like it in a list of signatures.
fn key_free(verdict: &mut Verdict<'_>, said: &statement::Party, key: &VerifierKey) {
    let state = verdict.state;
    let kept =
        state.parties.get(&said.party.id).is_some_and(|party| party.key.as_ref() == Some(key));
    if kept {
        // One's own key cannot be renewed with itself: it would have to sign twice.
        verdict.refuse_if(said.by.key == *key, || Refusal::KeyTaken {
            key: key.name().to_string(),
            party: said.party.id.clone(),
        });
        return;
    }
    let taken = state.keys.values().find(|record| {
        record.key.public() == key.public()
            || record.key.name() == key.name() && record.party != said.party.id
    });
    if let Some(record) = taken {
        let party = record.party.clone();
        verdict.refuse(Refusal::KeyTaken { key: key.name().to_string(), party });
    }
    let log = |log: &VerifierKey| log.public() == key.public() || log.name() == key.name();
    verdict.refuse_if(log_keys(state).any(log), || Refusal::LogKeyReused {
        key: key.name().to_string(),
    });
}

/// Every key that signs or signed checkpoints.
fn log_keys(state: &State) -> impl Iterator<Item = &VerifierKey> {
    state.facts.iter().flat_map(|facts| &facts.log_keys).map(|(_, key)| key)
}

/// Longest overlap of two log keys.
const OVERLAP_DAYS_MAX: i64 = 366;

fn overlap_sound(verdict: &mut Verdict<'_>, said: &statement::LogKey, until: Day) {
    let unsound = |problem| move || Refusal::LogKeyOverlap { problem };
    let overlap = said.at.day().days_until(until);
    verdict.refuse_if(overlap < 0, unsound("its last day is past"));
    verdict
        .refuse_if(overlap > OVERLAP_DAYS_MAX, unsound("its last day is more than a year ahead"));
    // Whoever stole the key would sign on as well.
    verdict.refuse_if(
        said.reason != RevocationReason::Superseded,
        unsound("a key that is compromised or lost signs nothing more"),
    );
}

fn last_administrator(verdict: &mut Verdict<'_>, leaving: crate::model::PartyId) {
    let administers = |party: &crate::ledger::state::Party| {
        party.key.is_some() && party.roles.contains(&Role::Administrator)
    };
    let state = verdict.state;
    let is_one = state.parties.get(&leaving).is_some_and(administers);
    let others =
        state.parties.values().filter(|party| party.party.id != leaving && administers(party));
    verdict
        .refuse_if(is_one && others.count() == 0, || Refusal::LastAdministrator { party: leaving });
}

pub(super) fn revoke(verdict: &mut Verdict<'_>, said: &statement::KeyRevoke) {
    if named(verdict, &said.by.party) {
        key_of(verdict, &said.by.party, &said.by.key);
        if said.by.party.id != said.party.id {
            role(verdict, &said.by.party, &[Role::Administrator]);
        }
    }
    if named(verdict, &said.party) {
        let current =
            verdict.state.parties.get(&said.party.id).and_then(|party| party.key.as_ref());
        verdict.refuse_if(current != Some(&said.key), || Refusal::KeyNotCurrent {
            party: said.party.id.clone(),
        });
        last_administrator(verdict, said.party.id.clone());
    }
}

pub(super) fn policy(verdict: &mut Verdict<'_>, said: &statement::Policy) {
    signatory(verdict, &said.by, &[Role::Administrator]);
    if let Some(second) = &said.second {
        signatory(verdict, second, &[Role::Administrator]);
        verdict.refuse_if(second.party.id == said.by.party.id, || Refusal::SecondPersonNeeded {
            party: second.party.id.clone(),
        });
    }
    let wanted = Policy::from(said);
    for number in wanted.out_of_range() {
        verdict.refuse(Refusal::PolicyOutOfRange { number });
    }
    let (state, now) = (verdict.state, &verdict.state.policy);
    if now.loosening.is_some()
        && said.second.is_none()
        && let Some(what) = now.loosened_by(&wanted, state)
    {
        verdict.refuse(Refusal::LoosensBound { what });
    }
}

pub(super) fn log_key(verdict: &mut Verdict<'_>, said: &statement::LogKey) {
    signatory(verdict, &said.by, &[Role::Administrator]);
    let state = verdict.state;
    verdict.refuse_if(state.log_key() != Some(&said.old_key.0), || Refusal::LogKeyDiffers);
    let new = &said.new_key.0;
    verdict.refuse_if(new.name() != said.old_key.0.name(), || Refusal::LogKeyDiffers);
    // A replaced log key never comes back: it may have been replaced as stolen.
    let used = log_keys(state).any(|key| key.public() == new.public());
    verdict.refuse_if(used, || Refusal::LogKeyReused { key: new.name().to_string() });
    if let Some(until) = said.overlap_until {
        overlap_sound(verdict, said, until);
    }
    if let Some(record) = state.keys.get(new.public()) {
        verdict
            .refuse(Refusal::KeyTaken { key: new.name().to_string(), party: record.party.clone() });
    }
}
