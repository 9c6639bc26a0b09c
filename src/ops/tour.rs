//! The guided tour's doings: the whole product once, on a recorded bus, with
//! throw-away keys and a clock that is moved by hand.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::alarms::Looked;
use super::check::{ByHand, close, look};
use super::clock::{Clock, FixedClock, SystemClock};
use super::error::OpsError;
use super::found::{Founding, found};
use super::handover::{HandoverWish, hand_over, take_back};
use super::keys::Keyring;
use super::ledger::{Committed, LOG_KEY_FILE, LOG_VKEY_FILE, Ledger, options};
use super::party::{Enrolment, enrol};
use super::register::{RegistrationWish, register};
use super::{Draft, receipt, verify};
use crate::keyring::{self, Cost, KeyringError, Passphrase};
use crate::ledger::Policy;
use crate::model::vocabulary::Role;
use crate::model::{MediumId, Name, PartyId, PartyRef, Statement};
use crate::ops::receipt::IssuedReceipt;
use crate::proof::checkpoint::Checkpoint;
use crate::report::verification::LedgerVerification;
use crate::report::{CheckReport, RegistrationView};
use crate::store::{FileStore, Store};
use crate::usb::recorded::{RecordedBus, Recording};
use crate::usb::{Bus, BusError};
use crate::wire::signature::{Signer as _, SigningKey};

/// The recorded devices: one stick over some weeks, and things that happen to it.
const RECORDING: &[u8] = include_bytes!("../../tests/devices/tour.json");
/// The passphrase of all the tour's keys.
pub const PASSPHRASE: &str = "a tour, not a secret";
/// Days between founding and today.
const DAYS: i64 = 40;
const DAY: i64 = 86_400;
/// The drive's home.
pub const HOME: &str = "静岡支部保管庫";

/// A tour under way.
pub struct Tour {
    folder: PathBuf,
    clock: Arc<FixedClock>,
    began: i64,
    recording: Recording,
    signers: Vec<(PartyId, SigningKey)>,
    ledger: Ledger,
}

/// Text that stands in this file is sound; an error would be a slip of ours and
/// is reported like any other.
fn fixed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, OpsError> {
    text.parse().map_err(|error: T::Err| OpsError::input(text, error))
}

fn person(id: &str, name: &str, organisation: &str) -> Result<PartyRef, OpsError> {
    PartyRef::new(fixed(id)?, fixed(name)?, Some(fixed(organisation)?))
        .map_err(|error| OpsError::input(id, error))
}

