//! The rules: setting them is an entry like all else.

use super::draft::Draft;
use super::error::{OpsError, Problem};
use super::ledger::Ledger;
use crate::ledger::{Intent, Policy};
use crate::model::{PartyId, Phrase, RuleLine};

/// Drafts a change of policy.
///
/// # Errors
/// Every reason against it.
pub fn set(
    ledger: &Ledger,
    policy: Policy,
    reason: Option<Phrase>,
    by: PartyId,
    second: Option<PartyId>,
) -> Result<Draft, OpsError> {
    ledger.draft(Intent::SetPolicy { policy, reason, by, second })
}

/// These rules with those given in place of the ones of the same scope and name; one that
/// says nothing takes the old one away.
///
/// # Errors
/// Every one that is no rule.
pub fn with_rules(mut policy: Policy, given: &[String]) -> Result<Policy, OpsError> {
    let mut problems = Vec::new();
    for text in given {
        let Some(rule) = rule(text) else {
            let problem = format!(
                "'{text}' is no rule; home=NAME,interval-days=7,grade=profile is one, for home, \
                 class or medium"
            );
            problems.push(Problem::new("--rule", problem));
            continue;
        };
        let same = |old: &RuleLine| (old.scope, &old.name) == (rule.scope, &rule.name);
        policy.rules.retain(|old| !same(old));
        let says = rule.interval_days.or(rule.grace_days).or(rule.draw_percent).is_some();
        if says || rule.grade.is_some() || rule.checker.is_some() {
            policy.rules.push(rule);
        }
    }
    if problems.is_empty() { Ok(policy) } else { Err(OpsError::Input(problems)) }
}

/// `home=NAME,interval-days=7,...`; a name may hold commas of its own.
fn rule(text: &str) -> Option<RuleLine> {
    let (scope, rest) = text.split_once('=')?;
    let mut parts = rest.split(',').peekable();
    let mut name = parts.next()?.to_owned();
    while let Some(more) = parts.next_if(|part| !part.contains('=')) {
        name.push(',');
        name.push_str(more);
    }
    let mut rule = RuleLine {
        scope: scope.trim().parse().ok()?,
        name: name.trim().parse().ok()?,
        interval_days: None,
        grace_days: None,
        grade: None,
        checker: None,
        draw_percent: None,
    };
    for part in parts {
        let (key, value) = part.split_once('=')?;
        let value = value.trim();
        match key.trim() {
            "interval-days" => rule.interval_days = Some(value.parse().ok()?),
            "grace-days" => rule.grace_days = Some(value.parse().ok()?),
            "grade" => rule.grade = Some(value.parse().ok()?),
            "checker" => rule.checker = Some(value.parse().ok()?),
            "draw-percent" => rule.draw_percent = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    Some(rule)
}
