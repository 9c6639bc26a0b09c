//! Listing a full bus, 127 devices, as `custody scan` does: from a recording, up to
//! the text and held to a limit, and from a tree laid out like sysfs. The peer of the
//! latter reads the same files and concludes nothing. `lsusb -v` needs a real bus: tests/lab/scenarios/bench_scan.sh.

mod support;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::Criterion;
use media_custody::model::hardware::Reading;
use media_custody::ops::bus::BusChoice;
use media_custody::ops::scan::scan;
use media_custody::render::text::{self, Style};
use media_custody::usb::recorded::{Frame, Recording};
use media_custody::usb::sysfs::Sysfs;
use media_custody::usb::{Bus as _, Observation, Units};
use support::{Spread, Verdict, row, timed};

/// A USB host addresses no more on one bus.
const DEVICES: usize = 127;
/// The limit for a scan of as many.
const LIMIT: Duration = Duration::from_millis(50);
const ROUNDS: usize = 9;
const TURNS: usize = 5;

/// The devices of the test recordings over and over, each with a place, serial
/// and block device of its own.
fn full_bus() -> Vec<Observation> {
    let names = ["kingston-datatraveler", "card-reader-two-slots", "uas-ssd", "sandisk-pair"];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices");
    let known: Vec<Observation> = names
        .iter()
        .map(|name| Recording::read(&folder.join(format!("{name}.json"))).expect("a recording"))
        .map(|recording| recording.frames()[0].devices[0].clone())
        .collect();
    let mut seen = Vec::new();
    for (number, mut device) in (0..DEVICES).zip(known.into_iter().cycle()) {
        device.position = format!("1-{}.{}", number / 7 + 1, number % 7 + 1).parse().expect("one");
        let serial = format!("1C6F65D8{:012X}", number * 7_919);
        device.serial = Reading::Read(Units(serial.encode_utf16().collect()));
        if let Reading::Read(luns) = &mut device.luns {
            for (at, lun) in luns.iter_mut().enumerate() {
                if let Some(block) = &mut lun.block {
                    let name = format!("sd{}{}", letters(number), letters(at));
                    block.name = name.parse().expect("a block device");
                    for part in &mut block.partitions {
                        part.name = format!("{name}{}", part.number).parse().expect("a name");
                    }
                }
            }
        }
        seen.push(device);
    }
    seen
}

fn letters(number: usize) -> String {
    let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
    [letter(number / 26), letter(number)].iter().collect()
}

/// Writes the devices as the kernel shows them.
fn lay_out(top: &Path, seen: &[Observation]) -> PathBuf {
    let links = top.join("bus/usb/devices");
    fs::create_dir_all(&links).expect("a folder");
    for device in seen {
        let name = device.position.to_string();
        let folder = top.join("devices/usb1").join(&name);
        fs::create_dir_all(&folder).expect("a folder");
        std::os::unix::fs::symlink(&folder, links.join(&name)).expect("a link");
        let put = |place: &Path, file: &str, bytes: &[u8]| {
            fs::create_dir_all(place).expect("a folder");
            fs::write(place.join(file), bytes).expect("a file");
        };
        put(&folder, "descriptors", &device.descriptors);
        put(&folder, "idVendor", format!("{:04x}\n", device.id.vendor).as_bytes());
        put(&folder, "idProduct", format!("{:04x}\n", device.id.product).as_bytes());
        put(&folder, "speed", b"5000\n");
        let texts = [
            ("manufacturer", &device.manufacturer),
            ("product", &device.product),
            ("serial", &device.serial),
        ];
        for (file, reading) in texts {
            if let Reading::Read(units) = reading {
                let text = String::from_utf16_lossy(&units.0);
                put(&folder, file, format!("{text}\n").as_bytes());
            }
        }
        for lun in device.luns.value().into_iter().flatten() {
            let scsi = format!("{name}:1.0/host6/target6:0:0/6:0:0:{}", lun.number);
            let scsi = folder.join(scsi);
            put(&scsi, "vendor", format!("{:8}\n", lun.vendor).as_bytes());
            put(&scsi, "model", format!("{:16}\n", lun.model).as_bytes());
            put(&scsi, "rev", format!("{:4}\n", lun.revision).as_bytes());
            put(&scsi, "type", b"0\n");
            let Some(block) = &lun.block else { continue };
            let disk = scsi.join("block").join(block.name.as_str());
            put(&disk, "size", b"60518400\n");
            put(&disk, "removable", b"1\n");
            put(&disk, "ro", b"0\n");
            put(&disk.join("queue"), "logical_block_size", b"512\n");
            for part in &block.partitions {
                let place = disk.join(part.name.as_str());
                put(&place, "partition", format!("{}\n", part.number).as_bytes());
                put(&place, "start", b"2048\n");
                put(&place, "size", b"60516352\n");
                put(&place, "ro", b"0\n");
            }
        }
    }
    links
}

/// Reads every file below the devices and keeps nothing.
fn read_all(folder: &Path) -> usize {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        bytes += match path.is_dir() {
            true => read_all(&path),
            false => fs::read(&path).expect("a file").len(),
        };
    }
    bytes
}

fn full(bench: &mut Criterion) {
    let scratch = support::scratch();
    let seen = full_bus();
    let recording = scratch.path().join("bus.json");
    let frame = Frame { label: "full".to_owned(), devices: seen.clone() };
    let bytes = Recording::new("bench", vec![frame]).and_then(|all| all.to_bytes());
    fs::write(&recording, bytes.expect("a recording")).expect("a file");
    let choice = BusChoice::Recording(recording, None);
    let links = lay_out(scratch.path(), &seen);
    let sysfs = Sysfs::at(&links);

    let list = || sysfs.list().expect("a listing").len();
    let look = || {
        let (report, _) = scan(&choice, None, false).expect("a scan");
        black_box(text::scan(&report, Style::PLAIN));
        report.devices.len()
    };
    assert_eq!((list(), look()), (DEVICES, DEVICES));
    let whole = Spread::of((0..ROUNDS).map(|_| {
        let rounds = (0..TURNS).map(|_| timed(|| black_box(look())).1);
        rounds.min().unwrap_or_default().as_secs_f64() / LIMIT.as_secs_f64()
    }));
    let met = Verdict::of(whole.most() < 1.0);
    row("scan of 127 recorded devices, read to shown / 50 ms", "below 1", whole, met);
    let ratio = Spread::of((0..ROUNDS).map(|_| {
        let (mut ours, mut bare) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..TURNS {
            ours += timed(|| black_box(list())).1;
            bare += timed(|| black_box(read_all(&links))).1;
        }
        ours.as_secs_f64() / bare.as_secs_f64()
    }));
    row("127 devices listed from sysfs / the same files only read", "none", ratio, Verdict::None);

    let mut group = bench.benchmark_group("scan of 127 devices");
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(300));
    group.bench_function("recording, whole command", |bencher| bencher.iter(look));
    group.bench_function("sysfs, listing", |bencher| bencher.iter(list));
    group.bench_function("the same files, only read", |bencher| bencher.iter(|| read_all(&links)));
    group.finish();
}

criterion::criterion_group!(benches, full);
criterion::criterion_main!(benches);
