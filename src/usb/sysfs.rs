//! Linux: devices as the kernel already knows them.
//!
//! Everything comes from files under `/sys/bus/usb/devices`, which the kernel
//! fills when a device is plugged in (Documentation/ABI/stable/sysfs-bus-usb).
//! Reading them sends nothing to the device and needs no privilege.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::model::hardware::{MAX_SERIAL_UNITS, Reading, VidPid};

use super::observation::{
    BlockName, Observation, ObservedBlock, ObservedLun, Partition, Position, Speed, Units,
};
use super::presence::Places;
use super::{Bus, BusError, Device, Mount, Node, Source, descriptors, mounts};

/// Where Linux lists USB devices.
const USUAL_ROOT: &str = "/sys/bus/usb/devices";
/// Where it lists block devices, by name.
const BLOCK_ROOT: &str = "/sys/class/block";
/// Bytes read of any one file.
const MAX_FILE: u64 = 65_536;
/// Devices listed; a USB host addresses at most 127 for each bus.
const MAX_DEVICES: usize = 4_096;
/// Entries looked at below one device, and how deep. A disk lies six folders
/// below its USB device; a sixteen-slot reader has a few hundred folders.
const MAX_ENTRIES: usize = 8_192;
const MAX_DEPTH: usize = 10;
/// Logical units kept of one device; a recording holds as many.
const MAX_UNITS: usize = 64;
/// Sysfs counts sizes in sectors of 512 bytes, whatever the block size.
const SECTOR: u64 = 512;

/// The devices below a sysfs folder.
#[derive(Debug, Clone)]
pub struct Sysfs {
    root: PathBuf,
    nodes: Nodes,
}

/// Where block devices can be opened.
#[derive(Debug, Clone)]
enum Nodes {
    /// In the system's own folder, the number compared with the kernel's.
    System,
    /// In a folder of files that stand for them.
    Folder(PathBuf),
    /// Nowhere: a copy of another machine's sysfs names that machine's disks.
    Nowhere,
}

impl Default for Sysfs {
    fn default() -> Self {
        Self { root: USUAL_ROOT.into(), nodes: Nodes::System }
    }
}

impl Sysfs {
    /// Reads another folder laid out like `/sys/bus/usb/devices`. Its disks are not
    /// this machine's, and are not opened.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), nodes: Nodes::Nowhere }
    }

    /// Takes the files of this folder for the block devices of their names.
    #[must_use]
    pub fn with_nodes(mut self, folder: impl Into<PathBuf>) -> Self {
        self.nodes = Nodes::Folder(folder.into());
        self
    }

    /// Whether there is such a folder at all.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.root.is_dir()
    }

    /// The device at a position; `None` where there is none.
    #[must_use]
    pub fn device_at(&self, position: &Position) -> Option<Device> {
        let observation = observe(&self.root.join(position.to_string()), position)?;
        Some(Device::from_observation(observation, Source::Sysfs))
    }

    /// The positions that are taken, with the address the kernel gave each device:
    /// one small file is read of each.
    ///
    /// # Errors
    /// As [`Bus::list`].
    pub fn places(&self) -> Result<Places, BusError> {
        let address = |position: &Position| {
            attribute(&self.root.join(position.to_string()), "devnum")?.parse().ok()
        };
        let taken = self.positions()?;
        Ok(taken.into_iter().map(|position| (position.clone(), address(&position))).collect())
    }

    /// The positions that are taken, in order.
    fn positions(&self) -> Result<BTreeSet<Position>, BusError> {
        let folder = fs::read_dir(&self.root).map_err(|source| match source.kind() {
            ErrorKind::NotFound => {
                BusError::NoBus { tried: format!("{}: not found", self.root.display()) }
            }
            _ => BusError::Read { path: self.root.clone(), source },
        })?;
        let mut found = BTreeSet::new();
        for entry in folder {
            let entry =
                entry.map_err(|source| BusError::Read { path: self.root.clone(), source })?;
            // Root hubs (`usb1`) and interfaces (`1-4:1.0`) are not positions.
            let position =
                entry.file_name().to_str().and_then(|name| name.parse::<Position>().ok());
            found.extend(position.filter(|_| found.len() < MAX_DEVICES));
        }
        Ok(found)
    }
}

impl Bus for Sysfs {
    fn name(&self) -> &str {
        "sysfs"
    }

    fn list(&self) -> Result<Vec<Device>, BusError> {
        // A device unplugged while it is being read leaves no numbers.
        Ok(self.positions()?.iter().filter_map(|position| self.device_at(position)).collect())
    }

    fn node(&self, device: &Device, block: &BlockName) -> Option<Node> {
        match &self.nodes {
            Nodes::Nowhere => None,
            Nodes::Folder(folder) => Some(Node { path: folder.join(block.as_str()), number: None }),
            Nodes::System => {
                let number = device_number(Path::new(BLOCK_ROOT), &device.position, block)?;
                Some(Node { path: block.node(), number: Some(number) })
            }
        }
    }

