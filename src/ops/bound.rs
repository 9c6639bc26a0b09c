//! Until when a loss can go unnoticed.

use std::path::{Path, PathBuf};

use super::error::{OpsError, Problem};
use super::ledger::Ledger;
use crate::ledger::Refusal;
use crate::ledger::calendar::Calendar;
use crate::model::MediumId;
use crate::report::bound::Bounds;

/// Largest calendar that is read, in bytes.
const CALENDAR_MAX: u64 = 1024 * 1024;
/// The calendar of a ledger, in its folder.
pub const CALENDAR: &str = "calendar.txt";

/// The bounds of the media named, or of all.
///
/// # Errors
/// Media that nobody registered, a calendar that cannot be read, an impossible clock.
pub fn bounds(
    ledger: &Ledger,
    calendar: Option<&Path>,
    media: &[MediumId],
) -> Result<Bounds, OpsError> {
    let state = ledger.state();
    if let Some(medium) = media.iter().find(|id| !state.media.contains_key(*id)) {
        return Err(OpsError::refused(Refusal::UnknownMedium { medium: medium.clone() }));
    }
    let calendar = match calendar {
        Some(file) => read(file)?,
        None => own(ledger.folder())?,
    };
    Ok(Bounds::new(state, ledger.now()?, &calendar, media))
}

/// The calendar beside the ledger; an empty one where there is none.
///
/// # Errors
/// It is there and cannot be read.
pub fn own(folder: &Path) -> Result<Calendar, OpsError> {
    let file: PathBuf = folder.join(CALENDAR);
    if file.try_exists().map_err(|error| OpsError::file("cannot read", &file, error))? {
        return read(&file);
    }
    Ok(Calendar::default())
}

fn read(file: &Path) -> Result<Calendar, OpsError> {
    let failed = |error| OpsError::file("cannot read", file, error);
    let large = std::fs::metadata(file).map_err(failed)?.len() > CALENDAR_MAX;
    let text = if large { String::new() } else { std::fs::read_to_string(file).map_err(failed)? };
    if large {
        let problem = format!("{} is larger than 1 MiB: no calendar", file.display());
        return Err(OpsError::input("--calendar", problem));
    }
    Calendar::parse(&text).map_err(|wrong| {
        let problem =
            |error: &_| Problem::new("--calendar", format!("{}: {error}", file.display()));
        OpsError::Input(wrong.iter().map(problem).collect())
    })
}
