//! Keys that an ssh-agent holds: a desktop's keyring, a smart card, a token behind it.
//!
//! An ssh-ed25519 key signs the bytes it is given as they are (RFC 8709), so its signature
//! over the text of a note is a note's signature of type 0x01, and nobody who verifies needs
//! to know that an agent made it. The private key is never seen here. The agent is believed
//! in nothing: what it answers is bounded in size and time, and a signature is verified
//! before it is used.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use super::agent_message::{
    ANSWER_MAX, Answer, ED25519_SK, Identity, fingerprint_in, parse, request_identities,
    request_signature,
};
use crate::model::VerifierKey;
use crate::model::key::{ED25519, KeyName};
use crate::wire::note::SIGNATURE_LEN;
use crate::wire::signature::{PreparedKey, SignError, Signer};

/// How long an agent may take to say which keys it holds.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// How long it may take to sign: somebody may have to be asked, or to touch a token.
const SIGNS_WITHIN: Duration = Duration::from_secs(120);
/// Between two tries to reach an agent that has others waiting.
const PAUSE: Duration = Duration::from_millis(20);

/// Why an agent gave no signature.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// No agent is known here.
    #[error("no ssh-agent is named: SSH_AUTH_SOCK is not set")]
    Unnamed,
    /// Nobody answers at its socket.
    #[error("no ssh-agent answers at {}: {error}", .socket.display())]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It took too long.
    #[error("the ssh-agent at {} has not answered for {seconds} seconds", .socket.display())]
    Silent {
        /// The socket.
        socket: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// What answers speaks no agent's protocol.
    #[error("what answers at {} is no sound ssh-agent: {why}", .socket.display())]
    Malformed {
        /// The socket.
        socket: PathBuf,
        /// What is wrong with the answer.
        why: &'static str,
    },
    /// It shows no keys at all. OpenSSH's agent does so, too, while it is locked.
    #[error("the ssh-agent shows no keys: it has none, or it is locked")]
    Empty,
    /// The key is not among those it shows.
    #[error("the ssh-agent does not hold the key {0}")]
    Lacks(String),
    /// It holds the key and does not sign.
    #[error(
        "the ssh-agent holds the key {0} and did not sign with it: somebody declined, or the \
         token that has it is not there"
    )]
    Declined(KeyName),
    /// Something that is no signature of this text by this key.
    #[error("what the ssh-agent gave for a signature by {0} is none: nothing of it is used")]
    Forged(KeyName),
    /// A key in a FIDO token.
    #[error(
        "{0} is an sk-ssh-ed25519 key: its token signs a hash of its own with a counter and \
         flags, which no verifier of signed notes accepts"
    )]
    Fido(String),
    /// Another kind of key.
    #[error("{0} is a key of the kind {1}; only ssh-ed25519 signs notes")]
    Kind(String, String),
    /// There is no ssh-ed25519 key in it.
    #[error("the ssh-agent holds no ssh-ed25519 key, but {}", .0.join(", "))]
    NoneFits(Vec<String>),
    /// There are several and none was named.
    #[error("the ssh-agent holds several ssh-ed25519 keys: {}", .0.join(", "))]
    Several(Vec<String>),
    /// A file that was to name a key holds none.
    #[error("{} holds no SSH public key", .0.display())]
    NoPublicKey(PathBuf),
    /// The key signs for a cosigner, whose message is another.
    #[error("an ssh-agent signs notes, and {0} is a cosigner's key")]
    Type(KeyName),
}

/// The ssh-agent of a session.
#[derive(Debug, Clone)]
pub struct Agent {
    socket: PathBuf,
    answers_within: Duration,
    signs_within: Duration,
}

