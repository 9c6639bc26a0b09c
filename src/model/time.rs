//! Points in time and calendar days as they stand in statements.
//!
//! A statement carries the wall clock of the place it was made at, RFC 3339 with
//! a numeric offset and whole seconds: `2026-11-22T10:15:00+09:00`. That is what
//! a person reads on the receipt. `Z`, fractions and `-00:00` are refused, so
//! that one moment at one offset has one spelling.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

use super::spelling::Spelled;
use super::vocabulary::Weekday;

/// Why a text is no [`Stamp`], [`Day`] or [`Zone`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not `YYYY-MM-DDThh:mm:ss+hh:mm`, or no such moment.
    #[error("a time reads 2026-11-22T10:15:00+09:00 (years 2000 to 9998)")]
    Stamp,
    /// Not `YYYY-MM-DD`, or no such day.
    #[error("a day reads 2026-11-22 (years 2000 to 9998)")]
    Day,
    /// No zone of that name in the IANA database.
    #[error("no such time zone; use a name such as Asia/Tokyo")]
    Zone,
}

const FIRST_YEAR: i16 = 2000;
const LAST_YEAR: i16 = 9998;

/// A moment, with the offset from UTC it was written down at. Two stamps are
/// compared as moments; the offset only decides how one is shown.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Stamp {
    seconds: i64,
    offset_minutes: i16,
}

impl Stamp {
    /// The moment `seconds` after 1970-01-01T00:00:00Z, shown in `zone`.
    ///
    /// # Errors
    /// [`TimeError::Stamp`] outside the years 2000 to 9998.
    pub fn from_unix(seconds: i64, zone: &Zone) -> Result<Self, TimeError> {
        let moment = jiff::Timestamp::from_second(seconds).map_err(|_| TimeError::Stamp)?;
        let offset = zone.0.to_offset(moment).seconds();
        let stamp = Stamp {
            seconds,
            offset_minutes: i16::try_from(offset / 60).map_err(|_| TimeError::Stamp)?,
        };
        let year = stamp.civil().ok_or(TimeError::Stamp)?.year();
        if (FIRST_YEAR..=LAST_YEAR).contains(&year) { Ok(stamp) } else { Err(TimeError::Stamp) }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix(&self) -> i64 {
        self.seconds
    }

    /// The calendar day at the stamp's own offset.
    pub fn day(&self) -> Day {
        self.civil()
            .map_or(Day(civil::Date::constant(FIRST_YEAR, 1, 1)), |moment| Day(moment.date()))
    }

    /// The year at the stamp's own offset.
    pub fn year(&self) -> i16 {
        self.day().0.year()
    }

    /// `2026-11-22 10:15`, for lists and receipts read by people.
    pub fn short(&self) -> String {
        match self.civil() {
            Some(moment) => moment.strftime("%Y-%m-%d %H:%M").to_string(),
            None => self.to_string(),
        }
    }

    /// Year, month, day, hour, minute and second at the stamp's own offset.
    pub fn fields(&self) -> [i16; 6] {
        self.civil().map_or([FIRST_YEAR, 1, 1, 0, 0, 0], |moment| {
            let small =
                [moment.month(), moment.day(), moment.hour(), moment.minute(), moment.second()];
            let [month, day, hour, minute, second] = small.map(i16::from);
            [moment.year(), month, day, hour, minute, second]
        })
    }

    /// The offset from UTC in minutes.
    pub fn offset_minutes(&self) -> i16 {
        self.offset_minutes
    }

    /// The moment `days` whole days (of 86,400 seconds) later.
    pub fn plus_days(&self, days: u32) -> Stamp {
        Stamp { seconds: self.seconds.saturating_add(i64::from(days) * 86_400), ..*self }
    }

    /// The moment so many seconds later, or earlier where negative.
    pub fn plus_seconds(&self, seconds: i64) -> Stamp {
        Stamp { seconds: self.seconds.saturating_add(seconds), ..*self }
    }

    fn civil(&self) -> Option<civil::DateTime> {
        let offset = Offset::from_seconds(i32::from(self.offset_minutes) * 60).ok()?;
        Some(offset.to_datetime(jiff::Timestamp::from_second(self.seconds).ok()?))
    }
}

impl PartialEq for Stamp {
    fn eq(&self, other: &Self) -> bool {
        self.seconds == other.seconds
    }
}
impl Eq for Stamp {}
impl PartialOrd for Stamp {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Stamp {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.seconds.cmp(&other.seconds)
    }
}

impl Spelled for Stamp {
    fn spell(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let Some(moment) = self.civil() else { return Err(fmt::Error) };
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let minutes = self.offset_minutes.unsigned_abs();
        write_day(moment.date(), out)?;
        for (before, number) in [
            ('T', moment.hour().unsigned_abs().into()),
            (':', moment.minute().unsigned_abs().into()),
            (':', moment.second().unsigned_abs().into()),
            (sign, minutes / 60),
            (':', minutes % 60),
        ] {
            out.write_char(before)?;
            write_two(number, out)?;
        }
        Ok(())
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spell(f)
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `2026-12-06`. Years have four digits, see [`FIRST_YEAR`].
fn write_day(day: civil::Date, out: &mut impl fmt::Write) -> fmt::Result {
    let year = day.year().unsigned_abs();
    write_two(year / 100, out)?;
    write_two(year % 100, out)?;
    for number in [day.month(), day.day()] {
        out.write_char('-')?;
        write_two(number.unsigned_abs().into(), out)?;
    }
    Ok(())
}

/// A number below 100 as two digits. Padding by the formatter takes several times
/// as long, and every entry of an audit is written once.
fn write_two(number: u16, out: &mut impl fmt::Write) -> fmt::Result {
    for digit in [number / 10 % 10, number % 10] {
        out.write_char(char::from_digit(digit.into(), 10).unwrap_or('?'))?;
    }
    Ok(())
}

/// The decimal number in `text[range]`, digits only.
fn digits(text: &str, range: std::ops::Range<usize>) -> Option<i16> {
    let part = text.get(range)?;
    if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None }
}

fn two(text: &str, at: usize) -> Option<i8> {
    digits(text, at..at + 2).and_then(|n| i8::try_from(n).ok())
}

fn parse_day(text: &str) -> Option<civil::Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = digits(text, 0..4)?;
    if !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
        return None;
    }
    civil::Date::new(year, two(text, 5)?, two(text, 8)?).ok()
}

