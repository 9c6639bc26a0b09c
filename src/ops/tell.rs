//! Telling people: what the state says is due, overdue or missing becomes messages in
//! the outbox, and those are sent. Called by `custody due --notify` and by whatever else
//! runs now and then; called twice it tells nobody twice.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::clock::{Clock, SystemClock};
use super::error::OpsError;
use super::follow::Onlooker;
use crate::model::{Day, Hash, PartyId, Stamp, Zone};
use crate::notify::outbox::{Claim, Listed, Outbox, Record, Stage};
use crate::notify::{
    Destination, MAIL, Message, Patience, SendError, Settings, Tongues, Topic, Transport, Wires,
};
use crate::printer::config::{Configuration, ConfigurationError, text_of};
use crate::render::notice::{self, Wording};
use crate::render::paper::words::Tongue;
use crate::report::notices::{Notice, Notices, Rung};
use crate::report::telling::{
    Digest, Heartbeat, MessageStanding, MessageView, Outbox as OutboxView, Telling, Unreachable,
};

/// Most media in one message, so that a record stays readable in one piece.
const MEDIA_MAX: usize = 5_000;
const ID_BYTES: usize = 16;

/// Why nobody is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TellError {
    /// The configuration names nobody.
    #[error("{}: nobody is named there who could be told", .0.display())]
    NotConfigured(PathBuf),
    /// A test message was not taken.
    #[error("{to} did not take the test message: {why}")]
    NotDelivered {
        /// The channel.
        to: String,
        /// What went wrong.
        why: String,
    },
}

/// The outbox's folder of a ledger: beside it, as the spool is.
pub fn outbox_folder(ledger: &Path) -> PathBuf {
    let whole = std::fs::canonicalize(ledger).unwrap_or_else(|_| ledger.to_owned());
    whole.parent().unwrap_or(Path::new("")).join("outbox")
}

/// How many messages beside this ledger are in trouble.
pub fn in_trouble(ledger: &Path) -> usize {
    Outbox::at(&outbox_folder(ledger)).in_trouble()
}

/// What is configured for telling people; none where the file does not say. All that is
/// wrong in the file is told at once, whichever part of the program it concerns.
///
/// # Errors
/// The file is not sound or cannot be read.
pub fn settings(path: &Path) -> Result<Option<Settings>, OpsError> {
    let unsound = |source| OpsError::Configuration { path: path.to_owned(), source };
    let text = text_of(path).map_err(unsound)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut faults = Vec::new();
    match Configuration::parse(&text) {
        Err(ConfigurationError::Faults(found)) => faults.extend(found),
        Err(other) => return Err(unsound(other)),
        Ok(_) => {}
    }
    match Settings::parse(&text, folder) {
        Ok(read) if faults.is_empty() => return Ok(read),
        Ok(_) => {}
        Err(found) => faults.extend(found),
    }
    faults.sort();
    faults.dedup();
    Err(unsound(ConfigurationError::Faults(faults)))
}

/// The language of messages and calendars.
pub fn tongue(settings: Option<&Settings>) -> Tongue {
    match settings.map(|settings| settings.language).unwrap_or_default() {
        Tongues::Ja => Tongue::Ja,
        Tongues::En => Tongue::En,
        Tongues::Both => Tongue::Both,
    }
}

/// Where messages wait, and what sends them.
pub struct Post<T = Wires> {
    outbox: Outbox,
    settings: Settings,
    transport: T,
    clock: Box<dyn Clock>,
    zone: Zone,
}

impl Post<Wires> {
    /// The one beside the ledger in `folder`, as configured in the file at `path`.
    ///
    /// # Errors
    /// The configuration is not sound.
    pub fn beside(folder: &Path, path: &Path) -> Result<Self, OpsError> {
        let settings = settings(path)?.unwrap_or_default();
        // Only for showing times.
        let zone = Onlooker::open(folder).ok().and_then(|mut onlooker| {
            let facts = onlooker.state().ok()?.facts.clone()?;
            Zone::named(facts.zone.as_str()).ok()
        });
        let transport = Wires { settings: settings.clone(), patience: Patience::default() };
        let outbox = Outbox::at(&outbox_folder(folder));
        let zone = zone.unwrap_or_else(Zone::utc);
        Ok(Post { outbox, settings, transport, clock: Box::new(SystemClock), zone })
    }
}

/// What became of the messages of one run.
struct Run<'a> {
    claim: Claim,
    notices: &'a Notices,
    touched: Vec<String>,
}

