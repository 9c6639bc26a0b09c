//! The rules in force at one point of the log.

use serde::{Deserialize, Serialize};

use super::intent::Frame;
use crate::model::statement;
use crate::model::vocabulary::{CheckerRule, PaperRule, SightingGrade, WitnessRule};
use crate::model::{Origin, Phrase, Signatory, Token};

/// The rules in force. A change is a signed `policy` entry; until the first one
/// the [`Default`] holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Hours a draft may take to collect its signatures (1 to 8,760).
    pub draft_hours: u32,
    /// Days between two sightings (1 to 3,660).
    pub interval_days: u32,
    /// Further days until a medium counts as overdue (0 to 366).
    pub grace_days: u32,
    /// Longest time until a medium is due back, in days (1 to 3,660).
    pub loan_days: u32,
    /// Weakest evidence that counts as a sighting.
    pub grade: SightingGrade,
    /// Who may close a check.
    pub checker: CheckerRule,
    /// Whether handovers need a witness.
    pub witness: WitnessRule,
    /// Whether a party may seal on paper.
    pub paper: PaperRule,
    /// Alarms under which a medium does not change hands.
    pub alarm_refuses: Vec<Token>,
    /// Alarms under which it does only after an override by two people.
    pub alarm_override: Vec<Token>,
}

/// Most alarms of either kind a policy may name.
pub const ALARMS_MAX: usize = 64;

/// Refused unless the policy says otherwise: nobody can tell which of two devices
/// with one identity is the one that was registered.
const REFUSES: &[&str] = &["identity-twice"];

/// What a swapped, reprogrammed or reformatted drive shows. Each has an innocent
/// cause too, which two people have to find.
const OVERRIDE: &[&str] = &[
    "interfaces-drift",
    "configurations-drift",
    "capacity-drift",
    "inquiry-drift",
    "mark-drift",
    "sequence-backwards",
    "encryption-weaker",
    "token-missing",
    "token-stale",
    "input-beside-storage",
    "network-beside-storage",
    "hub-beside-storage",
    "vendor-beside-storage",
    "hub-claims-storage",
    "id-mismatch",
];

fn tokens(names: &[&str]) -> Vec<Token> {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            draft_hours: 72,
            interval_days: 30,
            grace_days: 7,
            loan_days: 366,
            grade: SightingGrade::Label,
            checker: CheckerRule::NotHolder,
            witness: WitnessRule::Optional,
            paper: PaperRule::Accepted,
            alarm_refuses: tokens(REFUSES),
            alarm_override: tokens(OVERRIDE),
        }
    }
}

impl From<&statement::Policy> for Policy {
    fn from(said: &statement::Policy) -> Self {
        Policy {
            draft_hours: said.draft_hours,
            interval_days: said.interval_days,
            grace_days: said.grace_days,
            loan_days: said.loan_days,
            grade: said.grade,
            checker: said.checker,
            witness: said.witness,
            paper: said.paper,
            alarm_refuses: said.alarm_refuses.clone(),
            alarm_override: said.alarm_override.clone(),
        }
    }
}

impl Policy {
    /// These rules as a statement of `ledger`, made under `frame`.
    pub fn statement(
        &self,
        ledger: Origin,
        frame: Frame,
        reason: Option<Phrase>,
        by: Signatory,
        second: Option<Signatory>,
    ) -> statement::Policy {
        let Frame { at, seen, nonce } = frame;
        statement::Policy {
            ledger,
            at,
            seen,
            draft_hours: self.draft_hours,
            interval_days: self.interval_days,
            grace_days: self.grace_days,
            loan_days: self.loan_days,
            grade: self.grade,
            checker: self.checker,
            witness: self.witness,
            paper: self.paper,
            alarm_refuses: self.alarm_refuses.clone(),
            alarm_override: self.alarm_override.clone(),
            reason,
            by,
            second,
            nonce,
        }
    }

    /// The names of the numbers that are out of their range.
    pub fn out_of_range(&self) -> Vec<&'static str> {
        let ranges = [
            ("draft-hours", self.draft_hours, 1..=8_760),
            ("interval-days", self.interval_days, 1..=3_660),
            ("grace-days", self.grace_days, 0..=366),
            ("loan-days", self.loan_days, 1..=3_660),
        ];
        let outside =
            |(name, number, range): (&'static str, u32, std::ops::RangeInclusive<u32>)| {
                (!range.contains(&number)).then_some(name)
            };
        let mut found: Vec<&'static str> = ranges.into_iter().filter_map(outside).collect();
        for (name, alarms) in
            [("alarm-refuses", &self.alarm_refuses), ("alarm-override", &self.alarm_override)]
        {
            if alarms.len() > ALARMS_MAX {
                found.push(name);
            }
        }
        found
    }
}