fn parse_stamp(text: &str) -> Option<Stamp> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 25
        && text.is_ascii()
        && bytes[10] == b'T'
        && bytes[13] == b':'
        && bytes[16] == b':'
        && bytes[22] == b':';
    if !shaped {
        return None;
    }
    let day = parse_day(text.get(..10)?)?;
    let time = civil::Time::new(two(text, 11)?, two(text, 14)?, two(text, 17)?, 0).ok()?;
    let sign: i16 = match bytes[19] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = (i16::from(two(text, 20)?), i16::from(two(text, 23)?));
    // RFC 3339 gives -00:00 a meaning of its own ("offset unknown").
    if hours > 23 || minutes > 59 || (sign < 0 && hours == 0 && minutes == 0) {
        return None;
    }
    let offset_minutes = sign * (hours * 60 + minutes);
    let offset = Offset::from_seconds(i32::from(offset_minutes) * 60).ok()?;
    let moment = offset.to_timestamp(day.to_datetime(time)).ok()?;
    Some(Stamp { seconds: moment.as_second(), offset_minutes })
}

impl FromStr for Stamp {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        parse_stamp(text).ok_or(TimeError::Stamp)
    }
}

/// A calendar day, `2026-12-06`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(civil::Date);

impl Day {
    /// The day `days` later; the last representable day at the utmost.
    pub fn plus(&self, days: u32) -> Day {
        let span = jiff::Span::new().try_days(i64::from(days));
        let later = span.and_then(|span| self.0.checked_add(span));
        Day(later.unwrap_or(civil::Date::constant(LAST_YEAR, 12, 31)))
    }

