//! How a document on paper is to look: the options that every such command takes.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::receipt::save_receipt;
use super::ui::Ui;
use crate::ops::OpsError;
use crate::ops::paper::{Look, fonts, pdf};
use crate::render::paper::receipt::Format;
use crate::render::paper::words::Tongue;
use crate::render::paper::{PaperError, Sheet};

/// Language and font of a document.
#[derive(Debug, Clone, Args)]
pub(super) struct PaperArgs {
    /// Language of a PDF
    #[arg(long, value_name = "LANGUAGE", default_value = "both")]
    language: Language,
    /// A TrueType or OpenType font, before the one that comes with the program
    #[arg(long, value_name = "FILE")]
    font: Option<PathBuf>,
}

/// Size of the paper.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Paper {
    A4,
    A5,
}

/// A list or a certificate as a file.
#[derive(Debug, Clone, Args)]
pub(super) struct SheetOut {
    /// Write it as PDF, A4
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,
    #[command(flatten)]
    paper: PaperArgs,
}

impl SheetOut {
    /// The file that is wanted.
    pub fn file(&self) -> Option<&Path> {
        self.pdf.as_deref()
    }

    /// The language of what is written.
    pub fn tongue(&self) -> Tongue {
        self.paper.tongue()
    }

    /// Writes the file, if one is wanted, and says so.
    pub fn write(
        &self,
        ui: Ui,
        draw: impl FnOnce(&Look) -> Result<Sheet, PaperError>,
    ) -> Result<bool, OpsError> {
        let Some(file) = &self.pdf else { return Ok(false) };
        let look = self.paper.look(Paper::A4)?;
        let sheet = draw(&look)?;
        let missing = sheet.missing(&look.faces);
        if !missing.is_empty() {
            let listed = missing.iter().collect::<String>();
            ui.warn(&format!(
                "the font has no {listed}; 〓 stands there. Name a font with --font."
            ));
        }
        save_receipt(&pdf(&sheet, &look)?, file)?;
        ui.say(&format!("Wrote {}.", file.display()));
        Ok(true)
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    Ja,
    En,
    Both,
}

impl PaperArgs {
    fn tongue(&self) -> Tongue {
        match self.language {
            Language::Ja => Tongue::Ja,
            Language::En => Tongue::En,
            Language::Both => Tongue::Both,
        }
    }

    pub fn look(&self, paper: Paper) -> Result<Look, OpsError> {
        let format = match paper {
            Paper::A4 => Format::A4,
            Paper::A5 => Format::A5,
        };
        Ok(Look { tongue: self.tongue(), format, faces: fonts(self.font.as_deref())? })
    }
}

/// Says which characters of a text will be missing on paper.
pub(super) fn warn_of_missing(ui: Ui, look: &Look, what: &str, text: &str) {
    let missing = look.faces.missing(&text.replace('\n', " "));
    if !missing.is_empty() {
        let listed: Vec<String> =
            missing.iter().map(|one| format!("{one} (U+{:04X})", u32::from(*one))).collect();
        ui.warn(&format!(
            "{what}: the font has no {}; 〓 stands there on paper. Name a font with --font.",
            listed.join(", ")
        ));
    }
}
