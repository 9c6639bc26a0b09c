//! Every report of the story, and how each is shown.

use media_custody::audit::{Audit, Auditor, Cause};
use media_custody::ledger::schedule::Standing;
use media_custody::model::evidence::{
    Evidence, Keyslot, LuksSequence, Mark, MarkKind, Place, ReadMeter, Reason, Unread,
    VolumeFinding,
};
use media_custody::model::hardware::Grade;
use media_custody::model::statement::{Check, Handover};
use media_custody::model::vocabulary::EncryptionGrade;
use media_custody::model::{Stamp, Statement};
use media_custody::proof::checkpoint::Checkpoint;
use media_custody::proof::inclusion::prove_inclusion;
use media_custody::proof::memory::MemoryTree;
use media_custody::proof::receipt::Receipt;
use media_custody::proof::tlog_proof::TlogProof;
use media_custody::render::json::to_json;
use media_custody::render::text::{self, Style};
use media_custody::report::receipt::EntryView;
use media_custody::report::scan::{FamilyClaim, KnownAs, ReadRow};
use media_custody::report::*;
use media_custody::wire::Note;

use crate::fixture::{ORIGIN, World, signing_key, vkey};
use crate::lifecycle::Lifecycle;
use crate::over_the_log::OverTheLog;
use crate::story::{self, id, now};

/// Every report of the story.
pub struct Shown {
    status: Status,
    missing: MediumView,
    paper: MediumView,
    weak: MediumView,
    log: LogView,
    receipt: ReceiptView,
    receipt_paper: ReceiptView,
    draft: ReceiptView,
    parties: PartyList,
    party: PartyView,
    ledger_green: LedgerVerification,
    ledger_red: LedgerVerification,
    verified: ReceiptVerification,
    verified_paper: ReceiptVerification,
    refused: ReceiptVerification,
    half: ReceiptVerification,
    check: CheckReport,
    registration: RegistrationView,
    registration_weak: RegistrationView,
    scan: ScanReport,
    probe: EvidenceReport,
    unsigned: Statement,
    policy: media_custody::ledger::Policy,
    lifecycle: Lifecycle,
    pub over_the_log: OverTheLog,
}

impl Shown {
    pub fn of(world: &World) -> Self {
        let state = &world.state;
        let history: Vec<(u64, Statement)> =
            (0..).zip(world.entries.iter().map(|entry| entry.statement.clone())).collect();
        let medium = |name| MediumView::new(state, &id(name), now(), &history).expect("registered");
        let (said, index) = handover(&history, "SZ-2026-000003");
        let (on_paper, paper_index) = handover(&history, "SZ-2026-000002");
        let entry = |index: u64| {
            let leaf = world.entries[usize::try_from(index).expect("small")].leaf;
            Some(EntryView { index, tree_size: Some(state.size), leaf: Some(leaf) })
        };
        let notes: Vec<Note> = world.entries.iter().map(|entry| entry.note.clone()).collect();
        Shown {
            status: Status::new(state, now()),
            missing: medium("USB-0420"),
            paper: medium("USB-0422"),
            weak: medium("USB-0424"),
            log: LogView::new(&history, state),
            receipt: ReceiptView::new(&said, entry(index))
                .with_codes("CN1:AB".to_owned(), "CP1:CD".to_owned()),
            receipt_paper: ReceiptView::new(&on_paper, entry(paper_index)),
            draft: ReceiptView::new(&said, None),
            parties: PartyList::new(state),
            party: PartyView::new(state, &"suzuki".parse().expect("id")).expect("enrolled"),
            ledger_green: LedgerVerification::new(&audit(&notes, false), state.log_key()),
            ledger_red: LedgerVerification::new(&audit(&notes, true), None),
            verified: verified(&notes, &said, index, JudgedBy::LogKey),
            verified_paper: verified(&notes, &on_paper, paper_index, JudgedBy::Ledger),
            refused: refused(&notes, &said, index),
            half: ReceiptVerification::new(Some(&said), JudgedBy::LogKey).with(
                "signatures",
                true,
                "3 of 3 signatures hold".to_owned(),
            ),
            check: checked(state, &history),
            registration: RegistrationView::new(state, &id("USB-0421")).expect("registered"),
            registration_weak: RegistrationView::new(state, &id("USB-0424")).expect("registered"),
            scan: scanned(state, now()),
            probe: probed(),
            unsigned: history
                .iter()
                .find(|(_, said)| said.kind() == "register")
                .map(|(_, said)| said.clone())
                .expect("a registration"),
            policy: state.policy.clone(),
            lifecycle: Lifecycle::of(&story::ended()),
            over_the_log: OverTheLog::of(&story::ended()),
        }
    }

