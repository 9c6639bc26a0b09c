//! What a device says of itself: identity, serial, grade and profile.
//!
//! All of it is claimed by the device. A programmable stick can claim anything,
//! and a perfect clone cannot be told apart by reading; these types say what
//! was claimed, how much it is worth ([`SerialGrade`]) and whether it changed
//! ([`Profile::drift`]).

mod grade;
mod profile;
mod serial;

pub use grade::{Grade, GradeReason, SerialGrade, grade};
pub use profile::{DeviceText, DeviceTextError, Drift, Lun, Profile, Reading, Release};
pub use serial::{MAX_SERIAL_UNITS, Serial, SerialError};

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::spelling::{Spelled, hex4};

/// Vendor and product number of a USB device (USB 2.0, 9.6.1: `idVendor`,
/// `idProduct`). Shown and read as `0951:1666`, lower-case hexadecimal.
///
/// The pair names a product family, never one drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VidPid {
    /// `idVendor`, 0 to 0xffff.
    pub vendor: u16,
    /// `idProduct`, 0 to 0xffff.
    pub product: u16,
}

/// A text that is not four lower-case hexadecimal digits, a colon and four more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("vendor and product must look like 0951:1666 in lower-case hexadecimal")]
pub struct VidPidError;

impl Spelled for VidPid {
    fn spell(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let (vendor, product) = (hex4(self.vendor), hex4(self.product));
        vendor.iter().chain(b":").chain(&product).try_for_each(|&b| out.write_char(b.into()))
    }
}

impl fmt::Display for VidPid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spell(f)
    }
}

impl FromStr for VidPid {
    type Err = VidPidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (vendor, product) = text.split_once(':').ok_or(VidPidError)?;
        Ok(Self {
            vendor: hex_u16(vendor).ok_or(VidPidError)?,
            product: hex_u16(product).ok_or(VidPidError)?,
        })
    }
}

/// Exactly four lower-case hexadecimal digits.
fn hex_u16(text: &str) -> Option<u16> {
    let mut bytes = [0u8; 2];
    let fits = HEXLOWER.decode_len(text.len()) == Ok(bytes.len());
    (fits && HEXLOWER.decode_mut(text.as_bytes(), &mut bytes).is_ok())
        .then(|| u16::from_be_bytes(bytes))
}

/// Exactly two lower-case hexadecimal digits.
fn hex_u8(text: &str) -> Option<u8> {
    let [byte]: [u8; 1] = HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()?;
    Some(byte)
}

/// `hw`: one number for "the device that says it is VID:PID with this serial".
///
/// SHA-256 over four fields, each preceded by its length in bytes as two bytes,
/// big-endian:
///
/// 1. the 13 bytes `custody/hw/v1`,
/// 2. the vendor number as four lower-case hexadecimal digits,
/// 3. the product number as four lower-case hexadecimal digits,
/// 4. the [`Serial`] as printed (`-` when the device has none).
///
/// All four are printable text, so `hw` can be recomputed from a sheet of paper:
///
/// ```text
/// printf '\0\15custody/hw/v1\0\0040951\0\0041666\0\0241C6F65D8ABCDE1234567' | sha256sum
/// ```
///
/// Two serial-less devices of one family share their `hw`; that is why such a
/// device grades C and is never matched by `hw` alone. Shown and read as 64
/// lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HardwareIdentity([u8; 32]);

/// The domain tag, so that this hash is never another hash of ours.
const IDENTITY_TAG: &str = "custody/hw/v1";

impl HardwareIdentity {
    /// Computes the identity from what the device claims.
    #[must_use]
    pub fn of(id: VidPid, serial: &Serial) -> Self {
        let mut hash = Sha256::new();
        for field in [
            IDENTITY_TAG.as_bytes(),
            &hex4(id.vendor),
            &hex4(id.product),
            serial.as_str().as_bytes(),
        ] {
            // Every field is far below 65,536 bytes: a serial is at most 1,008.
            let length = u16::try_from(field.len()).unwrap_or(u16::MAX);
            hash.update(length.to_be_bytes());
            hash.update(field);
        }
        Self(hash.finalize().into())
    }

    /// Takes 32 bytes that were stored as an identity.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A text that is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a hardware identity is 64 lower-case hexadecimal digits")]
pub struct HardwareIdentityError;

impl fmt::Display for HardwareIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl FromStr for HardwareIdentity {
    type Err = HardwareIdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| HardwareIdentityError)?;
        Ok(Self(bytes.try_into().map_err(|_| HardwareIdentityError)?))
    }
}

/// One interface a device offers: class, subclass and protocol (USB 2.0, 9.6.5;
/// numbers from the USB-IF class code list). Shown and read as `08:06:50`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Interface {
    /// `bInterfaceClass`; 0x08 is mass storage.
    pub class: u8,
    /// `bInterfaceSubClass`; 0x06 under mass storage is the SCSI command set.
    pub subclass: u8,
    /// `bInterfaceProtocol`; under storage 0x50 is bulk-only, 0x62 is UAS.
    pub protocol: u8,
}

impl Interface {
    /// An interface from its three numbers.
    #[must_use]
    pub const fn new(class: u8, subclass: u8, protocol: u8) -> Self {
        Self { class, subclass, protocol }
    }

    /// Mass storage of any kind, UAS (`08:06:62`) included.
    #[must_use]
    pub const fn is_storage(self) -> bool {
        self.class == 0x08
    }

