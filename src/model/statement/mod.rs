//! Statements: what is said, signed and kept. One struct a kind, its fields in
//! the order in which they stand in the signed text (src/wire/FORMAT.md).

mod define;
pub mod field;
mod kinds;

pub use field::{
    Field, FieldError, FieldShape, Lines, REPEAT_MAX, Reader, Signs, Some1, TEXT_MAX, Value,
};
pub use kinds::*;
