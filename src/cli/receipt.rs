//! `custody receipt`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Global;
use super::paper::{Paper, PaperArgs, warn_of_missing};
use super::ui::Ui;
use crate::model::ReceiptId;
use crate::ops::OpsError;
use crate::ops::attach::export;
use crate::ops::paper;
use crate::ops::receipt::{IssuedReceipt, receipt};
use crate::render::qr::{Code, QrError, Terminal};
use crate::render::text::{self, Style};
use crate::report::ReceiptView;

/// Show a receipt again: text with both QR codes, PDF, a .receipt file, a picture
#[derive(Debug, Args)]
#[command(after_help = "\
The .receipt file and the two codes are enough to verify it offline with the log key.
Example:
  custody receipt SZ-2026-000123 --pdf SZ-2026-000123.pdf --paper a5
  custody receipt SZ-2026-000123 --file SZ-2026-000123.receipt")]
pub(super) struct ReceiptCommand {
    /// The receipt's number
    id: String,
    /// Write the receipt (note and proof, plain text) to this new file
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Write it as PDF: the original and the copy, with both codes
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,
    /// Write the same pages as one picture, SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Size of the paper of a PDF or SVG
    #[arg(long, value_name = "SIZE", default_value = "a4")]
    paper: Paper,
    #[command(flatten)]
    style: PaperArgs,
    /// Write it for a receipt printer (ESC/POS)
    #[arg(long, value_name = "FILE")]
    thermal: Option<PathBuf>,
    /// Width of that printer's roll in mm: 80 or 58
    #[arg(long, value_name = "MM", default_value = "80", value_parser = ["80", "58"])]
    roll: String,
    /// Write both codes as PNG pictures: FILE-note.png and FILE-proof.png
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Get the documents that are attached to it out into this folder
    #[arg(long, value_name = "DIR")]
    attachments: Option<PathBuf>,
}

/// Both codes of a receipt. A handover of very many drives has a receipt too long
/// for any code; it is shown without them.
pub(super) struct Drawn(Result<[Code; 2], QrError>);

impl Drawn {
    pub fn of(issued: &IssuedReceipt) -> Self {
        let code = |text: &str| Code::receipt(text);
        Drawn(code(&issued.note_code).and_then(|note| Ok([note, code(&issued.proof_code)?])))
    }

    /// The receipt as text, with the codes below. A terminal narrower than a code
    /// would break it into noise, so it is told how wide it has to be.
    pub fn text(&self, view: &ReceiptView, ui: Ui, style: Style) -> String {
        let [note, proof] = match &self.0 {
            Ok(codes) => codes,
            Err(_) => {
                let hint = format!(
                    "This receipt is too long for QR codes. Keep it as a file, which proves the same:\n\
                     'custody receipt {0} --file {0}.receipt'.\n",
                    view.receipt
                );
                return text::receipt(view, None, style) + &hint;
            }
        };
        let widest = note.full_width().max(proof.full_width());
        if ui.is_terminal() && style.width < widest {
            let hint = format!(
                "The QR codes need {widest} columns and this window has {}: widen it and run\n\
                 'custody receipt {}', or write a PDF with --pdf.\n",
                style.width, view.receipt
            );
            return text::receipt(view, None, style) + &hint;
        }
        let terminal = Terminal::default();
        let (note, proof) = (note.to_terminal(terminal), proof.to_terminal(terminal));
        text::receipt(view, Some((&note, &proof)), style)
    }

    /// Both codes as PNG pictures, by name.
    fn pngs(&self) -> Result<[(&'static str, Vec<u8>); 2], OpsError> {
        let [note, proof] = self.0.as_ref().map_err(Clone::clone)?;
        Ok([("note", note.to_png(8)?), ("proof", proof.to_png(8)?)])
    }
}

impl ReceiptCommand {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let id: ReceiptId = self.id.trim().parse().map_err(|error| OpsError::input("ID", error))?;
        let mut ledger = global.open()?;
        let issued = receipt(&mut ledger, &id)?;
        let drawn = Drawn::of(&issued);
        let mut written = Vec::new();
        if let Some(file) = &self.file {
            save_receipt(&issued.receipt.to_bytes(), file)?;
            written.push(file.clone());
        }
        written.extend(self.pages(ui, &issued)?);
        if let Some(file) = &self.thermal {
            save_receipt(&self.strips(&issued)?, file)?;
            written.push(file.clone());
        }
        if let Some(file) = &self.png {
            for (name, png) in drawn.pngs()? {
                let file = PathBuf::from(format!("{}-{name}.png", file.display()));
                save_receipt(&png, &file)?;
                written.push(file);
            }
        }
        if let Some(folder) = &self.attachments {
            if issued.view.attachments.is_empty() {
                ui.warn(&format!("nothing is attached to {id}"));
            }
            written.extend(export(&ledger, &id, folder)?);
        }
        for file in &written {
            ui.say(&format!("Wrote {}.", file.display()));
        }
        if (written.is_empty() && self.attachments.is_none()) || ui.is_json() {
            ui.answer(&issued.view, |style| drawn.text(&issued.view, ui, style));
        }
        Ok(0)
    }

    /// The pages for both sides, as PDF and as a picture.
    fn pages(&self, ui: Ui, issued: &IssuedReceipt) -> Result<Vec<PathBuf>, OpsError> {
        if self.pdf.is_none() && self.svg.is_none() {
            return Ok(Vec::new());
        }
        let look = self.style.look(self.paper)?;
        warn_of_missing(ui, &look, self.id.trim(), issued.receipt.note().text());
        let sheet = paper::receipt_sheet(issued, &look)?;
        if let Some(file) = &self.pdf {
            save_receipt(&paper::pdf(&sheet, &look)?, file)?;
        }
        if let Some(file) = &self.svg {
            save_receipt(paper::svg(&sheet, &look).as_bytes(), file)?;
        }
        Ok(self.pdf.iter().chain(&self.svg).cloned().collect())
    }

    #[cfg(feature = "raster")]
    fn strips(&self, issued: &IssuedReceipt) -> Result<Vec<u8>, OpsError> {
        use crate::render::paper::thermal::Roll;
        let roll = if self.roll == "58" { Roll::Mm58 } else { Roll::Mm80 };
        paper::thermal(issued, roll, &self.style.look(self.paper)?)
    }

    #[cfg(not(feature = "raster"))]
    fn strips(&self, _: &IssuedReceipt) -> Result<Vec<u8>, OpsError> {
        let problem = "this program was built without the feature 'raster'; use --pdf";
        Err(OpsError::input("--thermal", problem))
    }
}

/// Says before anything is recorded that a receipt could not be kept there.
pub(super) fn refuse_taken(file: Option<&Path>) -> Result<(), OpsError> {
    match file {
        Some(file) if file.exists() => {
            let problem = format!("{} exists; name a new file", file.display());
            Err(OpsError::input("--receipt-file", problem))
        }
        _ => Ok(()),
    }
}

/// Writes a new file; a receipt in the same place is never overwritten.
pub(super) fn save_receipt(bytes: &[u8], file: &Path) -> Result<(), OpsError> {
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut out| out.write_all(bytes).and_then(|()| out.sync_all()))
        .map_err(|error| OpsError::file("cannot write", file, error))
}
