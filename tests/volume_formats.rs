//! BitLocker, APFS and CoreStorage volumes, written by hand from the documented
//! layouts (`tests/images`) or by `mkapfs`, read by this program and by cryptsetup,
//! libbde, libfsapfs, libfvde and blkid. Where a tool is missing its test says so
//! and passes; with CUSTODY_REQUIRE_TOOLS=1 it fails.
//!
//! cryptsetup's own source package has volumes that Windows made
//! (`tests/bitlk-images.tar.xz`). They are not ours to pass on; a folder of them in
//! CUSTODY_BITLOCKER_IMAGES is read as well.

mod images;

use std::cell::Cell;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use images::{BITLOCKER_BYTES, BLOCKS, BitLockerImage, ON_WRITE, VOLUMES_AT, put, seal};
use media_custody::volume::apfs::{self, Encryption, Keybag, Slot};
use media_custody::volume::bitlocker::{
    self, BitLocker, Block, Cipher, Conversion, Fault, Form, Identifier, ProtectorKind,
};
use media_custody::volume::corestorage::{self, Method};
use media_custody::volume::disk::{Disk, FileDisk};
use proptest::prelude::*;
use tempfile::TempDir;

/// Says on the terminal that a test could not run; fails where tools are demanded.
fn skip(tool: &str) {
    let demanded = std::env::var("CUSTODY_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(!demanded, "CUSTODY_REQUIRE_TOOLS=1, and {tool} is missing");
    let text = format!("SKIPPED: {tool} is missing, so nothing was compared with it\n");
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Exit code and words of a tool; None where it is not installed. Debian keeps some in
/// folders that are not on everyone's path.
fn tool(name: &str, arguments: &[&str], image: &Path) -> Option<(Option<i32>, String)> {
    let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];
    let program = folders.iter().map(|folder| Path::new(folder).join(name)).find(|p| p.exists());
    let Some(program) = program else {
        skip(name);
        return None;
    };
    let output = Command::new(program)
        .args(arguments)
        .arg(image)
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.code(), String::from_utf8_lossy(&text).into_owned()))
}

fn file(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("image");
    std::fs::write(&path, bytes).expect("written");
    path
}

fn bitlocker_in(bytes: &[u8]) -> BitLocker {
    bitlocker::read(&bytes, 0, bytes.len() as u64).expect("memory").expect("a volume")
}

fn container_in(bytes: &[u8]) -> apfs::Container {
    match apfs::read(&bytes, 0, bytes.len() as u64).expect("memory").expect("a container") {
        apfs::Found::Container(container) => container,
        apfs::Found::Damaged(fault) => panic!("{fault}"),
    }
}

const PROTECTORS: [(u16, ProtectorKind, &str); 7] = [
    (0x0000, ProtectorKind::ClearKey, "VMK protected with clear key"),
    (0x0100, ProtectorKind::Tpm, "VMK protected with TPM"),
    (0x0200, ProtectorKind::StartupKey, "VMK protected with startup key"),
    (0x0500, ProtectorKind::TpmPin, "VMK protected with TPM and PIN"),
    (0x0800, ProtectorKind::RecoveryPassword, "VMK protected with recovery passphrase"),
    (0x1000, ProtectorKind::SmartCard, "VMK protected with smart card"),
    (0x2000, ProtectorKind::Password, "VMK protected with passphrase"),
];

/// What cryptsetup must say about a volume, by what we read of it.
fn expected_dump(found: &BitLocker) -> Vec<String> {
    let metadata = found.metadata().expect("a sound block");
    let (name, mode) = metadata.cipher.name().expect("a known cipher").split_once('-').unwrap();
    let to_go = if found.form == Form::ToGo { " To Go" } else { "" };
    let mut lines = vec![
        format!("Info for BITLK{to_go} device"),
        format!("Version:      \t{}", metadata.version),
        format!("GUID:         \t{}", metadata.volume_text()),
        format!("Volume size:  \t{} [bytes]", metadata.encrypted_bytes.unwrap_or_default()),
        format!("Cipher name:  \t{name}"),
        format!("Cipher mode:  \t{mode}"),
    ];
    for protector in &metadata.protectors {
        let (.., words) = PROTECTORS.iter().find(|(_, kind, _)| *kind == protector.kind).unwrap();
        lines.push(format!(
            "\tGUID:       \t{}\n\tProtection: \t{words}",
            protector.identifier_text()
        ));
    }
    lines.extend(found.offsets.map(|offset| format!("Offset: \t{offset} [bytes]")));
    lines
}

