//! Everything recorded of one medium, and its history.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::ledger::{Medium, State};
use crate::model::hardware::{Grade, HardwareIdentity, VidPid};
use crate::model::vocabulary::EncryptionGrade;
use crate::model::{MediumId, Name, Phrase, ReceiptId, Stamp, Statement, Token};

use super::attachment::Sheet;
use super::status::Row;
use super::who::Who;
use super::words::Told;
use super::{label_text, named, text, words};

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
    pub label: String,
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
    /// What became of the sheet of a handover that one side sealed on paper.
    pub sheet: Option<Sheet>,
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
            label: label_text(id, &medium.registered.leaf),
            entry: medium.registered.index,
            registered_at: medium.registered_at,
            product: medium.product.clone(),
            capacity: medium.capacity,
            release: medium.release.clone(),
            configurations: medium.configurations,
            interfaces: medium.interfaces.clone(),
            inquiry: medium.inquiry.clone(),
            marks: medium.marks.clone(),
            encryption: words::encryption(&medium.encryption),
            encryption_grade: medium.encryption.grade,
            owner: medium.owner.clone(),
            class: medium.class.clone(),
            interval_days: medium.interval_days.unwrap_or(state.policy.interval_days),
            grace_days: state.policy.grace_days,
            timeline: timeline(state, id, history),
        })
    }
}

fn look_alikes(state: &State, medium: &Medium) -> Vec<MediumId> {
    let same = state.by_hardware.get(&medium.hardware).into_iter().flatten();
    same.filter(|id| **id != medium.line.id).cloned().collect()
}

/// The entries that name `id`, and those that answer, correct or complete one
/// of them.
fn timeline(state: &State, id: &MediumId, history: &[(u64, Statement)]) -> Vec<Event> {
    let mut entries = BTreeSet::new();
    let mut receipts = BTreeSet::new();
    let mut events = Vec::new();
    for (index, said) in history {
        let told = words::told_of(said, id);
        let named = told.is_some();
        let beside = || {
            named::receipt(said).is_some_and(|receipt| receipts.contains(&receipt))
                || named::refers_to(said).is_some_and(|entry| entries.contains(&entry.index))
        };
        let Some(told) = told.or_else(|| beside().then(|| words::told_beside(said))) else {
            continue;
        };
        entries.insert(*index);
        receipts.extend(named.then(|| named::receipt(said)).flatten());
        events.push(Event { sheet: named::sheet(said, state), ..Event::new(*index, said, told) });
    }
    events
}

impl Event {
    fn new(index: u64, said: &Statement, told: Told) -> Self {
        Event {
            index,
            at: said.at(),
            kind: said.kind(),
            words: told.words,
            details: told.details,
            parties: named::parties(said),
            receipt: named::receipt(said),
            sheet: None,
            alarming: told.alarming,
        }
    }
}
