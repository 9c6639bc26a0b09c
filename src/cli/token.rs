//! `custody token`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::signing::{Concluded, SignArgs, conclude};
use super::{BusArg, Global};
use crate::model::{MediumId, PartyId};
use crate::ops::OpsError;
use crate::ops::token::{self, TokenWish};

/// Token files, by which a drive is told from a copy of it
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    Write(Write),
}

/// Write a fresh token file on a drive; the only thing this program writes on one
#[derive(Debug, Args)]
#[command(after_help = "\
One file of 512 bytes, custody-token.txt, at the top of a volume that you have mounted. Its
hash becomes an entry; from then on checks, handovers and 'scan --probe' compare it wherever
the volume is mounted, and a copy of the drive is found by its older token. Checks, handovers
and returns by a custodian also renew it there and say so, unless told --keep-tokens. Meant
for drives whose serial singles nothing out.
Example:
  custody token write USB-0421 --volume /media/usb --by yamada")]
pub(super) struct Write {
    /// Asset id of the drive
    medium: String,
    /// Where a volume of the drive is mounted
    #[arg(long, value_name = "FOLDER")]
    volume: PathBuf,
    #[command(flatten)]
    bus: BusArg,
    /// Who writes it: a custodian
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

impl Token {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        match self {
            Token::Write(command) => command.run(global),
        }
    }
}

impl Write {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut asking = ui.asking();
        let medium: Option<MediumId> =
            asking.need("MEDIUM", Some(&self.medium), "Which drive (asset id)", None);
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Written by (party id)", None);
        asking.end()?;
        let (Some(medium), Some(by)) = (medium, by) else {
            return Err(OpsError::input("token", "an answer is missing"));
        };
        let mut ledger = global.open()?;
        let bus = self.bus.choice().open()?;
        let wish = TokenWish { medium, volume: self.volume, by };
        let written = token::write(&ledger, bus.as_ref(), &wish)?;
        let concluded = match conclude(global, &mut ledger, written.draft.clone(), &self.signing) {
            Ok(concluded) => concluded,
            Err(error) => {
                written.give_up(&error);
                return Err(error);
            }
        };
        // A draft's file keeps its first name: the ledger finds it there as well.
        let file = match concluded.entry() {
            Some(_) => written.settle()?,
            None => written.fresh(),
        };
        let told = format!("Written on {}: {}, 512 bytes.", wish.medium, file.display());
        let words = format!("{}\n{told}", concluded.words().trim_end());
        ui.answer(&Done { concluded, file: file.to_owned() }, |_| words.clone());
        Ok(0)
    }
}

/// The entry, and what was written on the medium.
#[derive(Serialize)]
struct Done {
    #[serde(flatten)]
    concluded: Concluded,
    file: PathBuf,
}
