//! Due and overdue: functions of the last sighting, the policy and the time, so
//! that they come true with no program running.

use serde::{Deserialize, Serialize};

use super::policy::Policy;
use super::state::{Medium, Presence};
use super::terms::Terms;
use crate::model::vocabulary::Concern;
use crate::model::{Day, Stamp};

/// How urgently a medium wants attention, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Decided to be lost.
    Lost,
    /// Looked for and not found.
    Missing,
    /// Gone from its place, and no handover says why.
    Left,
    /// Should have come back.
    ReturnOverdue,
    /// Should have been seen, grace included.
    CheckOverdue,
    /// Should be seen within the grace period.
    CheckDue,
    /// With somebody, in time.
    Out,
    /// In its place, seen in time.
    Home,
    /// Out of use.
    Retired,
}

impl Standing {
    /// The words shown to people.
    pub fn words(self) -> &'static str {
        match self {
            Standing::Lost => "LOST",
            Standing::Missing => "MISSING",
            Standing::Left => "LEFT WITHOUT A HANDOVER",
            Standing::ReturnOverdue => "RETURN OVERDUE",
            Standing::CheckOverdue => "CHECK OVERDUE",
            Standing::CheckDue => "check due",
            Standing::Out => "out",
            Standing::Home => "home",
            Standing::Retired => "retired",
        }
    }

    /// What of this wants attention.
    pub fn concern(self) -> Option<Concern> {
        match self {
            Standing::Missing => Some(Concern::Missing),
            Standing::Left => Some(Concern::Left),
            Standing::ReturnOverdue => Some(Concern::ReturnOverdue),
            Standing::CheckOverdue => Some(Concern::CheckOverdue),
            Standing::CheckDue => Some(Concern::CheckDue),
            Standing::Lost | Standing::Out | Standing::Home | Standing::Retired => None,
        }
    }

    /// Whether somebody has to act now.
    pub fn is_alarm(self) -> bool {
        self <= Standing::CheckOverdue
    }
}

/// The dates of one medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dates {
    /// Next sighting due: from this day on it says so.
    pub check_due: Day,
    /// If it vanished right after the last sighting, it is noticed on this day: from its
    /// first hour on the medium counts as overdue.
    pub noticed_by: Day,
}

/// When a medium must next be seen, and until when a loss can go unnoticed.
pub fn dates(medium: &Medium, policy: &Policy) -> Dates {
    dates_under(medium, &policy.terms(medium))
}

/// The same for whoever has the medium's terms already.
pub fn dates_under(medium: &Medium, terms: &Terms) -> Dates {
    let seen = medium.seen.at;
    Dates {
        check_due: seen.plus_days(terms.interval_days).day(),
        noticed_by: seen.plus_days(terms.bound_days()).day(),
    }
}

/// The standing of one medium at `now`.
pub fn standing(medium: &Medium, policy: &Policy, now: Stamp) -> Standing {
    standing_on(medium, dates(medium, policy), now.day())
}

/// The same for whoever has the medium's dates already.
pub fn standing_on(medium: &Medium, dates: Dates, today: Day) -> Standing {
    match medium.presence {
        Presence::Retired { .. } => return Standing::Retired,
        Presence::Lost { .. } => return Standing::Lost,
        Presence::Missing { .. } => return Standing::Missing,
        Presence::Present => {}
    }
    if medium.left.is_some() {
        Standing::Left
    } else if medium.custody.due.is_some_and(|due| due < today) {
        Standing::ReturnOverdue
    } else if dates.noticed_by <= today {
        Standing::CheckOverdue
    } else if dates.check_due <= today {
        Standing::CheckDue
    } else if medium.at_home() {
        Standing::Home
    } else {
        Standing::Out
    }
}
