//! The sysfs reader against trees laid out as the kernel lays them out, some of
//! them hostile. Nothing here reads the machine's own `/sys`.

#[path = "tree/mod.rs"]
mod tree;

use std::fs;
use std::os::unix::fs::symlink;

use media_custody::model::hardware::Reading;
use media_custody::usb::recorded::{Frame, RecordedBus, Recording};
use media_custody::usb::sysfs::Sysfs;
use media_custody::usb::{Bus, BusError, Device, Oddity, SerialReading, Source, Speed, identify};
use tree::{Tree, recorded, show, write};

#[test]
fn what_the_kernel_shows_is_what_was_recorded() {
    for name in [
        "kingston-datatraveler.json",
        "card-reader-two-slots.json",
        "no-serial.json",
        "uas-ssd.json",
    ] {
        let expected = recorded(name);
        let tree = Tree::new();
        let folder = tree.device("", &expected.position.to_string());
        show(&folder, &expected);
        let devices = tree.list();
        assert_eq!(devices.len(), 1, "{name}");
        let seen = &devices[0];
        let twin = Device::from_observation(expected, Source::Sysfs);
        assert_eq!(seen.profile, twin.profile, "{name}");
        assert_eq!(seen.blocks, twin.blocks, "{name}");
        assert_eq!((&seen.serial, seen.id), (&twin.serial, twin.id), "{name}");
        assert_eq!(seen.oddities, twin.oddities, "{name}");
        assert_eq!(seen.speed, Speed::Super);
        assert_eq!(identify(seen, &devices), identify(&twin, &[]), "{name}");
    }
}

#[test]
fn a_listing_recorded_and_read_again_is_the_same_listing() {
    let tree = Tree::new();
    for (position, name) in [("1-2", "twins.json"), ("1-10", "card-reader-two-slots.json")] {
        show(&tree.device("", position), &recorded(name));
    }
    let live = tree.list();
    let recording = Recording::new("test", vec![Frame::of("now", &live)]).unwrap();
    let read = Recording::parse(&recording.to_bytes().unwrap()).unwrap();
    let mut again = RecordedBus::frame(&read, None).unwrap().list().unwrap();
    for device in &mut again {
        device.source = Source::Sysfs;
    }
    assert_eq!(again, live);
    // Ports are numbers: 1-10 comes after 1-2.
    assert_eq!(live[1].position.to_string(), "1-10");
}

#[test]
fn a_disk_behind_a_hub_belongs_to_the_disk_alone() {
    let tree = Tree::new();
    let hub = tree.device("", "1-4");
    write(&hub, "idVendor", "05e3\n");
    write(&hub, "idProduct", "0608\n");
    show(&tree.device("1-4", "1-4.2"), &recorded("kingston-datatraveler.json"));
    let devices = tree.list();
    assert_eq!(devices.len(), 2);
    assert!(devices[0].blocks.is_empty() && !devices[0].is_removable_medium());
    assert_eq!(devices[1].blocks[0].name.as_str(), "sda");
}

#[test]
fn root_hubs_and_interfaces_are_not_devices() {
    let tree = Tree::new();
    for name in ["usb1", "1-0:1.0", "1-4:1.0", "1-4-5", "nonsense"] {
        write(&tree.device("", name), "idVendor", "1d6b\n");
    }
    assert!(tree.list().is_empty());
}

#[test]
fn a_promised_serial_that_the_kernel_could_not_read_is_unread() {
    let tree = Tree::new();
    let mut seen = recorded("kingston-datatraveler.json");
    seen.serial = Reading::Unread;
    show(&tree.device("", "1-1"), &seen);
    seen = recorded("no-serial.json");
    show(&tree.device("", "1-2"), &seen);
    let devices = tree.list();
    assert_eq!(devices[0].serial, SerialReading::Unread);
    assert!(devices[0].oddities.contains(&Oddity::SerialUnread));
    assert!(devices[1].oddities.contains(&Oddity::SerialMissing));
}

