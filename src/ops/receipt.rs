//! Receipts of entries that are in the ledger, in every form that leaves it.

use super::attach::{attachments, handover_of};
use super::cosigned::policy_beside;
use super::error::OpsError;
use super::ledger::Ledger;
use crate::model::{ReceiptId, Statement};
use crate::proof::receipt::Receipt;
use crate::report::KeyView;
use crate::report::receipt::{EntryView, Passed, ReceiptMedium, ReceiptView};
use crate::report::witnesses::WitnessesView;
use crate::store::Key;
use crate::wire::qr::{PayloadKind, encode};
use crate::wire::statement;

/// A receipt with its codes.
pub struct IssuedReceipt {
    /// Note and proof.
    pub receipt: Receipt,
    /// `CN1:` text, the note.
    pub note_code: String,
    /// `CP1:` text, the proof.
    pub proof_code: String,
    /// What people read.
    pub view: ReceiptView,
}

/// The receipt of this number.
///
/// # Errors
/// No such receipt, or the ledger cannot be read or sign its checkpoint.
pub fn receipt(ledger: &mut Ledger, id: &ReceiptId) -> Result<IssuedReceipt, OpsError> {
    let (index, _) = handover_of(ledger, id)?;
    issue(ledger, index)
}

/// The receipt of the handover that has just been recorded at `index`. Whatever keeps it
/// from being made, nobody is told that nothing was recorded.
///
/// # Errors
/// [`OpsError::NoReceipt`], with the reason in it.
pub fn of_recorded(
    ledger: &mut Ledger,
    index: u64,
    id: &ReceiptId,
) -> Result<IssuedReceipt, OpsError> {
    issue(ledger, index).map_err(|error| OpsError::NoReceipt {
        entry: index,
        receipt: id.clone(),
        source: Box::new(error),
    })
}

/// The overrides that let a medium's alarms pass at the handover at `index`: those since
/// it last changed hands.
fn passed(ledger: &Ledger, medium: &ReceiptMedium, index: u64) -> Result<Vec<Passed>, OpsError> {
    let mut found = Vec::new();
    let entries = ledger.store().find(&Key::Medium(medium.medium.to_string()))?;
    for entry in entries.into_iter().rev().filter(|entry| *entry < index) {
        match statement::parse(ledger.note(entry)?.text()) {
            Ok(Statement::Override(said)) => found.push(Passed::new(entry, &said)),
            Ok(Statement::Handover(_)) => break,
            _ => {}
        }
    }
    found.retain(|passed| {
        passed.alarms.iter().any(|alarm| medium.alarms.contains(&alarm.to_string()))
    });
    found.reverse();
    Ok(found)
}

/// The receipt of the handover at `index`.
///
/// # Errors
/// The entry is no handover, or as [`receipt`].
pub fn issue(ledger: &mut Ledger, index: u64) -> Result<IssuedReceipt, OpsError> {
    let receipt = ledger.receipt_of(index)?;
    let note_code = encode(PayloadKind::Note, &receipt.note().to_bytes())?;
    let proof_code = encode(PayloadKind::Proof, &receipt.proof().to_bytes())?;
    let statement =
        statement::parse(receipt.note().text()).map_err(super::draft::DraftError::from)?;
    let Statement::Handover(said) = statement else {
        return Err(OpsError::Unknown(format!("entry {index} is no handover and has no receipt")));
    };
    let size = receipt.proof().checkpoint().checkpoint().size();
    let entry = EntryView { index, tree_size: Some(size), leaf: Some(receipt.leaf()) };
    let mut view = ReceiptView::new(&said, Some(entry))
        .with_attachments(attachments(ledger, &said.receipt)?)
        .with_codes(note_code.clone(), proof_code.clone());
    // A policy that cannot be read is said by whatever judges by it.
    let policy = policy_beside(ledger.folder()).unwrap_or_default();
    let vouched = policy.and_then(|policy| policy.judge(receipt.proof().checkpoint()).ok());
    let vouched = vouched.filter(|vouched| !vouched.by.is_empty());
    view.witnesses = vouched.map(|vouched| WitnessesView::new(size, &vouched));
    view.log_key = ledger.state().log_key().map(KeyView::from);
    for medium in &mut view.media {
        let known = ledger.state().media.get(&medium.medium);
        medium.model = known.and_then(|known| known.product.clone());
        if !medium.alarms.is_empty() {
            medium.overrides = passed(ledger, medium, index)?;
        }
    }
    Ok(IssuedReceipt { receipt, note_code, proof_code, view })
}
