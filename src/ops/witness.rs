//! Being a witness for other ledgers (c2sp.org/tlog-witness): what was cosigned is
//! durable before the cosignature leaves, and one request is judged at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::clock::Clock;
use super::error::OpsError;
use super::gather::read_bounded;
use super::ledger::options;
use crate::keyring::{self, KeyringError};
use crate::model::VerifierKey;
use crate::model::key::KeyName;
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::cosignature::{cosign, verify_cosignature};
use crate::proof::quorum::PolicyError;
use crate::proof::witness::{AddCheckpoint, Declined, RECORD_MAX, WitnessedLog, origin_hash};
use crate::report::witnesses::WitnessedLogView;
use crate::store::SmallFiles;
use crate::wire::note::SignatureLine;
use crate::wire::signature::{Signer as _, SigningKey};

/// The witness's private key, kept like a log key: it works at night.
const KEY_FILE: &str = "witness.pem";
/// Its verifier key, for whoever counts its cosignatures.
pub const VKEY_FILE: &str = "witness.vkey";
/// The records of the logs.
const LOGS: &str = "logs";

/// What goes wrong between a ledger and its witnesses.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// There is no witness in the folder.
    #[error("there is no witness in {}", .0.display())]
    NoWitness(PathBuf),
    /// There is one already.
    #[error("there is a witness in {} already", .0.display())]
    Exists(PathBuf),
    /// What was kept of a log does not hold. Nothing is cosigned for it any more.
    #[error("the record {file} of a log is damaged: {why}")]
    Damaged {
        /// The file, in the witness's folder.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// This witness does not vouch.
    #[error(transparent)]
    Declined(#[from] Declined),
    /// A log that is trusted with another key of too many.
    #[error("{0} is not taken: eight keys of this log are trusted already")]
    TooManyKeys(KeyName),
    /// The clock shows no time that a cosignature may bear.
    #[error("this computer's clock shows an impossible time")]
    Clock,
    /// The witness did not answer.
    #[error("{url} does not answer: {why}")]
    NoAnswer {
        /// Its address.
        url: String,
        /// Why.
        why: String,
    },
    /// The witness answered something that tlog-witness does not know here.
    #[error("{url} answers with status {status}: {said}")]
    Answer {
        /// Its address.
        url: String,
        /// The status.
        status: u16,
        /// What it said, or what is wrong with it.
        said: String,
    },
    /// No known witness signed.
    #[error("no witness of the policy vouches for the checkpoint in {0}")]
    Nobody(String),
    /// The witness saw more entries than there are.
    #[error(
        "the witness saw {seen} entries of this ledger, and it has {have}: its end was cut off, \
         or an old copy was restored"
    )]
    Ahead {
        /// Entries the witness saw.
        seen: u64,
        /// Entries there are.
        have: u64,
    },
    /// The witness saw another history.
    #[error("the witness saw another history of this ledger, up to entry {}", .seen.saturating_sub(1))]
    OtherHistory {
        /// Entries the witness saw.
        seen: u64,
    },
    /// There is no policy.
    #[error("{} is not there: nobody counts as a witness yet", .0.display())]
    NoPolicy(PathBuf),
    /// The policy is not sound.
    #[error("{}: {error}", .path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: PolicyError,
    },
    /// A fork proof proves none.
    #[error("{0} proves no fork: {1}")]
    NoFork(String, crate::proof::fork::ForkRefused),
}

impl WitnessError {
    /// Whether this shows, or is the sign of, a second history.
    pub fn is_fork(&self) -> bool {
        matches!(self, WitnessError::Ahead { .. } | WitnessError::OtherHistory { .. })
    }
}

/// A witness.
pub struct Witness {
    logs: SmallFiles,
    key: SigningKey,
    clock: Arc<dyn Clock>,
}

/// What was cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The checkpoint, with the log's lines and this witness's.
    pub checkpoint: SignedCheckpoint,
    /// This witness's line.
    pub line: SignatureLine,
}

impl Witness {
    /// Makes a witness of this name in `folder`.
    ///
    /// # Errors
    /// `Exists`, no random bytes, or the folder cannot be written.
    pub fn create(folder: &Path, name: KeyName) -> Result<VerifierKey, OpsError> {
        let (pem, vkey) = (folder.join(KEY_FILE), folder.join(VKEY_FILE));
        if pem.exists() || vkey.exists() {
            return Err(WitnessError::Exists(folder.to_owned()).into());
        }
        let failed = |source| OpsError::file("cannot make the folder", folder, source);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let seed = keyring::generate(name.clone())?;
        let key = SigningKey::cosigner_from_seed(name, seed.seed());
        SmallFiles::of(&folder.join(LOGS), &options()).create()?;
        keyring::save_log_key(&pem, &key)?;
        let beside = SmallFiles::of(folder, &options());
        beside.replace(VKEY_FILE, format!("{}\n", key.key()).as_bytes())?;
        Ok(key.key().clone())
    }

