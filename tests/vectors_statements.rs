//! The frozen statements and the frozen small ledger, made again and compared byte
//! for byte; tests/vectors/README.md says when they may be written anew.

mod fixture;

#[allow(dead_code)] // the tables have their own test
#[path = "decide/script.rs"]
mod script;

use std::fs;
use std::path::{Path, PathBuf};

use fixture::{ORIGIN, World, signing_key, vkey};
use media_custody::audit::Auditor;
use media_custody::ledger::State;
use media_custody::model::Statement;
use media_custody::model::hardware::{Serial, grade};
use media_custody::model::key::VerifierKey;
use media_custody::proof::checkpoint::Checkpoint;
use media_custody::proof::tree::{Frontier, leaf_hash};
use media_custody::wire::signature::verify_required;
use media_custody::wire::{Note, statement};
use script::Script;
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v1")
}

/// Compares with what is frozen, or freezes it when asked to.
fn frozen(path: &str, bytes: &[u8]) {
    let file = folder().join(path);
    if fs::read(&file).is_ok_and(|kept| kept == bytes) {
        return;
    }
    let blessed = std::env::var_os("CUSTODY_BLESS").is_some_and(|word| word == "1");
    assert!(blessed, "tests/vectors/v1/{path} is missing or differs; see tests/vectors/README.md");
    fs::create_dir_all(file.parent().expect("a folder")).expect("folder");
    fs::write(&file, bytes).expect("writes");
}

/// One statement of each kind but genesis, with every optional line.
const FULL: &str = "
    admin says party; party: *tanaka; role: administrator; role: custodian; key: $tanaka
    admin says key-revoke; party: *sato; key: $sato; reason: compromised; detail: 鍵ファイルを誤送信
    admin says policy; draft-hours: 72; interval-days: 30; grace-days: 7; loan-days: 366; grade: label; checker: not-holder; witness: required; paper: accepted; alarm-refuses: identity-twice; alarm-override: capacity-drift; alarm-override: interfaces-drift; reason: 紛失事案をうけて; by: ~admin; second: ~yamada
    yamada says register; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; hw: 776a52ec25599bc20bc0939fc282fb9adc9a7b703e02975a6a0feee8fe167fe9; serial-grade: A; product: Kingston DataTraveler 3.0; capacity: 31004295168; release: 0110; configurations: 1; interfaces: 08:06:50; inquiry: 0 Kingston DataTraveler_3.0 PMAP; inquiry: 5 Kingston DataTraveler_3.0 PMAP; mark: gpt 5d2f3a0e-1111-4222-8333-444455556666; mark: luks 7e1c9b2a-aaaa-4bbb-8ccc-ddddeeeeffff; encryption: USB-0421 luks2 aes-xts-plain64 verified; home: 静岡支部 第一保管庫; owner: 静岡支部; class: 要配慮個人情報; interval-days: 14; alarm: USB-0421 second-lun; detail: 令和8年度購入
    suzuki says request; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; medium: USB-0422 0951:1666 -; receiver: *sato; purpose: 被保険者台帳の印刷・製本; contents: 氏名,住所,生年月日,電話番号; persons: 3775; place: さくら印刷 第二工場; due: 2026-12-06
    yamada says approve; request: #1; verdict: approved; detail: 例年どおり
    yamada says handover; receipt: SZ-2026-000123; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; medium: USB-0422 0951:1666 -; encryption: USB-0421 luks2 aes-xts-plain64 verified; encryption: USB-0422 - - unreadable; giver: ~yamada; receiver: ~sato; witness: ~suzuki; purpose: 被保険者台帳の印刷・製本; contents: 氏名,住所,生年月日,電話番号; persons: 3775; place: さくら印刷 第二工場; due: 2026-12-06; request: #1; alarm: USB-0422 capacity-drift
    yamada says attach; receipt: SZ-2026-000123; sha-256: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; length: 48213; media-type: application/pdf
    audit says sighting; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; grade: label; place: 静岡支部 第一保管庫; alarm: USB-0421 label-worn; detail: ラベル貼り替えを要する
    station says roll-call; place: 静岡支部 第一保管庫; present: USB-0421 device; absent: USB-0422; unknown: 0781:5581 4C530001230412111111; alarm: USB-0421 capacity-drift
    audit says check; place: 静岡支部 第一保管庫; found: USB-0421 profile; missing: USB-0422; unexpected: USB-0500 label; unknown: 0781:5581 -; alarm: USB-0421 identity-twice; detail: 抜き打ち
    suzuki says missing; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; detail: 引き出しが空
    admin says found; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; grade: label; place: 静岡支部 会議室; alarm: USB-0421 label-worn; detail: 棚の裏
    admin says lost; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; detail: 全部署に照会したが見つからない
    yamada says erase; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; media-type: flash memory; method: purge; technique: crypto erase; tool: cryptsetup 2.7.0; verification: header overwritten, full read; destination: 静岡支部 第一保管庫; by: ~yamada; verifier: ~audit
    admin says retire; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; reason: 耐用年数; method: destroy; destination: 静岡リサイクル
    yamada says correct; entry: #1; field: persons; correction: 3776; reason: 一件の追加
    admin says log-key; old-key: $log; new-key: $log:2; reason: superseded
    admin says link; other: custody.example.jp/hamamatsu; other-key: $tanaka; other-seen: 7 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; relation: sister
    yamada says override; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; alarm: USB-0421 capacity-drift; alarm: USB-0421 mark-drift; reason: 修理で基板を交換、刻印を確認; by: ~yamada; second: ~audit
