//! What the witnesses of a ledger say of it, asked before something is recorded and by
//! `custody ledger check`: all at once, within a limit, and none of them is needed.
//!
//! c2sp.org/tlog-witness has no question "how far did you see it". The request to vouch
//! for the newest checkpoint is one: it is answered by a cosignature, by the size that
//! the witness knows (409), or by "this does not continue what I saw" (422). Only the
//! first is signed. So a witness that speaks against the ledger is asked for the
//! checkpoint that it keeps, and one that the log signed is evidence; a word alone is not.

use std::path::Path;
use std::time::{Duration, Instant};

use super::cosigned::{Cosigned, log_keys, policy_beside};
use super::error::OpsError;
use super::known::{AGAINST, HistoryError, Standing, compare, open_own, put};
use super::ledger::Ledger;
use super::witness_ask::{joined, size};
use crate::model::printable::printable;
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::consistency::prove_consistency;
use crate::proof::cosignature::verify_cosignature;
use crate::proof::log_keys::LogKeys;
use crate::proof::quorum::{PolicyWitness, WitnessPolicy};
use crate::proof::witness::{AddCheckpoint, origin_hash};
use crate::report::witnesses::{HeardAs, WitnessHeard};
use crate::store::Store;
use crate::wire::signature::is_by;
use crate::witness_http::client::{self, Patience, Reply};

/// How long all witnesses together are waited for before something is recorded. Somebody
/// stands at a desk meanwhile.
const AT_A_DESK: Patience =
    Patience { connect: Duration::from_secs(2), whole: Duration::from_secs(3) };
/// How often one is told from where to begin; see `witness_ask`.
const TURNS: usize = 3;
const NAME_MAX: usize = 64;
const SAID_MAX: usize = 160;

/// The ledger that witnesses are asked about.
#[derive(Clone, Copy)]
struct Asking<'a> {
    folder: &'a Path,
    store: &'a dyn Store,
    log: &'a LogKeys,
    newest: &'a SignedCheckpoint,
    policy: &'a WitnessPolicy,
}

/// One witness, and how far it has been asked.
struct Turn<'a> {
    witness: &'a PolicyWitness,
    /// Where it is asked, without a slash at the end.
    url: String,
    /// Entries that it is taken to have seen.
    old: u64,
    word: Option<Word>,
}

/// What a witness says.
enum Word {
    /// It cosigned the newest checkpoint, and its line is kept.
    Agrees(u64),
    /// It says that it saw so many entries, or others; nothing shows it yet.
    More(u64),
    Other(u64),
    /// It was not reached, or answered nothing that means anything.
    Silent(String),
}

/// All that was heard.
#[derive(Debug, Default)]
pub struct Hearing {
    /// Each witness, in the order of the policy.
    pub witnesses: Vec<WitnessHeard>,
    /// What stops the ledger from signing, if anything.
    pub against: Option<HistoryError>,
}

/// Asks every witness of the policy beside the ledger that has an address, and takes as
/// long as that takes. A checkpoint that speaks against the ledger is kept.
///
/// # Errors
/// The ledger or the policy cannot be read.
pub fn hear(ledger: &mut Ledger) -> Result<Hearing, OpsError> {
    let Some(policy) = policy_beside(ledger.folder())? else { return Ok(Hearing::default()) };
    if policy.witnesses().iter().all(|witness| witness.url.is_none()) {
        return Ok(Hearing::default());
    }
    let kept_before = ledger.folder().join(AGAINST).exists();
    loop {
        let newest = ledger.checkpoint()?;
        ledger.catch_up()?;
        let log = log_keys(ledger)?;
        let (folder, store) = (ledger.folder(), ledger.store());
        let asking = Asking { folder, store, log: &log, newest: &newest, policy: &policy };
        let heard = asking.hear(Patience::default())?;
        let size = store.head().size;
        // Where another process records, a witness may have seen what it recorded meanwhile.
        ledger.catch_up()?;
        if heard.against.is_none() || ledger.store().head().size == size {
            return Ok(heard);
        }
        // What was kept a moment ago may be of what has been recorded since.
        if !kept_before {
            let _ = std::fs::remove_file(ledger.folder().join(AGAINST));
        }
    }
}

