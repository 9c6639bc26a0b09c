//! Documents as files: what the commands write, read by programs that are not ours.

use std::fs;

use media_custody::picture::read_codes;

use crate::office::{Case, HOME};

#[path = "../paper/tools.rs"]
mod tools;

const WITH: &str = "--passphrase-file words";
const PROGRAMS: &[&str] = &["qpdf", "pdftotext", "pdftoppm", "pdffonts", "zbarimg"];

/// The text of a PDF that no program finds fault with, white space left out, and the
/// codes that both readers find on its pages.
fn read(case: &Case, file: &str) -> (String, Vec<String>) {
    let pdf = tools::File::new(&fs::read(case.path(file)).expect("a file"));
    let checked = pdf.run("qpdf", &["--check"], &[]);
    assert!(checked.contains("No syntax or stream encoding errors"), "{file}: {checked}");
    assert!(tools::is_pdf_a(&pdf), "{file}: no PDF/A");
    let text: String = pdf.run("pdftotext", &[], &["-"]).split_whitespace().collect();
    let mut codes = Vec::new();
    for page in pdf.pages(200) {
        let theirs = tools::zbar(&page);
        // Our reader takes its time over a page without a code.
        let ours = match theirs.len() {
            0 => Vec::new(),
            count => read_codes(&page, count).expect("a picture").texts,
        };
        assert!(theirs.iter().all(|code| ours.contains(code)), "{file}: {theirs:?} {ours:?}");
        codes.extend(theirs);
    }
    (text, codes)
}

#[test]
fn lists_and_certificates_are_read_by_other_programs() {
    if !tools::there(PROGRAMS) {
        return;
    }
    let case = Case::new();
    case.ok(&format!("sheet check --place {HOME} --pdf check.pdf --language ja"));
    let (text, codes) = read(&case, "check.pdf");
    assert!(text.contains("棚卸表") && text.contains("USB-0421"), "{text}");
    let code = case.json(0, &format!("sheet check --place {HOME}"))["code"].clone();
    assert_eq!(codes, [code.as_str().expect("a code")]);

    case.ok("sheet register --pdf register.pdf");
    let (text, _) = read(&case, "register.pdf");
    assert!(text.contains("媒体管理台帳") && text.contains("Registerofmedia"), "{text}");
    assert!(text.contains("USB-0421") && text.contains("USB-0422"), "{text}");

    case.ok("sheet history USB-0422 --pdf history.pdf --language en");
    let (text, _) = read(&case, "history.pdf");
    assert!(text.contains("Historyofadrive") && text.contains("SZ-2026-000001"), "{text}");

    case.ok(&format!("check --place {HOME} --by sasaki --no-bus {WITH} --label X")
        .as_str()
        .replace(
            "--label X",
            &format!(
                "--label {}",
                case.json(0, "label USB-0421")["rows"][0]["label"].as_str().expect("one")
            ),
        ));
    case.ok("sheet result --pdf result.pdf");
    let (text, _) = read(&case, "result.pdf");
    assert!(text.contains("点検結果報告書") && text.contains("異常なし"), "{text}");
}

#[test]
fn a_certificate_is_verified_from_its_codes() {
    if !tools::there(PROGRAMS) {
        return;
    }
    let case = Case::new();
    case.ok(&format!(
        "erase USB-0421 --method purge --technique crypto-erase --tool cryptsetup-2.6 \
         --verification read-back --by yamada --verifier sasaki {WITH}"
    ));
    case.ok("sheet erasure USB-0421 --pdf erasure.pdf");
    let (text, codes) = read(&case, "erasure.pdf");
    assert!(text.contains("消去証明書") && text.contains("cryptsetup-2.6"), "{text}");
    let [note, proof] = codes.as_slice() else { panic!("{codes:?}") };
    let key = "--log-key ledger/log.vkey";
    let found = case.json(0, &format!("verify '{note}' '{proof}' {key}"));
    assert_eq!((&found["verdict"], &found["said"]["kind"]), (&"passed".into(), &"erase".into()));
    assert_eq!(found["parties"].as_array().map(Vec::len), Some(2), "{found}");
    let text = case.ok(&format!("verify '{note}' '{proof}' {key}"));
    assert!(text.contains("VERIFIED: erase USB-0421") && text.contains("cryptsetup-2.6"), "{text}");
    // And as the PDF itself.
    assert_eq!(case.json(0, &format!("verify erasure.pdf {key}"))["verdict"], "passed");
    case.ok(&format!("retire USB-0421 --reason 故障 --by kato {WITH}"));
    case.ok("sheet retirement USB-0421 --pdf retirement.pdf --language en");
    let (text, codes) = read(&case, "retirement.pdf");
    assert!(text.contains("Certificateofretirement") && codes.len() == 2, "{text}");
}

#[test]
fn labels_are_read_by_other_programs() {
    if !tools::there(PROGRAMS) {
        return;
    }
    let case = Case::new();
    case.ok("label USB-0421 USB-0422 --pdf labels.pdf --contact 054-000-0000");
    let (text, codes) = read(&case, "labels.pdf");
    let rows = case.json(0, "label USB-0421 USB-0422")["rows"].clone();
    let labels: Vec<&str> = (0..2).map(|at| rows[at]["label"].as_str().expect("one")).collect();
    assert_eq!(codes, labels);
    assert!(text.contains("USB-0421") && text.contains("054-000-0000"), "{text}");
    case.ok("label --pdf sheet.pdf --sheet --size 48.3x25.4 --start 6");
    assert_eq!(read(&case, "sheet.pdf").1.len(), 2);
    let told = case.exits(2, "label USB-0421 --size big --sheet none --dpi 7").stderr;
    for option in ["--size", "--sheet", "--dpi"] {
        assert!(told.contains(option), "{option}: {told}");
    }
    assert!(case.exits(2, "label USB-0421 --pdf x.pdf --size 20x5").stderr.contains("too small"));
}

#[test]
fn a_name_that_no_font_has_is_told_before_anybody_signs() {
    let case = Case::new();
    let said = case
        .exits(0, &format!("handover USB-0421 --from yamada --to sato --purpose 印刷😀 {WITH}"));
    assert!(said.stderr.contains("purpose: no font here has 😀 (U+1F600)"), "{}", said.stderr);
}