fn cryptsetup_agrees(found: &BitLocker, image: &Path) -> bool {
    let Some((code, said)) = tool("cryptsetup", &["bitlkDump"], image) else { return false };
    assert_eq!(code, Some(0), "{}: {said}", image.display());
    for line in expected_dump(found) {
        assert!(said.contains(&line), "{}: '{line}' is not in\n{said}", image.display());
    }
    let protectors = said.matches("Protection:").count();
    assert_eq!(protectors, found.metadata().unwrap().protectors.len(), "{said}");
    true
}

#[test]
fn bitlocker_by_hand_is_what_cryptsetup_reads() {
    let folder = tempfile::tempdir().expect("folder");
    let ciphers = [
        (0x8000, Cipher::AesCbc128Elephant),
        (0x8001, Cipher::AesCbc256Elephant),
        (0x8002, Cipher::AesCbc128),
        (0x8003, Cipher::AesCbc256),
        (0x8004, Cipher::AesXts128),
        (0x8005, Cipher::AesXts256),
    ];
    for (number, cipher) in ciphers {
        for to_go in [false, true] {
            let image = BitLockerImage { cipher: number, to_go, ..Default::default() }.bytes();
            let found = bitlocker_in(&image);
            assert_eq!(found.form, if to_go { Form::ToGo } else { Form::Seven });
            assert_eq!((found.identifier, found.offsets), (Identifier::Standard, BLOCKS));
            assert!(found.blocks_agree() && !found.has_clear_key());
            let metadata = found.metadata().unwrap();
            assert_eq!(metadata.cipher, cipher);
            assert_eq!(metadata.conversion(), Conversion::Encrypted);
            assert_eq!(metadata.encrypted_bytes, Some(BITLOCKER_BYTES as u64));
            assert!(metadata.has_volume_key);
            if !cryptsetup_agrees(&found, &file(&folder, &image)) {
                return;
            }
        }
    }
}

#[test]
fn every_protector_is_what_cryptsetup_reads() {
    let folder = tempfile::tempdir().expect("folder");
    for (number, kind, _) in PROTECTORS {
        let image = BitLockerImage { protectors: vec![0x0800, number], ..Default::default() };
        let image = image.bytes();
        let found = bitlocker_in(&image);
        let kinds: Vec<_> = found.metadata().unwrap().protectors.iter().map(|p| p.kind).collect();
        assert_eq!(kinds, [ProtectorKind::RecoveryPassword, kind]);
        assert_eq!(found.has_clear_key(), kind == ProtectorKind::ClearKey);
        if !cryptsetup_agrees(&found, &file(&folder, &image)) {
            return;
        }
    }
}

#[test]
fn libbde_and_blkid_read_the_same() {
    let folder = tempfile::tempdir().expect("folder");
    for to_go in [false, true] {
        let image = BitLockerImage { to_go, ..Default::default() }.bytes();
        let path = file(&folder, &image);
        let found = bitlocker_in(&image);
        let metadata = found.metadata().unwrap();
        let Some((_, said)) = tool("bdeinfo", &[], &path) else { return };
        for line in [
            "Encryption method\t\t: AES-XTS 128-bit".to_owned(),
            format!("Volume identifier\t\t: {}", metadata.volume_text()),
            "Number of key protectors\t: 2".to_owned(),
            format!("Identifier\t\t\t: {}", metadata.protectors[0].identifier_text()),
            "Type\t\t\t\t: Password".to_owned(),
            "Type\t\t\t\t: Recovery password".to_owned(),
        ] {
            assert!(said.contains(&line), "'{line}' is not in\n{said}");
        }
        let Some((_, said)) = tool("blkid", &["-p"], &path) else { return };
        assert!(said.contains("TYPE=\"BitLocker\""), "{said}");
    }
}