/// Asks the witnesses before the first entry is recorded by the process that owns the
/// ledger. What keeps one from answering is a warning and no hindrance.
pub(super) fn before_recording(
    standing: &mut Standing,
    folder: &Path,
    store: &dyn Store,
    log: Option<&LogKeys>,
) {
    let policy = match policy_beside(folder) {
        Ok(policy) => policy,
        Err(error) => {
            standing.warnings.push(format!("no witness was asked: {error}"));
            return;
        }
    };
    let (Some(policy), Some(log)) = (policy, log) else { return };
    if policy.witnesses().iter().all(|witness| witness.url.is_none()) {
        return;
    }
    // Nothing is signed in order to ask whether anything may be signed.
    let newest = store.checkpoint().ok().flatten().and_then(|bytes| log.open(&bytes).ok());
    let Some(newest) = newest else {
        // An old copy whose checkpoint was taken away must not go on unasked.
        if store.head().size > 0 {
            standing.stopped = Some(HistoryError::Unasked);
        }
        return;
    };
    let asking = Asking { folder, store, log, newest: &newest, policy: &policy };
    match asking.hear(AT_A_DESK) {
        Ok(heard) => {
            let told = heard.witnesses.iter().filter(|heard| heard.said != HeardAs::Agrees);
            standing.warnings.extend(told.map(WitnessHeard::sentence));
            standing.stopped = heard.against;
        }
        Err(error) => standing.warnings.push(format!("the witnesses were not heard: {error}")),
    }
}

impl Asking<'_> {
    fn hear(&self, patience: Patience) -> Result<Hearing, OpsError> {
        let until = Instant::now() + patience.whole;
        let rest = || Patience {
            connect: patience.connect,
            whole: until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1)),
        };
        let cosigned = Cosigned::of(self.folder, self.log);
        let mut turns = Vec::new();
        for witness in self.policy.witnesses() {
            let Some(url) = &witness.url else { continue };
            let old = cosigned.newest_by(&witness.key)?.min(self.size());
            let url = url.trim_end_matches('/').to_owned();
            turns.push(Turn { witness, url, old, word: None });
        }
        for _ in 0..TURNS {
            let open: Vec<&mut Turn<'_>> =
                turns.iter_mut().filter(|turn| turn.word.is_none()).collect();
            let mut questions = Vec::new();
            // One that never answers must not take the time in which another would show what
            // it keeps: half of what is left is for this question, the rest for the next.
            let part = Patience { whole: rest().whole / 2, ..rest() };
            for turn in &open {
                let body = self.request(turn.old)?.to_bytes();
                let (address, limit) = (format!("{}/add-checkpoint", turn.url), part);
                questions.push(move || client::post(&address, &body, limit));
            }
            for (turn, reply) in open.into_iter().zip(at_once(questions)) {
                self.take(turn, reply, &cosigned);
            }
        }
        self.shown(turns, rest())
    }

    fn size(&self) -> u64 {
        self.newest.checkpoint().size()
    }

    fn request(&self, old: u64) -> Result<AddCheckpoint, OpsError> {
        let proof = prove_consistency(self.store, old, self.size());
        let proof = proof.map_err(|error| OpsError::ReadBack(error.to_string()))?;
        Ok(AddCheckpoint::new(old, proof, self.newest.clone()))
    }

    /// Reads one answer; none leaves the witness to be asked once more.
    fn take(&self, turn: &mut Turn<'_>, reply: Result<Reply, String>, cosigned: &Cosigned) {
        let silent = |why: &str| Some(Word::Silent(printable(why, SAID_MAX)));
        let reply = match reply {
            Ok(reply) => reply,
            Err(why) => {
                turn.word = silent(&why);
                return;
            }
        };
        turn.word = match (reply.status, size(&reply)) {
            (200, _) => {
                let key = &turn.witness.key;
                let lines = joined(self.newest, &reply).and_then(|cosigned| {
                    let judged = self.policy.judge(&cosigned).map_err(|error| error.to_string())?;
                    let vouches = judged.by.iter().any(|(_, line)| line.key == *key);
                    let line = cosigned.note().signatures().iter().find(|line| is_by(line, key));
                    let line = line.filter(|_| vouches).cloned();
                    line.ok_or_else(|| "it vouches, and signs nothing".to_owned())
                });
                match lines {
                    Ok(line) => {
                        // One that cannot be kept can be asked for again.
                        let _ = cosigned.keep(self.newest, &[(key.clone(), line)]);
                        Some(Word::Agrees(self.size()))
                    }
                    Err(why) => silent(&why),
                }
            }
            (409, Some(saw)) if saw > self.store.head().size => Some(Word::More(saw)),
            (409, Some(saw)) if saw > self.size() => silent("it knows of a newer checkpoint"),
            (409, Some(saw)) if saw != turn.old => {
                turn.old = saw;
                None
            }
            // It says so only of what does not continue what it saw, so not of nothing.
            (422, _) if turn.old > 0 => Some(Word::Other(turn.old)),
            (status, _) => silent(&format!(
                "it answers with status {status}: {}",
                String::from_utf8_lossy(&reply.body).lines().next().unwrap_or_default()
            )),
        };
    }

    /// Has those who speak against the ledger show what they keep, and puts it all in
    /// words.
    fn shown(&self, turns: Vec<Turn<'_>>, patience: Patience) -> Result<Hearing, OpsError> {
        let hash = origin_hash(self.newest.checkpoint().origin());
        let mut questions = Vec::new();
        for turn in &turns {
            let address = format!("{}/{hash}/checkpoint", turn.url);
            let speaks = matches!(turn.word, Some(Word::More(_) | Word::Other(_)));
            questions.push(move || speaks.then(|| client::get(&address, patience)));
        }
        let mut hearing = Hearing::default();
        let mut alone = None;
        for (turn, kept) in turns.into_iter().zip(at_once(questions)) {
            let name = printable(&turn.witness.name(), NAME_MAX);
            let by = format!("the witness {name}");
            let kept = kept.and_then(Result::ok).filter(|reply| reply.status == 200);
            let shown = kept.and_then(|reply| SignedCheckpoint::parse(&reply.body).ok());
            let have = self.store.head().size;
            let (said, error) = match turn.word {
                Some(Word::Agrees(size)) => (HeardAs::Agrees, Ok(size)),
                Some(Word::Silent(why)) => (HeardAs::NotReached, Err(why)),
                None => (HeardAs::NotReached, Err("it stands elsewhere each time".to_owned())),
                Some(Word::More(saw)) => (HeardAs::Says, Err(more(saw, have))),
                Some(Word::Other(saw)) => (HeardAs::Says, Err(other(saw))),
            };
            let mut heard = WitnessHeard::new(&name, &printable(&turn.url, SAID_MAX), said, error);
            if said == HeardAs::Says {
                let against = match &shown {
                    Some(shown) => self.speaks(turn.witness, shown, &by)?,
                    None => None,
                };
                match (against, shown) {
                    (Some(error), Some(shown)) => {
                        heard.said = HeardAs::Shows;
                        heard.words = error.to_string();
                        if let Err(why) = put(&self.folder.join(AGAINST), &shown.to_bytes()) {
                            heard.words.push_str(&format!("; it could not be kept: {why}"));
                        }
                        hearing.against.get_or_insert(error);
                    }
                    // What it shows is here, or is nothing: its word is left.
                    _ if client::is_who_it_says(&turn.url) => {
                        let says = heard.words.clone();
                        alone.get_or_insert(HistoryError::Said { by, says });
                    }
                    _ => heard.doubt(),
                }
            }
            hearing.witnesses.push(heard);
        }
        hearing.against = hearing.against.or(alone);
        Ok(hearing)
    }
}