impl Agent {
    /// The one that the environment names, as `ssh` finds it.
    ///
    /// # Errors
    /// [`AgentError::Unnamed`].
    pub fn of_session() -> Result<Self, AgentError> {
        let named = std::env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty());
        named.map(|socket| Agent::at(Path::new(&socket))).ok_or(AgentError::Unnamed)
    }

    /// The one at this socket.
    pub fn at(socket: &Path) -> Self {
        Agent {
            socket: socket.to_owned(),
            answers_within: ANSWERS_WITHIN,
            signs_within: SIGNS_WITHIN,
        }
    }

    /// Waits no longer than this, for either.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Agent { answers_within: limit, signs_within: limit, ..self }
    }

    /// The keys it holds, whatever their kind.
    ///
    /// # Errors
    /// [`AgentError`]; an agent without keys is [`AgentError::Empty`].
    pub fn identities(&self) -> Result<Vec<Identity>, AgentError> {
        match self.ask(&request_identities(), self.answers_within)? {
            Answer::Identities(found) if found.is_empty() => Err(AgentError::Empty),
            Answer::Identities(found) => Ok(found),
            _ => Err(self.malformed("it does not say which keys it holds")),
        }
    }

    /// The public key to register: the one `which` names by fingerprint or by a `.pub` file,
    /// else the only ssh-ed25519 key there is.
    ///
    /// # Errors
    /// [`AgentError`]; a key that cannot sign notes is told from one that is not there.
    pub fn choose(&self, which: Option<&str>) -> Result<[u8; 32], AgentError> {
        let found = self.identities()?;
        let Some(which) = which else {
            let fits: Vec<&Identity> = found.iter().filter(|key| key.public().is_some()).collect();
            return match fits.as_slice() {
                [] => Err(none_fits(&found)),
                [only] => only.public().copied().ok_or(AgentError::Empty),
                several => {
                    Err(AgentError::Several(several.iter().map(|key| key.fingerprint()).collect()))
                }
            };
        };
        let wanted = wanted(which)?;
        let chosen = found.iter().find(|key| key.fingerprint() == wanted);
        let chosen = chosen.ok_or_else(|| AgentError::Lacks(wanted.clone()))?;
        match (chosen.public(), chosen.kind()) {
            (Some(public), _) => Ok(*public),
            (None, ED25519_SK) => Err(AgentError::Fido(wanted)),
            (None, kind) => Err(AgentError::Kind(wanted, kind.to_owned())),
        }
    }

    /// A signer with `key`, which the agent has to hold now.
    ///
    /// # Errors
    /// [`AgentError`].
    pub fn signer(self, key: &VerifierKey) -> Result<AgentSigner, AgentError> {
        if key.kind() != ED25519 {
            return Err(AgentError::Type(key.name().clone()));
        }
        let held = self.identities()?.iter().any(|held| held.public() == Some(key.public()));
        if !held {
            return Err(AgentError::Lacks(key.name().to_string()));
        }
        Ok(AgentSigner { agent: self, key: key.clone() })
    }

    fn sign(&self, key: &VerifierKey, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], AgentError> {
        let request = request_signature(key.public(), message);
        let signature = match self.ask(&request, self.signs_within)? {
            Answer::Signature(signature) => signature,
            Answer::Failure => return Err(self.why_not(key)),
            Answer::Identities(_) => return Err(self.malformed("it answers something else")),
        };
        let sound = PreparedKey::new(key.public()).is_ok_and(|k| k.verifies(message, &signature));
        if sound { Ok(signature) } else { Err(AgentError::Forged(key.name().clone())) }
    }

    /// An agent's failure has no reason, so it is asked what it holds.
    fn why_not(&self, key: &VerifierKey) -> AgentError {
        match self.identities() {
            Ok(held) if held.iter().any(|held| held.public() == Some(key.public())) => {
                AgentError::Declined(key.name().clone())
            }
            Ok(_) => AgentError::Lacks(key.name().to_string()),
            Err(error) => error,
        }
    }

    fn malformed(&self, why: &'static str) -> AgentError {
        AgentError::Malformed { socket: self.socket.clone(), why }
    }

    /// One question on a connection of its own, answered within `limit` as a whole: an agent
    /// that sends a byte now and then is as silent as one that sends none.
    fn ask(&self, request: &[u8], limit: Duration) -> Result<Answer, AgentError> {
        let deadline = Instant::now() + limit;
        let exchanged = reach(&self.socket, deadline)
            .map_err(|error| (true, error))
            .and_then(|stream| exchange(stream, request, deadline).map_err(|error| (false, error)));
        match exchanged {
            Ok(Some(body)) => parse(&body).map_err(|why| self.malformed(why)),
            Ok(None) => Err(self.malformed("its answer is longer than any agent's")),
            Err((_, error)) if is_late(&error) => {
                Err(AgentError::Silent { socket: self.socket.clone(), seconds: limit.as_secs() })
            }
            Err((false, error)) if error.kind() == ErrorKind::UnexpectedEof => {
                Err(self.malformed("it ends before its answer does"))
            }
            Err((_, error)) => Err(AgentError::Unreachable { socket: self.socket.clone(), error }),
        }
    }
}

