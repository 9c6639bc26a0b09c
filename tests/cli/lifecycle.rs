//! How a drive's life ends on record: seals on paper and their scans, erasure,
//! retirement, loss.

use serde_json::Value;

use crate::office::{Case, ran};

const WITH: &str = "--passphrase-file words";
const SCAN: &str = "%PDF-1.7\nsealed by mori\n";

/// USB-0421 goes to mori, who has no key; the receipt's number.
fn on_paper(case: &Case) -> String {
    let line = format!("handover USB-0421 --from yamada --to mori --purpose 製本 {WITH}");
    let answer = case.json(0, &line);
    assert_eq!(answer["receipt"]["sheet"], "awaited", "{answer}");
    answer["receipt"]["receipt"].as_str().expect("a number").to_owned()
}

/// The same with its scan attached.
fn attached(case: &Case) -> (String, Value) {
    let receipt = on_paper(case);
    case.write("scan.bin", SCAN);
    let answer = case.json(0, &format!("attach {receipt} scan.bin --by sasaki {WITH}"));
    (receipt, answer)
}

/// The one file in the ledger's folder of documents.
fn stored(case: &Case) -> std::path::PathBuf {
    let files: Vec<_> = std::fs::read_dir(case.path("ledger/attachments"))
        .expect("the folder")
        .map(|file| file.expect("a file").path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// A page as one line: where it breaks lines is not the matter here.
fn unwrapped(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_seal_on_paper_is_said_to_be_one_everywhere() {
    let case = Case::new();
    let line = format!("handover USB-0421 --from yamada --to mori --purpose 製本 {WITH}");
    let done = case.exits(0, &line);
    for words in ["will seal on paper (書面のみ)", "custody attach SZ-", "sealed by 森 次郎"]
    {
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
    let receipt = case.json(0, "status")["sheets_awaited"][0]["receipt"].clone();
    let receipt = receipt.as_str().expect("a number").to_owned();
    case.ok(&format!("receipt {receipt} --file paper.receipt"));
    for line in [
        "status".to_owned(),
        "show USB-0421".to_owned(),
        "log".to_owned(),
        format!("receipt {receipt}"),
        "verify paper.receipt".to_owned(),
        "sheet history USB-0421".to_owned(),
    ] {
        let said = unwrapped(&case.ok(&line));
        assert!(said.contains("the sealed sheet is NOT ATTACHED yet"), "custody {line}: {said}");
    }
    assert!(case.ok("sheet register").contains("未添付"));
    // Whoever has no ledger does not know, and is not told either way.
    let offline = case.ok("verify paper.receipt --log-key ledger/log.vkey");
    assert!(offline.contains("paper signature, no key\n"), "{offline}");
    assert!(case.ok("verify").contains("Paper seals"), "one waits");

    case.write("scan.pdf", SCAN);
    let done = case.exits(0, &format!("attach {receipt} scan.pdf --by yamada {WITH}"));
    assert!(done.stdout.contains("押印した書面の写しを添付済み"), "{}", done.stdout);
    for line in ["status", "show USB-0421", "log", "verify paper.receipt", "sheet register"] {
        let said = unwrapped(&case.ok(line));
        assert!(!said.contains("NOT ATTACHED") && !said.contains("未添付"), "{line}: {said}");
    }
    let shown = unwrapped(&case.ok(&format!("receipt {receipt}")));
    assert!(shown.contains("application/pdf") && shown.contains("the sealed sheet is attached"));
    assert!(case.ok("show USB-0421").contains("document added to"), "it is in the history");
    assert_eq!(case.json(0, "status")["sheets_awaited"], Value::Array(Vec::new()));
    assert!(!case.ok("verify").contains("Paper seals"));
    // A handover under two keys waits for nothing.
    assert_eq!(case.json(0, "receipt SZ-2026-000001")["sheet"], Value::Null);
    let both = case.exits(0, &format!("attach SZ-2026-000001 scan.pdf --by yamada {WITH}"));
    assert!(both.stderr.contains("it waits for no sheet"), "{}", both.stderr);
}

#[test]
fn a_document_is_kept_by_its_hash_and_given_out_again() {
    let case = Case::new();
    let (receipt, answer) = attached(&case);
    let view = &answer["attachments"][0];
    assert_eq!(
        (&view["length"], &view["media_type"]),
        (&SCAN.len().into(), &"application/pdf".into())
    );
    // Its name is what another program makes of its bytes.
    let file = stored(&case);
    let sum = ran(std::process::Command::new("sha256sum").arg(case.path("scan.bin"))).stdout;
    let name = format!("{}.pdf", sum.split(' ').next().expect("a sum"));
    assert_eq!(file.file_name().expect("a name").to_str(), Some(name.as_str()));
    assert_eq!(view["file"], format!("attachments/{name}"));
    assert_eq!(std::fs::read(&file).expect("read"), SCAN.as_bytes());

    let entry = answer["entry"].as_u64().expect("an entry");
    case.ok(&format!("receipt {receipt} --attachments out"));
    assert_eq!(case.text(&format!("out/{receipt}-entry{entry}.pdf")), SCAN);
    // Nothing is written over, here or there.
    case.exits(1, &format!("receipt {receipt} --attachments out"));
    let sound = case.json(0, "fsck");
    assert_eq!((&sound["sound"], &sound["attachments"]), (&true.into(), &1.into()));
    case.ok("verify --log-key ledger/log.vkey");
}

#[test]
fn a_document_that_is_gone_altered_or_nobodys_is_found() {
    let case = Case::new();
    let (receipt, answer) = attached(&case);
    let (file, entry) = (stored(&case), answer["entry"].clone());
    std::fs::write(&file, SCAN.replace("mori", "sato")).expect("written");
    let found = case.json(4, "fsck");
    assert_eq!((&found["sound"], &found["repairable"]), (&false.into(), &false.into()));
    assert_eq!(found["findings"][0]["entry"], entry);
    assert!(found["findings"][0]["problem"].to_string().contains("not what was attached"));
    let said = case.exits(4, "fsck --repair").stdout;
    assert!(said.contains("attached documents are not as they were"), "{said}");
    case.exits(4, &format!("receipt {receipt} --attachments out"));
    assert!(!case.path("out").exists(), "nothing of an altered document is given out");
    // The entries say what they said, whatever became of a file.
    case.ok("verify --log-key ledger/log.vkey");

    std::fs::remove_file(&file).expect("removed");
    let found = case.json(4, "fsck");
    assert!(found["findings"][0]["problem"].to_string().contains("is not there"), "{found}");
    // The paper is still in somebody's drawer: attached again, it is whole again.
    case.ok(&format!("attach {receipt} scan.bin --by yamada {WITH}"));
    assert_eq!(case.json(0, "fsck")["attachments"], 1);

    std::fs::write(file.with_file_name("left.pdf.new"), "half").expect("written");
    let left = case.json(0, "fsck");
    assert_eq!(left["sound"], true);
    assert_eq!(left["unreferenced"][0], "attachments/left.pdf.new");
}

#[test]
fn a_scan_can_be_signed_elsewhere_and_is_kept_before_its_entry() {
    let case = Case::new();
    let receipt = on_paper(&case);
    case.write("scan.pdf", SCAN);
    let line = format!("attach {receipt} scan.pdf --by sasaki --draft a.draft");
    assert_eq!(case.json(0, &line)["outcome"], "drafted");
    let waiting = case.json(0, "fsck");
    assert_eq!(waiting["unreferenced"].as_array().expect("files").len(), 1, "{waiting}");
    case.ok("sign a.draft --passphrase-file words");
    case.ok("submit a.draft");
    let whole = case.json(0, "fsck");
    assert_eq!((&whole["attachments"], &whole["unreferenced"]), (&1.into(), &Value::Array(vec![])));
    assert_eq!(case.json(0, &format!("receipt {receipt}"))["sheet"], "attached");
}

const ERASE: &str = "erase USB-0421 --method purge --technique 暗号化消去 \
    --tool 'cryptsetup 2.7.0' --verification 全読取 --place 作業室 --destination 保管庫 \
    --detail 年度末 --by yamada --verifier audit";

#[test]
fn an_erasure_is_signed_by_two_and_certified() {
    let case = Case::new();
    let done = case.exits(0, &format!("{ERASE} {WITH}"));
    // The recording cannot be read, and nobody is told that the drive is empty.
    assert!(done.stderr.contains("was not read; nothing here shows"), "{}", done.stderr);
    for words in ["消去証明書", "山田 花子", "監査 太郎", "cryptsetup 2.7.0", "未読取"]
    {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    let certificate = case.json(0, "sheet erasure USB-0421");
    let expected = [
        ("media_type", "flash memory"),
        ("method", "purge"),
        ("technique", "暗号化消去"),
        ("verification", "全読取"),
        ("place", "作業室"),
        ("destination", "保管庫"),
        ("detail", "年度末"),
    ];
    for (key, value) in expected {
        assert_eq!(certificate[key], value, "{certificate}");
    }
    assert_eq!(certificate["medium"]["serial"], "1C6F65D8ABCDE1234567");
    assert_eq!(certificate["verifier"]["who"]["id"], "audit");
    // Its codes prove the entry without the ledger.
    let code = |half: &str| certificate["codes"][half].as_str().expect("a code").to_owned();
    let line = format!("verify '{}' '{}' --log-key ledger/log.vkey", code("note"), code("proof"));
    let verified = case.json(0, &line);
    let passed = |check: &Value| check["passed"] == true;
    assert!(verified["checks"].as_array().expect("checks").iter().all(passed), "{verified}");
    // A correction is on the certificate from then on.
    let entry = certificate["entry"]["index"].clone();
    case.ok(&format!(
        "correct {entry} --field tool --to 'nvme 2.8' --reason 転記誤り --by yamada {WITH}"
    ));
    let corrected = case.json(0, "sheet erasure USB-0421");
    assert_eq!(corrected["corrections"][0]["correction"], "nvme 2.8");
    assert!(case.ok("sheet erasure USB-0421").contains("訂正 Corrected"));
}

#[test]
fn an_erasure_is_verified_on_another_machine() {
    let case = Case::new();
    let drafted = case.json(0, &format!("{ERASE} --draft e.draft --passphrase-file yamada=words"));
    assert_eq!(drafted["certificate"], Value::Null);
    assert_eq!(drafted["missing"][0], "audit.custody.example.jp/shizuoka");
    case.exits(1, "submit e.draft");
    case.ok("sign e.draft --passphrase-file words");
    assert_eq!(case.json(0, "submit e.draft")["kind"], "erase");
    assert_eq!(case.json(0, "sheet erasure USB-0421")["by"]["who"]["id"], "yamada");
    // All that is missing is asked for at once.
    let asked = case.exits(2, "erase --no-input").stderr;
    for flag in ["MEDIUM", "--method", "--technique", "--tool", "--verification", "--verifier"] {
        assert!(asked.contains(&format!("{flag} is needed")), "{flag}: {asked}");
    }
}

#[test]
fn a_retirement_says_what_became_of_the_data() {
    let case = Case::new();
    let retire = format!("retire USB-0421 --reason 耐用年数 --by kato --verifier audit {WITH}");
    case.ok(&format!("{ERASE} {WITH}"));
    let done = case.exits(0, &retire);
    assert!(!done.stderr.contains("nothing says"), "{}", done.stderr);
    assert!(done.stdout.contains("廃棄証明書") && done.stdout.contains("先行する消去"));
    let certificate = case.json(0, "sheet retirement USB-0421");
    assert_eq!(certificate["erasure"]["technique"], "暗号化消去");
    assert_eq!(certificate["verifier"]["who"]["id"], "audit");
    assert_eq!(case.json(0, "show USB-0421")["status"]["standing"], "retired");
    // Of the other drive nobody says so: it was with the contractor since.
    let done = case.exits(0, &format!("retire USB-0422 --reason 故障 --by kato {WITH}"));
    assert!(done.stderr.contains("nothing says that the data of USB-0422 was erased"));
    assert!(done.stdout.contains("記録なし"), "{}", done.stdout);
    assert_eq!(case.json(0, "sheet retirement USB-0422")["erasure"], Value::Null);
}

#[test]
fn a_loss_is_said_decided_and_ended() {
    let case = Case::new();
    case.ok(&format!("missing USB-0421 --detail 引き出しが空 --by sasaki {WITH}"));
    assert_eq!(case.json(0, "show USB-0421")["status"]["standing"], "missing");
    case.exits(1, &format!("erase USB-0421 --method clear --technique x --tool x --verification x --by yamada --verifier audit {WITH}"));
    case.ok(&format!("lost USB-0421 --detail 全部署に照会済 --by kato {WITH}"));
    assert_eq!(case.json(0, "show USB-0421")["status"]["standing"], "lost");
    case.exits(2, &format!("found USB-0421 --place 会議室 --grade device --by kato {WITH}"));
    // It is plugged in, so it speaks for itself.
    let line = format!("found USB-0421 --place 会議室 --grade attested --by kato {WITH}");
    let text = case.json(0, &line)["text"].to_string();
    assert!(text.contains("grade: profile"), "{text}");
    let status = &case.json(0, "show USB-0421")["status"];
    assert_eq!((&status["holder"]["id"], &status["standing"]), (&"kato".into(), &"out".into()));
}