/// Each kind of damage to the first block: the second is used, and by cryptsetup too.
#[test]
fn a_damaged_block_is_passed_over() {
    let folder = tempfile::tempdir().expect("folder");
    let sound = BitLockerImage::default().bytes();
    let first = BLOCKS[0] as usize;
    let damages: [(usize, &[u8], Fault); 5] = [
        (first, b"x", Fault::Signature),
        (first + 8, &[0xFF, 0xFF], Fault::Size),
        (first + 10, &[9, 0], Fault::Version(9)),
        (first + 200, b"\xAA\xAA", Fault::Checksum),
        (176, &[0xFF; 8], Fault::Outside),
    ];
    for (at, bytes, fault) in damages {
        let mut image = sound.clone();
        put(&mut image, at, bytes);
        let found = bitlocker_in(&image);
        assert_eq!(found.blocks[0], Block::Damaged(fault));
        assert!(found.metadata().is_some() && !found.blocks_agree());
    }
    let mut image = sound.clone();
    for start in BLOCKS {
        put(&mut image, start as usize + 200, b"\xAA\xAA");
    }
    assert_eq!(bitlocker_in(&image).metadata(), None);
    // Windows 7's boot record points at what the block says lies elsewhere.
    let mut image = sound.clone();
    image.copy_within(BLOCKS[1] as usize..BLOCKS[1] as usize + 4096, first);
    put(&mut image, 184, &BLOCKS[0].to_le_bytes());
    put(&mut image, 176, &BLOCKS[1].to_le_bytes());
    let found = bitlocker_in(&image);
    assert_eq!(found.blocks[0], Block::Damaged(Fault::Misplaced));
    assert!(found.metadata().is_some());
    // The same damage to all blocks: cryptsetup refuses it as well, where it checks.
    put(&mut image, 3, b"-FVE-FX-");
    assert_eq!(bitlocker::read(&image, 0, image.len() as u64).unwrap(), None);
    let path = file(&folder, &image);
    if let Some((code, said)) = tool("cryptsetup", &["bitlkDump"], &path) {
        assert_ne!(code, Some(0), "{said}");
    }
}

#[test]
fn states_are_told_apart() {
    for (states, conversion) in [
        ((4, 4), Conversion::Encrypted),
        ((1, 1), Conversion::Decrypted),
        ((2, 4), Conversion::Encrypting),
        ((5, 4), Conversion::Encrypting),
        ((1, 4), Conversion::Encrypting),
        ((5, 1), Conversion::Decrypting),
        ((2, 1), Conversion::Decrypting),
        ((4, 1), Conversion::Decrypting),
        ((3, 4), Conversion::EncryptOnWrite),
        ((0, 0), Conversion::Unknown),
        ((4, 9), Conversion::Unknown),
    ] {
        let image = BitLockerImage { states, ..Default::default() }.bytes();
        assert_eq!(bitlocker_in(&image).metadata().unwrap().conversion(), conversion, "{states:?}");
    }
}

