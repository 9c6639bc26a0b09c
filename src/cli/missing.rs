//! `custody missing`

use clap::Args;

use super::Global;
use super::signing::{SignArgs, conclude};
use crate::model::{MediumId, PartyId, Phrase};
use crate::ops::{OpsError, loss};

/// Say that a drive is missing; the clock of the loss starts
#[derive(Debug, Args)]
#[command(after_help = "\
Anybody who is enrolled may say so, and should at once: the authority's clock starts when the
loss is known.
Example:
  custody missing USB-0421 --detail 引き出しが空 --by suzuki")]
pub(super) struct Missing {
    /// Asset id of the drive
    medium: Option<String>,
    /// What is known
    #[arg(long)]
    detail: Option<String>,
    /// Who says so
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

impl Missing {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut asking = global.ui().asking();
        let medium: Option<MediumId> =
            asking.need("MEDIUM", self.medium.as_deref(), "Which drive (asset id)", None);
        let detail: Option<Phrase> =
            asking.need("--detail", self.detail.as_deref(), "What is known", None);
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Who says so (party id)", None);
        asking.end()?;
        let (Some(medium), Some(detail), Some(by)) = (medium, detail, by) else {
            return Err(OpsError::input("missing", "an answer is missing"));
        };
        let mut ledger = global.open()?;
        let draft = loss::missing(&ledger, medium, detail, by)?;
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        global.ui().answer(&concluded, |_| concluded.words());
        Ok(0)
    }
}