    /// Every report as text.
    pub fn texts(&self, style: Style) -> Vec<(&'static str, String)> {
        let code = "██▀▄██\n██▄▀██\n";
        let mut all = vec![
            ("status", text::status(&self.status, style)),
            ("medium-missing", text::medium(&self.missing, style)),
            ("medium-paper", text::medium(&self.paper, style)),
            ("medium-weak", text::medium(&self.weak, style)),
            ("log", text::log(&self.log, style)),
            ("receipt", text::receipt(&self.receipt, Some((code, code)), style)),
            ("receipt-paper", text::receipt(&self.receipt_paper, None, style)),
            ("receipt-draft", text::receipt(&self.draft, None, style)),
            ("parties", text::parties(&self.parties, style)),
            ("party", text::party(&self.party, style)),
            ("verify-green", text::ledger_verification(&self.ledger_green, style)),
            ("verify-red", text::ledger_verification(&self.ledger_red, style)),
            ("verify-receipt", text::receipt_verification(&self.verified, style)),
            ("verify-receipt-paper", text::receipt_verification(&self.verified_paper, style)),
            ("verify-receipt-refused", text::receipt_verification(&self.refused, style)),
            ("verify-receipt-half", text::receipt_verification(&self.half, style)),
            ("check", text::check(&self.check, style)),
            ("registration", text::registration(&self.registration, code, style)),
            ("registration-weak", text::registration(&self.registration_weak, "", style)),
            ("scan", text::scan(&self.scan, style)),
            ("probe", text::evidence(&self.probe, style)),
            ("to-sign", text::statement_summary(&self.unsigned, style)),
            ("policy", text::policy(&self.policy, style)),
        ];
        all.extend(self.lifecycle.texts(style));
        all.extend(self.over_the_log.texts(style));
        all
    }

    /// Every report as JSON.
    pub fn json(&self) -> Vec<(&'static str, String)> {
        let mut all = vec![
            ("status", to_json(&self.status)),
            ("medium", to_json(&self.paper)),
            ("log", to_json(&self.log)),
            ("receipt", to_json(&self.receipt)),
            ("party", to_json(&self.party)),
            ("verify", to_json(&self.ledger_red)),
            ("verify-receipt", to_json(&self.verified)),
            ("check", to_json(&self.check)),
            ("registration", to_json(&self.registration_weak)),
            ("scan", to_json(&self.scan)),
            ("probe", to_json(&self.probe)),
        ];
        all.extend(self.lifecycle.json());
        all.extend(self.over_the_log.json());
        all
    }
}

pub fn handover(history: &[(u64, Statement)], number: &str) -> (Handover, u64) {
    history
        .iter()
        .find_map(|(index, said)| match said {
            Statement::Handover(said) if said.receipt.to_string() == number => {
                Some((said.as_ref().clone(), *index))
            }
            _ => None,
        })
        .expect("the handover")
}

fn checked(state: &media_custody::ledger::State, history: &[(u64, Statement)]) -> CheckReport {
    let (index, said): (u64, &Check) = history
        .iter()
        .find_map(|(index, said)| match said {
            Statement::Check(said) => Some((*index, said.as_ref())),
            _ => None,
        })
        .expect("a check");
    CheckReport::new(state, said, Some(index))
}

fn tree(notes: &[Note]) -> MemoryTree {
    notes.iter().map(|note| media_custody::proof::tree::leaf_hash(&note.to_bytes())).collect()
}

/// The audit of the story, or of one in which somebody changed an entry.
fn audit(notes: &[Note], altered: bool) -> Audit {
    let size = notes.len() as u64;
    let checkpoint = Checkpoint::new(ORIGIN, size, tree(notes).root()).expect("checkpoint");
    let checkpoint = checkpoint.sign(&signing_key("log")).expect("signs");
    let mut bytes: Vec<Vec<u8>> = notes.iter().map(Note::to_bytes).collect();
    let mut auditor = Auditor::new();
    if altered {
        let text = String::from_utf8(bytes[17].clone()).expect("text");
        bytes[17] = text.replace("2026-11-15", "2026-12-15").into_bytes();
        auditor.report(Some(3), Cause::Stored("the frame's checksum differs".to_owned()));
    }
    auditor.take(&bytes);
    auditor.finish(Some(&checkpoint.to_bytes()), Some(&vkey("log")))
}

fn receipt_of(notes: &[Note], index: u64) -> Receipt {
    let (tree, size) = (tree(notes), notes.len() as u64);
    let checkpoint = Checkpoint::new(ORIGIN, size, tree.root()).expect("checkpoint");
    let checkpoint = checkpoint.sign(&signing_key("log")).expect("signs");
    let path = prove_inclusion(&tree, index, size).expect("an entry");
    let note = notes[usize::try_from(index).expect("small")].clone();
    Receipt::new(note, TlogProof::new(index, path, checkpoint)).expect("receipt")
}

fn verified(notes: &[Note], said: &Handover, index: u64, by: JudgedBy) -> ReceiptVerification {
    let receipt = receipt_of(notes, index);
    let statement = Statement::from(said.clone());
    let required: Vec<_> = statement.signers().into_iter().cloned().collect();
    let outcome = receipt.verify(&required, &vkey("log"));
    ReceiptVerification::new(Some(said), by).with_receipt(&receipt, &outcome)
}

