//! Re-verifies a whole ledger from its notes alone: signatures, tree, every
//! `seen`, every decision, the checkpoint. Needs no store and trusts none.
//!
//! Notes are given in chunks. The part that dominates, verifying signatures, runs
//! on all cores; the fold is sequential by nature and runs beside it, one chunk
//! behind.

mod entry;
mod finding;

use std::collections::HashMap;

use rayon::prelude::*;

pub use entry::{Checked, check_note};
pub use finding::{Cause, Finding};

use crate::ledger::judge::{judge, replay_time};
use crate::ledger::state::State;
use crate::model::{Hash, Seen, Statement, VerifierKey};
use crate::proof::log_keys::LogKeys;
use crate::proof::tree::{Frontier, Nodes};
use crate::wire::signature::KeyCache;

/// Findings kept in full. Past it they are only counted: one early break can make
/// every later entry wrong, and nobody reads a million lines.
pub const FINDINGS_MAX: usize = 200;

/// Most notes that a core takes at a time: a fraction of a millisecond of work. Left
/// alone, rayon gives each core one large share, and whoever is done first (the fold
/// runs on one of them too) waits for the other at the end of every chunk.
const SHARE: usize = 1;

/// What an audit found.
#[derive(Debug, Clone)]
pub struct Audit {
    /// Number of entries seen.
    pub entries: u64,
    /// Number of signatures that verified.
    pub signatures: u64,
    /// Root over the entries.
    pub root: Hash,
    /// The state they fold to.
    pub state: State,
    /// The first [`FINDINGS_MAX`] findings, by entry.
    pub findings: Vec<Finding>,
    /// Number of findings, those not kept included.
    pub findings_total: u64,
    /// The size of the checkpoint that was checked, if there was one.
    pub checkpoint: Option<u64>,
}

impl Audit {
    /// True when nothing was found.
    pub fn is_green(&self) -> bool {
        self.findings_total == 0
    }
}

/// An audit under way.
#[derive(Default)]
pub struct Auditor {
    state: State,
    frontier: Frontier,
    tree: Tree,
    keys: KeyCache,
    nonces: HashMap<[u8; 16], u64>,
    /// Roots of earlier trees that were asked for: several statements in a row
    /// usually saw the same checkpoint.
    roots: HashMap<u64, Hash>,
    pending: Vec<Checked>,
    findings: Vec<Finding>,
    findings_total: u64,
    signatures: u64,
}

impl Auditor {
    /// Begins with the empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of entries taken so far.
    pub fn taken(&self) -> u64 {
        self.frontier.size() + self.pending.len() as u64
    }

    /// Takes the next notes. A few thousand at a time keep all cores busy.
    pub fn take(&mut self, notes: &[Vec<u8>]) {
        let pending = std::mem::take(&mut self.pending);
        let keys = std::mem::take(&mut self.keys);
        let ((), checked) = rayon::join(
            || self.fold_all(pending),
            || {
                let notes = notes.par_iter().with_max_len(SHARE);
                notes.map(|note| check_note(&keys, note)).collect::<Vec<_>>()
            },
        );
        self.keys = keys;
        self.pending = checked;
    }

    /// Takes the place of an entry whose bytes cannot be read. `leaf` is what is
    /// still known of it elsewhere; with it the tree stays whole and the damage is
    /// named once, not at every later entry.
    pub fn take_damaged(&mut self, leaf: Option<Hash>, cause: Cause) {
        let leaf = leaf.unwrap_or(Hash([0; 32]));
        self.pending.push(Checked { leaf, statement: None, signatures: 0, cause: Some(cause) });
    }

