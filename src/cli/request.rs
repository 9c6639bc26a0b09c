//! `custody request`

use clap::Args;

use super::Global;
use super::error::EXIT_FINE;
use super::signing::{SignArgs, conclude};
use crate::model::{MediumId, PartyId, Phrase};
use crate::ops::OpsError;
use crate::ops::request::{RequestWish, open, request};
use crate::render::text;

/// Ask for drives to be taken out; with --list, the requests that are open
#[derive(Debug, Args)]
#[command(after_help = "\
A custodian or administrator answers it with 'custody approve ENTRY'; the handover then names
it: 'custody handover --request ENTRY --from ID'. A request is open until it is declined or the
handover follows.
Examples:
  custody request USB-0421 --receiver sato --purpose 被保険者台帳の印刷・製本 \\
    --contents 氏名,住所,生年月日 --persons 3775 --due 2026-12-06 --by suzuki
  custody request --list")]
pub(super) struct Request {
    /// Asset ids of the drives
    #[arg(value_name = "MEDIUM", conflicts_with = "list")]
    media: Vec<String>,
    /// List the open requests, those without an answer first
    #[arg(long, conflicts_with_all = ["receiver", "purpose", "by"])]
    list: bool,
    /// Who is to receive them (party id)
    #[arg(long, value_name = "ID")]
    receiver: Option<String>,
    /// What for
    #[arg(long)]
    purpose: Option<String>,
    /// What will be on them
    #[arg(long)]
    contents: Option<String>,
    /// Of how many persons
    #[arg(long)]
    persons: Option<String>,
    /// Where to [default: the receiver's organisation]
    #[arg(long)]
    place: Option<String>,
    /// Back by this day, 2026-12-06
    #[arg(long, value_name = "DATE")]
    due: Option<String>,
    /// Who asks
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

impl Request {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        if self.list {
            let requests = open(&global.open()?)?;
            global.ui().answer(&requests, |style| text::requests(&requests, style));
            return Ok(EXIT_FINE);
        }
        let wish = self.wish(global)?;
        let mut ledger = global.open()?;
        let draft = request(&ledger, wish)?;
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        if let Some(entry) = concluded.entry() {
            global.ui().say(&format!("To be answered with 'custody approve {entry} --by ID'."));
        }
        global.ui().answer(&concluded, |_| concluded.words());
        Ok(EXIT_FINE)
    }

    fn wish(&self, global: &Global) -> Result<RequestWish, OpsError> {
        let mut asking = global.ui().asking();
        let mut names = self.media.clone();
        if names.is_empty() {
            names.extend(asking.need::<String>("MEDIUM", None, "Which drive (asset id)", None));
        }
        let media: Vec<MediumId> = asking.each("MEDIUM", &names);
        let receiver: Option<PartyId> =
            asking.need("--receiver", self.receiver.as_deref(), "Who receives (party id)", None);
        let purpose: Option<Phrase> =
            asking.need("--purpose", self.purpose.as_deref(), "What for", None);
        let contents = asking.may("--contents", self.contents.as_deref());
        let persons = asking.number("--persons", self.persons.as_deref());
        let place = asking.may("--place", self.place.as_deref());
        let due = asking.may("--due", self.due.as_deref());
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Who asks (party id)", None);
        asking.end()?;
        let (Some(receiver), Some(purpose), Some(by)) = (receiver, purpose, by) else {
            return Err(OpsError::input("request", "an answer is missing"));
        };
        Ok(RequestWish { media, receiver, purpose, contents, persons, place, due, by })
    }
}
