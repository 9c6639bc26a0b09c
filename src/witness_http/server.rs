//! The server: a few threads, each with one connection at a time, each request within
//! a set time. No TLS: it stands on loopback or behind whatever faces the network.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::head::{self, Head};
use super::{Answer, Request};

/// How much is taken, and for how long it is waited.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Largest body in bytes.
    pub body_max: usize,
    /// Most connections at once; whoever comes beyond them is told to come again.
    pub connections: usize,
    /// Time for one request to arrive whole, and for one answer to leave.
    pub request: Duration,
    /// Requests on one connection before it is closed.
    pub requests: usize,
}

impl Bounds {
    /// What suits a witness: bodies of `body_max` bytes, sixteen connections, ten
    /// seconds.
    pub fn of(body_max: usize) -> Self {
        Bounds { body_max, connections: 16, request: Duration::from_secs(10), requests: 256 }
    }
}

/// Answers requests, from several threads at once.
pub trait Answering: Sync {
    /// The answer to a request.
    fn answer(&self, request: &Request) -> Answer;
}

/// How often a thread looks whether it is to end.
const LOOK: Duration = Duration::from_millis(100);

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    bounds: Bounds,
}

impl Server {
    /// Listens at `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// What the system says.
    pub fn bind(address: SocketAddr, bounds: Bounds) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Server { listener, bounds })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop` is set; requests that have begun are answered first.
    ///
    /// # Errors
    /// When the system takes the listening socket away.
    pub fn run(&self, answering: &dyn Answering, stop: &AtomicBool) -> io::Result<()> {
        let open = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            while !stop.load(Ordering::Relaxed) {
                let stream = match self.listener.accept() {
                    Ok((stream, _)) => stream,
                    Err(error) if passes(&error) => {
                        std::thread::sleep(LOOK / 4);
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                let connection = Connection { stream, bounds: self.bounds, stop };
                if open.load(Ordering::Acquire) >= self.bounds.connections {
                    connection.turn_away();
                    continue;
                }
                open.fetch_add(1, Ordering::AcqRel);
                let open = &open;
                scope.spawn(move || {
                    // Whatever goes wrong on a connection ends that connection.
                    let _ = connection.serve(answering);
                    open.fetch_sub(1, Ordering::AcqRel);
                });
            }
            Ok(())
        })
    }
}

/// Nothing there yet, or a client that left before it was met; a system out of
/// descriptors has some again when connections end.
fn passes(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, WouldBlock};
    let out_of_descriptors = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()));
    matches!(error.kind(), WouldBlock | Interrupted | ConnectionAborted | ConnectionReset)
        || out_of_descriptors
}

struct Connection<'a> {
    stream: TcpStream,
    bounds: Bounds,
    stop: &'a AtomicBool,
}

impl Connection<'_> {
    fn turn_away(mut self) {
        let busy = written(&Answer::text(503, "busy; come again\n"), false);
        // One that does not take it at once does without.
        let _ = self.stream.set_nonblocking(true);
        let _ = self.stream.write_all(&busy);
    }

    fn serve(mut self, answering: &dyn Answering) -> io::Result<()> {
        self.stream.set_nonblocking(false)?;
        self.stream.set_nodelay(true)?;
        self.stream.set_write_timeout(Some(self.bounds.request))?;
        self.stream.set_read_timeout(Some(LOOK))?;
        let mut kept = Vec::new();
        for served in 1..=self.bounds.requests {
            let until = Instant::now() + self.bounds.request;
            let head = match self.head(&mut kept, until)? {
                Some(Ok(head)) => head,
                Some(Err(answer)) => {
                    self.stream.write_all(&written(&answer, false))?;
                    return self.farewell();
                }
                None => return Ok(()),
            };
            if head.waits && kept.len() < head.bytes + head.length {
                self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            while kept.len() < head.bytes + head.length {
                if !self.more(&mut kept, until)? {
                    return Ok(());
                }
            }
            let rest = kept.split_off(head.bytes + head.length);
            let body = kept.split_off(head.bytes);
            kept = rest;
            let request = Request { method: head.method, target: head.target, body };
            let answer = answering.answer(&request);
            let keep = head.keep && served < self.bounds.requests;
            let keep = keep && !self.stop.load(Ordering::Relaxed);
            self.stream.write_all(&written(&answer, keep))?;
            if !keep {
                return self.farewell();
            }
        }
        Ok(())
    }

    /// The next head, or what to answer in its place; none where the client is done or
    /// too slow.
    fn head(
        &mut self,
        kept: &mut Vec<u8>,
        until: Instant,
    ) -> io::Result<Option<Result<Head, Answer>>> {
        loop {
            match head::read(kept, self.bounds.body_max) {
                Ok(Some(head)) => return Ok(Some(Ok(head))),
                Ok(None) => {}
                Err(answer) => return Ok(Some(Err(answer))),
            }
            let idle = kept.is_empty() && self.stop.load(Ordering::Relaxed);
            if idle || !self.more(kept, until)? {
                return Ok(None);
            }
        }
    }

    /// Reads what has come; false at the end of the stream or of the time.
    fn more(&mut self, kept: &mut Vec<u8>, until: Instant) -> io::Result<bool> {
        let mut buffer = [0; 8 << 10];
        match self.stream.read(&mut buffer) {
            Ok(0) => Ok(false),
            Ok(count) => {
                kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
                Ok(Instant::now() < until)
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock
                | io::ErrorKind::TimedOut
                | io::ErrorKind::Interrupted => Ok(Instant::now() < until),
                _ => Err(error),
            },
        }
    }

    /// Closing while bytes are still unread would reset the connection, and the client
    /// would lose the answer. So a little of them is read away.
    fn farewell(mut self) -> io::Result<()> {
        self.stream.shutdown(std::net::Shutdown::Write)?;
        let until = Instant::now() + LOOK * 5;
        let mut away = Vec::new();
        while away.len() < self.bounds.body_max && self.more(&mut away, until)? {}
        Ok(())
    }
}

/// An answer as it is sent.
fn written(answer: &Answer, keep: bool) -> Vec<u8> {
    let reason = match answer.status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Content Too Large",
        422 => "Unprocessable Entity",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    };
    let connection = if keep { "keep-alive" } else { "close" };
    let head = format!(
        "HTTP/1.1 {} {reason}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: {connection}\r\n\r\n",
        answer.status,
        answer.content_type,
        answer.body.len()
    );
    [head.as_bytes(), &answer.body].concat()
}
