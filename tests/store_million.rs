//! A ledger of a million entries and 10,000 media: how long it takes to open and
//! how much memory reads need. Minutes and gigabytes, so only when asked for:
//! `cargo test --release --test store_million -- --ignored --nocapture`.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use media_custody::proof::tree::Nodes;
use media_custody::store::{FileStore, Key, Options, Store};

const ENTRIES: u64 = 1_000_000;
const READER: &str = "CUSTODY_TEST_MILLION";

fn note(seq: u64) -> Vec<u8> {
    let padding = "x".repeat(600);
    format!("USB-{:05}|p{}|p{}|SZ-{seq}|{padding}", seq * 7919 % 10_000, seq % 50, seq % 31)
        .into_bytes()
}

fn derive(note: &[u8]) -> Vec<Key> {
    let text = String::from_utf8_lossy(note);
    let mut fields = text.split('|').map(str::to_owned);
    let mut keys = Vec::new();
    keys.extend(fields.next().map(Key::Medium));
    keys.extend(fields.next().map(Key::Party));
    keys.extend(fields.next().map(Key::Party));
    keys.extend(fields.next().map(Key::Receipt));
    keys
}

fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0) / 1024
}

#[test]
fn reader() {
    let Ok(ledger) = std::env::var(READER) else { return };
    let begin = Instant::now();
    let options = Options::new(derive, 1);
    let store = FileStore::open(Path::new(&ledger), &options, &mut |_, _| {}).unwrap();
    println!(
        "opened in {:?}, {} MB resident, {:?}",
        begin.elapsed(),
        memory("VmRSS"),
        store.notices()
    );
    let begin = Instant::now();
    let (_, state) = store.snapshot().unwrap().unwrap();
    assert_eq!(state.len(), 10 << 20);
    let begin_finds = Instant::now();
    for number in 0..1000u64 {
        let key = Key::Medium(format!("USB-{:05}", number * 7));
        assert_eq!(store.find(&key).unwrap().len(), 100);
        let seq = number * 997;
        assert_eq!(store.find(&Key::Receipt(format!("SZ-{seq}"))).unwrap(), [seq]);
        for level in (0..19).filter(|level| ((seq >> level) ^ 1) < ENTRIES >> level) {
            store.node(level, (seq >> level) ^ 1).unwrap();
        }
    }
    println!(
        "snapshot {:?}, 1000 media, receipts and proofs {:?}; {} MB resident, {} MB at most",
        begin_finds - begin,
        begin_finds.elapsed(),
        memory("VmRSS"),
        memory("VmHWM"),
    );
    assert!(memory("VmHWM") < 300);
}

#[test]
#[ignore = "takes minutes and gigabytes"]
fn a_million_entries_in_300_megabytes() {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let ledger = folder.path().join("ledger");
    let options = Options::new(derive, 1);
    FileStore::create(&ledger, &options).unwrap();
    let begin = Instant::now();
    let mut store = FileStore::open(&ledger, &options, &mut |_, _| {}).unwrap();
    while store.head().size < ENTRIES {
        let size = store.head().size;
        let notes: Vec<Vec<u8>> = (size..size + 1000).map(note).collect();
        store.append(size, &notes).unwrap();
    }
    println!("{ENTRIES} appended in {:?}, {} MB", begin.elapsed(), memory("VmHWM"));
    store.put_snapshot(ENTRIES, &vec![7; 10 << 20]).unwrap();
    let begin = Instant::now();
    store.close().unwrap();
    println!("closed in {:?}", begin.elapsed());
    read(&ledger);
    read(&ledger);
    let begin = Instant::now();
    let mut rebuilt = options.clone();
    rebuilt.derive_version = 2;
    FileStore::open(&ledger, &rebuilt, &mut |_, _| {}).unwrap().close().unwrap();
    println!("index rebuilt in {:?}, {} MB", begin.elapsed(), memory("VmHWM"));
    let sizes = Command::new("du").args(["-sh", "--total"]).arg(&ledger).output().unwrap();
    println!("{}", String::from_utf8_lossy(&sizes.stdout));
    for entry in std::fs::read_dir(&ledger).unwrap() {
        let du = Command::new("du").arg("-sh").arg(entry.unwrap().path()).output().unwrap();
        print!("{}", String::from_utf8_lossy(&du.stdout));
    }
}

fn read(ledger: &Path) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["reader", "--exact", "--nocapture"])
        .env(READER, ledger)
        .output()
        .unwrap();
    print!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
