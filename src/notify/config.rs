//! The configuration of notices: the table `notify` of the file that printers are in.
//!
//! ```toml
//! [notify]
//! language = "ja"
//!
//! [notify.mail]
//! server = "smtp.example.jp"
//! from = "custody@example.jp"
//! user = "custody"
//! password-file = "smtp.password"
//!
//! [notify.person.yamada]
//! mail = "yamada@example.jp"
//!
//! [notify.channel.team]
//! form = "slack"
//! url-file = "slack.url"
//! tells = ["missing", "overdue"]
//!
//! [notify.heartbeat]
//! url = "https://ping.example.org/0c1d"
//! ```
//!
//! Read strictly: a misspelt key would be a person who is never told. All problems are
//! told at once, each with its line.

mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lettre::message::Mailbox;
use zeroize::Zeroizing;

use self::tables::Tables;
pub use super::secret::Secret;
use super::{SendError, Topic};
use crate::model::settings::{Fault, Reading};

const NAME_MAX: usize = 32;
const URL_MAX: usize = 2000;

/// In which language people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tongues {
    /// Japanese.
    Ja,
    /// English.
    En,
    /// Both, Japanese first.
    #[default]
    Both,
}

/// How mail travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Encrypted after a greeting; never without.
    StartTls,
    /// Encrypted from the first byte.
    Tls,
    /// Not encrypted; on this computer only.
    Plain,
}

/// The server that takes mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Its name, which its certificate has to bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How mail gets there.
    pub security: Security,
    /// Who writes.
    pub from: Mailbox,
    /// The name to log in with.
    pub user: Option<String>,
    /// The password, if one logs in.
    pub password: Option<Secret>,
}

/// What a channel understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON, signed.
    Json,
    /// An incoming webhook of Slack.
    Slack,
    /// An adaptive card for a workflow of Teams.
    Teams,
    /// A topic of ntfy.
    Ntfy,
}

/// An address on the web: `https`, or `http` on this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(Zeroizing<String>);

/// Where an address stands. Whoever knows the one of a webhook can use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the configuration.
    Here(Url),
    /// Elsewhere, as a secret.
    Kept(Secret),
}

/// Where messages go that are not mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// What it understands.
    pub form: Form,
    /// Where it is.
    pub place: Place,
    /// What JSON is signed with, or the token that ntfy asks for.
    pub secret: Option<Secret>,
    /// What it is told of.
    pub tells: Vec<Topic>,
}

/// All that is configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The language of messages.
    pub language: Tongues,
    /// Whether people and places are named.
    pub names: bool,
    /// Before this hour only missing media are told.
    pub quiet_until: u8,
    /// Certificates that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The mail server.
    pub mail: Option<MailServer>,
    /// Addresses by party.
    pub people: BTreeMap<String, Mailbox>,
    /// Channels by name.
    pub channels: BTreeMap<String, Channel>,
    /// What is told that this program is alive.
    pub heartbeat: Option<Place>,
}

impl Url {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, without the address: it may be secret.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or("is no https:// address")?;
        let uri: ureq::http::Uri = text.parse().map_err(|_| "is no address")?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let host = uri.host().unwrap_or_default();
        match scheme {
            _ if text.len() > URL_MAX => Err("is too long"),
            _ if host.is_empty() || authority.contains('@') || text.contains('#') => {
                Err("has to be a host and a path, without user and fragment")
            }
            "https" => Ok(Url(Zeroizing::new(text.to_owned()))),
            "http" if is_this_computer(host) => Ok(Url(Zeroizing::new(text.to_owned()))),
            _ => Err("has to begin with https:// (http:// is for this computer only)"),
        }
    }

    /// As text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// The address without its last part, and that part.
    pub(super) fn parent_and_last(&self) -> (String, String) {
        let (parent, last) = self.0.trim_end_matches('/').rsplit_once('/').unwrap_or_default();
        (format!("{parent}/"), last.to_owned())
    }
}

