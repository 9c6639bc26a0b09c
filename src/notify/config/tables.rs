//! The tables below `notify`, key by key.

use std::ops::Range;
use std::path::Path;

use lettre::message::Mailbox;
use toml_edit::{Item, TableLike};

use super::{
    Channel, Form, MailServer, NAME_MAX, Place, Secret, Security, Settings, Tongues, Url,
    is_this_computer,
};
use crate::model::PartyId;
use crate::model::printable::printable;
use crate::model::settings::{Reading, is_name};
use crate::notify::{MAIL, Topic};

/// The tables being read.
pub(super) struct Tables<'a, 'b> {
    pub reading: &'a mut Reading<'b>,
    pub folder: &'a Path,
}

/// What two keys, `NAME-file` and `NAME-env`, say of one secret.
#[derive(Default)]
struct Kept {
    secret: Option<Secret>,
    /// One of the keys was there, sound or not.
    said: bool,
}

impl Tables<'_, '_> {
    pub fn notify(&mut self, table: &dyn TableLike, read: &mut Settings) {
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
        at: Option<Range<usize>>,
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
        at: Option<Range<usize>>,
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
