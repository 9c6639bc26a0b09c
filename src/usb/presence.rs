//! Arrivals and removals, concluded from what a bus shows from moment to moment.
//!
//! [`Tracker`] is a pure state machine: it is told which places are taken and what
//! a device at a place showed, each with the time, and answers with the [`Change`]s
//! that follow. It has no clock and asks no bus; [`lookout`](super::lookout) does.
//!
//! Three rules make one event of one plugging:
//!
//! - A place that is empty for less than [`Timing::bounce`] is not left. What comes
//!   back is read again, and only if it is another device is there anything to say:
//!   a stick that turns into something else within a blink is the very thing a
//!   bounce must not hide.
//! - A device is announced when everything that is to be known of it is there, or
//!   when [`Timing::deadline`] has passed; then with what is missing. Disks appear
//!   a second after their device, and a device node may lack its permissions at first.
//! - What was announced is announced as gone, once, whatever happened in between.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::model::hardware::Reading;

use super::{Device, Position, SerialReading, Source};

/// The places that are taken, each with the address the device has there, where
/// that is known. Another address is another plugging, even if the place was never
/// seen empty.
pub type Places = BTreeMap<Position, Option<u32>>;

/// How long is waited for what. Times are of any clock that never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// An absence shorter than this is a loose contact.
    pub bounce: Duration,
    /// A device is announced after this time, however little of it could be read.
    pub deadline: Duration,
    /// The pause after the first reading; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause between two readings.
    pub longest_pause: Duration,
}

impl Default for Timing {
    /// 300 ms; 5 s, since Linux waits one second before it looks for disks and slow
    /// ones take another two or three; 25 ms to 100 ms.
    fn default() -> Self {
        Timing {
            bounce: Duration::from_millis(300),
            deadline: Duration::from_secs(5),
            first_pause: Duration::from_millis(25),
            longest_pause: Duration::from_millis(100),
        }
    }
}

/// What could not be read of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// Its descriptors.
    Descriptors,
    /// Its serial number.
    Serial,
    /// How it calls itself.
    Names,
    /// The disk that its storage interface promises.
    Disk,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Descriptors => "its descriptors",
            Self::Serial => "its serial number",
            Self::Names => "how it calls itself",
            Self::Disk => "its disk",
        })
    }
}

/// A removable medium that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What it is.
    pub device: Device,
    /// When the place was first seen taken.
    pub noticed: Duration,
    /// When everything was read.
    pub identified: Duration,
    /// What was not read before the deadline.
    pub missing: Vec<Missing>,
}

/// Something that happened at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A medium was there already when watching began.
    Present(Box<Arrival>),
    /// A medium was plugged in.
    Arrived(Box<Arrival>),
    /// A medium that had been announced is gone.
    Left {
        /// What it was.
        device: Box<Device>,
        /// When the place was first seen empty, or taken by something else.
        noticed: Duration,
    },
    /// Something was plugged in that could not be identified: it left too soon, or
    /// nothing of it can be read.
    Unidentified {
        /// Where.
        position: Position,
        /// As far as it was read.
        device: Option<Box<Device>>,
        /// When the place was first seen taken.
        noticed: Duration,
        /// When it left; none if it is still there.
        left: Option<Duration>,
    },
}

/// What is being read, or was when it vanished.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reader {
    since: Duration,
    next: Duration,
    pause: Duration,
    last: Option<Device>,
    /// It was there when watching began.
    from_start: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// Taken, and being read.
    Reading(Reader),
    /// Taken, and all said.
    Settled,
    /// Empty since then; what was being read if it had not been announced.
    Gone(Duration, Option<Reader>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    address: Option<u32>,
    /// The medium that was announced and not yet announced as gone.
    announced: Option<Device>,
    stage: Stage,
}

/// Which media are plugged in, and what has been said of them.
#[derive(Debug, Clone, Default)]
pub struct Tracker {
    timing: Timing,
    places: BTreeMap<Position, Place>,
    begun: bool,
}

impl Tracker {
    /// Knows of nothing yet. What the first look shows was there before.
    #[must_use]
    pub fn new(timing: Timing) -> Self {
        Self { timing, ..Self::default() }
    }

