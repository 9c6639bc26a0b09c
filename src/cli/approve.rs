//! `custody approve`

use clap::Args;

use super::Global;
use super::error::EXIT_FINE;
use super::signing::{SignArgs, conclude};
use crate::model::vocabulary::Verdict;
use crate::model::{PartyId, Phrase};
use crate::ops::approve::approve;
use crate::ops::{OpsError, request};
use crate::render::text;

/// Approve a request for a take-out, or decline it
#[derive(Debug, Args)]
#[command(after_help = "\
Neither who asked nor who is to receive the drives answers. Once answered it stays so: after a
decline, ask anew.
Examples:
  custody approve 17 --by yamada
  custody approve 17 --decline --detail 前回分が未返却 --by yamada")]
pub(super) struct Approve {
    /// Entry of the request, as 'custody request --list' shows it
    entry: u64,
    /// Say no
    #[arg(long)]
    decline: bool,
    /// Why, or on what conditions
    #[arg(long)]
    detail: Option<String>,
    /// Who answers
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

impl Approve {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut asking = ui.asking();
        let detail: Option<Phrase> = asking.may("--detail", self.detail.as_deref());
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Who answers (party id)", None);
        asking.end()?;
        let by = by.ok_or_else(|| OpsError::input("approve", "an answer is missing"))?;
        let verdict = if self.decline { Verdict::Declined } else { Verdict::Approved };
        let mut ledger = global.open()?;
        let draft = approve(&ledger, self.entry, verdict, detail, by)?;
        // The statement names the request by its hash: what it asks for is shown first.
        let asked = request::open(&ledger)?;
        for row in asked.rows.iter().filter(|row| row.entry == self.entry) {
            ui.say(&text::request(row, ui.style()));
        }
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        ui.answer(&concluded, |_| concluded.words());
        Ok(EXIT_FINE)
    }
}
