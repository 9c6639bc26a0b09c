//! `custody check`

use clap::Args;
use serde::Serialize;

use super::error::{EXIT_DISCREPANCY, EXIT_FINE};
use super::handover::tell_unread;
use super::signing::{Concluded, SignArgs, conclude_if};
use super::tokens::{Renewed, TokensArg, settle};
use super::{BusArg, Global};
use crate::model::{Name, PartyId, Phrase, Statement};
use crate::ops::check::{close, draw, look, look_again};
use crate::ops::{Draft, Ledger, OpsError};
use crate::render::text;
use crate::report::CheckReport;

/// One round of presence checks at a place; exit code 3 when something is amiss
#[derive(Debug, Args)]
#[command(after_help = "\
Plug in the drives that belong to the place, or scan their labels. By policy the checker
does not hold any of them. Exit code 0: all there and nothing else; 3: a discrepancy.
Examples:
  custody check --place 静岡支部保管庫 --by sasaki
  custody check --place 静岡支部保管庫 --by sasaki --draw 10%
  custody check --place 静岡支部保管庫 --by sasaki --no-bus --label CM1-USB-0421-7K3F9Q-X")]
pub(super) struct Check {
    /// The place, as it stands as home in the ledger
    #[arg(long)]
    place: Option<String>,
    /// Look for a sample only: so many per cent of the drives there, drawn by the log
    #[arg(long, value_name = "PERCENT")]
    draw: Option<String>,
    /// Show the sample that --draw would take, and record nothing
    #[arg(long, requires = "draw")]
    list: bool,
    /// A scanned label; may be repeated
    #[arg(long = "label", value_name = "CODE")]
    labels: Vec<String>,
    /// Labels only; do not look at the bus
    #[arg(long)]
    no_bus: bool,
    #[command(flatten)]
    bus: BusArg,
    #[command(flatten)]
    tokens: TokensArg,
    /// A remark
    #[arg(long)]
    detail: Option<String>,
    /// Who checks
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

/// What `check` answers.
#[derive(Debug, Serialize)]
struct Checked {
    #[serde(flatten)]
    concluded: Concluded,
    tokens: Vec<Renewed>,
    check: CheckReport,
}

impl Check {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut asking = ui.asking();
        let place: Option<Name> =
            asking.need("--place", self.place.as_deref(), "Which place", None);
        let by: Option<PartyId> = match self.list {
            true => None,
            false => asking.need("--by", self.by.as_deref(), "Who checks (party id)", None),
        };
        let detail: Option<Phrase> = asking.may("--detail", self.detail.as_deref());
        asking.end()?;
        let Some(place) = place else {
            return Err(OpsError::input("check", "an answer is missing"));
        };
        let percent = self.draw.as_deref().map(percent).transpose()?;
        let mut ledger = global.open()?;
        let drawn = percent.map(|percent| draw(&ledger, &place, percent)).transpose()?;
        if let Some(drawn) = &drawn {
            if self.list {
                ui.answer(drawn, |style| text::drawn(drawn, style));
                return Ok(EXIT_FINE);
            }
            ui.say(&text::drawn(drawn, ui.style()));
        }
        let by = by.ok_or_else(|| OpsError::input("check", "an answer is missing"))?;
        let sample = drawn.map(|drawn| drawn.line);
        let open = || if self.no_bus { Ok(None) } else { self.bus.choice().open().map(Some) };
        let bus = open()?;
        let round = look(&ledger, bus.as_deref(), (&place, sample), &self.labels)?;
        for position in &round.unread {
            ui.warn(&format!(
                "the serial of the drive at {position} could not be read; it counts for nothing"
            ));
        }
        tell_unread(ui, round.unexamined.iter().cloned());
        let mut draft = close(&ledger, &round, detail.clone(), by.clone())?;
        // What people see first is the result, before anybody types a passphrase.
        let preview = report(&ledger, &draft, None);
        if let Some(preview) = &preview {
            ui.say(&text::check(preview, ui.style()));
        }
        let on = (&ledger, &self.bus);
        let seen = if self.no_bus { Vec::new() } else { round.outcome.seen() };
        let rotation = self.tokens.rotate(ui, on, &seen, &[&by], &self.signing)?;
        if !rotation.is_empty() {
            let mut renewed = round.clone();
            renewed.outcome.news.tokens = rotation.lines();
            draft = close(&ledger, &renewed, detail, by)?;
        }
        let before = ledger.state().clone();
        let still = |ledger: &Ledger| look_again(ledger, open()?.as_deref(), &round, &self.labels);
        let signing = &self.signing;
        let outcome = conclude_if(global, &mut ledger, draft.clone(), signing, &still);
        let (concluded, tokens) = settle(ui, rotation, outcome)?;
        let Some(check) = report_in(&before, &draft, concluded.entry()) else {
            return Err(OpsError::Unknown("the check left no report".to_owned()));
        };
        let clean = round.outcome.is_clean();
        let answer = Checked { concluded, tokens, check };
        ui.answer(&answer, |_| answer.concluded.words());
        Ok(if clean { EXIT_FINE } else { EXIT_DISCREPANCY })
    }
}

/// `10%` or `10`.
fn percent(text: &str) -> Result<u32, OpsError> {
    let number = text.trim().trim_end_matches(['%', '％']).trim();
    let percent = number.parse().ok().filter(|percent| (1..=100).contains(percent));
    percent.ok_or_else(|| OpsError::input("--draw", format!("'{text}' is not 1% to 100%")))
}

fn report(ledger: &Ledger, draft: &Draft, entry: Option<u64>) -> Option<CheckReport> {
    report_in(ledger.state(), draft, entry)
}

fn report_in(
    state: &crate::ledger::State,
    draft: &Draft,
    entry: Option<u64>,
) -> Option<CheckReport> {
    match draft.statement() {
        Statement::Check(said) => Some(CheckReport::new(state, said, entry)),
        _ => None,
    }
}
