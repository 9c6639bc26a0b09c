//! The spool: whatever happens to jobs, printers and programs, no job is lost and none
//! is printed twice unless a person said so.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};

use media_custody::model::Format;
use media_custody::ops::FixedClock;
use media_custody::ops::print::PrintRoom;
use media_custody::ops::printers::Chosen;
use media_custody::printer::spool::{Consent, JOBS_MAX, Listed, Spool, SpoolError, Stage};
use media_custody::printer::{Delivery, Job, Outgoing, Printer, SendError, Transport};
use media_custody::report::printing::PrintStanding;
use proptest::prelude::*;

use crate::{job, printer};

/// What happens when a job is sent.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Printed,
    Sent,
    Accepted,
    NotReached,
    Refused,
    StalledAtOnce,
    StalledHalfway,
    Unanswered,
    UnansweredAndGone,
    GivenUp,
    GivenUpHalfway,
    DiesBefore,
    DiesAfter,
}

const FATES: &[Fate] = &[
    Fate::Printed,
    Fate::Sent,
    Fate::Accepted,
    Fate::NotReached,
    Fate::Refused,
    Fate::StalledAtOnce,
    Fate::StalledHalfway,
    Fate::Unanswered,
    Fate::UnansweredAndGone,
    Fate::GivenUp,
    Fate::GivenUpHalfway,
    Fate::DiesBefore,
    Fate::DiesAfter,
];

/// A printer as a play: what it really did, beside what it said.
#[derive(Debug, Default)]
struct Play {
    fates: Vec<Fate>,
    next: usize,
    /// Sheets on which a job stands at least in part, by the job's name.
    paper: BTreeMap<String, u32>,
    /// Jobs it keeps, by their number there, with their name and mark.
    kept: Vec<(String, String)>,
    /// Whether it knows what it had.
    remembers: bool,
    /// Whether what is sent next was agreed to.
    again: bool,
    wrong: Vec<String>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Play>>);

fn given_up(pages: u32) -> SendError {
    SendError::GivenUp { state: "aborted", pages, says: Vec::new() }
}

impl Transport for Shared {
    fn send(&self, _: &Printer, out: Outgoing<'_>) -> Result<Delivery, SendError> {
        let mut play = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let name = out.job.name.clone();
        let before = play.paper.get(&name).copied().unwrap_or(0);
        if before > 0 && !play.again {
            play.wrong.push(format!("{name} is on paper and was sent again by itself"));
        }
        let fate = play.fates[play.next % play.fates.len()];
        play.next += 1;
        let prints = match fate {
            Fate::NotReached | Fate::Refused | Fate::StalledAtOnce | Fate::GivenUp => 0,
            Fate::UnansweredAndGone | Fate::DiesBefore => 0,
            _ => 1,
        };
        *play.paper.entry(name.clone()).or_default() += prints;
        if prints > 0 {
            play.kept.push((name, out.mark.to_owned()));
        }
        let number = play.kept.len().to_string();
        drop(play);
        let total = out.job.bytes.len();
        match fate {
            Fate::Printed => Ok(Delivery::Printed),
            Fate::Sent => Ok(Delivery::Sent),
            Fate::Accepted => Ok(Delivery::Accepted { number, says: vec!["out of paper".into()] }),
            Fate::NotReached => {
                Err(SendError::NotReached { address: "x".into(), why: "refused".into() })
            }
            Fate::Refused => Err(SendError::Refused("busy".into())),
            Fate::StalledAtOnce => Err(SendError::Stalled { sent: 0, total }),
            Fate::StalledHalfway => Err(SendError::Stalled { sent: total / 2, total }),
            Fate::Unanswered | Fate::UnansweredAndGone => {
                Err(SendError::Unanswered("silence".into()))
            }
            Fate::GivenUp => Err(given_up(0)),
            Fate::GivenUpHalfway => Err(given_up(1)),
            // Without a word on the terminal: it is meant to happen.
            Fate::DiesBefore | Fate::DiesAfter => std::panic::resume_unwind(Box::new("killed")),
        }
    }

    fn follow(&self, _: &Printer, number: &str) -> Result<Delivery, SendError> {
        let mut play = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let number = number.to_owned();
        play.next += 1;
        match play.next % 4 {
            0 => Ok(Delivery::Accepted { number, says: Vec::new() }),
            1 => Err(SendError::NotReached { address: "x".into(), why: "refused".into() }),
            2 => Err(SendError::Unanswered("it no longer knows that job".into())),
            _ => Ok(Delivery::Printed),
        }
    }

