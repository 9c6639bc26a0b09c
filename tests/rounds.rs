//! What holds of every round: in whatever order and however often things are seen, and
//! wherever its file is cut.

mod fixture;

use std::collections::BTreeSet;

use fixture::{World, party, vkey};
use media_custody::ledger::Intent;
use media_custody::ledger::alarms::{Content, Description};
use media_custody::ledger::checks::{Moment, Observation, Outcome, People, Watcher, compare_round};
use media_custody::ledger::intent::Registration;
use media_custody::model::hardware::grade;
use media_custody::model::vocabulary::{EncryptionGrade, Role};
use media_custody::model::{MediumId, MediumLine, Name, PartyId, UnknownLine};
use media_custody::store::rounds::{Line, Opening, SeenDevice, What, parse};
use proptest::prelude::*;

/// Two drives with good serials, two look-alikes without one, and one that is elsewhere.
const MEDIA: [(&str, &str, &str); 5] = [
    ("USB-1", "1C6F65D8ABCDE1234567", "Shelf"),
    ("USB-2", "2D7A76E9BCDEF2345678", "Shelf"),
    ("USB-3", "-", "Shelf"),
    ("USB-4", "-", "Shelf"),
    ("USB-5", "3E8B87FACDEF03456789", "Cellar"),
];
const SERIALS: [&str; 5] = [
    "1C6F65D8ABCDE1234567",
    "2D7A76E9BCDEF2345678",
    "-",
    "3E8B87FACDEF03456789",
    "STRANGER00000001",
];
const MARKS: [&str; 3] = ["gpt one", "gpt two", "luks three"];

fn id(text: &str) -> MediumId {
    text.parse().expect("an id")
}

fn office() -> World {
    let mut world = World::empty();
    let genesis = world.genesis();
    world.append(genesis).expect("genesis");
    for (who, role) in [("yamada", Role::Custodian), ("suzuki", Role::Custodian)] {
        let intent = Intent::Enrol {
            party: party(who),
            roles: vec![role],
            key: Some(vkey(who)),
            renew: false,
            by: "admin".parse().expect("id"),
        };
        let said = world.decide(intent).expect("enrolment");
        world.append(said).expect("enrolment");
    }
    for (at, (name, serial, home)) in MEDIA.iter().enumerate() {
        let medium: MediumLine = format!("{name} 0951:1666 {serial}").parse().expect("a line");
        let intent = Intent::Register(Box::new(Registration {
            grade: grade(&medium.serial, medium.vid_pid, false).grade,
            encryption: format!("{name} - - none").parse().expect("a line"),
            medium,
            product: None,
            capacity: None,
            release: None,
            configurations: None,
            interfaces: None,
            inquiry: Vec::new(),
            sequence: Vec::new(),
            mark: vec![MARKS[at % 3].parse().expect("a mark")],
            home: home.parse().expect("a place"),
            owner: "owner".parse().expect("a name"),
            class: "class".parse().expect("a name"),
            interval_days: None,
            alarm: Vec::new(),
            detail: None,
            by: ["yamada", "suzuki"][at % 2].parse().expect("id"),
        }));
        let said = world.decide(intent).expect("a registration");
        world.append(said).expect("a registration");
    }
    world
}

fn description() -> impl Strategy<Value = Description> {
    let content = (any::<bool>(), 0usize..3, 0usize..8).prop_map(|(read, mark, grade)| Content {
        read,
        grade: EncryptionGrade::ALL[grade],
        marks: Some(vec![MARKS[mark].parse().expect("a mark")]),
        ..Content::default()
    });
    (prop::option::of(content), prop::option::of(0u64..3))
        .prop_map(|(content, capacity)| Description { content, capacity, ..Description::default() })
}

fn observation() -> impl Strategy<Value = Observation> {
    let device = (0usize..5, description()).prop_map(|(serial, said)| {
        let line = format!("0951:1666 {}", SERIALS[serial]).parse().expect("a line");
        Observation::Device(line, Box::new(said))
    });
    prop_oneof![
        4 => device,
        2 => (0usize..5).prop_map(|at| Observation::Label(id(MEDIA[at].0))),
        1 => (0usize..5).prop_map(|at| Observation::Eye(id(MEDIA[at].0))),
    ]
}

type Moments = Vec<(bool, Vec<Observation>)>;

fn moments() -> impl Strategy<Value = Moments> {
    prop::collection::vec((any::<bool>(), prop::collection::vec(observation(), 1..4)), 0..8)
}

fn outcome(world: &World, moments: &Moments) -> Outcome {
    let (by, second): (PartyId, PartyId) =
        ("yamada".parse().expect("id"), "suzuki".parse().expect("id"));
    let watcher = |first| if first { Watcher::First } else { Watcher::Second };
    let moments: Vec<Moment<'_>> =
        moments.iter().map(|(first, seen)| Moment { by: watcher(*first), seen }).collect();
    let people = People { by: &by, second: Some(&second) };
    compare_round(&world.state, &place(), Some(people), &moments)
}

