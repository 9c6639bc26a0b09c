//! What is plugged in, read without touching it.
//!
//! Three buses give one picture: [`sysfs`] on Linux, [`libusb`] elsewhere and
//! [`recorded`] for files made from either. Each gathers an [`Observation`],
//! the raw facts; one pure function, [`Device::from_observation`], turns it
//! into a [`Device`]. A recording holds observations, so a device recorded
//! today is read again by a later, better parser.
//!
//! Nothing in this module mounts, claims, detaches, resets, configures or
//! writes to a device. The one kind of transfer ever started is the standard
//! request for a string descriptor, and only on the libusb path.

pub mod descriptors;
mod device;
mod identity;
pub mod libusb;
pub mod lookout;
mod mounts;
pub mod names;
mod observation;
mod oddity;
pub mod presence;
pub mod quirks;
pub mod recorded;
pub mod sysfs;

pub use device::{BlockDevice, Device, SerialReading, Source};
pub use identity::{Identified, SerialUnread, identify, present_twice};
pub use observation::{
    BlockName, NameError, Observation, ObservedBlock, ObservedLun, Partition, Position, Speed,
    Units,
};
pub use oddity::{Companion, Oddity};

use std::path::PathBuf;

/// A place where devices can be seen.
pub trait Bus {
    /// What the bus is called in messages: `sysfs`, `libusb`, or the recording.
    fn name(&self) -> &str;

    /// Every device except the root hubs, which belong to the machine, in
    /// order of position.
    ///
    /// A device that can only be read in part is listed with what was read and
    /// its [`Oddity`]s; it is never left out.
    ///
    /// # Errors
    ///
    /// When the bus as a whole cannot be read.
    fn list(&self) -> Result<Vec<Device>, BusError>;

    /// Where a block device of what this bus lists can be opened for reading.
    ///
    /// `None` unless the bus is the one of this machine, now. A recording names
    /// `sda` as well, which is another machine's; opening it here would read this
    /// machine's own disk and take it for the recorded drive.
    fn node(&self, _device: &Device, _block: &BlockName) -> Option<Node> {
        None
    }

    /// The volumes of a block device that are mounted on this machine, its partitions'
    /// and those unlocked from it included. None unless the bus is this machine's, now.
    fn mounts(&self, _device: &Device, _block: &BlockName) -> Vec<Mount> {
        Vec::new()
    }
}

/// A mounted volume of a drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted.
    pub point: PathBuf,
    /// Whether the system lets it be written.
    pub writable: bool,
    /// Major and minor number that the folder must have. `None` where folders stand
    /// for volumes.
    pub number: Option<(u32, u32)>,
}

/// The file behind which a block device lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The file.
    pub path: PathBuf,
    /// Major and minor number that the opened file must have. `None` for a folder
    /// that was given in place of the system's, where images stand for devices.
    pub number: Option<(u32, u32)>,
}

/// The bus of this machine: sysfs where there is one, since it needs neither
/// privilege nor a transfer to any device, else libusb.
#[must_use]
pub fn system() -> Box<dyn Bus> {
    let sysfs = sysfs::Sysfs::default();
    if sysfs.is_present() { Box::new(sysfs) } else { Box::new(libusb::Libusb) }
}

/// Why no list of devices could be had.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The machine, container or permission set has no USB at all.
    #[error("there is no USB bus here ({tried})")]
    NoBus {
        /// What was looked for and what came back.
        tried: String,
    },
    /// The bus exists and could not be read.
    #[error("{} could not be read", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },
    /// libusb answered with an error.
    #[error("libusb failed at {step}")]
    Libusb {
        /// What was being asked.
        step: &'static str,
        /// libusb's answer.
        #[source]
        source: rusb::Error,
    },
    /// A recording could not be used.
    #[error(transparent)]
    Recording(#[from] recorded::RecordingError),
}

const NO_BUS_REMEDY: &str = "run this on the machine the drive is plugged into, \
     give a container --volume /sys:/sys:ro or --device /dev/bus/usb, \
     or read a recording made there (--record FILE there, --bus FILE here)";

impl BusError {
    /// What the reader can do about it, in one sentence.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::NoBus { .. } => NO_BUS_REMEDY,
            Self::Recording(_) => {
                "make the recording again with --record FILE, or name another file or frame"
            }
            Self::Read { .. } => "check that the path exists and that you may read it",
            Self::Libusb { .. } => {
                "plug the device in again; on Linux no special permission is needed, \
                 since sysfs is read first"
            }
        }
    }
}
