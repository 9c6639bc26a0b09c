//! The seeds of the fuzz targets are what the tests' own images and recordings make of
//! themselves. `CUSTODY_BLESS=1` writes them anew.

mod desk;
mod images;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use desk::Desk;
use images::{BLOCKS, BitLockerImage, ON_WRITE, apfs};
use media_custody::proof::consistency::prove_consistency;
use media_custody::proof::witness::AddCheckpoint;
use media_custody::usb::recorded::Recording;
use media_custody::wire::signature::Signer as _;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Boot record and metadata block, as `fuzz/fuzz_targets/bitlocker.rs` takes them.
fn bitlocker(image: &BitLockerImage) -> Vec<u8> {
    let whole = image.bytes();
    let block = &whole[BLOCKS[0] as usize..BLOCKS[1] as usize];
    let end = block.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    [&whole[..512], &block[..end]].concat()
}

/// The blocks that are not empty, each with number and length, as
/// `fuzz/fuzz_targets/apfs.rs` takes them.
fn container(whole: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    for (number, block) in whole.chunks(4096).enumerate() {
        let Some(last) = block.iter().rposition(|byte| *byte != 0) else { continue };
        packed.push(u8::try_from(number).expect("few blocks"));
        packed.extend(u16::try_from(last + 1).expect("a block").to_le_bytes());
        packed.extend(&block[..=last]);
    }
    packed
}

/// Serial string and descriptors, as `fuzz/fuzz_targets/descriptors.rs` takes them.
fn descriptors(name: &str) -> Vec<u8> {
    let path = Path::new(ROOT).join("tests/devices").join(name);
    let recording = Recording::read(&path).expect("a recording");
    let device = &recording.frames()[0].devices[0];
    let units = device.serial.value().map(|units| units.0.clone()).unwrap_or_default();
    let mut string = vec![u8::try_from(2 + 2 * units.len()).expect("short"), 3];
    string.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    string.insert(0, string[0]);
    [string, device.descriptors.clone()].concat()
}

fn recorded(name: &str) -> Vec<u8> {
    fs::read(Path::new(ROOT).join("tests/devices").join(name)).expect("a recording")
}

/// A policy with a group, as `fuzz/fuzz_targets/witness.rs` takes it.
fn policy(desk: &Desk) -> Vec<u8> {
    let (log, witness) = (desk.log.key(), desk.witness.key());
    let group = "group g 1 w\nquorum g\n";
    format!("# Ours\nlog {log}\nwitness w {witness} http://w.example\n{group}").into_bytes()
}

/// What a witness is asked, likewise.
fn request(desk: &Desk) -> Vec<u8> {
    let (_, tree) = desk.ledger(7);
    let proof = prove_consistency(&tree, 3, 7).expect("a proof");
    AddCheckpoint::new(3, proof, desk.checkpoint(&tree, 7)).to_bytes()
}

fn seeds() -> BTreeMap<&'static str, Vec<u8>> {
    let seven = BitLockerImage::default();
    let vista = BitLockerImage { version: 1, cipher: 0x8000, ..seven.clone() };
    let clear = BitLockerImage { protectors: vec![0, 0x0800], to_go: true, ..seven.clone() };
    let partly = BitLockerImage { identifier: ON_WRITE, states: (3, 4), ..seven.clone() };
    BTreeMap::from([
        ("bitlocker/seven", bitlocker(&seven)),
        ("bitlocker/vista", bitlocker(&vista)),
        ("bitlocker/to-go-clear-key", bitlocker(&clear)),
        ("bitlocker/on-write", bitlocker(&partly)),
        ("apfs/encrypted-and-not", container(&apfs(&[(0, 1), (1, 0)]))),
        ("apfs/empty", container(&apfs(&[]))),
        ("descriptors/stick", descriptors("kingston-datatraveler.json")),
        ("descriptors/stick-and-keyboard", descriptors("badusb-storage-and-keyboard.json")),
        ("descriptors/uas", descriptors("uas-ssd.json")),
        ("descriptors/lengths", descriptors("ugly-lengths.json")),
        ("recorded/no-serial", recorded("no-serial.json")),
        ("recorded/reader", recorded("card-reader-two-slots.json")),
        ("recorded/strings", recorded("hostile-strings.json")),
        ("recorded/serials", recorded("ugly-serials.json")),
        ("recorded/vault", recorded("vault-stick.json")),
        ("witness/policy", policy(&Desk::new())),
        ("witness/request", request(&Desk::new())),
    ])
}

#[test]
fn the_seeds_are_the_tests_own() {
    let folder = Path::new(ROOT).join("fuzz/seeds");
    if !folder.exists() {
        // A published crate has no fuzz folder.
        return;
    }
    let bless = std::env::var("CUSTODY_BLESS").is_ok_and(|value| value == "1");
    for (name, bytes) in seeds() {
        let path = folder.join(name);
        if bless {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, &bytes).expect("written");
        }
        assert!(bytes.len() <= 64 << 10, "{name} has {} bytes", bytes.len());
        assert!(fs::read(&path).ok().as_ref() == Some(&bytes), "{name} is another seed");
    }
}