";

/// The lines that version 1 gained before it was published. The statements above are
/// frozen without them, so the kinds that have any stand once more.
const LATER: &str = "
    yamada says register; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; hw: 776a52ec25599bc20bc0939fc282fb9adc9a7b703e02975a6a0feee8fe167fe9; serial-grade: A; mark: luks 7e1c9b2a-aaaa-4bbb-8ccc-ddddeeeeffff; sequence: USB-0421 7e1c9b2a-aaaa-4bbb-8ccc-ddddeeeeffff 12; encryption: USB-0421 luks2 aes-xts-plain64 verified; home: 静岡支部 第一保管庫; owner: 静岡支部; class: 要配慮個人情報
    yamada says handover; receipt: SZ-2026-000124; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; encryption: USB-0421 luks2 aes-xts-plain64 verified; mark: USB-0421 gpt 5d2f3a0e-1111-4222-8333-444455556666; mark: USB-0421 luks 7e1c9b2a-aaaa-4bbb-8ccc-ddddeeeeffff; sequence: USB-0421 7e1c9b2a-aaaa-4bbb-8ccc-ddddeeeeffff 13; giver: ~yamada; receiver: ~sato; purpose: 被保険者台帳の印刷・製本; place: さくら印刷 第二工場
    audit says check; place: 静岡支部 第一保管庫; found: USB-0421 device; encryption: USB-0421 kingston-ironkey unlocked claimed; mark: USB-0421 filesystem 020A-D3E4; sequence: USB-0421 7e1c9b2a-aaaa-4bbb-8ccc-ddddeeeeffff 14; alarm: USB-0421 encryption-weaker
    yamada says override; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; alarm: USB-0421 mark-drift; alarm: USB-0421 sequence-backwards; mark: USB-0421 gpt 0b2d1c5e-5f0e-4c8b-9a58-3a1f5a0c7d11; sequence: USB-0421 7e1c9b2a-aaaa-4bbb-8ccc-ddddeeeeffff 3; reason: 修理後に再フォーマット; by: ~yamada; second: ~audit
    yamada says sighting; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; grade: attested; place: 静岡支部 第一保管庫; token: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
";

/// And with the line they gained after those.
const LATEST: &str = "
    yamada says handover; receipt: SZ-2026-000125; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; token: USB-0421 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; giver: ~yamada; receiver: ~sato; purpose: 被保険者台帳の印刷・製本; place: さくら印刷 第二工場
    yamada says check; place: 静岡支部 第一保管庫; found: USB-0421 device; token: USB-0421 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
";

