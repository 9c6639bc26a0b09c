//! Where a printer is: one typed value with one spelling.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The port of IPP (RFC 8011, 4.1), which CUPS listens on as well.
pub const IPP_PORT: u16 = 631;
/// The port on which printers take raw bytes.
pub const RAW_PORT: u16 = 9100;
const HOST_MAX: usize = 253;
const PATH_MAX: usize = 200;
const QUEUE_MAX: usize = 127;

/// A printer's address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Address {
    /// `ipp://host[:port]/path`
    Ipp(IppAddress),
    /// `lp:NAME`, a queue of CUPS on this computer.
    Queue(String),
    /// `tcp://host[:9100]`, a port that takes raw bytes.
    Tcp(Host),
    /// `/dev/usb/lp0`, a device that takes raw bytes.
    Device(PathBuf),
    /// `file:/path`, a file that is appended to; for tests.
    File(PathBuf),
}

/// Host and port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host {
    /// A name or an address; a version 6 one without its brackets.
    pub name: String,
    /// The port.
    pub port: u16,
}

/// What an `ipp://` address says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IppAddress {
    /// Host and port.
    pub host: Host,
    /// The path, which begins with `/`.
    pub path: String,
}

/// Why a text is no printer's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It begins like none.
    #[error(
        "a printer's address reads ipp://HOST/PATH, lp:QUEUE, tcp://HOST or /dev/usb/lp0; {0} is \
         none of them"
    )]
    Unknown(String),
    /// Encrypted IPP.
    #[error(
        "ipps:// needs TLS, which this program does not speak: give the printer's ipp:// address, \
         or add it to CUPS and name the queue, as in lp:office"
    )]
    Ipps,
    /// No host, or one that cannot be.
    #[error("'{0}' is no host: letters, digits, '.' and '-', or an IP address")]
    Host(String),
    /// No port, or one that cannot be.
    #[error("'{0}' is no port: 1 to 65535")]
    Port(String),
    /// A path that cannot be.
    #[error("'{0}' is no path of a printer, such as /ipp/print")]
    Path(String),
    /// A queue name that cannot be.
    #[error(
        "'{0}' is no name of a queue: 1 to 127 letters, digits and marks, no '/', '#' or space"
    )]
    Queue(String),
    /// A device that cannot be.
    #[error("'{0}' is no device: it has to lie below /dev")]
    Device(String),
    /// A file that cannot be.
    #[error("'{0}' is no file: its path has to begin with '/'")]
    File(String),
}

fn shown(text: &str) -> String {
    crate::model::printable::printable(text, 60)
}

impl Address {
    /// Whether it takes bytes as they are and prints nothing else.
    pub fn is_raw(&self) -> bool {
        matches!(self, Address::Tcp(_) | Address::Device(_))
    }
}

impl IppAddress {
    /// The queue of CUPS on this computer, as IPP reaches it.
    pub fn of_queue(name: &str) -> Self {
        // The address and not "localhost", which may have no entry in a bare container.
        let host = Host { name: "127.0.0.1".to_owned(), port: IPP_PORT };
        IppAddress { host, path: format!("/printers/{name}") }
    }

    /// The name of the queue, where this is one of CUPS on this computer.
    pub fn queue(&self) -> Option<&str> {
        let here = ["localhost", "127.0.0.1", "::1"].contains(&self.host.name.as_str());
        self.path.strip_prefix("/printers/").filter(|name| here && is_queue(name))
    }
}

fn is_queue(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_graphic() && !b"/#?%'\"\\<>`$&|;*".contains(&b);
    // A name that begins with '-' would be an option of lp.
    (1..=QUEUE_MAX).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(fits)
}

impl Host {
    fn parse(text: &str, default: u16) -> Result<Self, AddressError> {
        let refused = || AddressError::Host(shown(text));
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (inside, behind) = rest.split_once(']').ok_or_else(refused)?;
                inside.parse::<Ipv6Addr>().map_err(|_| refused())?;
                let port = match behind {
                    "" => None,
                    _ => Some(behind.strip_prefix(':').ok_or_else(refused)?),
                };
                (inside, port)
            }
            None => match text.split_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (text, None),
            },
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
        let ends = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
        let is_name = name.bytes().all(plain)
            && ends(name.bytes().next())
            && ends(name.bytes().last())
            && !name.contains("..");
        if name.len() > HOST_MAX || !(is_name || text.starts_with('[')) {
            return Err(refused());
        }
        let port = match port {
            None => default,
            Some(digits) => number(digits).ok_or_else(|| AddressError::Port(shown(digits)))?,
        };
        Ok(Host { name: name.to_owned(), port })
    }

    /// As it stands in a URL; the port always.
    pub fn authority(&self) -> String {
        match self.name.contains(':') {
            true => format!("[{}]:{}", self.name, self.port),
            false => format!("{}:{}", self.name, self.port),
        }
    }
}

/// A port in its one spelling.
fn number(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|port| plain && *port > 0)
}

fn path(text: &str) -> Result<String, AddressError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"/%-._~:@!&'()+,;=".contains(&b);
    let fine = text.len() <= PATH_MAX && text.bytes().all(fits) && !text.contains("..");
    if fine { Ok(format!("/{text}")) } else { Err(AddressError::Path(shown(&format!("/{text}")))) }
}

