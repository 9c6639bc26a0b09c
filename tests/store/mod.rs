//! What the store tests share: notes, what they are found by, and the whole-ledger
//! check.
#![allow(dead_code)] // each test binary uses its part

pub mod faults;

use std::path::Path;

use media_custody::model::Hash;
use media_custody::proof::tree::{Frontier, leaf_hash};
use media_custody::store::{FileStore, Key, Options, Store, chain_hash};

/// A line of the table in docs/reliability.md, which `tests/reliability` collects: what was
/// injected, where, how often, with what result. Past the test harness's capture.
pub fn row(fault: &str, place: &str, times: u64, result: &str) {
    use std::io::Write;
    // The harness has begun this line with the test's name.
    let _ = writeln!(std::io::stdout(), "\nrow\t{fault}\t{place}\t{times}\t{result}");
}

/// A note of the tests: `medium|party|receipt|number|padding`.
pub fn note(seq: u64) -> Vec<u8> {
    let padding = "x".repeat((seq * 37 % 400) as usize);
    format!("USB-{:04}|party {}|SZ-{seq}|{seq}|{padding}", seq % 17, seq % 3).into_bytes()
}

/// What a note of the tests is found by.
pub fn derive(note: &[u8]) -> Vec<Key> {
    let text = String::from_utf8_lossy(note);
    let mut fields = text.split('|');
    let mut keys = Vec::new();
    keys.extend(fields.next().map(|id| Key::Medium(id.to_owned())));
    keys.extend(fields.next().map(|name| Key::Party(name.to_owned())));
    keys.extend(fields.next().map(|id| Key::Receipt(id.to_owned())));
    let number = fields.next().and_then(|number| number.parse().ok());
    keys.extend(number.map(|number: u128| Key::Nonce(number.to_be_bytes())));
    keys
}

/// Options small enough that a few entries cross segments and reservations.
pub fn options() -> Options {
    let mut options = Options::new(derive, 1);
    options.segment_bytes = 8 << 10;
    options.reserve_bytes = 4 << 10;
    options.ballast_bytes = 16 << 10;
    options.cache_bytes = 8 << 20;
    options.absorb_entries = 512;
    options
}

pub fn open(folder: &Path, options: &Options) -> FileStore {
    FileStore::open(folder, options, &mut |_, _| {}).unwrap()
}

/// Appends notes up to entry `to` in commits of `by`.
pub fn fill(store: &mut dyn Store, to: u64, by: u64) {
    while store.head().size < to {
        let from = store.head().size;
        let notes: Vec<Vec<u8>> = (from..to.min(from + by)).map(note).collect();
        store.append(from, &notes).unwrap();
    }
}

/// A text that begins like a checkpoint of the store's head.
pub fn checkpoint(store: &dyn Store) -> Vec<u8> {
    let head = store.head();
    format!("example.jp/test\n{}\n{}\n\n— key AAAA\n", head.size, head.root).into_bytes()
}

/// Reads all entries back and recomputes chain and root; the notes must be those
/// of the tests, of which at least `acknowledged`.
pub fn verify_whole(store: &dyn Store, acknowledged: u64) {
    let head = store.head();
    assert!(head.size >= acknowledged, "{} entries, {acknowledged} acknowledged", head.size);
    let mut frontier = Frontier::new();
    let mut chain = Hash([0; 32]);
    store
        .visit(0..head.size, &mut |seq, bytes| {
            assert_eq!(bytes, note(seq), "entry {seq}");
            chain = chain_hash(&chain, seq, &leaf_hash(bytes));
            frontier.push(leaf_hash(bytes));
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(frontier.size(), head.size);
    assert_eq!(frontier.root(), head.root);
    assert_eq!(chain, head.chain);
    assert_eq!(Frontier::load(&StoreNodes(store), head.size).unwrap().root(), head.root);
}

/// Every entry is found by everything it names, and nothing else is.
pub fn verify_index(store: &dyn Store) {
    let size = store.head().size;
    for seq in 0..size {
        let bytes = note(seq);
        assert_eq!(store.find_leaf(&leaf_hash(&bytes)).unwrap(), Some(seq));
        assert_eq!(store.find(&Key::Receipt(format!("SZ-{seq}"))).unwrap(), [seq]);
        assert_eq!(store.find(&Key::Nonce(u128::from(seq).to_be_bytes())).unwrap(), [seq]);
    }
    for medium in 0..17 {
        let expected: Vec<u64> = (0..size).filter(|seq| seq % 17 == medium).collect();
        assert_eq!(store.find(&Key::Medium(format!("USB-{medium:04}"))).unwrap(), expected);
    }
    assert!(store.find(&Key::Medium("USB-none".to_owned())).unwrap().is_empty());
    assert_eq!(store.find_leaf(&Hash([7; 32])).unwrap(), None);
}

/// The nodes of a store behind a reference.
pub struct StoreNodes<'a>(pub &'a dyn Store);

impl media_custody::proof::tree::Nodes for StoreNodes<'_> {
    type Error = media_custody::store::StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        self.0.node(level, index)
    }
}
