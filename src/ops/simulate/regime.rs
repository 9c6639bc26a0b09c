//! Ways of keeping drives, and what people and machines do wrong in each.

use super::chance::Chance;
use crate::ledger::Policy;
use crate::model::vocabulary::{CheckerRule, SightingGrade};

/// One way of keeping drives.
#[derive(Debug, Clone)]
pub struct Regime {
    /// Its name.
    pub name: String,
    /// What is done and what goes wrong, in words.
    pub says: String,
    /// The rules.
    pub policy: Policy,
    /// What happens.
    pub habits: Habits,
    /// Whether it states a bound at all.
    pub states_a_bound: bool,
}

/// What is done and what goes wrong. Percentages are of each occasion.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Somebody other than the holder looks every so many days.
    pub check_days: Option<i64>,
    /// Days by which such a look comes late.
    pub late_days: i64,
    /// Looks that are not made.
    pub missed: u8,
    /// The holder says every so many days that the drive is there.
    pub self_check_days: Option<i64>,
    /// Of the holder's words: those said without looking.
    pub unlooked: u8,
    /// Somebody needs the drive every so many days.
    pub needed_days: Option<i64>,
    /// Mornings on which the program does not run.
    pub crashed: u8,
    /// Losses around which the clock is wrong for a while.
    pub wrong_clock: u8,
}

const QUIET: Habits = Habits {
    check_days: None,
    late_days: 0,
    missed: 0,
    self_check_days: None,
    unlooked: 100,
    needed_days: None,
    crashed: 5,
    wrong_clock: 0,
};

/// What docs/detection.md compares.
pub fn regimes() -> Vec<Regime> {
    let regime = |name: &str, says: &str, policy: Policy, habits: Habits| Regime {
        name: name.to_owned(),
        says: says.to_owned(),
        states_a_bound: policy.checker != CheckerRule::Anyone && habits.needed_days.is_none(),
        policy,
        habits,
    };
    let trusting = Policy {
        checker: CheckerRule::Anyone,
        grade: SightingGrade::Attested,
        ..Policy::default()
    };
    let never = Policy { interval_days: 3_660, grace_days: 366, ..Policy::default() };
    let weekly = Policy { interval_days: 7, grace_days: 2, ..Policy::default() };
    let cabinet = Policy { interval_days: 1, grace_days: 1, ..Policy::default() };
    let checked = Habits {
        check_days: Some(30),
        late_days: 7,
        missed: 20,
        self_check_days: Some(7),
        needed_days: None,
        ..QUIET
    };
    vec![
        regime(
            "yearly handover only",
            "nobody looks in between",
            never,
            Habits { needed_days: Some(365), ..QUIET },
        ),
        regime(
            "monthly self-inspection",
            "the holder ticks a box; four of five times without looking",
            trusting,
            Habits { self_check_days: Some(30), unlooked: 80, needed_days: Some(365), ..QUIET },
        ),
        regime(
            "default policy",
            "30 days and 7 of grace; one look in five is not made, the holder swears weekly",
            Policy::default(),
            checked,
        ),
        regime(
            "default policy, nobody looks",
            "the same, and no look is ever made",
            Policy::default(),
            Habits { missed: 100, ..checked },
        ),
        regime(
            "default policy, wrong clock",
            "the same as the first, and around every loss the clock is wrong by up to 400 days \
             for up to 20 days",
            Policy::default(),
            Habits { wrong_clock: 100, ..checked },
        ),
        regime(
            "weekly, for sensitive data",
            "7 days and 2 of grace; one look in five is not made, the holder swears daily",
            weekly,
            Habits { check_days: Some(7), late_days: 2, self_check_days: Some(1), ..checked },
        ),
        regime(
            "cabinet",
            "a station looks every day, and one day in five it does not",
            cabinet,
            Habits { check_days: Some(1), late_days: 0, self_check_days: None, ..checked },
        ),
    ]
}

/// Rules and habits at random, for whoever wants to see the bound fail.
pub fn random(chance: &mut Chance) -> Regime {
    let days = |chance: &mut Chance, low, high| {
        u32::try_from(chance.between(low, high)).unwrap_or(u32::MAX)
    };
    let grades = SightingGrade::ALL;
    let at = usize::try_from(chance.between(0, 3)).unwrap_or(0);
    let policy = Policy {
        interval_days: days(chance, 1, 90),
        grace_days: days(chance, 0, 30),
        grade: grades.get(at).copied().unwrap_or(SightingGrade::Label),
        checker: match chance.between(0, 1) {
            0 => CheckerRule::NotHolder,
            _ => CheckerRule::OtherUnit,
        },
        ..Policy::default()
    };
    let some = |chance: &mut Chance, high| match chance.percent(80) {
        true => Some(chance.between(1, high)),
        false => None,
    };
    let part = |chance: &mut Chance| u8::try_from(chance.between(0, 100)).unwrap_or(100);
    let habits = Habits {
        check_days: some(chance, 120),
        late_days: chance.between(0, 30),
        missed: part(chance),
        self_check_days: some(chance, 30),
        unlooked: 100,
        needed_days: None,
        crashed: part(chance),
        wrong_clock: part(chance),
    };
    Regime {
        name: "random".to_owned(),
        says: "rules, habits and troubles at random".to_owned(),
        policy,
        habits,
        states_a_bound: true,
    }
}
