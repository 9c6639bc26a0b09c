//! `custody attach`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Global;
use super::signing::{Concluded, SignArgs, conclude_if};
use crate::model::{PartyId, ReceiptId};
use crate::ops::OpsError;
use crate::ops::attach::{Scan, attach, attachments, handover_of, keep};
use crate::report::attachment::on_paper;
use crate::report::{AttachmentView, Sheet};

/// Attach the scan of a sheet that was sealed on paper to its receipt
#[derive(Debug, Args)]
#[command(after_help = "\
FILE is a PDF, PNG, JPEG or TIFF of at most 64 MiB. It is kept in the ledger's folder, and its
SHA-256 goes into the log. 'custody receipt RECEIPT --attachments DIR' gets it out again.
Example:
  custody attach SZ-2026-000123 scan.pdf --by yamada")]
pub(super) struct Attach {
    /// The receipt's number
    receipt: Option<String>,
    /// The document
    file: Option<String>,
    /// Who attaches it
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

/// What attaching a document answers.
#[derive(Debug, Serialize)]
struct Attached {
    #[serde(flatten)]
    concluded: Concluded,
    /// The receipt.
    receipt: ReceiptId,
    /// What became of its sheet; none where both sides signed with a key.
    sheet: Option<Sheet>,
    /// Every document of the receipt.
    attachments: Vec<AttachmentView>,
}

impl Attach {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut asking = ui.asking();
        let receipt: Option<ReceiptId> =
            asking.need("RECEIPT", self.receipt.as_deref(), "Which receipt (number)", None);
        let file: Option<PathBuf> =
            asking.need("FILE", self.file.as_deref(), "Which document (file)", None);
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Attached by (party id)", None);
        asking.end()?;
        let (Some(receipt), Some(file), Some(by)) = (receipt, file, by) else {
            return Err(OpsError::input("attach", "an answer is missing"));
        };
        let mut ledger = global.open()?;
        let scan = Scan::read(&file)?;
        let (_, said) = handover_of(&ledger, &receipt)?;
        if !on_paper(&said) {
            ui.warn(&format!("both sides of {receipt} signed with a key; it waits for no sheet"));
        }
        let draft = attach(&ledger, &receipt, &scan, by)?;
        let keeping = |ledger: &crate::ops::Ledger| keep(ledger, &scan);
        let concluded = conclude_if(global, &mut ledger, draft, &self.signing, &keeping)?;
        let sheet = Sheet::of(ledger.state(), &said);
        let attachments = attachments(&ledger, &receipt)?;
        let answer = Attached { concluded, receipt, sheet, attachments };
        ui.answer(&answer, |_| {
            let words = sheet.map_or_else(String::new, |sheet| {
                let words = sheet.words();
                format!("{}: {}\n  {}\n", answer.receipt, words.en, words.ja)
            });
            answer.concluded.words() + &words
        });
        Ok(0)
    }
}
