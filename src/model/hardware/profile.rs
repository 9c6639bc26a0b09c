//! What is recorded beside the identity and watched for drift.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{Capacity, Interface};
use crate::model::printable::{printable, printable_utf16};

/// A fact about a device: known, known to be absent, or not to be had here.
///
/// The third is not the second. A string that needs a permission we lack must
/// never be reported as "the device has none".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading<T> {
    /// The device was read and said this.
    Read(T),
    /// The device was read and has no such thing.
    Absent,
    /// This was not read: no permission, no driver, or a bus that cannot tell.
    Unread,
}

impl<T> Reading<T> {
    /// The value, if one was read.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Absent | Self::Unread => None,
        }
    }

    /// Whether this says nothing about the device.
    #[must_use]
    pub const fn is_unread(&self) -> bool {
        matches!(self, Self::Unread)
    }

    /// The same reading with another value in it.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Self::Read(value) => Reading::Read(change(value)),
            Self::Absent => Reading::Absent,
            Self::Unread => Reading::Unread,
        }
    }
}

/// The longest text kept, in characters after escaping. A USB string holds 126
/// UTF-16 units; escapes may take more, and a text this long is cut with `…`.
const MAX_TEXT: usize = 160;

/// A name the device gives itself: one line, NFC, at most 160 characters, with
/// control, bidi and invisible characters written out as `\u{…}`.
///
/// Safe to show, never to be trusted: any device can claim any name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceText(String);

/// A stored device text that is not in the form this program writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a device text must be escaped, normalised (NFC), without outer spaces, and at most 160 characters"
)]
pub struct DeviceTextError;

impl DeviceText {
    /// Escapes, normalises and bounds what a device claims. Spaces and NULs at
    /// the ends are padding in USB strings and INQUIRY fields, and are dropped.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        // Normalisation may lengthen text, so hostile input is cut before too.
        let head: String =
            text.trim_matches([' ', '\0']).chars().take(MAX_TEXT.saturating_mul(2)).collect();
        Self(printable(&head.nfc().collect::<String>(), MAX_TEXT).trim_end().to_owned())
    }

    /// The same for the UTF-16 units of a string descriptor. An unpaired
    /// surrogate stays visible as `\u{d800}`.
    #[must_use]
    pub fn from_utf16(units: &[u16]) -> Self {
        let padding = |unit: &u16| matches!(unit, 0 | 0x20);
        let end = units.iter().rposition(|unit| !padding(unit)).map_or(0, |last| last + 1);
        let meant: Vec<u16> = units.iter().take(end).copied().collect();
        // Escape first, with room to spare: the result is plain text again.
        Self::from_text(&printable_utf16(&meant, MAX_TEXT.saturating_mul(2)))
    }

    /// The text, fit to be shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing but padding was there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for DeviceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<DeviceText> for String {
    fn from(text: DeviceText) -> Self {
        text.0
    }
}

impl TryFrom<String> for DeviceText {
    type Error = DeviceTextError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let written = Self::from_text(&text);
        if written.0 == text { Ok(written) } else { Err(DeviceTextError) }
    }
}

/// `bcdDevice`, the device's own release number (USB 2.0, 9.6.1). Shown as
/// lsusb shows it, `1.10` for 0x0110; not every vendor keeps to decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Release(pub u16);

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor] = self.0.to_be_bytes();
        write!(f, "{major:x}.{minor:02x}")
    }
}

/// One logical unit behind a storage interface: a stick has one, a card reader
/// one for each slot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lun {
    /// The logical unit number, 0 for the first.
    pub number: u64,
    /// INQUIRY vendor identification (SPC-4, 6.4.2), up to 8 characters.
    pub vendor: DeviceText,
    /// INQUIRY product identification, up to 16 characters.
    pub model: DeviceText,
    /// INQUIRY product revision level, up to 4 characters.
    pub revision: DeviceText,
    /// Peripheral device type: 0 disk, 5 optical, 13 enclosure. `None` when the
    /// unit is not SCSI (a card on an MMC host) or the number was unreadable.
    pub kind: Option<u8>,
    /// Size of the medium in it; `None` when there is no medium or no block
    /// device, for example while a drive is locked.
    pub capacity: Option<Capacity>,
}

