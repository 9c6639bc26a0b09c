//! Requests and answers, as the specification has them.

use std::sync::Arc;

use media_custody::model::{Hash, VerifierKey};
use media_custody::ops::witness::Witness;
use media_custody::ops::witness_serve::Service;
use media_custody::ops::{FixedClock, OpsError};
use media_custody::proof::checkpoint::SignedCheckpoint;
use media_custody::proof::consistency::prove_consistency;
use media_custody::proof::cosignature::cosignatures;
use media_custody::proof::memory::MemoryTree;
use media_custody::proof::tree::leaf_hash;
use media_custody::proof::witness::{AddCheckpoint, origin_hash};
use media_custody::wire::note::{Note, Profile};
use media_custody::wire::signature::{Signer as _, SigningKey, sign_line};
use media_custody::witness_http::server::Answering as _;
use media_custody::witness_http::{Answer, Request};
use tempfile::TempDir;

use crate::desk::{Desk, ORIGIN};
use crate::office::of;

pub const TIME: i64 = 1_790_000_000;
pub const WITNESS: &str = "witness.example.org/w1";

/// A witness of the desk's log.
pub struct Setting {
    pub folder: TempDir,
    pub desk: Desk,
    pub tree: MemoryTree,
    pub forked: MemoryTree,
}

/// Two logs that part behind entry 6.
pub fn trees(desk: &Desk) -> (MemoryTree, MemoryTree) {
    let (_, tree) = desk.ledger(0);
    let leaf = |at: u64, side: u8| leaf_hash(&[if at < 7 { 0 } else { side }, at as u8]);
    let grown = |side| (0..24).map(move |at| leaf(at, side)).collect();
    drop(tree);
    (grown(1), grown(2))
}

impl Setting {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let desk = Desk::new();
        Witness::create(folder.path(), of(WITNESS)).expect("made");
        let (tree, forked) = trees(&desk);
        let setting = Setting { folder, desk, tree, forked };
        assert!(setting.witness().trust(setting.desk.log.key()).expect("trusted"));
        setting
    }

    pub fn witness(&self) -> Witness {
        Witness::open(self.folder.path(), Arc::new(FixedClock::at(TIME))).expect("opens")
    }

    pub fn request(&self, tree: &MemoryTree, old: u64, size: u64) -> Vec<u8> {
        let proof = prove_consistency(tree, old.min(size), size).expect("proof");
        AddCheckpoint::new(old, proof, self.desk.checkpoint(tree, size)).to_bytes()
    }

    pub fn post(&self, body: &[u8]) -> Answer {
        self.send("POST", "/add-checkpoint", body)
    }

    pub fn send(&self, method: &str, target: &str, body: &[u8]) -> Answer {
        let witness = self.witness();
        let failed = |_: &OpsError| {};
        let (method, target, body) = (method.to_owned(), target.to_owned(), body.to_vec());
        Service::new(&witness, &failed).answer(&Request { method, target, body })
    }

    pub fn size(&self) -> u64 {
        self.witness().logs().expect("logs")[0].entries
    }
}

/// The checkpoint of a request with the lines of an answer behind it.
fn cosigned(request: &[u8], answer: &Answer) -> SignedCheckpoint {
    let at = request.windows(2).position(|pair| pair == b"\n\n").expect("an empty line");
    let bytes = [&request[at + 2..], &answer.body].concat();
    SignedCheckpoint::parse(&bytes).expect("a checkpoint")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_log_that_grows_is_vouched_for() {
    let setting = Setting::new();
    let key = setting.witness().key().clone();
    for (old, size) in [(0, 1), (1, 5), (5, 5), (5, 8), (8, 24)] {
        let request = setting.request(&setting.tree, old, size);
        let answer = setting.post(&request);
        assert_eq!(answer.status, 200, "{old} to {size}: {}", text(&answer.body));
        let whole = cosigned(&request, &answer);
        let found = cosignatures(&whole, std::slice::from_ref(&key)).expect("verifies");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].timestamp, TIME as u64);
        assert_eq!(text(&answer.body).lines().count(), 1);
        assert!(text(&answer.body).starts_with("\u{2014} witness.example.org/w1 "));
        let monitored = setting.send("GET", &format!("/{}/checkpoint", origin_hash(ORIGIN)), b"");
        assert_eq!(text(&monitored.body), text(&whole.to_bytes()));
    }
    assert_eq!(setting.size(), 24);
}

/// A tree of size 0 under another root, signed by the log: no code here makes one.
fn wrong_empty(log: &SigningKey) -> Vec<u8> {
    let text = format!("{ORIGIN}\n0\n{}\n", Hash([7; 32]));
    let line = sign_line(log, &text).expect("signs");
    let note = Note::assemble(&text, vec![line], Profile::Checkpoint).expect("note");
    [b"old 0\n\n", note.to_bytes().as_slice()].concat()
}

