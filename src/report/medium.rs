//! Everything recorded of one medium, and its history.

use serde::Serialize;

use crate::ledger::{Medium, State};
use crate::model::hardware::{Grade, HardwareIdentity, VidPid};
use crate::model::vocabulary::EncryptionGrade;
use crate::model::{MediumId, Name, Phrase, ReceiptId, Stamp, Statement, Token};
use crate::wire::Label;

use super::status::Row;
use super::text;
use super::who::Who;
use super::words;

/// One medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MediumView {
    /// How it stands now: holder, place, dates.
    pub status: Row,
    /// Vendor and product number.
    pub vid_pid: VidPid,
    /// Its serial, `-` when it has none.
    pub serial: String,
    /// How far the serial singles it out.
    pub serial_grade: Grade,
    /// Its hardware identity.
    pub hardware: HardwareIdentity,
    /// Other media that answer to the same identity; only weak ones have any.
    pub look_alikes: Vec<MediumId>,
    /// The text of its label.
    pub label: Option<String>,
    /// The entry that registered it.
    pub entry: u64,
    /// When that was.
    #[serde(serialize_with = "text")]
    pub registered_at: Stamp,
    /// Manufacturer and product strings.
    pub product: Option<Phrase>,
    /// Capacity in bytes.
    pub capacity: Option<u64>,
    /// bcdDevice, four hex digits.
    pub release: Option<Token>,
    /// Number of configurations.
    pub configurations: Option<u32>,
    /// Interface classes.
    pub interfaces: Option<Phrase>,
    /// SCSI INQUIRY lines.
    pub inquiry: Vec<Phrase>,
    /// Content marks.
    pub marks: Vec<Phrase>,
    /// Encryption, in words.
    pub encryption: String,
    /// How well the encryption is known.
    pub encryption_grade: EncryptionGrade,
    /// Whose it is.
    pub owner: Name,
    /// What kind of data it carries.
    pub class: Name,
    /// Days between two sightings: its own, or the policy's.
    pub interval_days: u32,
    /// Days after that until it counts as overdue.
    pub grace_days: u32,
    /// What happened to it, oldest first.
    pub timeline: Vec<Event>,
}

/// One thing that happened to a medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The entry.
    pub index: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// The entry's kind.
    pub kind: &'static str,
    /// What happened, in one line.
    pub words: String,
    /// Further lines: purpose, place, remarks.
    pub details: Vec<String>,
    /// Who took part.
    pub parties: Vec<Who>,
    /// The receipt it is or belongs to.
    pub receipt: Option<ReceiptId>,
    /// Whether it tells of something wrong: not found, lost, an alarm.
    pub alarming: bool,
}

impl MediumView {
    /// Everything recorded of `id`; none when it is not registered. `history` may
    /// hold entries that do not name it; those are left out.
    pub fn new(
        state: &State,
        id: &MediumId,
        now: Stamp,
        history: &[(u64, Statement)],
    ) -> Option<Self> {
        let medium = state.media.get(id)?;
        Some(MediumView {
            status: Row::new(state, medium, now),
            vid_pid: medium.line.vid_pid,
            serial: medium.line.serial.to_string(),
            serial_grade: medium.grade,
            hardware: medium.hardware,
            look_alikes: look_alikes(state, medium),
            label: Label::new(id.as_str(), &medium.registered.leaf).ok().map(|l| l.to_string()),
            entry: medium.registered.index,
            registered_at: medium.registered_at,
            product: medium.product.clone(),
            capacity: medium.capacity,
            release: medium.release.clone(),
            configurations: medium.configurations,
            interfaces: medium.interfaces.clone(),
            inquiry: medium.inquiry.clone(),
            marks: medium.marks.clone(),
            encryption: medium.encryption.spoken(),
            encryption_grade: medium.encryption.grade,
            owner: medium.owner.clone(),
            class: medium.class.clone(),
            interval_days: medium.interval_days.unwrap_or(state.policy.interval_days),
            grace_days: state.policy.grace_days,
            timeline: history
                .iter()
                .filter_map(|(index, said)| Event::new(*index, said, id))
                .collect(),
        })
    }
}

fn look_alikes(state: &State, medium: &Medium) -> Vec<MediumId> {
    let same = state.by_hardware.get(&medium.hardware).into_iter().flatten();
    same.filter(|id| **id != medium.line.id).cloned().collect()
}

impl Event {
    /// What `said` tells of `id`; none when it tells nothing.
    pub fn new(index: u64, said: &Statement, id: &MediumId) -> Option<Self> {
        let told = words::told_of(said, id)?;
        Some(Event {
            index,
            at: said.at(),
            kind: said.kind(),
            words: told.words,
            details: told.details,
            parties: words::parties(said),
            receipt: words::receipt(said),
            alarming: told.alarming,
        })
    }
}
