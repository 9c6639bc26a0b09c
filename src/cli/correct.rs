//! `custody correct`

use clap::Args;

use super::Global;
use super::signing::{SignArgs, conclude};
use crate::model::{PartyId, Phrase, Token};
use crate::ops::OpsError;
use crate::ops::correct::correct;

/// Record what an entry should have said; the entry itself stays
#[derive(Debug, Args)]
#[command(after_help = "\
Correcting the line 'at' (administrators) also sets the ledger's clock right, when an entry
made under a wrong clock keeps newer ones out.
Example:
  custody correct 17 --field persons --to 3757 --reason 転記誤り --by yamada")]
pub(super) struct Correct {
    /// Index of the entry
    entry: u64,
    /// Which of its lines
    #[arg(long)]
    field: String,
    /// What it should have said
    #[arg(long)]
    to: String,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    /// Who corrects it
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

impl Correct {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut asking = global.ui().asking();
        let field: Option<Token> = asking.need("--field", Some(&self.field), "Which line", None);
        let to: Option<Phrase> =
            asking.need("--to", Some(&self.to), "What it should have said", None);
        let reason: Option<Phrase> = asking.need("--reason", self.reason.as_deref(), "Why", None);
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Corrected by (party id)", None);
        asking.end()?;
        let (Some(field), Some(to), Some(reason), Some(by)) = (field, to, reason, by) else {
            return Err(OpsError::input("correct", "an answer is missing"));
        };
        let mut ledger = global.open()?;
        let draft = correct(&ledger, self.entry, field, to, reason, by)?;
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        global.ui().answer(&concluded, |_| concluded.words());
        Ok(0)
    }
}
