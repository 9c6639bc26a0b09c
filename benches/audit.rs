//! Verifying a ledger of 100,000 handovers beside nothing but the verification of
//! its signatures, in turns, since a shared machine's speed changes by the second.

mod support;

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use ed25519_dalek::{Signature, VerifyingKey};
use media_custody::audit::check_note;
use media_custody::ops::verify::verify_ledger;
use media_custody::report::verification::Verdict as Outcome;
use media_custody::store::Store as _;
use media_custody::wire::note::Note;
use media_custody::wire::signature::KeyCache;
use media_custody::wire::statement;
use rayon::prelude::*;
use support::{Author, BATCH, Spread, Verdict, row, timed};

const HANDOVERS: usize = 100_000;
const MEDIA: usize = 200;
const ROUNDS: usize = 7;
/// Handovers whose signatures the bare loop verifies.
const SAMPLE: usize = 8_000;
/// The share of the bare rate of all cores that the audit must reach.
const LIMIT: f64 = 0.85;

/// A signature with everything prepared that an audit must first get at.
struct Bare {
    message: Vec<u8>,
    signature: Signature,
    key: VerifyingKey,
}

fn bare_of(note: &[u8]) -> Vec<Bare> {
    let note = Note::parse(note).expect("a note");
    let statement = statement::parse(note.text()).expect("a statement");
    let signers = statement.signers();
    let lines = signers.iter().zip(note.signatures()).map(|(key, line)| Bare {
        message: note.text().as_bytes().to_vec(),
        signature: Signature::from_slice(&line.bytes).expect("a signature"),
        key: VerifyingKey::from_bytes(key.public()).expect("a key"),
    });
    lines.collect()
}

fn verify(bare: &Bare) {
    bare.key.verify_strict(black_box(&bare.message), &bare.signature).expect("it verifies");
}

fn audit(bench: &mut Criterion) {
    let folder = support::scratch();
    let ledger = folder.path().join("ledger");
    let mut store = support::create(&ledger);
    let (mut author, notes) = Author::founded(MEDIA);
    support::append(&mut store, &notes);
    let mut sample = Vec::new();
    for first in (0..HANDOVERS).step_by(BATCH) {
        let notes = author.handovers(first, MEDIA);
        support::append(&mut store, &notes);
        if first % (HANDOVERS / SAMPLE * BATCH) == 0 {
            sample.extend(notes);
        }
    }
    store_checkpoint(&mut store, &author);
    let entries = store.head().size;
    drop(store);
    let bare: Vec<Bare> = sample.iter().flat_map(|note| bare_of(note)).collect();

    let cores = rayon::current_num_threads() as f64;
    let rate = |signatures: usize, time: Duration| signatures as f64 / time.as_secs_f64();
    let (mut one, mut all, mut ours) = (vec![], vec![], vec![]);
    let mut signatures = 0;
    for _ in 0..ROUNDS {
        // The bare loop stands on both sides of the audit, half before, half after.
        let (half, rest) = bare.split_at(bare.len() / 2);
        let alone = |part: &[Bare]| timed(|| part.iter().for_each(verify)).1;
        let together = |part: &[Bare]| timed(|| part.par_iter().for_each(verify)).1;
        let before = alone(half);
        let before_all = together(half);
        let (found, time) = timed(|| verify_ledger(&ledger, None, &mut |_, _| {}));
        let after_all = together(rest);
        let after = alone(rest);
        let found = found.expect("an audit");
        assert_eq!((found.verdict, found.entries), (Outcome::Passed, entries));
        signatures = found.signatures as usize;
        one.push(rate(bare.len(), before + after));
        all.push(rate(bare.len(), before_all + after_all));
        ours.push(rate(signatures, time));
    }
    let ratio = Spread::of(ours.iter().zip(&all).map(|(ours, all)| ours / all));
    let alone = Spread::of(ours.iter().zip(&one).map(|(ours, one)| ours / (one * cores)));
    // What the machine itself gives: virtual cores share heat, caches and neighbours.
    let given = Spread::of(all.iter().zip(&one).map(|(all, one)| all / (one * cores)));
    let bytes: usize = sample.iter().map(Vec::len).sum();
    println!(
        "audit of {entries} entries ({} bytes each), {signatures} signatures: {:.0} a second; \
         bare on one core {:.0}, on {cores} cores {:.0}",
        bytes / sample.len(),
        Spread::of(ours.iter().copied()).median(),
        Spread::of(one).median(),
        Spread::of(all).median(),
    );
    let verdict = Verdict::of(ratio.median() >= LIMIT);
    let what = "audit of 100,000 handovers / bare `verify_strict` on all cores at once";
    row(what, "at least 0.85", &ratio, verdict);
    row(
        "the same / (cores x bare `verify_strict` on one core alone)",
        "none",
        &alone,
        Verdict::None,
    );
    let what = "bare `verify_strict` on all cores at once / (cores x on one core alone)";
    row(what, "none", &given, Verdict::None);

    // Two signatures an entry.
    beside_peers(folder.path(), &sample, 2.0 / Spread::of(ours.iter().copied()).median());

    let mut group = bench.benchmark_group("audit");
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(300)).throughput(Throughput::Elements(1));
    let keys = KeyCache::new();
    let mut turn = sample.iter().cycle();
    group.bench_function("one note, two signatures", |bencher| {
        bencher.iter(|| turn.next().map(|note| check_note(&keys, note)));
    });
    group.bench_function("the same without verifying", |bencher| {
        bencher.iter(|| {
            let note = turn.next().and_then(|note| Note::parse(note).ok())?;
            statement::parse(note.text()).ok()
        });
    });
    let mut turn = bare.iter().cycle();
    group.bench_function("one bare verify_strict", |bencher| {
        bencher.iter(|| turn.next().map(verify));
    });
    group.finish();
}

/// The audit of one entry beside what others take for one of theirs, in this run.
fn beside_peers(folder: &Path, sample: &[Vec<u8>], ours: f64) {
    let go = support::peers::go_note_open(folder, sample);
    let git = support::peers::git_verify_commit(folder, sample.len());
    for (what, peer) in [
        ("audit of an entry / Go's `note.Open` of the same, all cores", go),
        ("audit of an entry / `git verify-commit` of one SSH-signed commit", git),
    ] {
        match peer {
            Some(peer) => row(what, "none", format!("{:.4}", ours / peer), Verdict::None),
            None => println!("audit: the peer is not here: {what}"),
        }
    }
}

fn store_checkpoint(store: &mut media_custody::store::FileStore, author: &Author) {
    store.put_checkpoint(&author.checkpoint()).expect("a checkpoint");
}

criterion::criterion_group!(benches, audit);
criterion::criterion_main!(benches);
