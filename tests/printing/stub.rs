//! A printer that speaks enough IPP, in this process, written from RFC 8010 and without
//! the crate that the program uses: two readers of one standard.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const PRINT_JOB: u16 = 0x0002;
pub const GET_JOB: u16 = 0x0009;
pub const GET_JOBS: u16 = 0x000a;
pub const GET_PRINTER: u16 = 0x000b;

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub line: String,
    pub operation: u16,
    /// Group tag, name and value of each attribute.
    pub attributes: Vec<(u8, String, Vec<u8>)>,
    pub document: Vec<u8>,
}

impl Request {
    pub fn text(&self, name: &str) -> String {
        let found = self.attributes.iter().find(|(_, other, _)| other == name);
        let (_, _, value) = found.unwrap_or_else(|| panic!("no {name} in {:?}", self.attributes));
        String::from_utf8(value.clone()).expect("text")
    }

    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut first = String::new();
        reader.read_line(&mut first).ok()?;
        let mut length = None;
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header).ok()? == 0 {
                return None;
            }
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok();
            }
        }
        let mut body = vec![0; length?];
        reader.read_exact(&mut body).ok()?;
        let mut request = Request { line: first.trim().to_owned(), ..Request::default() };
        request.operation = u16::from_be_bytes([body[2], body[3]]);
        let (mut at, mut group) = (8, 0);
        let length = |at: usize| usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
        loop {
            let tag = body[at];
            at += 1;
            match tag {
                3 => break,
                0..=0x0f => group = tag,
                _ => {
                    let name = length(at);
                    let text = String::from_utf8(body[at + 2..at + 2 + name].to_vec()).ok()?;
                    at += 2 + name;
                    let size = length(at);
                    request.attributes.push((group, text, body[at + 2..at + 2 + size].to_vec()));
                    at += 2 + size;
                }
            }
        }
        request.document = body.split_off(at);
        Some(request)
    }
}

/// What the stub does about a request.
pub enum Reply {
    /// Answers with these bytes as the body.
    Body(Vec<u8>),
    /// Answers with this status and an empty body.
    Status(u16),
    /// Writes these bytes and no HTTP.
    Raw(Vec<u8>),
    /// Announces a body without end and writes until nobody listens.
    Endless,
    /// Says nothing for so long.
    Silence(Duration),
    /// Closes the connection.
    Close,
}

pub fn attribute(tag: u8, name: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    bytes.extend(u16::try_from(name.len()).expect("short").to_be_bytes());
    bytes.extend(name.as_bytes());
    bytes.extend(u16::try_from(value.len()).expect("short").to_be_bytes());
    bytes.extend(value);
    bytes
}

pub fn keyword(name: &str, value: &str) -> Vec<u8> {
    attribute(0x44, name, value.as_bytes())
}

pub fn number(tag: u8, name: &str, value: i32) -> Vec<u8> {
    attribute(tag, name, &value.to_be_bytes())
}

/// An answer with one further group.
pub fn answer(status: u16, group: u8, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![1, 1];
    bytes.extend(status.to_be_bytes());
    bytes.extend(1_i32.to_be_bytes());
    bytes.push(1);
    bytes.extend(attribute(0x47, "attributes-charset", b"utf-8"));
    bytes.extend(attribute(0x48, "attributes-natural-language", b"en"));
    bytes.push(group);
    bytes.extend(attributes.concat());
    bytes.push(3);
    bytes
}

/// A printer that is ready for PDF.
pub fn ready() -> Vec<u8> {
    answer(
        0,
        4,
        &[
            attribute(0x41, "printer-make-and-model", b"Stub 1"),
            number(0x23, "printer-state", 3),
            keyword("printer-state-reasons", "none"),
            attribute(0x22, "printer-is-accepting-jobs", &[1]),
            attribute(0x49, "document-format-supported", b"application/pdf"),
            attribute(0x49, "", b"application/octet-stream"),
        ],
    )
}

/// A job in this state, for this reason.
pub fn job_in(state: i32, reason: &str) -> Vec<u8> {
    answer(
        0,
        2,
        &[
            number(0x21, "job-id", 42),
            number(0x23, "job-state", state),
            keyword("job-state-reasons", reason),
        ],
    )
}

pub struct Stub {
    pub address: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Stub {
    /// A printer that does this about each request.
    pub fn new(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (kept, reply) = (seen.clone(), Arc::new(reply));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, reply) = (kept.clone(), reply.clone());
                std::thread::spawn(move || {
                    while let Some(request) = Request::read(&stream) {
                        kept.lock().expect("seen").push(request.clone());
                        if !respond(&stream, reply(&request)) {
                            break;
                        }
                    }
                });
            }
        });
        Stub { address: format!("ipp://127.0.0.1:{port}/ipp/print"), seen }
    }

    /// A printer that takes a job and then answers about it with each of these in turn,
    /// the last again and again.
    pub fn of_states(states: Vec<Vec<u8>>) -> Self {
        let asked = Mutex::new(0);
        Stub::new(move |request| {
            Reply::Body(match request.operation {
                GET_PRINTER => ready(),
                GET_JOB => {
                    let mut asked = asked.lock().expect("count");
                    let state = states[(*asked).min(states.len() - 1)].clone();
                    *asked += 1;
                    state
                }
                PRINT_JOB => job_in(3, "none"),
                _ => answer(0x0501, 5, &[]),
            })
        })
    }

    pub fn requests(&self, operation: u16) -> Vec<Request> {
        let seen = self.seen.lock().expect("seen");
        seen.iter().filter(|request| request.operation == operation).cloned().collect()
    }
}

fn respond(mut stream: &TcpStream, reply: Reply) -> bool {
    let head = |status: u16, length: &str| {
        format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/ipp\r\nlocation: /elsewhere\r\n\
             content-length: {length}\r\n\r\n"
        )
    };
    match reply {
        Reply::Body(body) => {
            let whole = [head(200, &body.len().to_string()).as_bytes(), &body].concat();
            stream.write_all(&whole).is_ok()
        }
        Reply::Status(status) => stream.write_all(head(status, "0").as_bytes()).is_ok(),
        Reply::Raw(bytes) => {
            let _ = stream.write_all(&bytes);
            false
        }
        Reply::Endless => {
            let _ = stream.write_all(head(200, "99999999999").as_bytes());
            let piece = vec![0x10; 64 << 10];
            while stream.write_all(&piece).is_ok() {}
            false
        }
        Reply::Silence(time) => {
            std::thread::sleep(time);
            false
        }
        Reply::Close => false,
    }
}
