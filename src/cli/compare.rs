//! `custody compare`

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::error::{EXIT_DISCREPANCY, EXIT_FINE, EXIT_UNVERIFIED};
use super::party::read_vkey;
use super::witness::write;
use crate::model::VerifierKey;
use crate::ops::OpsError;
use crate::ops::compare::{check, compare};
use crate::ops::verify::log_key_beside;
use crate::render::text;
use crate::report::comparison::History;

/// Compare receipts, checkpoints and published ledgers: one history, or a fork
#[derive(Debug, Args)]
#[command(after_help = "\
Each is a receipt in any form, a checkpoint, the folder of a ledger, or a folder with a
published one (c2sp.org/tlog-tiles). A fork is written to --out, for third parties.
Exit code 4 for a fork, also with --check; 3 where what is there is not enough to tell.
Examples:
  custody compare 2025.receipt 2026.receipt --log-key log.vkey
  custody compare *.receipt published/
  custody compare --check fork.proof --log-key log.vkey")]
pub(super) struct Compare {
    /// Receipts, checkpoints, published ledgers
    #[arg(value_name = "FILE|DIR", required_unless_present = "check")]
    given: Vec<String>,
    /// The ledger's public key, as text or as a file [default: that beside the ledger]
    #[arg(long, value_name = "VKEY|FILE")]
    log_key: Option<String>,
    /// Where a fork proof goes
    #[arg(long, value_name = "FILE", default_value = "fork.proof")]
    out: PathBuf,
    /// Verify a fork proof
    #[arg(long, value_name = "FILE", conflicts_with = "given")]
    check: Option<PathBuf>,
}

#[derive(Debug, serde::Serialize)]
struct Checked {
    origin: String,
    first: u64,
    second: u64,
}

impl Compare {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let log = self.log(global)?;
        if let Some(file) = &self.check {
            let proof = check(file, &log)?;
            let (first, second) = (proof.older().checkpoint(), proof.newer().checkpoint());
            let (origin, first, second) = (log.name().to_string(), first.size(), second.size());
            let checked = Checked { origin, first, second };
            ui.answer(&checked, |_| {
                format!(
                    "FORK: the log {} signed two histories, one of {} entries and one of {}.\n",
                    checked.origin, checked.first, checked.second
                )
            });
            return Ok(EXIT_UNVERIFIED);
        }
        let found = compare(&self.given, &log)?;
        if let Some(proof) = &found.proof {
            write(&self.out, &proof.to_bytes())?;
            ui.say(&format!("The proof is in {}.", self.out.display()));
        }
        ui.answer(&found.comparison, |style| text::comparison(&found.comparison, style));
        Ok(match found.comparison.history {
            History::One => EXIT_FINE,
            History::Forked => EXIT_UNVERIFIED,
            History::Undecided => EXIT_DISCREPANCY,
        })
    }

    fn log(&self, global: &Global) -> Result<VerifierKey, OpsError> {
        match &self.log_key {
            Some(given) => read_vkey(given),
            None => log_key_beside(&global.ledger_folder()?)
                .map_err(|_| OpsError::input("--log-key", "is needed: no ledger is at hand")),
        }
    }
}
