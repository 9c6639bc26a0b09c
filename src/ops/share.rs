//! Small files on a share, which may hang for ever (NFS, `hard`): each is read and written
//! by a thread of its own that is waited for a while and then left alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::error::OpsError;
use super::gather::read_bounded;
use super::known::put;

/// How long a share is waited for. A disk that has to spin up takes less.
const PATIENCE: Duration = Duration::from_secs(5);

/// Files that a thread still waits for. Nobody waits for the same one again, so that a
/// daemon that records all day has one thread hanging and loses no time.
static HANGING: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Reads a file.
///
/// # Errors
/// As [`read_bounded`], and that it does not answer.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, OpsError> {
    within(PATIENCE, path, "cannot read", read_bounded)
}

/// Replaces a file in one step, durably. One that does not answer may be replaced later.
///
/// # Errors
/// As [`put`], and that it does not answer.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), OpsError> {
    let bytes = bytes.to_owned();
    within(PATIENCE, path, "cannot write", move |path| put(path, &bytes))
}

fn within<T: Send + 'static>(
    patience: Duration,
    path: &Path,
    what: &'static str,
    work: impl FnOnce(&Path) -> Result<T, OpsError> + Send + 'static,
) -> Result<T, OpsError> {
    let hanging = || HANGING.lock().unwrap_or_else(PoisonError::into_inner);
    let silent = || {
        let words = "it does not answer";
        OpsError::file(what, path, std::io::Error::new(std::io::ErrorKind::TimedOut, words))
    };
    // Noted before the thread begins, which takes it out again whenever it ends.
    if !hanging().insert(path.to_owned()) {
        return Err(silent());
    }
    let (done, answer) = channel();
    let name = path.to_owned();
    std::thread::spawn(move || {
        let worked = work(&name);
        HANGING.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        // Nobody listens any more where it took too long.
        let _ = done.send(worked);
    });
    answer.recv_timeout(patience).unwrap_or_else(|_| Err(silent()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_is_asked_once_and_asked_again_when_it_answers() {
        let path = Path::new("/a/share/that/hangs");
        let (let_go, held) = channel::<()>();
        let hang = move |_: &Path| {
            let _ = held.recv();
            Ok(())
        };
        let refused = within(Duration::from_millis(1), path, "cannot read", hang).unwrap_err();
        assert!(refused.to_string().contains("does not answer"), "{refused}");
        // Nobody asks it meanwhile, however long they would wait.
        let again = within(PATIENCE, path, "cannot read", |_| -> Result<(), _> { panic!() });
        assert!(again.is_err());
        assert_eq!(within(PATIENCE, Path::new("/other"), "cannot read", |_| Ok(7)).unwrap(), 7);
        let_go.send(()).unwrap();
        while HANGING.lock().unwrap().contains(path) {
            std::thread::yield_now();
        }
        assert_eq!(within(PATIENCE, path, "cannot read", |_| Ok(8)).unwrap(), 8);
    }
}
