//! What the reports find: what has no partner, a month's counts, what falls due; and the
//! spreadsheets they are written to, read back by software that is not ours.

mod fixture;
#[path = "told/mod.rs"]
mod told;

#[path = "reports/monthly.rs"]
mod monthly;
#[path = "reports/on_paper.rs"]
mod on_paper;
#[path = "reports/reconcile.rs"]
mod reconcile;
#[path = "reports/spreadsheet.rs"]
mod spreadsheet;
