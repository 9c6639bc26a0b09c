//! The tracker: what follows from what a bus shows. Time passes in steps of 50 ms.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use media_custody::model::hardware::Reading;
use media_custody::usb::presence::{Change, Places, Timing, Tracker};
use media_custody::usb::{Device, Observation, Position, Source, Units};
use proptest::prelude::*;

use crate::attached::recorded;

const STEP: u64 = 50;
/// How long a stick of this world takes until its disk is there.
const DISK_AFTER: u64 = 200;

/// What is plugged in where.
#[derive(Debug, Clone)]
struct Plugged {
    stick: u8,
    address: u32,
    since: u64,
}

/// A bus to which things are done.
struct World {
    now: u64,
    address: u32,
    plugged: BTreeMap<u8, Plugged>,
    tracker: Tracker,
    told: Vec<String>,
}

fn place(port: u8) -> Position {
    Position::new(1, &[port]).expect("a position")
}

/// Sticks 1 and 2 differ in nothing; 9 is a keyboard; the others have serials.
fn device(stick: u8, port: u8, disk: bool) -> Device {
    static KNOWN: OnceLock<Observation> = OnceLock::new();
    let mut seen = KNOWN.get_or_init(|| recorded("kingston-datatraveler.json")).clone();
    seen.position = place(port);
    let serial = match stick {
        1 | 2 => "1C6F65D8ABCDE1234567".to_owned(),
        other => format!("60A44C3FAE28B0B1098901{other:02}"),
    };
    seen.serial = Reading::Read(Units(serial.encode_utf16().collect()));
    if !disk {
        seen.luns = Reading::Absent;
    }
    if stick == 9 {
        seen.luns = Reading::Absent;
        // One configuration with one interface: a boot keyboard.
        seen.descriptors.truncate(18);
        seen.descriptors.extend([9, 2, 18, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 0, 3, 1, 1, 0]);
    }
    Device::from_observation(seen, Source::Sysfs)
}

impl World {
    fn new() -> Self {
        let mut world = World {
            now: 0,
            address: 1,
            plugged: BTreeMap::new(),
            tracker: Tracker::new(Timing::default()),
            told: Vec::new(),
        };
        world.look();
        world
    }

    fn plug(&mut self, port: u8, stick: u8) {
        self.address += 1;
        let plugged = Plugged { stick, address: self.address, since: self.now };
        self.plugged.insert(port, plugged);
    }

    fn unplug(&mut self, port: u8) {
        self.plugged.remove(&port);
    }

    fn look(&mut self) {
        let now = Duration::from_millis(self.now);
        let places: Places = self
            .plugged
            .iter()
            .map(|(port, plugged)| (place(*port), Some(plugged.address)))
            .collect();
        let mut changes = self.tracker.look(now, &places);
        for position in self.tracker.to_read(now) {
            let found = self.plugged.iter().find(|(port, _)| place(**port) == position);
            let device = found.map(|(port, plugged)| {
                device(plugged.stick, *port, self.now >= plugged.since + DISK_AFTER)
            });
            changes.extend(self.tracker.read(now, &position, device));
        }
        self.tell(changes);
    }

    fn tell(&mut self, changes: Vec<Change>) {
        let serial = |device: &Device| {
            let text = device.serial.to_string();
            format!("{} {}", device.position, &text[text.len() - 2..])
        };
        self.told.extend(changes.iter().map(|change| match change {
            Change::Present(arrival) => format!("present {}", serial(&arrival.device)),
            Change::Arrived(arrival) if arrival.missing.is_empty() => {
                format!("arrived {}", serial(&arrival.device))
            }
            Change::Arrived(arrival) => {
                format!("arrived {} without {:?}", serial(&arrival.device), arrival.missing)
            }
            Change::Left { device, .. } => format!("left {}", serial(device)),
            Change::Unidentified { position, left, .. } => {
                format!("unidentified {position} {}", if left.is_some() { "gone" } else { "there" })
            }
        }));
    }

    fn wait(&mut self, milliseconds: u64) {
        let until = self.now + milliseconds;
        while self.now < until {
            self.now += STEP;
            self.look();
        }
    }

    /// What was told since the last time.
    fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }
}

/// What is done to a bus.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Plug(u8, u8),
    Unplug(u8),
    Wait(u64),
}

use Deed::{Plug, Unplug, Wait};

/// One row: its name, what is done, what is told.
type Row = (&'static str, &'static [Deed], &'static [&'static str]);

