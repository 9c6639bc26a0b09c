//! Who is at the other end of a socket.
//!
//! The kernel lets only those connect who may write the socket's file, which is its
//! owner and its group. It is asked once more who they are, since a file's mode can be
//! widened by mistake and a name in a log is worth having.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::net::sockopt::socket_peercred;

/// The process at the other end, as it was when it connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its process id.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
    /// Its first group.
    pub gid: u32,
}

impl Peer {
    /// Asks the kernel.
    ///
    /// # Errors
    /// What the system says.
    pub fn of(stream: &UnixStream) -> io::Result<Self> {
        let told = socket_peercred(stream)?;
        let pid = told.pid.as_raw_nonzero().get();
        Ok(Peer { pid, uid: told.uid.as_raw(), gid: told.gid.as_raw() })
    }

    /// Whether this process may use the ledger in `folder`: it runs as root, as the user
    /// who owns the folder, or belongs to the folder's group.
    ///
    /// # Errors
    /// The folder cannot be looked at.
    pub fn may_use(&self, folder: &Path) -> io::Result<bool> {
        let about = fs::metadata(folder)?;
        Ok(self.uid == 0
            || self.uid == about.uid()
            || self.gid == about.gid()
            || self.groups().contains(&about.gid()))
    }

    /// Its further groups; none where the kernel does not show them. The process may have
    /// ended and its number passed on, so it has to be one of the same user.
    fn groups(&self) -> Vec<u32> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        groups_in(&status, self.uid)
    }

    /// Whether this process may own the ledger in `folder`: it runs as root or as the user
    /// who owns the folder. Whoever else answers there is an impostor.
    ///
    /// # Errors
    /// The folder cannot be looked at.
    pub fn may_own(&self, folder: &Path) -> io::Result<bool> {
        Ok(self.uid == 0 || self.uid == fs::metadata(folder)?.uid())
    }
}

/// The groups in the text of `/proc/PID/status`, if its effective user is this one
/// (proc(5): the second number of `Uid`).
fn groups_in(status: &str, uid: u32) -> Vec<u32> {
    let numbers = |key: &str| -> Vec<u32> {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_default().split_whitespace().filter_map(|word| word.parse().ok()).collect()
    };
    if numbers("Uid:").get(1) == Some(&uid) { numbers("Groups:") } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read_of_the_same_user_only() {
        let status =
            "Name:\tcustody\nUid:\t0\t1000\t1000\t1000\nGid:\t5\t5\t5\t5\nGroups:\t5 27 \n";
        assert_eq!(groups_in(status, 1000), [5, 27]);
        assert!(groups_in(status, 0).is_empty());
        assert!(groups_in("", 0).is_empty());
    }

    #[test]
    fn one_end_knows_the_other() {
        let (here, _there) = UnixStream::pair().unwrap();
        let peer = Peer::of(&here).unwrap();
        assert_eq!(peer.pid, i32::try_from(std::process::id()).unwrap());
        let folder = tempfile::tempdir().unwrap();
        assert!(peer.may_use(folder.path()).unwrap());
        assert!(peer.may_own(folder.path()).unwrap());
        let stranger = Peer { pid: i32::MAX, uid: u32::MAX - 1, gid: u32::MAX - 1 };
        assert!(!stranger.may_use(folder.path()).unwrap());
        assert!(!stranger.may_own(folder.path()).unwrap());
        let about = fs::metadata(folder.path()).unwrap();
        assert!(Peer { gid: about.gid(), ..stranger }.may_use(folder.path()).unwrap());
    }
}
