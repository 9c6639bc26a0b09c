//! A calendar month.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::model::{Day, Stamp};

/// A month, `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    year: i16,
    month: i16,
    first: Day,
    last: Day,
}

/// A text that is no month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a month is written as 2026-11")]
pub struct MonthError;

impl Month {
    /// Its first day.
    #[must_use]
    pub fn first(self) -> Day {
        self.first
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> Day {
        self.last
    }

    /// The month of a moment, in the moment's own offset.
    ///
    /// # Errors
    /// None for a moment that is a [`Stamp`].
    pub fn of(at: Stamp) -> Result<Self, MonthError> {
        let [year, month, ..] = at.fields();
        format!("{year:04}-{month:02}").parse()
    }

    /// The month before this one.
    ///
    /// # Errors
    /// For the first month there is.
    pub fn before(self) -> Result<Self, MonthError> {
        let (year, month) =
            if self.month == 1 { (self.year - 1, 12) } else { (self.year, self.month - 1) };
        format!("{year:04}-{month:02}").parse()
    }

    /// Whether the moment lies in it.
    #[must_use]
    pub fn holds(self, at: Stamp) -> bool {
        (self.first..=self.last).contains(&at.day())
    }

    /// Its last second, in the offset of `like`; `like` itself where it comes earlier.
    #[must_use]
    pub fn end(self, like: Stamp) -> Stamp {
        let offset = like.offset_minutes();
        let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
        let text = format!("{}T23:59:59{sign}{:02}:{:02}", self.last, minutes / 60, minutes % 60);
        text.parse().map_or(like, |end: Stamp| end.min(like))
    }
}

impl FromStr for Month {
    type Err = MonthError;
    fn from_str(text: &str) -> Result<Self, MonthError> {
        let first: Day = format!("{text}-01").parse().map_err(|_| MonthError)?;
        let (year, month) = text.split_once('-').ok_or(MonthError)?;
        let inside = |day: &Day| day.to_string().starts_with(text);
        let last = (27..31).map(|days| first.plus(days)).rfind(inside);
        Ok(Month {
            year: year.parse().map_err(|_| MonthError)?,
            month: month.parse().map_err(|_| MonthError)?,
            first,
            last: last.ok_or(MonthError)?,
        })
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_and_end_where_they_should() {
        for (text, last, before) in [
            ("2026-11", "2026-11-30", "2026-10"),
            ("2026-12", "2026-12-31", "2026-11"),
            ("2026-02", "2026-02-28", "2026-01"),
            ("2028-02", "2028-02-29", "2028-01"),
            ("2026-01", "2026-01-31", "2025-12"),
        ] {
            let month: Month = text.parse().unwrap();
            assert_eq!(month.last().to_string(), last);
            assert_eq!(month.before().unwrap().to_string(), before);
            let late: Stamp = "2030-01-01T00:00:00+09:00".parse().unwrap();
            assert_eq!(month.end(late).to_string(), format!("{last}T23:59:59+09:00"));
            assert!(month.holds(month.end(late)) && !month.holds(late));
            assert_eq!(Month::of(month.end(late)), Ok(month));
        }
        for wrong in ["", "2026", "2026-13", "2026-1", "11-2026", "2026-11-01"] {
            assert_eq!(wrong.parse::<Month>(), Err(MonthError), "{wrong}");
        }
        let early: Stamp = "2026-11-03T08:00:00-05:00".parse().unwrap();
        assert_eq!("2026-11".parse::<Month>().unwrap().end(early), early);
    }
}