/// The same with one word changed.
fn refused(notes: &[Note], said: &Handover, index: u64) -> ReceiptVerification {
    let bytes = receipt_of(notes, index).to_bytes();
    let altered = String::from_utf8(bytes).expect("text").replace("3775", "3");
    let receipt = Receipt::parse(altered.as_bytes()).expect("well formed all the same");
    let statement = Statement::from(said.clone());
    let required: Vec<_> = statement.signers().into_iter().cloned().collect();
    let outcome = receipt.verify(&required, &vkey("log"));
    let said = Handover { persons: Some(3), ..said.clone() };
    ReceiptVerification::new(Some(&said), JudgedBy::LogKey).with_receipt(&receipt, &outcome)
}

/// A LUKS2 partition beside a readable one.
fn probed() -> EvidenceReport {
    let word = |text: &str| text.parse().ok();
    let luks = VolumeFinding {
        place: Place::Partition(1),
        start: 1 << 20,
        length: 30 << 30,
        grade: EncryptionGrade::Verified,
        scheme: word("luks2"),
        cipher: word("aes-xts-plain64"),
        key_bits: Some(512),
        content: None,
        label: Some("ward 7".to_owned()),
        keyslots: vec![Keyslot {
            number: 0,
            kdf: word("argon2id"),
            iterations: Some(4),
            memory_kib: Some(1 << 20),
            lanes: Some(4),
        }],
        blank: false,
        reasons: vec![Reason::LuksHeader, Reason::UnwrittenArea],
    };
    let fat = VolumeFinding {
        place: Place::Partition(2),
        start: 31 << 30,
        length: 1 << 30,
        grade: EncryptionGrade::None,
        scheme: None,
        cipher: None,
        key_bits: None,
        content: word("fat32"),
        label: Some("DATA\u{1b}[2J".to_owned()),
        keyslots: Vec::new(),
        reasons: vec![Reason::PlaintextFilesystem],
        ..luks.clone()
    };
    let mark = |kind, value| Mark::new(kind, value).expect("an identifier");
    let evidence = Evidence {
        grade: EncryptionGrade::Partial,
        scheme: luks.scheme.clone(),
        cipher: luks.cipher.clone(),
        volumes: vec![luks, fat],
        marks: vec![
            mark(MarkKind::Gpt, "0b2d1c5e-5f0e-4c8b-9a58-3a1f5a0c7d11"),
            mark(MarkKind::Luks, "6f1c9e0a-2a1b-4d3f-9c58-0f3f5f0f7a11"),
            mark(MarkKind::Filesystem, "020A-D3E4"),
        ],
        luks_sequence: Some(7),
        luks_sequences: vec![LuksSequence {
            volume: word("6f1c9e0a-2a1b-4d3f-9c58-0f3f5f0f7a11").expect("a UUID"),
            number: 7,
        }],
        read: ReadMeter { bytes: 431_104, reads: 84, of: 32 << 30 },
        reasons: vec![Reason::PlaintextPartition],
    };
    EvidenceReport::new("/dev/sdb".to_owned(), evidence)
}

fn scanned(state: &media_custody::ledger::State, _now: Stamp) -> ScanReport {
    let medium = &state.media[&id("USB-0421")];
    let known = KnownAs {
        medium: medium.line.id.clone(),
        home: medium.home.clone(),
        holder: Who::of(state, &medium.custody.holder),
        due: medium.custody.due,
        standing: Standing::Out,
        certain: true,
    };
    let row = ScanRow {
        position: "1-2.4".to_owned(),
        vid_pid: medium.line.vid_pid,
        vendor_name: Some("Kingston Technology".to_owned()),
        product_name: Some("DataTraveler 100 G3/G4/SE9 G2".to_owned()),
        serial: Some(medium.line.serial.to_string()),
        serial_grade: Some(Grade::A),
        grade_reasons: Vec::new(),
        capacity: Some(31_004_295_168),
        block_devices: vec!["sda".to_owned()],
        encryption: Some("luks2 aes-xts-plain64, verified".to_owned()),
        known: Some(known),
        oddities: Vec::new(),
        read: Some(ReadRow::unread(Unread::NoPermission)),
        alarms: vec![words::alarm("capacity-drift")],
        family: None,
    };
    let stranger = ScanRow {
        position: "1-3".to_owned(),
        product_name: None,
        serial: Some("-".to_owned()),
        serial_grade: Some(Grade::C),
        grade_reasons: vec!["no serial number".to_owned()],
        capacity: None,
        block_devices: Vec::new(),
        encryption: None,
        known: None,
        read: None,
        oddities: vec!["storage with a keyboard or other input device (03:01:01)".to_owned()],
        family: Some(FamilyClaim {
            name: "Kingston DataTraveler Vault Privacy".to_owned(),
            note: "kingston-datatraveler-vault-privacy.md".to_owned(),
            encryption: "hardware".to_owned(),
            state: Some("locked".to_owned()),
            verdict: "encryption claimed by the model, state locked seen".to_owned(),
            serial: "unknown".to_owned(),
            quirk: Some("needs two drive letters".to_owned()),
            evidence: "read".to_owned(),
        }),
        ..row.clone()
    };
    ScanReport {
        bus: "recording tour.json".to_owned(),
        devices: vec![row, stranger],
        notices: Vec::new(),
    }
}
