//! Seeds of the targets for what is answered, handed in and kept.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use image::{ImageFormat, Luma};
use media_custody::audit::{Auditor, Earlier};
use media_custody::keyring::agent_message::public_line;
use media_custody::ledger::State;
use media_custody::model::Seen;
use media_custody::ops::{FixedClock, Ledger};
use media_custody::proof::fork::{Beginning, ForkProof};
use media_custody::proof::memory::MemoryTree;
use media_custody::proof::tree::leaf_hash;
use media_custody::proof::witness::WitnessedLog;
use media_custody::store::{MemoryStore, Store as _};
use media_custody::wire::signature::Signer as _;
use qrcode::{Color, EcLevel, QrCode};

use crate::desk::Desk;

fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("short").to_be_bytes();
    [&length[..], bytes].concat()
}

/// Keys of three kinds, as an ssh-agent lists them.
fn listing() -> Vec<u8> {
    let keys: [(&str, usize); 3] =
        [("ssh-ed25519", 32), ("sk-ssh-ed25519@openssh.com", 32), ("ssh-rsa", 129)];
    let mut body = vec![12, 0, 0, 0, 3];
    for (kind, length) in keys {
        body.extend(string(&[string(kind.as_bytes()), string(&vec![7; length])].concat()));
        body.extend(string("山田's key".as_bytes()));
    }
    body
}

fn signature() -> Vec<u8> {
    [&[14][..], &string(&[string(b"ssh-ed25519"), string(&[9; 64])].concat())].concat()
}

/// An attribute as RFC 8010 has it: its tag, name and value.
fn attribute(tag: u8, name: &str, value: &[u8]) -> Vec<u8> {
    let sized = |bytes: &[u8]| {
        [&u16::try_from(bytes.len()).expect("short").to_be_bytes()[..], bytes].concat()
    };
    [&[tag][..], &sized(name.as_bytes()), &sized(value)].concat()
}

/// An answer of version 2.0 with this status.
fn printers(status: u16, groups: &[Vec<u8>]) -> Vec<u8> {
    let head = [&[2, 0][..], &status.to_be_bytes(), &[0, 0, 0, 1, 1]].concat();
    let common = [
        attribute(0x47, "attributes-charset", b"utf-8"),
        attribute(0x48, "attributes-natural-language", b"ja"),
        attribute(0x41, "status-message", "用紙\u{1b}切れ".as_bytes()),
    ];
    [head, common.concat(), groups.concat(), vec![3]].concat()
}

/// A printer with a collection, several values and a job.
fn described() -> Vec<u8> {
    let size = [
        attribute(0x34, "media-size", b""),
        attribute(0x4a, "", b"x-dimension"),
        attribute(0x21, "", &21_000_u32.to_be_bytes()),
        attribute(0x37, "", b""),
    ];
    let printer = [
        vec![4],
        attribute(0x42, "printer-name", b"desk"),
        attribute(0x23, "printer-state", &3_u32.to_be_bytes()),
        attribute(0x44, "printer-state-reasons", b"media-low"),
        attribute(0x44, "", b"toner-low"),
        attribute(0x22, "printer-is-accepting-jobs", &[1]),
        size.concat(),
    ];
    let job = [
        vec![2],
        attribute(0x21, "job-id", &77_u32.to_be_bytes()),
        attribute(0x23, "job-state", &9_u32.to_be_bytes()),
    ];
    printers(0, &[printer.concat(), job.concat()])
}

fn code() -> (usize, Vec<Color>) {
    let code = QrCode::with_error_correction_level("CM1-USB-0421-W3AN9K-V", EcLevel::Q);
    let code = code.expect("a code");
    (code.width(), code.to_colors())
}

