//! Registering the drive that is plugged in.

use super::bus::{choose, drives};
use super::description::describe_with;
use super::draft::Draft;
use super::error::{DeviceChoice, OpsError};
use super::examine::examine;
use super::ledger::Ledger;
use crate::ledger::Intent;
use crate::ledger::alarms::Description;
use crate::ledger::intent::Registration;
use crate::model::evidence::Examined;
use crate::model::hardware::Grade;
use crate::model::vocabulary::EncryptionGrade;
use crate::model::{AlarmLine, EncryptionLine, MediumId, MediumLine, Name, PartyId, Phrase, Token};
use crate::usb::{Bus, Device, identify};

/// What a person says about the drive.
#[derive(Debug, Clone)]
pub struct RegistrationWish {
    /// Asset id.
    pub id: MediumId,
    /// Position, serial or block device, where several drives are attached.
    pub device: Option<String>,
    /// The place it belongs to.
    pub home: Name,
    /// Whose it is; the organisation when not said.
    pub owner: Option<Name>,
    /// Kind of data.
    pub class: Name,
    /// Days between sightings, where not the policy's.
    pub interval_days: Option<u32>,
    /// Register as weak although the serial looks unique.
    pub weak: bool,
    /// Encryption scheme or family, as the person states it. It counts only where
    /// nothing could be read.
    pub encryption: Option<Token>,
    /// A remark.
    pub detail: Option<Phrase>,
    /// Who registers it.
    pub by: PartyId,
}

/// A drafted registration and how much of the drive it rests on.
#[derive(Debug)]
pub struct Drafted {
    /// The draft.
    pub draft: Draft,
    /// What came of reading the drive.
    pub examined: Examined,
    /// Whether reading contradicts what the person stated of its encryption. What was
    /// read stands in the draft.
    pub contradicted: bool,
}

/// Drafts the registration of an attached drive, which is read where this user may.
///
/// # Errors
/// No drive, several, or two with one identity; every reason the ledger has.
pub fn register(
    ledger: &Ledger,
    bus: &dyn Bus,
    wish: RegistrationWish,
) -> Result<Drafted, OpsError> {
    let attached = drives(bus)?;
    let device = choose(&attached, wish.device.as_deref())?;
    let identified = identify(device, &attached)
        .map_err(|unread| DeviceChoice::SerialUnread(unread.position.to_string()))?;
    refuse_twins(&attached, device, &wish)?;
    let owner = match wish.owner {
        Some(owner) => owner,
        None => ledger
            .state()
            .facts
            .as_ref()
            .map(|facts| facts.organisation.clone())
            .ok_or_else(|| OpsError::refused(crate::ledger::Refusal::NotFounded))?,
    };
    let grade = if wish.weak { Grade::C } else { identified.grade.grade };
    let examined = examine(bus, device);
    let said = describe_with(device, &examined);
    let stated = EncryptionLine {
        grade: match wish.encryption {
            Some(_) => EncryptionGrade::Stated,
            None => EncryptionGrade::NotExamined,
        },
        scheme: wish.encryption,
        ..EncryptionLine::not_examined(&wish.id)
    };
    let content = said.content.clone().unwrap_or_default();
    let encryption = match &said.content {
        Some(content) => content.encryption(&stated),
        None => stated.clone(),
    };
    let contradicted =
        content.read && stated.scheme.is_some() && stated.scheme != encryption.scheme;
    let medium =
        MediumLine { id: wish.id.clone(), vid_pid: device.id, serial: identified.serial.clone() };
    let draft = ledger.draft(Intent::Register(Box::new(Registration {
        alarm: alarms(&wish.id, &said),
        medium,
        grade,
        product: said.product,
        capacity: said.capacity,
        release: said.release,
        configurations: said.configurations,
        interfaces: said.interfaces,
        inquiry: said.inquiry,
        sequence: content.sequence_lines(&wish.id),
        mark: content.marks.unwrap_or_default(),
        encryption,
        home: wish.home,
        owner,
        class: wish.class,
        interval_days: wish.interval_days,
        detail: wish.detail,
        by: wish.by,
    })))?;
    Ok(Drafted { draft, examined, contradicted })
}

/// Two attached devices with one serial cannot both be the drive meant. A weak
/// registration says that it knows, and goes by the label.
fn refuse_twins(
    attached: &[Device],
    device: &Device,
    wish: &RegistrationWish,
) -> Result<(), OpsError> {
    let same = |other: &&Device| other.id == device.id && other.serial == device.serial;
    let twins: Vec<&Device> = attached.iter().filter(same).collect();
    let serial_less = device.serial.value().is_some_and(|serial| serial.is_none());
    if twins.len() < 2 || serial_less || wish.weak {
        return Ok(());
    }
    let identity = format!("{} {}", device.id, device.serial);
    let positions = twins.iter().map(|twin| twin.position.to_string()).collect();
    Err(DeviceChoice::IdentityTwice { identity, positions }.into())
}

/// The oddities a registration keeps: those that say something of the drive itself.
fn alarms(id: &MediumId, said: &Description) -> Vec<AlarmLine> {
    let line = |odd: &Token| AlarmLine { id: id.clone(), alarm: odd.clone() };
    said.oddities.iter().map(line).collect()
}
