//! Use cases, one a file. They own the clock, the store, the bus and the keys;
//! they decide by `ledger`, append through `store` and answer with `report` values.

pub mod acknowledge;
pub mod alarms;
pub mod attach;
pub mod bound;
pub mod bus;
pub mod check;
pub mod clock;
pub mod confirm;
pub mod correct;
pub mod description;
pub mod draft;
pub mod due;
pub mod erase;
pub mod error;
pub mod examine;
pub mod export;
pub mod family;
pub mod follow;
pub mod found;
pub mod fsck;
pub mod gather;
pub mod handover;
pub mod incident;
pub mod keys;
pub mod ledger;
pub mod loss;
pub mod override_alarms;
pub mod paper;
pub mod party;
pub mod policy;
pub mod print;
pub mod printers;
pub mod probe;
pub mod receipt;
pub mod register;
pub mod report;
pub mod retire;
pub mod round;
pub mod round_live;
pub mod scan;
pub mod sheet;
pub mod simulate;
pub mod status;
pub mod tell;
pub mod token;
pub mod token_rotation;
pub mod tour;
pub mod verify;
pub mod watch;

pub use clock::{Clock, FixedClock, SystemClock};
pub use draft::Draft;
pub use error::OpsError;
pub use ledger::{Committed, Ledger};

// What a command has to name, but never to call: a passphrase it asked for, an error
// it explains. The adapters themselves stay behind these use cases.
pub use crate::keyring::{Cost, KeyringError, Passphrase, Unencrypted};
pub use crate::notify::outbox::OutboxError;
pub use crate::printer::config::ConfigurationError;
pub use crate::printer::spool::{Consent, SpoolError};
pub use crate::printer::{Address, COPIES_MAX};
pub use crate::store::{Notice, StoreError};
pub use crate::usb::BusError;
pub use crate::wire::signature::Signer;
