//! Days on which nobody looks into a drawer: weekends and holidays.
//!
//! A calendar moves duties and never a bound. What is due on a closed day is due on the
//! last open day before it, so that the look happens in time. The day by which a loss is
//! noticed stays what interval and grace make it; where the office is closed then, the
//! day is named on which somebody is there to read it. When a medium counts as overdue
//! does not depend on a calendar at all, since a calendar is a file anybody may edit.

use std::collections::BTreeMap;

use super::schedule::Dates;
use crate::model::vocabulary::Weekday;
use crate::model::{Day, Name};

/// Most days a calendar may list.
pub const CALENDAR_MAX: usize = 10_000;
/// Longest row of closed days that is looked across, in either direction.
const CLOSED_MAX: u32 = 31;

/// Weekends and holidays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    /// Closed in every week.
    pub weekend: Vec<Weekday>,
    /// Closed once, and why.
    pub holidays: BTreeMap<Day, Name>,
}

/// What is wrong with one line of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct CalendarError {
    /// Counted from 1.
    pub line: usize,
    /// In words.
    pub problem: &'static str,
}

impl Calendar {
    /// Reads `weekend sat sun` and `2026-11-23 勤労感謝の日`, a line each; `#` begins a
    /// remark.
    ///
    /// # Errors
    /// Every line that is neither.
    pub fn parse(text: &str) -> Result<Self, Vec<CalendarError>> {
        let mut calendar = Calendar::default();
        let mut wrong = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Err(problem) = calendar.read(line) {
                wrong.push(CalendarError { line: at + 1, problem });
            }
        }
        if wrong.is_empty() { Ok(calendar) } else { Err(wrong) }
    }

    fn read(&mut self, line: &str) -> Result<(), &'static str> {
        if let Some(days) = line.strip_prefix("weekend ") {
            for day in days.split_whitespace() {
                let day = day.parse().map_err(|_| "weekdays are mon tue wed thu fri sat sun")?;
                if !self.weekend.contains(&day) {
                    self.weekend.push(day);
                }
            }
            // Somebody has to be there some day.
            return if self.weekend.len() < 7 { Ok(()) } else { Err("every day is closed") };
        }
        let (day, name) = line.split_once(' ').ok_or("a day and its name are expected")?;
        let day = day.parse().map_err(|_| "a day reads 2026-11-23")?;
        let name = name.trim().parse().map_err(|_| "the name is no line of text")?;
        if self.holidays.len() >= CALENDAR_MAX {
            return Err("too many days");
        }
        self.holidays.insert(day, name);
        Ok(())
    }

    /// Whether nobody is there.
    pub fn closed(&self, day: Day) -> bool {
        self.holidays.contains_key(&day) || self.weekend.contains(&day.weekday())
    }

    /// The last open day up to this one, but not before `earliest`; the day itself where
    /// all of them are closed.
    pub fn open_before(&self, day: Day, earliest: Day) -> Day {
        let mut one = day;
        for _ in 0..CLOSED_MAX {
            if !self.closed(one) {
                return one;
            }
            if one <= earliest {
                break;
            }
            one = one.previous();
        }
        day
    }

    /// The first open day from this one on; the day itself where all are closed for long.
    pub fn open_after(&self, day: Day) -> Day {
        let mut one = day;
        for _ in 0..CLOSED_MAX {
            if !self.closed(one) {
                return one;
            }
            one = one.following();
        }
        day
    }

    /// The dates of a medium that was seen on `seen`, as people have to act on them.
    pub fn duties(&self, dates: Dates, seen: Day) -> Duties {
        Duties {
            check_due: self.open_before(dates.check_due, seen.plus(1)),
            noticed_by: dates.noticed_by,
            read_by: self.open_after(dates.noticed_by),
        }
    }
}

/// When somebody has to look, and when somebody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duties {
    /// The last open day on which a look is in time.
    pub check_due: Day,
    /// The day on which a loss shows at the latest.
    pub noticed_by: Day,
    /// The first open day from then on.
    pub read_by: Day,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn a_duty_moves_forward_and_the_bound_does_not_move() {
        let calendar = Calendar::parse(
            "# the new year\nweekend sat sun\n\n2026-12-31 大晦日\n2027-01-01 元日\n",
        )
        .expect("a calendar");
        // 2027-01-02 is a Saturday: closed from the 31st to the 3rd.
        assert_eq!(calendar.open_before(day("2027-01-03"), day("2026-12-01")), day("2026-12-30"));
        assert_eq!(calendar.open_after(day("2026-12-31")), day("2027-01-04"));
        assert_eq!(calendar.open_after(day("2026-12-30")), day("2026-12-30"));
        // Not before it was seen: there is no earlier duty than that.
        assert_eq!(calendar.open_before(day("2027-01-02"), day("2027-01-01")), day("2027-01-02"));
        let dates = Dates { check_due: day("2027-01-02"), noticed_by: day("2027-01-09") };
        let duties = calendar.duties(dates, day("2026-12-03"));
        assert_eq!(duties.check_due, day("2026-12-30"));
        assert_eq!((duties.noticed_by, duties.read_by), (day("2027-01-09"), day("2027-01-11")));
    }

    #[test]
    fn a_calendar_is_read_strictly_and_all_is_said_at_once() {
        let wrong = Calendar::parse("weekend sat noday\n2026-13-01 x\n2026-11-23\nfoo bar\n");
        let lines: Vec<usize> = wrong.expect_err("wrong").iter().map(|error| error.line).collect();
        assert_eq!(lines, [1, 2, 3, 4]);
        let never = Calendar::parse("weekend mon tue wed thu fri sat sun\n");
        assert_eq!(never.expect_err("wrong")[0].problem, "every day is closed");
        let none = Calendar::default();
        assert_eq!(none.open_before(day("2026-11-22"), day("2026-11-01")), day("2026-11-22"));
    }
}
