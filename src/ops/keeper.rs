//! A ledger that one process owns and others use: what `custody daemon` answers at its
//! socket. Every entry is judged and signed for here as it would be by a command that
//! owned the ledger itself, so whoever may speak to the socket can append nothing that
//! they could not have appended with `custody`.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::error::OpsError;
use super::ledger::{Committed, Ledger};
use crate::store::remote::{Admission, Answer, Fault, Owner, Peer, Request, Socket, answer_read};
use crate::store::{Progress, StoreError};
use crate::wire::note::Note;

/// Where commands keep what is not yet an entry, or lies beside one.
const SHARED_FOLDERS: [&str; 3] = ["attachments", "drafts", "rounds"];

/// What is told of each entry that somebody appended.
pub type Told = dyn Fn(&Peer, &[Committed]) + Send + Sync;

/// The ledger, shared by the threads of its owner.
pub struct Keeper {
    ledger: Mutex<Ledger>,
    /// A write failed: nobody knows what is on the disk until it is opened again.
    failed: AtomicBool,
    told: Box<Told>,
}

impl Keeper {
    /// Becomes the only owner of the ledger in `folder`; `told` hears of what others
    /// append.
    ///
    /// # Errors
    /// Another process owns it, or what the store says.
    pub fn own(
        folder: &Path,
        progress: Progress<'_>,
        told: Box<Told>,
    ) -> Result<Arc<Self>, OpsError> {
        let mut ledger = Ledger::own(folder, progress)?;
        // Whoever cannot sign checkpoints is of no use as an owner.
        ledger.ready()?;
        Ok(Keeper::over(ledger, told))
    }

    /// The keeper of an open ledger.
    pub fn over(ledger: Ledger, told: Box<Told>) -> Arc<Self> {
        Arc::new(Keeper { ledger: Mutex::new(ledger), failed: AtomicBool::new(false), told })
    }

