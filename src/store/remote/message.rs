//! The messages: a length of four bytes, big-endian, and so many bytes of postcard.
//!
//! Both ends may be anybody's who may open the socket, so a length is believed only up to
//! a limit, memory grows with the bytes that arrive and not with the length that was
//! promised, and a message has to be used up to its last byte.

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use crate::model::Hash;
use crate::store::{Head, Key, MAX_APPEND_BYTES};

/// The largest request: one append and what stands around its notes.
pub const REQUEST_MAX: u64 = MAX_APPEND_BYTES as u64 + (1 << 20);
/// The largest answer: a folded state. A larger one is folded again by whoever asks.
pub const ANSWER_MAX: u64 = 256 << 20;
/// Notes are answered in shares of about so many bytes.
pub(super) const SHARE_BYTES: usize = 1 << 20;

/// What is asked of the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// The first message: the version of the one who asks.
    Hello(u32),
    /// Where the ledger stands.
    Head,
    /// Append these notes behind the entry before the first number.
    Append(u64, Vec<Vec<u8>>),
    /// Notes from the first number to before the second; the answer may hold fewer.
    Read(u64, u64),
    /// Entries that name this.
    Find(Key),
    /// The entry with this leaf hash.
    FindLeaf(Hash),
    /// A node of the tree, by level and index.
    Node(u8, u64),
    /// The newest folded state.
    Snapshot,
    /// Keep this folded state.
    PutSnapshot(u64, Vec<u8>),
    /// The newest checkpoint.
    Checkpoint,
    /// Keep this checkpoint.
    PutCheckpoint(Vec<u8>),
}

/// What the owner answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// To `Hello`: where the ledger stands, and whether the owner judges what is appended
    /// and signs checkpoints itself.
    Welcome(Head, bool),
    /// To `Head` and `Append`.
    Head(Head),
    /// To `Read`: at least one note, unless none was asked for.
    Notes(Vec<Vec<u8>>),
    /// To `Find`.
    Indices(Vec<u64>),
    /// To `FindLeaf`.
    Index(Option<u64>),
    /// To `Node`.
    Hash(Hash),
    /// To `Snapshot`.
    Snapshot(Option<(u64, Vec<u8>)>),
    /// To `Checkpoint`.
    Checkpoint(Option<Vec<u8>>),
    /// It was done.
    Done,
    /// It was not.
    Fault(Fault),
}

/// Sends one message.
///
/// # Errors
/// What the system says; nothing is then known of what arrived.
pub fn send(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let body = postcard::to_allocvec(message).map_err(io::Error::other)?;
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(&body)?;
    to.flush()
}

/// Receives one message of at most `most` bytes; none when the other end has closed.
///
/// # Errors
/// A message that is cut off, too long or none of ours (`InvalidData`), or what the system
/// says.
pub fn receive<T: DeserializeOwned>(from: &mut impl Read, most: u64) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read(&mut length)? {
        0 => return Ok(None),
        read => from.read_exact(length.get_mut(read..).unwrap_or_default())?,
    }
    let length = u64::from(u32::from_be_bytes(length));
    let unsound = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    if length > most {
        return Err(unsound(format!("a message of {length} bytes, where {most} are the most")));
    }
    let mut body = Vec::new();
    let read = from.take(length).read_to_end(&mut body)?;
    if read as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    match postcard::take_from_bytes(&body) {
        Ok((message, [])) => Ok(Some(message)),
        Ok(_) => Err(unsound("a message with bytes behind its end".to_owned())),
        Err(error) => Err(unsound(format!("no message of this program: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(bytes: &[u8], most: u64) -> io::Result<Option<Request>> {
        receive(&mut &*bytes, most)
    }

    #[test]
    fn what_is_sent_is_received() {
        let all = [
            Request::Hello(1),
            Request::Append(7, vec![b"note".to_vec(), vec![]]),
            Request::Find(Key::Receipt("SZ-1".to_owned())),
            Request::Node(3, u64::MAX),
        ];
        let mut wire = Vec::new();
        for request in &all {
            send(&mut wire, request).unwrap();
        }
        let mut from = &wire[..];
        for request in all {
            assert_eq!(receive::<Request>(&mut from, 1 << 20).unwrap(), Some(request));
        }
        assert_eq!(receive::<Request>(&mut from, 1 << 20).unwrap(), None);
    }

    #[test]
    fn what_is_cut_off_too_long_or_no_message_is_refused() {
        let mut sound = Vec::new();
        send(&mut sound, &Request::Append(1, vec![vec![1; 300]])).unwrap();
        for cut in 1..sound.len() {
            assert!(received(&sound[..cut], 1 << 20).is_err(), "cut at {cut}");
        }
        assert!(received(&sound, 10).is_err(), "over the limit");
        assert!(received(&[0, 0, 0, 1, 99], 1 << 20).is_err(), "no such request");
        assert!(received(&[0, 0, 0, 2, 1, 1], 1 << 20).is_err(), "a byte too many");
        // A length that promises gigabytes costs none: nothing follows it.
        let most = u64::from(u32::MAX);
        assert!(received(&[0xff, 0xff, 0xff, 0xff, 2], most).is_err());
        // And so does a list of that length within a message.
        assert!(received(&[0, 0, 0, 7, 2, 1, 0xff, 0xff, 0xff, 0xff, 0x0f], most).is_err());
    }
}
