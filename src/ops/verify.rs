//! Verifying: a whole ledger, or one receipt with nothing but the log key.

use std::ops::ControlFlow;
use std::path::Path;

use super::attach::attachments;
use super::audit::{CHUNK, audit_store_on};
use super::error::OpsError;
use super::gather::Evidence;
use super::known::{HistoryError, against, against_by_witnesses, compare};
use super::ledger::{LOG_VKEY_FILE, Ledger, options};
use super::verify_witnesses::{Counting, of_ledger};
use crate::audit::{Audit, Auditor, Cause};
use crate::ledger::State;
use crate::model::{Statement, VerifierKey};
use crate::proof::log_keys::LogKeys;
use crate::proof::receipt::Receipt;
use crate::proof::tlog_proof::TlogProof;
use crate::report::verification::{FindingView, JudgedBy, LedgerVerification, ReceiptVerification};
use crate::store::{FileStore, Progress, RemoteStore, Store, StoreError, salvage};
use crate::wire::note::Note;
use crate::wire::qr::PayloadKind;
use crate::wire::statement;

/// Verifies the ledger in `folder`: every signature, the tree, every `seen`, every
/// decision again, the checkpoint. `trusted` is the log key the verifier keeps.
///
/// # Errors
/// When there is no ledger to look at. Damage is no error here but a finding.
pub fn verify_ledger(
    folder: &Path,
    trusted: Option<&VerifierKey>,
    progress: Progress<'_>,
) -> Result<LedgerVerification, OpsError> {
    verify_witnessed_ledger(folder, trusted, None, None, progress)
}

/// As [`verify_ledger`]; `counting` says who counts as a witness, and `record` is the file
/// that an earlier audit kept and that this one goes on from.
///
/// # Errors
/// As [`verify_ledger`], and what is wrong with the record.
pub fn verify_witnessed_ledger(
    folder: &Path,
    trusted: Option<&VerifierKey>,
    counting: Option<&Counting>,
    record: Option<&Path>,
    progress: Progress<'_>,
) -> Result<LedgerVerification, OpsError> {
    let store: Result<Box<dyn Store>, StoreError> = match RemoteStore::connect(folder)? {
        Some(store) => Ok(Box::new(store)),
        None => {
            FileStore::open(folder, &options(), &mut |_, _| {}).map(|store| Box::new(store) as _)
        }
    };
    let (mut witnesses, mut audited_before, mut elsewhere) = (None, 0, Vec::new());
    let (audit, whole) = match store {
        Ok(store) => {
            let (audit, before) = audit_store_on(store.as_ref(), trusted, record, progress)?;
            audited_before = before;
            // Where the ledger leads from the trusted key to others, theirs count as well.
            let own = LogKeys::new(audit.state.log_keys());
            let linked = own.filter(|own| trusted.is_none_or(|trusted| own.has(trusted)));
            let logs = linked.or_else(|| trusted.map(LogKeys::from));
            if let Some(logs) = &logs {
                elsewhere = against(folder, store.as_ref(), logs)?;
                // With a policy, what was cosigned is judged below.
                if counting.is_none() {
                    elsewhere.extend(against_by_witnesses(folder, store.as_ref(), logs)?);
                }
            }
            if let (Some(logs), Some(counting)) = (logs, counting) {
                let found = of_ledger(store.as_ref(), folder, &logs, &counting.policy)?;
                witnesses = Some((found, counting.demanded));
            }
            (audit, true)
        }
        Err(error) => audit_refused(folder, error, trusted)?,
    };
    let mut report = LedgerVerification::new(&audit, trusted).with_audited_before(audited_before);
    for error in elsewhere {
        report = report.with_finding(known_elsewhere(&error));
    }
    if !whole {
        report
            .not_shown
            .insert(0, "whatever stood behind the entry named: it was not verified".to_owned());
    }
    if let Some(((view, findings), demanded)) = witnesses {
        report = report.with_witnesses(view, findings, demanded);
    }
    Ok(report)
}

/// What is known elsewhere as a finding; the first entry that is missing is its place.
fn known_elsewhere(error: &HistoryError) -> FindingView {
    let (index, cause) = match error {
        HistoryError::Behind { have, .. } | HistoryError::Succeeded { have, .. } => {
            (Some(*have), "ledger-behind")
        }
        _ => (None, "ledger-forked"),
    };
    FindingView { index, cause, message: error.to_string() }
}

