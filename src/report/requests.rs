//! 持出申請: requests that wait for an answer, or for the handover they were approved for.

use serde::Serialize;

use crate::ledger::State;
use crate::model::vocabulary::Verdict;
use crate::model::{Day, MediumId, Name, Origin, Phrase, Stamp, Statement};

use super::text;
use super::who::Who;

/// Every open request at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenRequests {
    /// The ledger's origin; none before its genesis.
    pub ledger: Option<Origin>,
    /// The moment this holds for.
    #[serde(serialize_with = "text")]
    pub now: Stamp,
    /// Those without an answer first, and of each the oldest first.
    pub rows: Vec<OpenRequest>,
}

/// One open request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenRequest {
    /// Its entry.
    pub entry: u64,
    /// When it was made.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Days since then.
    pub age_days: i64,
    /// The answer; none yet, or that it was approved: one that was declined is not open.
    pub verdict: Option<Verdict>,
    /// Who asks.
    pub by: Who,
    /// Who is to receive the drives.
    pub receiver: Who,
    /// The drives.
    pub media: Vec<MediumId>,
    /// What for.
    pub purpose: Phrase,
    /// What will be on them.
    pub contents: Option<Phrase>,
    /// Of how many persons.
    pub persons: Option<u64>,
    /// Where to.
    pub place: Name,
    /// Back by.
    pub due: Option<Day>,
    /// The day by which the drives were to be back has passed: it cannot be followed as
    /// it stands.
    pub outdated: bool,
}

impl OpenRequests {
    /// The open ones at `now`. `requests` are the entries of the requests that the state
    /// holds; others among them are left out.
    #[must_use]
    pub fn new(state: &State, now: Stamp, requests: &[(u64, Statement)]) -> Self {
        let now = state.no_earlier(now);
        let open = requests.iter().filter_map(|(entry, said)| row(state, now, *entry, said));
        let mut rows: Vec<OpenRequest> = open.collect();
        rows.sort_by_key(|row| (row.verdict.is_some(), row.entry));
        let ledger = state.facts.as_ref().map(|facts| facts.origin.clone());
        OpenRequests { ledger, now, rows }
    }

    /// How many wait for an answer.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.rows.iter().filter(|row| row.verdict.is_none()).count()
    }
}

fn row(state: &State, now: Stamp, entry: u64, said: &Statement) -> Option<OpenRequest> {
    let Statement::Request(said) = said else { return None };
    let record = state.requests.get(&entry)?;
    Some(OpenRequest {
        entry,
        at: said.at,
        age_days: said.at.day().days_until(now.day()),
        verdict: record.verdict,
        by: Who::from(&said.by.party),
        receiver: Who::from(&said.receiver),
        media: said.medium.iter().map(|line| line.id.clone()).collect(),
        purpose: said.purpose.clone(),
        contents: said.contents.clone(),
        persons: said.persons,
        place: said.place.clone(),
        due: said.due,
        outdated: said.due.is_some_and(|due| due < now.day()),
    })
}
