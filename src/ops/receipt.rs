//! Receipts of entries that are in the ledger, in every form that leaves it.

use super::attach::{attachments, handover_of};
use super::error::OpsError;
use super::ledger::Ledger;
use crate::model::{ReceiptId, Statement};
use crate::proof::receipt::Receipt;
use crate::report::receipt::{EntryView, ReceiptView};
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
    let view = ReceiptView::new(&said, Some(entry))
        .with_attachments(attachments(ledger, &said.receipt)?)
        .with_codes(note_code.clone(), proof_code.clone());
    Ok(IssuedReceipt { receipt, note_code, proof_code, view })
}
