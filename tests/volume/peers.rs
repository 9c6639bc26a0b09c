//! blkid and cryptsetup read the same images; what they say and what the prober
//! says must agree.

use std::collections::BTreeMap;

use assert_cmd::Command;
use media_custody::model::evidence::Evidence;
use media_custody::volume::probe;
use serde_json::Value;

use crate::images::{MIB, ask, fat, gpt, have, image, luks, put, run, with_file};

/// What `blkid -p` says of an image, by key.
fn blkid(disk: &[u8]) -> BTreeMap<String, String> {
    let said = with_file(disk, |path| {
        let path = path.to_str().expect("a name");
        let output = ask("blkid", &["-p", "-o", "export", path], "");
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    let pairs = said.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The content of the first volume in blkid's words.
fn kind(evidence: &Evidence) -> String {
    let volume = &evidence.volumes[0];
    let word = volume.content.as_ref().or(volume.scheme.as_ref()).map_or("", |word| word.as_str());
    match word {
        "luks1" | "luks2" => "crypto_LUKS",
        "fat12" | "fat16" | "fat32" => "vfat",
        other => other,
    }
    .to_owned()
}

fn formatted(tool: &str, arguments: &[&str], size: usize) -> Vec<u8> {
    image(size, |path| drop(run(tool, &[arguments, &[path]].concat(), "")))
}

#[test]
fn every_file_system_is_what_blkid_says_it_is() {
    let makers: [(&str, &[&str], usize); 12] = [
        ("mkfs.vfat", &["-F", "12", "-n", "TWELVE"], 4),
        ("mkfs.vfat", &["-F", "16", "-n", "SIXTEEN"], 32),
        ("mkfs.vfat", &["-F", "32", "-n", "THIRTYTWO"], 64),
        ("mkfs.vfat", &["-F", "32", "-S", "4096"], 512),
        ("mkfs.exfat", &[], 32),
        ("mkfs.ntfs", &["-F", "-Q", "-q"], 16),
        ("mkfs.ext2", &["-q", "-F", "-L", "two"], 8),
        ("mkfs.ext3", &["-q", "-F", "-L", "three"], 16),
        ("mkfs.ext4", &["-q", "-F", "-L", "four"], 16),
        ("mkfs.xfs", &["-q", "-L", "ex"], 320),
        ("mkswap", &["-L", "memory"], 4),
        ("mkfs.ext4", &["-q", "-F", "-O", "^has_journal"], 16),
    ];
    for (tool, arguments, mib) in makers {
        if !have(&["blkid", tool]) {
            continue;
        }
        let disk = formatted(tool, arguments, mib * MIB);
        let (said, evidence) = (blkid(&disk), probe(&disk));
        let shown = format!("{tool} {arguments:?}: {said:?} {evidence:#?}");
        assert_eq!(said.get("TYPE"), Some(&kind(&evidence)), "{shown}");
        let marks: Vec<&str> = evidence.marks.iter().map(|mark| mark.value.as_str()).collect();
        assert_eq!(said.get("UUID").map(String::as_str), marks.first().copied(), "{shown}");
        // blkid takes a FAT's label from its root directory first; they are written alike.
        let label = evidence.volumes[0].label.clone();
        assert_eq!(said.get("LABEL").cloned(), label, "{shown}");
        if let (true, Some(version)) = (tool == "mkfs.vfat", said.get("VERSION")) {
            let content = evidence.volumes[0].content.as_ref().expect("a file system");
            assert_eq!(version.to_lowercase(), content.as_str(), "{shown}");
        }
        assert!(evidence.read.bytes < 200_000, "{shown}");
    }
}

#[test]
fn partition_tables_bear_the_marks_blkid_reads() {
    if !have(&["blkid", "sgdisk", "sfdisk"]) {
        return;
    }
    let script = "label: dos\nstart=2048,size=8192,type=c\n";
    let mbr = image(16 * MIB, |path| drop(run("sfdisk", &["--quiet", path], script)));
    for (disk, kind, prefix) in [(gpt(16 * MIB, &[(1, 4)]), "gpt", "gpt"), (mbr, "dos", "mbr")] {
        let (said, evidence) = (blkid(&disk), probe(&disk));
        assert_eq!(said.get("PTTYPE").map(String::as_str), Some(kind));
        let mark = format!("{prefix} {}", said["PTUUID"]);
        assert!(evidence.marks.iter().any(|known| known.to_string() == mark), "{mark}");
    }
}

/// The value behind `name:` in a dump for people.
fn dumped<'a>(dump: &'a str, name: &str) -> &'a str {
    let found = dump.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
    found.unwrap_or_else(|| panic!("no {name} in {dump}")).trim()
}

#[test]
fn luks_headers_say_what_cryptsetup_reads_in_them() {
    if !have(&["blkid", "cryptsetup"]) {
        return;
    }
    let memory = ["--pbkdf", "argon2id", "--pbkdf-memory", "65536", "--pbkdf-parallel", "1"];
    let variants: [(&str, &[&str]); 5] = [
        ("luks1", &[]),
        ("luks1", &["--cipher", "aes-xts-plain64", "--key-size", "256"]),
        ("luks2", &["--label", "ward-7"]),
        ("luks2", &["--cipher", "aes-cbc-essiv:sha256", "--key-size", "256"]),
        ("luks2", &memory),
    ];
    for (kind, more) in variants {
        let more = more.to_vec();
        // The iterations of PBKDF2 become the passes of Argon2, and 4 are enough.
        let more = if more == memory {
            [more, vec!["--pbkdf-force-iterations", "4"]].concat()
        } else {
            more
        };
        let disk = luks(kind, 16 * MIB, &more);
        let (said, evidence) = (blkid(&disk), probe(&disk));
        let volume = &evidence.volumes[0];
        assert_eq!(said["TYPE"], "crypto_LUKS");
        assert_eq!(format!("luks{}", said["VERSION"]), volume.scheme.clone().unwrap().as_str());
        assert_eq!(format!("luks {}", said["UUID"]), evidence.marks[0].to_string());
        let (text, json) = with_file(&disk, |path| {
            let path = path.to_str().expect("a name");
            let json = ask("cryptsetup", &["luksDump", "--dump-json-metadata", path], "");
            (run("cryptsetup", &["luksDump", path], ""), json)
        });
        let cipher = volume.cipher.clone().expect("a cipher");
        let bits = volume.key_bits.expect("a length");
        if kind == "luks1" {
            let theirs =
                format!("{}-{}", dumped(&text, "Cipher name"), dumped(&text, "Cipher mode"));
            assert_eq!(theirs.replace(':', "."), cipher.as_str());
            assert_eq!(dumped(&text, "MK bits"), bits.to_string());
            continue;
        }
        let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
        let theirs = json["segments"]["0"]["encryption"].as_str().expect("a cipher");
        assert_eq!(theirs.replace(':', "."), cipher.as_str());
        let slot = &json["keyslots"]["0"];
        assert_eq!(slot["key_size"].as_u64(), Some(u64::from(bits / 8)));
        assert_eq!(dumped(&text, "Epoch"), evidence.luks_sequence.unwrap().to_string());
        let ours = &volume.keyslots[0];
        assert_eq!(slot["kdf"]["type"].as_str(), ours.kdf.as_ref().map(|kdf| kdf.as_str()));
        let rounds = slot["kdf"]["iterations"].as_u64().or(slot["kdf"]["time"].as_u64());
        assert_eq!(rounds, ours.iterations);
        assert_eq!(slot["kdf"]["memory"].as_u64(), ours.memory_kib);
        assert_eq!(slot["kdf"]["cpus"].as_u64(), ours.lanes);
        let label = said.get("LABEL").map(String::as_str);
        assert_eq!(label, volume.label.as_deref());
    }
}

fn custody(arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("custody").expect("the program");
    command.env_remove("CUSTODY_LEDGER").args(arguments).assert()
}

#[test]
fn the_command_answers_for_people_and_programs_and_changes_nothing() {
    if !have(&["cryptsetup", "sgdisk", "mkfs.vfat"]) {
        return;
    }
    let mut disk = gpt(64 * MIB, &[(1, 16), (20, 16)]);
    put(&mut disk, MIB, &luks("luks2", 16 * MIB, &[]));
    put(&mut disk, 20 * MIB, &fat(16 * MIB));
    with_file(&disk, |path| {
        let name = path.to_str().expect("a name");
        let mut mode = std::fs::metadata(path).expect("a file").permissions();
        mode.set_readonly(true);
        std::fs::set_permissions(path, mode).expect("read-only");
        let before = std::fs::metadata(path).and_then(|meta| meta.modified()).expect("a time");
        let said = custody(&["probe", name]).success();
        let text = String::from_utf8_lossy(&said.get_output().stdout).into_owned();
        for word in ["PARTLY ENCRYPTED", "一部のみ暗号化", "luks2 aes-xts-plain64", "Partition 2"]
        {
            assert!(text.contains(word), "{word}: {text}");
        }
        let said = custody(&["probe", "--json", name]).success();
        let json: Value = serde_json::from_slice(&said.get_output().stdout).expect("JSON");
        assert_eq!(json["grade"], "partial");
        assert_eq!(json["volumes"][0]["place"]["kind"], "partition");
        assert_eq!(json["read"]["of"], disk.len());
        let explained = json["explained"].as_array().expect("a list");
        let found = explained.iter().find(|one| one["reason"] == "plaintext-partition");
        assert!(found.expect("the reason")["ja"].as_str().expect("Japanese").contains('読'));
        let after = std::fs::metadata(path).and_then(|meta| meta.modified()).expect("a time");
        assert_eq!((before, std::fs::read(path).expect("the image")), (after, disk.clone()));
    });
    let failed = custody(&["probe", "--json", "/nowhere/at/all"]).code(1);
    let json: Value = serde_json::from_slice(&failed.get_output().stdout).unwrap_or_default();
    assert!(json.to_string().contains("file") || !failed.get_output().stderr.is_empty());
    custody(&["probe", "/dev/null"]).code(1);
    let help = custody(&["probe", "--help"]).success();
    assert!(String::from_utf8_lossy(&help.get_output().stdout).contains("custody probe /dev/sdb"));
}