    fn find(&self, _: &Printer, mark: &str) -> Result<Option<Delivery>, SendError> {
        let play = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let known = play.kept.iter().any(|(_, kept)| kept == mark);
        Ok((play.remembers && known).then_some(Delivery::Printed))
    }
}

/// What a person, or a further program, does.
#[derive(Debug, Clone, Copy)]
enum Act {
    Add,
    AttendAll,
    Again(usize),
    Drop(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => Just(Act::Add),
        4 => Just(Act::AttendAll),
        2 => (0..8_usize).prop_map(Act::Again),
        1 => (0..8_usize).prop_map(Act::Drop),
    ];
    prop::collection::vec(act, 1..30)
}

fn chosen() -> Chosen {
    Chosen { printer: printer("/dev/null"), roll: None, dpi: None }
}

fn named(number: usize) -> Job {
    Job { name: format!("SZ-2026-{number:06}"), ..job(Format::EscPos, 300 + number) }
}

fn room(folder: &Path, play: &Shared) -> PrintRoom<Shared> {
    let clock = Box::new(FixedClock::at(1_795_000_000));
    PrintRoom::with(Spool::at(folder), play.clone(), clock)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_job_is_lost_and_none_is_printed_twice_by_itself(
        acts in acts(),
        fates in prop::collection::vec(prop::sample::select(FATES), 1..12),
        remembers in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let play = Shared(Arc::new(Mutex::new(Play { fates, remembers, ..Play::default() })));
        let (mut added, mut dropped) = (Vec::new(), Vec::new());
        for act in acts {
            // A room of its own each time, as a new process has.
            let room = room(folder.path(), &play);
            let listed: Vec<(u32, String)> = room.list().expect("listed").jobs.into_iter()
                .map(|job| (job.job, job.name)).collect();
            let pick = |at: usize| listed.get(at % listed.len().max(1)).cloned();
            let quiet = |act: &dyn Fn()| {
                let _ = catch_unwind(AssertUnwindSafe(act));
                play.0.clear_poison();
            };
            match act {
                Act::Add => {
                    let job = named(added.len());
                    room.take(&job, &chosen()).expect("taken");
                    added.push(job.name);
                }
                Act::AttendAll => quiet(&|| { let _ = room.attend_all(); }),
                Act::Again(at) => if let Some((id, _)) = pick(at) {
                    play.0.lock().expect("play").again = true;
                    quiet(&|| { room.attend(id, Consent::Again).expect("attended"); });
                    play.0.lock().expect("play").again = false;
                },
                Act::Drop(at) => if let Some((id, name)) = pick(at) {
                    room.drop_job(id).expect("dropped");
                    dropped.push(name);
                },
            }
        }
        let room = room(folder.path(), &play);
        let jobs = room.list().expect("listed").jobs;
        let play = play.0.lock().expect("play");
        prop_assert_eq!(&play.wrong, &Vec::<String>::new());
        for name in &added {
            let here = jobs.iter().any(|job| job.name == *name);
            let on_paper = play.paper.get(name).is_some_and(|sheets| *sheets > 0);
            prop_assert!(here || on_paper || dropped.contains(name), "{} is lost", name);
        }
        // Nobody works on a job now, so none may say so.
        for job in jobs {
            prop_assert_ne!(job.standing, PrintStanding::Printing);
            let on_paper = play.paper.get(&job.name).is_some_and(|sheets| *sheets > 0);
            prop_assert!(!(on_paper && job.standing == PrintStanding::Waiting),
                "{} is said to be surely unprinted", job.name);
        }
    }
}

/// Sends slowly, and counts.
#[derive(Clone, Default)]
struct Slow(Arc<Mutex<BTreeMap<String, u32>>>);

impl Transport for Slow {
    fn send(&self, _: &Printer, out: Outgoing<'_>) -> Result<Delivery, SendError> {
        *self.0.lock().expect("count").entry(out.job.name.clone()).or_default() += 1;
        std::thread::sleep(std::time::Duration::from_millis(250));
        Ok(Delivery::Printed)
    }
    fn follow(&self, _: &Printer, _: &str) -> Result<Delivery, SendError> {
        Ok(Delivery::Printed)
    }
    fn find(&self, _: &Printer, _: &str) -> Result<Option<Delivery>, SendError> {
        Ok(None)
    }
}

