//! Comparing what was held of one ledger: receipts, checkpoints, published ledgers.
//! Either all lie on one history, or two of them show a fork, or what is there is not
//! enough to tell.

use std::path::Path;

use super::error::OpsError;
use super::gather::{Evidence, gather, read_bounded};
use super::ledger::Ledger;
use super::tile_folder::Published;
use super::witness::WitnessError;
use crate::model::{Hash, VerifierKey};
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::consistency::verify_consistency;
use crate::proof::fork::{Beginning, ForkProof, ranges};
use crate::proof::receipt::Receipt;
use crate::report::comparison::{Compared, Comparison, ForkView};

/// Most things compared at once: each is compared with each.
const ITEMS_MAX: usize = 256;

/// One thing that states a history.
struct Item {
    name: String,
    checkpoint: SignedCheckpoint,
    tells: Tells,
}

/// What it tells of earlier histories.
enum Tells {
    Nothing,
    Leaf { leaf: Hash, index: u64, path: Vec<Hash> },
    Ledger(Box<Ledger>),
    Published(Published),
}

/// What came of it: for people, and for third parties.
pub struct Outcome {
    /// What was found.
    pub comparison: Comparison,
    /// The proof of a fork, where one can be written.
    pub proof: Option<ForkProof>,
}

/// Compares what is at these paths, all of the log with the key `log`.
///
/// # Errors
/// Something there is nothing that can be compared, or is not this log's.
pub fn compare(given: &[String], log: &VerifierKey) -> Result<Outcome, OpsError> {
    if given.len() > ITEMS_MAX {
        return Err(OpsError::input("FILE", format!("at most {ITEMS_MAX} at once")));
    }
    let mut items = Vec::new();
    for name in given {
        items.push(open(name, log)?);
    }
    items.sort_by_key(|item| item.checkpoint.checkpoint().size());
    let mut within = vec![vec![false; items.len()]; items.len()];
    for (newer, item) in items.iter().enumerate() {
        for (older, other) in items.iter().enumerate().take(newer) {
            match relation(other, item)? {
                Relation::Unknown => {}
                Relation::Begins => set(&mut within, older, newer),
                Relation::Forks(proof) => {
                    if let Some(proof) = &proof {
                        proof
                            .verify(log)
                            .map_err(|e| WitnessError::NoFork(item.name.clone(), e))?;
                    }
                    let fork = ForkView {
                        first: other.name.clone(),
                        second: item.name.clone(),
                        proven: proof.is_some(),
                    };
                    let comparison = Comparison::forked(log, compared(&items), fork);
                    return Ok(Outcome { comparison, proof: proof.map(|proof| *proof) });
                }
            }
            let same = other.checkpoint.checkpoint() == item.checkpoint.checkpoint();
            if same {
                set(&mut within, newer, older);
            }
        }
    }
    close(&mut within);
    let mut open = Vec::new();
    for (newer, item) in items.iter().enumerate() {
        for (older, other) in items.iter().enumerate().take(newer) {
            if !holds(&within, older, newer) {
                open.push((other.name.clone(), item.name.clone()));
            }
        }
    }
    let comparison = Comparison::without_fork(log, compared(&items), open);
    Ok(Outcome { comparison, proof: None })
}

/// Verifies a fork proof from a file.
///
/// # Errors
/// The file cannot be read; it proves no fork.
pub fn check(file: &Path, log: &VerifierKey) -> Result<ForkProof, OpsError> {
    let proof = ForkProof::parse(&read_bounded(file)?);
    let proof = proof.and_then(|proof| proof.verify(log).map(|()| proof));
    let name = file.display().to_string();
    proof.map_err(|error| WitnessError::NoFork(name, error).into())
}

fn compared(items: &[Item]) -> Vec<Compared> {
    let one = |item: &Item| {
        let said = item.checkpoint.checkpoint();
        Compared { name: item.name.clone(), entries: said.size(), root: *said.root() }
    };
    items.iter().map(one).collect()
}

fn open(name: &str, log: &VerifierKey) -> Result<Item, OpsError> {
    let path = Path::new(name);
    let wrong = |error: String| OpsError::input(name, error);
    let (checkpoint, tells) = if path.join("FORMAT").is_file() {
        let mut ledger = Ledger::open(path, &mut |_, _| {})?;
        let checkpoint = ledger.checkpoint()?;
        ledger.catch_up()?;
        (checkpoint, Tells::Ledger(Box::new(ledger)))
    } else if path.is_dir() {
        let published = Published::open(path)?;
        (published.checkpoint().clone(), Tells::Published(published))
    } else {
        held(name)?
    };
    checkpoint.verify(log).map_err(|error| wrong(error.to_string()))?;
    if let Tells::Leaf { leaf, index, path } = &tells {
        let said = checkpoint.checkpoint();
        crate::proof::inclusion::verify_inclusion(leaf, *index, said.size(), path, said.root())
            .map_err(|error| wrong(error.to_string()))?;
    }
    Ok(Item { name: name.to_owned(), checkpoint, tells })
}

