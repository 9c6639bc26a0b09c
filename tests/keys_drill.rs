//! The drill of docs/keys.md as it stands there, and what must hold behind it.

mod office;

use office::Case;
use office::drill::{blocks, sh};

#[test]
fn a_stolen_key_is_revoked_listed_and_replaced_as_it_is_written() {
    let case = Case::new();
    let with = "--yes --keep-tokens --passphrase-file words";
    let before = "handover USB-0421 --from yamada --to sasaki --purpose 点検";
    case.ok(&format!("{before} --receipt-file before.receipt {with}"));
    let blocks = blocks("docs/keys.md");
    assert_eq!(blocks.len(), 5, "five steps");
    for (step, block) in blocks.iter().enumerate() {
        let (fine, said) = sh(&case, block);
        assert!(fine, "{block}\n{said}");
        if step == 0 {
            // The thief has the old key and its passphrase.
            let stolen = format!("return USB-0421 --to yamada {with}");
            let refused = case.exits(1, &stolen);
            assert!(refused.stderr.contains("was revoked by entry 11"), "{}", refused.stderr);
        }
        if step == 1 {
            assert!(said.contains("compromised"), "{said}");
            assert!(said.contains("SZ-2026-000002") && said.contains("USB-0421"), "{said}");
            assert!(!said.contains("USB-0422"), "of others nothing is listed: {said}");
        }
    }
    case.ok("verify before.receipt --log-key ledger/log.vkey");
    case.ok(&format!("return USB-0421 --to yamada {with}"));
    case.ok("verify");
}
