//! `custody handover`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::error::EXIT_FINE;
use super::print::{Printing, remind, spool_receipt};
use super::receipt::{Drawn, refuse_taken, save_receipt};
use super::signing::{Concluded, SignArgs, conclude_if};
use super::tokens::{Renewed, TokensArg, settle};
use super::ui::Ui;
use super::{BusArg, Global};
use crate::ledger::alarms::News;
use crate::model::evidence::Unread;
use crate::model::statement::Handover as Said;
use crate::model::{MediumId, PartyId, Phrase, Side, Statement};
use crate::ops::alarms::{Looked, look, look_again};
use crate::ops::bus::BusChoice;
use crate::ops::handover::{HandoverWish, hand_over};
use crate::ops::request::{Asked, asked};
use crate::ops::token_rotation::Rotation;
use crate::ops::{Draft, Ledger, OpsError, receipt};
use crate::report::{ReceiptView, Sheet, words};

/// Hand drives over; both parties sign, and the receipt is shown
#[derive(Debug, Args)]
#[command(after_help = "\
At one desk each party types their own passphrase. With the other party elsewhere:
--draft FILE here, 'custody sign FILE' there, 'custody submit FILE' here.
With --request, drives, receiver, purpose, contents, persons, place and due date are those of an
approved request where they are not given.
Examples:
  custody handover USB-0421 --from yamada --to sato --due 2026-12-06 --persons 3775 \\
    --purpose 被保険者台帳の印刷・製本 --contents 氏名,住所,生年月日
  custody handover --request 17 --from yamada")]
pub(super) struct Handover {
    /// Asset ids of the drives
    #[arg(value_name = "MEDIUM")]
    media: Vec<String>,
    /// The approved request it follows from, as 'custody request --list' shows it
    #[arg(long, value_name = "ENTRY")]
    request: Option<u64>,
    /// Who gives (party id)
    #[arg(long, value_name = "ID")]
    from: Option<String>,
    /// Who receives (party id)
    #[arg(long, value_name = "ID")]
    to: Option<String>,
    /// Who stands by (party id)
    #[arg(long, value_name = "ID")]
    witness: Option<String>,
    /// What for
    #[arg(long)]
    purpose: Option<String>,
    /// What is on them
    #[arg(long)]
    contents: Option<String>,
    /// Of how many persons
    #[arg(long)]
    persons: Option<String>,
    /// Where the drives will be [default: the receiver's organisation]
    #[arg(long)]
    place: Option<String>,
    /// Back by this day, 2026-12-06
    #[arg(long, value_name = "DATE")]
    due: Option<String>,
    #[command(flatten)]
    bus: BusArg,
    #[command(flatten)]
    tokens: TokensArg,
    #[command(flatten)]
    out: ReceiptOut,
    #[command(flatten)]
    signing: SignArgs,
}

/// Where the receipt goes besides the terminal.
#[derive(Debug, Args)]
pub(super) struct ReceiptOut {
    /// Keep the receipt in this new file as well
    #[arg(id = "receipt_file", long = "receipt-file", value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print the receipt, on this printer or the configured one
    #[arg(long, value_name = "PRINTER", num_args = 0..=1, default_missing_value = "")]
    pub print: Option<String>,
}

/// A handover that was shown; its receipt may have to be printed yet.
pub(super) struct Shown(Option<Printing>);

impl Shown {
    /// What is left to do once the ledger is closed. Nothing of it can fail the
    /// handover, which is recorded.
    pub fn print(self, global: &Global) -> i32 {
        if let Some(printing) = self.0 {
            printing.send(global);
        } else {
            remind(global);
        }
        EXIT_FINE
    }
}

/// What a handover answers.
#[derive(Debug, Serialize)]
struct HandedOver {
    #[serde(flatten)]
    concluded: Concluded,
    tokens: Vec<Renewed>,
    receipt: Option<ReceiptView>,
}