#[test]
fn a_card_behind_a_vendor_interface_is_a_medium() {
    let tree = Tree::new();
    let folder = tree.device("", "1-5");
    write(&folder, "idVendor", "0bda\n");
    write(&folder, "idProduct", "0129\n");
    let card = folder.join("1-5:1.0/rtsx_usb_sdmmc.1/mmc_host/mmc0/mmc0:aaaa");
    write(&card, "name", "SL32G\n");
    write(&card, "type", "SD\n");
    write(&card.join("block/mmcblk0"), "size", "62333952\n");
    let device = &tree.list()[0];
    assert!(device.is_removable_medium());
    assert_eq!(device.blocks[0].name.as_str(), "mmcblk0");
    assert_eq!(device.blocks[0].model.as_str(), "SL32G");
    assert_eq!(device.profile.luns.value().unwrap()[0].kind, None);
}

#[test]
fn a_unit_without_a_disk_is_seen() {
    let tree = Tree::new();
    let mut seen = recorded("kingston-datatraveler.json");
    if let Reading::Read(luns) = &mut seen.luns {
        luns[0].block = None;
    }
    show(&tree.device("", "1-1"), &seen);
    let device = &tree.list()[0];
    assert_eq!(device.profile.luns.value().unwrap().len(), 1);
    assert!(device.oddities.contains(&Oddity::StorageWithoutBlock));
}

#[test]
fn hostile_trees_are_survived() {
    let tree = Tree::new();
    let folder = tree.device("", "1-1");
    show(&folder, &recorded("kingston-datatraveler.json"));
    write(&folder, "descriptors", vec![0xff; 1_000_000]);
    write(&folder, "serial", [b"\x1b[2J\xff\xfe\n".as_slice(), &vec![b'A'; 1_000_000]].concat());
    write(&folder, "product", "x\u{202e}y\n");
    write(&folder, "speed", vec![b'9'; 100_000]);
    symlink(&folder, folder.join("loop")).unwrap();
    symlink("/", folder.join("block")).unwrap();
    // A pipe would make a careless reader wait for ever.
    let pipe = folder.join("manufacturer");
    fs::remove_file(&pipe).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()));
    let mut deep = folder.join("1-1:1.0");
    for _ in 0..60 {
        deep = deep.join("d");
    }
    fs::create_dir_all(&deep).unwrap();
    let disk = folder.join("1-1:1.0/host6/target6:0:0/6:0:0:0/block");
    write(&disk.join("sda/sda1"), "start", format!("{}\n", u64::MAX));
    write(&disk.join("sda"), "size", "-1\n");
    write(&disk.join("Not A Disk"), "size", "8\n");
    write(&folder.join("1-1:1.0/6:0:0:99999999999999999999"), "vendor", "x");

    let device = &tree.list()[0];
    assert_eq!(device.id.to_string(), "0951:1666");
    let serial = device.serial.value().unwrap().as_str();
    assert!(serial.starts_with(r"\u{1b}[2J\u{fffd}\u{fffd}\u{a}AAAA"), "{serial}");
    assert!(device.oddities.contains(&Oddity::HostileText { field: "product" }));
    assert_eq!(device.blocks.len(), 1);
    assert_eq!(device.blocks[0].size_bytes, None);
    assert!(device.blocks[0].partitions.is_empty());
    // Even this can be recorded and read again.
    let recording = Recording::new("test", vec![Frame::of("now", &tree.list())]).unwrap();
    assert!(Recording::parse(&recording.to_bytes().unwrap()).is_ok());
}

#[test]
fn a_device_unplugged_while_being_read_is_left_out() {
    let tree = Tree::new();
    tree.device("", "1-1");
    symlink("/nonexistent", tree.top.path().join("bus/usb/devices/1-2")).unwrap();
    assert!(tree.list().is_empty());
}

#[test]
fn no_bus_is_said_with_a_remedy() {
    let error = Sysfs::at("/nonexistent/usb").list().unwrap_err();
    assert!(matches!(error, BusError::NoBus { .. }));
    assert!(error.to_string().contains("no USB bus"), "{error}");
    assert!(error.remedy().contains("--bus FILE") && error.remedy().contains("--record FILE"));
}

/// Whatever this machine has, libusb answers with a list or a typed error.
#[test]
fn libusb_never_panics() {
    match media_custody::usb::libusb::Libusb.list() {
        Ok(devices) => assert!(devices.iter().all(|device| device.source == Source::Libusb)),
        Err(error) => assert!(matches!(error, BusError::NoBus { .. } | BusError::Libusb { .. })),
    }
}
