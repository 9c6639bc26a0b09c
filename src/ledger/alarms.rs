//! What a device says of itself now, against what it said when it was registered.

use serde::{Deserialize, Serialize};

use super::state::{Medium, State};
use crate::model::vocabulary::{EncryptionGrade, Role};
use crate::model::{
    AlarmLine, EncryptionLine, Hash, MarkLine, MediumId, Phrase, SequenceLine, Token, TokenLine,
};

/// A device in the words of a registration. What could not be read is empty, and
/// says nothing: a look without permission is no changed drive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// What its own bytes say; none where they were not read.
    pub content: Option<Content>,
    /// The token files on its mounted volumes; none where no volume of it is mounted
    /// and readable here.
    pub tokens: Option<Vec<Hash>>,
    /// Names of what is odd about it, whatever the ledger says.
    pub oddities: Vec<Token>,
}

/// The alarms about a token file, see FORMAT.md, section "Tokens".
pub const TOKEN_ALARMS: &[&str] = &["token-missing", "token-stale"];

/// What a drive's own bytes say, or its family claims where they cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Whether the bytes were read; if not, the rest is the family's claim.
    pub read: bool,
    /// How well it is known to be encrypted.
    pub grade: EncryptionGrade,
    /// Scheme, or the family of a drive that encrypts by itself.
    pub scheme: Option<Token>,
    /// Cipher, or the state in which such a drive was seen.
    pub cipher: Option<Token>,
    /// Content marks in order; none where not all of them could be read.
    pub marks: Option<Vec<Phrase>>,
    /// LUKS2 volumes with the sequence id of their header.
    pub sequences: Vec<(Token, u64)>,
}

impl Default for Content {
    /// Nothing read.
    fn default() -> Self {
        Content {
            read: false,
            grade: EncryptionGrade::NotExamined,
            scheme: None,
            cipher: None,
            marks: None,
            sequences: Vec::new(),
        }
    }
}

impl Content {
    /// The encryption line that follows of this and of what was known before. What
    /// was read outranks what a person stated; the claim of a family does not
    /// outrank what was read once.
    #[must_use]
    pub fn encryption(&self, known: &EncryptionLine) -> EncryptionLine {
        use EncryptionGrade::{Claimed, NotExamined, Opaque, Stated};
        if !self.read && !matches!(known.grade, NotExamined | Stated | Claimed) {
            return known.clone();
        }
        // Reading cannot name what looks random; a person can, and proves nothing.
        let named = self.grade == Opaque && matches!(known.grade, Stated | Opaque);
        let stated = if named { known.scheme.clone() } else { None };
        EncryptionLine {
            id: known.id.clone(),
            grade: self.grade,
            scheme: self.scheme.clone().or(stated),
            cipher: self.cipher.clone(),
        }
    }

    /// The content marks as lines of that medium.
    #[must_use]
    pub fn mark_lines(&self, id: &MediumId) -> Vec<MarkLine> {
        let marks = self.marks.iter().flatten();
        marks.map(|mark| MarkLine { id: id.clone(), mark: mark.clone() }).collect()
    }

    /// The sequence ids as lines of that medium.
    #[must_use]
    pub fn sequence_lines(&self, id: &MediumId) -> Vec<SequenceLine> {
        let line = |(volume, number): &(Token, u64)| SequenceLine {
            id: id.clone(),
            volume: volume.clone(),
            number: *number,
        };
        self.sequences.iter().map(line).collect()
    }
}

/// What an entry has to carry of what was read, so that later sightings can be
/// compared with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Encryption that is known otherwise so far.
    pub encryption: Vec<EncryptionLine>,
    /// Content marks of media of which none were known.
    pub marks: Vec<MarkLine>,
    /// Sequence ids above those that were known.
    pub sequences: Vec<SequenceLine>,
    /// Token files that were renewed for this entry.
    pub tokens: Vec<TokenLine>,
}

impl News {
    /// Adds what is new about one medium.
    pub fn add(&mut self, medium: &Medium, content: &Content) {
        let (id, known) = (&medium.line.id, &medium.encryption);
        let encryption = content.encryption(known);
        if encryption != *known {
            self.encryption.push(encryption);
        }
        if medium.marks.is_empty() {
            self.marks.extend(content.mark_lines(id));
        }
        let higher = |line: &SequenceLine| {
            medium.sequences.get(&line.volume).is_none_or(|highest| *highest < line.number)
        };
        self.sequences.extend(content.sequence_lines(id).into_iter().filter(higher));
    }
}

