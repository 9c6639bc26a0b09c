//! What the benches share: a large ledger of real, signed statements, made within
//! seconds, and the rows that `benches/table` gathers.
#![allow(dead_code)] // each bench takes what it needs

pub mod peers;

use std::collections::{HashMap, VecDeque};
use std::fmt::Display;
use std::path::Path;
use std::time::{Duration, Instant};

use media_custody::ledger::intent::{HandOver, Registration};
use media_custody::ledger::{Frame, Intent, State, decide, judge};
use media_custody::model::hardware::Grade;
use media_custody::model::statement::Sighting;
use media_custody::model::vocabulary::{Role, SightingGrade};
use media_custody::model::{
    Hash, MediumId, MediumLine, Name, Nonce, PartyId, PartyRef, ReceiptId, Seen, Signatory, Stamp,
    Statement,
};
use media_custody::ops::ledger::options;
use media_custody::proof::checkpoint::Checkpoint;
use media_custody::proof::tree::{Frontier, leaf_hash};
use media_custody::store::{FileStore, Store};
use media_custody::wire::note::{Note, Profile, SignatureLine};
use media_custody::wire::signature::{Signer, SigningKey};
use media_custody::wire::statement;
use rayon::prelude::*;

pub const ORIGIN: &str = "custody.example.jp/shizuoka";
/// Statements made and signed at a time. Fewer than the receipt numbers that may
/// be out for signature at once.
pub const BATCH: usize = 100;

/// When everything in these ledgers happens.
pub const NOW: &str = "2026-04-01T09:00:00+09:00";
const YEAR: u16 = 2026;

const FAMILY: [&str; 6] = ["山田", "佐藤", "鈴木", "田中", "森", "高橋"];

/// The key that `label` names. Public, so never to be used for anything else.
pub fn signing_key(label: &str) -> SigningKey {
    let name = if label == "log" { ORIGIN.to_owned() } else { format!("{label}.example.jp") };
    let seed = Hash::of(&[b"custody bench key, never use: ", label.as_bytes()]);
    SigningKey::from_seed(name.parse().expect("a key name"), seed.as_bytes())
}

pub fn medium_id(number: usize) -> MediumId {
    format!("USB-{number:05}").parse().expect("an asset id")
}

fn keeper(number: usize) -> String {
    format!("keeper-{}", number % FAMILY.len())
}

fn keeper_id(number: usize) -> PartyId {
    keeper(number).parse().expect("a party id")
}

fn text<T: std::str::FromStr<Err: std::fmt::Debug>>(value: &str) -> T {
    value.parse().expect("a value")
}

/// The handover of one medium by its holder to the next custodian, with the
/// `ahead`-th receipt number not yet used.
pub fn handover(state: &State, number: usize, ahead: usize) -> Intent {
    let id = medium_id(number);
    let giver = state.media[&id].custody.holder.clone();
    let receiver = (0..FAMILY.len()).map(keeper_id).position(|party| party == giver);
    let receiver = keeper_id(receiver.map_or(0, |at| at + 1));
    let used = state.receipts.get(&YEAR).map_or(0, |numbers| numbers.last);
    let receipt = ReceiptId::new(text("SZ"), YEAR as i16, used + 1 + ahead as u32);
    Intent::HandOver(Box::new(HandOver {
        receipt: receipt.expect("a receipt number"),
        media: vec![id],
        giver,
        receiver,
        witness: None,
        purpose: text("被保険者台帳の印刷・製本"),
        contents: Some(text("氏名,住所,生年月日,電話番号")),
        persons: Some(3_775),
        place: text("さくら印刷 第二工場"),
        due: Some(text::<Stamp>("2026-05-31T00:00:00+09:00").day()),
        request: None,
        news: Default::default(),
        alarm: Vec::new(),
    }))
}

/// A ledger that grows in memory: state, tree and keys. Its notes are handed out
/// as they are made.
pub struct Author {
    pub state: State,
    pub frontier: Frontier,
    keys: HashMap<[u8; 32], SigningKey>,
    /// The newest [`BATCH`] heads, oldest first.
    heads: VecDeque<Seen>,
    clock: Stamp,
    nonces: u64,
}