impl<T: Transport> Post<T> {
    /// One with an outbox, settings, a way to people and a clock of one's own.
    pub fn with(outbox: Outbox, settings: Settings, transport: T, clock: Box<dyn Clock>) -> Self {
        Post { outbox, settings, transport, clock, zone: Zone::utc() }
    }

    /// Whether anybody is named who could be told.
    pub fn has_somebody(&self) -> bool {
        !self.settings.people.is_empty() || !self.settings.channels.is_empty()
    }

    fn wording(&self) -> Wording {
        Wording { tongue: tongue(Some(&self.settings)), names: self.settings.names }
    }

    /// Tells everybody what they are to be told today and were not told yet, tries what
    /// waits, and sends the digest and the heartbeat.
    ///
    /// # Errors
    /// The outbox fails, or another process has it. What a server does not take is no
    /// error but the standing of the message.
    pub fn tell(&self, notices: &Notices) -> Result<Telling, OpsError> {
        let mut run = Run { claim: self.outbox.claim()?, notices, touched: Vec::new() };
        self.settle(&mut run)?;
        let hour = notices.now.fields()[3];
        let quiet = hour < i16::from(self.settings.quiet_until);
        let unreachable = self.enqueue(&mut run, quiet)?;
        self.deliver(&mut run, quiet, None)?;
        if !quiet {
            self.enqueue_digest(&mut run, &unreachable)?;
            self.deliver(&mut run, false, None)?;
        }
        run.claim.clear(self.clock.unix())?;
        let shown = OutboxView::of(self.views(run.claim.listed()));
        let in_trouble = shown.in_trouble;
        let fine = in_trouble == 0 && !unreachable.iter().any(|someone| someone.nobody_else);
        let heartbeat = self.settings.heartbeat.as_ref().map(|_| match fine {
            false => Heartbeat::Withheld,
            true => match self.transport.ping() {
                Ok(()) => Heartbeat::Sent,
                Err(error) => Heartbeat::Failed(error.to_string()),
            },
        });
        let touched: BTreeSet<&String> = run.touched.iter().collect();
        let messages = shown.messages.into_iter().filter(|view| touched.contains(&view.id));
        Ok(Telling {
            messages: messages.collect(),
            in_trouble,
            unreachable,
            strangers: self.strangers(notices),
            quiet_until: quiet.then_some(self.settings.quiet_until),
            heartbeat,
        })
    }

    fn strangers(&self, notices: &Notices) -> Vec<String> {
        let enrolled = |id: &str| notices.parties.iter().any(|party| party.as_str() == id);
        self.settings.people.keys().filter(|id| !enrolled(id)).cloned().collect()
    }

    /// Sees to messages of earlier runs: those that were being sent when the program
    /// ended, and those whose matter has ended meanwhile.
    fn settle(&self, run: &mut Run<'_>) -> Result<(), OpsError> {
        let now = self.clock.unix();
        let today = run.notices.now.day();
        let rows = run.notices.rows.iter().filter(|row| !row.acknowledged);
        let open: HashSet<String> = rows.map(matter_of).collect();
        let records: Vec<Record> = run.claim.records().cloned().collect();
        for record in records {
            if record.stage == Stage::Attempting {
                let twice = self.transport.tells_twice_apart(&record.to);
                run.touched.push(record.message.id.clone());
                run.claim.keep(record.interrupted(twice, now))?;
                continue;
            }
            let goes_on = record.message.topic == Topic::Digest
                || record.keys.iter().any(|key| open.contains(&matter_in(key)));
            let unsent = matches!(record.stage, Stage::Waiting | Stage::Failed | Stage::Doubtful);
            if unsent && record.day != today && !goes_on {
                run.claim.keep(record.ended(Stage::Replaced))?;
            }
        }
        Ok(())
    }

    /// Where each notice goes: those addressed by mail, and the channels that are told
    /// of such.
    fn destinations(&self, row: &Notice) -> Vec<Destination> {
        let people = row.to.iter().map(|someone| someone.who.id.to_string());
        let mailed = people.filter(|id| self.settings.people.contains_key(id));
        let mut all: Vec<Destination> =
            mailed.map(|recipient| Destination { channel: MAIL.to_owned(), recipient }).collect();
        if !row.acknowledged {
            all.extend(self.channels_for(topic_of(row.matter.rung())));
        }
        all
    }

