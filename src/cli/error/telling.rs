//! What goes wrong while people are told.

use super::{Failure, Kind};
use crate::ops::OutboxError;
use crate::ops::error::RoundProblem;
use crate::ops::tell::TellError;

pub(super) fn tell(error: &TellError) -> Failure {
    let (kind, remedy) = match error {
        TellError::NotConfigured(_) => (
            Kind::Configuration,
            "Nobody was told. Write a [notify] section into it; docs/notices.md shows one.",
        ),
        TellError::NotDelivered { .. } => (
            Kind::NotDelivered,
            "See to the address, the password and the server in the configuration, and try again.",
        ),
    };
    Failure::one(kind, error, remedy)
}

pub(super) fn outbox(error: &OutboxError) -> Failure {
    let remedy = match error {
        OutboxError::Full(_) => {
            "Nothing was sent. See 'custody notices', and drop what nobody needs any more."
        }
        OutboxError::NoMessage(_) => {
            "'custody notices' shows them; the first letters of one's id are enough, four or more."
        }
        OutboxError::Busy => "Wait until it has ended.",
        OutboxError::Io { .. } => "Check the disk and what you may read and write there.",
    };
    Failure::one(Kind::Outbox, error, remedy)
}

pub(super) fn round(problem: &RoundProblem) -> Failure {
    let remedy = match problem {
        RoundProblem::File(_) => {
            "Nothing was recorded. 'custody check --discard' puts the file out of the way and keeps \
             it; then begin the round again."
        }
        RoundProblem::NotOpen(_) => {
            "See 'custody log' for the entry that closed it. What was seen since is in none: begin \
             another round."
        }
        RoundProblem::Third { .. } => {
            "Close this round first, or let one of the two go on with it."
        }
        RoundProblem::Stale(_) => {
            "Nothing was recorded and nothing is lost: plug these in or scan them again, then \
             close. What is no longer there: --leave-out-old closes without them."
        }
        RoundProblem::Drawn(_) => "Close that round first, or go on with it without --draw.",
    };
    Failure::one(Kind::Round, problem, remedy)
}
