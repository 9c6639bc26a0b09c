//! By when a loss has to be reported to the authority.

use serde::{Deserialize, Serialize};

use super::policy::Policy;
use crate::model::{Day, Stamp};

/// Days that the authority gives, counted from knowing of the loss.
///
/// The defaults are Japan's: Act on the Protection of Personal Information (個人情報の
/// 保護に関する法律), Article 26, paragraph 1, and Article 8 of its Enforcement Rules
/// (施行規則), for the situations of Article 7 of those rules. The rules ask for the
/// preliminary report "promptly"; that this means about 3 to 5 days is the Commission's
/// own reading in its guidelines (通則編, 3-5-3-3), the final report's 30 and 60 days
/// stand in Article 8, paragraph 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadlines {
    /// The preliminary report (速報) is expected from this day on.
    pub preliminary_from: u32,
    /// It is late after this day.
    pub preliminary_until: u32,
    /// The final report (確報).
    pub final_days: u32,
    /// The final report where somebody may have acted for an improper purpose (不正の目的).
    pub final_improper_days: u32,
    /// Whether the day of knowing is the first of these days. Counted so, a deadline is
    /// a day earlier than otherwise, so it is the side to err on.
    pub first_day_counts: bool,
}

/// Where the default deadlines come from.
pub const SOURCE: &str = "Act on the Protection of Personal Information (Japan), Article 26; \
                          Enforcement Rules, Articles 7 and 8; guidelines (general rules) 3-5-3";
/// The same in Japanese.
pub const SOURCE_JA: &str =
    "個人情報の保護に関する法律第26条、同法施行規則第7条・第8条、ガイドライン（通則編）3-5-3";

impl Default for Deadlines {
    fn default() -> Self {
        Deadlines {
            preliminary_from: 3,
            preliminary_until: 5,
            final_days: 30,
            final_improper_days: 60,
            first_day_counts: true,
        }
    }
}

/// The days by which reports have to be made. None is moved for weekends or holidays:
/// where the rules move one it is to a later day, so these are never too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportingDays {
    /// The preliminary report is expected from then on.
    pub preliminary_from: Day,
    /// And late after this day.
    pub preliminary_until: Day,
    /// The final report.
    pub final_until: Day,
    /// The final report where an improper purpose may be behind the loss.
    pub final_improper_until: Day,
}

impl Deadlines {
    /// The deadlines under this policy: its own where it sets any, else the defaults.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let Deadlines { preliminary_from, preliminary_until, final_days, .. } =
            Deadlines::default();
        let until = policy.report_days.unwrap_or(preliminary_until);
        Deadlines {
            preliminary_from: preliminary_from.min(until),
            preliminary_until: until,
            final_days: policy.final_days.unwrap_or(final_days),
            final_improper_days: policy
                .final_improper_days
                .unwrap_or(Deadlines::default().final_improper_days),
            first_day_counts: true,
        }
    }

    /// The days, for a loss that became known at `known`.
    #[must_use]
    pub fn from(&self, known: Stamp) -> ReportingDays {
        let first = u32::from(self.first_day_counts);
        let day = |days: u32| known.day().plus(days.saturating_sub(first));
        ReportingDays {
            preliminary_from: day(self.preliminary_from),
            preliminary_until: day(self.preliminary_until),
            final_until: day(self.final_days),
            final_improper_until: day(self.final_improper_days),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(deadlines: Deadlines, known: &str) -> [String; 4] {
        let days = deadlines.from(known.parse().unwrap());
        [days.preliminary_from, days.preliminary_until, days.final_until, days.final_improper_until]
            .map(|day| day.to_string())
    }

    #[test]
    fn the_day_of_knowing_is_the_first() {
        let known = "2026-11-20T16:40:00+09:00";
        let expected = ["2026-11-22", "2026-11-24", "2026-12-19", "2027-01-18"];
        assert_eq!(days(Deadlines::default(), known), expected);
        // The day is that of the clock on the wall, not of UTC.
        assert_eq!(days(Deadlines::default(), "2026-11-20T00:10:00+09:00"), expected);
        let after = Deadlines { first_day_counts: false, ..Deadlines::default() };
        assert_eq!(days(after, known), ["2026-11-23", "2026-11-25", "2026-12-20", "2027-01-19"]);
    }
}
