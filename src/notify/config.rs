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

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lettre::message::Mailbox;
use toml_edit::{Item, TableLike};
use zeroize::Zeroizing;

pub use super::secret::Secret;
use super::{MAIL, SendError, Topic};
use crate::model::PartyId;
use crate::model::printable::printable;
use crate::model::settings::{Fault, Reading, is_name};

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

/// The tables being read.
struct Tables<'a, 'b> {
    reading: &'a mut Reading<'b>,
    folder: &'a Path,
}

/// What two keys, `NAME-file` and `NAME-env`, say of one secret.
#[derive(Default)]
struct Kept {
    secret: Option<Secret>,
    /// One of the keys was there, sound or not.
    said: bool,
}

impl Tables<'_, '_> {
    fn notify(&mut self, table: &dyn TableLike, read: &mut Settings) {
        let under = "notify.";
        for (key, item) in table.iter() {
            match (key, item.as_table_like()) {
                ("language", _) => match item.as_str() {
                    Some("ja") => read.language = Tongues::Ja,
                    Some("en") => read.language = Tongues::En,
                    Some("both") => read.language = Tongues::Both,
                    _ => self.reading.fault(item, format!("{under}language is ja, en or both")),
                },
                ("names", _) => {
                    read.names = self.reading.yes_or_no(item, under, key).unwrap_or(false);
                }
                ("quiet-until", _) => {
                    let hour = self.reading.number(item, under, key, 0..=23);
                    read.quiet_until = hour.and_then(|hour| u8::try_from(hour).ok()).unwrap_or(0);
                }
                ("ca-file", _) => {
                    let file = self.reading.text(item, under, key);
                    read.ca_file = file.map(|file| self.folder.join(file));
                }
                ("mail", Some(keys)) => read.mail = self.mail(table, item, keys),
                ("person", Some(people)) => self.people(people, read),
                ("channel", Some(channels)) => self.channels(channels, read),
                ("heartbeat", Some(keys)) => read.heartbeat = self.heartbeat(table, item, keys),
                ("mail" | "person" | "channel" | "heartbeat", None) => {
                    self.reading.fault(item, format!("{under}{key} is no table"));
                }
                _ => {
                    let known = "language, names, quiet-until, ca-file, mail, person, channel, \
                                 heartbeat";
                    let at = self.reading.span(table, key, item);
                    self.reading.unknown(at, under, key, known);
                }
            }
        }
        if !read.people.is_empty() && table.get("mail").is_none() {
            let item = table.get("person").unwrap_or(&Item::None);
            let at = self.reading.span(table, "person", item);
            let what = "notify.person: there is no [notify.mail] to send mail with";
            self.reading.at(at, what.to_owned());
        }
    }

    fn kept(&mut self, kept: &mut Kept, item: &Item, under: &str, key: &str) {
        if std::mem::replace(&mut kept.said, true) {
            self.reading.fault(item, format!("{under}{key}: it is said twice where that is"));
        }
        let Some(text) = self.reading.text(item, under, key) else { return };
        kept.secret = Some(match key.ends_with("-env") {
            true => Secret::Environment(text),
            false => Secret::File(self.folder.join(text)),
        });
    }