    fn mounts(&self, device: &Device, block: &BlockName) -> Vec<Mount> {
        match &self.nodes {
            Nodes::Nowhere => Vec::new(),
            Nodes::Folder(folder) => mounts::stand_in(&folder.join("mounted").join(block.as_str())),
            Nodes::System => {
                // As with a node: the name must still be this device's.
                match device_number(Path::new(BLOCK_ROOT), &device.position, block) {
                    Some(_) => mounts::of(Path::new(BLOCK_ROOT), block),
                    None => Vec::new(),
                }
            }
        }
    }
}

/// The number of a block device, as long as it still belongs to the USB device at
/// `position`: names are given again once a drive is pulled.
fn device_number(blocks: &Path, position: &Position, block: &BlockName) -> Option<(u32, u32)> {
    let folder = fs::canonicalize(blocks.join(block.as_str())).ok()?;
    let position = position.to_string();
    if !folder.iter().any(|part| part.to_str() == Some(position.as_str())) {
        return None;
    }
    let number = attribute(&folder, "dev")?;
    let (major, minor) = number.split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// One device folder. `None` when it has neither numbers nor descriptors, which
/// means that it has just been unplugged.
fn observe(folder: &Path, position: &Position) -> Option<Observation> {
    let raw = bounded(&folder.join("descriptors")).unwrap_or_default();
    let parsed = descriptors::parse(&raw);
    let stated = hex(folder, "idVendor").zip(hex(folder, "idProduct"));
    let id = stated
        .map(|(vendor, product)| VidPid { vendor, product })
        .or(parsed.device.map(|device| device.id))?;
    let named = |index: Option<u8>, file: &str| string(folder, file, index);
    let device = parsed.device;
    Some(Observation {
        position: position.clone(),
        id,
        speed: Speed::from_megabits(&attribute(folder, "speed").unwrap_or_default()),
        manufacturer: named(device.map(|d| d.manufacturer_index), "manufacturer"),
        product: named(device.map(|d| d.product_index), "product"),
        serial: named(device.map(|d| d.serial_index), "serial"),
        descriptors: raw,
        luns: units_below(folder),
    })
}

/// A string the kernel fetched. Without the file it depends on the descriptor:
/// index 0 means the device has none; any other index means the device promised
/// one and the kernel could not get it, which proves nothing.
fn string(folder: &Path, file: &str, index: Option<u8>) -> Reading<Units> {
    match (raw_text(&folder.join(file)), index) {
        // The kernel cannot show more than a descriptor holds; a copy of sysfs can.
        (Some(text), _) => {
            Reading::Read(Units(text.encode_utf16().take(MAX_SERIAL_UNITS).collect()))
        }
        (None, Some(0)) => Reading::Absent,
        (None, _) => Reading::Unread,
    }
}

/// The logical units below a device folder. Interfaces and SCSI folders are
/// entered; other USB devices plugged into this one (a hub) are not.
fn units_below(folder: &Path) -> Reading<Vec<ObservedLun>> {
    let mut found: BTreeMap<(u64, PathBuf), ObservedLun> = BTreeMap::new();
    let mut waiting = vec![(folder.to_path_buf(), 0_usize)];
    let mut entries = 0_usize;
    while let Some((current, depth)) = waiting.pop() {
        for (name, path) in folders(&current) {
            entries = entries.saturating_add(1);
            if entries > MAX_ENTRIES {
                // A part of the tree was not seen, so "none" would be a guess.
                return Reading::Unread;
            }
            if name.parse::<Position>().is_ok() {
                continue;
            }
            if name == "block" {
                for unit in block_units(&current) {
                    found.insert((unit.number, current.clone()), unit);
                }
            } else if depth < MAX_DEPTH {
                // The kernel lists a unit's classes (`scsi_device/6:0:0:1`) under its own
                // name below it; only the unit itself says of what type it is.
                let typed = || path.join("type").is_file() || path.join("vendor").is_file();
                if let Some(number) = scsi_lun(&name).filter(|_| typed()) {
                    // Kept even without a disk: a locked drive shows a unit only.
                    found
                        .entry((number, path.clone()))
                        .or_insert_with(|| unit(&path, number, None));
                }
                waiting.push((path, depth.saturating_add(1)));
            }
        }
    }
    if found.is_empty() {
        Reading::Absent
    } else {
        Reading::Read(found.into_values().take(MAX_UNITS).collect())
    }
}

/// The logical unit number in a SCSI folder's name, `6:0:0:1` (host, channel,
/// target, unit).
fn scsi_lun(name: &str) -> Option<u64> {
    let numbers: Option<Vec<u64>> = name.split(':').take(5).map(|part| part.parse().ok()).collect();
    match numbers?.as_slice() {
        [_, _, _, lun] => Some(*lun),
        _ => None,
    }
}

/// The block devices in `scsi_folder/block`, each as a logical unit. A card on
/// an MMC host has the same layout without a SCSI number, and counts as unit 0.
fn block_units(parent: &Path) -> Vec<ObservedLun> {
    let number = parent.file_name().and_then(|name| name.to_str()).and_then(scsi_lun).unwrap_or(0);
    folders(&parent.join("block"))
        .into_iter()
        .filter_map(|(name, path)| {
            Some(unit(parent, number, Some(block(name.parse().ok()?, &path))))
        })
        .collect()
}

/// A logical unit with what INQUIRY said of it.
fn unit(folder: &Path, number: u64, block: Option<ObservedBlock>) -> ObservedLun {
    let text =
        |file: &str| raw_text(&folder.join(file)).unwrap_or_default().chars().take(64).collect();
    let vendor: String = text("vendor");
    // MMC cards have a `name` in place of a vendor and model.
    let model: String = if vendor.is_empty() { text("name") } else { text("model") };
    ObservedLun {
        number,
        vendor,
        model,
        revision: text("rev"),
        kind: attribute(folder, "type")
            .and_then(|kind| kind.parse().ok())
            .filter(|kind| *kind < 32),
        block,
    }
}

/// One block device folder, such as `…/block/sda`.
fn block(name: BlockName, folder: &Path) -> ObservedBlock {
    let mut partitions: Vec<Partition> = folders(folder)
        .into_iter()
        .filter_map(|(name, path)| {
            Some(Partition {
                name: name.parse().ok()?,
                number: attribute(&path, "partition")?.parse().ok()?,
                start_bytes: sectors(&path, "start")?,
                size_bytes: sectors(&path, "size")?,
                read_only: flag(&path, "ro"),
            })
        })
        .take(256)
        .collect();
    partitions.sort_by_key(|partition| partition.number);
    ObservedBlock {
        name,
        size_bytes: sectors(folder, "size"),
        logical_block_bytes: attribute(folder, "queue/logical_block_size")
            .and_then(|size| size.parse().ok()),
        removable: flag(folder, "removable"),
        read_only: flag(folder, "ro"),
        partitions,
    }
}

/// The folders in a folder, sorted. Symbolic links are not followed: in sysfs
/// they lead out of the device (`driver`, `subsystem`) or round in circles.
fn folders(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<(String, PathBuf)> = entries
        .take(MAX_ENTRIES)
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| Some((entry.file_name().to_str()?.to_owned(), entry.path())))
        .collect();
    found.sort();
    found
}

