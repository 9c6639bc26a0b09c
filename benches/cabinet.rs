//! A cabinet over a year, and the daemon with nothing to do.

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use media_custody::ledger::intent::{Called, Registration};
use media_custody::ledger::{Intent, Policy};
use media_custody::model::hardware::{Serial, VidPid, grade};
use media_custody::model::vocabulary::{EncryptionGrade, Role, SightingGrade};
use media_custody::model::{EncryptionLine, MediumId, MediumLine, Name, PartyRef, SeenLine};
use media_custody::ops::found::{Founding, found};
use media_custody::ops::party::{Enrolment, enrol};
use media_custody::ops::verify::verify_ledger;
use media_custody::ops::{Committed, Draft, FixedClock, Ledger};
use media_custody::wire::signature::{Signer as _, SigningKey};
use support::{ORIGIN, Spread, Verdict, row, signing_key, timed};

const BEGAN: i64 = 1_775_000_000;
const HOURS: u64 = 8_760;
const DRIVES: usize = 50;
const ROUNDS: usize = 5;
/// The limits.
const YEAR_BYTES: f64 = 10e6;
const AUDIT: Duration = Duration::from_secs(5);
const IDLE_BYTES: f64 = 30e6;
const IDLE_SECONDS: u64 = 30;
/// One part in a hundred of one core is what a look around twice a second may cost.
const IDLE_SHARE: f64 = 0.01;

fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

fn person(id: &str) -> PartyRef {
    PartyRef::new(of(id), of(id), Some(of("本部"))).expect("a party")
}

/// An office whose drives belong to one cabinet.
struct Office {
    ledger: Ledger,
    clock: Arc<FixedClock>,
    keys: Vec<SigningKey>,
}

impl Office {
    fn founded(folder: &Path, drives: usize) -> Self {
        let keys: Vec<SigningKey> =
            ["admin", "yamada", "station"].into_iter().map(signing_key).collect();
        let founding = Founding {
            origin: of(ORIGIN),
            organisation: of("静岡健保組合"),
            site: of("静岡支部"),
            zone: of("Asia/Tokyo"),
            receipt_prefix: of("SZ"),
            administrator: person("admin"),
            custodian: person("yamada"),
            policy: Policy::of_a_new_ledger(),
        };
        let clock = Arc::new(FixedClock::at(BEGAN));
        let (ledger, _) =
            found(folder, &founding, &keys[0], &keys[1], clock.clone()).expect("founded");
        let mut office = Office { ledger, clock, keys };
        let wish = Enrolment {
            party: person("station"),
            roles: vec![Role::Station],
            key: Some(office.keys[2].key().clone()),
            renew: false,
            by: of("admin"),
        };
        let draft = enrol(&office.ledger, wish).expect("enrolled");
        office.submit(draft);
        for number in 0..drives {
            let draft = office.ledger.draft(registration(number)).expect("registered");
            office.submit(draft);
        }
        office
    }

    fn submit(&mut self, mut draft: Draft) -> Committed {
        let missing: Vec<_> = draft.missing().into_iter().cloned().collect();
        for key in self.keys.iter().filter(|key| missing.contains(key.key())) {
            draft.sign(key).expect("signs");
        }
        self.ledger.submit(&[draft]).expect("appended").remove(0)
    }

    /// A roll-call in which all drives are there but, perhaps, one.
    fn call(&mut self, drives: usize, without: Option<usize>) -> Committed {
        let all = || (0..drives).filter(|number| Some(*number) != without).map(id);
        let seen = |id| SeenLine { id, grade: SightingGrade::Device };
        let called = Called {
            place: place(),
            present: all().map(seen).collect(),
            absent: without.map(id).into_iter().collect(),
            unknown: Vec::new(),
            alarm: Vec::new(),
            by: of("station"),
        };
        let draft = self.ledger.draft(Intent::CallRoll(Box::new(called))).expect("decided");
        self.submit(draft)
    }
}

fn place() -> Name {
    of("静岡支部 第一保管庫")
}

fn id(number: usize) -> MediumId {
    of(&format!("USB-{number:04}"))
}

fn registration(number: usize) -> Intent {
    let vid_pid: VidPid = of("0951:1666");
    let serial = Serial::from_text(&format!("1C6F65D8ABCDE{number:07}"));
    let encryption = EncryptionLine {
        id: id(number),
        scheme: None,
        cipher: None,
        grade: EncryptionGrade::NotExamined,
    };
    Intent::Register(Box::new(Registration {
        grade: grade(&serial, vid_pid, false).grade,
        medium: MediumLine { id: id(number), vid_pid, serial },
        product: None,
        capacity: Some(31_004_295_168),
        release: None,
        configurations: None,
        interfaces: None,
        inquiry: Vec::new(),
        mark: Vec::new(),
        sequence: Vec::new(),
        encryption,
        home: place(),
        owner: of("静岡支部"),
        class: of("被保険者台帳"),
        interval_days: None,
        alarm: Vec::new(),
        detail: None,
        by: of("yamada"),
    }))
}

