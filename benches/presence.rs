//! The list of what is due and the bounds, over many media.

mod support;

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use media_custody::ledger::calendar::Calendar;
use media_custody::ledger::{Policy, State};
use media_custody::ops::simulate::one_drive;
use media_custody::report::Status;
use media_custody::report::bound::Bounds;
use media_custody::report::notices::Notices;
use support::{Spread, Verdict, row, timed};

const MEDIA: usize = 100_000;
/// The limit.
const LIMIT: Duration = Duration::from_millis(100);
const ROUNDS: usize = 15;

/// One drive's state, multiplied, last seen over the last forty days: a quarter is due or
/// overdue, and one rule fits none of them.
fn many() -> State {
    let rule = "class interval-days=14 grace-days=3 grade=- checker=- draw-percent=- 別の情報";
    let policy = Policy { rules: vec![rule.parse().expect("a rule")], ..Policy::default() };
    let mut state = one_drive(&policy).expect("a ledger");
    let one = state.media.values().next().expect("a drive").clone();
    for number in 0..MEDIA {
        let mut medium = one.clone();
        medium.line.id = format!("USB-{number:06}").parse().expect("an id");
        let days = u32::try_from(number % 40).unwrap_or(0);
        medium.seen.at = medium.seen.at.plus_days(days);
        state.media.insert(medium.line.id.clone(), medium);
    }
    state
}

fn presence(bench: &mut Criterion) {
    let state = many();
    let now = state.newest.expect("a time").plus_days(40);
    let spread = |work: &dyn Fn() -> usize| {
        Spread::of(
            (0..ROUNDS).map(|_| timed(|| black_box(work())).1.as_secs_f64() / LIMIT.as_secs_f64()),
        )
    };
    let status = || Status::new(&state, now).rows.len();
    let taken = spread(&status);
    let met = Verdict::of(taken.most() < 1.0);
    row("status of 100,000 media from the state / 100 ms", "below 1", taken, met);
    let calendar = Calendar::parse("weekend sat sun\n").expect("a calendar");
    let bounds = || Bounds::new(&state, now, &calendar, &[]).rows.len();
    let taken = spread(&bounds);
    let met = Verdict::of(taken.most() < 1.0);
    row("bounds of 100,000 media / 100 ms", "below 1", taken, met);
    let notices = || Notices::new(&state, now).rows.len();
    let taken = spread(&notices);
    let met = Verdict::of(taken.most() < 1.0);
    row("due list of 100,000 media, with whom to tell / 100 ms", "below 1", taken, met);

    let mut group = bench.benchmark_group("presence");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(300));
    group.bench_function("status", |bencher| bencher.iter(status));
    group.finish();
}

criterion::criterion_group!(benches, presence);
criterion::criterion_main!(benches);
