//! What goes wrong between a ledger and its witnesses.

use super::{EXIT_ERROR, EXIT_UNVERIFIED, EXIT_USAGE, Failure, Kind};
use crate::ops::witness::WitnessError;

pub(super) fn witness(error: &WitnessError) -> Failure {
    let (kind, remedy, code) = match error {
        WitnessError::NoWitness(_) => (
            Kind::Witness,
            "Name its folder with --folder, or make one with 'custody witness init'.",
            EXIT_ERROR,
        ),
        WitnessError::Exists(_) => {
            (Kind::Witness, "Nothing was changed. Name another folder with --folder.", EXIT_ERROR)
        }
        WitnessError::Damaged { .. } => (
            Kind::Witness,
            "Nothing is cosigned for this log any more. Do not mend the file: make a new witness, \
             and give its key to the ledger's keeper.",
            EXIT_ERROR,
        ),
        WitnessError::Declined(_) => (
            Kind::Declined,
            "Nothing was cosigned. If the log is known here and signed this, keep the file: it may \
             show a second history ('custody compare').",
            EXIT_UNVERIFIED,
        ),
        WitnessError::Ahead { .. } | WitnessError::OtherHistory { .. } => (
            Kind::Fork,
            "Record nothing more. Give the checkpoint that the witness keeps, and this ledger, to \
             'custody compare' (docs/witnesses.md).",
            EXIT_UNVERIFIED,
        ),
        WitnessError::NoPolicy(_) | WitnessError::Policy { .. } => (
            Kind::Witness,
            "docs/witnesses.md shows a sound policy; name another file with --policy.",
            EXIT_USAGE,
        ),
        WitnessError::NoFork(..) => (Kind::Fork, "It is evidence of nothing.", EXIT_UNVERIFIED),
        WitnessError::TooManyKeys(_) | WitnessError::Clock => {
            (Kind::Witness, "Nothing was cosigned.", EXIT_ERROR)
        }
        WitnessError::NoAnswer { .. } | WitnessError::Answer { .. } | WitnessError::Nobody(_) => (
            Kind::Witness,
            "The ledger is as it was; ask again later, or see to the address and the policy.",
            EXIT_ERROR,
        ),
    };
    Failure::one(kind, error, remedy).exiting(code)
}
