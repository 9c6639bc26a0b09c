//! One round at a place: what should be there against what was observed.

use std::collections::{BTreeMap, BTreeSet};

use super::alarms::{Description, News, alarms, content_alarms};
use super::state::{Medium, State};
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
    /// What was read of the media that were seen.
    pub news: News,
}

impl Outcome {
    /// The media that were seen, wherever they belong.
    pub fn seen(&self) -> Vec<MediumId> {
        self.found.iter().chain(&self.unexpected).map(|line| line.id.clone()).collect()
    }

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
    let mut outcome = Outcome::default();
    let mut identities: BTreeMap<HardwareIdentity, u32> = BTreeMap::new();
    let mut look_alikes = Vec::new();
    for (device, said) in observed.iter().filter_map(|o| match o {
        Observation::Device(line, said) => Some((line, said.as_ref())),
        Observation::Label(_) => None,
    }) {
        let hardware = HardwareIdentity::of(device.vid_pid, &device.serial);
        *identities.entry(hardware).or_default() += 1;
        let known = state.by_hardware.get(&hardware).into_iter().flatten();
        let candidates: Vec<&Medium> = known.filter_map(|id| state.media.get(id)).collect();
        match candidates.as_slice() {
            [medium] if !medium.is_weak() => {
                let raised = alarms(state, medium, said);
                let content = said.content.as_ref().filter(|_| bears(medium, said));
                let grade = match content {
                    Some(_) if raised.is_empty() => SightingGrade::Device,
                    _ => SightingGrade::Profile,
                };
                note(&mut seen, &medium.line.id, grade);
                outcome.alarms.extend(raised);
                outcome.learn(medium, said);
            }
            _ => look_alikes.push(LookAlike { device, said, hardware, candidates }),
        }
    }
    outcome.assign(&labels, look_alikes, &identities);
    for (hardware, _) in identities.into_iter().filter(|(_, times)| *times > 1) {
        let twice = state.by_hardware.get(&hardware).into_iter().flatten();
        let strong =
            twice.filter(|id| state.media.get(*id).is_some_and(|medium| !medium.is_weak()));
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

/// A device whose identity is nobody's alone.
struct LookAlike<'a> {
    device: &'a UnknownLine,
    said: &'a Description,
    hardware: HardwareIdentity,
    candidates: Vec<&'a Medium>,
}

impl Outcome {
    /// Keeps what was read of a medium and not known before.
    fn learn(&mut self, medium: &Medium, said: &Description) {
        if let Some(content) = &said.content {
            self.news.add(medium, content);
        }
    }

    /// A label names which of the look-alikes this one is, and one label names one
    /// device: a further look-alike is somebody else's. Where content was read, the
    /// device that bears the medium's marks takes the label before one that does not.
    fn assign(
        &mut self,
        labels: &BTreeSet<&MediumId>,
        mut devices: Vec<LookAlike<'_>>,
        identities: &BTreeMap<HardwareIdentity, u32>,
    ) {
        let mut unmatched: Vec<&MediumId> = labels.iter().copied().collect();
        devices.sort_by_key(|one| {
            let labelled = |medium: &&&Medium| labels.contains(&medium.line.id);
            !one.candidates.iter().filter(labelled).any(|medium| bears(medium, one.said))
        });
        for LookAlike { device, said, hardware, candidates } in devices {
            let labelled: Vec<&Medium> =
                candidates.into_iter().filter(|it| unmatched.contains(&&it.line.id)).collect();
            let marked = labelled.iter().find(|medium| bears(medium, said));
            let Some(medium) = marked.or(labelled.first()).copied() else {
                self.unknown.push(device.clone());
                continue;
            };
            unmatched.retain(|label| **label != medium.line.id);
            self.alarms.extend(content_alarms(medium, said));
            // What nobody can assign to one device is not learnt.
            if identities.get(&hardware) == Some(&1) {
                self.learn(medium, said);
            }
        }
    }
}

/// Whether the content marks were read and are those of this medium.
pub fn bears(medium: &Medium, said: &Description) -> bool {
    let marks = said.content.as_ref().filter(|content| content.read);
    let marks = marks.and_then(|content| content.marks.as_ref());
    let marked = !medium.marks.is_empty() && marks.is_some_and(|marks| *marks == medium.marks);
    let token = medium.token.filter(|kept| said.tokens.iter().flatten().any(|one| one == kept));
    marked || token.is_some()
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
