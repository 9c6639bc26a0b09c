//! What the state keeps of people, keys and media.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::hardware::{Grade, HardwareIdentity};
use crate::model::vocabulary::{
    Concern, EncryptionGrade, RevocationReason, Role, SightingGrade, Verdict,
};
use crate::model::{
    Day, EncryptionLine, EntryRef, Hash, MediumId, MediumLine, Name, Origin, PartyId, PartyRef,
    Phrase, ReceiptId, ReceiptPrefix, Stamp, Token, VerifierKey,
};

/// What the genesis says, and the log keys since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerFacts {
    /// The ledger's origin.
    pub origin: Origin,
    /// Whose ledger it is.
    pub organisation: Name,
    /// Where it is kept.
    pub site: Name,
    /// IANA time zone of the site.
    pub zone: Name,
    /// Letters of its receipt numbers.
    pub receipt_prefix: ReceiptPrefix,
    /// Keys that signed or sign checkpoints, each with the index it holds from.
    pub log_keys: Vec<(u64, VerifierKey)>,
    /// The last day on which the key before the newest signs as well.
    pub overlap_until: Option<Day>,
    /// When it was founded.
    pub founded: Stamp,
}

/// An enrolled party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Id, name, organisation.
    pub party: PartyRef,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Their valid key, if they have one.
    pub key: Option<VerifierKey>,
    /// Index of the entry that last enrolled or renewed them.
    pub enrolled: u64,
    /// When that was.
    pub since: Stamp,
}

impl Party {
    /// Whether they have one of these roles.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}

/// A key and the entries between which it was valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Whose key.
    pub party: PartyId,
    /// The key itself.
    pub key: VerifierKey,
    /// Valid from this entry's index on (in that entry itself, too).
    pub from: u64,
    /// Invalid from this entry's index on (in that entry itself still valid).
    pub until: Option<(u64, RevocationReason)>,
}

/// The last time a medium was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SightingRecord {
    /// When.
    pub at: Stamp,
    /// In which entry.
    pub index: u64,
    /// How.
    pub grade: SightingGrade,
    /// Where.
    pub place: Name,
    /// By whom.
    pub by: PartyId,
}

/// Who has a medium since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Custody {
    /// Who has it.
    pub holder: PartyId,
    /// Where it is said to be.
    pub place: Name,
    /// Since when.
    pub since: Stamp,
    /// By which entry.
    pub index: u64,
    /// By which receipt; none while it was only registered.
    pub receipt: Option<ReceiptId>,
    /// Back by.
    pub due: Option<Day>,
    /// Both sides signed with a key.
    pub fully_signed: bool,
}

/// Whether a medium is where it should be, as far as entries tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Nothing says otherwise.
    Present,
    /// Looked for and not found.
    Missing {
        /// When that became known.
        since: Stamp,
        /// In which entry.
        index: u64,
    },
    /// Decided to be lost.
    Lost {
        /// When.
        since: Stamp,
        /// In which entry.
        index: u64,
    },
    /// Out of use.
    Retired {
        /// When.
        since: Stamp,
        /// In which entry.
        index: u64,
    },
}

/// A registered medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Medium {
    /// Asset id, VID:PID, serial.
    pub line: MediumLine,
    /// Hardware identity.
    pub hardware: HardwareIdentity,
    /// How far the serial singles it out.
    pub grade: Grade,
    /// The registration's entry; its leaf hash gives the label's tag.
    pub registered: EntryRef,
    /// When it was registered.
    pub registered_at: Stamp,
    /// Product strings.
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
    /// Content marks as they were first read, or last accepted by two people.
    pub marks: Vec<Phrase>,
    /// The highest sequence id that was read of each LUKS2 volume on it.
    pub sequences: BTreeMap<Token, u64>,
    /// SHA-256 of the token file that was last written on it.
    pub token: Option<Hash>,
    /// What was odd about it when it was registered.
    pub oddities: Vec<Token>,
    /// Alarms that two people let pass since it last changed hands.
    pub overrides: Vec<Token>,
    /// Encryption as last stated.
    pub encryption: EncryptionLine,
    /// The grade that a later reading is compared with; an erasure resets it.
    pub known: EncryptionGrade,
    /// The place it belongs to.
    pub home: Name,
    /// Whose it is.
    pub owner: Name,
    /// Kind of data.
    pub class: Name,
    /// Its own interval between sightings, in days.
    pub interval_days: Option<u32>,
    /// Who has it.
    pub custody: Custody,
    /// When it was last observed.
    pub seen: SightingRecord,
    /// Whether it is where it should be.
    pub presence: Presence,
    /// Who took note of how it stands, until that changes.
    pub acknowledged: Option<AcknowledgedRecord>,
    /// That it left its place with no handover for it, until it is seen or handed over.
    pub left: Option<LeftRecord>,
}

/// That a station saw a medium leave and nobody recorded why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftRecord {
    /// When the station said so.
    pub since: Stamp,
    /// In which entry.
    pub index: u64,
    /// Which place it left.
    pub place: Name,
}

/// That somebody sees to what is due, overdue or missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcknowledgedRecord {
    /// Of what.
    pub concern: Concern,
    /// When.
    pub at: Stamp,
    /// In which entry.
    pub index: u64,
    /// By whom.
    pub by: PartyId,
}

impl Medium {
    /// True when custody puts it at the place it belongs to.
    pub fn at_home(&self) -> bool {
        self.custody.place == self.home
    }

    /// True when a round at its home has to look for it.
    pub fn is_expected(&self) -> bool {
        self.at_home() && !matches!(self.presence, Presence::Retired { .. } | Presence::Lost { .. })
    }

    /// True for grade C: never matched by what the device says alone.
    pub fn is_weak(&self) -> bool {
        self.grade == Grade::C
    }

    /// True unless it was retired.
    pub fn in_use(&self) -> bool {
        !matches!(self.presence, Presence::Retired { .. })
    }

    /// Who took note of this concern and of nothing that was before.
    pub fn acknowledged(&self, concern: Concern) -> Option<&AcknowledgedRecord> {
        self.acknowledged.as_ref().filter(|record| record.concern == concern)
    }

    /// The entry that made it missing or lost.
    pub fn gone(&self) -> Option<u64> {
        match self.presence {
            Presence::Missing { index, .. } | Presence::Lost { index, .. } => Some(index),
            Presence::Present | Presence::Retired { .. } => None,
        }
    }
}

/// An application for a take-out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// Its leaf hash.
    pub leaf: Hash,
    /// The media asked for.
    pub media: Vec<MediumId>,
    /// Who is to receive them.
    pub receiver: PartyId,
    /// Who asked.
    pub by: PartyId,
    /// The answer, once there is one.
    pub verdict: Option<Verdict>,
}

/// A handover that one side sealed on paper, while its sheet is not attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetRecord {
    /// The handover's entry.
    pub index: u64,
    /// When it was.
    pub at: Stamp,
    /// The media that changed hands.
    pub media: Vec<MediumId>,
    /// Who sealed on paper.
    pub party: PartyId,
}

/// Receipt numbers of one year.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReceiptNumbers {
    /// Largest number used.
    pub last: u32,
    /// Smaller numbers that were skipped, for drafts still out to be signed.
    pub skipped: BTreeSet<u32>,
}

/// How far ahead of the last number a new one may be: so many drafts can be out
/// for signature at once. It also bounds [`ReceiptNumbers::skipped`].
pub const RECEIPT_JUMP: u32 = 200;

/// LUKS2 volumes whose sequence ids are kept of one medium.
pub const SEQUENCES_MAX: usize = 64;
