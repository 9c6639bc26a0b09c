//! BitLocker, APFS and CoreStorage in the verdict, on volumes written by hand
//! (`tests/images`), and what is compressed and not encrypted.

use std::io::Write as _;

use media_custody::model::evidence::Reason;
use media_custody::model::vocabulary::EncryptionGrade::{
    Claimed, None, Opaque, Partial, Unreadable, Verified,
};

use crate::images::{MIB, expect, fat, gpt, have, prose, put, random, verdict};
use crate::written::{BITLOCKER_BYTES, BLOCKS, BitLockerImage, ON_WRITE, apfs, core_storage};

#[test]
fn bitlocker_counts_by_its_state_and_not_by_its_header() {
    let base = BitLockerImage::default;
    let cases = [
        (base(), Verified, Reason::BitlockerHeader),
        (BitLockerImage { to_go: true, ..base() }, Verified, Reason::ReaderInFront),
        (BitLockerImage { version: 1, ..base() }, Verified, Reason::BitlockerHeader),
        (BitLockerImage { identifier: ON_WRITE, ..base() }, Verified, Reason::UsedSpaceOnly),
        (BitLockerImage { states: (3, 4), ..base() }, Partial, Reason::UsedSpaceOnly),
        (BitLockerImage { protectors: vec![0x2000, 0], ..base() }, None, Reason::ClearKey),
        (BitLockerImage { states: (1, 1), ..base() }, None, Reason::Decrypted),
        (BitLockerImage { states: (2, 4), ..base() }, Partial, Reason::Reencrypting),
        (BitLockerImage { states: (5, 1), ..base() }, Partial, Reason::Reencrypting),
        (BitLockerImage { states: (9, 9), ..base() }, Unreadable, Reason::HeaderDamaged),
        (BitLockerImage { cipher: 0, ..base() }, Unreadable, Reason::UnknownCipher),
        (BitLockerImage { protectors: Vec::new(), ..base() }, Verified, Reason::NoKeyslot),
    ];
    for (image, grade, reason) in cases {
        let evidence = expect(&image.bytes(), grade, &[reason]);
        let scheme = evidence.volumes[0].scheme.as_ref().expect("a scheme");
        assert_eq!(scheme.as_str(), "bitlocker");
        assert_eq!(evidence.marks.len(), 1, "{evidence:#?}");
        assert!(evidence.marks[0].to_string().starts_with("bitlocker 1111"), "{evidence:#?}");
    }
    let evidence = expect(&base().bytes(), Verified, &[]);
    assert_eq!(evidence.cipher.expect("a cipher").as_str(), "aes-xts-plain64");
    assert_eq!(evidence.volumes[0].key_bits, Some(256), "two keys of 128 bits");
    assert_eq!(evidence.volumes[0].keyslots.len(), 2);
}

#[test]
fn bitlocker_with_damage_or_remains_is_worth_less() {
    let whole = BitLockerImage::default().bytes();
    let mut disk = whole.clone();
    disk[BLOCKS[0] as usize + 130] ^= 1;
    expect(&disk, Verified, &[Reason::OneHeaderDamaged]);
    for start in &BLOCKS[1..] {
        disk[*start as usize + 130] ^= 1;
    }
    expect(&disk, Unreadable, &[Reason::HeaderDamaged]);
    let mut disk = whole.clone();
    put(&mut disk, 0xD_0000, &prose(0x8000));
    expect(&disk, Partial, &[Reason::RemainsInEncryptedArea]);
    put(&mut disk, 0xD_0000, &random(0x8000));
    expect(&disk, Verified, &[Reason::UnwrittenArea]);
    // One block says that the key lies on the volume.
    let clear = BitLockerImage { protectors: vec![0], ..BitLockerImage::default() };
    let mut disk = whole;
    put(&mut disk, BLOCKS[2] as usize, &clear.block());
    expect(&disk, None, &[Reason::ClearKey, Reason::HeadersDiffer]);
}

#[test]
fn apfs_volumes_count_each() {
    const PLAIN: u64 = 1;
    const ONE_KEY: u64 = 8;
    let cases: [(&[(u64, u32)], _, _); 6] = [
        (&[(ONE_KEY, 0)], Verified, Reason::ApfsEncrypted),
        (&[(ONE_KEY, 0), (ONE_KEY, 0)], Verified, Reason::ApfsEncrypted),
        (&[(PLAIN, 0)], None, Reason::ApfsPlaintext),
        (&[(ONE_KEY, 0), (PLAIN, 0)], Partial, Reason::ApfsPlaintext),
        (&[(0, 0)], Claimed, Reason::HardwareSegment),
        (&[], Unreadable, Reason::ApfsContainerOnly),
    ];
    for (volumes, grade, reason) in cases {
        let evidence = expect(&apfs(volumes), grade, &[reason]);
        assert!(evidence.marks[0].to_string().starts_with("apfs 6666"), "{evidence:#?}");
        let encrypted = matches!(grade, Verified | Partial | Claimed);
        assert_eq!(evidence.scheme.is_some(), encrypted, "{evidence:#?}");
    }
    let mut disk = apfs(&[(ONE_KEY, 0)]);
    disk[100] ^= 1;
    expect(&disk, Unreadable, &[Reason::HeaderDamaged]);
}

#[test]
fn corestorage_proves_nothing_by_itself() {
    expect(&core_storage(), Opaque, &[Reason::ContainerNotFollowed]);
    if have(&["sgdisk", "mkfs.vfat"]) {
        let mut disk = gpt(16 * MIB, &[(1, 1), (4, 8)]);
        put(&mut disk, MIB, &core_storage());
        expect(&disk, Opaque, &[Reason::ContainerNotFollowed]);
        put(&mut disk, 4 * MIB, &fat(8 * MIB));
        expect(&disk, None, &[Reason::ContainerNotFollowed, Reason::PlaintextFilesystem]);
    }
}

#[test]
fn bitlocker_beside_plaintext_is_partial() {
    if !have(&["sgdisk", "mkfs.vfat"]) {
        return;
    }
    let mut disk = gpt(16 * MIB, &[(1, 1), (4, 8)]);
    assert_eq!(BITLOCKER_BYTES, MIB);
    put(&mut disk, MIB, &BitLockerImage::default().bytes());
    expect(&disk, Verified, &[Reason::BitlockerHeader]);
    put(&mut disk, 4 * MIB, &fat(8 * MIB));
    expect(&disk, Partial, &[Reason::PlaintextPartition]);
}

#[test]
fn compressed_data_is_not_taken_for_encrypted() {
    // Words in random order, so that the archive is long and its text is not.
    let words: Vec<&str> =
        "name address birth phone insured branch office drive".split(' ').collect();
    let text: String = random(MIB / 2)
        .iter()
        .flat_map(|byte| [words[usize::from(byte & 7)], if byte & 8 == 0 { " " } else { ", " }])
        .collect();
    let mut archive = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    archive.write_all(text.as_bytes()).expect("memory");
    let archive = archive.finish().expect("an archive");
    assert!(archive.len() > MIB / 4, "{}", archive.len());
    let evidence = expect(&archive, None, &[Reason::CompressedData]);
    let content = evidence.volumes[0].content.as_ref().expect("a format");
    assert_eq!(content.as_str(), "gzip");
    // Without its head it is told by its statistics alone.
    assert_eq!(verdict(&archive[1000..]).0, None);
    assert_eq!(verdict(&random(2 * MIB)).0, Opaque);
}
