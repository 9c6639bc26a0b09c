//! One round at a place: what should be there against what was observed.

use std::collections::{BTreeMap, BTreeSet};

use super::alarms::{Content, Description, News, alarms, content_alarms};
use super::state::{Medium, State};
use super::terms::interested;
use crate::model::hardware::HardwareIdentity;
use crate::model::vocabulary::SightingGrade;
use crate::model::{AlarmLine, MediumId, MediumLine, Name, PartyId, SeenLine, Token, UnknownLine};

/// One thing that was observed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Observation {
    /// A station's bus shows a storage device, which says this of itself.
    Device(UnknownLine, Box<Description>),
    /// A person scanned the label of this medium; its tag was right.
    Label(MediumId),
    /// A person saw this medium, which shows no computer what it is.
    Eye(MediumId),
}

/// Which of the people on a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watcher {
    /// The one who closes it.
    First,
    /// The one who checked with them.
    Second,
}

/// What somebody observed at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Whose observation it is.
    pub by: Watcher,
    /// What was observed.
    pub seen: &'a [Observation],
}

/// The people on a round.
#[derive(Debug, Clone, Copy)]
pub struct People<'a> {
    /// Who closes it.
    pub by: &'a PartyId,
    /// Who checked with them.
    pub second: Option<&'a PartyId>,
}

impl People<'_> {
    /// Whether this one of them may vouch for a medium.
    fn vouches(&self, state: &State, medium: &Medium, watcher: Watcher) -> bool {
        let who = match watcher {
            Watcher::First => Some(self.by),
            Watcher::Second => self.second,
        };
        who.is_some_and(|who| interested(state, medium, who).is_none())
    }
}

/// The outcome of a round. Every expected medium is in `found`, `unverified` or
/// `missing`, and every observation in `found`, `unverified`, `unexpected` or `unknown`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Belongs here and was seen, best evidence each.
    pub found: Vec<SeenLine>,
    /// Belongs here and was not seen.
    pub missing: Vec<MediumId>,
    /// Belongs here and was seen with weaker evidence than its terms ask for.
    pub unverified: Vec<SeenLine>,
    /// Is registered, was seen, and belongs elsewhere.
    pub unexpected: Vec<SeenLine>,
    /// Was seen and nobody registered it.
    pub unknown: Vec<UnknownLine>,
    /// What was odd.
    pub alarms: Vec<AlarmLine>,
    /// What was read of the media that were seen.
    pub news: News,
    /// The media for whose sighting the second person vouches.
    pub second_saw: Vec<MediumId>,
}

impl Outcome {
    /// The media that were seen, wherever they belong.
    pub fn seen(&self) -> Vec<MediumId> {
        let seen = self.found.iter().chain(&self.unverified).chain(&self.unexpected);
        seen.map(|line| line.id.clone()).collect()
    }

    /// True when everything was there and nothing else.
    pub fn is_clean(&self) -> bool {
        self.missing.is_empty()
            && self.unverified.is_empty()
            && self.unexpected.is_empty()
            && self.unknown.is_empty()
    }
}

/// Compares what one person observed at one moment with what should be at `place`.
pub fn compare(state: &State, place: &Name, observed: &[Observation]) -> Outcome {
    compare_round(state, place, None, &[Moment { by: Watcher::First, seen: observed }])
}

