//! One round of presence checks at a place.

use std::collections::BTreeSet;

use super::bus::{drives, identity_line};
use super::description::describe_with;
use super::draft::Draft;
use super::error::{ChangedSince, OpsError};
use super::examine::examine;
use super::ledger::Ledger;
use super::round::{SeenDevice, What, lines_of};
use super::token;
use crate::ledger::checks::{Observation, Outcome, compare};
use crate::ledger::{Intent, State};
use crate::model::evidence::{Examined, Unread};
use crate::model::hardware::HardwareIdentity;
use crate::model::{DrawLine, MediumId, Name, PartyId, Phrase, UnknownLine};
use crate::report::check::DrawnRound;
use crate::usb::{Bus, Device};
use crate::wire::label::Label;

/// What was observed, and what it comes to.
#[derive(Debug, Clone)]
pub struct Round {
    /// The place.
    pub place: Name,
    /// The sample that is looked for, where not everything is.
    pub draw: Option<DrawLine>,
    /// What was seen, as lines of a round.
    pub seen: Vec<What>,
    /// The comparison.
    pub outcome: Outcome,
    /// Positions of drives whose serial could not be read; they count for nothing.
    pub unread: Vec<String>,
    /// Drives whose own bytes were not read, by serial or position, and why.
    pub unexamined: Vec<(String, Unread)>,
}

/// Refuses a place that is no medium's home, and says which are.
pub(super) fn known_place(state: &State, place: &Name) -> Result<(), OpsError> {
    let places = state.places();
    if places.contains(place) {
        return Ok(());
    }
    let known: Vec<&str> = places.iter().map(|place| place.as_str()).collect();
    let problem = format!("no drive's home is '{place}'; known homes: {}", known.join(", "));
    Err(OpsError::input("--place", problem))
}

/// Draws the sample of the next round at `place`: nobody chooses it, since it follows
/// from the newest checkpoint's root and the round's number.
///
/// # Errors
/// A place nobody registered a medium for, or a log that cannot be read.
pub fn draw(ledger: &Ledger, place: &Name, percent: u32) -> Result<DrawnRound, OpsError> {
    let state = ledger.state();
    known_place(state, place)?;
    let line = DrawLine { percent, number: state.draws.0 + 1, head: ledger.newest_head() };
    let media = state.sample_at(place, &line).into_iter().cloned().collect();
    let of = state.expected_at(place).count();
    Ok(DrawnRound { place: place.clone(), line, of, media })
}

/// What a person names of what they see.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByHand<'a> {
    /// Scanned labels.
    pub labels: &'a [String],
    /// Media seen by eye, which show no computer what they are.
    pub eyes: &'a [MediumId],
}

/// Looks at the bus and what was named and compares with what belongs there.
///
/// # Errors
/// A place nobody registered a medium for, labels that are not ours (all of them
/// named), or a bus that cannot be read.
pub fn look(
    state: &State,
    bus: Option<&dyn Bus>,
    (place, draw): (&Name, Option<DrawLine>),
    by_hand: ByHand<'_>,
) -> Result<Round, OpsError> {
    known_place(state, place)?;
    let (labels, eyes) = named(state, by_hand)?;
    let (mut unread, mut unexamined) = (Vec::new(), Vec::new());
    let mut devices = Vec::new();
    for device in bus.map(drives).transpose()?.into_iter().flatten() {
        match bus.and_then(|bus| seen_device(bus, &device)) {
            Some((seen, why)) => {
                unexamined.extend(why.map(|why| (name(state, &device, &seen.device), why)));
                devices.push(seen);
            }
            None => unread.push(device.position.to_string()),
        }
    }
    let seen = lines_of(&devices, &labels, &eyes);
    let device = |one: SeenDevice| Observation::Device(one.device, Box::new(one.said));
    let observed = devices.into_iter().map(device);
    let observed = observed.chain(labels.into_iter().map(Observation::Label));
    let observed: Vec<Observation> =
        observed.chain(eyes.into_iter().map(Observation::Eye)).collect();
    let mut outcome = compare(state, place, &observed);
    if let Some(draw) = &draw {
        // What was not drawn was not looked for.
        let sample = state.sample_at(place, draw);
        outcome.missing.retain(|id| sample.contains(&id));
    }
    Ok(Round { place: place.clone(), draw, seen, outcome, unread, unexamined })
}

