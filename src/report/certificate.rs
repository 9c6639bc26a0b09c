//! 消去証明書 and 廃棄証明書: what an `erase` or `retire` entry certifies, with the
//! fields of the sample certificate in NIST SP 800-88 Rev. 1, appendix G.

use serde::Serialize;

use crate::ledger::State;
use crate::model::hardware::{HardwareIdentity, VidPid};
use crate::model::statement::{Erase, Retire};
use crate::model::vocabulary::{EncryptionGrade, ErasureMethod};
use crate::model::{
    Hash, MediumId, MediumLine, Name, Origin, Phrase, ReceiptId, Signatory, Stamp, Statement, Token,
};

use super::evidence::Bilingual;
use super::receipt::{Codes, EntryView, Head, Sealed};
use super::{label_text, optional_text, text, words};

/// What both certificates begin and end with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certified {
    /// The ledger's origin.
    pub ledger: Origin,
    /// Whose ledger it is; none before its genesis.
    pub organisation: Option<Name>,
    /// Where it is kept.
    pub site: Option<Name>,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// The medium.
    pub medium: CertifiedMedium,
    /// Where the entry stands.
    pub entry: EntryView,
    /// The head of the log that the signers saw.
    pub seen: Head,
    /// Later entries that correct this one, oldest first.
    pub corrections: Vec<Correction>,
    /// The texts of its two QR codes, note and proof; none where nobody asked for them.
    pub codes: Option<Codes>,
}

/// The medium of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertifiedMedium {
    /// Its asset id.
    pub medium: MediumId,
    /// Make and model, as the device calls itself.
    pub product: Option<Phrase>,
    /// What its disks call themselves.
    pub inquiry: Vec<Phrase>,
    /// Vendor and product number.
    pub vid_pid: VidPid,
    /// Its serial, `-` when it has none.
    pub serial: String,
    /// Its hardware identity.
    pub hardware: HardwareIdentity,
    /// Capacity in bytes.
    pub capacity: Option<u64>,
    /// Whose it is; none for one nobody registered.
    pub owner: Option<Name>,
    /// What kind of data it carried.
    pub class: Option<Name>,
    /// Where it belonged.
    pub home: Option<Name>,
    /// The text of its label.
    pub label: Option<String>,
    /// When it was registered.
    #[serde(serialize_with = "optional_text")]
    pub registered_at: Option<Stamp>,
    /// The receipt by which it last changed hands.
    pub receipt: Option<ReceiptId>,
}

/// What a later entry corrects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Correction {
    /// The correcting entry.
    pub entry: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Which line.
    pub field: Token,
    /// What it should have said.
    pub correction: Phrase,
    /// Why.
    pub reason: Phrase,
}

/// An erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErasureCertificate {
    /// Ledger, medium and entry.
    #[serde(flatten)]
    pub certified: Certified,
    /// Kind of medium.
    pub media_type: Name,
    /// Clear, purge or destroy.
    pub method: ErasureMethod,
    /// The same in words.
    pub method_words: Bilingual,
    /// How.
    pub technique: Name,
    /// With what, and which version.
    pub tool: Name,
    /// How the result was verified.
    pub verification: Name,
    /// What this program read of the medium afterwards; none where it was not read, and
    /// all rests on the verifier's word.
    pub read_afterwards: Option<ReadAfterwards>,
    /// Where it was done.
    pub place: Option<Name>,
    /// Where the medium goes next.
    pub destination: Option<Name>,
    /// What was odd about it, in words.
    pub alarms: Vec<String>,
    /// A remark.
    pub detail: Option<Phrase>,
    /// Who erased it.
    pub by: Sealed,
    /// Who verified it.
    pub verifier: Sealed,
}

/// What was read of a medium once it was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadAfterwards {
    /// Encryption, in words.
    pub encryption: String,
    /// How well the encryption is known.
    pub encryption_grade: EncryptionGrade,
    /// Content marks: identifiers of whatever it was formatted with since. None is what
    /// a wiped medium has.
    pub marks: Vec<Phrase>,
}

