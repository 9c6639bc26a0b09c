//! Messages: what was told, what waits and what went wrong, as it is listed.

use serde::Serialize;

use super::notices::Notices;
use super::{optional_text, text};
use crate::model::{Day, PartyId, Stamp};

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageStanding {
    /// To be sent, and not tried yet.
    Waiting,
    /// Tried and surely not sent; it is tried again.
    Delayed,
    /// Another process is sending it.
    Sending,
    /// The other side took it.
    Sent,
    /// Nobody can tell. It is not sent again by itself.
    MayHaveBeenSent,
    /// The other side does not take it. It is not tried again by itself.
    Failed,
    /// A later message says the same anew.
    Replaced,
    /// A person gave it up.
    Dropped,
    /// What is stored of it cannot be read.
    Damaged,
}

impl MessageStanding {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            MessageStanding::Waiting => "waiting",
            MessageStanding::Delayed => "not sent, tried again later",
            MessageStanding::Sending => "being sent",
            MessageStanding::Sent => "sent",
            MessageStanding::MayHaveBeenSent => "may have been sent",
            MessageStanding::Failed => "NOT SENT",
            MessageStanding::Replaced => "not sent, replaced by a later one",
            MessageStanding::Dropped => "given up",
            MessageStanding::Damaged => "damaged",
        }
    }

    /// Whether somebody may not know what they should.
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::Delayed | Self::MayHaveBeenSent | Self::Failed | Self::Damaged)
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageView {
    /// Its id.
    pub id: String,
    /// What it is about: due, overdue, missing, digest or test.
    pub topic: String,
    /// The channel it goes by.
    pub channel: String,
    /// The party it goes to, or the channel's own name.
    pub recipient: String,
    /// The day it belongs to; none where the record is damaged.
    pub day: Option<Day>,
    /// How many media it names.
    pub media: usize,
    /// Where it stands.
    pub standing: MessageStanding,
    /// What went wrong when it was last tried.
    pub error: Option<String>,
    /// When it was made.
    #[serde(serialize_with = "optional_text")]
    pub added: Option<Stamp>,
    /// When it was last tried.
    #[serde(serialize_with = "optional_text")]
    pub last: Option<Stamp>,
    /// When it is tried next.
    #[serde(serialize_with = "optional_text")]
    pub next: Option<Stamp>,
    /// How often it was tried.
    pub attempts: u32,
}

/// The outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outbox {
    /// The messages, oldest first.
    pub messages: Vec<MessageView>,
    /// How many are in trouble.
    pub in_trouble: usize,
}

impl Outbox {
    /// Counts.
    pub fn of(messages: Vec<MessageView>) -> Self {
        let in_trouble = messages.iter().filter(|message| message.standing.is_trouble()).count();
        Outbox { messages, in_trouble }
    }
}

/// Somebody who should have been told and has no address in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreachable {
    /// Who.
    pub party: PartyId,
    /// Of how many media.
    pub media: usize,
    /// Whether nobody else was told either, of at least one of them.
    pub nobody_else: bool,
}

/// What telling people came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Telling {
    /// The messages that something was done about.
    pub messages: Vec<MessageView>,
    /// How many messages are in trouble, those of earlier runs included.
    pub in_trouble: usize,
    /// Who has no address.
    pub unreachable: Vec<Unreachable>,
    /// Ids that have an address in the configuration and are nobody's in the ledger:
    /// misspelt ones, whose owners are never told.
    pub strangers: Vec<String>,
    /// Nothing but missing media is told before this hour, and it is before it.
    pub quiet_until: Option<u8>,
    /// Whether the heartbeat was sent; none where none is configured.
    pub heartbeat: Option<Heartbeat>,
}

/// What became of the heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heartbeat {
    /// It was sent.
    Sent,
    /// Withheld, because messages are in trouble: its absence is the last way to tell.
    Withheld,
    /// It was not taken.
    Failed(String),
}

impl Telling {
    /// Whether everybody was told what they should be.
    pub fn is_fine(&self) -> bool {
        self.in_trouble == 0
            && self.strangers.is_empty()
            && !self.unreachable.iter().any(|someone| someone.nobody_else)
            && !matches!(self.heartbeat, Some(Heartbeat::Failed(_)))
    }
}

/// What `custody due` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DueReport {
    /// What is due, overdue and missing.
    #[serde(flatten)]
    pub notices: Notices,
    /// How many messages are in trouble.
    pub messages_in_trouble: usize,
    /// What telling people came to, where they were told.
    pub telling: Option<Telling>,
    /// The files that were written.
    pub files: Vec<String>,
}

/// What the daily digest says beside the notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Digest<'a> {
    /// The digest's day is this moment's.
    #[serde(serialize_with = "text")]
    pub now: Stamp,
    /// What is due, overdue and missing.
    #[serde(skip)]
    pub notices: &'a Notices,
    /// Messages that are in trouble.
    pub in_trouble: usize,
    /// Parties without an address who should have been told.
    pub unreachable: Vec<PartyId>,
}
