//! One round of presence checks, as it was closed.

use serde::Serialize;

use crate::ledger::State;
use crate::model::hardware::VidPid;
use crate::model::statement::Check;
use crate::model::vocabulary::SightingGrade;
use crate::model::{
    AlarmLine, DrawLine, MediumId, Name, Origin, Phrase, SeenLine, Stamp, UnknownLine,
};

use super::evidence::Bilingual;
use super::receipt::Head;
use super::who::{KeyView, Who};
use super::{optional_text, text};

/// A round and its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The ledger's origin.
    pub ledger: Origin,
    /// Whose ledger it is; none before its genesis.
    pub organisation: Option<Name>,
    /// Where it is kept.
    pub site: Option<Name>,
    /// Where.
    pub place: Name,
    /// When it was closed.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Who checked.
    pub by: Who,
    /// The key they signed with.
    pub key: KeyView,
    /// Who checked with them.
    pub second: Option<Who>,
    /// The key they signed with.
    pub second_key: Option<KeyView>,
    /// The head of the log that the checker saw.
    pub seen: Head,
    /// What the sample was drawn from, where not everything was looked for.
    #[serde(serialize_with = "optional_text")]
    pub draw: Option<DrawLine>,
    /// How many media belong there, seen or not; of a sample, how many it has.
    pub expected: usize,
    /// The entry; none while it is not recorded.
    pub entry: Option<u64>,
    /// True when everything was there, nothing else, and nothing odd.
    pub clean: bool,
    /// What belongs here and was not seen.
    pub missing: Vec<MissingRow>,
    /// What belongs here and was seen with weaker evidence than its terms ask for: neither
    /// found nor missing.
    pub unverified: Vec<SeenRow>,
    /// What is registered, was seen here and belongs elsewhere.
    pub unexpected: Vec<SeenRow>,
    /// What was seen and nobody registered.
    pub unknown: Vec<UnknownRow>,
    /// What was odd.
    pub alarms: Vec<AlarmRow>,
    /// What belongs here and was seen.
    pub found: Vec<SeenRow>,
    /// A remark.
    pub detail: Option<Phrase>,
}

/// A medium that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenRow {
    /// Its asset id.
    pub medium: MediumId,
    /// How it was seen.
    pub grade: SightingGrade,
    /// By whom, where two people were on the round.
    pub by: Option<Who>,
    /// Who has it by the ledger; none for one nobody registered.
    pub holder: Option<Who>,
    /// Where it belongs.
    pub home: Option<Name>,
}

/// A medium that was not seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingRow {
    /// Its asset id.
    pub medium: MediumId,
    /// Who has it by the ledger.
    pub holder: Option<Who>,
    /// Where it belongs.
    pub home: Option<Name>,
    /// When it was last seen.
    #[serde(serialize_with = "optional_text")]
    pub last_seen: Option<Stamp>,
    /// By whom.
    pub last_seen_by: Option<Who>,
}

/// A device nobody registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownRow {
    /// Vendor and product number.
    pub vid_pid: VidPid,
    /// Its serial, `-` when it has none.
    pub serial: String,
}

/// One odd thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlarmRow {
    /// The medium it concerns.
    pub medium: MediumId,
    /// The alarm's name.
    pub alarm: String,
    /// What it means, in both languages; none for one this program does not know.
    pub words: Option<Bilingual>,
}

impl CheckReport {
    /// The round that `said` records. `state` may be the one before or after it.
    pub fn new(state: &State, said: &Check, entry: Option<u64>) -> Self {
        let two = said.second.is_some();
        let seen = |lines: &[SeenLine]| -> Vec<SeenRow> {
            let by = |line: &SeenLine| two.then(|| Who::from(&said.who_saw(&line.id).party));
            lines.iter().map(|line| SeenRow::new(state, line, by(line))).collect()
        };
        let odd = [
            said.missing.is_empty(),
            said.unverified.is_empty(),
            said.unexpected.is_empty(),
            said.unknown.is_empty(),
            said.alarm.is_empty(),
        ];
        let facts = state.facts.as_ref();
        CheckReport {
            ledger: said.ledger.clone(),
            organisation: facts.map(|facts| facts.organisation.clone()),
            site: facts.map(|facts| facts.site.clone()),
            place: said.place.clone(),
            at: said.at,
            by: Who::from(&said.by.party),
            key: KeyView::from(&said.by.key),
            second: said.second.as_ref().map(|second| Who::from(&second.party)),
            second_key: said.second.as_ref().map(|second| KeyView::from(&second.key)),
            seen: Head { entries: said.seen.size, root: said.seen.root },
            draw: said.draw,
            expected: said.found.len() + said.unverified.len() + said.missing.len(),
            entry,
            clean: odd.iter().all(|none| *none),
            missing: said.missing.iter().map(|id| MissingRow::new(state, id)).collect(),
            unverified: seen(&said.unverified),
            unexpected: seen(&said.unexpected),
            unknown: said.unknown.iter().map(UnknownRow::from).collect(),
            alarms: said.alarm.iter().map(AlarmRow::from).collect(),
            found: seen(&said.found),
            detail: said.detail.clone(),
        }
    }
}

impl From<&UnknownLine> for UnknownRow {
    fn from(line: &UnknownLine) -> Self {
        UnknownRow { vid_pid: line.vid_pid, serial: line.serial.to_string() }
    }
}

impl From<&AlarmLine> for AlarmRow {
    fn from(line: &AlarmLine) -> Self {
        AlarmRow {
            medium: line.id.clone(),
            alarm: line.alarm.to_string(),
            words: super::alarm::words(line.alarm.as_str()),
        }
    }
}

impl SeenRow {
    pub(super) fn new(state: &State, line: &SeenLine, by: Option<Who>) -> Self {
        let medium = state.media.get(&line.id);
        SeenRow {
            medium: line.id.clone(),
            grade: line.grade,
            by,
            holder: medium.map(|medium| Who::of(state, &medium.custody.holder)),
            home: medium.map(|medium| medium.home.clone()),
        }
    }
}

impl MissingRow {
    pub(super) fn new(state: &State, id: &MediumId) -> Self {
        let medium = state.media.get(id);
        MissingRow {
            medium: id.clone(),
            holder: medium.map(|medium| Who::of(state, &medium.custody.holder)),
            home: medium.map(|medium| medium.home.clone()),
            last_seen: medium.map(|medium| medium.seen.at),
            last_seen_by: medium.map(|medium| Who::of(state, &medium.seen.by)),
        }
    }
}

/// The sample of a round that is about to begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrawnRound {
    /// Where.
    pub place: Name,
    /// What it was drawn from; anybody can draw it again.
    #[serde(serialize_with = "text")]
    pub line: DrawLine,
    /// How many media belong there.
    pub of: usize,
    /// Those that were drawn.
    pub media: Vec<MediumId>,
}
