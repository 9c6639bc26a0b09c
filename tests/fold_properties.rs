//! What holds of the core whatever people do: random intents by random people, and
//! random statements of all kinds.

mod fixture;

use std::collections::{BTreeMap, BTreeSet};

use fixture::{START, World, party, stamp, vkey};
use media_custody::ledger::checks::{Moment, Observation, People, Watcher, compare_round};
use media_custody::ledger::intent::{HandOver, Registration};
use media_custody::ledger::judge::replay_time;
use media_custody::ledger::{Intent, Medium, Policy, State, judge};
use media_custody::model::hardware::grade;
use media_custody::model::vocabulary::{
    CheckerRule, Concern, LooseningRule, RevocationReason, Role, SightingGrade,
};
use media_custody::model::{
    DrawLine, EntryRef, MediumId, MediumLine, PartyId, RuleLine, Seen, Statement,
};
use proptest::prelude::*;

const PEOPLE: [&str; 8] =
    ["admin", "yamada", "suzuki", "sato", "mori", "audit", "station", "tanaka"];
const MEDIA: [&str; 3] = ["USB-1", "USB-2", "USB-3"];
const SERIALS: [&str; 3] = ["1C6F65D8ABCDE1234567", "-", "2D7A76E9BCDEF2345678"];
const PLACES: [&str; 2] = ["Shelf", "Plant"];
const ROLES: [&[Role]; 7] = [
    &[Role::Custodian],
    &[Role::Staff],
    &[Role::Outside],
    &[Role::Auditor],
    &[Role::Administrator],
    &[Role::Station],
    &[Role::PrivacyOfficer],
];

/// What one step is about; the numbers choose people, media and so on.
#[derive(Debug, Clone, Copy)]
struct Step {
    verb: u8,
    who: usize,
    whom: usize,
    what: usize,
    how: usize,
    /// Seconds the clock moves before it; sometimes backwards.
    wait: i64,
}

fn step() -> impl Strategy<Value = Step> {
    let wait = prop_oneof![8 => 0i64..90_000, 1 => -400i64..0, 1 => Just(400 * 86_400)];
    (0u8..23, 0usize..8, 0usize..8, 0usize..3, 0usize..6, wait)
        .prop_map(|(verb, who, whom, what, how, wait)| Step { verb, who, whom, what, how, wait })
}

fn id(name: &str) -> PartyId {
    name.parse().expect("party id")
}

fn medium(world: &World, what: usize) -> MediumLine {
    let known = world.state.media.get(&MEDIA[what].parse::<MediumId>().expect("medium id"));
    known.map_or_else(
        || format!("{} 0951:1666 {}", MEDIA[what], SERIALS[what]).parse().expect("line"),
        |known| known.line.clone(),
    )
}

