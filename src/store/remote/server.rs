//! The owner's end: a socket, and one thread for each who speaks to it.

use std::fs;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::fault::Fault;
use super::message::{Answer, REQUEST_MAX, Request, SHARE_BYTES, receive, send};
use super::peer::Peer;
use super::{VERSION, socket_of};
use crate::store::{Store, StoreError, check_range};

/// So many may be connected at once. Each is a person's command, or waits for one.
const CONNECTIONS_MAX: usize = 64;
/// Somebody may be typing a passphrase; nobody types for longer.
const IDLE: Duration = Duration::from_secs(3600);
/// Whoever takes no answer for so long has gone.
const UNTAKEN: Duration = Duration::from_secs(60);
/// How often is looked whether to end.
const LOOK: Duration = Duration::from_millis(250);

/// What answers for a ledger.
pub trait Owner: Send + Sync {
    /// Answers one request of this peer. Called from several threads at once.
    fn answer(&self, request: Request, peer: &Peer) -> Answer;
}

/// Why nobody can be served.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {}: {source}", .path.display())]
pub struct ServeError {
    /// The socket.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// Who came to the socket, for a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Let in.
    Admitted(Peer),
    /// Not of the ledger's group.
    Stranger(Peer),
    /// There are too many already.
    Full(Peer),
    /// The kernel did not say who it is.
    Unknown,
}

/// The socket in a ledger's folder. Gone when dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    folder: PathBuf,
    path: PathBuf,
}

impl Socket {
    /// Listens in the ledger's folder; to be called by whoever owns the ledger, since a
    /// socket that is there already is taken for an earlier owner's and replaced.
    ///
    /// # Errors
    /// The folder cannot be written, or its path is too long for a socket (107 bytes).
    pub fn bind(folder: &Path) -> Result<Self, ServeError> {
        let path = socket_of(folder);
        let bound = || -> io::Result<UnixListener> {
            match fs::symlink_metadata(&path) {
                Ok(there) if there.file_type().is_socket() => fs::remove_file(&path)?,
                Ok(_) => return Err(io::Error::other("something that is no socket is there")),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            let listener = UnixListener::bind(&path)?;
            // Until here it had the mode that the umask left; who came meanwhile is asked
            // who they are all the same.
            chown(&path, None, Some(fs::metadata(folder)?.gid()))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o660))?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        match bound() {
            Ok(listener) => Ok(Socket { listener, folder: folder.to_owned(), path }),
            Err(source) => Err(ServeError { path, source }),
        }
    }

    /// Serves until `stop`, telling of everybody who comes.
    ///
    /// # Errors
    /// The socket fails. One connection that fails is nobody else's trouble.
    pub fn serve(
        &self,
        owner: &Arc<dyn Owner>,
        stop: &AtomicBool,
        tell: &dyn Fn(Admission),
    ) -> Result<(), ServeError> {
        let failed = |source| ServeError { path: self.path.clone(), source };
        let open = Arc::new(Mutex::new(Vec::<(usize, UnixStream)>::new()));
        let count = Arc::new(AtomicUsize::new(0));
        let mut number = 0;
        while !stop.load(Ordering::Relaxed) {
            let Some(stream) = self.next().map_err(failed)? else { continue };
            let admission = self.admit(&stream, count.load(Ordering::Relaxed));
            tell(admission);
            // Whoever is not let in finds the connection closed.
            let Admission::Admitted(peer) = admission else { continue };
            number += 1;
            let (mine, owner) = (number, Arc::clone(owner));
            let (open, count) = (Arc::clone(&open), Arc::clone(&count));
            count.fetch_add(1, Ordering::Relaxed);
            if let Ok(copy) = stream.try_clone() {
                open.lock().unwrap_or_else(PoisonError::into_inner).push((mine, copy));
            }
            thread::spawn(move || {
                // An error is the end of this connection; nobody is left to tell it to.
                let _ = converse(stream, owner.as_ref(), peer);
                let mut all = open.lock().unwrap_or_else(PoisonError::into_inner);
                all.retain(|(number, _)| *number != mine);
                count.fetch_sub(1, Ordering::Relaxed);
            });
        }
        for (_, stream) in open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // Reading ends at once; an answer that is under way still goes out.
            let _ = stream.shutdown(std::net::Shutdown::Read);
        }
        Ok(())
    }

    /// The next who connects, within a moment.
    fn next(&self) -> io::Result<Option<UnixStream>> {
        let moment = Timespec { tv_sec: 0, tv_nsec: i64::from(LOOK.subsec_nanos()) };
        let mut waiting = [PollFd::from_borrowed_fd(self.listener.as_fd(), PollFlags::IN)];
        match poll(&mut waiting, Some(&moment)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(errno) => return Err(errno.into()),
        }
        match self.listener.accept() {
            Ok((stream, _)) => Ok(Some(stream)),
            // They may have gone again, and a process may have no files left for a while.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(_) => {
                thread::sleep(LOOK);
                Ok(None)
            }
        }
    }

    fn admit(&self, stream: &UnixStream, count: usize) -> Admission {
        let Ok(peer) = Peer::of(stream) else { return Admission::Unknown };
        let ready = stream
            .set_nonblocking(false)
            .and_then(|()| stream.set_read_timeout(Some(IDLE)))
            .and_then(|()| stream.set_write_timeout(Some(UNTAKEN)));
        match peer.may_use(&self.folder) {
            Ok(true) if ready.is_ok() && count < CONNECTIONS_MAX => Admission::Admitted(peer),
            Ok(true) => Admission::Full(peer),
            Ok(false) | Err(_) => Admission::Stranger(peer),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // One that stays behind is replaced by the next owner.
        let _ = fs::remove_file(&self.path);
    }
}

