//! What a cabinet makes of what it sees, look by look, and what holds of it whatever
//! people do with its drives.

mod fixture;

#[allow(dead_code)] // the tables have their own test
#[path = "decide/script.rs"]
mod script;

use std::time::Duration;

use media_custody::ledger::cabinet::{Cabinet, Moment, Movement, Noticed, Pace};
use media_custody::ledger::checks::{Observation, compare};
use media_custody::ledger::intent::Called;
use media_custody::ledger::{Intent, Medium, Presence};
use media_custody::model::{MediumId, Name, UnknownLine};
use proptest::prelude::*;
use script::Script;

const PACE: Pace = Pace { every: Duration::from_secs(3_600), patience: Duration::from_secs(600) };

fn shelf() -> Name {
    "Shelf".parse().expect("a place")
}

/// A ledger with two drives on the shelf, their cabinet, and two clocks.
struct Play {
    script: Script,
    cabinet: Cabinet,
    /// Since the station began.
    passed: i64,
}

impl Play {
    fn new() -> Self {
        Play { script: Script::new(false), cabinet: Play::station(), passed: 0 }
    }

    /// A line of the tables.
    fn says(&mut self, line: &str) {
        self.script.line(line).unwrap_or_else(|refusals| panic!("{line}: {refusals}"));
    }

    fn wait(&mut self, seconds: i64) {
        let world = &mut self.script.world;
        world.clock = world.clock.plus_seconds(seconds);
    }

    fn medium(&self, name: &str) -> &Medium {
        &self.script.world.state.media[&id(name)]
    }

    fn station() -> Cabinet {
        Cabinet::new(shelf(), "station".parse().expect("an id"), PACE)
    }

    fn moment(&self) -> Moment {
        let passed = u64::try_from(self.passed).expect("forward");
        Moment { now: self.script.world.clock, passed: Duration::from_secs(passed) }
    }

    /// Both clocks go on by so many seconds, and the station looks.
    fn look(&mut self, seconds: i64, drives: &[&str]) -> Noticed {
        self.passed += seconds;
        self.wait(seconds);
        let at = self.moment();
        let seen: Vec<Observation> = drives
            .iter()
            .map(|id| {
                let line = &self.medium(id).line;
                let device = UnknownLine { vid_pid: line.vid_pid, serial: line.serial.clone() };
                Observation::Device(device, Box::default())
            })
            .collect();
        let outcome = compare(&self.script.world.state, &shelf(), &seen);
        self.cabinet.look(&self.script.world.state, &outcome, at)
    }

    /// The same, and what is to be recorded is.
    fn recorded(&mut self, seconds: i64, drives: &[&str]) -> (Vec<Movement>, Option<Called>) {
        let noticed = self.look(seconds, drives);
        if let Some(call) = &noticed.call {
            let world = &mut self.script.world;
            let before = world.state.clone();
            let said = world.decide(Intent::CallRoll(Box::new(call.clone()))).expect("decided");
            world.append(said).expect("recorded");
            self.cabinet.recorded(&before, call);
        }
        (noticed.movements, noticed.call)
    }

    fn left(&self, id: &str) -> bool {
        self.medium(id).left.is_some()
    }
}

