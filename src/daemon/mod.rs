//! What runs all the time: it owns the ledger and lets others use it, attends the bus and
//! the cabinets, and tells people.
//!
//! Four threads, each with one thing to wait for: the socket, the bus, the next time to
//! tell people, and the end. What must not be lost is in the ledger or the outbox before
//! any of them goes on, so a daemon that is killed has nothing to save.

mod journal;
mod pace;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

pub use self::journal::{Journal, Weight};
use self::pace::{Clocks, Pace};
use crate::ops::attend::{Attendance, Event};
use crate::ops::bus::BusChoice;
use crate::ops::cabinets::{self, DaemonSettings};
use crate::ops::due::Moment;
use crate::ops::keeper::{Came, Keeper, Service};
use crate::ops::keys::Keyring;
use crate::ops::station::Station;
use crate::ops::tell::Post;
use crate::ops::watch::lookout;
use crate::ops::{Clock, OpsError, StoreError, SystemClock};

/// How often the end is looked for.
const LOOK: Duration = Duration::from_millis(500);
/// The bus thread that has not come round for so long hangs. Reading fifty drives, some of
/// them failing, takes its time.
const STUCK: Duration = Duration::from_secs(600);
/// A ledger that nobody gives back for so long hangs.
const HELD: Duration = Duration::from_secs(20);

/// What it is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The ledger's folder.
    pub ledger: PathBuf,
    /// The folder of the stations' keys.
    pub keys: Keyring,
    /// The configuration.
    pub configuration: PathBuf,
    /// Where drives are looked for.
    pub bus: BusChoice,
}

/// What the threads share.
struct Shared<'a> {
    options: &'a Options,
    settings: DaemonSettings,
    keeper: Arc<Keeper>,
    journal: Journal,
    began: Instant,
    /// Everything ends.
    ending: AtomicBool,
    /// When the bus was last come round to, in seconds since the beginning.
    beat: AtomicU64,
    /// The first thing that ended it.
    error: Mutex<Option<OpsError>>,
}

/// Runs until `stop` is set or something fails that a new start may mend.
///
/// # Errors
/// What kept it from starting, or ended it.
pub fn run(options: &Options, stop: &AtomicBool, journal: Journal) -> Result<(), OpsError> {
    let settings = cabinets::settings(&options.configuration)?;
    // A configuration that tells nobody because of a slip is noticed now.
    crate::ops::tell::settings(&options.configuration)?;
    let keeper = Keeper::own(
        &options.ledger,
        &mut |_, _| {},
        Box::new(move |peer, entries| {
            for entry in entries {
                let (index, kind) = (entry.index, entry.statement.kind());
                let who = format!("process {} of user {}", peer.pid, peer.uid);
                journal.say(Weight::Note, &format!("entry {index} ({kind}) from {who}"));
            }
        }),
    )?;
    for notice in keeper.ledger().notices() {
        journal.say(Weight::Warning, &crate::ops::fsck::notice_words(notice));
    }
    for warning in keeper.ledger().warnings() {
        journal.say(Weight::Warning, warning);
    }
    let mut stations = Vec::new();
    for cabinet in &settings.cabinets {
        let ledger = keeper.ledger();
        stations.push(Station::open(ledger.state(), cabinet.clone(), &options.keys)?);
    }
    let service = Service::bind(&options.ledger)?;
    let shared = Shared {
        options,
        settings,
        keeper,
        journal,
        began: Instant::now(),
        ending: AtomicBool::new(false),
        beat: AtomicU64::new(0),
        error: Mutex::new(None),
    };
    let (alarm, alarmed) = channel();
    std::thread::scope(|scope| {
        let shared = &shared;
        scope.spawn(|| shared.ends_all(shared.serve(&service)));
        scope.spawn(move || shared.ends_all(shared.attend(stations, &alarm)));
        scope.spawn(move || shared.tell_people(&alarmed));
        shared.look_after(stop);
    });
    let error = shared.error.lock().unwrap_or_else(PoisonError::into_inner).take();
    journal.say(Weight::Note, &"ended");
    error.map_or(Ok(()), Err)
}

