//! `custody lost`

use clap::Args;

use super::Global;
use super::signing::{SignArgs, conclude};
use crate::model::{MediumId, PartyId, Phrase};
use crate::ops::{OpsError, loss};

/// Decide that a missing drive is lost (privacy officers; administrators where there is none)
#[derive(Debug, Args)]
#[command(after_help = "\
It takes a drive that is missing: after a check, or 'custody missing'.
Example:
  custody lost USB-0421 --detail '全部署に照会したが見つからない' --by kato")]
pub(super) struct Lost {
    /// Asset id of the drive
    medium: Option<String>,
    /// On what grounds
    #[arg(long)]
    detail: Option<String>,
    /// Who decides
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

impl Lost {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut asking = global.ui().asking();
        let medium: Option<MediumId> =
            asking.need("MEDIUM", self.medium.as_deref(), "Which drive (asset id)", None);
        let detail: Option<Phrase> =
            asking.need("--detail", self.detail.as_deref(), "On what grounds", None);
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Who decides (party id)", None);
        asking.end()?;
        let (Some(medium), Some(detail), Some(by)) = (medium, detail, by) else {
            return Err(OpsError::input("lost", "an answer is missing"));
        };
        let mut ledger = global.open()?;
        let draft = loss::lost(&ledger, medium, detail, by)?;
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        global.ui().answer(&concluded, |_| concluded.words());
        Ok(0)
    }
}
