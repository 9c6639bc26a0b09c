//! One bit flipped in any stored byte: every bit of a small ledger, a sample of a larger
//! one. What is truth or speaks for it is named with its entry; what is only a cache is
//! found out or rebuilt, and never makes an answer wrong.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use media_custody::model::{Hash, VerifierKey};
use media_custody::ops::verify::verify_ledger;
use media_custody::report::LedgerVerification;

use crate::hands::{SEGMENT, frame_at, make_right, notes};
use crate::office::{self, Case, of};

/// The slots' bytes; the rest of the file is not looked at (FORMAT-journal.md, "head").
const SLOTS: [Range<usize>; 2] = [0..88, 4096..4184];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// A ledger and how it is verified, and what it says when nothing is wrong with it.
struct Stored {
    folder: PathBuf,
    key: VerifierKey,
    files: Vec<(PathBuf, Vec<u8>)>,
    entries: u64,
    root: Hash,
}

impl Stored {
    fn of(folder: PathBuf, key: &VerifierKey) -> Self {
        let sound = verify_ledger(&folder, Some(key), &mut |_, _| {}).expect("a ledger");
        assert!(sound.findings.is_empty(), "{:?}", sound.findings);
        let read = |path: PathBuf| {
            let bytes = fs::read(&path).expect("a file");
            (path.strip_prefix(&folder).expect("below").to_owned(), bytes)
        };
        let kept = |path: &PathBuf| !["LOCK", "ballast"].iter().any(|name| path.ends_with(name));
        let files = files(&folder).into_iter().filter(kept).map(read).collect();
        Stored { files, key: key.clone(), entries: sound.entries, root: sound.root, folder }
    }

    /// The same elsewhere, for another core.
    fn copied(&self, folder: &Path) -> Self {
        for (name, bytes) in &self.files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, bytes).expect("written");
        }
        Stored::of(folder.to_owned(), &self.key)
    }

    /// What is said with this bit flipped; the folder is as before afterwards.
    fn flipped(&self, name: &Path, bit: usize) -> Result<LedgerVerification, String> {
        let (_, good) = self.files.iter().find(|(path, _)| path == name).expect("a file");
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        fs::write(self.folder.join(name), &bad).expect("written");
        let said = verify_ledger(&self.folder, Some(&self.key), &mut |_, _| {});
        // Opening may have written a head slot anew, or marked a cache.
        for (path, bytes) in &self.files {
            let cache = path.starts_with("index.00000000") || path.starts_with("index.1");
            if path == name || path.ends_with("head") || cache && name.starts_with("index.1") {
                fs::write(self.folder.join(path), bytes).expect("written");
            }
        }
        said.map_err(|error| error.to_string())
    }

    /// The whole answer, and the right one.
    fn is_whole(&self, said: &LedgerVerification) -> bool {
        said.findings.is_empty() && (said.entries, said.root) == (self.entries, self.root)
    }
}

/// What a flipped bit in this file has to lead to.
fn wrong(stored: &Stored, name: &Path, bit: usize, entry: &dyn Fn(usize) -> u64) -> Option<String> {
    let said = stored.flipped(name, bit);
    let at = bit / 8;
    let file = name.to_string_lossy();
    let right = match (&*file, &said) {
        // Truth: the entry whose bytes were hit.
        (file, Ok(said)) if file.starts_with("journal/") => {
            said.findings.iter().any(|found| found.index == Some(entry(at)))
        }
        // What the log signed.
        ("checkpoint", Ok(said)) => !said.findings.is_empty(),
        // What makes the folder a ledger: refused by name, or as damage.
        ("FORMAT", Ok(said)) => !said.findings.is_empty(),
        ("FORMAT", Err(_)) => true,
        // Either slot is enough; of both, none is believed that does not agree.
        ("head", Ok(said)) => stored.is_whole(said) || !said.findings.is_empty(),
        // Caches and what verifying does not read.
        (_, Ok(said)) => stored.is_whole(said),
        (_, Err(_)) => false,
    };
    (!right)
        .then(|| format!("{file} byte {at} bit {}: {:?}", bit % 8, said.map(|said| said.findings)))
}

