//! Disks that fail, lie or want too much.

use std::cell::Cell;
use std::io;

use media_custody::model::evidence::Reason;
use media_custody::model::printable::must_be_escaped;
use media_custody::model::vocabulary::EncryptionGrade::{None, Unreadable, Verified};
use media_custody::render::json::to_json;
use media_custody::render::text::{self, Style};
use media_custody::report::EvidenceReport;
use media_custody::volume::{BUDGET, Disk, probe};
use proptest::prelude::*;

use crate::damage::{rewrite_segments, seal};
use crate::images::{MIB, expect, gpt, have, luks, put, random, verdict};

/// An image of which one stretch cannot be read.
struct Failing<'a> {
    image: &'a [u8],
    bad: std::ops::Range<u64>,
}

impl Disk for Failing<'_> {
    fn size(&self) -> u64 {
        self.image.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset < self.bad.end && offset + buffer.len() as u64 > self.bad.start {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.image.read_at(offset, buffer)
    }
}

#[test]
fn a_disk_that_fails_anywhere_is_not_verified() {
    if !have(&["cryptsetup", "sgdisk"]) {
        return;
    }
    let mut image = gpt(32 * MIB, &[(1, 16)]);
    put(&mut image, MIB, &luks("luks2", 16 * MIB, &[]));
    let end = 32 * MIB as u64;
    let sectors = [0, 512, 1024, 1 << 20, (1 << 20) + 0x4000, 9 << 20, end - 512];
    for first in sectors {
        let evidence = probe(&Failing { image: &image, bad: first..first + 512 });
        let all = probe(&Failing { image: &image, bad: first..end });
        // A place that no sample meets is not known to be bad.
        if first != 9 << 20 {
            assert_eq!(evidence.grade, Unreadable, "{first}: {evidence:#?}");
            assert!(evidence.reasons.contains(&Reason::ReadError), "{first}");
        }
        assert_eq!(all.grade, Unreadable, "from {first} on: {all:#?}");
    }
}

/// A disk that claims a size and gives less, as fake sticks do.
#[test]
fn a_disk_that_gives_less_than_it_claims_is_unreadable() {
    struct Lying(Vec<u8>);
    impl Disk for Lying {
        fn size(&self) -> u64 {
            u64::MAX
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read_at(offset, buffer)
        }
    }
    let evidence = probe(&Lying(random(MIB)));
    assert_eq!(evidence.grade, Unreadable);
    let empty = probe(&Lying(Vec::new()));
    assert_eq!(empty.grade, Unreadable);
}

#[test]
fn huge_numbers_in_metadata_are_refused() {
    if !have(&["cryptsetup"]) {
        return;
    }
    let whole = luks("luks2", 16 * MIB, &[]);
    for number in ["18446744073709551615", "99999999999999999999", "-1", "1e9", ""] {
        let mut disk = whole.clone();
        for at in [0, 0x4000] {
            let area = &disk[at + 4096..at + 0x4000];
            let end = area.iter().position(|byte| *byte == 0).expect("an end");
            let json = String::from_utf8(area[..end].to_vec()).expect("text");
            let (before, after) = json.split_once("\"offset\":\"1048576\"").unwrap_or_else(|| {
                let at = json.find("\"segments\"").expect("segments");
                let place = at + json[at..].find("\"offset\":\"").expect("an offset");
                let end = place + 10 + json[place + 10..].find('"').expect("an end") + 1;
                (&json[..place], &json[end..])
            });
            let json = format!("{before}\"offset\":\"{number}\"{after}");
            disk[at + 4096..at + 0x4000].fill(0);
            put(&mut disk, at + 4096, json.as_bytes());
            seal(&mut disk, at);
        }
        expect(&disk, Unreadable, &[Reason::HeaderDamaged]);
    }
    // A JSON text nested deeper than any parser should follow.
    let mut disk = whole.clone();
    for at in [0, 0x4000] {
        disk[at + 4096..at + 0x4000].fill(b'[');
        seal(&mut disk, at);
    }
    expect(&disk, Unreadable, &[Reason::HeaderDamaged]);
    // A header that says it is larger than any may be.
    let mut disk = whole;
    put(&mut disk, 8, &u64::MAX.to_be_bytes());
    put(&mut disk, 0x4000 + 8, &u64::MAX.to_be_bytes());
    expect(&disk, Unreadable, &[Reason::HeaderDamaged]);
}

fn gpt_sum(image: &mut [u8]) {
    image[512 + 16..512 + 20].fill(0);
    let mut sum = flate2::Crc::new();
    sum.update(&image[512..512 + 92]);
    put(image, 512 + 16, &sum.sum().to_le_bytes());
}

