//! What goes wrong while people are told.

use super::{Failure, Kind};
use crate::ops::OutboxError;
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