impl ReadAfterwards {
    /// What an erasure says of it; none where it was not read.
    #[must_use]
    pub fn of(said: &Erase) -> Option<Self> {
        let line = said.encryption.as_ref()?;
        Some(ReadAfterwards {
            encryption: words::encryption(line),
            encryption_grade: line.grade,
            marks: said.mark.iter().map(|line| line.mark.clone()).collect(),
        })
    }

    /// In words. That a wiped medium is not encrypted is no alarm.
    #[must_use]
    pub fn words(&self) -> Bilingual {
        let (en, ja) = match (self.encryption_grade, self.marks.is_empty()) {
            (EncryptionGrade::None, true) => {
                ("no format was recognised on it", "フォーマットは認識されませんでした")
            }
            (EncryptionGrade::None, false) => {
                ("formatted, not encrypted", "フォーマット済み・暗号化なし")
            }
            (EncryptionGrade::Unreadable, _) => {
                ("it could not be read to the end", "最後まで読み取れませんでした")
            }
            (EncryptionGrade::Opaque, _) => {
                ("it looks random throughout", "全体が乱数のように見えます")
            }
            _ => ("it is formatted with encryption", "暗号化してフォーマット済み"),
        };
        Bilingual { en, ja }
    }
}

/// A retirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetirementCertificate {
    /// Ledger, medium and entry.
    #[serde(flatten)]
    pub certified: Certified,
    /// Why.
    pub reason: Phrase,
    /// Clear, purge or destroy; none where its data was not dealt with then.
    pub method: Option<ErasureMethod>,
    /// The same in words.
    pub method_words: Option<Bilingual>,
    /// Kind of medium.
    pub media_type: Option<Name>,
    /// How.
    pub technique: Option<Name>,
    /// With what.
    pub tool: Option<Name>,
    /// How the result was verified.
    pub verification: Option<Name>,
    /// Where it was done.
    pub place: Option<Name>,
    /// Where it went.
    pub destination: Option<Name>,
    /// A remark.
    pub detail: Option<Phrase>,
    /// The last erasure before it, since which it did not change hands.
    pub erasure: Option<EarlierErasure>,
    /// Who retired it.
    pub by: Sealed,
    /// Who saw that it was done.
    pub verifier: Option<Sealed>,
}

/// An erasure that went before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EarlierErasure {
    /// Its entry.
    pub entry: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Clear, purge or destroy.
    pub method: ErasureMethod,
    /// How.
    pub technique: Name,
}

/// The entry behind a certificate and what else the log has to say about it.
#[derive(Debug, Clone, Copy)]
pub struct Behind<'a> {
    /// The entry.
    pub index: u64,
    /// Its leaf hash.
    pub leaf: Hash,
    /// The entries that name the medium or correct one, oldest first.
    pub history: &'a [(u64, Statement)],
}

impl Certified {
    fn new(state: &State, said: &Statement, line: &MediumLine, behind: Behind<'_>) -> Self {
        let facts = state.facts.as_ref();
        let (seen, index) = (said.seen(), behind.index);
        Certified {
            ledger: said.ledger().clone(),
            organisation: facts.map(|facts| facts.organisation.clone()),
            site: facts.map(|facts| facts.site.clone()),
            at: said.at(),
            medium: CertifiedMedium::new(state, line),
            entry: EntryView { index, tree_size: None, leaf: Some(behind.leaf) },
            seen: Head { entries: seen.size, root: seen.root },
            corrections: corrections(behind),
            codes: None,
        }
    }
}

/// The later entries that correct this one.
fn corrections(behind: Behind<'_>) -> Vec<Correction> {
    let of = |(entry, said): &(u64, Statement)| match said {
        Statement::Correct(said) if said.entry.index == behind.index => Some(Correction {
            entry: *entry,
            at: said.at,
            field: said.field.clone(),
            correction: said.correction.clone(),
            reason: said.reason.clone(),
        }),
        _ => None,
    };
    behind.history.iter().filter_map(of).collect()
}

