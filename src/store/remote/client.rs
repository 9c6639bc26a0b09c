//! The store as every other command has it.

use std::cell::RefCell;
use std::io;
use std::ops::{ControlFlow, Range};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::message::{ANSWER_MAX, Answer, Request, receive, send};
use super::peer::Peer;
use super::{VERSION, socket_of};
use crate::model::Hash;
use crate::proof::tree::Nodes;
use crate::store::{Head, Key, Store, StoreError, Visitor};

/// The owner answers within a fraction of a second; an append waits for a disk.
const PATIENCE: Duration = Duration::from_secs(60);

/// A ledger that another process owns.
#[derive(Debug)]
pub struct RemoteStore {
    folder: PathBuf,
    stream: RefCell<UnixStream>,
    head: Head,
    judges: bool,
}

impl RemoteStore {
    /// Speaks to the owner of the ledger in `folder`; none where nobody answers, and a
    /// socket that an earlier owner left behind is nobody.
    ///
    /// # Errors
    /// `Owner`: somebody answers who may not own this ledger, or is of another version.
    pub fn connect(folder: &Path) -> Result<Option<Self>, StoreError> {
        let stream = match UnixStream::connect(socket_of(folder)) {
            Ok(stream) => stream,
            Err(error) => {
                return match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
                    _ => Err(StoreError::Owner { source: error }),
                };
            }
        };
        let (head, judges) =
            greet(folder, &stream).map_err(|source| StoreError::Owner { source })?;
        let (folder, stream) = (folder.to_owned(), RefCell::new(stream));
        Ok(Some(RemoteStore { folder, stream, head, judges }))
    }

    fn try_once(&self, request: &Request) -> io::Result<Answer> {
        let mut stream = self.stream.borrow_mut();
        send(&mut *stream, request)?;
        receive(&mut *stream, ANSWER_MAX)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Asks what may be asked twice. An owner that was started again meanwhile is greeted
    /// anew; its ledger only grows, or it would refuse to open it.
    fn ask(&self, request: &Request) -> Result<Answer, StoreError> {
        let again = |_| {
            let stream = UnixStream::connect(socket_of(&self.folder))?;
            greet(&self.folder, &stream)?;
            *self.stream.borrow_mut() = stream;
            self.try_once(request)
        };
        let answer = self.try_once(request).or_else(again);
        match answer.map_err(|source| StoreError::Owner { source })? {
            Answer::Fault(fault) => Err(fault.into()),
            answer => Ok(answer),
        }
    }
}

/// The first words of a connection.
fn greet(folder: &Path, mut stream: &UnixStream) -> io::Result<(Head, bool)> {
    if !Peer::of(stream)?.may_own(folder)? {
        let what = "the process that answers there belongs to somebody else";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    }
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let answer =
        send(&mut stream, &Request::Hello(VERSION)).and_then(|()| receive(&mut stream, ANSWER_MAX));
    // Whoever is not let in finds the connection closed, sooner or later.
    let closed = |kind| {
        matches!(
            kind,
            io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::UnexpectedEof
        )
    };
    let answer = match answer {
        Err(error) if closed(error.kind()) => None,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(io::Error::new(error.kind(), "it is another version of this program"));
        }
        answer => answer?,
    };
    match answer {
        Some(Answer::Welcome(head, judges)) => Ok((head, judges)),
        Some(Answer::Fault(fault)) => Err(io::Error::other(StoreError::from(fault).to_string())),
        Some(_) => Err(io::Error::other("it answers otherwise than this program does")),
        None => Err(io::Error::other("it does not let this user in, or is just ending")),
    }
}

/// An answer to another question than the one asked.
fn astray<T>() -> Result<T, StoreError> {
    let what = "it answers otherwise than this program does";
    Err(StoreError::Owner { source: io::Error::new(io::ErrorKind::InvalidData, what) })
}

impl Nodes for RemoteStore {
    type Error = StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        match self.ask(&Request::Node(level, index))? {
            Answer::Hash(hash) => Ok(hash),
            _ => astray(),
        }
    }
}

impl Store for RemoteStore {
    /// Where it stood at the last append or [`Store::catch_up`].
    fn head(&self) -> Head {
        self.head
    }

    fn catch_up(&mut self) -> Result<Head, StoreError> {
        match self.ask(&Request::Head)? {
            Answer::Head(head) => {
                self.head = head;
                Ok(head)
            }
            _ => astray(),
        }
    }

    fn owned_elsewhere(&self) -> bool {
        self.judges
    }

    /// Asked once: whoever gets no answer cannot know whether it was appended.
    fn append(&mut self, expected: u64, notes: &[Vec<u8>]) -> Result<Head, StoreError> {
        crate::store::check_append(&Head { size: expected, ..self.head }, expected, notes)?;
        let answer = self.try_once(&Request::Append(expected, notes.to_vec()));
        match answer.map_err(|source| StoreError::Unknown { source })? {
            Answer::Head(head) => {
                self.head = head;
                Ok(head)
            }
            Answer::Fault(fault) => Err(fault.into()),
            _ => astray(),
        }
    }

    fn read(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut notes = Vec::new();
        self.visit(range, &mut |_, note| {
            notes.push(note.to_vec());
            ControlFlow::Continue(())
        })?;
        Ok(notes)
    }

    fn visit(&self, range: Range<u64>, each: Visitor<'_>) -> Result<(), StoreError> {
        let mut next = range.start;
        loop {
            let Answer::Notes(share) = self.ask(&Request::Read(next, range.end))? else {
                return astray();
            };
            if share.is_empty() && next < range.end {
                return astray();
            }
            for note in share {
                if each(next, &note).is_break() {
                    return Ok(());
                }
                next += 1;
            }
            if next >= range.end {
                return Ok(());
            }
        }
    }

    fn find(&self, key: &Key) -> Result<Vec<u64>, StoreError> {
        match self.ask(&Request::Find(key.clone()))? {
            Answer::Indices(indices) => Ok(indices),
            _ => astray(),
        }
    }

    fn find_leaf(&self, leaf: &Hash) -> Result<Option<u64>, StoreError> {
        match self.ask(&Request::FindLeaf(*leaf))? {
            Answer::Index(index) => Ok(index),
            _ => astray(),
        }
    }

    fn snapshot(&self) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        match self.ask(&Request::Snapshot)? {
            Answer::Snapshot(snapshot) => Ok(snapshot),
            _ => astray(),
        }
    }

    fn put_snapshot(&mut self, size: u64, bytes: &[u8]) -> Result<(), StoreError> {
        match self.ask(&Request::PutSnapshot(size, bytes.to_vec()))? {
            Answer::Done => Ok(()),
            _ => astray(),
        }
    }

    fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.ask(&Request::Checkpoint)? {
            Answer::Checkpoint(bytes) => Ok(bytes),
            _ => astray(),
        }
    }

    fn put_checkpoint(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        match self.ask(&Request::PutCheckpoint(bytes.to_vec()))? {
            Answer::Done => Ok(()),
            _ => astray(),
        }
    }
}
