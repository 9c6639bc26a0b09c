//! `custody confirm`

use clap::Args;
use serde::Serialize;

use super::handover::{compare, compare_again, tell};
use super::signing::{Concluded, SignArgs, conclude_if};
use super::ui::Ui;
use super::{BusArg, Global};
use crate::model::vocabulary::SightingGrade;
use crate::model::{MediumId, Name, PartyId, Phrase};
use crate::ops::confirm::{ConfirmWish, NotCounted, confirm};
use crate::ops::{Ledger, OpsError};

/// Say that one drive is there, wherever it is: plugged in, by its label, or by your word
#[derive(Debug, Args)]
#[command(after_help = "\
For a drive that is out: plug it in at any of our computers, and somebody who does not hold it
confirms it. Whoever holds it can only give their word, which stands in the log and, by the
default policy, moves no bound.
Examples:
  custody confirm USB-0421 --by sasaki
  custody confirm USB-0421 --place 'さくら印刷 第二工場' --label CM1-USB-0421-7K3F9Q-X --by sasaki")]
pub(super) struct Confirm {
    /// Asset id of the drive
    medium: Option<String>,
    /// Where it is [default: where it is said to be]
    #[arg(long)]
    place: Option<String>,
    /// Its label as it was scanned
    #[arg(long, value_name = "CODE")]
    label: Option<String>,
    /// A remark
    #[arg(long)]
    detail: Option<String>,
    #[command(flatten)]
    bus: BusArg,
    /// Who confirms it
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

/// What `confirm` answers.
#[derive(Debug, Serialize)]
struct Answer {
    #[serde(flatten)]
    concluded: Concluded,
    grade: SightingGrade,
    counts: bool,
}

impl Confirm {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut asking = ui.asking();
        let medium: Option<MediumId> =
            asking.need("MEDIUM", self.medium.as_deref(), "Which drive (asset id)", None);
        let place: Option<Name> = asking.may("--place", self.place.as_deref());
        let detail: Option<Phrase> = asking.may("--detail", self.detail.as_deref());
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Confirmed by (party id)", None);
        asking.end()?;
        let (Some(medium), Some(by)) = (medium, by) else {
            return Err(OpsError::input("confirm", "an answer is missing"));
        };
        let mut ledger = global.open()?;
        let media = [medium.clone()];
        let looked = compare(&ledger, &self.bus, &media)?;
        let wish = ConfirmWish { medium, place, label: self.label, detail, by };
        let confirmed = confirm(&ledger, wish, looked.as_ref())?;
        tell(ui, looked.as_ref());
        if let Some(why) = confirmed.counts_not {
            warn(ui, why);
        }
        let still = |ledger: &Ledger| compare_again(ledger, &self.bus, &media, looked.as_ref());
        let concluded = conclude_if(global, &mut ledger, confirmed.draft, &self.signing, &still)?;
        let counts = confirmed.counts_not.is_none();
        let answer = Answer { concluded, grade: confirmed.grade, counts };
        ui.answer(&answer, |_| answer.concluded.words());
        Ok(0)
    }
}

fn warn(ui: Ui, why: NotCounted) {
    ui.warn(match why {
        NotCounted::Holder => {
            "the holder's own word stands in the log and moves no bound: somebody else has to see it"
        }
        NotCounted::SameUnit => {
            "the word of the holder's unit stands in the log and moves no bound: somebody of \
             another unit has to see it"
        }
        NotCounted::TooWeak => {
            "this stands in the log and moves no bound: the rules ask for better evidence"
        }
    });
}
