//! The spreadsheet as openpyxl reads it, and the same tables as CSV.

use std::process::Command;

use media_custody::render::{csv, xlsx};
use media_custody::report::{DueReport, RegisterSheet, Workbook};
use serde_json::Value;

use crate::told::{SHELF, Told};

/// Reads every cell with its type, its format, and whether it is a formula.
const READER: &str = r#"
import json, sys
from openpyxl import load_workbook
book = load_workbook(sys.argv[1])
out = {"created": book.properties.created.isoformat(), "sheets": []}
for sheet in book:
    rows = []
    for row in sheet.iter_rows():
        rows.append([[c.data_type, None if c.value is None else str(c.value), c.number_format] for c in row])
    out["sheets"].append({"name": sheet.title, "frozen": sheet.freeze_panes, "rows": rows,
        "width": sheet.column_dimensions["A"].width})
print(json.dumps(out))
"#;

/// An interpreter that has openpyxl; where tests must not be skipped, none fails.
fn python() -> Option<&'static str> {
    let has = |python: &&str| {
        let asked = Command::new(python).args(["-c", "import openpyxl"]).output();
        asked.is_ok_and(|done| done.status.success())
    };
    let found = ["python3", "/usr/bin/python3"].into_iter().find(has);
    if found.is_none() {
        let required = std::env::var("CUSTODY_REQUIRE_TOOLS").is_ok_and(|word| word == "1");
        assert!(!required, "python3-openpyxl is not installed");
        eprintln!("skipped: python3-openpyxl is not installed");
    }
    found
}

fn read(bytes: &[u8]) -> Option<Value> {
    let python = python()?;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.xlsx");
    std::fs::write(&path, bytes).expect("written");
    let done = Command::new(python).args(["-c", READER]).arg(&path).output().expect("it runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(serde_json::from_slice(&done.stdout).expect("JSON"))
}

/// Drives with names that would like to be formulas.
pub fn hostile() -> Told {
    let mut told = Told::begin();
    told.at("2026-04-02").register("USB-1", SHELF, "luks2 aes-xts-plain64 verified");
    told.register("USB-2", "=HYPERLINK(\"http://a.example\";\"x\")", "- - not-examined");
    told.register("USB-3", "＝1+1", "- - not-examined");
    told.at("2026-04-10").take_out("USB-1", "2026-04-20");
    told.at("2026-04-25");
    told
}

pub fn books(told: &Told) -> Vec<Workbook> {
    let (state, now, seen) = (told.state(), told.now(), told.seen());
    vec![
        RegisterSheet::new(state, now, seen).workbook(),
        DueReport::new(state, now, seen, &[]).workbook(),
        told.reconciled().workbook(),
        told.month("2026-04").workbook(),
    ]
}

#[test]
fn every_row_has_a_cell_for_each_column() {
    for book in books(&hostile()) {
        for table in &book.tables {
            assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{table:?}");
        }
    }
}

#[test]
fn another_program_reads_dates_numbers_and_text_and_no_formula() {
    for book in books(&hostile()) {
        let bytes = xlsx::xlsx(&book).expect("written");
        let Some(read) = read(&bytes) else { return };
        assert_eq!(read["created"], "2026-04-25T10:00:00");
        let sheets = read["sheets"].as_array().expect("sheets");
        assert_eq!(sheets.len(), book.tables.len() + 1);
        for (sheet, table) in sheets.iter().zip(&book.tables) {
            assert_eq!(sheet["frozen"], "A2", "{}", sheet["name"]);
            let width = sheet["width"].as_f64().expect("a width");
            assert!((width - f64::from(table.columns[0].width)).abs() < 1.0, "{width}");
            let rows = sheet["rows"].as_array().expect("rows");
            assert_eq!(rows.len(), table.rows.len() + 1);
            let head = rows[0][0][1].as_str().expect("a heading");
            assert!(head.contains(table.columns[0].title.ja), "{head}");
        }
        for cell in sheets
            .iter()
            .flat_map(|sheet| sheet["rows"].as_array().expect("rows"))
            .flat_map(|row| row.as_array().expect("cells"))
        {
            assert_ne!(cell[0], "f", "a formula: {cell}");
        }
    }
}

#[test]
fn the_register_says_what_it_should_in_every_cell() {
    let book = books(&hostile()).remove(0);
    let Some(read) = read(&xlsx::xlsx(&book).expect("written")) else { return };
    let rows = &read["sheets"][0]["rows"];
    let column = |title: &str| {
        let heads = rows[0].as_array().expect("heads");
        heads.iter().position(|cell| cell[1].as_str().is_some_and(|text| text.contains(title)))
    };
    let home = column("Home").expect("a column");
    // Shown as it is written, apostrophe and all that a CSV needs left away.
    assert_eq!(rows[2][home][1], "=HYPERLINK(\"http://a.example\";\"x\")");
    assert_eq!(rows[2][home][0], "s");
    assert_eq!(rows[3][home][1], "＝1+1");
    let due = column("Due back").expect("a column");
    assert_eq!(rows[1][due][0], "d");
    assert_eq!(
        (&rows[1][due][1], &rows[1][due][2]),
        (&"2026-04-20 00:00:00".into(), &"yyyy-mm-dd".into())
    );
    let since = column("Since").expect("a column");
    assert_eq!(rows[1][since][1], "2026-04-10 10:00:00");
    let serial = column("Serial").expect("a column");
    assert_eq!(rows[1][serial][0], "s", "a serial of digits is no number");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let told = hostile();
    let written = || -> Vec<_> {
        let books = books(&told);
        books.iter().map(|book| (xlsx::xlsx(book).expect("written"), csv::tables(book))).collect()
    };
    let first = written();
    // The archive's own clock counts in steps of two seconds.
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    assert!(first == written(), "the moment of writing is in the file");
}

#[test]
fn a_csv_of_the_same_tables_is_guarded() {
    let told = hostile();
    let register = csv::tables(&books(&told)[0]);
    assert!(register.starts_with(b"\xef\xbb\xbf"), "a byte order mark");
    let text = String::from_utf8(register).expect("UTF-8");
    let mut table = csv_rows(&text);
    let heads = table.remove(0);
    assert!(heads.iter().all(|head| !head.is_empty()));
    for row in &table {
        assert_eq!(row.len(), heads.len());
        for cell in row {
            assert!(!cell.starts_with(['=', '+', '@', '＝']), "{cell}");
        }
    }
    assert!(text.contains("'=HYPERLINK"), "{text}");
    assert!(text.contains("'＝1+1"), "{text}");
    // A negative number is a number.
    let due = String::from_utf8(csv::tables(&books(&told)[1])).expect("UTF-8");
    assert!(due.contains("2026-04-20,-5,"), "{due}");
    // Several tables stand below one another, each under its name.
    let month = String::from_utf8(csv::tables(&books(&told)[3])).expect("UTF-8");
    for name in ["集計 Summary", "月末の媒体 Drives at its end", "授受 Handovers"] {
        assert!(
            month.contains(&format!("\r\n{name}\r\n")) || month.contains(&format!("{name}\r\n")),
            "{name}"
        );
    }
}

fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}
