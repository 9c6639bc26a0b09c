//! Attending a bus: every drive that comes or goes, and the cabinets that see to theirs.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::bus::identity_line;
use super::clock::Clock;
use super::description::describe_with;
use super::error::OpsError;
use super::examine::examine;
use super::keeper::Keeper;
use super::station::{Looked, RollCalled, Station};
use super::token;
use crate::ledger::cabinet::{Moment, Movement};
use crate::ledger::checks::Observation;
use crate::model::UnknownLine;
use crate::model::printable::printable;
use crate::usb::lookout::Lookout;
use crate::usb::presence::{Change, Timing, Tracker};
use crate::usb::{Bus, Device, Position};

/// The longest time in which nothing is looked at.
const PATIENCE: Duration = Duration::from_secs(1);
/// A drive that stays is read again after this time: it may have been formatted where it is.
const READ_AGAIN: Duration = Duration::from_secs(3600);
/// What does not stop coming and going is looked at all the same after this time.
const UNSETTLED: Duration = Duration::from_secs(30);

/// A drive that is there, with what was read of it.
struct Attached {
    line: UnknownLine,
    seen: Observation,
    read: Duration,
}

/// Something to be told of.
#[derive(Debug)]
pub enum Event {
    /// A drive came, or was there at the beginning.
    Came(Position, String),
    /// A drive left.
    Left(Position, String),
    /// Something came that could not be identified.
    Unidentified(Position),
    /// A drive is there whose serial this user may not read, or which does not say it.
    Unread(Position, String),
    /// What a cabinet noticed.
    Cabinet(String, Movement),
    /// A cabinet's roll-call, or why there is none.
    Called(String, Result<RollCalled, OpsError>),
    /// The bus cannot be read.
    Blind(String),
    /// The bus can be read again.
    Seeing,
}

/// A bus and the stations that stand at it.
pub struct Attendance<'a> {
    lookout: &'a mut dyn Lookout,
    /// Where a drive can be opened for reading, if anywhere.
    bus: Box<dyn Bus>,
    tracker: Tracker,
    stations: Vec<Station>,
    attached: BTreeMap<Position, Attached>,
    blind: bool,
    /// Since when something is being read, or may be a loose contact.
    unsettled: Option<Duration>,
}

impl<'a> Attendance<'a> {
    /// Prepares to attend.
    pub fn new(lookout: &'a mut dyn Lookout, bus: Box<dyn Bus>, stations: Vec<Station>) -> Self {
        let tracker = Tracker::new(Timing::default());
        let attached = BTreeMap::new();
        Attendance { lookout, bus, tracker, stations, attached, blind: false, unsettled: None }
    }

    /// Looks once, records what is due, and then waits for at most a second.
    ///
    /// A bus that cannot be read shows nothing, which is not the same as an empty one: the
    /// stations then see nothing and say nothing, and what they know becomes due by itself.
    ///
    /// # Errors
    /// An impossible clock.
    pub fn step(&mut self, keeper: &Keeper, clock: &dyn Clock) -> Result<Vec<Event>, OpsError> {
        let mut events = Vec::new();
        let moved = match self.lookout.places() {
            Ok(places) => {
                if std::mem::replace(&mut self.blind, false) {
                    events.push(Event::Seeing);
                }
                let mut changes = self.tracker.look(self.lookout.now(), &places);
                for position in self.tracker.to_read(self.lookout.now()) {
                    let device = self.lookout.read(&position);
                    changes.extend(self.tracker.read(self.lookout.now(), &position, device));
                }
                let moved = !changes.is_empty();
                events.extend(changes.iter().map(told));
                moved
            }
            Err(error) => {
                if !std::mem::replace(&mut self.blind, true) {
                    events.push(Event::Blind(error.to_string()));
                }
                self.lookout.wait(PATIENCE);
                return Ok(events);
            }
        };
        let passed = self.lookout.now();
        let read = self.read_drives(passed);
        if self.is_settled(passed) {
            let (now, size) = {
                let ledger = keeper.ledger();
                (super::ledger::moment(ledger.state(), clock)?, ledger.state().size)
            };
            let at = Moment { now, passed };
            for index in 0..self.stations.len() {
                let waits = self.stations.get(index).is_some_and(|it| it.wants_to_look(size, at));
                if moved || read || waits {
                    self.look(index, keeper, at, &mut events);
                }
            }
        }
        if self.lookout.has_ended() {
            // Nothing will move any more in a recording, whose clock is its own.
            std::thread::sleep(PATIENCE);
        }
        let until = self.tracker.next().map_or(PATIENCE, |next| next.saturating_sub(passed));
        self.lookout.wait(until.min(PATIENCE));
        Ok(events)
    }

