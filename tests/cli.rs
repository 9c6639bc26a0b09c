//! The program as people run it: the whole story on a recorded bus, receipts in every
//! form, drafts between two machines, people and keys, help and JSON.

#[path = "office/mod.rs"]
mod office;

#[path = "cli/alarms.rs"]
mod alarms;
#[path = "cli/drafts.rs"]
mod drafts;
#[path = "cli/lifecycle.rs"]
mod lifecycle;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/paper.rs"]
mod paper;
#[path = "cli/people.rs"]
mod people;
#[path = "cli/presence.rs"]
mod presence;
#[path = "cli/reading.rs"]
mod reading;
#[path = "cli/receipts.rs"]
mod receipts;
#[path = "cli/requests.rs"]
mod requests;
#[path = "cli/rounds.rs"]
mod rounds;
#[path = "cli/sheets.rs"]
mod sheets;
#[path = "cli/story.rs"]
mod story;
