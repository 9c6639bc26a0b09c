//! Cut files, flipped bits, missing folders, foreign folders: either everything
//! reads back or a named error says what is wrong. Never a panic, never fewer
//! entries in silence.

mod store;

use std::fs;
use std::path::{Path, PathBuf};

use media_custody::proof::tree::leaf_hash;
use media_custody::store::{
    FileStore, Notice, Options, Store, StoreError,
    fsck::{self, Finding, Repair},
};
use store::{checkpoint, fill, note, verify_index, verify_whole};

fn quiet(_: u64, _: u64) {}

fn make(folder: &Path, entries: u64, options: &Options) -> PathBuf {
    let ledger = folder.join("ledger");
    FileStore::create(&ledger, options).unwrap();
    let mut opened = store::open(&ledger, options);
    fill(&mut opened, entries / 2, 50);
    fill(&mut opened, entries, 1);
    let bytes = checkpoint(&opened);
    opened.put_checkpoint(&bytes).unwrap();
    opened.put_snapshot(entries, b"folded state").unwrap();
    opened.close().unwrap();
    ledger
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn copy(from: &Path, into: &Path) {
    if into.exists() {
        fs::remove_dir_all(into).unwrap();
    }
    for file in files(from) {
        let target = into.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
}

/// Opens, reads and searches a ledger that may be damaged. True when it is all
/// there; false when a named error said that it is not.
fn all_there_or_named(ledger: &Path, options: &Options, entries: u64, what: &str) -> bool {
    let opened = match FileStore::open(ledger, options, &mut quiet) {
        Ok(opened) => opened,
        Err(error) => return named(&error, what),
    };
    assert_eq!(opened.head().size, entries, "{what}: entries lost in silence");
    for seq in 0..entries {
        match opened.read(seq..seq + 1) {
            Ok(read) => assert_eq!(read, [note(seq)], "{what}: entry {seq}"),
            Err(error) => return named(&error, what),
        }
    }
    for seq in (0..entries).step_by(11) {
        let key = media_custody::store::Key::Receipt(format!("SZ-{seq}"));
        match opened.find(&key) {
            Ok(found) => assert_eq!(found, [seq], "{what}"),
            Err(error) => return named(&error, what),
        }
    }
    verify_whole(&opened, entries);
    if let Some((size, bytes)) = opened.snapshot().unwrap() {
        assert_eq!((size, &bytes[..]), (entries, &b"folded state"[..]), "{what}");
    }
    true
}

fn named(error: &StoreError, what: &str) -> bool {
    let known = matches!(
        error,
        StoreError::Damaged(_)
            | StoreError::AcknowledgedMissing { .. }
            | StoreError::NotALedger { .. }
            | StoreError::NewerFormat { .. }
            | StoreError::Index { .. }
    );
    assert!(known, "{what}: {error:?}");
    false
}

#[test]
fn every_byte_of_a_small_ledger_flipped() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = store::options();
    options.segment_bytes = 2 << 10;
    options.reserve_bytes = 1 << 10;
    options.ballast_bytes = 0;
    let ledger = make(folder.path(), 12, &options);
    let scratch = folder.path().join("scratch");
    let mut flipped = 0;
    for file in files(&ledger) {
        let relative = file.strip_prefix(&ledger).unwrap();
        let good = fs::read(&file).unwrap();
        let in_journal = relative.starts_with("journal");
        for at in 0..good.len() {
            // The empty 4000 bytes behind each head slot are sampled.
            if relative.ends_with("head") && at % 4096 > 96 && at % 97 != 0 {
                continue;
            }
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            flipped += 1;
            copy(&ledger, &scratch);
            fs::write(scratch.join(relative), &bad).unwrap();
            let what = format!("{} byte {at}", relative.display());
            let whole = all_there_or_named(&scratch, &options, 12, &what);
            let within = good[at..].iter().any(|&byte| byte != 0);
            assert!(!(in_journal && within && whole), "{what}: a flipped bit went unseen");
            if in_journal && within {
                names_the_entry(&ledger, relative, at, &bad, &scratch, &options);
            }
        }
    }
    let result = "all there, or a named error; in the journal always an error, with the entry";
    store::row("A bit flips in a stored file", "every file of a ledger", flipped, result);
}

/// fsck names the entry whose frame was hit, repairs nothing, and says so.
fn names_the_entry(
    ledger: &Path,
    relative: &Path,
    at: usize,
    bad: &[u8],
    scratch: &Path,
    options: &Options,
) {
    if !at.is_multiple_of(13) {
        return;
    }
    copy(ledger, scratch);
    fs::write(scratch.join(relative), bad).unwrap();
    let (report, _) = fsck::repair(scratch, options, &mut quiet).unwrap();
    let hit = entry_at(&ledger.join(relative), at);
    let damaged = report.findings.iter().any(|finding| match finding {
        Finding::Damage(damage) => damage.entry == Some(hit),
        Finding::Missing { have, .. } => *have == hit,
        _ => false,
    });
    assert!(damaged, "entry {hit} at {at}: {report:?}");
    assert!(!report.is_repairable());
    assert_eq!(fs::read(scratch.join(relative)).unwrap(), bad, "damage was papered over");
}

/// Which entry's frame covers a byte, by the documented layout.
fn entry_at(segment: &Path, at: usize) -> u64 {
    let bytes = fs::read(segment).unwrap();
    let mut offset = 0;
    loop {
        let length = u16::from_be_bytes(bytes[offset + 6..offset + 8].try_into().unwrap());
        let seq = u64::from_be_bytes(bytes[offset + 8..offset + 16].try_into().unwrap());
        offset += 92 + usize::from(length);
        if at < offset {
            return seq;
        }
    }
}

#[test]
fn truncated_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = store::options();
    options.segment_bytes = 2 << 10;
    options.ballast_bytes = 0;
    let ledger = make(folder.path(), 12, &options);
    let scratch = folder.path().join("scratch");
    let mut cuts = 0;
    for file in files(&ledger) {
        let relative = file.strip_prefix(&ledger).unwrap();
        let good = fs::read(&file).unwrap();
        let used = good.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
        for cut in (0..used).step_by(7).chain((used..good.len()).step_by(331)) {
            copy(&ledger, &scratch);
            fs::write(scratch.join(relative), &good[..cut]).unwrap();
            cuts += 1;
            let what = format!("{} cut at {cut}", relative.display());
            let whole = all_there_or_named(&scratch, &options, 12, &what);
            if relative.starts_with("journal") {
                assert_eq!(whole, cut >= used, "{what}");
            }
        }
        copy(&ledger, &scratch);
        fs::remove_file(scratch.join(relative)).unwrap();
        all_there_or_named(&scratch, &options, 12, &format!("{} removed", relative.display()));
        cuts += 1;
    }
    let result = "all there, or a named error; never fewer entries in silence";
    store::row("A stored file is cut short or gone", "every file of a ledger", cuts, result);
}

