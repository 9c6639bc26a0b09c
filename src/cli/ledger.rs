//! `custody ledger`

mod sign_checkpoint;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Global;
use super::error::{EXIT_FINE, Failure};
use super::signing::{Passphrases, SignArgs, conclude, signer_of};
use crate::model::vocabulary::RevocationReason;
use crate::model::{PartyId, VerifierKey};
use crate::ops::continue_as::{Succession, continue_as, founders};
use crate::ops::error::NEEDED;
use crate::ops::hearing::hear;
use crate::ops::replace_log_key::{self, Replacement};
use crate::ops::{OpsError, SystemClock, known};
use crate::render::text;
use crate::report::copies::Compared;
use crate::report::witnesses::WitnessHeard;

/// The ledger as a whole: what guards it against an old copy of itself
#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    SecondCopy(SecondCopy),
    Check(Check),
    SignCheckpoint(sign_checkpoint::SignCheckpoint),
    ReplaceKey(ReplaceKey),
    ContinueAs(ContinueAs),
}

/// Keep the newest checkpoint on another disk or a share as well
#[derive(Debug, Args)]
#[command(after_help = "\
A ledger that is put back from an old copy then notices that it lacks entries, and signs
nothing. FILE must be where the old copy would not reach: another disk, a mounted share.
When it cannot be reached the ledger goes on and says so.
Examples:
  custody ledger second-copy /mnt/share/custody.checkpoint
  custody ledger second-copy --none")]
pub(super) struct SecondCopy {
    /// The file; none shows which one it is
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Keep none any more
    #[arg(long, conflicts_with = "file")]
    none: bool,
}

/// Compare the ledger with what is kept elsewhere: by its witnesses, in the second copy, in files
#[derive(Debug, Args)]
#[command(after_help = "\
Asks each witness of witnesses.policy that has an address. What knows of more entries, or of
another history, stops the ledger from signing: exit code 4. A witness that is not reached is
named and changes nothing. docs/recovery.md says how to go on.
Examples:
  custody ledger check
  custody ledger check newest.receipt /srv/www/custody")]
pub(super) struct Check {
    /// Checkpoints, receipts, folders of published logs
    #[arg(value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
}

/// Replace the log key; for a while the old one signs checkpoints as well
#[derive(Debug, Args)]
#[command(after_help = "\
Both log keys and the administrator sign the entry, so whoever keeps the old verifier key is
led to the new one. The new key is in log.pem then, the old one in log.old.pem; after the
overlap destroy that. Give the new verifier key ('custody key show --log') to everybody who
has the old one. A key that was stolen does not overlap: --reason compromised.
Examples:
  custody ledger replace-key --by kato
  custody ledger replace-key --by kato --reason compromised
  custody ledger replace-key --by kato --in-agent")]
pub(super) struct ReplaceKey {
    /// An administrator
    #[arg(long, value_name = "ID")]
    by: String,
    /// superseded or compromised
    #[arg(long, default_value = "superseded")]
    reason: String,
    /// Days on which the old key signs as well; 0 for none [default: 30 if superseded]
    #[arg(long, value_name = "DAYS")]
    overlap: Option<u32>,
    /// The new key is in the ssh-agent; of several, the one of this fingerprint or .pub file
    #[arg(long, value_name = "SHA256:...|FILE", num_args = 0..=1)]
    in_agent: Option<Option<String>>,
    #[command(flatten)]
    signing: SignArgs,
}

/// Go on as a new ledger, when entries or the log key are lost for good
#[derive(Debug, Args)]
#[command(override_usage = "custody ledger continue-as [OPTIONS] <NEW-ORIGIN>")]
#[command(after_help = "\
Founds a ledger with a log key of its own and the old one's policy. Its first entry of its
own names the old ledger, its log key and the last head that is known, signed by the
administrator. Where the old ledger still may sign, its last entry names the new one.
People enrol and drives are registered anew: each is looked at again.
Example:
  custody ledger continue-as custody.example.jp/shizuoka-2 --to ledger-2 --prefix SB \\
    --by kato --custodian yamada")]
pub(super) struct ContinueAs {
    /// The new ledger's name in the world
    #[arg(value_name = "NEW-ORIGIN")]
    origin: String,
    /// The new ledger's folder
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Letters that begin its receipt numbers; not the old ones
    #[arg(long)]
    prefix: String,
    /// An administrator of the old ledger
    #[arg(long, value_name = "ID")]
    by: String,
    /// A custodian of the old ledger; a second person
    #[arg(long, value_name = "ID")]
    custodian: String,
    #[command(flatten)]
    passphrases: Passphrases,
}