impl Place {
    /// The address.
    ///
    /// # Errors
    /// The secret cannot be read, or holds no address.
    pub(super) fn url(&self) -> Result<Url, SendError> {
        match self {
            Place::Here(url) => Ok(url.clone()),
            Place::Kept(secret) => Url::parse(&secret.read()?)
                .map_err(|why| SendError::not_reached(format!("the address in {secret} {why}"))),
        }
    }
}

fn is_this_computer(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

impl Settings {
    /// Reads the table `notify`; `None` where there is none. Files are looked for beside
    /// the configuration, in `folder`.
    ///
    /// # Errors
    /// All that is wrong in it.
    pub fn parse(text: &str, folder: &Path) -> Result<Option<Self>, Vec<Fault>> {
        let (mut reading, document) = Reading::begin(text)?;
        let Some(item) = document.get("notify") else { return Ok(None) };
        let mut read = Settings::default();
        match item.as_table_like() {
            Some(table) => Tables { reading: &mut reading, folder }.notify(table, &mut read),
            None => reading.fault(item, "notify is no table".to_owned()),
        }
        reading.end(Some(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "\
[printer.office]
address = \"lp:a\"

[notify]
language = \"ja\"
quiet-until = 7

[notify.mail]
server = \"smtp.example.jp\"
from = \"custody@example.jp\"
user = \"custody\"
password-file = \"smtp.password\"

[notify.person.yamada]
mail = \"yamada@example.jp\"

[notify.channel.team]
form = \"slack\"
url-file = \"/run/slack.url\"
tells = [\"missing\", \"overdue\"]

[notify.channel.own]
form = \"json\"
url = \"http://127.0.0.1:8080/x\"
secret-env = \"CUSTODY_SECRET\"

[notify.heartbeat]
url = \"https://ping.example.org/1\"
";

    fn read(text: &str) -> Result<Option<Settings>, Vec<Fault>> {
        Settings::parse(text, Path::new("/etc/custody"))
    }

    #[test]
    fn a_sound_file_is_read() {
        let read = read(SOUND).expect("sound").expect("there");
        let mail = read.mail.expect("mail");
        assert_eq!((mail.port, mail.security), (587, Security::StartTls));
        let password = PathBuf::from("/etc/custody/smtp.password");
        assert_eq!(mail.password, Some(Secret::File(password)));
        assert_eq!(read.quiet_until, 7);
        assert_eq!(read.channels["team"].tells, [Topic::Missing, Topic::Overdue]);
        assert_eq!(read.channels["own"].tells.len(), 4);
        assert_eq!(super::Settings::parse("[default]\n", Path::new("/")), Ok(None));
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let text = "\
[notify]
langage = \"ja\"
names = \"yes\"
quiet-until = 24
[notify.mail]
server = \"mail server\"
security = \"plain\"
password = \"secret\"
[notify.person.yamada]
mial = \"a@b\"
[notify.channel.mail]
form = \"json\"
url = \"http://example.org/\"
tells = [\"everything\"]
[notify.heartbeat]
";
        let told = read(text).expect_err("unsound");
        let lines: Vec<usize> = told.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 8, 9, 10, 11, 11, 13, 14, 15], "{told:#?}");
        assert!(told.iter().all(|fault| !fault.what.contains("\"secret\"")), "{told:#?}");
    }

    #[test]
    fn nothing_goes_unencrypted_to_another_computer() {
        for sound in
            ["https://a.example/x", "http://localhost/", "http://[::1]:80/", "http://127.3.2.1/"]
        {
            assert!(Url::parse(sound).is_ok(), "{sound}");
        }
        for wrong in [
            "http://example.org/",
            "http://127.0.0.1.example.org/",
            "http://localhost@example.org/",
            "https://user:word@example.org/",
            "ftp://localhost/",
            "https://",
            "https:///x",
            "x",
            "https://a b/",
        ] {
            assert!(Url::parse(wrong).is_err(), "{wrong}");
        }
        let plain = SOUND.replace("from =", "security = \"plain\"\nfrom =");
        assert_eq!(read(&plain).expect_err("unsound").len(), 1);
        let here = plain.replace("smtp.example.jp", "localhost");
        assert!(read(&here).is_ok());
    }
}
