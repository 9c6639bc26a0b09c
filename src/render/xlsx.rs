//! A report as a spreadsheet (Office Open XML): a sheet for each table, and one that
//! says what it was made from.
//!
//! Text is written as text and in no other way. What begins like a formula is therefore
//! shown and never computed, so no cell needs a mark in front as in CSV, and a serial
//! number of digits stays what it is. Days and moments are real dates, counts real
//! numbers. The file's date is that of the report: the same input gives the same bytes.

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook as File,
    Worksheet, XlsxError,
};

use crate::model::printable::printable;
use crate::model::{Day, Stamp};
use crate::report::evidence::Bilingual;
use crate::report::workbook::{Cell, Table, Workbook};

/// Longest text of a cell, in characters; a spreadsheet takes 32,767.
const CELL_MAX: usize = 4_000;
/// Longest name of a sheet, in characters.
const NAME_MAX: usize = 31;
/// A4, as the format counts papers.
const A4: u8 = 9;

/// A report that does not fit the format: more rows than a sheet takes.
#[derive(Debug, thiserror::Error)]
#[error("a spreadsheet cannot hold this report: {0}")]
pub struct SpreadsheetError(#[from] XlsxError);

/// How cells look.
struct Formats {
    head: Format,
    text: Format,
    day: Format,
    moment: Format,
}

impl Formats {
    fn new() -> Self {
        let cell = || Format::new().set_align(FormatAlign::Top);
        Formats {
            head: cell()
                .set_bold()
                .set_text_wrap()
                .set_background_color(Color::RGB(0x00E7_ECF2))
                .set_border_bottom(FormatBorder::Thin),
            text: cell().set_text_wrap(),
            day: cell().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left),
            moment: cell().set_num_format("yyyy-mm-dd hh:mm").set_align(FormatAlign::Left),
        }
    }
}

/// The file.
///
/// # Errors
/// A table of more rows than a sheet takes, 1,048,576.
pub fn xlsx(book: &Workbook) -> Result<Vec<u8>, SpreadsheetError> {
    let mut file = File::new();
    let made = book.made.now;
    let organisation = book.made.organisation.as_ref().map_or("", |name| name.as_str());
    let mut about = DocProperties::new()
        .set_title(spoken(book.title))
        .set_company(printable(organisation, CELL_MAX));
    // Without a date of its own the file would bear the moment it was written.
    if let Some(at) = date_time(made) {
        about = about.set_creation_datetime(&at);
    }
    file.set_properties(&about);
    let formats = Formats::new();
    for table in &book.tables {
        fill(file.add_worksheet(), table, &formats)?;
    }
    tell(file.add_worksheet(), book, &formats)?;
    Ok(file.save_to_buffer()?)
}

fn spoken(words: Bilingual) -> String {
    if words.ja == words.en { words.en.to_owned() } else { format!("{} {}", words.ja, words.en) }
}

/// A name as the format allows it.
fn sheet_name(words: Bilingual) -> String {
    let allowed = |c: &char| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'');
    spoken(words).chars().filter(allowed).take(NAME_MAX).collect()
}

fn fill(sheet: &mut Worksheet, table: &Table, formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_name(sheet_name(table.name))?;
    for (at, column) in (0_u16..).zip(&table.columns) {
        sheet.set_column_width(at, f64::from(column.width))?;
        sheet.write_string_with_format(0, at, spoken(column.title), &formats.head)?;
    }
    for (line, row) in (1_u32..).zip(&table.rows) {
        for (at, cell) in (0_u16..).zip(row) {
            put(sheet, (line, at), cell, formats)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_repeat_rows(0, 0)?;
    if let (Some(last), Ok(rows)) =
        (table.columns.len().checked_sub(1), u32::try_from(table.rows.len()))
    {
        sheet.autofilter(0, 0, rows, u16::try_from(last).unwrap_or(u16::MAX))?;
    }
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    Ok(())
}

fn put(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let text = |text: &str| printable(text, CELL_MAX);
    match cell {
        Cell::Text(said) => {
            sheet.write_string_with_format(row, column, text(said), &formats.text)?;
        }
        Cell::Words(words) => {
            sheet.write_string_with_format(row, column, spoken(*words), &formats.text)?;
        }
        // Beyond 2^53 a spreadsheet would round; no count or size comes near.
        #[allow(clippy::cast_precision_loss)]
        Cell::Number(number) => {
            sheet.write_number_with_format(row, column, *number as f64, &formats.text)?;
        }
        Cell::Day(day) => match date(*day) {
            Some(date) => {
                sheet.write_datetime_with_format(row, column, &date, &formats.day)?;
            }
            None => {
                sheet.write_string_with_format(row, column, day.to_string(), &formats.text)?;
            }
        },
        Cell::Moment(at) => match date_time(*at) {
            Some(date) => {
                sheet.write_datetime_with_format(row, column, &date, &formats.moment)?;
            }
            None => {
                sheet.write_string_with_format(row, column, at.to_string(), &formats.text)?;
            }
        },
        Cell::Empty => {}
    }
    Ok(())
}

/// What it is, whose, and from which head of the log.
fn tell(sheet: &mut Worksheet, book: &Workbook, formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_name("この報告について About")?;
    sheet.set_column_width(0, 24)?;
    sheet.set_column_width(1, 80)?;
    let name = |name: Option<String>| name.map_or(Cell::Empty, Cell::Text);
    let made = &book.made;
    let offset = made.now.offset_minutes();
    let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
    let zone = format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60);
    let lines = [
        ("報告", "Report", Cell::Words(book.title)),
        ("対象", "Of", name(book.subject.clone())),
        ("組織", "Organisation", name(made.organisation.as_ref().map(ToString::to_string))),
        ("拠点", "Site", name(made.site.as_ref().map(ToString::to_string))),
        ("台帳", "Ledger", name(made.ledger.as_ref().map(ToString::to_string))),
        ("作成日時", "Made", Cell::Moment(made.now)),
        ("時刻の基準", "Times", Cell::Text(format!("{zone}（記録された現地時刻 / as recorded)"))),
        ("記録数", "Entries", Cell::number(made.seen.entries)),
        ("木の根", "Root", Cell::text(made.seen.root)),
    ];
    let notes = book.notes.iter().map(|note| ("注", "Note", Cell::Words(*note)));
    for (row, (ja, en, cell)) in (0_u32..).zip(lines.into_iter().chain(notes)) {
        let label = spoken(Bilingual { en, ja });
        sheet.write_string_with_format(row, 0, label, &formats.head)?;
        put(sheet, (row, 1), &cell, formats)?;
    }
    Ok(())
}

fn date(day: Day) -> Option<ExcelDateTime> {
    let text = day.to_string();
    let mut parts = text.splitn(3, '-');
    let mut next = || parts.next();
    let (year, month, day) = (next()?, next()?, next()?);
    ExcelDateTime::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// The moment as the people there read it off the clock: the format knows no zones.
fn date_time(at: Stamp) -> Option<ExcelDateTime> {
    let [year, month, day, hour, minute, second] =
        at.fields().map(|field| u16::try_from(field).unwrap_or_default());
    let small = |field: u16| u8::try_from(field).ok();
    ExcelDateTime::from_ymd(year, small(month)?, small(day)?)
        .and_then(|date| date.and_hms(hour, small(minute).unwrap_or(0), f64::from(second)))
        .ok()
}
