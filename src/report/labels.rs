//! What stands on the labels of drives.

use serde::Serialize;

use crate::ledger::State;
use crate::model::{MediumId, Name, Origin, Phrase};

use super::label_text;

/// Labels, in the order they were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelSheet {
    /// The ledger's origin; none before its genesis.
    pub ledger: Option<Origin>,
    /// Whose ledger it is.
    pub organisation: Option<Name>,
    /// Whom to tell when a drive is found: one line for all of them.
    pub contact: Option<Phrase>,
    /// The labels.
    pub rows: Vec<LabelRow>,
}

/// One label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelRow {
    /// The asset id, in large type.
    pub medium: MediumId,
    /// The text of the code.
    pub label: String,
    /// Whose it is.
    pub owner: Name,
}

impl LabelSheet {
    /// The labels of `ids`; those that are not registered have none.
    #[must_use]
    pub fn new(state: &State, ids: &[MediumId], contact: Option<Phrase>) -> Self {
        let facts = state.facts.as_ref();
        let row = |id: &MediumId| {
            let medium = state.media.get(id)?;
            let label = label_text(id, &medium.registered.leaf);
            Some(LabelRow { medium: id.clone(), label, owner: medium.owner.clone() })
        };
        LabelSheet {
            ledger: facts.map(|facts| facts.origin.clone()),
            organisation: facts.map(|facts| facts.organisation.clone()),
            contact,
            rows: ids.iter().filter_map(row).collect(),
        }
    }
}