fn journal_bytes(folder: &Path) -> f64 {
    let files = std::fs::read_dir(folder.join("journal")).expect("a journal");
    files.map(|file| file.and_then(|file| file.metadata()).expect("a segment").len() as f64).sum()
}

/// Hourly roll-calls of fifty drives, of which one is out for an hour on every working
/// day: two more entries would be its handovers, which are not the cabinet's.
fn a_year(scratch: &Path) {
    let folder = scratch.join("year");
    let mut office = Office::founded(&folder, DRIVES);
    let before = journal_bytes(&folder);
    let (_, time) = timed(|| {
        for hour in 1..=HOURS {
            office.clock.set(BEGAN + i64::try_from(hour).expect("an hour") * 3_600);
            let out = (hour % 24 == 10).then(|| usize::try_from(hour).expect("small") % DRIVES);
            office.call(DRIVES, out);
        }
    });
    println!("cabinet: {HOURS} roll-calls in {:.1} s", time.as_secs_f64());
    let bytes = journal_bytes(&folder) - before;
    drop(office);
    let year = Spread::of([bytes / YEAR_BYTES]);
    let met = Verdict::of(bytes < YEAR_BYTES);
    row("a year of hourly roll-calls of 50 drives: bytes / 10 MB", "below 1", year, met);
    let audits = Spread::of((0..ROUNDS).map(|_| {
        let (report, time) =
            timed(|| verify_ledger(&folder, None, &mut |_, _| {}).expect("a ledger"));
        assert!(report.findings.is_empty(), "it is sound");
        time.as_secs_f64() / AUDIT.as_secs_f64()
    }));
    let met = Verdict::of(audits.most() < 1.0);
    row("the same: `custody verify` of that year / 5 s", "below 1", audits, met);
}

/// A hundred drives in one entry, beside an entry without any.
fn a_hundred(scratch: &Path, bench: &mut Criterion) {
    let mut office = Office::founded(&scratch.join("hundred"), 100);
    let first = office.call(100, None);
    assert_eq!(first.statement.lines().0.iter().filter(|(key, _)| key == "present").count(), 100);
    let ratios = Spread::of((0..ROUNDS * 4).map(|round| {
        let (_, whole) = timed(|| office.call(100, Some(round)));
        let (_, none) = timed(|| office.call(0, None));
        whole.as_secs_f64() / none.as_secs_f64()
    }));
    row("roll-call of 100 drives / of none, both durable", "none", ratios, Verdict::None);
    let mut group = bench.benchmark_group("cabinet");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(300));
    group.bench_function("roll-call of 100 drives", |bencher| {
        bencher.iter(|| office.call(100, None));
    });
    group.finish();
}

/// What `/proc` says of a process: resident bytes, and seconds of processor time.
fn of_process(pid: u32) -> (f64, f64) {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).expect("procfs");
    let status = read("status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").trim().parse().expect("a number");
    let stat = read("stat");
    // Behind the name, which may hold spaces: utime and stime are fields 14 and 15 (proc(5)).
    let fields: Vec<&str> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|n| n.parse::<f64>().expect("a number")).sum();
    (kilobytes * 1024.0, ticks / 100.0)
}

fn an_idle_daemon(scratch: &Path) {
    let folder = scratch.join("idle");
    drop(Office::founded(&folder, DRIVES));
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_custody"))
        .args(["daemon", "--ledger"])
        .arg(&folder)
        .args(["--config", "/dev/null", "--bus", "sysfs"])
        .stderr(Stdio::null())
        .spawn()
        .expect("the daemon");
    while !folder.join("daemon.sock").exists() {
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_secs(2));
    let (_, before) = of_process(daemon.id());
    std::thread::sleep(Duration::from_secs(IDLE_SECONDS));
    let (memory, after) = of_process(daemon.id());
    daemon.kill().expect("killed");
    daemon.wait().expect("ended");
    let share = (after - before) / IDLE_SECONDS as f64;
    let met = Verdict::of(memory < IDLE_BYTES);
    row("idle daemon: resident memory / 30 MB", "below 1", Spread::of([memory / IDLE_BYTES]), met);
    let met = Verdict::of(share < IDLE_SHARE);
    let what = "idle daemon: processor time of 30 s / 1 % of a core";
    row(what, "below 1", Spread::of([share / IDLE_SHARE]), met);
}

fn cabinet(bench: &mut Criterion) {
    let scratch = support::scratch();
    a_year(scratch.path());
    a_hundred(scratch.path(), bench);
    an_idle_daemon(scratch.path());
}

criterion::criterion_group!(benches, cabinet);
criterion::criterion_main!(benches);
