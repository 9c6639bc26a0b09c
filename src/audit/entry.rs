//! What can be said of one note by itself.

use super::finding::Cause;
use crate::model::{Hash, Statement};
use crate::proof::tree::leaf_hash;
use crate::wire::note::Note;
use crate::wire::signature::{KeyCache, verify_required_with};
use crate::wire::statement;

/// A note with its leaf hash, its statement if it is one, and what is wrong.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Its leaf hash.
    pub leaf: Hash,
    /// What it says, where that can be read.
    pub statement: Option<Statement>,
    /// Number of signatures that verified.
    pub signatures: u64,
    /// What is wrong with it.
    pub cause: Option<Cause>,
}

/// Parses one note and verifies every signature its text requires.
pub fn check_note(keys: &KeyCache, bytes: &[u8]) -> Checked {
    let leaf = leaf_hash(bytes);
    let unreadable = |cause| Checked { leaf, statement: None, signatures: 0, cause: Some(cause) };
    let note = match Note::parse(bytes) {
        Ok(note) => note,
        Err(error) => return unreadable(Cause::Note(error.to_string())),
    };
    let statement = match statement::parse(note.text()) {
        Ok(statement) => statement,
        Err(error) => return unreadable(Cause::Statement(error.to_string())),
    };
    let required = statement.signers();
    let (signatures, cause) = match verify_required_with(keys, &note, &required) {
        Ok(()) => (required.len() as u64, None),
        Err(error) => (0, Some(Cause::Signatures(error.to_string()))),
    };
    Checked { leaf, statement: Some(statement), signatures, cause }
}