/// Everything in one table: what stands before, the request, status and body.
#[test]
fn refusals_are_those_of_the_specification() {
    let setting = Setting::new();
    let grow = |old, size| setting.request(&setting.tree, old, size);
    let body = |request: &[u8]| text(request);
    let stranger = Desk { log: SigningKey::from_seed(of(ORIGIN), &[9; 32]), ..Desk::new() };
    let unsigned = |old: u64, size| {
        AddCheckpoint::new(old, vec![], stranger.checkpoint(&setting.tree, size)).to_bytes()
    };
    let elsewhere = body(&grow(0, 5)).replace(&format!("\n\n{ORIGIN}\n"), "\n\nelsewhere\n");
    assert_eq!(setting.post(&wrong_empty(&setting.desk.log)).status, 422, "empty root");
    let with_proof =
        body(&grow(0, 5)).replacen("old 0\n", &format!("old 0\n{}\n", Hash([1; 32])), 1);
    assert_eq!(setting.post(with_proof.as_bytes()).status, 422, "a proof from nothing");
    assert_eq!(setting.post(&grow(3, 5)).body, b"0\n", "nothing was seen yet");
    assert_eq!(setting.size(), 0);
    assert_eq!(setting.post(&grow(0, 9)).status, 200);

    let broken = {
        let request = body(&grow(9, 12));
        let at = request.rfind('=').expect("base64") - 6;
        let other = if &request[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &request[..at], &request[at + 1..])
    };
    let unknown_too = {
        let line = "\u{2014} stranger.example AAAAAAA=\n";
        format!("{}{line}", body(&grow(9, 12)))
    };
    let altered = |from: &str, to: &str| {
        let request = body(&grow(9, 12)).replacen(from, to, 1);
        assert_ne!(request, body(&grow(9, 12)), "{from}");
        request.into_bytes()
    };
    let many = format!("old 9\n{}", format!("{}\n", Hash([1; 32])).repeat(64));
    let table: Vec<(u16, &str, Vec<u8>)> = vec![
        (404, "another log", elsewhere.into_bytes()),
        (403, "no trusted key", unsigned(9, 12)),
        (403, "no trusted key, before the size is told", unsigned(0, 12)),
        (403, "a line that claims to be the log's", broken.into_bytes()),
        (400, "old above new", grow(9, 8)),
        (400, "old above new, and not where we stand", grow(24, 8)),
        (409, "from nothing", grow(0, 12)),
        (409, "from before", grow(5, 12)),
        (409, "from behind", grow(10, 12)),
        (
            422,
            "no proof",
            AddCheckpoint::new(9, vec![], setting.desk.checkpoint(&setting.tree, 12)).to_bytes(),
        ),
        (422, "another history", setting.request(&setting.forked, 9, 12)),
        (422, "another root", setting.request(&setting.forked, 9, 9)),
        (
            422,
            "a proof for the same size",
            altered("old 9\n", &format!("old 9\n{}\n", Hash([1; 32]))),
        ),
        (400, "nothing", vec![]),
        (400, "no old size", altered("old 9\n", "")),
        (400, "leading zero", altered("old 9", "old 09")),
        (400, "plus", altered("old 9", "old +9")),
        (400, "two spaces", altered("old 9", "old  9")),
        (400, "minus", altered("old 9", "old -1")),
        (400, "carriage return", altered("old 9\n", "old 9\r\n")),
        (400, "no number of this world", altered("old 9", "old 18446744073709551616")),
        (400, "base64 that is none", altered("=\n\n", "\n\n")),
        (400, "no empty line", altered("=\n\n", "=\n")),
        (400, "no checkpoint", altered(&format!("{ORIGIN}\n12\n"), &format!("{ORIGIN}\n012\n"))),
        (400, "64 hashes", altered("old 9\n", &many)),
        (400, "no signature", {
            let mut cut = grow(9, 12);
            let at = body(&cut).find('\u{2014}').expect("line");
            cut.truncate(at);
            cut
        }),
        (200, "lines by strangers are ignored", unknown_too.into_bytes()),
    ];
    for (status, what, request) in table {
        let before = setting.size();
        let answer = setting.post(&request);
        assert_eq!(answer.status, status, "{what}: {}", text(&answer.body));
        if status == 409 {
            assert_eq!(answer.content_type, "text/x.tlog.size", "{what}");
            assert_eq!(text(&answer.body), "9\n", "{what}");
        }
        assert_eq!(setting.size(), if status == 200 { 12 } else { before }, "{what}");
    }
    // The stranger's line is not passed on.
    let path = format!("/{}/checkpoint", origin_hash(ORIGIN));
    assert!(!text(&setting.send("GET", &path, b"").body).contains("stranger"));
}

#[test]
fn other_ways_lead_nowhere() {
    let setting = Setting::new();
    let hash = origin_hash(ORIGIN);
    for (method, target, status) in [
        ("GET", "/add-checkpoint", 405),
        ("POST", "/", 404),
        ("POST", "/sign-subtree", 404),
        ("GET", &format!("/{hash}/checkpoint"), 404),
        ("POST", &format!("/{hash}/checkpoint"), 405),
        ("GET", "/../witness.pem/checkpoint", 404),
        ("GET", &format!("/{}/checkpoint", hash.to_uppercase()), 404),
        ("GET", "/LOCK/checkpoint", 404),
    ] {
        assert_eq!(setting.send(method, target, b"").status, status, "{method} {target}");
    }
}

/// A second key of the same log counts, and one of another name is another log.
#[test]
fn a_log_may_have_several_keys() {
    let setting = Setting::new();
    let second = SigningKey::from_seed(of(ORIGIN), &[9; 32]);
    let witness = setting.witness();
    assert!(witness.trust(second.key()).expect("trusted"));
    assert!(!witness.trust(second.key()).expect("known"));
    let desk = Desk { log: second, ..Desk::new() };
    assert_eq!(setting.post(&setting.request(&setting.tree, 0, 4)).status, 200);
    let proof = prove_consistency(&setting.tree, 4, 6).expect("proof");
    let request = AddCheckpoint::new(4, proof, desk.checkpoint(&setting.tree, 6));
    assert_eq!(setting.post(&request.to_bytes()).status, 200);
    let other: VerifierKey = SigningKey::from_seed(of("other.example"), &[3; 32]).key().clone();
    assert!(witness.trust(&other).expect("trusted"));
    assert_eq!(witness.logs().expect("logs").len(), 2);
}
