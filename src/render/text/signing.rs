//! What somebody is about to sign, and the rules in force.

use super::Style;
use crate::ledger::Policy;
use crate::model::Statement;

/// The statement's own lines as they will be signed, without those no person reads
/// (keys, hashes, random bytes): what is signed is what is shown.
pub fn statement_summary(statement: &Statement, _style: Style) -> String {
    let hidden = |key: &str| key.ends_with("key") || matches!(key, "nonce" | "seen" | "hw");
    let mut out = format!("To be signed: {}\n", statement.kind());
    let lines = statement.lines().0;
    let shown: Vec<_> = lines.iter().filter(|(key, _)| !hidden(key)).collect();
    let width = shown.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    for (key, value) in shown {
        out.push_str(&format!("  {key:width$}  {value}\n"));
    }
    out
}

/// The rules in force, one a line.
pub fn policy(policy: &Policy) -> String {
    format!(
        "A draft may take      {} hours to be signed\n\
         A drive is seen       every {} days, and overdue {} days after that\n\
         It is due back        within {} days\n\
         Weakest evidence      {}\n\
         Checks are closed by  {}\n\
         A witness is          {}\n\
         Paper seals are       {}\n",
        policy.draft_hours,
        policy.interval_days,
        policy.grace_days,
        policy.loan_days,
        policy.grade,
        policy.checker,
        policy.witness,
        policy.paper,
    )
}