impl Author {
    /// A ledger with an administrator, six custodians and `media` media, and its
    /// notes so far.
    pub fn founded(media: usize) -> (Self, Vec<Vec<u8>>) {
        let people = (0..FAMILY.len()).map(keeper).chain(["log".to_owned(), "admin".to_owned()]);
        let keys: Vec<SigningKey> = people.map(|label| signing_key(&label)).collect();
        let mut author = Author {
            state: State::default(),
            frontier: Frontier::new(),
            keys: keys.into_iter().map(|key| (*key.key().public(), key)).collect(),
            heads: VecDeque::new(),
            clock: text(NOW),
            nonces: 0,
        };
        let mut notes = author.append(vec![author.genesis()]);
        for (number, family) in FAMILY.iter().enumerate() {
            let party = format!("{} {family} 花子, 静岡支部", keeper(number));
            let intent = Intent::Enrol {
                party: text(&party),
                roles: vec![Role::Custodian],
                key: Some(signing_key(&keeper(number)).key().clone()),
                renew: false,
                by: text("admin"),
            };
            let said = author.decide(intent);
            notes.extend(author.append(vec![said]));
        }
        for first in (0..media).step_by(BATCH) {
            let batch = first..media.min(first + BATCH);
            let said = batch.map(|number| author.registration(number)).collect();
            notes.extend(author.append(said));
        }
        (author, notes)
    }

    fn frame(&mut self) -> Frame {
        self.nonces += 1;
        let hash = Hash::of(&[b"nonce", &self.nonces.to_be_bytes()]);
        let nonce = Nonce(hash.0[..16].try_into().expect("16 bytes"));
        Frame { at: self.clock, seen: self.head(), nonce }
    }

    pub fn head(&self) -> Seen {
        Seen { size: self.frontier.size(), root: self.frontier.root() }
    }

    fn decide(&mut self, intent: Intent) -> Statement {
        let frame = self.frame();
        decide(&self.state, intent, frame).expect("an entry that is allowed")
    }

    fn genesis(&self) -> Statement {
        let (log, admin) = (signing_key("log"), signing_key("admin"));
        let seen = self.head();
        let nonce = Nonce([7; 16]);
        statement::parse(&format!(
            "custody/genesis/v1\nledger: {ORIGIN}\nat: {}\nseen: {seen}\n\
             organisation: 静岡健康保険組合\nsite: 静岡支部\nzone: Asia/Tokyo\n\
             receipt-prefix: SZ\nlog-key: {}\nadministrator: admin 管理 太郎, 静岡支部\n\
             administrator-key: {}\nnonce: {nonce}\n",
            self.clock,
            log.key(),
            admin.key()
        ))
        .expect("a genesis")
    }

    fn registration(&mut self, number: usize) -> Statement {
        let medium: MediumLine =
            text(&format!("{} 0951:1666 1C6F65D8{:012X}", medium_id(number), number * 7919));
        let encryption = text(&format!("{} luks2 aes-xts-plain64 verified", medium.id));
        self.decide(Intent::Register(Box::new(Registration {
            medium,
            grade: Grade::A,
            product: Some(text("Kingston DataTraveler 3.0")),
            capacity: Some(15_502_147_584),
            release: Some(text("0110")),
            configurations: Some(1),
            interfaces: Some(text("08:06:50")),
            inquiry: vec![text("disk Kingston DataTraveler 3.0 PMAP")],
            sequence: Vec::new(),
            mark: vec![text("luks 6f1c9e0a-2a1b-4d3f-9c58-0f3f5f0f7a11")],
            encryption,
            home: text("書庫 3"),
            owner: text("総務課"),
            class: text("被保険者台帳"),
            interval_days: None,
            alarm: Vec::new(),
            detail: None,
            by: keeper_id(number),
        })))
    }

    /// The next [`BATCH`] handovers over `media` media, from number `first` on. Each
    /// saw another head of the log, as drafts do that are signed while others are
    /// appended.
    pub fn handovers(&mut self, first: usize, media: usize) -> Vec<Vec<u8>> {
        let heads: Vec<Seen> = self.heads.iter().copied().collect();
        let said = heads.into_iter().enumerate().map(|(at, seen)| {
            let intent = handover(&self.state, (first + at) % media, at);
            let frame = Frame { seen, ..self.frame() };
            decide(&self.state, intent, frame).expect("a handover that is allowed")
        });
        let said = said.collect();
        self.append(said)
    }