#[test]
fn sled_flipped_cut_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = store::options();
    options.segment_bytes = 64 << 10;
    let ledger = make(folder.path(), 600, &options);
    let scratch = folder.path().join("scratch");
    let mut rebuilt = 0;
    for file in files(&ledger.join("index.1")) {
        let relative = file.strip_prefix(&ledger).unwrap();
        let good = fs::read(&file).unwrap();
        let used = good.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
        let step = (used / 24).max(1);
        for at in (0..used).step_by(step) {
            for cut in [false, true] {
                copy(&ledger, &scratch);
                let mut bad = good.clone();
                if cut {
                    bad.truncate(at)
                } else {
                    bad[at] ^= 1 << (at % 8)
                }
                fs::write(scratch.join(relative), &bad).unwrap();
                let what = format!("{} at {at}, cut {cut}", relative.display());
                if !all_there_or_named(&scratch, &options, 600, &what) {
                    // What failed while reading is rebuilt at the next open.
                    let again = all_there_or_named(&scratch, &options, 600, &what);
                    assert!(again, "{what}: still not rebuilt");
                    rebuilt += 1;
                }
            }
        }
    }
    println!("{rebuilt} rebuilt at the second open");
    copy(&ledger, &scratch);
    fs::remove_dir_all(scratch.join("index.1")).unwrap();
    let opened = store::open(&scratch, &options);
    verify_whole(&opened, 600);
    verify_index(&opened);
}

