//! The contract of a store, run over every store there is.

mod store;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use media_custody::model::Hash;
use media_custody::proof::tree::{Frontier, Nodes, empty_root, leaf_hash};
use media_custody::store::remote::{Owner, Socket};
use media_custody::store::{
    FaultyStore, FileStore, Key, MAX_NOTE_BYTES, MemoryStore, RemoteStore, Store, StoreError,
};
use store::{checkpoint, derive, fill, note, verify_index, verify_whole};

/// What holds for a store of any kind, from its first entry on.
fn holds(store: &mut dyn Store) {
    let head = store.head();
    assert_eq!((head.size, head.root, head.chain), (0, empty_root(), Hash([0; 32])));
    assert_eq!(store.append(0, &[]).unwrap(), head);
    assert!(store.read(0..0).unwrap().is_empty());
    assert!(store.snapshot().unwrap().is_none());
    assert!(store.checkpoint().unwrap().is_none());
    refusals(store);

    let first = store.append(0, &[note(0)]).unwrap();
    assert_eq!(first.root, leaf_hash(&note(0)));
    assert_eq!(store.head(), first);
    fill(store, 3, 1);
    fill(store, 700, 100);
    verify_whole(store, 700);
    verify_index(store);
    nodes(store);
    assert_eq!(store.read(255..258).unwrap(), (255..258).map(note).collect::<Vec<_>>());

    let mut shown = Vec::new();
    store
        .visit(10..400, &mut |seq, _| {
            shown.push(seq);
            if seq == 13 {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        })
        .unwrap();
    assert_eq!(shown, [10, 11, 12, 13]);
    refusals(store);
    beside(store);

    // The same note twice is two entries with one leaf; the first is found.
    let size = store.head().size;
    store.append(size, &[note(5), note(5)]).unwrap();
    assert_eq!(store.find_leaf(&leaf_hash(&note(5))).unwrap(), Some(5));
    assert_eq!(store.find(&Key::Receipt("SZ-5".to_owned())).unwrap(), [5, size, size + 1]);
    let large = vec![0xFF; MAX_NOTE_BYTES];
    store.append(size + 2, std::slice::from_ref(&large)).unwrap();
    assert_eq!(store.read(size + 2..size + 3).unwrap(), [large]);
}

fn refusals(store: &mut dyn Store) {
    let head = store.head();
    let size = head.size;
    assert!(matches!(
        store.append(size + 1, &[note(0)]),
        Err(StoreError::Conflict { expected, actual }) if expected == size + 1 && actual == size
    ));
    assert!(matches!(store.append(size, &[note(0), vec![]]), Err(StoreError::EmptyNote)));
    let large = vec![1; MAX_NOTE_BYTES + 1];
    assert!(matches!(store.append(size, &[large]), Err(StoreError::TooLarge { .. })));
    let many = vec![vec![1; MAX_NOTE_BYTES]; 1100];
    assert!(matches!(store.append(size, &many), Err(StoreError::TooLarge { .. })));
    assert!(matches!(store.read(0..size + 1), Err(StoreError::OutOfRange { .. })));
    #[allow(clippy::reversed_empty_ranges)]
    let backwards = store.read(1..0);
    assert!(matches!(backwards, Err(StoreError::OutOfRange { .. })));
    assert!(matches!(store.node(0, size), Err(StoreError::OutOfRange { .. })));
    for (level, index) in [(63, 1), (64, 0), (255, u64::MAX), (0, u64::MAX), (8, u64::MAX / 2)] {
        assert!(matches!(store.node(level, index), Err(StoreError::OutOfRange { .. })));
    }
    assert!(matches!(store.put_snapshot(size + 1, b""), Err(StoreError::OutOfRange { .. })));
    let ahead = format!("o\n{}\n{}\n\n", size + 1, head.root);
    assert!(matches!(store.put_checkpoint(ahead.as_bytes()), Err(StoreError::OutOfRange { .. })));
    let other = format!("o\n{}\n{}\n\n", size, Hash([3; 32]));
    assert!(matches!(store.put_checkpoint(other.as_bytes()), Err(StoreError::Damaged(_))));
    assert!(matches!(store.put_checkpoint(b"nothing"), Err(StoreError::Damaged(_))));
    assert_eq!(store.head(), head);
}

fn nodes(store: &dyn Store) {
    let mut frontier = Frontier::new();
    for seq in 0..store.head().size {
        for (level, index, hash) in frontier.push(leaf_hash(&note(seq))) {
            assert_eq!(store.node(level, index).unwrap(), hash, "node {level} {index}");
        }
    }
}

fn beside(store: &mut dyn Store) {
    store.put_snapshot(300, b"state at 300").unwrap();
    assert_eq!(store.snapshot().unwrap(), Some((300, b"state at 300".to_vec())));
    store.put_snapshot(0, b"").unwrap();
    assert_eq!(store.snapshot().unwrap(), Some((0, vec![])));
    let newest = checkpoint(store);
    store.put_checkpoint(&newest).unwrap();
    assert_eq!(store.checkpoint().unwrap(), Some(newest));
}

#[test]
fn memory() {
    holds(&mut MemoryStore::new(derive));
}

#[test]
fn faulty_without_faults() {
    holds(&mut FaultyStore::new(derive, None));
}

#[test]
fn file() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let options = store::options();
    FileStore::create(&ledger, &options).unwrap();
    let mut opened = store::open(&ledger, &options);
    holds(&mut opened);
    let (head, kept) = (opened.head(), opened.checkpoint().unwrap());
    opened.close().unwrap();
    // And once more with another process's eyes.
    let opened = store::open(&ledger, &options);
    assert_eq!(opened.notices(), []);
    assert_eq!(opened.head(), head);
    assert_eq!(opened.checkpoint().unwrap(), kept);
    assert_eq!(opened.snapshot().unwrap(), Some((0, vec![])));
    assert_eq!(opened.find(&Key::Receipt("SZ-5".to_owned())).unwrap(), [5, 700, 701]);
    nodes_of_first(&opened, 700);
}

fn nodes_of_first(store: &FileStore, count: u64) {
    let mut frontier = Frontier::new();
    for seq in 0..count {
        for (level, index, hash) in frontier.push(leaf_hash(&note(seq))) {
            assert_eq!(store.node(level, index).unwrap(), hash);
        }
    }
}

/// A socket in a folder, a store behind it, and a client that speaks to it.
fn remote(store: impl Store + 'static, each: impl FnOnce(RemoteStore)) {
    let folder = tempfile::tempdir().unwrap();
    let socket = Socket::bind(folder.path()).unwrap();
    let owner: Arc<dyn Owner> = Arc::new(Mutex::new(store));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| socket.serve(&owner, &stop, &|_| {}).unwrap());
        each(RemoteStore::connect(folder.path()).unwrap().expect("somebody answers"));
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn through_a_socket() {
    remote(MemoryStore::new(derive), |mut store| holds(&mut store));
}

#[test]
fn a_ledger_on_disk_through_a_socket() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let options = store::options();
    FileStore::create(&ledger, &options).unwrap();
    remote(store::open(&ledger, &options), |mut store| holds(&mut store));
    verify_index_of(&store::open(&ledger, &options));
}

fn verify_index_of(store: &FileStore) {
    assert_eq!(store.find(&Key::Receipt("SZ-5".to_owned())).unwrap(), [5, 700, 701]);
    nodes_of_first(store, 700);
}