    fn mail(
        &mut self,
        parent: &dyn TableLike,
        item: &Item,
        keys: &dyn TableLike,
    ) -> Option<MailServer> {
        let under = "notify.mail.";
        let (mut host, mut from, mut user, mut port) = (None, None, None, None);
        let (mut security, mut password) = (Security::StartTls, Kept::default());
        for (key, item) in keys.iter() {
            match key {
                "server" => host = self.host(item, under),
                "port" => port = self.reading.number(item, under, key, 1..=65_535),
                "security" => match item.as_str() {
                    Some("starttls") => security = Security::StartTls,
                    Some("tls") => security = Security::Tls,
                    Some("plain") => security = Security::Plain,
                    _ => {
                        let what = format!("{under}security is starttls, tls or plain");
                        self.reading.fault(item, what);
                    }
                },
                "from" => from = self.mailbox(item, under, key),
                "user" => user = self.reading.text(item, under, key),
                "password-file" | "password-env" => self.kept(&mut password, item, under, key),
                "password" => {
                    let what = format!(
                        "{under}password: a password does not stand here; name its file with \
                         password-file"
                    );
                    let at = self.reading.span(keys, key, item);
                    self.reading.at(at, what);
                }
                _ => {
                    let known = "server, port, security, from, user, password-file, password-env";
                    let at = self.reading.span(keys, key, item);
                    self.reading.unknown(at, under, key, known);
                }
            }
        }
        let at = self.reading.span(parent, "mail", item);
        for key in ["server", "from"].into_iter().filter(|key| keys.get(key).is_none()) {
            self.reading.at(at.clone(), format!("{under}{key} is missing"));
        }
        if keys.get("user").is_some() != password.said {
            let what = format!("{under}user and its password are given together or not at all");
            self.reading.at(at.clone(), what);
        }
        let (host, from) = (host?, from?);
        if security == Security::Plain && !is_this_computer(&host) {
            let what = format!("{under}security: plain is for a server on this computer only");
            self.reading.at(at, what);
        }
        let usual = match security {
            Security::StartTls => 587,
            Security::Tls => 465,
            Security::Plain => 25,
        };
        let (port, password) = (port.unwrap_or(usual), password.secret);
        Some(MailServer { host, port, security, from, user, password })
    }

    fn host(&mut self, item: &Item, under: &str) -> Option<String> {
        let host = self.reading.text(item, under, "server")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
        if host.is_empty() || host.len() > 253 || !host.chars().all(plain) {
            self.reading.fault(item, format!("{under}server is no name of a computer"));
            return None;
        }
        Some(host)
    }

    fn mailbox(&mut self, item: &Item, under: &str, key: &str) -> Option<Mailbox> {
        let text = self.reading.text(item, under, key)?;
        let read = text.parse::<lettre::Address>().ok();
        if read.is_none() {
            self.reading.fault(item, format!("{under}{key} is no mail address"));
        }
        read.map(|address| Mailbox::new(None, address))
    }

    fn people(&mut self, people: &dyn TableLike, read: &mut Settings) {
        for (id, item) in people.iter() {
            let under = format!("notify.person.{}.", printable(id, NAME_MAX));
            let at = self.reading.span(people, id, item);
            if id.parse::<PartyId>().is_err() {
                let what = format!("{} is no id of a party", under.trim_end_matches('.'));
                self.reading.at(at.clone(), what);
            }
            let Some(keys) = item.as_table_like() else {
                let what = format!("{} is no table", under.trim_end_matches('.'));
                self.reading.at(at, what);
                continue;
            };
            for (key, item) in keys.iter() {
                if key == "mail" {
                    if let Some(address) = self.mailbox(item, &under, key) {
                        read.people.insert(id.to_owned(), address);
                    }
                } else {
                    let at = self.reading.span(keys, key, item);
                    self.reading.unknown(at, &under, key, "mail");
                }
            }
            if keys.get("mail").is_none() {
                self.reading.at(at, format!("{under}mail is missing"));
            }
        }
    }

    fn channels(&mut self, channels: &dyn TableLike, read: &mut Settings) {
        for (name, item) in channels.iter() {
            let shown = printable(name, NAME_MAX);
            let at = self.reading.span(channels, name, item);
            if !is_name(name) || [MAIL, "heartbeat"].contains(&name) {
                let what = "has to be 1 to 32 small letters, digits and hyphens, and not mail or \
                            heartbeat";
                self.reading.at(at.clone(), format!("notify.channel.{shown}: the name {what}"));
            }
            let Some(keys) = item.as_table_like() else {
                self.reading.at(at, format!("notify.channel.{shown} is no table"));
                continue;
            };
            let under = format!("notify.channel.{shown}.");
            if let Some(channel) = self.channel(&under, keys, at) {
                read.channels.insert(name.to_owned(), channel);
            }
        }
    }