/// Decides or says what the step is about; `None` when the core refused it.
fn attempt(world: &mut World, step: Step) -> Option<Statement> {
    let (who, whom) = (PEOPLE[step.who], PEOPLE[step.whom]);
    let line = medium(world, step.what).to_string();
    let place = PLACES[step.how % 2];
    let grade = SightingGrade::ALL[step.how % 4];
    let seen = |pairs: &[(&str, String)]| -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    };
    let intent = match step.verb {
        0 | 1 => enrol(world, step),
        2 => Intent::Revoke {
            party: id(whom),
            reason: RevocationReason::Lost,
            detail: None,
            by: id(who),
        },
        3 => policy(world, step),
        4 | 5 => register(world, step),
        6..=9 => hand_over(world, step),
        10 | 11 | 20 => {
            let label = |what: &usize| Observation::Label(MEDIA[*what].parse().expect("id"));
            let observed: Vec<Observation> = (0..3)
                .filter(|what| (step.how >> what) & 1 == 1)
                .map(|what| label(&what))
                .collect();
            let place = PLACES[step.what % 2].parse().expect("place");
            // The other one, where there is one, saw what else there is by eye.
            let second = (step.whom != step.who).then(|| id(whom));
            let eye = [Observation::Eye(MEDIA[step.what].parse().expect("id"))];
            let by = id(who);
            let people = People { by: &by, second: second.as_ref() };
            let moments = [
                Moment { by: Watcher::First, seen: &observed },
                Moment { by: Watcher::Second, seen: if second.is_some() { &eye } else { &[] } },
            ];
            let mut outcome = compare_round(&world.state, &place, Some(people), &moments);
            let draw = (step.verb == 20).then(|| drawn(world, step));
            if let Some(draw) = &draw {
                let sample = world.state.sample_at(&place, draw);
                outcome.missing.retain(|id| sample.contains(&id));
            }
            let outcome = Box::new(outcome);
            Intent::CloseCheck { place, draw, outcome, detail: None, by, second }
        }
        12 => Intent::Correct {
            entry: EntryRef { index: step.how as u64, leaf: world.entries[0].leaf },
            field: ["at", "detail"][step.what % 2].parse().expect("field"),
            correction: "so".parse().expect("phrase"),
            reason: "slip".parse().expect("phrase"),
            by: id(who),
        },
        verb => {
            let detail = "x".to_owned();
            let (grade, place) = (grade.to_string(), place.to_owned());
            let (kind, lines) = match verb {
                13 => ("missing", seen(&[("medium", line), ("detail", detail)])),
                14 => ("found", seen(&[("medium", line), ("grade", grade), ("place", place)])),
                15 => ("lost", seen(&[("medium", line), ("detail", detail)])),
                16 => ("retire", seen(&[("medium", line), ("reason", detail)])),
                17 => ("sighting", seen(&[("medium", line), ("grade", grade), ("place", place)])),
                21 => ("search", seen(&[("medium", line), ("place", place)])),
                22 => {
                    let concern = Concern::ALL[step.how % 5].to_string();
                    ("acknowledge", seen(&[("medium", line), ("concern", concern)]))
                }
                18 => {
                    // Every other one says what has changed since the last.
                    let last = world.state.roll_calls.at(&place.parse().expect("place"));
                    let last = last.filter(|_| step.whom.is_multiple_of(2)).map(|last| last.entry);
                    let mut lines = vec![("place", place)];
                    lines.extend(last.map(|entry| ("as-in", entry.to_string())));
                    if step.how < 3 {
                        lines.push(("present", format!("{} device", MEDIA[step.how])));
                    }
                    lines.push(("absent", MEDIA[step.what].into()));
                    let left = format!("{} left-without-handover", MEDIA[step.what]);
                    lines.extend((step.how == 5).then_some(("alarm", left)));
                    ("roll-call", seen(&lines))
                }
                _ => return log_key(world, step),
            };
            let who = if kind == "roll-call" { "station" } else { who };
            return Some(world.say(kind, who, &lines));
        }
    };
    world.decide(intent).ok()
}

/// Mostly the next sample of this ledger.
fn drawn(world: &World, step: Step) -> DrawLine {
    let head = Seen { size: world.state.size, root: world.entries[0].leaf };
    let number = world.state.draws.0 + 1 + u64::from(step.how == 5);
    DrawLine { percent: [1, 50, 100][step.what], number, head }
}

fn log_key(world: &mut World, step: Step) -> Option<Statement> {
    let keys = ["log", "log:2", "log:3"];
    let (old, new) = (keys[step.what], keys[step.how % 3]);
    let lines = [("old-key", old), ("new-key", new)].map(|(k, l)| (k.into(), vkey(l).to_string()));
    let reason = ("reason".to_owned(), "superseded".to_owned());
    (old != new).then(|| world.say("log-key", PEOPLE[step.who], &[&lines[..], &[reason]].concat()))
}

fn enrol(world: &World, step: Step) -> Intent {
    let whom = PEOPLE[step.whom];
    let known = world.state.parties.get(&id(whom));
    let label = match step.what {
        0 => Some(whom.to_owned()),
        1 if ["mori", "audit", "station"].contains(&whom) => Some(whom.to_owned()),
        1 => Some(format!("{whom}:2")),
        _ => None,
    };
    let present = known.map(|known| known.roles.clone());
    Intent::Enrol {
        party: known.map_or_else(|| party(whom), |known| known.party.clone()),
        roles: present
            .filter(|_| step.how.is_multiple_of(2))
            .unwrap_or_else(|| ROLES[(step.whom + step.how / 2) % ROLES.len()].to_vec()),
        key: label.map(|label| vkey(&label)),
        renew: known.is_some(),
        by: id(PEOPLE[step.who]),
    }
}