impl CertifiedMedium {
    /// What the entry says of it counts, beside it what it was registered with.
    fn new(state: &State, line: &MediumLine) -> Self {
        let known = state.media.get(&line.id);
        CertifiedMedium {
            medium: line.id.clone(),
            product: known.and_then(|known| known.product.clone()),
            inquiry: known.map_or_else(Vec::new, |known| known.inquiry.clone()),
            vid_pid: line.vid_pid,
            serial: line.serial.to_string(),
            hardware: line.hardware(),
            capacity: known.and_then(|known| known.capacity),
            owner: known.map(|known| known.owner.clone()),
            class: known.map(|known| known.class.clone()),
            home: known.map(|known| known.home.clone()),
            label: known.map(|known| label_text(&line.id, &known.registered.leaf)),
            registered_at: known.map(|known| known.registered_at),
            receipt: known.and_then(|known| known.custody.receipt.clone()),
        }
    }
}

fn sealed(by: &Signatory) -> Sealed {
    Sealed::by_key(&by.party, Some(&by.key))
}

impl ErasureCertificate {
    /// The certificate of this entry.
    #[must_use]
    pub fn new(state: &State, said: &Erase, behind: Behind<'_>) -> Self {
        let whole = Statement::from(said.clone());
        let alarms = said.alarm.iter().map(|line| words::alarm(line.alarm.as_str()));
        ErasureCertificate {
            certified: Certified::new(state, &whole, &said.medium, behind),
            media_type: said.media_type.clone(),
            method: said.method,
            method_words: words::erasure_method(said.method),
            technique: said.technique.clone(),
            tool: said.tool.clone(),
            verification: said.verification.clone(),
            read_afterwards: ReadAfterwards::of(said),
            place: said.place.clone(),
            destination: said.destination.clone(),
            alarms: alarms.collect(),
            detail: said.detail.clone(),
            by: sealed(&said.by),
            verifier: sealed(&said.verifier),
        }
    }

    /// The same with the texts of its QR codes.
    #[must_use]
    pub fn with_codes(mut self, codes: Codes, tree_size: u64) -> Self {
        self.certified.codes = Some(codes);
        self.certified.entry.tree_size = Some(tree_size);
        self
    }
}

impl RetirementCertificate {
    /// The certificate of this entry.
    #[must_use]
    pub fn new(state: &State, said: &Retire, behind: Behind<'_>) -> Self {
        let whole = Statement::from(said.clone());
        RetirementCertificate {
            certified: Certified::new(state, &whole, &said.medium, behind),
            reason: said.reason.clone(),
            method: said.method,
            method_words: said.method.map(words::erasure_method),
            media_type: said.media_type.clone(),
            technique: said.technique.clone(),
            tool: said.tool.clone(),
            verification: said.verification.clone(),
            place: said.place.clone(),
            destination: said.destination.clone(),
            detail: said.detail.clone(),
            erasure: last_erasure(&said.medium.id, behind.index, behind.history),
            by: sealed(&said.by),
            verifier: said.verifier.as_ref().map(sealed),
        }
    }

    /// The same with the texts of its QR codes.
    #[must_use]
    pub fn with_codes(mut self, codes: Codes, tree_size: u64) -> Self {
        self.certified.codes = Some(codes);
        self.certified.entry.tree_size = Some(tree_size);
        self
    }
}

/// The last erasure of a medium before an entry. Whoever has had the medium since could
/// have filled it again, so a handover between the two ends it. `history` is in order
/// and may hold what does not name the medium.
#[must_use]
pub fn last_erasure(
    id: &MediumId,
    before: u64,
    history: &[(u64, Statement)],
) -> Option<EarlierErasure> {
    let mut last = None;
    for (entry, said) in history.iter().filter(|(entry, _)| *entry < before) {
        match said {
            Statement::Erase(said) if said.medium.id == *id => {
                last = Some(EarlierErasure {
                    entry: *entry,
                    at: said.at,
                    method: said.method,
                    technique: said.technique.clone(),
                });
            }
            Statement::Handover(said) if said.medium.iter().any(|line| line.id == *id) => {
                last = None;
            }
            _ => {}
        }
    }
    last
}