/// One connection: a greeting, then requests until the other end closes.
fn converse(mut stream: UnixStream, owner: &dyn Owner, peer: Peer) -> io::Result<()> {
    let mut greeted = false;
    while let Some(request) = receive::<Request>(&mut stream, REQUEST_MAX)? {
        let answer = match request {
            Request::Hello(VERSION) => {
                greeted = true;
                owner.answer(Request::Hello(VERSION), &peer)
            }
            Request::Hello(_) => Answer::Fault(Fault::Other(
                "it is another version of this program; start it again".to_owned(),
            )),
            _ if !greeted => return Ok(()),
            request => owner.answer(request, &peer),
        };
        send(&mut stream, &answer)?;
    }
    Ok(())
}

/// Answers what only reads; gives back what does not.
pub fn answer_read(store: &dyn Store, request: Request) -> Result<Answer, Request> {
    Ok(match request {
        Request::Head => Answer::Head(store.head()),
        Request::Read(from, to) => told(share(store, from, to).map(Answer::Notes)),
        Request::Find(key) => told(store.find(&key).map(Answer::Indices)),
        Request::FindLeaf(leaf) => told(store.find_leaf(&leaf).map(Answer::Index)),
        Request::Node(level, index) => told(store.node(level, index).map(Answer::Hash)),
        Request::Snapshot => told(store.snapshot().map(|kept| {
            // Too large a one is folded again; half an answer is none.
            let fits = |(_, bytes): &(u64, Vec<u8>)| {
                (bytes.len() as u64) < super::message::ANSWER_MAX - (1 << 10)
            };
            Answer::Snapshot(kept.filter(fits))
        })),
        Request::Checkpoint => told(store.checkpoint().map(Answer::Checkpoint)),
        other => return Err(other),
    })
}

/// An answer, or why there is none.
fn told(answer: Result<Answer, StoreError>) -> Answer {
    answer.unwrap_or_else(|error| Answer::Fault(Fault::from(&error)))
}

/// The first notes of a range, as many as make a share.
fn share(store: &dyn Store, from: u64, to: u64) -> Result<Vec<Vec<u8>>, StoreError> {
    check_range(store.head().size, &(from..to))?;
    let (mut notes, mut bytes) = (Vec::new(), 0);
    store.visit(from..to, &mut |_, note| {
        bytes += note.len();
        notes.push(note.to_vec());
        if bytes < SHARE_BYTES {
            std::ops::ControlFlow::Continue(())
        } else {
            std::ops::ControlFlow::Break(())
        }
    })?;
    Ok(notes)
}

/// A bare store: appends whatever it is given, as any store does. Whoever answers for a
/// ledger judges first.
impl<S: Store> Owner for Mutex<S> {
    fn answer(&self, request: Request, _: &Peer) -> Answer {
        let mut store = self.lock().unwrap_or_else(PoisonError::into_inner);
        let request = match answer_read(&*store, request) {
            Ok(answer) => return answer,
            Err(request) => request,
        };
        told(match request {
            Request::Append(expected, notes) => store.append(expected, &notes).map(Answer::Head),
            Request::PutSnapshot(size, bytes) => {
                store.put_snapshot(size, &bytes).map(|()| Answer::Done)
            }
            Request::PutCheckpoint(bytes) => store.put_checkpoint(&bytes).map(|()| Answer::Done),
            _ => Ok(Answer::Welcome(store.head(), false)),
        })
    }
}