fn policy(world: &World, step: Step) -> Intent {
    let policy = Policy {
        draft_hours: 1 + step.how as u32 * 24,
        checker: CheckerRule::ALL[step.what % 2],
        grade: SightingGrade::ALL[step.how % 4],
        rules: rules(step),
        loosening: [None, Some(LooseningRule::TwoAdministrators)][step.whom % 2],
        ..world.state.policy.clone()
    };
    Intent::SetPolicy { policy, reason: None, by: id(PEOPLE[step.who]), second: None }
}

fn rules(step: Step) -> Vec<RuleLine> {
    let scope = ["home", "class", "medium"][step.what];
    let name = [PLACES[step.how % 2], "class", MEDIA[step.how % 3]][step.what];
    let line = format!(
        "{scope} interval-days={} grace-days=- grade=- checker={} draw-percent=- {name}",
        1 + step.how,
        CheckerRule::ALL[step.how % 3],
    );
    [&[][..], &[line.parse().expect("a rule")]][step.whom % 2].to_vec()
}

fn register(world: &World, step: Step) -> Intent {
    let medium = medium(world, step.what);
    Intent::Register(Box::new(Registration {
        grade: grade(&medium.serial, medium.vid_pid, false).grade,
        encryption: format!("{} - - none", medium.id).parse().expect("line"),
        medium,
        product: None,
        capacity: None,
        release: None,
        configurations: None,
        interfaces: None,
        inquiry: Vec::new(),
        sequence: Vec::new(),
        mark: Vec::new(),
        home: PLACES[step.how % 2].parse().expect("place"),
        owner: "owner".parse().expect("name"),
        class: "class".parse().expect("name"),
        interval_days: None,
        alarm: Vec::new(),
        detail: None,
        by: id(PEOPLE[step.who]),
    }))
}

fn hand_over(world: &World, step: Step) -> Intent {
    // Mostly the present holder gives, or hardly anything would ever move.
    let line = medium(world, step.what);
    let holder = world.state.media.get(&line.id).map(|medium| medium.custody.holder.clone());
    let giver = holder.filter(|_| step.how != 0).unwrap_or_else(|| id(PEOPLE[step.who]));
    let taken = BTreeSet::new();
    let receipt = world.state.next_receipt(world.clock, &taken).expect("a number");
    Intent::HandOver(Box::new(HandOver {
        receipt,
        media: vec![line.id],
        giver,
        receiver: id(PEOPLE[step.whom]),
        witness: (step.how == 5).then(|| id(PEOPLE[step.who])),
        purpose: "purpose".parse().expect("phrase"),
        contents: None,
        persons: None,
        place: PLACES[step.how % 2].parse().expect("place"),
        due: None,
        request: None,
        news: Default::default(),
        alarm: Vec::new(),
    }))
}

fn office() -> World {
    let mut world = World::empty();
    let genesis = world.genesis();
    world.append(genesis).expect("genesis");
    for (whom, roles) in [(1, 0), (2, 1), (3, 2), (6, 5)] {
        let intent = Intent::Enrol {
            party: party(PEOPLE[whom]),
            roles: ROLES[roles].to_vec(),
            key: Some(vkey(PEOPLE[whom])),
            renew: false,
            by: id("admin"),
        };
        let statement = world.decide(intent).expect("enrolment");
        world.append(statement).expect("enrolment");
    }
    world
}