impl Tour {
    /// Founds the tour's ledger in `folder`, 40 days ago, and enrols four people.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn begin(folder: &Path) -> Result<Self, OpsError> {
        std::fs::create_dir_all(folder.join("receipts"))
            .map_err(|error| OpsError::file("cannot make the folder", folder, error))?;
        let secret = folder.join("passphrase.txt");
        std::fs::write(&secret, format!("{PASSPHRASE}\n"))
            .map_err(|error| OpsError::file("cannot write", &secret, error))?;
        let began = SystemClock.unix() - DAYS * DAY;
        let clock = Arc::new(FixedClock::at(began));
        let keyring = Keyring::at(&folder.join("keys"));
        let origin = "custody.example.jp/tour";
        let signers = ["kato", "yamada", "sato", "sasaki"]
            .into_iter()
            .map(|id| {
                let words = Passphrase::new(PASSPHRASE.to_owned()).map_err(KeyringError::from)?;
                let key = keyring.create(
                    fixed(&format!("{id}.{origin}"))?,
                    &words,
                    Cost::INSECURE_QUICK,
                )?;
                Ok((fixed(id)?, key))
            })
            .collect::<Result<Vec<_>, OpsError>>()?;
        let founding = Founding {
            origin: fixed(origin)?,
            organisation: fixed("静岡健保組合")?,
            site: fixed("静岡支部")?,
            zone: fixed("Asia/Tokyo")?,
            receipt_prefix: fixed("SZ")?,
            administrator: person("kato", "加藤 一", "静岡支部")?,
            custodian: person("yamada", "山田 花子", "静岡支部")?,
            policy: Policy::of_a_new_ledger(),
        };
        let (ledger, _) =
            found(&folder.join("ledger"), &founding, &signers[0].1, &signers[1].1, clock.clone())?;
        let recording = Recording::parse(RECORDING).map_err(BusError::from)?;
        let mut tour = Tour { folder: folder.to_owned(), clock, began, recording, signers, ledger };
        tour.enrol("sato", "佐藤 一郎", "さくら印刷", Role::Outside)?;
        tour.enrol("sasaki", "佐々木 次郎", "静岡支部", Role::Staff)?;
        Ok(tour)
    }

    fn enrol(
        &mut self,
        id: &str,
        name: &str,
        organisation: &str,
        role: Role,
    ) -> Result<(), OpsError> {
        let key = self
            .signers
            .iter()
            .find(|(party, _)| party.as_str() == id)
            .map(|(_, key)| key.key().clone());
        let party = person(id, name, organisation)?;
        let wish = Enrolment { party, roles: vec![role], key, renew: false, by: fixed("yamada")? };
        let draft = enrol(&self.ledger, wish)?;
        self.sign_and_submit(draft).map(|_| ())
    }

    fn sign_and_submit(&mut self, mut draft: Draft) -> Result<Committed, OpsError> {
        let missing: Vec<_> = draft.missing().into_iter().cloned().collect();
        for key in missing {
            let signer = self.signers.iter().find(|(_, signer)| *signer.key() == key);
            if let Some((_, signer)) = signer {
                draft.sign(signer)?;
            }
        }
        let committed = self.ledger.submit(&[draft])?;
        committed
            .into_iter()
            .next()
            .ok_or_else(|| OpsError::Unknown("nothing was appended".to_owned()))
    }

    /// Moves the clock to `day` days after the founding.
    pub fn on_day(&self, day: i64) {
        self.clock.set(self.began + day * DAY);
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The folder of the tour.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn bus(&self, frame: &str) -> Result<Box<dyn Bus>, OpsError> {
        Ok(Box::new(RecordedBus::frame(&self.recording, Some(frame)).map_err(BusError::from)?))
    }

    /// What is plugged in at a recorded moment.
    ///
    /// # Errors
    /// None that the recording in this program gives.
    pub fn scan(&self, frame: &str) -> Result<crate::report::ScanReport, OpsError> {
        let bus = self.bus(frame)?;
        super::scan::look(bus.as_ref(), format!("recording, '{frame}'"), Some(&self.ledger), false)
            .map(|(r, _)| r)
    }

    /// Registers the recorded drive.
    ///
    /// # Errors
    /// As registering has.
    pub fn register(&mut self) -> Result<RegistrationView, OpsError> {
        let id: MediumId = fixed("USB-0421")?;
        let wish = RegistrationWish {
            id: id.clone(),
            device: None,
            home: fixed(HOME)?,
            owner: None,
            class: fixed("被保険者台帳")?,
            interval_days: None,
            weak: false,
            encryption: Some(fixed("luks2")?),
            detail: None,
            by: fixed("yamada")?,
        };
        let bus = self.bus("home")?;
        let draft = register(&self.ledger, bus.as_ref(), wish)?.draft;
        self.sign_and_submit(draft)?;
        RegistrationView::new(self.ledger.state(), &id)
            .ok_or_else(|| OpsError::Unknown("the registration was not recorded".to_owned()))
    }

    /// Hands the drive to the contractor for two weeks and keeps the receipt.
    ///
    /// # Errors
    /// As a handover has.
    pub fn hand_over(&mut self) -> Result<(IssuedReceipt, PathBuf), OpsError> {
        let due = self.ledger.now()?.day().plus(14);
        let wish = HandoverWish {
            media: vec![fixed("USB-0421")?],
            giver: fixed("yamada")?,
            receiver: fixed("sato")?,
            witness: None,
            purpose: fixed("被保険者台帳の印刷・製本")?,
            contents: Some(fixed("氏名,住所,生年月日")?),
            persons: Some(3_775),
            place: Some(fixed("さくら印刷 第二工場")?),
            due: Some(due),
            request: None,
            alarms: Vec::new(),
            news: Default::default(),
        };
        let draft = hand_over(&self.ledger, wish)?;
        self.conclude_handover(draft)
    }

    /// Takes it back.
    ///
    /// # Errors
    /// As a handover has.
    pub fn take_back(&mut self) -> Result<(IssuedReceipt, PathBuf), OpsError> {
        let media = vec![fixed("USB-0421")?];
        let draft = take_back(
            &self.ledger,
            media,
            fixed("yamada")?,
            None,
            fixed("返却")?,
            Looked::default(),
        )?;
        self.conclude_handover(draft)
    }

    fn conclude_handover(&mut self, draft: Draft) -> Result<(IssuedReceipt, PathBuf), OpsError> {
        let committed = self.sign_and_submit(draft)?;
        let issued = receipt::issue(&mut self.ledger, committed.index)?;
        let file = self.folder.join("receipts").join(format!("{}.receipt", issued.view.receipt));
        std::fs::write(&file, issued.receipt.to_bytes())
            .map_err(|error| OpsError::file("cannot write", &file, error))?;
        Ok((issued, file))
    }

    /// One round at the drive's home, closed by somebody who does not hold it.
    ///
    /// # Errors
    /// As a check has.
    pub fn check(&mut self, frame: &str) -> Result<CheckReport, OpsError> {
        let place: Name = fixed(HOME)?;
        let bus = self.bus(frame)?;
        let round =
            look(self.ledger.state(), Some(bus.as_ref()), (&place, None), ByHand::default())?;
        let draft = close(&self.ledger, &round, None, (fixed("sasaki")?, None))?;
        let before = self.ledger.state().clone();
        let committed = self.sign_and_submit(draft)?;
        match committed.statement {
            Statement::Check(said) => Ok(CheckReport::new(&before, &said, Some(committed.index))),
            _ => Err(OpsError::Unknown("the check was not recorded".to_owned())),
        }
    }

    /// Closes the ledger and verifies it from its files.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn verify(self) -> Result<(LedgerVerification, Finished), OpsError> {
        let Tour { folder, ledger, .. } = self;
        drop(ledger);
        let finished = Finished { folder };
        let key = verify::log_key_beside(&finished.ledger())?;
        let report = verify::verify_ledger(&finished.ledger(), Some(&key), &mut |_, _| {})?;
        Ok((report, finished))
    }
}