    /// A human interface device, which can type or click: class 03. A boot
    /// keyboard is `03:01:01`, but a device that types need not declare itself
    /// a boot keyboard, so every HID interface counts.
    #[must_use]
    pub const fn is_input(self) -> bool {
        self.class == 0x03
    }

    /// A hub: class 09.
    #[must_use]
    pub const fn is_hub(self) -> bool {
        self.class == 0x09
    }

    /// An interface of the vendor's own: class ff, of which no standard says what it
    /// does.
    #[must_use]
    pub const fn is_vendor(self) -> bool {
        self.class == 0xff
    }

    /// A network or modem interface: communications (02), CDC data (0a),
    /// wireless and RNDIS (e0), RNDIS over miscellaneous (`ef:04`).
    #[must_use]
    pub const fn is_network(self) -> bool {
        matches!(self.class, 0x02 | 0x0a | 0xe0) || (self.class == 0xef && self.subclass == 0x04)
    }
}

/// A text that is not three pairs of lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an interface must look like 08:06:50 in lower-case hexadecimal")]
pub struct InterfaceError;

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}:{:02x}:{:02x}", self.class, self.subclass, self.protocol)
    }
}

impl FromStr for Interface {
    type Err = InterfaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut fields = text.split(':').map(hex_u8);
        match (fields.next(), fields.next(), fields.next(), fields.next()) {
            (Some(Some(class)), Some(Some(subclass)), Some(Some(protocol)), None) => {
                Ok(Self { class, subclass, protocol })
            }
            _ => Err(InterfaceError),
        }
    }
}

/// A size in bytes, 0 to 2^64 − 1. Shown and read as a decimal number without
/// separators or leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Capacity(u64);

impl Capacity {
    /// A capacity of so many bytes.
    #[must_use]
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// For people: powers of ten, as printed on the drive's shell, with one
    /// decimal (`31.0 GB`), rounded down so that it never promises more.
    #[must_use]
    pub fn rounded(self) -> String {
        const UNITS: [(u64, &str); 4] =
            [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
        for (size, unit) in UNITS {
            if self.0 >= size {
                return format!("{}.{} {unit}", self.0 / size, self.0 % size / (size / 10));
            }
        }
        format!("{} B", self.0)
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A text that is not a plain decimal number of bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a capacity is a decimal number of bytes without separators")]
pub struct CapacityError;

impl FromStr for Capacity {
    type Err = CapacityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes: u64 = text.parse().map_err(|_| CapacityError)?;
        // `parse` also takes "+5" and "007"; one number has one spelling here.
        if bytes.to_string() == text { Ok(Self(bytes)) } else { Err(CapacityError) }
    }
}

/// Serde through the strict text form, so that no second spelling gets in.
macro_rules! as_text {
    ($($type:ty, $error:ty;)*) => {$(
        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }
        impl TryFrom<String> for $type {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    )*};
}

as_text! {
    VidPid, VidPidError;
    HardwareIdentity, HardwareIdentityError;
    Interface, InterfaceError;
    Serial, SerialError;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vid_pid_has_one_spelling() {
        let id: VidPid = "0951:1666".parse().unwrap();
        assert_eq!(id, VidPid { vendor: 0x0951, product: 0x1666 });
        assert_eq!(id.to_string(), "0951:1666");
        for wrong in
            ["0951:166F", "951:1666", "0951-1666", "0951:1666 ", "", "0951:1666:0", "+951:1666"]
        {
            assert!(wrong.parse::<VidPid>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn interface_has_one_spelling() {
        assert_eq!("08:06:50".parse(), Ok(Interface::new(8, 6, 0x50)));
        assert_eq!(Interface::new(0xe0, 1, 3).to_string(), "e0:01:03");
        for wrong in ["8:6:50", "08:06", "08:06:50:00", "08:06:5G", "08:06:5A"] {
            assert!(wrong.parse::<Interface>().is_err(), "{wrong:?}");
        }
    }

    /// The expected value comes from `printf … | sha256sum`, not from this code.
    #[test]
    fn identity_can_be_recomputed_on_a_command_line() {
        let id: VidPid = "0951:1666".parse().unwrap();
        let serial: Serial = "1C6F65D8ABCDE1234567".parse().unwrap();
        assert_eq!(
            HardwareIdentity::of(id, &serial).to_string(),
            "776a52ec25599bc20bc0939fc282fb9adc9a7b703e02975a6a0feee8fe167fe9"
        );
        assert_eq!(
            HardwareIdentity::of(id, &Serial::none()).to_string(),
            "c57edad3f3c8649550a65916d3fd02d380db860b76fe1e5cbd4c26af81eb88c2"
        );
    }

    #[test]
    fn identity_text_is_strict() {
        let text = "ab".repeat(32);
        assert_eq!(text.parse::<HardwareIdentity>().unwrap().to_string(), text);
        assert!(text.to_uppercase().parse::<HardwareIdentity>().is_err());
        assert!(text[2..].parse::<HardwareIdentity>().is_err());
    }

    #[test]
    fn capacity_reads_and_rounds() {
        assert_eq!("31004295168".parse(), Ok(Capacity::from_bytes(31_004_295_168)));
        assert_eq!(Capacity::from_bytes(31_004_295_168).rounded(), "31.0 GB");
        assert_eq!(Capacity::from_bytes(999).rounded(), "999 B");
        for wrong in ["+5", "007", "1,000", "", "18446744073709551616"] {
            assert!(wrong.parse::<Capacity>().is_err(), "{wrong:?}");
        }
    }
}
