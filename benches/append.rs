//! A durable append beside a bare write and fdatasync of the same bytes, in the
//! same run and in turns, since a disk's mood changes by the minute.

use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use media_custody::store::{FileStore, Key, Options, Store};

/// About what a handover with two signatures takes.
const NOTE: usize = 900;
/// What the journal adds to each.
const FRAME: usize = 92;

fn derive(note: &[u8]) -> Vec<Key> {
    let text = String::from_utf8_lossy(note.get(..24).unwrap_or_default()).into_owned();
    vec![
        Key::Medium(text.get(16..20).unwrap_or_default().to_owned()),
        Key::Party(text.get(18..20).unwrap_or_default().to_owned()),
        Key::Receipt(text),
    ]
}

fn notes(from: u64, count: u64) -> Vec<Vec<u8>> {
    let note = |seq| format!("{seq:020}{}", "x".repeat(NOTE - 20)).into_bytes();
    (from..from + count).map(note).collect()
}

struct Bare {
    file: File,
    offset: u64,
}

impl Bare {
    fn new(path: &Path) -> Self {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path);
        Bare { file: file.expect("a file"), offset: 0 }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.file.write_all_at(bytes, self.offset).expect("a write");
        self.file.sync_data().expect("a sync");
        self.offset += bytes.len() as u64;
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn mean(times: &[Duration]) -> f64 {
    times.iter().map(Duration::as_secs_f64).sum::<f64>() / times.len() as f64
}

fn append(bench: &mut Criterion) {
    let folder = tempfile::tempdir_in(".").expect("a folder");
    for (name, count, rounds) in [("one", 1u64, 3000), ("hundred", 100, 800)] {
        let ledger = folder.path().join(name);
        let options = Options::new(derive, 1);
        FileStore::create(&ledger, &options).expect("a new ledger");
        let mut store = FileStore::open(&ledger, &options, &mut |_, _| {}).expect("a ledger");
        let mut bare = Bare::new(&folder.path().join("bare"));
        let bytes = vec![b'x'; (NOTE + FRAME) * count as usize];
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let size = store.head().size;
            let batch = notes(size, count);
            let begin = Instant::now();
            black_box(store.append(size, &batch).expect("an append"));
            ours.push(begin.elapsed());
            let begin = Instant::now();
            bare.write(black_box(&bytes));
            theirs.push(begin.elapsed());
        }
        // A disk that stalls does so for whoever happens to wait for it: the median
        // compares the two, the mean mostly the stalls.
        let (middle, other) = (median(&mut ours), median(&mut theirs));
        println!(
            "append {name}: {:.1} us, bare {:.1} us, ratio {:.2} (medians of {rounds}; of the \
             means {:.2}; {} entries)",
            middle.as_secs_f64() * 1e6,
            other.as_secs_f64() * 1e6,
            middle.as_secs_f64() / other.as_secs_f64(),
            mean(&ours) / mean(&theirs),
            store.head().size,
        );
        let mut group = bench.benchmark_group(format!("append/{name}"));
        group.sample_size(10).measurement_time(Duration::from_secs(2));
        group.warm_up_time(Duration::from_millis(300));
        group.bench_function("ledger", |bencher| {
            bencher.iter_custom(|iterations| {
                (0..iterations).fold(Duration::ZERO, |total, _| {
                    let size = store.head().size;
                    let batch = notes(size, count);
                    let begin = Instant::now();
                    black_box(store.append(size, &batch).expect("an append"));
                    total + begin.elapsed()
                })
            });
        });
        let entries = store.head().size;
        let begin = Instant::now();
        store.close().expect("closing");
        println!(
            "index {name}: {:.1} us an entry, paid at closing or every 65,536 entries",
            begin.elapsed().as_secs_f64() * 1e6 / entries as f64
        );
        group.bench_function("bare", |bencher| bencher.iter(|| bare.write(black_box(&bytes))));
        group.finish();
    }
}

criterion_group!(benches, append);
criterion_main!(benches);
