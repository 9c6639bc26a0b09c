//! An open ledger: store, folded state, log key and clock under one owner.

mod checkpoints;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::clock::{Clock, SystemClock};
use super::draft::Draft;
use super::error::OpsError;
use super::known;
use super::log_signers::{self, LogSigner};
use crate::ledger::{Frame, Intent, Refusal, State, decide, judge};
use crate::model::{Hash, Nonce, Seen, Stamp, Statement, VerifierKey, Zone};
use crate::proof::tree::{Frontier, leaf_hash};
use crate::store::{self, FileStore, Key, Notice, RemoteStore, Store, StoreError};
use crate::wire::note::Note;
use crate::wire::signature::{KeyCache, SigningKey, verify_required_with};
use crate::wire::statement;

/// The log's private key beside the ledger.
pub const LOG_KEY_FILE: &str = "log.pem";
/// Its verifier key, for whoever verifies receipts.
pub const LOG_VKEY_FILE: &str = "log.vkey";
/// How often an append that somebody else was quicker than is judged and tried again.
const CONFLICTS: u32 = 32;
/// Entries folded since the last snapshot before a new one is kept.
const SNAPSHOT_EVERY: u64 = 64;

/// One entry that was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Its index.
    pub index: u64,
    /// Its leaf hash.
    pub leaf: Hash,
    /// What it says.
    pub statement: Statement,
}

impl Committed {
    /// The text that was signed.
    pub fn text(&self) -> String {
        statement::to_text(&self.statement)
    }
}

/// Tells people what guards a ledger less than it should.
pub type Teller = Box<dyn Fn(&str) + Send>;

/// A ledger opened for reading and appending.
pub struct Ledger {
    folder: PathBuf,
    store: Box<dyn Store>,
    state: State,
    snapshot_at: u64,
    clock: Arc<dyn Clock>,
    notices: Vec<Notice>,
    log_signer: Option<LogSigner>,
    standing: known::Standing,
    tell: Option<Teller>,
}

