//! What an entry says, in a line of plain words.

use crate::model::{MediumId, ReceiptId, Statement};

use super::who::Who;

/// What an entry tells of one medium.
pub(super) struct Told {
    pub words: String,
    pub details: Vec<String>,
    pub alarming: bool,
}

pub(super) fn summary(said: &Statement) -> String {
    said.kind().to_owned()
}

pub(super) fn told_of(said: &Statement, id: &MediumId) -> Option<Told> {
    media(said).contains(id).then(|| Told {
        words: summary(said),
        details: Vec::new(),
        alarming: false,
    })
}

pub(super) fn media(_said: &Statement) -> Vec<MediumId> {
    Vec::new()
}

pub(super) fn receipt(said: &Statement) -> Option<ReceiptId> {
    match said {
        Statement::Handover(said) => Some(said.receipt.clone()),
        Statement::Attach(said) => Some(said.receipt.clone()),
        _ => None,
    }
}

pub(super) fn signers(_said: &Statement) -> Vec<Who> {
    Vec::new()
}

pub(super) fn parties(said: &Statement) -> Vec<Who> {
    signers(said)
}
