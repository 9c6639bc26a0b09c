//! Labels for drives: one at a time on a label printer, or many on a sheet of A4.
//!
//! The code is always QR version 2, level Q: 25 modules and a quiet zone of 4 on each
//! side. On a printer with dots each module is the same whole number of them.

use super::flow::{Flow, LEADING, Look, Style};
use super::typeface::Typefaces;
use super::words::Words;
use super::{About, Block, Mark, Page, PaperError, Role, Sheet};
use crate::model::Stamp;
use crate::render::qr::Code;

/// Smallest module of a label: with a telephone from a hand's breadth away.
pub const MODULE_MIN: f32 = 0.33;
/// Largest module; beyond it the code takes the room of the asset id.
pub const MODULE_MAX: f32 = 0.5;
/// Most labels of one file.
pub const LABELS_MAX: usize = 10_000;

/// What stands on a drive's label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The asset id.
    pub medium: String,
    /// The text of the code, `CM1-...`.
    pub code: String,
    /// Whose drive it is.
    pub owner: String,
    /// Whom to call for whoever finds it: a telephone number or an address.
    pub contact: Option<String>,
}

/// A label's size in millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Width, in the direction of the text.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// Where labels stand on a sheet of A4, in millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// Labels side by side.
    pub columns: u16,
    /// Labels one below the other.
    pub rows: u16,
    /// From the sheet's left edge to the first label.
    pub left: f32,
    /// From its upper edge.
    pub top: f32,
    /// White between two columns.
    pub gap_x: f32,
    /// White between two rows.
    pub gap_y: f32,
    /// The labels.
    pub size: Size,
}

impl Default for Grid {
    /// 4 by 11 labels of 48.3 by 25.4 mm, a common sheet (A-one 31504 and the like).
    fn default() -> Self {
        let size = Size { width: 48.3, height: 25.4 };
        Grid { columns: 4, rows: 11, left: 8.4, top: 8.8, gap_x: 0.0, gap_y: 0.0, size }
    }
}

/// Why labels could not be laid out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The code would be smaller than what is read back.
    #[error("a label of {width} x {height} mm is too small for its code, which needs 12 x 12 mm")]
    TooSmall {
        /// Width in millimetres.
        width: String,
        /// Height in millimetres.
        height: String,
    },
    /// The grid does not fit on A4.
    #[error("the labels do not fit on A4 (210 x 297 mm) in that grid")]
    Grid,
    /// The sheet has fewer positions.
    #[error("the sheet has {0} positions, counted from 1")]
    Start(usize),
    /// More than [`LABELS_MAX`].
    #[error("at most 10000 labels are made at once")]
    TooMany,
    /// The code's text does not fit, or the words are not sound.
    #[error("{0}")]
    Paper(String),
}

impl From<PaperError> for LabelError {
    fn from(error: PaperError) -> Self {
        LabelError::Paper(error.to_string())
    }
}

/// One page for each label. `dots_per_mm` is the printer's, if it is to be printed in
/// dots: modules are then whole dots.
///
/// # Errors
/// [`LabelError`].
pub fn single(
    labels: &[Label],
    size: Size,
    dots_per_mm: Option<f32>,
    words: &Words,
    faces: &Typefaces,
    at: Stamp,
) -> Result<Sheet, LabelError> {
    bounded(labels)?;
    let page = |label: &Label| -> Result<Page, LabelError> {
        let blocks = draw(label, (0.0, 0.0), size, dots_per_mm, words, faces)?;
        Ok(Page { width: size.width, height: size.height, blocks })
    };
    let pages = labels.iter().map(page).collect::<Result<_, _>>()?;
    Ok(Sheet { pages, about: about(labels, words, at) })
}

/// Sheets of A4, beginning at position `start`, counted from 1 along the rows: sheets
/// that were begun are used up.
///
/// # Errors
/// [`LabelError`].
pub fn sheets(
    labels: &[Label],
    grid: Grid,
    start: usize,
    words: &Words,
    faces: &Typefaces,
    at: Stamp,
) -> Result<Sheet, LabelError> {
    bounded(labels)?;
    let (columns, rows) = (usize::from(grid.columns), usize::from(grid.rows));
    let positions = columns * rows;
    let (column, row) = (grid.size.width + grid.gap_x, grid.size.height + grid.gap_y);
    let wide = grid.left + f32::from(grid.columns) * column - grid.gap_x;
    let high = grid.top + f32::from(grid.rows) * row - grid.gap_y;
    let least = [grid.left, grid.top, grid.gap_x, grid.gap_y].iter().all(|length| *length >= 0.0);
    if positions == 0 || !least || !(wide <= 210.1 && high <= 297.1) {
        return Err(LabelError::Grid);
    }
    if !(1..=positions).contains(&start) {
        return Err(LabelError::Start(positions));
    }
    let mut pages: Vec<Page> = Vec::new();
    for (number, label) in labels.iter().enumerate() {
        let position = number + start - 1;
        let (page, cell) = (position / positions, position % positions);
        if pages.len() <= page {
            pages.push(Page { width: 210.0, height: 297.0, blocks: Vec::new() });
        }
        let small = |number: usize| u16::try_from(number).map_or(0.0, f32::from);
        let corner =
            (grid.left + small(cell % columns) * column, grid.top + small(cell / columns) * row);
        let drawn = draw(label, corner, grid.size, None, words, faces)?;
        if let Some(page) = pages.last_mut() {
            page.blocks.extend(drawn);
        }
    }
    Ok(Sheet { pages, about: about(labels, words, at) })
}