    /// Opens the witness in `folder`.
    ///
    /// # Errors
    /// `NoWitness`, or its key cannot be read.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpsError> {
        let beside = SmallFiles::of(folder, &options());
        let vkey = beside.read(VKEY_FILE, 1024)?;
        let vkey = vkey.ok_or_else(|| WitnessError::NoWitness(folder.to_owned()))?;
        let named = VerifierKey::parse(String::from_utf8_lossy(&vkey).trim())
            .map_err(|error| KeyringError::Vkey { path: folder.join(VKEY_FILE), error })?;
        let key = keyring::load_log_key(&folder.join(KEY_FILE), &named)?;
        Ok(Witness { logs: SmallFiles::of(&folder.join(LOGS), &options()), key, clock })
    }

    /// Its verifier key.
    pub fn key(&self) -> &VerifierKey {
        self.key.key()
    }

    /// Vouches for the log with this key from now on; false when it does already.
    ///
    /// # Errors
    /// Its record is damaged or cannot be written.
    pub fn trust(&self, log: &VerifierKey) -> Result<bool, OpsError> {
        let _held = self.logs.hold()?;
        let name = origin_hash(log.name().as_str());
        let record = match self.record(&name)? {
            None => WitnessedLog::new(log.clone()),
            Some(mut record) => {
                let too_many = |_| WitnessError::TooManyKeys(log.name().clone());
                if !record.trust(log.clone()).map_err(too_many)? {
                    return Ok(false);
                }
                record
            }
        };
        self.logs.replace(&name, &record.to_bytes())?;
        Ok(true)
    }

    /// The logs it vouches for.
    ///
    /// # Errors
    /// A record is damaged or cannot be read.
    pub fn logs(&self) -> Result<Vec<WitnessedLogView>, OpsError> {
        let mut views = Vec::new();
        for name in self.logs.names()? {
            if let Some(record) = self.record(&name)? {
                let at = record.latest().and_then(|latest| self.own_line(latest).ok());
                views.push(WitnessedLogView::new(&record, at.map(|(_, timestamp)| timestamp)));
            }
        }
        views.sort_by(|a, b| a.origin.cmp(&b.origin));
        Ok(views)
    }

    /// The newest checkpoint it cosigned of the log with this origin hash.
    ///
    /// # Errors
    /// The record is damaged or cannot be read.
    pub fn latest(&self, origin_hash: &str) -> Result<Option<SignedCheckpoint>, OpsError> {
        let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if origin_hash.len() != 64 || !origin_hash.bytes().all(plain) {
            return Ok(None);
        }
        Ok(self.record(origin_hash)?.and_then(|record| record.latest().cloned()))
    }

    /// Judges a request. What it vouches for is durable when this returns.
    ///
    /// # Errors
    /// `Declined`; the record is damaged or cannot be written, and then nothing was
    /// cosigned that anybody has seen.
    pub fn add_checkpoint(&self, request: &AddCheckpoint) -> Result<Vouched, OpsError> {
        let name = origin_hash(request.origin());
        // Judged as well before anybody waits for anybody.
        if self.record(&name)?.is_none() {
            request.judge(None).map_err(WitnessError::from)?;
        }
        let _held = self.logs.hold()?;
        let record = self.record(&name)?;
        let checkpoint = request.judge(record.as_ref()).map_err(WitnessError::from)?;
        let Some(record) = record else { return Err(self.damaged(&name, "it is gone").into()) };
        let time = u64::try_from(self.clock.unix()).ok().filter(|time| *time > 0);
        let time = time.ok_or(WitnessError::Clock)?;
        let line = cosign(&checkpoint, time, &self.key)
            .map_err(|error| OpsError::Unknown(error.to_string()))?;
        let cosigned = checkpoint.with_line(line.clone());
        let cosigned = cosigned.map_err(|error| Declined::Malformed(error.to_string()));
        let cosigned = cosigned.map_err(WitnessError::from)?;
        self.logs.replace(&name, &record.with_latest(cosigned.clone()).to_bytes())?;
        Ok(Vouched { checkpoint: cosigned, line })
    }

    /// Judges the request in a file: the checkpoint to answer with, and whether it was
    /// vouched for. A witness that stands elsewhere answers with where it stands.
    ///
    /// # Errors
    /// As [`Witness::add_checkpoint`]; the file cannot be read.
    pub fn sign_file(&self, file: &Path) -> Result<(SignedCheckpoint, bool), OpsError> {
        let bytes = read_bounded(file)?;
        let request = AddCheckpoint::parse(&bytes).map_err(WitnessError::from)?;
        match self.add_checkpoint(&request) {
            Ok(vouched) => Ok((vouched.checkpoint, true)),
            Err(OpsError::Witness(WitnessError::Declined(Declined::Conflict { size }))) => {
                let latest = self.latest(&origin_hash(request.origin()))?;
                let nothing = || WitnessError::from(Declined::Conflict { size });
                Ok((latest.ok_or_else(nothing)?, false))
            }
            Err(error) => Err(error),
        }
    }

    fn record(&self, name: &str) -> Result<Option<WitnessedLog>, OpsError> {
        let Some(bytes) = self.logs.read(name, RECORD_MAX)? else { return Ok(None) };
        let record = WitnessedLog::parse(&bytes);
        let record = record.map_err(|error| self.damaged(name, &error.to_string()))?;
        if origin_hash(record.origin()) != name {
            return Err(self.damaged(name, "it is another log's").into());
        }
        if let Some(latest) = record.latest() {
            self.own_line(latest).map_err(|why| self.damaged(name, &why))?;
        }
        Ok(Some(record))
    }

    /// The line of this witness, and its time.
    fn own_line(&self, cosigned: &SignedCheckpoint) -> Result<(SignatureLine, u64), String> {
        let lines = cosigned.note().signatures().iter().rev();
        let mut verified = lines.filter_map(|line| {
            let found = verify_cosignature(self.key.key(), cosigned, line).ok()?;
            Some((line.clone(), found.timestamp))
        });
        verified.next().ok_or_else(|| "this witness did not cosign it".to_owned())
    }

    fn damaged(&self, file: &str, why: &str) -> WitnessError {
        WitnessError::Damaged { file: format!("{LOGS}/{file}"), why: why.to_owned() }
    }
}
