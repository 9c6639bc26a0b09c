//! Arrivals and removals as they happen, with what the ledger says of each drive.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bus::BusChoice;
use super::clock::Clock;
use super::error::OpsError;
use super::follow::Onlooker;
use super::scan::rows;
use crate::model::{Stamp, Zone};
use crate::render::json::to_json_line;
use crate::report::watch::{Happening, WatchEvent};
use crate::usb::lookout::{self, Libusb, Lookout, Polled, Replayed};
use crate::usb::presence::{Arrival, Change, Timing, Tracker};
use crate::usb::recorded::Recording;
use crate::usb::sysfs::Sysfs;
use crate::usb::{Bus, BusError, Device};

/// The longest time in which nothing is looked at, whatever a lookout would wait.
const PATIENCE: Duration = Duration::from_secs(1);

/// From where the chosen bus is watched. A recording is played frame by frame,
/// unless one frame is named.
///
/// # Errors
/// When there is no such bus, or the recording cannot be used.
pub fn lookout(choice: &BusChoice) -> Result<Box<dyn Lookout>, OpsError> {
    Ok(match choice {
        BusChoice::System => lookout::system()?,
        BusChoice::Libusb => Box::new(Libusb::new(None)?),
        BusChoice::Sysfs => Box::new(Polled::new(Sysfs::default())),
        BusChoice::Recording(path, frame) => {
            let recording = Recording::read(path).map_err(BusError::from)?;
            let recording = match frame {
                Some(label) => recording.only(label).map_err(BusError::from)?,
                None => recording,
            };
            Box::new(Replayed::new(recording))
        }
    })
}

/// When a watch ends by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// After this time.
    pub lasting: Option<Duration>,
    /// After so many drives came or went.
    pub movements: Option<u64>,
}

/// A bus being watched.
pub struct Watch<'a> {
    lookout: &'a mut dyn Lookout,
    ledger: Option<Onlooker>,
    clock: &'a dyn Clock,
    timing: Timing,
    reading: Option<Box<dyn Bus>>,
}

/// What is called with each event; a break ends the watch.
pub type Teller<'a> = &'a mut dyn FnMut(&WatchEvent) -> Result<ControlFlow<()>, OpsError>;

