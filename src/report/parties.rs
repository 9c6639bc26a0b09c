//! People, organisations and stations, with their keys.

use serde::Serialize;

use crate::ledger::{Party, State};
use crate::model::vocabulary::{RevocationReason, Role};
use crate::model::{MediumId, PartyId, Stamp};

use super::text;
use super::who::{KeyView, Who};

/// Every enrolled party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartyList {
    /// By id.
    pub parties: Vec<PartyView>,
}

/// One party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartyView {
    /// Who.
    pub who: Who,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Their valid key.
    pub key: Option<ValidKey>,
    /// The entry that last enrolled or renewed them.
    pub entry: u64,
    /// When that was.
    #[serde(serialize_with = "text")]
    pub since: Stamp,
    /// Keys that are valid no more, oldest first.
    pub revoked: Vec<RevokedKey>,
    /// The media they hold.
    pub holds: Vec<MediumId>,
}

/// A key in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValidKey {
    /// The key.
    #[serde(flatten)]
    pub key: KeyView,
    /// Valid from this entry on.
    pub from: u64,
}

/// A key out of use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevokedKey {
    /// The key.
    #[serde(flatten)]
    pub key: KeyView,
    /// Valid from this entry on ...
    pub from: u64,
    /// ... and no more from this one on.
    pub until: u64,
    /// Why.
    pub reason: RevocationReason,
}

impl PartyList {
    /// Everybody.
    pub fn new(state: &State) -> Self {
        PartyList { parties: state.parties.values().map(|one| PartyView::of(state, one)).collect() }
    }
}

impl PartyView {
    /// One party; none when nobody has that id.
    pub fn new(state: &State, id: &PartyId) -> Option<Self> {
        state.parties.get(id).map(|party| PartyView::of(state, party))
    }

    fn of(state: &State, party: &Party) -> Self {
        let id = &party.party.id;
        let own = || state.keys.values().filter(|record| record.party == *id);
        let mut revoked: Vec<RevokedKey> = own()
            .filter_map(|record| {
                let (until, reason) = record.until?;
                Some(RevokedKey {
                    key: KeyView::from(&record.key),
                    from: record.from,
                    until,
                    reason,
                })
            })
            .collect();
        revoked.sort_by_key(|key| (key.until, key.from));
        let valid = party.key.as_ref().map(|key| ValidKey {
            key: KeyView::from(key),
            from: own().find(|r| r.key == *key).map_or(party.enrolled, |record| record.from),
        });
        let held = state.media.values().filter(|m| m.in_use() && m.custody.holder == *id);
        PartyView {
            who: Who::from(&party.party),
            roles: party.roles.clone(),
            key: valid,
            entry: party.enrolled,
            since: party.since,
            revoked,
            holds: held.map(|medium| medium.line.id.clone()).collect(),
        }
    }
}