#[test]
fn boot_records_are_told_apart() {
    let on_write = BitLockerImage { identifier: ON_WRITE, ..Default::default() }.bytes();
    assert_eq!(bitlocker_in(&on_write).identifier, Identifier::UsedSpaceOnly);
    let other = BitLockerImage { identifier: [7; 16], ..Default::default() }.bytes();
    assert_eq!(bitlocker_in(&other).identifier, Identifier::Other([7; 16]));
    let vista = BitLockerImage { version: 1, cipher: 0x8000, ..Default::default() }.bytes();
    let found = bitlocker_in(&vista);
    assert_eq!((found.form, found.identifier), (Form::Vista, Identifier::Absent));
    assert_eq!(found.offsets, BLOCKS);
    assert!(found.blocks_agree());
    assert_eq!(found.metadata().unwrap().encrypted_bytes, None);
    // FAT as Windows 95 named it.
    let fat = BitLockerImage { to_go: true, identifier: [0; 16], ..Default::default() }.bytes();
    assert_eq!(bitlocker::read(&fat, 0, fat.len() as u64).unwrap(), None);
    assert_eq!(bitlocker::read(&vec![0; 4096], 0, 4096).unwrap(), None);
    assert_eq!(bitlocker::read(&vec![0; 100], 0, 100).unwrap(), None);
}

#[test]
fn a_volume_behind_others_is_read_from_its_own_start() {
    let mut disk = vec![0xEE; 1 << 20];
    disk.extend(BitLockerImage::default().bytes());
    let found = bitlocker::read(&disk, 1 << 20, BITLOCKER_BYTES as u64).unwrap().unwrap();
    assert!(found.blocks_agree());
    // A volume that is said to end before its third block has two.
    let found = bitlocker::read(&disk, 1 << 20, BLOCKS[2]).unwrap().unwrap();
    assert_eq!(found.blocks[2], Block::Damaged(Fault::Outside));
    assert!(found.metadata().is_some());
}

#[test]
fn volumes_of_windows_are_what_cryptsetup_reads() {
    let Some(folder) = std::env::var_os("CUSTODY_BITLOCKER_IMAGES") else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "img") {
            continue;
        }
        let disk = FileDisk::open(&path).expect("opened");
        let found = bitlocker::read(&disk, 0, disk.size()).expect("read").expect("BitLocker");
        let metadata = found.metadata().unwrap_or_else(|| panic!("{}: {found:?}", path.display()));
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let _ = io::stderr().write_all(
            format!(
                "{name}: {:?} {:?} {:?} agree {} {:?} bytes, {:?}\n",
                found.form,
                metadata.conversion(),
                (metadata.state, metadata.next_state),
                found.blocks_agree(),
                metadata.encrypted_bytes,
                metadata.cipher
            )
            .as_bytes(),
        );
        // One of them is of both kinds: used space only, and a clear key beside its
        // passwords, in the state "encrypted" all the same.
        let both = name.contains("partially");
        assert_eq!(found.has_clear_key(), both || name.contains("clearkey"), "{name}");
        let used_space = both || name.contains("eow");
        assert_eq!(found.identifier == Identifier::UsedSpaceOnly, used_space, "{name}");
        cryptsetup_agrees(&found, &path);
        seen += 1;
    }
    assert!(seen > 0, "no volume was found");
}

#[test]
fn apfs_by_hand_leads_to_its_volumes() {
    let flags = [
        (1, Encryption::None),
        (8, Encryption::OneKey),
        (0, Encryption::KeyPerFile),
        (9, Encryption::Contradictory),
    ];
    for (flag, encryption) in flags {
        for (map, converting) in [(1, false), (3, true), (4, true), (8, true)] {
            let container = container_in(&images::apfs(&[(flag, map), (1, 1)]));
            assert_eq!(container.transaction, 9);
            assert_eq!(container.keybag, Keybag::At { block: 30, blocks: 1 });
            let slots = container.volumes.expect("known");
            let [Slot::Volume(first), Slot::Volume(second)] = slots.as_slice() else {
                panic!("{slots:?}")
            };
            assert_eq!((first.encryption, first.converting), (encryption, Some(converting)));
            assert_eq!((second.encryption, second.converting), (Encryption::None, Some(false)));
            assert_eq!(first.identifier_text(), "70707070-7070-7070-7070-707070707070");
        }
    }
    assert_eq!(container_in(&images::apfs(&[])).volumes, Ok(Vec::new()));
}