/// The bits of a file that are looked at: all, but a sample of caches and of what no
/// reader looks at.
fn bits(name: &Path, bytes: &[u8], used: usize) -> Vec<usize> {
    let file = name.to_string_lossy();
    let all = |bytes: Range<usize>| bytes.start * 8..bytes.end * 8;
    // One bit of a byte here and there, each of the eight in its turn.
    let some = |count: usize| {
        let step = bytes.len().div_ceil(count).max(1);
        (0..bytes.len()).step_by(step).enumerate().map(|(turn, at)| at * 8 + turn % 8).collect()
    };
    match &*file {
        file if file.starts_with("journal/") => all(0..used).collect(),
        "head" => SLOTS.into_iter().flat_map(all).collect(),
        "checkpoint" | "FORMAT" => all(0..bytes.len()).collect(),
        "state" => some(40),
        _ => some(12),
    }
}

#[test]
fn every_bit_of_a_small_ledger_is_named() {
    let case = Case::new();
    let two = notes(&case)[..2].to_vec();
    make_right(&case, &two);
    let used = frame_at(&case, 2);
    let second = frame_at(&case, 1);
    let _quiet = office::quiet();
    let stored = Stored::of(case.path("ledger"), &of(case.text("ledger/log.vkey").trim()));
    let all: Vec<(PathBuf, usize)> = stored
        .files
        .iter()
        .flat_map(|(name, bytes)| {
            bits(name, bytes, used).into_iter().map(|bit| (name.clone(), bit))
        })
        .collect();
    assert!(all.len() > 8 * (used + 300), "journal, head and checkpoint at least");
    let entry = |at: usize| u64::from(at >= second);
    let half = all.len().div_ceil(2);
    let own: Vec<Stored> =
        (0..2).map(|share| stored.copied(&case.path(&format!("copy-{share}")))).collect();
    // Threads of our own: an audit waits for rayon's, which must not wait for it here.
    let unnamed: Vec<String> = std::thread::scope(|scope| {
        let share = |(own, bits)| {
            scope.spawn(move || {
                let bits: &[(PathBuf, usize)] = bits;
                bits.iter().filter_map(|(name, bit)| wrong(own, name, *bit, &entry)).collect()
            })
        };
        let running: Vec<_> = own.iter().zip(all.chunks(half)).map(share).collect();
        running
            .into_iter()
            .flat_map(|share| -> Vec<String> { share.join().expect("no panic") })
            .collect()
    });
    let shown = unnamed[..unnamed.len().min(20)].join("\n");
    assert!(unnamed.is_empty(), "{} of {}:\n{shown}", unnamed.len(), all.len());
}

#[test]
fn a_sample_of_the_bits_of_a_larger_ledger_is_named() {
    let case = Case::new();
    office::more_entries(&case, 290);
    let starts: Vec<usize> = {
        let notes = notes(&case);
        notes
            .iter()
            .scan(0, |at, note| Some(std::mem::replace(at, *at + 92 + note.len())))
            .collect()
    };
    let end = starts[299] + 92 + notes(&case)[299].len();
    let _quiet = office::quiet();
    let stored = Stored::of(case.path("ledger"), &of(case.text("ledger/log.vkey").trim()));
    let entry = |at: usize| starts.iter().rposition(|start| *start <= at).expect("an entry") as u64;
    let name = Path::new(SEGMENT).strip_prefix("ledger").expect("below");
    // An odd step, so that every bit of a byte has its turn.
    let bits = (0..end * 8).step_by((end * 8 / 31) | 1);
    let unnamed: Vec<String> = bits.filter_map(|at| wrong(&stored, name, at, &entry)).collect();
    assert!(unnamed.is_empty(), "{}", unnamed.join("\n"));
}

/// Every byte of a receipt counts, by the program as people run it.
#[test]
fn no_byte_of_a_receipt_can_be_changed() {
    let case = Case::new();
    let held = case.read("held.receipt");
    for at in (0..held.len()).step_by(held.len() / 40) {
        let mut altered = held.clone();
        altered[at] ^= 1;
        case.write("altered.receipt", &altered);
        let done = case.run(&["verify", "altered.receipt", "--log-key", "ledger/log.vkey"]);
        assert_eq!(done.code, 4, "byte {at}: {}{}", done.stdout, done.stderr);
    }
}
