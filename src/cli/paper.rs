//! How a document on paper is to look: the options that every such command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ui::Ui;
use crate::ops::OpsError;
use crate::ops::paper::{Look, fonts};
use crate::render::paper::receipt::Format;
use crate::render::paper::words::Tongue;

/// Paper, language and font of a document.
#[derive(Debug, Clone, Args)]
pub(super) struct PaperArgs {
    /// Size of the paper of a PDF
    #[arg(long, value_name = "SIZE", default_value = "a4")]
    paper: Paper,
    /// Language of a PDF
    #[arg(long, value_name = "LANGUAGE", default_value = "both")]
    language: Language,
    /// A TrueType or OpenType font, before the one that comes with the program
    #[arg(long, value_name = "FILE")]
    font: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Paper {
    A4,
    A5,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    Ja,
    En,
    Both,
}

impl PaperArgs {
    pub fn look(&self) -> Result<Look, OpsError> {
        let format = match self.paper {
            Paper::A4 => Format::A4,
            Paper::A5 => Format::A5,
        };
        let tongue = match self.language {
            Language::Ja => Tongue::Ja,
            Language::En => Tongue::En,
            Language::Both => Tongue::Both,
        };
        Ok(Look { tongue, format, faces: fonts(self.font.as_deref())? })
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
