//! What is plugged in. Plain values: the adapter's types stay out of this layer,
//! and whoever runs a scan fills them in.

use serde::Serialize;

use crate::ledger::schedule::Standing;
use crate::model::evidence::{Evidence, Unread};
use crate::model::hardware::{Grade, VidPid};
use crate::model::vocabulary::EncryptionGrade;
use crate::model::{Day, MediumId, Name, Token};

use super::evidence::{Bilingual, verdict};
use super::who::Who;
use super::words;

/// One look at a bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScanReport {
    /// Which bus: `sysfs`, `libusb`, `recording tour.json`.
    pub bus: String,
    /// Every removable medium on it, in order of position.
    pub devices: Vec<ScanRow>,
    /// What kept the scan from seeing more, in words.
    pub notices: Vec<String>,
}

/// One device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScanRow {
    /// Where it is plugged in, `1-2.4`.
    pub position: String,
    /// Vendor and product number.
    pub vid_pid: VidPid,
    /// The vendor by usb.ids, or by the device's own word.
    pub vendor_name: Option<String>,
    /// The product by usb.ids, or by the device's own word.
    pub product_name: Option<String>,
    /// The serial in its canonical form, `-` when the device has none; `null`
    /// when it could not be read, which is not the same.
    pub serial: Option<String>,
    /// How far the serial singles it out; none when it could not be read.
    pub serial_grade: Option<Grade>,
    /// What kept the serial from a better grade.
    pub grade_reasons: Vec<String>,
    /// Capacity in bytes of all its media together; none when not known.
    pub capacity: Option<u64>,
    /// Its block devices, `sda`.
    pub block_devices: Vec<String>,
    /// What the ledger says of it.
    pub known: Option<KnownAs>,
    /// Encryption, in words, as far as the ledger or the medium tells.
    pub encryption: Option<String>,
    /// What reading the drive itself came to; none unless it was asked for.
    pub read: Option<ReadRow>,
    /// What is odd about it, in words.
    pub oddities: Vec<String>,
    /// How it differs from what was registered, in words.
    pub alarms: Vec<String>,
    /// What the firmware notes say of its vendor and product number.
    pub family: Option<FamilyClaim>,
}

/// What reading a drive came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadRow {
    /// Why it was not read; none where it was.
    pub unread: Option<Unread>,
    /// How well it is known to be encrypted; none where it was not read.
    pub grade: Option<EncryptionGrade>,
    /// Scheme, or the family of a drive that encrypts by itself.
    pub scheme: Option<Token>,
    /// Cipher, or the state in which such a drive was seen.
    pub cipher: Option<Token>,
    /// Bytes that were read to know it.
    pub bytes: u64,
    /// All of it in one line.
    pub words: String,
    /// What it means for whoever has to decide, in both languages.
    pub verdict: Bilingual,
}

impl ReadRow {
    /// A drive that was not read.
    pub fn unread(why: Unread) -> Self {
        let verdict = words::unread(why);
        ReadRow {
            unread: Some(why),
            grade: None,
            scheme: None,
            cipher: None,
            bytes: 0,
            words: verdict.en.to_owned(),
            verdict,
        }
    }

    /// A drive that was read, with the verdict that its family leaves.
    pub fn of(
        evidence: &Evidence,
        grade: EncryptionGrade,
        scheme: Option<Token>,
        cipher: Option<Token>,
    ) -> Self {
        ReadRow {
            unread: None,
            grade: Some(grade),
            bytes: evidence.read.bytes,
            words: words::encrypted(scheme.as_ref(), cipher.as_ref(), grade),
            verdict: verdict(grade),
            scheme,
            cipher,
        }
    }
}

/// What is known of a device's family. Any device can claim the numbers of any
/// family, so this is the model's claim and never evidence about one drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FamilyClaim {
    /// The family as sold or known.
    pub name: String,
    /// The note's file name in `firmware-notes`.
    pub note: String,
    /// Who encrypts, by the maker's word: `hardware`, `software`, `none` or
    /// `unknown`.
    pub encryption: String,
    /// How the host sees it: `locked`, `unlocked`, `invisible`, or `unread` where
    /// that cannot be told here; none for a family that has nothing to lock.
    pub state: Option<String>,
    /// What follows of its encryption, in words; never more than a claim.
    pub verdict: String,
    /// What a serial of the family is worth: `good`, `shared`, `missing`, `unknown`.
    pub serial: String,
    /// What makes a careless program wrong about it.
    pub quirk: Option<String>,
    /// How the note is known: `recorded`, `read` or `unconfirmed`.
    pub evidence: String,
}

/// A registered medium that a device answers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownAs {
    /// Its asset id.
    pub medium: MediumId,
    /// Where it belongs.
    pub home: Name,
    /// Who has it by the ledger.
    pub holder: Who,
    /// Back by.
    pub due: Option<Day>,
    /// How it stands.
    pub standing: Standing,
    /// False for a weak identity: the label must be compared before it is this one.
    pub certain: bool,
}