    /// Sightings of `count` media from number `first` on, one signature each: the
    /// cheapest entry there is.
    pub fn sightings(&mut self, first: usize, count: usize, media: usize) -> Vec<Vec<u8>> {
        let place: Name = text("書庫 3");
        let said = (first..first + count).map(|number| {
            let medium = &self.state.media[&medium_id(number % media)];
            let line = medium.line.clone();
            let sees = keeper_id(number % media + 1);
            let known = &self.state.parties[&sees];
            let by = Signatory {
                party: PartyRef::clone(&known.party),
                key: known.key.clone().expect("a key"),
            };
            let Frame { at, seen, nonce } = self.frame();
            Statement::from(Sighting {
                ledger: text(ORIGIN),
                at,
                seen,
                medium: line,
                grade: SightingGrade::Profile,
                place: place.clone(),
                token: None,
                alarm: Vec::new(),
                detail: None,
                by,
                nonce,
            })
        });
        let said = said.collect();
        self.append(said)
    }

    /// Judges, signs on all cores and folds. The batch was decided against one
    /// state, so its entries must not touch one another.
    fn append(&mut self, said: Vec<Statement>) -> Vec<Vec<u8>> {
        for statement in &said {
            judge(&self.state, statement, self.clock).expect("an entry that is allowed");
        }
        let keys = &self.keys;
        let signed = said.into_par_iter().map(|statement| {
            let note = sign(keys, &statement).to_bytes();
            (leaf_hash(&note), note, statement)
        });
        let signed: Vec<(Hash, Vec<u8>, Statement)> = signed.collect();
        let mut notes = Vec::with_capacity(signed.len());
        for (leaf, note, statement) in signed {
            self.heads.push_back(self.head());
            if self.heads.len() > BATCH {
                self.heads.pop_front();
            }
            self.frontier.push(leaf);
            self.state.apply(leaf, &statement);
            notes.push(note);
        }
        notes
    }

    /// The signed checkpoint over everything so far.
    pub fn checkpoint(&self) -> Vec<u8> {
        let Seen { size, root } = self.head();
        let checkpoint = Checkpoint::new(ORIGIN, size, root).expect("a checkpoint");
        checkpoint.sign(&signing_key("log")).expect("a signature").to_bytes()
    }
}

/// Signs without checking each signature again, which is half of the time.
fn sign(keys: &HashMap<[u8; 32], SigningKey>, said: &Statement) -> Note {
    let text = statement::to_text(said);
    let lines = said.signers().into_iter().map(|key| SignatureLine {
        name: key.name().as_str().to_owned(),
        id: key.id(),
        bytes: keys[key.public()].sign(text.as_bytes()).expect("a signature").to_vec(),
    });
    Note::assemble(&text, lines.collect(), Profile::Statement).expect("a note")
}

/// A ledger on disk that is filled from an [`Author`].
pub fn create(folder: &Path) -> FileStore {
    FileStore::create(folder, &options()).expect("a new ledger");
    FileStore::open(folder, &options(), &mut |_, _| {}).expect("a ledger")
}

pub fn append(store: &mut FileStore, notes: &[Vec<u8>]) {
    store.append(store.head().size, notes).expect("an append");
}

/// A folder on the disk the bench is built on; the folder for temporary files is
/// in memory on some machines, where a sync costs nothing.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

/// Runs `work` and says how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let done = work();
    (done, begin.elapsed())
}

/// Several measurements of one number.
pub struct Spread(Vec<f64>);

impl Spread {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Spread(values)
    }

    pub fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    pub fn least(&self) -> f64 {
        self.0[0]
    }

    pub fn most(&self) -> f64 {
        self.0[self.0.len() - 1]
    }
}

impl Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} ({:.2} to {:.2})", self.median(), self.least(), self.most())
    }
}

/// One row of the table.
pub fn row(what: &str, limit: &str, measured: impl Display, verdict: Verdict) {
    let verdict = match verdict {
        Verdict::Met => "met",
        Verdict::Missed => "missed",
        Verdict::None => "-",
    };
    println!("row | {what} | {limit} | {measured} | {verdict}");
}

/// What a measurement says of its limit.
#[derive(Clone, Copy)]
pub enum Verdict {
    Met,
    Missed,
    /// There is no limit.
    None,
}

impl Verdict {
    pub fn of(met: bool) -> Self {
        if met { Verdict::Met } else { Verdict::Missed }
    }
}
