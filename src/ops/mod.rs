//! Use cases, one a file. They own the clock, the store, the bus and the keys;
//! they decide by `ledger`, append through `store` and answer with `report` values.

pub mod bus;
pub mod check;
pub mod clock;
pub mod correct;
pub mod draft;
pub mod error;
pub mod found;
pub mod fsck;
pub mod handover;
pub mod keys;
pub mod ledger;
pub mod party;
pub mod policy;
pub mod receipt;
pub mod register;
pub mod scan;
pub mod status;
pub mod tour;
pub mod verify;

pub use clock::{Clock, FixedClock, SystemClock};
pub use draft::Draft;
pub use error::OpsError;
pub use ledger::{Committed, Ledger};