/// A store that will not open has said why. What stands whole in its journal is
/// audited as well: the store knows which file disagrees, and the signatures know
/// which entry. The answer says whether that is all there was.
fn audit_refused(
    folder: &Path,
    error: StoreError,
    trusted: Option<&VerifierKey>,
) -> Result<(Audit, bool), OpsError> {
    if !matches!(error, StoreError::Damaged(_) | StoreError::AcknowledgedMissing { .. }) {
        return Err(error.into());
    }
    let mut auditor = Auditor::new();
    let mut chunk: Vec<Vec<u8>> = Vec::with_capacity(CHUNK);
    let checkpoint = salvage(folder, &options(), &mut |_, note| {
        chunk.push(note.to_vec());
        if chunk.len() == CHUNK {
            auditor.take(&chunk);
            chunk.clear();
        }
        ControlFlow::Continue(())
    })?;
    auditor.take(&chunk);
    let mut whole = true;
    match &error {
        StoreError::Damaged(damages) => {
            whole = damages.iter().all(|damage| damage.entry.is_none());
            for damage in damages {
                auditor.report(
                    damage.entry,
                    Cause::Stored(format!("{} ({})", damage.cause, damage.file)),
                );
            }
        }
        StoreError::AcknowledgedMissing { have, known, .. } => {
            whole = false;
            auditor.report(Some(*have), Cause::Truncated { checkpoint: *known, entries: *have });
        }
        _ => {}
    }
    Ok(if whole {
        (auditor.finish(checkpoint.as_deref(), trusted), true)
    } else {
        (auditor.finish_part(), false)
    })
}

