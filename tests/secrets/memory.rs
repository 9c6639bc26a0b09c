//! The memory of a process, and the forms in which a secret can lie in it.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use media_custody::wire::signature::SigningKey;
use sha2::{Digest as _, Sha512};

/// What a process could write to, part by part as /proc lists it.
pub struct Memory(Vec<(String, Vec<u8>)>);

/// Bytes that are searched for on their own: what is freed loses its first sixteen to the
/// allocator, what is overwritten in part keeps the rest.
const PIECE: usize = 8;

pub fn root() -> bool {
    if rustix::process::geteuid().is_root() {
        return true;
    }
    let required = std::env::var("CUSTODY_REQUIRE_ROOT_TESTS").is_ok_and(|word| word == "1");
    assert!(!required, "reading another process's memory takes root");
    eprintln!("skipped: reading another process's memory takes root");
    false
}

impl Memory {
    /// Of a process, which is stopped meanwhile.
    pub fn of(pid: u32) -> Self {
        use rustix::process::{Pid, Signal, kill_process};
        let process = Pid::from_raw(pid.cast_signed()).expect("a process");
        kill_process(process, Signal::STOP).expect("stopped");
        let stopped = || {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("stat");
            stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
        };
        while !stopped() {
            std::thread::yield_now();
        }
        let memory = Memory::read(pid);
        kill_process(process, Signal::CONT).expect("goes on");
        memory
    }

    fn read(pid: u32) -> Self {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("maps");
        let mut file = File::open(format!("/proc/{pid}/mem")).expect("memory, which root reads");
        let mut all = Vec::new();
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let (from, to) = line.split(' ').next().unwrap().split_once('-').expect("a range");
            let number = |text| u64::from_str_radix(text, 16).expect("a number");
            let mut part = vec![0; usize::try_from(number(to) - number(from)).expect("a size")];
            let sought = file.seek(SeekFrom::Start(number(from)));
            if sought.is_ok() && file.read_exact(&mut part).is_ok() {
                let name: Vec<&str> = line.split_whitespace().collect();
                keep_written(&name.join(" "), &part, &mut all);
            }
        }
        Memory(all)
    }

    /// Where these bytes stand.
    pub fn places(&self, bytes: &[u8]) -> Vec<String> {
        let found = |(name, part): &(String, Vec<u8>)| {
            memchr::memmem::find_iter(part, bytes)
                .map(|at| format!("{name}: at {at}, {} before its end", part.len() - at))
                .collect::<Vec<_>>()
        };
        self.0.iter().flat_map(found).collect()
    }

    /// Where a piece of this secret stands, with what it is and which piece.
    pub fn traces(&self, what: &str, secret: &[u8]) -> Vec<String> {
        assert!(secret.len() >= PIECE, "{what}");
        let pieces = (0..=secret.len() - PIECE).step_by(PIECE / 2);
        let found = |from| {
            let places = self.places(&secret[from..from + PIECE]);
            places.into_iter().map(move |place| format!("{what} from byte {from}: {place}"))
        };
        pieces.flat_map(found).collect()
    }

    /// Fails where any form of a private key stands anywhere.
    pub fn lacks(&self, key: &SigningKey) {
        for (what, secret) in forms(key) {
            assert_eq!(self.traces(what, &secret), [""; 0]);
        }
    }

    /// Fails unless the seed stands at exactly one place, whole, and nothing else of the
    /// private key anywhere.
    pub fn holds_once(&self, key: &SigningKey) {
        let forms = forms(key);
        let ((what, seed), others) = forms.split_first().expect("forms");
        assert_eq!(self.places(seed).len(), 1, "{what}: {:?}", self.places(seed));
        let pieces = (seed.len() - PIECE) / (PIECE / 2) + 1;
        let traces = self.traces(what, seed);
        assert_eq!(traces.len(), pieces, "each piece once: {traces:#?}");
        for (what, secret) in others {
            assert_eq!(self.traces(what, secret), [""; 0]);
        }
    }
}

/// Keeps what was ever written to: most of a stack is pages of zeros, and takes as long to
/// search.
fn keep_written(name: &str, part: &[u8], all: &mut Vec<(String, Vec<u8>)>) {
    const PAGE: usize = 4096;
    let mut run = Vec::new();
    for (number, page) in part.chunks(PAGE).chain([&[0; PAGE][..]]).enumerate() {
        if *page != [0; PAGE][..page.len()] {
            run.extend_from_slice(page);
        } else if !run.is_empty() {
            let from = number * PAGE - run.len();
            all.push((format!("{name} from {from}"), std::mem::take(&mut run)));
        }
    }
}

/// A private key in every form that signing, reading or writing it makes: the seed, its
/// SHA-512 (RFC 8032, section 5.1.5) and what arithmetic makes of that, and the seed as text.
pub fn forms(key: &SigningKey) -> Vec<(&'static str, Vec<u8>)> {
    let seed = key.seed();
    let expanded = Sha512::digest(seed);
    let mut clamped = expanded[..32].to_vec();
    clamped[0] &= 0xf8;
    clamped[31] = clamped[31] & 0x7f | 0x40;
    let scalar = ed25519_dalek::SigningKey::from_bytes(seed).to_scalar().to_bytes();
    let mut forms = vec![
        ("the seed", seed.to_vec()),
        ("the SHA-512 of the seed, first half", expanded[..32].to_vec()),
        ("the clamped scalar", clamped),
        ("the scalar", scalar.to_vec()),
        ("the scalar's limbs of 52 bits", limbs(&scalar)),
        ("the prefix", expanded[32..].to_vec()),
    ];
    forms.extend(texts(seed));
    forms
}

/// The five limbs in which the curve's arithmetic keeps a scalar.
fn limbs(scalar: &[u8; 32]) -> Vec<u8> {
    let bit = |at: usize| u64::from(scalar.get(at / 8).copied().unwrap_or(0) >> (at % 8) & 1);
    let limb = |number: usize| (0..52).fold(0, |limb, at| limb | bit(number * 52 + at) << at);
    (0..5).flat_map(|number| limb(number).to_le_bytes()).collect()
}

/// Bytes as hexadecimal and as base64, wherever in a base64 text they begin.
pub fn texts(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut texts = vec![
        ("it in hexadecimal", HEXLOWER.encode(bytes).into_bytes()),
        ("it in hexadecimal", HEXUPPER.encode(bytes).into_bytes()),
    ];
    for before in 0..3 {
        let text = BASE64.encode(&[&vec![0; before], bytes].concat()).into_bytes();
        // Only the characters that no byte in front or behind has a part in.
        let whole = (before + bytes.len()) / 3 * 4;
        texts.push(("it in base64", text[before.min(1) * 4..whole].to_vec()));
    }
    texts
}
