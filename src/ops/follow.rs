//! A ledger as an onlooker sees it: read on from where it was read before, without
//! ever owning it. A command that runs meanwhile never finds it in use.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::clock::Clock;
use super::error::OpsError;
use super::ledger::{apply_note, moment, options, state_in_snapshot};
use crate::ledger::State;
use crate::model::Stamp;
use crate::store::Follower;

/// The state of a ledger that others may be writing.
pub struct Onlooker {
    folder: PathBuf,
    follower: Follower,
    state: State,
}

impl Onlooker {
    /// Reads the ledger in `folder` as it stands.
    ///
    /// # Errors
    /// No ledger, or one that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, OpsError> {
        match Self::from(folder, true) {
            // The kept state may be of another history; the entries are the truth.
            Err(OpsError::Store(_)) => Self::from(folder, false),
            done => done,
        }
    }

    fn from(folder: &Path, snapshot: bool) -> Result<Self, OpsError> {
        let start = || Follower::open(folder, &options());
        let mut follower = start()?;
        let mut state = State::default();
        if snapshot && let Some(bytes) = follower.skip_to_snapshot()? {
            match state_in_snapshot(&bytes).filter(|kept| kept.size == follower.size()) {
                Some(kept) => state = kept,
                None => follower = start()?,
            }
        }
        let mut onlooker = Onlooker { folder: folder.to_owned(), follower, state };
        onlooker.read_on()?;
        Ok(onlooker)
    }

    fn read_on(&mut self) -> Result<(), OpsError> {
        let state = &mut self.state;
        Ok(self.follower.read_on(&mut |_, bytes| {
            apply_note(state, bytes);
            ControlFlow::Continue(())
        })?)
    }

    /// The state with everything that has been recorded since.
    ///
    /// # Errors
    /// When it cannot be read, even from its beginning.
    pub fn state(&mut self) -> Result<&State, OpsError> {
        if self.read_on().is_err() {
            // Another ledger lies there now, or this one was restored from a backup.
            let folder = self.folder.clone();
            *self = Self::open(&folder)?;
        }
        Ok(&self.state)
    }

    /// The present moment, in the ledger's time zone.
    ///
    /// # Errors
    /// An impossible clock.
    pub fn now(&self, clock: &dyn Clock) -> Result<Stamp, OpsError> {
        moment(&self.state, clock)
    }
}