const TABLE: &[Row] = &[
    (
        "one cycle",
        &[Plug(1, 3), Wait(1_000), Unplug(1), Wait(1_000)],
        &["arrived 1-1 03", "left 1-1 03"],
    ),
    (
        "a loose contact, after it was announced",
        &[Plug(1, 3), Wait(1_000), Unplug(1), Wait(200), Plug(1, 3), Wait(1_000)],
        &["arrived 1-1 03"],
    ),
    (
        "a loose contact, before it was announced",
        &[Plug(1, 3), Wait(100), Unplug(1), Wait(200), Plug(1, 3), Wait(1_000)],
        &["arrived 1-1 03"],
    ),
    (
        "another stick within the time of a bounce is no bounce",
        &[Plug(1, 3), Wait(1_000), Unplug(1), Wait(100), Plug(1, 4), Wait(1_000)],
        &["arrived 1-1 03", "left 1-1 03", "arrived 1-1 04"],
    ),
    (
        "the same stick with another address, never seen gone",
        &[Plug(1, 3), Wait(1_000), Plug(1, 3), Wait(1_000)],
        &["arrived 1-1 03"],
    ),
    (
        "another stick with another address, never seen gone",
        &[Plug(1, 3), Wait(1_000), Plug(1, 4), Wait(1_000)],
        &["arrived 1-1 03", "left 1-1 03", "arrived 1-1 04"],
    ),
    (
        "a stick that turns into a keyboard",
        &[Plug(1, 3), Wait(1_000), Plug(1, 9), Wait(1_000)],
        &["arrived 1-1 03", "left 1-1 03"],
    ),
    ("a keyboard", &[Plug(1, 9), Wait(1_000), Unplug(1), Wait(1_000)], &[]),
    (
        "two identical sticks",
        &[Plug(1, 1), Wait(1_000), Plug(2, 2), Wait(1_000), Unplug(1), Wait(1_000)],
        &["arrived 1-1 67", "arrived 1-2 67", "left 1-1 67"],
    ),
    (
        "gone while it is being identified",
        &[Plug(1, 3), Wait(100), Unplug(1), Wait(1_000)],
        &["unidentified 1-1 gone"],
    ),
    (
        "into another port",
        &[Plug(1, 3), Wait(1_000), Unplug(1), Plug(2, 3), Wait(1_000)],
        &["arrived 1-1 03", "left 1-1 03", "arrived 1-2 03"],
    ),
];

#[test]
fn each_history_is_told_right() {
    for (name, deeds, expected) in TABLE {
        let mut world = World::new();
        for deed in *deeds {
            match *deed {
                Plug(port, stick) => world.plug(port, stick),
                Unplug(port) => world.unplug(port),
                Wait(milliseconds) => world.wait(milliseconds),
            }
        }
        assert_eq!(world.told(), *expected, "{name}");
    }
}

#[test]
fn what_is_there_at_first_has_not_arrived() {
    let mut world = World::new();
    world.tracker = Tracker::new(Timing::default());
    world.plug(1, 3);
    world.plug(2, 9);
    world.wait(1_000);
    assert_eq!(world.told(), ["present 1-1 03"]);
    world.unplug(1);
    world.wait(1_000);
    assert_eq!(world.told(), ["left 1-1 03"]);
}

#[test]
fn a_hub_pulled_is_one_removal_for_each_drive() {
    let mut world = World::new();
    for port in 1..=8 {
        world.plug(port, 10 + port);
    }
    world.wait(1_000);
    assert_eq!(world.told().len(), 8);
    for port in 1..=8 {
        world.unplug(port);
    }
    world.wait(1_000);
    let told = world.told();
    let expected: Vec<String> = (1..=8).map(|n| format!("left 1-{n} {}", 10 + n)).collect();
    assert_eq!(told, expected);
    world.plug(1, 3);
    world.wait(1_000);
    assert_eq!(world.told(), ["arrived 1-1 03"]);
}

#[test]
fn at_the_deadline_what_is_missing_is_said() {
    let mut tracker = Tracker::new(Timing::default());
    tracker.look(Duration::ZERO, &Places::new());
    let places = Places::from([(place(1), Some(2))]);
    let (mut changes, mut readings) = (Vec::new(), 0);
    for now in (50..=6_000).step_by(50).map(Duration::from_millis) {
        changes.extend(tracker.look(now, &places));
        for position in tracker.to_read(now) {
            readings += 1;
            changes.extend(tracker.read(now, &position, Some(device(3, 1, false))));
        }
    }
    let [Change::Arrived(arrival)] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!(arrival.missing.iter().map(ToString::to_string).collect::<Vec<_>>(), ["its disk"]);
    assert!(arrival.identified >= arrival.noticed + Timing::default().deadline);
    assert!((40..=60).contains(&readings), "{readings} readings: the pauses grow, to a limit");
    assert_eq!(tracker.next(), None, "nothing is left to do");
}