fn none_fits(found: &[Identity]) -> AgentError {
    match found {
        [only] if only.kind() == ED25519_SK => AgentError::Fido(only.fingerprint()),
        _ => AgentError::NoneFits(found.iter().map(|key| key.kind().to_owned()).collect()),
    }
}

/// The fingerprint that names a key: given, or that of the key in a file.
fn wanted(which: &str) -> Result<String, AgentError> {
    if which.starts_with("SHA256:") {
        return Ok(which.to_owned());
    }
    let path = Path::new(which);
    let line = super::file::read(path).ok().flatten();
    line.and_then(|line| fingerprint_in(&line))
        .ok_or_else(|| AgentError::NoPublicKey(path.to_owned()))
}

/// Whether an error of a socket with a time limit says that the limit is reached.
fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn late() -> io::Error {
    io::Error::from(ErrorKind::TimedOut)
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(late()) } else { Ok(left) }
}

/// Connects. An agent that accepts nobody lets its queue fill up, and a blocking `connect`
/// would then wait without end; so it is asked without waiting, again and again.
fn reach(socket: &Path, deadline: Instant) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(socket)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let fd = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    loop {
        match connect(&fd, &address) {
            Ok(()) => break,
            Err(Errno::AGAIN | Errno::INTR) => {
                thread::sleep(PAUSE.min(left(deadline)?));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let stream = UnixStream::from(fd);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// Sends the request and reads one answer; none where it claims to be too long.
fn exchange(
    mut stream: UnixStream,
    mut request: &[u8],
    deadline: Instant,
) -> io::Result<Option<Vec<u8>>> {
    while !request.is_empty() {
        stream.set_write_timeout(Some(left(deadline)?))?;
        match stream.write(request) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(sent) => request = request.get(sent..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut length = [0u8; 4];
    fill(&mut stream, &mut length, deadline)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > ANSWER_MAX {
        return Ok(None);
    }
    let mut body = vec![0u8; length];
    fill(&mut stream, &mut body, deadline)?;
    Ok(Some(body))
}

fn fill(stream: &mut UnixStream, mut into: &mut [u8], deadline: Instant) -> io::Result<()> {
    while !into.is_empty() {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(into) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => into = into.get_mut(read..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A key in an agent, ready to sign.
#[derive(Debug)]
pub struct AgentSigner {
    agent: Agent,
    key: VerifierKey,
}

impl Signer for AgentSigner {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn is_at_hand(&self) -> bool {
        let held = self.agent.identities();
        held.is_ok_and(|held| held.iter().any(|key| key.public() == Some(self.key.public())))
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], SignError> {
        self.agent.sign(&self.key, message).map_err(|error| SignError::Holder {
            name: self.key.name().clone(),
            reason: error.to_string(),
        })
    }
}
