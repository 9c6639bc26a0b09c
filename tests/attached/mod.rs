//! A folder laid out as the kernel lays out sysfs, with drives in it.
#![allow(dead_code)] // each test file takes what it needs

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use media_custody::model::hardware::Reading;
use media_custody::usb::recorded::Recording;
use media_custody::usb::sysfs::Sysfs;
use media_custody::usb::{Bus, Device, Observation};
use tempfile::TempDir;

/// A tree with `bus/usb/devices`, the folder of links, and `devices`, where the
/// links lead.
pub struct Tree {
    pub top: TempDir,
}

impl Tree {
    pub fn new() -> Self {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir_all(top.path().join("bus/usb/devices")).unwrap();
        Self { top }
    }

    pub fn bus(&self) -> Sysfs {
        Sysfs::at(self.top.path().join("bus/usb/devices"))
    }

    /// The same with a folder in which files stand for the disks.
    pub fn bus_with_disks(&self) -> Sysfs {
        self.bus().with_nodes(self.top.path().join("dev"))
    }

    /// Plugs a drive in.
    pub fn plug(&self, seen: &Observation) {
        show(&self.device("", &seen.position.to_string()), seen);
    }

    /// What stands on the disk of that name.
    pub fn disk(&self, name: &str, bytes: &[u8]) {
        write(&self.top.path().join("dev"), name, bytes);
    }

    pub fn list(&self) -> Vec<Device> {
        self.bus().list().unwrap()
    }

    /// Makes a device folder below `parent` (empty for a root port) and its link.
    pub fn device(&self, parent: &str, name: &str) -> PathBuf {
        let folder = self.top.path().join("devices/pci0000:00/usb1").join(parent).join(name);
        fs::create_dir_all(&folder).unwrap();
        let _ = symlink(&folder, self.top.path().join("bus/usb/devices").join(name));
        folder
    }

    /// Takes a device away, with everything plugged into it.
    pub fn remove(&self, parent: &str, name: &str) {
        let links = self.top.path().join("bus/usb/devices");
        for entry in fs::read_dir(&links).unwrap() {
            let link = entry.unwrap().file_name().into_string().unwrap();
            if link == name || link.starts_with(&format!("{name}.")) {
                fs::remove_file(links.join(link)).unwrap();
            }
        }
        let folder = self.top.path().join("devices/pci0000:00/usb1").join(parent).join(name);
        fs::remove_dir_all(folder).unwrap();
    }
}

pub fn write(folder: &Path, file: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The observation behind the first device of a recording.
pub fn recorded(name: &str) -> Observation {
    recorded_at(name, None)
}

/// The same at a frame.
pub fn recorded_at(name: &str, label: Option<&str>) -> Observation {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices").join(name);
    let recording = Recording::read(&path).unwrap();
    let wanted = |frame: &&media_custody::usb::recorded::Frame| {
        label.is_none_or(|label| frame.label == label)
    };
    recording.frames().iter().find(wanted).unwrap().devices[0].clone()
}

/// Writes an observation the way the kernel shows it.
pub fn show(folder: &Path, seen: &Observation) {
    write(folder, "descriptors", &seen.descriptors);
    write(folder, "idVendor", format!("{:04x}\n", seen.id.vendor));
    write(folder, "idProduct", format!("{:04x}\n", seen.id.product));
    write(folder, "speed", "5000\n");
    let strings = [
        ("manufacturer", &seen.manufacturer),
        ("product", &seen.product),
        ("serial", &seen.serial),
    ];
    for (file, reading) in strings {
        if let Reading::Read(units) = reading {
            write(folder, file, format!("{}\n", String::from_utf16(&units.0).unwrap()));
        }
    }
    for lun in seen.luns.value().into_iter().flatten() {
        let interface = format!("{}:1.0", folder.file_name().unwrap().to_str().unwrap());
        let scsi = folder.join(interface).join(format!("host6/target6:0:0/6:0:0:{}", lun.number));
        write(&scsi, "vendor", format!("{:8}\n", lun.vendor));
        write(&scsi, "model", format!("{:16}\n", lun.model));
        write(&scsi, "rev", format!("{:4}\n", lun.revision));
        write(&scsi, "type", format!("{}\n", lun.kind.unwrap_or(0)));
        // A kernel lists the unit's classes below it, under the unit's own name.
        for class in ["bsg", "scsi_device", "scsi_disk"] {
            write(&scsi.join(class), &format!("6:0:0:{}/uevent", lun.number), "");
        }
        let Some(block) = &lun.block else { continue };
        let disk = scsi.join("block").join(block.name.as_str());
        write(&disk, "size", format!("{}\n", block.size_bytes.unwrap() / 512));
        write(&disk, "removable", if block.removable { "1\n" } else { "0\n" });
        write(&disk, "ro", "0\n");
        write(&disk, "queue/logical_block_size", "512\n");
        for partition in &block.partitions {
            let part = disk.join(partition.name.as_str());
            write(&part, "partition", format!("{}\n", partition.number));
            write(&part, "start", format!("{}\n", partition.start_bytes / 512));
            write(&part, "size", format!("{}\n", partition.size_bytes / 512));
            write(&part, "ro", "0\n");
        }
    }
}
