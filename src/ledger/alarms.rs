//! What a device says of itself now, against what it said when it was registered.

use serde::Serialize;

use super::state::{Medium, State};
use crate::model::vocabulary::Role;
use crate::model::{AlarmLine, Phrase, Token};

/// A device in the words of a registration. What could not be read is empty, and
/// says nothing: a look without permission is no changed drive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct Description {
    /// Manufacturer and product strings, escaped.
    pub product: Option<Phrase>,
    /// Capacity in bytes.
    pub capacity: Option<u64>,
    /// bcdDevice, four hexadecimal digits.
    pub release: Option<Token>,
    /// Number of configurations.
    pub configurations: Option<u32>,
    /// Interface classes as `08:06:50`, sorted, separated by spaces.
    pub interfaces: Option<Phrase>,
    /// SCSI INQUIRY lines, one a logical unit.
    pub inquiry: Vec<Phrase>,
    /// Content marks.
    pub marks: Vec<Phrase>,
    /// Names of what is odd about it, whatever the ledger says.
    pub oddities: Vec<Token>,
}

/// Every alarm this device raises as that medium: what is odd in itself and was not
/// so when it was registered, what has drifted, and that it is here while the
/// ledger has it with somebody outside. In order of name.
pub fn alarms(state: &State, medium: &Medium, now: &Description) -> Vec<AlarmLine> {
    let mut found: Vec<Token> = drift(medium, now);
    found.extend(now.oddities.iter().filter(|odd| !medium.oddities.contains(odd)).cloned());
    let holder = state.parties.get(&medium.custody.holder);
    if medium.custody.receipt.is_some() && holder.is_some_and(|who| who.has_any(&[Role::Outside])) {
        found.extend("in-other-custody".parse());
    }
    found.sort();
    found.dedup();
    found.into_iter().map(|alarm| AlarmLine { id: medium.line.id.clone(), alarm }).collect()
}

/// The alarms under which a medium does not simply change hands: refused first,
/// then those that want two people.
pub fn grave(state: &State, alarms: &[AlarmLine]) -> Vec<AlarmLine> {
    let policy = &state.policy;
    let lifted = |line: &AlarmLine| {
        state.media.get(&line.id).is_some_and(|medium| medium.overrides.contains(&line.alarm))
    };
    let grave = |line: &&AlarmLine| {
        policy.alarm_refuses.contains(&line.alarm)
            || (policy.alarm_override.contains(&line.alarm) && !lifted(line))
    };
    alarms.iter().filter(grave).cloned().collect()
}

fn drift(medium: &Medium, now: &Description) -> Vec<Token> {
    let facts = [
        ("release-drift", differ(&medium.release, &now.release)),
        ("product-drift", differ(&medium.product, &now.product)),
        ("configurations-drift", differ(&medium.configurations, &now.configurations)),
        ("interfaces-drift", differ(&medium.interfaces, &now.interfaces)),
        // A locked drive has no size and an empty slot none.
        ("capacity-drift", differ(&medium.capacity, &now.capacity)),
        ("inquiry-drift", units_contradict(&medium.inquiry, &now.inquiry)),
        ("units-drift", units_differ(&medium.inquiry, &now.inquiry)),
        ("mark-drift", differ_all(&medium.marks, &now.marks)),
    ];
    facts.into_iter().filter(|(_, differs)| *differs).flat_map(|(name, _)| name.parse()).collect()
}

/// Only two known facts can contradict each other.
fn differ<T: PartialEq>(before: &Option<T>, now: &Option<T>) -> bool {
    matches!((before, now), (Some(before), Some(now)) if before != now)
}

/// An INQUIRY line as the number of its logical unit and the rest.
fn unit(line: &Phrase) -> (&str, &str) {
    line.as_str().split_once(' ').unwrap_or((line.as_str(), ""))
}

/// A logical unit that is there both times and calls itself something else.
fn units_contradict(before: &[Phrase], now: &[Phrase]) -> bool {
    let another = |line: &Phrase| {
        let (number, name) = unit(line);
        now.iter().map(unit).any(|(other, called)| other == number && called != name)
    };
    before.iter().any(another)
}

/// Units that came or went: a vault stick does so whenever it is unlocked.
fn units_differ(before: &[Phrase], now: &[Phrase]) -> bool {
    let numbers = |lines: &[Phrase]| -> Vec<String> {
        lines.iter().map(|line| unit(line).0.to_owned()).collect()
    };
    !before.is_empty() && !now.is_empty() && numbers(before) != numbers(now)
}

fn differ_all(before: &[Phrase], now: &[Phrase]) -> bool {
    !before.is_empty() && !now.is_empty() && before != now
}
