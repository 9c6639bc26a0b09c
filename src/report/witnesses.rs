//! Witnesses: whom one vouches for, and who vouches.

use serde::Serialize;

use crate::model::{Stamp, VerifierKey, Zone};
use crate::proof::quorum::Vouched;
use crate::proof::witness::WitnessedLog;

use super::words::listed;

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

/// A time that may be any number, since it comes from elsewhere.
fn time(timestamp: u64) -> String {
    let seconds = i64::try_from(timestamp).unwrap_or(i64::MAX);
    match Stamp::from_unix(seconds, &Zone::utc()) {
        Ok(stamp) => stamp.to_string(),
        Err(_) => format!("{timestamp} seconds after 1970"),
    }
}