#[test]
fn a_device_of_which_nothing_can_be_read_is_told() {
    let mut tracker = Tracker::new(Timing::default());
    tracker.look(Duration::ZERO, &Places::new());
    let places = Places::from([(place(1), Some(2))]);
    let mut changes = Vec::new();
    for now in (50..=6_000).step_by(50).map(Duration::from_millis) {
        changes.extend(tracker.look(now, &places));
        for position in tracker.to_read(now) {
            changes.extend(tracker.read(now, &position, None));
        }
    }
    assert!(matches!(changes.as_slice(), [Change::Unidentified { left: None, .. }]), "{changes:?}");
}

#[test]
fn what_was_held_back_is_told_at_the_end() {
    let mut world = World::new();
    world.plug(1, 3);
    world.wait(1_000);
    world.unplug(1);
    world.plug(2, 4);
    world.wait(100);
    world.told();
    let held = std::mem::take(&mut world.tracker).finish(Duration::from_millis(world.now));
    world.tell(held);
    assert_eq!(world.told(), ["left 1-1 03", "arrived 1-2 04 without [Disk]"]);
}

/// Deeds in any order and at any speed.
fn deeds(pause: std::ops::Range<u64>) -> impl Strategy<Value = Vec<(u64, u8, Option<u8>)>> {
    let stick = prop_oneof![Just(None), (1_u8..10).prop_map(Some)];
    prop::collection::vec((pause, 1_u8..4, stick), 1..40)
}

proptest! {
    /// Whatever is done, at each place arrivals and removals take turns, and in the end
    /// exactly what is plugged in has been announced.
    #[test]
    fn nothing_is_doubled_and_nothing_missed(deeds in deeds(0..900)) {
        let mut world = World::new();
        for (pause, port, stick) in deeds {
            match stick {
                Some(stick) => world.plug(port, stick),
                None => world.unplug(port),
            }
            world.wait(pause);
        }
        world.wait(7_000);
        let mut here: BTreeMap<String, String> = BTreeMap::new();
        for line in world.told() {
            let words: Vec<&str> = line.split(' ').collect();
            let (what, place) = (words[0], words[1].to_owned());
            match what {
                "arrived" => prop_assert_eq!(here.insert(place, words[2].to_owned()), None),
                "left" => {
                    let was = here.remove(&place);
                    prop_assert_eq!(was.as_deref(), Some(words[2]));
                }
                _ => prop_assert_eq!(what, "unidentified"),
            }
        }
        let media = world.plugged.iter().filter(|(_, plugged)| plugged.stick != 9);
        let there: BTreeMap<String, String> = media
            .map(|(port, plugged)| {
                let text = device(plugged.stick, *port, true).serial.to_string();
                (place(*port).to_string(), text[text.len() - 2..].to_owned())
            })
            .collect();
        prop_assert_eq!(world.tracker.media().count(), here.len());
        prop_assert_eq!(here, there);
    }

    /// Done slowly, every plugging is an arrival and every unplugging a removal.
    #[test]
    fn slow_hands_are_counted(cycles in prop::collection::vec((600_u64..3_000, 450_u64..3_000), 1..20)) {
        let mut world = World::new();
        for (stays, away) in &cycles {
            world.plug(1, 3);
            world.wait(*stays);
            world.unplug(1);
            world.wait(*away);
        }
        let told = world.told();
        let count = |what: &str| told.iter().filter(|line| line.starts_with(what)).count();
        prop_assert_eq!((count("arrived"), count("left"), told.len()), (cycles.len(), cycles.len(), 2 * cycles.len()));
    }

    /// However often a contact is lost for a moment, the drive is told of once. (Lost
    /// over and over for longer than the deadline, it is told with what was read by
    /// then, and once more when it shows something else.)
    #[test]
    fn a_loose_contact_is_one_event(losses in prop::collection::vec((50_u64..600, 50_u64..250), 1..6)) {
        let mut world = World::new();
        world.plug(1, 3);
        for (stays, away) in losses {
            world.wait(stays);
            world.unplug(1);
            world.wait(away);
            world.plug(1, 3);
        }
        world.wait(7_000);
        let told = world.told();
        prop_assert!(told.len() == 1 && told[0].starts_with("arrived 1-1 03"), "{told:?}");
    }
}
