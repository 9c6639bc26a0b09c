//! The register of media, and the tables of any report, for a spreadsheet (RFC 4180).
//!
//! A spreadsheet takes a cell that begins like a formula for one, and a formula can
//! fetch and send. What a device or a person called something is therefore never the
//! beginning of a cell that could be one: such a cell gets an apostrophe in front.
//! The file begins with a byte order mark and its lines end with CR LF, since the
//! spreadsheet most offices have takes UTF-8 for another encoding otherwise.

use crate::ledger::{Medium, State};
use crate::model::Stamp;
use crate::model::printable::printable;
use crate::report::evidence::Bilingual;
use crate::report::export::ExportView;
use crate::report::proven::Proven;
use crate::report::status::Row;
use crate::report::words;
use crate::report::workbook::{Cell, Workbook};

/// Longest cell, in characters; a spreadsheet takes 32,767.
const CELL_MAX: usize = 1_000;

/// What tells a spreadsheet that the file is UTF-8.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// The columns, in both languages.
const HEADING: [&str; 20] = [
    "Asset id 管理番号",
    "Standing 状態",
    "Holder 保管者",
    "Place 所在",
    "Home 保管場所",
    "Since 受領日時",
    "Due 返却期限",
    "Last seen 最終確認",
    "How seen 確認方法",
    "Check due 次回点検",
    "Noticed by 紛失発覚期限",
    "Owner 所有部署",
    "Data class 情報区分",
    "Device 機種",
    "Vendor:product ID",
    "Serial 製造番号",
    "Serial grade 番号の質",
    "Bytes 容量",
    "Encryption 暗号化",
    "Receipt 受領書番号",
];

/// The file: a line for each medium by asset id, retired ones included.
pub fn csv(state: &State, now: Stamp) -> ExportView {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    let media: Vec<&Medium> = state.media.values().collect();
    let lines = media.iter().map(|medium| line(state, medium, now));
    for cells in std::iter::once(HEADING.map(str::to_owned)).chain(lines) {
        // Writing to memory cannot fail, and every line has the same length.
        let _ = table.write_record(cells.iter().map(|cell| guarded(cell)));
    }
    let bytes = table.into_inner().unwrap_or_default();
    ExportView {
        media: media.iter().map(|medium| medium.line.id.clone()).collect(),
        left_out: Vec::new(),
        file: format!("\u{feff}{}", String::from_utf8(bytes).unwrap_or_default()),
    }
}

/// The tables of a report. One is a table and nothing else; several stand one below the
/// other, each under its name, with an empty line between.
pub fn tables(book: &Workbook) -> Vec<u8> {
    let mut out = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(vec![]);
    let several = book.tables.len() > 1;
    for (at, table) in book.tables.iter().enumerate() {
        let mut lines: Vec<Vec<String>> = Vec::new();
        if several {
            lines.extend((at > 0).then(|| vec![String::new()]));
            lines.push(vec![spoken(table.name)]);
        }
        lines.push(table.columns.iter().map(|column| spoken(column.title)).collect());
        lines.extend(table.rows.iter().map(|row| row.iter().map(cell).collect()));
        for line in lines {
            // Writing to memory cannot fail.
            let _ = out.write_record(&line);
        }
    }
    [BOM, &out.into_inner().unwrap_or_default()].concat()
}

/// What receipts prove of a lost ledger: a line for each entry, and one for each gap.
pub fn proven(report: &Proven) -> Vec<u8> {
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    let heading = [
        "Entry 番号",
        "To 迄",
        "Standing 状態",
        "Kind 種別",
        "At 日時",
        "What it says 内容",
        "Signed by 署名鍵",
        "Leaf 葉ハッシュ",
        "Files ファイル",
    ];
    let mut lines: Vec<(u64, [String; 9])> = Vec::new();
    for entry in &report.entries {
        let index = entry.index.to_string();
        let line = [
            index.clone(),
            index,
            "proven 証明済".to_owned(),
            entry.kind.to_owned(),
            entry.at.to_string(),
            guarded(&entry.said),
            guarded(&entry.signers.join(", ")),
            guarded(&entry.leaf.to_string()),
            guarded(&entry.files.join(", ")),
        ];
        lines.push((entry.index, line));
    }
    for gap in &report.gaps {
        let mut line = <[String; 9]>::default();
        let standing = "nothing given 資料なし".to_owned();
        for (cell, value) in
            line.iter_mut().zip([gap.from.to_string(), gap.to.to_string(), standing])
        {
            *cell = value;
        }
        lines.push((gap.from, line));
    }
    lines.sort_by_key(|(index, _)| *index);
    // Writing to memory cannot fail.
    let _ = out.write_record(heading);
    for (_, line) in lines {
        let _ = out.write_record(line);
    }
    [BOM, &out.into_inner().unwrap_or_default()].concat()
}

fn spoken(words: Bilingual) -> String {
    if words.ja == words.en { words.en.to_owned() } else { format!("{} {}", words.ja, words.en) }
}

/// Text that somebody else wrote is guarded; a negative number is one.
fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => guarded(text),
        Cell::Words(words) => spoken(*words),
        Cell::Number(number) => number.to_string(),
        Cell::Day(day) => day.to_string(),
        Cell::Moment(at) => at.to_string(),
        Cell::Empty => String::new(),
    }
}

fn line(state: &State, medium: &Medium, now: Stamp) -> [String; HEADING.len()] {
    let row = Row::new(state, medium, now);
    let or_empty = |value: Option<String>| value.unwrap_or_default();
    let serial = medium.line.serial.to_string();
    [
        row.medium.to_string(),
        row.standing.words().to_owned(),
        row.holder.spoken(),
        row.place.to_string(),
        row.home.to_string(),
        row.since.to_string(),
        or_empty(row.due.map(|day| day.to_string())),
        row.last_seen.at.to_string(),
        row.last_seen.grade.to_string(),
        or_empty(row.check_due.map(|day| day.to_string())),
        or_empty(row.noticed_by.map(|day| day.to_string())),
        medium.owner.to_string(),
        medium.class.to_string(),
        or_empty(medium.product.as_ref().map(ToString::to_string)),
        medium.line.vid_pid.to_string(),
        if serial == "-" { String::new() } else { serial },
        medium.grade.to_string(),
        or_empty(medium.capacity.map(|bytes| bytes.to_string())),
        words::encryption(&medium.encryption),
        or_empty(row.receipt.map(|receipt| receipt.to_string())),
    ]
}

/// A cell that no spreadsheet takes for a formula. Full-width signs count as well:
/// Japanese spreadsheets read them as their narrow forms.
fn guarded(cell: &str) -> String {
    let shown = printable(cell, CELL_MAX);
    let sign = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    // The apostrophe is guarded too, so that what stands behind it is never lost.
    if shown.trim_start().starts_with(|c| sign(c) || c == '\'') {
        format!("'{shown}")
    } else {
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_begins_like_a_formula() {
        for cell in
            ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠x", " =1", "\t=1", "'=1"]
        {
            assert!(
                guarded(cell).starts_with('\'') || guarded(cell).starts_with("\\u{"),
                "{cell:?}"
            );
        }
        for cell in ["USB-0421", "山田 花子", "a=b", "", "0951:1666"] {
            assert_eq!(guarded(cell), cell);
        }
        assert_eq!(guarded("\r\n=1"), r"\u{d}\u{a}=1");
    }
}
