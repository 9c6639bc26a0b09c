//! The rules in force at one point of the log.

use serde::{Deserialize, Serialize};

use super::intent::Frame;
use crate::model::statement;
use crate::model::vocabulary::{CheckerRule, LooseningRule, PaperRule, SightingGrade, WitnessRule};
use crate::model::{Origin, Phrase, RuleLine, Signatory, Token};

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
    /// Percentage of the media that a drawn check takes at least (0 to 100).
    pub draw_percent: Option<u32>,
    /// Rules for some media only; see [`Policy::terms`](Policy::terms()).
    pub rules: Vec<RuleLine>,
    /// What a change takes that asks for less.
    pub loosening: Option<LooseningRule>,
    /// Days from knowing of a loss to the preliminary report (1 to 366).
    pub report_days: Option<u32>,
    /// Days from knowing of a loss to the final report (1 to 366).
    pub final_days: Option<u32>,
    /// The same where an improper purpose is to be feared (1 to 366).
    pub final_improper_days: Option<u32>,
}

/// Most alarms of either kind a policy may name.
pub const ALARMS_MAX: usize = 64;

/// Most rules a policy may have.
pub const RULES_MAX: usize = 200;

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
            draw_percent: None,
            rules: Vec::new(),
            loosening: None,
            report_days: None,
            final_days: None,
            final_improper_days: None,
        }
    }
}

impl Policy {
    /// What a new ledger begins with. The [`Default`] is older than the rule about
    /// loosening, and logs that were judged without it are judged so for ever.
    pub fn of_a_new_ledger() -> Self {
        Policy { loosening: Some(LooseningRule::TwoAdministrators), ..Policy::default() }
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
            draw_percent: said.draw_percent,
            rules: said.rule.clone(),
            loosening: said.loosening,
            report_days: said.report_days,
            final_days: said.final_days,
            final_improper_days: said.final_improper_days,
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
            draw_percent: self.draw_percent,
            rule: self.rules.clone(),
            loosening: self.loosening,
            report_days: self.report_days,
            final_days: self.final_days,
            final_improper_days: self.final_improper_days,
            reason,
            by,
            second,
            nonce,
        }
    }

    /// The names of the numbers that are out of their range, each once.
    pub fn out_of_range(&self) -> Vec<&'static str> {
        let mut numbers = vec![
            ("draft-hours", Some(self.draft_hours), 1..=8_760),
            ("loan-days", Some(self.loan_days), 1..=3_660),
            ("report-days", self.report_days, 1..=366),
            ("final-days", self.final_days, 1..=366),
            ("final-improper-days", self.final_improper_days, 1..=366),
        ];
        let mut schedule = |interval, grace, draw| {
            numbers.push(("interval-days", interval, 1..=3_660));
            numbers.push(("grace-days", grace, 0..=366));
            numbers.push(("draw-percent", draw, 0..=100));
        };
        schedule(Some(self.interval_days), Some(self.grace_days), self.draw_percent);
        for rule in &self.rules {
            schedule(rule.interval_days, rule.grace_days, rule.draw_percent);
        }
        let outside = numbers.into_iter().filter(|(_, number, range)| {
            number.is_some_and(|number: u32| !range.contains(&number))
        });
        let mut found: Vec<&'static str> = Vec::new();
        let lists = [
            ("alarm-refuses", self.alarm_refuses.len() > ALARMS_MAX),
            ("alarm-override", self.alarm_override.len() > ALARMS_MAX),
            ("rule", self.rules.len() > RULES_MAX),
        ];
        let lists = lists.into_iter().filter(|(_, too_many)| *too_many);
        for name in outside.map(|(name, ..)| name).chain(lists.map(|(name, _)| name)) {
            if !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }
}
