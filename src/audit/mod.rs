//! Re-verifies a whole ledger from its notes alone: signatures, tree, every
//! `seen`, every decision, the checkpoint. Needs no store and trusts none.
//!
//! An audit may go on where an earlier one ended ([`Record`]), at a cost in proportion to the
//! entries that are new. What these say of the earlier ones is asked of an [`Earlier`].
//!
//! Notes are given in chunks. The part that dominates, verifying signatures, runs
//! on all cores; the fold is sequential by nature and runs beside it, one chunk
//! behind.

mod entry;
mod finding;
mod record;

use std::collections::HashMap;
use std::convert::Infallible;

use rayon::prelude::*;

pub use entry::{Checked, check_note};
pub use finding::{Cause, Finding};
pub use record::{Record, RecordFlaw};

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

/// The entries in front of those that an audit goes on with.
pub trait Earlier {
    /// What a failed question says.
    type Error;

    /// Whether the tree `audited` begins with the tree `seen`, shown by a proof.
    ///
    /// # Errors
    /// When the proof cannot be made.
    fn begins_with(&self, seen: Seen, audited: Seen) -> Result<bool, Self::Error>;

    /// The first entry with this nonce.
    ///
    /// # Errors
    /// When it cannot be looked up.
    fn first_with(&self, nonce: [u8; 16]) -> Result<Option<u64>, Self::Error>;
}

/// There are none.
struct Nothing;

impl Earlier for Nothing {
    type Error = Infallible;

    fn begins_with(&self, _: Seen, _: Seen) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn first_with(&self, _: [u8; 16]) -> Result<Option<u64>, Infallible> {
        Ok(None)
    }
}

/// An audit under way.
#[derive(Default)]
pub struct Auditor {
    /// What an earlier audit covers; nothing of it is read again.
    audited: Option<Seen>,
    /// Trees that entries saw and that end in the audited part, with the first entry that
    /// saw each.
    asked: HashMap<Seen, u64>,
    /// Up to which entry the nonces were looked up among the audited ones.
    looked_up: u64,
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

    /// Goes on where an earlier audit ended, with the entry behind the last it covers.
    pub fn resume(record: Record) -> Self {
        let Record { state, frontier } = record;
        Auditor {
            audited: Some(Seen { size: frontier.size(), root: frontier.root() }),
            looked_up: frontier.size(),
            tree: Tree::of(&frontier),
            state,
            frontier,
            ..Self::default()
        }
    }

    /// Ends a part of the audit: what was taken is folded, and what it says of the audited
    /// entries in front is asked.
    ///
    /// # Errors
    /// What `earlier` says.
    pub fn settle<E: Earlier>(&mut self, earlier: &E) -> Result<(), E::Error> {
        let pending = std::mem::take(&mut self.pending);
        self.fold_all(pending);
        let Some(audited) = self.audited else { return Ok(()) };
        for (seen, index) in std::mem::take(&mut self.asked) {
            if !earlier.begins_with(seen, audited)? {
                self.report(Some(index), Cause::SeenRoot(seen));
            }
        }
        let looked_up = std::mem::replace(&mut self.looked_up, self.frontier.size());
        let fresh = self.nonces.iter().filter(|(_, index)| **index >= looked_up);
        let mut repeated = Vec::new();
        for (nonce, index) in fresh {
            let first = earlier.first_with(*nonce)?.filter(|first| *first < audited.size);
            repeated.extend(first.map(|first| (*index, first)));
        }
        for (index, first) in repeated {
            self.report(Some(index), Cause::Duplicate { first });
        }
        Ok(())
    }