impl Asking<'_> {
    /// What a checkpoint that a witness keeps says against the ledger: it is signed by the
    /// log, or by the witness itself where the log's key is a later one than is known here.
    fn speaks(
        &self,
        witness: &PolicyWitness,
        shown: &SignedCheckpoint,
        by: &str,
    ) -> Result<Option<HistoryError>, OpsError> {
        if self.log.verify(shown).is_ok() {
            return match compare(self.store, shown, by) {
                Ok(_) => Ok(None),
                Err(OpsError::History(error)) => Ok(Some(error)),
                Err(error) => Err(error),
            };
        }
        let mut lines = shown.note().signatures().iter();
        if !lines.any(|line| verify_cosignature(&witness.key, shown, line).is_ok()) {
            return Ok(None);
        }
        let opened = open_own(&shown.to_bytes(), self.log, by, self.store.head().size);
        Ok(opened.err().filter(|error| matches!(error, HistoryError::Succeeded { .. })))
    }
}

fn more(saw: u64, have: u64) -> String {
    format!("it saw {saw} entries, and the ledger holds {have}")
}

fn other(saw: u64) -> String {
    format!("the ledger's first {saw} entries are not those that it saw")
}

/// Asks all of them at the same time; the answers are in the order of the questions.
fn at_once<T: Send>(questions: Vec<impl FnOnce() -> T + Send>) -> Vec<T> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = questions.into_iter().map(|ask| scope.spawn(ask)).collect();
        let answered = asked.into_iter().map(|answer| answer.join());
        answered.map(|said| said.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