impl Lun {
    /// Whether it is an optical drive, real or pretended (SPC-4, 6.4.2, type 5).
    #[must_use]
    pub fn is_optical(&self) -> bool {
        self.kind == Some(5)
    }
}

/// Everything recorded beside the identity. Claimed by the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// `bcdDevice`.
    pub release: Release,
    /// The manufacturer string.
    pub manufacturer: Reading<DeviceText>,
    /// The product string.
    pub product: Reading<DeviceText>,
    /// Every interface of every configuration and alternate setting.
    pub interfaces: BTreeSet<Interface>,
    /// How many configurations the device offers; a storage drive has one.
    pub configurations: u8,
    /// The logical units in order of number. Only the kernel's SCSI layer
    /// knows them, so the libusb path leaves them unread.
    pub luns: Reading<Vec<Lun>>,
}

impl Profile {
    /// The sizes of all media in the device together; `None` when not one is
    /// known. Saturates, since a device may claim any size.
    ///
    /// An optical unit beside another one does not count: on an encrypted stick it
    /// holds the program that unlocks the disk, and the size of such a stick would
    /// otherwise change with every unlocking.
    #[must_use]
    pub fn capacity(&self) -> Option<Capacity> {
        let luns = self.luns.value()?;
        let beside = luns.iter().any(|lun| !lun.is_optical());
        let counted = luns.iter().filter(|lun| !(beside && lun.is_optical()));
        let mut known = counted.filter_map(|lun| lun.capacity).peekable();
        known.peek()?;
        let total = known.fold(0_u64, |sum, size| sum.saturating_add(size.bytes()));
        Some(Capacity::from_bytes(total))
    }

    /// What differs between this profile, recorded earlier, and one seen now.
    ///
    /// A fact unread on either side is no drift: a scan without permission must
    /// not look like a changed drive. A fact that was read and is now known to
    /// be absent is drift.
    #[must_use]
    pub fn drift(&self, now: &Self) -> BTreeSet<Drift> {
        let mut found = BTreeSet::new();
        let mut note = |differs: bool, kind: Drift| {
            if differs {
                found.insert(kind);
            }
        };
        note(self.interfaces != now.interfaces, Drift::Interfaces);
        note(self.configurations != now.configurations, Drift::Configurations);
        note(self.release != now.release, Drift::Release);
        note(changed(&self.manufacturer, &now.manufacturer), Drift::Manufacturer);
        note(changed(&self.product, &now.product), Drift::Product);
        if let (Some(before), Some(after)) = (self.luns.value(), now.luns.value()) {
            note(!before.iter().map(inquiry).eq(after.iter().map(inquiry)), Drift::Luns);
        }
        // Unlike the rest, a size may be unknown for a while: a locked drive
        // and an empty slot have none. Only two known sizes can contradict.
        if let (Some(before), Some(after)) = (self.capacity(), now.capacity()) {
            note(before != after, Drift::Capacity);
        }
        found
    }
}

/// Whether two readings contradict each other.
fn changed<T: PartialEq>(before: &Reading<T>, now: &Reading<T>) -> bool {
    !before.is_unread() && !now.is_unread() && before != now
}

/// The part of a logical unit that does not depend on the medium in it.
fn inquiry(lun: &Lun) -> (u64, &DeviceText, &DeviceText, &DeviceText, Option<u8>) {
    (lun.number, &lun.vendor, &lun.model, &lun.revision, lun.kind)
}

