//! What was held of one ledger, compared.

use serde::Serialize;

use super::text;
use crate::model::{Hash, VerifierKey};

/// Whether what was compared lies on one history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum History {
    /// All lies on one.
    One,
    /// There are two.
    Forked,
    /// What is there is not enough to tell.
    Undecided,
}

/// One thing that was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The file or folder.
    pub name: String,
    /// Entries under its checkpoint.
    pub entries: u64,
    /// The root over them.
    #[serde(serialize_with = "text")]
    pub root: Hash,
}

/// Two that do not lie on one history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForkView {
    /// The smaller one.
    pub first: String,
    /// The other.
    pub second: String,
    /// Whether a fork proof can be written. Without it the two files themselves are the
    /// evidence: they tell two hashes of the same entries.
    pub proven: bool,
}

/// A comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The log's name.
    pub origin: String,
    /// Whether there is one history.
    pub history: History,
    /// What was compared, smallest first.
    pub compared: Vec<Compared>,
    /// The fork, where there is one.
    pub fork: Option<ForkView>,
    /// Pairs of which nothing here says that one continues the other.
    pub undecided: Vec<(String, String)>,
}

impl Comparison {
    /// With a fork.
    pub fn forked(log: &VerifierKey, compared: Vec<Compared>, fork: ForkView) -> Self {
        let origin = log.name().to_string();
        let (history, undecided) = (History::Forked, Vec::new());
        Comparison { origin, history, compared, fork: Some(fork), undecided }
    }

    /// Without a fork; `undecided` are the pairs that could not be compared.
    pub fn without_fork(
        log: &VerifierKey,
        compared: Vec<Compared>,
        undecided: Vec<(String, String)>,
    ) -> Self {
        let history = if undecided.is_empty() { History::One } else { History::Undecided };
        Comparison { origin: log.name().to_string(), history, compared, fork: None, undecided }
    }
}
