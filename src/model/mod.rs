//! The nouns of custody. No clock, no randomness, no input or output.

pub mod hash;
pub mod key;

pub use hash::Hash;
pub use key::VerifierKey;
