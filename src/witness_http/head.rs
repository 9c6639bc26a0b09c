//! The head of a request: read by `httparse`, judged here. Where two readers could
//! disagree on where a body ends, the request is refused.

use super::Answer;

/// Most bytes of a head.
pub const HEAD_MAX: usize = 8 << 10;
const HEADERS_MAX: usize = 64;

/// What a head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// `GET`, `POST`, ...
    pub method: String,
    /// What is asked for.
    pub target: String,
    /// Bytes of the body.
    pub length: usize,
    /// Bytes of the head itself.
    pub bytes: usize,
    /// Whether the connection stays open.
    pub keep: bool,
    /// Whether the client waits before it sends the body.
    pub waits: bool,
}

/// Reads a head; none while it is not all there. An error is the answer to give before
/// the connection is closed.
///
/// # Errors
/// The answer: 400, 411, 413 or 431.
pub fn read(bytes: &[u8], body_max: usize) -> Result<Option<Head>, Answer> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let malformed = |what: &str| Answer::text(400, format!("{what}\n"));
    let bytes = match request.parse(bytes) {
        Ok(httparse::Status::Complete(count)) => count,
        Ok(httparse::Status::Partial) if bytes.len() >= HEAD_MAX => {
            return Err(Answer::text(431, "the head is too large\n"));
        }
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(malformed(&format!("not HTTP: {error}"))),
    };
    let (Some(method), Some(target), Some(version)) =
        (request.method, request.path, request.version)
    else {
        return Err(malformed("not HTTP"));
    };
    let mut head = Head {
        method: method.to_owned(),
        target: target.to_owned(),
        length: 0,
        bytes,
        keep: version == 1,
        waits: false,
    };
    let mut length = None;
    for header in request.headers.iter() {
        let value = std::str::from_utf8(header.value).unwrap_or_default().trim();
        match header.name.to_ascii_lowercase().as_str() {
            "transfer-encoding" => return Err(Answer::text(411, "send a Content-Length\n")),
            "content-length" => {
                let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                let stated = value.parse::<usize>().ok().filter(|_| digits);
                if length.is_some() || stated.is_none() {
                    return Err(malformed("the Content-Length is no number, or stands twice"));
                }
                length = stated;
            }
            "connection" if has(value, "close") => head.keep = false,
            "expect" if value.eq_ignore_ascii_case("100-continue") => head.waits = true,
            _ => {}
        }
    }
    head.length = length.unwrap_or(0);
    if head.length > body_max {
        return Err(Answer::text(413, "the body is too large\n"));
    }
    Ok(Some(head))
}

fn has(list: &str, word: &str) -> bool {
    list.split(',').any(|item| item.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_and_those_with_two_readings_refused() {
        let good = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 5\r\n\r\nhello";
        let head = read(good, 10).expect("sound").expect("whole");
        assert_eq!((head.method.as_str(), head.length, head.keep), ("POST", 5, true));
        assert_eq!(&good[head.bytes..], b"hello");
        assert_eq!(read(&good[..40], 10), Ok(None));
        let status = |text: &str| read(text.as_bytes(), 10).expect_err(text).status;
        for (expected, text) in [
            (413, "POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n"),
            (400, "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"),
            (400, "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n"),
            (400, "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
            (400, "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"),
            (411, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            (400, "\x16\x03\x01"),
            (400, "POST / HTTP/9.1\r\n\r\n"),
        ] {
            assert_eq!(status(text), expected, "{text:?}");
        }
        assert_eq!(status(&format!("GET /{} HTTP/1.1\r\n", "a".repeat(HEAD_MAX))), 431);
        let closing = b"GET / HTTP/1.1\r\nConnection: keep-alive, Close\r\n\r\n";
        assert!(!read(closing, 0).expect("sound").expect("whole").keep);
        assert!(!read(b"GET / HTTP/1.0\r\n\r\n", 0).expect("sound").expect("whole").keep);
    }
}
