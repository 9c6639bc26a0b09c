//! 捜索記録: where a missing drive was looked for, and by whom.

use serde::Serialize;

use crate::ledger::State;
use crate::model::{MediumId, Stamp};

use super::incident::{Searched, Step};
use super::optional_text;
use super::words::standing as spoken;
use super::{evidence::Bilingual, status::Row};

/// The search for one drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SearchLog {
    /// The drive.
    pub medium: MediumId,
    /// How it stands, in both languages.
    pub standing: Bilingual,
    /// The entry by which it was missed; none of a drive that nobody ever missed.
    pub known: Option<Step>,
    /// Since when it is missing; none of one that is not.
    #[serde(serialize_with = "optional_text")]
    pub gone_since: Option<Stamp>,
    /// Where was looked since, the first search first; checks that did not find it are
    /// among them.
    pub searches: Vec<Searched>,
}

impl SearchLog {
    /// The search for `id`; none where it is not registered.
    #[must_use]
    pub fn new(
        state: &State,
        id: &MediumId,
        now: Stamp,
        known: Option<Step>,
        searches: Vec<Searched>,
    ) -> Option<Self> {
        let row = Row::new(state, state.media.get(id)?, now);
        Some(SearchLog {
            medium: id.clone(),
            standing: spoken(row.standing),
            known,
            gone_since: row.gone_since,
            searches,
        })
    }
}
