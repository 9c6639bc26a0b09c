//! `custody check`

mod closing;
mod desk;

use clap::Args;

use super::error::EXIT_FINE;
use super::signing::SignArgs;
use super::tokens::TokensArg;
use super::ui::Ui;
use super::{BusArg, Global};
use crate::model::{DrawLine, MediumId, Name, PartyId, Phrase};
use crate::ops::check::{ByHand, draw, look};
use crate::ops::error::RoundProblem;
use crate::ops::follow::Onlooker;
use crate::ops::round::{
    Opening, Record, add, gather, give_up, known_party, open_at, report, settle, was_closing,
};
use crate::ops::round_live::Left;
use crate::ops::{OpsError, SystemClock};
use crate::render::text;
use crate::report::check::DrawnRound;
use crate::report::round::RoundReport;

/// One round of presence checks at a place; exit code 3 when something is amiss
#[derive(Debug, Args)]
#[command(after_help = "\
At a terminal: plug drives in one after another or all at once, scan their labels, and type
'close' in the end; 'help' says what else. 'pause' or Ctrl-C leaves the round open; the same
command goes on with it, and a second person joins it with their own --by. Without a
terminal, or with --no-input, it is one look, which ends a round that is open there.
By policy nobody checks what they hold. Exit code 0: all there and nothing else; 3: a
discrepancy. See docs/checks.md.
Examples:
  custody check --place 静岡支部保管庫 --by sasaki
  custody check --place 静岡支部保管庫 --by sasaki --draw 10%
  custody check --place 静岡支部保管庫 --by sasaki --eye USB-0430 --pause
  custody check --place 静岡支部保管庫 --show
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
    /// Show the round that is open there, and record nothing
    #[arg(long, conflicts_with_all = ["draw", "pause", "discard"])]
    show: bool,
    /// Add what is seen to the round, and leave it open
    #[arg(long, conflicts_with = "discard")]
    pause: bool,
    /// Give up the round that is open there; its file is kept under another name
    #[arg(long, requires = "reason")]
    discard: bool,
    /// Why it is given up
    #[arg(long, value_name = "TEXT", requires = "discard")]
    reason: Option<String>,
    /// Close without what was seen too long ago or has changed hands since
    #[arg(long)]
    leave_out_old: bool,
    /// A scanned label; may be repeated
    #[arg(long = "label", value_name = "CODE")]
    labels: Vec<String>,
    /// A drive seen by eye, such as a locked keypad drive or a CD-R; may be repeated
    #[arg(long = "eye", value_name = "ID")]
    eyes: Vec<String>,
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

/// The answers, read.
struct Wish {
    place: Name,
    by: Option<PartyId>,
    detail: Option<Phrase>,
    reason: Option<Phrase>,
    eyes: Vec<MediumId>,
}