    /// What a later audit goes on from; none once something was found. To be asked after
    /// [`Auditor::settle`].
    pub fn record(&self) -> Option<Record> {
        let sound = self.findings_total == 0 && self.pending.is_empty();
        sound.then(|| Record { state: self.state.clone(), frontier: self.frontier.clone() })
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
    pub fn finish(self, checkpoint: Option<&[u8]>, log_key: Option<&VerifierKey>) -> Audit {
        let Ok(audit) = self.finish_behind(&Nothing, checkpoint, log_key);
        audit
    }

    /// The same behind an earlier audit.
    ///
    /// # Errors
    /// What `earlier` says.
    pub fn finish_behind<E: Earlier>(
        mut self,
        earlier: &E,
        checkpoint: Option<&[u8]>,
        log_key: Option<&VerifierKey>,
    ) -> Result<Audit, E::Error> {
        self.settle(earlier)?;
        let mut known = None;
        if let Some(bytes) = checkpoint {
            known = self.check_checkpoint(earlier, bytes, log_key)?;
        } else if self.frontier.size() > 0 {
            self.report(None, Cause::NoCheckpoint);
        }
        Ok(self.conclude(known))
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
            if self.audited.is_some_and(|audited| seen.size < audited.size) {
                self.asked.entry(seen).or_insert(index);
            } else if seen.size <= index && self.root_at(seen.size) != Some(seen.root) {
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

    fn check_checkpoint<E: Earlier>(
        &mut self,
        earlier: &E,
        bytes: &[u8],
        log_key: Option<&VerifierKey>,
    ) -> Result<Option<u64>, E::Error> {
        let own = LogKeys::new(self.state.log_keys());
        // A key that was trusted and then replaced leads on: each replacement is an entry
        // that the key before it signed, and that was verified like every other.
        let linked = own.clone().filter(|own| log_key.is_none_or(|trusted| own.has(trusted)));
        if linked.is_none() && own.is_some() {
            self.report(None, Cause::LogKeyDiffers);
        }
        let Some(keys) = linked.or_else(|| log_key.map(LogKeys::from)) else { return Ok(None) };
        let opened = match keys.open(bytes) {
            Ok(opened) => opened,
            Err(error) => {
                self.report(None, Cause::Checkpoint(error.to_string()));
                return Ok(None);
            }
        };
        let said = Seen { size: opened.checkpoint().size(), root: *opened.checkpoint().root() };
        if said.size > self.frontier.size() {
            self.report(
                None,
                Cause::Truncated { checkpoint: said.size, entries: self.frontier.size() },
            );
        } else {
            let stands = match self.audited.filter(|audited| said.size < audited.size) {
                Some(audited) => earlier.begins_with(said, audited)?,
                None => self.root_at(said.size) == Some(said.root),
            };
            if !stands {
                self.report(None, Cause::CheckpointRoot(said));
            }
        }
        Ok(Some(said.size))
    }
}

/// Every complete subtree of the entries so far, 64 bytes an entry. Behind an earlier audit
/// it holds the subtrees of that one's right edge and those that were completed since: every
/// tree that ends behind there is made of these.
#[derive(Default)]
struct Tree {
    /// Entries in front of which there are only the right edge's subtrees.
    from: u64,
    levels: Vec<Level>,
}

/// The subtrees of one size, in order from `first` on.
#[derive(Default)]
struct Level {
    first: u64,
    nodes: Vec<Hash>,
}

impl Tree {
    fn of(frontier: &Frontier) -> Self {
        let mut tree = Tree { from: frontier.size(), levels: Vec::new() };
        for (level, index, hash) in frontier.peaks() {
            *tree.level(level) = Level { first: index, nodes: vec![hash] };
        }
        tree
    }

    fn level(&mut self, level: u8) -> &mut Level {
        let at = usize::from(level);
        while self.levels.len() <= at {
            let first = self.from >> self.levels.len();
            self.levels.push(Level { first, nodes: Vec::new() });
        }
        &mut self.levels[at]
    }

    /// Nodes of a level arrive in order.
    fn set(&mut self, level: u8, index: u64, hash: Hash) {
        let level = self.level(level);
        debug_assert_eq!(level.first + level.nodes.len() as u64, index);
        level.nodes.push(hash);
    }
}

/// The subtree is not complete, or is one of those that were audited before.
struct NoNode;

impl Nodes for Tree {
    type Error = NoNode;
    fn node(&self, level: u8, index: u64) -> Result<Hash, NoNode> {
        let level = self.levels.get(usize::from(level)).ok_or(NoNode)?;
        let at = index.checked_sub(level.first).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| level.nodes.get(at)).copied().ok_or(NoNode)
    }
}