/// What the index needs to know of a note: the media, parties and receipt it
/// names. Pure, and never panics: it is called on whatever the journal holds.
pub fn index_keys(note: &[u8]) -> Vec<Key> {
    let Ok(note) = Note::parse(note) else { return Vec::new() };
    let Ok(statement) = statement::parse(note.text()) else { return Vec::new() };
    let mut keys = vec![Key::Nonce(statement.nonce().0)];
    // What was parsed is spelled as it would be written: the text has the lines.
    for (key, value) in note.text().split('\n').filter_map(|line| line.split_once(": ")) {
        let first = || value.split(' ').next().unwrap_or_default().to_owned();
        match key {
            "medium" | "found" | "missing" | "unverified" | "unexpected" | "present" | "absent" => {
                keys.push(Key::Medium(first()));
            }
            "party" | "giver" | "receiver" | "witness" | "by" | "second" | "verifier"
            | "administrator" => {
                keys.push(Key::Party(first()));
            }
            "receipt" => keys.push(Key::Receipt(value.to_owned())),
            _ => {}
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

/// How ledgers are opened by this program.
pub fn options() -> store::Options {
    store::Options::new(index_keys, 1)
}

impl Ledger {
    /// Opens the ledger in `folder`: through the process that owns it and answers for it,
    /// else as its only owner.
    ///
    /// # Errors
    /// What the store says, among it that another process owns the ledger.
    pub fn open(folder: &Path, progress: store::Progress<'_>) -> Result<Self, OpsError> {
        let Some(store) = RemoteStore::connect(folder)? else {
            return Ledger::own(folder, progress);
        };
        let mut ledger = Ledger::over(Box::new(store), Arc::new(SystemClock))?;
        ledger.folder = folder.to_owned();
        if let Ok(now) = ledger.now() {
            ledger.standing.warnings = log_signers::left_over(folder, &ledger.state, now.day());
        }
        Ok(ledger)
    }

    /// Opens the ledger in `folder` and becomes its only owner.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn own(folder: &Path, progress: store::Progress<'_>) -> Result<Self, OpsError> {
        Ledger::own_with(folder, &options(), progress)
    }

    /// Becomes the owner of a ledger that is opened with these options.
    pub(super) fn own_with(
        folder: &Path,
        options: &store::Options,
        progress: store::Progress<'_>,
    ) -> Result<Self, OpsError> {
        let store = FileStore::open(folder, options, progress)?;
        let notices = store.notices().to_vec();
        let mut ledger = Ledger::over(Box::new(store), Arc::new(SystemClock))?;
        ledger.folder = folder.to_owned();
        ledger.notices = notices;
        ledger.standing = known::standing(folder, ledger.store.as_ref(), ledger.state.log_keys())?;
        let today = ledger.now().map(|now| now.day()).ok();
        log_signers::at_opening(folder, &ledger.state, today, &mut ledger.standing.warnings);
        Ok(ledger)
    }

    /// A ledger over any store: tests put a memory store and a clock of their own.
    ///
    /// # Errors
    /// What the store says, or an entry in it that is no statement.
    pub fn over(store: Box<dyn Store>, clock: Arc<dyn Clock>) -> Result<Self, OpsError> {
        let (state, snapshot_at) = folded(store.as_ref())?;
        let folder = PathBuf::from(".");
        Ok(Ledger {
            folder,
            store,
            state,
            snapshot_at,
            clock,
            notices: Vec::new(),
            log_signer: None,
            standing: known::Standing::default(),
            tell: None,
        })
    }

    /// The folded state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The store underneath, for reading.
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// The ledger's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What opening found and mended.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// What guards this ledger less than it should, in words.
    pub fn warnings(&self) -> &[String] {
        &self.standing.warnings
    }

    /// Has each warning told that comes up from now on.
    pub fn set_teller(&mut self, tell: Teller) {
        self.tell = Some(tell);
    }

    /// Nothing is recorded in a ledger that is known to lack entries, by its witnesses too.
    fn refuse_to_record(&mut self) -> Result<(), OpsError> {
        let Ledger { standing, folder, store, state, tell, .. } = self;
        let told = standing.warnings.len();
        let refused = standing.refuse_to_record(folder, store.as_ref(), state.log_keys());
        if let Some(tell) = tell {
            standing.warnings.iter().skip(told).for_each(|warning| tell(warning));
        }
        refused
    }

    /// Nothing is signed by a ledger that is known to lack entries.
    fn refuse_if_stopped(&mut self) -> Result<(), OpsError> {
        let Ledger { standing, folder, store, state, .. } = self;
        standing.refuse_if_stopped(folder, store.as_ref(), state.log_keys())
    }

    /// Uses this key to sign checkpoints instead of the one beside the ledger.
    pub fn set_log_signer(&mut self, signer: SigningKey) {
        self.log_signer = Some(Box::new(signer));
    }

    /// Puts another clock in.
    pub fn set_clock(&mut self, clock: Arc<dyn Clock>) {
        self.clock = clock;
    }

    /// The present moment, in the ledger's time zone.
    ///
    /// # Errors
    /// When the clock shows a time before 2000 or after 9998.
    pub fn now(&self) -> Result<Stamp, OpsError> {
        moment(&self.state, self.clock.as_ref())
    }

    /// Clock, head and fresh random bytes for the next statement.
    ///
    /// # Errors
    /// An impossible clock, or no random bytes.
    pub fn frame(&self) -> Result<Frame, OpsError> {
        let mut nonce = [0u8; 16];
        getrandom::fill(&mut nonce).map_err(|error| OpsError::Random(error.to_string()))?;
        Ok(Frame { at: self.now()?, seen: self.newest_head(), nonce: Nonce(nonce) })
    }

    /// Size and root of the log as it is now.
    pub fn newest_head(&self) -> Seen {
        let head = self.store.head();
        Seen { size: head.size, root: head.root }
    }

    /// Decides on an intent; the result still has to be signed.
    ///
    /// # Errors
    /// Every reason against it.
    pub fn draft(&self, intent: Intent) -> Result<Draft, OpsError> {
        Ok(Draft::new(decide(&self.state, intent, self.frame()?)?))
    }

    /// Whether anything could be recorded at all, asked before anybody types a
    /// passphrase for it.
    ///
    /// # Errors
    /// A ledger that can only be read, or whose log key is not at hand.
    pub fn ready(&mut self) -> Result<(), OpsError> {
        self.refuse_to_record()?;
        let read_only = self.notices.iter().find_map(|notice| match notice {
            Notice::ReadOnly { why } => Some(why.clone()),
            _ => None,
        });
        match read_only {
            Some(why) => Err(StoreError::ReadOnly { why }.into()),
            // Its owner has the log key.
            None if self.store.owned_elsewhere() => Ok(()),
            None => self.load_log_signer(&[]),
        }
    }

    /// Appends finished drafts, all or none.
    ///
    /// # Errors
    /// As [`Ledger::commit`], and a missing signature.
    pub fn submit(&mut self, drafts: &[Draft]) -> Result<Vec<Committed>, OpsError> {
        let notes = drafts.iter().map(Draft::finish).collect::<Result<Vec<_>, _>>()?;
        let committed = self.commit(&notes)?;
        for entry in &committed {
            if let Statement::Handover(said) = &entry.statement {
                self.release(&said.receipt);
            }
        }
        Ok(committed)
    }

    /// Verifies, judges, appends, reads back, and signs the new checkpoint.
    ///
    /// # Errors
    /// A bad signature, a refusal, a failing store. After [`store::StoreError::Unknown`]
    /// the entries may be there: open the ledger again and submit the same draft; an
    /// entry that was kept is then answered with its index, not appended twice.
    pub fn commit(&mut self, notes: &[Note]) -> Result<Vec<Committed>, OpsError> {
        let mut tries = 0;
        loop {
            self.catch_up()?;
            match self.commit_behind(notes) {
                // Somebody else was quicker; what they recorded may speak against it now.
                Err(OpsError::Store(StoreError::Conflict { .. })) if tries < CONFLICTS => {
                    tries += 1
                }
                done => return done,
            }
        }
    }

    /// Folds in what others have appended since.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn catch_up(&mut self) -> Result<(), OpsError> {
        let size = self.store.catch_up()?.size;
        let state = &mut self.state;
        Ok(self.store.visit(state.size..size, &mut |_, bytes| {
            apply_note(state, bytes);
            std::ops::ControlFlow::Continue(())
        })?)
    }

    fn commit_behind(&mut self, notes: &[Note]) -> Result<Vec<Committed>, OpsError> {
        use StoreError::{DiskFull, Io, ReadOnly};
        if let Some(kept) = self.already_kept(notes)? {
            return Ok(kept);
        }
        self.refuse_to_record()?;
        let committed = self.judge_all(notes)?;
        // A log key that is not at hand is noticed before anything is appended.
        if !self.store.owned_elsewhere() {
            self.load_log_signer(&committed)?;
        }
        let bytes: Vec<Vec<u8>> = notes.iter().map(Note::to_bytes).collect();
        let expected = self.store.head().size;
        let mut frontier = Frontier::load(self.store.as_ref(), expected)?;
        self.store.append(expected, &bytes)?;
        for entry in &committed {
            self.state.apply(entry.leaf, &entry.statement);
            frontier.push(entry.leaf);
        }
        self.read_back(expected, &bytes, &frontier)?;
        if self.store.owned_elsewhere() {
            return Ok(committed);
        }
        // The entries stand whatever becomes of the checkpoint and the snapshot. Where the
        // disk has filled up meanwhile, or an agent declined to sign, who needs a checkpoint
        // next signs it, or is told.
        match self.sign_checkpoint() {
            Err(
                OpsError::Store(DiskFull | ReadOnly { .. } | Io { .. }) | OpsError::LogKeyAway(_),
            ) => {}
            done => done?,
        }
        log_signers::settle_if_replaced(&self.folder, &committed);
        if self.state.size - self.snapshot_at >= SNAPSHOT_EVERY {
            let _ = self.keep_snapshot();
        }
        Ok(committed)
    }

    /// The entries of these notes where every one of them is in the ledger: the
    /// answer to a writer that lost the first answer.
    fn already_kept(&self, notes: &[Note]) -> Result<Option<Vec<Committed>>, OpsError> {
        let mut kept = Vec::new();
        for note in notes {
            let leaf = leaf_hash(&note.to_bytes());
            let Some(index) = self.store.find_leaf(&leaf)? else { return Ok(None) };
            let statement =
                statement::parse(note.text()).map_err(super::draft::DraftError::from)?;
            kept.push(Committed { index, leaf, statement });
        }
        Ok(Some(kept))
    }

    fn judge_all(&self, notes: &[Note]) -> Result<Vec<Committed>, OpsError> {
        let keys = KeyCache::new();
        // Only the notes behind a first one need a state of their own: a copy takes
        // time in proportion to the media, and most commits are of one note.
        let mut ahead: Option<State> = None;
        let mut committed: Vec<Committed> = Vec::with_capacity(notes.len());
        for note in notes {
            if let Some(last) = committed.last() {
                let state = ahead.get_or_insert_with(|| self.state.clone());
                state.apply(last.leaf, &last.statement);
            }
            let state = ahead.as_ref().unwrap_or(&self.state);
            let statement =
                statement::parse(note.text()).map_err(super::draft::DraftError::from)?;
            let required: Vec<VerifierKey> = statement.signers().into_iter().cloned().collect();
            verify_required_with(&keys, note, &required)
                .map_err(|error| OpsError::input("signatures", error))?;
            let now = match state.facts {
                Some(_) => self.now()?,
                None => statement.at(),
            };
            judge(state, &statement, now)?;
            for head in statement.heads() {
                self.check_seen(head)?;
            }
            if let Some(index) = self.same_nonce(statement.nonce(), &committed)? {
                return Err(OpsError::refused(Refusal::Repeated { index }));
            }
            let leaf = leaf_hash(&note.to_bytes());
            committed.push(Committed { index: state.size, leaf, statement });
        }
        Ok(committed)
    }

    /// The entry that has this nonce already, in the log or in front of it in the
    /// same commit.
    fn same_nonce(&self, nonce: Nonce, before: &[Committed]) -> Result<Option<u64>, OpsError> {
        let stored = self.store.find(&Key::Nonce(nonce.0))?.first().copied();
        let coming = || before.iter().find(|entry| entry.statement.nonce() == nonce);
        Ok(stored.or_else(|| coming().map(|entry| entry.index)))
    }

    /// What the signers saw must be this log, not another one of the same name.
    fn check_seen(&self, seen: Seen) -> Result<(), OpsError> {
        let size = self.store.head().size;
        if seen.size > size {
            return Err(OpsError::refused(Refusal::SeenAhead { seen: seen.size, size }));
        }
        let root = Frontier::load(self.store.as_ref(), seen.size)?.root();
        if root == seen.root {
            Ok(())
        } else {
            Err(OpsError::refused(Refusal::SeenElsewhere { seen: seen.size }))
        }
    }

    /// A checkpoint vouches for what is on the disk, so what is on the disk is read
    /// before it is signed.
    fn read_back(&self, from: u64, wrote: &[Vec<u8>], frontier: &Frontier) -> Result<(), OpsError> {
        let head = self.store.head();
        let read = self.store.read(from..from + wrote.len() as u64)?;
        if read != wrote {
            return Err(OpsError::ReadBack(format!("entry {from} and those behind it")));
        }
        if head.size != frontier.size() || head.root != frontier.root() {
            return Err(OpsError::ReadBack("the root of the tree".to_owned()));
        }
        Ok(())
    }

    /// One stored note.
    ///
    /// # Errors
    /// When there is no such entry or it cannot be read.
    pub fn note(&self, index: u64) -> Result<Note, OpsError> {
        let bytes = self.store.read(index..index.saturating_add(1))?.pop().unwrap_or_default();
        Note::parse(&bytes).map_err(|error| super::draft::DraftError::from(error).into())
    }

    /// The statements of these entries, unreadable ones left out (an audit names them).
    ///
    /// # Errors
    /// When the store cannot read an entry.
    pub fn statements(&self, indices: &[u64]) -> Result<Vec<(u64, Statement)>, OpsError> {
        let mut found = Vec::new();
        for &index in indices {
            if let Ok(statement) = statement::parse(self.note(index)?.text()) {
                found.push((index, statement));
            }
        }
        Ok(found)
    }

    /// Keeps the folded state, so that the next open need not fold the log.
    ///
    /// # Errors
    /// What the store says.
    pub fn keep_snapshot(&mut self) -> Result<(), OpsError> {
        let body = postcard::to_allocvec(&self.state)
            .map_err(|error| OpsError::ReadBack(error.to_string()))?;
        self.store.put_snapshot(self.state.size, &[State::FORM, &body].concat())?;
        self.snapshot_at = self.state.size;
        Ok(())
    }
}

/// The newest snapshot, with the entries behind it folded in.
fn folded(store: &dyn Store) -> Result<(State, u64), OpsError> {
    let size = store.head().size;
    let kept = store.snapshot()?.and_then(|(at, bytes)| {
        let state = state_in_snapshot(&bytes)?;
        (state.size == at && at <= size).then_some(state)
    });
    let mut state = kept.unwrap_or_default();
    let from = state.size;
    store.visit(from..size, &mut |_, bytes| {
        apply_note(&mut state, bytes);
        std::ops::ControlFlow::Continue(())
    })?;
    Ok((state, from))
}

/// Folds one stored note.
pub(super) fn apply_note(state: &mut State, bytes: &[u8]) {
    let note = Note::parse(bytes).ok();
    match note.and_then(|note| statement::parse(note.text()).ok()) {
        Some(statement) => state.apply(leaf_hash(bytes), &statement),
        // What is no statement says nothing; `verify` names it.
        None => state.size += 1,
    }
}

/// The state in a snapshot of the present form.
pub(super) fn state_in_snapshot(bytes: &[u8]) -> Option<State> {
    postcard::from_bytes(bytes.strip_prefix(State::FORM)?).ok()
}

/// What the clock shows, in the ledger's time zone.
pub(super) fn moment(state: &State, clock: &dyn Clock) -> Result<Stamp, OpsError> {
    let zone = state.facts.as_ref().and_then(|facts| Zone::named(facts.zone.as_str()).ok());
    Stamp::from_unix(clock.unix(), &zone.unwrap_or_else(Zone::utc)).map_err(|_| {
        OpsError::input("clock", "this computer's clock shows an impossible time; set it")
    })
}

impl Drop for Ledger {
    /// Folding a long tail again costs the next command time, so it is saved here;
    /// that it fails loses nothing.
    fn drop(&mut self) {
        let long = self.state.size - self.snapshot_at >= SNAPSHOT_EVERY;
        if long && !self.store.owned_elsewhere() {
            let _ = self.keep_snapshot();
        }
    }
}
