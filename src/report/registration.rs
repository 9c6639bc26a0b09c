//! What registering a medium shows.

use serde::Serialize;

use crate::ledger::State;
use crate::ledger::schedule::dates;
use crate::model::hardware::{Grade, VidPid, grade};
use crate::model::{Day, MediumId, Name, Stamp};

use super::who::Who;
use super::{label_text, text, words};

/// A fresh registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegistrationView {
    /// Its asset id.
    pub medium: MediumId,
    /// Vendor and product number.
    pub vid_pid: VidPid,
    /// Its serial, `-` when it has none.
    pub serial: String,
    /// How far the serial singles it out.
    pub serial_grade: Grade,
    /// What kept the serial from a better grade.
    pub grade_reasons: Vec<String>,
    /// True for grade C: the label, not the device, says which one it is.
    pub weak: bool,
    /// The text of its label.
    pub label: String,
    /// Where it belongs.
    pub home: Name,
    /// Whose it is.
    pub owner: Name,
    /// What kind of data it carries.
    pub class: Name,
    /// Encryption, in words.
    pub encryption: String,
    /// What is odd about the device, in words: it stands in the registration, and from
    /// now on only what is added to it is an alarm.
    pub alarms: Vec<String>,
    /// Who holds it from now on.
    pub holder: Who,
    /// The entry.
    pub entry: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Next sighting due.
    pub check_due: Day,
    /// If it disappears now, this is known by then.
    pub noticed_by: Day,
}

impl RegistrationView {
    /// The registration of `id`; none when there is none.
    pub fn new(state: &State, id: &MediumId) -> Option<Self> {
        let medium = state.media.get(id)?;
        let (line, dates) = (&medium.line, dates(medium, &state.policy));
        let twins = state.by_hardware.get(&medium.hardware).map_or(0, Vec::len);
        let graded = grade(&line.serial, line.vid_pid, twins > 1);
        Some(RegistrationView {
            medium: id.clone(),
            vid_pid: line.vid_pid,
            serial: line.serial.to_string(),
            serial_grade: medium.grade,
            grade_reasons: graded.reasons.iter().map(ToString::to_string).collect(),
            weak: medium.is_weak(),
            label: label_text(id, &medium.registered.leaf),
            home: medium.home.clone(),
            owner: medium.owner.clone(),
            class: medium.class.clone(),
            encryption: words::encryption(&medium.encryption),
            alarms: medium.oddities.iter().map(|odd| words::alarm(odd.as_str())).collect(),
            holder: Who::of(state, &medium.custody.holder),
            entry: medium.registered.index,
            at: medium.registered_at,
            check_due: dates.check_due,
            noticed_by: dates.noticed_by,
        })
    }
}