#[test]
fn several_at_once_print_each_job_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let slow = Slow::default();
    let room =
        || PrintRoom::with(Spool::at(folder.path()), slow.clone(), Box::new(FixedClock::at(0)));
    for number in 0..6 {
        room().take(&named(number), &chosen()).expect("taken");
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| room().attend_all().expect("attended"));
        }
    });
    let printed = slow.0.lock().expect("count").clone();
    assert_eq!(printed.len(), 6);
    assert!(printed.values().all(|times| *times == 1), "{printed:?}");
    assert_eq!(room().list().expect("listed").jobs, []);
}

#[test]
fn numbers_are_never_given_twice_even_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = Spool::at(folder.path());
    let add = |number| spool.add(&named(number), &printer("/dev/null"), [1; 6], 0).expect("added");
    let first = add(0);
    spool.drop_job(first).expect("dropped");
    assert_ne!(add(1), first);
    let ids: Mutex<Vec<u32>> = Mutex::default();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (ids, add) = (&ids, &add);
            scope.spawn(move || ids.lock().expect("ids").push(add(number)));
        }
    });
    let mut ids = ids.into_inner().expect("ids");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 8);
}

#[test]
fn the_spool_is_bounded_and_private() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = Spool::at(&folder.path().join("spool"));
    let to = printer("/dev/null");
    for number in 0..JOBS_MAX {
        spool.add(&named(number), &to, [1; 6], 0).expect("added");
    }
    assert!(matches!(spool.add(&named(0), &to, [1; 6], 0), Err(SpoolError::Full(JOBS_MAX))));
    assert_eq!(spool.count(), JOBS_MAX);
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(spool.folder()), 0o700);
    for file in std::fs::read_dir(spool.folder()).expect("a folder") {
        let path = file.expect("a file").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    for size in [0, (16 << 20) + 1] {
        let mut job = named(0);
        job.bytes = vec![0; size];
        assert!(matches!(spool.add(&job, &to, [1; 6], 0), Err(SpoolError::Size(_))), "{size}");
    }
}

#[test]
fn damage_is_named_and_prints_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = Spool::at(folder.path());
    let to = printer("/dev/null");
    let ids: Vec<u32> =
        (0..5).map(|number| spool.add(&named(number), &to, [1; 6], 0).expect("added")).collect();
    let path = |id: u32, ending: &str| folder.path().join(format!("job-{id}.{ending}"));
    std::fs::write(path(ids[0], "bytes"), b"\x1b@ something else").expect("written");
    std::fs::write(path(ids[1], "json"), b"{}").expect("written");
    std::fs::remove_file(path(ids[2], "bytes")).expect("removed");
    let record = std::fs::read_to_string(path(ids[3], "json")).expect("read");
    let renumbered = record.replace("\"id\": 4", "\"id\": 9");
    assert_ne!(renumbered, record);
    std::fs::write(path(ids[3], "json"), renumbered).expect("written");
    let slow = Slow::default();
    let room = PrintRoom::with(spool.clone(), slow.clone(), Box::new(FixedClock::at(0)));
    let done = room.attend_all().expect("attended");
    assert_eq!(slow.0.lock().expect("count").keys().collect::<Vec<_>>(), ["SZ-2026-000004"]);
    assert_eq!(done.waiting, 4);
    for id in &ids[..4] {
        assert!(matches!(
            spool.claim(*id).map(|mut c| c.job().map(|_| ())),
            Err(SpoolError::Damaged(_)) | Ok(Err(SpoolError::Damaged(_)))
        ));
        spool.drop_job(*id).expect("given up");
    }
    assert!(spool.list().expect("listed").is_empty());
    // Documents whose record never came, or is gone, go with the next job.
    std::fs::write(path(77, "bytes"), b"left over").expect("written");
    spool.add(&named(9), &to, [1; 6], 0).expect("added");
    assert!(!path(77, "bytes").exists());
}

#[test]
fn a_record_says_what_was_known_before_the_first_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = Spool::at(folder.path());
    let id = spool.add(&named(0), &printer("/dev/null"), [0xab; 6], 7).expect("added");
    let mut claim = spool.claim(id).expect("claimed");
    assert!(matches!(spool.claim(id), Err(SpoolError::Busy(_))));
    let begun = claim.record().begun(8);
    claim.note(begun).expect("noted");
    let [Listed::Job(seen, busy)] = &spool.list().expect("listed")[..] else { panic!("one job") };
    assert!(*busy, "somebody has it in hand");
    assert_eq!((seen.stage.clone(), seen.attempts, seen.last), (Stage::Sending, 1, Some(8)));
    assert_eq!(seen.mark(), "abababababab-1");
    drop(claim);
    let [Listed::Job(_, busy)] = &spool.list().expect("listed")[..] else { panic!("one job") };
    assert!(!*busy, "nobody has it any more");
}
