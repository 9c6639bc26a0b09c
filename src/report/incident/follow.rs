//! Following one drive through the log until it was missed.

use crate::ledger::{Medium, Presence, State};
use crate::model::{Hash, MediumId, Statement};
use crate::report::named;

/// A loss as the log tells it.
#[derive(Debug, Clone)]
pub struct Loss {
    /// The entry by which it became known.
    pub known: u64,
    /// Everything in front of that entry: what was known of the drive, its holder and
    /// the rules until then.
    pub before: State,
    /// The entry that decided that it is lost.
    pub decided: Option<u64>,
    /// The entry that ended it: the drive was found or seen.
    pub ended: Option<u64>,
}

/// Takes all entries in order; keeps the last loss of one drive.
pub struct LossFold {
    id: MediumId,
    state: State,
    loss: Option<Loss>,
}

impl LossFold {
    /// Of that drive.
    #[must_use]
    pub fn new(id: MediumId) -> Self {
        LossFold { id, state: State::default(), loss: None }
    }

    /// The next entry; none for one that cannot be read, which the audit names.
    pub fn take(&mut self, leaf: Hash, said: Option<&Statement>) {
        let Some(said) = said else {
            self.state.size += 1;
            return;
        };
        let index = self.state.size;
        // Only an entry that names the drive says that it is missing or found. A copy of
        // what was before is large, so it is made for an entry that may miss it alone.
        if !named::media(said).contains(&self.id) {
            return self.state.apply(leaf, said);
        }
        let present = self.presence() == Some(Presence::Present);
        let before = (present && misses(said, &self.id)).then(|| self.state.clone());
        self.state.apply(leaf, said);
        match (before, self.presence()) {
            (Some(before), Some(Presence::Missing { .. } | Presence::Lost { .. })) => {
                let decided = matches!(self.presence(), Some(Presence::Lost { .. }));
                let decided = decided.then_some(index);
                self.loss = Some(Loss { known: index, before, decided, ended: None });
            }
            (None, Some(Presence::Lost { .. })) => {
                if let Some(loss) = &mut self.loss {
                    loss.decided.get_or_insert(index);
                }
            }
            (None, Some(Presence::Present)) if !present => {
                if let Some(loss) = self.loss.as_mut().filter(|loss| loss.ended.is_none()) {
                    loss.ended = Some(index);
                }
            }
            _ => {}
        }
    }

    fn presence(&self) -> Option<Presence> {
        self.state.media.get(&self.id).map(|medium| medium.presence)
    }

    /// The last loss; none of a drive that nobody ever missed.
    #[must_use]
    pub fn finish(self) -> Option<Loss> {
        self.loss
    }
}

/// Whether an entry says of the drive that it is not there.
fn misses(said: &Statement, id: &MediumId) -> bool {
    match said {
        Statement::Check(said) => said.missing.contains(id),
        Statement::Missing(said) => said.medium.id == *id,
        Statement::Lost(said) => said.medium.id == *id,
        _ => false,
    }
}

impl Loss {
    /// The drive as it was known when it was missed.
    #[must_use]
    pub fn medium(&self, id: &MediumId) -> Option<&Medium> {
        self.before.media.get(id)
    }
}