    /// Notes damage that whoever reads the notes came upon.
    pub fn report(&mut self, index: Option<u64>, cause: Cause) {
        self.findings_total += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { index, cause });
        }
    }

    /// Ends the audit. `checkpoint` is the newest signed checkpoint kept beside the
    /// ledger; `log_key`, where given, is the key the verifier already trusts.
    pub fn finish(mut self, checkpoint: Option<&[u8]>, log_key: Option<&VerifierKey>) -> Audit {
        let pending = std::mem::take(&mut self.pending);
        self.fold_all(pending);
        let known = checkpoint.and_then(|bytes| self.check_checkpoint(bytes, log_key));
        if checkpoint.is_none() && self.frontier.size() > 0 {
            self.report(None, Cause::NoCheckpoint);
        }
        self.conclude(known)
    }

    /// Ends the audit of entries that are known not to be all there are, so that no
    /// checkpoint says anything of them.
    pub fn finish_part(mut self) -> Audit {
        let pending = std::mem::take(&mut self.pending);
        self.fold_all(pending);
        self.conclude(None)
    }

    fn conclude(mut self, checkpoint: Option<u64>) -> Audit {
        self.findings.sort_by_key(|finding| finding.index.unwrap_or(u64::MAX));
        Audit {
            entries: self.frontier.size(),
            signatures: self.signatures,
            root: self.frontier.root(),
            state: self.state,
            findings: self.findings,
            findings_total: self.findings_total,
            checkpoint,
        }
    }

    fn fold_all(&mut self, checked: Vec<Checked>) {
        for entry in checked {
            self.fold(entry);
        }
    }

    fn fold(&mut self, checked: Checked) {
        let index = self.frontier.size();
        let Checked { leaf, statement, signatures, cause } = checked;
        self.signatures += signatures;
        if let Some(cause) = cause {
            self.report(Some(index), cause);
        }
        if let Some(statement) = &statement
            && let Some(first) = self.nonces.insert(statement.nonce().0, index)
        {
            self.report(Some(index), Cause::Duplicate { first });
        }
        match statement {
            Some(statement) => self.weigh(index, leaf, &statement),
            // Its place in the tree stays taken, or every later index would shift.
            None => self.state.size += 1,
        }
        for (level, at, hash) in self.frontier.push(leaf) {
            self.tree.set(level, at, hash);
        }
    }

    fn weigh(&mut self, index: u64, leaf: Hash, statement: &Statement) {
        for seen in statement.heads() {
            if seen.size <= index && self.root_at(seen.size) != Some(seen.root) {
                self.report(Some(index), Cause::SeenRoot(seen));
            }
        }
        let now = replay_time(&self.state, statement);
        if let Err(refusals) = judge(&self.state, statement, now) {
            self.report(Some(index), Cause::Refused(refusals));
        }
        self.state.apply(leaf, statement);
    }

    fn root_at(&mut self, size: u64) -> Option<Hash> {
        if size == self.frontier.size() {
            return Some(self.frontier.root());
        }
        if let Some(known) = self.roots.get(&size) {
            return Some(*known);
        }
        let root = Frontier::load(&self.tree, size).ok()?.root();
        if self.roots.len() >= 4_096 {
            self.roots.clear();
        }
        self.roots.insert(size, root);
        Some(root)
    }

    fn check_checkpoint(&mut self, bytes: &[u8], log_key: Option<&VerifierKey>) -> Option<u64> {
        let own = LogKeys::new(self.state.log_keys());
        // A key that was trusted and then replaced leads on: each replacement is an entry
        // that the key before it signed, and that was verified like every other.
        let linked = own.clone().filter(|own| log_key.is_none_or(|trusted| own.has(trusted)));
        if linked.is_none() && own.is_some() {
            self.report(None, Cause::LogKeyDiffers);
        }
        let keys = linked.or_else(|| log_key.map(LogKeys::from))?;
        let opened = match keys.open(bytes) {
            Ok(opened) => opened,
            Err(error) => {
                self.report(None, Cause::Checkpoint(error.to_string()));
                return None;
            }
        };
        let said = Seen { size: opened.checkpoint().size(), root: *opened.checkpoint().root() };
        if said.size > self.frontier.size() {
            self.report(
                None,
                Cause::Truncated { checkpoint: said.size, entries: self.frontier.size() },
            );
        } else if self.root_at(said.size) != Some(said.root) {
            self.report(None, Cause::CheckpointRoot(said));
        }
        Some(said.size)
    }
}

/// Every complete subtree of the entries so far, 64 bytes an entry.
#[derive(Default)]
struct Tree(Vec<Vec<Hash>>);

impl Tree {
    /// Nodes of a level arrive in order.
    fn set(&mut self, level: u8, index: u64, hash: Hash) {
        let level = usize::from(level);
        if self.0.len() <= level {
            self.0.resize_with(level + 1, Vec::new);
        }
        debug_assert_eq!(self.0[level].len() as u64, index);
        self.0[level].push(hash);
    }
}

/// The subtree is not complete.
struct NoNode;

impl Nodes for Tree {
    type Error = NoNode;
    fn node(&self, level: u8, index: u64) -> Result<Hash, NoNode> {
        let index = usize::try_from(index).map_err(|_| NoNode)?;
        self.0.get(usize::from(level)).and_then(|nodes| nodes.get(index)).copied().ok_or(NoNode)
    }
}
