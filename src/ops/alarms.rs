//! The drives somebody has in hand against what they were registered as.

use super::bus::{answers_to, drives, identity_line};
use super::description::describe_with;
use super::error::{ChangedSince, OpsError};
use super::examine::examine;
use super::ledger::Ledger;
use super::token;
use crate::ledger::alarms::{Content, News, alarms};
use crate::ledger::checks::{alarm, answers_twice, bears};
use crate::model::evidence::{Examined, Unread};
use crate::model::{AlarmLine, MediumId};
use crate::usb::{Bus, Device};

/// One look at the drives of a handover.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// What the drives that are plugged in raise, in order of drive and name.
    pub alarms: Vec<AlarmLine>,
    /// Drives that were compared.
    pub compared: Vec<MediumId>,
    /// Drives that were not: not plugged in, not readable, or known by label only.
    pub unseen: Vec<MediumId>,
    /// What their own bytes say, of those that were read.
    pub contents: Vec<(MediumId, Content)>,
    /// What of that the ledger does not have yet.
    pub news: News,
    /// Drives that are plugged in and were not read, and why.
    pub unread: Vec<(MediumId, Unread)>,
}

/// Compares those of `media` that are plugged in with their registrations, and what
/// can be read of them with what was read before. A weak identity is compared with
/// nothing, since any look-alike would answer to it, unless one of them bears its
/// content marks.
///
/// # Errors
/// When the bus cannot be read.
pub fn look(ledger: &Ledger, bus: &dyn Bus, media: &[MediumId]) -> Result<Looked, OpsError> {
    let attached = drives(bus)?;
    let lines: Vec<_> = attached.iter().filter_map(identity_line).collect();
    let mut looked = Looked::default();
    for id in media {
        let medium = ledger.state().media.get(id);
        let answers =
            |device: &&Device| medium.is_some_and(|medium| answers_to(device, &medium.line));
        let mut found = None;
        for device in attached.iter().filter(answers) {
            let examined = examine(bus, device);
            let mut said = describe_with(device, &examined);
            said.tokens = token::seen(bus, device);
            let is_it = medium.is_some_and(|medium| !medium.is_weak() || bears(medium, &said));
            if is_it && found.is_none() {
                found = Some((said, examined));
            }
        }
        let (Some(medium), Some((said, examined))) = (medium, found) else {
            looked.unseen.push(id.clone());
            continue;
        };
        looked.compared.push(id.clone());
        looked.alarms.extend(alarms(ledger.state(), medium, &said));
        if answers_twice(ledger.state(), &lines, &medium.line) {
            looked.alarms.extend(alarm(id, "identity-twice"));
        }
        if let Examined::Unread(why) = examined {
            looked.unread.push((id.clone(), why));
        }
        if let Some(content) = said.content {
            looked.news.add(medium, &content);
            looked.contents.push((id.clone(), content));
        }
    }
    // Whoever hands it over has it here; that is no alarm but the occasion.
    looked.alarms.retain(|line| line.alarm.as_str() != "in-other-custody");
    looked.alarms.sort();
    looked.alarms.dedup();
    Ok(looked)
}

/// Looks once more before something is recorded of these media: while a passphrase is
/// typed a drive can be pulled, or another one put in its place. A drive that was not
/// compared before may come meanwhile, if it raises nothing.
///
/// # Errors
/// [`ChangedSince`], or a bus that cannot be read.
pub fn look_again(
    ledger: &Ledger,
    bus: &dyn Bus,
    media: &[MediumId],
    before: &Looked,
) -> Result<(), OpsError> {
    let now = look(ledger, bus, media)?;
    let gone = before.compared.iter().filter(|id| !now.compared.contains(id));
    let gone: Vec<String> = gone.map(ToString::to_string).collect();
    if !gone.is_empty() {
        return Err(ChangedSince::Gone(gone).into());
    }
    let raised = |from: &[AlarmLine], to: &[AlarmLine]| -> Vec<String> {
        from.iter().filter(|line| !to.contains(line)).map(ToString::to_string).collect()
    };
    let mut other = raised(&now.alarms, &before.alarms);
    other.extend(raised(&before.alarms, &now.alarms));
    if other.is_empty() { Ok(()) } else { Err(ChangedSince::Other(other).into()) }
}
