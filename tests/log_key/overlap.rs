//! The end of an overlap, by a clock that the test moves.

use std::sync::Arc;

use media_custody::keyring::load_log_key;
use media_custody::model::{PartyRef, VerifierKey};
use media_custody::ops::party::{Enrolment, enrol};
use media_custody::ops::replace_log_key::{Replacement, draft};
use media_custody::ops::{FixedClock, Ledger};
use media_custody::proof::checkpoint::{Checkpoint, SignedCheckpoint};
use media_custody::proof::receipt::Receipt;
use media_custody::proof::tlog_proof::TlogProof;

use crate::key;
use crate::office::{self, Case, at, of};

/// The log key is replaced on the seventh, for a week.
const REPLACED: &str = "2026-01-07T10:00:00+09:00";
const LAST_MOMENT: &str = "2026-01-14T23:59:59+09:00";
const FIRST_AFTER: &str = "2026-01-15T00:00:00+09:00";

/// Whether the newest checkpoint is by each of two keys.
fn by(ledger: &mut Ledger, keys: [&VerifierKey; 2]) -> [bool; 2] {
    let bytes = ledger.store().checkpoint().expect("read").expect("one");
    let checkpoint = SignedCheckpoint::parse(&bytes).expect("one");
    assert_eq!(checkpoint.checkpoint().size(), ledger.state().size, "the newest");
    keys.map(|key| checkpoint.verify(key).is_ok())
}

fn record(ledger: &mut Ledger, case: &Case) {
    let id = format!("p{}", ledger.state().size);
    let wish = Enrolment {
        party: PartyRef::new(of(&id), of("名無し"), Some(of("さくら印刷"))).expect("party"),
        roles: vec![of("outside")],
        key: None,
        renew: false,
        by: of("yamada"),
    };
    let draft = enrol(ledger, wish).expect("decided");
    office::submit(ledger, draft, &case.keys());
}

/// An office whose overlap is over; the old vkey is in `old.vkey`.
fn case_after_the_end() -> Case {
    let case = Case::new();
    case.write("old.vkey", case.read("ledger/log.vkey"));
    let clock = Arc::new(FixedClock::at(at(REPLACED)));
    let keys = case.keys();
    let mut ledger = case.ledger();
    ledger.set_clock(clock.clone());
    let wish = Replacement {
        by: of("kato"),
        reason: of("superseded"),
        overlap_days: Some(7),
        in_agent: None,
    };
    let replacement = draft(&mut ledger, &wish).expect("drafted");
    office::submit(&mut ledger, replacement, &keys);
    let (old, new) = (key(&case, "old.vkey"), key(&case, "ledger/log.vkey"));
    assert_eq!(by(&mut ledger, [&old, &new]), [true, true]);
    clock.set(at(LAST_MOMENT));
    record(&mut ledger, &case);
    assert_eq!(by(&mut ledger, [&old, &new]), [true, true], "to the end of the last day");
    clock.set(at(FIRST_AFTER));
    record(&mut ledger, &case);
    assert_eq!(by(&mut ledger, [&old, &new]), [false, true], "and not a second longer");
    drop(ledger);
    case
}

#[test]
fn after_the_end_the_new_key_alone_signs_and_its_file_is_to_be_destroyed() {
    let case = case_after_the_end();
    let words = "log.old.pem names a log key that was replaced";
    for line in ["status", "verify --log-key old.vkey", "verify --log-key ledger/log.vkey"] {
        let said = case.exits(0, line).stderr;
        assert_eq!(said.contains(words), line == "status", "{line}: {said}");
    }
    // Through a daemon, which may run for years, people are told as well.
    let daemon = crate::running::Running::start(&case);
    assert!(daemon.text().contains(words), "{}", daemon.text());
    assert!(case.exits(0, "status").stderr.contains(words));
    std::fs::remove_file(case.path("ledger/log.old.pem")).expect("destroyed");
    assert!(!case.exits(0, "status").stderr.contains(words));
    daemon.end();
    assert_eq!(case.exits(0, "status").stderr, "");
    case.ok(&format!("{} {}", crate::HANDOVER, crate::WITH));
    case.ok("verify --log-key old.vkey");
}

#[test]
fn after_the_end_a_checkpoint_by_the_old_key_alone_is_refused_wherever_the_ledger_is() {
    let case = case_after_the_end();
    let origin = key(&case, "old.vkey");
    let old = load_log_key(&case.path("ledger/log.old.pem"), &origin).expect("the old key");
    let newest = SignedCheckpoint::parse(&case.read("ledger/checkpoint")).expect("one");
    let newest = newest.checkpoint().clone();
    let forged = |size, root| {
        let made = Checkpoint::new(newest.origin(), size, root).expect("one");
        made.sign(&old).expect("signed")
    };
    // A receipt of a real entry under the real root, and nothing but the old key on it.
    let alone = forged(newest.size(), *newest.root());
    let receipt = {
        let mut ledger = case.ledger();
        let real = ledger.receipt_of(newest.size() - 1).expect("a receipt");
        let path = real.proof().path().to_vec();
        let proof = TlogProof::new(newest.size() - 1, path, alone.clone());
        Receipt::new(real.note().clone(), proof).expect("a receipt")
    };
    case.write("forged.receipt", receipt.to_bytes());
    let refused = case.exits(4, "verify forged.receipt");
    assert!(refused.stdout.contains("replaced"), "{}", refused.stdout);
    case.exits(4, "verify forged.receipt --log-key ledger/log.vkey");
    // Whoever has only the old verifier key cannot know it: docs/keys.md says so.
    case.ok("verify forged.receipt --log-key old.vkey");
    // Kept elsewhere, it speaks for nothing and stops nothing.
    case.write("forged.checkpoint", alone.to_bytes());
    case.exits(1, "ledger check forged.checkpoint");
    let longer = forged(newest.size() + 5, *newest.root());
    case.write("longer.checkpoint", longer.to_bytes());
    case.exits(1, "ledger check longer.checkpoint");
    case.ok(&format!("{} {}", crate::HANDOVER, crate::WITH));
    // In the ledger's own place it is none.
    let newest = SignedCheckpoint::parse(&case.read("ledger/checkpoint")).expect("one");
    let newest = newest.checkpoint();
    case.write("ledger/checkpoint", forged(newest.size(), *newest.root()).to_bytes());
    case.exits(4, "verify");
    case.exits(4, "verify --log-key old.vkey");
}
