//! `custody incident`

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::paper::SheetOut;
use super::receipt::save_receipt;
use crate::model::MediumId;
use crate::ops::paper::Look;
use crate::ops::{OpsError, incident};
use crate::render::paper::dossier;
use crate::render::text;

/// The dossier of a missing or lost drive: deadlines, the nine items, timeline and proofs
#[derive(Debug, Args)]
#[command(after_help = "\
A draft for a person to finish: what the ledger has stands in it with the entries, what it
does not have is asked for. The deadlines are those of Japan's rules.
Example:
  custody incident USB-0420 --md incident.md --pdf incident.pdf --proofs proofs")]
pub(super) struct IncidentCommand {
    /// Asset id of the drive
    medium: String,
    /// Write it as Markdown
    #[arg(long, value_name = "FILE")]
    md: Option<PathBuf>,
    /// Write each entry with its proof into this folder, for 'custody verify'
    #[arg(long, value_name = "DIR")]
    proofs: Option<PathBuf>,
    #[command(flatten)]
    out: SheetOut,
}

impl IncidentCommand {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut asking = ui.asking();
        let id: Option<MediumId> = asking.need("MEDIUM", Some(&self.medium), "Which drive", None);
        asking.end()?;
        let id = id.ok_or_else(|| OpsError::input("MEDIUM", "an answer is missing"))?;
        let mut ledger = global.open()?;
        let mut report = incident::incident(&ledger, &id)?;
        if let Some(folder) = &self.proofs {
            report = incident::write_proofs(&mut ledger, report, folder)?;
            ui.say(&format!("Wrote {} proofs to {}.", report.timeline.len(), folder.display()));
        }
        let draw = |look: &Look| dossier::incident(&report, look.tongue, &look.faces);
        let mut written = self.out.write(ui, draw)?;
        if let Some(file) = &self.md {
            let text = incident::in_markdown(&report, self.out.tongue());
            save_receipt(text.as_bytes(), file)?;
            ui.say(&format!("Wrote {}.", file.display()));
            written = true;
        }
        if !written || ui.is_json() {
            ui.answer(&report, |style| text::incident(&report, style));
        }
        Ok(0)
    }
}
