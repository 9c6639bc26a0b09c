//! Witnesses: whom one vouches for, and who vouches.

use serde::Serialize;

use crate::model::printable::printable;
use crate::model::{Stamp, VerifierKey, Zone};
use crate::proof::quorum::Vouched;
use crate::proof::witness::WitnessedLog;

use super::words::listed;

/// Longest name of a witness on paper.
const NAME_MAX: usize = 40;

/// A log that a witness here vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WitnessedLogView {
    /// The log's name.
    pub origin: String,
    /// Entries of the newest checkpoint cosigned; 0 for none.
    pub entries: u64,
    /// When that was, in UTC.
    pub at: Option<String>,
    /// The keys whose signature is taken.
    pub keys: Vec<String>,
}

impl WitnessedLogView {
    /// What is kept of a log; `at` is the time of the newest cosignature.
    pub fn new(log: &WitnessedLog, at: Option<u64>) -> Self {
        WitnessedLogView {
            origin: log.origin().to_owned(),
            entries: log.size(),
            at: at.map(time),
            keys: log.keys().iter().map(VerifierKey::to_string).collect(),
        }
    }
}

/// One witness that vouches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VouchingView {
    /// Its name in the policy.
    pub witness: String,
    /// The name of its key.
    pub key: String,
    /// When it cosigned, by its own clock, in UTC.
    pub at: String,
}

/// Who vouches for a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WitnessesView {
    /// Entries under the checkpoint that is vouched for.
    pub entries: u64,
    /// Who vouches.
    pub vouching: Vec<VouchingView>,
    /// The witnesses of the policy that do not.
    pub missing: Vec<String>,
    /// Whether they are as many as the policy asks for.
    pub quorum: bool,
}

impl WitnessesView {
    /// What a policy says of a checkpoint of `entries` entries.
    pub fn new(entries: u64, vouched: &Vouched) -> Self {
        let vouching = vouched.by.iter().map(|(witness, line)| VouchingView {
            witness: witness.clone(),
            key: line.name.to_string(),
            at: time(line.timestamp),
        });
        WitnessesView {
            entries,
            vouching: vouching.collect(),
            missing: vouched.missing.clone(),
            quorum: vouched.enough,
        }
    }

    /// Names and days of those who vouch, in no language.
    pub fn names(&self) -> String {
        let name = |by: &VouchingView| {
            let day = by.at.split('T').next().unwrap_or_default();
            format!("{} ({day})", printable(&by.witness, NAME_MAX))
        };
        self.vouching.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// As a sentence.
    pub fn words(&self) -> String {
        let names: Vec<String> =
            self.vouching.iter().map(|by| format!("{} ({})", by.witness, by.at)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let by = if names.is_empty() {
            "no witness vouches".to_owned()
        } else {
            let verb = if names.len() == 1 { "vouches" } else { "vouch" };
            format!("{} {verb}", listed(&names))
        };
        let enough =
            if self.quorum { "as the policy asks" } else { "fewer than the policy asks for" };
        format!("{by} for the history of {} entries, {enough}", self.entries)
    }
}

/// What a witness said of a ledger when it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeardAs {
    /// It vouches for the newest checkpoint.
    Agrees,
    /// It shows a checkpoint of this log that the ledger does not hold.
    Shows,
    /// It says that it saw another ledger than this one, and shows nothing.
    Says,
    /// It says so from where anybody could answer in its place.
    Doubtful,
    /// It was not reached, or answered nothing that means anything.
    NotReached,
}

/// One witness of the policy, and what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WitnessHeard {
    /// Its name in the policy.
    pub witness: String,
    /// Where it was asked.
    pub url: String,
    /// What it said.
    pub said: HeardAs,
    /// Entries it vouches for; none where it does not.
    pub entries: Option<u64>,
    /// In words, which may be another computer's.
    pub words: String,
}

impl WitnessHeard {
    /// A witness that vouches for so many entries, or does not, and why.
    pub fn new(witness: &str, url: &str, said: HeardAs, word: Result<u64, String>) -> Self {
        let entries = word.as_ref().ok().copied();
        let words = word.map_or_else(|why| why, |entries| format!("{entries} entries"));
        WitnessHeard { witness: witness.to_owned(), url: url.to_owned(), said, entries, words }
    }

    /// Its word is not to be relied on.
    pub fn doubt(&mut self) {
        self.said = HeardAs::Doubtful;
    }

    /// As a sentence.
    pub fn sentence(&self) -> String {
        let WitnessHeard { witness, url, words, .. } = self;
        let who = format!("the witness {witness} ({url})");
        match self.said {
            HeardAs::Agrees => format!("{who} vouches for {words}."),
            HeardAs::Shows => format!("{who} shows it: {words}."),
            HeardAs::Says => format!("{who} says that {words}, and shows no checkpoint of it."),
            HeardAs::Doubtful => format!(
                "SOMEBODY at {url} answers for the witness {witness} that {words}. Nothing shows \
                 that it is the witness who says so: ask its keeper before more is recorded."
            ),
            HeardAs::NotReached => format!("{who} was not heard: {words}."),
        }
    }
}

/// A time that may be any number, since it comes from elsewhere.
fn time(timestamp: u64) -> String {
    let seconds = i64::try_from(timestamp).unwrap_or(i64::MAX);
    match Stamp::from_unix(seconds, &Zone::utc()) {
        Ok(stamp) => stamp.to_string(),
        Err(_) => format!("{timestamp} seconds after 1970"),
    }
}