#[test]
fn an_index_that_disagrees_is_rebuilt_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let options = store::options();
    let ledger = make(folder.path(), 600, &options);
    // An index of another history: same sizes, other notes.
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    let ledger_of_other = other.join("ledger");
    FileStore::create(&ledger_of_other, &options).unwrap();
    let mut opened = store::open(&ledger_of_other, &options);
    let notes: Vec<Vec<u8>> = (0..600).map(|seq| note(seq + 1000)).collect();
    opened.append(0, &notes).unwrap();
    opened.close().unwrap();
    fs::remove_dir_all(ledger.join("index.1")).unwrap();
    copy(&ledger_of_other.join("index.1"), &ledger.join("index.1"));
    let report = fsck::examine(&ledger, &options, &mut quiet).unwrap();
    assert!(report.findings.iter().all(|f| f.repair() == Some(Repair::RebuildIndex)));
    assert!(!report.is_healthy());
    let (report, notices) = fsck::repair(&ledger, &options, &mut quiet).unwrap();
    assert!(report.is_healthy(), "{report:?}");
    assert!(notices.iter().any(|notice| matches!(notice, Notice::IndexRebuilt { .. })));
    assert!(ledger.join("index.1").is_dir() && ledger.join("index.2").is_dir());
    let opened = store::open(&ledger, &options);
    verify_index(&opened);
    drop(opened);
    // Another way to derive keys is another index; two old ones are kept at most.
    for version in 2..6 {
        let mut newer = options.clone();
        newer.derive_version = version;
        store::open(&ledger, &newer).close().unwrap();
    }
    let kept = fs::read_dir(&ledger).unwrap().filter(|entry| {
        entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("index.")
    });
    assert_eq!(kept.count(), 3);
}

#[test]
fn a_power_cut_distrusts_the_index_and_a_kill_copies_it() {
    let folder = tempfile::tempdir().unwrap();
    let options = store::options();
    let ledger = make(folder.path(), 600, &options);
    fs::write(ledger.join("index.1/dirty"), &options.boot).unwrap();
    let opened = store::open(&ledger, &options);
    assert_eq!(opened.notices(), [Notice::IndexCopied { copy: ledger.join("index.copy") }]);
    verify_index(&opened);
    drop(opened);
    fs::write(ledger.join("index.1/dirty"), "another boot").unwrap();
    let opened = store::open(&ledger, &options);
    assert!(matches!(opened.notices(), [Notice::IndexRebuilt { .. }]));
    verify_index(&opened);
}

#[test]
fn a_torn_tail_is_moved_away_and_a_torn_commit_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = store::options();
    options.segment_bytes = 1 << 20;
    options.reserve_bytes = 64 << 10;
    let ledger = make(folder.path(), 20, &options);
    let segment = ledger.join("journal/00000000000000000000.seg");
    let whole = fs::read(&segment).unwrap();
    // A commit of three that nobody was told of: the head file stays behind.
    let head = fs::read(ledger.join("head")).unwrap();
    let mut opened = store::open(&ledger, &options);
    opened.append(20, &[note(20), note(21), note(22)]).unwrap();
    drop(opened);
    let more = fs::read(&segment).unwrap();
    let begin = whole.iter().rposition(|&byte| byte != 0).unwrap() + 1;
    let end = more.iter().rposition(|&byte| byte != 0).unwrap() + 1;
    for cut in begin..=end {
        let mut torn = more.clone();
        torn[cut..].fill(0);
        check_torn(&ledger, &segment, &torn, &head, &options);
    }
    // Pages of one write reach the disk in any order: the first frame bad, others good.
    let mut torn = more.clone();
    torn[begin..begin + 64].fill(0);
    check_torn(&ledger, &segment, &torn, &head, &options);
    torn[begin..begin + 64].fill(0xAA);
    check_torn(&ledger, &segment, &torn, &head, &options);
    assert!(ledger.join("quarantine").read_dir().unwrap().count() > 0);
}

