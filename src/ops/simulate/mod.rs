//! Losses at random times under rules, habits and troubles, judged and folded by the
//! product's own rules: how long until somebody knows, and whether that is ever later than
//! what was stated when the drive was lost.

mod chance;
mod regime;
mod world;

pub use chance::Chance;
pub use regime::{Habits, Regime, random, regimes};

use super::error::OpsError;
use crate::ledger::schedule::{dates, standing};
use crate::ledger::{Policy, State};
use crate::report::simulation::{Simulated, Simulation};
use world::World;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// When the program tells what is due, in the morning.
const MORNING: i64 = 9 * HOUR;
/// A loss that nobody notices in so many days counts as noticed then.
const END: i64 = 4_000;

/// How a loss came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noticed {
    /// Somebody looked and did not find it.
    Check,
    /// Nobody had seen it in time.
    Bound,
    /// Somebody needed it.
    Handover,
    /// Not at all.
    Never,
}

/// One loss.
#[derive(Debug, Clone, Copy)]
pub struct Loss {
    /// Seconds from the loss until it was known.
    pub after: i64,
    /// How.
    pub how: Noticed,
    /// Whole days from the day of the loss to the day that was stated for it.
    pub stated: i64,
    /// Days by which it was noticed after that; negative where before.
    pub late: i64,
    /// Days by which it may have been: so long a clock was behind, one day where the
    /// program did not run, and one where it was overdue already when it was lost.
    pub excused: i64,
    /// Entries that were refused.
    pub refused: u64,
}

/// A clock that is wrong by `by` seconds from `from` to `until`.
#[derive(Debug, Clone, Copy)]
struct Clock {
    from: i64,
    until: i64,
    by: i64,
}

impl Clock {
    fn draw(chance: &mut Chance, habits: &Habits, lost: i64) -> Self {
        if !chance.percent(habits.wrong_clock) {
            return Clock { from: 0, until: 0, by: 0 };
        }
        let from = chance.between(lost - 40 * DAY, lost + 40 * DAY);
        let sign = if chance.percent(50) { 1 } else { -1 };
        let by = sign * chance.between(HOUR, 400 * DAY);
        Clock { from, until: from + chance.between(HOUR, 20 * DAY), by }
    }

    fn shows(&self, time: i64) -> i64 {
        if (self.from..self.until).contains(&time) { time + self.by } else { time }
    }

