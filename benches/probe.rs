//! Probing a drive of 64 GB, of which almost everything is a hole: what is read and
//! what it costs. The peer does the same reads and concludes nothing.

mod support;

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::Criterion;
use media_custody::model::evidence::Evidence;
use media_custody::volume::{Disk, FileDisk, probe};
use support::{Spread, Verdict, row, timed};

const SIZE: u64 = 64 << 30;
const ROUNDS: usize = 9;
const LIMIT_BYTES: u64 = 32 << 20;
const LIMIT_CPU: f64 = 1.0;

/// A disk that remembers each read, to do them again.
struct Noting<'a> {
    disk: &'a FileDisk,
    reads: std::cell::RefCell<Vec<(u64, usize)>>,
}

impl Disk for Noting<'_> {
    fn size(&self) -> u64 {
        self.disk.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.reads.borrow_mut().push((offset, buffer.len()));
        self.disk.read_at(offset, buffer)
    }
}

fn sparse(folder: &Path, name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let path = folder.join(name);
    File::create(&path).and_then(|file| file.set_len(SIZE)).expect("a sparse file");
    make(&path);
    path
}

/// An MBR with four partitions, one of them extended with as many logical ones as
/// are followed, the last sector of each partition written: all that a table can ask.
fn crowded(path: &Path) {
    let file = File::options().write(true).open(path).expect("the image");
    let record = |at: u64, entries: &[(u8, u32, u32)]| {
        let mut sector = [0_u8; 512];
        for (slot, (kind, first, sectors)) in entries.iter().enumerate() {
            let at = 446 + slot * 16;
            sector[at + 4] = *kind;
            sector[at + 8..at + 12].copy_from_slice(&first.to_le_bytes());
            sector[at + 12..at + 16].copy_from_slice(&sectors.to_le_bytes());
        }
        sector[510..].copy_from_slice(&[0x55, 0xAA]);
        file.write_all_at(&sector, at).expect("a sector");
    };
    let all = u32::try_from(SIZE / 512 - 2048).expect("a number of sectors");
    record(0, &[(0x05, 2048, all)]);
    for number in 0..63_u32 {
        let (here, next) = (number * 1_000_000, (number + 1) * 1_000_000);
        let entries = [(0x83, 2048, 900_000), (0x05, next, 1_000_000)];
        let used = if number == 62 { 1 } else { 2 };
        record(u64::from(2048 + here) * 512, &entries[..used]);
    }
}

/// LUKS2 over the whole disk, where cryptsetup is there to make it.
fn encrypted(path: &Path) -> bool {
    let made = Command::new("cryptsetup")
        .args(["luksFormat", "--batch-mode", "--type", "luks2", "--pbkdf", "pbkdf2"])
        .args(["--pbkdf-force-iterations", "1000", "--key-file"])
        // Any file will do.
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .arg(path)
        .stdin(Stdio::null())
        .status();
    made.is_ok_and(|status| status.success())
}

/// Seconds of processor time this process has used (`/proc/self/stat`, fields 14 and 15).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("this process");
    let (_, rest) = stat.rsplit_once(") ").expect("its name");
    let ticks = |at: usize| rest.split(' ').nth(at).and_then(|n| n.parse::<f64>().ok());
    // The kernel counts them in hundredths of a second.
    (ticks(11).expect("user time") + ticks(12).expect("system time")) / 100.0
}

fn measure(name: &str, path: &Path) -> Evidence {
    let look = || probe(&FileDisk::open(path).expect("the image"));
    let evidence = look();
    let read = evidence.read.bytes;
    row(
        &format!("probe of 64 GB, {name}: MiB read"),
        "under 32",
        format!("{:.2}", read as f64 / 1_048_576.0),
        Verdict::of(read < LIMIT_BYTES),
    );
    let before = cpu();
    let runs = 20;
    for _ in 0..runs {
        black_box(look());
    }
    let each = (cpu() - before) / f64::from(runs);
    let shown = format!("{each:.3}");
    row(
        &format!("probe of 64 GB, {name}: CPU seconds"),
        "under 1",
        shown,
        Verdict::of(each < LIMIT_CPU),
    );

    let disk = FileDisk::open(path).expect("the image");
    let noting = Noting { disk: &disk, reads: std::cell::RefCell::default() };
    black_box(probe(&noting));
    let reads = noting.reads.into_inner();
    let again = || {
        for (offset, length) in &reads {
            let mut buffer = vec![0; *length];
            black_box(disk.read_at(*offset, &mut buffer)).expect("a read");
        }
    };
    let ratio = Spread::of((0..ROUNDS).map(|_| {
        let (ours, bare) = (timed(look).1, timed(again).1);
        ours.as_secs_f64() / bare.max(Duration::from_nanos(1)).as_secs_f64()
    }));
    row(&format!("probe of 64 GB, {name} / its reads alone"), "none", ratio, Verdict::None);
    evidence
}

fn probes(bench: &mut Criterion) {
    let scratch = support::scratch();
    let crowd = sparse(scratch.path(), "crowded", crowded);
    let found = measure("63 partitions", &crowd);
    assert_eq!(found.volumes.len(), 63);
    let mut group = bench.benchmark_group("probe of 64 GB");
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(300));
    let look = |path: &Path| probe(&FileDisk::open(path).expect("the image"));
    group.bench_function("63 partitions", |bencher| bencher.iter(|| look(&crowd)));
    let mut made = false;
    let luks = sparse(scratch.path(), "luks", |path| made = encrypted(path));
    if made {
        let found = measure("LUKS2", &luks);
        assert_eq!(found.scheme.map(|scheme| scheme.to_string()).as_deref(), Some("luks2"));
        group.bench_function("LUKS2", |bencher| bencher.iter(|| look(&luks)));
    }
    group.finish();
}

criterion::criterion_group!(benches, probes);
criterion::criterion_main!(benches);