    /// The ledger, while the guard lives. A thread that panicked with it in hand may have
    /// left a half-folded state behind, so the owner then ends.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(|poisoned| {
            self.failed.store(true, Ordering::Relaxed);
            PoisonError::into_inner(poisoned)
        })
    }

    /// Whether whoever has the ledger gives it back within this time.
    pub fn is_free_within(&self, patience: Duration) -> bool {
        let began = Instant::now();
        loop {
            match self.ledger.try_lock() {
                Ok(_) | Err(TryLockError::Poisoned(_)) => return true,
                Err(TryLockError::WouldBlock) if began.elapsed() >= patience => return false,
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Whether the owner has to be started again.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Notes a failure after which nothing more can be appended.
    pub fn heed(&self, error: &OpsError) {
        if let OpsError::Store(StoreError::Unknown { .. } | StoreError::Poisoned) = error {
            self.failed.store(true, Ordering::Relaxed);
        }
    }

    fn append(&self, expected: u64, bytes: &[Vec<u8>], peer: &Peer) -> Result<Answer, Fault> {
        let mut notes = Vec::with_capacity(bytes.len());
        for note in bytes {
            let note = Note::parse(note).map_err(|error| Fault::Refused(error.to_string()))?;
            notes.push(note);
        }
        let mut ledger = self.ledger();
        let size = ledger.newest_head().size;
        if size != expected {
            return Err(Fault::Conflict(expected, size));
        }
        let done = ledger.commit(&notes);
        let committed = done.map_err(|error| {
            self.heed(&error);
            fault(&error)
        })?;
        // They were appended before, by another submission of the same draft: whoever asks
        // looks again and finds them.
        if committed.first().is_some_and(|entry| entry.index != expected) {
            return Err(Fault::Conflict(expected, size.saturating_add(1)));
        }
        (self.told)(peer, &committed);
        Ok(Answer::Head(ledger.store().head()))
    }

    fn checkpoint(&self) -> Result<Answer, Fault> {
        let checkpoint = self.ledger().checkpoint().map_err(|error| fault(&error))?;
        Ok(Answer::Checkpoint(Some(checkpoint.to_bytes())))
    }
}

fn fault(error: &OpsError) -> Fault {
    match error {
        OpsError::Store(error) => Fault::from(error),
        OpsError::Refused(_) | OpsError::Input(_) | OpsError::Draft(_) | OpsError::Sign(_) => {
            Fault::Refused(error.to_string())
        }
        other => Fault::Other(other.to_string()),
    }
}

impl Owner for Keeper {
    fn answer(&self, request: Request, peer: &Peer) -> Answer {
        let answer = match request {
            Request::Hello(_) => Ok(Answer::Welcome(self.ledger().store().head(), true)),
            Request::Append(expected, notes) => self.append(expected, &notes, peer),
            Request::Checkpoint => self.checkpoint(),
            // The owner folds for itself, and signs for itself.
            Request::PutSnapshot(..) => Ok(Answer::Done),
            Request::PutCheckpoint(_) => {
                Err(Fault::Refused("the owner of the ledger signs its checkpoints".to_owned()))
            }
            reading => match answer_read(self.ledger().store(), reading) {
                Ok(answer) => Ok(answer),
                Err(_) => Err(Fault::Other("there is no such request".to_owned())),
            },
        };
        answer.unwrap_or_else(Answer::Fault)
    }
}

/// The socket at which the ledger is used.
pub struct Service {
    socket: Socket,
}

/// Who came to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// A process that may use the ledger.
    Admitted(Peer),
    /// One that may not, or has to wait; in words.
    Refused(String),
}

impl Service {
    /// Listens in the ledger's folder, and lets its group write where commands keep what
    /// is not yet an entry.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn bind(folder: &Path) -> Result<Self, OpsError> {
        share(folder)?;
        let socket = Socket::bind(folder).map_err(|error| {
            OpsError::file("cannot listen at", &error.path.clone(), error.source)
        })?;
        Ok(Service { socket })
    }

    /// Answers for the ledger until `stop`.
    ///
    /// # Errors
    /// The socket fails.
    pub fn serve(
        &self,
        keeper: &Arc<Keeper>,
        stop: &AtomicBool,
        tell: &dyn Fn(Came),
    ) -> Result<(), OpsError> {
        let owner: Arc<dyn Owner> = Arc::<Keeper>::clone(keeper);
        let who = |peer: Peer| format!("process {} of user {}", peer.pid, peer.uid);
        let told = |admission| {
            tell(match admission {
                Admission::Admitted(peer) => Came::Admitted(peer),
                Admission::Stranger(peer) => Came::Refused(format!(
                    "{} is not of the ledger's group and was not let in",
                    who(peer)
                )),
                Admission::Full(peer) => {
                    Came::Refused(format!("{}: too many are connected already", who(peer)))
                }
                Admission::Unknown => {
                    Came::Refused("somebody the kernel does not name was not let in".to_owned())
                }
            });
        };
        let served = self.socket.serve(&owner, stop, &told);
        served
            .map_err(|error| OpsError::file("cannot listen at", &error.path.clone(), error.source))
    }
}

/// Where the ledger's folder is its group's to read, the folders of drafts and documents
/// are the group's to write. A folder that is its owner's alone stays that.
fn share(folder: &Path) -> Result<(), OpsError> {
    const GROUP_READS: u32 = 0o050;
    let about = std::fs::metadata(folder).map_err(|e| OpsError::file("cannot read", folder, e))?;
    if about.permissions().mode() & GROUP_READS != GROUP_READS {
        return Ok(());
    }
    for name in SHARED_FOLDERS {
        let path = folder.join(name);
        let shared = || {
            std::fs::create_dir_all(&path)?;
            chown(&path, None, Some(about.gid()))?;
            // With the group's mark, so that what one puts there is the group's as well. A unit
            // with RestrictSUIDSGID= may not set it (systemd.exec(5)), and does without.
            let mode = |mode| std::fs::set_permissions(&path, Permissions::from_mode(mode));
            mode(0o2770).or_else(|_| mode(0o770))
        };
        shared().map_err(|error| OpsError::file("cannot share", &path, error))?;
    }
    Ok(())
}
