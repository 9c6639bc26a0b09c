//! What speaks against a ledger or a copy of it, in words.

use super::{EXIT_ERROR, EXIT_UNVERIFIED, Failure, Kind};
use crate::ops::known::HistoryError;
use crate::ops::restore::RestoreError;

pub(super) fn history(error: &HistoryError) -> Failure {
    let (kind, remedy) = match error {
        HistoryError::OtherLedger { .. } => (
            Kind::OtherLedger,
            "Nothing was changed. Name what belongs to this ledger, or another folder.",
        ),
        HistoryError::Behind { .. } => (
            Kind::LedgerBehind,
            "Nothing was recorded. Restore the newest backup, or what was published ('custody \
             restore'). When nothing newer is left, go on with 'custody ledger continue-as'.",
        ),
        HistoryError::Succeeded { .. } => (
            Kind::LedgerBehind,
            "Nothing was recorded. Restore the newest backup, or what was published ('custody \
             restore'). If it was the second copy that somebody wrote to: 'custody ledger \
             second-copy --none', and choose another place.",
        ),
        HistoryError::Forked { .. } => (
            Kind::LedgerForked,
            "Nothing was recorded. Keep both, they are evidence: one key signed two histories. Go \
             on with 'custody ledger continue-as'.",
        ),
        HistoryError::Unverified(_) => (
            Kind::LedgerUnverified,
            "Nothing was signed. 'custody verify' names all of it. Restore the newest backup, or \
             what was published ('custody restore'), and keep this ledger: it shows what was \
             altered.",
        ),
        HistoryError::Said { .. } => (
            Kind::LedgerBehind,
            "Nothing was recorded, and nothing will be while it says so. Have its keeper hand over \
             the checkpoint that it keeps, and give that to 'custody ledger check'. A witness that \
             is wrong is taken out of witnesses.policy.",
        ),
        HistoryError::KeptUnreadable { .. } => (
            Kind::LedgerBehind,
            "Nothing was recorded. Make the file readable for the ledger's owner, and run 'custody \
             ledger check'.",
        ),
        HistoryError::Unasked => (
            Kind::NoCheckpoint,
            "Nothing was recorded. Sign one with 'custody ledger sign-checkpoint', which compares \
             what else is known of the ledger and asks the witnesses.",
        ),
        HistoryError::Unreadable { .. } => (
            Kind::NoCheckpoint,
            "Nothing was changed. Give a checkpoint or a receipt, byte for byte as it was written.",
        ),
    };
    let exits = matches!(kind, Kind::LedgerBehind | Kind::LedgerForked | Kind::LedgerUnverified);
    let failure = Failure::one(kind, error, remedy);
    if exits { failure.exiting(EXIT_UNVERIFIED) } else { failure }
}

pub(super) fn restoring(error: &RestoreError) -> Failure {
    let (kind, remedy, code) = match error {
        RestoreError::Damaged { .. } | RestoreError::Content { .. } => (
            Kind::BackupDamaged,
            "Nothing was restored. Take another copy of it, or the backup before it; what was \
             published restores the entries as well ('custody restore --from-tiles').",
            EXIT_UNVERIFIED,
        ),
        RestoreError::Unverified(_) => (
            Kind::NotRestored,
            "Nothing was restored. Take another backup, and keep this one: it shows what was \
             altered.",
            EXIT_UNVERIFIED,
        ),
        RestoreError::Leftover(_) => (
            Kind::RestoreLeftover,
            "Nothing was restored. It is no ledger: remove it, and begin again.",
            EXIT_ERROR,
        ),
    };
    Failure::one(kind, error, remedy).exiting(code)
}
