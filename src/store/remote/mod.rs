//! A ledger that another process of this computer owns.
//!
//! Whoever runs for long (`custody daemon`) owns the ledger and answers at a socket in its
//! folder; every other command speaks to it there and never notices, since
//! [`RemoteStore`] keeps the contract of any store. What is sent are requests of the
//! store's own methods (`message.rs` has the bytes), so there is no second set of rules.
//!
//! Nothing here is a format that lasts: both ends are this program on this computer, and
//! an end of another version is refused at the first message.

mod client;
mod fault;
mod message;
mod peer;
mod server;

pub use client::RemoteStore;
pub use fault::Fault;
pub use message::{ANSWER_MAX, Answer, REQUEST_MAX, Request, receive, send};
pub use peer::Peer;
pub use server::{Admission, Owner, ServeError, Socket, answer_read};

use std::path::{Path, PathBuf};

/// The socket's name in the ledger's folder.
pub const SOCKET: &str = "daemon.sock";

/// Raised with every change of a message.
const VERSION: u32 = 1;

/// Where the owner of the ledger in `folder` answers.
pub fn socket_of(folder: &Path) -> PathBuf {
    folder.join(SOCKET)
}
