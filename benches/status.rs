//! Status and one medium's history on a ledger of a million entries: how long, how
//! much memory, and whether the log is left alone. Each is asked in a process of
//! its own, since memory once used stays counted.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use criterion::Criterion;
use media_custody::ops::ledger::Ledger;
use media_custody::ops::status;
use media_custody::render::json::to_json;
use media_custody::render::text::{self, Style};
use media_custody::store::Store as _;
use support::{Author, Spread, Verdict, medium_id, row, timed};

const ENTRIES: usize = 1_000_000;
const MEDIA: usize = 10_000;
/// Entries signed and appended at a time.
const BATCH: usize = 5_000;
const ROUNDS: usize = 5;
/// Most memory a command may take, in bytes.
const MEMORY: f64 = 300e6;
/// Share of the journal's bytes that a command may read of all files together;
/// the folded state alone is about one hundredth.
const READ: f64 = 0.05;

/// What one process says of itself.
struct Said {
    open: f64,
    answer: f64,
    memory: f64,
    read: f64,
}

/// The number behind `key` in a file of `/proc/self`.
fn own(file: &str, key: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).expect("procfs");
    let line = text.lines().find_map(|line| line.strip_prefix(key)).expect("a line of procfs");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}

/// Runs in the child: does what the command does, rendering included.
fn child(what: &str, folder: &Path) {
    let before = own("io", "rchar:");
    let (ledger, open) = timed(|| Ledger::open(folder, &mut |_, _| {}).expect("a ledger"));
    let style = Style { width: 80, colour: false };
    let (shown, answer) = timed(|| match what {
        "status" => {
            let status = status::status(&ledger).expect("a status");
            text::status(&status, style).len() + to_json(&status).len()
        }
        _ => {
            let view = status::show(&ledger, &medium_id(MEDIA / 2)).expect("a medium");
            text::medium(&view, style).len() + to_json(&view).len()
        }
    });
    let read = own("io", "rchar:") - before;
    let memory = own("status", "VmHWM:") * 1024.0;
    println!("{} {} {memory} {read} {shown}", open.as_secs_f64(), answer.as_secs_f64());
}

fn ask(what: &str, folder: &Path) -> Said {
    let program = std::env::current_exe().expect("this program");
    let out = Command::new(program).args(["--child", what]).arg(folder).output().expect("a child");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8_lossy(&out.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    let &[open, answer, memory, read, _] = numbers.as_slice() else { panic!("{text}") };
    Said { open, answer, memory, read }
}

fn build(folder: &Path) {
    let mut store = support::create(folder);
    let (mut author, notes) = Author::founded(MEDIA);
    for batch in notes.chunks(BATCH) {
        support::append(&mut store, batch);
    }
    while (store.head().size as usize) < ENTRIES {
        let have = store.head().size as usize;
        let notes = author.sightings(have, BATCH.min(ENTRIES - have), MEDIA);
        support::append(&mut store, &notes);
    }
    store.put_checkpoint(&author.checkpoint()).expect("a checkpoint");
    drop(store);
    // The first open folds the log; what it keeps at its end is what is measured.
    let (ledger, time) = timed(|| Ledger::open(folder, &mut |_, _| {}).expect("a ledger"));
    assert_eq!(*ledger.state(), author.state);
    println!("status: folding {ENTRIES} entries once took {:.1} s", time.as_secs_f64());
}

fn journal_bytes(folder: &Path) -> f64 {
    let files = std::fs::read_dir(folder.join("journal")).expect("a journal");
    files.map(|file| file.and_then(|file| file.metadata()).expect("a segment").len() as f64).sum()
}

fn large_ledger(bench: &mut Criterion) {
    let scratch = support::scratch();
    let folder = scratch.path().join("ledger");
    let (_, time) = timed(|| build(&folder));
    let journal = journal_bytes(&folder);
    println!("status: built in {:.0} s, journal of {:.0} MB", time.as_secs_f64(), journal / 1e6);
    for what in ["status", "show"] {
        let said: Vec<Said> = (0..ROUNDS).map(|_| ask(what, &folder)).collect();
        let of = |number: fn(&Said) -> f64| Spread::of(said.iter().map(number));
        let (open, answer) = (of(|s| s.open * 1e3), of(|s| s.answer * 1e3));
        println!("status: {what}: open {open} ms, answer {answer} ms");
        let memory = of(|s| s.memory);
        row(
            &format!("`{what}`, 1,000,000 entries and 10,000 media: peak memory / 300 MB"),
            "below 1",
            Spread::of(said.iter().map(|s| s.memory / MEMORY)),
            Verdict::of(memory.most() < MEMORY),
        );
        let read = Spread::of(said.iter().map(|s| s.read / journal));
        let met = Verdict::of(read.most() < READ);
        row(&format!("`{what}`: bytes read / bytes of the journal"), "below 0.05", read, met);
    }
    let mut group = bench.benchmark_group("million entries");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    group.warm_up_time(Duration::from_millis(300));
    group.bench_function("open", |bencher| {
        bencher.iter(|| {
            drop(Ledger::open(&folder, &mut |_, _| {}).expect("a ledger"));
        });
    });
    let ledger = Ledger::open(&folder, &mut |_, _| {}).expect("a ledger");
    group.bench_function("status", |bencher| {
        bencher.iter(|| status::status(&ledger).expect("a status"));
    });
    group.bench_function("show", |bencher| {
        bencher.iter(|| status::show(&ledger, &medium_id(MEDIA / 2)).expect("a medium"));
    });
    group.finish();
}

criterion::criterion_group!(benches, large_ledger);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, what, folder] = arguments.as_slice()
        && flag == "--child"
    {
        return child(what, Path::new(folder));
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