/// A path without a way up and without what a terminal would take for an order.
fn local(text: &str, below: &str) -> Option<PathBuf> {
    let tame = !text.chars().any(crate::model::printable::must_be_escaped);
    let up = text.split('/').any(|part| part == "..");
    (text.starts_with(below) && text.len() > below.len() && text.len() <= 4096 && tame && !up)
        .then(|| PathBuf::from(text))
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(rest) = text.strip_prefix("ipp://") {
            let (host, rest) = rest.split_once('/').unwrap_or((rest, ""));
            let host = Host::parse(host, IPP_PORT)?;
            return Ok(Address::Ipp(IppAddress { host, path: path(rest)? }));
        }
        if text.starts_with("ipps:") {
            return Err(AddressError::Ipps);
        }
        if let Some(rest) = text.strip_prefix("tcp://") {
            let rest = rest.strip_suffix('/').unwrap_or(rest);
            return Ok(Address::Tcp(Host::parse(rest, RAW_PORT)?));
        }
        if let Some(name) = text.strip_prefix("lp:") {
            let queue = is_queue(name).then(|| Address::Queue(name.to_owned()));
            return queue.ok_or_else(|| AddressError::Queue(shown(name)));
        }
        if let Some(rest) = text.strip_prefix("file:") {
            let file = local(rest, "/").map(Address::File);
            return file.ok_or_else(|| AddressError::File(shown(rest)));
        }
        if text.starts_with('/') {
            let device = local(text, "/dev/").map(Address::Device);
            return device.ok_or_else(|| AddressError::Device(shown(text)));
        }
        Err(AddressError::Unknown(format!("'{}'", shown(text))))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = |host: &Host, usual: u16| {
            let whole = host.authority();
            match whole.strip_suffix(&format!(":{usual}")) {
                Some(short) => short.to_owned(),
                None => whole,
            }
        };
        match self {
            Address::Ipp(at) => write!(f, "ipp://{}{}", host(&at.host, IPP_PORT), at.path),
            Address::Queue(name) => write!(f, "lp:{name}"),
            Address::Tcp(at) => write!(f, "tcp://{}", host(at, RAW_PORT)),
            Address::Device(path) => write!(f, "{}", path.display()),
            Address::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_spelling() {
        for (text, spelled) in [
            ("ipp://printer.example.jp/ipp/print", "ipp://printer.example.jp/ipp/print"),
            ("ipp://printer:631/ipp/print", "ipp://printer/ipp/print"),
            ("ipp://printer:8631", "ipp://printer:8631/"),
            ("ipp://[fe80::1]:8631/x", "ipp://[fe80::1]:8631/x"),
            ("ipp://[::1]/printers/a", "ipp://[::1]/printers/a"),
            ("lp:Office_HP", "lp:Office_HP"),
            ("tcp://192.0.2.7", "tcp://192.0.2.7"),
            ("tcp://192.0.2.7:9100", "tcp://192.0.2.7"),
            ("tcp://label:6101", "tcp://label:6101"),
            ("/dev/usb/lp0", "/dev/usb/lp0"),
            ("file:/tmp/out.bin", "file:/tmp/out.bin"),
        ] {
            let address: Address = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(address.to_string(), spelled);
            assert_eq!(spelled.parse(), Ok(address), "{spelled}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "office",
            "ipp:/x",
            "ipp://",
            "ipp:///x",
            "ipp://a b/",
            "ipp://user@host/x",
            "ipp://host:0/",
            "ipp://host:065/",
            "ipp://host:65536/",
            "ipp://host:/",
            "ipp://-a/",
            "ipp://a..b/",
            "ipp://host/a?b",
            "ipp://host/a#b",
            "ipp://host/../x",
            "ipp://[::1",
            "ipp://[::g]/",
            "ipp://[::1]x/",
            "IPP://host/",
            "http://host/",
            "lp:",
            "lp:-d",
            "lp:a b",
            "lp:a/b",
            "lp:名",
            "tcp://",
            "tcp://host/path",
            "tcp://host:x",
            "/dev/",
            "/etc/passwd",
            "/dev/../etc/passwd",
            "/dev/\u{1b}[2J",
            "file:x",
            "file:/",
            "file:/a/../b",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text} is taken");
        }
        assert_eq!("ipps://host/x".parse::<Address>(), Err(AddressError::Ipps));
    }

    #[test]
    fn a_queue_of_this_computer_is_known_as_one() {
        let queue = |text: &str| match text.parse() {
            Ok(Address::Ipp(at)) => at.queue().map(str::to_owned),
            _ => None,
        };
        assert_eq!(queue("ipp://localhost/printers/office").as_deref(), Some("office"));
        assert_eq!(queue("ipp://[::1]:8631/printers/office").as_deref(), Some("office"));
        assert_eq!(queue("ipp://elsewhere/printers/office"), None);
        assert_eq!(queue("ipp://localhost/ipp/print"), None);
        assert_eq!(queue("ipp://localhost/printers/-d"), None);
    }
}
