//! What people have on their drives, and the verdict each must get.

use media_custody::model::evidence::{Place, Reason};
use media_custody::model::vocabulary::EncryptionGrade::{None, Opaque, Partial, Verified};
use media_custody::volume::probe;

use crate::images::{MIB, expect, fat, gpt, have, image, luks, prose, put, random, run, verdict};

#[test]
fn a_whole_disk_under_luks_is_verified() {
    if !have(&["cryptsetup"]) {
        return;
    }
    for kind in ["luks1", "luks2"] {
        let evidence = expect(&luks(kind, 16 * MIB, &[]), Verified, &[Reason::LuksHeader]);
        assert_eq!(evidence.scheme.expect("a scheme").as_str(), kind);
        assert_eq!(evidence.cipher.expect("a cipher").as_str(), "aes-xts-plain64");
        assert_eq!(evidence.volumes.len(), 1);
        assert_eq!(evidence.volumes[0].place, Place::Whole);
        assert_eq!(evidence.volumes[0].key_bits, Some(512));
    }
    let essiv = luks("luks1", 16 * MIB, &["--cipher", "aes-cbc-essiv:sha256"]);
    let evidence = expect(&essiv, Verified, &[]);
    assert_eq!(evidence.cipher.expect("a cipher").as_str(), "aes-cbc-essiv.sha256");
}

#[test]
fn a_volume_full_of_cipher_text_is_verified() {
    if !have(&["cryptsetup"]) {
        return;
    }
    let mut disk = luks("luks2", 16 * MIB, &[]);
    put(&mut disk, 8 * MIB, &random(8 * MIB));
    expect(&disk, Verified, &[Reason::UnwrittenArea]);
    let whole = random(15 * MIB);
    put(&mut disk, MIB, &whole);
    let (grade, reasons) = verdict(&disk);
    assert_eq!(grade, Verified);
    assert!(!reasons.contains(&Reason::UnwrittenArea), "{reasons:?}");
}

#[test]
fn what_was_there_before_encryption_is_found() {
    if !have(&["cryptsetup"]) {
        return;
    }
    let mut disk = luks("luks2", 64 * MIB, &[]);
    put(&mut disk, 40 * MIB, &prose(8 * MIB));
    expect(&disk, Partial, &[Reason::LuksHeader, Reason::RemainsInEncryptedArea]);
}

#[test]
fn luks_in_a_partition_is_verified_and_beside_another_partial() {
    if !have(&["cryptsetup", "sgdisk", "mkfs.vfat"]) {
        return;
    }
    let volume = luks("luks2", 16 * MIB, &[]);
    let mut alone = gpt(32 * MIB, &[(1, 16)]);
    put(&mut alone, MIB, &volume);
    let evidence = expect(&alone, Verified, &[Reason::LuksHeader]);
    assert_eq!(evidence.volumes[0].place, Place::Partition(1));
    assert!(evidence.reasons.is_empty(), "{:?}", evidence.reasons);

    let mut beside = gpt(48 * MIB, &[(1, 16), (20, 16)]);
    put(&mut beside, MIB, &volume);
    // A partition that nobody has formatted holds nothing that could be read.
    expect(&beside, Verified, &[Reason::Blank]);
    put(&mut beside, 20 * MIB, &fat(16 * MIB));
    let evidence = expect(&beside, Partial, &[Reason::PlaintextPartition]);
    let content = evidence.volumes[1].content.as_ref().expect("a file system");
    assert!(content.as_str().starts_with("fat"), "{content}");
    assert_eq!(evidence.volumes[1].label.as_deref(), Some("DATA"));
}

#[test]
fn readable_data_in_a_gap_means_partial() {
    if !have(&["cryptsetup", "sgdisk"]) {
        return;
    }
    let mut disk = gpt(64 * MIB, &[(1, 16)]);
    put(&mut disk, MIB, &luks("luks2", 16 * MIB, &[]));
    // Random bytes outside are what careful wiping leaves.
    put(&mut disk, 30 * MIB, &random(8 * MIB));
    let evidence = expect(&disk, Verified, &[]);
    assert_eq!(evidence.volumes.last().map(|volume| volume.place), Some(Place::Gap));
    put(&mut disk, 40 * MIB, &prose(4 * MIB));
    expect(&disk, Partial, &[Reason::PlaintextGap]);
}

#[test]
fn plaintext_is_plaintext_wherever_it_stands() {
    if !have(&["mkfs.vfat", "sgdisk"]) {
        return;
    }
    expect(&fat(8 * MIB), None, &[Reason::PlaintextFilesystem]);
    let mut disk = gpt(32 * MIB, &[(1, 8), (16, 8)]);
    put(&mut disk, MIB, &fat(8 * MIB));
    let evidence = expect(&disk, None, &[Reason::PlaintextFilesystem]);
    assert!(!evidence.reasons.contains(&Reason::PlaintextPartition));
    // Random beside plaintext proves no encryption.
    put(&mut disk, 16 * MIB, &random(8 * MIB));
    expect(&disk, None, &[Reason::RandomLooking, Reason::PlaintextFilesystem]);
    expect(&prose(8 * MIB), None, &[Reason::PlaintextData]);
}

