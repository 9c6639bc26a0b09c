//! The dossier of a loss on paper.

use super::flow::{Flow, LEADING, Look};
use super::receipt::Format;
use super::table::{Cell, Column, table};
use super::typeface::Typefaces;
use super::words::{Tongue, Words};
use super::{About, PaperError, Role, Sheet};
use crate::render::dossier::{Part, dossier};
use crate::report::Incident;

/// Characters of a cell that its column is given room for.
const SHARE_MAX: usize = 40;
/// And at least.
const SHARE_MIN: usize = 7;

/// The dossier.
///
/// # Errors
/// [`PaperError`], where the words or the font are not sound.
pub fn incident(report: &Incident, tongue: Tongue, faces: &Typefaces) -> Result<Sheet, PaperError> {
    let words = Words::new(tongue)?;
    let document = dossier(report, tongue);
    let style = Format::A4.style();
    let running = format!("{}   {}", document.title, report.made.now.short());
    let mut flow = Flow::new(style, faces, running);
    let large = Look { size: style.title * 0.9, grey: false };
    flow.broken((style.margin, style.width - style.margin), large, &document.title);
    let names = [report.made.organisation.as_ref(), report.made.site.as_ref()];
    let whose: Vec<&str> = names.into_iter().flatten().map(|name| name.as_str()).collect();
    flow.paragraph(flow.body(), &whose.join("  "));
    let small = flow.small();
    flow.paragraph(small, &format!("{} {}", words.label("as-of"), report.made.now.short()));
    for part in &document.parts {
        draw(&mut flow, part);
    }
    let id = report.medium.to_string();
    let about = About {
        title: document.title,
        id,
        language: words.language(),
        at: report.made.now,
        attachment: None,
    };
    Ok(Sheet { pages: flow.finish(true), about })
}

fn draw(flow: &mut Flow<'_>, part: &Part) {
    let (left, body) = (flow.style.margin, flow.body());
    let measure = flow.measure();
    match part {
        Part::Heading(text) => {
            flow.skip(2.5);
            flow.need(34.0);
            let strong = Look { size: body.size * 1.2, ..body };
            flow.line(Role::Heading, left, strong, text);
            flow.rule();
        }
        Part::Subheading(text) => {
            flow.skip(1.2);
            flow.need(14.0);
            flow.line(Role::Heading, left, body, text);
        }
        Part::Text(text) => flow.broken((left + 4.0, left + measure), body, text),
        Part::Warning(text) => {
            flow.skip(0.8);
            let strong = Look { size: body.size * 1.05, ..body };
            flow.broken((left, left + measure), strong, text);
        }
        Part::Field(label, value) => flow.field(label, body, value),
        Part::ToAdd(text) => {
            flow.need(body.size * LEADING);
            let mark = flow.text_at(left + 4.0, flow.base(body), body, "□");
            flow.push(Role::Text, vec![mark]);
            flow.broken((left + 9.0, left + measure), body, text);
        }
        Part::Table(titles, rows) => listed(flow, titles, rows),
    }
}

/// Columns as wide as what stands in them asks for, within bounds.
fn listed(flow: &mut Flow<'_>, titles: &[String], rows: &[Vec<String>]) {
    flow.need(18.0);
    let columns: Vec<Column> = titles
        .iter()
        .enumerate()
        .map(|(at, title)| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            let longest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
            let share = longest.max(title.chars().count() / 2).clamp(SHARE_MIN, SHARE_MAX);
            let share = u16::try_from(share).map_or(1.0, f32::from);
            Column { title: title.clone(), share }
        })
        .collect();
    let rows: Vec<Vec<Cell>> =
        rows.iter().map(|row| row.iter().map(|cell| Cell::Text(cell.clone())).collect()).collect();
    table(flow, &columns, &rows, 0.0);
    flow.skip(1.5);
}