    fn channels_for(&self, topic: Topic) -> impl Iterator<Item = Destination> {
        let told = self.settings.channels.iter();
        let told = told.filter(move |(_, channel)| channel.tells.contains(&topic));
        told.map(|(name, _)| Destination { channel: name.clone(), recipient: name.clone() })
    }

    fn enqueue(&self, run: &mut Run<'_>, quiet: bool) -> Result<Vec<Unreachable>, OpsError> {
        let today = run.notices.now.day();
        let told = run.claim.told(today);
        let mut groups: BTreeMap<(Rung, Destination), Vec<&Notice>> = BTreeMap::new();
        let mut unreachable: BTreeMap<PartyId, Unreachable> = BTreeMap::new();
        for row in &run.notices.rows {
            let rung = row.matter.rung();
            let destinations = self.destinations(row);
            for someone in &row.to {
                let id = &someone.who.id;
                if self.settings.people.contains_key(id.as_str()) {
                    continue;
                }
                let known = unreachable.entry(id.clone()).or_insert_with(|| Unreachable {
                    party: id.clone(),
                    media: 0,
                    nobody_else: false,
                });
                known.media += 1;
                known.nobody_else |= destinations.is_empty();
            }
            if quiet && rung > Rung::Left {
                continue;
            }
            for to in destinations {
                if !told.contains(&key(row, today, &to)) {
                    groups.entry((rung, to)).or_default().push(row);
                }
            }
        }
        for ((rung, to), rows) in groups {
            self.replace_earlier(run, topic_of(rung), &to, today)?;
            for rows in rows.chunks(MEDIA_MAX) {
                let keys: Vec<String> = rows.iter().map(|row| key(row, today, &to)).collect();
                let id = id_of(&keys);
                let letter = notice::notice(&id, rung, rows, run.notices, self.wording())?;
                self.keep(run, topic_of(rung), to.clone(), id, keys, letter)?;
            }
        }
        Ok(unreachable.into_values().collect())
    }

    fn enqueue_digest(
        &self,
        run: &mut Run<'_>,
        unreachable: &[Unreachable],
    ) -> Result<(), OpsError> {
        let today = run.notices.now.day();
        let told = run.claim.told(today);
        let custodians = run.notices.digest_to.iter().map(|who| who.id.to_string());
        let mailed = custodians.filter(|id| self.settings.people.contains_key(id));
        let mailed = mailed.map(|recipient| Destination { channel: MAIL.to_owned(), recipient });
        let in_trouble = OutboxView::of(self.views(run.claim.listed())).in_trouble;
        for to in mailed.chain(self.channels_for(Topic::Digest)).collect::<Vec<_>>() {
            let key = format!("{today}/digest/{}/{}", to.channel, to.recipient);
            if told.contains(&key) {
                continue;
            }
            self.replace_earlier(run, Topic::Digest, &to, today)?;
            let id = id_of(std::slice::from_ref(&key));
            let digest = Digest {
                now: run.notices.now,
                notices: run.notices,
                in_trouble,
                unreachable: unreachable.iter().map(|someone| someone.party.clone()).collect(),
            };
            let letter = notice::digest(&id, &digest, self.wording())?;
            self.keep(run, Topic::Digest, to, id, vec![key], letter)?;
        }
        Ok(())
    }

    /// What was not sent on an earlier day is said anew by what is sent now. Otherwise a
    /// server that comes back after a week would deliver seven of each.
    fn replace_earlier(
        &self,
        run: &mut Run<'_>,
        topic: Topic,
        to: &Destination,
        today: Day,
    ) -> Result<(), OpsError> {
        let earlier = |record: &&Record| {
            let unsent = matches!(record.stage, Stage::Waiting | Stage::Failed | Stage::Doubtful);
            unsent && record.day != today && record.to == *to && record.message.topic == topic
        };
        let replaced: Vec<Record> = run
            .claim
            .records()
            .filter(earlier)
            .map(|record| record.ended(Stage::Replaced))
            .collect();
        for record in replaced {
            run.claim.keep(record)?;
        }
        Ok(())
    }

    fn keep(
        &self,
        run: &mut Run<'_>,
        topic: Topic,
        to: Destination,
        id: String,
        keys: Vec<String>,
        letter: notice::Letter,
    ) -> Result<(), OpsError> {
        let notice::Letter { subject, text, json } = letter;
        let message = Message { id, topic, subject, text, json };
        let day = run.notices.now.day();
        Ok(run.claim.keep(Record::new(message, to, day, keys, self.clock.unix()))?)
    }