#[test]
fn what_apfs_cannot_show_is_not_left_out() {
    use apfs::Fault;
    let sound = images::apfs(&[(8, 1), (8, 1)]);
    let with = |at: usize, bytes: &[u8]| {
        let mut image = sound.clone();
        put(&mut image, at, bytes);
        image
    };
    let mut volume = with(VOLUMES_AT[1] * 4096 + 0x108, &[1]);
    let unread = container_in(&volume).volumes.expect("known");
    assert!(matches!(unread[..], [_, Slot::Unread { object: 1027, fault: Fault::Checksum }]));
    // The same with the check sum made right: it is believed.
    seal(&mut volume[VOLUMES_AT[1] * 4096..(VOLUMES_AT[1] + 1) * 4096]);
    let slots = container_in(&volume).volumes.expect("known");
    assert!(matches!(slots[1], Slot::Volume(v) if v.encryption == Encryption::None), "{slots:?}");
    // Object map, and the superblocks in the checkpoints.
    assert_eq!(container_in(&with(10 * 4096 + 99, &[1])).volumes, Err(Fault::Checksum));
    let mut scattered = with(0x68, &(4_u32 | 1 << 31).to_le_bytes());
    seal(&mut scattered[..4096]);
    assert_eq!(container_in(&scattered).volumes, Err(Fault::Checkpoints));
    let mut none = sound.clone();
    none[4 * 4096..8 * 4096].fill(0);
    assert_eq!(container_in(&none).volumes, Err(Fault::NoCheckpoint));
    // A tree whose leaf leads back to itself ends.
    let mut circle = with(11 * 4096 + 4096 - 40 - 8, &11_u64.to_le_bytes());
    seal(&mut circle[11 * 4096..12 * 4096]);
    let slots = container_in(&circle).volumes.expect("known");
    assert!(slots.iter().all(|slot| matches!(slot, Slot::Unread { .. })), "{slots:?}");
    let damaged = with(100, &[1]);
    let read = |image: &Vec<u8>, length: usize| apfs::read(image, 0, length as u64).unwrap();
    assert_eq!(read(&damaged, sound.len()), Some(apfs::Found::Damaged(Fault::Checksum)));
    assert_eq!(read(&sound, sound.len() - 1), Some(apfs::Found::Damaged(Fault::Size)));
}

/// A container by mkapfs, and the same with the volume's flags changed.
#[test]
fn apfs_by_mkapfs_is_what_libfsapfs_and_blkid_read() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("image");
    std::fs::File::create(&path).and_then(|f| f.set_len(128 << 20)).expect("a sparse file");
    let Some((code, said)) = tool("mkapfs", &["-L", "CUSTODY"], &path) else { return };
    assert_eq!(code, Some(0), "{said}");
    let read = || {
        let disk = FileDisk::open(&path).expect("opened");
        match apfs::read(&disk, 0, disk.size()).expect("read") {
            Some(apfs::Found::Container(container)) => container,
            other => panic!("{other:?}"),
        }
    };
    let container = read();
    let slots = container.volumes.clone().expect("known");
    let [Slot::Volume(volume)] = slots.as_slice() else { panic!("{slots:?}") };
    assert_eq!((volume.encryption, volume.converting), (Encryption::None, Some(false)));
    assert_eq!((container.block_size, container.block_count), (4096, (128 << 20) / 4096));
    let Some((code, said)) = tool("apfsck", &[], &path) else { return };
    assert_eq!(code, Some(0), "{said}");
    let Some((_, said)) = tool("fsapfsinfo", &[], &path) else { return };
    for line in [container.identifier_text(), volume.identifier_text()] {
        assert!(said.contains(&format!("Identifier\t\t\t: {line}")), "{line}\n{said}");
    }
    let Some((_, said)) = tool("blkid", &["-p"], &path) else { return };
    assert!(said.contains(&format!("UUID=\"{}\"", container.identifier_text())), "{said}");

    // mkapfs encrypts nothing, so the flag is changed where the volume lies.
    let mut bytes = std::fs::read(&path).expect("read");
    let blocks = bytes.chunks_exact_mut(4096).filter(|block| block[32..36] == *b"APSB");
    let mut changed = 0;
    for block in blocks {
        put(block, 0x108, &[8]);
        seal(block);
        changed += 1;
    }
    assert_eq!(changed, 1);
    std::fs::write(&path, &bytes).expect("written");
    let slots = read().volumes.expect("known");
    let [Slot::Volume(volume)] = slots.as_slice() else { panic!("{slots:?}") };
    assert_eq!(volume.encryption, Encryption::OneKey);
    // apfsck disowns a superblock with a wrong check sum, as we do.
    bytes[100] ^= 1;
    std::fs::write(&path, &bytes).expect("written");
    let disk = FileDisk::open(&path).expect("opened");
    let found = apfs::read(&disk, 0, disk.size()).expect("read");
    assert_eq!(found, Some(apfs::Found::Damaged(apfs::Fault::Checksum)));
    let Some((code, said)) = tool("apfsck", &[], &path) else { return };
    assert!(code != Some(0) && said.contains("bad checksum"), "{code:?} {said}");
}

