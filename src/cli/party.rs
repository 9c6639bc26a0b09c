//! `custody party`

use std::path::Path;

use clap::{Args, Subcommand};

use super::Global;
use super::init::key_name;
use super::signing::{SignArgs, conclude};
use crate::model::text::Name;
use crate::model::vocabulary::{RevocationReason, Role};
use crate::model::{PartyId, PartyRef, Phrase, VerifierKey};
use crate::ops::party::{Enrolment, enrol, revoke};
use crate::ops::{Ledger, OpsError, status};
use crate::render::text;

/// People, organisations and stations
#[derive(Debug, Subcommand)]
pub(super) enum Party {
    Add(Add),
    List(List),
    Show(ShowParty),
    Revoke(Revoke),
}

/// Enrol a party, or change one with --renew
#[derive(Debug, Args)]
#[command(after_help = "\
The one who enrols (--by) signs, and the new party's key signs as well: two people.
On another machine: --draft FILE here, 'custody sign FILE' there, 'custody submit FILE' here.
Example:
  custody party add sato --name '佐藤 一郎' --organisation さくら印刷 --role outside \\
    --vkey sato.printer.example.jp+1a2b3c4d+AY... --by yamada")]
pub(super) struct Add {
    /// Party id, such as sato
    id: String,
    /// Name
    #[arg(long)]
    name: Option<String>,
    /// Organisation or branch
    #[arg(long)]
    organisation: Option<String>,
    /// administrator, custodian, staff, auditor, privacy-officer, station or outside; may be
    /// repeated
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Their verifier key, or a .vkey file [default: the key <id>.<origin> in the keyring]
    #[arg(long, value_name = "VKEY|FILE")]
    vkey: Option<String>,
    /// They have no key and will seal on paper (outside parties only)
    #[arg(long, conflicts_with = "vkey")]
    no_key: bool,
    /// Change an enrolment: what is not given stays
    #[arg(long)]
    renew: bool,
    /// Who enrols them
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

/// List everybody enrolled
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody party list")]
pub(super) struct List {}

/// Show one party with every key they ever had
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody party show sato")]
pub(super) struct ShowParty {
    /// Party id
    id: String,
}

/// Revoke the present key of a party, from this entry on
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody party revoke sato --reason lost --by kato")]
pub(super) struct Revoke {
    /// Party id
    id: String,
    /// compromised, lost, left or superseded
    #[arg(long)]
    reason: Option<String>,
    /// In words
    #[arg(long)]
    detail: Option<String>,
    /// Who revokes it: an administrator, or the party itself
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

impl Party {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        match self {
            Party::Add(add) => add.run(global),
            Party::List(_) => {
                let parties = status::parties(&global.open()?);
                global.ui().answer(&parties, |style| text::parties(&parties, style));
                Ok(0)
            }
            Party::Show(show) => {
                let mut asking = global.ui().asking();
                let id: Option<PartyId> = asking.need("ID", Some(&show.id), "Party", None);
                asking.end()?;
                let Some(id) = id else { return Ok(2) };
                let party = status::party(&global.open()?, &id)?;
                global.ui().answer(&party, |style| text::party(&party, style));
                Ok(0)
            }
            Party::Revoke(revoke) => revoke.run(global),
        }
    }
}

impl Add {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut ledger = global.open()?;
        let wanted = self.enrolment(global, &ledger)?;
        let draft = enrol(&ledger, wanted)?;
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        global.ui().answer(&concluded, |_| concluded.words());
        Ok(0)
    }

    fn enrolment(&self, global: &Global, ledger: &Ledger) -> Result<Enrolment, OpsError> {
        let mut asking = global.ui().asking();
        let id: Option<PartyId> = asking.need("ID", Some(&self.id), "Party id", None);
        let known =
            id.as_ref().filter(|_| self.renew).and_then(|id| ledger.state().parties.get(id));
        let old_name = known.map(|party| party.party.name.to_string());
        let name: Option<Name> =
            asking.need("--name", self.name.as_deref().or(old_name.as_deref()), "Name", None);
        let mut organisation: Option<Name> =
            asking.may("--organisation", self.organisation.as_deref());
        if self.organisation.is_none() {
            organisation = known.and_then(|party| party.party.organisation.clone());
        }
        let mut roles: Vec<Role> = asking.each("--role", &self.roles);
        if self.roles.is_empty() {
            match known {
                Some(known) => roles = known.roles.clone(),
                None => roles.extend(asking.need::<Role>(
                    "--role",
                    None,
                    "Role (staff, outside, ...)",
                    None,
                )),
            }
        }
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Enrolled by (party id)", None);
        asking.end()?;
        let (Some(id), Some(name), Some(by)) = (id, name, by) else {
            return Err(OpsError::input("party add", "an answer is missing"));
        };
        let key = self.key(global, ledger, &id)?;
        let party = PartyRef::new(id, name, organisation)
            .map_err(|error| OpsError::input("--name", error))?;
        Ok(Enrolment { party, roles, key, renew: self.renew, by })
    }

    fn key(
        &self,
        global: &Global,
        ledger: &Ledger,
        id: &PartyId,
    ) -> Result<Option<VerifierKey>, OpsError> {
        if self.no_key {
            return Ok(None);
        }
        if let Some(given) = &self.vkey {
            return read_vkey(given).map(Some);
        }
        let known = ledger
            .state()
            .parties
            .get(id)
            .filter(|_| self.renew)
            .and_then(|party| party.key.clone());
        if known.is_some() {
            return Ok(known);
        }
        let origin =
            ledger.state().facts.as_ref().map(|facts| facts.origin.to_string()).unwrap_or_default();
        let name = key_name(id, &origin)?;
        let own = global.keyring()?.list().into_iter().find(|key| *key.name() == name);
        own.map(Some).ok_or_else(|| {
            let make =
                format!("give --vkey, make one with 'custody key new {name}', or say --no-key");
            OpsError::input("--vkey", make)
        })
    }
}

/// A verifier key given as text or as the name of a file that holds it.
pub(super) fn read_vkey(given: &str) -> Result<VerifierKey, OpsError> {
    let text = if Path::new(given).is_file() {
        std::fs::read_to_string(given)
            .map_err(|error| OpsError::file("cannot read", Path::new(given), error))?
    } else {
        given.to_owned()
    };
    text.trim().parse().map_err(|error| OpsError::input("--vkey", error))
}

impl Revoke {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut asking = global.ui().asking();
        let id: Option<PartyId> = asking.need("ID", Some(&self.id), "Party id", None);
        let reason: Option<RevocationReason> = asking.need(
            "--reason",
            self.reason.as_deref(),
            "Reason (compromised, lost, left, superseded)",
            None,
        );
        let detail: Option<Phrase> = asking.may("--detail", self.detail.as_deref());
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Revoked by (party id)", None);
        asking.end()?;
        let (Some(id), Some(reason), Some(by)) = (id, reason, by) else { return Ok(2) };
        let mut ledger = global.open()?;
        let draft = revoke(&ledger, id, reason, detail, by)?;
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        global.ui().answer(&concluded, |_| concluded.words());
        Ok(0)
    }
}