    fn channel(
        &mut self,
        under: &str,
        keys: &dyn TableLike,
        at: Option<std::ops::Range<usize>>,
    ) -> Option<Channel> {
        let (mut form, mut here, mut tells) = (None, None, Topic::TOLD.to_vec());
        let (mut place, mut secret, mut token) =
            (Kept::default(), Kept::default(), Kept::default());
        for (key, item) in keys.iter() {
            match key {
                "form" => {
                    form = match item.as_str() {
                        Some("json") => Some(Form::Json),
                        Some("slack") => Some(Form::Slack),
                        Some("teams") => Some(Form::Teams),
                        Some("ntfy") => Some(Form::Ntfy),
                        _ => {
                            let what = format!("{under}form is json, slack, teams or ntfy");
                            self.reading.fault(item, what);
                            None
                        }
                    };
                }
                "url" => here = self.url(item, under),
                "url-file" | "url-env" => self.kept(&mut place, item, under, key),
                "secret-file" | "secret-env" => self.kept(&mut secret, item, under, key),
                "token-file" | "token-env" => self.kept(&mut token, item, under, key),
                "tells" => tells = self.tells(item, under),
                _ => {
                    let known = "form, url, url-file, url-env, secret-file, secret-env, \
                                 token-file, token-env, tells";
                    let at = self.reading.span(keys, key, item);
                    self.reading.unknown(at, under, key, known);
                }
            }
        }
        if keys.get("form").is_none() {
            self.reading.at(at.clone(), format!("{under}form is missing"));
        }
        if form.is_some() && (form == Some(Form::Json)) != secret.said {
            let what = format!("{under}secret-file or secret-env is for form json, which needs it");
            self.reading.at(at.clone(), what);
        }
        if form.is_some() && form != Some(Form::Ntfy) && token.said {
            self.reading.at(at.clone(), format!("{under}token-file is for form ntfy"));
        }
        let place = self.place(under, keys, here, place, at)?;
        Some(Channel { form: form?, place, secret: secret.secret.or(token.secret), tells })
    }

    fn url(&mut self, item: &Item, under: &str) -> Option<Url> {
        let text = self.reading.text(item, under, "url")?;
        let read = Url::parse(&text);
        read.map_err(|why| self.reading.fault(item, format!("{under}url {why}"))).ok()
    }

    fn place(
        &mut self,
        under: &str,
        keys: &dyn TableLike,
        here: Option<Url>,
        kept: Kept,
        at: Option<std::ops::Range<usize>>,
    ) -> Option<Place> {
        match (keys.get("url").is_some(), kept.said) {
            (true, true) => {
                self.reading.at(at, format!("{under}url is said twice where that is"));
            }
            (false, false) => {
                self.reading.at(at, format!("{under}url, url-file or url-env is missing"));
            }
            _ => {}
        }
        here.map(Place::Here).or(kept.secret.map(Place::Kept))
    }

    fn tells(&mut self, item: &Item, under: &str) -> Vec<Topic> {
        let words = item.as_array().map(|array| array.iter().map(|word| word.as_str()));
        let mut told = Vec::new();
        let mut sound = words.is_some();
        for word in words.into_iter().flatten() {
            match Topic::TOLD.into_iter().find(|topic| Some(topic.as_str()) == word) {
                Some(topic) => told.push(topic),
                None => sound = false,
            }
        }
        if !sound || told.is_empty() {
            let what = format!("{under}tells is a list of missing, overdue, due and digest");
            self.reading.fault(item, what);
        }
        told
    }

    fn heartbeat(
        &mut self,
        parent: &dyn TableLike,
        item: &Item,
        keys: &dyn TableLike,
    ) -> Option<Place> {
        let under = "notify.heartbeat.";
        let (mut here, mut kept) = (None, Kept::default());
        for (key, item) in keys.iter() {
            match key {
                "url" => here = self.url(item, under),
                "url-file" | "url-env" => self.kept(&mut kept, item, under, key),
                _ => {
                    let at = self.reading.span(keys, key, item);
                    self.reading.unknown(at, under, key, "url, url-file, url-env");
                }
            }
        }
        let at = self.reading.span(parent, "heartbeat", item);
        self.place(under, keys, here, kept, at)
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