/// Compares what was observed in a round, at one moment or over days, by one person or
/// two, with what should be at `place`. Neither the order nor repetition of observations
/// makes a difference.
///
/// A weak medium (grade C) is never recognised by what its hardware says alone:
/// its label must have been scanned in the same round, and then the device that
/// answers to its identity counts for it.
pub fn compare_round(
    state: &State,
    place: &Name,
    people: Option<People<'_>>,
    moments: &[Moment<'_>],
) -> Outcome {
    let (mut sights, mut outcome) = (Sights::default(), Outcome::default());
    let mut labels = BTreeSet::new();
    for (by, observation) in moments.iter().flat_map(|one| one.seen.iter().map(|o| (one.by, o))) {
        let (id, grade) = match observation {
            Observation::Device(..) => continue,
            Observation::Label(id) => (id, SightingGrade::Label),
            Observation::Eye(id) => (id, SightingGrade::Attested),
        };
        if state.media.contains_key(id) {
            sights.note(id, by, grade);
            if grade == SightingGrade::Label {
                labels.insert(id);
            }
        }
    }
    let devices = devices(moments);
    let mut look_alikes = Vec::new();
    for (hardware, kinds) in &devices {
        let known = state.by_hardware.get(hardware).into_iter().flatten();
        let candidates: Vec<&Medium> = known.filter_map(|id| state.media.get(id)).collect();
        match candidates.as_slice() {
            [medium] if !medium.is_weak() => outcome.recognise(state, medium, kinds, &mut sights),
            _ => look_alikes.extend(LookAlike::of(kinds, &candidates)),
        }
    }
    outcome.assign(&labels, look_alikes);
    for hardware in twice_at_once(moments) {
        let twice = state.by_hardware.get(&hardware).into_iter().flatten();
        let strong =
            twice.filter(|id| state.media.get(*id).is_some_and(|medium| !medium.is_weak()));
        outcome.alarms.extend(strong.filter_map(|id| alarm(id, "identity-twice")));
    }
    outcome.settle(state, place, people, sights);
    outcome
}

/// The best evidence each of two people has for each medium.
#[derive(Debug, Default)]
struct Sights(BTreeMap<MediumId, BTreeMap<Watcher, SightingGrade>>);

impl Sights {
    /// Keeps the best evidence, however often a medium was seen.
    fn note(&mut self, id: &MediumId, by: Watcher, grade: SightingGrade) {
        let best = self.0.entry(id.clone()).or_default().entry(by).or_insert(grade);
        *best = (*best).min(grade);
    }
}

/// One kind of device: all that say the same of themselves.
#[derive(Debug, Default)]
struct Same {
    /// How many there were at one moment.
    times: usize,
    /// Who saw one.
    by: BTreeSet<Watcher>,
}

/// The devices of one identity: the same twice in one look are two, the same in two
/// looks is one that was plugged in again.
type Kinds<'a> = BTreeMap<(&'a UnknownLine, &'a Description), Same>;

fn devices<'a>(moments: &[Moment<'a>]) -> BTreeMap<HardwareIdentity, Kinds<'a>> {
    let mut all: BTreeMap<HardwareIdentity, Kinds<'a>> = BTreeMap::new();
    for moment in moments {
        let mut now: BTreeMap<(&UnknownLine, &Description), usize> = BTreeMap::new();
        for observation in moment.seen {
            if let Observation::Device(line, said) = observation {
                *now.entry((line, said.as_ref())).or_default() += 1;
            }
        }
        for ((line, said), times) in now {
            let hardware = HardwareIdentity::of(line.vid_pid, &line.serial);
            let same = all.entry(hardware).or_default().entry((line, said)).or_default();
            same.times = same.times.max(times);
            same.by.insert(moment.by);
        }
    }
    all
}

/// The identities that two devices answered to at one moment.
fn twice_at_once(moments: &[Moment<'_>]) -> BTreeSet<HardwareIdentity> {
    let mut twice = BTreeSet::new();
    for moment in moments {
        let mut now = BTreeSet::new();
        for observation in moment.seen {
            if let Observation::Device(line, _) = observation {
                let hardware = HardwareIdentity::of(line.vid_pid, &line.serial);
                if !now.insert(hardware) {
                    twice.insert(hardware);
                }
            }
        }
    }
    twice
}

/// A device whose identity is nobody's alone.
struct LookAlike<'a> {
    device: &'a UnknownLine,
    said: &'a Description,
    candidates: Vec<&'a Medium>,
    /// Whether it is the only one of its identity in the round.
    alone: bool,
}

