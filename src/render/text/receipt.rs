//! A receipt as text, in Japanese and English.

use super::Style;
use super::layout::{Page, Tone};
use super::medium::bytes;
use crate::report::receipt::{ReceiptMedium, Sealed};
use crate::report::{ReceiptView, Sheet};

const LABELS: usize = 24;

/// A receipt as text, in Japanese and English, with the drawings of its two QR
/// codes (note, proof) where there are any. They are drawn whatever their width:
/// only the caller knows whether a screen would break them, or a file keep them.
pub fn receipt(report: &ReceiptView, codes: Option<(&str, &str)>, style: Style) -> String {
    let mut page = Page::new(style);
    let draft = report.entry.is_none();
    let title = if draft { "受領書（案） Draft of a receipt" } else { "受領書 Receipt" };
    page.rule();
    page.put(0, Tone::Strong, &format!("{title}  {}", report.receipt));
    page.put(0, Tone::Plain, &format!("{}  {}", report.at.short(), report.ledger));
    if draft {
        page.put(0, Tone::Warning, "台帳に未登録 Not in the ledger: this is no receipt yet.");
    } else {
        page.put(0, Tone::Plain, "[ ] 原本 Original   [ ] 控 Copy");
    }
    page.rule();
    for line in &report.media {
        drive(&mut page, line);
    }
    page.blank();
    side(&mut page, "渡す人 Giver", &report.giver);
    side(&mut page, "受け取る人 Receiver", &report.receiver);
    if let Some(witness) = &report.witness {
        side(&mut page, "立会人 Witness", witness);
    }
    page.blank();
    terms(&mut page, report);
    on_paper(&mut page, report);
    evidence(&mut page, report);
    if let Some((note, proof)) = codes {
        drawings(&mut page, note, proof);
    }
    page.finish()
}

fn drive(page: &mut Page, line: &ReceiptMedium) {
    page.hang(0, "媒体 Drive", LABELS, Tone::Strong, line.medium.as_str());
    page.field(0, "", LABELS, &format!("{}  serial {}", line.vid_pid, line.serial));
    let known = line.encryption.as_deref().unwrap_or("not stated");
    page.field(0, "  暗号化 Encryption", LABELS, known);
    for alarm in &line.alarms {
        page.hang(0, "  注意 Alarm", LABELS, Tone::Alarm, alarm);
    }
}

fn side(page: &mut Page, label: &str, side: &Sealed) {
    page.hang(0, label, LABELS, Tone::Strong, &side.who.spoken());
    match &side.key {
        Some(key) => {
            page.field(0, "", LABELS, &key.name);
            page.field(0, "", LABELS, &format!("鍵 Key {}", key.fingerprint));
        }
        None => {
            page.hang(0, "", LABELS, Tone::Warning, "書面のみ Paper seal, no signature by key");
            page.field(0, "", LABELS, "署名・印 Seal ____________________");
        }
    }
}

/// Who and how sealed, in one line.
pub(super) fn party_line(side: &Sealed) -> String {
    match &side.key {
        Some(key) => format!("{} (key {}, {})", side.who.spoken(), key.name, key.fingerprint),
        None => format!("{} (paper seal)", side.who.spoken()),
    }
}

fn terms(page: &mut Page, report: &ReceiptView) {
    let mut put = |label: &str, value: String| page.field(0, label, LABELS, &value);
    put("用途 Purpose", report.purpose.to_string());
    if let Some(contents) = &report.contents {
        put("内容 Contents", contents.to_string());
    }
    if let Some(persons) = report.persons {
        put("人数 Persons", persons.to_string());
    }
    put("場所 Place", report.place.to_string());
    if let Some(due) = report.due {
        put("返却期限 Due back", due.to_string());
    }
}

/// What a seal on paper is worth, and what of it the ledger has.
fn on_paper(page: &mut Page, report: &ReceiptView) {
    if let Some(sheet) = report.sheet {
        let tone = if sheet == Sheet::Attached { Tone::Plain } else { Tone::Warning };
        let words = sheet.words();
        page.blank();
        page.hang(0, "書面 Sealed sheet", LABELS, tone, words.ja);
        page.hang(0, "", LABELS, tone, words.en);
    }
    for one in &report.attachments {
        let words = format!("{}, {}, entry {}", one.media_type, bytes(one.length), one.entry);
        page.field(0, "添付 Attached", LABELS, &words);
        page.field(0, "", LABELS, &format!("{} {}", one.at.short(), one.by.spoken()));
        page.field(0, "", LABELS, &format!("SHA-256 {}", one.sha256));
    }
}

fn evidence(page: &mut Page, report: &ReceiptView) {
    let Some(entry) = &report.entry else { return };
    page.blank();
    let of = entry.tree_size.map_or_else(String::new, |size| format!(" of {size}"));
    page.field(0, "台帳 Entry", LABELS, &format!("{}{of}", entry.index));
    if let Some(leaf) = &entry.leaf {
        page.field(0, "ハッシュ Leaf", LABELS, &leaf.to_string());
    }
    if let Some(witnesses) = &report.witnesses {
        let enough = if witnesses.quorum {
            "方針を満たす as many as the policy asks for"
        } else {
            "方針に足りない fewer than the policy asks for"
        };
        page.field(0, "立会署名 Cosigned by", LABELS, &witnesses.names());
        page.field(0, "", LABELS, enough);
    }
    let verify = "custody verify FILE --log-key KEY";
    page.field(0, "検証 Verify", LABELS, verify);
}

fn drawings(page: &mut Page, note: &str, proof: &str) {
    let codes = [
        ("QR 1/2  受領内容と署名 What was agreed, and who signed", note),
        ("QR 2/2  台帳の証明 Proof that the ledger holds it", proof),
    ];
    for (caption, drawing) in codes {
        page.blank();
        page.put(0, Tone::Strong, caption);
        page.drawing(drawing);
    }
}