/// What an attached drive says of itself, and why its own bytes were not read, if they
/// were not. None where not even its serial could be.
pub(super) fn seen_device(bus: &dyn Bus, device: &Device) -> Option<(SeenDevice, Option<Unread>)> {
    let line = identity_line(device)?;
    let examined = examine(bus, device);
    let mut said = describe_with(device, &examined);
    said.tokens = token::seen(bus, device);
    let position = device.position.to_string().parse().ok()?;
    let why = if let Examined::Unread(why) = examined { Some(why) } else { None };
    Some((SeenDevice { device: line, position, said }, why))
}

/// What people call an attached drive: its asset id, else where it is plugged in.
fn name(state: &State, device: &Device, line: &UnknownLine) -> String {
    let hardware = HardwareIdentity::of(line.vid_pid, &line.serial);
    match state.by_hardware.get(&hardware).map(Vec::as_slice) {
        Some([id]) => id.to_string(),
        _ => format!("the drive at {}", device.position),
    }
}

/// Looks once more before the round is recorded: what was seen must still be there,
/// and nothing else.
///
/// # Errors
/// [`ChangedSince`], or as [`look`].
pub fn look_again(
    state: &State,
    bus: Option<&dyn Bus>,
    before: &Round,
    by_hand: ByHand<'_>,
) -> Result<(), OpsError> {
    let now = look(state, bus, (&before.place, before.draw), by_hand)?;
    let (was, is) = (&before.outcome, &now.outcome);
    if (was, &before.unread) == (is, &now.unread) {
        return Ok(());
    }
    let gone = only_in(was, is);
    if !gone.is_empty() {
        return Err(ChangedSince::Gone(gone).into());
    }
    let alarms = is.alarms.iter().filter(|line| !was.alarms.contains(line));
    let mut other: Vec<String> = alarms.map(ToString::to_string).collect();
    other.extend(only_in(is, was));
    if other.is_empty() {
        other.push("less is odd, or less can be read".to_owned());
    }
    Err(ChangedSince::Other(other).into())
}

/// The drives that one round saw and the other did not.
fn only_in(one: &Outcome, other: &Outcome) -> Vec<String> {
    let seen = |outcome: &Outcome| -> BTreeSet<String> {
        let known = outcome.seen().into_iter().map(|id| id.to_string());
        known.chain(outcome.unknown.iter().map(ToString::to_string)).collect()
    };
    seen(one).difference(&seen(other)).cloned().collect()
}

/// The media that were named, or every reason why they were not.
fn named(state: &State, by_hand: ByHand<'_>) -> Result<(Vec<MediumId>, Vec<MediumId>), OpsError> {
    let mut problems = Vec::new();
    let mut labels = Vec::new();
    for text in by_hand.labels {
        match label_of(state, text) {
            Ok(id) => labels.push(id),
            Err(problem) => problems.push(super::error::Problem::new("--label", problem)),
        }
    }
    for id in by_hand.eyes.iter().filter(|id| !state.media.contains_key(*id)) {
        let problem = format!("{id} is not registered here");
        problems.push(super::error::Problem::new("--eye", problem));
    }
    match problems.is_empty() {
        true => Ok((labels, by_hand.eyes.to_vec())),
        false => Err(OpsError::Input(problems)),
    }
}

/// The medium a label belongs to. The tag ties the label to the registration, so
/// that a label of another ledger, or of an earlier life of the asset id, is not
/// taken for this one.
pub(super) fn label_of(state: &State, text: &str) -> Result<MediumId, String> {
    let label = Label::parse(text).map_err(|error| error.to_string())?;
    let id: MediumId =
        label.medium().parse().map_err(|_| format!("'{}' is no asset id", label.medium()))?;
    let medium = state.media.get(&id).ok_or(format!("{id} is not registered here"))?;
    if label.belongs_to(&medium.registered.leaf) {
        Ok(id)
    } else {
        Err(format!("the label says {id}, but it was not printed for this registration of {id}"))
    }
}

/// Drafts the entry that closes the round.
///
/// # Errors
/// Every reason against it, among them that the checker holds what was checked.
pub fn close(
    ledger: &Ledger,
    round: &Round,
    detail: Option<Phrase>,
    (by, second): (PartyId, Option<PartyId>),
) -> Result<Draft, OpsError> {
    let (place, draw) = (round.place.clone(), round.draw);
    let outcome = Box::new(round.outcome.clone());
    ledger.draft(Intent::CloseCheck { place, draw, outcome, detail, by, second })
}