/// Whether encryption as it was read now is weaker than what the ledger has. What
/// was never read cannot become unreadable.
#[must_use]
pub fn weaker(known: EncryptionGrade, now: EncryptionGrade) -> bool {
    use EncryptionGrade::{
        Claimed, None, NotExamined, Opaque, Partial, Stated, Unreadable, Verified,
    };
    let rank = |grade| match grade {
        Verified => 4,
        Claimed => 3,
        Opaque | Stated => 2,
        Partial => 1,
        None | Unreadable | NotExamined => 0,
    };
    match now {
        Unreadable => matches!(known, Verified | Opaque | Partial),
        NotExamined | Stated => false,
        _ => rank(now) < rank(known),
    }
}

/// Every alarm this device raises as that medium: what is odd in itself and was not
/// so when it was registered, what has drifted, and that it is here while the
/// ledger has it with somebody outside. In order of name.
pub fn alarms(state: &State, medium: &Medium, now: &Description) -> Vec<AlarmLine> {
    let mut found: Vec<Token> = drift(medium, now);
    found.extend(content_drift(medium, now));
    found.extend(token_drift(medium, now));
    found.extend(now.oddities.iter().filter(|odd| !medium.oddities.contains(odd)).cloned());
    let holder = state.parties.get(&medium.custody.holder);
    if medium.custody.receipt.is_some() && holder.is_some_and(|who| who.has_any(&[Role::Outside])) {
        found.extend("in-other-custody".parse());
    }
    found.sort();
    found.dedup();
    found.into_iter().map(|alarm| AlarmLine { id: medium.line.id.clone(), alarm }).collect()
}

/// The alarms that an erasure itself brings about.
const OF_ERASURE: &[&str] =
    &["mark-drift", "sequence-backwards", "encryption-weaker", "token-missing", "token-stale"];

/// Of what a drive raises after it was erased, that which the erasure does not explain;
/// and `mark-remains` where a mark is read that was there before: whatever was done,
/// it was done to another drive, or left the header where it was.
pub fn after_erasure(medium: &Medium, now: &Content, raised: &[AlarmLine]) -> Vec<AlarmLine> {
    let own = raised.iter().filter(|line| line.id == medium.line.id);
    let mut found: Vec<AlarmLine> =
        own.filter(|line| !OF_ERASURE.contains(&line.alarm.as_str())).cloned().collect();
    let remains = now.marks.iter().flatten().any(|mark| medium.marks.contains(mark));
    let named = named(&[("mark-remains", now.read && remains)]);
    found.extend(named.into_iter().map(|alarm| AlarmLine { id: medium.line.id.clone(), alarm }));
    found.sort();
    found
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
    ];
    named(&facts)
}

/// The names of the facts that hold.
fn named(facts: &[(&str, bool)]) -> Vec<Token> {
    facts.iter().filter(|(_, holds)| *holds).flat_map(|(name, _)| name.parse()).collect()
}

/// What the drive's own bytes show against what they showed before.
fn content_drift(medium: &Medium, now: &Description) -> Vec<Token> {
    let Some(read) = now.content.as_ref().filter(|content| content.read) else {
        return Vec::new();
    };
    // All marks of one look: a mark that is gone is as telling as a new one.
    let known = |mark: &Phrase| medium.marks.contains(mark);
    let formatted = |marks: &Vec<Phrase>| {
        let same = marks.len() == medium.marks.len() && marks.iter().all(known);
        !medium.marks.is_empty() && !same
    };
    // Another volume's numbers say nothing about this one's: the UUID must be known.
    let older = |(volume, number): &(Token, u64)| {
        medium.sequences.get(volume).is_some_and(|highest| number < highest)
    };
    named(&[
        ("mark-drift", read.marks.as_ref().is_some_and(formatted)),
        ("sequence-backwards", read.sequences.iter().any(older)),
        ("encryption-weaker", weaker(medium.known, read.grade)),
    ])
}

/// A clone has the token that was on the drive when it was made.
fn token_drift(medium: &Medium, now: &Description) -> Vec<Token> {
    let (Some(kept), Some(there)) = (medium.token, &now.tokens) else { return Vec::new() };
    named(&[
        ("token-missing", there.is_empty()),
        ("token-stale", !there.is_empty() && !there.contains(&kept)),
    ])
}

/// The alarms that only the bytes of a drive raise: all that is asked of a medium
/// that is known by its label.
pub fn content_alarms(medium: &Medium, now: &Description) -> Vec<AlarmLine> {
    let line = |alarm| AlarmLine { id: medium.line.id.clone(), alarm };
    let found = content_drift(medium, now).into_iter().chain(token_drift(medium, now));
    found.map(line).collect()
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
