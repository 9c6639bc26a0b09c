//! What is unusual about a device. An oddity is shown, never a refusal: the
//! ledger's rules decide what it means.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::hardware::{Interface, Profile, Reading, VidPid};
use crate::model::printable::must_be_escaped;

use super::descriptors::{Descriptors, Fault};
use super::device::SerialReading;
use super::observation::{BlockName, Observation, Units};

/// A kind of interface that has no business beside storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Companion {
    /// A keyboard, mouse or other input device: it could type commands.
    Input,
    /// A network card or modem: it could redirect traffic.
    Network,
    /// A hub: further devices may hide behind it.
    Hub,
    /// An interface of the vendor's own: no standard says what it does. Some card
    /// readers have one, and so does a stick whose firmware can be replaced by it.
    Vendor,
}

/// One unusual fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// Storage and something that does not belong beside it.
    StorageBeside {
        /// What it is.
        companion: Companion,
        /// The interface that says so.
        interface: Interface,
    },
    /// The device declares itself a hub and offers storage.
    HubClaimsStorage,
    /// The operating system and the device's own descriptor name different
    /// numbers.
    IdMismatch {
        /// What the descriptor says.
        descriptor: VidPid,
    },
    /// More than one configuration: what the device is depends on the host.
    SeveralConfigurations(u8),
    /// The device has no serial number.
    SerialMissing,
    /// The device names a serial string that is empty or only padding.
    SerialBlank,
    /// The serial could not be read here; nothing is known about it.
    SerialUnread,
    /// A text held control, bidi or invisible characters.
    HostileText {
        /// Which one: `manufacturer`, `product`, `serial`, `vendor`, `model`
        /// or `revision`.
        field: &'static str,
    },
    /// A slot without a card, or a drive that shows no medium (locked).
    NoMedium {
        /// The block device.
        block: BlockName,
    },
    /// A fixed medium that says it has no bytes.
    CapacityZero {
        /// The block device.
        block: BlockName,
    },
    /// A storage interface, and no block device from it: locked, not driven by
    /// the operating system, or failing.
    StorageWithoutBlock,
    /// Descriptors that contradict themselves or the standard.
    Descriptor(Fault),
}

impl Oddity {
    /// The oddity's name as it stands in `alarm` lines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::StorageBeside { companion: Companion::Input, .. } => "input-beside-storage",
            Self::StorageBeside { companion: Companion::Network, .. } => "network-beside-storage",
            Self::StorageBeside { companion: Companion::Hub, .. } => "hub-beside-storage",
            Self::StorageBeside { companion: Companion::Vendor, .. } => "vendor-beside-storage",
            Self::HubClaimsStorage => "hub-claims-storage",
            Self::IdMismatch { .. } => "id-mismatch",
            Self::SeveralConfigurations(_) => "several-configurations",
            Self::SerialMissing => "serial-missing",
            Self::SerialBlank => "serial-blank",
            Self::SerialUnread => "serial-unread",
            Self::HostileText { .. } => "hostile-text",
            Self::NoMedium { .. } => "no-medium",
            Self::CapacityZero { .. } => "capacity-zero",
            Self::StorageWithoutBlock => "storage-without-block",
            Self::Descriptor(_) => "descriptor-unsound",
        }
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StorageBeside { companion: Companion::Input, interface } => {
                write!(f, "storage with a keyboard or other input device ({interface})")
            }
            Self::StorageBeside { companion: Companion::Network, interface } => {
                write!(f, "storage with a network interface ({interface})")
            }
            Self::StorageBeside { companion: Companion::Hub, interface } => {
                write!(f, "storage with a hub interface ({interface})")
            }
            Self::StorageBeside { companion: Companion::Vendor, interface } => {
                write!(f, "storage with an interface of the vendor's own ({interface})")
            }
            Self::HubClaimsStorage => f.write_str("declares itself a hub and offers storage"),
            Self::IdMismatch { descriptor } => {
                write!(f, "its own descriptor says {descriptor}")
            }
            Self::SeveralConfigurations(count) => write!(f, "{count} configurations"),
            Self::SerialMissing => f.write_str("no serial number"),
            Self::SerialBlank => f.write_str("an empty serial number"),
            Self::SerialUnread => f.write_str("serial number not readable here"),
            Self::HostileText { field } => {
                write!(f, "control or invisible characters in its {field}")
            }
            Self::NoMedium { block } => write!(f, "no medium in {block}"),
            Self::CapacityZero { block } => write!(f, "{block} says it has no bytes"),
            Self::StorageWithoutBlock => f.write_str("storage that shows no disk"),
            Self::Descriptor(fault) => fault.fmt(f),
        }
    }
}