/// And what erasures and retirements gained with their certificates.
const LIFECYCLE: &str = "
    yamada says erase; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; media-type: flash memory; method: purge; technique: crypto erase; tool: cryptsetup 2.7.0; verification: header overwritten, full read; destination: 静岡支部 第一保管庫; place: 静岡支部 作業室; encryption: USB-0421 luks2 aes-xts-plain64 verified; mark: USB-0421 luks 8a2d0c11-aaaa-4bbb-8ccc-ddddeeeeffff; sequence: USB-0421 8a2d0c11-aaaa-4bbb-8ccc-ddddeeeeffff 3; alarm: USB-0421 release-drift; detail: 年度末の消去; by: ~yamada; verifier: ~audit
    admin says retire; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; reason: 耐用年数; method: destroy; media-type: flash memory; technique: shredded; tool: MBD-16; verification: pieces below 6 mm; destination: 静岡リサイクル; place: 静岡支部 作業室; detail: 立会いのうえ破砕; by: ~admin; verifier: ~audit
";

/// And the rules that a policy gained for some media only.
const RULES: &str = "
    admin says policy; draft-hours: 72; interval-days: 30; grace-days: 7; loan-days: 366; grade: label; checker: not-holder; witness: optional; paper: accepted; alarm-refuses: identity-twice; draw-percent: 10; rule: home interval-days=7 grace-days=2 grade=profile checker=- draw-percent=- 静岡支部 第一保管庫; rule: class interval-days=- grace-days=- grade=- checker=other-unit draw-percent=20 要配慮個人情報; rule: medium interval-days=1 grace-days=0 grade=device checker=- draw-percent=- USB-0421; loosening: two-administrators; report-days: 5; final-days: 30; final-improper-days: 60; reason: 要配慮個人情報を別部署が点検; by: ~admin; second: ~tanaka
";

/// And a check of a sample.
const DRAWN: &str = "
    audit says check; place: 静岡支部 第一保管庫; draw: 10 3 7 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; found: USB-0421 label
";

/// And a roll-call that says what has changed.
const CHANGES: &str = "
    station says roll-call; place: 静岡支部 第一保管庫; as-in: #1; absent: USB-0421; alarm: USB-0421 left-without-handover
    suzuki says acknowledge; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; concern: left-without-handover; detail: 貸出簿を確認中
";

/// The role that came after these.
const OFFICER: &str = "
    admin says party; party: *tanaka; role: administrator; role: privacy-officer; key: $tanaka
";

/// And a check by two people, with a drive seen too weakly to count.
const ROUNDS: &str = "
    audit says check; place: 静岡支部 第一保管庫; found: USB-0421 device; found: USB-0422 label; unverified: USB-0430 attested; by: ~audit; second: ~suzuki; second-saw: USB-0422; second-saw: USB-0430
";

/// And a log key that overlaps with the one before it.
const REPLACED: &str = "
    admin says log-key; old-key: $log; new-key: $log:2; reason: superseded; overlap-until: 2026-05-01
";

/// The kinds that came last; the bytes of those before depend on their order.
const PRESENCE: &str = "
    suzuki says search; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; place: 静岡支部 会議室; detail: 机の引き出しと棚の裏
    yamada says acknowledge; medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567; concern: missing; detail: 総務に照会中
";

fn verified(note: &[u8]) -> Statement {
    let note = Note::parse(note).expect("a note");
    let statement = statement::parse(note.text()).expect("a statement");
    let required: Vec<VerifierKey> = statement.signers().into_iter().cloned().collect();
    verify_required(&note, &required).expect("its signatures");
    statement
}

