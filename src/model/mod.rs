//! The nouns of custody. No clock, no randomness, no input or output.

pub(crate) mod base64;
pub mod document;
pub mod draw;
pub mod evidence;
pub mod hardware;
pub mod hash;
pub mod ids;
pub mod key;
pub mod lines;
pub mod paper;
pub mod party;
pub mod printable;
pub mod rule;
pub mod settings;
mod spelling;
pub mod statement;
pub mod text;
pub mod time;
pub mod vocabulary;

pub use draw::DrawLine;
pub use hash::Hash;
pub use ids::{MediumId, Origin, PartyId, ReceiptId, ReceiptPrefix, Token};
pub use key::VerifierKey;
pub use lines::*;
pub use paper::{DocumentKind, Format};
pub use party::{PartyRef, Seal, Side, Signatory};
pub use rule::RuleLine;
pub use statement::Statement;
pub use text::{Name, Phrase};
pub use time::{Day, Stamp, Zone};