impl Shared<'_> {
    fn clocks(&self) -> Clocks {
        Clocks { passed: self.began.elapsed(), unix: SystemClock.unix() }
    }

    fn ended(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// One thread that fails ends all: half a daemon looks like a whole one from outside.
    fn ends_all(&self, outcome: Result<(), OpsError>) {
        if let Err(error) = outcome {
            self.journal.say(Weight::Alarm, &error);
            let mut first = self.error.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert(error);
        }
        self.ending.store(true, Ordering::Relaxed);
    }

    /// The main thread: tells systemd that all is well, as long as it is.
    fn look_after(&self, stop: &AtomicBool) {
        let cabinets = self.settings.cabinets.len();
        let ledger = self.options.ledger.display();
        self.journal.say(Weight::Note, &format!("owns {ledger}, looks after {cabinets} cabinets"));
        tell_systemd(&[NotifyState::Ready]);
        let watchdog = sd_notify::watchdog_enabled().map(|limit| limit / 3);
        let (mut alive, mut last) = (Pace::default(), self.clocks());
        while !stop.load(Ordering::Relaxed) && !self.ended() {
            std::thread::sleep(LOOK);
            let now = self.clocks();
            if let Some(jump) = now.jumped_since(last) {
                let words = format!("the clock has moved by {jump} s beside the time that passed");
                self.journal.say(Weight::Warning, &words);
            }
            last = now;
            if self.keeper.has_failed() {
                self.ends_all(Err(StoreError::Poisoned.into()));
            } else if let Some(every) = watchdog
                && alive.is_due(every, now)
                && self.is_well(now)
            {
                alive.done(now);
                tell_systemd(&[NotifyState::Watchdog]);
            }
        }
        tell_systemd(&[NotifyState::Stopping]);
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether the bus is come round to and the ledger is not held for ever.
    fn is_well(&self, now: Clocks) -> bool {
        let beat = Duration::from_secs(self.beat.load(Ordering::Relaxed));
        now.passed.saturating_sub(beat) < STUCK && self.keeper.is_free_within(HELD)
    }

    fn serve(&self, service: &Service) -> Result<(), OpsError> {
        service.serve(&self.keeper, &self.ending, &|came| match came {
            Came::Admitted(_) => {}
            Came::Refused(who) => self.journal.say(Weight::Warning, &who),
        })
    }

    fn attend(&self, stations: Vec<Station>, alarm: &Sender<()>) -> Result<(), OpsError> {
        let opened = lookout(&self.options.bus).and_then(|it| Ok((it, self.options.bus.open()?)));
        let (mut lookout, bus) = match opened {
            Ok(opened) => opened,
            // Without a cabinet there is enough to do without a bus.
            Err(error) if stations.is_empty() => {
                self.journal.say(Weight::Warning, &format!("no drives are watched: {error}"));
                while !self.ended() {
                    self.beat();
                    std::thread::sleep(LOOK);
                }
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let mut attendance = Attendance::new(lookout.as_mut(), bus, stations);
        while !self.ended() {
            self.beat();
            match attendance.step(&self.keeper, &SystemClock) {
                Ok(events) => {
                    for event in events {
                        let alarmed = event.is_alarm();
                        let weight = if alarmed { Weight::Alarm } else { Weight::Note };
                        self.journal.say(weight, &event);
                        if alarmed || matches!(event, Event::Called(_, Ok(_))) {
                            // Nobody listens any more only at the end.
                            let _ = alarm.send(());
                        }
                    }
                }
                Err(error) => {
                    self.journal.say(Weight::Warning, &error);
                    std::thread::sleep(LOOK);
                }
            }
        }
        Ok(())
    }

    fn beat(&self) {
        self.beat.store(self.began.elapsed().as_secs(), Ordering::Relaxed);
    }

    /// Tells people every so often, and at once when a cabinet has something to say. A
    /// server that is down is the outbox's matter and ends nothing.
    fn tell_people(&self, alarmed: &Receiver<()>) {
        let mut pace = Pace::default();
        while !self.ended() {
            let at_once = match alarmed.recv_timeout(LOOK) {
                Ok(()) => {
                    while alarmed.try_recv().is_ok() {}
                    true
                }
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => {
                    std::thread::sleep(LOOK);
                    false
                }
            };
            let now = self.clocks();
            if at_once || pace.is_due(self.settings.tell_every, now) {
                pace.done(now);
                if let Err(error) = self.tell() {
                    self.journal.say(Weight::Warning, &error);
                }
            }
        }
    }

    fn tell(&self) -> Result<(), OpsError> {
        let moment = {
            let ledger = self.keeper.ledger();
            Moment::at(ledger.folder(), ledger.state().clone(), ledger.now()?)
        };
        let folder = &self.options.ledger;
        if let Some(path) = &self.settings.metrics_file {
            moment.write_metrics(path, folder)?;
        }
        let post = Post::beside(folder, &self.options.configuration)?;
        if !post.has_somebody() {
            return Ok(());
        }
        let telling = post.tell(&moment.notices())?;
        if telling.is_fine() {
            return Ok(());
        }
        let words = format!(
            "not everybody was told ({} messages); see 'custody notices'",
            telling.in_trouble
        );
        self.journal.say(Weight::Alarm, &words);
        Ok(())
    }
}

/// Says something to systemd, where that started us.
fn tell_systemd(states: &[NotifyState<'_>]) {
    // Without systemd there is nobody to be told, and with one that does not listen
    // nothing can be done about it here.
    let _ = sd_notify::notify(states);
}
