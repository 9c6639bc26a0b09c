//! `custody found`

use clap::Args;

use super::handover::{compare, compare_again, tell};
use super::signing::{SignArgs, conclude_if};
use super::{BusArg, Global};
use crate::ledger::intent::Find;
use crate::model::vocabulary::SightingGrade;
use crate::model::{MediumId, Name, PartyId};
use crate::ops::{Ledger, OpsError, loss};

/// Say that a missing or lost drive was found; the finder holds it from now on
#[derive(Debug, Args)]
#[command(after_help = "\
A drive that is plugged in is compared with its registration and speaks for itself. Otherwise
--grade says how it was told: label (scanned), or attested (by your word), as the policy allows.
Example:
  custody found USB-0421 --place '静岡支部 会議室' --detail 棚の裏 --by kato")]
pub(super) struct Found {
    /// Asset id of the drive
    medium: Option<String>,
    /// Where it was
    #[arg(long)]
    place: Option<String>,
    /// How it was told, where it is not plugged in: label or attested [default: label]
    #[arg(long)]
    grade: Option<String>,
    /// What is known
    #[arg(long)]
    detail: Option<String>,
    #[command(flatten)]
    bus: BusArg,
    /// Who has it now
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

impl Found {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut asking = ui.asking();
        let medium: Option<MediumId> =
            asking.need("MEDIUM", self.medium.as_deref(), "Which drive (asset id)", None);
        let place: Option<Name> =
            asking.need("--place", self.place.as_deref(), "Where it was", None);
        let given = self.grade.as_deref().unwrap_or("label");
        let grade: Option<SightingGrade> = asking.may("--grade", Some(given));
        let detail = asking.may("--detail", self.detail.as_deref());
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Found by (party id)", None);
        asking.end()?;
        let (Some(medium), Some(place), Some(grade), Some(by)) = (medium, place, grade, by) else {
            return Err(OpsError::input("found", "an answer is missing"));
        };
        if !matches!(grade, SightingGrade::Label | SightingGrade::Attested) {
            let problem = "only a drive that is plugged in is seen as a device; label or attested";
            return Err(OpsError::input("--grade", problem));
        }
        let mut ledger = global.open()?;
        let media = [medium.clone()];
        let looked = compare(&ledger, &self.bus, &media)?;
        let wish = Find { medium, grade, place, alarm: Vec::new(), detail, by };
        let draft = loss::found(&ledger, wish, looked.as_ref())?;
        tell(ui, looked.as_ref());
        let still = |ledger: &Ledger| compare_again(ledger, &self.bus, &media, looked.as_ref());
        let concluded = conclude_if(global, &mut ledger, draft, &self.signing, &still)?;
        ui.answer(&concluded, |_| concluded.words());
        Ok(0)
    }
}
