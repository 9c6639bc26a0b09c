//! The seeds of the fuzz targets are what the tests' own images and recordings make of
//! themselves. `CUSTODY_BLESS=1` writes them anew.

#[path = "fuzz_seeds/answers.rs"]
mod answers;
mod desk;
mod fuzzed;
mod images;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use desk::Desk;
use images::{BLOCKS, BitLockerImage, ON_WRITE, apfs};
use media_custody::model::Hash;
use media_custody::proof::consistency::prove_consistency;
use media_custody::proof::cosignature::cosign;
use media_custody::proof::tree::leaf_hash;
use media_custody::proof::witness::AddCheckpoint;
use media_custody::store::archive::ArchiveWriter;
use media_custody::store::chain_hash;
use media_custody::store::remote::{Request, send};
use media_custody::usb::recorded::Recording;
use media_custody::wire::parts::split;
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

/// A frozen example of a format.
fn vector(name: &str) -> Vec<u8> {
    let path = Path::new(ROOT).join("tests/vectors/v1").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

fn entries() -> Vec<Vec<u8>> {
    (0..6).map(|at| vector(&format!("ledger/{at:03}.note"))).collect()
}

/// A ledger's files, as `fuzzed::files::journal` takes them.
fn journal(notes: &[Vec<u8>], checkpoint: &[u8]) -> Vec<u8> {
    let mut chain = Hash([0; 32]);
    let mut frontier = media_custody::proof::tree::Frontier::new();
    let mut segment = Vec::new();
    for (index, note) in (0u64..).zip(notes) {
        let start = segment.len();
        segment.extend([0xFF, b'C', b'J', b'F', 0, 1]);
        segment.extend(u16::try_from(note.len()).expect("a note").to_be_bytes());
        segment.extend([index.to_be_bytes(), index.to_be_bytes()].concat());
        segment.extend(chain.0);
        segment.extend(note);
        chain = chain_hash(&chain, index, &leaf_hash(note));
        frontier.push(leaf_hash(note));
        segment.extend(chain.0);
        segment.extend(crc32c::crc32c(&segment[start..]).to_be_bytes());
    }
    let mut slot = b"CUSTHEAD\0\0\0\x01".to_vec();
    slot.extend(frontier.size().to_be_bytes());
    slot.extend(chain.0);
    slot.extend(frontier.root().0);
    slot.extend(crc32c::crc32c(&slot).to_be_bytes());
    let length = u16::try_from(checkpoint.len()).expect("short").to_be_bytes();
    [&[1u8][..], &slot, &length, checkpoint, &segment].concat()
}

/// Members as `fuzzed::files::archive` takes them, and the archive they make.
fn archives() -> [Vec<u8>; 2] {
    let members = [
        ("checkpoint", vector("checkpoint.note")),
        ("tile/entries/000.p/2", vector("tile-entries-000.p-2")),
    ];
    let mut writer = ArchiveWriter::new(Vec::new());
    let mut told = vec![0];
    for (name, bytes) in &members {
        writer.add(name, bytes).expect("written");
        told.extend(format!("{name}\n").bytes());
        told.extend(u16::try_from(bytes.len()).expect("short").to_be_bytes());
        told.extend(bytes);
    }
    [writer.finish().expect("written").1, told]
}

/// An open round with a line of each kind.
fn round() -> Vec<u8> {
    let head = r#"{"form":"custody-round/1","at":"2026-04-01T09:00:00+09:00","by":"audit","place":"保管庫","draw":null}"#;
    let line = |what: &str| {
        format!("{{\"at\":\"2026-04-01T09:05:00+09:00\",\"by\":\"audit\",\"what\":{what}}}\n")
    };
    let lines = [
        r#"{"label":"USB-0421"}"#,
        r#"{"eye":"USB-0422"}"#,
        r#"{"given-up":"夕方になった"}"#,
        r#"{"closing":"AAECAwQFBgcICQoLDA0ODw=="}"#,
        r#"{"devices":[]}"#,
    ];
    format!("{head}\n{}", lines.map(line).concat()).into_bytes()
}

/// Requests in a row, as they come over the socket.
fn requests() -> Vec<u8> {
    let mut wire = Vec::new();
    for request in [
        Request::Hello(1),
        Request::Head,
        Request::Append(7, vec![vector("handover.note"), vec![]]),
        Request::Read(0, 9),
        Request::Find(media_custody::store::Key::Receipt("SZ-2026-000123".to_owned())),
        Request::FindLeaf(Hash([7; 32])),
        Request::Node(3, 1),
        Request::Snapshot,
        Request::PutSnapshot(3, vec![1, 2, 3]),
        Request::PutCheckpoint(vector("checkpoint.note")),
    ] {
        send(&mut wire, &request).expect("sent");
    }
    wire
}

/// The configurations that a page of the documentation shows.
fn shown_in(page: &str) -> Vec<u8> {
    let page = fs::read_to_string(Path::new(ROOT).join("docs").join(page)).expect("a page");
    let blocks = page.split("```toml\n").skip(1).filter_map(|part| part.split("```").next());
    blocks.collect::<String>().into_bytes()
}

/// What the targets of `tests/fuzzed` begin with: an input of each shape they know.
fn of_the_formats() -> BTreeMap<&'static str, Vec<u8>> {
    let desk = Desk::new();
    let (notes, tree) = desk.ledger(20);
    let cosigned = desk.checkpoint(&tree, 20);
    let line = cosign(&cosigned, 1_790_000_000, &desk.witness).expect("cosigns");
    let cosigned = cosigned.with_line(line).expect("fits").to_bytes();
    let handover = vector("handover.note");
    let typed = text(vector("handover.cn1.txt"));
    let parts = split(typed.trim(), 3).expect("parts").join("\n");
    let bundle = |notes: &[Vec<u8>]| -> Vec<u8> {
        let lengths = |note: &Vec<u8>| u16::try_from(note.len()).expect("a note").to_be_bytes();
        notes.iter().flat_map(|note| [&lengths(note)[..], note].concat()).collect()
    };
    let notes_of_ledger = entries();
    let [archive, members] = archives();
    let tile = [b"tile/0/000.p/14\n".to_vec(), vector("tile-0-000.p-14")].concat();
    let entries_tile =
        [b"tile/entries/000.p/2\n".to_vec(), vector("tile-entries-000.p-2")].concat();
    let mut all = BTreeMap::from([
        ("note/handover", handover.clone()),
        ("note/checkpoint", desk.checkpoint(&tree, 20).to_bytes()),
        ("note/cosigned", cosigned.clone()),
        ("note/blank-lines", "a\n\nb\n\n— x AAAAAAA=\n".as_bytes().to_vec()),
        ("checkpoint/cosigned", cosigned),
        ("checkpoint/plain", vector("checkpoint.note")),
        ("checkpoint/empty", b"o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\next\n\n\xe2\x80\x94 o AAAAAAA=\n".to_vec()),
        ("vkey/log", desk.log.key().to_string().into_bytes()),
        ("vkey/witness", desk.witness.key().to_string().into_bytes()),
        ("receipt/whole", desk.receipt(&notes, &tree, 11, 19).to_bytes()),
        ("receipt/vector", vector("handover.receipt")),
        ("receipt/proof", vector("handover.tlog-proof")),
        ("codes/note", typed.into_bytes()),
        ("codes/proof", vector("handover.cp1.txt")),
        ("codes/parts", parts.into_bytes()),
        ("codes/label", b"CM1-USB-0421-W3AN9K-V".to_vec()),
        ("codes/round", b"CR1-20261122-00010H-168MR5-T".to_vec()),
        ("proof/inclusion", vec![0, 11, 18, 11]),
        ("proof/consistency", vec![1, 11, 18, 11]),
        ("proof/lies", vec![2, 11, 18, 7, 1, 1, 3, 2, 4, 40]),
        ("tiles/hashes", tile),
        ("tiles/entries", entries_tile),
        ("audit/ledger", [&[6][..], &bundle(&notes_of_ledger)].concat()),
        ("audit/handovers", [&[2][..], &bundle(&[handover.clone(), handover])].concat()),
        ("journal/ledger", journal(&notes_of_ledger, b"")),
        ("journal/longer-checkpoint", journal(&notes_of_ledger[..2], &vector("checkpoint.note"))),
        ("archive/whole", archive),
        ("archive/members", members),
        ("round/lines", round()),
        ("socket/requests", requests()),
        ("http/post", b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello".to_vec()),
        ("http/get", b"GET /0/checkpoint HTTP/1.0\r\nConnection: close\r\n\r\n".to_vec()),
        ("key_file/pem", vector("key.pem")),
        ("settings/notices", shown_in("notices.md")),
        ("settings/daemon", shown_in("daemon.md")),
        ("settings/printing", shown_in("printing.md")),
        ("settings/calendar", "weekend sat sun\n2026-11-23 勤労感謝の日\n".as_bytes().to_vec()),
    ]);
    for name in STATEMENTS {
        let note = vector(&format!("statements/{name}.note"));
        all.insert(leaked("statement", name), note);
    }
    all
}

/// Every kind, those with later lines as well.
const STATEMENTS: &[&str] = &[
    "acknowledge",
    "approve",
    "attach",
    "check",
    "correct",
    "erase",
    "found",
    "genesis",
    "handover",
    "key-revoke",
    "link",
    "log-key",
    "lost",
    "missing",
    "override",
    "party",
    "policy",
    "register",
    "request",
    "retire",
    "roll-call",
    "search",
    "sighting",
    "changes/roll-call",
    "drawn/check",
    "later/check",
    "latest/handover",
    "rounds/check",
    "rules/policy",
];

fn leaked(folder: &str, name: &str) -> &'static str {
    Box::leak(format!("{folder}/{}", name.replace('/', "-")).into_boxed_str())
}