    /// Tries what is ready, the most urgent first, or only the messages named.
    fn deliver(
        &self,
        run: &mut Run<'_>,
        quiet: bool,
        only: Option<&[String]>,
    ) -> Result<(), OpsError> {
        let now = self.clock.unix();
        let wanted = |record: &&Record| match only {
            Some(ids) => ids.contains(&record.message.id),
            None => record.is_ready(now) && (!quiet || record.message.topic == Topic::Missing),
        };
        let mut ready: Vec<Record> = run.claim.records().filter(wanted).cloned().collect();
        ready.sort_by_key(|record| (record.message.topic, record.added));
        let mut down: BTreeMap<String, SendError> = BTreeMap::new();
        for record in ready {
            run.touched.push(record.message.id.clone());
            // One attempt has shown that nothing goes through; thirty would keep
            // everything else waiting.
            if let Some(error) = down.get(&record.to.channel) {
                let skipped = record.after(&Err(error.clone()), false, now);
                run.claim.keep(skipped)?;
                continue;
            }
            let outcome = self.attempt(&mut run.claim, &record)?;
            if let Err(error @ SendError::NotReached(_)) = outcome {
                down.insert(record.to.channel.clone(), error);
            }
        }
        Ok(())
    }

    fn attempt(
        &self,
        claim: &mut Claim,
        record: &Record,
    ) -> Result<Result<(), SendError>, OpsError> {
        // Durable before the first byte goes out.
        let begun = record.begun(self.clock.unix());
        claim.keep(begun.clone())?;
        let outcome = self.transport.send(&record.to, &record.message);
        let twice = self.transport.tells_twice_apart(&record.to);
        claim.keep(begun.after(&outcome, twice, self.clock.unix()))?;
        Ok(outcome)
    }

