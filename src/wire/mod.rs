//! Bytes: statements, signed notes, their signatures and the codes printed from
//! them. Pure functions over `model`; no clock, no randomness, no input or output.
//!
//! FORMAT.md beside this file is the normative text.

pub mod label;
pub mod note;
pub mod parts;
pub mod qr;
pub mod round;
pub mod signature;
pub mod statement;
pub mod typed;

pub use label::{Label, LabelError};
pub use note::{Note, NoteError, SignatureLine};
pub use signature::{KeyCache, PreparedKey, Signer, SigningKey};
