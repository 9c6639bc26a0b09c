//! What this program keeps for itself and reads again: the folded state, the record of an
//! audit. Neither is signed, so whatever they hold must not end a program.

use std::sync::{Arc, LazyLock};

use media_custody::audit::{Auditor, Record};
use media_custody::ledger::State;
use media_custody::model::Hash;
use media_custody::ops::{FixedClock, Ledger};
use media_custody::store::{MemoryStore, Store as _, state};

/// The frozen ledger.
pub static NOTES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/v1/ledger");
    let folder = if std::path::Path::new(folder).exists() {
        folder
    } else {
        // The fuzz targets' own folder is below.
        concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/v1/ledger")
    };
    (0..6).map(|at| std::fs::read(format!("{folder}/{at:03}.note")).expect("a note")).collect()
});

/// Size, chain hash and state, whose frame and sum are made right if the first byte is even.
/// Entries are folded in behind it, as when a ledger is opened.
pub fn folded(bytes: &[u8]) {
    let Some((ways, body)) = bytes.split_first() else { return };
    let mut file = body.to_vec();
    if ways % 2 == 0 {
        file = [b"CUSTSTAT\0\0\0\x01", body].concat();
        file.extend(crc32c::crc32c(&file).to_be_bytes());
    }
    let Some(read) = state::decode(file.clone()) else { return };
    let again =
        [b"CUSTSTAT\0\0\0\x01", &read.size.to_be_bytes()[..], &read.chain.0, &read.bytes].concat();
    assert_eq!(again, file[..file.len() - 4]);
    let mut store = MemoryStore::new(media_custody::ops::ledger::options().derive);
    store.append(0, &NOTES).expect("appended");
    store.put_snapshot(read.size.min(NOTES.len() as u64), &read.bytes).expect("kept");
    let clock = Arc::new(FixedClock::at(1_790_000_000));
    let ledger = Ledger::over(Box::new(store), clock).expect("folded");
    assert_eq!(ledger.state().size, NOTES.len() as u64);
}

/// The body of a record, whose form and sum are made right if the first byte is even. An
/// audit goes on from it.
pub fn record(bytes: &[u8]) {
    let Some((ways, body)) = bytes.split_first() else { return };
    let mut file = body.to_vec();
    if ways % 2 == 0 {
        file = [b"custody-audit/1 ", State::FORM, &Hash::of(&[body]).0, body].concat();
    }
    let Ok(record) = Record::parse(&file) else { return };
    let again = record.to_bytes().expect("written");
    assert_eq!(Record::parse(&again).as_ref(), Ok(&record));
    let covers = record.covers();
    let mut auditor = Auditor::resume(record);
    auditor.take(&NOTES);
    let audit = auditor.finish(None, None);
    assert_eq!(audit.entries, covers.size + NOTES.len() as u64);
    assert_eq!(audit.state.size, audit.entries, "tree and state are of one log");
    assert!(!audit.is_green());
}
