//! People, keys and rules: revocation, rotation, policy, corrections.

use crate::office::{Case, ORIGIN};

const WITH: &str = "--passphrase-file words";

#[test]
fn after_a_revocation_signatures_fail_and_entries_before_stand() {
    let case = Case::new();
    case.ok(&format!(
        "handover USB-0421 --from yamada --to sasaki --purpose 点検 --receipt-file a.receipt {WITH}"
    ));
    let revoked = case.json(0, &format!("party revoke sasaki --reason lost --by kato {WITH}"));
    assert_eq!((&revoked["entry"], &revoked["kind"]), (&11.into(), &"key-revoke".into()));
    let refused = case.exits(1, &format!("return USB-0421 --to yamada {WITH}"));
    assert!(refused.stderr.contains("was revoked by entry 11"), "{}", refused.stderr);
    // The receipt signed with it before is as good as ever.
    let found = case.json(0, "verify a.receipt");
    assert_eq!(found["verdict"], "passed", "{found}");
    assert_eq!(case.json(0, "verify")["verdict"], "passed");
    let party = case.json(0, "party show sasaki");
    assert_eq!(party["key"], serde_json::Value::Null);
    assert_eq!(party["revoked"].as_array().expect("revoked").len(), 1);
    let text = case.ok("party show sasaki").replace('\n', " ");
    assert!(text.contains("11, then lost"), "{text}");
}

#[test]
fn a_key_is_rotated_and_the_drive_comes_back_with_the_new_one() {
    let case = Case::new();
    let name = format!("sato-2.{ORIGIN}");
    case.ok(&format!("key new {name} {WITH}"));
    let vkey = case.ok(&format!("key show {name}"));
    // Somebody else's key is an administrator's to change; the custodian alone could
    // sign for both sides of a handover.
    case.write("new.vkey", vkey);
    let refused =
        case.exits(1, &format!("party add sato --renew --vkey new.vkey --by yamada {WITH}"));
    assert!(refused.stderr.contains("administrator"), "{}", refused.stderr);
    // With the old key one renews one's own.
    case.ok(&format!("party add sato --renew --vkey new.vkey --by sato {WITH}"));
    let back =
        case.json(0, &format!("return USB-0422 --to yamada --receipt-file b.receipt {WITH}"));
    assert_eq!(back["receipt"]["giver"]["key"]["name"], name);
    // What was signed with either key stands.
    case.ok("verify held.receipt");
    case.ok("verify b.receipt");
    case.ok("verify");
    assert_eq!(case.json(0, "party show sato")["revoked"].as_array().expect("old keys").len(), 1);
    // The old one signs nothing any more.
    case.exits(1, &format!("party add sato --renew --vkey keys/sato.custody.example.jp%2Fshizuoka.vkey --by kato {WITH}"));
}

#[test]
fn a_renewal_keeps_what_is_not_given() {
    let case = Case::new();
    case.ok(&format!("party add sato --renew --organisation さくら製本 --by yamada {WITH}"));
    let party = case.json(0, "party show sato");
    assert_eq!(party["who"]["name"], "佐藤 一郎");
    assert_eq!(party["who"]["organisation"], "さくら製本");
    assert_eq!(party["roles"][0], "outside");
    assert_eq!(party["key"]["name"], format!("sato.{ORIGIN}"));
}

#[test]
fn a_policy_holds_from_its_entry_on() {
    let case = Case::new();
    case.ok(&format!("policy set --witness required --reason 監査の指摘 --by kato {WITH}"));
    assert_eq!(case.json(0, "policy show")["witness"], "required");
    assert_eq!(case.json(0, "policy show")["interval_days"], 30);
    assert!(case.ok("policy show").contains("30"));
    let line = format!("handover USB-0421 --from yamada --to sato --purpose 印刷 {WITH}");
    case.exits(1, &line);
    case.ok(&format!("{line} --witness audit"));
    // Entry 9 had no witness, and was right to have none.
    assert_eq!(case.json(0, "verify")["verdict"], "passed");
}

#[test]
fn a_correction_is_an_entry_and_changes_none() {
    let case = Case::new();
    let before = case.json(0, "receipt SZ-2026-000001");
    let line = format!("correct 9 --field persons --to 3757 --reason 転記誤り --by yamada {WITH}");
    let corrected = case.json(0, &line);
    assert_eq!((&corrected["entry"], &corrected["kind"]), (&10.into(), &"correct".into()));
    let after = case.json(0, "receipt SZ-2026-000001");
    assert_eq!(
        (&before["persons"], &before["codes"]["note"]),
        (&after["persons"], &after["codes"]["note"])
    );
    assert!(case.ok("log").contains("3757"), "{}", case.ok("log"));
    assert_eq!(case.json(0, "verify")["verdict"], "passed");
}

#[test]
fn keys_come_and_go_as_openssl_makes_them() {
    let case = Case::new();
    case.ok(&format!("key import imported.example.jp --from ledger/log.pem --unencrypted {WITH}"));
    let log = case.json(0, "key show --log")["keys"][0].clone();
    let imported = case.json(0, "key show imported.example.jp")["keys"][0].clone();
    let raw = |key: &serde_json::Value| {
        key["vkey"].as_str().expect("vkey").rsplit('+').next().expect("bytes").to_owned()
    };
    assert_eq!(raw(&log), raw(&imported));
    let pem = case.text("keys/imported.example.jp.pem");
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "{pem}");
    // And again from the encrypted file, under another passphrase.
    case.write("new-words", "another passphrase\n");
    case.ok(
        "key import second.example.jp --from keys/imported.example.jp.pem --old-passphrase-file words \
         --passphrase-file new-words",
    );
    case.exits(
        1,
        "key import third.example.jp --from keys/second.example.jp.pem \
                   --old-passphrase-file words --passphrase-file words",
    );
    assert!(case.json(0, "key show")["keys"].as_array().expect("keys").len() >= 8);
}
