//! A rule of the policy that holds for some media only: those of one home, of one class
//! of data, or one alone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::lines::{LineError, parse_number};
use super::text::Name;
use super::vocabulary::{CheckerRule, RuleScope, SightingGrade};

/// `home interval-days=7 grace-days=- grade=device checker=other-unit draw-percent=10
/// 静岡支部保管庫`: for the media of that home. A `-` leaves what holds otherwise. Where
/// several rules fit a medium, the strictest of each counts; so no rule loosens another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RuleLine {
    /// What the name means.
    pub scope: RuleScope,
    /// A home, a class of data or an asset id.
    pub name: Name,
    /// Days between two sightings (1 to 3,660).
    pub interval_days: Option<u32>,
    /// Further days until a medium counts as overdue (0 to 366).
    pub grace_days: Option<u32>,
    /// Weakest evidence that counts as a sighting.
    pub grade: Option<SightingGrade>,
    /// Who may vouch for it.
    pub checker: Option<CheckerRule>,
    /// Percentage of the media that a drawn check takes at least (0 to 100).
    pub draw_percent: Option<u32>,
}

const SHAPE: &str = "<home, class or medium> interval-days=<n> grace-days=<n> grade=<grade> \
                     checker=<rule> draw-percent=<n> <name>, each - where nothing is said";

/// The keys of a rule, in order.
const KEYS: [&str; 5] = ["interval-days", "grace-days", "grade", "checker", "draw-percent"];

impl fmt::Display for RuleLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn or_dash(value: Option<impl fmt::Display>) -> String {
            value.map_or_else(|| "-".to_owned(), |value| value.to_string())
        }
        let values = [
            or_dash(self.interval_days),
            or_dash(self.grace_days),
            or_dash(self.grade),
            or_dash(self.checker),
            or_dash(self.draw_percent),
        ];
        write!(f, "{} ", self.scope)?;
        for (key, value) in KEYS.iter().zip(values) {
            write!(f, "{key}={value} ")?;
        }
        self.name.fmt(f)
    }
}

impl FromStr for RuleLine {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        let wrong = LineError(SHAPE);
        let mut parts = text.splitn(KEYS.len() + 2, ' ');
        let mut next = || parts.next().ok_or(LineError(SHAPE));
        let scope = next()?.parse().map_err(|_| LineError(SHAPE))?;
        let mut values = [""; KEYS.len()];
        for (key, value) in KEYS.iter().zip(&mut values) {
            let (found, rest) = next()?.split_once('=').ok_or(LineError(SHAPE))?;
            if found != *key {
                return Err(wrong);
            }
            *value = rest;
        }
        let [interval, grace, grade, checker, draw] = values;
        Ok(RuleLine {
            scope,
            interval_days: said(interval, number)?,
            grace_days: said(grace, number)?,
            grade: said(grade, |word| word.parse().ok())?,
            checker: said(checker, |word| word.parse().ok())?,
            draw_percent: said(draw, number)?,
            name: next()?.parse().map_err(|_| LineError(SHAPE))?,
        })
    }
}

fn said<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, LineError> {
    match text {
        "-" => Ok(None),
        text => read(text).map(Some).ok_or(LineError(SHAPE)),
    }
}

fn number(text: &str) -> Option<u32> {
    parse_number(text).and_then(|number| u32::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_one_spelling() {
        for text in [
            "home interval-days=7 grace-days=2 grade=device checker=other-unit draw-percent=10 本館 3階",
            "class interval-days=- grace-days=- grade=- checker=- draw-percent=100 要配慮個人情報",
            "medium interval-days=1 grace-days=0 grade=- checker=- draw-percent=- USB-0421",
        ] {
            let rule: RuleLine = text.parse().expect(text);
            assert_eq!(rule.to_string(), text);
        }
        for text in [
            "",
            "home",
            "shelf interval-days=7 grace-days=2 grade=- checker=- draw-percent=- A",
            "home interval-days=07 grace-days=2 grade=- checker=- draw-percent=- A",
            "home interval-days= grace-days=2 grade=- checker=- draw-percent=- A",
            "home grace-days=2 interval-days=7 grade=- checker=- draw-percent=- A",
            "home interval-days=7 grace-days=2 grade=best checker=- draw-percent=- A",
            "home interval-days=7 grace-days=2 grade=- checker=- draw-percent=-",
            "home interval-days=7 grace-days=2 grade=- checker=- draw-percent=-  A",
            "home  interval-days=7 grace-days=2 grade=- checker=- draw-percent=- A",
        ] {
            assert!(text.parse::<RuleLine>().is_err(), "{text}");
        }
    }
}
