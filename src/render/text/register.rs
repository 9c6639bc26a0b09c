//! 媒体管理台帳 as text.

use super::Style;
use super::layout::{Page, Tone};
use super::medium::bytes;
use super::status::{awaited, tone};
use crate::model::{Name, Origin, Stamp};
use crate::report::RegisterSheet;
use crate::report::receipt::Head;
use crate::report::register::RegisterRow;
use crate::report::words::sighting;

const LABELS: usize = 26;

/// The register as text, one block a medium.
pub fn register(report: &RegisterSheet, style: Style) -> String {
    let mut page = Page::new(style);
    page.put(0, Tone::Strong, "媒体管理台帳 Register of media");
    heading(&mut page, (&report.organisation, &report.site), &report.ledger);
    made(&mut page, report.now, report.seen);
    if report.rows.is_empty() {
        page.put(0, Tone::Plain, "登録なし No drive is registered.");
    }
    for row in &report.rows {
        page.blank();
        medium(&mut page, row);
    }
    awaited(&mut page, &report.sheets_awaited);
    page.finish()
}

/// Whose document it is.
pub(super) fn heading(
    page: &mut Page,
    (organisation, site): (&Option<Name>, &Option<Name>),
    ledger: &Option<Origin>,
) {
    let names: Vec<&str> =
        [organisation, site].into_iter().flatten().map(|name| name.as_str()).collect();
    if !names.is_empty() {
        page.put(0, Tone::Plain, &names.join(", "));
    }
    if let Some(ledger) = ledger {
        page.put(0, Tone::Faint, ledger.as_str());
    }
}

/// When it was made and from what.
pub(super) fn made(page: &mut Page, now: Stamp, seen: Head) {
    let entries = format!("作成 Made {}, {} entries", now.short(), seen.entries);
    page.put(0, Tone::Faint, &entries);
    page.put(0, Tone::Faint, &format!("Root {}", seen.root));
}

fn medium(page: &mut Page, row: &RegisterRow) {
    let head = format!("{}  {}", row.medium, row.standing.words());
    page.put(0, tone(row.standing), &head);
    let mut put = |label: &str, value: String| page.field(2, label, LABELS, &value);
    if let Some(product) = &row.product {
        put("型番 Model", product.to_string());
    }
    put("製造番号 Serial", format!("{}  {}", row.vid_pid, row.serial));
    if let Some(capacity) = row.capacity {
        put("容量 Capacity", bytes(capacity));
    }
    put("暗号化 Encryption", row.encryption.clone());
    put("所有 Owner", row.owner.to_string());
    put("データ Data", row.class.to_string());
    put("所定の場所 Home", row.home.to_string());
    put("保管者 Holder", row.holder.spoken());
    let receipt = row.receipt.as_ref().map_or_else(String::new, |id| format!(", {id}"));
    put("引受日 Since", format!("{}{receipt}", row.since.short()));
    put("現在地 Place", row.place.to_string());
    if let Some(sheet) = row.sheet {
        put("書面 Sealed sheet", sheet.words().ja.to_owned());
    }
    let seen = &row.last_seen;
    let how = format!("{}, {}, by {}", seen.at.short(), sighting(seen.grade), seen.by.spoken());
    put("最終確認 Last seen", how);
    if let Some(due) = row.next_due {
        put("次の期限 Next due", due.to_string());
    }
    if let Some(gone) = row.gone_since {
        put("不在・廃棄 Gone since", gone.short());
    }
}
