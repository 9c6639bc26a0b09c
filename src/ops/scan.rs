//! What is plugged in, and what the ledger says of it.

use std::collections::BTreeMap;

use super::bus::{BusChoice, identity_line};
use super::description::describe_with;
use super::error::OpsError;
use super::examine::{content, examine};
use super::family::family;
use super::ledger::Ledger;
use super::token;
use crate::ledger::alarms::alarms;
use crate::ledger::schedule::standing;
use crate::ledger::{Medium, State};
use crate::model::evidence::{Examined, Unread};
use crate::model::hardware::{HardwareIdentity, VidPid};
use crate::model::{Hash, Stamp};
use crate::report::scan::{KnownAs, ReadRow, ScanReport, ScanRow};
use crate::report::who::Who;
use crate::report::words;
use crate::usb::names::Names;
use crate::usb::{Bus, Device, Position, identify, present_twice};

/// One look at a bus. `ledger` is none where there is no ledger to ask: looking at
/// what is plugged in needs none. With `probe` the drives are read as well, as far as
/// this user may; without it no device is opened.
///
/// # Errors
/// When the bus cannot be read, or the clock is impossible.
pub fn scan(
    choice: &BusChoice,
    ledger: Option<&Ledger>,
    probe: bool,
) -> Result<(ScanReport, Vec<Device>), OpsError> {
    let bus = choice.open()?;
    let name = match choice {
        BusChoice::Recording(path, frame) => {
            let frame = frame.as_ref().map(|frame| format!(" at '{frame}'")).unwrap_or_default();
            format!("recording {}{frame}", path.display())
        }
        _ => bus.name().to_owned(),
    };
    look(bus.as_ref(), name, ledger, probe)
}

/// One look at an open bus.
///
/// # Errors
/// As [`scan`].
pub fn look(
    bus: &dyn Bus,
    name: String,
    ledger: Option<&Ledger>,
    probe: bool,
) -> Result<(ScanReport, Vec<Device>), OpsError> {
    let devices = super::bus::drives(bus)?;
    let state = match ledger {
        Some(ledger) => Some((ledger.state(), ledger.now()?)),
        None => None,
    };
    let rows = rows(&devices, &devices, state, probe.then_some(bus));
    Ok((ScanReport { bus: name, devices: rows, notices: Vec::new() }, devices))
}

/// Some of the devices present, as they are shown. With `reading` they are read as
/// well, where that bus says they can be.
pub(super) fn rows(
    shown: &[Device],
    present: &[Device],
    ledger: Option<(&State, Stamp)>,
    reading: Option<&dyn Bus>,
) -> Vec<ScanRow> {
    let ids: Vec<VidPid> = shown.iter().map(|device| device.id).collect();
    let (names, twice) = (Names::look_up(&ids), present_twice(present));
    let seen = Seen { present, twice: &twice, names: &names, ledger };
    let read = |device: &Device| match reading {
        Some(bus) => (examine(bus, device), token::seen(bus, device)),
        None => (Examined::Unread(Unread::NotAsked), None),
    };
    shown.iter().map(|device| row(device, &seen, read(device))).collect()
}

/// What the rows of one scan have in common.
struct Seen<'a> {
    present: &'a [Device],
    twice: &'a BTreeMap<HardwareIdentity, Vec<Position>>,
    names: &'a Names,
    ledger: Option<(&'a State, Stamp)>,
}

type Read = (Examined, Option<Vec<Hash>>);