impl<'a> LookAlike<'a> {
    fn of(kinds: &Kinds<'a>, candidates: &[&'a Medium]) -> Vec<LookAlike<'a>> {
        let alone = kinds.values().map(|same| same.times).sum::<usize>() == 1;
        let each = |(&(device, said), same): (&(&'a UnknownLine, &'a Description), &Same)| {
            let one = move || LookAlike { device, said, candidates: candidates.to_vec(), alone };
            std::iter::repeat_with(one).take(same.times).collect::<Vec<_>>()
        };
        kinds.iter().flat_map(each).collect()
    }
}

impl Outcome {
    /// Takes in every device that answers to a medium's identity. One that was read
    /// counts for more than one that was not, unless anything about them is odd.
    fn recognise(
        &mut self,
        state: &State,
        medium: &Medium,
        kinds: &Kinds<'_>,
        sights: &mut Sights,
    ) {
        let said = || kinds.keys().map(|(_, said)| *said);
        let raised: Vec<AlarmLine> = said().flat_map(|said| alarms(state, medium, said)).collect();
        for ((_, said), same) in kinds {
            let content = said.content.as_ref().filter(|_| bears(medium, said));
            let grade = match content {
                Some(_) if raised.is_empty() => SightingGrade::Device,
                _ => SightingGrade::Profile,
            };
            same.by.iter().for_each(|by| sights.note(&medium.line.id, *by, grade));
        }
        self.alarms.extend(raised);
        self.learn(medium, said());
    }

    /// Keeps what was read of a medium and not known before. Of several readings that is
    /// one in which more was read and, of these, the one that promises least.
    fn learn<'a>(&mut self, medium: &Medium, said: impl Iterator<Item = &'a Description>) {
        let read: Option<&Content> = said.filter_map(|said| said.content.as_ref()).max();
        if let Some(content) = read {
            self.news.add(medium, content);
        }
    }

    /// A label names which of the look-alikes this one is, and one label names one
    /// device: a further look-alike is somebody else's. Where content was read, the
    /// device that bears the medium's marks takes the label before one that does not.
    fn assign(&mut self, labels: &BTreeSet<&MediumId>, mut devices: Vec<LookAlike<'_>>) {
        let mut unmatched: Vec<&MediumId> = labels.iter().copied().collect();
        devices.sort_by_key(|one| {
            let labelled = |medium: &&&Medium| labels.contains(&medium.line.id);
            !one.candidates.iter().filter(labelled).any(|medium| bears(medium, one.said))
        });
        for LookAlike { device, said, candidates, alone } in devices {
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
            if alone {
                self.learn(medium, std::iter::once(said));
            }
        }
    }

    /// Puts each medium into its list. Of two people the one vouches for a sighting who
    /// may; where both may, who has the better evidence; and then the first.
    fn settle(
        &mut self,
        state: &State,
        place: &Name,
        people: Option<People<'_>>,
        Sights(mut seen): Sights,
    ) {
        let expected: BTreeSet<&MediumId> =
            state.expected_at(place).map(|medium| &medium.line.id).collect();
        self.missing =
            expected.iter().filter(|id| !seen.contains_key(**id)).map(|id| (*id).clone()).collect();
        while let Some((id, grades)) = seen.pop_first() {
            let Some(medium) = state.media.get(&id) else { continue };
            let vouches = |by| people.is_none_or(|people| people.vouches(state, medium, by));
            let best = grades.into_iter().min_by_key(|(by, grade)| (!vouches(*by), *grade, *by));
            let Some((by, grade)) = best else { continue };
            if by == Watcher::Second {
                self.second_saw.push(id.clone());
            }
            let list = match expected.contains(&id) {
                true if grade > state.policy.terms(medium).grade => &mut self.unverified,
                true => &mut self.found,
                false => &mut self.unexpected,
            };
            list.push(SeenLine { id, grade });
        }
        self.alarms.sort();
        self.alarms.dedup();
        self.unknown.sort();
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