fn seeds() -> BTreeMap<&'static str, Vec<u8>> {
    let mut all = of_disks_and_devices();
    all.extend(of_the_formats());
    all.extend(answers::seeds(&entries()));
    all
}

fn of_disks_and_devices() -> BTreeMap<&'static str, Vec<u8>> {
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

/// Each target has its file, its program, its row in fuzz/README.md and its seeds, and what
/// a fuzzer found does not lie about where nothing runs it.
#[test]
fn every_target_is_built_described_and_seeded() {
    let folder = Path::new(ROOT).join("fuzz");
    if !folder.exists() {
        return;
    }
    let names = |below: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(folder.join(below)).expect("a folder");
        let paths = entries.map(|entry| entry.expect("one").path());
        paths.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let targets = names("fuzz_targets");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("read");
    let (built, described) = (read("Cargo.toml"), read("README.md"));
    for name in &targets {
        assert!(built.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
        assert!(described.contains(&format!("`{name}`")), "{name} is not described");
    }
    assert_eq!(names("seeds"), targets);
    let made = seeds();
    for (name, _) in fuzzed::TARGETS {
        assert!(targets.contains(*name), "{name} has no fuzz target");
        let kept = fs::read_dir(folder.join("seeds").join(name)).expect("a folder");
        for entry in kept {
            let seed = format!("{name}/{}", entry.expect("one").file_name().to_str().unwrap());
            let known = KEPT.contains(&seed.as_str()) || made.contains_key(seed.as_str());
            assert!(known, "{seed} is replayed by nothing");
        }
    }
    let strays = names("").into_iter().filter(|name| name.starts_with("crash-"));
    assert_eq!(strays.collect::<Vec<_>>(), [""; 0]);
}

/// Every target of `tests/fuzzed` over its seeds and what is made of them, the same on
/// every build: each seed cut, doubled and spliced, and with bytes altered by a fixed draw.
#[test]
fn what_holds_of_the_parsers_holds_of_the_seeds_and_their_neighbours() {
    let seeds = seeds();
    let kept = kept();
    for (name, target) in fuzzed::TARGETS {
        let own: Vec<&Vec<u8>> = seeds
            .iter()
            .chain(&kept)
            .filter(|(seed, _)| seed.split('/').next() == Some(name))
            .map(|(_, bytes)| bytes)
            .collect();
        assert!(!own.is_empty(), "{name} has no seed");
        let mut draw = Draw(0x5EED);
        for bytes in &own {
            target(bytes);
            let rounds = if SLOW.contains(name) { ROUNDS / 10 } else { ROUNDS };
            for _ in 0..rounds / own.len() {
                target(&neighbour(bytes, &own, &mut draw));
            }
        }
    }
}

/// What no test makes twice the same way: the vectors' key under the quickest cost, sealed
/// once with a random salt, behind a zero byte as DER. And what the fuzzer found once.
const KEPT: &[&str] = &["key_file/quick", "witness/several-base64-in-a-row"];

fn kept() -> BTreeMap<&'static str, Vec<u8>> {
    let folder = Path::new(ROOT).join("fuzz/seeds");
    if !folder.exists() {
        return BTreeMap::new();
    }
    let read = |name: &&'static str| (*name, fs::read(folder.join(name)).expect("a seed"));
    KEPT.iter().map(read).collect()
}

/// Some seconds of a build; the fuzzer has the hours.
const ROUNDS: usize = 1_500;
/// What takes a hundred times as long as the others.
const SLOW: &[&str] = &["picture"];

/// A pseudo-random sequence (xorshift), the same everywhere.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound.max(1)
    }
}

fn neighbour(seed: &[u8], all: &[&Vec<u8>], draw: &mut Draw) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=draw.below(3) {
        let at = draw.below(bytes.len());
        match draw.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.splice(at..at, [draw.below(256) as u8])),
            2 => {
                let until = (at + draw.below(40)).min(bytes.len());
                let piece = bytes[at..until].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            3 => {
                let other = all[draw.below(all.len())];
                bytes.truncate(at);
                bytes.extend(&other[draw.below(other.len())..]);
            }
            4 if !bytes.is_empty() => drop(bytes.remove(at)),
            5 if !bytes.is_empty() => bytes[at] = b"\n\0\xFF+ 0"[draw.below(6)],
            _ if !bytes.is_empty() => bytes[at] ^= 1 << draw.below(8),
            _ => {}
        }
    }
    bytes
}
