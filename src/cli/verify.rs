//! `custody verify`

use clap::Args;

use super::Global;
use super::error::{EXIT_FINE, EXIT_UNVERIFIED};
use super::party::read_vkey;
use crate::ops::OpsError;
use crate::ops::verify::{Judge, gather, verify_evidence, verify_ledger};
use crate::render::text;
use crate::report::Verdict;

/// Verify the whole ledger, or a receipt from a file, QR text or picture
#[derive(Debug, Args)]
#[command(after_help = "\
With no FILE: every signature, the tree, every decision and the checkpoint of the ledger.
With FILE: a .receipt file, a PNG or JPEG picture of its codes, or the text of the codes
(CN1:... CP1:...); with --log-key this needs no ledger and no network.
Exit code 4 when the verification fails.
Examples:
  custody verify
  custody verify SZ-2026-000123.receipt --log-key custody.example.jp/shizuoka+1a2b3c4d+AY...
  custody verify photo.jpg --log-key log.vkey")]
pub(super) struct Verify {
    /// Receipt file, picture, or QR text; two pictures or texts make one receipt
    #[arg(value_name = "FILE|CODE")]
    given: Vec<String>,
    /// The ledger's public key, as text or as a file; then no ledger is needed
    #[arg(long, value_name = "VKEY|FILE")]
    log_key: Option<String>,
}

impl Verify {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let log_key = self.log_key.as_deref().map(read_vkey).transpose()?;
        if self.given.is_empty() {
            let mut bar = ui.progress("verifying");
            let folder = global.ledger_folder()?;
            let report =
                verify_ledger(&folder, log_key.as_ref(), &mut |done, total| bar.at(done, total))?;
            bar.end();
            ui.answer(&report, |style| text::ledger_verification(&report, style));
            return Ok(if report.verdict == Verdict::Passed { EXIT_FINE } else { EXIT_UNVERIFIED });
        }
        let evidence = gather(&self.given)?;
        let report = match &log_key {
            Some(key) => verify_evidence(&evidence, &Judge::LogKey(key))?,
            None => verify_evidence(&evidence, &Judge::Ledger(&global.open()?))?,
        };
        ui.answer(&report, |style| text::receipt_verification(&report, style));
        Ok(if report.passed() { EXIT_FINE } else { EXIT_UNVERIFIED })
    }
}
