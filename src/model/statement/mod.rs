//! Statements: what is said, signed and kept. One struct a kind, its fields in
//! the order in which they stand in the signed text (src/wire/FORMAT.md).

mod define;
pub mod field;
mod kinds;

pub use field::{
    Field, FieldError, FieldShape, Lines, REPEAT_MAX, Reader, Signs, Some1, TEXT_MAX, Value,
};
pub use kinds::*;

use super::ids::MediumId;
use super::lines::Seen;
use super::party::Signatory;

impl Statement {
    /// Every head of the log that the statement relies on: what its signers saw, and what
    /// its sample was drawn from.
    pub fn heads(&self) -> Vec<Seen> {
        let drawn = match self {
            Statement::Check(said) => said.draw.map(|draw| draw.head),
            _ => None,
        };
        std::iter::once(self.seen()).chain(drawn).collect()
    }
}

impl Check {
    /// Who vouches for the sighting of a medium: of two people the one who saw it.
    pub fn who_saw(&self, id: &MediumId) -> &Signatory {
        match &self.second {
            Some(second) if self.second_saw.contains(id) => second,
            _ => &self.by,
        }
    }
}