impl Handover {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let asked = match self.request {
            Some(entry) => {
                let ledger = global.open()?;
                let asked = asked(&ledger, entry)?;
                Some((ledger, asked))
            }
            None => None,
        };
        let (opened, asked) = asked.unzip();
        let mut wish = self.wish(global, asked)?;
        let mut ledger = opened.map_or_else(|| global.open(), Ok)?;
        let media = wish.media.clone();
        let looked = compare(&ledger, &self.bus, &media)?;
        let seen = looked.clone().unwrap_or_default();
        wish.alarms.clone_from(&seen.alarms);
        wish.news.clone_from(&seen.news);
        let mut draft = hand_over(&ledger, wish.clone())?;
        tell(global.ui(), looked.as_ref());
        let signers = [&wish.giver, &wish.receiver];
        let on = (&ledger, &self.bus);
        let compared = &seen.compared;
        let rotation = self.tokens.rotate(global.ui(), on, compared, &signers, &self.signing)?;
        if !rotation.is_empty() {
            wish.news.tokens = rotation.lines();
            draft = hand_over(&ledger, wish)?;
        }
        let still = |ledger: &Ledger| compare_again(ledger, &self.bus, &media, looked.as_ref());
        let finish = Finish { signing: &self.signing, out: &self.out, rotation };
        let shown = complete(global, &mut ledger, draft, finish, &still)?;
        drop(ledger);
        Ok(shown.print(global))
    }

    /// What the command line says, completed by the request it names.
    fn wish(&self, global: &Global, asked: Option<Asked>) -> Result<HandoverWish, OpsError> {
        let mut asking = global.ui().asking();
        let (request, said) = asked.map(|asked| (asked.entry, asked.said)).unzip();
        let media: Vec<MediumId> = match &said {
            Some(said) if self.media.is_empty() => {
                said.medium.iter().map(|line| line.id.clone()).collect()
            }
            _ => {
                let mut names = self.media.clone();
                if names.is_empty() {
                    let question = "Which drive (asset id)";
                    names.extend(asking.need::<String>("MEDIUM", None, question, None));
                }
                asking.each("MEDIUM", &names)
            }
        };
        let giver: Option<PartyId> =
            asking.need("--from", self.from.as_deref(), "Who gives (party id)", None);
        let to = self.to.as_deref().or(said.as_ref().map(|said| said.receiver.id.as_str()));
        let receiver: Option<PartyId> = asking.need("--to", to, "Who receives (party id)", None);
        let purpose = self.purpose.as_deref().or(said.as_ref().map(|said| said.purpose.as_str()));
        let purpose: Option<Phrase> = asking.need("--purpose", purpose, "What for", None);
        let witness = asking.may("--witness", self.witness.as_deref());
        let contents = asking.may("--contents", self.contents.as_deref());
        let persons = asking.number("--persons", self.persons.as_deref());
        let place = asking.may("--place", self.place.as_deref());
        let due = asking.may("--due", self.due.as_deref());
        asking.end()?;
        let (Some(giver), Some(receiver), Some(purpose)) = (giver, receiver, purpose) else {
            return Err(OpsError::input("handover", "an answer is missing"));
        };
        Ok(HandoverWish {
            media,
            giver,
            receiver,
            witness,
            purpose,
            contents: contents.or(said.as_ref().and_then(|said| said.contents.clone())),
            persons: persons.or(said.as_ref().and_then(|said| said.persons)),
            place: place.or(said.as_ref().map(|said| said.place.clone())),
            due: due.or(said.as_ref().and_then(|said| said.due)),
            request,
            alarms: Vec::new(),
            news: News::default(),
        })
    }
}

/// Looks at the drives that change hands. `None` where this machine has no USB to
/// read; a bus that was asked for by name must be there.
pub(super) fn compare(
    ledger: &Ledger,
    bus: &BusArg,
    media: &[MediumId],
) -> Result<Option<Looked>, OpsError> {
    let choice = bus.choice();
    let looked = choice.open().and_then(|bus| look(ledger, bus.as_ref(), media));
    match looked {
        Err(OpsError::Bus(_)) if choice == BusChoice::System => Ok(None),
        looked => looked.map(Some),
    }
}

/// Looks once more, if there was a look: the drives that were compared must still be
/// there and be the same.
pub(super) fn compare_again(
    ledger: &Ledger,
    bus: &BusArg,
    media: &[MediumId],
    looked: Option<&Looked>,
) -> Result<(), OpsError> {
    match looked {
        Some(looked) => look_again(ledger, bus.choice().open()?.as_ref(), media, looked),
        None => Ok(()),
    }
}

