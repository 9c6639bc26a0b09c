//! `custody init`

use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::Global;
use super::signing::{Passphrases, signer_of};
use crate::ledger::Policy;
use crate::model::key::KeyName;
use crate::model::text::Name;
use crate::model::{PartyId, PartyRef};
use crate::ops::Cost;
use crate::ops::Signer;
use crate::ops::found::{Founding, found};
use crate::ops::{OpsError, SystemClock};

/// Found a ledger: log key, first administrator, first custodian, first policy
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  custody init --origin custody.example.jp/shizuoka --organisation 静岡健保組合 --site 静岡支部 \\
    --prefix SZ --admin kato --admin-name '加藤 一' --custodian yamada --custodian-name '山田 花子'")]
pub(super) struct Init {
    /// The ledger's name in the world, such as custody.example.jp/shizuoka
    #[arg(long)]
    origin: Option<String>,
    /// Whose ledger it is
    #[arg(long)]
    organisation: Option<String>,
    /// The office it is kept at
    #[arg(long)]
    site: Option<String>,
    /// IANA time zone of the office
    #[arg(long)]
    zone: Option<String>,
    /// Letters that begin receipt numbers
    #[arg(long)]
    prefix: Option<String>,
    /// Party id of the first administrator
    #[arg(long, value_name = "ID")]
    admin: Option<String>,
    /// Their name
    #[arg(long, value_name = "NAME")]
    admin_name: Option<String>,
    /// Party id of the first custodian; a second person
    #[arg(long, value_name = "ID")]
    custodian: Option<String>,
    /// Their name
    #[arg(long, value_name = "NAME")]
    custodian_name: Option<String>,
    #[command(flatten)]
    passphrases: Passphrases,
}

/// What `init` answers.
#[derive(Debug, Serialize)]
struct Founded {
    ledger: std::path::PathBuf,
    origin: String,
    log_key: String,
    administrator_key: String,
    custodian_key: String,
    entries: usize,
}

impl Init {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let folder = global.ledger_folder()?;
        if folder.join("FORMAT").exists() {
            return Err(crate::ops::StoreError::NotEmpty { path: folder }.into());
        }
        let founding = self.founding(global)?;
        let keyring = global.keyring()?;
        let key_name = |id: &PartyId| key_name(id, founding.origin.as_str());
        let mut keys: Vec<Box<dyn Signer>> = Vec::new();
        for party in [&founding.administrator, &founding.custodian] {
            let name = key_name(&party.id)?;
            // A founding that was interrupted finds the keys it made.
            if let Some(known) = keyring.list().into_iter().find(|key| *key.name() == name) {
                let (who, spoken) = (party.id.as_str(), party.spoken());
                let signer = signer_of(global, &self.passphrases, (who, &spoken), &known)?;
                keys.push(
                    signer.ok_or_else(|| {
                        OpsError::input("--passphrase-file", format!("for {name}"))
                    })?,
                );
                continue;
            }
            let prompt = format!("New passphrase for {} (key {name})", party.spoken());
            let words = self.passphrases.fresh(ui, party.id.as_str(), name.as_str(), &prompt)?;
            keys.push(Box::new(keyring.create(name, &words, Cost::STANDARD)?));
        }
        let (ledger, committed) =
            found(&folder, &founding, keys[0].as_ref(), keys[1].as_ref(), Arc::new(SystemClock))?;
        let log_key = ledger.state().log_key().map(ToString::to_string).unwrap_or_default();
        let answer = Founded {
            ledger: folder,
            origin: founding.origin.to_string(),
            log_key,
            administrator_key: keys[0].key().to_string(),
            custodian_key: keys[1].key().to_string(),
            entries: committed.len(),
        };
        ui.answer(&answer, |_| {
            format!(
                "Ledger {} founded in {}.\n\
                 Keys in {}.\n\
                 Receipts are verified with this log key; give it to whoever gets one:\n  {}\n\
                 Next: 'custody party add', then plug a drive in and 'custody register'.\n",
                answer.origin,
                answer.ledger.display(),
                keyring.folder().display(),
                answer.log_key
            )
        });
        Ok(0)
    }

    fn founding(&self, global: &Global) -> Result<Founding, OpsError> {
        let mut asking = global.ui().asking();
        let origin = asking.need(
            "--origin",
            self.origin.as_deref(),
            "Name of the ledger, such as custody.example.jp/shizuoka",
            None,
        );
        let organisation =
            asking.need("--organisation", self.organisation.as_deref(), "Organisation", None);
        let site = asking.need("--site", self.site.as_deref(), "Site or branch", None);
        let zone = asking.need("--zone", self.zone.as_deref(), "Time zone", Some("Asia/Tokyo"));
        let prefix = asking.need(
            "--prefix",
            self.prefix.as_deref(),
            "Letters of receipt numbers",
            Some("C"),
        );
        let admin = asking.need(
            "--admin",
            self.admin.as_deref(),
            "Id of the administrator, such as kato",
            None,
        );
        let admin_name: Option<Name> = asking.need(
            "--admin-name",
            self.admin_name.as_deref(),
            "Name of the administrator",
            None,
        );
        let custodian = asking.need(
            "--custodian",
            self.custodian.as_deref(),
            "Id of the custodian, a second person",
            None,
        );
        let custodian_name: Option<Name> = asking.need(
            "--custodian-name",
            self.custodian_name.as_deref(),
            "Name of the custodian",
            None,
        );
        asking.end()?;
        let incomplete = || OpsError::input("init", "an answer is missing");
        let organisation: Name = organisation.ok_or_else(incomplete)?;
        let party = |id: Option<PartyId>, name: Option<Name>| {
            PartyRef::new(id.ok_or_else(incomplete)?, name.ok_or_else(incomplete)?, site.clone())
                .map_err(|error| OpsError::input("name", error))
        };
        Ok(Founding {
            origin: origin.ok_or_else(incomplete)?,
            administrator: party(admin, admin_name)?,
            custodian: party(custodian, custodian_name)?,
            organisation,
            site: site.clone().ok_or_else(incomplete)?,
            zone: zone.ok_or_else(incomplete)?,
            receipt_prefix: prefix.ok_or_else(incomplete)?,
            policy: Policy::of_a_new_ledger(),
        })
    }
}

/// The name a party's key gets when nobody chooses one: `yamada.custody.example.jp/shizuoka`.
pub(super) fn key_name(id: &PartyId, origin: &str) -> Result<KeyName, OpsError> {
    format!("{id}.{origin}").parse().map_err(|error| OpsError::input("key name", error))
}
