//! The kinds of statements of format version 1, by what they are about.

mod custody;
mod founding;
mod log;
mod media;
mod presence;

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use super::define::statements;
use super::field::{FieldError, FieldShape, Lines, Reader};
use crate::model::{Nonce, Origin, Seen, Stamp, VerifierKey};

pub use custody::*;
pub use founding::*;
pub use log::*;
pub use media::*;
pub use presence::*;

statements! {
    /// Founds a ledger. Entry 0, signed by the log key and the first administrator.
    Genesis = "genesis",
    /// Enrols a party, or renews one that exists (roles, name, key). Signed by the
    /// one who enrols and, where the party has a key, with that key as well.
    Party = "party",
    /// Ends the validity of a key from this entry's index on.
    KeyRevoke = "key-revoke",
    /// Sets the rules that hold from this entry on.
    Policy = "policy",
    /// Registers a medium; it begins in the custody of the one who registers it.
    Register = "register",
    /// Asks for a take-out before it happens.
    Request = "request",
    /// Answers a request.
    Approve = "approve",
    /// Moves custody from one party to another: going out, coming back, changing site.
    Handover = "handover",
    /// Attaches a document by its hash: the scan of a sheet sealed on paper.
    Attach = "attach",
    /// One dated observation of one medium.
    Sighting = "sighting",
    /// What a station saw in one interval: one entry, not one a medium.
    RollCall = "roll-call",
    /// One round of presence checks at a place.
    Check = "check",
    /// Opens the missing state outside a check.
    Missing = "missing",
    /// Ends the missing or lost state.
    Found = "found",
    /// Decides that a missing medium is lost.
    Lost = "lost",
    /// Certifies an erasure, with the fields of NIST SP 800-88's certificate.
    Erase = "erase",
    /// Takes a medium out of use for good.
    Retire = "retire",
    /// Corrects what an entry says. The entry itself stays as it is.
    Correct = "correct",
    /// Replaces the key that signs checkpoints, signed by the new one.
    LogKey = "log-key",
    /// Names another log and how this one stands to it.
    Link = "link",
    /// Lets a medium change hands once, whatever these alarms say of it.
    Override = "override",
    /// Says where a missing medium was looked for and not found.
    Search = "search",
    /// Takes note of what a medium is due or missing for: who says so sees to it.
    Acknowledge = "acknowledge",
}