    /// Takes in which places are taken at `now`.
    pub fn look(&mut self, now: Duration, taken: &Places) -> Vec<Change> {
        let mut changes = Vec::new();
        let known = std::mem::take(&mut self.places);
        for (position, place) in known {
            let followed = match taken.get(&position) {
                Some(address) => self.taken(now, place, *address, &position, &mut changes),
                None => self.empty(now, place, &position, &mut changes),
            };
            if let Some(place) = followed {
                self.places.insert(position, place);
            }
        }
        for (position, address) in taken {
            if !self.places.contains_key(position) {
                let reader = self.reader(now, !self.begun);
                let stage = Stage::Reading(reader);
                let place = Place { address: *address, announced: None, stage };
                self.places.insert(position.clone(), place);
            }
        }
        self.begun = true;
        changes
    }

    /// The places whose device is to be read now.
    #[must_use]
    pub fn to_read(&self, now: Duration) -> Vec<Position> {
        let due = |place: &Place| matches!(&place.stage, Stage::Reading(r) if r.next <= now);
        let due = self.places.iter().filter(|(_, place)| due(place));
        due.map(|(position, _)| position.clone()).collect()
    }

    /// Takes in what the device at `position` showed; none where there was nothing
    /// to read.
    pub fn read(
        &mut self,
        now: Duration,
        position: &Position,
        device: Option<Device>,
    ) -> Vec<Change> {
        let Timing { deadline, longest_pause, .. } = self.timing;
        let Some(place) = self.places.get_mut(position) else { return Vec::new() };
        let Stage::Reading(reader) = &mut place.stage else { return Vec::new() };
        let whole = device.as_ref().is_some_and(|device| is_whole(device, reader.last.as_ref()));
        reader.last = device.or(reader.last.take());
        if whole || now.saturating_sub(reader.since) >= deadline {
            return settle(now, place, position);
        }
        reader.next = now + reader.pause;
        reader.pause = (reader.pause * 2).min(longest_pause);
        Vec::new()
    }

    /// When there is something to do even if nothing happens.
    #[must_use]
    pub fn next(&self) -> Option<Duration> {
        let due = |place: &Place| match &place.stage {
            Stage::Reading(reader) => Some(reader.next),
            Stage::Gone(since, _) => Some(*since + self.timing.bounce),
            Stage::Settled => None,
        };
        self.places.values().filter_map(due).min()
    }

    /// The media that are there and have been announced.
    pub fn media(&self) -> impl Iterator<Item = &Device> {
        let there = self.places.values().filter(|place| !matches!(place.stage, Stage::Gone(..)));
        there.filter_map(|place| place.announced.as_ref())
    }

    /// Whether nothing is being read and no contact may be loose: what is announced is
    /// what is there.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.places.values().all(|place| matches!(place.stage, Stage::Settled))
    }

    /// Says all that was held back, because nobody will look again.
    pub fn finish(mut self, now: Duration) -> Vec<Change> {
        let mut changes = Vec::new();
        for (position, mut place) in std::mem::take(&mut self.places) {
            if matches!(place.stage, Stage::Reading(_)) {
                changes.extend(settle(now, &mut place, &position));
            } else if let Stage::Gone(since, reader) = place.stage {
                changes.extend(gone(&position, place.announced, since, reader));
            }
        }
        changes
    }

    fn reader(&self, now: Duration, from_start: bool) -> Reader {
        Reader { since: now, next: now, pause: self.timing.first_pause, last: None, from_start }
    }

    /// A place that was known and is taken.
    fn taken(
        &self,
        now: Duration,
        mut place: Place,
        address: Option<u32>,
        position: &Position,
        changes: &mut Vec<Change>,
    ) -> Option<Place> {
        let another = matches!((place.address, address), (Some(a), Some(b)) if a != b);
        place.address = address.or(place.address);
        place.stage = match place.stage {
            Stage::Gone(since, reader) if now.saturating_sub(since) >= self.timing.bounce => {
                changes.extend(gone(position, place.announced.take(), since, reader));
                Stage::Reading(self.reader(now, false))
            }
            Stage::Gone(_, Some(before)) => Stage::Reading(self.again(now, before)),
            Stage::Gone(_, None) => Stage::Reading(self.reader(now, false)),
            Stage::Reading(before) if another => Stage::Reading(self.again(now, before)),
            Stage::Settled if another => Stage::Reading(self.reader(now, false)),
            unchanged => unchanged,
        };
        Some(place)
    }

    /// Reading begins anew; the plugging is the same, and so is its deadline.
    fn again(&self, now: Duration, before: Reader) -> Reader {
        Reader { since: before.since, ..self.reader(now, before.from_start) }
    }

    /// A place that was known and is empty.
    fn empty(
        &self,
        now: Duration,
        mut place: Place,
        position: &Position,
        changes: &mut Vec<Change>,
    ) -> Option<Place> {
        place.stage = match place.stage {
            Stage::Gone(since, reader) if now.saturating_sub(since) >= self.timing.bounce => {
                changes.extend(gone(position, place.announced, since, reader));
                return None;
            }
            // Of a keyboard or a hub nothing was said when it came.
            Stage::Settled if place.announced.is_none() => return None,
            Stage::Settled => Stage::Gone(now, None),
            // What was announced before is what leaves; the reading was about whether
            // it is still the same.
            Stage::Reading(_) if place.announced.is_some() => Stage::Gone(now, None),
            Stage::Reading(reader) => Stage::Gone(now, Some(reader)),
            Stage::Gone(since, reader) => Stage::Gone(since, reader),
        };
        Some(place)
    }
}