#[test]
fn one_statement_of_each_kind() {
    let mut script = Script::new(false);
    let genesis = World::empty().genesis();
    let mut kinds = vec![genesis];
    for line in FULL.lines().map(str::trim).filter(|line| !line.is_empty()) {
        kinds.push(script.statement(line).expect("said"));
    }
    let mut said = |lines: &str| -> Vec<Statement> {
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(|line| script.statement(line).expect("said")).collect()
    };
    let (later, latest, lifecycle) = (said(LATER), said(LATEST), said(LIFECYCLE));
    let rules = said(RULES);
    kinds.extend(said(PRESENCE));
    let (drawn, roles) = (said(DRAWN), said(OFFICER));
    let (changes, rounds) = (said(CHANGES), said(ROUNDS));
    let replaced = said(REPLACED);
    let names: Vec<&str> = kinds.iter().map(Statement::kind).collect();
    let known: Vec<&str> = Statement::KINDS.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(names, known, "one of each kind, in order");
    let keys = |statement: &Statement| -> Vec<String> {
        statement.lines().0.into_iter().map(|(key, _)| key).collect()
    };
    for (folder, statements) in [
        ("later", &later),
        ("latest", &latest),
        ("lifecycle", &lifecycle),
        ("rules", &rules),
        ("drawn", &drawn),
        ("roles", &roles),
        ("changes", &changes),
        ("rounds", &rounds),
        ("replaced", &replaced),
    ] {
        for statement in statements {
            let note = script.world.sign(statement).to_bytes();
            frozen(&format!("statements/{folder}/{}.note", statement.kind()), &note);
            assert_eq!(verified(&note), *statement);
        }
    }
    for statement in kinds {
        let note = script.world.sign(&statement).to_bytes();
        let same_kind = |other: &&Statement| other.kind() == statement.kind();
        let again = later
            .iter()
            .chain(&latest)
            .chain(&lifecycle)
            .chain(&rules)
            .chain(&drawn)
            .chain(&roles)
            .chain(&changes)
            .chain(&rounds)
            .chain(&replaced)
            .filter(same_kind);
        let keys: Vec<String> = again.chain([&statement]).flat_map(keys).collect();
        let fields = Statement::KINDS.iter().find(|(kind, _)| *kind == statement.kind());
        for field in fields.expect("known").1 {
            assert!(
                keys.iter().any(|key| key == field.key),
                "{} has no {}",
                statement.kind(),
                field.key
            );
        }
        frozen(&format!("statements/{}.note", statement.kind()), &note);
        assert_eq!(verified(&note), statement);
    }
}

fn small_ledger() -> World {
    let mut script = Script::new(false);
    let source = fs::read_to_string(folder().join("ledger.script")).expect("the script");
    for line in source.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        script.line(line).unwrap_or_else(|refusals| panic!("{line}: {refusals}"));
    }
    script.world
}

#[test]
fn a_small_ledger_of_all_kinds() {
    let world = small_ledger();
    let mut said: Vec<&str> = world.entries.iter().map(|entry| entry.statement.kind()).collect();
    said.sort_unstable();
    said.dedup();
    // These came after the ledger was frozen; the tables of the core have them.
    said.extend(["search", "acknowledge"]);
    assert_eq!(said.len(), Statement::KINDS.len(), "all kinds: {said:?}");
    for (index, entry) in world.entries.iter().enumerate() {
        frozen(&format!("ledger/{index:03}.note"), &entry.note.to_bytes());
    }
    let last = world.entries.last().expect("entries");
    let size = world.entries.len() as u64;
    let head = Checkpoint::new(ORIGIN, size, last.root).expect("a head");
    let checkpoint = head.sign(&signing_key("log:2")).expect("signs");
    frozen("ledger/checkpoint", &checkpoint.to_bytes());
    let expected = json!({
        "leaves": world.entries.iter().map(|entry| entry.leaf.to_string()).collect::<Vec<_>>(),
        "root": last.root.to_string(),
        "state": summary(&world.state),
        "serial-grades": serial_grades(),
    });
    let text = serde_json::to_string_pretty(&expected).expect("writes") + "\n";
    frozen("ledger/expected.json", text.as_bytes());
}