/// A tour whose ledger is closed; what is left are the attacks.
pub struct Finished {
    folder: PathBuf,
}

impl Finished {
    /// The ledger's folder.
    pub fn ledger(&self) -> PathBuf {
        self.folder.join("ledger")
    }

    /// Edits the stored file of a copy: 3,775 persons become 7. Says which file.
    ///
    /// # Errors
    /// When the copy cannot be made.
    pub fn edit_stored_file(&self) -> Result<(PathBuf, LedgerVerification), OpsError> {
        let copy = self.folder.join("attack-1-edited-file");
        copy_folder(&self.ledger(), &copy)?;
        let segment = first_segment(&copy)?;
        let bytes =
            std::fs::read(&segment).map_err(|e| OpsError::file("cannot read", &segment, e))?;
        let forged = replace(&bytes, b"persons: 3775", b"persons: 0007");
        std::fs::write(&segment, forged)
            .map_err(|e| OpsError::file("cannot write", &segment, e))?;
        let key = verify::log_key_beside(&copy)?;
        Ok((segment, verify::verify_ledger(&copy, Some(&key), &mut |_, _| {})?))
    }

    /// The ledger's owner rewrites history: the same edit, then every file written
    /// anew, with sound check sums, and a new checkpoint under the ledger's own key.
    ///
    /// # Errors
    /// When the copy cannot be made.
    pub fn rewrite_as_owner(&self) -> Result<(PathBuf, LedgerVerification), OpsError> {
        let copy = self.folder.join("attack-2-owner-rewrites");
        let original = FileStore::open(&self.ledger(), &options(), &mut |_, _| {})?;
        let notes: Vec<Vec<u8>> = original
            .read(0..original.head().size)?
            .iter()
            .map(|note| replace(note, b"persons: 3775", b"persons: 7"))
            .collect();
        drop(original);
        FileStore::create(&copy, &options())?;
        let mut forged = FileStore::open(&copy, &options(), &mut |_, _| {})?;
        let head = forged.append(0, &notes)?;
        let key = verify::log_key_beside(&self.ledger())?;
        let log = keyring::load_log_key(&self.ledger().join(LOG_KEY_FILE), &key)?;
        let checkpoint = Checkpoint::new(key.name().as_str(), head.size, head.root)
            .and_then(|checkpoint| checkpoint.sign(&log))
            .map_err(|error| OpsError::ReadBack(error.to_string()))?;
        forged.put_checkpoint(&checkpoint.to_bytes())?;
        drop(forged);
        let vkey = copy.join(LOG_VKEY_FILE);
        std::fs::write(&vkey, format!("{key}\n"))
            .map_err(|e| OpsError::file("cannot write", &vkey, e))?;
        Ok((copy.clone(), verify::verify_ledger(&copy, Some(&key), &mut |_, _| {})?))
    }
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from);
    match at {
        Some(at) => [&bytes[..at], to, &bytes[at + from.len()..]].concat(),
        None => bytes.to_vec(),
    }
}

fn first_segment(folder: &Path) -> Result<PathBuf, OpsError> {
    let journal = folder.join("journal");
    let files =
        std::fs::read_dir(&journal).map_err(|e| OpsError::file("cannot read", &journal, e))?;
    let mut segments: Vec<PathBuf> = files.filter_map(Result::ok).map(|file| file.path()).collect();
    segments.sort();
    let first = segments.into_iter().find(|path| path.extension().is_some_and(|e| e == "seg"));
    first.ok_or_else(|| OpsError::Unknown("the journal has no segment".to_owned()))
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), OpsError> {
    let failed = |error| OpsError::file("cannot copy", from, error);
    std::fs::create_dir_all(to).map_err(failed)?;
    for entry in std::fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(failed)?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target).map_err(failed)?;
        }
    }
    Ok(())
}