    /// The day after; the last representable day at the utmost.
    pub fn following(&self) -> Day {
        Day(self.0.tomorrow().unwrap_or(self.0))
    }

    /// The day before; the first representable day at the utmost.
    pub fn previous(&self) -> Day {
        Day(self.0.yesterday().unwrap_or(self.0))
    }

    /// Its day of the week.
    pub fn weekday(&self) -> Weekday {
        match self.0.weekday() {
            civil::Weekday::Monday => Weekday::Monday,
            civil::Weekday::Tuesday => Weekday::Tuesday,
            civil::Weekday::Wednesday => Weekday::Wednesday,
            civil::Weekday::Thursday => Weekday::Thursday,
            civil::Weekday::Friday => Weekday::Friday,
            civil::Weekday::Saturday => Weekday::Saturday,
            civil::Weekday::Sunday => Weekday::Sunday,
        }
    }

    /// Whole days from `self` to `other`, negative when `other` is earlier.
    pub fn days_until(&self, other: Day) -> i64 {
        self.0.duration_until(other.0).as_hours() / 24
    }
}

impl Spelled for Day {
    fn spell(&self, out: &mut impl fmt::Write) -> fmt::Result {
        write_day(self.0, out)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spell(f)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Day {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        parse_day(text).map(Day).ok_or(TimeError::Day)
    }
}

impl TryFrom<String> for Day {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.to_string()
    }
}

/// A time zone of the IANA database, by name.
#[derive(Clone, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Looks the name up in the zone data at hand.
    ///
    /// # Errors
    /// [`TimeError::Zone`] when no zone has that name.
    pub fn named(name: &str) -> Result<Self, TimeError> {
        TimeZone::get(name).map(Zone).map_err(|_| TimeError::Zone)
    }

    /// UTC, for callers that have no ledger to ask.
    pub fn utc() -> Self {
        Zone(TimeZone::UTC)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("?"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_have_one_spelling() {
        for text in
            ["2026-11-22T10:15:00+09:00", "2000-02-29T23:59:59-03:30", "2026-01-01T00:00:00+00:00"]
        {
            assert_eq!(text.parse::<Stamp>().map(|s| s.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "2026-11-22T10:15:00Z",
            "2026-11-22T10:15:00-00:00",
            "2026-11-22T10:15:00.0+09:00",
            "2026-11-22t10:15:00+09:00",
            "2026-02-29T10:15:00+09:00",
            "2026-11-22T24:00:00+09:00",
            "2026-11-22T10:15:60+09:00",
            "1999-11-22T10:15:00+09:00",
            "2026-11-22T10:15:00+24:00",
            "+026-11-22T10:15:00+09:00",
            "2026-11-22T1é:15:00+09:0",
        ] {
            assert_eq!(text.parse::<Stamp>(), Err(TimeError::Stamp), "{text}");
        }
    }

    #[test]
    fn moments_compare_across_offsets() {
        let tokyo: Stamp = "2026-11-22T10:15:00+09:00".parse().unwrap();
        let utc: Stamp = "2026-11-22T01:15:00+00:00".parse().unwrap();
        assert_eq!(tokyo, utc);
        assert_eq!(tokyo.day().to_string(), "2026-11-22");
        let zone = Zone::named("Asia/Tokyo").unwrap();
        assert_eq!(
            Stamp::from_unix(utc.unix(), &zone).unwrap().to_string(),
            "2026-11-22T10:15:00+09:00"
        );
    }

    #[test]
    fn days_count() {
        let day: Day = "2026-11-22".parse().unwrap();
        assert_eq!(day.plus(14).to_string(), "2026-12-06");
        assert_eq!(day.days_until(day.plus(400)), 400);
        assert_eq!(day.plus(3).days_until(day), -3);
    }
}