    /// What is in the outbox.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn list(&self) -> Result<OutboxView, OpsError> {
        Ok(OutboxView::of(self.views(&self.outbox.list()?)))
    }

    /// Tries a message now, even one that may have been sent; without an id all that were
    /// surely not sent.
    ///
    /// # Errors
    /// The outbox fails, there is no such message, or it was sent.
    pub fn retry(&self, id: Option<&str>, notices: &Notices) -> Result<OutboxView, OpsError> {
        let now = self.clock.unix();
        let mut run = Run { claim: self.outbox.claim()?, notices, touched: Vec::new() };
        self.settle(&mut run)?;
        let again: Vec<Record> = match id {
            Some(id) => match run.claim.find(id)? {
                Listed::Message(record)
                    if record.is_trouble() || record.stage == Stage::Waiting =>
                {
                    vec![*record]
                }
                Listed::Message(_) => {
                    return Err(OpsError::input("--retry", "that message is done with"));
                }
                Listed::Damaged(_) => {
                    let problem = "what is stored of it is damaged; --drop takes it away";
                    return Err(OpsError::input("--retry", problem));
                }
            },
            None => {
                let unsent =
                    |record: &&Record| matches!(record.stage, Stage::Waiting | Stage::Failed);
                run.claim.records().filter(unsent).cloned().collect()
            }
        };
        let ids: Vec<String> = again.iter().map(|record| record.message.id.clone()).collect();
        for record in again {
            run.claim.keep(record.again(now))?;
        }
        self.deliver(&mut run, false, Some(&ids))?;
        let mut views = self.views(run.claim.listed());
        views.retain(|view| ids.contains(&view.id));
        Ok(OutboxView::of(views))
    }

    /// Gives a message up.
    ///
    /// # Errors
    /// The outbox fails, there is no such message, or it was sent.
    pub fn drop_message(&self, id: &str) -> Result<OutboxView, OpsError> {
        let mut claim = self.outbox.claim()?;
        let found = claim.find(id)?;
        let views = match &found {
            Listed::Damaged(id) => {
                claim.remove(id)?;
                let mut views = self.views(std::slice::from_ref(&found));
                views.iter_mut().for_each(|view| view.standing = MessageStanding::Dropped);
                views
            }
            Listed::Message(record) if record.stage == Stage::Sent => {
                return Err(OpsError::input("--drop", "that message was sent"));
            }
            Listed::Message(record) => {
                let dropped = record.ended(Stage::Dropped);
                claim.keep(dropped.clone())?;
                self.views(&[Listed::Message(Box::new(dropped))])
            }
        };
        Ok(OutboxView::of(views))
    }

    /// Sends a test message: to a channel by its name, to a party as `mail:ID`, or the
    /// heartbeat. Nothing of it stays in the outbox.
    ///
    /// # Errors
    /// No such channel, or it was not taken.
    pub fn test(&self, to: &str, notices: &Notices) -> Result<(), OpsError> {
        let outcome = if to == "heartbeat" && self.settings.heartbeat.is_some() {
            self.transport.ping()
        } else {
            let destination = match to.strip_prefix("mail:") {
                Some(id) if self.settings.people.contains_key(id) => {
                    Destination { channel: MAIL.to_owned(), recipient: id.to_owned() }
                }
                None if self.settings.channels.contains_key(to) => {
                    Destination { channel: to.to_owned(), recipient: to.to_owned() }
                }
                _ => return Err(OpsError::input("--test", self.known())),
            };
            let id = id_of(&[format!("{}/test/{to}", notices.now)]);
            let notice::Letter { subject, text, json } =
                notice::test(&id, notices, self.wording())?;
            let message = Message { id, topic: Topic::Test, subject, text, json };
            self.transport.send(&destination, &message)
        };
        let to = to.to_owned();
        outcome.map_err(|error| TellError::NotDelivered { to, why: error.to_string() }.into())
    }

    fn known(&self) -> String {
        let people = self.settings.people.keys().map(|id| format!("mail:{id}"));
        let channels = self.settings.channels.keys().cloned();
        let heartbeat = self.settings.heartbeat.iter().map(|_| "heartbeat".to_owned());
        let known: Vec<String> = channels.chain(people).chain(heartbeat).collect();
        match known.is_empty() {
            true => "nothing is configured that could be tested".to_owned(),
            false => format!("one of these is expected: {}", known.join(" ")),
        }
    }

    fn views(&self, listed: &[Listed]) -> Vec<MessageView> {
        listed.iter().map(|listed| self.view(listed)).collect()
    }

    fn view(&self, listed: &Listed) -> MessageView {
        let stamp = |unix: i64| Stamp::from_unix(unix, &self.zone).ok();
        match listed {
            Listed::Damaged(id) => MessageView {
                id: id.clone(),
                topic: String::new(),
                channel: String::new(),
                recipient: String::new(),
                day: None,
                media: 0,
                standing: MessageStanding::Damaged,
                error: None,
                added: None,
                last: None,
                next: None,
                attempts: 0,
            },
            Listed::Message(record) => MessageView {
                id: record.message.id.clone(),
                topic: record.message.topic.as_str().to_owned(),
                channel: record.to.channel.clone(),
                recipient: record.to.recipient.clone(),
                day: Some(record.day),
                media: match record.message.topic {
                    Topic::Digest | Topic::Test => 0,
                    _ => record.keys.len(),
                },
                standing: standing_of(record),
                error: record.error.clone(),
                added: stamp(record.added),
                last: record.last.and_then(stamp),
                next: Some(record.next).filter(|_| record.stage == Stage::Waiting).and_then(stamp),
                attempts: record.attempts,
            },
        }
    }
}

fn standing_of(record: &Record) -> MessageStanding {
    match record.stage {
        Stage::Waiting if record.is_trouble() => MessageStanding::Delayed,
        Stage::Waiting => MessageStanding::Waiting,
        Stage::Attempting => MessageStanding::Sending,
        Stage::Sent => MessageStanding::Sent,
        Stage::Doubtful => MessageStanding::MayHaveBeenSent,
        Stage::Failed => MessageStanding::Failed,
        Stage::Replaced => MessageStanding::Replaced,
        Stage::Dropped => MessageStanding::Dropped,
    }
}

fn topic_of(rung: Rung) -> Topic {
    match rung {
        Rung::Missing | Rung::Left => Topic::Missing,
        Rung::Overdue => Topic::Overdue,
        Rung::Due => Topic::Due,
    }
}

/// One notice to one recipient by one channel on one day.
fn key(row: &Notice, today: Day, to: &Destination) -> String {
    format!("{}/{}/{}", row.key(today), to.channel, to.recipient)
}

/// Medium and matter, as they stand in a key.
fn matter_of(row: &Notice) -> String {
    format!("{}/{}", row.medium, row.matter.as_str())
}

fn matter_in(key: &str) -> String {
    key.split('/').skip(1).take(2).collect::<Vec<_>>().join("/")
}

/// The id of a message with these keys: the same keys make the same message.
fn id_of(keys: &[String]) -> String {
    let hash = Hash::of(&[b"custody-message/1\n", keys.join("\n").as_bytes()]);
    hash.0.iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect()
}