    /// Days by which a morning's look can be mistaken for an earlier one.
    fn behind_days(&self) -> i64 {
        let behind = (-self.by).max(0).min(self.until - self.from);
        // Begun days count: the clock may come right after that morning's look.
        if behind > 0 { behind.div_euclid(DAY) + 1 } else { 0 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Check,
    Word,
    Needed,
    Morning,
}

/// What happens from day 0 on, in order, one event at a time.
struct Days {
    next: Vec<(i64, Event)>,
}

impl Days {
    fn new(habits: &Habits, chance: &mut Chance) -> Self {
        let mut next = vec![(MORNING, Event::Morning)];
        let first = |chance: &mut Chance, days: i64| chance.between(0, days * DAY);
        if let Some(days) = habits.check_days {
            next.push((first(chance, days), Event::Check));
        }
        if let Some(days) = habits.self_check_days {
            next.push((first(chance, days), Event::Word));
        }
        if let Some(days) = habits.needed_days {
            next.push((first(chance, days), Event::Needed));
        }
        Days { next }
    }

    fn step(&mut self, habits: &Habits, chance: &mut Chance) -> (i64, Event) {
        let at = (0..self.next.len()).min_by_key(|at| self.next[*at]).unwrap_or(0);
        let (time, event) = self.next[at];
        let every = match event {
            Event::Morning => DAY,
            Event::Check => {
                habits.check_days.unwrap_or(1) * DAY + chance.between(0, habits.late_days * DAY)
            }
            Event::Word => habits.self_check_days.unwrap_or(1) * DAY,
            Event::Needed => habits.needed_days.unwrap_or(1) * DAY,
        };
        self.next[at].0 = time + every;
        (time, event)
    }
}

/// One loss under a regime, drawn from `chance`.
///
/// # Errors
/// Rules that no ledger takes.
pub fn lose(regime: &Regime, chance: &mut Chance) -> Result<Loss, OpsError> {
    Ok(lost_in(World::new(&regime.policy)?, regime, chance))
}

/// The state of a ledger of one drive, for measurements.
///
/// # Errors
/// Rules that no ledger takes.
pub fn one_drive(policy: &Policy) -> Result<State, OpsError> {
    World::new(policy).map(|world| world.state)
}

fn lost_in(mut world: World, regime: &Regime, chance: &mut Chance) -> Loss {
    let habits = &regime.habits;
    let span = i64::from(regime.policy.general().bound_days()).min(400);
    // Where nobody ever looks, the alarm is there a bound after the registration.
    let lost = match habits.missed {
        100 => chance.between(0, span * DAY),
        _ => chance.between(span * DAY, (2 * span + 30) * DAY),
    };
    let clock = Clock::draw(chance, habits, lost);
    let mut days = Days::new(habits, chance);
    let mut stated = None;
    let mut crashed = false;
    let mut ever_crashed = false;
    loop {
        let (time, event) = days.step(habits, chance);
        if time >= lost && stated.is_none() {
            let bound = world.medium().map(|medium| dates(medium, &regime.policy).noticed_by);
            stated = bound.map(|by| world.stamp(lost).day().days_until(by));
        }
        let (there, shown) = (time < lost, clock.shows(time));
        let known = match event {
            Event::Check if chance.percent(habits.missed) => None,
            Event::Check => (world.check(shown, there, false) && !there).then_some(Noticed::Check),
            Event::Word => holder_says(&mut world, habits, chance, (shown, there)),
            Event::Needed => (!there).then_some(Noticed::Handover),
            Event::Morning => {
                // The day after the program failed, an outside service has missed it and
                // somebody looks.
                let fails = chance.percent(habits.crashed) && !crashed;
                crashed = fails;
                ever_crashed |= fails && !there;
                // A log that is dated ahead takes no entry, and says so every morning.
                if !fails && world.ahead_of(shown) && chance.percent(100 - habits.missed.min(100)) {
                    let _ = world.correct(shown);
                }
                let told = !fails && overdue(&world, shown);
                // An alarm sends somebody to look, who finds it while it is there.
                if told && there && !chance.percent(habits.missed) {
                    world.check(shown, there, false);
                }
                (told && !there).then_some(Noticed::Bound)
            }
        };
        let end = time > lost + END * DAY;
        if let Some(how) = known.or(end.then_some(Noticed::Never)) {
            // Where the alarm was raised before the loss already, the next morning tells.
            let past = i64::from(stated.is_some_and(|days| days <= 0));
            let stated = stated.unwrap_or(END).max(0);
            let day = world.stamp(lost).day().days_until(world.stamp(time).day());
            // The program may fail before the clock goes wrong, and again after it.
            let behind = clock.behind_days();
            let failed = i64::from(ever_crashed) * (1 + i64::from(behind > 0));
            let excused = behind + failed + past;
            let refused = world.refused;
            return Loss { after: time - lost, how, stated, late: day - stated, excused, refused };
        }
    }
}

/// The holder says that it is there: by a check of their own, which the rules refuse, and
/// by their word. Whoever looks and does not find it says that instead.
fn holder_says(
    world: &mut World,
    habits: &Habits,
    chance: &mut Chance,
    (clock, there): (i64, bool),
) -> Option<Noticed> {
    if !there && !chance.percent(habits.unlooked) {
        return Some(Noticed::Check);
    }
    world.check(clock, true, true);
    world.attest(clock);
    None
}

/// What the program shows that morning. A clock behind the newest entry is not believed.
fn overdue(world: &World, clock: i64) -> bool {
    let now = world.state.no_earlier(world.stamp(clock));
    world.medium().is_some_and(|medium| standing(medium, &world.state.policy, now).is_alarm())
}

/// `losses` of each regime.
///
/// # Errors
/// As [`lose`].
pub fn simulate(seed: u64, losses: u32, regimes: &[Regime]) -> Result<Simulation, OpsError> {
    let row = |regime: &Regime| -> Result<Simulated, OpsError> {
        let world = World::new(&regime.policy)?;
        let one = |run| lost_in(world.clone(), regime, &mut Chance::new(seed, run));
        let lost: Vec<Loss> = (0..u64::from(losses)).map(one).collect();
        Ok(summed(regime, &lost))
    };
    let rows = regimes.iter().map(row).collect::<Result<_, _>>()?;
    Ok(Simulation { seed, losses, rows })
}

#[allow(clippy::cast_precision_loss)] // some hundred days in seconds
fn summed(regime: &Regime, losses: &[Loss]) -> Simulated {
    let mut after: Vec<i64> = losses.iter().map(|loss| loss.after).collect();
    after.sort_unstable();
    let days = |percent: usize| {
        let at = (after.len() * percent / 100).min(after.len().saturating_sub(1));
        after.get(at).map_or(0.0, |seconds| *seconds as f64 / DAY as f64)
    };
    let by = |how: Noticed| {
        u32::try_from(losses.iter().filter(|loss| loss.how == how).count()).unwrap_or(u32::MAX)
    };
    let late = losses.iter().filter(|loss| loss.late > loss.excused).count();
    let stated = losses.iter().map(|loss| loss.stated).max();
    Simulated {
        regime: regime.name.clone(),
        habits: regime.says.clone(),
        median: days(50),
        most: days(95),
        longest: days(100),
        stated: stated.filter(|_| regime.states_a_bound),
        late: if regime.states_a_bound { u32::try_from(late).unwrap_or(u32::MAX) } else { 0 },
        by_check: by(Noticed::Check),
        by_bound: by(Noticed::Bound),
        by_handover: by(Noticed::Handover),
        refused: losses.iter().map(|loss| loss.refused).sum(),
    }
}
