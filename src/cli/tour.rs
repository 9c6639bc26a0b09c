//! `custody tour`

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::Global;
use super::error::{EXIT_ERROR, EXIT_FINE};
use super::receipt::{Drawn, save_receipt};
use super::ui::Ui;
use crate::ops::gather::gather;
use crate::ops::paper::{self, Look};
use crate::ops::tour::{Finished, PASSPHRASE, Tour as Doing};
use crate::ops::verify::{Judge, log_key_beside, verify_evidence};
use crate::ops::{OpsError, status};
use crate::render::paper::receipt::Format;
use crate::render::paper::words::Tongue;
use crate::render::qr::{Code, Terminal};
use crate::render::text;
use crate::report::Verdict;
use crate::report::verification::LedgerVerification;

/// See everything once, on a recorded drive, in a fresh folder
#[derive(Debug, Args)]
#[command(after_help = "\
The drive is recorded and the tour's clock is moved by hand; ledger, keys, signatures,
receipts, verification and the attacks are real, and stay in the folder for you to look at.
Example:
  custody tour --folder /tmp/my-tour")]
pub(super) struct Tour {
    /// The folder to make [default: custody-tour in the folder for temporary files]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// What the tour answers in JSON.
#[derive(Debug, Serialize)]
struct Toured {
    folder: PathBuf,
    receipts: Vec<PathBuf>,
    verified: bool,
    /// Entries that `verify` named after the stored file was edited.
    edited_file_named: Vec<Option<u64>>,
    /// Entries that `verify` named after the owner rewrote history.
    rewrite_named: Vec<Option<u64>>,
}

impl Tour {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let folder = fresh_folder(self.folder)?;
        let guide = Guide { ui };
        let mut tour = Doing::begin(&folder)?;
        guide.welcome(&folder);
        guide.first_day(&mut tour)?;
        let receipts = guide.handover_and_return(&mut tour)?;
        guide.checks(&mut tour)?;
        let (report, finished) = tour.verify()?;
        guide.verified(&report);
        let (edited, rewritten) = guide.attacks(&finished, &receipts)?;
        guide.farewell(&folder);
        let named = |report: &LedgerVerification| report.findings.iter().map(|f| f.index).collect();
        let answer = Toured {
            folder,
            receipts,
            verified: report.verdict == Verdict::Passed,
            edited_file_named: named(&edited),
            rewrite_named: named(&rewritten),
        };
        if ui.is_json() {
            ui.answer(&answer, |_| String::new());
        }
        let as_promised = answer.verified
            && edited.verdict == Verdict::Failed
            && rewritten.verdict == Verdict::Failed;
        Ok(if as_promised { EXIT_FINE } else { EXIT_ERROR })
    }
}

/// A folder nobody uses: the one named, or the first free `custody-tour-N`.
fn fresh_folder(named: Option<PathBuf>) -> Result<PathBuf, OpsError> {
    if let Some(folder) = named {
        if folder.exists() {
            return Err(OpsError::input(
                "--folder",
                format!("{} exists; name a new folder", folder.display()),
            ));
        }
        return Ok(folder);
    }
    let base = std::env::temp_dir();
    let free =
        (1..10_000).map(|n| base.join(format!("custody-tour-{n}"))).find(|path| !path.exists());
    free.ok_or_else(|| OpsError::input("--folder", "no free folder name; name one"))
}

/// Says what happens and shows what the commands show.
struct Guide {
    ui: Ui,
}

impl Guide {
    fn step(&self, title: &str, command: &str, words: &str) {
        self.print(&format!("\n== {title}\n"));
        if !words.is_empty() {
            self.print(&format!("   {words}\n"));
        }
        if !command.is_empty() {
            self.print(&format!("\n$ custody {command}\n"));
        }
    }

    fn print(&self, text: &str) {
        if !self.ui.is_json() {
            use std::io::Write as _;
            let _ = write!(anstream::stdout(), "{text}");
        }
    }

    fn welcome(&self, folder: &Path) {
        self.print(&format!(
            "A tour of custody, in {}\n\
             The drive you will see is RECORDED, not attached, and the clock is moved by hand.\n\
             Everything else is real: ledger, keys, signatures, receipts, verification, attacks.\n",
            folder.display()
        ));
        self.step(
            "A ledger is founded",
            "init --origin custody.example.jp/tour ...",
            "加藤 administers, 山田 keeps the drives, 佐々木 checks, 佐藤 is a printing contractor.",
        );
        self.print("   Four keys, five entries; each enrolment is signed by two people.\n");
    }

    fn first_day(&self, tour: &mut Doing) -> Result<(), OpsError> {
        let style = self.ui.style();
        self.step(
            "A drive is plugged in",
            "scan",
            "Read from sysfs: no root, and the drive is not opened.",
        );
        self.print(&text::scan(&tour.scan("home")?, style));
        self.step(
            "It is registered",
            "register USB-0421 --home 静岡支部保管庫 --by yamada",
            "The label goes on the drive.",
        );
        let view = tour.register()?;
        let label = Code::label(&view.label)?.to_terminal(Terminal::default());
        self.print(&text::registration(&view, &label, style));
        Ok(())
    }

