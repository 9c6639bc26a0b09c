//! Telling people: mail, webhooks, a heartbeat, and the outbox in which a message waits
//! until it is known to have been taken. An adapter, which knows nothing of media: it is
//! given a subject, a text and the same as JSON.
//!
//! One question decides every line here. *May it have been taken?* A message that surely
//! was not is sent again; one that may have been is sent again only where the other side
//! can tell that it is the same one, which is the signed webhook alone. Mail, Slack,
//! Teams and ntfy would show it twice.
//!
//! What a server answers is hostile: it is cut, timed, and made printable before anybody
//! reads it.

pub mod config;
mod mail;
pub mod outbox;
mod secret;
mod trust;
mod web;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use config::{Settings, Tongues};

use crate::model::printable::printable;

/// The name of the channel that is mail.
pub const MAIL: &str = "mail";
const WHY_MAX: usize = 300;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// Something is missing.
    Missing,
    /// Something is overdue.
    Overdue,
    /// Something is due.
    Due,
    /// The daily digest.
    Digest,
    /// Whether the way is open.
    Test,
}

impl Topic {
    /// Those that a channel can be told of.
    pub const TOLD: [Topic; 4] = [Topic::Missing, Topic::Overdue, Topic::Due, Topic::Digest];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Topic::Missing => "missing",
            Topic::Overdue => "overdue",
            Topic::Due => "due",
            Topic::Digest => "digest",
            Topic::Test => "test",
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// What makes it this message: the same one sent again has the same id.
    pub id: String,
    /// What it is about.
    pub topic: Topic,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same for programs.
    pub json: String,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// [`MAIL`], or the name of a channel in the configuration.
    pub channel: String,
    /// The party, or again the name of the channel.
    pub recipient: String,
}

/// Why a message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Nothing was sent, and nothing else would go through there now: no connection, no
    /// password, no trust in the certificate.
    #[error("{0}")]
    NotReached(String),
    /// This message was not taken now and may be later.
    #[error("{0}")]
    Deferred(String),
    /// This message is not taken, now or later.
    #[error("{0}")]
    Refused(String),
    /// It went out, and no answer came that can be understood.
    #[error("no answer that can be understood: {0}")]
    Unclear(String),
}

impl SendError {
    fn not_reached(why: impl std::fmt::Display) -> Self {
        SendError::NotReached(printable(&why.to_string(), WHY_MAX))
    }

    fn refused(why: impl std::fmt::Display) -> Self {
        SendError::Refused(printable(&why.to_string(), WHY_MAX))
    }
}

/// How long a server may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until a connection stands.
    pub connect: Duration,
    /// Until a question is answered.
    pub answer: Duration,
    /// Until a message is through, however slowly a server goes on answering.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(20),
            whole: Duration::from_secs(60),
        }
    }
}

/// How messages get to people. A trait, so that the outbox is tested without a network
/// and with every way to die half way.
pub trait Transport {
    /// Sends a message.
    ///
    /// # Errors
    /// [`SendError`], which says what is known.
    fn send(&self, to: &Destination, message: &Message) -> Result<(), SendError>;

    /// Whether the same message may go there twice and is still one.
    fn tells_twice_apart(&self, to: &Destination) -> bool;

    /// Tells an outside service that this program is alive.
    ///
    /// # Errors
    /// As [`Transport::send`].
    fn ping(&self) -> Result<(), SendError>;
}

/// The real ways: SMTP and HTTP.
#[derive(Debug, Clone)]
pub struct Wires {
    /// What is configured.
    pub settings: Settings,
    /// How long each may take.
    pub patience: Patience,
}

impl Transport for Wires {
    fn send(&self, to: &Destination, message: &Message) -> Result<(), SendError> {
        let gone = || SendError::Refused("it is no longer in the configuration".to_owned());
        if to.channel == MAIL {
            let server = self.settings.mail.as_ref().ok_or_else(gone)?;
            let address = self.settings.people.get(&to.recipient).ok_or_else(gone)?;
            return mail::send(server, &self.settings, address, message, self.patience);
        }
        let channel = self.settings.channels.get(&to.channel).ok_or_else(gone)?;
        web::send(channel, &self.settings, message, self.patience)
    }

    fn tells_twice_apart(&self, to: &Destination) -> bool {
        let channel = self.settings.channels.get(&to.channel);
        channel.is_some_and(|channel| channel.form == config::Form::Json)
    }

    fn ping(&self) -> Result<(), SendError> {
        match &self.settings.heartbeat {
            Some(to) => web::ping(to, &self.settings, self.patience),
            None => Ok(()),
        }
    }
}

/// What the system said of a connection, in words for people.
fn plainly(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let words = match error.kind() {
        ErrorKind::ConnectionRefused => "nothing there takes the connection",
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
            "the server closed the connection"
        }
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "no way leads there",
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "no answer in time",
        ErrorKind::UnexpectedEof => "the answer ends too early",
        _ => return printable(&error.to_string(), WHY_MAX),
    };
    words.to_owned()
}
