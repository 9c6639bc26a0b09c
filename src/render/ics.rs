//! Duties as an iCalendar file (RFC 5545), for the calendar people have open anyway.
//! Asset ids only: such a file is often put where everybody can subscribe to it.

use super::paper::PaperError;
use super::paper::words::{Tongue, Words};
use crate::model::{Origin, Stamp};
use crate::report::notices::{Duty, Matter};

/// Longest line, in octets without its end.
const LINE_MAX: usize = 75;

/// A calendar of all-day events.
///
/// # Errors
/// Never, as long as the files in assets/locales are sound.
pub fn calendar(
    ledger: Option<&Origin>,
    entries: u64,
    now: Stamp,
    duties: &[Duty],
    tongue: Tongue,
) -> Result<String, PaperError> {
    let words = Words::new(tongue)?;
    let origin = ledger.map_or_else(String::new, ToString::to_string);
    let stamp = utc(now);
    let mut out = String::new();
    let mut line = |text: String| fold(&text, &mut out);
    line("BEGIN:VCALENDAR".to_owned());
    line("VERSION:2.0".to_owned());
    line("PRODID:-//custody//media-custody//EN".to_owned());
    line("CALSCALE:GREGORIAN".to_owned());
    line("METHOD:PUBLISH".to_owned());
    line(format!("X-WR-CALNAME:{}", escaped(&format!("custody {origin}"))));
    for duty in duties {
        let (kind, key) = match duty.matter {
            Matter::ReturnDue | Matter::ReturnOverdue => ("return", "ics-return"),
            _ => ("check", "ics-check"),
        };
        let begin = compact(&duty.day.to_string());
        let end = compact(&duty.day.plus(1).to_string());
        let summary = words.lines_of(key, &[("medium", duty.medium.as_str())]).join(" / ");
        line("BEGIN:VEVENT".to_owned());
        // The same duty keeps its name when its day moves, and the log only grows.
        line(format!("UID:{}", escaped(&format!("{}.{kind}@{origin}", duty.medium))));
        line(format!("SEQUENCE:{}", entries.min(i32::MAX as u64)));
        line(format!("DTSTAMP:{stamp}"));
        line(format!("DTSTART;VALUE=DATE:{begin}"));
        line(format!("DTEND;VALUE=DATE:{end}"));
        line(format!("SUMMARY:{}", escaped(&summary)));
        line("TRANSP:TRANSPARENT".to_owned());
        line("END:VEVENT".to_owned());
    }
    line("END:VCALENDAR".to_owned());
    Ok(out)
}

fn compact(day: &str) -> String {
    day.replace('-', "")
}

fn utc(now: Stamp) -> String {
    let zone = crate::model::Zone::utc();
    let now = Stamp::from_unix(now.unix(), &zone).unwrap_or(now);
    let [year, month, day, hour, minute, second] = now.fields();
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Text as a value: RFC 5545, 3.3.11.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            hidden if crate::model::printable::must_be_escaped(hidden) => {}
            plain => out.push(plain),
        }
    }
    out
}

/// A content line, folded between characters so that no line has more than 75 octets.
fn fold(text: &str, out: &mut String) {
    let mut room = LINE_MAX;
    for character in text.chars() {
        if character.len_utf8() > room {
            out.push_str("\r\n ");
            room = LINE_MAX - 1;
        }
        room -= character.len_utf8();
        out.push(character);
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_folded_line_fits_and_unfolds(text in "[^\r\n]{0,300}") {
            let mut out = String::new();
            fold(&text, &mut out);
            prop_assert!(out.ends_with("\r\n"));
            prop_assert!(out.split("\r\n").all(|line| line.len() <= LINE_MAX));
            let unfolded = out.replace("\r\n ", "");
            prop_assert_eq!(unfolded.trim_end_matches("\r\n"), text);
        }
    }

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(escaped("a,b;c\\d\ne\u{1b}\u{202e}"), "a\\,b\\;c\\\\d\\ne");
    }
}
