//! The rules in force as text.

use super::Style;
use super::layout::Page;
use crate::ledger::Policy;
use crate::model::vocabulary::{CheckerRule, PaperRule, WitnessRule};
use crate::model::{RuleLine, Token};
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
    put("Who checks", checker_words(policy.checker));
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
    if let Some(percent) = policy.draw_percent {
        put("Drawn checks", &format!("at least {percent} % of the drives"));
    }
    for rule in &policy.rules {
        put(&format!("For {}", rule.scope), &rule_words(rule));
    }
    if policy.loosening.is_some() {
        put("To ask for less", "takes two administrators");
    }
    for (label, days) in [
        ("Preliminary report", policy.report_days),
        ("Final report", policy.final_days),
        ("Improper purpose", policy.final_improper_days),
    ] {
        if let Some(days) = days {
            put(label, &format!("{days} days after a loss is known"));
        }
    }
    put("Alarms that refuse", &names(&policy.alarm_refuses));
    put("Alarms for two people", &names(&policy.alarm_override));
    page.finish()
}

/// `静岡支部保管庫: every 7 days, 2 days of grace`, what it says and nothing else.
fn rule_words(rule: &RuleLine) -> String {
    let said = [
        rule.interval_days.map(|days| format!("every {days} days")),
        rule.grace_days.map(|days| format!("{days} days of grace")),
        rule.grade.map(|grade| format!("at least {}", sighting(grade))),
        rule.checker.map(|checker| checker_words(checker).to_owned()),
        rule.draw_percent.map(|percent| format!("{percent} % drawn")),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    format!("{}: {}", rule.name, said.join(", "))
}

fn checker_words(rule: CheckerRule) -> &'static str {
    match rule {
        CheckerRule::NotHolder => "anyone but the holder",
        CheckerRule::Anyone => "anyone, the holder too",
        CheckerRule::OtherUnit => "somebody of another unit than the holder's",
    }
}