/// What is to be said of a place that has been empty for too long.
fn gone(
    position: &Position,
    announced: Option<Device>,
    since: Duration,
    reader: Option<Reader>,
) -> Option<Change> {
    if let Some(device) = announced {
        return Some(Change::Left { device: Box::new(device), noticed: since });
    }
    let reader = reader?;
    // That it was no medium is certain once its descriptors were there.
    let harmless = |device: &Device| !device.is_removable_medium() && missing(device).is_empty();
    if reader.last.as_ref().is_some_and(harmless) {
        return None;
    }
    Some(Change::Unidentified {
        position: position.clone(),
        device: reader.last.map(Box::new),
        noticed: reader.since,
        left: Some(since),
    })
}

/// Ends the reading of a place with what was read.
fn settle(now: Duration, place: &mut Place, position: &Position) -> Vec<Change> {
    let Stage::Reading(reader) = std::mem::replace(&mut place.stage, Stage::Settled) else {
        return Vec::new();
    };
    let before = place.announced.take();
    let Reader { since, last, from_start, .. } = reader;
    if let (Some(before), Some(device)) = (&before, &last)
        && is_same(before, device)
    {
        place.announced = last;
        return Vec::new();
    }
    let left = before.map(|device| Change::Left { device: Box::new(device), noticed: since });
    let came = match last {
        Some(device) if device.is_removable_medium() => {
            place.announced = Some(device.clone());
            let missing = missing(&device);
            let arrival = Box::new(Arrival { device, noticed: since, identified: now, missing });
            Some(if from_start { Change::Present(arrival) } else { Change::Arrived(arrival) })
        }
        Some(_) => None,
        None => Some(Change::Unidentified {
            position: position.clone(),
            device: None,
            noticed: since,
            left: None,
        }),
    };
    left.into_iter().chain(came).collect()
}

/// Whether this is what was announced, back from a loose contact. Only the names of
/// disks may differ: the system gives them in order of arrival.
fn is_same(before: &Device, now: &Device) -> bool {
    (before.id, &before.serial, &before.profile) == (now.id, &now.serial, &now.profile)
        && before.observed.descriptors == now.observed.descriptors
}

/// Whether no further reading will show more. Linux adds the disks of a device one
/// by one, so that two readings have to agree there.
fn is_whole(device: &Device, before: Option<&Device>) -> bool {
    let steady = device.source != Source::Sysfs
        || !device.is_removable_medium()
        || before.is_some_and(|before| before.observed == device.observed);
    steady && missing(device).is_empty()
}

/// What has not been read of a device that could be.
fn missing(device: &Device) -> Vec<Missing> {
    let mut missing = Vec::new();
    if device.profile.interfaces.is_empty() {
        missing.push(Missing::Descriptors);
    }
    if device.is_removable_medium() {
        if device.serial == SerialReading::Unread {
            missing.push(Missing::Serial);
        }
        let profile = &device.profile;
        if [&profile.manufacturer, &profile.product]
            .into_iter()
            .any(|text| *text == Reading::Unread)
        {
            missing.push(Missing::Names);
        }
    }
    if device.source == Source::Sysfs && lacks_a_disk(device) {
        missing.push(Missing::Disk);
    }
    missing
}

/// Whether a disk is promised and not there: by a storage interface, or by one of
/// the vendor's own, as card readers have; by each unit that is a kind of disk.
fn lacks_a_disk(device: &Device) -> bool {
    const DISKS: [u8; 6] = [0, 4, 5, 7, 14, 20];
    let promised = |interface: &crate::model::hardware::Interface| {
        interface.is_storage() || interface.is_vendor()
    };
    match device.observed.luns.value() {
        None => device.profile.interfaces.iter().any(promised),
        Some(units) => units
            .iter()
            .any(|unit| unit.block.is_none() && unit.kind.is_none_or(|kind| DISKS.contains(&kind))),
    }
}
