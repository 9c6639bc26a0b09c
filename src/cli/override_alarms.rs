//! `custody override`

use clap::Args;

use super::signing::{SignArgs, conclude};
use super::{BusArg, Global};
use crate::ledger::intent::Lift;
use crate::model::{MediumId, PartyId, Phrase, Token};
use crate::ops::OpsError;
use crate::ops::alarms::look;
use crate::ops::override_alarms::override_alarms;

/// Let a drive change hands once in spite of its alarms; two people sign
#[derive(Debug, Args)]
#[command(after_help = "\
Without --alarm the drive is looked at, and every alarm it raises now is meant. What is read
of its content marks and header then is accepted for good, the other alarms pass once.
Example:
  custody override USB-0421 --reason '修理で基板交換、刻印を確認' --by yamada --second suzuki")]
pub(super) struct Override {
    /// Asset id of the drive
    medium: String,
    /// An alarm to let pass; may be given several times [default: those it raises now]
    #[arg(long = "alarm", value_name = "NAME")]
    alarms: Vec<String>,
    #[command(flatten)]
    bus: BusArg,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    /// Who looked into it
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    /// The second person, who agrees
    #[arg(long, value_name = "ID")]
    second: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

impl Override {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut asking = global.ui().asking();
        let medium: Option<MediumId> =
            asking.need("MEDIUM", Some(&self.medium), "Which drive (asset id)", None);
        let mut alarms: Vec<Token> = asking.each("--alarm", &self.alarms);
        let reason: Option<Phrase> = asking.need("--reason", self.reason.as_deref(), "Why", None);
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Looked into by (party id)", None);
        let second: Option<PartyId> =
            asking.need("--second", self.second.as_deref(), "Second person (party id)", None);
        asking.end()?;
        let (Some(medium), Some(reason), Some(by), Some(second)) = (medium, reason, by, second)
        else {
            return Err(OpsError::input("override", "an answer is missing"));
        };
        let mut ledger = global.open()?;
        let (mut marks, mut sequences) = (Vec::new(), Vec::new());
        if alarms.is_empty() {
            let bus = self.bus.choice().open()?;
            let looked = look(&ledger, bus.as_ref(), std::slice::from_ref(&medium))?;
            alarms.extend(looked.alarms.into_iter().map(|line| line.alarm));
            for (id, content) in &looked.contents {
                marks.extend(content.mark_lines(id));
                sequences.extend(content.sequence_lines(id));
            }
            if alarms.is_empty() {
                let seen = looked.compared.contains(&medium);
                let problem = if seen {
                    "the drive raises no alarm; there is nothing to let pass"
                } else {
                    "the drive is not plugged in, or only its label tells which it is; plug it \
                     in, or name the alarms with --alarm"
                };
                return Err(OpsError::input("MEDIUM", problem));
            }
        }
        let draft = override_alarms(
            &ledger,
            Lift { medium, alarms, marks, sequences, reason, by, second },
        )?;
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        global.ui().answer(&concluded, |_| concluded.words());
        Ok(0)
    }
}
