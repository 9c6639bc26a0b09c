//! Closing a round: a last look, the result, the signatures, the entry.

use std::cell::RefCell;
use std::path::PathBuf;

use serde::Serialize;

use super::super::Global;
use super::super::error::{EXIT_DISCREPANCY, EXIT_FINE};
use super::super::handover;
use super::super::signing::{Concluded, conclude_if};
use super::super::tokens::{Renewed, settle};
use super::super::ui::Ui;
use super::{Check, Wish};
use crate::ledger::State;
use crate::model::{DrawLine, Name, PartyId, Statement};
use crate::ops::check::{Round, close, look, look_again};
use crate::ops::round::{
    Line, Opening, Record, about_to_close, add_on, end, fresh_enough, gather, settle as settled,
};
use crate::ops::{Draft, Ledger, OpsError};
use crate::render::text;
use crate::report::CheckReport;
use crate::report::round::Offer;

/// What `check` answers.
#[derive(Debug, Serialize)]
struct Checked {
    #[serde(flatten)]
    concluded: Concluded,
    tokens: Vec<Renewed>,
    check: CheckReport,
    offers: Vec<Offered>,
    kept: Option<PathBuf>,
}

/// What can be done about a drive nobody registered.
#[derive(Debug, Serialize)]
struct Offered {
    #[serde(flatten)]
    offer: Offer,
    register: String,
    quarantine: String,
}

/// That nothing could be read of a drive, or not all of it.
pub(super) fn tell_unread(ui: Ui, round: &Round) {
    for position in &round.unread {
        ui.warn(&format!(
            "the serial of the drive at {position} could not be read; it counts for nothing"
        ));
    }
    handover::tell_unread(ui, round.unexamined.iter().cloned());
}

impl Check {
    pub(super) fn close(
        &self,
        global: &Global,
        wish: &Wish,
        (by, sample): (PartyId, Option<DrawLine>),
    ) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut ledger = global.open()?;
        // At a desk a recording was played to its end.
        let choice = match ui.asks() {
            true => self.bus.choice().in_the_end()?,
            false => self.bus.choice(),
        };
        let open = || if self.no_bus { Ok(None) } else { choice.open().map(Some) };
        let by_hand = self.by_hand(wish);
        let open_round = settled(&ledger, &wish.place)?.record;
        let sample = open_round.as_ref().map_or(sample, |record| record.opening.draw);
        let bus = open()?;
        let last = look(ledger.state(), bus.as_deref(), (&wish.place, sample), by_hand)?;
        tell_unread(ui, &last);
        let now = ledger.now()?;
        let is_open = open_round.is_some();
        let record = match is_open {
            true => add_on(ledger.folder(), &wish.place, (now, &by), last.seen.clone())?,
            false => of_one_look(&last, &by, now),
        };
        let gathered = gather(ledger.state(), &record, &by, now);
        fresh_enough(&gathered, self.leave_out_old)?;
        let mut round = Round { outcome: gathered.outcome.clone(), ..last.clone() };
        let people = (by.clone(), gathered.second.clone());
        let mut draft = close(&ledger, &round, wish.detail.clone(), people.clone())?;
        // What people see first is the result, before anybody types a passphrase.
        if let Some(preview) = report_in(ledger.state(), &draft, None) {
            ui.say(&text::check(&preview, ui.style()));
        }
        let seen = if self.no_bus { Vec::new() } else { round.outcome.seen() };
        let on = (&ledger, &self.bus);
        let rotation = self.tokens.rotate(ui, on, &seen, &[&by], &self.signing)?;
        if !rotation.is_empty() {
            round.outcome.news.tokens = rotation.lines();
            draft = close(&ledger, &round, wish.detail.clone(), people)?;
        }
        let before = ledger.state().clone();
        let held = RefCell::new(None);
        let drafted = draft.clone();
        let still = |ledger: &Ledger| {
            look_again(ledger.state(), open()?.as_deref(), &last, by_hand)?;
            if is_open {
                let gone_on = (&record, &gathered);
                *held.borrow_mut() = Some(about_to_close(ledger, gone_on, (&by, now), &drafted)?);
            }
            Ok(())
        };
        let outcome = conclude_if(global, &mut ledger, draft.clone(), &self.signing, &still);
        let (concluded, tokens) = settle(ui, rotation, outcome)?;
        let mut kept = None;
        match (held.into_inner(), concluded.entry()) {
            (Some(held), Some(_)) => kept = self.ended(ui, end(held, !gathered.stale.is_empty())),
            (Some(_), None) => ui.say("The round stays open until that draft is submitted."),
            (None, _) => {}
        }
        let Some(check) = report_in(&before, &draft, concluded.entry()) else {
            return Err(OpsError::Unknown("the check left no report".to_owned()));
        };
        let offers = gathered.offers.into_iter().map(|offer| offered(offer, &wish.place, &by));
        let offers = offers.collect();
        let answer = Checked { concluded, tokens, check, offers, kept };
        ui.answer(&answer, |_| answer.words());
        Ok(if round.outcome.is_clean() { EXIT_FINE } else { EXIT_DISCREPANCY })
    }

    /// The entry stands, whatever becomes of the file: it is found out the next time.
    fn ended(&self, ui: Ui, ended: Result<Option<PathBuf>, OpsError>) -> Option<PathBuf> {
        match ended {
            Ok(kept) => kept,
            Err(error) => {
                ui.warn(&format!("the round is closed, and its file stays: {error}"));
                None
            }
        }
    }
}

/// A round that begins and ends with one look needs no file.
fn of_one_look(look: &Round, by: &PartyId, now: crate::model::Stamp) -> Record {
    let line =
        |what: &crate::ops::round::What| Line { at: now, by: by.clone(), what: what.clone() };
    Record {
        opening: Opening::new(now, by.clone(), look.place.clone(), look.draw),
        lines: look.seen.iter().map(line).collect(),
        torn: 0,
    }
}

fn offered(offer: Offer, place: &Name, by: &PartyId) -> Offered {
    let [register, quarantine] = offer.commands(place, by);
    Offered { offer, register, quarantine }
}

impl Checked {
    fn words(&self) -> String {
        let mut words = self.concluded.words();
        if let Some(kept) = &self.kept {
            words.push_str(&format!("What was left out of it is kept in {}.\n", kept.display()));
        }
        for one in &self.offers {
            words.push_str(&format!(
                "\nNot registered: {}, at {}. Register it, or put it aside:\n  {}\n  {}\n",
                one.offer.device, one.offer.position, one.register, one.quarantine
            ));
        }
        words
    }
}

fn report_in(state: &State, draft: &Draft, entry: Option<u64>) -> Option<CheckReport> {
    match draft.statement() {
        Statement::Check(said) => Some(CheckReport::new(state, said, entry)),
        _ => None,
    }
}
