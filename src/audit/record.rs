//! Where an audit stands, for a later one to go on from: the folded state and the right edge
//! of the tree. Its size grows with people and media, not with the length of the log.
//!
//! The form is this program's own and of one version of it: `custody-audit/1 `, the form of
//! the state ([`State::FORM`]), the SHA-256 of what follows, and that in postcard.

use serde::{Deserialize, Serialize};

use crate::ledger::state::State;
use crate::model::{Hash, Seen};
use crate::proof::tree::Frontier;

const FORM: &[u8] = b"custody-audit/1 ";
const SUM: usize = 32;

/// What an audit that has found nothing knows of the entries it has seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub(super) state: State,
    pub(super) frontier: Frontier,
}

/// Why bytes are no record to go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordFlaw {
    /// They are something else, or were kept by another version.
    #[error("it is no record of an audit by this version of custody")]
    Form,
    /// They are not as they were written.
    #[error("it is damaged")]
    Damaged,
}

impl Record {
    /// The tree that was audited.
    pub fn covers(&self) -> Seen {
        Seen { size: self.frontier.size(), root: self.frontier.root() }
    }

    /// For a file.
    ///
    /// # Errors
    /// When the state cannot be serialized.
    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        let body = postcard::to_allocvec(self)?;
        Ok([FORM, State::FORM, &Hash::of(&[&body]).0, &body].concat())
    }

    /// From a file. The sum is against accidents: whoever may write the file may write what
    /// an audit starts from, so it has to be the auditor's alone.
    ///
    /// # Errors
    /// [`RecordFlaw`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordFlaw> {
        let rest = bytes.strip_prefix(FORM).and_then(|rest| rest.strip_prefix(State::FORM));
        let (sum, body) =
            rest.and_then(|rest| rest.split_at_checked(SUM)).ok_or(RecordFlaw::Form)?;
        if Hash::of(&[body]).0 != sum {
            return Err(RecordFlaw::Damaged);
        }
        let record: Record = postcard::from_bytes(body).map_err(|_| RecordFlaw::Damaged)?;
        let fits = record.frontier.is_whole() && record.state.size == record.frontier.size();
        fits.then_some(record).ok_or(RecordFlaw::Damaged)
    }
}