#[test]
fn four_billion_entries_are_refused() {
    if !have(&["sgdisk"]) {
        return;
    }
    let whole = gpt(16 * MIB, &[(1, 8)]);
    let fields: [(usize, &[u8]); 5] =
        [(80, &[0xFF; 4]), (84, &[0xFF; 4]), (84, &[0; 4]), (72, &[0xFF; 8]), (12, &[0xFF; 4])];
    for (field, bytes) in fields {
        let mut disk = whole.clone();
        put(&mut disk, 512 + field, bytes);
        gpt_sum(&mut disk);
        let evidence = expect(&disk, None, &[Reason::GptPrimaryDamaged]);
        assert!(evidence.read.bytes < 2 << 20, "{field}: {}", evidence.read.bytes);
        // Without the second copy nothing is left to go by.
        let end = disk.len();
        disk[end - 512..].fill(0);
        expect(&disk, Unreadable, &[Reason::TableDamaged]);
    }
}

#[test]
fn labels_from_the_disk_reach_no_terminal_as_they_are() {
    if !have(&["cryptsetup"]) {
        return;
    }
    let mut disk = luks("luks2", 16 * MIB, &[]);
    for at in [0, 0x4000] {
        put(&mut disk, at + 24, "\u{1b}[2J\u{202e}gpj.exe\u{9b}31m\0".as_bytes());
        seal(&mut disk, at);
    }
    rewrite_segments(&mut disk, b"aes-xts-plain64", b"aes-\xC2\x9B2J-aaaaa\n");
    let report = EvidenceReport::new("\u{1b}]0;x\u{7}".to_owned(), probe(&disk));
    assert!(report.evidence.volumes[0].grade != Verified || report.evidence.cipher.is_none());
    let harmless = |out: &str| !out.chars().any(|c| c != '\n' && must_be_escaped(c));
    for width in [40, 80, 120] {
        let out = text::evidence(&report, Style { width, colour: false });
        assert!(harmless(&out), "{out:?}");
        assert!(out.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= width));
    }
    assert!(harmless(&to_json(&report)));
}

/// A small disk in which each byte pattern the prober looks for can occur.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![random(100 << 10), vec![0; 100 << 10]];
    if have(&["cryptsetup", "sgdisk"]) {
        let volume = luks("luks2", 2 * MIB, &[]);
        let mut disk = gpt(4 * MIB, &[(1, 2)]);
        put(&mut disk, MIB, &volume);
        seeds.extend([volume, luks("luks1", 4 * MIB, &["--key-size", "256"]), disk]);
    }
    seeds
}

/// Counts what is read, to compare it with what is said to be read.
struct Counting<'a> {
    image: &'a [u8],
    bytes: Cell<u64>,
}

impl Disk for Counting<'_> {
    fn size(&self) -> u64 {
        self.image.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.image.read_at(offset, buffer)?;
        self.bytes.set(self.bytes.get() + count as u64);
        Ok(count)
    }
}

fn bounded(image: &[u8]) {
    let counting = Counting { image, bytes: Cell::new(0) };
    let evidence = probe(&counting);
    assert_eq!(evidence.read.bytes, counting.bytes.get());
    assert!(evidence.read.bytes <= BUDGET);
    let report = EvidenceReport::new("image".to_owned(), evidence);
    assert!(!text::evidence(&report, Style::PLAIN).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_short_disk_gets_a_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        bounded(&bytes);
        prop_assert_ne!(verdict(&bytes).0, Verified);
    }
}

/// Real images with bytes changed where the prober looks most.
#[test]
fn changed_images_get_a_verdict_within_the_budget() {
    let seeds = seeds();
    let places = |image: &[u8]| {
        let length = image.len();
        prop_oneof![
            0..length.min(4096),
            0..length.min(70_000),
            length.saturating_sub(20_000)..length,
            0..length,
        ]
    };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 40,
        ..ProptestConfig::default()
    });
    for seed in &seeds {
        let change = (places(seed), any::<u8>(), any::<bool>());
        let changes = proptest::collection::vec(change, 1..12);
        let run = runner.run(&changes, |changes| {
            let mut image = seed.clone();
            for (at, byte, seals) in changes {
                image[at] = byte;
                // Behind a right sum the numbers themselves are tried.
                if seals && image.starts_with(b"LUKS\xBA\xBE\0\x02") {
                    seal(&mut image, 0);
                } else if seals && image.get(512..520) == Some(&b"EFI PART"[..]) {
                    gpt_sum(&mut image);
                }
            }
            bounded(&image);
            Ok(())
        });
        run.expect("a verdict for each");
    }
}