/// By what a receipt is judged.
pub enum Judge<'a> {
    /// The log key alone.
    LogKey(&'a VerifierKey),
    /// The ledger itself.
    Ledger(&'a Ledger),
}

/// Verifies evidence. The verdict is in the answer; an error means that there was
/// nothing to judge.
///
/// # Errors
/// When the note is no statement.
pub fn verify_evidence(
    evidence: &Evidence,
    judge: &Judge<'_>,
) -> Result<ReceiptVerification, OpsError> {
    match evidence {
        Evidence::Whole(receipt) => verify_receipt(receipt, judge),
        Evidence::Half(kind, bytes) => verify_half(*kind, bytes, judge),
    }
}

fn verify_receipt(receipt: &Receipt, judge: &Judge<'_>) -> Result<ReceiptVerification, OpsError> {
    let statement = statement::parse(receipt.note().text()).map_err(OpsError::ReceiptText)?;
    let (judged_by, key) = match judge {
        Judge::LogKey(key) => (JudgedBy::LogKey, Some((*key).clone())),
        Judge::Ledger(ledger) => {
            let size = receipt.proof().checkpoint().checkpoint().size();
            let keys = LogKeys::new(ledger.state().log_keys());
            (JudgedBy::Ledger, keys.and_then(|keys| keys.at(size).cloned()))
        }
    };
    let Some(key) = key else { return Err(OpsError::refused(crate::ledger::Refusal::NotFounded)) };
    let required: Vec<VerifierKey> = statement.signers().into_iter().cloned().collect();
    let outcome = receipt.verify(&required, &key);
    let mut answer = ReceiptVerification::of(&statement, judged_by).with_receipt(receipt, &outcome);
    // The log key's name is the origin: a receipt of another ledger, logged by
    // mistake or on purpose under this key, is not one of this ledger's.
    let ours = statement.ledger().as_str() == key.name().as_str();
    answer = answer.with(
        "ledger",
        ours,
        if ours {
            format!("it belongs to {}", key.name())
        } else {
            format!("it names the ledger {} and the key is {}'s", statement.ledger(), key.name())
        },
    );
    let further = receipt.proof().checkpoint().further_keys(&key);
    if let (Judge::LogKey(_), Some(id)) = (judge, further.first()) {
        let words = "signed as well by another key of this log: the log key is being replaced, \
                     ask for the new one and verify by that";
        answer = answer.with("log-key", true, format!("{words} (id {id})"));
    }
    // A proof under a checkpoint cannot be older than what its own signers saw.
    let seen = statement.seen().size;
    let index = receipt.proof().index();
    answer = answer.with(
        "seen",
        seen <= index,
        format!("its signers saw {seen} entries and it is entry {index}"),
    );
    if let Judge::Ledger(ledger) = judge {
        answer = against_ledger(answer, receipt, &statement, ledger)?;
    }
    Ok(answer)
}

/// What the ledger adds: the entry is in it, and the keys were those people's then.
fn against_ledger(
    answer: ReceiptVerification,
    receipt: &Receipt,
    statement: &Statement,
    ledger: &Ledger,
) -> Result<ReceiptVerification, OpsError> {
    let found = ledger.store().find_leaf(&receipt.leaf())?;
    let detail = match found {
        Some(index) => format!("this very note is entry {index} of the ledger"),
        None => "this note is not in the ledger".to_owned(),
    };
    let mut answer = answer.with("entry", found == Some(receipt.proof().index()), detail);
    // The same note may be proven under two histories that the log signed. Whether the log
    // signed this one was asked already.
    let signed = receipt.proof().checkpoint();
    if ledger.state().log_key().is_some_and(|log| signed.verify(log).is_ok()) {
        answer = match compare(ledger.store(), signed, "the receipt") {
            Ok(_) => answer.with("history", true, "it is proven under this history".to_owned()),
            Err(OpsError::History(error)) => answer.with("history", false, error.to_string()),
            Err(error) => return Err(error),
        };
    }
    let Some(index) = found else { return Ok(answer) };
    let answer = match statement {
        Statement::Handover(said) => answer.with_attachments(attachments(ledger, &said.receipt)?),
        _ => answer,
    };
    let strangers: Vec<String> = statement
        .signers()
        .into_iter()
        .filter(|key| !was_valid(ledger.state(), key, index))
        .map(|key| key.name().to_string())
        .collect();
    Ok(if strangers.is_empty() {
        answer.with("keys", true, "every key was enrolled and valid at that entry".to_owned())
    } else {
        answer.with("keys", false, format!("not valid at that entry: {}", strangers.join(", ")))
    })
}

fn was_valid(state: &State, key: &VerifierKey, index: u64) -> bool {
    state.keys.get(key.public()).is_some_and(|record| {
        record.key == *key
            && record.from <= index
            && record.until.is_none_or(|(until, _)| index <= until)
    })
}

/// One code alone shows half: what it shows is said, and the verdict stays open.
fn verify_half(
    kind: PayloadKind,
    bytes: &[u8],
    judge: &Judge<'_>,
) -> Result<ReceiptVerification, OpsError> {
    let judged_by = match judge {
        Judge::LogKey(_) => JudgedBy::LogKey,
        Judge::Ledger(_) => JudgedBy::Ledger,
    };
    if kind == PayloadKind::Proof {
        return verify_proof_alone(bytes, judge, judged_by);
    }
    let note = Note::parse(bytes).map_err(crate::proof::receipt::ReceiptError::from)?;
    let statement = statement::parse(note.text()).map_err(OpsError::ReceiptText)?;
    let required: Vec<VerifierKey> = statement.signers().into_iter().cloned().collect();
    let signatures = crate::wire::signature::verify_required(&note, &required);
    let mut answer = ReceiptVerification::of(&statement, judged_by).with_codes(true, false);
    answer = match &signatures {
        Ok(()) => {
            answer.with("signatures", true, format!("{0} of {0} signatures hold", required.len()))
        }
        Err(refused) => answer.with("signatures", false, refused.to_string()),
    };
    if let Judge::Ledger(ledger) = judge {
        let leaf = crate::proof::tree::leaf_hash(bytes);
        let found = ledger.store().find_leaf(&leaf)?;
        let detail = found.map_or("this note is not in the ledger".to_owned(), |index| {
            format!("this very note is entry {index} of the ledger")
        });
        answer = answer.with("inclusion", found.is_some(), detail);
    }
    Ok(answer)
}

/// The proof alone names no handover. Its checkpoint can be checked, which shows that
/// the log signed one, and no more.
fn verify_proof_alone(
    bytes: &[u8],
    judge: &Judge<'_>,
    judged_by: JudgedBy,
) -> Result<ReceiptVerification, OpsError> {
    let proof = TlogProof::parse(bytes).map_err(crate::proof::receipt::ReceiptError::from)?;
    let key = match judge {
        Judge::LogKey(key) => Some((*key).clone()),
        Judge::Ledger(ledger) => {
            let size = proof.checkpoint().checkpoint().size();
            let keys = LogKeys::new(ledger.state().log_keys());
            keys.and_then(|keys| keys.at(size).cloned())
        }
    };
    let Some(key) = key else { return Err(OpsError::refused(crate::ledger::Refusal::NotFounded)) };
    let answer = ReceiptVerification::new(None, judged_by).with_codes(false, true);
    let signed = proof.checkpoint();
    Ok(match signed.verify(&key) {
        Ok(()) => answer.with(
            "checkpoint",
            true,
            format!("the log signed a checkpoint of {} entries", signed.checkpoint().size()),
        ),
        Err(error) => answer.with("checkpoint", false, error.to_string()),
    })
}

/// The log key beside a ledger, without opening the ledger.
///
/// # Errors
/// When the file is not there or holds no key.
pub fn log_key_beside(folder: &Path) -> Result<VerifierKey, OpsError> {
    let path = folder.join(LOG_VKEY_FILE);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| OpsError::file("cannot read", &path, error))?;
    text.trim().parse().map_err(|error| OpsError::input(LOG_VKEY_FILE, error))
}
