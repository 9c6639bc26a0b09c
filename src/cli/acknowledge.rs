//! `custody acknowledge`

use clap::Args;

use super::Global;
use super::signing::{SignArgs, conclude};
use crate::model::{MediumId, PartyId, Phrase};
use crate::ops::OpsError;
use crate::ops::acknowledge::acknowledge;

/// Take note that a drive is due, overdue or missing: the messages about it end
#[derive(Debug, Args)]
#[command(after_help = "\
Whoever takes note sees to it. How the drive stands does not change: only a sighting, a return
or a find ends that.
Example:
  custody acknowledge USB-0421 --detail 支部に電話した --by suzuki")]
pub(super) struct Acknowledge {
    /// Asset id of the drive
    medium: Option<String>,
    /// What is done about it
    #[arg(long)]
    detail: Option<String>,
    /// Who sees to it
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

impl Acknowledge {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut asking = global.ui().asking();
        let medium: Option<MediumId> =
            asking.need("MEDIUM", self.medium.as_deref(), "Which drive (asset id)", None);
        let detail: Option<Phrase> = asking.may("--detail", self.detail.as_deref());
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Who sees to it (party id)", None);
        asking.end()?;
        let (Some(medium), Some(by)) = (medium, by) else {
            return Err(OpsError::input("acknowledge", "an answer is missing"));
        };
        let mut ledger = global.open()?;
        let draft = acknowledge(&ledger, medium, detail, by)?;
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        global.ui().answer(&concluded, |_| concluded.words());
        Ok(0)
    }
}
