//! Verifications as text.

use super::Style;
use super::layout::{Page, Tone};
use super::receipt::party_line;
use crate::report::verification::{FindingView, Said, Verdict};
use crate::report::words::wrong;
use crate::report::{JudgedBy, LedgerVerification, ReceiptVerification};

const LABELS: usize = 14;

/// The verification of a ledger as text.
pub fn ledger_verification(report: &LedgerVerification, style: Style) -> String {
    let mut page = Page::new(style);
    let ledger = report.ledger.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    match report.verdict {
        Verdict::Passed if report.audited_before > 0 => {
            page.put(0, Tone::Good, "VERIFIED: nothing is wrong with what is new in this ledger.");
        }
        Verdict::Passed => page.put(0, Tone::Good, "VERIFIED: nothing is wrong with this ledger."),
        Verdict::Incomplete => page.put(0, Tone::Warning, "INCOMPLETE: not everything was there."),
        Verdict::Failed => {
            let first = report.findings.iter().find_map(|finding| finding.index);
            let place = first.map_or_else(String::new, |at| format!(", first at entry {at}"));
            page.put(0, Tone::Alarm, &format!("VERIFICATION FAILED{place}"));
            let place = first.map_or_else(String::new, |at| format!("（最初は第 {at} 号）"));
            page.put(0, Tone::Alarm, &format!("検証の結果、問題が見つかりました{place}"));
        }
    }
    for run in report.findings.chunk_by(follows) {
        found(&mut page, run);
    }
    let listed = report.findings.len() as u64;
    if listed < report.findings_total {
        page.put(2, Tone::Alarm, &format!("and {} more", report.findings_total - listed));
    }
    if report.lacks_only_its_checkpoint() {
        sign_another(&mut page);
    }
    page.blank();
    if report.entries == 0 && report.verdict == Verdict::Failed {
        page.put(
            0,
            Tone::Plain,
            "With its stored files like this the ledger is not opened, and its entries were not \
             verified one by one. 'custody fsck' says what is whole.",
        );
        return page.finish();
    }
    let mut put = |label: &str, value: String| page.field(2, label, LABELS, &value);
    put("Ledger", ledger);
    put("Entries", report.entries.to_string());
    if report.audited_before > 0 {
        let fresh = report.entries.saturating_sub(report.audited_before);
        put("Verified now", format!("{fresh}; {} by the audit before", report.audited_before));
    }
    let of_what = if report.audited_before > 0 { " of what is new" } else { "" };
    put("Signatures", format!("{}{of_what} hold", report.signatures));
    if report.sheets_awaited > 0 {
        let words = format!("{} handovers whose sheet is not attached", report.sheets_awaited);
        put("Paper seals", words);
    }
    put("Root", report.root.to_string());
    let checkpoint = match report.checkpoint {
        Some(size) => format!("over {size} entries"),
        None => "none that holds".to_owned(),
    };
    put("Checkpoint", checkpoint);
    if let Some(witnesses) = &report.witnesses {
        put("Witnesses", witnesses.words());
    }
    put("Log key", if report.log_key_given { "yours" } else { "the ledger's own" }.to_owned());
    if let Some(now) = &report.log_key_replaced {
        put("Replaced", format!("by entry {}; keep this one from now on:", now.entry));
        put("", now.vkey.clone());
    }
    not_shown(&mut page, &report.not_shown);
    page.finish()
}

/// Whether `later` is but another sign of what `earlier` shows: one altered entry
/// makes every later one see a history that is no more.
fn follows(earlier: &FindingView, later: &FindingView) -> bool {
    earlier.cause == "seen-root"
        && later.cause == "seen-root"
        && earlier.index.map(|index| index + 1) == later.index
}

/// One finding, or a run of them that says the same.
fn found(page: &mut Page, run: &[FindingView]) {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return };
    let place = match (first.index, last.index) {
        (Some(from), Some(to)) if from == to => format!("entry {from}"),
        (Some(from), Some(to)) => format!("{from} to {to}"),
        _ => "ledger".to_owned(),
    };
    if run.len() > 1 {
        let words = format!("their signers saw another history ({})", first.cause);
        page.hang(2, &place, LABELS, Tone::Alarm, &words);
    } else {
        problems(page, &place, LABELS, &format!("{} ({})", first.message, first.cause));
    }
    in_japanese(page, LABELS, first.cause);
}

/// The same in one Japanese sentence, below the particulars.
fn in_japanese(page: &mut Page, column: usize, name: &str) {
    if let Some(words) = wrong(name) {
        page.hang(2, "", column, Tone::Alarm, words);
    }
}

/// A message that may name several problems, each on lines of its own.
fn problems(page: &mut Page, label: &str, column: usize, message: &str) {
    for (at, problem) in message.split("; ").enumerate() {
        page.hang(2, if at == 0 { label } else { "" }, column, Tone::Alarm, problem);
    }
}