impl<'a> Watch<'a> {
    /// Prepares to watch. `folder` is none where there is no ledger to ask.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn new(
        lookout: &'a mut dyn Lookout,
        folder: Option<&Path>,
        clock: &'a dyn Clock,
    ) -> Result<Self, OpsError> {
        let ledger = folder.map(Onlooker::open).transpose()?;
        Ok(Watch { lookout, ledger, clock, timing: Timing::default(), reading: None })
    }

    /// Reads each drive that is there or arrives as well, where `bus` says it can be
    /// opened. What comes or goes meanwhile is told afterwards, at its own time.
    #[must_use]
    pub fn reading(self, bus: Box<dyn Bus>) -> Self {
        Watch { reading: Some(bus), ..self }
    }

    /// Watches until a limit is reached, `stop` says so or `tell` breaks. What was
    /// held back, in case a contact was only loose, is told at the end.
    ///
    /// # Errors
    /// When the bus can no longer be read, the clock is impossible, or `tell` fails.
    pub fn run(
        &mut self,
        limits: Limits,
        stop: &dyn Fn() -> bool,
        tell: Teller<'_>,
    ) -> Result<(), OpsError> {
        let mut tracker = Tracker::new(self.timing);
        let mut moved = 0;
        let began = self.lookout.now();
        let bus = self.lookout.name();
        // Before the first event, so that no bus is no beginning either.
        let first = self.lookout.places()?;
        let mut begun = self.bare(Happening::Begun, Some(bus.clone()))?;
        if self.ledger.is_none() {
            begun.notices.push("no ledger was asked".to_owned());
        }
        let mut going = tell(&begun)?;
        let mut changes = tracker.look(self.lookout.now(), &first);
        while going.is_continue() {
            for position in tracker.to_read(self.lookout.now()) {
                let device = self.lookout.read(&position);
                changes.extend(tracker.read(self.lookout.now(), &position, device));
            }
            going = self.tell_all(&tracker, &mut changes, limits, &mut moved, tell)?;
            let now = self.lookout.now();
            let over = limits.lasting.is_some_and(|lasting| now.saturating_sub(began) >= lasting);
            if going.is_break() || over || stop() || self.lookout.has_ended() {
                break;
            }
            let until = tracker.next().map_or(PATIENCE, |next| next.saturating_sub(now));
            let left = limits.lasting.map(|lasting| (began + lasting).saturating_sub(now));
            self.lookout.wait(until.min(left.unwrap_or(PATIENCE)).min(PATIENCE));
            let places = self.lookout.places()?;
            changes = tracker.look(self.lookout.now(), &places);
        }
        if going.is_continue() {
            let mut held = tracker.clone().finish(self.lookout.now());
            // It ends here in any case.
            let _ = self.tell_all(&tracker, &mut held, limits, &mut moved, tell)?;
        }
        let _ = tell(&self.bare(Happening::Ended, Some(bus))?)?;
        Ok(())
    }

    fn tell_all(
        &mut self,
        tracker: &Tracker,
        changes: &mut Vec<Change>,
        limits: Limits,
        moved: &mut u64,
        tell: Teller<'_>,
    ) -> Result<ControlFlow<()>, OpsError> {
        for change in changes.drain(..) {
            let event = self.event(tracker, change)?;
            if tell(&event)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            *moved += u64::from(event.event.is_movement());
            if limits.movements.is_some_and(|most| *moved >= most) {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// An event in the words people see.
    fn event(&mut self, tracker: &Tracker, change: Change) -> Result<WatchEvent, OpsError> {
        Ok(match change {
            Change::Present(arrival) => self.arrival(tracker, Happening::Present, &arrival)?,
            Change::Arrived(arrival) => self.arrival(tracker, Happening::Arrived, &arrival)?,
            Change::Left { device, noticed } => {
                let mut event = self.with_device(tracker, Happening::Left, &device, noticed)?;
                // It has gone, so nothing of it is odd any more; what it was stands
                // in the line of its arrival.
                if let Some(row) = &mut event.device {
                    row.oddities.clear();
                    row.alarms.clear();
                }
                event
            }
            Change::Unidentified { position, device, noticed, left } => {
                let happening = Happening::Unidentified;
                let mut event = match device {
                    Some(device) => self.with_device(tracker, happening, &device, noticed)?,
                    None => self.bare(happening, None)?,
                };
                event.at = self.stamp(noticed)?;
                event.position = Some(position.to_string());
                event.notices.push(match left {
                    Some(left) => {
                        let stayed = left.saturating_sub(noticed).as_millis();
                        format!("it was gone again after {stayed} ms")
                    }
                    None => "it is there and nothing of it can be read".to_owned(),
                });
                event
            }
        })
    }

    fn arrival(
        &mut self,
        tracker: &Tracker,
        happening: Happening,
        arrival: &Arrival,
    ) -> Result<WatchEvent, OpsError> {
        let mut event = self.with_device(tracker, happening, &arrival.device, arrival.noticed)?;
        let took = arrival.identified.saturating_sub(arrival.noticed);
        event.arrival_to_identified_ms = u64::try_from(took.as_millis()).ok();
        event.unread = arrival.missing.iter().map(ToString::to_string).collect();
        Ok(event)
    }

    fn with_device(
        &mut self,
        tracker: &Tracker,
        happening: Happening,
        device: &Device,
        noticed: Duration,
    ) -> Result<WatchEvent, OpsError> {
        let mut event = self.bare(happening, None)?;
        event.at = self.stamp(noticed)?;
        event.position = Some(device.position.to_string());
        let present: Vec<Device> = tracker.media().cloned().collect();
        let now = self.stamp(self.lookout.now())?;
        let ledger = match self.ledger.as_mut().map(Onlooker::state).transpose() {
            Ok(state) => state.map(|state| (state, now)),
            // The drive is there all the same, and the next event asks again.
            Err(error) => {
                event.notices.push(format!("the ledger could not be read: {error}"));
                None
            }
        };
        let reading = self.reading.as_deref().filter(|_| happening != Happening::Left);
        event.device = rows(std::slice::from_ref(device), &present, ledger, reading).pop();
        Ok(event)
    }

    fn bare(&self, event: Happening, bus: Option<String>) -> Result<WatchEvent, OpsError> {
        Ok(WatchEvent {
            event,
            at: self.stamp(self.lookout.now())?,
            bus,
            position: None,
            device: None,
            arrival_to_identified_ms: None,
            unread: Vec::new(),
            notices: Vec::new(),
        })
    }

    /// The wall clock at a moment of the lookout's.
    fn stamp(&self, moment: Duration) -> Result<Stamp, OpsError> {
        let ago = self.lookout.now().saturating_sub(moment).as_secs();
        let now = match &self.ledger {
            Some(ledger) => ledger.now(self.clock)?,
            None => Stamp::from_unix(self.clock.unix(), &Zone::utc()).map_err(|_| {
                OpsError::input("clock", "this computer's clock shows an impossible time; set it")
            })?,
        };
        Ok(now.plus_seconds(-i64::try_from(ago).unwrap_or(0)))
    }
}

/// A file of events, one a line, to which lines are only ever added. It is no part
/// of the ledger: nobody signs what a port saw.
#[derive(Debug)]
pub struct EventLog {
    file: File,
    path: PathBuf,
}

impl EventLog {
    /// Opens the file, which is made if it is not there. A last line that a power
    /// cut left without its end is ended, so that it spoils no other.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(path: &Path) -> Result<Self, OpsError> {
        let opened = || -> io::Result<File> {
            let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
            if file.metadata()?.len() > 0 {
                let mut last = [0];
                file.seek(SeekFrom::End(-1))?;
                file.read_exact(&mut last)?;
                if last != *b"\n" {
                    file.write_all(b"\n")?;
                }
            }
            Ok(file)
        };
        let file = opened().map_err(|error| OpsError::file("cannot write", path, error))?;
        Ok(EventLog { file, path: path.to_owned() })
    }

    /// Adds an event; when this returns, it survives a power cut.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, event: &WatchEvent) -> Result<(), OpsError> {
        let written = self.file.write_all(to_json_line(event).as_bytes());
        written
            .and_then(|()| self.file.sync_data())
            .map_err(|error| OpsError::file("cannot write", &self.path, error))
    }
}
