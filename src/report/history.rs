//! 媒体履歴: one medium's history, as a document.

use serde::Serialize;

use crate::ledger::State;
use crate::model::{MediumId, Name, Origin, Seen, Stamp, Statement};

use super::medium::MediumView;
use super::receipt::Head;
use super::text;

/// A history with whose it is and of when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistorySheet {
    /// The ledger's origin; none before its genesis.
    pub ledger: Option<Origin>,
    /// Whose ledger it is.
    pub organisation: Option<Name>,
    /// Where it is kept.
    pub site: Option<Name>,
    /// The moment this holds for.
    #[serde(serialize_with = "text")]
    pub now: Stamp,
    /// The head of the log it was made from.
    pub seen: Head,
    /// What is recorded of the medium.
    pub medium: MediumView,
}

impl HistorySheet {
    /// The history of `id` at `now`; none when it is not registered. `history` is as
    /// [`MediumView::new`] takes it.
    #[must_use]
    pub fn new(
        state: &State,
        id: &MediumId,
        (now, seen): (Stamp, Seen),
        history: &[(u64, Statement)],
    ) -> Option<Self> {
        let facts = state.facts.as_ref();
        Some(HistorySheet {
            ledger: facts.map(|facts| facts.origin.clone()),
            organisation: facts.map(|facts| facts.organisation.clone()),
            site: facts.map(|facts| facts.site.clone()),
            now,
            seen: Head { entries: seen.size, root: seen.root },
            medium: MediumView::new(state, id, now, history)?,
        })
    }
}
