//! Headers and tables that were cut, spoilt or made to disagree.

use media_custody::model::evidence::{Place, Reason};
use media_custody::model::vocabulary::EncryptionGrade::{
    None, Opaque, Partial, Unreadable, Verified,
};
use sha2::{Digest, Sha256};

use crate::images::{
    MIB, expect, fat, gpt, have, luks, prose, put, random, run, verdict, with_file,
};

/// The size of both headers, as the tests' images have it.
const HEADER: usize = 0x4000;

/// Computes the check sum of a LUKS2 header anew.
pub fn seal(disk: &mut [u8], at: usize) {
    let header = &mut disk[at..at + HEADER];
    header[448..512].fill(0);
    let sum = Sha256::digest(&*header);
    header[448..480].copy_from_slice(&sum);
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window == word)
}

/// Replaces a word of the same length in the segments of both LUKS2 headers.
pub fn rewrite_segments(disk: &mut [u8], word: &[u8], by: &[u8]) {
    assert_eq!(word.len(), by.len());
    for at in [0, HEADER] {
        let header = &disk[at..at + HEADER];
        let segments = find(header, b"\"segments\"").expect("segments");
        let place = find(&header[segments..], word).expect("the word");
        put(disk, at + segments + place, by);
        seal(disk, at);
    }
}

#[test]
fn one_damaged_header_of_two_is_enough_and_is_said() {
    if !have(&["cryptsetup"]) {
        return;
    }
    let whole = luks("luks2", 16 * MIB, &[]);
    for at in [448, 470, 5000, 20, HEADER + 448, HEADER + 5000, HEADER] {
        let mut disk = whole.clone();
        disk[at] ^= 1;
        expect(&disk, Verified, &[Reason::OneHeaderDamaged, Reason::LuksHeader]);
    }
    // The magic number of the first header is gone: cryptsetup repairs that.
    let mut disk = whole.clone();
    put(&mut disk, 0, &[0; 4096]);
    expect(&disk, Verified, &[Reason::OneHeaderDamaged]);
    // Another file system was made over it since, and the old second header is left.
    if have(&["mkfs.vfat"]) {
        let mut disk = whole.clone();
        put(&mut disk, 0, &fat(16 * MIB)[..0x1000]);
        expect(&disk, None, &[Reason::PlaintextFilesystem]);
    }
    let mut disk = whole;
    disk[470] ^= 1;
    disk[HEADER + 470] ^= 1;
    expect(&disk, Unreadable, &[Reason::HeaderDamaged]);
}

#[test]
fn the_newer_of_two_headers_is_believed() {
    if !have(&["cryptsetup"]) {
        return;
    }
    let mut disk = luks("luks2", 16 * MIB, &[]);
    let sequence = expect(&disk, Verified, &[]).luks_sequence.expect("a sequence");
    put(&mut disk, HEADER + 16, &(sequence + 5).to_be_bytes());
    seal(&mut disk, HEADER);
    let evidence = expect(&disk, Verified, &[Reason::HeadersDiffer]);
    assert_eq!(evidence.luks_sequence, Some(sequence + 5));
}

#[test]
fn a_cut_image_is_never_verified() {
    if !have(&["cryptsetup"]) {
        return;
    }
    for kind in ["luks1", "luks2"] {
        let whole = luks(kind, 16 * MIB, &[]);
        let data = if kind == "luks1" { 2 * MIB } else { MIB / 2 };
        for length in [1, 100, 511, 512, 591, 592, 4095, 4096, HEADER, 2 * HEADER, data] {
            let (grade, reasons) = verdict(&whole[..length]);
            assert_ne!(grade, Verified, "{kind} {length}: {reasons:?}");
        }
    }
}

#[test]
fn a_luks1_header_that_makes_no_sense_is_unreadable() {
    if !have(&["cryptsetup"]) {
        return;
    }
    let whole = luks("luks1", 16 * MIB, &[]);
    for (at, bytes) in [(104, [0xFF; 4]), (104, [0; 4]), (108, [0; 4]), (108, [0xFF; 4])] {
        let mut disk = whole.clone();
        put(&mut disk, at, &bytes);
        expect(&disk, Unreadable, &[Reason::HeaderDamaged]);
    }
    let mut disk = whole.clone();
    put(&mut disk, 6, &[0, 9]);
    expect(&disk, Unreadable, &[Reason::HeaderUnknownVersion]);
    let mut disk = whole.clone();
    put(&mut disk, 8, b"rot13\0");
    expect(&disk, Unreadable, &[Reason::UnknownCipher]);
    let mut disk = whole;
    put(&mut disk, 4, &[0xDE, 0xAD]);
    expect(&disk, Unreadable, &[Reason::Reencrypting]);
}