    /// What is still being read is neither there nor gone.
    fn is_settled(&mut self, passed: Duration) -> bool {
        if self.tracker.is_settled() {
            self.unsettled = None;
            return true;
        }
        let since = *self.unsettled.get_or_insert(passed);
        passed.saturating_sub(since) >= UNSETTLED
    }

    fn look(&mut self, index: usize, keeper: &Keeper, at: Moment, events: &mut Vec<Event>) {
        let Some(station) = self.stations.get_mut(index) else { return };
        let inside = self.attached.iter().filter(|(at, _)| station.settings.holds(at));
        let observed: Vec<Observation> = inside.map(|(_, drive)| drive.seen.clone()).collect();
        let Looked { movements, called } = station.look(keeper, &observed, at);
        let name = &station.settings.name;
        events.extend(movements.into_iter().map(|what| Event::Cabinet(name.clone(), what)));
        events.extend(called.map(|called| Event::Called(name.clone(), called)));
    }

    /// Reads what has come, and now and then what has stayed; says whether anything that
    /// is there is new.
    fn read_drives(&mut self, passed: Duration) -> bool {
        let there: BTreeMap<Position, Device> =
            self.tracker.media().map(|device| (device.position.clone(), device.clone())).collect();
        let before = self.attached.len();
        self.attached.retain(|position, _| there.contains_key(position));
        let mut changed = self.attached.len() != before;
        for (position, device) in there {
            let Some(line) = identity_line(&device) else { continue };
            let known = self.attached.get(&position).filter(|drive| drive.line == line);
            if known.is_some_and(|drive| passed.saturating_sub(drive.read) < READ_AGAIN) {
                continue;
            }
            let mut said = Box::new(describe_with(&device, &examine(&*self.bus, &device)));
            said.tokens = token::seen(&*self.bus, &device);
            let seen = Observation::Device(line.clone(), said);
            changed |= known.is_none_or(|drive| drive.seen != seen);
            self.attached.insert(position, Attached { line, seen, read: passed });
        }
        changed
    }
}

fn told(change: &Change) -> Event {
    let name = |device: &Device| {
        let serial = device.serial.value().map_or("-", |serial| serial.as_str());
        printable(&format!("{} {} {serial}", device.id, device.claimed_name()), 120)
    };
    match change {
        Change::Present(arrival) | Change::Arrived(arrival) => {
            let device = &arrival.device;
            // A drive that cannot be told from another is counted nowhere, and must not look
            // as if it were.
            let event = match identity_line(device) {
                None if device.is_removable_medium() => Event::Unread,
                _ => Event::Came,
            };
            event(device.position.clone(), name(device))
        }
        Change::Left { device, .. } => Event::Left(device.position.clone(), name(device)),
        Change::Unidentified { position, .. } => Event::Unidentified(position.clone()),
    }
}

impl Event {
    /// Whether somebody should look into it.
    pub fn is_alarm(&self) -> bool {
        matches!(
            self,
            Event::Unidentified(_)
                | Event::Unread(..)
                | Event::Blind(_)
                | Event::Cabinet(_, Movement::Unexplained(_) | Movement::Double(..))
                | Event::Called(_, Err(_))
        )
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Came(position, name) => write!(f, "{position}: {name} is there"),
            Event::Left(position, name) => write!(f, "{position}: {name} has left"),
            Event::Unidentified(position) => {
                write!(f, "{position}: something was plugged in and could not be identified")
            }
            Event::Unread(position, name) => write!(
                f,
                "{position}: {name} is there, and its serial CANNOT BE READ: it counts as absent. \
                 Let this user read USB devices (docs/daemon.md), or try another port"
            ),
            Event::Cabinet(cabinet, movement) => match movement {
                Movement::Came(id) => write!(f, "{cabinet}: {id} is in its place"),
                Movement::Left(id) => write!(f, "{cabinet}: {id} has left; awaiting its handover"),
                Movement::Awaited(id) => write!(f, "{cabinet}: {id} belongs here; awaiting it"),
                Movement::Explained(id) => write!(f, "{cabinet}: {id} has left, as recorded"),
                Movement::Unexplained(id) => {
                    write!(f, "{cabinet}: {id} LEFT WITHOUT A HANDOVER")
                }
                Movement::Double(id, place) => {
                    write!(f, "{cabinet}: {id} is here and was seen at {place}: one is a copy")
                }
            },
            Event::Called(cabinet, Ok(called)) => write!(
                f,
                "{cabinet}: roll-call recorded as entry {} ({} there, {} not, {} unknown)",
                called.entry, called.present, called.absent, called.unknown
            ),
            Event::Called(cabinet, Err(error)) => {
                write!(f, "{cabinet}: the roll-call could not be recorded: {error}")
            }
            Event::Blind(why) => write!(f, "the bus cannot be read: {why}"),
            Event::Seeing => f.write_str("the bus can be read again"),
        }
    }
}
