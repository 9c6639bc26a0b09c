//! A web server that takes everything down, and does about it what it was told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// What the sink does about a request.
#[derive(Debug, Clone)]
pub enum Reply {
    Status(u16, &'static str),
    /// Sends somewhere else.
    Redirect(String),
    /// Writes these bytes and no HTTP.
    Raw(&'static [u8]),
    /// Announces a body without end and writes until nobody listens.
    Endless,
    /// Says nothing for so long.
    Silence(Duration),
    /// Closes the connection.
    Close,
    /// Ends a process while it waits for the answer.
    Kill(Arc<Mutex<Option<u32>>>),
}

pub struct Sink {
    pub port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
    reply: Arc<Mutex<Reply>>,
}

impl Sink {
    pub fn new(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let reply = Arc::new(Mutex::new(reply));
        let (kept, does) = (seen.clone(), reply.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, does) = (kept.clone(), does.clone());
                std::thread::spawn(move || serve(&stream, &kept, &does));
            }
        });
        Sink { port, seen, reply }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("list").clone()
    }

    pub fn does(&self, reply: Reply) {
        *self.reply.lock().expect("reply") = reply;
    }
}

fn serve(stream: &TcpStream, seen: &Mutex<Vec<Request>>, reply: &Mutex<Reply>) {
    let Some(request) = read(stream) else { return };
    seen.lock().expect("list").push(request);
    let does = reply.lock().expect("reply").clone();
    let mut out = stream;
    let _ = match does {
        Reply::Status(status, body) => write!(
            out,
            "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ),
        Reply::Redirect(to) => {
            write!(out, "HTTP/1.1 302 x\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
        }
        Reply::Raw(bytes) => out.write_all(bytes),
        Reply::Endless => {
            let _ = write!(out, "HTTP/1.1 400 x\r\ntransfer-encoding: chunked\r\n\r\n");
            while out.write_all(b"10\r\naaaaaaaaaaaaaaaa\r\n").is_ok() {}
            Ok(())
        }
        Reply::Silence(time) => {
            std::thread::sleep(time);
            Ok(())
        }
        Reply::Close => Ok(()),
        Reply::Kill(process) => {
            for _ in 0..100 {
                let id = *process.lock().expect("id");
                if let Some(id) = id {
                    let mut kill = std::process::Command::new("kill");
                    let killed = kill.args(["-9", &id.to_string()]).status();
                    assert!(killed.expect("kill runs").success());
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            std::thread::sleep(Duration::from_secs(1));
            Ok(())
        }
    };
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut request = Request::default();
    reader.read_line(&mut request.line).ok()?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).ok()? == 0 {
            return None;
        }
        let Some((name, value)) = header.trim().split_once(':') else { break };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse().ok()?;
        }
        request.headers.push((name, value));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8(body).ok()?;
    Some(request)
}
