//! What holds for one medium: the strictest of the policy, of every rule that fits it and
//! of its own registration. So a rule can ask for more and never for less, and no order
//! of rules has to be kept in mind.

use super::policy::Policy;
use super::state::{Medium, State};
use crate::model::PartyId;
use crate::model::vocabulary::{CheckerRule, RuleScope, SightingGrade};

/// What holds for one medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Days between two sightings.
    pub interval_days: u32,
    /// Further days until it counts as overdue.
    pub grace_days: u32,
    /// Weakest evidence that counts as a sighting.
    pub grade: SightingGrade,
    /// Who may vouch for it.
    pub checker: CheckerRule,
    /// Percentage that a drawn check takes at least.
    pub draw_percent: u32,
}

impl Terms {
    /// Longest time between two looks, in days.
    pub fn bound_days(&self) -> u32 {
        self.interval_days.saturating_add(self.grace_days)
    }

    /// Whether these ask for less than `before` did, in any respect.
    pub fn looser_than(&self, before: &Terms) -> bool {
        self.bound_days() > before.bound_days()
            || self.grade > before.grade
            || strictness(self.checker) < strictness(before.checker)
            || self.draw_percent < before.draw_percent
    }
}

/// The more of them a rule keeps out, the higher.
fn strictness(rule: CheckerRule) -> u8 {
    match rule {
        CheckerRule::Anyone => 0,
        CheckerRule::NotHolder => 1,
        CheckerRule::OtherUnit => 2,
    }
}

impl Policy {
    /// What holds where no rule fits.
    pub fn general(&self) -> Terms {
        Terms {
            interval_days: self.interval_days,
            grace_days: self.grace_days,
            grade: self.grade,
            checker: self.checker,
            draw_percent: self.draw_percent.unwrap_or(0),
        }
    }

    /// What holds for one medium.
    pub fn terms(&self, medium: &Medium) -> Terms {
        let mut terms = self.general();
        if let Some(own) = medium.interval_days {
            terms.interval_days = terms.interval_days.min(own);
        }
        for rule in &self.rules {
            let name = rule.name.as_str();
            let fits = match rule.scope {
                RuleScope::Home => medium.home.as_str() == name,
                RuleScope::Class => medium.class.as_str() == name,
                RuleScope::Medium => medium.line.id.as_str() == name,
            };
            if !fits {
                continue;
            }
            terms.interval_days = terms.interval_days.min(rule.interval_days.unwrap_or(u32::MAX));
            terms.grace_days = terms.grace_days.min(rule.grace_days.unwrap_or(u32::MAX));
            // The vocabulary is ordered best first.
            terms.grade = terms.grade.min(rule.grade.unwrap_or(terms.grade));
            let checker = rule.checker.unwrap_or(terms.checker);
            terms.checker = std::cmp::max_by_key(terms.checker, checker, |one| strictness(*one));
            terms.draw_percent = terms.draw_percent.max(rule.draw_percent.unwrap_or(0));
        }
        terms
    }

    /// The first thing for which `after` asks less than these rules do: a medium, or all.
    pub fn loosened_by(&self, after: &Policy, state: &State) -> Option<String> {
        if self.loosening.is_some() && after.loosening.is_none() {
            return Some("the rule about loosening".to_owned());
        }
        if after.general().looser_than(&self.general()) {
            return Some("all drives".to_owned());
        }
        let used = state.media.values().filter(|medium| medium.in_use());
        let mut looser = used.filter(|medium| after.terms(medium).looser_than(&self.terms(medium)));
        looser.next().map(|medium| medium.line.id.to_string())
    }
}

/// Why somebody's word about a medium does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interested {
    /// They hold it.
    Holder,
    /// They belong to the same organisation or unit as its holder.
    SameUnit,
}

/// Whether `by` may vouch for this medium under its terms.
pub fn interested(state: &State, medium: &Medium, by: &PartyId) -> Option<Interested> {
    let holder = &medium.custody.holder;
    let rule = state.policy.terms(medium).checker;
    if rule == CheckerRule::Anyone {
        return None;
    }
    if holder == by {
        return Some(Interested::Holder);
    }
    let unit =
        |id: &PartyId| state.parties.get(id).and_then(|party| party.party.organisation.as_ref());
    // Who names no unit cannot show that it is another one.
    let other = matches!((unit(holder), unit(by)), (Some(one), Some(two)) if one != two);
    (rule == CheckerRule::OtherUnit && !other).then_some(Interested::SameUnit)
}
