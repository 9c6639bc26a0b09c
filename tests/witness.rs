//! Witnesses: what one answers, to the letter of c2sp.org/tlog-witness; that whatever it
//! is asked it vouches for one history; a log written from the specification in Python;
//! our client before servers that misbehave; the whole by files; forks shown.

mod desk;
mod office;

#[path = "daemon/running.rs"]
#[allow(dead_code)] // the daemon's own tests use the rest
mod running;

#[path = "witness/asking.rs"]
mod asking;
#[path = "witness/comparing.rs"]
mod comparing;
#[path = "witness/hearing.rs"]
mod hearing;
#[path = "witness/letter.rs"]
mod letter;
#[path = "witness/persisted.rs"]
mod persisted;
#[path = "witness/policy.rs"]
mod policy;
#[path = "witness/story.rs"]
mod story;