#[test]
fn core_storage_is_read_at_the_front_or_at_the_end() {
    let sound = images::core_storage();
    let read = |image: &Vec<u8>| corestorage::read(image, 0, image.len() as u64).unwrap();
    let header = |image: &Vec<u8>| match read(image) {
        Some(corestorage::Found::Header(header)) => header,
        other => panic!("{other:?}"),
    };
    let found = header(&sound);
    assert_eq!((found.method, found.size, found.from_copy), (Method::AesXts, 1 << 20, false));
    assert_eq!(found.volume_text(), "44444444-4444-4444-4444-444444444444");
    assert_eq!(found.group_text(), "55555555-5555-5555-5555-555555555555");
    let mut front = sound.clone();
    front[200] ^= 1;
    assert!(header(&front).from_copy);
    let mut both = front.clone();
    both[(1 << 20) - 312] ^= 1;
    assert_eq!(read(&both), Some(corestorage::Found::Damaged(corestorage::Fault::Checksum)));
    let mut erased = sound.clone();
    erased[..512].fill(0);
    assert_eq!(read(&erased), None);

    // libfvde wants more than a header, but it names what it stumbles over: with both
    // headers sound that is never the header.
    let folder = tempfile::tempdir().expect("folder");
    let Some((_, said)) = tool("fvdeinfo", &[], &file(&folder, &sound)) else { return };
    assert!(!said.contains("volume_header"), "{said}");
    let Some((_, said)) = tool("fvdeinfo", &[], &file(&folder, &both)) else { return };
    assert!(said.contains("volume_header"), "{said}");
}

/// Counts what is asked of it, and fails in one place.
struct Watched<'a> {
    bytes: &'a [u8],
    asked: Cell<u64>,
    failing: Option<u64>,
}

impl Disk for Watched<'_> {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.asked.set(self.asked.get() + buffer.len() as u64);
        let failing = |at: u64| (offset..offset + buffer.len() as u64).contains(&at);
        if self.failing.is_some_and(failing) {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.bytes.read_at(offset, buffer)
    }
}

/// All parsers on a disk; each may read so much and no more.
fn read_all(bytes: &[u8], failing: Option<u64>) {
    type Reader = fn(&dyn Disk, u64, u64);
    let readers: [(u64, Reader); 3] = [
        (bitlocker::MAX_READ, |d, o, l| drop(bitlocker::read(d, o, l))),
        (apfs::MAX_READ, |d, o, l| drop(apfs::read(d, o, l))),
        (corestorage::MAX_READ, |d, o, l| drop(corestorage::read(d, o, l))),
    ];
    for (most, read) in readers {
        for (offset, length) in [(0, u64::MAX), (512, 4096), (u64::MAX, u64::MAX)] {
            let disk = Watched { bytes, asked: Cell::new(0), failing };
            read(&disk, offset, length);
            assert!(disk.asked.get() <= most, "{} of {most} bytes", disk.asked.get());
        }
    }
}

