//! One round at a place: what should be there against what was observed.

use std::collections::{BTreeMap, BTreeSet};

use super::alarms::{Description, alarms};
use super::state::State;
use crate::model::hardware::HardwareIdentity;
use crate::model::vocabulary::SightingGrade;
use crate::model::{AlarmLine, MediumId, MediumLine, Name, SeenLine, Token, UnknownLine};

/// One thing that was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// A station's bus shows a storage device, which says this of itself.
    Device(UnknownLine, Box<Description>),
    /// A person scanned the label of this medium; its tag was right.
    Label(MediumId),
}

/// The outcome of a round. Every expected medium is in `found` or in `missing`,
/// and every observation in `found`, `unexpected` or `unknown`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Belongs here and was seen, best evidence each.
    pub found: Vec<SeenLine>,
    /// Belongs here and was not seen.
    pub missing: Vec<MediumId>,
    /// Is registered, was seen, and belongs elsewhere.
    pub unexpected: Vec<SeenLine>,
    /// Was seen and nobody registered it.
    pub unknown: Vec<UnknownLine>,
    /// What was odd.
    pub alarms: Vec<AlarmLine>,
}

impl Outcome {
    /// True when everything was there and nothing else.
    pub fn is_clean(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.unknown.is_empty()
    }
}

/// Compares what was observed with what should be at `place`.
///
/// A weak medium (grade C) is never recognised by what its hardware says alone:
/// its label must have been scanned in the same round, and then the device that
/// answers to its identity counts for it.
pub fn compare(state: &State, place: &Name, observed: &[Observation]) -> Outcome {
    let labels: BTreeSet<&MediumId> = observed
        .iter()
        .filter_map(|seen| if let Observation::Label(id) = seen { Some(id) } else { None })
        .collect();
    let mut seen: BTreeMap<MediumId, SightingGrade> = BTreeMap::new();
    for id in labels.iter().copied().filter(|id| state.media.contains_key(*id)) {
        note(&mut seen, id, SightingGrade::Label);
    }
    let mut unmatched: Vec<&MediumId> = labels.iter().copied().collect();
    let mut outcome = Outcome::default();
    let mut identities: BTreeMap<HardwareIdentity, u32> = BTreeMap::new();
    for (device, said) in observed.iter().filter_map(|o| match o {
        Observation::Device(line, said) => Some((line, said)),
        Observation::Label(_) => None,
    }) {
        let hardware = HardwareIdentity::of(device.vid_pid, &device.serial);
        *identities.entry(hardware).or_default() += 1;
        let candidates = state.by_hardware.get(&hardware).map_or(&[][..], Vec::as_slice);
        let weak = |id: &MediumId| state.media.get(id).is_none_or(|medium| medium.is_weak());
        match candidates {
            [id] if !weak(id) => {
                note(&mut seen, id, SightingGrade::Profile);
                if let Some(medium) = state.media.get(id) {
                    outcome.alarms.extend(alarms(state, medium, said));
                }
            }
            // A label names which of the look-alikes this one is, and one label
            // names one device: a second look-alike is somebody else's.
            _ => match candidates.iter().find(|id| unmatched.contains(id)) {
                Some(id) => unmatched.retain(|label| *label != id),
                None => outcome.unknown.push(device.clone()),
            },
        }
    }
    for (hardware, times) in identities.into_iter().filter(|(_, times)| *times > 1) {
        let twice = state.by_hardware.get(&hardware).into_iter().flatten();
        let strong =
            twice.filter(|id| state.media.get(*id).is_some_and(|medium| !medium.is_weak()));
        let _ = times;
        outcome.alarms.extend(strong.filter_map(|id| alarm(id, "identity-twice")));
    }
    for medium in state.expected_at(place) {
        let id = &medium.line.id;
        match seen.remove(id) {
            Some(grade) => outcome.found.push(SeenLine { id: id.clone(), grade }),
            None => outcome.missing.push(id.clone()),
        }
    }
    outcome.alarms.sort();
    outcome.alarms.dedup();
    outcome.unexpected = seen.into_iter().map(|(id, grade)| SeenLine { id, grade }).collect();
    outcome.unknown.sort();
    outcome
}

/// Keeps the best evidence for each medium, however often it was seen.
fn note(seen: &mut BTreeMap<MediumId, SightingGrade>, id: &MediumId, grade: SightingGrade) {
    let best = seen.entry(id.clone()).or_insert(grade);
    *best = (*best).min(grade);
}

/// An alarm line; `None` only for a name that is no word.
pub fn alarm(id: &MediumId, name: &str) -> Option<AlarmLine> {
    let alarm: Token = name.parse().ok()?;
    Some(AlarmLine { id: id.clone(), alarm })
}

/// Two devices on one bus that answer to one registered, strong identity.
pub fn answers_twice(state: &State, devices: &[UnknownLine], line: &MediumLine) -> bool {
    let strong = state.media.get(&line.id).is_some_and(|medium| !medium.is_weak());
    let same =
        |device: &&UnknownLine| device.vid_pid == line.vid_pid && device.serial == line.serial;
    strong && devices.iter().filter(same).count() > 1
}