/// Says what the look at the drives came to, before anybody signs.
pub(super) fn tell(ui: Ui, looked: Option<&Looked>) {
    let Some(looked) = looked else {
        ui.warn("no USB can be read here: the drives were not compared with their registration");
        return;
    };
    for id in &looked.unseen {
        ui.warn(&format!("{id} was not compared with its registration: not plugged in, or weak"));
    }
    tell_unread(ui, looked.unread.iter().map(|(id, why)| (id.to_string(), *why)));
    for line in &looked.alarms {
        ui.warn(&format!("{}: {}", line.id, words::alarm(line.alarm.as_str())));
    }
}

/// Names the drives that are here and could not be read. A recording is silent about
/// it: nobody expects it to be.
pub(super) fn tell_unread(ui: Ui, unread: impl Iterator<Item = (String, Unread)>) {
    for (drive, why) in unread {
        if matches!(why, Unread::NoPermission | Unread::NotOpened) {
            let words = words::unread(why).en;
            ui.warn(&format!("{drive}: {words}; its encryption and content were not compared"));
        }
    }
}

/// How a handover is signed, and what is done once it is an entry.
pub(super) struct Finish<'a> {
    pub signing: &'a SignArgs,
    pub out: &'a ReceiptOut,
    pub rotation: Rotation,
}

/// Who of a handover seals on paper: outside parties without a key.
fn on_paper(said: &Said) -> Vec<&Side> {
    [&said.giver, &said.receiver].into_iter().filter(|side| side.key().is_none()).collect()
}

/// Says before anybody signs that one side gives no signature, and what that is worth.
fn warn_of_paper(ui: Ui, statement: &Statement) {
    let Statement::Handover(said) = statement else { return };
    for side in on_paper(said) {
        let party = side.party.spoken();
        ui.warn(&format!(
            "{party} has no key and will seal on paper (書面のみ). That is weaker evidence: nobody \
             but who holds the sealed sheet can check it"
        ));
    }
}

/// Says what is left to do once such a handover is recorded.
fn next_on_paper(ui: Ui, view: &ReceiptView) {
    if view.sheet != Some(Sheet::Awaited) {
        return;
    }
    let sides = [&view.giver, &view.receiver].into_iter().filter(|side| side.key.is_none());
    let names: Vec<String> = sides.map(|side| side.who.spoken()).collect();
    ui.say(&format!(
        "{0} waits for its sealed sheet:\n  1. print it: custody receipt {0} --pdf FILE\n  \
         2. have it sealed by {1}\n  3. scan it: custody attach {0} FILE --by ID",
        view.receipt,
        names.join(", ")
    ));
}

/// Signs, appends, shows and keeps the receipt: the same for both directions.
pub(super) fn complete(
    global: &Global,
    ledger: &mut Ledger,
    draft: Draft,
    finish: Finish<'_>,
    still: &dyn Fn(&Ledger) -> Result<(), OpsError>,
) -> Result<Shown, OpsError> {
    let Finish { signing, out, rotation } = finish;
    refuse_taken(out.file.as_deref())?;
    warn_of_paper(global.ui(), draft.statement());
    let outcome = conclude_if(global, ledger, draft, signing, still);
    show(global, ledger, settle(global.ui(), rotation, outcome)?, out)
}

/// Shows what became of a handover, with the receipt where there is one.
pub(super) fn show(
    global: &Global,
    ledger: &mut Ledger,
    (concluded, tokens): (Concluded, Vec<Renewed>),
    out: &ReceiptOut,
) -> Result<Shown, OpsError> {
    let ui = global.ui();
    let issued = match concluded.handover() {
        Some((entry, number)) => Some(receipt::of_recorded(ledger, entry, &number)?),
        None => None,
    };
    if let (Some(issued), Some(file)) = (&issued, &out.file) {
        save_receipt(&issued.receipt.to_bytes(), file)?;
        ui.say(&format!("Receipt kept in {}.", file.display()));
    }
    if let Some(issued) = &issued {
        next_on_paper(ui, &issued.view);
    }
    let drawn = issued.as_ref().map(Drawn::of);
    let answer = HandedOver { concluded, tokens, receipt: issued.map(|issued| issued.view) };
    ui.answer(&answer, |style| match (&answer.receipt, &drawn) {
        (Some(view), Some(drawn)) => drawn.text(view, ui, style),
        _ => answer.concluded.words(),
    });
    let printing = match (&answer.receipt, &out.print) {
        (Some(view), Some(printer)) => spool_receipt(global, ledger, &view.receipt, printer),
        _ => None,
    };
    Ok(Shown(printing))
}
