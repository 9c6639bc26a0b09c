//! One handover from the decision to the acknowledged entry, beside the two
//! signature checks and the syncs it cannot do without.

mod support;

use std::fs::{self, File};
use std::hint::black_box;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use media_custody::model::{Stamp, Statement};
use media_custody::ops::clock::FixedClock;
use media_custody::ops::draft::Draft;
use media_custody::ops::ledger::Ledger;
use media_custody::store::Store as _;
use media_custody::wire::signature::{KeyCache, verify_required_with};
use support::{Author, Spread, Verdict, row, signing_key, timed};

const ROUNDS: usize = 5;
/// More than the entries between two kept states, so that each round has one.
const HANDOVERS: usize = 128;

fn ledger(folder: &Path, media: usize) -> Ledger {
    let mut store = support::create(folder);
    let (author, notes) = Author::founded(media);
    for batch in notes.chunks(1_000) {
        support::append(&mut store, batch);
    }
    store.put_checkpoint(&author.checkpoint()).expect("a checkpoint");
    drop(store);
    let mut ledger = Ledger::open(folder, &mut |_, _| {}).expect("a ledger");
    let now: Stamp = support::NOW.parse().expect("a time");
    ledger.set_clock(Arc::new(FixedClock::at(now.unix())));
    ledger.set_log_signer(signing_key("log"));
    ledger
}

fn signed(mut draft: Draft) -> Draft {
    let Statement::Handover(said) = draft.statement().clone() else { unreachable!() };
    for side in [&said.giver, &said.receiver] {
        draft.sign(&signing_key(side.id().as_str())).expect("a signature");
    }
    draft
}

/// Decides and commits one handover. The signing between is the parties' own time.
fn hand_over(ledger: &mut Ledger, number: usize) -> (Draft, Duration) {
    let intent = support::handover(ledger.state(), number, 0);
    let (draft, deciding) = timed(|| ledger.draft(intent).expect("a handover"));
    let draft = signed(draft);
    let (_, committing) = timed(|| ledger.submit(std::slice::from_ref(&draft)).expect("an entry"));
    (draft, deciding + committing)
}

/// What a commit cannot do without: two verifications, journal and head written
/// and synced, the checkpoint replaced.
fn bare(folder: &Path, journal: &File, draft: &Draft, at: u64) -> Duration {
    let note = draft.finish().expect("a note");
    let bytes = note.to_bytes();
    let required: Vec<_> = draft.statement().signers().into_iter().cloned().collect();
    let keys = KeyCache::new();
    let work = || {
        verify_required_with(&keys, black_box(&note), &required).expect("signatures");
        journal.write_all_at(&bytes, 4_096 + at).expect("a write");
        journal.sync_data().expect("a sync");
        journal.write_all_at(&[7; 512], 0).expect("a write");
        journal.sync_data().expect("a sync");
        let fresh = folder.join("checkpoint.new");
        fs::write(&fresh, [7; 300]).expect("a write");
        File::open(&fresh).and_then(|file| file.sync_all()).expect("a sync");
        fs::rename(&fresh, folder.join("checkpoint")).expect("a name");
        File::open(folder).and_then(|folder| folder.sync_all()).expect("a sync");
    };
    timed(work).1
}

fn handover(bench: &mut Criterion) {
    let folder = support::scratch();
    let mut large = ledger(&folder.path().join("large"), 10_000);
    let mut small = ledger(&folder.path().join("small"), 100);
    let aside = folder.path().join("bare");
    fs::create_dir(&aside).expect("a folder");
    let journal = File::create(aside.join("journal")).expect("a file");
    journal.set_len(1 << 20).expect("room");

    let (mut to_bare, mut to_small) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut times = [Duration::ZERO; 3];
        for number in 0..HANDOVERS {
            let (draft, time) = hand_over(&mut large, number % 100);
            times[0] += time;
            times[1] += hand_over(&mut small, number % 100).1;
            times[2] += bare(&aside, &journal, &draft, number as u64 * 2_048);
        }
        let [large, small, bare] = times.map(|time| time.as_secs_f64());
        println!(
            "handover: {:.2} ms with 10,000 media, {:.2} ms with 100, bare {:.2} ms",
            large * 1e3 / HANDOVERS as f64,
            small * 1e3 / HANDOVERS as f64,
            bare * 1e3 / HANDOVERS as f64
        );
        to_bare.push(large / bare);
        to_small.push(large / small);
    }
    row(
        "handover decided and committed, 10,000 media / 2 `verify_strict` + the same syncs",
        "none",
        Spread::of(to_bare),
        Verdict::None,
    );
    row("the same, 10,000 media / 100 media", "none", Spread::of(to_small), Verdict::None);

    let mut group = bench.benchmark_group("handover");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(300));
    for (name, ledger) in [("10,000 media", &mut large), ("100 media", &mut small)] {
        let mut number = 0;
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                (0..iterations).fold(Duration::ZERO, |total, _| {
                    number = (number + 1) % 100;
                    total + hand_over(ledger, number).1
                })
            });
        });
    }
    group.finish();
}

criterion::criterion_group!(benches, handover);
criterion::criterion_main!(benches);