fn check_torn(ledger: &Path, segment: &Path, torn: &[u8], head: &[u8], options: &Options) {
    fs::write(segment, torn).unwrap();
    fs::write(ledger.join("head"), head).unwrap();
    let report = fsck::examine(ledger, options, &mut quiet).unwrap();
    assert!(report.is_repairable(), "{report:?}");
    let opened = store::open(ledger, options);
    verify_whole(&opened, 20);
    let size = opened.head().size;
    assert!(size <= 23);
    let (torn_tail, new) = opened.notices().iter().fold((false, false), |(a, b), notice| {
        (
            a || matches!(notice, Notice::TornTail { .. }),
            b || matches!(notice, Notice::Unacknowledged { .. }),
        )
    });
    assert_eq!(new, size > 20);
    assert_eq!(torn_tail, !report.findings.iter().all(|f| matches!(f, Finding::HeadLags { .. })));
    drop(opened);
    assert!(fsck::examine(ledger, options, &mut quiet).unwrap().is_healthy());
}

#[test]
fn an_old_backup_of_the_journal_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = store::options();
    options.segment_bytes = 1 << 20;
    let ledger = make(folder.path(), 20, &options);
    let old = folder.path().join("old");
    copy(&ledger, &old);
    let mut opened = store::open(&ledger, &options);
    fill(&mut opened, 25, 1);
    let bytes = checkpoint(&opened);
    opened.put_checkpoint(&bytes).unwrap();
    drop(opened);
    // Journal and head from the backup: the checkpoint remembers.
    for name in ["journal/00000000000000000000.seg", "head"] {
        fs::copy(old.join(name), ledger.join(name)).unwrap();
    }
    let error = FileStore::open(&ledger, &options, &mut quiet).unwrap_err();
    assert!(
        matches!(error, StoreError::AcknowledgedMissing { have: 20, known: 25, .. }),
        "{error:?}"
    );
    let (report, _) = fsck::repair(&ledger, &options, &mut quiet).unwrap();
    assert!(!report.is_repairable());
}

#[test]
fn head_slots_one_bad_both_bad_and_the_second_copy() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = store::options();
    let ledger = make(folder.path(), 21, &options);
    let head = ledger.join("head");
    let good = fs::read(&head).unwrap();
    for slot in [0, 4096] {
        let mut bad = good.clone();
        bad[slot + 20] ^= 1;
        fs::write(&head, &bad).unwrap();
        let opened = store::open(&ledger, &options);
        verify_whole(&opened, 21);
        assert!(opened.notices().contains(&Notice::HeadSlot { file: head.clone() }));
    }
    let mut bad = good.clone();
    bad[20] ^= 1;
    bad[4096 + 20] ^= 1;
    fs::write(&head, &bad).unwrap();
    let error = FileStore::open(&ledger, &options, &mut quiet).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    let (report, _) = fsck::repair(&ledger, &options, &mut quiet).unwrap();
    assert!(report.is_healthy(), "{report:?}");
    verify_whole(&store::open(&ledger, &options), 21);
    // With a second copy a bad head file is written anew from it.
    options.head_copy = Some(folder.path().join("head copy"));
    fill(&mut store::open(&ledger, &options), 22, 1);
    fs::write(&head, &bad).unwrap();
    let opened = store::open(&ledger, &options);
    verify_whole(&opened, 22);
    drop(opened);
    verify_whole(&store::open(&ledger, &options), 22);
}

#[test]
fn a_second_opener_is_told_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let options = store::options();
    let ledger = make(folder.path(), 3, &options);
    let opened = store::open(&ledger, &options);
    let error = FileStore::open(&ledger, &options, &mut quiet).unwrap_err();
    match &error {
        StoreError::Locked { pid, command } => {
            assert_eq!(*pid, Some(std::process::id()));
            assert!(command.as_ref().unwrap().contains("store_damage"));
        }
        other => panic!("{other:?}"),
    }
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    assert!(matches!(fsck::examine(&ledger, &options, &mut quiet), Err(StoreError::Locked { .. })));
    drop(opened);
    // Text without the lock means nothing.
    fs::write(ledger.join("LOCK"), "1\nold \u{1b}[31mowner\n").unwrap();
    verify_whole(&store::open(&ledger, &options), 3);
}

