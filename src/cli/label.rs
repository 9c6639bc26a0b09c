//! `custody label`

#[cfg(feature = "raster")]
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Global;
use super::paper::{Paper, PaperArgs, warn_of_missing};
use super::receipt::save_receipt;
use crate::model::{MediumId, Phrase};
use crate::ops::paper::{LabelForm, Look, label_pdf, labels};
use crate::ops::{Ledger, OpsError, error::Problem, sheet};
use crate::render::paper::labels::{Grid, Label, Size};
use crate::render::text;
use crate::report::labels::LabelSheet;

/// Make labels for drives: PDF, A4 sheets, or for a label printer
#[derive(Debug, Args)]
#[command(after_help = "\
The code on a label is read by 'custody check --label'; it names the drive and proves nothing.
Sizes are width x height in millimetres. Grids are COLUMNSxROWS@LEFT,TOP+GAPX,GAPY.
Examples:
  custody label USB-0421 USB-0422 --pdf labels.pdf --size 60x20 --contact 054-000-0000
  custody label --pdf sheet.pdf --sheet 4x11@8.4,8.8+0,0 --size 48.3x25.4 --start 5
  custody label USB-0421 --zpl label.zpl --size 50x25 --dpi 203
  custody label USB-0421 --brother label.bin --tape 62x29")]
pub(super) struct LabelCommand {
    /// Asset ids of the drives [default: all that are in use]
    #[arg(value_name = "MEDIUM")]
    media: Vec<String>,
    /// Whom to call for whoever finds one: a telephone number or an address
    #[arg(long, value_name = "TEXT")]
    contact: Option<String>,
    /// Write them as PDF
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,
    /// Size of a label, width x height in mm
    #[arg(long, value_name = "WxH", default_value = "60x20")]
    size: String,
    /// Many on sheets of A4, in this grid
    #[arg(long, value_name = "GRID", num_args = 0..=1, default_missing_value = "4x11@8.4,8.8+0,0")]
    sheet: Option<String>,
    /// The first free position of a sheet that was begun, counted along the rows
    #[arg(long, value_name = "N", default_value_t = 1)]
    start: usize,
    /// Write them for a printer that speaks ZPL II
    #[arg(long, value_name = "FILE")]
    zpl: Option<PathBuf>,
    /// Dots an inch of that printer, or of the picture
    #[arg(long, value_name = "DPI", default_value_t = 203)]
    dpi: u16,
    /// Write them for a Brother QL printer
    #[arg(long, value_name = "FILE")]
    brother: Option<PathBuf>,
    /// The roll in it: 62, 29x90, 62x29 and others
    #[arg(long, value_name = "TAPE", default_value = "62")]
    tape: String,
    /// Write the dots of the first one as a picture, PNG
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    #[command(flatten)]
    paper: PaperArgs,
}

/// What `label` answers.
#[derive(Debug, Serialize)]
struct Made {
    #[serde(flatten)]
    sheet: LabelSheet,
    files: Vec<PathBuf>,
}

