//! A cabinet's station at work: it looks, and signs what it saw.

use super::cabinets::CabinetSettings;
use super::draft::Draft;
use super::error::{OpsError, Problem};
use super::keeper::Keeper;
use super::keys::{Keyring, read_passphrase};
use super::ledger::Ledger;
use crate::ledger::cabinet::{Cabinet, Moment, Movement};
use crate::ledger::checks::{Observation, compare};
use crate::ledger::intent::Called;
use crate::ledger::{Intent, State};
use crate::model::vocabulary::Role;
use crate::wire::signature::Signer;

/// A station with its key in hand.
pub struct Station {
    /// As it is configured.
    pub settings: CabinetSettings,
    signer: Box<dyn Signer + Send + Sync>,
    cabinet: Cabinet,
    /// Entries in the ledger when it last looked.
    size: u64,
}

/// A roll-call that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollCalled {
    /// Its entry.
    pub entry: u64,
    /// How many drives were there.
    pub present: usize,
    /// How many that belong there were not.
    pub absent: usize,
    /// How many devices nobody registered.
    pub unknown: usize,
}

/// What one look of a station came to.
#[derive(Debug, Default)]
pub struct Looked {
    /// What happened since the last look.
    pub movements: Vec<Movement>,
    /// The roll-call, if one was due.
    pub called: Option<Result<RollCalled, OpsError>>,
}

impl Station {
    /// Prepares one: its party has to be enrolled as a station, and its key to open.
    ///
    /// # Errors
    /// Everything that keeps it from signing, and a passphrase file that cannot be read.
    pub fn open(
        state: &State,
        settings: CabinetSettings,
        keyring: &Keyring,
    ) -> Result<Self, OpsError> {
        let option = format!("cabinet.{}.station", settings.name);
        let party = state.parties.get(&settings.station);
        let key = party.filter(|party| party.has_any(&[Role::Station])).map(|party| &party.key);
        let problem = match (party, key) {
            (None, _) => format!("nobody with the id {} is enrolled", settings.station),
            (_, None) => format!("{} has not the role station", settings.station),
            (_, Some(None)) => format!("{} has no valid key", settings.station),
            (_, Some(Some(key))) => {
                let signer: Box<dyn Signer + Send + Sync> = if keyring.is_in_agent(key)? {
                    Box::new(keyring.from_agent(key)?)
                } else {
                    Box::new(keyring.open(key, &read_passphrase(&settings.passphrase)?)?)
                };
                let (place, by) = (settings.place.clone(), settings.station.clone());
                let cabinet = Cabinet::new(place, by, settings.pace);
                return Ok(Station { settings, signer, cabinet, size: u64::MAX });
            }
        };
        Err(OpsError::Input(vec![Problem::new(&option, problem)]))
    }

    /// Whether there is something to look at although nothing has moved: the ledger has
    /// grown, or the time has come.
    pub fn wants_to_look(&self, size: u64, at: Moment) -> bool {
        size != self.size || self.cabinet.wants_to_look(at)
    }

    /// Looks once. What is to be recorded is recorded before this returns, and what could
    /// not be is asked for again.
    pub fn look(&mut self, keeper: &Keeper, observed: &[Observation], at: Moment) -> Looked {
        let mut ledger = keeper.ledger();
        let outcome = compare(ledger.state(), &self.settings.place, observed);
        let noticed = self.cabinet.look(ledger.state(), &outcome, at);
        let called = noticed.call.map(|call| {
            let before = ledger.state().clone();
            let done = self.record(&mut ledger, &call);
            match &done {
                Ok(_) => self.cabinet.recorded(&before, &call),
                Err(error) => {
                    self.cabinet.not_recorded();
                    keeper.heed(error);
                }
            }
            done
        });
        self.size = ledger.state().size;
        Looked { movements: noticed.movements, called }
    }

    fn record(&self, ledger: &mut Ledger, call: &Called) -> Result<RollCalled, OpsError> {
        let mut draft: Draft = ledger.draft(Intent::CallRoll(Box::new(call.clone())))?;
        draft.sign(self.signer.as_ref())?;
        let committed = ledger.submit(&[draft])?;
        let entry = committed.first().map(|entry| entry.index);
        Ok(RollCalled {
            entry: entry.ok_or_else(|| OpsError::Unknown("nothing was appended".to_owned()))?,
            present: call.present.len(),
            absent: call.absent.len(),
            unknown: call.unknown.len(),
        })
    }
}
