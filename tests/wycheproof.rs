//! Project Wycheproof's Ed25519 vectors against our verification.
//!
//! Policy: what Wycheproof calls valid must be accepted and what it calls invalid
//! refused, without a list of exceptions. Where RFC 8032 leaves a choice we are
//! stricter (cofactorless equation, no small-order key or R), and these vectors
//! hold none of those cases; the last two tests add them.

use media_custody::model::VerifierKey;
use media_custody::wire::note::SignatureLine;
use media_custody::wire::signature::{LineRefused, PreparedKey, WeakKey, verify};
use wycheproof::TestResult;
use wycheproof::eddsa::{TestFlag, TestName, TestSet};

#[test]
fn verdicts_agree_with_wycheproof() {
    let set = TestSet::load(TestName::Ed25519).expect("the vectors load");
    let (mut accepted, mut refused, mut malleable) = (0, 0, 0);
    for group in &set.test_groups {
        let public: [u8; 32] = group.key.pk.as_slice().try_into().expect("32 bytes");
        let key = PreparedKey::new(&public).expect("Wycheproof's keys are usable");
        for test in &group.tests {
            let signature: Result<&[u8; 64], _> = test.sig.as_slice().try_into();
            let verdict = signature.is_ok_and(|bytes| key.verifies(&test.msg, bytes));
            let expected = test.result == TestResult::Valid;
            assert_eq!(verdict, expected, "test {}: {}", test.tc_id, test.comment);
            accepted += usize::from(verdict);
            refused += usize::from(!verdict);
            malleable += usize::from(test.flags.contains(&TestFlag::SignatureMalleability));
        }
    }
    assert_eq!(accepted + refused, set.number_of_tests);
    // The numbers are those of the vectors at hand: fewer would mean that a set
    // was skipped.
    assert!(accepted >= 80 && refused >= 60 && malleable >= 8, "{accepted} {refused} {malleable}");
}

#[test]
fn wrong_lengths_are_refused_in_a_note_too() {
    let set = TestSet::load(TestName::Ed25519).expect("the vectors load");
    let group = &set.test_groups[0];
    let public: [u8; 32] = group.key.pk.as_slice().try_into().expect("32 bytes");
    let key = VerifierKey::new("wycheproof.example".parse().expect("name"), public);
    for test in group.tests.iter().filter(|test| test.sig.len() != 64) {
        let bytes = test.sig.to_vec();
        let line = SignatureLine { name: "wycheproof.example".into(), id: key.id(), bytes };
        let refused = LineRefused::Length(test.sig.len());
        assert_eq!(verify(&key, "text\n", &line), Err(refused));
    }
}

/// The eight points of small order and their other spellings: every one of them
/// is refused as a key, and as R.
#[test]
fn strictness_beyond_the_vectors() {
    let small = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    let set = TestSet::load(TestName::Ed25519).expect("the vectors load");
    let public: [u8; 32] = set.test_groups[0].key.pk.as_slice().try_into().expect("32 bytes");
    let honest = PreparedKey::new(&public).expect("usable");
    let mut second_spellings = 0;
    for text in small {
        let raw = data_encoding::HEXLOWER.decode(text.as_bytes()).expect("hex");
        let point: [u8; 32] = raw.try_into().expect("32 bytes");
        let refused = PreparedKey::new(&point).expect_err("a small-order key");
        second_spellings += usize::from(refused == WeakKey::NotCanonical);
        for message in [b"one".as_slice(), b"two"] {
            let mut signature = [0u8; 64];
            signature[..32].copy_from_slice(&point);
            assert!(!honest.verifies(message, &signature), "R = {text}");
        }
    }
    assert!(second_spellings >= 5, "{second_spellings}");
}

/// A signature that its signer made with the neutral element for R. It satisfies
/// the equation, so plain verification accepts it; its nonce is zero, which gives
/// the private key away (S = k * a), so nobody's signature looks like this by
/// accident, and strict verification refuses it. The key is that of the seed
/// 11 11 ... 11; S was computed apart.
#[test]
fn a_small_order_r_that_satisfies_the_equation_is_refused() {
    let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).expect("hex");
    let public: [u8; 32] = hex("d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737")
        .try_into()
        .expect("32");
    let signature: [u8; 64] =
        hex("0100000000000000000000000000000000000000000000000000000000000000\
         ee5c2c9c2e69df620f24f17106b33b78536a172a24dbaf4f58c48180aab31002")
        .try_into()
        .expect("64");
    let message = b"custody/test/v1\n";
    let lax = ed25519_dalek::VerifyingKey::from_bytes(&public).expect("a key");
    let parsed = ed25519_dalek::Signature::from_bytes(&signature);
    let accepted = ed25519_dalek::Verifier::verify(&lax, message, &parsed).is_ok();
    assert!(accepted, "else this vector shows nothing");
    let strict = PreparedKey::new(&public).expect("a key");
    assert!(!strict.verifies(message, &signature));
}