impl LabelCommand {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut asking = ui.asking();
        let media: Vec<MediumId> = asking.each("MEDIUM", &self.media);
        let contact: Option<Phrase> = asking.may("--contact", self.contact.as_deref());
        asking.end()?;
        let (form, look) = self.sound()?;
        let ledger = global.open()?;
        let sheet = sheet::labels(&ledger, &media, contact)?;
        let wanted = labels(&sheet);
        for label in &wanted {
            let contact = label.contact.as_deref().unwrap_or_default();
            warn_of_missing(ui, &look, &label.medium, &format!("{} {contact}", label.owner));
        }
        let files = self.write(&ledger, &wanted, form, &look)?;
        for file in &files {
            ui.say(&format!("Wrote {}.", file.display()));
        }
        let made = Made { sheet, files };
        if made.files.is_empty() || ui.is_json() {
            ui.answer(&made, |style| text::labels(&made.sheet, style));
        }
        Ok(0)
    }

    /// Sizes, grid and font, with all that is wrong with them.
    fn sound(&self) -> Result<(LabelForm, Look), OpsError> {
        let mut problems = Vec::new();
        let size = size(&self.size);
        if size.is_none() {
            let problem = format!("'{}' is no size; 60x20 is one, in millimetres", self.size);
            problems.push(Problem::new("--size", problem));
        }
        let size = size.unwrap_or(Size { width: 60.0, height: 20.0 });
        let grid = self.sheet.as_deref().map(|text| (text, grid(text, size)));
        if let Some((text, None)) = &grid {
            let problem = format!("'{text}' is no grid; 4x11@8.4,8.8+0,0 is one");
            problems.push(Problem::new("--sheet", problem));
        }
        if !(100..=1_200).contains(&self.dpi) {
            problems.push(Problem::new("--dpi", "100 to 1200 dots an inch"));
        }
        if !problems.is_empty() {
            return Err(OpsError::Input(problems));
        }
        let form = match grid.and_then(|(_, grid)| grid) {
            Some(grid) => LabelForm::Sheets(grid, self.start),
            None => LabelForm::Single(size),
        };
        Ok((form, self.paper.look(Paper::A4)?))
    }

    fn write(
        &self,
        ledger: &Ledger,
        wanted: &[Label],
        form: LabelForm,
        look: &Look,
    ) -> Result<Vec<PathBuf>, OpsError> {
        let mut files = Vec::new();
        if let Some(file) = &self.pdf {
            save_receipt(&label_pdf(ledger, wanted, form, look)?, file)?;
            files.push(file.clone());
        }
        self.write_dots(ledger, wanted, look, &mut files)?;
        Ok(files)
    }

    #[cfg(feature = "raster")]
    fn write_dots(
        &self,
        ledger: &Ledger,
        wanted: &[Label],
        look: &Look,
        files: &mut Vec<PathBuf>,
    ) -> Result<(), OpsError> {
        use crate::ops::paper::label_dots;
        use crate::render::paper::brother::{DOTS_PER_MM, Tape, brother};
        use crate::render::paper::zpl::zpl;

        let mut save = |bytes: &[u8], file: &Path| -> Result<(), OpsError> {
            save_receipt(bytes, file)?;
            files.push(file.to_owned());
            Ok(())
        };
        let size = size(&self.size).unwrap_or(Size { width: 60.0, height: 20.0 });
        let dots = f32::from(self.dpi) / 25.4;
        if let Some(file) = &self.zpl {
            let made = label_dots(ledger, wanted, size, dots, look)?;
            save(&made.iter().flat_map(zpl).collect::<Vec<u8>>(), file)?;
        }
        if let Some(file) = &self.brother {
            let tape = Tape::named(&self.tape).ok_or_else(|| {
                let known: Vec<&str> =
                    crate::render::paper::brother::TAPES.iter().map(|tape| tape.name).collect();
                let problem = format!("'{}' is none of {}", self.tape, known.join(", "));
                OpsError::input("--tape", problem)
            })?;
            let (width, height) = tape.printed(size.width);
            let made = label_dots(ledger, wanted, Size { width, height }, DOTS_PER_MM, look)?;
            save(&made.iter().flat_map(|one| brother(one, tape)).collect::<Vec<u8>>(), file)?;
        }
        if let Some(file) = &self.png {
            let made = label_dots(ledger, wanted.get(..1).unwrap_or(wanted), size, dots, look)?;
            if let Some(first) = made.first() {
                save(&first.to_png()?, file)?;
            }
        }
        Ok(())
    }

    #[cfg(not(feature = "raster"))]
    fn write_dots(
        &self,
        _: &Ledger,
        _: &[Label],
        _: &Look,
        _: &mut Vec<PathBuf>,
    ) -> Result<(), OpsError> {
        match self.zpl.is_some() || self.brother.is_some() || self.png.is_some() {
            true => {
                let problem = "this program was built without the feature 'raster'; use --pdf";
                Err(OpsError::input("--zpl", problem))
            }
            false => Ok(()),
        }
    }
}

/// `60x20`.
fn size(text: &str) -> Option<Size> {
    let (width, height) = text.split_once('x')?;
    Some(Size { width: length(width)?, height: length(height)? })
}

/// `4x11@8.4,8.8+0,0`.
fn grid(text: &str, size: Size) -> Option<Grid> {
    let (cells, rest) = text.split_once('@')?;
    let (columns, rows) = cells.split_once('x')?;
    let (corner, gaps) = rest.split_once('+').unwrap_or((rest, "0,0"));
    let pair = |text: &str| -> Option<(f32, f32)> {
        let (x, y) = text.split_once(',')?;
        Some((length(x)?, length(y)?))
    };
    let ((left, top), (gap_x, gap_y)) = (pair(corner)?, pair(gaps)?);
    let count = |text: &str| text.trim().parse::<u16>().ok().filter(|count| *count <= 100);
    Some(Grid { columns: count(columns)?, rows: count(rows)?, left, top, gap_x, gap_y, size })
}

/// A length in millimetres, up to half a metre.
fn length(text: &str) -> Option<f32> {
    let length: f32 = text.trim().parse().ok()?;
    (0.0..=500.0).contains(&length).then_some(length)
}
