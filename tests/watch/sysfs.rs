//! The whole watch over a tree laid out like sysfs, which a script changes while the
//! watch waits.

use std::collections::VecDeque;
use std::fs;
use std::ops::ControlFlow;
use std::time::Duration;

use media_custody::model::hardware::Reading;
use media_custody::ops::watch::{Limits, Watch};
use media_custody::ops::{FixedClock, OpsError};
use media_custody::report::watch::{Happening, WatchEvent};
use media_custody::usb::lookout::Lookout;
use media_custody::usb::presence::Places;
use media_custody::usb::sysfs::Sysfs;
use media_custody::usb::{BusError, Device, Observation, Position, Units};

use crate::attached::{Tree, recorded, show, write};
use crate::office::at;

/// What is done to the tree at a time, in milliseconds.
type Deed<'a> = (u64, Box<dyn Fn(&Tree) + 'a>);

/// A tree in place of sysfs, and a clock that goes on while somebody waits.
struct Scripted<'a> {
    tree: &'a Tree,
    sysfs: Sysfs,
    now: Duration,
    script: VecDeque<Deed<'a>>,
    until: Duration,
}

impl Lookout for Scripted<'_> {
    fn name(&self) -> String {
        "a script".to_owned()
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn wait(&mut self, patience: Duration) {
        self.now += patience.clamp(Duration::from_millis(1), Duration::from_millis(50));
        while let Some((time, _)) = self.script.front()
            && Duration::from_millis(*time) <= self.now
        {
            let (_, deed) = self.script.pop_front().expect("a deed");
            deed(self.tree);
        }
    }

    fn places(&mut self) -> Result<Places, BusError> {
        self.sysfs.places()
    }

    fn read(&mut self, position: &Position) -> Option<Device> {
        self.sysfs.device_at(position)
    }

    fn has_ended(&self) -> bool {
        self.now >= self.until
    }
}

/// Plays the script for ten seconds behind its last deed.
fn watched(script: Vec<Deed<'_>>) -> Vec<WatchEvent> {
    let tree = Tree::new();
    let last = script.last().map_or(0, |(time, _)| *time);
    let mut lookout = Scripted {
        tree: &tree,
        sysfs: tree.bus(),
        now: Duration::ZERO,
        script: script.into(),
        until: Duration::from_millis(last + 10_000),
    };
    let clock = FixedClock::at(at("2026-01-06T10:00:00+09:00"));
    let mut events = Vec::new();
    let mut watch = Watch::new(&mut lookout, None, &clock).expect("a watch");
    let mut tell = |event: &WatchEvent| -> Result<ControlFlow<()>, OpsError> {
        events.push(event.clone());
        Ok(ControlFlow::Continue(()))
    };
    watch.run(Limits::default(), &|| false, &mut tell).expect("watched");
    events
}

/// What was told, without beginning and end: `arrived 1-2 SERIAL`.
fn told(events: &[WatchEvent]) -> Vec<String> {
    let [begun, between @ .., ended] = events else { panic!("{events:?}") };
    assert_eq!((begun.event, ended.event), (Happening::Begun, Happening::Ended));
    let line = |event: &WatchEvent| {
        let serial = event.device.as_ref().and_then(|row| row.serial.clone()).unwrap_or_default();
        let words =
            format!("{:?} {} {serial}", event.event, event.position.as_deref().unwrap_or("-"));
        words.to_lowercase().trim().to_owned()
    };
    between.iter().map(line).collect()
}

fn stick(serial: &str) -> Observation {
    let mut seen = recorded("kingston-datatraveler.json");
    seen.serial = Reading::Read(Units(serial.encode_utf16().collect()));
    seen
}

fn plug(tree: &Tree, parent: &str, name: &str, serial: &str, address: u32) {
    let folder = tree.device(parent, name);
    show(&folder, &stick(serial));
    write(&folder, "devnum", format!("{address}\n"));
}

const A: &str = "1c6f65d8abcde1234567";

