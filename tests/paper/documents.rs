//! Receipts of every shape, as values.
#![allow(dead_code)] // the tests and a bench take what they need

use media_custody::model::vocabulary::EncryptionGrade;
use media_custody::model::{Hash, Name, Phrase};
use media_custody::report::receipt::{EntryView, Head, Passed, ReceiptMedium, ReceiptView, Sealed};
use media_custody::report::witnesses::{VouchingView, WitnessesView};
use media_custody::report::{KeyView, Who};
use media_custody::wire::qr::{PayloadKind, encode};

/// What a receipt is to be like.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub drives: usize,
    pub entries: u64,
    pub witness: bool,
    pub paper: bool,
    pub draft: bool,
    pub alarms: bool,
    /// Witnesses of the log that vouch for it.
    pub cosigned: usize,
    pub name: String,
    pub purpose: String,
}

impl Default for Wanted {
    fn default() -> Self {
        Wanted {
            drives: 1,
            entries: 100_000,
            witness: false,
            paper: false,
            draft: false,
            alarms: false,
            cosigned: 0,
            name: "佐藤 一郎".into(),
            purpose: "被保険者台帳の印刷・製本".into(),
        }
    }
}

impl Wanted {
    pub fn eight() -> Self {
        Wanted { drives: 8, witness: true, alarms: true, ..Wanted::default() }
    }

    pub fn long() -> Self {
        Wanted {
            name: "Maximiliane Wilhelmine von Hohenstaufen-Württemberg 髙橋 﨑太郎 𠮷野家".into(),
            purpose: "令和八年度 被保険者台帳（要配慮個人情報を含む）の印刷・製本・封入封緘および\
                      発送業務、ならびに再委託先における検品作業のための一時的な貸与。返却後は\
                      消去証明書の提出を求める。"
                .into(),
            witness: true,
            ..Wanted::default()
        }
    }

    pub fn is_long(&self) -> bool {
        self.purpose.chars().count() > 40
    }

    /// Whether these words may stand in a statement at all.
    pub fn parses(&self) -> bool {
        self.name.parse::<Name>().is_ok() && self.purpose.parse::<Phrase>().is_ok()
    }
}

fn key(label: &str) -> KeyView {
    KeyView {
        name: format!("{label}.example.jp"),
        fingerprint: "1a2b 3c4d 5e6f 7a8b".into(),
        vkey: format!("{label}.example.jp+1a2b3c4d+{}", "A".repeat(44)),
    }
}

fn sealed(id: &str, name: &str, organisation: &str, paper: bool) -> Sealed {
    let who = Who {
        id: id.parse().expect("an id"),
        name: name.parse().ok(),
        organisation: organisation.parse().ok(),
    };
    Sealed { who, key: (!paper).then(|| key(id)) }
}

fn medium(at: usize, wanted: &Wanted) -> ReceiptMedium {
    let odd = wanted.alarms && at == 2;
    let who = |id: &str, name: &str| sealed(id, name, "静岡支部", false).who;
    let passed = Passed {
        entry: 17,
        alarms: vec!["capacity-drift".parse().expect("a word")],
        by: who("yamada", "山田 花子"),
        second: who("kato", "加藤 一"),
        reason: "修理後の容量".parse().expect("a phrase"),
    };
    ReceiptMedium {
        medium: format!("USB-{:04}", 421 + at).parse().expect("an id"),
        vid_pid: "0951:1666".parse().expect("ids"),
        serial: format!("1C6F65D8ABCDE12345{at:02}"),
        encryption: Some("luks2 aes-xts-plain64, verified".into()),
        encryption_grade: Some(match at % 3 {
            1 => EncryptionGrade::Claimed,
            _ => EncryptionGrade::Verified,
        }),
        scheme: "luks2".parse().ok(),
        cipher: if at % 3 == 1 { "unlocked" } else { "aes-xts-plain64" }.parse().ok(),
        model: "Kingston DataTraveler 3.0".parse().ok(),
        alarms: if odd { vec!["capacity-drift".into()] } else { Vec::new() },
        overrides: if odd { vec![passed] } else { Vec::new() },
    }
}

