//! `custody verify`

use std::io::{BufRead as _, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::Global;
use super::error::{EXIT_FINE, EXIT_UNVERIFIED};
use super::party::read_vkey;
use super::ui::Ui;
use crate::model::VerifierKey;
use crate::ops::OpsError;
use crate::ops::cosigned::{policy_beside, read_policy};
use crate::ops::gather::{Evidence, TYPED_MAX, gather, receipt_codes_in};
use crate::ops::published::verify_published;
use crate::ops::verify::{Judge, verify_evidence, verify_witnessed_ledger};
use crate::ops::verify_witnesses::{Counting, log_of, with_witnesses};
use crate::render::text;
use crate::report::{ReceiptVerification, Verdict};

/// Verify the whole ledger, or a receipt from a file, QR text or picture
#[derive(Debug, Args)]
#[command(after_help = "\
With no FILE: every signature, the tree, every decision and the checkpoint of the ledger.
With FILE: a .receipt file, a PNG or JPEG picture or a PDF of its codes, or the text of the
codes (CN1:... CP1:...), in either order; - reads what a handheld scanner types. With
--log-key this needs no ledger and no network.
With --tiles: what 'custody publish' wrote, or any copy of it, with no ledger at hand.
With --record only what is new since the last time is read, and a verification that was
stopped goes on. The file is the auditor's: keep it where the ledger's keeper cannot write.
Exit code 4 when the verification fails. With --policy it fails as well where fewer
witnesses vouch than the policy asks for (docs/witnesses.md); witnesses.policy beside the
ledger is only reported.
Examples:
  custody verify
  custody verify SZ-2026-000123.receipt --log-key custody.example.jp/shizuoka+1a2b3c4d+AY...
  custody verify photo.jpg --log-key log.vkey
  custody verify - --log-key log.vkey")]
pub(super) struct Verify {
    /// Receipt file, picture, PDF or QR text, - for a scanner; two codes make one receipt
    #[arg(value_name = "FILE|CODE")]
    given: Vec<String>,
    /// The ledger's public key, as text or as a file; then no ledger is needed
    #[arg(long, value_name = "VKEY|FILE")]
    log_key: Option<String>,
    /// A folder with a published log, in place of the ledger
    #[arg(long, value_name = "DIR", conflicts_with_all = ["given", "policy"])]
    tiles: Option<PathBuf>,
    /// Keep in this file what was verified, and go on from there the next time
    #[arg(long, value_name = "FILE", conflicts_with_all = ["given", "tiles"])]
    record: Option<PathBuf>,
    /// Who counts as a witness and how many are needed (c2sp.org/tlog-policy)
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Verify {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut log_key = self.log_key.as_deref().map(read_vkey).transpose()?;
        let demanded = self.policy.as_deref().map(read_policy).transpose()?;
        let demanded = demanded.map(|policy| Counting { policy, demanded: true });
        if self.given.is_empty() {
            let mut bar = ui.progress("verifying");
            let mut at = |done, total| bar.at(done, total);
            let report = match &self.tiles {
                Some(folder) => verify_published(folder, log_key.as_ref(), &mut at)?,
                None => {
                    let folder = global.ledger_folder()?;
                    let counting = counting(demanded, &folder)?;
                    let (log_key, counting) = (log_key.as_ref(), counting.as_ref());
                    let record = self.record.as_deref();
                    verify_witnessed_ledger(&folder, log_key, counting, record, &mut at)?
                }
            };
            bar.end();
            ui.answer(&report, |style| text::ledger_verification(&report, style));
            return Ok(if report.verdict == Verdict::Passed { EXIT_FINE } else { EXIT_UNVERIFIED });
        }
        let (keyboard, given): (Vec<String>, Vec<String>) =
            self.given.into_iter().partition(|item| item == "-");
        let typed = if keyboard.is_empty() { None } else { Some(scanned(ui)?) };
        let evidence = gather(&given, typed.as_deref())?;
        if let (None, Some(counting)) = (&log_key, &demanded) {
            log_key = log_of(&counting.policy, &evidence);
        }
        let report = match &log_key {
            Some(key) => {
                let report = verify_evidence(&evidence, &Judge::LogKey(key))?;
                witnessed(report, &evidence, Some(key), demanded)
            }
            None => {
                let ledger = global.open()?;
                let report = verify_evidence(&evidence, &Judge::Ledger(&ledger))?;
                let counting = counting(demanded, ledger.folder())?;
                witnessed(report, &evidence, ledger.state().log_key(), counting)
            }
        };
        ui.answer(&report, |style| text::receipt_verification(&report, style));
        Ok(if report.passed() { EXIT_FINE } else { EXIT_UNVERIFIED })
    }
}

/// The policy named, else the one beside the ledger.
fn counting(demanded: Option<Counting>, ledger: &Path) -> Result<Option<Counting>, OpsError> {
    if demanded.is_some() {
        return Ok(demanded);
    }
    Ok(policy_beside(ledger)?.map(|policy| Counting { policy, demanded: false }))
}

fn witnessed(
    report: ReceiptVerification,
    evidence: &Evidence,
    log: Option<&VerifierKey>,
    counting: Option<Counting>,
) -> ReceiptVerification {
    match (log, counting) {
        (Some(log), Some(counting)) => with_witnesses(report, evidence, log, &counting),
        _ => report,
    }
}

/// What a scanner types: all there is where nobody sits, else lines until both codes are
/// there or a line is empty.
fn scanned(ui: Ui) -> Result<String, OpsError> {
    let said = |error: std::io::Error| OpsError::input("-", error);
    let mut typed = String::new();
    let mut input = std::io::stdin().lock().take(TYPED_MAX + 1);
    if ui.asks() {
        ui.say("Scan both codes of the receipt; an empty line ends. 二つのQRコードを読み取ってください");
        let mut codes = 0;
        while codes < 2 {
            let mut line = Vec::new();
            input.read_until(b'\n', &mut line).map_err(said)?;
            let line = String::from_utf8_lossy(&line);
            if line.trim().is_empty() {
                break;
            }
            codes += receipt_codes_in(&line);
            typed.push_str(&line);
        }
    } else {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(said)?;
        typed = String::from_utf8_lossy(&bytes).into_owned();
    }
    if typed.trim().is_empty() {
        return Err(OpsError::input("-", "nothing was typed or scanned"));
    }
    Ok(typed)
}