/// A label as a picture, four pixels a module.
fn picture(format: ImageFormat) -> Vec<u8> {
    let (width, dark) = code();
    let side = u32::try_from((width + 8) * 4).expect("small");
    let picture = image::GrayImage::from_fn(side, side, |x, y| {
        let module = |at: u32| (at as usize / 4).checked_sub(4).filter(|at| *at < width);
        let there = module(x).zip(module(y)).map(|(x, y)| dark[y * width + x]);
        Luma([if there == Some(Color::Dark) { 0 } else { 255 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("written");
    bytes.into_inner()
}

/// The same as a page of PDF, drawn in squares and not compressed.
fn document() -> Vec<u8> {
    let (width, dark) = code();
    let squares = (0..width * width).filter(|at| dark[*at] == Color::Dark);
    let drawn: String = squares
        .map(|at| format!("{} {} 1 1 re\n", at % width + 4, width + 3 - at / width))
        .collect();
    let content = format!("{drawn}f\n");
    let side = width + 8;
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 {side} {side}]/Contents 4 0 R>>"),
        format!("<</Length {}>>stream\n{content}endstream", content.len()),
    ];
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut places = String::new();
    for (number, object) in objects.iter().enumerate() {
        places.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend(format!("{} 0 obj\n{object}\nendobj\n", number + 1).bytes());
    }
    let table = file.len();
    let end = format!(
        "xref\n0 5\n0000000000 65535 f \n{places}trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n"
    );
    file.extend(end.bytes());
    file
}

/// The state of so many of these notes, as `fuzzed::kept::folded` takes it.
fn folded(notes: &[Vec<u8>]) -> Vec<u8> {
    let mut store = MemoryStore::new(media_custody::ops::ledger::options().derive);
    store.append(0, notes).expect("appended");
    let clock = Arc::new(FixedClock::at(1_790_000_000));
    let mut ledger = Ledger::over(Box::new(store), clock).expect("folded");
    ledger.keep_snapshot().expect("kept");
    let (size, bytes) = ledger.store().snapshot().expect("read").expect("kept");
    [&[0][..], &size.to_be_bytes(), &[7; 32], &bytes].concat()
}

/// No entries in front of those that are audited.
struct NothingEarlier;

impl Earlier for NothingEarlier {
    type Error = std::convert::Infallible;

    fn begins_with(&self, _: Seen, _: Seen) -> Result<bool, Self::Error> {
        Ok(false)
    }

    fn first_with(&self, _: [u8; 16]) -> Result<Option<u64>, Self::Error> {
        Ok(None)
    }
}

/// The record of an audit of these notes, likewise.
fn record(notes: &[Vec<u8>]) -> Vec<u8> {
    let mut auditor = Auditor::new();
    auditor.take(notes);
    auditor.settle(&NothingEarlier).expect("nothing to fail");
    let whole = auditor.record().expect("green").to_bytes().expect("written");
    let body = &whole["custody-audit/1 ".len() + State::FORM.len() + 32..];
    [&[0][..], body].concat()
}

/// What a witness keeps of a log, and that the log signed two histories.
fn of_witnesses(desk: &Desk) -> [Vec<u8>; 2] {
    let (_, tree) = desk.ledger(7);
    let mut log = WitnessedLog::new(desk.log.key().clone());
    log.trust(desk.giver.key().clone()).expect_err("of another name");
    let seen = [log.to_bytes(), b"\n".to_vec(), desk.checkpoint(&tree, 7).to_bytes()].concat();
    WitnessedLog::parse(&seen).expect("a record");
    let other: MemoryTree = (0..3_u8).map(|at| leaf_hash(&[at])).collect();
    let beginning = Beginning::of(&tree, 3, 7).expect("a proof");
    let (older, newer) = (desk.checkpoint(&other, 3), desk.checkpoint(&tree, 7));
    let fork = ForkProof::new(older, newer, beginning);
    fork.verify(desk.log.key()).expect("two histories");
    [seen, fork.to_bytes()]
}

pub fn seeds(notes: &[Vec<u8>]) -> BTreeMap<&'static str, Vec<u8>> {
    let [seen, fork] = of_witnesses(&Desk::new());
    BTreeMap::from([
        ("agent/listing", listing()),
        ("agent/signature", signature()),
        ("agent/failure", vec![5]),
        ("agent/public", public_line(&[9; 32], "sato.example.jp").into_bytes()),
        ("ipp/printer-and-job", described()),
        ("ipp/refused", printers(0x0400, &[])),
        ("picture/label.png", picture(ImageFormat::Png)),
        ("picture/label.jpeg", picture(ImageFormat::Jpeg)),
        ("picture/label.pdf", document()),
        ("folded/whole", folded(notes)),
        ("folded/half", folded(&notes[..3])),
        ("folded/nothing", folded(&[])),
        ("record/whole", record(notes)),
        ("record/half", record(&notes[..3])),
        ("witness/record", seen),
        ("witness/fork", fork),
    ])
}

#[test]
fn the_seeds_are_what_they_claim() {
    for name in ["picture/label.png", "picture/label.jpeg", "picture/label.pdf"] {
        let seeds = seeds(&crate::entries());
        let codes = media_custody::picture::read_codes(&seeds[name], 1).expect("read");
        assert_eq!(codes.texts, ["CM1-USB-0421-W3AN9K-V"], "{name}");
    }
    let answer = media_custody::printer::ipp_answer::Answer::parse(described()).expect("one");
    assert_eq!((answer.jobs().count(), answer.printers().count()), (1, 1));
}
