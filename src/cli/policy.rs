//! `custody policy`

use clap::{Args, Subcommand};

use super::Global;
use super::signing::{SignArgs, conclude};
use crate::model::vocabulary::{CheckerRule, LooseningRule, PaperRule, SightingGrade, WitnessRule};
use crate::model::{PartyId, Phrase, Token};
use crate::ops::{OpsError, policy};
use crate::render::text;

/// The rules in force
#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    Show(ShowPolicy),
    Set(Box<Set>),
}

/// Show the rules in force
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody policy show")]
pub(super) struct ShowPolicy {}

/// Change the rules from this entry on; what is not given stays
#[derive(Debug, Args)]
#[command(after_help = "\
Of all that fits a drive the strictest holds, so a rule can ask for more and never for less.
SCOPE is home, class or medium; KEY is interval-days, grace-days, grade, checker, draw-percent.
Examples:
  custody policy set --interval-days 14 --witness required --by kato
  custody policy set --rule home=静岡支部保管庫,interval-days=7,grade=profile --by kato
  custody policy set --rule class=要配慮個人情報,checker=other-unit,draw-percent=20 --by kato
  custody policy set --rule home=静岡支部保管庫 --by kato --second sasaki")]
pub(super) struct Set {
    /// Hours a draft may take to be signed (1 to 8760)
    #[arg(long)]
    draft_hours: Option<String>,
    /// Days between two sightings (1 to 3660)
    #[arg(long)]
    interval_days: Option<String>,
    /// Further days until a drive counts as overdue (0 to 366)
    #[arg(long)]
    grace_days: Option<String>,
    /// Longest time until a drive is due back (1 to 3660)
    #[arg(long)]
    loan_days: Option<String>,
    /// Weakest evidence that counts: device, profile, label or attested
    #[arg(long)]
    grade: Option<String>,
    /// Who may close a check: not-holder or anyone
    #[arg(long)]
    checker: Option<String>,
    /// Whether a handover needs a witness: optional or required
    #[arg(long)]
    witness: Option<String>,
    /// Whether outside parties may seal on paper: accepted or refused
    #[arg(long)]
    paper: Option<String>,
    /// Alarms under which no drive changes hands, separated by commas, or none
    #[arg(long, value_name = "NAMES")]
    alarm_refuses: Option<String>,
    /// Alarms that two people must have let pass ('custody override'), or none
    #[arg(long, value_name = "NAMES")]
    alarm_override: Option<String>,
    /// What is stricter for some drives: SCOPE=NAME,KEY=VALUE,... replaces the rule of that
    /// name, and without a KEY takes it away; may be repeated
    #[arg(long = "rule", value_name = "RULE")]
    rules: Vec<String>,
    /// Percentage of the drives that a drawn check takes at least (0 to 100)
    #[arg(long)]
    draw_percent: Option<String>,
    /// Whether a second administrator signs what asks for less: two-administrators or none
    #[arg(long, value_name = "RULE")]
    loosening: Option<String>,
    /// Days from knowing of a loss to the preliminary report (1 to 366)
    #[arg(long)]
    report_days: Option<String>,
    /// Days from there to the final report (1 to 366)
    #[arg(long)]
    final_days: Option<String>,
    /// The same where an improper purpose is to be feared (1 to 366)
    #[arg(long)]
    final_improper_days: Option<String>,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    /// The administrator who sets it
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    /// A second administrator
    #[arg(long, value_name = "ID")]
    second: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

impl Policy {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        match self {
            Policy::Show(_) => {
                let ledger = global.open()?;
                let policy = &ledger.state().policy;
                global.ui().answer(policy, |style| text::policy(policy, style));
                Ok(0)
            }
            Policy::Set(set) => set.run(global),
        }
    }
}

impl Set {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut ledger = global.open()?;
        let now = ledger.state().policy.clone();
        let mut asking = global.ui().asking();
        let mut number = |flag: &str, given: &Option<String>, old: u32| {
            asking.number::<u32>(flag, given.as_deref()).unwrap_or(old)
        };
        let draft_hours = number("--draft-hours", &self.draft_hours, now.draft_hours);
        let interval_days = number("--interval-days", &self.interval_days, now.interval_days);
        let grace_days = number("--grace-days", &self.grace_days, now.grace_days);
        let loan_days = number("--loan-days", &self.loan_days, now.loan_days);
        let mut count = |flag: &str, given: &Option<String>, old: Option<u32>| {
            asking.number::<u32>(flag, given.as_deref()).or(old)
        };
        let draw_percent = count("--draw-percent", &self.draw_percent, now.draw_percent);
        let report_days = count("--report-days", &self.report_days, now.report_days);
        let final_days = count("--final-days", &self.final_days, now.final_days);
        let final_improper_days =
            count("--final-improper-days", &self.final_improper_days, now.final_improper_days);
        let loosening = match self.loosening.as_deref() {
            Some("none") => None,
            given => asking.may::<LooseningRule>("--loosening", given).or(now.loosening),
        };
        let mut alarms = |flag: &str, given: &Option<String>, old: &[Token]| match given {
            None => old.to_vec(),
            Some(names) => {
                let names = names.split(',').filter(|name| *name != "none");
                asking.each(flag, &names.map(str::to_owned).collect::<Vec<_>>())
            }
        };
        let alarm_refuses = alarms("--alarm-refuses", &self.alarm_refuses, &now.alarm_refuses);
        let alarm_override = alarms("--alarm-override", &self.alarm_override, &now.alarm_override);
        let wanted = crate::ledger::Policy {
            alarm_refuses,
            alarm_override,
            draw_percent,
            rules: now.rules.clone(),
            loosening,
            report_days,
            final_days,
            final_improper_days,
            draft_hours,
            interval_days,
            grace_days,
            loan_days,
            grade: asking
                .may::<SightingGrade>("--grade", self.grade.as_deref())
                .unwrap_or(now.grade),
            checker: asking
                .may::<CheckerRule>("--checker", self.checker.as_deref())
                .unwrap_or(now.checker),
            witness: asking
                .may::<WitnessRule>("--witness", self.witness.as_deref())
                .unwrap_or(now.witness),
            paper: asking.may::<PaperRule>("--paper", self.paper.as_deref()).unwrap_or(now.paper),
        };
        let reason: Option<Phrase> = asking.may("--reason", self.reason.as_deref());
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Set by (party id)", None);
        let second: Option<PartyId> = asking.may("--second", self.second.as_deref());
        asking.end()?;
        let Some(by) = by else { return Ok(2) };
        let wanted = policy::with_rules(wanted, &self.rules)?;
        let draft = policy::set(&ledger, wanted, reason, by, second)?;
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        global.ui().answer(&concluded, |_| concluded.words());
        Ok(0)
    }
}