#[test]
fn either_copy_of_a_gpt_is_enough() {
    if !have(&["cryptsetup", "sgdisk"]) {
        return;
    }
    let size = 32 * MIB;
    let mut whole = gpt(size, &[(1, 16)]);
    put(&mut whole, MIB, &luks("luks2", 16 * MIB, &[]));
    let cases = [
        (512 + 16, Reason::GptPrimaryDamaged),
        (1024 + 40, Reason::GptPrimaryDamaged),
        (size - 512 + 20, Reason::GptBackupDamaged),
        (size - 33 * 512 + 40, Reason::GptBackupDamaged),
    ];
    for (at, reason) in cases {
        let mut disk = whole.clone();
        disk[at] ^= 1;
        let evidence = expect(&disk, Verified, &[reason]);
        assert_eq!(evidence.volumes[0].place, Place::Partition(1));
    }
    let mut disk = whole.clone();
    disk[512 + 16] ^= 1;
    disk[size - 512 + 20] ^= 1;
    let (grade, reasons) = verdict(&disk);
    assert!(grade != Verified && reasons.contains(&Reason::TableDamaged), "{grade} {reasons:?}");
    // A copy of the drive cut in half.
    let (grade, reasons) = verdict(&whole[..8 * MIB]);
    assert_eq!(grade, Verified, "{reasons:?}");
    assert!(reasons.contains(&Reason::PartitionBeyondEnd), "{reasons:?}");
}

#[test]
fn copies_of_a_gpt_that_differ_are_said() {
    if !have(&["sgdisk"]) {
        return;
    }
    let (mut one, other) = (gpt(32 * MIB, &[(1, 16)]), gpt(32 * MIB, &[(1, 8)]));
    let end = 32 * MIB - 33 * 512;
    let backup = other[end..].to_vec();
    put(&mut one, end, &backup);
    let (_, reasons) = verdict(&one);
    assert!(reasons.contains(&Reason::GptCopiesDiffer), "{reasons:?}");
}

#[test]
fn a_hybrid_table_hides_no_partition() {
    if !have(&["cryptsetup", "sgdisk", "mkfs.vfat"]) {
        return;
    }
    let mut disk = gpt(64 * MIB, &[(1, 16), (20, 16)]);
    put(&mut disk, MIB, &luks("luks2", 16 * MIB, &[]));
    put(&mut disk, 20 * MIB, &luks("luks2", 16 * MIB, &[]));
    disk = with_file(&disk, |path| {
        run("sgdisk", &["--hybrid", "2", path.to_str().expect("a name")], "");
        std::fs::read(path).expect("an image")
    });
    let evidence = expect(&disk, Verified, &[Reason::HybridTable]);
    assert_eq!(evidence.volumes.len(), 2, "{evidence:#?}");
    // The MBR names what the GPT does not.
    put(&mut disk, 446 + 16 + 8, &(40_u32 * 2048).to_le_bytes());
    put(&mut disk, 40 * MIB, &fat(16 * MIB));
    expect(&disk, Partial, &[Reason::HybridTable, Reason::PlaintextPartition]);
}

#[test]
fn overlapping_partitions_are_said() {
    if !have(&["sfdisk"]) {
        return;
    }
    let mut disk = crate::images::image(32 * MIB, |path| {
        let script = "label: dos\nstart=2048,size=16384,type=83\nstart=20480,size=8192,type=83\n";
        drop(run("sfdisk", &["--quiet", path], script));
    });
    put(&mut disk, 446 + 16 + 8, &4096_u32.to_le_bytes());
    put(&mut disk, MIB, &random(8 * MIB));
    expect(&disk, Opaque, &[Reason::PartitionsOverlap]);
    put(&mut disk, 20 * MIB, &prose(MIB));
    expect(&disk, None, &[Reason::PartitionsOverlap, Reason::PlaintextGap]);
}
