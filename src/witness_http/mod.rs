//! Witnesses over HTTP (c2sp.org/tlog-witness): a small server that answers, and a
//! client that asks. Both are bounded in bytes, time and threads, since both speak to
//! whoever is at the other end.

pub mod client;
pub mod head;
pub mod server;

/// A request as it came, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path as it was sent, any query included.
    pub target: String,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer in plain text.
    pub fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Answer { status, content_type: "text/plain; charset=utf-8", body: body.into() }
    }
}