impl Check {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let wish = self.wish(ui)?;
        let drawn = self.drawn(global, &wish.place)?;
        if let (Some(drawn), true) = (&drawn, self.list) {
            ui.answer(drawn, |style| text::drawn(drawn, style));
            return Ok(EXIT_FINE);
        }
        if self.show {
            return Self::show(global, &wish);
        }
        let missing = || OpsError::input("check", "an answer is missing");
        let mut by = wish.by.clone().ok_or_else(missing)?;
        if self.discard {
            return Self::discard(global, &wish, &by);
        }
        let record = settled(global, &wish.place)?;
        if let (Some(_), Some(_)) = (&drawn, &record) {
            return Err(RoundProblem::Drawn(wish.place).into());
        }
        if let Some(drawn) = &drawn {
            ui.say(&text::drawn(drawn, ui.style()));
        }
        let sample = drawn.map(|drawn| drawn.line);
        if let Some(record) = &record {
            ui.say(&goes_on(record));
        }
        if self.pause || ui.asks() {
            let paused = self.add(global, &wish, (&by, sample))?;
            if self.pause {
                ui.answer(&paused, |style| text::open_round(&paused, style));
                return Ok(EXIT_FINE);
            }
            match self.at_the_desk(global, &wish, &by)? {
                Left::Close(who) => by = who,
                Left::Pause => {
                    ui.say("Paused; the same command goes on with it. Nothing is signed yet.");
                    return Ok(EXIT_FINE);
                }
            }
        }
        self.close(global, &wish, (by, sample))
    }

    fn wish(&self, ui: Ui) -> Result<Wish, OpsError> {
        let mut asking = ui.asking();
        let place: Option<Name> =
            asking.need("--place", self.place.as_deref(), "Which place", None);
        let by: Option<PartyId> = match self.list || self.show {
            true => asking.may("--by", self.by.as_deref()),
            false => asking.need("--by", self.by.as_deref(), "Who checks (party id)", None),
        };
        let detail = asking.may("--detail", self.detail.as_deref());
        let reason = asking.may("--reason", self.reason.as_deref());
        let eyes = asking.each("--eye", &self.eyes);
        asking.end()?;
        let place = place.ok_or_else(|| OpsError::input("check", "an answer is missing"))?;
        Ok(Wish { place, by, detail, reason, eyes })
    }

    fn drawn(&self, global: &Global, place: &Name) -> Result<Option<DrawnRound>, OpsError> {
        let Some(percent) = self.draw.as_deref().map(percent).transpose()? else {
            return Ok(None);
        };
        draw(&global.open()?, place, percent).map(Some)
    }

    fn by_hand<'a>(&'a self, wish: &'a Wish) -> ByHand<'a> {
        ByHand { labels: &self.labels, eyes: &wish.eyes }
    }

    /// The open round as it stands.
    fn show(global: &Global, wish: &Wish) -> Result<i32, OpsError> {
        let (folder, ui) = (global.ledger_folder()?, global.ui());
        let mut onlooker = Onlooker::open(&folder)?;
        let now = onlooker.now(&SystemClock)?;
        let record = open_at(&folder, &wish.place)?;
        let record = record.ok_or_else(|| RoundProblem::NotOpen(wish.place.clone()))?;
        let by = wish.by.as_ref().unwrap_or(&record.opening.by);
        let state = onlooker.state()?;
        let shown = report(state, &record, &gather(state, &record, by, now), by);
        ui.answer(&shown, |style| text::open_round(&shown, style));
        Ok(EXIT_FINE)
    }

    /// Adds one look, or only what was named where people go on at the desk.
    fn add(
        &self,
        global: &Global,
        wish: &Wish,
        (by, sample): (&PartyId, Option<DrawLine>),
    ) -> Result<RoundReport, OpsError> {
        let folder = global.ledger_folder()?;
        let mut onlooker = Onlooker::open(&folder)?;
        let now = onlooker.now(&SystemClock)?;
        let state = onlooker.state()?;
        known_party(state, by)?;
        let bus = match self.no_bus || !self.pause {
            true => None,
            false => Some(self.bus.choice().open()?),
        };
        let seen = look(state, bus.as_deref(), (&wish.place, sample), self.by_hand(wish))?;
        closing::tell_unread(global.ui(), &seen);
        let opening = Opening::new(now, by.clone(), wish.place.clone(), sample);
        let record = add(&folder, &opening, (now, by), seen.seen)?;
        Ok(report(state, &record, &gather(state, &record, by, now), by))
    }

    fn discard(global: &Global, wish: &Wish, by: &PartyId) -> Result<i32, OpsError> {
        let (folder, ui) = (global.ledger_folder()?, global.ui());
        let mut onlooker = Onlooker::open(&folder)?;
        let now = onlooker.now(&SystemClock)?;
        let reason = wish.reason.clone();
        let reason = reason.ok_or_else(|| OpsError::input("--reason", "is needed"))?;
        let state = onlooker.state()?;
        let (seen, kept) = give_up(&folder, state, &wish.place, (now, by), reason)?;
        let kept = format!("Given up; what was seen is kept in {}.\n", kept.display());
        match seen {
            Some(seen) => {
                ui.answer(&seen, |style| format!("{}\n{kept}", text::open_round(&seen, style)));
            }
            None => ui.answer(&kept, |_| kept.clone()),
        }
        Ok(EXIT_FINE)
    }
}

/// The round that is open at `place`, once it is clear that no entry closed it.
fn settled(global: &Global, place: &Name) -> Result<Option<Record>, OpsError> {
    let record = open_at(&global.ledger_folder()?, place)?;
    if !record.as_ref().is_some_and(was_closing) {
        return Ok(record);
    }
    let settled = settle(&global.open()?, place)?;
    if let Some(entry) = settled.closed {
        global.ui().say(&format!("The round that was open here was closed by entry {entry}."));
    }
    Ok(settled.record)
}

/// That a round is gone on with, and since when.
fn goes_on(record: &Record) -> String {
    let opening = &record.opening;
    let last = record.lines.last();
    let last = last
        .map_or_else(String::new, |line| format!(", the last {} by {}", line.at.short(), line.by));
    format!(
        "A round is open at {} since {}, begun by {}: {} seen{last}. It goes on.",
        opening.place,
        opening.at.short(),
        opening.by,
        record.lines.len()
    )
}

/// `10%` or `10`.
fn percent(text: &str) -> Result<u32, OpsError> {
    let number = text.trim().trim_end_matches(['%', '％']).trim();
    let percent = number.parse().ok().filter(|percent| (1..=100).contains(percent));
    percent.ok_or_else(|| OpsError::input("--draw", format!("'{text}' is not 1% to 100%")))
}
