//! `custody search-log`

use clap::Args;

use super::Global;
use super::signing::{SignArgs, conclude};
use crate::model::{MediumId, Name, PartyId, Phrase};
use crate::ops::{OpsError, incident};
use crate::render::text;

/// Where a missing drive was looked for; with --place, one place more
#[derive(Debug, Args)]
#[command(after_help = "\
Without --place it lists the searches. Anybody who is enrolled may record one; a drive that
turns up is recorded with 'custody found'.
Examples:
  custody search-log USB-0420
  custody search-log USB-0420 --place 3階会議室 --detail 机と棚をすべて確認 --by suzuki")]
pub(super) struct SearchLogCommand {
    /// Asset id of the drive
    medium: Option<String>,
    /// Where was looked
    #[arg(long)]
    place: Option<String>,
    /// A remark
    #[arg(long)]
    detail: Option<String>,
    /// Who looked
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

impl SearchLogCommand {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let records = self.place.is_some() || self.detail.is_some() || self.by.is_some();
        let mut asking = global.ui().asking();
        let medium: Option<MediumId> =
            asking.need("MEDIUM", self.medium.as_deref(), "Which drive (asset id)", None);
        if !records {
            asking.end()?;
            let medium = medium.ok_or_else(|| OpsError::input("MEDIUM", "an answer is missing"))?;
            let log = incident::searches(&global.open()?, &medium)?;
            global.ui().answer(&log, |style| text::searches(&log, style));
            return Ok(0);
        }
        let place: Option<Name> =
            asking.need("--place", self.place.as_deref(), "Where was looked", None);
        let detail: Option<Phrase> = asking.may("--detail", self.detail.as_deref());
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Who looked (party id)", None);
        asking.end()?;
        let (Some(medium), Some(place), Some(by)) = (medium, place, by) else {
            return Err(OpsError::input("search-log", "an answer is missing"));
        };
        let mut ledger = global.open()?;
        let draft = incident::search(&ledger, medium, place, detail, by)?;
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        global.ui().answer(&concluded, |_| concluded.words());
        Ok(0)
    }
}
