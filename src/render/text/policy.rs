//! The rules in force as text.

use super::Style;
use super::layout::Page;
use crate::ledger::Policy;
use crate::model::Token;
use crate::model::vocabulary::{CheckerRule, PaperRule, WitnessRule};
use crate::report::words::sighting;

const LABELS: usize = 22;

/// The rules in force as text.
pub fn policy(policy: &Policy, style: Style) -> String {
    let mut page = Page::new(style);
    let mut put = |label: &str, value: &str| page.field(0, label, LABELS, value);
    put("See each drive", &format!("every {} days", policy.interval_days));
    put("Days of grace", &policy.grace_days.to_string());
    put("Longest loan", &format!("{} days", policy.loan_days));
    put("A draft may wait", &format!("{} hours", policy.draft_hours));
    put("Seen means at least", sighting(policy.grade));
    let checker = match policy.checker {
        CheckerRule::NotHolder => "anyone but the holder",
        CheckerRule::Anyone => "anyone, the holder too",
    };
    put("Who checks", checker);
    let witness = match policy.witness {
        WitnessRule::Optional => "may be named",
        WitnessRule::Required => "needed for every handover",
    };
    put("Witness", witness);
    let paper = match policy.paper {
        PaperRule::Accepted => "accepted from outside parties, as the weaker evidence",
        PaperRule::Refused => "refused: both sides need a key",
    };
    put("Seal on paper", paper);
    let names = |alarms: &[Token]| match alarms {
        [] => "none".to_owned(),
        alarms => alarms.iter().map(Token::as_str).collect::<Vec<_>>().join(", "),
    };
    put("Alarms that refuse", &names(&policy.alarm_refuses));
    put("Alarms for two people", &names(&policy.alarm_override));
    page.finish()
}
