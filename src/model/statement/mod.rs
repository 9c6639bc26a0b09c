//! Statements: what is said, signed and kept. One struct a kind, its fields in
//! the order in which they stand in the signed text (src/wire/FORMAT.md).

pub mod field;
mod kinds;

pub use field::{Field, FieldError, Lines, Reader, Signs, Some1, Value};
pub use kinds::*;
