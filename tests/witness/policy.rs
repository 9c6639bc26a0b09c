//! c2sp.org/tlog-policy, line by line.

use media_custody::proof::consistency::prove_consistency;
use media_custody::proof::cosignature::cosign;
use media_custody::proof::fork::{Beginning, ForkProof};
use media_custody::proof::quorum::{PolicyFlaw, WitnessPolicy};
use media_custody::proof::witness::{AddCheckpoint, WitnessedLog};
use media_custody::wire::signature::{Signer as _, SigningKey};

use proptest::prelude::*;

use crate::desk::Desk;
use crate::office::of;

fn witness(seed: u8) -> SigningKey {
    SigningKey::cosigner_from_seed(of(&format!("w{seed}.example")), &[seed; 32])
}

/// The specification's example, with keys.
fn example(log: &str) -> String {
    let key = |seed| witness(seed).key().to_string();
    format!(
        "log {log}\n\n# Ours\nwitness X1 {}\nwitness X2 {}\twitness.example/add\n\t witness X3 {} \n\
         group X-witnesses 2 X1 X2 X3\n\nwitness Y1 {}\nwitness Y2 {}\nwitness 立会人 {}\n\
         group Y-witnesses any Y1 Y2 立会人\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n",
        key(1),
        key(2),
        key(3),
        key(4),
        key(5),
        key(6)
    )
}

#[test]
fn the_specifications_example_counts_as_it_says() {
    let desk = Desk::new();
    let policy = example(&desk.log.key().to_string());
    let policy = WitnessPolicy::parse(policy.as_bytes()).expect("sound");
    assert!(policy.takes_log(desk.log.key()) && policy.witnesses().len() == 6);
    let (_, tree) = desk.ledger(3);
    for (by, enough) in [
        (&[1, 2, 4][..], true),
        (&[1, 3, 6][..], true),
        (&[1, 2, 3, 4, 5, 6][..], true),
        (&[1, 2, 3][..], false),
        (&[1, 4, 5, 6][..], false),
        (&[4, 5, 6][..], false),
        (&[][..], false),
        (&[1, 1, 4][..], false),
        (&[1, 9, 4][..], false),
    ] {
        let mut signed = desk.checkpoint(&tree, 3);
        for (at, seed) in by.iter().enumerate() {
            let line = cosign(&signed, 1_790_000_000 + at as u64, &witness(*seed)).expect("signs");
            signed = signed.with_line(line).expect("attached");
        }
        let found = policy.judge(&signed).expect("judged");
        assert_eq!(found.enough, enough, "{by:?}");
        assert!(found.by.len() + found.missing.len() == 6, "{by:?}");
    }
    let mut line = cosign(&desk.checkpoint(&tree, 3), 5, &witness(1)).expect("signs");
    line.bytes[20] ^= 1;
    let bad = desk.checkpoint(&tree, 3).with_line(line).expect("attached");
    assert!(policy.judge(&bad).is_err(), "a line that claims to be a witness's");
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let log = Desk::new().log.key().to_string();
    let (a, b) = (witness(1).key().to_string(), witness(2).key().to_string());
    let renamed = SigningKey::cosigner_from_seed(of("other.example"), &[1; 32]).key().to_string();
    let undefined = |name: &str| PolicyFlaw::Undefined(name.to_owned());
    let member = |name: &str| PolicyFlaw::MemberTwice(name.to_owned());
    for (text, line, flaw) in [
        (String::new(), 1, PolicyFlaw::NoQuorum),
        (format!("log {log}\n"), 2, PolicyFlaw::NoQuorum),
        ("quorum none".into(), 1, PolicyFlaw::Byte),
        ("quorum none\r\n".into(), 1, PolicyFlaw::Byte),
        ("quorum\u{b}none\n".into(), 1, PolicyFlaw::Byte),
        ("quorum none\nquorum none\n".into(), 2, PolicyFlaw::QuorumTwice),
        ("Quorum none\n".into(), 1, PolicyFlaw::Keyword),
        ("quorum\n".into(), 1, PolicyFlaw::Words),
        ("quorum a b\n".into(), 1, PolicyFlaw::Words),
        ("quorum a\n".into(), 1, undefined("a")),
        (format!("quorum a\nwitness a {a}\n"), 1, undefined("a")),
        (format!("log {a}\n"), 1, PolicyFlaw::KeyType),
        (format!("witness a {log}\n"), 1, PolicyFlaw::KeyType),
        (format!("log {log}x\n"), 1, PolicyFlaw::Key),
        (format!("log {log}\nlog {log} http://x\n"), 2, PolicyFlaw::KeyTwice),
        (format!("log {log} http://x y\n"), 1, PolicyFlaw::Words),
        (format!("witness a {a}\nwitness b {renamed}\n"), 2, PolicyFlaw::KeyTwice),
        (format!("witness a {a}\nwitness a {b}\n"), 2, PolicyFlaw::NameTaken),
        (format!("witness none {a}\n"), 1, PolicyFlaw::NameTaken),
        (format!("witness a {a}\ngroup a any a\n"), 2, PolicyFlaw::NameTaken),
        (format!("witness a {a}\ngroup g any\n"), 2, PolicyFlaw::Words),
        (format!("witness a {a}\ngroup g 0 a\n"), 2, PolicyFlaw::Threshold),
        (format!("witness a {a}\ngroup g 2 a\n"), 2, PolicyFlaw::Threshold),
        (format!("witness a {a}\ngroup g 01 a\n"), 2, PolicyFlaw::Threshold),
        (format!("witness a {a}\ngroup g +1 a\n"), 2, PolicyFlaw::Threshold),
        (format!("witness a {a}\ngroup g any none\n"), 2, undefined("none")),
        (format!("witness a {a}\ngroup g any g\n"), 2, undefined("g")),
        (format!("witness a {a}\ngroup g any a a\n"), 2, member("a")),
        (format!("witness a {a}\ngroup g any a\ngroup h any a\n"), 3, member("a")),
        ("# x\n".repeat(20_000), 1, PolicyFlaw::TooLarge),
    ] {
        let error = WitnessPolicy::parse(text.as_bytes()).expect_err(&text);
        assert_eq!((error.line, &error.flaw), (line, &flaw), "{text:.200}");
    }
    let none = WitnessPolicy::parse(b"quorum none\n").expect("sound");
    assert!(!none.asks());
    let opaque = format!("witness \u{212a} {a}\nwitness K {b}\nquorum \u{212a}\n");
    assert!(WitnessPolicy::parse(opaque.as_bytes()).is_ok(), "names are octets");
}

