//! A ledger of a million entries: status and one medium's history (how long, how much
//! memory, and whether the log is left alone), the audit of all of it and of what is new
//! since, and publishing what is new. Each in a process of its own, since memory once used
//! stays counted.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use criterion::Criterion;
use media_custody::ops::ledger::{Ledger, options};
use media_custody::ops::publish::publish;
use media_custody::ops::status;
use media_custody::ops::verify::verify_witnessed_ledger;
use media_custody::render::json::to_json;
use media_custody::render::text::{self, Style};
use media_custody::report::verification::Verdict as Outcome;
use media_custody::store::{FileStore, Store as _};
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
/// Most memory that the audit of all entries may take, in bytes.
const AUDIT_MEMORY: f64 = 500e6;
/// Entries that are new when the audit goes on and the log is published again.
const FRESH: usize = 1_000;
/// Share of the whole audit's processor time that the audit of what is new may take, of
/// which it is one thousandth: the rest is opening the ledger and its folded state.
const FRESH_SHARE: f64 = 0.02;

/// What one process says of itself.
struct Said {
    open: f64,
    answer: f64,
    memory: f64,
    read: f64,
    done: f64,
}

/// Seconds of processor time that this process and its threads have used.
fn processor() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").expect("procfs");
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or("").split(' ').collect();
    let ticks: f64 = [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<f64>().ok()).sum();
    // Linux counts them in hundredths of a second, whatever the kernel's own clock does.
    ticks / 100.0
}

/// The number behind `key` in a file of `/proc/self`.
fn own(file: &str, key: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).expect("procfs");
    let line = text.lines().find_map(|line| line.strip_prefix(key)).expect("a line of procfs");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}

/// Runs in the child: does what the command does, rendering included.
fn child(what: &str, folder: &Path) {
    match what {
        "status" | "show" => asked(what, folder),
        _ => worked(what, folder),
    }
}

/// The audit of everything, the audit on from its record, and publishing.
fn worked(what: &str, folder: &Path) {
    let record = folder.with_file_name("audit.record");
    let (done, time) = timed(|| match what {
        "audit" | "audit-on" => {
            let record = (what == "audit-on").then_some(record.as_path());
            let report = verify_witnessed_ledger(folder, None, None, record, &mut |_, _| {});
            let report = report.expect("an audit");
            assert_eq!(report.verdict, Outcome::Passed);
            report.entries - report.audited_before
        }
        _ => {
            let mut ledger = Ledger::open(folder, &mut |_, _| {}).expect("a ledger");
            let www = folder.with_file_name("www");
            let said = publish(&mut ledger, &www, false, &mut |_, _| {}).expect("published");
            said.entries - said.published_before.unwrap_or(0)
        }
    });
    let memory = own("status", "VmHWM:") * 1024.0;
    println!("{} {} {memory} {} {done}", time.as_secs_f64(), processor(), own("io", "rchar:"));
}

fn asked(what: &str, folder: &Path) {
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

/// What one of the long ones says: seconds, seconds of the processor, bytes of memory.
fn work(what: &str, folder: &Path, entries: usize) -> [f64; 3] {
    let Said { open, answer, memory, done, .. } = ask(what, folder);
    assert_eq!(done as usize, entries, "{what}");
    println!(
        "million: {what}: {open:.1} s, {answer:.2} s of the processors, {:.0} MB",
        memory / 1e6
    );
    [open, answer, memory]
}

fn ask(what: &str, folder: &Path) -> Said {
    let program = std::env::current_exe().expect("this program");
    let out = Command::new(program).args(["--child", what]).arg(folder).output().expect("a child");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8_lossy(&out.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    let &[open, answer, memory, read, done] = numbers.as_slice() else { panic!("{text}") };
    Said { open, answer, memory, read, done }
}

fn build(folder: &Path) -> Author {
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
    drop(ledger);
    println!("status: folding {ENTRIES} entries once took {:.1} s", time.as_secs_f64());
    author
}

/// A thousand sightings more.
fn grow(author: &mut Author, folder: &Path) {
    let mut store = FileStore::open(folder, &options(), &mut |_, _| {}).expect("a ledger");
    let notes = author.sightings(store.head().size as usize, FRESH, MEDIA);
    support::append(&mut store, &notes);
    store.put_checkpoint(&author.checkpoint()).expect("a checkpoint");
}

/// The audit of all, and what a thousand new entries cost afterwards.
fn audits_and_publishing(author: &mut Author, folder: &Path) {
    let [_, whole, memory] = work("audit", folder, ENTRIES);
    row(
        "`verify`, 1,000,000 entries: peak memory / 500 MB",
        "below 1",
        format!("{:.2}", memory / AUDIT_MEMORY),
        Verdict::of(memory < AUDIT_MEMORY),
    );
    work("audit-on", folder, ENTRIES);
    work("publish", folder, ENTRIES);
    let (mut audits, mut publishing) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        grow(author, folder);
        audits.push(work("audit-on", folder, FRESH)[1] / whole);
        publishing.push(work("publish", folder, FRESH)[1]);
    }
    let (audits, publishing) = (Spread::of(audits), Spread::of(publishing));
    let met = Verdict::of(audits.most() < FRESH_SHARE);
    let what = "`verify --record`, 1,000 new entries: processor time / that of the whole audit";
    row(what, "below 0.02", format!("{:.4}", audits.median()), met);
    let met = Verdict::of(publishing.most() < 1.0);
    row(
        "`publish`, 1,000 entries onto 1,000,000: processor time / 1 s",
        "below 1",
        publishing,
        met,
    );
}

fn journal_bytes(folder: &Path) -> f64 {
    let files = std::fs::read_dir(folder.join("journal")).expect("a journal");
    files.map(|file| file.and_then(|file| file.metadata()).expect("a segment").len() as f64).sum()
}

fn large_ledger(bench: &mut Criterion) {
    let scratch = support::scratch();
    let folder = scratch.path().join("ledger");
    let (mut author, time) = timed(|| build(&folder));
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
    audits_and_publishing(&mut author, &folder);
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