#[test]
fn a_bad_sector_is_named_where_it_matters() {
    let image = BitLockerImage::default().bytes();
    let at = |failing| Watched { bytes: &image, asked: Cell::new(0), failing: Some(failing) };
    assert!(bitlocker::read(&at(100), 0, u64::MAX).is_err());
    let found = bitlocker::read(&at(BLOCKS[0] + 600), 0, u64::MAX).unwrap().unwrap();
    assert!(matches!(found.blocks[0], Block::Unreadable(_)) && found.metadata().is_some());
    let image = images::apfs(&[(8, 1)]);
    let at = |block: u64| Watched {
        bytes: &image,
        asked: Cell::new(0),
        failing: Some(block * 4096 + 9),
    };
    assert!(apfs::read(&at(0), 0, u64::MAX).is_err());
    for block in [5, 10, 11, 12, 20, 24] {
        let found = apfs::read(&at(block), 0, u64::MAX).unwrap().unwrap();
        let apfs::Found::Container(container) = found else { panic!("{found:?}") };
        let shown = match container.volumes.as_deref() {
            Err(apfs::Fault::Unreadable) => true,
            Ok([Slot::Unread { fault: apfs::Fault::Unreadable, .. }]) => true,
            Ok([Slot::Volume(volume)]) => volume.converting.is_none(),
            _ => false,
        };
        assert!(shown, "block {block}: {:?}", container.volumes);
    }
}

/// Where a change matters: headers, maps and metadata, not the empty space between.
fn places(image: u8) -> Vec<usize> {
    let starts: Vec<usize> = match image {
        0 | 1 => [0].into_iter().chain(BLOCKS.map(|start| start as usize)).collect(),
        2 => [0, 4, 5, 6, 7, 10, 11, 12, 20, 21, 24].map(|block| block * 4096).to_vec(),
        _ => vec![0, (1 << 20) - 512],
    };
    starts.into_iter().flat_map(|start| start..start + 512).collect()
}

fn image(number: u8) -> Vec<u8> {
    match number {
        0 => BitLockerImage::default().bytes(),
        1 => BitLockerImage { version: 1, to_go: false, ..Default::default() }.bytes(),
        2 => images::apfs(&[(8, 1), (1, 3)]),
        _ => images::core_storage(),
    }
}

/// Makes the check sums right again, so that changes get behind them.
fn mend(number: u8, image: &mut [u8]) {
    match number {
        0 | 1 => {
            for start in BLOCKS.map(|start| start as usize) {
                let unit = if number == 0 { 16 } else { 1 };
                let size = usize::from(u16::from_le_bytes([image[start + 8], image[start + 9]]));
                if let Some(block) = image.get(start..start + size * unit)
                    && start + size * unit + 8 <= image.len()
                {
                    let sum = images::crc32(block);
                    put(image, start + size * unit + 4, &sum.to_le_bytes());
                }
            }
        }
        2 => image.chunks_exact_mut(4096).for_each(seal),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn changed_volumes_end_in_an_answer(
        number in 0..4_u8,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        mended in any::<bool>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
        failing in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut image = image(number);
        let places = places(number);
        for (place, value) in changes {
            image[*place.get(&places)] = value;
        }
        if mended {
            mend(number, &mut image);
        }
        if let Some(cut) = cut {
            image.truncate(cut.index(image.len()));
        }
        let failing = failing.map(|place| *place.get(&places) as u64);
        read_all(&image, failing);
    }

    #[test]
    fn random_bytes_end_in_an_answer(
        mut bytes in prop::collection::vec(any::<u8>(), 0..9000),
        mark in 0..5_usize,
    ) {
        let (at, mark): (usize, &[u8]) =
            [(3, &b"-FVE-FS-"[..]), (3, b"MSWIN4.1"), (32, b"NXSB"), (88, b"CS"), (0, b"")][mark];
        if bytes.len() >= at + mark.len() {
            put(&mut bytes, at, mark);
        }
        read_all(&bytes, None);
    }
}