/// At most [`MAX_FILE`] bytes of a regular file.
fn bounded(path: &Path) -> Option<Vec<u8>> {
    // A pipe or device node would block or have effects; sysfs has neither.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_FILE).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The text of an attribute without the line feed the kernel adds, else as it
/// is: a line feed that belongs to a hostile serial stays.
fn raw_text(path: &Path) -> Option<String> {
    let bytes = bounded(path)?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

/// An attribute the kernel itself wrote, trimmed.
fn attribute(folder: &Path, file: &str) -> Option<String> {
    raw_text(&folder.join(file)).map(|text| text.trim().to_owned())
}

/// A number of sectors, in bytes.
fn sectors(folder: &Path, file: &str) -> Option<u64> {
    attribute(folder, file)?.parse::<u64>().ok()?.checked_mul(SECTOR)
}

/// A `0` or `1`.
fn flag(folder: &Path, file: &str) -> bool {
    attribute(folder, file).as_deref() == Some("1")
}

/// Four hexadecimal digits.
fn hex(folder: &Path, file: &str) -> Option<u16> {
    u16::from_str_radix(&attribute(folder, file)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_name_that_passed_to_another_port_is_not_opened() {
        let top = tempfile::tempdir().unwrap();
        let disk = top.path().join("devices/usb1/1-4/1-4:1.0/host6/6:0:0:0/block/sda");
        fs::create_dir_all(&disk).unwrap();
        fs::write(disk.join("dev"), "8:16\n").unwrap();
        let blocks = top.path().join("class/block");
        fs::create_dir_all(&blocks).unwrap();
        symlink(&disk, blocks.join("sda")).unwrap();
        let of = |position: &str, name: &str| {
            device_number(&blocks, &position.parse().unwrap(), &name.parse().unwrap())
        };
        assert_eq!(of("1-4", "sda"), Some((8, 16)));
        assert_eq!(of("1-3", "sda"), None);
        assert_eq!(of("1-4", "sdb"), None);
        fs::write(disk.join("dev"), "8\n").unwrap();
        assert_eq!(of("1-4", "sda"), None);
    }
}