/// A note of the size it would have: two signatures are random bytes, and so is a good
/// part of everything else.
fn note(wanted: &Wanted) -> Vec<u8> {
    let random = |salt: u8, count: usize| -> String {
        let hashes = (0..count.div_ceil(32))
            .flat_map(|at| Hash::of(&[b"not secret", &[salt], &at.to_le_bytes()]).0);
        let bytes: Vec<u8> = hashes.take(count).collect();
        data_encoding::BASE64.encode(&bytes)
    };
    let signers = 2 + usize::from(wanted.witness);
    let keys: String = (0..signers)
        .map(|at| format!("receiver-key: sato.example.jp+1a2b3c4d+{}\n", random(at as u8, 33)))
        .collect();
    let media: String = (0..wanted.drives)
        .map(|at| {
            let serial = random(at as u8 + 50, 12).replace(['+', '/', '='], "0").to_uppercase();
            format!("medium: USB-{:04} 0951:1666 {serial}\n", 421 + at)
        })
        .collect();
    let signatures: String = (0..signers)
        .map(|at| format!("— sato.example.jp {}\n", random(at as u8 + 100, 68)))
        .collect();
    let text = format!(
        "custody/handover/v1\nledger: custody.example.jp/shizuoka\nreceipt: SZ-2026-000123\n\
         at: 2026-11-22T10:15:00+09:00\nseen: 1041 {}\n{media}giver: 山田 花子, 静岡支部\n{keys}\
         purpose: {}\ncontents: 氏名,住所,生年月日,電話番号\npersons: 3775\nplace: さくら印刷\n\
         nonce: {}\n\n{signatures}",
        random(200, 32),
        wanted.purpose,
        random(201, 16)
    );
    text.into_bytes()
}

const COSIGNERS: [&str; 3] = ["printer", "head-office", "監査法人"];

fn vouched(wanted: &Wanted) -> WitnessesView {
    let vouching = COSIGNERS.iter().take(wanted.cosigned).map(|name| VouchingView {
        witness: (*name).to_owned(),
        key: format!("{name}.example.jp"),
        at: "2026-11-22T18:00:00Z".to_owned(),
    });
    let (vouching, missing) = (vouching.collect(), Vec::new());
    WitnessesView { entries: wanted.entries, vouching, missing, quorum: wanted.cosigned > 1 }
}

/// A proof as long as it would be in a ledger of that many entries, with so many
/// cosignatures.
fn proof(entries: u64, cosigned: usize) -> Vec<u8> {
    let hash = |at: u32| Hash::of(&[b"a node", &at.to_le_bytes()]).to_string();
    let path: String = (0..entries.ilog2() + 1).map(|at| format!("{}\n", hash(at))).collect();
    let signature = data_encoding::BASE64
        .encode(&[hash(90).into_bytes(), hash(91).into_bytes()].concat()[..68]);
    let lines: String = (0..cosigned)
        .map(|at| {
            let line = [hash(92 + at as u32), hash(95 + at as u32)].concat().into_bytes();
            format!("\u{2014} witness.example.jp {}\n", data_encoding::BASE64.encode(&line[..76]))
        })
        .collect();
    format!(
        "c2sp.org/tlog-proof@v1\nindex {}\n{path}\ncustody.example.jp/shizuoka\n{entries}\n{}\n\n\
         — custody.example.jp/shizuoka {signature}\n{lines}",
        entries - 1,
        hash(99)
    )
    .into_bytes()
}

pub fn receipt_view(wanted: &Wanted) -> ReceiptView {
    let hash = Hash::of(&[b"a root"]);
    let codes = (!wanted.draft).then(|| media_custody::report::receipt::Codes {
        note: encode(PayloadKind::Note, &note(wanted)).expect("a code"),
        proof: encode(PayloadKind::Proof, &proof(wanted.entries, wanted.cosigned)).expect("a code"),
    });
    ReceiptView {
        ledger: "custody.example.jp/shizuoka".parse().expect("an origin"),
        receipt: "SZ-2026-000123".parse().expect("a number"),
        at: "2026-11-22T10:15:00+09:00".parse().expect("a time"),
        media: (0..wanted.drives).map(|at| medium(at, wanted)).collect(),
        giver: sealed("yamada", "山田 花子", "静岡支部", false),
        receiver: sealed("sato", &wanted.name, "さくら印刷", wanted.paper),
        witness: wanted.witness.then(|| sealed("suzuki", "鈴木 三郎", "静岡支部", false)),
        purpose: wanted.purpose.parse().expect("a phrase"),
        contents: "氏名,住所,生年月日,電話番号".parse().ok(),
        persons: Some(3_775),
        place: "さくら印刷 第二工場".parse().expect("a name"),
        due: "2026-12-06".parse().ok(),
        request: None,
        seen: Head { entries: 1_041, root: hash },
        entry: (!wanted.draft).then_some(EntryView {
            index: wanted.entries - 1,
            tree_size: Some(wanted.entries),
            leaf: Some(hash),
        }),
        attachments: Vec::new(),
        sheet: None,
        witnesses: (wanted.cosigned > 0).then(|| vouched(wanted)),
        log_key: (!wanted.draft).then(|| key("log")),
        codes,
    }
}