    fn handover_and_return(&self, tour: &mut Doing) -> Result<Vec<PathBuf>, OpsError> {
        let style = self.ui.style();
        tour.on_day(1);
        self.step(
            "Day 1: it is handed over",
            "handover USB-0421 --from yamada --to sato --due ... --purpose 被保険者台帳の印刷・製本",
            "Both parties sign, each with their own passphrase. Both keep the receipt.",
        );
        let (issued, file) = tour.hand_over()?;
        let drawn = Drawn::of(&issued);
        self.print(&drawn.text(&issued.view, self.ui, style));
        let look = Look { tongue: Tongue::Both, format: Format::A4, faces: paper::fonts(None)? };
        let page = file.with_extension("pdf");
        save_receipt(&paper::pdf(&paper::receipt_sheet(&issued, &look)?, &look)?, &page)?;
        self.step(
            "The contractor verifies it at home, offline",
            &format!(
                "verify {} --log-key log.vkey",
                file.file_name().unwrap_or_default().to_string_lossy()
            ),
            "With nothing but the file (or a photograph of the codes) and the ledger's public key.",
        );
        let key = log_key_beside(tour.ledger().folder())?;
        let evidence = gather(&[file.display().to_string()], None)?;
        let report = verify_evidence(&evidence, &Judge::LogKey(&key))?;
        self.print(&text::receipt_verification(&report, style));
        tour.on_day(20);
        self.step(
            "Day 20: it has not come back",
            "status",
            "Silence is an alarm: nothing had to run for this.",
        );
        self.print(&text::status(&status::status(tour.ledger())?, style));
        tour.on_day(21);
        self.step(
            "Day 21: it comes back",
            "return USB-0421 --to yamada",
            "The same thing in the other direction, with its own receipt.",
        );
        let (_, second) = tour.take_back()?;
        self.print(&format!("   Receipt kept in {}.\n", second.display()));
        Ok(vec![file, page, second])
    }

    fn checks(&self, tour: &mut Doing) -> Result<(), OpsError> {
        let style = self.ui.style();
        let command = "check --place 静岡支部保管庫 --by sasaki";
        for (day, frame, title, words) in [
            (
                22,
                "returned",
                "Day 22: a check, by somebody who does not hold the drive",
                "What belongs here against what is plugged in.",
            ),
            (
                30,
                "taken",
                "Day 30: the next check, and the drive is not there",
                "Exit code 3; the drive is missing from this moment on.",
            ),
            (
                31,
                "home",
                "Day 31: found again",
                "Seen by its hardware identity, which ends the missing state.",
            ),
        ] {
            tour.on_day(day);
            self.step(title, command, words);
            self.print(&text::check(&tour.check(frame)?, style));
        }
        tour.on_day(40);
        self.step("Today: the history of the drive", "show USB-0421", "");
        let id = "USB-0421".parse().map_err(|error| OpsError::input("USB-0421", error))?;
        self.print(&text::medium(&status::show(tour.ledger(), &id)?, style));
        Ok(())
    }

    fn verified(&self, report: &LedgerVerification) {
        self.step(
            "The auditor verifies the whole ledger",
            "verify --log-key log.vkey",
            "Every signature, the tree, what each signer saw, every decision made again.",
        );
        self.print(&text::ledger_verification(report, self.ui.style()));
    }

    fn attacks(
        &self,
        finished: &Finished,
        receipts: &[PathBuf],
    ) -> Result<(LedgerVerification, LedgerVerification), OpsError> {
        let style = self.ui.style();
        self.step(
            "Attack 1: somebody edits the stored file",
            "verify --ledger attack-1-edited-file",
            "On a copy: the 3775 persons on the drive become 7 in the journal.",
        );
        let (_, edited) = finished.edit_stored_file()?;
        self.print(&text::ledger_verification(&edited, style));
        self.step(
            "Attack 2: the ledger's owner rewrites history",
            "verify --ledger attack-2-owner-rewrites",
            "The same edit, all files written anew, a fresh checkpoint under the ledger's own key.",
        );
        let (copy, rewritten) = finished.rewrite_as_owner()?;
        self.print(&text::ledger_verification(&rewritten, style));
        let held = receipts.first().map(|file| file.display().to_string()).unwrap_or_default();
        self.print("\n   And the contractor's receipt, held against the rewritten ledger:\n");
        let ledger = crate::ops::Ledger::open(&copy, &mut |_, _| {})?;
        let report = verify_evidence(&gather(&[held], None)?, &Judge::Ledger(&ledger))?;
        self.print(&text::receipt_verification(&report, style));
        Ok((edited, rewritten))
    }

    fn farewell(&self, folder: &Path) {
        let shown = folder.display();
        self.print(&format!(
            "\n== Yours to go on with\n\
             \x20  export CUSTODY_LEDGER={shown}/ledger CUSTODY_KEYS={shown}/keys\n\
             \x20  The passphrase of every key is '{PASSPHRASE}', also in {shown}/passphrase.txt.\n\
             \x20  The receipts, one with its page as SVG, are in {shown}/receipts.\n"
        ));
    }
}
