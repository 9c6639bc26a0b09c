//! Watching a bus: where the time comes from, what is waited for, which places are
//! taken. What follows from it is [`presence`](super::presence)'s.
//!
//! Being told by the system (libusb's hotplug) only makes a watch quicker. Which
//! places are taken is read from the bus each time, so an event that was lost, or
//! that came twice, makes no difference but a short delay.

use std::thread::sleep;
use std::time::{Duration, Instant};

use rusb::{Context, Hotplug, HotplugBuilder, Registration, UsbContext as _};

use super::presence::Places;
use super::recorded::Recording;
use super::sysfs::Sysfs;
use super::{BusError, Device, Position, Source, libusb};

/// The longest wait for an event. Within it a signal is noticed, and a place whose
/// event was lost.
const TOLD: Duration = Duration::from_millis(500);
/// How often a bus is looked at that says nothing by itself.
const POLL: Duration = Duration::from_millis(250);
/// How long each frame of a recording lasts, on its own clock.
const FRAME: Duration = Duration::from_secs(10);

/// A place from which a bus is watched.
pub trait Lookout {
    /// How it is watched, in words.
    fn name(&self) -> String;

    /// The time since watching began; it never goes back.
    fn now(&self) -> Duration;

    /// Returns when something may have happened, at the latest after `patience`.
    fn wait(&mut self, patience: Duration);

    /// The places that are taken now.
    ///
    /// # Errors
    /// When the bus cannot be read.
    fn places(&mut self) -> Result<Places, BusError>;

    /// The device at a place, as far as it can be read; none if there is none.
    fn read(&mut self, position: &Position) -> Option<Device>;

    /// Whether nothing can happen any more: a recording has come to its end.
    fn has_ended(&self) -> bool {
        false
    }
}

/// The lookout over this machine's bus: sysfs, told by libusb where that can tell,
/// else polled; libusb alone where there is no sysfs.
///
/// # Errors
/// When there is no bus.
pub fn system() -> Result<Box<dyn Lookout>, BusError> {
    let sysfs = Sysfs::default();
    if !sysfs.is_present() {
        return Ok(Box::new(Libusb::new(None)?));
    }
    if rusb::has_hotplug()
        && let Ok(told) = Libusb::new(Some(sysfs.clone()))
    {
        return Ok(Box::new(told));
    }
    Ok(Box::new(Polled::new(sysfs)))
}

/// sysfs, looked at four times a second.
#[derive(Debug)]
pub struct Polled {
    sysfs: Sysfs,
    began: Instant,
}

impl Polled {
    /// Watches a sysfs folder.
    #[must_use]
    pub fn new(sysfs: Sysfs) -> Self {
        Self { sysfs, began: Instant::now() }
    }
}

impl Lookout for Polled {
    fn name(&self) -> String {
        "sysfs, polled".to_owned()
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn wait(&mut self, patience: Duration) {
        sleep(patience.min(POLL));
    }

    fn places(&mut self) -> Result<Places, BusError> {
        self.sysfs.places()
    }

    fn read(&mut self, position: &Position) -> Option<Device> {
        self.sysfs.device_at(position)
    }
}

/// Does nothing: that it was called ends the wait.
struct Bell;

impl Hotplug<Context> for Bell {
    fn device_arrived(&mut self, _: rusb::Device<Context>) {}
    fn device_left(&mut self, _: rusb::Device<Context>) {}
}

/// libusb, which tells of arrivals and removals where it can; with sysfs, that is
/// all it is asked for.
#[derive(Debug)]
pub struct Libusb {
    // Before the context, which it holds on to.
    bell: Option<Registration<Context>>,
    context: Context,
    sysfs: Option<Sysfs>,
    began: Instant,
}

impl Libusb {
    /// Watches with a context of its own; places and devices are read from `sysfs`
    /// if that is given.
    ///
    /// # Errors
    /// When libusb finds no bus, or cannot tell although it says it could.
    pub fn new(sysfs: Option<Sysfs>) -> Result<Self, BusError> {
        let context = libusb::context()?;
        let ring = || {
            HotplugBuilder::new()
                .register::<Context, _>(&context, Box::new(Bell))
                .map_err(|source| BusError::Libusb { step: "asking for events", source })
        };
        let bell = if rusb::has_hotplug() { Some(ring()?) } else { None };
        Ok(Self { bell, context, sysfs, began: Instant::now() })
    }
}

impl Lookout for Libusb {
    fn name(&self) -> String {
        let told = if self.bell.is_some() { "told by libusb" } else { "polled" };
        match self.sysfs {
            Some(_) => format!("sysfs, {told}"),
            None => format!("libusb, {told}"),
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn wait(&mut self, patience: Duration) {
        if self.bell.is_none() {
            return sleep(patience.min(POLL));
        }
        match self.context.handle_events(Some(patience.min(TOLD))) {
            // Interrupted by a signal, which whoever watches will see.
            Ok(()) | Err(rusb::Error::Interrupted) => {}
            // Without events this is polling; it must not become a busy loop.
            Err(_) => sleep(patience.min(POLL)),
        }
    }

    fn places(&mut self) -> Result<Places, BusError> {
        match &self.sysfs {
            Some(sysfs) => sysfs.places(),
            None => libusb::places(&self.context),
        }
    }

    fn read(&mut self, position: &Position) -> Option<Device> {
        match &self.sysfs {
            Some(sysfs) => sysfs.device_at(position),
            None => libusb::device_at(&self.context, position),
        }
    }
}

/// The frames of a recording one after the other, on a clock of their own that goes
/// on only while somebody waits.
#[derive(Debug)]
pub struct Replayed {
    recording: Recording,
    now: Duration,
}

impl Replayed {
    /// Plays all frames.
    #[must_use]
    pub fn new(recording: Recording) -> Self {
        Self { recording, now: Duration::ZERO }
    }

    fn frame(&self) -> usize {
        let passed = self.now.as_secs() / FRAME.as_secs();
        usize::try_from(passed).map_or(usize::MAX, |passed| passed)
    }

    fn shown(&self, frame: usize) -> &[super::Observation] {
        self.recording.frames().get(frame).map_or(&[], |frame| &frame.devices)
    }

    /// The frame since which the device at this place has been as it is.
    fn unchanged_since(&self, frame: usize, device: &super::Observation) -> usize {
        let same = |frame: &usize| self.shown(*frame).contains(device);
        let before = (0..frame).rev().take_while(same).count();
        frame - before
    }
}

impl Lookout for Replayed {
    fn name(&self) -> String {
        format!("recording of {} frames", self.recording.frames().len())
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn wait(&mut self, patience: Duration) {
        self.now += patience.min(POLL);
    }

    fn places(&mut self) -> Result<Places, BusError> {
        // The last frame stays.
        let frame = self.frame().min(self.recording.frames().len() - 1);
        let place = |device: &super::Observation| {
            let since = u32::try_from(self.unchanged_since(frame, device)).ok();
            (device.position.clone(), since)
        };
        Ok(self.shown(frame).iter().map(place).collect())
    }

    fn read(&mut self, position: &Position) -> Option<Device> {
        let frame = self.frame().min(self.recording.frames().len() - 1);
        let seen = self.shown(frame).iter().find(|device| device.position == *position)?;
        Some(Device::from_observation(seen.clone(), Source::Recorded))
    }

    fn has_ended(&self) -> bool {
        self.frame() >= self.recording.frames().len()
    }
}
