//! One handover as the two sides take it home.

use serde::Serialize;

use crate::model::hardware::VidPid;
use crate::model::statement::{Handover, Override};
use crate::model::vocabulary::EncryptionGrade;
use crate::model::{
    AlarmLine, Day, Hash, MediumId, MediumLine, Name, Origin, PartyRef, Phrase, ReceiptId, Seal,
    Stamp, Token, VerifierKey,
};

use super::attachment::{AttachmentView, Sheet, on_paper};
use super::who::{KeyView, Who};
use super::witnesses::WitnessesView;
use super::{optional_text, text, words};

/// A receipt, or the draft of one while no entry stands behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiptView {
    /// The ledger's origin.
    pub ledger: Origin,
    /// The receipt's number.
    pub receipt: ReceiptId,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// The media that changed hands.
    pub media: Vec<ReceiptMedium>,
    /// Who gave.
    pub giver: Sealed,
    /// Who received.
    pub receiver: Sealed,
    /// Who stood by.
    pub witness: Option<Sealed>,
    /// What for.
    pub purpose: Phrase,
    /// What is on them.
    pub contents: Option<Phrase>,
    /// Of how many persons.
    pub persons: Option<u64>,
    /// Where the media went.
    pub place: Name,
    /// Back by.
    pub due: Option<Day>,
    /// The entry of the request it follows from.
    pub request: Option<u64>,
    /// The head of the log that the signers saw.
    pub seen: Head,
    /// What became of its sheet, where one side sealed on paper; none where both signed
    /// with a key.
    pub sheet: Option<Sheet>,
    /// The documents attached to it, as far as the ledger was asked.
    pub attachments: Vec<AttachmentView>,
    /// Where it stands in the ledger; none for a draft.
    pub entry: Option<EntryView>,
    /// The witnesses of the ledger's policy that vouch for the log it stands in; none where
    /// none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witnesses: Option<WitnessesView>,
    /// The key that signed the proof; none where only the receipt is at hand.
    pub log_key: Option<KeyView>,
    /// The texts of its two QR codes; none for a draft.
    pub codes: Option<Codes>,
}

/// A head of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Number of entries.
    pub entries: u64,
    /// Root over them.
    #[serde(serialize_with = "text")]
    pub root: Hash,
}

/// One medium on a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiptMedium {
    /// Its asset id.
    pub medium: MediumId,
    /// Vendor and product number.
    pub vid_pid: VidPid,
    /// Its serial, `-` when it has none.
    pub serial: String,
    /// Scheme, cipher and how well it is known; none where nothing was stated.
    pub encryption: Option<String>,
    /// How well the encryption is known.
    pub encryption_grade: Option<EncryptionGrade>,
    /// Its scheme, or the family of a drive that encrypts by itself.
    pub scheme: Option<Token>,
    /// Its cipher, or the state in which such a drive was seen.
    pub cipher: Option<Token>,
    /// Manufacturer and product as registered; none where only the receipt is at hand.
    pub model: Option<Phrase>,
    /// What was odd about it and known to both.
    pub alarms: Vec<String>,
    /// Who let that pass, and why; none where only the receipt is at hand.
    pub overrides: Vec<Passed>,
}

/// An override that a handover rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// Its entry.
    pub entry: u64,
    /// The alarms that were let pass.
    pub alarms: Vec<Token>,
    /// Who let them pass.
    pub by: Who,
    /// And the second person.
    pub second: Who,
    /// Why.
    pub reason: Phrase,
}

/// A party and how it sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// Who.
    pub who: Who,
    /// The key they signed with; none for a seal on paper.
    pub key: Option<KeyView>,
}

/// Where a receipt stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryView {
    /// Index of the entry, counted from 0.
    pub index: u64,
    /// Number of entries under the checkpoint that its proof leads to.
    pub tree_size: Option<u64>,
    /// The entry's leaf hash.
    #[serde(serialize_with = "optional_text")]
    pub leaf: Option<Hash>,
}

/// The texts of a receipt's two QR codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Codes {
    /// `CN1:` and the note.
    pub note: String,
    /// `CP1:` and the proof.
    pub proof: String,
}

impl ReceiptView {
    /// A handover as a receipt. `entry` is none for a draft.
    pub fn new(said: &Handover, entry: Option<EntryView>) -> Self {
        ReceiptView {
            ledger: said.ledger.clone(),
            receipt: said.receipt.clone(),
            at: said.at,
            media: said.medium.iter().map(|line| ReceiptMedium::new(line, said)).collect(),
            giver: Sealed::by_seal(&said.giver.party, &said.giver.seal),
            receiver: Sealed::by_seal(&said.receiver.party, &said.receiver.seal),
            witness: said
                .witness
                .as_ref()
                .map(|witness| Sealed::by_key(&witness.party, Some(&witness.key))),
            purpose: said.purpose.clone(),
            contents: said.contents.clone(),
            persons: said.persons,
            place: said.place.clone(),
            due: said.due,
            request: said.request.map(|request| request.index),
            seen: Head { entries: said.seen.size, root: said.seen.root },
            sheet: on_paper(said).then_some(Sheet::NotAsked),
            attachments: Vec::new(),
            entry,
            witnesses: None,
            log_key: None,
            codes: None,
        }
    }

    /// The same with the documents that the ledger has for it.
    #[must_use]
    pub fn with_attachments(self, attachments: Vec<AttachmentView>) -> Self {
        let known = if attachments.is_empty() { Sheet::Awaited } else { Sheet::Attached };
        ReceiptView { sheet: self.sheet.map(|_| known), attachments, ..self }
    }

    /// The same with the texts of its QR codes.
    #[must_use]
    pub fn with_codes(self, note: String, proof: String) -> Self {
        ReceiptView { codes: Some(Codes { note, proof }), ..self }
    }
}

impl Passed {
    /// An override as it stands in the ledger.
    pub fn new(entry: u64, said: &Override) -> Self {
        Passed {
            entry,
            alarms: said.alarm.iter().map(|line| line.alarm.clone()).collect(),
            by: (&said.by.party).into(),
            second: (&said.second.party).into(),
            reason: said.reason.clone(),
        }
    }
}

impl ReceiptMedium {
    fn new(line: &MediumLine, said: &Handover) -> Self {
        let encryption = said.encryption.iter().find(|stated| stated.id == line.id);
        let own = |alarm: &&AlarmLine| alarm.id == line.id;
        ReceiptMedium {
            medium: line.id.clone(),
            vid_pid: line.vid_pid,
            serial: line.serial.to_string(),
            encryption: encryption.map(words::encryption),
            encryption_grade: encryption.map(|stated| stated.grade),
            scheme: encryption.and_then(|stated| stated.scheme.clone()),
            cipher: encryption.and_then(|stated| stated.cipher.clone()),
            model: None,
            overrides: Vec::new(),
            alarms: said.alarm.iter().filter(own).map(|line| line.alarm.to_string()).collect(),
        }
    }
}

impl Sealed {
    fn by_seal(party: &PartyRef, seal: &Seal) -> Self {
        match seal {
            Seal::Key(key) => Sealed::by_key(party, Some(key)),
            Seal::Paper => Sealed::by_key(party, None),
        }
    }

    pub(super) fn by_key(party: &PartyRef, key: Option<&VerifierKey>) -> Self {
        Sealed { who: party.into(), key: key.map(KeyView::from) }
    }
}