fn place() -> Name {
    "Shelf".parse().expect("a place")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn order_and_repetition_change_nothing(
        seen in moments(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        turns in prop::collection::vec(any::<prop::sample::Index>(), 8),
    ) {
        let world = office();
        let before = outcome(&world, &seen);
        let mut shuffled = seen.clone();
        if !seen.is_empty() {
            shuffled.extend(picks.iter().map(|pick| pick.get(&seen).clone()));
            for (at, turn) in turns.iter().enumerate().take(shuffled.len()) {
                let other = turn.index(shuffled.len());
                shuffled.swap(at, other);
            }
            for (_, moment) in &mut shuffled {
                moment.reverse();
            }
        }
        prop_assert_eq!(outcome(&world, &shuffled), before);
    }

    #[test]
    fn a_round_drops_nothing(seen in moments()) {
        let world = office();
        let is = outcome(&world, &seen);
        let lines = is.found.iter().chain(&is.unverified);
        let listed: Vec<MediumId> =
            lines.map(|line| line.id.clone()).chain(is.missing.iter().cloned()).collect();
        let expected: BTreeSet<MediumId> = MEDIA[..4].iter().map(|it| id(it.0)).collect();
        prop_assert_eq!(listed.len(), 4, "each once");
        prop_assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), expected);
        let seen_ids: BTreeSet<MediumId> = is.seen().into_iter().collect();
        prop_assert!(is.second_saw.iter().all(|id| seen_ids.contains(id)));
        prop_assert!(is.missing.iter().all(|id| !seen_ids.contains(id)));
        for observation in seen.iter().flat_map(|(_, seen)| seen) {
            match observation {
                Observation::Label(id) | Observation::Eye(id) => prop_assert!(seen_ids.contains(id)),
                Observation::Device(line, _) => prop_assert!(accounted(line, &is, &seen_ids)),
            }
        }
        let news: BTreeSet<&MediumId> = is.news.encryption.iter().map(|line| &line.id).collect();
        prop_assert_eq!(news.len(), is.news.encryption.len(), "one encryption a medium");
    }

    #[test]
    fn whatever_stands_in_a_file_is_read_or_refused(
        lines in prop::collection::vec((0usize..5, description(), any::<bool>()), 0..5),
        cut in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (bytes, ends) = file(&lines);
        let whole = parse(&bytes, 65_536).expect("sound").expect("begun");
        prop_assert_eq!(whole.lines.len(), lines.len());
        // A power cut leaves a beginning: the lines that were acknowledged are there.
        let cut = cut.index(bytes.len() + 1);
        let kept = parse(&bytes[..cut], 65_536).expect("a torn tail is none");
        let acknowledged = ends.iter().filter(|end| **end <= cut).count();
        match kept {
            None => prop_assert_eq!(acknowledged, 0),
            Some(kept) => {
                prop_assert!(kept.lines.len() + 1 >= acknowledged);
                prop_assert!(whole.lines.starts_with(&kept.lines));
            }
        }
        // Any change is read as another round, or refused; it never panics.
        let mut changed = bytes.clone();
        let at = at.index(bytes.len());
        changed[at] = byte;
        let _ = parse(&changed, 65_536);
    }
}

/// A device counts for a medium that answers to its identity, or is unknown.
fn accounted(line: &UnknownLine, is: &Outcome, seen: &BTreeSet<MediumId>) -> bool {
    let of = |it: &&(&str, &str, &str)| it.1 == line.serial.as_str();
    let known = MEDIA.iter().filter(of).any(|it| seen.contains(&id(it.0)));
    known || is.unknown.contains(line)
}

/// A round file, and where each of its lines ends.
fn file(lines: &[(usize, Description, bool)]) -> (Vec<u8>, Vec<usize>) {
    let at = fixture::stamp(fixture::START);
    let by: PartyId = "yamada".parse().expect("id");
    let opening = Opening::new(at, by.clone(), place(), None);
    let mut bytes = serde_json::to_vec(&opening).expect("JSON");
    bytes.push(b'\n');
    let mut ends = vec![bytes.len()];
    for (serial, said, label) in lines {
        let device = SeenDevice {
            device: format!("0951:1666 {}", SERIALS[*serial]).parse().expect("a line"),
            position: "1-4.2".parse().expect("a position"),
            said: said.clone(),
        };
        let what = match label {
            true => What::Label(id(MEDIA[*serial].0)),
            false => What::Devices(vec![device]),
        };
        let line = Line { at, by: by.clone(), what };
        bytes.extend(serde_json::to_vec(&line).expect("JSON"));
        bytes.push(b'\n');
        ends.push(bytes.len());
    }
    (bytes, ends)
}
