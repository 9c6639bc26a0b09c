//! What is due: as a value, as a calendar and as metrics.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::clock::SystemClock;
use super::daily;
use super::error::OpsError;
use super::follow::Onlooker;
use super::tell;
use crate::ledger::{Presence, State};
use crate::model::Stamp;
use crate::render::ics::calendar;
use crate::render::metrics::{Gauges, metrics};
use crate::render::paper::words::Tongue;
use crate::report::Notices;
use crate::report::copies::DailyCopy;
use crate::report::notices::duties;

/// A ledger at one moment. It is read beside whoever owns it, so that a timer never
/// finds it in use.
pub struct Moment {
    state: State,
    now: Stamp,
    copies: Vec<DailyCopy>,
}

impl Moment {
    /// The ledger in `folder`, now.
    ///
    /// # Errors
    /// No ledger, one that cannot be read, or an impossible clock.
    pub fn of(folder: &Path) -> Result<Self, OpsError> {
        let mut onlooker = Onlooker::open(folder)?;
        let now = onlooker.now(&SystemClock)?;
        Ok(Moment::at(folder, onlooker.state()?.clone(), now))
    }

    /// The ledger in `folder`, whose state is at hand.
    pub fn at(folder: &Path, state: State, now: Stamp) -> Self {
        Moment { state, now, copies: daily::expected(folder, now) }
    }

    /// What is due, overdue and missing.
    pub fn notices(&self) -> Notices {
        Notices { copies: self.copies.clone(), ..Notices::new(&self.state, self.now) }
    }

    /// Writes the duties as an iCalendar file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_calendar(&self, path: &Path, tongue: Tongue) -> Result<(), OpsError> {
        let origin = self.state.facts.as_ref().map(|facts| &facts.origin);
        let text = calendar(origin, self.state.size, self.now, &duties(&self.state), tongue)?;
        replace(path, text.as_bytes())
    }

    /// Writes the metrics of the ledger in `folder`.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn write_metrics(&self, path: &Path, folder: &Path) -> Result<(), OpsError> {
        let in_use =
            self.state.media.values().filter(|medium| medium.presence == Presence::Present);
        let gauges = Gauges {
            oldest_sighting: in_use.map(|medium| medium.seen.at).min(),
            messages_in_trouble: tell::in_trouble(folder),
            journal_bytes: journal_bytes(folder),
        };
        replace(path, metrics(&self.notices(), &gauges).as_bytes())
    }
}

fn journal_bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder.join("journal")).into_iter().flatten().flatten();
    files.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

/// Replaces a file in one step: whoever reads it now and then finds the old or the new
/// one, whole. Others may read it, as collectors and calendars have to.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), OpsError> {
    let failed = |error| OpsError::file("cannot write", path, error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    let readable = builder.permissions(Permissions::from_mode(0o644));
    let mut fresh = readable.tempfile_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    fresh.write_all(bytes).map_err(failed)?;
    fresh.as_file().sync_all().map_err(failed)?;
    fresh.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