#[test]
fn a_disk_that_comes_later_is_waited_for() {
    let events = watched(vec![
        (
            100,
            Box::new(|tree: &Tree| {
                let mut seen = stick(A);
                seen.luns = Reading::Absent;
                let folder = tree.device("", "1-2");
                show(&folder, &seen);
                write(&folder, "devnum", "7\n");
            }),
        ),
        (1_300, Box::new(|tree: &Tree| plug(tree, "", "1-2", A, 7))),
    ]);
    assert_eq!(told(&events), [format!("arrived 1-2 {A}")]);
    let event = &events[1];
    let row = event.device.as_ref().expect("a row");
    assert_eq!(row.block_devices, ["sda"]);
    assert!(event.unread.is_empty() && row.oddities.is_empty(), "{event:?}");
    let took = event.arrival_to_identified_ms.expect("a time");
    assert!((1_200..2_000).contains(&took), "{took}");
}

#[test]
fn a_serial_that_comes_later_is_waited_for() {
    let events = watched(vec![
        (
            100,
            Box::new(|tree: &Tree| {
                let mut seen = stick(A);
                seen.serial = Reading::Unread;
                show(&tree.device("", "1-2"), &seen);
            }),
        ),
        (400, Box::new(|tree: &Tree| plug(tree, "", "1-2", A, 7))),
    ]);
    assert_eq!(told(&events), [format!("arrived 1-2 {A}")]);
}

#[test]
fn what_never_comes_is_named() {
    let events = watched(vec![(
        100,
        Box::new(|tree: &Tree| {
            let mut seen = stick(A);
            seen.serial = Reading::Unread;
            seen.luns = Reading::Absent;
            show(&tree.device("", "1-2"), &seen);
        }),
    )]);
    assert_eq!(told(&events), ["arrived 1-2"]);
    assert_eq!(events[1].unread, ["its serial number", "its disk"]);
    assert!(events[1].arrival_to_identified_ms >= Some(5_000));
}

#[test]
fn a_hub_comes_and_goes_with_its_drives() {
    let events = watched(vec![
        (
            100,
            Box::new(|tree: &Tree| {
                let hub = tree.device("", "1-4");
                let mut seen = recorded("hub-claims-storage.json");
                // Device and configuration of a hub that is nothing else.
                seen.descriptors.truncate(18);
                seen.descriptors
                    .extend([9, 2, 18, 0, 1, 1, 0, 0xe0, 50, 9, 4, 0, 0, 0, 9, 0, 0, 0]);
                seen.luns = Reading::Absent;
                show(&hub, &seen);
                for port in 1..=8 {
                    plug(
                        tree,
                        "1-4",
                        &format!("1-4.{port}"),
                        &format!("60A44C3FAE28B0B10989{port:04}"),
                        10 + port,
                    );
                }
            }),
        ),
        (2_000, Box::new(|tree: &Tree| tree.remove("", "1-4"))),
        (4_000, Box::new(|tree: &Tree| plug(tree, "", "1-5", A, 30))),
    ]);
    let told = told(&events);
    let serial = |port: usize| format!("60a44c3fae28b0b10989{port:04}");
    let came: Vec<String> = (1..=8).map(|n| format!("arrived 1-4.{n} {}", serial(n))).collect();
    let left: Vec<String> = (1..=8).map(|n| format!("left 1-4.{n} {}", serial(n))).collect();
    assert_eq!(told[..8], came);
    assert_eq!(told[8..16], left);
    assert_eq!(told[16..], [format!("arrived 1-5 {A}")]);
}

#[test]
fn a_re_enumeration_is_told_only_if_something_else_came_of_it() {
    let silent = watched(vec![
        (100, Box::new(|tree: &Tree| plug(tree, "", "1-2", A, 7))),
        (2_000, Box::new(|tree: &Tree| plug(tree, "", "1-2", A, 8))),
    ]);
    assert_eq!(told(&silent), [format!("arrived 1-2 {A}")]);
    let other = "60a44c3fae28b0b109890123";
    let events = watched(vec![
        (100, Box::new(|tree: &Tree| plug(tree, "", "1-2", A, 7))),
        (2_000, Box::new(|tree: &Tree| plug(tree, "", "1-2", other, 8))),
    ]);
    let expected =
        [format!("arrived 1-2 {A}"), format!("left 1-2 {A}"), format!("arrived 1-2 {other}")];
    assert_eq!(told(&events), expected);
}