fn alarms(call: Option<&Called>) -> Vec<String> {
    call.map(|call| call.alarm.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

fn id(text: &str) -> MediumId {
    text.parse().expect("id")
}

#[test]
fn one_roll_call_an_interval_and_the_list_is_said_once() {
    let mut play = Play::new();
    let (came, call) = play.recorded(0, &["USB-1", "USB-2"]);
    assert_eq!(came, [Movement::Came(id("USB-1")), Movement::Came(id("USB-2"))]);
    assert_eq!(call.expect("the first").present.len(), 2);
    for _ in 0..30 {
        assert!(play.recorded(1_700, &["USB-1", "USB-2"]).1.is_none(), "within the hour");
        assert!(play.recorded(1_900, &["USB-1", "USB-2"]).1.is_some(), "the hour is over");
    }
    let calls: Vec<String> = play
        .script
        .world
        .entries
        .iter()
        .filter(|entry| entry.statement.kind() == "roll-call")
        .map(|entry| entry.note.text().to_owned())
        .collect();
    let whole = calls.iter().filter(|text| !text.contains("\nas-in: ")).count();
    assert_eq!((calls.len(), whole), (31, 2), "a whole list once in 24");
    // Seen in every one of them, whether or not it has a line there.
    assert_eq!(
        play.script.world.state.media[&id("USB-1")].seen.index,
        play.script.world.state.size - 1
    );
}

#[test]
fn a_departure_is_waited_for_and_then_told() {
    let mut play = Play::new();
    play.recorded(0, &["USB-1", "USB-2"]);
    assert_eq!(play.recorded(100, &["USB-2"]).0, [Movement::Left(id("USB-1"))]);
    assert!(play.recorded(599, &["USB-2"]).1.is_none());
    let (told, call) = play.recorded(1, &["USB-2"]);
    assert_eq!(told, [Movement::Unexplained(id("USB-1"))]);
    assert_eq!(alarms(call.as_ref()), ["USB-1 left-without-handover"]);
    assert!(play.left("USB-1") && !play.left("USB-2"));
    // Once.
    assert_eq!(play.recorded(3_000, &["USB-2"]).0, []);
    // It is back: said at once, and the alarm is over.
    let (told, call) = play.recorded(10, &["USB-1", "USB-2"]);
    assert_eq!((told, call.is_some()), (vec![Movement::Came(id("USB-1"))], true));
    assert!(!play.left("USB-1"));
}

#[test]
fn a_handover_explains_it_before_or_after() {
    let mut play = Play::new();
    play.recorded(0, &["USB-1", "USB-2"]);
    play.says("yamada gives USB-1 to sato");
    assert_eq!(play.recorded(100, &["USB-2"]).0, [Movement::Explained(id("USB-1"))]);
    assert_eq!(play.recorded(100, &[]).0, [Movement::Left(id("USB-2"))]);
    play.says("yamada gives USB-2 to sato");
    assert_eq!(play.recorded(599, &[]).0, [Movement::Explained(id("USB-2"))]);
    assert_eq!(play.recorded(1_200, &[]).0, []);
    assert!(!play.left("USB-1") && !play.left("USB-2"));
}

#[test]
fn what_left_while_nobody_looked_is_waited_for_from_the_start() {
    let mut play = Play::new();
    play.recorded(0, &["USB-1", "USB-2"]);
    // Killed, and started again two hours later: a clock of its own begins.
    play.cabinet = Play::station();
    play.passed = 0;
    play.wait(7_200);
    let (told, call) = play.recorded(0, &["USB-2"]);
    assert_eq!(told, [Movement::Left(id("USB-1"))], "USB-2 never left");
    assert!(call.is_some() && alarms(call.as_ref()).is_empty());
    assert_eq!(play.recorded(600, &["USB-2"]).0, [Movement::Unexplained(id("USB-1"))]);
    // Started once more at once, it neither repeats itself nor calls again.
    play.cabinet = Play::station();
    play.passed = 0;
    let (told, call) = play.recorded(1, &["USB-2"]);
    assert_eq!((told, call.is_none()), (vec![], true));
}

#[test]
fn what_fell_due_in_a_sleep_is_done_on_waking() {
    let mut play = Play::new();
    play.recorded(0, &["USB-1", "USB-2"]);
    (play.passed, _) = (61, play.wait(61));
    assert!(!play.cabinet.wants_to_look(play.moment()));
    // The clock that only goes on stood still meanwhile.
    play.wait(3_600);
    assert!(play.cabinet.wants_to_look(play.moment()));
    assert!(play.recorded(0, &["USB-1", "USB-2"]).1.is_some());
    assert!(!play.cabinet.wants_to_look(play.moment()), "once");
    // A clock that goes back says nothing; the other one does, in an hour.
    play.wait(-1_000);
    play.passed += 3_599;
    assert!(!play.cabinet.wants_to_look(play.moment()));
    play.passed += 1;
    assert!(play.cabinet.wants_to_look(play.moment()));
}

#[test]
fn an_alarm_that_could_not_be_recorded_is_asked_for_again() {
    let mut play = Play::new();
    play.recorded(0, &["USB-1", "USB-2"]);
    play.recorded(100, &["USB-2"]);
    for seconds in [600, 60, 60] {
        let noticed = play.look(seconds, &["USB-2"]);
        assert_eq!(alarms(noticed.call.as_ref()), ["USB-1 left-without-handover"]);
        // The disk is full.
        play.cabinet.not_recorded();
        assert!(play.look(59, &["USB-2"]).call.is_none(), "not every second");
        play.passed -= 59;
    }
    assert!(play.recorded(120, &["USB-2"]).1.is_some());
    assert!(play.left("USB-1"));
}

#[test]
fn a_drive_that_never_left_and_is_seen_elsewhere_is_one_of_two() {
    let mut play = Play::new();
    play.recorded(0, &["USB-1", "USB-2"]);
    play.wait(30);
    play.says("audit says sighting; medium: @USB-1; grade: label; place: Cellar");
    let (told, call) = play.recorded(70, &["USB-1", "USB-2"]);
    let cellar: Name = "Cellar".parse().expect("a place");
    assert_eq!(told, [Movement::Double(id("USB-1"), cellar)]);
    assert_eq!(alarms(call.as_ref()), ["USB-1 in-two-places"]);
    assert_eq!(play.recorded(70, &["USB-1", "USB-2"]).0, [], "once");
    // One that did leave may be seen anywhere.
    play.recorded(60, &["USB-1"]);
    play.says("audit says sighting; medium: @USB-2; grade: label; place: Cellar");
    assert_eq!(play.recorded(60, &["USB-1", "USB-2"]).0, [Movement::Came(id("USB-2"))]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever comes and goes, and whatever is handed over meanwhile: a drive that custody
    /// puts here and that has not been here for as long as the station's patience is an
    /// alarm in the ledger; one that is here is none; and there are no more roll-calls than
    /// one a minute.
    #[test]
    fn what_is_gone_too_long_is_an_alarm(
        steps in prop::collection::vec((0usize..4, 0usize..6, 1i64..400), 1..60)
    ) {
        let mut play = Play::new();
        play.recorded(0, &["USB-1", "USB-2"]);
        let mut here = [true, true];
        let mut since = [0i64, 0];
        for (what, how, seconds) in steps {
            let drive = what % 2;
            if what < 2 && how < 3 {
                here[drive] = !here[drive];
                // It moves at the end of the pause, when the station looks.
                since[drive] = play.passed + seconds;
            } else if what >= 2 && how == 0 {
                let name = ["USB-1", "USB-2"][drive];
                play.says(&match play.medium(name).at_home() {
                    true => format!("yamada gives {name} to sato"),
                    false => format!("sato gives {name} to yamada place=Shelf"),
                });
                since[drive] = since[drive].max(play.passed);
            }
            let drives: Vec<&str> =
                ["USB-1", "USB-2"].into_iter().zip(here).filter(|(_, it)| *it).map(|(id, _)| id).collect();
            play.recorded(seconds, &drives);
            // A pause between two roll-calls may hold an alarm back by a minute.
            play.recorded(61, &drives);
            for (at, name) in ["USB-1", "USB-2"].into_iter().enumerate() {
                let medium = play.medium(name);
                let away = !here[at] && medium.at_home() && medium.presence == Presence::Present;
                let late = play.passed - since[at] >= 600 + 61 + 400;
                prop_assert!(!away || !late || medium.left.is_some(), "{name} is gone unnoticed");
                prop_assert!(!here[at] || medium.left.is_none(), "{name} is here");
            }
        }
        let calls = play.script.world.entries.iter().filter(|e| e.statement.kind() == "roll-call").count();
        prop_assert!(i64::try_from(calls).expect("few") <= play.passed / 60 + 1);
    }
}