fn row(device: &Device, seen: &Seen<'_>, (examined, tokens): Read) -> ScanRow {
    let Seen { present, twice, names, ledger } = *seen;
    let identified = identify(device, present).ok();
    let grade = identified.as_ref().map(|identified| &identified.grade);
    let spoken = |text: &crate::model::hardware::Reading<crate::model::hardware::DeviceText>| {
        text.value().map(|text| text.as_str().to_owned())
    };
    let mut oddities: Vec<String> = device.oddities.iter().map(ToString::to_string).collect();
    if let Some(positions) = identified.as_ref().and_then(|found| twice.get(&found.hw)) {
        let others =
            positions.iter().map(ToString::to_string).filter(|p| *p != device.position.to_string());
        oddities.push(format!(
            "the same identity is also at {}",
            others.collect::<Vec<_>>().join(", ")
        ));
    }
    let medium = ledger.and_then(|(state, now)| Some((registered(state, device)?, state, now)));
    ScanRow {
        position: device.position.to_string(),
        vid_pid: device.id,
        vendor_name: names
            .vendor(device.id)
            .map(str::to_owned)
            .or_else(|| spoken(&device.profile.manufacturer)),
        product_name: names
            .product(device.id)
            .map(str::to_owned)
            .or_else(|| spoken(&device.profile.product)),
        serial: device.serial.value().map(ToString::to_string),
        serial_grade: grade.map(|grade| grade.grade),
        grade_reasons: grade
            .map_or(Vec::new(), |g| g.reasons.iter().map(ToString::to_string).collect()),
        capacity: device.profile.capacity().map(|capacity| capacity.bytes()),
        block_devices: device.blocks.iter().map(|block| block.name.to_string()).collect(),
        encryption: medium
            .as_ref()
            .map(|(medium, ..)| crate::report::words::encryption(&medium.encryption)),
        alarms: medium.as_ref().map_or(Vec::new(), |(medium, state, _)| {
            raised(state, medium, device, &examined, tokens.clone())
        }),
        read: read(device, &examined),
        known: medium.map(|(medium, state, now)| known_as(medium, state, now)),
        oddities: capped(oddities),
        family: family(device),
    }
}

/// What the device raises as this medium, beside what is odd about it in itself,
/// which stands there already.
fn raised(
    state: &State,
    medium: &Medium,
    device: &Device,
    examined: &Examined,
    tokens: Option<Vec<Hash>>,
) -> Vec<String> {
    if medium.is_weak() {
        return Vec::new();
    }
    let mut said = describe_with(device, examined);
    said.oddities.clear();
    said.tokens = tokens;
    let found = alarms(state, medium, &said);
    found.iter().map(|line| words::alarm(line.alarm.as_str())).collect()
}

/// What reading the drive came to; none where nobody asked for it.
fn read(device: &Device, examined: &Examined) -> Option<ReadRow> {
    match examined {
        Examined::Unread(Unread::NotAsked) => None,
        Examined::Unread(why) => Some(ReadRow::unread(*why)),
        Examined::Read(evidence) => {
            let content = content(device, examined)?;
            Some(ReadRow::of(evidence, content.grade, content.scheme, content.cipher))
        }
    }
}

/// The most oddities of one device that are shown. Honest devices have a handful; a
/// hostile one can declare hundreds of interfaces that are each odd.
const MAX_ODDITIES: usize = 24;

fn capped(mut oddities: Vec<String>) -> Vec<String> {
    let more = oddities.len().saturating_sub(MAX_ODDITIES);
    if more > 0 {
        oddities.truncate(MAX_ODDITIES);
        oddities.push(format!("and {more} more"));
    }
    oddities
}

fn known_as(medium: &Medium, state: &State, now: Stamp) -> KnownAs {
    KnownAs {
        medium: medium.line.id.clone(),
        home: medium.home.clone(),
        holder: Who::of(state, &medium.custody.holder),
        due: medium.custody.due,
        standing: standing(medium, &state.policy, now),
        certain: !medium.is_weak(),
    }
}

/// The medium this device answers to. Of several look-alikes the first is named,
/// and that it is not certain.
fn registered<'a>(state: &'a State, device: &Device) -> Option<&'a Medium> {
    let line = identity_line(device)?;
    let hardware = HardwareIdentity::of(line.vid_pid, &line.serial);
    state.by_hardware.get(&hardware)?.iter().find_map(|id| state.media.get(id))
}