/// What agrees with the ledger.
#[derive(Debug, Serialize)]
struct Agreeing {
    compared: Vec<Compared>,
    witnesses: Vec<WitnessHeard>,
    against: Option<Failure>,
}

/// Where the second copy is.
#[derive(Debug, Serialize)]
struct Kept {
    second_copy: Option<PathBuf>,
}

impl LedgerCommand {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        match self {
            LedgerCommand::SecondCopy(command) => command.run(global),
            LedgerCommand::Check(command) => command.run(global),
            LedgerCommand::SignCheckpoint(command) => command.run(global),
            LedgerCommand::ReplaceKey(command) => command.run(global),
            LedgerCommand::ContinueAs(command) => command.run(global),
        }
    }
}

impl SecondCopy {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        if self.none || self.file.is_some() {
            known::set_second_copy(&mut global.open()?, self.file.as_deref())?;
        }
        let answer = Kept { second_copy: known::second_copy(&global.ledger_folder()?)? };
        global.ui().answer(&answer, |_| match &answer.second_copy {
            Some(file) => format!("The newest checkpoint is kept in {} as well.\n", file.display()),
            None => "The newest checkpoint is kept beside the ledger only.\n".to_owned(),
        });
        Ok(EXIT_FINE)
    }
}

impl Check {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut ledger = global.open()?;
        let compared = known::check(&mut ledger, &self.files)?;
        let heard = hear(&mut ledger)?;
        if compared.is_empty() && heard.witnesses.is_empty() {
            let problem = "is needed: there is no second copy, and no witness has an address";
            return Err(OpsError::input("FILE", problem));
        }
        let against = heard.against.map(|error| Failure::from(&OpsError::History(error)));
        let answer = Agreeing { compared, witnesses: heard.witnesses, against };
        let ui = global.ui();
        ui.answer(&answer, |_| {
            let line = |one: &Compared| {
                format!("{} knows of {} entries; they are here.\n", one.file.display(), one.entries)
            };
            let heard = answer.witnesses.iter().map(|heard| heard.sentence() + "\n");
            answer.compared.iter().map(line).chain(heard).collect()
        });
        let Some(failure) = &answer.against else { return Ok(EXIT_FINE) };
        if !ui.is_json() {
            ui.fail(failure);
        }
        Ok(failure.exit_code)
    }
}

/// Days of overlap where nothing is said.
const OVERLAP: u32 = 30;

impl ReplaceKey {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let reason: RevocationReason =
            self.reason.parse().map_err(|e| OpsError::input("--reason", e))?;
        let usual = (reason == RevocationReason::Superseded).then_some(OVERLAP);
        let wish = Replacement {
            by: self.by.parse().map_err(|e| OpsError::input("--by", e))?,
            reason,
            overlap_days: self.overlap.or(usual).filter(|days| *days > 0),
            in_agent: self.in_agent,
        };
        let mut ledger = global.open()?;
        ledger.ready()?;
        let draft = replace_log_key::draft(&mut ledger, &wish)?;
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        let now = ledger.state().log_key().map(ToString::to_string).unwrap_or_default();
        if concluded.entry().is_some() {
            ui.say(&format!("Checkpoints are signed by this key from now on:\n  {now}"));
        }
        ui.answer(&concluded, |_| concluded.words());
        Ok(EXIT_FINE)
    }
}

impl ContinueAs {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut old = global.open()?;
        let wish = Succession {
            origin: self.origin.parse().map_err(|e| OpsError::input("NEW-ORIGIN", e))?,
            receipt_prefix: self.prefix.parse().map_err(|e| OpsError::input("--prefix", e))?,
            folder: &self.to,
            by: self.by.parse().map_err(|e| OpsError::input("--by", e))?,
            custodian: self.custodian.parse().map_err(|e| OpsError::input("--custodian", e))?,
        };
        let (administrator, custodian) = founders(&old, &wish)?;
        let open = |id: &PartyId, key: &VerifierKey| {
            let signer = signer_of(global, &self.passphrases, (id.as_str(), id.as_str()), key)?;
            signer.ok_or_else(|| OpsError::input("--passphrase-file", NEEDED))
        };
        let administrator = open(&wish.by, &administrator)?;
        let custodian = open(&wish.custodian, &custodian)?;
        let mut bar = ui.progress("verifying");
        let mut progress = |done, total| bar.at(done, total);
        let clock = Arc::new(SystemClock);
        let report = continue_as(
            &mut old,
            &wish,
            administrator.as_ref(),
            custodian.as_ref(),
            clock,
            &mut progress,
        )?;
        bar.end();
        ui.answer(&report, |style| text::continuation(&report, style));
        Ok(EXIT_FINE)
    }
}
