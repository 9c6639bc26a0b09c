//! `custody log` and `custody show`

use clap::Args;

use super::Global;
use crate::model::{MediumId, PartyId};
use crate::ops::{OpsError, status};
use crate::render::text;

/// The entries, newest last; of one drive, of one party or of all
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  custody log USB-0421\n  custody log --party sato")]
pub(super) struct Log {
    /// Asset id
    medium: Option<String>,
    /// Those that name this party: what is in doubt when a key is stolen
    #[arg(long, value_name = "ID", conflicts_with = "medium")]
    party: Option<String>,
    /// How many of the newest entries
    #[arg(long, short = 'n', default_value_t = 50)]
    limit: usize,
}

/// One drive: what is recorded of it, and its history
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody show USB-0421")]
pub(super) struct Show {
    /// Asset id
    medium: String,
}

fn medium_id(text: &str) -> Result<MediumId, OpsError> {
    crate::model::text::tidy(text).parse().map_err(|error| OpsError::input("MEDIUM", error))
}

impl Log {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let medium = self.medium.as_deref().map(medium_id).transpose()?;
        let ledger = global.open()?;
        let log = match &self.party {
            Some(id) => {
                let id: PartyId = id.parse().map_err(|error| OpsError::input("--party", error))?;
                status::log_of_party(&ledger, &id, self.limit)?
            }
            None => status::log(&ledger, medium.as_ref(), self.limit)?,
        };
        global.ui().answer(&log, |style| text::log(&log, style));
        Ok(0)
    }
}

impl Show {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let id = medium_id(&self.medium)?;
        let medium = status::show(&global.open()?, &id)?;
        global.ui().answer(&medium, |style| text::medium(&medium, style));
        Ok(0)
    }
}