/// From the frozen files alone, as any other reader would begin.
#[test]
fn the_frozen_ledger_verifies() {
    let bytes = fs::read(folder().join("ledger/expected.json")).expect("expected.json");
    let expected: Value = serde_json::from_slice(&bytes).expect("JSON");
    let leaves = expected["leaves"].as_array().expect("leaves");
    let mut frontier = Frontier::new();
    let mut state = State::default();
    let mut notes = Vec::new();
    for (index, leaf) in leaves.iter().enumerate() {
        let note = fs::read(folder().join(format!("ledger/{index:03}.note"))).expect("a note");
        let statement = verified(&note);
        let found = leaf_hash(&note);
        assert_eq!(*leaf, found.to_string(), "entry {index}");
        state.apply(found, &statement);
        frontier.push(found);
        notes.push(note);
    }
    assert_eq!(expected["root"], frontier.root().to_string());
    assert_eq!(expected["state"], summary(&state));
    let checkpoint = fs::read(folder().join("ledger/checkpoint")).expect("checkpoint");
    let mut auditor = Auditor::new();
    auditor.take(&notes);
    let audit = auditor.finish(Some(&checkpoint), Some(&vkey("log:2")));
    assert!(audit.is_green(), "{:?}", audit.findings);
}

/// What a reader in another language should arrive at.
/// The rules without the lines that policies gained later and this ledger has none of.
fn policy(policy: &media_custody::ledger::Policy) -> Value {
    let mut rules = json!(policy);
    let said = |value: &Value| !value.is_null();
    let rules_of_its_own = !policy.rules.is_empty();
    if let Some(fields) = rules.as_object_mut() {
        fields.retain(|key, value| said(value) && (key != "rules" || rules_of_its_own));
    }
    rules
}

fn summary(state: &State) -> Value {
    let facts = state.facts.as_ref().expect("founded");
    let party = |party: &media_custody::ledger::Party| {
        json!({
            "named": party.party.spoken(),
            "roles": party.roles,
            "key": party.key.as_ref().map(ToString::to_string),
            "entry": party.enrolled,
        })
    };
    let medium = |medium: &media_custody::ledger::Medium| {
        json!({
            "holder": medium.custody.holder,
            "place": medium.custody.place,
            "entry": medium.custody.index,
            "receipt": medium.custody.receipt,
            "due": medium.custody.due,
            "fully-signed": medium.custody.fully_signed,
            "seen": { "entry": medium.seen.index, "grade": medium.seen.grade, "at": medium.seen.at.to_string() },
            "registered": medium.registered.to_string(),
            "encryption": medium.encryption.to_string(),
            "presence": match medium.presence {
                media_custody::ledger::Presence::Present => "present",
                media_custody::ledger::Presence::Missing { .. } => "missing",
                media_custody::ledger::Presence::Lost { .. } => "lost",
                media_custody::ledger::Presence::Retired { .. } => "retired",
            },
        })
    };
    let keys = state.keys.values().map(|record| {
        json!({
            "key": record.key.to_string(),
            "party": record.party,
            "from": record.from,
            "until": record.until.map(|(index, reason)| json!([index, reason])),
        })
    });
    json!({
        "size": state.size,
        "newest": state.newest.map(|newest| newest.to_string()),
        "origin": facts.origin,
        "log-keys": facts.log_keys.iter().map(|(from, key)| json!([from, key.to_string()])).collect::<Vec<_>>(),
        "policy": policy(&state.policy),
        "parties": state.parties.iter().map(|(id, p)| (id.to_string(), party(p))).collect::<serde_json::Map<_, _>>(),
        "keys": keys.collect::<Vec<_>>(),
        "media": state.media.iter().map(|(id, m)| (id.to_string(), medium(m))).collect::<serde_json::Map<_, _>>(),
        "receipts": state.receipts,
        "open-requests": state.requests.keys().collect::<Vec<_>>(),
    })
}

/// The rule by which serials are graded decides whether a stored registration is
/// sound, so it is part of the format: what was grade A once stays it.
fn serial_grades() -> Value {
    let id = "0951:1666".parse().expect("vid:pid");
    let graded = |text: &str| {
        let serial = Serial::from_text(text);
        json!([serial.to_string(), grade(&serial, id, false).grade.to_string()])
    };
    [
        "1C6F65D8ABCDE1234567",
        "4C530001230412111111",
        "200608171234",
        "AA00000000000489",
        "000000000001",
        "AB12",
        "シリアル12345678",
        "WD-WX 1234567890A",
        "",
        "000000000000",
        "09511666",
        "0951166600000000",
        "123456789ABC",
        "0123456789ABCDEF",
        "DEADBEEF",
        "none",
    ]
    .map(graded)
    .into()
}
