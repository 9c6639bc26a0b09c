//! What the outbox knows of a message, and how that changes. Pure: what was done and
//! what came of it go in, the next record comes out.

use serde::{Deserialize, Serialize};

use crate::model::Day;
use crate::model::printable::printable;
use crate::notify::{Destination, Message, SendError};

/// The form of a record, raised with every change of it.
pub(super) const FORM: &str = "custody-outbox/1";
const ERROR_MAX: usize = 400;
/// Between the first two attempts; doubled from then on.
const PAUSE_FIRST: i64 = 60;
/// Longest pause between two attempts.
const PAUSE_MAX: i64 = 3600;
/// A message that was not taken for so long is given up; what it says has long been
/// said anew.
const AGE_MAX: i64 = 3 * 86_400;

/// A message in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`FORM`].
    pub(super) form: String,
    /// The message.
    pub message: Message,
    /// Where it goes.
    pub to: Destination,
    /// The day it belongs to, in the ledger's zone.
    pub day: Day,
    /// What it tells: the keys of its notices.
    pub keys: Vec<String>,
    /// When it was made, in seconds since 1970.
    pub added: i64,
    /// How often it was tried.
    pub attempts: u32,
    /// When that was last.
    pub last: Option<i64>,
    /// Not tried again before this.
    pub next: i64,
    /// What went wrong last.
    pub error: Option<String>,
    /// Where it stands.
    pub stage: Stage,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Surely not sent; it is tried when its time comes.
    Waiting,
    /// Being sent. When nobody holds the outbox the program ended in between.
    Attempting,
    /// Taken by the other side.
    Sent,
    /// It may have been taken, and could be shown twice.
    Doubtful,
    /// Not taken, and not tried again by itself.
    Failed,
    /// A later message says the same anew.
    Replaced,
    /// A person gave it up.
    Dropped,
}

impl Record {
    /// A message that waits.
    pub fn new(message: Message, to: Destination, day: Day, keys: Vec<String>, now: i64) -> Self {
        Record {
            form: FORM.to_owned(),
            message,
            to,
            day,
            keys,
            added: now,
            attempts: 0,
            last: None,
            next: now,
            error: None,
            stage: Stage::Waiting,
        }
    }

    /// Whether its time has come. A clock that was set back must not silence it.
    pub fn is_ready(&self, now: i64) -> bool {
        self.stage == Stage::Waiting
            && (self.next <= now || self.next > now.saturating_add(PAUSE_MAX))
    }

    /// Whether it says that somebody does not know what they should, or may not.
    pub fn is_trouble(&self) -> bool {
        match self.stage {
            Stage::Waiting => self.error.is_some(),
            Stage::Attempting | Stage::Doubtful | Stage::Failed => true,
            Stage::Sent | Stage::Replaced | Stage::Dropped => false,
        }
    }

    /// The record to be made durable before the first byte goes out.
    #[must_use]
    pub fn begun(&self, now: i64) -> Record {
        Record {
            stage: Stage::Attempting,
            attempts: self.attempts.saturating_add(1),
            last: Some(now),
            error: None,
            ..self.clone()
        }
    }

    /// What follows from an attempt. `twice` says that the other side can tell a message
    /// that comes twice from two.
    #[must_use]
    pub fn after(&self, outcome: &Result<(), SendError>, twice: bool, now: i64) -> Record {
        let error = match outcome {
            Ok(()) => return Record { stage: Stage::Sent, error: None, ..self.clone() },
            Err(error) => error,
        };
        let stage = match error {
            SendError::Refused(_) => Stage::Failed,
            SendError::Unclear(_) if !twice => Stage::Doubtful,
            _ if now.saturating_sub(self.added) > AGE_MAX => Stage::Failed,
            _ => Stage::Waiting,
        };
        let pause = PAUSE_FIRST << self.attempts.saturating_sub(1).min(6);
        let next = now.saturating_add(pause.min(PAUSE_MAX));
        let error = Some(printable(&error.to_string(), ERROR_MAX));
        Record { stage, next, error, ..self.clone() }
    }

    /// As it is when the program that was sending it ended in between.
    #[must_use]
    pub fn interrupted(&self, twice: bool, now: i64) -> Record {
        let why = SendError::Unclear("the program ended while it was sending this".to_owned());
        self.after(&Err(why), twice, now)
    }

    /// As it is when a person wants it tried now, even if it may have been sent.
    #[must_use]
    pub fn again(&self, now: i64) -> Record {
        Record { stage: Stage::Waiting, next: now, added: now, ..self.clone() }
    }

    /// As it is once it is over for another reason than being sent.
    #[must_use]
    pub fn ended(&self, stage: Stage) -> Record {
        Record { stage, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::Topic;

    fn record() -> Record {
        let message = Message {
            id: "a1".to_owned(),
            topic: Topic::Due,
            subject: String::new(),
            text: String::new(),
            json: String::new(),
        };
        let to = Destination { channel: "mail".to_owned(), recipient: "yamada".to_owned() };
        Record::new(message, to, "2026-11-22".parse().unwrap(), Vec::new(), 1000)
    }

    #[test]
    fn pauses_grow_and_end() {
        let mut record = record();
        let down = Err(SendError::NotReached("down".to_owned()));
        let mut pauses = Vec::new();
        let mut now = 1000;
        for _ in 0..8 {
            record = record.begun(now).after(&down, false, now);
            assert_eq!(record.stage, Stage::Waiting);
            assert!(!record.is_ready(record.next - 1) && record.is_ready(record.next));
            pauses.push(record.next - now);
            now = record.next;
        }
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3600, 3600]);
        let late = record.begun(now).after(&down, false, 1000 + AGE_MAX + 1);
        assert_eq!(late.stage, Stage::Failed);
    }

    #[test]
    fn a_clock_set_back_silences_nothing() {
        let down = Err(SendError::NotReached("down".to_owned()));
        let waits = record().begun(1000).after(&down, false, 1000);
        assert!(waits.is_ready(1000 - 365 * 86_400));
    }

    #[test]
    fn what_may_have_been_taken_is_sent_again_only_where_that_is_seen() {
        let begun = record().begun(1000);
        assert_eq!(begun.interrupted(false, 1001).stage, Stage::Doubtful);
        assert_eq!(begun.interrupted(true, 1001).stage, Stage::Waiting);
        let refused = Err(SendError::Refused("no".to_owned()));
        assert_eq!(begun.after(&refused, true, 1001).stage, Stage::Failed);
        assert_eq!(begun.after(&Ok(()), false, 1001).stage, Stage::Sent);
    }
}