/// A receipt in any form, or a checkpoint.
fn held(name: &str) -> Result<(SignedCheckpoint, Tells), OpsError> {
    let path = Path::new(name);
    if path.is_file() {
        let bytes = read_bounded(path)?;
        if let (Err(_), Ok(checkpoint)) = (Receipt::parse(&bytes), SignedCheckpoint::parse(&bytes))
        {
            return Ok((checkpoint, Tells::Nothing));
        }
    }
    match gather(&[name.to_owned()], None)? {
        Evidence::Whole(receipt) => {
            let proof = receipt.proof();
            let (leaf, index, path) = (receipt.leaf(), proof.index(), proof.path().to_vec());
            Ok((proof.checkpoint().clone(), Tells::Leaf { leaf, index, path }))
        }
        Evidence::Half(..) => {
            Err(OpsError::input(name, "is half a receipt; give both codes as one file"))
        }
    }
}

enum Relation {
    Unknown,
    Begins,
    Forks(Option<Box<ForkProof>>),
}

/// How a smaller tree stands to a larger one, or to one of its size.
fn relation(older: &Item, newer: &Item) -> Result<Relation, OpsError> {
    let (first, second) = (older.checkpoint.checkpoint(), newer.checkpoint.checkpoint());
    let beginning = if first.size() == second.size() {
        Some(Beginning { root: *second.root(), proof: Vec::new() })
    } else if first.size() == 0 {
        return Ok(Relation::Begins);
    } else {
        newer.beginning(first.size())?
    };
    let Some(beginning) = beginning else {
        return Ok(if told_apart(older, newer) {
            Relation::Forks(None)
        } else {
            Relation::Unknown
        });
    };
    let Beginning { root, proof } = &beginning;
    verify_consistency(first.size(), root, second.size(), second.root(), proof)
        .map_err(|error| OpsError::input(&newer.name, format!("it is damaged: {error}")))?;
    if root == first.root() {
        return Ok(Relation::Begins);
    }
    let (older, newer) = (older.checkpoint.clone(), newer.checkpoint.clone());
    Ok(Relation::Forks(Some(Box::new(ForkProof::new(older, newer, beginning)))))
}

/// Whether two receipts tell two hashes of the same entries.
fn told_apart(a: &Item, b: &Item) -> bool {
    let told = |item: &Item| match &item.tells {
        Tells::Leaf { leaf, index, path } => {
            ranges(leaf, *index, path, item.checkpoint.checkpoint().size())
        }
        _ => None,
    };
    let (Some(a), Some(b)) = (told(a), told(b)) else { return false };
    a.iter().any(|(range, hash)| b.get(range).is_some_and(|other| other != hash))
}

impl Item {
    fn beginning(&self, first: u64) -> Result<Option<Beginning>, OpsError> {
        let second = self.checkpoint.checkpoint().size();
        let damaged = |error: String| OpsError::input(&self.name, error);
        match &self.tells {
            Tells::Nothing => Ok(None),
            Tells::Leaf { leaf, index, path } => {
                Ok(Beginning::within(leaf, *index, path, first, second))
            }
            Tells::Ledger(ledger) => Beginning::of(ledger.store(), first, second)
                .map(Some)
                .map_err(|error| damaged(error.to_string())),
            Tells::Published(tree) => Beginning::of(tree, first, second)
                .map(Some)
                .map_err(|error| damaged(error.to_string())),
        }
    }
}

/// `older` is the beginning of `newer`.
fn set(within: &mut [Vec<bool>], older: usize, newer: usize) {
    if let Some(cell) = within.get_mut(older).and_then(|row| row.get_mut(newer)) {
        *cell = true;
    }
}

fn holds(within: &[Vec<bool>], older: usize, newer: usize) -> bool {
    within.get(older).and_then(|row| row.get(newer)).copied().unwrap_or(false)
}

/// What follows: the beginning of a beginning is one, and of two beginnings of one tree
/// the smaller is the beginning of the larger. Items stand in order of size.
fn close(within: &mut [Vec<bool>]) {
    let count = within.len();
    loop {
        let mut more = Vec::new();
        for a in 0..count {
            for b in (0..count).filter(|b| *b != a && !holds(within, a, *b)) {
                let between = (0..count).any(|c| holds(within, a, c) && holds(within, c, b));
                let above = a < b && (0..count).any(|c| holds(within, a, c) && holds(within, b, c));
                if between || above {
                    more.push((a, b));
                }
            }
        }
        if more.is_empty() {
            return;
        }
        more.into_iter().for_each(|(a, b)| set(within, a, b));
    }
}