/// What must hold between one state and the next.
fn invariants(before: &State, said: &Statement, after: &State) {
    for (id, medium) in &after.media {
        assert!(after.parties.contains_key(&medium.custody.holder), "{id} is held by nobody");
        let moves =
            matches!(said, Statement::Handover(_) | Statement::Found(_) | Statement::Register(_));
        if let Some(old) = before.media.get(id) {
            let moved = old.custody.holder != medium.custody.holder;
            assert!(!moved || moves, "{} moved {id}", said.kind());
            assert_eq!(old.line, medium.line, "{} renamed {id}", said.kind());
            if matches!(said, Statement::Acknowledge(_) | Statement::Search(_)) {
                let stands = |medium: &Medium| (medium.seen.clone(), medium.presence);
                assert_eq!(stands(old), stands(medium), "{} moved {id}", said.kind());
            }
            let looked = old.seen.index != medium.seen.index;
            assert!(!looked || medium.acknowledged.is_none(), "a note outlived a look at {id}");
            // Nobody is believed about what they hold, under any rule but one.
            let own = medium.seen.by == old.custody.holder && looked;
            let believed = before.policy.terms(old).checker == CheckerRule::Anyone
                || matches!(said, Statement::Handover(_) | Statement::Found(_));
            assert!(!own || believed, "{} took the holder's word for {id}", said.kind());
        }
    }
    assert!(before.media.keys().all(|id| after.media.contains_key(id)), "a medium vanished");
    assert!(before.parties.keys().all(|id| after.parties.contains_key(id)), "a party vanished");
    for (public, record) in &before.keys {
        let now = &after.keys[public];
        assert!(record.until.is_none() || record.until == now.until, "a revoked key came back");
        assert_eq!((&record.party, record.from), (&now.party, now.from));
    }
    for (id, party) in &after.parties {
        let Some(key) = &party.key else { continue };
        let record = &after.keys[key.public()];
        assert!(record.until.is_none() && record.party == *id, "{id} signs with an ended key");
    }
    for record in after.keys.values().filter(|record| record.until.is_none()) {
        let present = after.parties[&record.party].key.as_ref();
        assert_eq!(present, Some(&record.key), "a key without an owner is not ended");
    }
    let administers = |state: &State| {
        state.parties.values().any(|p| p.key.is_some() && p.has_any(&[Role::Administrator]))
    };
    assert!(administers(after), "{} left nobody to administer", said.kind());
    assert_eq!(after.size, before.size + 1);
}

fn play(steps: &[Step]) -> (World, BTreeMap<&'static str, u32>) {
    let mut world = office();
    let mut said = BTreeMap::new();
    let mut receipts = BTreeSet::new();
    for &step in steps {
        world.clock = world.clock.plus_seconds(step.wait);
        let before = world.state.clone();
        let Some(statement) = attempt(&mut world, step) else { continue };
        // `append` holds that what was decided is read back the same, is signed by
        // all whom it names, and is accepted again when replayed.
        let decided = step.verb <= 12 || step.verb == 20;
        let taken = world.append(statement.clone());
        assert!(!decided || taken.is_ok(), "decided, and then refused: {taken:?}");
        if taken.is_err() {
            assert_eq!(world.state, before, "a refusal changed the state");
            continue;
        }
        *said.entry(statement.kind()).or_default() += 1;
        if let Statement::Handover(handover) = &statement {
            assert!(receipts.insert(handover.receipt.clone()), "{} twice", handover.receipt);
        }
        invariants(&before, &statement, &world.state);
    }
    (world, said)
}

/// A replay from nothing accepts every entry and ends in the same state.
fn replay(world: &World) {
    let mut state = State::default();
    for entry in &world.entries {
        let now = replay_time(&state, &entry.statement);
        judge(&state, &entry.statement, now).expect("a replay agrees");
        assert!(now <= entry.now, "a replay is judged at {now}, later than it happened");
        state.apply(entry.leaf, &entry.statement);
    }
    assert_eq!(state, world.state);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_do_the_ledger_stays_sound(
        steps in prop::collection::vec(step(), 20..90),
    ) {
        let (world, _) = play(&steps);
        replay(&world);
        let bytes = postcard::to_stdvec(&world.state).expect("writes");
        let back: State = postcard::from_bytes(&bytes).expect("reads");
        prop_assert_eq!(&back, &world.state);
        // Equality of stamps ignores their offset; the bytes do not.
        prop_assert_eq!(postcard::to_stdvec(&back).expect("writes"), bytes);
        prop_assert!(stamp(START) <= world.state.facts.expect("founded").founded);
    }
}

/// The walk above is worth something only if it gets anywhere.
#[test]
fn the_random_walk_reaches_every_kind_it_tries() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let walks = prop::collection::vec(step(), 400..401);
    let mut said: BTreeMap<&str, u32> = BTreeMap::new();
    for _ in 0..10 {
        let steps = walks.new_tree(&mut runner).expect("steps").current();
        for (kind, times) in play(&steps).1 {
            *said.entry(kind).or_default() += times;
        }
    }
    let tried = [
        "party",
        "key-revoke",
        "search",
        "acknowledge",
        "policy",
        "register",
        "handover",
        "check",
        "correct",
        "missing",
        "found",
        "lost",
        "retire",
        "sighting",
        "roll-call",
        "log-key",
    ];
    let unreached: Vec<&&str> = tried.iter().filter(|kind| !said.contains_key(**kind)).collect();
    assert!(unreached.is_empty(), "{unreached:?} never came about: {said:?}");
}