#[test]
fn twins_are_odd_where_the_second_stands() {
    let events = watched(vec![
        (100, Box::new(|tree: &Tree| plug(tree, "", "1-2", A, 7))),
        (2_000, Box::new(|tree: &Tree| plug(tree, "", "1-3", A, 8))),
    ]);
    let row = events[2].device.as_ref().expect("a row");
    assert_eq!(row.oddities, ["the same identity is also at 1-2"]);
    assert_eq!(row.serial_grade.map(|grade| grade.to_string()).as_deref(), Some("C"));
}

#[test]
fn what_vanishes_while_it_is_read_is_told_with_what_was_read() {
    let events = watched(vec![
        (
            100,
            Box::new(|tree: &Tree| {
                let mut seen = stick(A);
                seen.luns = Reading::Absent;
                show(&tree.device("", "1-2"), &seen);
            }),
        ),
        (600, Box::new(|tree: &Tree| tree.remove("", "1-2"))),
    ]);
    assert_eq!(told(&events), [format!("unidentified 1-2 {A}")]);
    assert!(events[1].notices[0].contains("gone again after"), "{:?}", events[1].notices);
}

#[test]
fn a_bus_that_goes_away_ends_the_watch_with_an_error() {
    let tree = Tree::new();
    let mut lookout = Scripted {
        tree: &tree,
        sysfs: tree.bus(),
        now: Duration::ZERO,
        script: VecDeque::from([(
            500,
            Box::new(|tree: &Tree| fs::remove_dir_all(tree.top.path()).unwrap())
                as Box<dyn Fn(&Tree)>,
        )]),
        until: Duration::from_secs(60),
    };
    let clock = FixedClock::at(at("2026-01-06T10:00:00+09:00"));
    let mut watch = Watch::new(&mut lookout, None, &clock).expect("a watch");
    let ended = watch.run(Limits::default(), &|| false, &mut |_| Ok(ControlFlow::Continue(())));
    assert!(matches!(ended, Err(OpsError::Bus(BusError::NoBus { .. }))), "{ended:?}");
}

#[test]
fn limits_end_a_watch() {
    let tree = Tree::new();
    let clock = FixedClock::at(at("2026-01-06T10:00:00+09:00"));
    let run = |limits: Limits| {
        let mut lookout = Scripted {
            tree: &tree,
            sysfs: tree.bus(),
            now: Duration::ZERO,
            script: VecDeque::from([
                (100, Box::new(|t: &Tree| plug(t, "", "1-2", A, 7)) as Box<dyn Fn(&Tree)>),
                (1_000, Box::new(|t: &Tree| t.remove("", "1-2"))),
            ]),
            until: Duration::from_secs(60),
        };
        let mut events = Vec::new();
        let mut watch = Watch::new(&mut lookout, None, &clock).expect("a watch");
        watch
            .run(limits, &|| false, &mut |event| {
                events.push(event.event);
                Ok(ControlFlow::Continue(()))
            })
            .expect("watched");
        drop(watch);
        (events, lookout.now)
    };
    use Happening::{Arrived, Begun, Ended, Left};
    let (events, now) = run(Limits { movements: Some(1), ..Limits::default() });
    assert_eq!(events, [Begun, Arrived, Ended]);
    assert!(now < Duration::from_secs(1));
    tree.remove("", "1-2");
    // Half a second is too short for the removal, which is told at the end.
    let (events, now) =
        run(Limits { lasting: Some(Duration::from_millis(1_100)), ..Limits::default() });
    assert_eq!(events, [Begun, Arrived, Left, Ended]);
    assert!(now < Duration::from_millis(1_200), "{now:?}");
}