/// Finds every oddity. Sorted and without repetition.
pub(super) fn find(
    observed: &Observation,
    parsed: &Descriptors,
    serial: &SerialReading,
    profile: &Profile,
) -> Vec<Oddity> {
    let mut found: BTreeSet<Oddity> =
        parsed.faults.iter().map(|fault| Oddity::Descriptor(*fault)).collect();
    beside_storage(parsed, profile, &mut found);
    if let Some(device) = parsed.device.filter(|device| device.id != observed.id) {
        found.insert(Oddity::IdMismatch { descriptor: device.id });
    }
    if profile.configurations > 1 {
        found.insert(Oddity::SeveralConfigurations(profile.configurations));
    }
    match serial {
        SerialReading::Unread => {
            found.insert(Oddity::SerialUnread);
        }
        SerialReading::Read(serial) if serial.is_none() => {
            let named = observed.serial.value().is_some();
            found.insert(if named { Oddity::SerialBlank } else { Oddity::SerialMissing });
        }
        SerialReading::Read(_) => {}
    }
    hostile_texts(observed, &mut found);
    media(observed, profile, &mut found);
    found.into_iter().collect()
}

/// Interfaces that do not belong beside storage.
fn beside_storage(parsed: &Descriptors, profile: &Profile, found: &mut BTreeSet<Oddity>) {
    if !profile.interfaces.iter().any(|interface| interface.is_storage()) {
        return;
    }
    for interface in profile.interfaces.iter().copied() {
        let companion = if interface.is_input() {
            Companion::Input
        } else if interface.is_network() {
            Companion::Network
        } else if interface.is_hub() {
            Companion::Hub
        } else if interface.is_vendor() {
            Companion::Vendor
        } else {
            continue;
        };
        found.insert(Oddity::StorageBeside { companion, interface });
    }
    if parsed.device.is_some_and(|device| device.class.is_hub()) {
        found.insert(Oddity::HubClaimsStorage);
    }
}

/// Texts in which something had to be hidden from a terminal. Padding at the
/// end is no hostility: NULs and spaces fill unused places.
fn hostile_texts(observed: &Observation, found: &mut BTreeSet<Oddity>) {
    let strings = [
        ("manufacturer", &observed.manufacturer),
        ("product", &observed.product),
        ("serial", &observed.serial),
    ];
    for (field, reading) in strings {
        if let Reading::Read(Units(units)) = reading {
            let end = units.iter().rposition(|unit| *unit != 0).map_or(0, |last| last + 1);
            let mut meant = char::decode_utf16(units.iter().copied().take(end));
            if meant.any(|unit| unit.map_or(true, must_be_escaped)) {
                found.insert(Oddity::HostileText { field });
            }
        }
    }
    for lun in observed.luns.value().into_iter().flatten() {
        for (field, text) in
            [("vendor", &lun.vendor), ("model", &lun.model), ("revision", &lun.revision)]
        {
            if text.trim_end_matches('\0').chars().any(must_be_escaped) {
                found.insert(Oddity::HostileText { field });
            }
        }
    }
}

/// Empty slots, impossible sizes, storage without a disk.
fn media(observed: &Observation, profile: &Profile, found: &mut BTreeSet<Oddity>) {
    let Some(luns) = observed.luns.value() else {
        // Not looked at, so nothing can be said of the disks; `Absent` means
        // that the operating system was asked and showed none.
        if observed.luns == Reading::Absent && has_storage(profile) {
            found.insert(Oddity::StorageWithoutBlock);
        }
        return;
    };
    for block in luns.iter().filter_map(|lun| lun.block.as_ref()) {
        if block.size_bytes == Some(0) {
            let block_name = block.name.clone();
            found.insert(if block.removable {
                Oddity::NoMedium { block: block_name }
            } else {
                Oddity::CapacityZero { block: block_name }
            });
        }
    }
    if has_storage(profile) && luns.iter().all(|lun| lun.block.is_none()) {
        found.insert(Oddity::StorageWithoutBlock);
    }
}

fn has_storage(profile: &Profile) -> bool {
    profile.interfaces.iter().any(|interface| interface.is_storage())
}
