//! A party and its key as they are shown.

use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::ledger::State;
use crate::model::{Hash, Name, PartyId, PartyRef, VerifierKey};

/// A party by id, with name and organisation where the ledger knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Who {
    /// The id within the ledger.
    pub id: PartyId,
    /// Name; none for an id nobody enrolled.
    pub name: Option<Name>,
    /// Whom they belong to.
    pub organisation: Option<Name>,
}

impl Who {
    /// Looks an id up.
    pub fn of(state: &State, id: &PartyId) -> Self {
        match state.parties.get(id) {
            Some(known) => Who::from(&known.party),
            None => Who { id: id.clone(), name: None, organisation: None },
        }
    }

    /// Name and organisation; the id where there is no name.
    pub fn spoken(&self) -> String {
        match (&self.name, &self.organisation) {
            (Some(name), Some(organisation)) => format!("{name}, {organisation}"),
            (Some(name), None) => name.to_string(),
            (None, _) => self.id.to_string(),
        }
    }
}

impl From<&PartyRef> for Who {
    fn from(party: &PartyRef) -> Self {
        Who {
            id: party.id.clone(),
            name: Some(party.name.clone()),
            organisation: party.organisation.clone(),
        }
    }
}

/// A key as people compare it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyView {
    /// The key's name, as it stands on the signature line.
    pub name: String,
    /// See [`fingerprint`].
    pub fingerprint: String,
    /// The whole key, as signed notes write it.
    pub vkey: String,
}

impl From<&VerifierKey> for KeyView {
    fn from(key: &VerifierKey) -> Self {
        KeyView {
            name: key.name().to_string(),
            fingerprint: fingerprint(key),
            vkey: key.to_string(),
        }
    }
}

/// The first 64 bits of the SHA-256 of the public key, in hexadecimal groups of
/// four: short enough to be read out over the telephone.
pub fn fingerprint(key: &VerifierKey) -> String {
    let hash = Hash::of(&[key.public()]);
    let [a, b, c, d, e, f, g, h, ..] = hash.0;
    [[a, b], [c, d], [e, f], [g, h]].map(|pair| HEXLOWER.encode(&pair)).join(" ")
}