#[test]
fn random_bytes_are_not_proof() {
    expect(&random(8 * MIB), Opaque, &[Reason::RandomLooking]);
    expect(&vec![0; 8 * MIB], None, &[Reason::Blank]);
    expect(&vec![0xFF; 8 * MIB], None, &[Reason::Blank]);
    if have(&["sgdisk"]) {
        let mut disk = gpt(32 * MIB, &[(1, 16)]);
        put(&mut disk, MIB, &random(16 * MIB));
        expect(&disk, Opaque, &[Reason::RandomLooking]);
        if have(&["cryptsetup"]) {
            let mut disk = gpt(64 * MIB, &[(1, 16), (20, 16)]);
            put(&mut disk, MIB, &luks("luks2", 16 * MIB, &[]));
            put(&mut disk, 20 * MIB, &random(16 * MIB));
            expect(&disk, Opaque, &[Reason::LuksHeader, Reason::RandomLooking]);
        }
    }
}

/// cryptsetup makes no volume with the null cipher without the kernel's help, so
/// real headers are rewritten, with their sums; cryptsetup then reads them.
#[test]
fn a_cipher_that_encrypts_nothing_is_no_encryption() {
    if !have(&["cryptsetup"]) {
        return;
    }
    let mut first = luks("luks1", 16 * MIB, &[]);
    put(&mut first, 8, b"cipher_null");
    put(&mut first, 40, b"ecb\0\0\0\0\0\0\0\0");
    let mut second = luks("luks2", 16 * MIB, &[]);
    crate::damage::rewrite_segments(&mut second, b"aes-xts-plain64", b"cipher_null-ecb");
    for disk in [first, second] {
        let dump = crate::images::with_file(&disk, |path| {
            run("cryptsetup", &["luksDump", path.to_str().expect("a name")], "")
        });
        assert!(dump.contains("cipher_null"), "{dump}");
        let evidence = expect(&disk, None, &[Reason::CipherNull]);
        assert_eq!((evidence.scheme, evidence.cipher), (Option::None, Option::None));
        assert!(evidence.volumes[0].cipher.is_some());
    }
}

/// Encrypting in place was begun, and nothing is encrypted yet.
#[test]
fn encryption_that_is_not_finished_is_not_encryption() {
    if !have(&["cryptsetup"]) {
        return;
    }
    let disk = image(64 * MIB, |path| {
        std::fs::write(path, prose(64 * MIB)).expect("a file");
        let words = [
            "reencrypt",
            "--encrypt",
            "--init-only",
            "--type",
            "luks2",
            "--batch-mode",
            "--reduce-device-size",
            "32M",
            "--pbkdf",
            "pbkdf2",
            "--pbkdf-force-iterations",
            "1000",
            "--key-file",
            "-",
            path,
        ];
        run("cryptsetup", &words, "passphrase");
    });
    expect(&disk, None, &[Reason::Reencrypting, Reason::LinearSegment]);
}

/// A volume whose segment ends before the partition does.
#[test]
fn what_lies_behind_the_volume_counts() {
    if !have(&["cryptsetup"]) {
        return;
    }
    let mut disk = luks("luks2", 64 * MIB, &[]);
    crate::damage::rewrite_segments(&mut disk, b"\"dynamic\"", b"\"8388608\"");
    expect(&disk, Verified, &[]);
    put(&mut disk, 30 * MIB, &prose(4 * MIB));
    let evidence = expect(&disk, Partial, &[Reason::PlaintextGap]);
    assert_eq!(evidence.volumes.len(), 2);
}

#[test]
fn logical_partitions_are_followed() {
    if !have(&["sfdisk", "cryptsetup", "mkfs.vfat"]) {
        return;
    }
    let script = "label: dos\nlabel-id: 0x1a2b3c4d\nstart=2048,size=32768,type=83\n\
                  start=36864,size=92160,type=5\nstart=38912,size=32768,type=83\n\
                  start=73728,size=32768,type=c\n";
    let mut disk = image(64 * MIB, |path| drop(run("sfdisk", &["--quiet", path], script)));
    let volume = luks("luks1", 16 * MIB, &[]);
    put(&mut disk, 2048 * 512, &volume);
    put(&mut disk, 38912 * 512, &volume);
    let evidence = expect(&disk, Verified, &[]);
    let places: Vec<Place> = evidence.volumes.iter().map(|volume| volume.place).collect();
    assert_eq!(places, [Place::Partition(1), Place::Partition(5), Place::Partition(6)]);
    assert!(evidence.marks.iter().any(|mark| mark.to_string() == "mbr 1a2b3c4d"));
    put(&mut disk, 73728 * 512, &fat(16 * MIB));
    expect(&disk, Partial, &[Reason::PlaintextPartition]);
}

#[test]
fn a_launcher_disc_is_readable_and_named() {
    if !have(&["genisoimage"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("start.exe"), prose(4096)).expect("a file");
    let disk = image(0, |path| {
        let source = folder.path().to_str().expect("a name");
        run("genisoimage", &["-quiet", "-V", "UNLOCKER", "-o", path, source], "");
    });
    let evidence = expect(&disk, None, &[Reason::LauncherDisc, Reason::PlaintextFilesystem]);
    assert_eq!(evidence.volumes[0].label.as_deref(), Some("UNLOCKER"));
}

#[test]
fn a_file_system_that_encrypts_files_is_not_a_disk_that_is_encrypted() {
    if !have(&["mkfs.ext4"]) {
        return;
    }
    let disk = image(16 * MIB, |path| {
        drop(run("mkfs.ext4", &["-q", "-F", "-O", "encrypt", "-L", "ward", path], ""));
    });
    let evidence = expect(&disk, None, &[Reason::FileLevelEncryption]);
    assert_eq!(evidence.volumes[0].label.as_deref(), Some("ward"));
}

#[test]
fn two_probes_of_one_image_say_the_same() {
    let disk = random(4 * MIB);
    assert_eq!(probe(&disk), probe(&disk));
}
