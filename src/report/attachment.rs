//! A seal on paper and the scan of its sheet: the weaker evidence, and whether it is
//! there at all.

use serde::Serialize;

use crate::ledger::State;
use crate::model::document::file_name;
use crate::model::statement::{Attach, Handover};
use crate::model::{Hash, MediumId, Name, ReceiptId, Stamp};

use super::evidence::Bilingual;
use super::text;
use super::who::Who;

/// What became of the sheet of a handover that one side sealed on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sheet {
    /// Nobody asked the ledger: the receipt alone does not say.
    NotAsked,
    /// Its scan is still to be attached.
    Awaited,
    /// A document is attached to the receipt.
    Attached,
}

impl Sheet {
    /// The sheet of a handover as the ledger has it; none where both sides signed
    /// with a key.
    #[must_use]
    pub fn of(state: &State, said: &Handover) -> Option<Self> {
        on_paper(said).then(|| Sheet::of_receipt(state, &said.receipt))
    }

    /// The sheet of a receipt of which one side is known to have sealed on paper.
    #[must_use]
    pub fn of_receipt(state: &State, receipt: &ReceiptId) -> Self {
        if state.sheets.contains_key(receipt) { Sheet::Awaited } else { Sheet::Attached }
    }

    /// What it is worth, in both languages.
    #[must_use]
    pub fn words(self) -> Bilingual {
        let (en, ja) = match self {
            Sheet::NotAsked => ("paper signature, no key", "書面のみ（鍵による署名なし）"),
            Sheet::Awaited => (
                "paper signature, no key; the sealed sheet is NOT ATTACHED yet",
                "書面のみ（鍵による署名なし）。押印した書面の写しは未添付",
            ),
            Sheet::Attached => (
                "paper signature, no key; the sealed sheet is attached",
                "書面のみ（鍵による署名なし）。押印した書面の写しを添付済み",
            ),
        };
        Bilingual { en, ja }
    }
}

/// Whether one side of a handover sealed on paper.
#[must_use]
pub fn on_paper(said: &Handover) -> bool {
    said.giver.key().is_none() || said.receiver.key().is_none()
}

/// A document attached to a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachmentView {
    /// The entry that attached it.
    pub entry: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// SHA-256 of the document.
    #[serde(serialize_with = "text")]
    pub sha256: Hash,
    /// Its length in bytes.
    pub length: u64,
    /// `application/pdf` and the like.
    pub media_type: Name,
    /// Who attached it.
    pub by: Who,
    /// Its file, in the ledger's folder.
    pub file: String,
}

impl AttachmentView {
    /// What an entry attached.
    #[must_use]
    pub fn new(entry: u64, said: &Attach) -> Self {
        AttachmentView {
            entry,
            at: said.at,
            sha256: said.sha256,
            length: said.length,
            media_type: said.media_type.clone(),
            by: Who::from(&said.by.party),
            file: format!("attachments/{}", file_name(&said.sha256, said.media_type.as_str())),
        }
    }
}

/// A handover that was sealed on paper and whose sheet is still to be attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AwaitedSheet {
    /// The receipt.
    pub receipt: ReceiptId,
    /// Its entry.
    pub entry: u64,
    /// When the handover was.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// The media that changed hands.
    pub media: Vec<MediumId>,
    /// Who sealed on paper.
    pub party: Who,
}

impl AwaitedSheet {
    /// All of them, oldest first.
    #[must_use]
    pub fn all(state: &State) -> Vec<Self> {
        let mut awaited: Vec<Self> = state
            .sheets
            .iter()
            .map(|(receipt, record)| AwaitedSheet {
                receipt: receipt.clone(),
                entry: record.index,
                at: record.at,
                media: record.media.clone(),
                party: Who::of(state, &record.party),
            })
            .collect();
        awaited.sort_by_key(|sheet| sheet.entry);
        awaited
    }
}
