//! A day at the desk of a branch office, through the library: a ledger is founded,
//! a drive registered, handed to a printing contractor, missed at a check, taken
//! back and seen again. The USB bus is a recording; all else is real.
//!
//! ```console
//! $ cargo run --example handover_day
//! ```

use std::error::Error;
use std::sync::Arc;

use media_custody::keyring::Cost;
use media_custody::ledger::Policy;
use media_custody::model::vocabulary::Role;
use media_custody::model::{MediumId, PartyRef};
use media_custody::ops::check::{ByHand, close, look};
use media_custody::ops::found::{Founding, found};
use media_custody::ops::gather::gather;
use media_custody::ops::handover::{HandoverWish, hand_over, take_back};
use media_custody::ops::keys::Keyring;
use media_custody::ops::party::{Enrolment, enrol};
use media_custody::ops::register::{RegistrationWish, register};
use media_custody::ops::verify::{Judge, log_key_beside, verify_evidence, verify_ledger};
use media_custody::ops::{Committed, Draft, Ledger, Passphrase, SystemClock, receipt};
use media_custody::report::Verdict;
use media_custody::usb::recorded::{RecordedBus, Recording};
use media_custody::wire::signature::SigningKey;

const ORIGIN: &str = "custody.example.jp/shizuoka";
const CABINET: &str = "静岡支部保管庫";

type Anything<T> = Result<T, Box<dyn Error>>;

/// Everybody's key in one hand, which only an example may do.
struct Desk {
    ledger: Ledger,
    keys: Vec<SigningKey>,
}

impl Desk {
    /// Lets everybody sign whom the draft asks for, and appends it.
    fn conclude(&mut self, mut draft: Draft) -> Anything<Committed> {
        let asked: Vec<_> = draft.missing().into_iter().cloned().collect();
        for key in &self.keys {
            use media_custody::ops::Signer as _;
            if asked.contains(key.key()) {
                draft.sign(key)?;
            }
        }
        Ok(self.ledger.submit(&[draft])?.remove(0))
    }
}

fn person(id: &str, name: &str, organisation: &str) -> Anything<PartyRef> {
    Ok(PartyRef::new(id.parse()?, name.parse()?, Some(organisation.parse()?))?)
}

fn main() -> Anything<()> {
    let folder = tempfile::tempdir()?;
    let recording = Recording::parse(include_bytes!("../tests/devices/tour.json"))?;
    let bus = |frame| RecordedBus::frame(&recording, Some(frame));

    // Morning: two people found the ledger; each enrolment is signed by two as well.
    let keyring = Keyring::at(&folder.path().join("keys"));
    let words = Passphrase::new("an example, not a secret".to_owned())?;
    let mut keys = Vec::new();
    for id in ["kato", "yamada", "sato", "sasaki"] {
        // A quick key derivation, so that the example is quick; never for real keys.
        keys.push(keyring.create(
            format!("{id}.{ORIGIN}").parse()?,
            &words,
            Cost::INSECURE_QUICK,
        )?);
    }
    let founding = Founding {
        origin: ORIGIN.parse()?,
        organisation: "静岡健保組合".parse()?,
        site: "静岡支部".parse()?,
        zone: "Asia/Tokyo".parse()?,
        receipt_prefix: "SZ".parse()?,
        administrator: person("kato", "加藤 一", "静岡支部")?,
        custodian: person("yamada", "山田 花子", "静岡支部")?,
        policy: Policy::of_a_new_ledger(),
    };
    let home = folder.path().join("ledger");
    let (ledger, _) = found(&home, &founding, &keys[0], &keys[1], Arc::new(SystemClock))?;
    let mut desk = Desk { ledger, keys };
    for (id, name, organisation, role, key) in [
        ("sato", "佐藤 一郎", "さくら印刷", Role::Outside, 2),
        ("sasaki", "佐々木 次郎", "静岡支部", Role::Staff, 3),
    ] {
        use media_custody::ops::Signer as _;
        let key = Some(desk.keys[key].key().clone());
        let party = person(id, name, organisation)?;
        let by = "yamada".parse()?;
        let draft =
            enrol(&desk.ledger, Enrolment { party, roles: vec![role], key, renew: false, by })?;
        desk.conclude(draft)?;
    }

    // 9:00, a drive is plugged in and registered.
    let drive: MediumId = "USB-0421".parse()?;
    let wish = RegistrationWish {
        id: drive.clone(),
        device: None,
        home: CABINET.parse()?,
        owner: None,
        class: "被保険者台帳".parse()?,
        interval_days: None,
        weak: false,
        encryption: Some("luks2".parse()?),
        detail: None,
        by: "yamada".parse()?,
    };
    let draft = register(&desk.ledger, &bus("home")?, wish)?.draft;
    let entry = desk.conclude(draft)?;
    println!("entry {}: {drive} is registered", entry.index);

    // 10:15, it goes to the printing contractor. Both sign; both keep the receipt.
    let due = desk.ledger.now()?.day().plus(14);
    let wish = || -> Anything<HandoverWish> {
        Ok(HandoverWish {
            media: vec![drive.clone()],
            giver: "yamada".parse()?,
            receiver: "sato".parse()?,
            witness: None,
            purpose: "被保険者台帳の印刷・製本".parse()?,
            contents: Some("氏名,住所,生年月日".parse()?),
            persons: Some(3_775),
            place: None,
            due: Some(due),
            request: None,
            alarms: Vec::new(),
            news: Default::default(),
        })
    };
    let draft = hand_over(&desk.ledger, wish()?)?;
    let entry = desk.conclude(draft)?;
    let issued = receipt::issue(&mut desk.ledger, entry.index)?;
    let file = folder.path().join("handover.receipt");
    std::fs::write(&file, issued.receipt.to_bytes())?;
    println!("entry {}: receipt {}, due back {due}", entry.index, issued.view.receipt);

    // Handing over what one does not hold is refused, with the reason.
    let refused = hand_over(&desk.ledger, wish()?).expect_err("she has it no longer");
    println!("refused: {refused}");

    // The contractor verifies the receipt with the log key alone.
    let log_key = log_key_beside(&home)?;
    let evidence = gather(&[file.display().to_string()], None)?;
    assert!(verify_evidence(&evidence, &Judge::LogKey(&log_key))?.passed());
    println!("the receipt verifies offline");

    // 15:00, it comes back and is locked away; 17:00, somebody who does not hold it checks.
    let draft = take_back(
        &desk.ledger,
        vec![drive.clone()],
        "yamada".parse()?,
        None,
        "返却".parse()?,
        Default::default(),
    )?;
    desk.conclude(draft)?;
    for (frame, all_there) in [("returned", true), ("taken", false), ("home", true)] {
        let round = look(
            desk.ledger.state(),
            Some(&bus(frame)?),
            (&CABINET.parse()?, None),
            ByHand::default(),
        )?;
        assert_eq!(round.outcome.is_clean(), all_there);
        let draft = close(&desk.ledger, &round, None, ("sasaki".parse()?, None))?;
        let entry = desk.conclude(draft)?;
        println!(
            "entry {}: check, {}",
            entry.index,
            if all_there { "all there" } else { "ONE MISSING" }
        );
    }

    // Evening: the whole ledger is verified from its files.
    drop(desk);
    let report = verify_ledger(&home, Some(&log_key), &mut |_, _| {})?;
    assert_eq!(report.verdict, Verdict::Passed);
    assert_eq!((report.entries, report.signatures), (11, 17));
    println!("{} entries and {} signatures verified", report.entries, report.signatures);
    Ok(())
}
