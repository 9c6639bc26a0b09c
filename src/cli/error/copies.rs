//! What speaks against a ledger or a copy of it, in words.

use super::{EXIT_UNVERIFIED, Failure, Kind};
use crate::ops::known::HistoryError;

pub(super) fn history(error: &HistoryError) -> Failure {
    let (kind, remedy) = match error {
        HistoryError::OtherLedger { .. } => (
            Kind::OtherLedger,
            "Nothing was changed. Name what belongs to this ledger, or another folder.",
        ),
        HistoryError::Behind { .. } => (
            Kind::LedgerBehind,
            "Nothing was recorded. Restore the newest backup, or what was published ('custody \
             restore'); docs/recovery.md says what to do when nothing newer is left.",
        ),
        HistoryError::Forked { .. } => (
            Kind::LedgerForked,
            "Nothing was recorded. Keep both, they are evidence: one key signed two histories. \
             docs/recovery.md says how to go on.",
        ),
        HistoryError::Unreadable { .. } => (
            Kind::NoCheckpoint,
            "Nothing was changed. Give a checkpoint or a receipt, byte for byte as it was written.",
        ),
    };
    let exits = matches!(kind, Kind::LedgerBehind | Kind::LedgerForked);
    let failure = Failure::one(kind, error, remedy);
    if exits { failure.exiting(EXIT_UNVERIFIED) } else { failure }
}