/// A recorded fact that is different now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// The set of interfaces: the mark of a reprogrammed stick.
    Interfaces,
    /// The number of configurations.
    Configurations,
    /// The total size of the media.
    Capacity,
    /// The device release number; a firmware update does this.
    Release,
    /// The manufacturer string.
    Manufacturer,
    /// The product string.
    Product,
    /// The logical units or what INQUIRY says of them.
    Luns,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interfaces => "interfaces",
            Self::Configurations => "number of configurations",
            Self::Capacity => "capacity",
            Self::Release => "device release",
            Self::Manufacturer => "manufacturer string",
            Self::Product => "product string",
            Self::Luns => "logical units",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn profile() -> Profile {
        Profile {
            release: Release(0x0110),
            manufacturer: Reading::Read(DeviceText::from_text("Kingston")),
            product: Reading::Read(DeviceText::from_text("DataTraveler 3.0")),
            interfaces: BTreeSet::from([Interface::new(8, 6, 0x50)]),
            configurations: 1,
            luns: Reading::Read(vec![Lun {
                number: 0,
                vendor: DeviceText::from_text("Kingston"),
                model: DeviceText::from_text("DataTraveler 3.0"),
                revision: DeviceText::from_text(""),
                kind: Some(0),
                capacity: Some(Capacity::from_bytes(31_004_295_168)),
            }]),
        }
    }

    #[test]
    fn the_same_profile_does_not_drift() {
        assert!(profile().drift(&profile()).is_empty());
    }

    #[test]
    fn a_new_keyboard_interface_is_drift() {
        let mut now = profile();
        now.interfaces.insert(Interface::new(3, 1, 1));
        now.configurations = 2;
        assert_eq!(
            profile().drift(&now),
            BTreeSet::from([Drift::Interfaces, Drift::Configurations])
        );
    }

    #[test]
    fn unread_is_not_absent() {
        let mut now = profile();
        now.product = Reading::Unread;
        now.luns = Reading::Unread;
        assert!(profile().drift(&now).is_empty());
        now.product = Reading::Absent;
        assert_eq!(profile().drift(&now), BTreeSet::from([Drift::Product]));
    }

    #[test]
    fn a_locked_drive_has_no_size_and_that_is_no_drift() {
        let mut now = profile();
        if let Reading::Read(luns) = &mut now.luns {
            luns[0].capacity = None;
        }
        assert_eq!(now.capacity(), None);
        assert!(profile().drift(&now).is_empty());
        if let Reading::Read(luns) = &mut now.luns {
            luns[0].capacity = Some(Capacity::from_bytes(1));
        }
        assert_eq!(profile().drift(&now), BTreeSet::from([Drift::Capacity]));
    }

    #[test]
    fn the_program_of_an_encrypted_stick_is_no_capacity() {
        let stick = |disk: Option<u64>| {
            let mut profile = profile();
            if let Reading::Read(luns) = &mut profile.luns {
                let mut program = luns[0].clone();
                program.kind = Some(5);
                program.capacity = Some(Capacity::from_bytes(20_971_520));
                luns[0].number = 1;
                luns[0].capacity = disk.map(Capacity::from_bytes);
                luns.insert(0, program);
            }
            profile
        };
        let (locked, unlocked) = (stick(None), stick(Some(8_053_063_680)));
        assert_eq!(locked.capacity(), None);
        assert_eq!(unlocked.capacity(), Some(Capacity::from_bytes(8_053_063_680)));
        assert!(unlocked.drift(&locked).is_empty() && locked.drift(&unlocked).is_empty());
        // A disc in a drive of its own is the medium.
        let mut disc = stick(None);
        if let Reading::Read(luns) = &mut disc.luns {
            luns.truncate(1);
        }
        assert_eq!(disc.capacity(), Some(Capacity::from_bytes(20_971_520)));
    }

    #[test]
    fn device_text_is_stored_strictly() {
        let stored: Result<DeviceText, _> = serde_json::from_str("\"a\\u001bb\"");
        assert!(stored.is_err());
        let written = DeviceText::from_utf16(&[0x41, 0xd800, 0x1b, 0x20, 0]);
        assert_eq!(written.as_str(), r"A\u{d800}\u{1b}");
    }

    #[test]
    fn profile_survives_json() {
        let json = serde_json::to_string(&profile()).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), profile());
    }

    proptest! {
        #[test]
        fn device_text_is_its_own_canonical_form(text in any::<String>(), raw in prop::collection::vec(any::<u16>(), 0..300)) {
            for made in [DeviceText::from_text(&text), DeviceText::from_utf16(&raw)] {
                prop_assert!(made.as_str().chars().count() <= MAX_TEXT);
                prop_assert_eq!(DeviceText::try_from(made.as_str().to_owned()), Ok(made));
            }
        }
    }
}