#[test]
fn folders_that_are_no_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let options = store::options();
    let open = |path: &Path| FileStore::open(path, &options, &mut quiet).unwrap_err();
    assert!(matches!(open(folder.path()), StoreError::NotALedger { .. }));
    assert!(matches!(open(&folder.path().join("none")), StoreError::NotALedger { .. }));
    let file = folder.path().join("file");
    fs::write(&file, "text").unwrap();
    assert!(matches!(open(&file), StoreError::NotALedger { .. }));
    assert!(!folder.path().join("LOCK").exists(), "a foreign folder was written to");
    assert!(matches!(FileStore::create(folder.path(), &options), Err(StoreError::NotEmpty { .. })));
    let ledger = make(folder.path(), 3, &options);
    assert!(matches!(FileStore::create(&ledger, &options), Err(StoreError::NotEmpty { .. })));
    fs::write(ledger.join("FORMAT"), "custody-ledger/2\n").unwrap();
    assert!(matches!(open(&ledger), StoreError::NewerFormat { found: 2, known: 1 }));
    for text in ["", "custody-ledger/1", "custody-ledger/01\n", "custody-ledger/\n", "x\n"] {
        fs::write(ledger.join("FORMAT"), text).unwrap();
        assert!(matches!(open(&ledger), StoreError::Damaged(_)), "{text:?}");
    }
    // A lost marker does not make room for a new ledger over the old one.
    fs::remove_file(ledger.join("FORMAT")).unwrap();
    assert!(matches!(FileStore::create(&ledger, &options), Err(StoreError::NotEmpty { .. })));
}

#[test]
fn an_edited_entry_is_named_even_under_new_checksums() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = store::options();
    options.segment_bytes = 1 << 20;
    let ledger = make(folder.path(), 20, &options);
    let segment = ledger.join("journal/00000000000000000000.seg");
    let good = fs::read(&segment).unwrap();
    let offsets: Vec<usize> = (0..20)
        .scan(0, |at, _| {
            let begin = *at;
            let length = u16::from_be_bytes(good[begin + 6..begin + 8].try_into().unwrap());
            *at += 92 + usize::from(length);
            Some(begin)
        })
        .collect();
    for (seq, &begin) in offsets.iter().enumerate() {
        let length =
            usize::from(u16::from_be_bytes(good[begin + 6..begin + 8].try_into().unwrap()));
        for rehash in [false, true] {
            let mut bad = good.clone();
            bad[begin + 56 + 4] ^= 2;
            if rehash {
                let previous =
                    media_custody::model::Hash(bad[begin + 24..begin + 56].try_into().unwrap());
                let edited = bad[begin + 56..begin + 56 + length].to_vec();
                let chain =
                    media_custody::store::chain_hash(&previous, seq as u64, &leaf_hash(&edited));
                bad[begin + 56 + length..begin + 88 + length].copy_from_slice(&chain.0);
            }
            let crc = crc32c::crc32c(&bad[begin..begin + 88 + length]).to_be_bytes();
            bad[begin + 88 + length..begin + 92 + length].copy_from_slice(&crc);
            fs::write(&segment, &bad).unwrap();
            let error = FileStore::open(&ledger, &options, &mut quiet).unwrap_err();
            let report = fsck::examine(&ledger, &options, &mut quiet).unwrap();
            assert!(!report.is_repairable());
            let StoreError::Damaged(damages) = error else { panic!("{error:?}") };
            // The very last entry under a new chain hash shows against the head only.
            if !(rehash && seq == 19) {
                assert_eq!(damages[0].entry, Some(seq as u64), "{damages:?}");
                let first = report.findings.iter().find_map(|finding| match finding {
                    Finding::Damage(damage) => damage.entry,
                    _ => None,
                });
                assert_eq!(first, Some(seq as u64), "{report:?}");
            }
        }
    }
}
