//! Receipts in every form, verified as their holders would, and what is wrong with
//! those that were altered.

use image::{DynamicImage, GrayImage, ImageFormat};

use crate::office::Case;

const KEY: &str = "--log-key ledger/log.vkey";

/// Both codes as pictures, and the text of both.
fn codes(case: &Case) -> (String, String) {
    case.ok("receipt SZ-2026-000001 --png held");
    let codes = case.json(0, "receipt SZ-2026-000001")["codes"].clone();
    let text = |name: &str| codes[name].as_str().expect("a code").to_owned();
    (text("note"), text("proof"))
}

#[test]
fn every_form_of_a_receipt_verifies_without_the_ledger() {
    let case = Case::new();
    let (note, proof) = codes(&case);
    case.ok("receipt SZ-2026-000001 --file again.receipt --svg page.svg");
    let page = case.text("page.svg");
    assert!(page.starts_with("<svg") || page.starts_with("<?xml"), "{:.80}", page);
    assert!(page.contains("山田 花子"), "names stand on the page");
    case.write("codes.txt", format!("{note}\n{proof}\n"));
    side_by_side(&case, "held-note.png", "held-proof.png", "both.jpg");
    let key = case.text("ledger/log.vkey");
    std::fs::rename(case.path("ledger"), case.path("elsewhere")).expect("renamed");
    case.write("log.vkey", &key);
    for (what, given) in [
        ("a file", "held.receipt".to_owned()),
        ("a file made again", "again.receipt".to_owned()),
        ("two texts", format!("'{note}' '{proof}'")),
        ("two texts the other way round", format!("'{proof}' '{note}'")),
        ("texts in a file", "codes.txt".to_owned()),
        ("two pictures", "held-note.png held-proof.png".to_owned()),
        ("one photograph of both", "both.jpg".to_owned()),
    ] {
        // Reading pictures takes seconds without optimisation; once each is enough.
        let picture = given.ends_with(".png") || given.ends_with(".jpg");
        for key in ["log.vkey", key.trim()].into_iter().skip(usize::from(picture)) {
            let found = case.json(0, &format!("verify {given} --log-key {key}"));
            assert_eq!(found["verdict"], "passed", "{what}: {found}");
            assert_eq!(found["number"], "SZ-2026-000001", "{what}");
            assert_eq!(found["parties"][1]["who"]["id"], "sato", "{what}");
        }
    }
    let text = case.ok("verify held.receipt --log-key log.vkey");
    for word in ["VERIFIED", "山田 花子", "佐藤 一郎", "USB-0422", "2026-01-06 10:00"] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

/// One picture of two, as a phone takes it: both codes, JPEG.
fn side_by_side(case: &Case, left: &str, right: &str, out: &str) {
    let open = |name: &str| image::open(case.path(name)).expect("a picture").to_luma8();
    let (left, right) = (open(left), open(right));
    let height = left.height().max(right.height()) + 80;
    let mut both = GrayImage::from_pixel(left.width() + right.width() + 120, height, [255].into());
    image::imageops::overlay(&mut both, &left, 40, 40);
    image::imageops::overlay(&mut both, &right, i64::from(left.width()) + 80, 40);
    let both = DynamicImage::ImageLuma8(both);
    both.save_with_format(case.path(out), ImageFormat::Jpeg).expect("saved");
}

#[test]
fn the_ledger_itself_says_more_than_its_key() {
    let case = Case::new();
    let found = case.json(0, "verify held.receipt");
    assert_eq!(found["judged_by"], "ledger");
    let names: Vec<&str> = found["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .map(|c| c["name"].as_str().expect("name"))
        .collect();
    assert_eq!(names, ["signatures", "inclusion", "ledger", "seen", "entry", "history", "keys"]);
}

#[test]
fn one_code_alone_says_that_the_other_is_missing() {
    let case = Case::new();
    let (note, _) = codes(&case);
    assert_eq!(case.json(4, &format!("verify held-note.png {KEY}"))["verdict"], "incomplete");
    let done = case.exits(4, &format!("verify '{note}' {KEY}"));
    let said = done.stdout.contains("INCOMPLETE") && done.stdout.contains("scan the other code");
    assert!(said, "{}", done.stdout);
}

#[test]
fn altered_receipts_and_other_keys_fail() {
    let case = Case::new();
    let held = case.text("held.receipt");
    let swap = |from: &str, to: &str| {
        assert!(held.contains(from), "{held}");
        held.replacen(from, to, 1)
    };
    let signature = held.lines().find(|line| line.starts_with("— yamada")).expect("a line");
    for (what, text, failed) in [
        ("the number of persons", swap("persons: 3775", "persons: 7"), "signatures"),
        (
            "the receiver",
            swap("receiver: sato 佐藤 一郎", "receiver: sato 佐藤 二郎"),
            "signatures",
        ),
        ("a signature dropped", swap(&format!("{signature}\n"), ""), "signatures"),
        ("another entry", swap("\nindex 9\n", "\nindex 8\n"), "inclusion"),
    ] {
        case.write("altered.receipt", text);
        let found = case.json(4, &format!("verify altered.receipt {KEY}"));
        assert_eq!(found["verdict"], "failed", "{what}");
        let failed_checks: Vec<&str> = found["checks"]
            .as_array()
            .expect("checks")
            .iter()
            .filter(|check| check["passed"] == false)
            .map(|check| check["name"].as_str().expect("name"))
            .collect();
        assert!(failed_checks.contains(&failed), "{what}: {failed_checks:?}");
        let text = case.exits(4, &format!("verify altered.receipt {KEY}")).stdout;
        assert!(text.contains("FAILED") && !text.contains("VERIFIED"), "{what}: {text}");
    }
    let spare = "keys/spare.custody.example.jp%2Fshizuoka.vkey";
    for other in [spare.to_owned(), case.text(spare).trim().to_owned()] {
        let found = case.json(4, &format!("verify held.receipt --log-key {other}"));
        assert_eq!(found["verdict"], "failed");
    }
    // The whole ledger, under a key that is not its own.
    let found = case.json(4, &format!("verify --log-key {spare}"));
    assert_eq!(found["findings"][0]["cause"], "log-key-differs", "{found}");
}

#[test]
fn a_paper_seal_is_shown_as_the_weaker_evidence_it_is() {
    let case = Case::new();
    let line = "handover USB-0421 --from yamada --to mori --purpose 印刷 --passphrase-file words \
                --receipt-file paper.receipt";
    let text = case.ok(line);
    assert!(text.contains("Paper seal, no signature by key"), "{text}");
    let text = case.ok(&format!("verify paper.receipt {KEY}"));
    assert!(text.contains("1 of 1 signatures hold") && text.contains("paper seal"), "{text}");
    assert!(text.contains("no signature stands for it"), "{text}");
    let found = case.json(0, &format!("verify paper.receipt {KEY}"));
    assert_eq!(found["parties"][1]["key"], serde_json::Value::Null);
    let not_shown = found["not_shown"].to_string();
    assert!(not_shown.contains("seal on paper"), "{not_shown}");
    let rows = case.json(0, "status")["rows"].clone();
    let row = rows.as_array().expect("rows").iter().find(|row| row["medium"] == "USB-0421");
    assert_eq!(row.expect("the drive")["seal"], "paper", "{rows}");
}

#[test]
fn a_receipt_of_a_hundred_drives_is_recorded_and_kept_as_a_file() {
    // What does not fit a code fits a file; nothing is lost to the terminal's limits.
    let case = Case::new();
    let drives = crate::office::hundred_drives(&case);
    let done = case.exits(
        0,
        &format!(
            "handover {drives} --from yamada --to sato --purpose 移転 \
                                       --passphrase-file words --receipt-file box.receipt"
        ),
    );
    assert!(done.stdout.contains("too long for QR codes"), "{}", done.stdout);
    assert_eq!(case.json(0, &format!("verify box.receipt {KEY}"))["verdict"], "passed");
}
