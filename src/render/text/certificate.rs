//! 消去証明書 and 廃棄証明書 as text, in Japanese and English.

use super::Style;
use super::layout::{Page, Tone};
use super::medium::bytes;
use super::register::heading;
use crate::model::vocabulary::EncryptionGrade;
use crate::report::certificate::Certified;
use crate::report::receipt::Sealed;
use crate::report::{ErasureCertificate, RetirementCertificate};

const LABELS: usize = 28;

/// The certificate of an erasure as text.
pub fn erasure(report: &ErasureCertificate, style: Style) -> String {
    let mut page = Page::new(style);
    let certified = &report.certified;
    title(&mut page, "消去証明書 Certificate of erasure", certified);
    page.field(0, "媒体の種類 Media type", LABELS, report.media_type.as_str());
    medium(&mut page, certified);
    page.blank();
    let words = report.method_words;
    page.hang(0, "方式 Method", LABELS, Tone::Strong, words.ja);
    page.hang(0, "", LABELS, Tone::Strong, words.en);
    page.field(0, "手法 Technique", LABELS, report.technique.as_str());
    page.field(0, "使用ツール Tool", LABELS, report.tool.as_str());
    page.field(0, "検証方法 Verification", LABELS, report.verification.as_str());
    match &report.read_afterwards {
        Some(read) => {
            page.field(0, "消去後の読取 Read after", LABELS, read.words().ja);
            page.field(0, "", LABELS, read.words().en);
            // The words above say it better than "NOT ENCRYPTED" does of an empty drive.
            if read.encryption_grade != EncryptionGrade::None {
                page.field(0, "", LABELS, &read.encryption);
            }
            for mark in &read.marks {
                page.field(0, "", LABELS, mark.as_str());
            }
        }
        None => page.hang(
            0,
            "消去後の読取 Read after",
            LABELS,
            Tone::Warning,
            "未読取 not read; it rests on the verifier's word",
        ),
    }
    for alarm in &report.alarms {
        page.hang(0, "注意 Alarm", LABELS, Tone::Alarm, alarm);
    }
    let rest = [
        ("実施場所 Place", report.place.as_ref().map(|name| name.as_str())),
        ("行先 Destination", report.destination.as_ref().map(|name| name.as_str())),
        ("備考 Remark", report.detail.as_ref().map(|detail| detail.as_str())),
    ];
    optional(&mut page, &rest);
    page.blank();
    signed(&mut page, "実施者 Performed by", &report.by);
    signed(&mut page, "検証者 Verified by", &report.verifier);
    closing(&mut page, certified);
    page.finish()
}

/// The certificate of a retirement as text.
pub fn retirement(report: &RetirementCertificate, style: Style) -> String {
    let mut page = Page::new(style);
    let certified = &report.certified;
    title(&mut page, "廃棄証明書 Certificate of retirement", certified);
    let media_type = report.media_type.as_ref().map(|name| name.as_str());
    optional(&mut page, &[("媒体の種類 Media type", media_type)]);
    medium(&mut page, certified);
    page.blank();
    page.field(0, "理由 Reason", LABELS, report.reason.as_str());
    if let Some(words) = report.method_words {
        page.hang(0, "方式 Method", LABELS, Tone::Strong, words.ja);
        page.hang(0, "", LABELS, Tone::Strong, words.en);
    }
    let text = |name: &Option<crate::model::Name>| name.as_ref().map(ToString::to_string);
    let rest = [
        ("手法 Technique", text(&report.technique)),
        ("使用機器 Tool", text(&report.tool)),
        ("検証方法 Verification", text(&report.verification)),
        ("実施場所 Place", text(&report.place)),
        ("行先 Destination", text(&report.destination)),
        ("備考 Remark", report.detail.as_ref().map(ToString::to_string)),
    ];
    let rest: Vec<(&str, Option<&str>)> =
        rest.iter().map(|(label, value)| (*label, value.as_deref())).collect();
    optional(&mut page, &rest);
    match (&report.erasure, report.method) {
        (Some(erasure), _) => {
            let words = format!(
                "{}, {} ({}), entry {}",
                erasure.at.short(),
                erasure.method,
                erasure.technique,
                erasure.entry
            );
            page.field(0, "先行する消去 Erased before", LABELS, &words);
        }
        (None, None) => page.hang(
            0,
            "データの消去 Erasure",
            LABELS,
            Tone::Warning,
            "記録なし nothing says that its data was erased",
        ),
        (None, Some(_)) => {}
    }
    page.blank();
    signed(&mut page, "実施者 Retired by", &report.by);
    if let Some(verifier) = &report.verifier {
        signed(&mut page, "立会者 Verified by", verifier);
    }
    closing(&mut page, certified);
    page.finish()
}

fn title(page: &mut Page, title: &str, certified: &Certified) {
    page.rule();
    page.put(0, Tone::Strong, &format!("{title}  {}", certified.medium.medium));
    page.put(0, Tone::Plain, &certified.at.short());
    let ledger = Some(certified.ledger.clone());
    heading(page, (&certified.organisation, &certified.site), &ledger);
    page.rule();
}

fn medium(page: &mut Page, certified: &Certified) {
    let medium = &certified.medium;
    page.hang(0, "管理番号 Asset id", LABELS, Tone::Strong, medium.medium.as_str());
    let text = |name: &Option<crate::model::Name>| name.as_ref().map(ToString::to_string);
    let mut put = |label: &str, value: Option<String>| {
        if let Some(value) = value {
            page.field(0, label, LABELS, &value);
        }
    };
    put("製造者・型番 Make, model", medium.product.as_ref().map(ToString::to_string));
    for line in &medium.inquiry {
        put("  ディスク Disk", Some(line.to_string()));
    }
    put("製造番号 Serial", Some(format!("{}  {}", medium.vid_pid, medium.serial)));
    put("容量 Capacity", medium.capacity.map(bytes));
    put("所有 Owner", text(&medium.owner));
    put("データ Data", text(&medium.class));
    put("所定の場所 Source", text(&medium.home));
    put("最後の授受 Last receipt", medium.receipt.as_ref().map(ToString::to_string));
}

fn optional(page: &mut Page, rows: &[(&str, Option<&str>)]) {
    for (label, value) in rows {
        if let Some(value) = value {
            page.field(0, label, LABELS, value);
        }
    }
}

fn signed(page: &mut Page, label: &str, side: &Sealed) {
    page.hang(0, label, LABELS, Tone::Strong, &side.who.spoken());
    if let Some(key) = &side.key {
        page.field(0, "", LABELS, &key.name);
        page.field(0, "", LABELS, &format!("鍵 Key {}", key.fingerprint));
    }
}

fn closing(page: &mut Page, certified: &Certified) {
    page.blank();
    for one in &certified.corrections {
        let words =
            format!("{}: {} ({}), entry {}", one.field, one.correction, one.reason, one.entry);
        page.hang(0, "訂正 Corrected", LABELS, Tone::Warning, &words);
    }
    let entry = &certified.entry;
    let of = entry.tree_size.map_or_else(String::new, |size| format!(" of {size}"));
    page.field(0, "台帳 Entry", LABELS, &format!("{}{of}", entry.index));
    if let Some(leaf) = &entry.leaf {
        page.field(0, "ハッシュ Leaf", LABELS, &leaf.to_string());
    }
}
