//! `custody return`

use clap::Args;

use super::handover::{Finish, ReceiptOut, compare, compare_again, complete, tell};
use super::signing::SignArgs;
use super::tokens::TokensArg;
use super::{BusArg, Global};
use crate::model::{MediumId, PartyId, Phrase};
use crate::ops::alarms::Looked;
use crate::ops::handover::take_back;
use crate::ops::{Ledger, OpsError};

/// Take drives back to their home: a handover in the other direction
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody return USB-0421 --to yamada")]
pub(super) struct Return {
    /// Asset ids of the drives
    #[arg(value_name = "MEDIUM", required = true)]
    media: Vec<String>,
    /// Who takes them back (party id)
    #[arg(long, value_name = "ID")]
    to: Option<String>,
    /// Who stands by (party id)
    #[arg(long, value_name = "ID")]
    witness: Option<String>,
    /// What for
    #[arg(long)]
    purpose: Option<String>,
    #[command(flatten)]
    bus: BusArg,
    #[command(flatten)]
    tokens: TokensArg,
    #[command(flatten)]
    out: ReceiptOut,
    #[command(flatten)]
    signing: SignArgs,
}

impl Return {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut asking = global.ui().asking();
        let media: Vec<MediumId> = asking.each("MEDIUM", &self.media);
        let to: Option<PartyId> =
            asking.need("--to", self.to.as_deref(), "Who takes them back (party id)", None);
        let witness = asking.may("--witness", self.witness.as_deref());
        let purpose: Option<Phrase> =
            asking.need("--purpose", self.purpose.as_deref(), "What for", Some("返却 / return"));
        asking.end()?;
        let (Some(to), Some(purpose)) = (to, purpose) else {
            return Err(OpsError::input("return", "an answer is missing"));
        };
        let mut ledger = global.open()?;
        let looked = compare(&ledger, &self.bus, &media)?;
        let mut seen = looked.clone().unwrap_or_default();
        let draft = |seen: &Looked| {
            let (to, witness, purpose) = (to.clone(), witness.clone(), purpose.clone());
            take_back(&ledger, media.clone(), to, witness, purpose, seen.clone())
        };
        let mut drafted = draft(&seen)?;
        tell(global.ui(), looked.as_ref());
        let on = (&ledger, &self.bus);
        let compared = &seen.compared;
        let rotation = self.tokens.rotate(global.ui(), on, compared, &[&to], &self.signing)?;
        if !rotation.is_empty() {
            seen.news.tokens = rotation.lines();
            drafted = draft(&seen)?;
        }
        let still = |ledger: &Ledger| compare_again(ledger, &self.bus, &media, looked.as_ref());
        let finish = Finish { signing: &self.signing, out: &self.out, rotation };
        let shown = complete(global, &mut ledger, drafted, finish, &still)?;
        drop(ledger);
        Ok(shown.print(global))
    }
}