proptest! {
    /// Whatever becomes of these bytes: refused, or of one spelling, and never a panic.
    #[test]
    fn altered_bytes_are_refused_or_spelled_once(
        at in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>(), way in 0u8..3
    ) {
        let desk = Desk::new();
        let (_, tree) = desk.ledger(7);
        let proof = prove_consistency(&tree, 3, 7).expect("proof");
        let request = AddCheckpoint::new(3, proof, desk.checkpoint(&tree, 7)).to_bytes();
        let begins = Beginning::of(&tree, 3, 7).expect("proof");
        let (older, newer) = (desk.checkpoint(&tree, 3), desk.checkpoint(&tree, 7));
        let fork = ForkProof::new(older, newer.clone(), begins).to_bytes();
        let record = WitnessedLog::new(desk.log.key().clone()).with_latest(newer).to_bytes();
        let policy = example(&desk.log.key().to_string()).into_bytes();
        for mut bytes in [request, fork, record, policy] {
            let at = at.index(bytes.len());
            match way {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(cut.index(bytes.len())),
            }
            let _ = WitnessPolicy::parse(&bytes);
            if let Ok(read) = AddCheckpoint::parse(&bytes) {
                prop_assert_eq!(read.to_bytes(), bytes.clone());
            }
            if let Ok(read) = ForkProof::parse(&bytes) {
                prop_assert!(read.verify(desk.log.key()).is_err());
            }
            if let Ok(read) = WitnessedLog::parse(&bytes) {
                prop_assert_eq!(read.to_bytes(), bytes);
            }
        }
    }
}
