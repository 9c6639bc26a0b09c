//! 媒体管理台帳: every medium on one sheet, as of one moment.

use serde::Serialize;

use crate::ledger::schedule::{Standing, dates};
use crate::ledger::{Medium, Presence, State};
use crate::model::hardware::VidPid;
use crate::model::vocabulary::EncryptionGrade;
use crate::model::{Day, MediumId, Name, Origin, Phrase, ReceiptId, Seen, Stamp, Token};

use super::attachment::{AwaitedSheet, Sheet};
use super::receipt::Head;
use super::status::{LastSeen, Row, SealStrength};
use super::who::Who;
use super::{label_text, optional_text, text, words};

/// The register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterSheet {
    /// The ledger's origin; none before its genesis.
    pub ledger: Option<Origin>,
    /// Whose ledger it is.
    pub organisation: Option<Name>,
    /// Where it is kept.
    pub site: Option<Name>,
    /// The moment this holds for.
    #[serde(serialize_with = "text")]
    pub now: Stamp,
    /// The head of the log it was made from.
    pub seen: Head,
    /// Every medium, by asset id.
    pub rows: Vec<RegisterRow>,
    /// Handovers sealed on paper whose sheet is still to be attached.
    pub sheets_awaited: Vec<AwaitedSheet>,
}

/// One medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterRow {
    /// Its asset id.
    pub medium: MediumId,
    /// The text of its label.
    pub label: String,
    /// Manufacturer and model, as the device calls itself.
    pub product: Option<Phrase>,
    /// Vendor and product number.
    pub vid_pid: VidPid,
    /// Its serial, `-` when it has none.
    pub serial: String,
    /// True when its serial singles nothing out.
    pub weak: bool,
    /// Capacity in bytes.
    pub capacity: Option<u64>,
    /// Encryption, in words.
    pub encryption: String,
    /// How well the encryption is known.
    pub encryption_grade: EncryptionGrade,
    /// Its scheme, or the family of a drive that encrypts by itself.
    pub scheme: Option<Token>,
    /// Whose it is.
    pub owner: Name,
    /// What kind of data it carries.
    pub class: Name,
    /// When it was registered.
    #[serde(serialize_with = "text")]
    pub registered_at: Stamp,
    /// Where it belongs.
    pub home: Name,
    /// Who has it.
    pub holder: Who,
    /// Where it is said to be.
    pub place: Name,
    /// Since when the holder has it.
    #[serde(serialize_with = "text")]
    pub since: Stamp,
    /// By which receipt.
    pub receipt: Option<ReceiptId>,
    /// How strong the evidence for its custody is.
    pub seal: SealStrength,
    /// What became of the sheet, where one side sealed on paper.
    pub sheet: Option<Sheet>,
    /// When it was last observed.
    pub last_seen: LastSeen,
    /// How it stands.
    pub standing: Standing,
    /// Since when it is missing, lost or retired.
    #[serde(serialize_with = "optional_text")]
    pub gone_since: Option<Stamp>,
    /// Back by.
    pub due: Option<Day>,
    /// What falls due next, return or check; none while it is gone or retired.
    pub next_due: Option<Day>,
}

impl RegisterSheet {
    /// The register at `now`, from the log at `seen`.
    #[must_use]
    pub fn new(state: &State, now: Stamp, seen: Seen) -> Self {
        let facts = state.facts.as_ref();
        RegisterSheet {
            ledger: facts.map(|facts| facts.origin.clone()),
            organisation: facts.map(|facts| facts.organisation.clone()),
            site: facts.map(|facts| facts.site.clone()),
            now,
            seen: Head { entries: seen.size, root: seen.root },
            rows: state.media.values().map(|medium| RegisterRow::new(state, medium, now)).collect(),
            sheets_awaited: AwaitedSheet::all(state),
        }
    }
}

impl RegisterRow {
    fn new(state: &State, medium: &Medium, now: Stamp) -> Self {
        let row = Row::new(state, medium, now);
        let check_due = dates(medium, &state.policy).check_due;
        let present = medium.presence == Presence::Present;
        let next = row.due.map_or(check_due, |due| due.min(check_due));
        RegisterRow {
            medium: row.medium,
            label: label_text(&medium.line.id, &medium.registered.leaf),
            product: medium.product.clone(),
            vid_pid: medium.line.vid_pid,
            serial: medium.line.serial.to_string(),
            weak: row.weak,
            capacity: medium.capacity,
            encryption: words::encryption(&medium.encryption),
            encryption_grade: medium.encryption.grade,
            scheme: medium.encryption.scheme.clone(),
            owner: medium.owner.clone(),
            class: medium.class.clone(),
            registered_at: medium.registered_at,
            home: row.home,
            holder: row.holder,
            place: row.place,
            since: row.since,
            receipt: row.receipt,
            seal: row.seal,
            sheet: row.sheet,
            last_seen: row.last_seen,
            standing: row.standing,
            gone_since: row.gone_since,
            due: row.due,
            next_due: present.then_some(next),
        }
    }
}
