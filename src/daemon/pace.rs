//! Something to be done every so often, by whichever clock gets there first.

use std::time::Duration;

/// A moment by a clock that only goes on and, in seconds since 1970, by the one on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// Since the daemon began. Stands still while the computer sleeps.
    pub passed: Duration,
    /// The wall clock, which people and time servers set.
    pub unix: i64,
}

/// The wall clock may stray from the other one by so much before it is said.
const STRAY: i64 = 5;

impl Clocks {
    /// By how much the wall clock has moved more than the other one since `before`, where
    /// that is worth a word: somebody set it, or the computer slept.
    pub fn jumped_since(self, before: Clocks) -> Option<i64> {
        let passed = self.passed.saturating_sub(before.passed).as_secs();
        let walked = self.unix.saturating_sub(before.unix);
        let jump = walked.saturating_sub(i64::try_from(passed).unwrap_or(i64::MAX));
        (jump.abs() > STRAY).then_some(jump)
    }
}

/// When something was last done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace(Option<Clocks>);

impl Pace {
    /// Whether it is time. After a sleep only the wall clock has gone on; one that was set
    /// back does not count until it has been caught up with.
    pub fn is_due(&self, every: Duration, now: Clocks) -> bool {
        self.0.is_none_or(|last| {
            let walked = now.unix.saturating_sub(last.unix);
            let walked = u64::try_from(walked).map_or(Duration::ZERO, Duration::from_secs);
            walked >= every || now.passed.saturating_sub(last.passed) >= every
        })
    }

    /// It was done.
    pub fn done(&mut self, now: Clocks) {
        self.0 = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(passed: u64, unix: i64) -> Clocks {
        Clocks { passed: Duration::from_secs(passed), unix }
    }

    #[test]
    fn either_clock_is_enough() {
        let every = Duration::from_secs(900);
        let mut pace = Pace::default();
        assert!(pace.is_due(every, at(0, 1_000)), "never done");
        pace.done(at(0, 1_000));
        for (now, due, why) in [
            (at(899, 1_899), false, "a second early"),
            (at(900, 1_900), true, "in time"),
            (at(3, 90_000), true, "after a night's sleep"),
            (at(3, -90_000), false, "the clock set back"),
            (at(900, -90_000), true, "and a quarter of an hour later"),
        ] {
            assert_eq!(pace.is_due(every, now), due, "{why}");
        }
    }

    #[test]
    fn a_jump_is_what_one_clock_moved_more_than_the_other() {
        assert_eq!(at(60, 1_060).jumped_since(at(0, 1_000)), None);
        assert_eq!(at(60, 1_063).jumped_since(at(0, 1_000)), None);
        assert_eq!(at(60, 4_660).jumped_since(at(0, 1_000)), Some(3_600));
        assert_eq!(at(60, 60).jumped_since(at(0, 1_000)), Some(-1_000));
    }
}