fn bounded(labels: &[Label]) -> Result<(), LabelError> {
    if labels.len() > LABELS_MAX { Err(LabelError::TooMany) } else { Ok(()) }
}

fn about(labels: &[Label], words: &Words, at: Stamp) -> About {
    let id = match labels {
        [one] => one.medium.clone(),
        [first, .., last] => format!("{} - {}", first.medium, last.medium),
        [] => String::from("-"),
    };
    let title = format!("{} {id}", words.label("label-title"));
    About { title, id, language: words.language(), at, attachment: None }
}

/// The side of a module: as large as the label is high, in whole dots where there are any.
fn module(size: Size, modules: f32, dots_per_mm: Option<f32>) -> Result<f32, LabelError> {
    let room = (size.height.min(size.width) - 0.6) / modules;
    let side = match dots_per_mm {
        Some(dots) => (room.min(MODULE_MAX) * dots + 0.05).floor() / dots,
        None => room.min(MODULE_MAX),
    };
    let sound = side >= MODULE_MIN && size.width <= 500.0 && size.height <= 500.0;
    sound.then_some(side).ok_or_else(|| LabelError::TooSmall {
        width: size.width.to_string(),
        height: size.height.to_string(),
    })
}

/// Code on the left, asset id in large type beside it, below it whose it is and whom to
/// call. On an upright label the text stands below the code.
fn draw(
    label: &Label,
    corner: (f32, f32),
    size: Size,
    dots_per_mm: Option<f32>,
    words: &Words,
    faces: &Typefaces,
) -> Result<Vec<Block>, LabelError> {
    let code = Code::label(&label.code).map_err(|error| LabelError::Paper(error.to_string()))?;
    #[allow(clippy::cast_precision_loss)] // 33 modules
    let modules = code.full_width() as f32;
    let module = module(size, modules, dots_per_mm)?;
    let side = module * modules;
    let upright = size.height > size.width * 1.2;
    let at = match upright {
        true => (corner.0 + (size.width - side) / 2.0, corner.1 + 0.3),
        false => (corner.0 + 0.3, corner.1 + (size.height - side) / 2.0),
    };
    let snapped = |length: f32| match dots_per_mm {
        Some(dots) => (length * dots).round() / dots,
        None => length,
    };
    let says = words.label_of("label-code-alt", &[("medium", &label.medium)]);
    let at = (snapped(at.0), snapped(at.1));
    let mut blocks =
        vec![Block { role: Role::Figure(says), marks: vec![Mark::Code { at, module, code }] }];
    // The quiet zone is part of the distance to the text.
    let (edges, top, bottom) = match upright {
        true => ((corner.0 + 1.0, corner.0 + size.width - 1.0), at.1 + side, size.height),
        false => (
            (at.0 + side, corner.0 + size.width - 1.0),
            corner.1 + 0.8,
            corner.1 + size.height - 0.4,
        ),
    };
    let bottom = if upright { corner.1 + bottom } else { bottom };
    blocks.extend(text(label, edges, (top, bottom), words, faces));
    Ok(blocks)
}

/// The text, as large as the room allows: the asset id first, the rest where it fits.
fn text(
    label: &Label,
    edges: (f32, f32),
    (top, bottom): (f32, f32),
    words: &Words,
    faces: &Typefaces,
) -> Vec<Block> {
    let (width, height) = (edges.1 - edges.0, bottom - top);
    if width < 3.0 || height < 2.0 {
        return Vec::new();
    }
    let style = Style {
        width: edges.1 + 1.0,
        height: bottom,
        margin: 0.0,
        indent: 0.0,
        body: 2.4,
        small: 2.0,
        title: 6.0,
    };
    let mut flow = Flow::new(style, faces, String::new());
    flow.go_to(top);
    let natural = faces.width(&label.medium, 1.0).max(0.1);
    let size = (width / natural).clamp(2.2, 6.5).min(height * 0.45);
    flow.line(Role::Heading, edges.0, Look { size, grey: false }, &label.medium);
    let mut rest = vec![label.owner.clone()];
    if let Some(contact) = &label.contact {
        rest.extend(words.lines_of("label-found", &[("contact", contact)]));
    }
    let look = Look { size: (height * 0.09).clamp(1.7, 2.4), grey: false };
    for line in rest.iter().flat_map(|text| flow.lines_of(width, look, text)).collect::<Vec<_>>() {
        if flow.y() + look.size * LEADING > bottom + 0.3 {
            break;
        }
        flow.line(Role::Text, edges.0, look, &line);
    }
    flow.finish(false).into_iter().next().map(|page| page.blocks).unwrap_or_default()
}
