//! The functional core: what may become an entry, and what follows from it.
//!
//! [`decide`] turns an intent into a statement or into every
//! reason why not; [`judge`](judge::judge) is the same verdict over a statement
//! that already exists (a signed draft, a stored entry); [`State::apply`] folds
//! entries and never refuses. So a replay that judges each stored entry against
//! the state before it finds every entry that should not be there.

pub mod alarms;
pub mod cabinet;
pub mod calendar;
pub mod checks;
pub mod deadlines;
pub mod intent;
pub mod judge;
pub mod policy;
pub mod records;
pub mod refusal;
pub mod roll_call;
pub mod schedule;
pub mod state;
pub mod terms;

pub use deadlines::Deadlines;
pub use intent::{Frame, Intent, decide};
pub use judge::judge;
pub use policy::Policy;
pub use refusal::{Refusal, Refusals};
pub use state::{Custody, LedgerFacts, Medium, Party, Presence, SightingRecord, State};