/// The verification of a receipt as text.
pub fn receipt_verification(report: &ReceiptVerification, style: Style) -> String {
    let mut page = Page::new(style);
    let said = || report.said.as_ref().map_or_else(|| "receipt".to_owned(), Said::spoken);
    let number = report.number.as_ref().map_or_else(said, ToString::to_string);
    match report.verdict {
        Verdict::Passed => page.put(0, Tone::Good, &format!("VERIFIED: {number}")),
        Verdict::Incomplete => page.put(0, Tone::Warning, &format!("INCOMPLETE: {number}")),
        Verdict::Failed => {
            let claimed = report.claimed.map_or_else(String::new, |at| format!(", as entry {at}"));
            page.put(0, Tone::Alarm, &format!("VERIFICATION FAILED: {number}{claimed}"));
        }
    }
    halves(&mut page, report);
    for check in &report.checks {
        let words = format!("{}: {}", check.name, check.detail);
        if check.passed {
            page.hang(2, "ok", 7, Tone::Good, &words);
        } else {
            problems(&mut page, "WRONG", 7, &words);
            in_japanese(&mut page, 7, check.name);
        }
    }
    if let Some(sheet) = report.sheet() {
        page.hang(2, "note", 7, Tone::Warning, sheet.words().en);
        page.hang(2, "", 7, Tone::Warning, sheet.words().ja);
    }
    let by = match report.judged_by {
        JudgedBy::LogKey => "the log key given, offline",
        JudgedBy::Ledger => "the ledger",
    };
    page.hang(2, "by", 7, Tone::Faint, by);
    content(&mut page, report);
    if !report.shown.is_empty() {
        page.blank();
        page.put(0, Tone::Strong, "This shows");
        for line in &report.shown {
            page.hang(2, "-", 2, Tone::Plain, line);
        }
    }
    not_shown(&mut page, &report.not_shown);
    page.finish()
}

/// Where not both codes were there, or they are of two receipts: what each one proves,
/// called as the sheet calls it.
fn halves(page: &mut Page, report: &ReceiptVerification) {
    if report.is_mixed() {
        let words = "The two codes are of two different receipts: scan both from one sheet. \
                     二つのコードは別々の受領書のものです。同じ用紙の二つを読み取ってください。";
        return page.put(2, Tone::Alarm, words);
    }
    if report.codes.note && report.codes.proof {
        return;
    }
    let signed = report.checks.iter().any(|check| check.name == "signatures" && check.passed);
    let note = match (report.codes.note, signed) {
        (true, true) => "read: the signatures hold. 署名は有効です。",
        (true, false) => "read: the signatures do not hold. 署名は無効です。",
        (false, _) => "missing: what was agreed and who signed. 未読：内容と署名が確認できません。",
    };
    let found = report.checks.iter().any(|check| check.name == "inclusion" && check.passed);
    let proof = match (report.codes.proof, found) {
        (true, _) => "read: by itself it proves nothing. これだけでは何も証明しません。",
        (false, true) => {
            "missing, and here the ledger itself was asked. 未読：台帳で確認しました。"
        }
        (false, false) => {
            "missing: whether the ledger has it. 未読：台帳への登録は確認できません。"
        }
    };
    for (label, read, words) in [
        ("QR 1/2 CN1 受領内容と署名", report.codes.note, note),
        ("QR 2/2 CP1 台帳の証明", report.codes.proof, proof),
    ] {
        let tone = if read { Tone::Plain } else { Tone::Warning };
        page.hang(2, label, 26, tone, words);
    }
    if report.verdict == Verdict::Incomplete {
        page.put(
            2,
            Tone::Warning,
            "Half of the evidence is missing: scan the other code as well. \
             もう一方のコードも読み取ってください。",
        );
    }
}

/// What the receipt says. Of one that failed nothing is repeated as if it were so.
fn content(page: &mut Page, report: &ReceiptVerification) {
    if report.receipt.is_none() && report.said.is_none() {
        return;
    }
    page.blank();
    if report.verdict == Verdict::Failed {
        page.put(0, Tone::Alarm, "It says, and nothing vouches for it:");
    }
    for (key, value) in report.said.iter().flat_map(|said| &said.lines) {
        page.field(2, key, LABELS, value);
    }
    let Some(receipt) = &report.receipt else { return };
    page.field(2, "At", LABELS, &receipt.at.short());
    for line in &receipt.media {
        let words = format!("{}  {}  serial {}", line.medium, line.vid_pid, line.serial);
        page.field(2, "Drive", LABELS, &words);
    }
    page.field(2, "Giver", LABELS, &party_line(&receipt.giver));
    page.field(2, "Receiver", LABELS, &party_line(&receipt.receiver));
    if let Some(witness) = &receipt.witness {
        page.field(2, "Witness", LABELS, &party_line(witness));
    }
    page.field(2, "Purpose", LABELS, receipt.purpose.as_str());
    if let Some(contents) = &receipt.contents {
        page.field(2, "Contents", LABELS, contents.as_str());
    }
    if let Some(persons) = receipt.persons {
        page.field(2, "Persons", LABELS, &persons.to_string());
    }
    page.field(2, "Place", LABELS, receipt.place.as_str());
    if let Some(due) = receipt.due {
        page.field(2, "Due back", LABELS, &due.to_string());
    }
    if let Some(entry) = &report.entry {
        page.field(2, "Entry", LABELS, &entry.index.to_string());
    }
}

fn not_shown(page: &mut Page, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    page.blank();
    page.put(0, Tone::Strong, "This does not show");
    for line in lines {
        page.hang(2, "-", 2, Tone::Plain, line);
    }
}

/// What there is to do where every entry holds.
fn sign_another(page: &mut Page) {
    let words = "Every entry holds. Sign another checkpoint over them with 'custody ledger \
                 sign-checkpoint', and give it the newest receipt there is.";
    page.put(2, Tone::Plain, words);
    let words = "記録はすべて正しく、チェックポイントだけが使えません。手元の最新の受領書を添えて \
                 'custody ledger sign-checkpoint' を実行してください。";
    page.put(2, Tone::Plain, words);
}
